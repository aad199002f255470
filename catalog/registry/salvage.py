"""What a damaged registry still gives: every entry that can be read and is what was stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from catalog.errors import CatalogError
from catalog.record import Entry
from catalog.registry.reader import Term, all_entries, read_entries
from catalog.rows import entry_digest

_BROKEN: Final = (CatalogError, sqlite3.DatabaseError, ValueError, KeyError, TypeError, UnicodeError)
_NUMBERS: Final = (
    "SELECT id, key FROM dataset",  # the index of keys holds both
    "SELECT id, slot FROM dataset ORDER BY id",
    "SELECT id, slot FROM dataset ORDER BY id DESC",
    "SELECT DISTINCT dataset_id, 0 FROM tag",
)
"""Where the numbers of entries stand: a walk that breaks off is made up for by the others."""
_TERMS: Final = tuple(
    f"SELECT id, facet, term FROM term {how}"
    for how in ("ORDER BY facet, term", "ORDER BY facet DESC, term DESC", "NOT INDEXED ORDER BY id DESC", "NOT INDEXED")
)


def readable_entries(connection: sqlite3.Connection, lost: list[int]) -> Iterator[Entry]:
    """Every entry, in the order of ids. From the first one that cannot be read they are read one by one, those alone
    that match their digest; `lost` takes the numbers of the others."""
    last, term = 0, _terms(connection)
    try:
        for number, entry in all_entries(connection, term):
            yield entry
            last = number
        return
    except _BROKEN:
        pass
    for number in _numbers_above(connection, last):
        found = _whole(connection, term, number)
        if found is None:
            lost.append(number)
        else:
            yield found


def _terms(connection: sqlite3.Connection) -> Term:
    names = {number: (facet, term) for number, facet, term in _walked(connection, _TERMS)}
    return names.__getitem__


def _numbers_above(connection: sqlite3.Connection, last: int) -> list[int]:
    found = {number for number, _other in _walked(connection, _NUMBERS)}
    return sorted(number for number in found if isinstance(number, int) and number > last)


def _walked(connection: sqlite3.Connection, statements: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """What each of several walks gives until it breaks off."""
    for statement in statements:
        try:
            yield from connection.execute(statement)
        except sqlite3.DatabaseError:
            continue


def _whole(connection: sqlite3.Connection, term: Term, number: int) -> Entry | None:
    """An entry as it was stored; None where it cannot be read, or is not what its digest says."""
    try:
        entry = read_entries(connection, [number], term)[number]
        (digest,) = connection.execute("SELECT digest FROM dataset WHERE id = ?", (number,)).fetchone()
        return entry if entry_digest(entry) == digest else None
    except _BROKEN:
        return None
