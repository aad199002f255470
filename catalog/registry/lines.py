"""Records as JSON Lines: a lossless round trip, streaming, where one bad line costs itself alone.

One line is one entry in canonical JSON (`record.encode`). A line that the registry holds already is known by the
digest of its bytes and is not even parsed; so re-reading a file of which little changed is mostly reading it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from catalog.errors import CatalogError
from catalog.record import MAX_RECORD
from catalog.registry.preparing import PIECE, PIECE_BYTES, AsItCame, Line, Rows, work
from catalog.registry.registry import Registry
from catalog.rows import Prepared, digest_of
from catalog.workers import ALONE, Workers

BATCH = 20_000
"""Lines written in one transaction."""

_PIECE = 1 << 17


@dataclass
class Imported:
    """What an import did; `skipped` lines are kept with their reason in the run."""

    run: int
    new: int = 0
    changed: int = 0
    same: int = 0
    skipped: int = 0

    @property
    def lines(self) -> int:
        """How many lines were read."""
        return self.new + self.changed + self.same + self.skipped


def import_lines(
    registry: Registry,
    lines: Iterable[bytes],
    *,
    origin: str = "",
    workers: Workers = ALONE,
    on_progress: Callable[[Imported], None] | None = None,
) -> Imported:
    """Read entries, one a line, into the registry; those that come untagged are tagged.

    `workers` share the work where the file is long. Raises `Fatal` when the disk fails or a worker dies; batches that
    were told to `on_progress` are stored.
    """
    done = Imported(registry.begin_run("records", "import", {"file": origin}))
    try:
        _import(registry, lines, done, workers, on_progress)
    except (CatalogError, OSError, KeyboardInterrupt) as error:
        registry.finish_run(done.run, "stopped", getattr(error, "message", str(error)) or "interrupted")
        raise
    registry.finish_run(done.run, "done")
    return done


def _import(
    registry: Registry,
    lines: Iterable[bytes],
    done: Imported,
    workers: Workers,
    on_progress: Callable[[Imported], None] | None,
) -> None:
    known = {digest for (digest,) in registry.connection.execute("SELECT digest FROM dataset")}
    with _no_collections():
        batch = _Batch()
        for rows, same in workers.map(work(AsItCame(registry.corrections)), _pieces(lines, known)):
            batch.take(rows, same)
            if not done.lines and workers.are_running:
                registry.index_beside()
            if batch.is_full:
                _commit(registry, batch, done, on_progress)
                batch = _Batch()
        _commit(registry, batch, done, on_progress)


def _pieces(lines: Iterable[bytes], known: Container[bytes]) -> Iterator[tuple[list[Line], int]]:
    """The lines that the registry does not hold, some at a time, each time with how many came that it does hold."""
    piece: list[Line] = []
    size = same = 0
    for number, line in enumerate(lines, 1):
        body = line.rstrip(b"\r\n")
        if known and digest_of(body) in known:
            same += 1
        elif body and not body.isspace():
            piece.append(Line(f"line {number}", body))
            size += len(body)
            if len(piece) == PIECE or size >= PIECE_BYTES:
                yield piece, same
                piece, size, same = [], 0, 0
    yield piece, same


class _Batch:
    """What is written in one transaction: rows, lines that cannot be used, and how many were known."""

    def __init__(self) -> None:
        self.ready: list[Prepared] = []
        self.skipped: list[tuple[str, str]] = []
        self.same = 0

    @property
    def is_full(self) -> bool:
        return len(self.ready) + len(self.skipped) >= BATCH

    def take(self, rows: Rows, same: int) -> None:
        """Take what was made of a piece, and what came between its lines."""
        self.ready += rows.ready
        self.skipped += rows.skipped
        self.same += same


def _commit(registry: Registry, batch: _Batch, done: Imported, on_progress: Callable[[Imported], None] | None) -> None:
    counts = registry.commit_page(done.run, batch.ready, skipped=batch.skipped, known_same=batch.same)
    done.new += counts.new
    done.changed += counts.changed
    done.same += counts.same
    done.skipped += len(batch.skipped)
    if on_progress is not None:
        on_progress(done)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Millions of rows without one reference cycle: the cyclic collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file without their ends. One that is longer than any record is cut, so that none fills the memory.

    A piece of the file that holds hundreds of lines is split at once, which is four times as fast as `readline`.
    """
    read = getattr(file, "read1", file.read)
    rest, cut = b"", False
    while piece := read(_PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        if cut and lines:
            del lines[0]
            cut = False
        yield from lines
        if cut:
            rest = b""
        elif len(rest) > MAX_RECORD:
            yield rest
            rest, cut = b"", True
    if rest:
        yield rest
