"""Walking UCI: one list, then a record at a time.

New ids come first, then known records that were not read for a week, the oldest first and at most `refresh` a walk.
`Cursor.state` holds: `api` (which one answered), `started` (UTC, when the list came; "" between walks), `full`, `read`
(records so far), `again` (known ones among them) and `whole` (whether the list names all there is).
`Cursor.request` may hold: `query`, `area`, `since`, `limit`, `refresh`, `full`. The list has no dates: with `since` the
records are read and the old ones left out by whoever takes them, so such a walk has leads of its own.

The queue keeps a lead for each id; its `kind` is when a list last named it, so that an id that is gone is not asked
for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from catalog.connector import Cursor, Estimate, Lead, Outcome, Page, Queue, Visit
from catalog.errors import CatalogError, Fatal, Retriable, Skipped
from catalog.record import Record, clean_count, encode
from catalog.web import BudgetSpent, HttpStatus, Stopped, Web
from connectors.uci import service
from connectors.uci.mapping import SOURCE, to_record

BATCH: Final = 10  # records of a page
REFRESH: Final = 100  # known records that a walk reads again unless another number is asked for
STALE: Final = 7 * 86_400.0  # seconds after which a record is read again
PARTS: Final = ("query", "area", "since")  # requests with one of these do not see all there is
IN_A_ROW: Final = 3  # records that fail one after the other until the walk is given up


@dataclass(frozen=True)
class Walk:
    """One walk: what was asked for and where it stands."""

    request: dict[str, Any]
    api: str = ""
    started: str = ""
    full: bool = False
    read: int = 0
    again: int = 0
    whole: bool = True

    @property
    def scope(self) -> str:
        """The list that is walked: all of it, or the part that was asked for."""
        return urlencode({name: self.request[name] for name in PARTS if self.request.get(name)})

    def cursor(self, *, done: bool = False) -> Cursor:
        """The cursor after a page; between walks only the API is remembered."""
        state: dict[str, str | int | bool | None] = {"api": self.api, "started": ""}
        if not done:
            state.update(started=self.started, full=self.full, read=self.read, again=self.again, whole=self.whole)
        return Cursor(self.request, state)


@dataclass
class Read:
    """What the visits of one page brought; `error` ends the walk after it."""

    records: list[Record] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    error: CatalogError | None = None


def pages(web: Web, cursor: Cursor) -> Iterator[Page]:
    """Walk on from `cursor`: go on with an unfinished walk, else ask for the list and begin one.

    Raises `Fatal` for a list that makes no sense, and what `Web` raises; a record that fails is skipped and tried
    again by the next walk, but a site that fails time after time ends this one.
    """
    queue = _queue(cursor)
    walk = _unfinished(cursor)
    if walk is None:
        walk, page = _begin(web, cursor)
        yield page
    todo = chosen(queue, walk)
    total = walk.read + len(todo)
    for start in range(0, len(todo), BATCH):
        read = _read(web, walk.api, todo[start : start + BATCH])
        walk = _after(walk, read)
        if read.visits:
            yield Page(tuple(read.records), walk.cursor(), tuple(read.skipped), total, visited=tuple(read.visits))
        if read.error is not None:
            raise read.error
    yield Page((), walk.cursor(done=True), total=total, last=True, complete=walk.whole and not walk.scope)


def chosen(queue: Queue, walk: Walk) -> list[Lead]:
    """The ids to ask for, in order: new ones, then those that wait longest, within the budgets of the walk."""
    leads = queue.due(walk.scope, service.MAX_IDS, before=walk.started if walk.full else "")
    listed = [lead for lead in leads if not walk.started or lead.kind >= walk.started > lead.visited]
    new = [lead for lead in listed if not lead.visited]
    known = [lead for lead in listed if lead.visited]
    if not walk.full:
        known = known[: max(0, _count(walk.request.get("refresh"), REFRESH) - walk.again)]
    return [*new, *known][: max(0, _count(walk.request.get("limit"), service.MAX_IDS) - walk.read)]


def estimate(cursor: Cursor) -> Estimate:
    """The requests that a sync from this cursor would send: the list, and one for each record it would ask for."""
    walk, queue = _unfinished(cursor), _queue(cursor)
    if walk is not None:
        left = len(chosen(queue, walk))
        return Estimate(left, left, f"{left:,} records are left of a walk that was not finished.")
    walk = Walk(dict(cursor.request), full=bool(cursor.request.get("full")))
    known = queue.count(walk.scope, before=_now()) if walk.full else len(chosen(queue, walk))
    limit = _count(walk.request.get("limit"), 0)
    known = min(known, limit) if limit else known
    says = f"One request for the list, {known:,} for records known already, and one for each new dataset."
    return Estimate(1 + known, 1 + limit if limit else None, says)


def _unfinished(cursor: Cursor) -> Walk | None:
    state = cursor.state
    if not state.get("started") or (cursor.request.get("full") and not state.get("full")):
        return None
    return Walk(
        dict(cursor.request),
        api=str(state.get("api") or ""),
        started=str(state["started"]),
        full=state.get("full") is True,
        read=_count(state.get("read"), 0),
        again=_count(state.get("again"), 0),
        whole=state.get("whole") is True,
    )


def _begin(web: Web, cursor: Cursor) -> tuple[Walk, Page]:
    """Ask for the list."""
    request = dict(cursor.request)
    query, area = str(request.get("query") or ""), str(request.get("area") or "")
    found = service.datasets(web, query, area, str(cursor.state.get("api") or ""))
    walk = Walk(request, found.api, _now(), bool(request.get("full")), whole=found.whole)
    if not found.ids and not walk.scope:
        raise Retriable("UCI lists no dataset at all.", "Try again later; what is stored is kept.")
    host = urlsplit(service.endpoint()).hostname or ""
    leads = tuple(Lead(id, walk.scope, walk.started, host) for id in found.ids)
    keys = tuple(f"{SOURCE}:{id}" for id in found.ids)
    return walk, Page((), walk.cursor(), found.skipped, listed=keys, found=leads)


def _read(web: Web, api: str, leads: Sequence[Lead]) -> Read:
    """The records of a few leads, one request at a time."""
    read = Read()
    for lead in leads:
        try:
            if not service.hosts():
                web.pause(1, "one request at a time, at most four a second")
            _take(read, lead, service.record(web, api, lead.place).value)
        except (HttpStatus, Retriable) as error:
            if _ends(error):
                read.error = error
                break
            _fail(read, lead, error)
            if _is_hopeless(read.visits):
                read.error = error
                break
        except CatalogError as error:
            read.error = error
            break
    return read


def _take(read: Read, lead: Lead, payload: object) -> None:
    """Take an answer in: its record, or why there is none."""
    try:
        record = to_record(payload)
        if record.id != lead.place:
            raise Skipped(f"the record of {lead.place} came as that of {record.id}.")
    except Skipped as reason:
        read.skipped.append((lead.place, reason.message))
        read.visits.append(Visit(lead, "read", STALE, reason=reason.message))
        return
    digest = hashlib.sha256(encode(record)).hexdigest()[:32]
    outcome: Outcome = "same" if digest == lead.digest else "read"
    read.records.append(record)
    read.visits.append(Visit(lead, outcome, STALE, digest=digest, keys=(record.key,)))


def _fail(read: Read, lead: Lead, error: CatalogError) -> None:
    """Note a record that could not be had. The next walk tries it again; after three failures it waits its week."""
    nothing = isinstance(error, HttpStatus) and error.status in (404, 410)
    reason = "the site lists it, but has no record of it." if nothing else error.message
    read.skipped.append((lead.place, reason))
    read.visits.append(Visit(lead, "failed", 0.0 if lead.failures < IN_A_ROW else STALE, reason=reason))


def _ends(error: CatalogError) -> bool:
    """Whether to ask no more: a spent budget, a stop, or a site that asks for a pause."""
    return isinstance(error, (BudgetSpent, Stopped)) or (isinstance(error, Retriable) and error.wait is not None)


def _is_hopeless(visits: Sequence[Visit]) -> bool:
    last = visits[-IN_A_ROW:]
    return len(last) == IN_A_ROW and all(v.outcome == "failed" and "no record of it" not in v.reason for v in last)


def _after(walk: Walk, read: Read) -> Walk:
    known = sum(bool(visit.lead.visited) for visit in read.visits)
    return replace(walk, read=walk.read + len(read.visits), again=walk.again + known)


def _queue(cursor: Cursor) -> Queue:
    if cursor.queue is None:
        raise Fatal("UCI is read one record a request, which needs a queue.", "Give the cursor one: Cursor(queue=...).")
    return cursor.queue


def _count(value: object, otherwise: int) -> int:
    count = clean_count(value)
    return otherwise if count is None else count


def _now() -> str:
    """The time, fine enough to tell two lists apart; before the queue's own words for the same second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
