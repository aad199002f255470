"""`catalog sync uci`: one list, records with budgets, oldest first, through kills and a site's bad days."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from catalog.connector import Cursor
from catalog.errors import CatalogError, Retriable
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.sync import Progress, sync
from catalog.web import Web, WebSettings
from connectors.testing import MemoryQueue, walked
from connectors.uci import connector
from tests.conftest import Command
from tests.origin import faults
from tests.origin.tunnel import tunnel
from tests.origin.uci import Uci, record

SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("TORTURE_UCI_KILLS") or 4)
RECORD = "/api/dataset"
WEEK_AND_A_BIT = 8


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Uci]:
    with Uci() as site:
        for name, value in site.environment.items():
            monkeypatch.setenv(name, value)
        yield site


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Registry.open(tmp_path / "registry.db", create=True) as registry:
        yield registry


def synced(registry: Registry, budget: int | None = None, **request: Any) -> Progress:
    named = frozenset({"127.0.0.1"})
    settings = WebSettings(allow_private_hosts=named, max_requests=budget, sleep=lambda _seconds: None)
    with Web(settings) as web:
        return sync(registry, connector, web, request)


def age(registry: Registry, days: int, *ids: int) -> None:
    """Let the visits of these ids, else of all, be so many days older."""
    which = f"AND place IN ({','.join(repr(str(id)) for id in ids)})" if ids else ""
    back = f"strftime('%Y-%m-%dT%H:%M:%SZ', {{}}, '-{days} days')"
    with registry.transaction() as connection:
        connection.execute(
            f"UPDATE place SET visited = {back.format('visited')}, due = {back.format('due')} "
            f"WHERE source = 'uci' AND visited <> '' {which}"
        )


def missing(registry: Registry) -> list[str]:
    rows = registry.connection.execute("SELECT key FROM dataset WHERE missing_since <> '' ORDER BY key")
    return [key for (key,) in rows]


class TestRequests:
    def test_a_first_walk_asks_for_the_list_and_for_each_record_once(self, registry: Registry, site: Uci) -> None:
        site.fill([1, 2, 3, 5, 8, 13, 48, 79, 185, 891, 942, 1000])
        done = synced(registry)
        assert (done.new, done.total) == (12, 12)
        assert site.asked() == ["list", *map(str, sorted(site.records))]

    def test_a_sync_that_finds_nothing_new_sends_the_list_alone(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        synced(registry)
        site.asked()
        for _ in range(2):
            assert synced(registry).records == 0
            assert site.asked() == ["list"]

    def test_after_a_week_the_oldest_are_read_again_within_the_budget(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        synced(registry)
        age(registry, WEEK_AND_A_BIT)
        age(registry, 3, 21, 22, 23)
        site.asked()
        done = synced(registry, refresh=5)
        assert site.asked() == ["list", "21", "22", "23", "1", "2"]
        assert (done.same, done.changed, done.new) == (5, 0, 0)
        synced(registry, refresh=5)
        assert site.asked() == ["list", "3", "4", "5", "6", "7"]

    def test_the_usual_budget_of_refreshing_is_a_hundred(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 121))
        synced(registry)
        age(registry, WEEK_AND_A_BIT)
        site.asked()
        assert synced(registry).same == 100
        assert len(site.asked()) == 1 + 100

    def test_new_ids_come_before_old_ones(self, registry: Registry, site: Uci) -> None:
        site.fill([1, 2, 3])
        synced(registry)
        age(registry, WEEK_AND_A_BIT)
        site.fill([9, 7])
        site.asked()
        done = synced(registry)
        assert site.asked() == ["list", "7", "9", "1", "2", "3"]
        assert (done.new, done.same) == (2, 3)

    def test_a_changed_record_is_a_change(self, registry: Registry, site: Uci) -> None:
        site.fill([1, 2])
        synced(registry)
        age(registry, WEEK_AND_A_BIT)
        site.records[2] = record(2, num_instances=999)
        done = synced(registry)
        assert (done.new, done.changed, done.same) == (0, 1, 1)
        entry = registry.get("uci:2")
        assert entry is not None
        assert entry.rows is not None
        assert entry.rows.value == 999

    def test_full_reads_everything_again(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 13))
        synced(registry)
        age(registry, 1)
        site.asked()
        assert synced(registry, full=True, refresh=2).same == 12
        assert len(site.asked()) == 13

    def test_a_limit_goes_on_where_the_last_one_stopped(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 26))
        assert [synced(registry, limit=10).new for _ in range(3)] == [10, 10, 5]
        assert site.asked() == [
            "list",
            *map(str, range(1, 11)),
            "list",
            *map(str, range(11, 21)),
            "list",
            *map(str, range(21, 26)),
        ]
        assert synced(registry).records == 0

    def test_a_budget_of_requests_is_spent_to_the_last_and_gone_on_from(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        first = synced(registry, budget=7)
        assert (first.stopped, first.new) == (True, 6)
        second = synced(registry, budget=7)
        assert (second.resumed, second.before, second.new) == (True, 6, 7)
        assert synced(registry).new == 17
        assert site.asked() == ["list", *map(str, range(1, 31))]

    def test_a_part_of_the_list(self, registry: Registry, site: Uci) -> None:
        site.fill([1, 2])
        site.records[3] = record(3, name="Heart Disease", area="Health and Medicine")
        site.records[4] = record(4, name="Heart Failure", area="Biology")
        assert synced(registry, query="HEART").new == 2
        assert synced(registry, area="Biology").same == 1
        synced(registry, query="tide")
        assert not missing(registry)

    def test_what_is_older_than_asked_for_is_left_out_and_comes_when_all_is_asked_for(
        self, registry: Registry, site: Uci
    ) -> None:
        site.fill([1, 2])
        site.records[3] = record(3, last_updated="Mon Jan 05 2026")
        assert synced(registry, since="2025-06-01").new == 1
        assert registry.get("uci:3") is not None
        assert (synced(registry).new, len(registry)) == (2, 3)

    def test_an_estimate_is_what_is_sent(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 21))
        synced(registry)
        age(registry, WEEK_AND_A_BIT)
        site.asked()
        for request in ({"refresh": 4}, {"limit": 3}, {"full": True}, {}):
            foreseen = connector.estimate(Cursor(request, {}, registry.queue("uci")))
            synced(registry, **request)
            assert foreseen.at_least == len(site.asked()), request
            age(registry, WEEK_AND_A_BIT)

    def test_the_site_itself_is_asked_four_times_a_second_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its real name, certificate and all, through a proxy that the environment names."""
        monkeypatch.delenv("CATALOG_UCI_ENDPOINT", raising=False)
        with Uci() as site, tunnel(site.origin, "archive.ics.uci.edu") as (proxy, bundle):
            site.fill(range(1, 5))
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            monkeypatch.setenv("SSL_CERT_FILE", bundle)
            waits: list[float] = []
            with Web(WebSettings(sleep=waits.append)) as web:
                assert connector.hosts() == frozenset()
                pages = list(walked(connector, web, Cursor({}, {}, MemoryQueue())))
            assert sum(len(page.records) for page in pages) == 4
            assert len(waits) == 4
            assert all(0.25 <= each <= 0.5 for each in waits)


