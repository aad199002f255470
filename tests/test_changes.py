"""`catalog changes` and `catalog history`: what is new, gone, back, renamed, relicensed, gated, grown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.record import Amount, LicenseClaim, Record
from catalog.registry import Registry
from catalog.registry.history import count_events, events
from catalog.registry.pages import End
from catalog.tagger import complete
from tests.conftest import Command
from tests.shelf import Person, items


@pytest.fixture
def person(catalog_command: Command) -> Person:
    return Person(catalog_command)


def walked(person: Person, *found: dict[str, object]) -> None:
    person.shelf.tells(list(found), complete=True)
    person.types("sync", "shelf", "--full")


class TestKinds:
    def test_every_kind_is_told(self, person: Person) -> None:
        """One dataset of each fate, over four walks."""
        many = items(30)
        before = [
            {"id": "gated", "access": "open"}, {"id": "licensed", "license": ["mit"]},
            {"id": "grown", "rows": 10, "bytes": 5}, {"id": "old/name", "upstream_id": "64ab"},
            {"id": "revised", "revision": "a" * 40}, {"id": "leaves"},
        ]  # fmt: skip
        after = [
            {"id": "gated", "access": "gated"}, {"id": "licensed", "license": ["cc-by-nc-4.0"]},
            {"id": "grown", "rows": 2_000_000, "bytes": 3_000_000_000}, {"id": "new/name", "upstream_id": "64ab"},
            {"id": "revised", "revision": "b" * 40},
        ]  # fmt: skip
        walked(person, *many, *before)
        walked(person, *many, *after)
        walked(person, *many, *after, {"id": "late\x1b[31m", "title": "=evil\u202e"})
        walked(person, *many, *after, {"id": "late\x1b[31m", "title": "=evil\u202e"}, {"id": "leaves"})
        told = {(each["kind"], each["key"]): each for each in person.json("changes", "--limit", "999")["changes"]}
        known = {
            ("access", "shelf:gated"): ("open", "gated"),
            ("rows", "shelf:grown"): ("10", "2000000"),
            ("bytes", "shelf:grown"): ("5", "3000000000"),
            ("renamed", "shelf:new/name"): ("shelf:old/name", "shelf:new/name"),
            ("revision", "shelf:revised"): ("a" * 40, "b" * 40),
        }
        for place, (old, new) in known.items():
            assert (told[place]["old"], told[place]["new"]) == (old, new)
        license = told["license", "shelf:licensed"]
        assert (license["old"], license["old_commercial"]) == ("MIT", "yes")
        assert (license["new"], license["new_commercial"]) == ("CC-BY-NC-4.0", "no")
        assert {("gone", "shelf:leaves"), ("back", "shelf:leaves"), ("new", "shelf:late\x1b[31m")} <= told.keys()
        assert len(told) == 37 + 2 + 6
        shown = person.types("changes", "--field", "license", "--field", "gone", "--field", "rows").stdout
        assert re.search(r"license +shelf:licensed +MIT \(yes\) → CC-BY-NC-4\.0 \(no\)$", shown, re.MULTILINE)
        assert re.search(r"rows +shelf:grown +10 → 2\.0M$", shown, re.MULTILINE)
        assert len(shown.splitlines()) == 4
        assert person.json("changes")["counts"] == {
            "new": 37, "gone": 1, "back": 1, "renamed": 1, "license": 1, "access": 1, "rows": 1, "bytes": 1,
            "revision": 1,
        }  # fmt: skip
        everything = person.types("changes", "--limit", "999")
        assert not re.findall("[\x1b\u202e]", everything.stdout + everything.stderr)

        history = person.types("history", "old/name").stdout.splitlines()
        assert history[0] == "shelf:new/name"
        assert [line.split()[2] for line in history[2:]] == ["new", "renamed"]
        assert [each["kind"] for each in person.json("history", "leaves")["changes"]] == ["new", "gone", "back"]
        assert "nothing is named 'nobody'" in person.types("history", "nobody", code=3).stderr

    def test_a_license_whose_meaning_alone_changed(self, person: Person) -> None:
        """Both halves are told, the one that stayed too."""
        walked(person, {"id": "a", "license": ["mit"]})
        walked(person, {"id": "a", "license": ["mit"], "access": "agreement"})
        change = person.json("changes", "--field", "license")["changes"][0]
        assert (change["old"], change["new"]) == ("MIT", "MIT")
        assert (change["old_commercial"], change["new_commercial"]) == ("yes", "conditions")

    def test_since_and_source(self, person: Person) -> None:
        walked(person, *items(3))
        person.other.tells(items(2))
        person.types("sync", "other")
        assert person.json("changes", "--source", "other")["counts"] == {"new": 2}
        assert len(person.json("changes", "--source", "shelf")["changes"]) == 3
        said = person.json("changes", "-n", "4")
        assert (len(said["changes"]), said["more"], said["counts"]) == (4, True, {"new": 5})
        assert "There is more: --limit 40" in person.types("changes", "-n", "4").stderr
        for since in ("2026-01", "7d", "yesterday", "today"):
            assert len(person.json("changes", "--since", since)["changes"]) == 5
        assert "Nothing changed since" in person.types("changes", "--since", "2999", code=3).stderr
        assert "'soon' is no date" in person.types("changes", "--since", "soon", code=2).stderr
        assert "自 2999-01-01 00:00 起没有变更。" in person.types(
            "changes", "--since", "2999", code=3, CATALOG_UI="zh"
        ).stderr  # fmt: skip


def test_times_part_what_is_told(tmp_path: Path) -> None:
    """Events of three days: each bound gives what came after it, the latest first."""
    days = [f"2026-11-0{day}T12:00:00Z" for day in (1, 2, 3)]
    with Registry.open(tmp_path / "r.db", create=True) as registry:
        for number, day in enumerate(days):
            records = [Record(source="test", id=f"{number}-{each}", name="x") for each in range(50)]
            changing = Record(source="test", id="changing", name="x", rows=Amount(number + 1, "test"))
            run = registry.begin_run("test", "sync")
            registry.commit_page(run, [complete(each) for each in [*records, changing]], end=End("test"))
            registry.connection.execute("UPDATE dataset SET first_seen = ? WHERE key LIKE ?", (day, f"test:{number}-%"))
            registry.connection.execute("UPDATE dataset SET first_seen = ? WHERE key = 'test:changing'", (days[0],))
            registry.connection.execute("UPDATE change SET at = ? WHERE id = ?", (day, number))
        for number, day in enumerate(days):
            found = events(registry.connection, day, limit=1000)
            assert len(found) == 50 * (3 - number) + (number == 0) + 2 - max(0, number - 1)
            assert [each.at for each in found] == sorted((each.at for each in found), reverse=True)
            assert sum(count_events(registry.connection, day).values()) == len(found)
            assert len(events(registry.connection, day, limit=7)) == 7
        assert count_events(registry.connection, days[0], source="none") == {}


def test_a_license_claim_that_does_not_matter_is_no_change(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "r.db", create=True) as registry:
        for claims in (["mit"], ["mit", "MIT License"]):
            licenses = tuple(LicenseClaim(raw=raw, by="test") for raw in claims)
            run = registry.begin_run("test", "sync")
            record = Record(source="test", id="a", name="a", licenses=licenses)
            registry.commit_page(run, [complete(record)])
        assert registry.connection.execute("SELECT count(*) FROM change").fetchone() == (0,)


def test_what_a_registry_was_made_with_is_not_new(person: Person) -> None:
    person.types("init")
    told = person.types("changes", code=3).stderr.splitlines()
    assert told[0].startswith("Nothing changed since ")
    assert re.fullmatch(r"The \d{3,4} datasets that the registry was made with are no change\.", told[1])
    walked(person, *items(3))
    assert person.json("changes")["counts"] == {"new": 3}
    assert re.match(r"Since \d{4}-\d\d-\d\d \d\d:\d\d: new 3\.$", person.types("changes").stderr)
    assert "nothing of a source 'shelv'" in person.types("changes", "--source", "shelv", code=3).stderr
