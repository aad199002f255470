"""`catalog sync huggingface` as a person runs it: the command in its own process, the Hub on loopback."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.cli.progress import progress_bar, progress_line
from catalog.errors import CatalogError
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.sync import Progress, sync
from catalog.web import Web, WebSettings
from connectors.huggingface import connector
from tests.conftest import Command
from tests.origin import Hub, Request, Response, faults
from tests.origin.protocol import Quota
from tests.origin.records import records
from tests.origin.server import Fault, Wire

LISTING = "/api/datasets"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Done = subprocess.CompletedProcess[str]


@dataclass
class Person:
    """Types commands against one Hub and one registry."""

    command: Command
    hub: Hub

    @property
    def registry(self) -> Path:
        return self.command.folder / "registry.db"

    @property
    def environment(self) -> dict[str, str]:
        return {**self.hub.environment, "CATALOG_REGISTRY": str(self.registry)}

    def types(self, *arguments: str, **more: str) -> Done:
        done = self.command(*arguments, env={**self.environment, **more})
        assert "Traceback" not in done.stderr
        return done

    def syncs(self, *options: str, **more: str) -> Done:
        """`catalog sync huggingface`; a failure is a failure of the test."""
        done = self.types("sync", "huggingface", *options, **more)
        assert done.returncode == 0, done.stderr
        return done

    def starts(self, *options: str) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-m", "catalog", "sync", "huggingface", *options],
            cwd=self.command.folder,
            env=self.command.environment(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def asks(self, statement: str, *values: object) -> list[Any]:
        """Rows of the registry."""
        with closing(sqlite3.connect(self.registry)) as connection:
            return connection.execute(statement, values).fetchall()

    def keys(self) -> set[str]:
        return {key for (key,) in self.asks("SELECT key FROM dataset")}

    def listed(self) -> list[Request]:
        """The listing requests so far, forgotten afterwards."""
        seen = self.hub.origin.seen(LISTING)
        self.hub.origin.forget()
        return seen

    def is_whole(self) -> bool:
        return check(str(self.registry)).clean


@pytest.fixture
def person(catalog_command: Command, hub: Hub) -> Person:
    hub.now = NOON
    return Person(catalog_command, hub)


@pytest.fixture
def here(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process asks the same Hub."""
    for variable, value in person.hub.environment.items():
        monkeypatch.setenv(variable, value)


def key(id: str) -> str:
    return f"huggingface:{id}"


def fill(hub: Hub, count: int, page: int = 1000) -> list[str]:
    """Made-up datasets in the Hub; their ids in the order of a full walk."""
    hub.load(records(count))
    hub.page_size = page
    return [str(each["id"]) for each in hub.view(Request(0, "GET", "", "", (), {}), "createdAt")]


