"""Pure work on the other cores of the machine, while this process writes: in order, in bounded memory.

Work is a callable that can be pickled, and what it makes of a piece depends on nothing but the piece: so it does not
matter where a piece is worked on, and a registry is the same with workers and without. Processes are started only
once a stream has turned out to be long, so that a short one costs what it would cost without them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from catalog.errors import Fatal

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

MOST: Final = 3
"""Processes at most: one that writes cannot take more than so many bring."""
AFTER: Final = 4
"""Pieces that are worked on here before any process is started."""
AHEAD: Final = 40
"""Pieces that may be under way or ready at once, so that the others have work while this process commits."""
HELP: Final = 4
"""Pieces more that this process works on itself while it would only wait for the first."""
WEIGHT: Final = 128 << 20
"""Bytes of pieces that may be under way or ready at once."""

_NICE: Final = 5
"""What the processes of the pool give way by (`man nice`)."""

Given = TypeVar("Given")
Made = TypeVar("Made")
Rest = TypeVar("Rest")


@dataclass(frozen=True)
class Work(Generic[Given, Made]):
    """What is done with each piece: `make` is pure; `pack` and `unpack` take what it made through a pipe; `weigh`
    gives the bytes of a piece, roughly."""

    make: Callable[[Given], Made]
    pack: Callable[[Made], bytes]
    unpack: Callable[[bytes], Made]
    weigh: Callable[[Given], int]


class Workers:
    """The processes that one stream of pieces may use: none but this one where `count` is 0.

    Use as a context manager: whatever was started has ended when it is left.
    """

    def __init__(self, count: int = 0, *, after: int = AFTER) -> None:
        self.count = count
        self.after = after
        self._pool: ProcessPoolExecutor | None = None

    @classmethod
    def of_this_machine(cls) -> Self:
        """As many as the machine has cores beside this process's own, at most `MOST`."""
        return cls(min(MOST, cores() - 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def are_running(self) -> bool:
        """Whether processes were started: the stream is long, and the machine has cores for it."""
        return self._pool is not None

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(self, work: Work[Given, Made], pieces: Iterable[tuple[Given, Rest]]) -> Iterator[tuple[Made, Rest]]:
        """What `work` makes of each piece, with what came beside it, in order.

        What the pieces raise is raised after all that came before it. Raises `Fatal` when a process dies.
        """
        coming = _Coming(pieces)
        for given, rest in islice(coming, self.after if self.count > 0 else None):
            yield work.make(given), rest
        if self.count > 0:
            yield from self._spread(work, coming)
            self._end()
        coming.raise_error()

    def _spread(self, work: Work[Given, Made], coming: _Coming[Given, Rest]) -> Iterator[tuple[Made, Rest]]:
        """The pieces after the first, most of them made by others; this process helps rather than to wait."""
        ready: deque[_Piece[Made, Rest]] = deque()
        weight = 0
        while True:
            while len(ready) < AHEAD and weight < WEIGHT and (piece := coming.take()):
                ready.append(self._sent(work, *piece))
                weight += ready[-1].weight
            if not ready:
                return
            while not ready[0].is_done and len(ready) < AHEAD + HELP and weight < WEIGHT and (piece := coming.take()):
                given, rest = piece
                ready.append(_Piece(rest, work.weigh(given), made=work.make(given)))
                weight += ready[-1].weight
            first = ready.popleft()
            weight -= first.weight
            yield _result(work, first), first.rest

    def _sent(self, work: Work[Given, Made], given: Given, rest: Rest) -> _Piece[Made, Rest]:
        """A piece that another process works on; worked on here where there is none."""
        weight = work.weigh(given)
        pool = self._started(work)
        if pool is None:
            return _Piece(rest, weight, made=work.make(given))
        with _one_sentence():
            return _Piece(rest, weight, future=pool.submit(_make, given))

    def _started(self, work: Work[Any, Any]) -> ProcessPoolExecutor | None:
        """The pool, started when it is first asked for; None where the system lets no process or lock be made."""
        if self._pool is None and self.count > 0:
            try:
                self._pool = _pool(self.count, work)
            except (ImportError, OSError, NotImplementedError):
                self.count = 0
        return self._pool


ALONE: Final = Workers()
"""This process alone."""


class _Coming(Iterable[tuple[Given, Rest]]):
    """An iterator that keeps what went wrong in it until what came before is done with."""

    def __init__(self, pieces: Iterable[tuple[Given, Rest]]) -> None:
        self._pieces = iter(pieces)
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[tuple[Given, Rest]]:
        while piece := self.take():
            yield piece

    def take(self) -> tuple[Given, Rest] | None:
        """The next piece; None at the end, or once something went wrong."""
        if self._error is not None:
            return None
        try:
            return next(self._pieces, None)
        except Exception as error:
            self._error = error
            return None

    def raise_error(self) -> None:
        """Raise what went wrong, if anything did."""
        if self._error is not None:
            raise self._error


@dataclass
class _Piece(Generic[Made, Rest]):
    """A piece under way (`future`, which brings it packed) or ready (`made`), and what came beside it."""

    rest: Rest
    weight: int
    future: Future[bytes] | None = None
    made: Made | None = None

    @property
    def is_done(self) -> bool:
        return self.future is None or self.future.done()


def _result(work: Work[Given, Made], piece: _Piece[Made, Rest]) -> Made:
    """What was made of a piece, once it is there. Raises `Fatal` when the process that made it died."""
    if piece.future is None:
        return cast(Made, piece.made)
    with _one_sentence():
        return work.unpack(piece.future.result())


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Say in one sentence that a process died, whenever that comes to light."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        yield
    except BrokenProcessPool as error:
        raise Fatal("a process that helped ended by itself; memory may have run out.", _AGAIN) from error


_AGAIN: Final = "What came before is stored: the same command goes on, and passes over it."


# -- one that keeps a state ---------------------------------------------------------------------------------------

Answering = Callable[[bytes], bytes]


class Companion:
    """A process that keeps what it was told: it answers messages, each in its turn, and ends with this process.

    It only ever helps: where it cannot be started, or dies, `answer` gives None, and the work is done here.
    """

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe

    @classmethod
    def started(cls, begin: Callable[[], Answering]) -> Self | None:
        """One that runs what `begin`, called there, returns; None where the system lets no process be made."""
        try:
            from multiprocessing import get_context

            context = get_context("spawn")
            here, there = context.Pipe()
            process = context.Process(target=_answer_all, args=(begin, there), daemon=True)
            with _deaf_to_interrupts(), there:
                process.start()
        except (ImportError, OSError, NotImplementedError):
            return None
        return cls(process, here)

    def ask(self, message: bytes) -> None:
        """Send a message; it must have answered the one before."""
        with suppress(OSError):
            self._pipe.send_bytes(message)

    def answer(self) -> bytes | None:
        """The answer to the message that was sent, once it is there; None when the process died."""
        try:
            return self._pipe.recv_bytes()
        except (EOFError, OSError):
            return None

    def close(self) -> None:
        """End it."""
        self._pipe.close()
        self._process.join()


# -- in the other processes ---------------------------------------------------------------------------------------

_work: Work[Any, Any]


def _pool(count: int, work: Work[Any, Any]) -> ProcessPoolExecutor:
    """Processes started anew, which is the same on every system: nothing of this one's files or locks is copied."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (work,))
    with _deaf_to_interrupts():
        for _process in range(count):
            pool.submit(_nothing)  # it starts one
    return pool


def _begin(work: Work[Any, Any]) -> None:
    """Set a process of the pool up: it gives way to the one that writes, which all wait for."""
    global _work
    _work = work
    if hasattr(os, "nice"):
        os.nice(_NICE)
    _settle()


def _settle() -> None:
    """Set a process up: it makes no cycles, leaves interrupts to the one that writes, and ends with that."""
    import gc
    import signal
    import threading

    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _answer_all(begin: Callable[[], Answering], pipe: Connection) -> None:
    """The life of a companion: it ends when the other end of the pipe is closed."""
    _settle()
    answer = begin()
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(answer(pipe.recv_bytes()))


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(given: Any) -> bytes:
    return _work.pack(_work.make(given))


def _nothing() -> None:
    pass


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started meanwhile starts without hearing Ctrl-C, which a terminal sends to all; it waits for us."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
