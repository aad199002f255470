"""Exact counts of facet terms over a result: the matching datasets as one bitmap, met with the bitmap of each term."""

from __future__ import annotations

import sqlite3
from bisect import insort
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from catalog.index.keys import EVERY, ID_MASK, TERM_MARK
from catalog.index.postings import ids_matching
from catalog.search.hits import FacetCount

if TYPE_CHECKING:
    from pyroaring import BitMap


def count_facets(
    connection: sqlite3.Connection,
    match: str,
    condition: str,
    values: Sequence[int | str],
    facets: Sequence[str],
    top: int | None = None,
    named: Sequence[int] = (),
) -> tuple[dict[str, list[FacetCount]], int]:
    """How many matching datasets hold each term of these facets (all facets when empty): facet -> most first, and how
    many match at all. With `top` only the most frequent terms of each facet; `named` are slots that count as matches.

    Bitmaps that are behind the rows (a sync is running, or was killed) are made on the spot, so counts stay exact.
    """
    whole = match == f'"{EVERY}"' and not condition
    matching = None if whole else matching_ids(connection, match, condition, values)
    if matching is not None:
        matching.update(slot & ID_MASK for slot in named)
    counted: dict[str, list[FacetCount]] = {}
    for facet, terms in _terms(connection, facets).items():
        counts = _most(terms, matching, top)
        if counts:
            counted[facet] = counts
    size = _every(connection) if matching is None else len(matching)
    return counted, size


def _most(terms: list[_Term], matching: BitMap | None, top: int | None) -> list[FacetCount]:
    """The counts of a facet's terms, most first. A term that fewer hold than the `top`-th count is never looked at."""
    counts: list[FacetCount] = []
    best: list[int] = []
    for term in sorted(terms, key=lambda term: (-term.total, term.name)):
        if top is not None and len(best) == top and term.total < best[0]:
            break
        count = term.total if matching is None else matching.intersection_cardinality(term.bitmap())
        if count:
            counts.append(FacetCount(term.name, term.label, term.label_zh, count))
            insort(best, count)
            if top is not None and len(best) > top:
                del best[0]
    counts.sort(key=lambda each: (-each.count, each.term))
    return counts[:top]


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


class _Term(NamedTuple):
    """A term with its labels, how many datasets hold it, and the bitmap of their ids, packed or not."""

    name: str
    label: str
    label_zh: str
    total: int
    ids: bytes | BitMap

    def bitmap(self) -> BitMap:
        from pyroaring import BitMap

        return BitMap.deserialize(self.ids) if isinstance(self.ids, bytes) else self.ids


def _terms(connection: sqlite3.Connection, facets: Sequence[str]) -> dict[str, list[_Term]]:
    """The terms in use of these facets (all when empty), by facet."""
    chosen = f"WHERE t.facet IN ({','.join('?' * len(facets))})" if facets else ""
    found: dict[str, list[_Term]] = {}
    if _fresh(connection):
        columns = "t.facet, t.term, t.label, t.label_zh, b.total, b.ids"
        statement = f"SELECT {columns} FROM facet_bitmap b JOIN term t ON t.id = b.term_id {chosen}"
        for facet, *term in connection.execute(statement, tuple(facets)):
            found.setdefault(facet, []).append(_Term._make(term))
        return found
    statement = f"SELECT t.facet, t.term, t.label, t.label_zh, t.id FROM term t {chosen}"
    for facet, *labels, number in connection.execute(statement, tuple(facets)).fetchall():
        bitmap = ids_matching(connection, f'"{TERM_MARK}{number:x}"')
        found.setdefault(facet, []).append(_Term._make((*labels, len(bitmap), bitmap)))
    return found


def _every(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
    return count


def _fresh(connection: sqlite3.Connection) -> bool:
    rows = connection.execute("SELECT name, value FROM meta WHERE name IN ('generation', 'derived')")
    marks = dict(rows.fetchall())
    return marks.get("generation") == marks.get("derived")
