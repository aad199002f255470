"""Facets in the browser: what the manifest says of them, and one column each for exact counts over any result."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any

from catalog.index.keys import TAGS_END, name_norm
from catalog.pages.browser.numbers import varint, varints
from catalog.pages.browser.store import Store

ORDER = (
    "domain",
    "task",
    "language",
    "license",
    "commercial",
    "modality",
    "genre",
    "format",
    "size",
    "source",
    "access",
)
"""Facets in the order in which they are shown; others follow by name."""

SHOWN = 60
"""Terms of a facet that the manifest names; the others are in a file."""
BLOCK = 262_144
"""Documents of one block of sets: counts nearly always need all of them."""
GIVEN = {"commercial": "license"}
"""A facet whose sets nearly always follow from those of another one: it is written in the order of these."""
_LARGE = 255
"""Stands for a number that does not fit into a byte beside it."""


class Terms:
    """All facet terms in use, by facet and most used first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT id, facet, term, label, label_zh, parents FROM term").fetchall()
        self.rows = {row[0]: row for row in rows}
        self.totals: Counter[int] = Counter()
        self.copies: Counter[int] = Counter()
        spelt = connection.execute("SELECT facet, norm, term_id FROM term_alias")
        self._spelt: dict[tuple[str, str], int] = {(facet, norm): number for facet, norm, number in spelt}
        known = {row[1] for row in rows}
        self.facets = [*(name for name in ORDER if name in known), *sorted(known.difference(ORDER))]
        self.place = {name: number for number, name in enumerate(self.facets)}
        self.names = {f"{row[0]:x}": (self.place[row[1]], row[2]) for row in rows}
        self.facet_of = {f"{row[0]:x}": self.place[row[1]] for row in rows}

    @cached_property
    def ordered_place(self) -> dict[int, int]:
        """The place of each term in use among those of its facet; to be asked when `totals` are filled."""
        return {number: place for facet in self.facets for place, number in enumerate(self.ordered(facet))}

    def asked(self, number: int) -> int:
        """The term that a filter on the name of a term means: its own number, unless another is spelt the same."""
        row = self.rows[number]
        return self._spelt.get((row[1], name_norm(row[2])), number)

    def ordered(self, facet: str) -> list[int]:
        """The numbers of a facet's terms in use, most used first."""
        mine = [number for number, row in self.rows.items() if row[1] == facet and self.totals[number]]
        return sorted(mine, key=lambda number: (-self.totals[number], self.rows[number][2]))


def write_columns(
    connection: sqlite3.Connection, store: Store, docs: Sequence[int], total: int, terms: Terms, hidden: set[int]
) -> None:
    """Write for each facet which sets of terms there are, and the set of each document; fills `terms.totals`, and
    `terms.copies` with those of the documents that a copy of theirs stands for.

    Sets are numbered by how many documents hold them, so that nearly all numbers are one byte.
    """
    sets: list[dict[str, int]] = [{"": 0} for _ in terms.facets]
    columns = [array("I", bytes(4 * total)) for _ in terms.facets]
    facet_of = terms.facet_of
    for number, packed in connection.execute("SELECT id, terms FROM dataset_terms"):
        doc = docs[number]
        held: dict[int, list[str]] = {}
        for token in dict.fromkeys(packed.replace(TAGS_END, " ").split()):
            held.setdefault(facet_of[token], []).append(token)
            if doc in hidden:
                terms.copies[int(token, 16)] += 1
        for facet, tokens in held.items():
            key = " ".join(sorted(tokens))
            columns[facet][doc] = sets[facet].setdefault(key, len(sets[facet]))
    for known, column in zip(sets, columns, strict=True):
        keys, counts = list(known), Counter(column)
        for number, count in counts.items():
            for token in keys[number].split():
                terms.totals[int(token, 16)] += count
    _write_columns(store, terms, [list(known) for known in sets], columns)


