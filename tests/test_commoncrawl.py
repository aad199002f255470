"""Common Crawl: files by count and share, pages of a site, news by month, against origins in its layout."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
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
from catalog.errors import Usage
from catalog.record import Record
from connectors.commoncrawl import connector
from connectors.commoncrawl.index import site_of
from connectors.commoncrawl.languages import three_letters
from connectors.commoncrawl.settings import snapshot_in
from connectors.testing import Source, check_discovery
from tests.conftest import Command
from tests.origin import Request, Response, faults, warc
from tests.origin.commoncrawl import OLDER, SNAPSHOT, CommonCrawl
from tests.origin.content import chunks
from tests.origin.server import Wire

NONE = Record(source="commoncrawl", id="none", name="none")
Done = subprocess.CompletedProcess[str]


@dataclass
class Person:
    """Types commands with the embedded catalog at hand and the crawl on the line."""

    command: Command
    crawl: CommonCrawl
    registry: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**self.crawl.environment, "CATALOG_REGISTRY": str(self.registry)}

    def types(self, *arguments: str) -> Done:
        done = self.command(*arguments, env=self.environment)
        assert "Traceback" not in done.stderr
        return done

    def fetches(self, *arguments: str) -> Done:
        done = self.types("fetch", *arguments)
        assert done.returncode == 0, done.stderr
        return done

    def plan(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.fetches(*arguments, "--dry-run", "--json").stdout)
        return found

    def is_told(self, code: int, sentence: str, step: str, *arguments: str) -> None:
        """The command ends with this exit code, one sentence and one next step."""
        done = self.types("fetch", *arguments)
        said = done.stderr.splitlines()
        assert done.returncode == code, done.stderr
        assert re.fullmatch(f"Error: {sentence}", said[-2]), said
        assert re.fullmatch(step, said[-1]), said

    def holds(self, folder: str) -> dict[str, bytes]:
        top = self.command.folder / folder
        found = {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        found.pop(".catalog-receipt.json", None)
        return found

    def receipt(self, folder: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.command.folder / folder / ".catalog-receipt.json").read_text("utf-8"))
        return found


@pytest.fixture
def crawl() -> Iterator[CommonCrawl]:
    with CommonCrawl() as crawl:
        yield crawl


@pytest.fixture
def person(catalog_command: Command, crawl: CommonCrawl, embedded: Path) -> Person:
    return Person(catalog_command, crawl, embedded)


def test_it_keeps_the_contract() -> None:
    check_discovery(Source("commoncrawl", connector.about.variable, lambda _asked: None, lambda _payload: NONE, ()))
    assert isinstance(connector, Selective)
    assert isinstance(connector, Explains)
    assert isinstance(connector, Versioned)
    assert connector.about.connections == 10
    assert connector.token("https://data.commoncrawl.org/") is None


class TestFiles:
    def test_some_files_of_the_newest(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(20)
        done = person.fetches("common-crawl", "--limit", "2")
        assert "note       2 of the 20 WET files of CC-MAIN-2024-51" in done.stderr
        assert set(person.holds(SNAPSHOT)) == set(names[:2])
        receipt = person.receipt(SNAPSHOT)
        assert (receipt["key"], receipt["revision"]) == ("commoncrawl:CC-MAIN", SNAPSHOT)
        assert receipt["asked"] == "--limit 2"
        assert {file["verified"] for file in receipt["files"]} == {"records"}
        assert {request.headers["user-agent"][:16] for request in crawl.data.seen()} == {"dataset-catalog/"}
        done = person.fetches("common-crawl", "--limit", "3")
        assert set(person.holds(SNAPSHOT)) == set(names[:3])
        assert len(crawl.data.seen("*.wet.gz", "GET")) == 3  # what is there stays
        assert person.types("verify", SNAPSHOT).returncode == 0

    def test_rows_can_be_read_converted_and_linted(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(2)
        person.fetches("common-crawl", "--limit", "1", "--out", "cc")
        shown = json.loads(person.types("preview", f"cc/{names[0]}", "--json").stdout)
        assert shown["rows"][0] == {
            "text": "Page 0 of file 0.", "url": "https://site0.example/0", "date": "2024-12-01T10:00:00Z",
            "languages": "eng",
        }  # fmt: skip
        assert len(shown["rows"]) == 3
        done = person.types("convert", f"cc/{names[0]}", "--to", "language-modeling", "--out", "rows.jsonl")
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in (person.command.folder / "rows.jsonl").read_text().splitlines()]
        assert [row["text"] for row in rows] == [f"Page {number} of file 0." for number in range(3)]
        assert json.loads(person.types("lint", "cc", "--json").stdout)["rows"] == 3

    def test_nobody_gets_all_by_accident(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(40, size=1000)
        person.is_told(
            2, r"CC-MAIN-2024-51 has 40 WET files, about [\d.]+ kB\.",
            r"Take some: --limit 10, --share 0\.1%, or the pages of a site: --site example\.org\.", "common-crawl",
        )  # fmt: skip
        assert len(crawl.data.seen(method="HEAD")) == 5
        assert crawl.data.seen("*.wet.gz", "GET") == []

    def test_a_share_with_an_estimate(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(40, size=1000)
        plan = person.plan("common-crawl", "--share", "30%")
        sizes = [len(body) for path, body in sorted(crawl.files.items()) if path.endswith(".wet.gz")][:12]
        assert len(plan["files"]) == 12
        assert plan["estimated_bytes"] == pytest.approx(sum(sizes), rel=0.05)
        assert (plan["unknown_sizes"], plan["asked"]) == (7, "--share 30%")
        assert "the size is estimated from 5 of them" in plan["notes"][0]
        assert len(person.plan("common-crawl", "--share", "0.001")["files"]) == 1
        assert re.search(
            r"total +about [\d.]+ kB in 12 files", person.fetches("common-crawl", "--share", "30%", "--dry-run").stdout
        )
        for bad in ("0", "150%", "much", "-1%"):
            person.is_told(
                2, f"--share '{bad}' is no share.", "Say it as: --share 0.1%", "common-crawl", "--share", bad
            )

    def test_a_large_estimate_asks_for_a_yes(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(12)
        crawl.data.script("*.wet.gz", faults.lying_length(3 << 30), method="HEAD")
        plan = person.plan("common-crawl", "--limit", "12")
        assert plan["over_cap"].startswith("About 36.0 GiB is more than")
        person.is_told(2, "About 36.0 GiB is more than 5.0 GiB.", "Add --yes .*", "common-crawl", "--limit", "12")
        assert crawl.data.seen("*.wet.gz", "GET") == []

    def test_a_snapshot_by_name(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(3, OLDER)
        for more in (
            ("common-crawl", "--snapshot", OLDER), (f"common-crawl:{OLDER}",), ("common-crawl", "--revision", OLDER),
            (f"commoncrawl:CC-MAIN@{OLDER}",), (f"commoncrawl:{OLDER}",),
        ):  # fmt: skip
            plan = person.plan(*more, "--limit", "1")
            assert (plan["revision"], plan["name"]) == (OLDER, OLDER)
        assert crawl.index.seen() == []  # which is newest need not be asked
        person.is_told(
            3, "Common Crawl has no files of CC-MAIN-2031-01.", "Those that are known: .*",
            "common-crawl:CC-MAIN-2031-01", "--limit", "1",
        )  # fmt: skip
        person.is_told(2, "'latest-one' is no snapshot.", ".*", "common-crawl", "--snapshot", "latest-one")
        person.is_told(
            2, f"Two snapshots are named: {OLDER} and {SNAPSHOT}.", "Name one.",
            "common-crawl", "--snapshot", OLDER, "--revision", SNAPSHOT,
        )  # fmt: skip
        person.is_told(3, "Common Crawl has no 'CC-WAT'.", ".*", "commoncrawl:CC-WAT", "--limit", "1")

    def test_an_option_that_does_not_apply(self, person: Person, crawl: CommonCrawl) -> None:
        person.is_told(
            2, "--date does not apply to commoncrawl:CC-MAIN.", "It takes --snapshot, --share, --site, --lang.",
            "common-crawl", "--date", "20241201",
        )  # fmt: skip
        person.is_told(2, "--snapshot does not apply to an address.", "It is an option of commoncrawl.",
                       "https://example.org/x.csv", "--snapshot", OLDER)  # fmt: skip
        person.is_told(2, "--share has no value.", "Say it as: --share PERCENT", "common-crawl", "--share", "")
        person.is_told(2, "--snapshot is given 2 times.", ".*", "common-crawl", "--snapshot", OLDER, "--snapshot", "x")
        done = person.types("fetch", "common-crawl", "--snapshto", OLDER)
        assert done.returncode == 2
        assert "No such option" in done.stderr
        assert crawl.data.seen() == crawl.index.seen() == []

    def test_the_help_names_them(self, person: Person) -> None:
        said = person.types("fetch", "--help").stdout
        section = said.partition("Options of commoncrawl")[2].partition("Options of")[0]
        assert all(flag in section for flag in ("--snapshot", "--share PERCENT", "--site", "--lang LANG"))

    def test_there_is_no_list_to_sync(self, person: Person) -> None:
        done = person.types("sync", "commoncrawl")
        assert done.returncode == 2
        assert "Common Crawl has no list of datasets. Fetch from it:" in done.stderr.replace("\n", " ")


class TestList:
    def test_it_is_kept_for_a_day(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(2)
        for _ in range(3):
            person.plan("common-crawl", "--limit", "1")
        assert len(crawl.index.seen("/collinfo.json")) == 1
        said = person.types("sources", "commoncrawl").stdout
        assert SNAPSHOT in said
        assert "CC-NEWS" in said

    def test_a_stale_copy_is_better_than_none(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(2)
        person.plan("common-crawl", "--limit", "1")
        copy = next(person.command.folder.rglob("commoncrawl-*.json"))
        old = time.time() - 200_000
        os.utime(copy, (old, old))
        crawl.index.script("/collinfo.json", faults.status(504, b"busy"))
        plan = person.plan("common-crawl", "--limit", "1")
        assert "the newest of the copy that is kept" in plan["notes"][0]

    def test_without_one_a_name_helps(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(2)
        crawl.index.script("/collinfo.json", faults.status(504, b"busy"))
        person.is_told(
            1, r"The list of snapshots does not come: .* answered 504 .*", "Name one: --snapshot CC-MAIN-2024-51",
            "common-crawl", "--limit", "1",
        )  # fmt: skip
        person.plan("common-crawl", "--limit", "1", "--snapshot", SNAPSHOT)

    def test_nonsense_is_no_list(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.index.script("/collinfo.json", faults.body(b'{"id": 5}'))
        person.is_told(1, "Common Crawl sent something else .*", "Name one: .*", "common-crawl", "--limit", "1")
        assert list(person.command.folder.rglob("commoncrawl-*.json")) == []

    def test_a_list_of_files_that_leads_away(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(1)
        path = f"crawl-data/{SNAPSHOT}/wet.paths.gz"
        good = gzip.decompress(crawl.files[path])
        crawl.files[path] = gzip.compress(b"https://evil.example/x.gz\ncrawl-data/../../etc.gz\n/etc/passwd\n" + good)
        assert [file["path"] for file in person.plan("common-crawl", "--limit", "9")["files"]] == names
        crawl.files[path] = gzip.compress(good)[:-9]
        person.is_told(1, "The list of files of CC-MAIN-2024-51 came damaged.", ".*", "common-crawl", "--limit", "1")
        crawl.files[path] = gzip.compress(b"<html>")
        person.is_told(1, "The list of files of CC-MAIN-2024-51 names none.", ".*", "common-crawl", "--limit", "1")


class TestLock:
    def test_it_brings_the_same_again(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(5)
        crawl.page("https://example.org/a", b"<html><body>Alpha</body></html>")
        person.fetches("common-crawl", "--limit", "2")
        person.fetches("common-crawl", "--site", "example.org")
        lock = json.loads((person.command.folder / "catalog.lock").read_text("utf-8"))
        told = {each["folder"]: (each["revision"], each["asked"]) for each in lock["datasets"]}
        site = f"{SNAPSHOT}-example.org"
        assert told == {SNAPSHOT: (SNAPSHOT, "--limit 2"), site: (SNAPSHOT, "--site example.org")}
        before = {folder: person.holds(folder) for folder in told}
        for folder in told:
            shutil.rmtree(person.command.folder / folder)
        crawl.index.forget()
        person.fetches("--locked")
        assert {folder: person.holds(folder) for folder in told} == before
        assert set(before[SNAPSHOT]) == set(names[:2])
        assert crawl.index.seen() == []
        person.is_told(
            2, "--site has no meaning with --locked.", "The lock says what comes.", "--locked", "--site", "x.org"
        )


class TestFaults:
    def test_a_block_ends_it_at_once(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(9)
        crawl.data.script("*.wet.gz", faults.status(403, b"<Error><Code>AccessDenied</Code></Error>"), method="GET")
        sentence, step = (
            r"127\.0\.0\.1:\d+ has blocked this address \(403\), so nothing more is asked of it\.",
            "Wait a day.*",
        )
        person.is_told(1, sentence, step, "common-crawl", "--limit", "9", "--jobs", "1")
        assert len(crawl.data.seen("*.wet.gz", "GET")) == 1
        crawl.data.calm()
        crawl.data.script("*", faults.status(403))
        person.is_told(1, sentence, step, "common-crawl", "--limit", "9")
        crawl.index.script("*", faults.status(403))
        person.is_told(1, sentence, step, "common-crawl", "--site", "example.org")

    def test_slow_down_is_waited_for(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(3)
        crawl.data.script("*.wet.gz", faults.status(503, b"SlowDown", Retry_After="1"), method="GET", on=[1, 2])
        done = person.fetches("common-crawl", "--limit", "3", "--jobs", "1")
        assert set(person.holds(SNAPSHOT)) == set(names)
        assert "Waiting 1 s" in done.stderr

    def test_a_host_that_stays_busy_for_a_while(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(1)
        rule = crawl.data.script("*.wet.gz", faults.status(503, b"SlowDown"), method="GET", on=range(1, 8))
        person.fetches("common-crawl", "--limit", "1")
        assert set(person.holds(SNAPSHOT)) == set(names)
        assert rule.fired == 7

    def test_at_most_ten_connections(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(24)

        def slow(request: Request, response: Response, wire: Wire) -> None:
            wire.wait(0.15)
            wire.send(response)

        crawl.data.script("*.wet.gz", slow, method="GET")
        person.fetches("common-crawl", "--limit", "24", "--jobs", "32")
        assert 5 <= crawl.data.max_in_flight <= 10

    @pytest.mark.parametrize("kind", ["digest", "cut", "flipped"])
    def test_a_damaged_file_is_not_placed(self, person: Person, crawl: CommonCrawl, kind: str) -> None:
        names = crawl.wet(1)
        path = next(path for path in crawl.files if path.endswith(".wet.gz"))
        whole = crawl.files[path]
        wrong = warc.conversion("https://x.example/", "other", WARC_Block_Digest="sha1:" + "A" * 32)
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 0x10
        crawl.files[path] = {"digest": whole + warc.packed(wrong), "cut": whole[:-40], "flipped": bytes(flipped)}[kind]
        person.is_told(1, f"{names[0]} came damaged: .*", "Try again; .*", "common-crawl", "--limit", "1")
        assert person.holds(SNAPSHOT) == {}
        crawl.files[path] = whole
        person.fetches("common-crawl", "--limit", "1")
        assert person.holds(SNAPSHOT) == {names[0]: whole}

    def test_a_size_that_was_a_lie(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.wet(1)
        crawl.data.script("*.wet.gz", faults.lying_length(-10), method="HEAD")
        person.is_told(
            1, r".* has [\d,]+ bytes at its source, not the planned .*", ".*", "common-crawl", "--limit", "1"
        )

    def test_killed_it_goes_on(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.wet(2, pages=20, size=200_000)

        def half(request: Request, response: Response, wire: Wire) -> None:
            whole = b"".join(chunks(response.body))
            wire.write(wire.head(response, len(whole)) + whole[: len(whole) // 2])
            wire.wait(60)

        crawl.data.script("*.wet.gz", half, method="GET", on=[1, 2])
        arguments = [sys.executable, "-m", "catalog", "fetch", "common-crawl", "--limit", "2"]
        environment = person.command.environment(person.environment)
        process = subprocess.Popen(arguments, cwd=person.command.folder, env=environment, stderr=subprocess.PIPE)
        parts = person.command.folder / SNAPSHOT / ".catalog-parts"
        limit = time.monotonic() + 60
        while sum(path.stat().st_size for path in parts.glob("*.part*")) < 500_000:
            assert time.monotonic() < limit
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        crawl.data.forget()
        person.fetches("common-crawl", "--limit", "2")
        ranges = [request.headers.get("range", "") for request in crawl.data.seen("*.wet.gz", "GET")]
        assert any(re.fullmatch(r"bytes=[1-9]\d*-", each) for each in ranges)
        held = person.holds(SNAPSHOT)
        assert held == {name: body for path, body in crawl.files.items() if (name := path.rpartition("/")[2]) in names}


class TestSite:
    PAGES = (
        ("https://example.org/a", "<p>Alpha <b>one</b></p><script>no()</script>", "eng"),
        ("https://www.example.org/b", "<title>Beta</title><p>第二页</p>", "zho,eng"),
        ("https://example.org/docs/c", "<p>Gamma</p>", "deu"),
        ("https://example.org/docs/d", "<p>Delta</p>", "zho"),
        ("https://other.example/e", "<p>Other</p>", "eng"),
    )

    @pytest.fixture(autouse=True)
    def _pages(self, crawl: CommonCrawl) -> None:
        for url, page, languages in self.PAGES:
            crawl.page(url, f"<html><body>{page}</body></html>".encode(), languages)
        crawl.page("https://example.org/gone", b"no", status="404")
        crawl.page("https://example.org/pic", b"GIF", **{"mime-detected": "image/gif"})

    def rows(self, person: Person, folder: str) -> dict[str, str]:
        """Text by address of what came."""
        found = {}
        for path in sorted((person.command.folder / folder).rglob("*.warc.gz")):
            shown = json.loads(person.types("preview", str(path), "--json").stdout)
            found.update({row["url"]: row["text"] for row in shown["rows"]})
        return found

    def test_its_pages_come_member_by_member(self, person: Person, crawl: CommonCrawl) -> None:
        person.fetches("common-crawl", "--site", "example.org")
        folder = f"{SNAPSHOT}-example.org"
        assert self.rows(person, folder) == {
            "https://example.org/a": "Alpha one",
            "https://www.example.org/b": "第二页",
            "https://example.org/docs/c": "Gamma",
            "https://example.org/docs/d": "Delta",
        }
        receipt = person.receipt(folder)
        assert (receipt["revision"], receipt["asked"]) == (SNAPSHOT, "--site example.org")
        assert {file["verified"] for file in receipt["files"]} == {"records"}
        assert all(re.search(r"#bytes=\d+-\d+$", file["url"]) for file in receipt["files"])
        asked = crawl.data.seen("*.warc.gz", "GET")
        assert all(re.fullmatch(r"bytes=\d+-\d+", request.headers["range"]) for request in asked)
        person.fetches("common-crawl", "--site", "example.org")
        assert len(crawl.data.seen("*.warc.gz", "GET")) == len(asked) == 4

    def test_by_language_path_and_count(self, person: Person) -> None:
        def places(*more: str) -> int:
            return len(person.plan("common-crawl", *more)["files"])

        assert places("--site", "example.org", "--lang", "zh") == 2
        assert places("--site", "https://example.org/docs", "--lang", "zho") == 1
        assert places("--site", "example.org/docs") == 2
        assert places("--site", "org") == 4
        assert places("--site", "example.org", "--limit", "3") == 3
        plan = person.plan("common-crawl", "--site", "example.org", "--lang", "zh")
        assert plan["name"] == f"{SNAPSHOT}-example.org-zh"
        assert plan["unknown_sizes"] == 0

    def test_what_it_does_not_have(self, person: Person) -> None:
        person.is_told(
            3, "CC-MAIN-2024-51 holds no page of nowhere.example.", ".*", "common-crawl", "--site", "nowhere.example"
        )
        person.is_told(3, "CC-MAIN-2024-51 holds no page of example.org in fr.", ".*",
                       "common-crawl", "--site", "example.org", "--lang", "fr")  # fmt: skip
        person.is_told(2, "--lang needs --site: .*", ".*", "common-crawl", "--lang", "zh", "--limit", "1")
        person.is_told(2, "--share is for files, --site for pages.", ".*",
                       "common-crawl", "--site", "example.org", "--share", "1%")  # fmt: skip
        person.is_told(2, "--lang 'Chinese!' is no language code.", ".*",
                       "common-crawl", "--site", "example.org", "--lang", "Chinese!")  # fmt: skip
        person.is_told(2, "--site 'not a site' is no domain or address.", ".*", "common-crawl", "--site", "not a site")

    def test_an_index_out_of_breath(self, person: Person, crawl: CommonCrawl) -> None:
        crawl.index.script("*-index", faults.status(504, b"<html>Gateway Time-out</html>"), on=[1])
        assert len(person.plan("common-crawl", "--site", "example.org")["files"]) == 4
        crawl.index.script("*-index", faults.status(504, b"<html>Gateway Time-out</html>"))
        person.is_told(
            1, "Common Crawl's index does not answer: .* answered 504 .*", "It is one small server: .*",
            "common-crawl", "--site", "example.org",
        )  # fmt: skip

    def test_rows_that_lead_away_are_passed_over(self, person: Person, crawl: CommonCrawl) -> None:
        for number, changes in enumerate(
            ({"filename": "https://evil.example/x.warc.gz"}, {"filename": "crawl-data/../../warc/x.warc.gz"},
             {"offset": "-5"}, {"length": "9" * 20}, {"length": None}, {"url": "::"})
        ):  # fmt: skip
            crawl.page(f"https://example.org/bad{number}", f"bad {number}".encode())
            crawl.rows[SNAPSHOT][-1].update(changes)
        assert len(person.plan("common-crawl", "--site", "example.org")["files"]) == 4

    def test_a_server_without_ranges(self, person: Person, crawl: CommonCrawl) -> None:
        path = next(path for path in crawl.files if path.endswith(".warc.gz"))
        crawl.data.script("*.warc.gz", faults.whole())
        assert path
        person.is_told(1, "The server gives no parts of files.", ".*", "common-crawl", "--site", "example.org")

    def test_another_record_than_the_index_said(self, person: Person, crawl: CommonCrawl) -> None:
        rows = crawl.rows[SNAPSHOT]
        rows[0]["offset"] = str(int(rows[0]["offset"]) + 7)
        person.is_told(1, r".*\.warc\.gz came damaged: .*", ".*", "common-crawl", "--site", "example.org")


class TestNews:
    def test_by_month(self, person: Person, crawl: CommonCrawl) -> None:
        names = crawl.news("2024-11", 5)
        done = person.fetches("cc-news", "--snapshot", "2024-11", "--limit", "2")
        assert "note       2 of the 5 WARC files of CC-NEWS-2024-11" in done.stderr
        assert "also at    huggingface:vblagoje/cc_news (--from huggingface)" in done.stderr
        assert set(person.holds("CC-NEWS-2024-11")) == set(names[:2])
        assert person.receipt("CC-NEWS-2024-11")["revision"] == "2024-11"
        shown = json.loads(person.types("preview", f"CC-NEWS-2024-11/{names[0]}", "--json").stdout)
        assert (shown["rows"][0]["title"], shown["rows"][0]["text"]) == ("News 0", "Story 0")

    def test_the_newest_month(self, person: Person, crawl: CommonCrawl) -> None:
        month = time.strftime("%Y-%m", time.gmtime(time.time() - 20 * 86_400))
        crawl.news(month, 1)
        assert person.plan("commoncrawl:CC-NEWS", "--limit", "1")["revision"] == month

    def test_what_does_not_apply(self, person: Person) -> None:
        person.is_told(2, "'CC-MAIN-2024-51' is no month.", ".*", "commoncrawl:CC-NEWS", "--snapshot", SNAPSHOT)
        person.is_told(2, "--site does not apply to CC-NEWS, .*", ".*", "commoncrawl:CC-NEWS", "--site", "example.org")
        person.is_told(3, "Common Crawl has no files of CC-NEWS 2001-01.", ".*",
                       "commoncrawl:CC-NEWS", "--snapshot", "2001-01", "--limit", "1")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("example.org", ("example.org", "")),
        ("https://Example.org/", ("example.org", "")),
        ("*.example.org", ("example.org", "")),
        ("example.org/docs/x?y=1", ("example.org", "/docs/x?y=1")),
        ("bücher.example", ("xn--bcher-kva.example", "")),
        ("cn", ("cn", "")),
    ],
)
def test_sites(text: str, meant: tuple[str, str]) -> None:
    assert site_of(text) == meant


def test_languages_of_the_index() -> None:
    assert [three_letters(each) for each in ("zh", "ZH-cn", "zho", "en", "pt_BR")] == [
        "zho",
        "zho",
        "zho",
        "eng",
        "por",
    ]
    with pytest.raises(Usage):
        three_letters("z")


def test_the_snapshot_stands_in_the_address() -> None:
    base = "https://data.commoncrawl.org/crawl-data"
    assert snapshot_in(f"{base}/CC-MAIN-2024-51/segments/1/wet/x.warc.wet.gz#bytes=1-2") == "CC-MAIN-2024-51"
    assert snapshot_in(f"{base}/CC-NEWS/2024/11/x.warc.gz") == "2024-11"
    assert snapshot_in("https://example.org/") == ""
