"""From a name that a person types to datasets: key, id, short name, alias, old id, location."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from catalog.index.keys import last_segment, name_norm, plain
from catalog.search.match import term_string
from catalog.search.query import storable

if TYPE_CHECKING:
    from catalog.search.terms import Filters

_WHOLE = "name_norm = ?1 AND instr(native_id, '/') = 0"
_NAMED = (
    f"SELECT id, slot, {_WHOLE} AS whole FROM dataset WHERE name_norm = ?1 "
    f"UNION SELECT d.id, d.slot, {_WHOLE} FROM alias a JOIN dataset d ON d.id = a.dataset_id WHERE a.norm = ?1 "
    "ORDER BY whole DESC, slot LIMIT 50"
)
"""Whose whole id is the name comes before those that only end in it under an owner's."""


class Named(NamedTuple):
    """A dataset that answers to a name: `how` is key, id, location, name or alias, the surest first."""

    id: int
    key: str
    title: str
    how: str


def resolve(connection: sqlite3.Connection, text: str) -> list[Named]:
    """The datasets that a name may mean, surest first; several of the same sureness are an ambiguity.

    `huggingface:openai/gsm8k` is a key, or the location of an embedded entry; `openai/gsm8k` an id; `gsm8k`,
    `GSM-8K` a name or alias.
    """
    asked = plain(storable(text)).strip()
    norm = name_norm(last_segment(asked))
    if not norm:
        return []
    found = [_named(connection, number, asked) for number, *_place in connection.execute(_NAMED, (norm,))]
    if not found and ":" in asked:
        exact = connection.execute("SELECT id FROM dataset WHERE key = ?", (asked,)).fetchone()
        found = [_named(connection, exact[0], asked)] if exact else []
    if "/" in asked or ":" in asked:
        found = [each for each in found if each.how in ("key", "id", "location")]
    return sorted(found, key=lambda each: _SURENESS.index(each.how))


_SURENESS = ("key", "id", "location", "name", "alias")


def _named(connection: sqlite3.Connection, number: int, asked: str) -> Named:
    key, native_id, title, norm = connection.execute(
        "SELECT key, native_id, title, name_norm FROM dataset WHERE id = ?", (number,)
    ).fetchone()
    aliases = [
        (kind, alias.casefold())
        for kind, alias in connection.execute("SELECT kind, alias FROM alias WHERE dataset_id = ?", (number,))
    ]
    folded = asked.casefold()
    places = {alias for kind, alias in aliases if kind == "location"}
    if folded == key.casefold():
        how = "key"
    elif folded == native_id.casefold() or ("alias", folded) in aliases or ("old-id", folded) in aliases:
        how = "id"
    elif folded in places or any(place.partition(":")[2] == folded for place in places):
        how = "location"
    else:
        how = "name" if norm == name_norm(last_segment(asked)) else "alias"
    return Named(number, key, title, how)


def slots_named(connection: sqlite3.Connection, text: str, filters: Filters, within: str = "") -> list[int]:
    """The slots of what is named just as a text says and passes the filters: ids without an owner, then the others,
    most popular first; of these only what matches `within`, where that is given."""
    norm = name_norm(last_segment(text))
    rows = connection.execute(_NAMED, (norm,)).fetchall() if norm else []
    slots = {number: slot for number, slot, whole in rows if whole or not within or _holds(connection, slot, within)}
    if "/" in text or ":" in text:
        slots = {each.id: _slot(connection, each.id) for each in resolve(connection, text)} or slots
    return [slot for slot in slots.values() if _passes(connection, slot, filters)]


def _slot(connection: sqlite3.Connection, number: int) -> int:
    slot: int = connection.execute("SELECT slot FROM dataset WHERE id = ?", (number,)).fetchone()[0]
    return slot


def _passes(connection: sqlite3.Connection, slot: int, filters: Filters) -> bool:
    def holds(numbers: tuple[int, ...]) -> bool:
        return _holds(connection, slot, " OR ".join(term_string(number) for number in numbers))

    return all(map(holds, filters.wanted.values())) and not any(map(holds, filters.unwanted.values()))


def _holds(connection: sqlite3.Connection, slot: int, match: str) -> bool:
    statement = "SELECT 1 FROM search_index WHERE search_index MATCH ? AND rowid = ?"
    return connection.execute(statement, (match, slot)).fetchone() is not None
