"""Workers: the same registry with them and without, nothing for what is small, and clear ends."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog.connector import Cursor, Page
from catalog.errors import Fatal
from catalog.record import Record, encode
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.registry.corrections import Correction
from catalog.registry.lines import import_lines
from catalog.retag import retag
from catalog.sync import import_pages
from catalog.tagger import complete
from catalog.workers import AHEAD, ALONE, HELP, Work, Workers
from connectors.huggingface import connector, to_record
from tests.conftest import Command
from tests.origin.records import records

COUNT = 1_300
FEW = 500
TIMES = {"first_seen", "changed", "started", "finished", "at", "applied", "updated"}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the children of a process are read from /proc")


def double(number: int) -> int:
    """The work of these tests; a number below 0 ends its process, unless it is this one."""
    if number < 0 and multiprocessing.parent_process() is not None:
        os._exit(3)
    return 2 * number


def written(number: int) -> bytes:
    return b"%d" % number


DOUBLES = Work(double, written, int, abs)


def doubled(workers: Workers, pieces: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    with workers:
        yield from workers.map(DOUBLES, pieces)


# -- the stream -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2])
def test_results_come_in_order_with_what_came_beside_them(count: int) -> None:
    pieces = ((number, f"the {number}th") for number in range(150))
    assert list(doubled(Workers(count), pieces)) == [(2 * n, f"the {n}th") for n in range(150)]


def test_a_short_stream_starts_no_process() -> None:
    for _made in doubled(Workers(2, after=4), ((n, "") for n in range(4))):
        assert multiprocessing.active_children() == []
    for _made in doubled(Workers(0), ((n, "") for n in range(90))):
        assert multiprocessing.active_children() == []


def test_a_long_stream_starts_them_and_ends_them() -> None:
    seen = {len(multiprocessing.active_children()) for _made in doubled(Workers(2), ((n, "") for n in range(90)))}
    assert seen == {0, 2}
    assert multiprocessing.active_children() == []


def test_what_is_under_way_is_bounded() -> None:
    taken = 0

    def pieces() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for taken in range(1, 200):
            yield taken, ""

    for done, _made in enumerate(doubled(Workers(1, after=1), pieces()), 1):
        assert taken - done <= AHEAD + HELP


@pytest.mark.parametrize("count", [0, 1])
def test_a_fault_of_the_source_comes_after_what_came_before_it(count: int) -> None:
    def pieces() -> Iterator[tuple[int, str]]:
        yield from ((number, "") for number in range(30))
        raise Fatal("the file ends here.")

    stream = doubled(Workers(count, after=2), pieces())
    assert [next(stream)[0] for _ in range(30)] == [2 * number for number in range(30)]
    with pytest.raises(Fatal, match="the file ends here"):
        next(stream)


def test_a_worker_that_dies_is_said_in_one_sentence() -> None:
    stream = doubled(Workers(1, after=1), ((number if number < 3 else -1, "") for number in range(90)))
    with pytest.raises(Fatal, match="ended by itself"):
        list(stream)
    assert multiprocessing.active_children() == []


# -- the registry ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made_up() -> list[Record]:
    return [to_record(payload) for payload in records(COUNT)]


@pytest.fixture(scope="module")
def lines(made_up: list[Record]) -> list[bytes]:
    """Tagged and untagged, some bad, some twice, one twice with other words."""
    found = [encode(record if number % 3 else complete(record)) for number, record in enumerate(made_up)]
    found[40:40] = [b"", b"{", b'{"source":"test"}', found[39], b'{"source":"T!","id":"x","name":"x"}\r\n']
    found[1100:1100] = [found[1], b"[]", encode(complete(Record(source="huggingface", id=made_up[7].id, name="x")))]
    return found


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that stands in a registry, but for times. The index stands in its tables as blocks."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in sorted(names):
            if name == "search_index":  # what it holds are the tables named after it
                continue
            columns = [f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({name})") if row[1] not in TIMES]
            found[name] = connection.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()
            found[name].sort(key=repr)
    return found


Filling = Callable[[Registry, Workers], object]


def same_registry(tmp_path: Path, fill: Filling, base: Callable[[Registry], object] | None = None) -> Path:
    """Fill a registry alone and another with workers; they must hold the same. Returns the second."""
    for name, count in (("alone", 0), ("workers", 1)):
        with Registry.open(tmp_path / f"{name}.db", create=True) as registry, Workers(count, after=0) as workers:
            if base is not None:
                base(registry)
            fill(registry, workers)
    assert content(tmp_path / "alone.db") == content(tmp_path / "workers.db")
    report = check(str(tmp_path / "workers.db"))
    assert report.clean, report
    return tmp_path / "workers.db"


def test_lines_make_the_same_registry(tmp_path: Path, lines: list[bytes], made_up: list[Record]) -> None:
    said = Correction(made_up[5].key, "domain", "set", ("medical",), "I read it", "2026-01-01")

    def fill(registry: Registry, workers: Workers) -> None:
        registry.correct([said])
        done = import_lines(registry, lines, workers=workers)
        assert (done.new, done.skipped) == (COUNT, 4)

    path = same_registry(tmp_path, fill)
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT record FROM skip ORDER BY id")]
    assert names == ["line 42", "line 43", "line 45", "line 1102"]


def test_pages_make_the_same_registry(tmp_path: Path, made_up: list[Record]) -> None:
    stranger = Record(source="other", id="x", name="x")

    def pages() -> Iterator[Page]:
        for start in range(0, FEW, 60):
            yield Page(
                (*made_up[start : min(start + 60, FEW)], stranger), Cursor(), ((f"row {start}", "it is broken"),)
            )

    def fill(registry: Registry, workers: Workers) -> None:
        done = import_pages(registry, connector, pages, {"file": "made up"}, workers=workers)
        assert (done.new, done.skipped) == (FEW, 18)

    same_registry(tmp_path, fill)


def test_a_retag_makes_the_same_registry(tmp_path: Path, made_up: list[Record]) -> None:
    def base(registry: Registry) -> None:
        untagged = [
            encode(record)[:-1] + b',"tags":[],"verdict":{},"made_by":"older rules"}' for record in made_up[:FEW]
        ]
        assert import_lines(registry, untagged).new == FEW

    def fill(registry: Registry, workers: Workers) -> None:
        assert retag(registry, "other", workers=workers).changed == 0
        done = retag(registry, workers=workers)
        assert (done.looked_at, done.changed) == (FEW, FEW)
        assert retag(registry, workers=workers).changed == 0

    same_registry(tmp_path, fill, base)


def test_a_worker_that_dies_leaves_what_came_before(tmp_path: Path, lines: list[bytes]) -> None:
    with Registry.open(tmp_path / "r.db", create=True) as registry, Workers(1, after=0) as workers:
        pieces = iter(lines)

        def stream() -> Iterator[bytes]:
            for number, line in enumerate(pieces):
                if number == 1_200:
                    for child in multiprocessing.active_children():
                        child.kill()
                        child.join()
                yield line

        with pytest.raises(Fatal, match="ended by itself"):
            import_lines(registry, stream(), workers=workers)
        assert registry.connection.execute("SELECT status FROM run").fetchone() == ("stopped",)
        assert import_lines(registry, lines, workers=ALONE).new == COUNT
    assert check(str(tmp_path / "r.db")).clean


# -- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def importing(catalog_command: Command, lines: list[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """An import of many lines from a pipe that stays open: it has workers, and waits for more."""
    folder = catalog_command.folder
    command = [sys.executable, "-m", "catalog", "import", "records", "-", "--registry", "r.db"]
    with subprocess.Popen(
        command, cwd=folder, env=catalog_command.environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdin
        for number in range(8_000):
            line = json.loads(lines[number % 39])
            line["id"] += f"-{number}"
            process.stdin.write(json.dumps(line).encode() + b"\n")
        process.stdin.flush()
        yield process
        process.kill()


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ended(pids: list[int]) -> bool:
    """Whether none of these processes runs any more; one that waits to be reaped does not."""
    deadline = time.monotonic() + 60
    while running := [pid for pid in pids if _runs(pid)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return not running


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@on_linux
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core has no workers")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_end_by_force_is_the_end_of_all(
    importing: subprocess.Popen[bytes], catalog_command: Command, how: signal.Signals
) -> None:
    """Ctrl-C reaches all of them and says nothing odd; a kill of the one that writes ends the others."""
    helpers = children(importing.pid)
    assert len(helpers) >= 2  # a worker, and what watches over the locks of such processes
    os.kill(importing.pid, how) if how == signal.SIGKILL else os.killpg(importing.pid, how)
    assert importing.stderr
    said = importing.stderr.read().decode()
    assert importing.wait(60) == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    assert ended(helpers)
    report = check(str(catalog_command.folder / "r.db"))
    assert report.clean
    assert report.entries == 0  # a batch is written whole