class TestWalks:
    def test_all_of_it_and_then_what_changed(self, person: Person) -> None:
        """A full walk by pages of 1,000; the next walk asks only for what changed, ten minutes earlier included."""
        hub = person.hub
        ids = fill(hub, 2500)
        hub.touch(ids[7], lastModified="2026-03-01T11:55:00.000Z")
        hub.touch(ids[8], lastModified="2026-03-01T11:45:00.000Z")
        done = person.syncs()
        assert "huggingface: 2,500 new, 0 changed, 0 unchanged, 0 skipped. The registry holds 2,500" in done.stderr
        asked = person.listed()
        assert [(each.first("limit"), each.first("sort"), bool(each.first("cursor"))) for each in asked] == [
            ("1000", "createdAt", False),
            ("1000", "createdAt", True),
            ("1000", "createdAt", True),
        ]
        assert {"cardData", "lastModified", "tags"} <= set(asked[0].every("expand"))
        assert asked[0].headers["user-agent"].startswith("dataset-catalog/")
        assert person.keys() == {key(id) for id in ids}
        assert person.is_whole()

        hub.now = NOON + timedelta(days=1)
        for id in ids[:3]:
            hub.touch(id, {"a.csv": b"1"}, description="Rewritten.")
        hub.add("late/comer")
        done = person.syncs()
        assert "1 new, 3 changed, 1 unchanged, 0 skipped. The registry holds 2,501" in done.stderr
        assert [each.first("sort") for each in person.listed()] == ["lastModified"]
        assert json.loads(person.types("show", ids[0], "--json").stdout)["description"] == "Rewritten."

        done = person.syncs()
        assert "0 new, 0 changed, 4 unchanged" in done.stderr  # what changed within ten minutes is looked at again
        assert person.is_whole()

    def test_what_was_asked_for(self, person: Person) -> None:
        ids = fill(person.hub, 1500)
        records_of = {id: person.hub.repos[id].record for id in ids}
        done = person.syncs("--limit", "1200")
        assert [(each.first("limit"), each.first("sort")) for each in person.listed()] == [("1000", "downloads")] * 2
        assert "1,200 new" in done.stderr
        most_used = sorted((record["downloads"] for record in records_of.values()), reverse=True)[:1200]
        assert sorted((int(n) for (n,) in person.asks("SELECT downloads FROM dataset")), reverse=True) == most_used

        person.registry.unlink()
        person.syncs("--query", "radiology", "--author", "amber-0", "--filter", "language:en", "--filter", "medical")
        asked = person.listed()[0]
        assert (asked.first("search"), asked.first("author")) == ("radiology", "amber-0")
        assert asked.every("filter") == ["language:en", "medical"]
        tags = {"language:en", "medical"}
        wanted = {
            key(id)
            for id, record in records_of.items()
            if "radiology" in id and record["author"] == "amber-0" and tags <= set(record["tags"])
        }
        assert person.keys() == wanted

        person.syncs("--query", "earnings")
        assert (
            person.listed()[0].first("sort") == "createdAt"
        )  # another request is another walk: whole, not incremental
        assert person.keys() == wanted | {key(id) for id in ids if "earnings" in id}

    def test_a_budget_of_requests(self, person: Person) -> None:
        """It ends the command early, with exit code 0; the same command goes on where it ended."""
        ids = fill(person.hub, 600, page=100)
        done = person.syncs("--max-requests", "2")
        assert "The budget of 2 requests is spent. The same command goes on from there." in done.stderr
        assert person.keys() == {key(id) for id in ids[:200]}
        said = json.loads(person.syncs("--max-requests", "3", "--json").stdout)
        assert (said["stopped"], said["resumed"], said["before"], said["new"], said["datasets"]) == (
            True, True, 200, 300, 500,
        )  # fmt: skip
        said = json.loads(person.syncs("--max-requests", "3", "--json").stdout)
        assert (said["stopped"], said["resumed"], said["new"]) == (False, True, 100)
        assert len(person.listed()) == 6
        assert person.asks("SELECT status, pages, new FROM run") == [("done", 6, 600)]
        assert "0 new, 0 changed" in person.syncs("--max-requests", "1").stderr  # enough for what changed: nothing

    def test_a_budget_that_brings_nothing_is_a_failure(self, person: Person) -> None:
        fill(person.hub, 10)
        person.hub.script(LISTING, faults.status(503))
        done = person.types("sync", "huggingface", "--max-requests", "1")
        assert done.returncode == 1
        assert "Error: The budget of 1 request is spent.\nRun again to go on from here.\n" in done.stderr

    def test_everything_again_and_begun_anew(self, person: Person) -> None:
        ids = fill(person.hub, 500, page=100)
        person.syncs()
        person.hub.touch(ids[450], likes=77)  # the Hub does not count this as a change
        person.listed()
        assert "0 changed, 0 unchanged" in person.syncs().stderr
        assert len(person.listed()) == 1

        person.hub.now = NOON + timedelta(days=1)
        person.syncs("--full", "--max-requests", "3")
        done = person.syncs("--full")
        assert "1 changed, 199 unchanged, 0 skipped (went on from where it stopped)" in done.stderr
        assert [each.first("sort") for each in person.listed()] == ["createdAt"] * 5
        person.hub.now = NOON + timedelta(days=2)
        person.syncs()
        assert [each.first("sort") for each in person.listed()] == ["lastModified"]  # since the walk of all

        person.syncs("--full", "--max-requests", "3")
        done = person.syncs("--restart")
        assert "500 unchanged" in done.stderr
        assert "went on" not in done.stderr
        assert len(person.listed()) == 3 + 5

    def test_all_of_it_in_place_of_an_unfinished_walk_of_changes(self, person: Person) -> None:
        ids = fill(person.hub, 300, page=100)
        person.syncs()
        person.hub.now = NOON + timedelta(days=1)
        for id in ids[:250]:
            person.hub.touch(id, {"a.csv": b"1"})
        person.syncs("--max-requests", "1")
        person.listed()
        person.syncs("--full")
        assert [each.first("sort") for each in person.listed()] == ["createdAt"] * 3
        assert person.is_whole()

    def test_offline(self, person: Person) -> None:
        fill(person.hub, 10)
        done = person.types("sync", "huggingface", "--offline")
        assert (done.returncode, done.stderr.count("\n")) == (1, 2)
        assert done.stderr.startswith("Error: Offline mode: 127.0.0.1 was not asked.")
        done = person.types("sync", "huggingface", HF_HUB_OFFLINE="1")
        assert (done.returncode, done.stderr.count("\n")) == (1, 2)
        assert done.stderr.startswith("Error: HF_HUB_OFFLINE is set")
        assert person.listed() == []

    def test_a_registry_of_the_embedded_catalog_keeps_it(self, person: Person) -> None:
        person.types("init")
        before = person.keys()
        fill(person.hub, 20)
        person.syncs()
        person.syncs("--full")
        assert person.keys() > before
        assert person.asks("SELECT count(*) FROM dataset WHERE missing_since <> ''") == [(0,)]


