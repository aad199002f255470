"""`catalog.toml` and dates as people type them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import config
from catalog.errors import Usage
from catalog.location import registry_path
from catalog.when import moment
from tests.conftest import Command
from tests.shelf import Person, items

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.fixture
def person(catalog_command: Command) -> Person:
    return Person(catalog_command)


@pytest.fixture
def here(person: Person, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process works in the person's folder, with no home but that."""
    monkeypatch.chdir(person.command.folder)
    monkeypatch.syspath_prepend(person.installed)
    monkeypatch.setenv("HOME", str(person.command.folder))
    for name in ("CATALOG_REGISTRY", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield person.command.folder
    for name in ("shelf_connector", "other_connector"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026", "2026-01-01T00:00:00Z"), ("2026-11", "2026-11-01T00:00:00Z"), ("2026-11-05", "2026-11-05T00:00:00Z"),
        ("2026-11-05 14:30", "2026-11-05T14:30:00Z"), ("2026-11-05T14:30:59Z", "2026-11-05T14:30:59Z"),
        ("7d", "2026-11-17T12:30:00Z"), ("2 weeks ago", "2026-11-10T12:30:00Z"), ("3h", "2026-11-24T09:30:00Z"),
        ("1m", "2026-10-25T12:30:00Z"), ("1y", "2025-11-24T12:30:00Z"), ("today", "2026-11-24T00:00:00Z"),
        ("Yesterday", "2026-11-23T00:00:00Z"),
    ],
)  # fmt: skip
def test_dates(text: str, meant: str) -> None:
    assert moment(text, NOW) == meant


@given(st.text() | st.from_regex(r"\d{1,6}[hdwmy-]\d{0,9}", fullmatch=True))
def test_no_text_makes_a_date_fail_otherwise(text: str) -> None:
    with suppress(Usage):
        found = moment(text, NOW)
        assert len(found) == 20
        datetime.fromisoformat(found)


