"""Several hosts at once, one visit a host: a few threads that take turns at the hosts that have something to visit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from catalog.connector import Lead, Visit
from catalog.errors import CatalogError
from catalog.record import Record

THREADS: Final = 8
IN_A_ROW: Final = 5  # visits that may fail at a host before it is left alone
RESULTS: Final = 100  # that may wait to be taken
TOGETHER: Final = 16  # results for which their taker is woken
GATHER: Final = 0.1  # seconds after which it looks for itself


@dataclass(frozen=True)
class Result:
    """How one visit went. `visit` None leaves the lead as it was; `ill` says that the host may be to blame for it, and
    `closes` ends the visits to this host for now, with its reason.
    """

    lead: Lead
    visit: Visit | None = None
    records: tuple[Record, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    found: Iterable[Lead] = ()
    listed: tuple[str, ...] = ()
    ill: bool = False
    closes: CatalogError | None = None


class Crew:
    """Visits leads, each host's one after the other. Use as a context manager; leaving it ends every wait."""

    def __init__(self, visit: Callable[[Lead, threading.Event], Result]) -> None:
        self.stop = threading.Event()
        self.closed: dict[str, CatalogError] = {}
        self.pending = 0
        self._visit = visit
        self._results: deque[Result] = deque()
        self._came = threading.Event()
        self._change = threading.Condition()
        self._lanes: dict[str, deque[Lead]] = {}
        self._ready: deque[str] = deque()
        self._busy: set[str] = set()
        self._ill: dict[str, int] = {}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        with self._change:
            self._change.notify_all()
        for thread in self._threads:
            thread.join(5)

    def give(self, host: str, leads: Iterable[Lead]) -> None:
        """More to visit at a host."""
        with self._change:
            if host in self.closed:
                return
            lane = self._lanes.setdefault(host, deque())
            before = len(lane)
            lane.extend(leads)
            self.pending += len(lane) - before
            if lane and host not in self._busy and host not in self._ready:
                self._ready.append(host)
            self._change.notify()
        if len(self._threads) < min(THREADS, len(self._lanes)):
            thread = threading.Thread(target=self._work, daemon=True, name=f"harvest-{len(self._threads)}")
            self._threads.append(thread)
            thread.start()

    def shut(self, host: str, reason: CatalogError) -> None:
        """Leave a host alone from now on."""
        with self._change:
            self.closed.setdefault(host, reason)
            lane = self._lanes.setdefault(host, deque())
            self.pending -= len(lane)
            lane.clear()

    def waiting(self, host: str) -> int:
        """How many leads of a host wait for their turn."""
        return len(self._lanes.get(host, ()))

    def take(self, timeout: float) -> Result | None:
        """The next result; None where none came in time."""
        if not self._results:
            self._came.wait(max(0.001, min(timeout, GATHER)))
            self._came.clear()
        try:
            result = self._results.popleft()
        except IndexError:
            return None
        with self._change:
            self.pending -= 1
        return result

    def _work(self) -> None:
        taken = self._next("")
        while taken is not None:
            host, lead = taken
            result = self._visit(lead, self.stop)
            self._judge(host, result)
            self._hand_in(host, result)
            taken = self._next(host)

    def _next(self, done: str) -> tuple[str, Lead] | None:
        """A host whose turn it is and its next lead, once there is one; None at the end. Who is `done` with a visit
        goes on at once, at the same host unless another waits: waking a thread costs more than many a visit."""
        with self._change:
            self._busy.discard(done)
            if done and self._lanes[done]:
                self._ready.append(done)
            while not self._ready and not self.stop.is_set():
                self._change.wait()
            if self.stop.is_set():
                return None
            host = self._ready.popleft()
            self._busy.add(host)
            return host, self._lanes[host].popleft()

    def _judge(self, host: str, result: Result) -> None:
        """Close a host that says so, or that fails too often in a row; what waits there is given back unvisited."""
        self._ill[host] = self._ill.get(host, 0) + 1 if result.ill else 0
        reason = result.closes
        if reason is None and self._ill[host] >= IN_A_ROW and result.visit is not None:
            reason = CatalogError(f"{host} failed {IN_A_ROW} times in a row: {result.visit.reason}")
        if reason is not None:
            self.shut(host, reason)

    def _hand_in(self, host: str, result: Result) -> None:
        """Leave a result to be taken; the taker is woken for several of them, or where nothing follows."""
        while len(self._results) >= RESULTS and not self.stop.wait(0.02):
            pass
        self._results.append(result)
        if len(self._results) >= TOGETHER or not self._lanes[host]:
            self._came.set()
