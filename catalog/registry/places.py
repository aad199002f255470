"""The leads of a source: what is to be visited, kept with what each visit left.

A new lead is due at once; one that is listed with another change than before, which is no older than its last visit,
is due again. Times are the registry's own words (UTC), so that they compare as text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.connector import Lead, Visit
from catalog.record import clean

_COLUMNS = "place, scope, kind, host, modified, depth, etag, last_modified, digest, failures, visited, keys"
_FOUND = """
    INSERT INTO place (source, scope, place, kind, host, modified, depth, etag, last_modified, digest, failures,
        visited, keys, outcome, reason, due, run_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', '', '', 0, '', '[]', '', '', ?8, 0)
    ON CONFLICT (source, scope, place) DO UPDATE SET kind = ?4, host = ?5, depth = min(depth, ?7), modified = ?6,
        due = CASE WHEN ?6 <> '' AND ?6 <> modified AND ?6 >= substr(visited, 1, length(?6)) THEN ?8 ELSE due END
"""
_VISITED = """
    UPDATE place SET outcome = ?4, reason = ?5, due = ?6, visited = ?7, run_id = ?8,
        failures = CASE WHEN ?4 IN ('failed', 'gone') THEN failures + 1 ELSE 0 END,
        etag = CASE WHEN ?4 = 'read' OR ?9 <> '' THEN ?9 ELSE etag END,
        last_modified = CASE WHEN ?4 = 'read' OR ?10 <> '' THEN ?10 ELSE last_modified END,
        digest = CASE WHEN ?4 = 'read' THEN ?11 ELSE digest END,
        keys = CASE WHEN ?4 = 'read' THEN ?12 ELSE keys END
    WHERE source = ?1 AND scope = ?2 AND place = ?3
"""


@dataclass(frozen=True)
class Places:
    """What a page of a source found and visited."""

    source: str
    found: tuple[Lead, ...]
    visited: tuple[Visit, ...]


class RegistryQueue:
    """The leads of one source in a registry; see `catalog.connector.Queue`."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        self._connection = connection
        self._source = source

    def due(self, scope: str, limit: int, **which: str) -> list[Lead]:
        """The leads that are due, at most `limit`: never visited first, then waiting longest."""
        where, values = _where(self._source, scope, True, **which)
        rows: list[tuple[object, ...]] = []
        for visited in ("visited = ''", "visited <> ''"):  # each of the two is in the order of the index
            if len(rows) < limit:
                rows += self._connection.execute(
                    f"SELECT {_COLUMNS} FROM place WHERE {where} AND {visited} ORDER BY due, id LIMIT ?",
                    [*values, limit - len(rows)],
                )
        return [_lead(row) for row in rows]

    def hosts(self, scope: str, **which: str) -> list[str]:
        """The hosts that have leads due."""
        where, values = _where(self._source, scope, True, **which)
        rows = self._connection.execute(f"SELECT DISTINCT host FROM place WHERE {where} ORDER BY host", values)
        return [host for (host,) in rows]

    def count(self, scope: str, *, due: bool = True, **which: str) -> int:
        """How many leads are due, or known at all."""
        where, values = _where(self._source, scope, due, **which)
        found: int = self._connection.execute(f"SELECT count(*) FROM place WHERE {where}", values).fetchone()[0]
        return found

    def lead(self, scope: str, place: str) -> Lead | None:
        """One lead with what its last visit left, due or not."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM place WHERE source = ? AND scope = ? AND place = ?", (self._source, scope, place)
        ).fetchone()
        return None if row is None else _lead(row)


def _where(
    source: str, scope: str, due: bool, *, host: str = "", kind: str = "", since: str = "", before: str = ""
) -> tuple[str, list[object]]:
    """The condition for the leads that are meant, and its values."""
    where, values = ["source = ?", "scope = ?"], [source, scope]
    if due:
        where += ["due <> ''", "(due <= ? OR visited < ?)" if before else "due <= ?"]
        values += [_moment(0), before] if before else [_moment(0)]
    for condition, value in (("host = ?", host), ("kind = ?", kind), ("(modified = '' OR modified >= ?)", since)):
        if value:
            where.append(condition)
            values.append(value)
    return " AND ".join(where), [*values]


def _lead(row: Sequence[Any]) -> Lead:
    if row[-1] == "[]":
        return Lead(*row[:-1])
    return Lead(*row[:-1], tuple(json.loads(row[-1])))  # type: ignore[call-arg]


def store_places(
    connection: sqlite3.Connection, run: int, source: str, found: Iterable[Lead], visited: Sequence[Visit]
) -> list[str]:
    """Write what a page found and visited. Returns the keys of datasets that are gone: a second run says so."""
    now = _moment(0)
    connection.executemany(
        _FOUND,
        ((source, lead.scope, lead.place, lead.kind, lead.host, lead.modified, lead.depth, now) for lead in found),
    )
    gone = [key for visit in visited if visit.outcome == "gone" for key in _gone(connection, run, source, visit.lead)]
    connection.executemany(_VISITED, (_visit_row(run, source, visit, now) for visit in visited))
    return gone


def _visit_row(run: int, source: str, visit: Visit, now: str) -> tuple[object, ...]:
    due = "" if visit.again is None else _moment(visit.again)
    lead = visit.lead
    return (
        *(source, lead.scope, lead.place, visit.outcome, clean(visit.reason, 500), due, now, run),
        *(visit.etag[:500], visit.last_modified[:100], visit.digest, json.dumps(visit.keys) if visit.keys else "[]"),
    )


def _gone(connection: sqlite3.Connection, run: int, source: str, lead: Lead) -> list[str]:
    row = connection.execute(
        "SELECT keys FROM place WHERE source = ? AND scope = ? AND place = ? AND outcome = 'gone' AND run_id <> ?",
        (source, lead.scope, lead.place, run),
    ).fetchone()
    return [] if row is None else list(json.loads(row[0]))


def _moment(later: float) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=min(later, 3e9))
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
