"""A fetch in a process of its own that is killed, interrupted, or runs out of disk: what came is never lost."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.fetch import parts, verify
from tests import faults
from tests.faults import FaultServer, Ranged

SEED = random.SystemRandom().randrange(1 << 32)
SIZE = 12_000_000
STEP = 1 << 16
KILLS = 20
DATA = random.Random(11).randbytes(SIZE)

DRIVER = """
import json, pathlib, resource, sys
from catalog.errors import CatalogError
from catalog.fetch import fetch, make_plan
from catalog.record import Distribution
from catalog.web import Web, WebSettings
order = json.loads(sys.argv[1])
if order.get("limit"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
items = [Distribution(**each) for each in order["items"]]
plan = make_plan(items, key="test:set", name="set", out=order["out"])
with Web(WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}))) as web:
    try:
        fetch(web, plan, pathlib.Path(order["out"]))
    except CatalogError as error:
        print(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a fetch to `out` in a process; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(items: list[dict[str, Any]], **order: Any) -> subprocess.Popen[str]:
        words = json.dumps({"items": items, "out": str(tmp_path / "out"), **order})
        process = subprocess.Popen([sys.executable, "-c", DRIVER, words], stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def a_file(url: str, path: str = "data.bin", data: bytes = DATA) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"url": url, "path": path, "bytes": len(data), "digest": digest}


def until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Wait for a moment in the process's life, or its end."""
    limit = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < limit, "the fetch stands still"
        time.sleep(0.002)


def left(out: Path) -> list[Path]:
    """The parts that hold something."""
    try:
        names = sorted(path for path in (out / parts.FOLDER).iterdir() if ".part" in path.name)
        return [path for path in names if path.stat().st_size]
    except FileNotFoundError:
        return []


def written(out: Path) -> Callable[[int], None]:
    """Holds the server back until what it sent so far is in the part: whatever it sends again was lost by a kill."""

    def wait(place: int) -> None:
        limit = time.monotonic() + 60
        while place and not any(path.stat().st_size >= place for path in left(out)):
            if time.monotonic() > limit:
                raise OSError("nobody writes")
            time.sleep(0.0005)

    return wait


def test_twenty_kills_lose_nothing(
    server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Killed at random moments, it goes on each time exactly where the disk says it was."""
    chance = random.Random(SEED)
    out = tmp_path / "out"
    act = Ranged(DATA, step=STEP, before=written(out))
    items = [a_file(server.on("/x", act))]
    sizes = [0]
    for _ in range(KILLS):
        opened, sent = len(act.starts), act.sent
        amount = chance.randrange(1, 2 * SIZE // KILLS)
        process = start(items)
        until(lambda a=opened, b=sent + amount: len(act.starts) > a and act.sent >= b, process)
        time.sleep(chance.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
        process.wait()
        whole = (out / "data.bin").exists()
        assert not whole or (out / "data.bin").read_bytes() == DATA, f"seed {SEED}"
        assert len(left(out)) <= 1, f"seed {SEED}"
        sizes.append(SIZE if whole else left(out)[0].stat().st_size)
    assert start(items).wait(120) == 0, f"seed {SEED}"
    assert (out / "data.bin").read_bytes() == DATA
    assert act.starts == sizes[: len(act.starts)], f"seed {SEED}: {act.starts} {sizes}"
    assert act.sent - SIZE <= KILLS * STEP, f"seed {SEED}: {act.starts}"
    assert verify(out).ok
    assert sorted(path.name for path in out.iterdir()) == [".catalog-receipt.json", "data.bin"], f"seed {SEED}"


@pytest.mark.parametrize("pause", [0, 0.002, 0.004, 0.008, 0.016])
def test_a_kill_between_the_last_byte_and_the_end(
    pause: float, server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Checking, syncing, renaming, the receipt: a kill among these costs no byte either."""
    out = tmp_path / "out"
    act = Ranged(DATA[:3_000_000], before=written(out), step=STEP)
    items = [a_file(server.on("/x", act), data=act.data)]
    process = start(items)
    until(lambda: act.sent == len(act.data), process)
    until(lambda: sum(path.stat().st_size for path in left(out)) in (0, len(act.data)), process)
    time.sleep(pause)
    process.kill()
    process.wait()
    assert start(items).wait(120) == 0
    assert act.starts == [0]
    assert verify(out).ok
    assert sorted(path.name for path in out.iterdir()) == [".catalog-receipt.json", "data.bin"]


def test_a_kill_among_many_files_keeps_each(
    server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    acts = {f"d/{number}.bin": Ranged(DATA[: 600_000 + number], step=STEP, pause=0.01) for number in range(8)}
    items = [a_file(server.on(f"/{name}", act), name, act.data) for name, act in acts.items()]
    for share in (0.2, 0.6):
        sizes = {path.name[:20]: path.stat().st_size for path in left(out)}
        opened = {name: len(act.starts) for name, act in acts.items()}
        process = start(items)
        total = share * sum(len(act.data) for act in acts.values())
        until(lambda total=total: sum(act.sent for act in acts.values()) > total, process)
        process.kill()
        process.wait()
        for name, act in acts.items():
            size = sizes.get(parts.part_id(name), 0)
            assert act.starts[opened[name] : opened[name] + 1] in ([], [size]), (name, act.starts, sizes, opened)
    assert sum(len(act.starts) > 1 and act.starts[-1] > 0 for act in acts.values()) >= 1
    for act in acts.values():
        act.pause = 0
    assert start(items).wait(120) == 0
    assert {name: (out / name).read_bytes() for name in acts} == {name: act.data for name, act in acts.items()}
    assert not (out / parts.FOLDER).exists()


def test_an_interrupt_leaves_the_part_in_order(
    server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    act = Ranged(DATA, step=STEP, pause=0.005)
    items = [a_file(server.on("/x", act))]
    process = start(items)
    until(lambda: act.sent > 2_000_000, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    (part,) = left(tmp_path / "out")
    assert part.name.endswith(".part")
    size = part.stat().st_size
    act.pause = 0
    assert start(items).wait(120) == 0
    assert act.starts == [0, size]


def test_a_full_disk_is_one_sentence_and_can_be_resumed(
    server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    act = Ranged(DATA)
    items = [a_file(server.on("/x", act))]
    process = start(items, limit=5_000_000)
    told = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert told.startswith("Writing to ")
    assert "Free some space" in told
    assert told.count("\n") == 1
    (part,) = left(tmp_path / "out")
    assert part.stat().st_size == 5_000_000
    assert start(items).wait(120) == 0
    assert act.starts == [0, 5_000_000]
    assert (tmp_path / "out" / "data.bin").read_bytes() == DATA


def test_processes_side_by_side_leave_one_right_file(
    server: FaultServer, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    items = [a_file(server.on("/x", Ranged(DATA, step=STEP, pause=0.001)))]
    running = [start(items) for _ in range(3)]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [".catalog-receipt.json", "data.bin"]
    assert (out / "data.bin").read_bytes() == DATA
