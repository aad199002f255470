"""Entries read back from the tables, many at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from catalog.record import Entry
from catalog.rows import TABLES_OF_DETAILS, entry_of

CHUNK = 500
"""Ids asked for in one statement."""

_DETAILS = {
    "tag": "SELECT t.dataset_id, t.term_id, r.name, t.evidence, t.confidence FROM tag t "
    "JOIN rule r ON r.id = t.rule_id WHERE t.dataset_id IN ({}) ORDER BY t.dataset_id, t.position",
    "license_claim": 'SELECT dataset_id, raw, "by", scope, cls, evidence, note, revision, date FROM license_claim '
    "WHERE dataset_id IN ({}) ORDER BY dataset_id, position",
    "dataset_column": "SELECT dataset_id, name, type, config, role FROM dataset_column "
    "WHERE dataset_id IN ({}) ORDER BY dataset_id, position",
    "distribution": "SELECT dataset_id, url, kind, path, format, bytes, digest, note FROM distribution "
    "WHERE dataset_id IN ({}) ORDER BY dataset_id, position",
    "relation": "SELECT dataset_id, kind, target, note FROM relation "
    "WHERE dataset_id IN ({}) ORDER BY dataset_id, position",
    "alias": "SELECT dataset_id, kind, alias FROM alias WHERE dataset_id IN ({}) ORDER BY dataset_id, kind, position",
}

Term = Callable[[int], tuple[str, str]]


def terms_of(connection: sqlite3.Connection) -> Term:
    """A look-up from the number of a term to its (facet, term)."""
    names = {number: (facet, term) for number, facet, term in connection.execute("SELECT id, facet, term FROM term")}
    return names.__getitem__


def read_entries(connection: sqlite3.Connection, ids: Sequence[int], term: Term) -> dict[int, Entry]:
    """The entries of these dataset ids; an id that is not there is left out."""
    found: dict[int, Entry] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(f"SELECT * FROM dataset WHERE id IN ({marks})", chunk).fetchall()
        details = _read_details(connection, marks, chunk)
        for row in rows:
            found[row[0]] = entry_of(row, {name: details[name].get(row[0], []) for name in TABLES_OF_DETAILS}, term)
    return found


def entries_listing(connection: sqlite3.Connection, key: str) -> list[Entry]:
    """The entries that name this key as one of their places: what they say of access counts for it as well."""
    rows = connection.execute("SELECT dataset_id FROM alias WHERE kind = 'location' AND alias = ?", (key,)).fetchall()
    return list(read_entries(connection, [number for (number,) in rows], terms_of(connection)).values())


def members_of(connection: sqlite3.Connection, keys: Sequence[str]) -> list[Entry]:
    """The entries that are a part of one of these datasets, in the order of their ids."""
    marks = ",".join("?" * len(keys))
    rows = connection.execute(
        f"SELECT DISTINCT dataset_id FROM relation WHERE kind = 'part-of' AND target IN ({marks}) ORDER BY dataset_id",
        list(keys),
    ).fetchall()
    return list(read_entries(connection, [number for (number,) in rows], terms_of(connection)).values())


def all_entries(connection: sqlite3.Connection, term: Term, *, after: int = 0) -> Iterator[tuple[int, Entry]]:
    """Every entry with its dataset id, in the order of ids, `CHUNK` at a time in memory."""
    while True:
        rows = connection.execute("SELECT id FROM dataset WHERE id > ? ORDER BY id LIMIT ?", (after, CHUNK)).fetchall()
        if not rows:
            return
        ids = [row[0] for row in rows]
        entries = read_entries(connection, ids, term)
        for number in ids:
            yield number, entries[number]
        after = ids[-1]


def _read_details(
    connection: sqlite3.Connection, marks: str, ids: Sequence[int]
) -> dict[str, dict[int, list[tuple[Any, ...]]]]:
    details: dict[str, dict[int, list[tuple[Any, ...]]]] = {}
    for name, statement in _DETAILS.items():
        grouped: dict[int, list[tuple[Any, ...]]] = {}
        for number, *rest in connection.execute(statement.format(marks), ids):
            grouped.setdefault(number, []).append(tuple(rest))
        details[name] = grouped
    return details
