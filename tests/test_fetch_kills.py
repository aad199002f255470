"""Killed with -9 at random moments, then run again: every digest is right, and hardly a byte comes twice.

Each round is a dataset of its own, of large and small files, four at a time, killed once anywhere from before the first
byte to after the last one. The server lets at most `WINDOW` bytes of a file be on their way, as a network does; these
are what a kill costs. `TORTURE_KILLS` asks for more rounds than the usual 10, `TORTURE_SEED` replays them.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.fetch import parts, verify
from tests import faults, killed
from tests.faults import FaultServer, Ranged

SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("TORTURE_KILLS") or 10)
WINDOW = 64 << 10
SIZES = {"large.bin": 6_000_000, "a/half.bin": 1_500_000, "b/half.bin": 1_000_000} | {
    f"small/{number:02}.bin": 40_000 + number for number in range(20)
}
TOTAL = sum(SIZES.values())
LATE = 0.15  # the share of kills after the last byte was sent: while it is checked, placed and noted


def _in_flight(out: Path, path: str) -> Callable[[int], None]:
    """Holds the server back while more than a window of this file is on its way."""
    place, start = out / path, parts.part_id(path)

    def wait(at: int) -> None:
        limit = time.monotonic() + 5
        while at > WINDOW and time.monotonic() < limit and not place.exists():
            try:
                found = list((out / parts.FOLDER).glob(f"{start}*.part*"))
                held = max((each.stat().st_size for each in found), default=0)
            except FileNotFoundError:
                held = 0
            if held >= at - WINDOW:
                return
            time.sleep(0.001)

    return wait


def _round(server: FaultServer, where: Any, out: Path, chance: random.Random) -> tuple[int, bool]:
    """One kill; the bytes that were sent, and whether the kill met a running fetch."""
    server.acts.clear()
    acts, items = {}, []
    for path, size in SIZES.items():
        data = chance.randbytes(size)
        acts[path] = Ranged(data, step=1 << 15, before=_in_flight(out, path))
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        items.append({"url": server.on(f"/{path}", acts[path]), "path": path, "bytes": size, "digest": digest})
    is_late = chance.random() < LATE
    amount = TOTAL if is_late else chance.randrange(TOTAL)
    process = killed.started(where, items, out)
    limit = time.monotonic() + 60
    while sum(act.sent for act in acts.values()) < amount and process.is_alive():
        assert time.monotonic() < limit, "the fetch stands still"
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.1 if is_late else 0.01))
    was_running = process.is_alive()
    process.kill()
    process.join()
    for path, act in acts.items():  # what has its name is whole, at any moment
        assert not (out / path).exists() or (out / path).read_bytes() == act.data
    again = killed.started(where, items, out)
    again.join(60)
    assert again.exitcode == 0
    assert {path: (out / path).read_bytes() == act.data for path, act in acts.items()} == dict.fromkeys(SIZES, True)
    assert verify(out).ok
    assert not (out / parts.FOLDER).exists()
    return sum(act.sent for act in acts.values()), was_running


@pytest.mark.timeout(60 + 12 * KILLS)
def test_a_kill_costs_next_to_nothing(tmp_path: Path) -> None:
    print(f"TORTURE_SEED={SEED}")
    chance, where = random.Random(SEED), killed.context()
    twice, met = [], 0
    with faults.serving() as server:
        for number in range(KILLS):
            out = tmp_path / f"{number}"
            sent, was_running = _round(server, where, out, chance)
            twice.append((sent - TOTAL) / TOTAL)
            met += was_running
            shutil.rmtree(out)
    share = f"{sum(twice) / KILLS:.2%} of the bytes sent twice, at worst {max(twice):.2%}"
    said = f"{KILLS} kills, {met} of a running fetch: {share}"
    print(said)
    assert max(twice) <= 0.05, said
    assert met >= KILLS * 0.6, said