class TestRecords:
    def test_a_bad_one_costs_itself_alone(self, person: Person) -> None:
        ids = fill(person.hub, 1000)
        bad: list[object] = [None, 7, [], {"id": 5}, {"id": "../../etc/passwd"}, {"id": "a b\x1b[31m/c"}]
        page = [person.hub.repos[id].record for id in ids]
        for place, each in zip((0, 1, 499, 500, 998, 1000), bad, strict=True):
            page.insert(place, each)  # type: ignore[arg-type]
        person.hub.script(LISTING, faults.body(json.dumps(page).encode()))
        done = person.syncs()
        assert "1,000 new, 0 changed, 0 unchanged, 6 skipped" in done.stderr
        for told in (
            "skipped item 1: the payload is not an object.",
            "skipped item 501: it has no id.",
            "skipped ../../etc/passwd: the payload has no usable id: '../../etc/passwd'.",
        ):
            assert told in done.stderr
        assert "\x1b" not in done.stderr
        assert len(person.asks("SELECT reason FROM skip")) == 6
        assert person.is_whole()

    def test_a_rename_keeps_the_history(self, person: Person) -> None:
        ids = fill(person.hub, 50)
        person.syncs()
        number, first_seen = person.asks("SELECT id, first_seen FROM dataset WHERE key = ?", key(ids[3]))[0]
        person.hub.now = NOON + timedelta(days=1)
        person.hub.rename(ids[3], "new-owner/better-name")
        person.hub.touch("new-owner/better-name", {"a.csv": b"1"}, gated="manual")
        assert "0 new, 1 changed" in person.syncs().stderr
        assert person.asks("SELECT id, first_seen FROM dataset WHERE key = 'huggingface:new-owner/better-name'") == [
            (number, first_seen)
        ]
        assert ("access", "gated") in person.asks("SELECT field, new FROM change WHERE dataset_id = ?", number)
        for name in (ids[3], "new-owner/better-name", "better-name"):
            assert json.loads(person.types("show", name, "--json").stdout)["key"] == "huggingface:new-owner/better-name"
        assert len(person.keys()) == 50
        assert person.is_whole()

    def test_a_private_dataset_stays_out(self, person: Person) -> None:
        fill(person.hub, 5)
        person.hub.add("me/secret", private=True)
        person.hub.tokens["hf_mine"] = {"me/secret"}
        done = person.syncs(HF_TOKEN="hf_mine")
        assert "skipped me/secret: me/secret is private, and a registry may be shared." in done.stderr
        assert len(person.keys()) == 5
        assert {each.token for each in person.listed()} == {"hf_mine"}

    def test_a_token_that_is_refused(self, person: Person) -> None:
        fill(person.hub, 5)
        done = person.types("sync", "huggingface", HF_TOKEN="hf_canary_token")
        assert (done.returncode, done.stderr.count("\n")) == (4, 2)
        assert "The Hub does not accept your token." in done.stderr
        assert "canary" not in done.stderr + done.stdout
        assert b"canary" not in person.registry.read_bytes()


