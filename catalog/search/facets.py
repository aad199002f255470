"""Exact counts of facet terms over a result: the matching datasets as one bitmap, met with the bitmap of each term."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from catalog.index.keys import EVERY, ID_MASK, TERM_MARK
from catalog.index.postings import ids_matching
from catalog.search.hits import FacetCount

if TYPE_CHECKING:
    from pyroaring import BitMap


def count_facets(
    connection: sqlite3.Connection, match: str, condition: str, values: Sequence[int | str], facets: Sequence[str]
) -> dict[str, list[FacetCount]]:
    """How many matching datasets hold each term of these facets (all facets when empty): facet -> most first.

    Bitmaps that are behind the rows (a sync is running, or was killed) are made on the spot, so counts stay exact.
    """
    whole = match == f'"{EVERY}"' and not condition
    matching = None if whole else matching_ids(connection, match, condition, values)
    counted: dict[str, list[FacetCount]] = {}
    for facet, term, label, label_zh, bitmap in _terms(connection, facets):
        count = len(bitmap) if matching is None else matching.intersection_cardinality(bitmap)
        if count:
            counted.setdefault(facet, []).append(FacetCount(term, label, label_zh, count))
    for counts in counted.values():
        counts.sort(key=lambda each: (-each.count, each.term))
    return counted


def matching_ids(
    connection: sqlite3.Connection, match: str, condition: str = "", values: Sequence[int | str] = ()
) -> BitMap:
    """The ids of all datasets that match, as a bitmap."""
    from pyroaring import BitMap

    if not condition:
        return ids_matching(connection, match)
    rows = connection.execute(
        f"SELECT d.id FROM search_index CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK} "
        f"WHERE search_index MATCH ? AND {condition}",
        (match, *values),
    )
    return BitMap(number for (number,) in rows)


def _terms(connection: sqlite3.Connection, facets: Sequence[str]) -> Iterable[tuple[str, str, str, str, BitMap]]:
    """Each term of these facets with its labels and the bitmap of the datasets that hold it."""
    from pyroaring import BitMap

    chosen = f"WHERE t.facet IN ({','.join('?' * len(facets))})" if facets else ""
    if _fresh(connection):
        rows = connection.execute(
            "SELECT t.facet, t.term, t.label, t.label_zh, b.ids FROM facet_bitmap b "
            f"JOIN term t ON t.id = b.term_id {chosen}",
            tuple(facets),
        )
        for facet, term, label, label_zh, ids in rows:
            yield facet, term, label, label_zh, BitMap.deserialize(ids)
        return
    statement = f"SELECT t.facet, t.term, t.label, t.label_zh, t.id FROM term t {chosen}"
    for facet, term, label, label_zh, number in connection.execute(statement, tuple(facets)).fetchall():
        yield facet, term, label, label_zh, ids_matching(connection, f'"{TERM_MARK}{number:x}"')


def _fresh(connection: sqlite3.Connection) -> bool:
    rows = connection.execute("SELECT name, value FROM meta WHERE name IN ('generation', 'derived')")
    marks = dict(rows.fetchall())
    return marks.get("generation") == marks.get("derived")
