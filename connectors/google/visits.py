"""One visit: what is asked of a place, what it yields, and when it is due again.

A place is a site (its robots.txt names its sitemaps), a sitemap, or a page. Visits are due again after a week where
they brought something, later the longer nothing changes; a failure waits longer each time.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from catalog.connector import Findings, Lead, Outcome, Visit
from catalog.errors import CatalogError, Retriable
from catalog.web import (
    BudgetSpent,
    Disallowed,
    HostClosed,
    HttpStatus,
    MiB,
    NoSuchHost,
    Refused,
    Reply,
    Stopped,
    Untrusted,
    Web,
)
from connectors.google import sitemaps
from connectors.google.crew import Result

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
READ: Final = 7 * DAY  # until a page that brought something is visited again
LONGEST: Final = 90 * DAY
NOTHING: Final = 30 * DAY  # until a page without a dataset is visited again
SITE, SITEMAP, PAGE = "site", "sitemap", "page"
SITEMAP_TIME: Final = 120.0  # seconds for a sitemap, which may have 50 MiB

Read = Callable[[bytes, str, str], Findings]


def again(outcome: Outcome, lead: Lead, now: datetime, found: bool = True) -> float:
    """Seconds until a page is due again.

    Read: a week, a month without a dataset. Unchanged: twice the time since the last visit, a week at least. Failed: an
    hour, four times as long after each further failure. Gone: a day, three times as long each time. Refused: a week
    where robots.txt says so, which may change.
    """
    if outcome == "failed":
        return float(min(READ, HOUR * 4.0 ** min(lead.failures, 10)))
    if outcome == "gone":
        return float(min(LONGEST, DAY * 3.0 ** min(lead.failures, 10)))
    if outcome == "same":
        return min(LONGEST, max(READ if lead.keys else NOTHING, 2 * _since(lead.visited, now)))
    return READ if found else NOTHING


def _since(visited: str, now: datetime) -> float:
    try:
        return max(0.0, (now - datetime.fromisoformat(visited)).total_seconds())
    except ValueError:
        return 0.0


@dataclass
class Visitor:
    """Visits leads for a crew. `anew` asks for everything whole, whatever is known of it; `crawl_delay` is the user's
    own, in seconds."""

    web: Web
    read: Read
    anew: bool = False
    crawl_delay: float | None = None
    homes: dict[str, str] = field(default_factory=dict)
    """Scope -> the address that the user named or that is built in."""

    def __call__(self, lead: Lead, stop: threading.Event) -> Result:
        """Never raises: what goes wrong is in the result."""
        try:
            if lead.kind == SITE:
                return self._site(lead, stop)
            return self._sitemap(lead, stop) if lead.kind == SITEMAP else self._page(lead, stop)
        except CatalogError as error:
            return _failure(lead, error)
        except Exception as error:  # a page may hold anything; it costs itself alone
            said = f"it could not be read ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            return _visited(lead, "refused", reason=said, found=False)

    def _get(self, lead: Lead, stop: threading.Event, page: bool) -> Reply:
        known = Lead(lead.place) if self.anew else lead
        return self.web.get_page(
            lead.place,
            etag=known.etag,
            last_modified=known.last_modified,
            stop=stop,
            to_keep=page,
            crawl_delay=self.crawl_delay,
            max_bytes=5 * MiB if page else sitemaps.MOST_BYTES,
            deadline=None if page else SITEMAP_TIME,
        )

    def _is_same(self, lead: Lead, reply: Reply, digest: str) -> bool:
        return reply.status == 304 or (digest == lead.digest != "" and not self.anew)

    def _site(self, lead: Lead, stop: threading.Event) -> Result:
        """The sitemaps that robots.txt names, else the usual one."""
        rules = self.web.robots_of(lead.place, stop)
        named = [place for text in rules.sitemaps if (place := sitemaps.address(text, lead.place))]
        places = named[: sitemaps.MOST_FILES] or [sitemaps.address("/sitemap.xml", lead.place)]
        found = [Lead(place, lead.scope, SITEMAP, host_of(place)) for place in places]
        return Result(lead, Visit(lead, "read", 0.0), found=found)

    def _sitemap(self, lead: Lead, stop: threading.Event) -> Result:
        due = READ if lead.modified else 0.0  # where the index tells of changes, its word is enough
        reply = self._get(lead, stop, page=False)
        digest = _digest(reply.body)
        if self._is_same(lead, reply, digest):
            return Result(lead, _visit(lead, "same", due, reply))
        visit = _visit(lead, "read", due, reply, digest=digest)
        return Result(lead, visit, found=Listing(lead, reply, self.homes.get(lead.scope, "")))

    def _page(self, lead: Lead, stop: threading.Event) -> Result:
        reply = self._get(lead, stop, page=True)
        digest = _digest(reply.body)
        if self._is_same(lead, reply, digest):
            later = again("same", lead, datetime.now(UTC))
            return Result(lead, _visit(lead, "same", later, reply), listed=lead.keys)
        found = self.read(reply.body, reply.headers.get("content-type", ""), reply.url)
        keys = tuple(dict.fromkeys(record.key for record in found.records))
        reason = " ".join(found.problems)[:500] or ("" if keys else "no dataset is described on it")
        later = again("read", lead, datetime.now(UTC), bool(keys))
        visit = _visit(lead, "read", later, reply, digest=digest, keys=keys, reason=reason)
        skipped = ((lead.place, reason),) if reason else ()
        return Result(lead, visit, records=found.records, skipped=skipped)


class Listing:
    """The leads in a sitemap, read as they are taken; `problems` is whole after the last."""

    def __init__(self, lead: Lead, reply: Reply, home: str) -> None:
        self.problems: list[str] = []
        self._lead = lead
        self._file = sitemaps.Sitemap(reply.body, reply.url)
        self._homes = {sitemaps.home(place) for place in (lead.place, reply.url, home) if place}
        self._foreign = 0

    def __iter__(self) -> Iterator[Lead]:
        for each in self._file:
            place = sitemaps.address(each.url, self._lead.place)
            if not place or sitemaps.home(place) not in self._homes:
                self._foreign += 1
            elif each.nested and self._lead.depth + 1 >= sitemaps.DEPTH:
                self.problems.append(f"it lists sitemaps deeper than {sitemaps.DEPTH} files")
                break
            else:
                kind = SITEMAP if each.nested else PAGE
                yield Lead(place, self._lead.scope, kind, host_of(place), each.modified, self._lead.depth + 1)
        if self._foreign:
            self.problems.append(f"{self._foreign:,} addresses of other hosts, or unusable ones, were passed over")
        self.problems += self._file.problems


def host_of(place: str) -> str:
    """The host of an address that `sitemaps.address` made."""
    rest = place.partition("://")[2].partition("/")[0]
    return rest.partition("]")[0].removeprefix("[") if rest.startswith("[") else rest.partition(":")[0]


def _failure(lead: Lead, error: CatalogError) -> Result:
    """What an error means for the place, and for its host."""
    if isinstance(error, HostClosed) and error.host != lead.host:  # a redirect led there
        return _visited(lead, "failed", error.message)
    if isinstance(error, (BudgetSpent, Stopped, HostClosed, NoSuchHost, Untrusted)):
        return Result(lead, closes=error)
    if isinstance(error, HttpStatus):
        outcome: Outcome = "gone" if error.status in (404, 410) else "failed"
        if error.status in (401, 403, 451):
            outcome = "refused"
        return _visited(lead, outcome, error.message, ill=outcome != "gone", found=False)
    if isinstance(error, Retriable):
        return _visited(lead, "failed", error.message, ill=True)
    return _visited(lead, "refused", error.message, found=isinstance(error, (Disallowed, Refused)))


def _visited(lead: Lead, outcome: Outcome, reason: str, ill: bool = False, found: bool = True) -> Result:
    later = again(outcome, lead, datetime.now(UTC), found) if lead.kind not in (SITE, SITEMAP) else 0.0
    return Result(lead, Visit(lead, outcome, later, reason=reason), skipped=((lead.place, reason),), ill=ill)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32] if body else ""


def _visit(
    lead: Lead,
    outcome: Outcome,
    later: float,
    reply: Reply,
    digest: str = "",
    keys: tuple[str, ...] = (),
    reason: str = "",
) -> Visit:
    """The visit with what the next one sends back; a mark that would not be kept whole is not kept."""
    etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
    etag, modified = (mark if len(mark) <= 100 else "" for mark in (etag, modified))
    return Visit(lead, outcome, later, etag=etag, last_modified=modified, digest=digest, keys=keys, reason=reason)