class TestGone:
    def test_two_complete_walks_mark_what_the_list_lacks(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        synced(registry)
        site.unlisted = {4}
        site.asked()
        assert synced(registry).missing == 0
        assert synced(registry).missing == 1
        assert missing(registry) == ["uci:4"]
        age(registry, WEEK_AND_A_BIT)
        site.asked()
        synced(registry, refresh=50)
        assert "4" not in site.asked()

    def test_what_is_listed_again_is_back(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        synced(registry)
        site.unlisted = {4}
        synced(registry)
        synced(registry)
        site.unlisted = set()
        synced(registry)
        assert missing(registry) == []
        age(registry, WEEK_AND_A_BIT)
        site.asked()
        synced(registry)
        assert "4" in site.asked()

    def test_a_list_that_lost_too_much_is_not_believed(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 61))
        synced(registry)
        site.unlisted = set(range(1, 40))
        for _ in range(3):
            assert "did not list 39 of 60" in synced(registry).message
        site.unlisted = set(range(1, 61))
        with pytest.raises(Retriable, match="lists no dataset"):
            synced(registry)
        assert missing(registry) == []

    def test_a_listed_id_without_a_record_costs_itself(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 6))
        site.records[9] = {**record(9), "uci_id": None}
        rule = site.script("/api/datasets/list", _lists([1, 2, 3, 4, 5, 77, None, "x", 5]))
        done = synced(registry)
        assert rule.fired
        assert (done.new, done.skipped) == (5, 3)
        reasons = dict(done.reasons)
        assert reasons["77"] == "the site lists it, but has no record of it."
        assert reasons["x"] == "the list gives it no usable id."


