"""Entries read in the order of the site, many at a time, with what stands beside them in the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from catalog.record import Entry
from catalog.registry.reader import CHUNK, read_entries, terms_of

MAX_CHANGES = 20
"""The latest changes of an entry that are shown."""


class Mirror(NamedTuple):
    """The same dataset elsewhere, and why it is taken for the same."""

    id: int
    key: str
    title: str
    because: str


class Change(NamedTuple):
    """What changed of an entry, when."""

    at: str
    field: str
    old: str
    new: str


class Beside(NamedTuple):
    """What the registry knows of an entry beside the entry."""

    first_seen: str
    missing_since: str
    mirrors: list[Mirror]
    changes: list[Change]


def read_in_order(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[tuple[int, Entry, Beside]]:
    """(id, entry, what stands beside it) of these datasets, in their order."""
    term = terms_of(connection)
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        entries = read_entries(connection, chunk, term)
        marks = ",".join("?" * len(chunk))
        mirrors, changes = _mirrors(connection, marks, chunk), _changes(connection, marks, chunk)
        seen = connection.execute(f"SELECT id, first_seen, missing_since FROM dataset WHERE id IN ({marks})", chunk)
        dates = {number: (first, missing) for number, first, missing in seen}
        for number in chunk:
            if number in entries:
                beside = Beside(*dates[number], mirrors.get(number, []), changes.get(number, []))
                yield number, entries[number], beside


def _mirrors(connection: sqlite3.Connection, marks: str, ids: list[int]) -> dict[int, list[Mirror]]:
    rows = connection.execute(
        "SELECT a.dataset_id, b.dataset_id, d.key, d.title, a.reason, b.reason FROM cluster_member a "
        "JOIN cluster_member b ON b.cluster_id = a.cluster_id AND b.dataset_id <> a.dataset_id "
        f"JOIN dataset d ON d.id = b.dataset_id WHERE a.dataset_id IN ({marks}) ORDER BY a.dataset_id, b.rank",
        ids,
    )
    found: dict[int, list[Mirror]] = {}
    for number, other, key, title, ours, theirs in rows:
        found.setdefault(number, []).append(Mirror(other, key, title, theirs or ours))
    return found


def _changes(connection: sqlite3.Connection, marks: str, ids: list[int]) -> dict[int, list[Change]]:
    rows = connection.execute(
        f"SELECT dataset_id, at, field, old, new FROM change WHERE dataset_id IN ({marks}) ORDER BY id DESC", ids
    )
    found: dict[int, list[Change]] = {}
    for number, *change in rows:
        known = found.setdefault(number, [])
        if len(known) < MAX_CHANGES:
            known.append(Change(*change))
    return found
