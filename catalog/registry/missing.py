"""What a complete walk did not list: marked missing after two complete walks agree, never deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from catalog.index.maintain import next_generation

MAX_LOSS = 0.10
"""A walk that misses a larger part of what was there before is not believed."""

_FEW = 20
_UNLISTED_PAGE = -1
"""The page number under which a run keeps the ids that its complete walk did not list."""


_FORGET_OTHERS = (
    "DELETE FROM sighting WHERE page >= 0 AND run_id NOT IN "
    "(SELECT w.run_id FROM walk w JOIN run r ON r.id = w.run_id WHERE r.status <> 'done')"
)
"""Pages of walks that nobody goes on with: partial ones that ended, and those that were begun anew."""


def record_sighting(connection: sqlite3.Connection, run: int, page: int, ids: Iterable[int]) -> None:
    """Note which datasets a page listed."""
    row = (run, page, BitMap(ids).serialize())
    connection.execute("INSERT OR REPLACE INTO sighting (run_id, page, ids) VALUES (?, ?, ?)", row)


def mark_missing(
    connection: sqlite3.Connection, run: int, source: str, now: str, *, confirmed: bool = False
) -> tuple[int, str]:
    """Close a complete walk. Returns how many datasets are newly missing, and why none are where that is so.

    `confirmed` says that a person knows of a great loss: then two walks that agree are believed however much they miss.
    """
    present = _stored(connection, source)
    unlisted = present - _union(connection, "run_id = ? AND page >= 0", run)
    before = _last_unlisted(connection, run, source)
    record_sighting(connection, run, _UNLISTED_PAGE, unlisted)
    connection.execute("DELETE FROM sighting WHERE run_id = ? AND page >= 0", (run,))
    connection.execute(_FORGET_OTHERS)
    if len(unlisted) > max(_FEW, MAX_LOSS * len(present)) and not (confirmed and before is not None):
        return 0, _LOSS.format(len(unlisted), len(present), source)
    missing = (unlisted & before) if before is not None else BitMap()
    mark_gone(connection, missing, now)
    return len(missing), ""


_LOSS = (
    "The walk did not list {:,} of {:,} known datasets; none was marked missing. "
    "If they are really gone: catalog sync {} --confirm-loss"
)


def mark_gone(connection: sqlite3.Connection, ids: Iterable[int], now: str) -> None:
    """Mark datasets as missing; those that are so already keep their date."""
    rows = [(number,) for number in ids]
    fresh = [row for row in rows if connection.execute(_IS_PRESENT, row).fetchone()]
    connection.executemany("UPDATE dataset SET missing_since = ? WHERE id = ?", [(now, *row) for row in fresh])
    changes = [(*row, now, "missing", "", now) for row in fresh]
    connection.executemany("INSERT INTO change (dataset_id, at, field, old, new) VALUES (?, ?, ?, ?, ?)", changes)
    if fresh:
        next_generation(connection)


def seen_again(connection: sqlite3.Connection, keys: Sequence[str], now: str) -> list[int]:
    """The ids of datasets that the source still lists; one that was missing is back."""
    rows = _known(connection, keys)
    back = [row for row in rows if row[1]]
    connection.executemany("UPDATE dataset SET missing_since = '' WHERE id = ?", [row[:1] for row in back])
    changes = [(number, now, "missing", since, "") for number, since in back]
    connection.executemany("INSERT INTO change (dataset_id, at, field, old, new) VALUES (?, ?, ?, ?, ?)", changes)
    if back:
        next_generation(connection)
    return [number for number, _since in rows]


def ids_of(connection: sqlite3.Connection, keys: Iterable[str]) -> list[int]:
    """The ids of the keys that the registry holds."""
    return [number for number, _since in _known(connection, keys)]


def _known(connection: sqlite3.Connection, keys: Iterable[str]) -> list[tuple[int, str]]:
    """Id and `missing_since` of the keys that the registry holds, in one statement."""
    return connection.execute(_KNOWN, (json.dumps([*keys]),)).fetchall()


_IS_PRESENT = "SELECT 1 FROM dataset WHERE id = ? AND missing_since = ''"
_KNOWN = "SELECT id, missing_since FROM dataset WHERE key IN (SELECT value FROM json_each(?))"


def _stored(connection: sqlite3.Connection, source: str) -> BitMap:
    rows = connection.execute("SELECT id FROM dataset WHERE source = ? AND missing_since = ''", (source,))
    return BitMap(number for (number,) in rows)


def _union(connection: sqlite3.Connection, where: str, run: int) -> BitMap:
    rows = connection.execute(f"SELECT ids FROM sighting WHERE {where}", (run,))
    return BitMap.union(BitMap(), *(BitMap.deserialize(ids) for (ids,) in rows))


def _last_unlisted(connection: sqlite3.Connection, run: int, source: str) -> BitMap | None:
    row = connection.execute(
        "SELECT s.ids FROM sighting s JOIN run r ON r.id = s.run_id "
        "WHERE r.source = ? AND s.page = ? AND s.run_id < ? ORDER BY s.run_id DESC LIMIT 1",
        (source, _UNLISTED_PAGE, run),
    ).fetchone()
    return None if row is None else BitMap.deserialize(row[0])