def _lists(ids: list[Any]) -> faults.Fault:
    rows = [{"id": id, "name": str(id)} for id in ids]
    return faults.status(200, json.dumps({"status": 200, "data": rows}).encode(), Content_Type="application/json")


class TestBothApis:
    def test_the_announced_one_is_found_out(self, registry: Registry, site: Uci) -> None:
        site.speaks = {"next"}
        site.fill(range(1, 231))
        assert synced(registry, limit=20).new == 20
        pages = [request.target for request in site.origin.seen("/v1/datasets")]
        assert pages == [f"/v1/datasets?take=100&skip={skip}" for skip in (0, 100, 200)]
        assert len(site.origin.seen("/api/*")) == 1
        site.origin.forget()
        assert synced(registry, limit=20).new == 20
        assert not site.origin.seen("/api/*")

    def test_the_variable_may_say_which(self, registry: Registry, site: Uci, monkeypatch: pytest.MonkeyPatch) -> None:
        site.speaks = {"next", "current"}
        site.fill([1, 2])
        monkeypatch.setenv("CATALOG_UCI_ENDPOINT", f"{site.url}/v1/")
        assert synced(registry).new == 2
        assert not site.origin.seen("/api/*")

    def test_the_change_from_one_to_the_other_keeps_keys(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 13))
        synced(registry)
        site.speaks = {"next"}
        age(registry, WEEK_AND_A_BIT)
        assert (synced(registry).changed, len(registry)) == (12, 12)

    def test_an_address_that_is_none_is_said(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CATALOG_UCI_ENDPOINT", "ftp://somewhere")
        with pytest.raises(CatalogError, match="CATALOG_UCI_ENDPOINT is not a web address"):
            synced(registry)


class TestBadDays:
    def test_a_status_in_the_body_is_tried_again(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 4))
        answer = faults.status(200, b'{"status": 503, "message": "busy"}', Content_Type="application/json")
        site.script(RECORD, answer, on=[2, 3])
        assert synced(registry).new == 3
        assert site.asked() == ["list", "1", "2", "2", "2", "3"]

    def test_one_bad_record_does_not_end_the_walk_and_is_tried_by_the_next(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 8))
        rule = site.script(RECORD, faults.status(502), on=range(3, 8))
        done = synced(registry)
        assert (done.new, done.skipped, rule.fired) == (6, 1, 5)
        assert "502 Bad Gateway" in done.reasons[0][1]
        site.asked()
        age(registry, 1)
        assert synced(registry).new == 1
        assert site.asked() == ["list", "3"]

    def test_a_site_that_is_down_ends_the_walk_and_keeps_what_came(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        site.script(RECORD, faults.status(502), on=range(6, 1000))
        with pytest.raises(Retriable, match="502 Bad Gateway") as caught:
            synced(registry)
        assert "5 records came and are stored. The same command goes on from there." in caught.value.hint
        assert len(site.asked()) == 1 + 5 + 3 * 5
        site.origin.calm()
        assert (len(registry), synced(registry).new) == (5, 22)
        age(registry, 1)
        assert (synced(registry).new, len(registry)) == (3, 30)

    def test_a_storm_of_429_stops_at_once(self, registry: Registry, site: Uci) -> None:
        site.fill(range(1, 31))
        site.script(RECORD, faults.too_many("3"), on=range(4, 1000))
        with pytest.raises(Retriable, match="429"):
            synced(registry)
        assert len(site.asked()) == 1 + 3 + 5

    @pytest.mark.parametrize(
        "fault", [faults.portal(), faults.status(200, b'{"status":200,"data":{"a":1}}'), faults.status(200, b"[]")]
    )
    def test_a_list_that_is_none_is_said(self, registry: Registry, site: Uci, fault: faults.Fault) -> None:
        site.fill([1])
        site.script("/api/datasets/list", fault)
        with pytest.raises(CatalogError):
            synced(registry)
        assert len(registry) == 0

    def test_records_of_the_wrong_dataset_are_not_taken(self, registry: Registry, site: Uci) -> None:
        site.fill([1, 2])
        body = json.dumps({"status": 200, "data": record(99)}).encode()
        site.script(RECORD, faults.status(200, body), on=2)
        done = synced(registry)
        assert (done.new, done.reasons) == (1, [("2", "the record of 2 came as that of 99.")])
        assert registry.get("uci:99") is None


def test_the_command_says_what_came(catalog_command: Command, site: Uci) -> None:
    site.fill(range(1, 13))
    done = catalog_command("sync", "uci", env=site.environment)
    assert (done.returncode, "uci: 12 new, 0 changed, 0 unchanged, 0 skipped." in done.stderr) == (0, True), done.stderr
    found = catalog_command("search", "tides", "--source", "uci", "--domain", "environment", "-q", env=site.environment)
    assert len(found.stdout.split()) == 12
    shown = catalog_command("show", "uci:3", env=site.environment).stdout
    assert "UCI site policy" in shown
    assert "Climate and Environment" in shown


def test_kills_at_random_moments(catalog_command: Command, site: Uci) -> None:
    """Nothing lost, nothing twice, at most the page under way asked for again, and the end as if undisturbed."""
    print(f"TORTURE_SEED={SEED}")
    rng = random.Random(SEED)
    site.fill(range(1, 81))
    site.script("*", faults.stall(0.002))
    undisturbed = catalog_command("sync", "uci", env={**site.environment, "CATALOG_REGISTRY": "whole.db"})
    assert undisturbed.returncode == 0, undisturbed.stderr
    site.asked()
    killed, kills = str(catalog_command.folder / "killed.db"), 0
    for _ in range(KILLS):
        kills += _killed(catalog_command, site, killed, rng)
    done = catalog_command("sync", "uci", env={**site.environment, "CATALOG_REGISTRY": killed})
    assert done.returncode == 0, done.stderr
    asked = site.asked()
    assert set(asked) == {"list", *map(str, range(1, 81))}
    assert len(asked) <= 81 + 11 * kills, f"more than a page a kill came again, seed {SEED}"
    assert _exported(catalog_command, killed) == _exported(catalog_command, "whole.db"), f"seed {SEED}"


def _killed(command: Command, site: Uci, registry: str, rng: random.Random) -> bool:
    """Kill a sync after some of its requests; whether it was still running."""
    environment = command.environment({**site.environment, "CATALOG_REGISTRY": registry})
    arguments = [sys.executable, "-m", "catalog", "sync", "uci"]
    until = len(site.origin.requests) + rng.randint(1, 30)
    with subprocess.Popen(arguments, cwd=command.folder, env=environment, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 120
        while len(site.origin.requests) < until and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.01))
        running.kill()
        running.wait(120)
    if Path(registry).exists():
        assert check(registry).clean, SEED
        with closing(connect(registry)) as connection:
            visited = {f"uci:{place}" for (place,) in connection.execute("SELECT place FROM place WHERE visited <> ''")}
            assert visited == {key for (key,) in connection.execute("SELECT key FROM dataset")}
    return running.returncode != 0


def _exported(command: Command, registry: str) -> list[str]:
    done = command("export", "records", env={"CATALOG_REGISTRY": registry})
    assert done.returncode == 0, done.stderr
    return sorted(done.stdout.splitlines())
