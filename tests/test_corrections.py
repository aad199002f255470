"""Tags that a person corrected, tags that are explained, tags made anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import search
from catalog.record import Record, Tag
from catalog.registry import Registry
from catalog.registry.corrections import RULE, Correction, corrected
from catalog.retag import retag
from catalog.tagger import complete
from tests.conftest import Command

RECORD = Record(source="test", id="a/quoll", name="quoll", summary="Medical questions with answers of doctors.")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "registry.db"
    _sync(path)
    return path


def _sync(path: Path, record: Record = RECORD) -> None:
    with Registry.open(path, create=True) as registry:
        run = registry.begin_run("test", "sync")
        registry.commit_page(run, [complete(record)])
        registry.finish_run(run, "done")


def _terms(path: Path, facet: str) -> list[str]:
    with Registry.open(path) as registry:
        entry = registry.get("test:a/quoll")
    assert entry is not None
    return [tag.term for tag in entry.tags or () if tag.facet == facet]


def test_corrections_set_add_and_remove() -> None:
    entry = complete(RECORD)
    said = [
        Correction(entry.key, "domain", "set", ("legal",), "because", "2026-01-01"),
        Correction(entry.key, "domain", "add", ("education",), "", "2026-01-02"),
        Correction(entry.key, "domain", "remove", ("legal",), "", "2026-01-03"),
    ]
    tags = corrected(entry, said).tags
    assert tags is not None
    assert [tag for tag in tags if tag.facet == "domain"] == [Tag("domain", "education", RULE, "", 1.0)]
    assert [tag for tag in tags if tag.facet != "domain"] == [tag for tag in entry.tags or () if tag.facet != "domain"]


def test_a_correction_outlives_syncs_and_retags(path: Path, catalog_command: Command) -> None:
    assert "medical" in _terms(path, "domain")
    done = catalog_command("tag", "set", "a/quoll", "domain=law", "--because", "https://example.org/why")
    assert done.returncode == 0, done.stderr
    assert _terms(path, "domain") == ["legal"]
    _sync(path, Record(source="test", id="a/quoll", name="quoll", summary="Medical questions, second edition."))
    assert _terms(path, "domain") == ["legal"]
    assert catalog_command("retag").returncode == 0
    assert _terms(path, "domain") == ["legal"]
    assert catalog_command("search", "--domain", "legal", "-q").stdout == "test:a/quoll\n"
    assert catalog_command("search", "--domain", "medical", "-q").returncode == 3
    shown = catalog_command("tag", "explain", "a/quoll").stdout
    assert "corrected" in shown
    assert "https://example.org/why" in shown
    assert catalog_command("tag", "unset", "a/quoll").returncode == 0
    assert "medical" in _terms(path, "domain")
    assert catalog_command("tag", "unset", "a/quoll").returncode == 3


def test_corrections_go_to_another_registry(path: Path, tmp_path: Path, catalog_command: Command) -> None:
    catalog_command("tag", "set", "a/quoll", "domain=legal", "task+=sft", "--because", "read it")
    assert catalog_command("export", "corrections", "said.jsonl").returncode == 0
    assert len((tmp_path / "said.jsonl").read_text().splitlines()) == 2
    other = tmp_path / "other.db"
    _sync(other)
    done = catalog_command("import", "corrections", "said.jsonl", "--registry", str(other))
    assert done.returncode == 0, done.stderr
    assert _terms(other, "domain") == ["legal"]
    assert "sft" in _terms(other, "task")
    (tmp_path / "bad.jsonl").write_text(
        '{"key": 1}\nnothing\n{"key":"a:b","facet":"domain","act":"set","terms":["zz"]}\n'
    )
    assert catalog_command("import", "corrections", "bad.jsonl").returncode == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("domain=lega", "legal"),
        ("license=mit", "no facet to correct"),
        ("domain", "is no correction"),
        ("domain+=", "names no term"),
    ],
)
def test_a_wrong_correction_is_told(path: Path, catalog_command: Command, text: str, said: str) -> None:
    done = catalog_command("tag", "set", "a/quoll", text)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_tells_what_was_too_unsure(path: Path, catalog_command: Command) -> None:
    rows = json.loads(catalog_command("tag", "explain", "a/quoll", "--json").stdout)["tags"]
    states = {row["state"] for row in rows}
    assert "shown" in states
    assert all(row["evidence"] for row in rows if row["rule"] == "text")
    only = json.loads(catalog_command("tag", "explain", "a/quoll", "--facet", "domain", "--json").stdout)["tags"]
    assert {row["facet"] for row in only} == {"domain"}


def test_retag_brings_old_tags_up_to_date(path: Path) -> None:
    with Registry.open(path) as registry:
        entry = registry.get("test:a/quoll")
        assert entry is not None
        from msgspec.structs import replace

        run = registry.begin_run("test", "sync")
        registry.commit_page(run, [replace(entry, tags=(Tag("domain", "sports", "old rule"),), made_by="tagging 0")])
    assert _terms(path, "domain") == ["sports"]
    with Registry.open(path) as registry:
        done = retag(registry)
        assert (done.looked_at, done.changed) == (1, 1)
        assert retag(registry).changed == 0
        assert retag(registry, "other").looked_at == 1
    assert "medical" in _terms(path, "domain")


def test_trials_and_empty_cards_come_last_but_are_found(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    words = "Bilby burrows, surveyed by season and soil, with photographs of each entrance."
    with Registry.open(path, create=True) as registry:
        run = registry.begin_run("test", "sync")
        records = [
            Record(source="test", id="a/my-test-dataset", name="a/my-test-dataset", title="bilby", popularity=40),
            Record(source="test", id="b/bilby-burrows", name="b/bilby-burrows", summary=words, popularity=40),
        ]
        registry.commit_page(run, [complete(record) for record in records])
    assert [hit.key for hit in search("bilby", path)] == ["test:b/bilby-burrows", "test:a/my-test-dataset"]
    assert [hit.key for hit in search("", path, sort="popularity")][-1] == "test:a/my-test-dataset"


def test_what_was_said_before_is_kept_and_the_last_word_counts(path: Path, catalog_command: Command) -> None:
    for text in ("task+=rl", "task+=pretrain", "task-=eval", "task-=pretrain", "task+=eval"):
        assert catalog_command("tag", "set", "a/quoll", text).returncode == 0
    listed = json.loads(catalog_command("tag", "list", "--json").stdout)
    assert {each["act"]: each["terms"] for each in listed} == {"add": ["rl", "eval"], "remove": ["pretrain"]}
    assert {"rl", "eval"} <= set(_terms(path, "task"))
    assert "pretrain" not in _terms(path, "task")


def test_reasons_that_are_no_text_are_mended(path: Path, tmp_path: Path, catalog_command: Command) -> None:
    line = {
        "key": "test:a/quoll",
        "facet": "domain",
        "act": "set",
        "terms": ["legal"],
        "because": "\ud800",
        "at": "\x1b[",
    }
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps(line) + "\n")
    done = catalog_command("import", "corrections", str(file))
    assert (done.returncode, "fault of catalog" in done.stderr) == (0, False)
    assert "\x1b" not in catalog_command("tag", "explain", "a/quoll").stdout
    assert _terms(path, "domain") == ["legal"]


@pytest.mark.parametrize("facet", ["nosuch", "\udcff"])
def test_only_a_facet_that_there_is_can_be_taken_back(path: Path, catalog_command: Command, facet: str) -> None:
    done = catalog_command("tag", "unset", "a/quoll", facet)
    assert done.returncode == 2
    assert "no facet to correct" in done.stderr


def test_retag_knows_its_sources(path: Path, catalog_command: Command) -> None:
    done = catalog_command("retag", "--source", "nowhere")
    assert (done.returncode, "nothing of 'nowhere'" in done.stderr) == (2, True)