def _write_columns(store: Store, terms: Terms, described: Sequence[Sequence[str]], columns: list[array[int]]) -> None:
    numbered = [
        _numbered(store, terms, facet, keys, column)
        for facet, (keys, column) in enumerate(zip(described, columns, strict=True))
    ]
    for facet, (name, (sets, column)) in enumerate(zip(terms.facets, numbered, strict=True)):
        given = numbered[terms.place[GIVEN[name]]][1] if GIVEN.get(name) in terms.place else None
        for block in range(0, len(column), BLOCK):
            docs = range(block, min(block + BLOCK, len(column)))
            order = docs if given is None else sorted(docs, key=given.__getitem__)
            numbers = sets_packed(sets, [column[doc] for doc in order])
            store.put(f"s/{terms.facets[facet]}/{block // BLOCK}", numbers, repeats=given is not None)


def _numbered(
    store: Store, terms: Terms, facet: int, keys: Sequence[str], column: array[int]
) -> tuple[int, array[int]]:
    """Write which sets of terms a facet has; returns how many, and the number of the set of each document."""
    counts = Counter(column)
    place = terms.ordered_place
    order = sorted(range(len(keys)), key=lambda number: (-counts[number], keys[number]))
    rank = array("I", bytes(4 * len(keys)))
    described = bytearray(varint(len(order)))
    for new, number in enumerate(order):
        rank[number] = new
        held = sorted(place[int(token, 16)] for token in keys[number].split())
        described += varint(len(held)) + varints(held)
    store.put(f"s/{terms.facets[facet]}", bytes(described))
    return len(order), array("I", map(rank.__getitem__, column))


def sets_packed(sets: int, numbers: Sequence[int]) -> bytes:
    """How many numbers there are, and numbers below `sets` as bytes whose codes come close to what they tell.

    Of few sets several documents share a byte, the first one lowest; else each has a byte, and the numbers that do not
    fit follow behind all of them.
    """
    each = documents_a_byte(sets)
    if each == 1:
        rest = [number - _LARGE for number in numbers if number >= _LARGE]
        each_one = bytes([number if number < _LARGE else _LARGE for number in numbers])
        return varint(len(numbers)) + each_one + varints(rest)
    parts = zip_longest(*(numbers[place::each] for place in range(each)), fillvalue=0)
    scale = [sets**place for place in range(each)]
    known: dict[tuple[int, ...], int] = {}
    found = bytearray(varint(len(numbers)))
    for part in parts:
        value = known.get(part)
        if value is None:
            value = known[part] = sum(number * unit for number, unit in zip(part, scale, strict=True))
        found.append(value)
    return bytes(found)


def documents_a_byte(sets: int) -> int:
    """How many numbers below `sets` a byte holds."""
    return next(each for each in (8, 7, 6, 5, 4, 3, 2, 1) if sets**each <= 256 or each == 1)


def _shown(terms: Terms, number: int) -> int:
    return terms.totals[number] - terms.copies[number]


def described(store: Store, terms: Terms) -> list[dict[str, Any]]:
    """The facets as the manifest names them: how many documents hold each term, copies counted once. The terms of a
    long facet beyond `SHOWN` go to a file of their own."""
    import json

    found = []
    for facet in terms.facets:
        listed = []
        for number in terms.ordered(facet):
            _number, _facet, term, label, label_zh, parents = terms.rows[number]
            each: dict[str, Any] = {"term": term, "n": terms.asked(number), "count": _shown(terms, number)}
            if label and label != term:
                each["label"] = label
            if label_zh and label_zh != (label or term):
                each["zh"] = label_zh
            above = json.loads(parents)
            if above:
                each["parent"] = above[0]
            listed.append(each)
        if not listed:
            continue
        facet_described = {"facet": facet, "terms": listed[:SHOWN], "size": len(listed)}
        if len(listed) > SHOWN:
            store.put_json(f"f/{facet}", listed)
        found.append(facet_described)
    return found
