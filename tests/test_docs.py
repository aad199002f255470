"""The documentation is true: outputs, reference, links, names."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from tests.docs_tool.pages import DOCS, ROOT, made, pages
from tests.docs_tool.shown import Stage, elided, parts

BESIDE = [ROOT / name for name in ("CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md")]
ALL = [*pages(), *(path for path in BESIDE if path.exists())]
REFERENCE = (DOCS / "reference" / "cli.md").read_text("utf-8")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage.build(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize("path", pages(), ids=_name)
def test_a_page_shows_what_the_commands_say(stage: Stage, path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.splitlines() == made(text, stage).splitlines(), "write the pages anew with: make docs"


def test_a_wrong_output_is_seen(stage: Stage) -> None:
    page = "```console\n$ catalog search --task sfft\nError: nothing of the kind.\n```\n"
    assert "did you mean sft" in made(page, stage)
    with pytest.raises(AssertionError, match="No such option"):
        made("```console\n$ catalog search --colour red\n```\n", stage)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (["a", "b"], ["c"], ["c"]),
        (["a", "…"], ["b", "c", "d"], ["b", "…"]),
        (["a", "…", "z"], ["b", "c", "d"], ["b", "…", "d"]),
        (["a", "…", "z"], ["b", "c"], ["b", "c"]),
        (["…"], ["b"], ["…"]),
    ],
)
def test_elisions_stay(old: list[str], new: list[str], shown: list[str]) -> None:
    assert elided(old, new) == shown


def test_parts_of_a_block() -> None:
    assert list(parts("$ one\nx\ny\n$ two\n")) == [("one", ["x", "y"]), ("two", [])]


def test_every_command_is_in_the_reference() -> None:
    from catalog.cli.app import COMMANDS, app

    for name in COMMANDS:
        command = app.get_command(click.Context(app), name)
        assert command is not None
        section = REFERENCE.partition(f"\n## catalog {name}\n")[2].partition("\n## ")[0]
        for param in command.params:
            if getattr(param, "hidden", False):
                continue
            assert all(f"`{option}" in section or f" {option}" in section for option in param.opts if "-" in option)


def _commands(text: str) -> Iterator[list[str]]:
    """What follows `catalog` in each line of a shell or indented block, up to a pipe."""
    indented = re.findall(r"^ {4}(catalog .*)$", _FENCE.sub("", text), re.MULTILINE)
    for line in [
        *indented,
        *(line for kind, body in _FENCE.findall(text) if kind == "sh" for line in body.splitlines()),
    ]:
        words = shlex.split(line, comments=True)
        if words[:1] == ["catalog"] and "[OPTIONS]" not in words:
            yield words[1 : words.index("|") if "|" in words else None]


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_shown_commands_can_be_read(path: Path) -> None:
    from catalog.cli.app import app

    for words in _commands(path.read_text("utf-8")):
        command = app.get_command(click.Context(app), words[0])
        assert command is not None, words
        command.make_context(words[0], words[1:])


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", path.read_text("utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target) if target else path
        assert file.exists(), link
        assert not anchor or anchor in _anchors(file), link
        if DOCS in path.parents:
            assert file.resolve().is_relative_to(DOCS), f"{link} leads out of the site"


@pytest.mark.parametrize("path", [*ALL, ROOT / "mkdocs.yml"], ids=_name)
def test_no_page_names_a_machine(path: Path) -> None:
    assert not re.findall(r"(?<![\w.])/(?:home|root|tmp|work|Users|mnt)\b[^\s)]*", path.read_text("utf-8"))


def test_every_setting_is_documented() -> None:
    """Variables that the code reads are in the documentation, and those of ours that it names are read."""
    read = set()
    for package in ("catalog", "connectors"):
        for file in (ROOT / package).rglob("*.py"):
            read |= set(re.findall(r'"((?:CATALOG|HF|TRANSFORMERS)_[A-Z_]+[A-Z])"', file.read_text("utf-8")))
    named = set(re.findall(r"`((?:CATALOG|HF|TRANSFORMERS)_[A-Z_]+)`", "".join(p.read_text("utf-8") for p in pages())))
    assert read - named <= {"HF_OIDC_RESOURCE"}
    assert named <= read


def test_every_promise_names_a_test() -> None:
    text = (DOCS / "reference" / "reliability.md").read_text("utf-8")
    named = re.findall(r"^\|.*\| `(test_\w+\.py)` `(test_\w+)` \|$", text, re.MULTILINE)
    assert len(named) == len(re.findall(r"^\| (?!Promise|---)", text, re.MULTILINE)) > 30
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text("utf-8"), f"{file} has no {name}"


def test_the_layers_are_those_that_the_tests_hold() -> None:
    from tests.test_house import CONNECTOR_MAY, LAYERS

    text = (DOCS / "reference" / "house.md").read_text("utf-8")
    rows = [
        set(re.findall(r"`catalog\.(\w+)`", row)) for row in re.findall(r"^\| (`catalog.*?) \|", text, re.MULTILINE)
    ]
    number = {part: place for place, layer in enumerate(LAYERS) for part in layer}
    places = [[number[part] for part in row] for row in rows]
    assert all(max(above) <= min(below) for above, below in pairwise(places))
    assert set().union(*rows) >= CONNECTOR_MAY


def test_the_names_of_json_are_documented(embedded: Path) -> None:
    from catalog import search

    text = (DOCS / "guide" / "search.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in search("gsm8k", embedded).to_dict())


def test_the_small_record_is_one() -> None:
    from catalog.record import decode

    text = (DOCS / "reference" / "records.md").read_text("utf-8")
    lines = [line for kind, body in _FENCE.findall(text) if kind == "json" for line in body.splitlines()]
    assert [decode(line).key for line in lines] == ["mine:team/tickets"]


@pytest.mark.skipif(importlib.util.find_spec("material") is None, reason="mkdocs-material is not installed")
def test_the_site_builds_and_calls_no_other_host(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = sorted((tmp_path / "site").rglob("*.html"))
    assert len(built) > len(list(DOCS.rglob("*.md")))
    for page in built:
        loaded = re.findall(
            r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="?(https?://[^"\s>]+)', page.read_text("utf-8")
        )
        assert loaded == [], page.name
    chinese = [page.read_text("utf-8") for page in built if page.parent.parent.name == "zh"]
    assert len(chinese) == len(list((DOCS / "zh").glob("*.md")))
    for text in chinese:
        assert '<div lang="zh-CN">' in text
        assert not re.search(r"[\u4e00-\u9fff，。；：]\n[\u4e00-\u9fff]", text), "a line's end is read as a space"
