"""kill -9 at random moments of a harvest: the end is that of an undisturbed run, and a kill costs what was not stored:
at most a page of the walk, and what waits for the next.

The seed is printed; `TORTURE_SEED` replays it and `TORTURE_KILLS` asks for more than the usual 6.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from catalog.record import encode
from catalog.registry import Registry
from catalog.registry.check import check
from connectors.google.crew import RESULTS, THREADS
from connectors.google.harvest import VISITS
from tests.conftest import Command
from tests.origin.web_site import WebSite

SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("TORTURE_KILLS") or 6)
HOSTS = 3
PAGES = 200

CODE = """
import sys
from catalog.registry import Registry
from catalog.sync import sync
from catalog.web import Web, WebSettings
from connectors.google import connector

sites = sys.argv[2:]
named = frozenset(f"127.0.0.{host}" for host in range(1, 9))
with Registry.open(sys.argv[1], create=True) as registry:
    with Web(WebSettings(allow_private_hosts=named, crawl_delay=0.0)) as web:
        sync(registry, connector, web, {"site": sites})
"""


class Harvest:
    """A harvest of every host into one registry, in a process of its own, as often as it takes."""

    def __init__(self, command: Command, site: WebSite, registry: Path) -> None:
        self.command = command
        self.site = site
        self.registry = registry
        self.sites = [site.base(host) for host in range(1, HOSTS + 1)]

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**self.command.environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        return subprocess.Popen(
            [sys.executable, "-c", CODE, str(self.registry), *self.sites],
            cwd=self.command.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def finish(self) -> float:
        """Run to the end; the seconds from its first request on."""
        before = len(self.site.asked)
        with self.start() as running:
            started = self._first_request(before, running)
            _, told = running.communicate(timeout=120)
        assert running.returncode == 0, told
        return time.monotonic() - started

    def kill_after(self, seconds: float) -> bool:
        """Kill it so long after its first request; false where it had ended by itself."""
        before = len(self.site.asked)
        with self.start() as running:
            self._first_request(before, running)
            time.sleep(seconds)
            running.kill()
            running.communicate(timeout=120)
        return running.returncode != 0

    def _first_request(self, before: int, running: subprocess.Popen[bytes]) -> float:
        deadline = time.monotonic() + 120
        while len(self.site.asked) == before and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        return time.monotonic()

    def records(self) -> list[bytes]:
        with Registry.open(self.registry) as registry:
            return sorted(encode(entry) for entry in registry.entries())

    def queue(self) -> list[tuple[str, ...]]:
        """What the queue knows but for times."""
        with closing(sqlite3.connect(self.registry)) as connection:
            return sorted(
                connection.execute(
                    "SELECT scope, place, kind, host, modified, depth, etag, outcome, keys FROM place "
                    "WHERE kind IN ('page', 'site')"
                )
            )

    def is_whole(self) -> bool:
        """Every dataset stands with the visit that brought it, and every visit with its datasets."""
        with closing(sqlite3.connect(self.registry)) as connection:
            stored = {key for (key,) in connection.execute("SELECT key FROM dataset")}
            visited = "SELECT value FROM place, json_each(place.keys) WHERE outcome = 'read' AND kind = 'page'"
            return stored == {key for (key,) in connection.execute(visited)}


def test_kills_at_random_moments(catalog_command: Command) -> None:
    print(f"TORTURE_SEED={SEED}")
    rng = random.Random(SEED)
    with WebSite(PAGES, HOSTS, per_map=100, plain_every=7, weight=500) as site:
        undisturbed = Harvest(catalog_command, site, catalog_command.folder / "undisturbed.db")
        took = undisturbed.finish()
        wanted, queue = undisturbed.records(), undisturbed.queue()
        assert len(wanted) == HOSTS * (PAGES - 29)
        kills = rounds = 0
        while kills < KILLS:
            rounds += 1
            harvest = Harvest(catalog_command, site, catalog_command.folder / f"{rounds}.db")
            kills += _round(harvest, rng, took)
            assert harvest.records() == wanted, f"round {rounds} of seed {SEED} ends with other data"
            assert harvest.queue() == queue, f"round {rounds} of seed {SEED} ends with another queue"


def _round(harvest: Harvest, rng: random.Random, took: float) -> int:
    """One registry, killed up to four times on its way, then finished; how many kills it took."""
    harvest.site.forget()
    kills = 0
    while kills < 4 and harvest.kill_after(rng.uniform(0, took / 2)):
        kills += 1
        if harvest.registry.exists():
            assert check(str(harvest.registry)).clean, SEED
            assert harvest.is_whole(), f"data and queue do not agree, seed {SEED}"
    harvest.finish()
    pages = Counter((each.host, each.path) for each in harvest.site.seen("/dataset"))
    assert len(pages) == HOSTS * PAGES
    twice = sum(pages.values()) - len(pages)
    assert twice <= kills * (VISITS + RESULTS + THREADS), f"{twice} pages came again, seed {SEED}"
    assert check(str(harvest.registry)).clean
    return kills
