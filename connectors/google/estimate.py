"""What a harvest would send, told from the queue alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from catalog.connector import Cursor, Estimate, Queue
from connectors.google.hosts import DAY, SCOPE, origin_of
from connectors.google.plan import Part, Plan, plan
from connectors.google.visits import SITEMAP


def estimate(cursor: Cursor) -> Estimate:
    """The requests that a sync from this cursor would send at least: robots.txt of hosts whose rules are not known or
    older than a day, sitemaps, pages that are due. What the sitemaps say is new comes on top. No network.

    Raises `Usage` for a request that makes no sense.
    """
    asked, queue = plan(cursor.request), cursor.queue
    origins = {origin_of(lead.place) for lead in asked.starts()}
    robots = sum(1 for origin in origins if queue is None or not _is_known(queue, origin))
    sitemaps = sum(_sitemaps(queue, part) for part in asked.parts if part.start)
    pages = sum(_pages(queue, asked, part, bool(cursor.request.get("full"))) for part in asked.parts)
    pages = min(pages, asked.limit or pages)
    says = f"{robots:,} robots.txt, {sitemaps:,} sitemaps, {pages:,} pages that are due"
    fixed = all(not part.start for part in asked.parts)
    told = "" if fixed else "; what the sitemaps say is new comes on top"
    total = robots + sitemaps + pages
    return Estimate(total, total if fixed else None, says + told)


def _is_known(queue: Queue, origin: str) -> bool:
    lead = queue.lead(SCOPE, origin)
    if lead is None:
        return False
    try:
        return time.time() - float(json.loads(lead.digest).get("fetched", 0)) < DAY
    except (ValueError, AttributeError, TypeError):
        return False


def _sitemaps(queue: Queue | None, part: Part) -> int:
    return max(1, queue.count(part.scope, kind=SITEMAP)) if queue is not None else 1


def _pages(queue: Queue | None, asked: Plan, part: Part, full: bool) -> int:
    """The pages of a part that are due; of a list, what the queue does not know yet as well."""
    everything = "9999-12-31T00:00:00Z" if full else ""
    if part.start:
        return 0 if queue is None else queue.count(part.scope, kind=part.pages, since=asked.since, before=everything)
    listed = (lead.place for lead in asked.starts() if lead.scope == part.scope)
    if queue is None:
        return sum(1 for _ in listed)
    return queue.count(part.scope, kind=part.pages, before=everything) + _unknown(queue, part.scope, part.pages, listed)


def _unknown(queue: Queue, scope: str, kind: str, places: Iterable[str]) -> int:
    known = (queue.lead(scope, place) for place in dict.fromkeys(places))
    return sum(1 for lead in known if lead is None or (lead.kind != kind and not lead.visited))
