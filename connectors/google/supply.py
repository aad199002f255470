"""What the queue has due, handed to the crew before it runs short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypedDict

from catalog.connector import Lead, Queue
from connectors.google.crew import Crew
from connectors.google.hosts import Hosts

MOST: Final = 250  # leads taken from the queue at once for a host
PENDING: Final = 2_000  # leads that are handed out at once, over all hosts
LOW: Final = 50  # leads that wait for a host below which more are taken


class Which(TypedDict, total=False):
    """What narrows a question to the queue; see `catalog.connector.Queue`."""

    kind: str
    since: str
    before: str


@dataclass
class Lane:
    """What is due in one scope at one host. `given` are leads whose visits are not committed yet."""

    scope: str
    host: str
    which: Which
    given: set[str] = field(default_factory=set)
    dry: bool = False


class Supply:
    """Feeds a crew, lane by lane."""

    def __init__(self, queue: Queue, hosts: Hosts, crew: Crew) -> None:
        self._queue = queue
        self._hosts = hosts
        self._crew = crew
        self._lanes: dict[tuple[str, str, str], Lane] = {}

    def begin(self, scope: str, which: Which) -> None:
        """Look again which hosts have leads due in a scope; `which` narrows it as `Queue` does."""
        for host in self._queue.hosts(scope, **which):
            lane = self._lanes.setdefault((scope, which["kind"], host), Lane(scope, host, which))
            lane.dry = False

    def refill(self, kind: str, room: int | None, most: int = MOST) -> int:
        """Give the crew what is due of a kind, `room` leads at most and `most` of a lane. Returns how many it got."""
        open_lanes = [
            lane for lane in self._lanes.values() if lane.which["kind"] == kind and not lane.dry and self._wants(lane)
        ]
        given = 0
        for place, lane in enumerate(open_lanes):
            if self._crew.pending >= PENDING:
                break
            share = most if room is None else min(most, -(-(room - given) // (len(open_lanes) - place)))
            given += self._fill(lane, share) if share > 0 else 0
        return given

    def committed(self, kind: str, places: Iterable[str]) -> None:
        """These visits are in the queue now: it tells by itself when they are due again."""
        done = set(places)
        for lane in self._lanes.values():
            if lane.which["kind"] == kind:
                lane.given -= done

    def _wants(self, lane: Lane) -> bool:
        return lane.host not in self._crew.closed and self._crew.waiting(lane.host) < LOW

    def _fill(self, lane: Lane, share: int) -> int:
        due = self._queue.due(lane.scope, share + len(lane.given), host=lane.host, **lane.which)
        fresh: list[Lead] = [lead for lead in due if lead.place not in lane.given][:share]
        if not fresh:
            lane.dry = True
        elif (reason := self._hosts.greet(fresh)) is not None:
            self._crew.shut(lane.host, reason)
            return 0
        key = (lane.scope, lane.which["kind"], lane.host)
        self._lanes[key] = self._lanes.pop(key)  # other hosts come first the next time
        lane.given.update(lead.place for lead in fresh)
        self._crew.give(lane.host, fresh)
        return len(fresh)
