"""Walking the sites of publishers: robots.txt -> sitemaps -> queue -> conditional GET -> markup -> records.

The queue is kept in the registry, in the transaction of the page that found or visited its leads, so that a kill at any
moment costs the visits under way: the same command goes on with what is due. The leads of a site serve every request
for it. Several hosts are visited at once, each by one request at a time; one that fails leaves its leads waiting.

A sync that finds nothing new sends, for each site: its robots.txt where the known one is older than 24 hours; its
sitemaps with their ETag (answered 304), but those that an index dates only once it dates them later; and the pages that
are due, with theirs: those that their sitemap says have changed, and those not visited for a week, or for longer the
longer nothing has changed.

`Cursor.request` may hold `site`, `sitemap`, `url` (a text or a list each), `urls` (a file, one address a line), `limit`
(records; a page that brings several is taken whole, and the next run goes on behind it), `since` (a date: pages known
to be older are left out), `crawl_delay` (seconds as text; less than 1 for hosts that the user named) and `full` (every
page anew). `Cursor.state` holds `seen` (records so far) and `full` (when an
unfinished full walk began), and is empty between walks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from catalog.connector import Cursor, Lead, Page, Queue, Visit
from catalog.errors import CatalogError, Fatal, NotFound
from catalog.record import Record
from catalog.web import BudgetSpent, HostClosed, Stopped, Web
from connectors.google import sitemaps
from connectors.google.crew import Crew, Result
from connectors.google.estimate import estimate
from connectors.google.hosts import Hosts
from connectors.google.plan import Part, named_hosts, plan
from connectors.google.supply import MOST, Supply, Which
from connectors.google.visits import PAGE, SITE, SITEMAP, Read, Visitor

__all__ = ["estimate", "harvest", "named_hosts", "pages"]

VISITS: Final = 100  # of one page of the walk, at most
SECONDS: Final = 2.0  # until what came is committed
REFILL: Final = 16  # visits after which the crew may be given more
LEADS: Final = 5_000  # found leads that are committed at once


def pages(web: Web, cursor: Cursor) -> Iterator[Page]:
    """Walk on from `cursor`. Raises `Usage` for a request that makes no sense, `BudgetSpent`, `Fatal` when offline,
    and, where nothing at all could be read, what went wrong first."""
    from connectors.google.extract import read

    yield from harvest(web, cursor, read)


def harvest(web: Web, cursor: Cursor, read: Read) -> Iterator[Page]:
    """`pages` with any reader of pages."""
    if cursor.queue is None:
        raise Fatal("Harvesting needs the queue of a registry.")
    if web.settings.offline:
        raise Fatal("Offline mode: no site was asked.", "Unset the offline setting to use the network.")
    walk = Walk(web, cursor, cursor.queue, read)
    with walk.crew:
        yield from walk.run()


@dataclass
class Batch:
    """What came since the last commit."""

    records: list[Record] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    found: list[Lead] = field(default_factory=list)
    visited: list[Visit] = field(default_factory=list)
    started: float = 0.0

    def add(self, result: Result) -> None:
        """Take in a result."""
        self.started = self.started or time.monotonic()
        self.records += result.records
        self.skipped += result.skipped
        self.listed += result.listed
        if result.visit is not None:
            self.visited.append(result.visit)

    @property
    def left(self) -> float:
        """Seconds until it is due."""
        return self.started + SECONDS - time.monotonic() if self.started else SECONDS

    @property
    def size(self) -> int:
        """How many visits it is of, about."""
        return max(len(self.visited), len(self.records), len(self.skipped))

    @property
    def ripe(self) -> bool:
        """Whether it is to be committed."""
        return self.size >= VISITS or (self.size > 0 and self.left <= 0)


class Walk:
    """One walk: what was asked for, what is under way, and what came."""

    def __init__(self, web: Web, cursor: Cursor, queue: Queue, read: Read) -> None:
        self._cursor = cursor
        self._queue = queue
        self._plan = plan(cursor.request)
        self._seen = _whole(cursor.state.get("seen"))
        self._full = str(cursor.state.get("full") or (_soon() if cursor.request.get("full") else ""))
        self._hosts = Hosts(web, queue)
        homes = {part.scope: part.start for part in self._plan.parts}
        self.crew = Crew(Visitor(web, read, bool(self._full), self._plan.crawl_delay, homes))
        self._supply = Supply(queue, self._hosts, self.crew)
        self._batch = Batch()
        self._maps: dict[str, set[str]] = {}
        self._maps_read = 0
        self._left = 0
        self._came = False
        self._trouble = ""

    def run(self) -> Iterator[Page]:
        """The pages of the walk, the last of them marked."""
        yield from self._find(self._plan.starts())
        self._batch.skipped += self._plan.unusable
        yield self._page()
        yield from self._work(SITE)
        while True:
            read = self._maps_read
            yield from self._work(SITEMAP)
            self._left = self._due()
            while self._full and _now() < self._full and not self.crew.stop.wait(0.05):
                pass
            yield from self._work(PAGE)
            if not self._plan.limit or self._seen >= self._plan.limit or self._maps_read == read:
                break
        yield from self._end()

    # -- the work -------------------------------------------------------------------------------------------------

    def _work(self, kind: str) -> Iterator[Page]:
        """Visit what is due of a kind, and what that finds, until nothing is due or enough came."""
        while True:
            for part in self._plan.parts:
                self._supply.begin(part.scope, self._which(part, kind))
            if not self._refill(kind):
                return
            while self.crew.pending or self._batch.size:
                if self.crew.pending and (result := self.crew.take(self._batch.left)) is not None:
                    yield from self._accept(result, kind)
                if self._batch.ripe or (self._batch.size and not self.crew.pending):
                    yield self._page()
                if self.crew.pending % REFILL == 0:
                    self._refill(kind)

    def _refill(self, kind: str) -> int:
        """Hand out more, as much as may still be wanted."""
        limit = self._plan.limit
        if kind == SITEMAP and limit and self._due() >= limit - self._seen:
            return 0
        room = limit - self._seen - self.crew.pending if kind == PAGE and limit else None
        most = 1 if kind == SITEMAP and limit else MOST
        kinds = {self._which(part, kind)["kind"] for part in self._plan.parts}
        return sum(self._supply.refill(each, room, most) for each in kinds)

    def _which(self, part: Part, kind: str) -> Which:
        """How the queue is asked for leads of a kind."""
        if kind != PAGE:
            return {"kind": kind}
        return {"kind": part.pages, "since": self._plan.since, "before": self._full}

    def _due(self) -> int:
        """How many pages are due."""
        return sum(self._queue.count(part.scope, **self._which(part, PAGE)) for part in self._plan.parts)

    def _accept(self, result: Result, kind: str) -> Iterator[Page]:
        """Take in a result. What a sitemap lists goes to the queue in pieces, its visit with the last of them."""
        yield from self._find(result.found)
        problems = tuple((result.lead.place, each) for each in getattr(result.found, "problems", ()))
        result = replace(result, skipped=(*result.skipped, *problems)) if problems else result
        self._note(result)
        self._batch.add(replace(result, visit=None) if self._is_cut(result) else result)
        self._seen += len(result.records)
        if result.visit is not None:
            self._came |= kind != SITE and result.visit.outcome in ("read", "same")
            self._left -= kind == PAGE
            self._maps_read += kind == SITEMAP
        if isinstance(result.closes, HostClosed) and (rest := self._hosts.rest(result.lead.place, result.closes)):
            self._batch.visited.append(rest)
        if isinstance(result.closes, (BudgetSpent, Stopped)):
            yield from self._give_up(result.closes, kind)

    def _find(self, leads: Iterable[Lead]) -> Iterator[Page]:
        """Take in leads."""
        for lead in leads:
            if self._fits(lead):
                self._batch.found.append(lead)
            if len(self._batch.found) >= LEADS:
                yield self._page()

    def _note(self, result: Result) -> None:
        """Remember the first thing that went wrong, for a walk that brings nothing."""
        if not self._trouble and result.skipped:
            self._trouble = result.skipped[0][1]

    def _is_cut(self, result: Result) -> bool:
        """Whether records of a page will be left out as older than was asked for: it stays due for other requests."""
        since = self._plan.since
        return bool(since) and any(
            each.modified and each.modified < since[: len(each.modified)] for each in result.records
        )

    def _give_up(self, error: CatalogError, kind: str) -> Iterator[Page]:
        """Keep what the visits under way bring, then raise the error."""
        self.crew.stop.set()
        while (result := self.crew.take(0.0)) is not None:
            if kind == PAGE:
                self._batch.add(result)
                self._seen += len(result.records)
        yield self._page()
        raise error

    def _fits(self, lead: Lead) -> bool:
        """Whether a listed address is taken: only so many sitemaps of a site are."""
        if lead.kind != SITEMAP:
            return True
        known = self._maps.setdefault(lead.scope, set())
        if len(known) < sitemaps.MOST_FILES:
            known.add(lead.place)
        return lead.place in known

    # -- pages ----------------------------------------------------------------------------------------------------

    def _page(self, *, last: bool = False) -> Page:
        """What came since the last page, with where to go on."""
        batch, self._batch = self._batch, Batch()
        cards = self._hosts.news()
        for kind in {visit.lead.kind for visit in batch.visited} - {SITE, SITEMAP}:
            self._supply.committed(kind, (visit.lead.place for visit in batch.visited))
        visited = (*batch.visited, *cards)
        state: dict[str, str | int | bool | None] = {} if last else {"seen": self._seen, "full": self._full}
        return Page(
            records=tuple(batch.records),
            cursor=Cursor(self._cursor.request, state),
            skipped=tuple(batch.skipped),
            total=self._total(),
            last=last,
            listed=tuple(batch.listed),
            found=(*batch.found, *(visit.lead for visit in visited if visit.lead.scope == Hosts.scope)),
            visited=visited,
        )

    def _total(self) -> int | None:
        expected = self._seen + max(0, self._left)
        limit = self._plan.limit
        return min(expected, limit) if limit and expected else expected or None

    def _end(self) -> Iterator[Page]:
        """The last page, or why there is none."""
        closed = dict(self.crew.closed)
        first = None if self._came or not closed else closed.pop(next(iter(closed)))
        for host, error in closed.items():
            waiting = sum(
                self._queue.count(part.scope, host=host, **self._which(part, PAGE)) for part in self._plan.parts
            )
            wait = f" {waiting:,} of its pages wait." if waiting else ""
            self._batch.skipped.append((host, f"{error.message}{wait}"))
        if first is not None:
            yield self._page()
            raise first
        if not any(self._queue.count(part.scope, due=False, kind=part.pages) for part in self._plan.parts):
            yield self._page()
            told = f": {self._trouble.rstrip('.')}." if self._trouble else "."
            raise NotFound(f"No page to read was found{told}", "Name a sitemap of the site with --sitemap.")
        yield self._page(last=True)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _soon() -> str:
    """The next full second: what was visited before it is due in a full walk, and nothing that this walk visits."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