class TestReading:
    def test_what_it_says(self, here: Path) -> None:
        (here / "catalog.toml").write_text(
            'registry = "data/r.db"\n[sync.shelf]\nlimit = 50\nmax-requests = 9\nsince = 2026-11-01\n'
            'colour = ["red", "blue", "red"]\ndeep-down = true\n[[sync.other]]\ntitles = "t.txt"\nfull = false\n'
            '[[sync.other]]\ncolour = "green"\ndepth = 2\nsince = "7d"\n'
        )
        found = config.load("catalog.toml", NOW)
        assert found.registry == "data/r.db"
        assert [(job.source, job.request, job.max_requests) for job in found.jobs] == [
            ("shelf", {"limit": 50, "since": "2026-11-01T00:00:00Z", "colour": ["blue", "red"], "deep_down": True}, 9),
            ("other", {"titles": "t.txt"}, None),
            ("other", {"colour": ["green"], "depth": 2, "since": "2026-11-17T12:30:00Z"}, None),
        ]

    @pytest.mark.parametrize(
        ("text", "said", "hint"),
        [
            ("registry = 1", "catalog.toml: registry is not text.", 'registry = "folder'),
            ("registri = 'a'", "catalog.toml: there is no key 'registri'; did you mean registry?", "registry, sync"),
            ("sync = 3", "catalog.toml: sync is not a table.", "[sync.huggingface]"),
            ("[sync]\nshelf = 3", "catalog.toml [sync.shelf] is not a table.", "[sync.shelf]"),
            ("[sync.shlf]", "[sync.shlf]: no connector for 'shlf' is installed; did you mean shelf?", "shelf, uci"),
            ("[sync.shelf]\nlimt = 3", "[sync.shelf]: there is no key 'limt'; did you mean limit?", "limit, max_req"),
            ("[sync.shelf]\nlimit = 0", "[sync.shelf] limit: 0 is not a whole number from 1.", "limit = 100"),
            ("[sync.shelf]\nlimit = true", "[sync.shelf] limit: True is not a whole number", "limit = 100"),
            ("[sync.shelf]\ndeep_down = 1", "[sync.shelf] deep_down: 1 is not true or false.", "deep_down = true"),
            ("[[sync.shelf]]\n[[sync.shelf]]\ncolour = 3", "[sync.shelf] 2 colour: 3 is not text.", 'colour = "..."'),
            ("[sync.shelf]\nsince = 'soon'", "[sync.shelf] since: 'soon' is no date.", "2026-11"),
            ("[sync.shelf]\nsince = 7", "[sync.shelf] since: 7 is no date.", "2026-11"),
            ("[sync.shelf\n", "catalog.toml is not TOML: ", "Correct that line."),
            ("\xff", "catalog.toml is no text in UTF-8.", "Save it as UTF-8."),
        ],
    )
    def test_what_is_wrong_is_named(self, here: Path, text: str, said: str, hint: str) -> None:
        (here / "catalog.toml").write_bytes(text.encode("latin-1"))
        with pytest.raises(Usage) as caught:
            config.load("catalog.toml", NOW)
        assert said in caught.value.message
        assert hint in caught.value.hint

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        path = tmp_path_factory.getbasetemp() / "any.toml"
        path.write_bytes(content)
        with suppress(Usage):
            config.load(str(path), NOW)

    def test_where_it_is_looked_for(self, here: Path) -> None:
        beside, ours = here / "data" / "catalog.toml", here / ".config" / "catalog" / "catalog.toml"
        for path in (ours, here / "catalog.toml", beside):
            assert config.find(None, "data/r.db") != str(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
            found = config.find(None, "data/r.db")
            assert Path(found).resolve() == path.resolve()
        assert config.find("data/catalog.toml", "") == "data/catalog.toml"


class TestRegistry:
    def test_which_registry(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert registry_path() == str(here / ".local/share/catalog/registry.db")
        ours = here / ".config" / "catalog"
        ours.mkdir(parents=True)
        (ours / "catalog.toml").write_text('registry = "~/mine.db"\n')
        assert registry_path() == str(here / "mine.db")
        (here / "registry.db").touch()
        assert registry_path() == "registry.db"
        (here / "catalog.toml").write_text("# registry\n[sync.uci]\n")
        assert registry_path() == "registry.db"
        (here / "catalog.toml").write_text('registry = "data/r.db"\n')
        assert registry_path() == "data/r.db"
        monkeypatch.setenv("CATALOG_REGISTRY", "variable.db")
        assert registry_path() == "variable.db"
        assert registry_path("named.db") == "named.db"

    def test_every_command_means_the_same(self, person: Person) -> None:
        del person.environment["CATALOG_REGISTRY"]
        person.config('registry = "data/r.db"\n[sync.shelf]\n')
        person.shelf.tells(items(3))
        person.types("sync")
        assert (person.command.folder / "data" / "r.db").is_file()
        assert len(person.keys()) == 3
        assert "3 unchanged" in person.types("sync", "shelf").stderr
        person.config('registry = "elsewhere.db"\n[sync.shelf]\n', "other")
        assert "3 new" in person.types("sync", "--config", "other/catalog.toml", "--registry", "r2.db").stderr
        assert (person.command.folder / "r2.db").is_file()

    def test_a_named_configuration_names_its_registry(self, person: Person) -> None:
        del person.environment["CATALOG_REGISTRY"]
        person.config('registry = "r.db"\n[sync.shelf]\n', "there")
        person.types("sync", "--config", "there/catalog.toml")
        assert (person.command.folder / "there" / "r.db").is_file()

    def test_a_configuration_that_is_wrong_sends_nothing(self, person: Person) -> None:
        person.config("[sync.shelf]\n[sync.other]\nlimt = 3\n")
        told = person.types("sync", code=2).stderr
        assert "catalog.toml [sync.other]: there is no key 'limt'; did you mean limit?\n" in told
        assert not (person.installed / "shelf.asked").exists()
