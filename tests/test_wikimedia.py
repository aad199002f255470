"""Wikipedia dumps: language, date, job and digests, against an origin in the layout of dumps.wikimedia.org."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.connector import Explains, Selective, Versioned
from catalog.errors import NotFound, Usage
from catalog.record import Record
from connectors.testing import Source, check_discovery
from connectors.wikimedia import connector
from connectors.wikimedia.dumps import date_in, wiki_of
from tests.conftest import Command
from tests.origin import Request, Response, faults
from tests.origin.content import chunks
from tests.origin.server import Wire
from tests.origin.wikimedia import Wikimedia

NONE = Record(source="wikimedia", id="none", name="none")
DATE, OLDER, NEWER = "20261101", "20261020", "20261120"


@dataclass
class Person:
    """Types commands with the embedded catalog at hand and the dumps on the line."""

    command: Command
    dumps: Wikimedia
    registry: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**self.dumps.environment, "CATALOG_REGISTRY": str(self.registry)}

    def types(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self.command(*arguments, env=self.environment)
        assert "Traceback" not in done.stderr
        return done

    def fetches(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self.types("fetch", *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def plan(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.fetches(*arguments, "--dry-run", "--json").stdout)
        return found

    def is_told(self, code: int, sentence: str, step: str, *arguments: str) -> None:
        done = self.types("fetch", *arguments)
        said = done.stderr.splitlines()
        assert done.returncode == code, done.stderr
        assert re.fullmatch(f"Error: {sentence}", said[-2]), said
        assert re.fullmatch(step, said[-1]), said

    def holds(self, folder: str) -> dict[str, bytes]:
        top = self.command.folder / folder
        return {path.name: path.read_bytes() for path in top.iterdir() if path.is_file() and path.name[0] != "."}

    def receipt(self, folder: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.command.folder / folder / ".catalog-receipt.json").read_text("utf-8"))
        return found


@pytest.fixture
def dumps() -> Iterator[Wikimedia]:
    with Wikimedia() as dumps:
        yield dumps


@pytest.fixture
def person(catalog_command: Command, dumps: Wikimedia, embedded: Path) -> Person:
    return Person(catalog_command, dumps, embedded)


def test_it_keeps_the_contract() -> None:
    check_discovery(Source("wikimedia", connector.about.variable, lambda _asked: None, lambda _payload: NONE, ()))
    assert isinstance(connector, Selective)
    assert isinstance(connector, Explains)
    assert isinstance(connector, Versioned)
    assert connector.about.connections == 2
    assert connector.token("https://dumps.wikimedia.org/") is None


class TestDumps:
    def test_a_language_of_wikipedia(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("zhwiki", OLDER)
        names = dumps.dump("zhwiki", DATE)
        done = person.fetches("wikipedia:zh")
        assert 'catalog fetch huggingface:wikimedia/wikipedia --include "*.zh/*"' in done.stderr
        assert "also at    huggingface:wikimedia/wikipedia (--from huggingface)" in done.stderr
        assert re.search(r"license +commercial use: yes - Creative Commons", done.stderr)
        assert set(person.holds("wikipedia-zh")) == set(names)
        receipt = person.receipt("wikipedia-zh")
        assert (receipt["key"], receipt["revision"], receipt["asked"]) == ("wikimedia:zhwiki", DATE, "--lang zh")
        assert {file["verified"] for file in receipt["files"]} == {"sha1"}
        assert person.types("verify", "wikipedia-zh").returncode == 0
        before = len(dumps.origin.seen("*.bz2"))
        person.fetches("wikipedia:zh")
        assert len(dumps.origin.seen("*.bz2")) == before
        (person.command.folder / "wikipedia-zh" / names[0]).unlink()
        said = person.types("verify", "wikipedia-zh").stderr
        mend = re.search(r"Mend them with: catalog fetch (.*) --out", said)
        assert mend is not None
        person.fetches(*mend[1].split(), "--out", "wikipedia-zh")
        assert person.types("verify", "wikipedia-zh").returncode == 0

    def test_every_way_to_say_it(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("zhwiki", OLDER)
        dumps.dump("zhwiki", DATE)
        for more in (
            ("wikipedia:zh", "--date", OLDER), ("wikipedia", "--lang", "zh", "--date", OLDER),
            ("catalog:wikipedia:zh", "--revision", OLDER), ("wikimedia:zhwiki", "--date", OLDER),
            (f"wikimedia:zhwiki@{OLDER}",), ("wikimedia:wikipedia", "--lang=zh", f"--date={OLDER}"),
            ("--lang", "zh", "wikipedia", "--date", OLDER),
        ):  # fmt: skip
            plan = person.plan(*more)
            assert (plan["key"], plan["revision"], plan["name"]) == ("wikimedia:zhwiki", OLDER, "wikipedia-zh"), more
        assert person.plan("wikipedia:zh", "--date", "latest")["revision"] == DATE

    def test_parts_and_other_jobs(self, person: Person, dumps: Wikimedia) -> None:
        names = dumps.dump("enwiki", DATE, parts=3)
        plan = person.plan("wikipedia:en")
        assert [file["path"] for file in plan["files"]] == sorted(names)
        assert {file["kind"] for file in plan["files"]} == {"xml.bz2"}
        assert len(person.plan("wikipedia:en", "--limit", "2")["files"]) == 2
        plan = person.plan("wikipedia:en", "--job", "sitestatstable")
        assert [file["path"] for file in plan["files"]] == [f"enwiki-{DATE}-site_stats.sql.gz"]
        for more in ((), ("--date", DATE)):
            person.is_told(
                3, f"the dump of enwiki of {DATE} has no job 'all'.", "It has articlesmultistreamdump, sitestatstable.",
                "wikipedia:en", "--job", "all", *more,
            )  # fmt: skip

    def test_a_dump_in_the_making_is_passed_over(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("zhwiki", DATE)
        dumps.dump("zhwiki", NEWER, status="in-progress")
        plan = person.plan("wikipedia:zh")
        assert plan["revision"] == DATE
        assert plan["notes"][0].startswith(f"{NEWER} is still being made; ")
        person.is_told(
            1, rf"the dump of zhwiki of {NEWER} is not finished \(articlesmultistreamdump: in-progress\)\.",
            "Take the newest that is: --date latest", "wikipedia:zh", "--date", NEWER,
        )  # fmt: skip
        dumps.dump("xxwiki", DATE, status="waiting")
        person.is_told(1, "no finished dump of xxwiki is there.", "Try again in some days.", "wikipedia:xx")

    def test_what_is_not_there(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("zhwiki", DATE)
        person.is_told(
            3, "there is no dump of zhwiki of 20200101; only the last few are kept.", f"There are: {DATE}.",
            "wikipedia:zh", "--date", "20200101",
        )  # fmt: skip
        person.is_told(3, "there is no wiki qqwiki among the dumps.", ".*", "wikipedia:qq")
        person.is_told(2, "'yesterday' is no date of a dump.", ".*", "wikipedia:zh", "--date", "yesterday")
        person.is_told(2, f"Two dates are named: {OLDER} and {DATE}.", "Name one.",
                       "wikipedia:zh", "--date", OLDER, "--revision", DATE)  # fmt: skip
        person.is_told(2, "wikipedia has an edition for each language.", ".*", "wikimedia:wikipedia")
        person.is_told(2, r"--lang '\.\./etc' is no language of Wikipedia.", ".*", "wikipedia:../etc")
        person.is_told(3, "there is no wiki 'nowiki2'.", ".*", "wikimedia:nowiki2")
        person.is_told(2, "wikimedia:zhwiki is the edition zh, not en.", ".*", "wikimedia:zhwiki", "--lang", "en")
        person.is_told(2, "--snapshot does not apply to .*", ".*", "wikipedia:zh", "--snapshot", "x")
        person.is_told(2, "catalog:gsm8k has no parts that are called by name.", ".*", "gsm8k:zh")
        person.is_told(2, "catalog:wikipedia is not at zenodo.org.", "It is at .*", "wikipedia", "--from", "zenodo.org")

    def test_there_is_no_list_to_sync(self, person: Person) -> None:
        done = person.types("sync", "wikimedia")
        assert (done.returncode, "no list of datasets" in done.stderr) == (2, True)

    def test_the_source_tells_what_it_can_be_asked(self, person: Person, dumps: Wikimedia) -> None:
        said = person.types("sources", "wikimedia").stdout
        assert re.search(r"of fetch +--lang: Which language edition", said)
        assert re.search(rf"address +{dumps.url}", said)
        told = json.loads(person.types("sources", "wikimedia", "--json").stdout)
        assert [each["name"] for each in told["selectors"]] == ["lang", "date", "job"]

    def test_without_a_registry_that_is_said(self, person: Person) -> None:
        person.registry = Path("none.db")
        person.is_told(3, "there is no registry at none.db.", "Make one with: catalog init", "wikipedia:zh")


class TestFaults:
    def test_a_wrong_digest(self, person: Person, dumps: Wikimedia) -> None:
        names = dumps.dump("zhwiki", DATE)
        path = f"/zhwiki/{DATE}/{names[0]}"
        whole = dumps.files[path]
        dumps.files[path] = whole[:-1] + bytes([whole[-1] ^ 1])
        person.is_told(1, f"{names[0]} is not the planned file: its sha1 differs.", ".*", "wikipedia:zh")
        assert not (person.command.folder / "wikipedia-zh").exists()
        dumps.files[path] = whole
        person.fetches("wikipedia:zh")
        assert person.holds("wikipedia-zh") == {names[0]: whole}

    def test_a_size_that_was_a_lie(self, person: Person, dumps: Wikimedia) -> None:
        names = dumps.dump("zhwiki", DATE)
        dumps.jobs["zhwiki"][DATE]["articlesmultistreamdump"]["files"][names[0]]["size"] += 5
        person.is_told(1, rf"{names[0]} has \d+ bytes at its source, not the planned \d+\.", ".*", "wikipedia:zh")

    def test_a_refusal_ends_it(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("enwiki", DATE, parts=5)
        dumps.origin.script("*.bz2", faults.status(403))
        sentence = r"Wikimedia refuses this client or its network \(403\), so nothing more is asked\."
        person.is_told(1, sentence, "Wait an hour, .*", "wikipedia:en", "--jobs", "1")
        assert len(dumps.origin.seen("*.bz2")) == 1
        dumps.origin.script("*", faults.status(403))
        person.is_told(1, sentence, "Wait an hour, .*", "wikipedia:en")

    def test_a_busy_site_is_waited_for(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("zhwiki", DATE)
        dumps.origin.script("*.bz2", faults.status(503, Retry_After="1"), on=1)
        dumps.origin.script("*/dumpstatus.json", faults.status(429, Retry_After="1"), on=1)
        assert "Waiting 1 s" in person.fetches("wikipedia:zh").stderr

    def test_two_connections_at_most(self, person: Person, dumps: Wikimedia) -> None:
        dumps.dump("enwiki", DATE, parts=8)

        def slow(request: Request, response: Response, wire: Wire) -> None:
            wire.wait(0.1)
            wire.send(response)

        dumps.origin.script("*.bz2", slow)
        person.fetches("wikipedia:en", "--jobs", "16")
        assert dumps.origin.max_in_flight == 2
        assert {request.headers["user-agent"].partition("/")[0] for request in dumps.origin.seen()} == {
            "dataset-catalog"
        }

    def test_what_the_status_says_is_not_followed(self, person: Person, dumps: Wikimedia) -> None:
        names = dumps.dump("zhwiki", DATE)
        files = dumps.jobs["zhwiki"][DATE]["articlesmultistreamdump"]["files"]
        files[names[0]]["url"] = "https://evil.example/x"
        files["../../etc/passwd"] = files["a b"] = {"size": 1, "url": "/etc/passwd", "sha1": "0" * 40}
        files["odd.xml.bz2"] = "text"
        plan = person.plan("wikipedia:zh")
        assert [file["url"] for file in plan["files"]] == [f"{dumps.url}/zhwiki/{DATE}/{names[0]}"]

    @pytest.mark.parametrize(
        "body", [b"[]", b'{"jobs": 5}', b'{"jobs": {"articlesmultistreamdump": {"status": "done"}}}']
    )
    def test_a_status_that_makes_no_sense(self, person: Person, dumps: Wikimedia, body: bytes) -> None:
        dumps.dump("zhwiki", DATE)
        dumps.origin.script("*/dumpstatus.json", faults.body(body))
        person.is_told(1, "The .* of zhwiki of 20261101 .*", "Take another with --date.", "wikipedia:zh")

    def test_killed_it_goes_on(self, person: Person, dumps: Wikimedia) -> None:
        names = dumps.dump("zhwiki", DATE, size=2_000_000)

        def half(request: Request, response: Response, wire: Wire) -> None:
            whole = b"".join(chunks(response.body))
            wire.write(wire.head(response, len(whole)) + whole[:1_000_000])
            wire.wait(60)

        dumps.origin.script("*.bz2", half, on=1)
        arguments = [sys.executable, "-m", "catalog", "fetch", "wikipedia:zh"]
        environment = person.command.environment(person.environment)
        process = subprocess.Popen(arguments, cwd=person.command.folder, env=environment, stderr=subprocess.PIPE)
        parts = person.command.folder / "wikipedia-zh" / ".catalog-parts"
        limit = time.monotonic() + 60
        while sum(path.stat().st_size for path in parts.glob("*.part*")) < 1_000_000:
            assert time.monotonic() < limit
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        dumps.origin.forget()
        person.fetches("wikipedia:zh")
        assert [request.headers.get("range") for request in dumps.origin.seen("*.bz2")] == ["bytes=1000000-"]
        assert person.holds("wikipedia-zh") == {names[0]: dumps.files[f"/zhwiki/{DATE}/{names[0]}"]}
        assert person.receipt("wikipedia-zh")["files"][0]["verified"] == "sha1"


@pytest.mark.parametrize(
    ("id", "lang", "meant"),
    [
        ("wikipedia", "zh", ("zhwiki", "wikipedia", "zh")),
        ("wikipedia", "zh-yue", ("zh_yuewiki", "wikipedia", "zh-yue")),
        ("wikipedia", "Simple", ("simplewiki", "wikipedia", "simple")),
        ("wiktionary", "en", ("enwiktionary", "wiktionary", "en")),
        ("zhwiki", "", ("zhwiki", "wikipedia", "zh")),
        ("zh_yuewiki", "zh-yue", ("zh_yuewiki", "wikipedia", "zh-yue")),
        ("frwikisource", "", ("frwikisource", "wikisource", "fr")),
    ],
)
def test_names_of_wikis(id: str, lang: str, meant: tuple[str, str, str]) -> None:
    assert wiki_of(id, lang) == meant


@pytest.mark.parametrize("id", ["", "wiki", "../zhwiki", "zh/wiki", "ZHWIKI", "x" * 60 + "wiki"])
def test_names_of_none(id: str) -> None:
    with pytest.raises(NotFound):
        wiki_of(id, "")


def test_languages_of_none() -> None:
    for lang in ("", "z h", "zh/..", "zh?x=1"):
        with pytest.raises(Usage):
            wiki_of("wikipedia", lang)


def test_the_date_stands_in_the_address() -> None:
    assert date_in("https://dumps.wikimedia.org/zhwiki/20261101/zhwiki-20261101-pages.xml.bz2") == "20261101"
    assert date_in("https://dumps.wikimedia.org/zhwiki/") == ""
