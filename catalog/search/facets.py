"""Exact counts of facet terms over a result.

Where few datasets match, their terms are read and counted. Where many do, they are one bitmap that is met with the
bitmap of each term; a term that fewer hold than the last one shown is not looked at.
"""

from __future__ import annotations

import sqlite3
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from catalog.index.keys import EVERY, ID_MASK
from catalog.search.bitmaps import holders, ids_of, is_fresh, matches
from catalog.search.hits import FacetCount
from catalog.sqlite import kept_of

FEW = 2000
"""Up to so many matches, reading the terms of each is quicker than meeting bitmaps."""


class Term(NamedTuple):
    """A facet term with its labels, its hexadecimal number, and how many datasets hold it."""

    number: int
    facet: str
    name: str
    label: str
    label_zh: str
    token: str
    total: int

    def counted(self, count: int) -> FacetCount:
        """The term as it is shown, held by so many datasets of a result."""
        return FacetCount(self.name, self.label, self.label_zh, count)


Counted = tuple[dict[str, list[FacetCount]], int]


def count_facets(
    connection: sqlite3.Connection,
    match: str,
    condition: str,
    values: Sequence[int | str],
    facets: Sequence[str],
    top: int | None = None,
    named: Sequence[int] = (),
    few: int = FEW,
    hidden: Collection[int] = (),
) -> Counted:
    """How many matching datasets hold each term of these facets (all facets when empty): facet -> most first, and how
    many match at all. With `top` only the most frequent terms of each facet; `named` are slots that count as matches.
    Up to `few` matches are counted by reading the terms of each. `hidden` are ids among the matches that do not count.

    Bitmaps that are behind the rows (a sync is running, or was killed) are made on the spot, so counts stay exact.
    """
    terms = _terms(connection, facets)
    less = _terms_held(connection, hidden)
    if match == f'"{EVERY}"' and not condition:
        size = _every(connection) - len(hidden)
        return _most_of(terms, lambda term: term.total - less.get(term.token, 0), top), size
    matching = f"FROM {matches(condition)}", (match, *values)
    if connection.execute(f"SELECT 1 {matching[0]} LIMIT 1 OFFSET {few}", matching[1]).fetchone() is None:
        counts, size = _count_few(connection, *matching, [slot & ID_MASK for slot in named])
        counts.subtract(less)
        return _most_of(terms, lambda term: counts.get(term.token, 0), top), size - len(hidden)
    ids = ids_of(connection, match, condition, values)
    ids.update(slot & ID_MASK for slot in named)
    ids.difference_update(ids & type(ids)(hidden))
    bitmap = holders(connection)
    return _most_of(terms, lambda term: ids.intersection_cardinality(bitmap(term.number)), top), len(ids)


def _count_few(
    connection: sqlite3.Connection, matches: str, values: Sequence[int | str], named: Sequence[int]
) -> tuple[Counter[str], int]:
    """How many of the matches hold each term, by its hexadecimal number, and how many match."""
    ids = f"SELECT r {matches}{' UNION SELECT value FROM json_each(?)' if named else ''}"
    statement = f"SELECT group_concat(t.terms, ' '), count(*) FROM ({ids}) m CROSS JOIN dataset_terms t ON t.id = m.r"
    text, size = connection.execute(statement, (*values, f"{list(named)}") if named else values).fetchone()
    return Counter((text or "").split()), size


def _terms_held(connection: sqlite3.Connection, ids: Collection[int]) -> Counter[str]:
    """How many of these datasets hold each term, by its hexadecimal number."""
    if not ids:
        return Counter()
    statement = "SELECT group_concat(terms, ' ') FROM dataset_terms WHERE id IN (SELECT value FROM json_each(?))"
    text = connection.execute(statement, (f"{list(ids)}",)).fetchone()[0]
    return Counter((text or "").split())


def _most_of(
    terms: Mapping[str, Iterable[Term]], count: Callable[[Term], int], top: int | None
) -> dict[str, list[FacetCount]]:
    found = ((facet, _most(each, count, top)) for facet, each in terms.items())
    return {facet: counts for facet, counts in found if counts}


def _most(terms: Iterable[Term], count: Callable[[Term], int], top: int | None) -> list[FacetCount]:
    """The counts of a facet's terms, most first. A term that fewer hold than the `top`-th count is never looked at."""
    counts: list[FacetCount] = []
    best: list[int] = []
    for term in terms:
        if top is not None and len(best) == top and term.total < best[0]:
            break
        found = count(term)
        if found:
            counts.append(term.counted(found))
            insort(best, found)
            if top is not None and len(best) > top:
                del best[0]
    counts.sort(key=lambda each: (-each.count, each.term))
    return counts[:top]


def _terms(connection: sqlite3.Connection, facets: Sequence[str]) -> dict[str, list[Term]]:
    """The terms in use of these facets (all when empty), by facet, those that most datasets hold first."""
    kept = kept_of(connection)
    known: dict[str, list[Term]] = kept.get("terms", {})
    if not known:
        fresh = is_fresh(connection)
        for term in map(Term._make, connection.execute(_IN_USE) if fresh else _counted_now(connection, facets)):
            known.setdefault(term.facet, []).append(term)
        for terms in known.values():
            terms.sort(key=lambda term: (-term.total, term.name))
        if fresh:
            kept["terms"] = known
    return {facet: known[facet] for facet in facets if facet in known} if facets else known


_IN_USE = (
    "SELECT t.id, t.facet, t.term, t.label, t.label_zh, printf('%x', t.id), b.total "
    "FROM facet_bitmap b JOIN term t ON t.id = b.term_id"
)


def _counted_now(connection: sqlite3.Connection, facets: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    """The terms of these facets with their totals out of the index itself."""
    chosen = f"WHERE facet IN ({','.join('?' * len(facets))})" if facets else ""
    statement = f"SELECT id, facet, term, label, label_zh, printf('%x', id) FROM term {chosen}"
    bitmap = holders(connection)
    rows = connection.execute(statement, tuple(facets)).fetchall()
    return ((*row, total) for row in rows if (total := len(bitmap(row[0]))))


def _every(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
    return count
