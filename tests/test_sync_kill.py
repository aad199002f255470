"""kill -9 at random moments of `catalog sync`: nothing lost, nothing twice, and the end is that of an undisturbed run.

The seed is printed; `TORTURE_SEED` replays it and `TORTURE_KILLS` asks for more than the usual 20.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from catalog.registry.check import check
from tests.conftest import Command
from tests.origin import Hub, Request, faults
from tests.origin.records import records

LISTING = "/api/datasets"
COUNT = 4500
SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("TORTURE_KILLS") or 20)


class Sync:
    """`catalog sync huggingface` into one registry, as often as it takes."""

    def __init__(self, command: Command, hub: Hub, registry: Path) -> None:
        self.command = command
        self.hub = hub
        self.registry = registry
        self.environment = command.environment({**hub.environment, "CATALOG_REGISTRY": str(registry)})

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "catalog", "sync", "huggingface"],
            cwd=self.command.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def finish(self) -> float:
        """Run to the end; how many seconds it took from the first request on."""
        with self.start() as running:
            started = self.first_request()
            _, told = running.communicate(timeout=120)
        assert running.returncode == 0, told
        return time.monotonic() - started

    def first_request(self) -> float:
        before, deadline = len(self.hub.requests), time.monotonic() + 120
        while len(self.hub.requests) == before and time.monotonic() < deadline:
            time.sleep(0.001)
        return time.monotonic()

    def kill_after(self, seconds: float) -> bool:
        """Kill the process so long after its first request; false where it had ended by itself."""
        with self.start() as running:
            time.sleep(max(0.0, seconds + self.first_request() - time.monotonic()))
            running.kill()
            running.communicate(timeout=120)
        return running.returncode != 0

    def exported(self) -> bytes:
        """The canonical dump, sorted."""
        done = self.command("export", "records", env={"CATALOG_REGISTRY": str(self.registry)}, text=False)
        assert done.returncode == 0, done.stderr
        lines: list[bytes] = done.stdout.splitlines()  # type: ignore[assignment]
        return b"\n".join(sorted(lines))

    def has_whole_pages(self, keys: list[str]) -> bool:
        """Whether the data are what the cursor says: the first `seen` datasets of the listing, and no other.

        A kill after the last page leaves a whole walk, which the next run follows with one of changes.
        """
        with closing(sqlite3.connect(self.registry)) as connection:
            stored = {key for (key,) in connection.execute("SELECT key FROM dataset")}
            states = [json.loads(state) for (state,) in connection.execute("SELECT state FROM walk")]
            runs = connection.execute("SELECT new + changed + same + skipped, new FROM run").fetchall()
        if states and states[0]["kind"] == "incremental":
            return stored == set(keys)
        seen = states[0]["seen"] if states else 0
        counted = [(seen, seen)] if states else []
        return stored == set(keys[:seen]) and [run for run in runs if run[0]] == counted


def fill(hub: Hub, count: int) -> list[str]:
    """Made-up datasets; their keys in the order of a full walk."""
    hub.load(records(count, seed=SEED))
    view = hub.view(Request(0, "GET", "", "", (), {}), "createdAt")
    return [f"huggingface:{each['id']}" for each in view]


def test_kills_at_random_moments(catalog_command: Command, hub: Hub) -> None:
    print(f"TORTURE_SEED={SEED}")
    rng = random.Random(SEED)
    listed = fill(hub, COUNT)
    hub.page_size = rng.randint(200, 500)
    undisturbed = Sync(catalog_command, hub, catalog_command.folder / "undisturbed.db")
    took = undisturbed.finish()
    pages = len(hub.requests)
    assert pages == -(-COUNT // hub.page_size)
    wanted = undisturbed.exported()
    assert wanted.count(b"\n") + 1 == COUNT

    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        kills += _round(Sync(catalog_command, hub, catalog_command.folder / f"{rounds}.db"), rng, took, pages, listed)
        dump = Sync(catalog_command, hub, catalog_command.folder / f"{rounds}.db").exported()
        assert dump == wanted, f"round {rounds} of seed {SEED} ends with other data"
    done = catalog_command("check", env={"CATALOG_REGISTRY": str(catalog_command.folder / "1.db")})
    assert (done.returncode, done.stdout) == (0, f"{COUNT:,} entries: whole, and the index agrees.\n")


def _round(sync: Sync, rng: random.Random, took: float, pages: int, listed: list[str]) -> int:
    """One registry, killed up to seven times on its way, then finished; how many kills it took."""
    sync.hub.origin.forget()
    kills = 0
    while kills < 7 and sync.kill_after(rng.uniform(0, took / 3)):
        kills += 1
        if sync.registry.exists():
            report = check(str(sync.registry))
            assert report.clean, (SEED, report)
            assert sync.has_whole_pages(listed), f"the cursor is not the data, seed {SEED}"
    sync.finish()
    fetched = [request.target for request in sync.hub.requests if request.first("sort") == "createdAt"]
    assert len(set(fetched)) == pages
    assert len(fetched) <= pages + kills, f"more than one page a kill came again, seed {SEED}"
    assert check(str(sync.registry)).clean
    return kills


@pytest.mark.parametrize("page", [1, 2, 12])
def test_a_kill_while_a_page_comes(catalog_command: Command, hub: Hub, page: int) -> None:
    """In the middle of the body of the first, the second and the last page."""
    listed = fill(hub, 600)
    hub.page_size = 50
    sync = Sync(catalog_command, hub, catalog_command.folder / "registry.db")
    hub.script(LISTING, faults.drip(2000), on=page)
    with sync.start() as running:
        deadline = time.monotonic() + 120
        while len(hub.requests) < page and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.1)
        running.kill()
        running.communicate(timeout=120)
    assert check(str(sync.registry)).clean
    assert sync.has_whole_pages(listed[: 50 * (page - 1)])
    hub.origin.calm()
    sync.finish()
    assert len(hub.requests) == 12 + 1
    assert sync.has_whole_pages(listed)