class TestMissing:
    def missing(self, person: Person) -> set[str]:
        return {key for (key,) in person.asks("SELECT key FROM dataset WHERE missing_since <> ''")}

    def test_only_after_two_complete_walks(self, person: Person) -> None:
        """Gone for two complete walks: marked, kept, and back as soon as it is listed again."""
        ids = fill(person.hub, 300, page=100)
        person.syncs()
        gone = [person.hub.repos[id] for id in ids[:4]]
        for repo in gone:
            person.hub.remove(repo.id)
        assert "gone" not in person.syncs().stderr  # a walk of changes says nothing of it
        assert "gone" not in person.syncs("--full").stderr
        assert self.missing(person) == set()
        done = person.syncs("--full", "--max-requests", "2")
        assert self.missing(person) == set()
        done = person.syncs("--full")
        assert "4 datasets are gone from the source; they are kept and marked." in done.stderr
        assert self.missing(person) == {key(repo.id) for repo in gone}
        assert "not listed by its source since" in person.types("show", gone[0].id).stdout
        assert len(person.keys()) == 300

        person.hub.now = NOON + timedelta(days=1)
        person.hub.load([gone[0].record, gone[1].record])
        person.hub.touch(gone[0].id, {"a.csv": b"1"})
        person.syncs()
        assert self.missing(person) == {key(repo.id) for repo in gone[1:]}
        person.syncs("--full")
        assert self.missing(person) == {key(repo.id) for repo in gone[2:]}
        assert person.asks("SELECT count(*) FROM sighting WHERE page >= 0") == [(0,)]
        assert person.is_whole()

    def test_never_for_a_listing_that_is_too_short(self, person: Person) -> None:
        ids = fill(person.hub, 300)
        person.syncs()
        for id in ids[:31]:
            person.hub.remove(id)
        for _ in range(3):
            done = person.syncs("--full")
            assert "The walk did not list 31 of 300 known datasets; none was marked missing." in done.stderr
        assert self.missing(person) == set()
        assert person.asks("SELECT message FROM run ORDER BY id DESC LIMIT 1")[0][0].startswith("The walk did not list")

    def test_a_partial_walk_says_nothing(self, person: Person) -> None:
        ids = fill(person.hub, 100)
        person.syncs()
        person.hub.remove(ids[0])
        for options in (["--limit", "50"], ["--query", "a"], ["--filter", "language:en"], ["--limit", "50"]):
            person.syncs(*options, "--full")
        assert self.missing(person) == set()


