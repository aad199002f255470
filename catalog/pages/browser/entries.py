"""The entries in document order: their rows, their clusters, and the columns that ranges and orders need."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from catalog.pages.browser.numbers import varints
from catalog.pages.browser.store import Store
from catalog.search.fold import cluster_verdicts

CHUNK = 500
"""Entries read in one statement."""
BLOCK = 65_536
"""Documents of one block of a column."""

AMOUNTS = ("rows", "bytes", "tokens", "downloads", "likes", "year")
DATES = ("modified", "created")
FIELDS = (
    "key", "title", "title_zh", "summary", "commercial", "license", "rows", "bytes", "downloads", "modified", "year",
)  # fmt: skip
"""What a card shows of a row."""
_MORE = ("id", "source", "native_id", "name", "name_norm", "description", "tokens", "likes", "created", "missing_since")


class Row(NamedTuple):
    """What the address of an entry's page is made of."""

    doc: int
    id: int
    key: str
    source: str
    native_id: str


class Cluster(NamedTuple):
    """Datasets that are one, as documents in the order in which one speaks for the others, and their verdict."""

    members: tuple[int, ...]
    commercial: str


def clusters_of(connection: sqlite3.Connection, docs: Sequence[int]) -> list[Cluster]:
    """All clusters, in the order of their first member."""
    rows = connection.execute(
        "SELECT cluster_id, dataset_id FROM cluster_member ORDER BY cluster_id, rank, dataset_id"
    ).fetchall()
    members: dict[int, list[int]] = {}
    for cluster, number in rows:
        members.setdefault(cluster, []).append(docs[number])
    verdicts = cluster_verdicts(connection, members)
    found = (Cluster(tuple(each), verdicts[cluster].commercial) for cluster, each in members.items())
    return sorted(found, key=lambda cluster: min(cluster.members))


class Facet(NamedTuple):
    """A facet in the order of the manifest, with the place of each of its terms."""

    name: str
    place: Mapping[int, int]


Reader = Callable[[Sequence[int]], Iterator[dict[str, Any]]]


def rows_of(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The rows of these datasets in this order, with the numbers of their tags."""
    columns = (*_MORE, *FIELDS)
    select = (
        f"SELECT t.terms, {', '.join(f'd.{name}' for name in columns)} FROM dataset d JOIN dataset_terms t USING (id)"
    )
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = connection.execute(f"{select} WHERE d.id IN ({','.join('?' * len(chunk))})", chunk)
        by_id = {row[1]: row for row in found}
        for number in chunk:
            yield dict(zip(("terms", *columns), by_id[number], strict=True))


class Columns:
    """The values that ranges and orders need, by document."""

    def __init__(self, total: int) -> None:
        self._amounts = {name: array("q", bytes(8 * total)) for name in (*AMOUNTS, *DATES)}

    def add(self, doc: int, row: Mapping[str, Any]) -> None:
        """Take in a row; 0 stands for nothing known, and each amount is one more than it is."""
        for name in AMOUNTS:
            if row[name] is not None:
                self._amounts[name][doc] = min(row[name], 2**53 - 2) + 1
        for name in DATES:
            self._amounts[name][doc] = date_number(row[name])

    def write(self, store: Store) -> dict[str, int]:
        """Write each column in blocks; returns the unit that each was divided by."""
        units = {}
        for name, values in self._amounts.items():
            unit = _unit(values)
            units[name] = unit
            for block in range(0, len(values), BLOCK):
                store.put(f"v/{name}/{block // BLOCK}", varints([v // unit for v in values[block : block + BLOCK]]))
        return units


def _unit(values: array[int]) -> int:
    """What divides all values: dates to the second leave four decimals unused."""
    from math import gcd

    unit = 0
    for value in values:
        unit = gcd(unit, value)
        if unit == 1:
            return 1
    return unit or 1


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z?))?)?)?")
_SIZES = (13, 32, 25, 61, 62)


def date_number(date: str) -> int:
    """A date as a number in the order in which dates sort as text; 0 for none.

    Each part is one more than it is, 0 where it is not given; of a second's fraction four digits count.
    """
    match = _DATE.match(date)
    if match is None:
        return 0
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    number = int(year)
    for part, size, first in zip((month, day, hour, minute, second), _SIZES, (0, 0, 1, 1, 1), strict=True):
        number = number * size + (int(part) + first if part else 0)
    return number * 10_002 + (
        10_001 if zone and not fraction else int(fraction[:4].ljust(4, "0")) + 1 if fraction else 0
    )


def name_order(names: Sequence[str]) -> array[int]:
    """The place of each document when they are ordered by folded name, then by document; what has none comes last."""
    order = array("I", bytes(4 * len(names)))
    for place, doc in enumerate(sorted(range(len(names)), key=lambda doc: (not names[doc], names[doc], doc))):
        order[doc] = place
    return order
