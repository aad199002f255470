"""What changed between syncs, read back: new, gone, back, renamed, license, access, rows, bytes, revision."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from typing import Any

KINDS = ("new", "gone", "back", "renamed", "license", "access", "rows", "bytes", "revision")
"""What an event can be, the most telling first."""

_FIELDS = {
    "gone": ("missing",),
    "back": ("missing",),
    "renamed": ("key",),
    "license": ("license", "commercial"),
    "access": ("access",),
    "rows": ("rows",),
    "bytes": ("bytes",),
    "revision": ("revision",),
}
"""The fields of the change table that an event is read from."""

_CHANGES = "SELECT c.id, c.at, c.dataset_id, d.key, d.title, c.field, c.old, c.new FROM change c JOIN dataset d"


@dataclass(frozen=True)
class Event:
    """One change of one dataset, at a time (UTC) when a run found it. What was not known before is "".

    Of a license `old` and `new` are SPDX expressions, `old_commercial` and `new_commercial` what they mean. Of a
    rename they are keys; `key` is the one of today. Of something new both are "".
    """

    at: str
    kind: str
    key: str
    title: str = ""
    old: str = ""
    new: str = ""
    old_commercial: str = ""
    new_commercial: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON values; what the event has not is left out."""
        return {name: value for name, value in vars(self).items() if value or name in ("at", "kind", "key")}


def events(
    connection: sqlite3.Connection, since: str, *, source: str = "", kinds: Sequence[str] = KINDS, limit: int = 50
) -> list[Event]:
    """What changed since a moment, the latest first, at most `limit` events."""
    streams = []
    if "new" in kinds:
        streams.append(_new(connection, since, source))
    if fields := [field for kind in kinds if kind != "new" for field in _FIELDS[kind]]:
        streams.append(each for each in _changed(connection, since, source, fields) if each.kind in kinds)
    return list(islice(merge(*streams, key=lambda event: event.at, reverse=True), limit))


def count_events(connection: sqlite3.Connection, since: str, *, source: str = "") -> dict[str, int]:
    """How many events of each kind there are since a moment."""
    first = _first_new(connection, since)
    where, values = _of_source(source)
    counts = {"new": _one(connection, f"SELECT count(*) FROM dataset d WHERE d.id >= ?{where}", first, *values)}
    kind = "CASE field WHEN 'missing' THEN iif(new = '', 'back', 'gone') WHEN 'key' THEN 'renamed' ELSE field END"
    rows = connection.execute(
        f"SELECT {kind} AS kind, count(*) FROM change c JOIN dataset d ON d.id = c.dataset_id "
        f"WHERE c.at >= ?{where} AND field <> 'commercial' GROUP BY kind",
        (since, *values),
    )
    counts.update(rows.fetchall())
    return {kind: counts[kind] for kind in KINDS if counts.get(kind)}


def history(connection: sqlite3.Connection, number: int) -> list[Event]:
    """All that is known of how a dataset changed, its first sight first."""
    key, title, first = connection.execute(
        "SELECT key, title, first_seen FROM dataset WHERE id = ?", (number,)
    ).fetchone()
    rows = connection.execute(f"{_CHANGES} ON d.id = c.dataset_id WHERE c.dataset_id = ? ORDER BY c.id", (number,))
    return [Event(first, "new", key, title), *_told(rows)]


def _new(connection: sqlite3.Connection, since: str, source: str) -> Iterator[Event]:
    where, values = _of_source(source)
    rows = connection.execute(
        f"SELECT d.first_seen, d.key, d.title FROM dataset d WHERE d.id >= ?{where} ORDER BY d.id DESC",
        (_first_new(connection, since), *values),
    )
    for at, key, title in rows:
        yield Event(at, "new", key, title)


def begun_with(connection: sqlite3.Connection) -> int:
    """How many datasets a registry was made with, from the embedded catalog: they are what changes are told against,
    and have the first ids."""
    return _one(connection, "SELECT coalesce((SELECT new FROM run WHERE id = 1 AND verb = 'init'), 0)")


def _first_new(connection: sqlite3.Connection, since: str) -> int:
    """The first id that was given since a moment, and since the registry was made: ids are given in the order of time,
    so halves are looked at."""
    low, high = begun_with(connection) + 1, _one(connection, "SELECT coalesce(max(id), 0) FROM dataset") + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT id, first_seen FROM dataset WHERE id >= ? ORDER BY id LIMIT 1", (middle,)
        ).fetchone()
        if row[1] >= since:
            high = middle
        else:
            low = row[0] + 1
    return low


def _changed(connection: sqlite3.Connection, since: str, source: str, fields: Sequence[str]) -> Iterator[Event]:
    where, values = _of_source(source)
    marks = ",".join("?" * len(fields))
    rows = connection.execute(
        f"{_CHANGES} ON d.id = c.dataset_id WHERE c.at >= ?{where} AND c.field IN ({marks}) ORDER BY c.id DESC",
        (since, *values, *fields),
    )
    return _told(rows)


def _told(rows: Iterator[Sequence[Any]]) -> Iterator[Event]:
    """Events from rows of the change table; a license and what it means, found together, are one event."""
    for (at, _number, key, title), found in groupby(rows, key=lambda row: row[1:5]):
        said = [(field, old, new) for *_place, field, old, new in found]
        terms = {field: (old, new) for field, old, new in said if field in ("license", "commercial")}
        if terms:
            yield Event(at, "license", key, title, *terms.get("license", ("", "")), *terms.get("commercial", ("", "")))
        for field, old, new in said:
            if field not in terms:
                kind = {"missing": "gone" if new else "back", "key": "renamed"}.get(field, field)
                yield Event(at, kind, key, title, *(("", "") if field == "missing" else (old, new)))


def _of_source(source: str) -> tuple[str, list[str]]:
    """Keys of a source are a range of the index over keys."""
    return (" AND d.key >= ? AND d.key < ?", [f"{source}:", f"{source};"]) if source else ("", [])


def _one(connection: sqlite3.Connection, statement: str, *values: object) -> int:
    found: int = connection.execute(statement, values).fetchone()[0]
    return found