def following(address: str) -> Fault:
    """A page that names this address as the next one."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        url = address.replace("{itself}", f"http://{request.headers['host']}{request.target}")
        response.headers["Link"] = f'<{url}>; rel="next"'
        wire.send(response)

    return fault


class TestFaults:
    def test_what_passes_leaves_no_trace(self, person: Person) -> None:
        """Each second answer is a fault of another kind; the registry is that of a run without any."""
        ids = fill(person.hub, 310, page=25)
        passing: list[Fault] = [
            faults.too_many("1"), faults.too_many("0"), faults.too_many("-5"), faults.too_many("soon"),
            faults.too_many_until(1.5), faults.too_many_until(-3600), faults.status(503, Retry_After="1"),
            faults.status(500), faults.reset(), faults.reset(after=2000), faults.truncated(), faults.cut(500),
        ]  # fmt: skip
        for number, fault in enumerate(passing):
            person.hub.script(LISTING, fault, on=2 * number + 2)
        done = person.syncs()
        assert "310 new, 0 changed, 0 unchanged, 0 skipped" in done.stderr
        assert done.stderr.count("Waiting 1 s: ") >= 2
        assert "429 Too Many Requests" in done.stderr
        assert len(person.listed()) == 13 + len(passing)
        assert person.keys() == {key(id) for id in ids}
        assert person.is_whole()

    def test_a_quota_is_kept_ahead_of_time(self, person: Person) -> None:
        """With 4 requests in 2 seconds, 10 pages take 10 requests: none is refused."""
        fill(person.hub, 1000, page=100)
        person.hub.quotas["api"] = Quota("api", 4, window=2)
        started = time.monotonic()
        done = person.syncs()
        assert time.monotonic() - started > 3
        assert "Waiting 2 s: 127.0.0.1 has no request left in its window" in done.stderr
        assert len(person.listed()) == 10
        assert len(person.keys()) == 1000

    def test_waits_are_clamped(self, person: Person, here: None) -> None:
        """A Retry-After of three centuries is one of two minutes, ten times in a row."""
        fill(person.hub, 40, page=10)
        person.hub.script(LISTING, faults.too_many("9999999999"), on=[2, 3, 5])
        waits: list[float] = []
        settings = WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}), sleep=waits.append)
        progress = self.sync_here(person, settings)
        assert (progress.new, len(person.listed())) == (40, 7)
        assert waits == [120.0] * 3

    @staticmethod
    def sync_here(person: Person, settings: WebSettings) -> Progress:
        """The same loop in this process, so that nobody waits."""
        with Registry.open(person.registry, create=True) as registry, Web(settings) as web:
            return sync(registry, connector, web)

    STAYING: tuple[tuple[str, Callable[[], Fault]], ...] = (
        ("unavailable", lambda: faults.status(503)),
        ("too many", lambda: faults.too_many("3")),
        ("forbidden", lambda: faults.status(403)),
        ("reset", faults.reset),
        ("half", faults.truncated),
        ("portal", faults.portal),
        ("noise", faults.noise),
        ("bomb", faults.bomb),
        ("no list", lambda: faults.body(b'{"error": "x"}')),
        ("circle", lambda: following("{itself}")),
        ("away", lambda: following("http://169.254.169.254/api/datasets?cursor=x")),
    )

    @pytest.mark.parametrize("name", [name for name, _ in STAYING])
    def test_what_stays_stops_with_what_came(self, person: Person, name: str, here: None) -> None:
        """One sentence and a next step; the pages before it are stored, and the next call goes on behind them."""
        ids = fill(person.hub, 500, page=100)
        person.hub.script(LISTING, dict(self.STAYING)[name](), on=range(3, 99))
        waits: list[float] = []
        settings = WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}), sleep=waits.append)
        with pytest.raises(CatalogError) as caught:
            self.sync_here(person, settings)
        assert caught.value.message.count(". ") == 0
        assert "200 records came and are stored. The same command goes on from there." in caught.value.hint
        assert person.keys() == {key(id) for id in ids[:200]}
        assert person.asks("SELECT status, message FROM run") == [("stopped", caught.value.message)]
        assert person.is_whole()
        person.hub.origin.calm()
        person.listed()
        progress = self.sync_here(person, settings)
        assert (progress.resumed, progress.before, progress.new) == (True, 200, 300)
        assert len(person.listed()) == 3
        assert person.is_whole()

    def test_the_command_says_it_too(self, person: Person) -> None:
        fill(person.hub, 300, page=100)
        person.hub.script(LISTING, faults.status(403), on=2)
        done = person.types("sync", "huggingface")
        assert done.returncode == 4
        assert done.stderr.splitlines()[-2:] == [
            f"Error: {person.hub.endpoint}{LISTING} answered 403 Forbidden.",
            "Your account may lack the right to it, or its terms were not accepted. 100 records came and are stored. "
            "The same command goes on from there.",
        ]
        assert "(went on from where it stopped)" in person.syncs().stderr

    def test_a_place_that_the_hub_forgot(self, person: Person) -> None:
        """A cursor that is no longer known begins the walk anew and says so."""
        fill(person.hub, 300, page=100)
        person.syncs("--max-requests", "1")
        person.hub.script(LISTING, faults.status(400), on=1)
        done = person.syncs()
        assert "no longer knows where the last run stopped" in done.stderr
        assert "200 new, 0 changed, 100 unchanged" in done.stderr
        assert len(person.keys()) == 300

    def test_no_hub_at_all(self, person: Person) -> None:
        person.hub.close()
        done = person.types("sync", "huggingface", "--max-requests", "1")
        assert done.returncode == 1
        done = person.types("sync", "huggingface", HF_ENDPOINT="not an address")
        assert (done.returncode, done.stderr.splitlines()[0]) == (
            2, "Error: HF_ENDPOINT is not a web address: 'not an address'.",
        )  # fmt: skip


class TestTelling:
    def test_a_line_in_a_log(self, person: Person) -> None:
        fill(person.hub, 300, page=100)
        done = person.syncs("--limit", "300", "--max-requests", "2")
        assert done.stderr.splitlines()[0].startswith("100 of 300 records, ")
        assert person.syncs("--limit", "300").stderr.splitlines()[0].startswith("300 of 300 records, ")
        progress = Progress("x", 1, before=1000, new=500, same=500, total=6000)
        assert progress_line(progress, 2) == "2,000 of 6,000 records, 500/s, about 8 s left"
        progress.total = 5
        assert progress_line(progress, 2) == "2,000 of 2,000 records, 500/s, about 0 s left"
        progress.total = 600_000
        assert progress_line(progress, 2).endswith("about 20 min left")
        progress.total = None
        assert progress_line(progress, 2) == "2,000 records, 500/s"
        assert progress_line(Progress("x", 1, new=1), 1) == "1 record, 1/s"

    def test_nothing_is_no_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        with progress_bar(None) as tell:
            tell(Progress("x", 1))
            assert capsys.readouterr().err == ""
            tell(Progress("x", 1, new=3))
            assert capsys.readouterr().err.startswith("3 records, ")

    def test_a_bar_on_a_terminal(self, person: Person) -> None:
        fill(person.hub, 300, page=100)
        ours, theirs = pty.openpty()
        environment = person.command.environment({**person.environment, "TERM": "xterm"})
        with subprocess.Popen(
            [sys.executable, "-m", "catalog", "sync", "huggingface", "--limit", "300"],
            cwd=person.command.folder, env=environment, stderr=theirs, stdout=subprocess.PIPE,
        ) as running:  # fmt: skip
            os.close(theirs)
            shown = b"".join(_read_all(ours)).decode()
        assert running.returncode == 0
        assert "300/300" in shown
        assert "/s" in shown
        assert "300 new" in shown


def _read_all(handle: int) -> Iterator[bytes]:
    """What comes from a pseudo-terminal until the other side has closed it."""
    with os.fdopen(handle, "rb", buffering=0) as stream:
        while True:
            try:
                piece = stream.read(4096)
            except OSError:
                return
            if not piece:
                return
            yield piece


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_came(person: Person, sent: signal.Signals) -> None:
    ids = fill(person.hub, 500, page=100)
    person.hub.script(LISTING, faults.stall(60), on=3)
    running = person.starts()
    deadline = time.monotonic() + 120
    while len(person.hub.origin.seen(LISTING)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(sent)
    _, told = running.communicate(timeout=120)
    if sent == signal.SIGINT:
        assert running.returncode == 130
        assert told.splitlines()[-1] == "Stopped. What was stored is whole; the same command goes on from there."
        assert person.asks("SELECT status, message FROM run") == [("stopped", "interrupted")]
    else:
        assert running.returncode == -signal.SIGTERM
    assert "Traceback" not in told
    assert person.keys() == {key(id) for id in ids[:200]}
    assert person.is_whole()
    person.hub.origin.calm()
    person.listed()
    assert "300 new, 0 changed, 0 unchanged, 0 skipped (went on" in person.syncs().stderr
    assert len(person.listed()) == 3
