"""A queue of leads in memory that behaves as the registry's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from catalog.connector import Cursor, Lead, Page, Queue, Visit

Name = tuple[str, str]


class MemoryQueue(Queue):
    """The leads of one source, for connectors that need a queue; `take` does what committing a page does."""

    def __init__(self) -> None:
        self._leads: dict[Name, Lead] = {}
        self._due: dict[Name, float] = {}
        self._ahead = 0.0

    def due(
        self, scope: str, limit: int, *, host: str = "", kind: str = "", since: str = "", before: str = ""
    ) -> list[Lead]:
        """The leads that are due: never visited first, then those waiting longest."""
        found = [
            (lead.visited != "", self._due[name], lead)
            for name, lead in self._leads.items()
            if self._is_due(name, before) and _is_meant(lead, scope, host, kind, since)
        ]
        return [lead for _visited, _due, lead in sorted(found, key=lambda each: each[:2])[:limit]]

    def hosts(self, scope: str, *, kind: str = "", since: str = "", before: str = "") -> list[str]:
        """The hosts that have leads due."""
        return sorted({lead.host for lead in self.due(scope, len(self._leads), kind=kind, since=since, before=before)})

    def count(
        self, scope: str, *, due: bool = True, host: str = "", kind: str = "", since: str = "", before: str = ""
    ) -> int:
        """How many leads are due, or known at all."""
        return sum(
            _is_meant(lead, scope, host, kind, since) and (not due or self._is_due(name, before))
            for name, lead in self._leads.items()
        )

    def lead(self, scope: str, place: str) -> Lead | None:
        """One lead with what its last visit left, due or not."""
        return self._leads.get((scope, place))

    def take(self, page: Page) -> None:
        """Take in what a page found and visited."""
        for lead in page.found:
            self._find(lead)
        for visit in page.visited:
            self._visit(visit)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds

    def _find(self, lead: Lead) -> None:
        name = (lead.scope, lead.place)
        old = self._leads.get(name)
        if old is None:
            self._leads[name], self._due[name] = replace(lead, visited="", failures=0), self._now()
            return
        if lead.modified not in ("", old.modified) and lead.modified >= old.visited[: len(lead.modified)]:
            self._due[name] = self._now()
        changed = {"kind": lead.kind, "host": lead.host, "modified": lead.modified}
        self._leads[name] = replace(old, depth=min(old.depth, lead.depth), **changed)  # type: ignore[arg-type]

    def _visit(self, visit: Visit) -> None:
        name, read = (visit.lead.scope, visit.lead.place), visit.outcome == "read"
        old = self._leads.get(name, visit.lead)
        self._leads[name] = replace(
            old,
            etag=visit.etag if read or visit.etag else old.etag,
            last_modified=visit.last_modified if read or visit.last_modified else old.last_modified,
            digest=visit.digest if read else old.digest,
            keys=visit.keys if read else old.keys,
            failures=old.failures + 1 if visit.outcome in ("failed", "gone") else 0,
            visited=datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self._due[name] = float("inf") if visit.again is None else self._now() + visit.again

    def _is_due(self, name: Name, before: str) -> bool:
        due = self._due[name]
        return due <= self._now() or (due != float("inf") and self._leads[name].visited < before)

    def _now(self) -> float:
        return time.time() + self._ahead


def _is_meant(lead: Lead, scope: str, host: str, kind: str, since: str) -> bool:
    changed = not lead.modified or lead.modified >= since
    return lead.scope == scope and host in ("", lead.host) and kind in ("", lead.kind) and changed


def taken(pages: Iterator[Page], cursor: Cursor) -> Iterator[Page]:
    """The pages of a walk, each taken into the cursor's queue before the next is asked for, as a sync does it."""
    for page in pages:
        if isinstance(cursor.queue, MemoryQueue):
            cursor.queue.take(page)
        yield page
