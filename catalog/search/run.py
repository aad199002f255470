"""`run(connection, query)`: the page of hits, the total, and what helps when there are few.

Ranking (measured in bench/README.md): what is named exactly as asked comes first; then bm25 with column weights plus a
popularity term over the `TIER` most popular matches; further pages go on by popularity. Slots grow as popularity
falls, so FTS5 may stop after `TIER` matches whatever a word matches.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from catalog.errors import Fatal, Retriable
from catalog.index.keys import ID_BITS, ID_MASK
from catalog.search.explain import emptied_by
from catalog.search.facets import count_facets
from catalog.search.fold import has_clusters, hidden_copies
from catalog.search.hits import Result, read_hits, term_names
from catalog.search.match import match_expression, range_condition
from catalog.search.names import slots_named
from catalog.search.query import Query
from catalog.search.suggest import corrected
from catalog.search.terms import Filters, names, resolve_filters, spellings, text_terms

TIER = 1000
"""How many of the most popular matches are scored."""

FEW = 3
"""Fewer hits than this, and other spellings are tried."""

_WEIGHTS = "10.0, 5.0, 1.0, 3.0, 1.0, 2.0"
"""bm25 weights of name, title, body, extra, facets, cjk."""
_POPULARITY = 0.04
"""What one popularity level counts in bm25's units (half the logarithm of the rank)."""

_ORDERS = {"updated": "d.modified DESC", "size": "d.bytes DESC", "rows": "d.rows DESC"}


class Plan(NamedTuple):
    """A query made ready: its MATCH expression, the range condition and its values."""

    match: str
    condition: str
    values: tuple[int | str, ...]
    filters: Filters
    named: tuple[int, ...] = ()
    """The slots of what is named just as asked; they come first, whether or not the words match."""
    hidden: frozenset[int] = frozenset()
    """The ids of matches that a copy of theirs stands for."""


def run(
    connection: sqlite3.Connection,
    query: Query,
    *,
    facets: Sequence[str] | None = None,
    top: int | None = None,
    help_spelling: bool = True,
    total: bool = True,
) -> Result:
    """Search an open registry. `facets` asks for counts over the result, of these facets (empty: of all), of the `top`
    terms of each (None: of all).

    `total` False spares the walk that counts all hits: `Result.total` is then only how many there are at least.

    Raises `Usage` for a flag value that names no term, `Retriable` when the deadline of the connection is over.
    """
    nested = connection.in_transaction
    try:
        if not nested:
            connection.execute("BEGIN")  # page, total and counts are of one moment, whoever writes meanwhile
        result, plan = _found(connection, query, help_spelling, total and facets is None)
        if facets is not None:
            result = _with_counts(connection, result, plan, facets, top)
        return replace(result, notes=(*query.notes, *plan.filters.notes))
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise Retriable("the search took too long and was stopped.", "Narrow it with a filter.") from error
        raise Fatal(f"the registry cannot be searched ({error}).", "Mend it with: catalog check --repair") from error
    finally:
        if not nested and connection.in_transaction:
            connection.execute("ROLLBACK")


def _found(connection: sqlite3.Connection, query: Query, help_spelling: bool, total: bool) -> tuple[Result, Plan]:
    """The page of a query, or of a better spelling of it, with the plan it was found by."""
    plan = _folded(connection, query, _with_named(connection, query, prepare(connection, query), query.text))
    result = _page(connection, query, plan, total)
    if help_spelling and query.words and result.total < FEW and not plan.named:
        better = corrected(connection, query, plan, result.total)
        if better is not None:
            text, match = better
            again = _folded(connection, query, _with_named(connection, query, plan._replace(match=match), text))
            found = _page(connection, query, again, total)
            if found.total > result.total:
                result, plan = replace(found, did_you_mean=text), again
    if not result.hits and query.offset == 0:
        result = replace(result, emptied_by=emptied_by(query, lambda other: total_of(connection, other)))
    return result, plan


def _with_counts(
    connection: sqlite3.Connection, result: Result, plan: Plan, facets: Sequence[str], top: int | None
) -> Result:
    """The result with its counts by facet; what is counted tells the total as well."""
    counts, size = count_facets(
        connection, plan.match, plan.condition, plan.values, facets, top, plan.named, hidden=plan.hidden
    )
    total = max(size, result.offset + len(result.hits))
    return replace(result, facets=counts, total=total, total_is_exact=True)


def prepare(connection: sqlite3.Connection, query: Query) -> Plan:
    """Look up the terms of a query and write its MATCH expression."""
    filters = resolve_filters(connection, query)
    texts = [word.text for word in query.words] + list(filters.text)
    terms = text_terms(connection, [*(part for text in texts for part in spellings(text)), *names(query.words)])
    condition, values = range_condition(query.ranges, missing=query.missing)
    return Plan(match_expression(query, filters, terms), condition, tuple(values), filters)


def total_of(connection: sqlite3.Connection, query: Query) -> int:
    """How many datasets a query finds."""
    return _count(connection, _folded(connection, query, prepare(connection, query)))


def _folded(connection: sqlite3.Connection, query: Query, plan: Plan) -> Plan:
    """The plan with what is hidden since a copy of it stands for it."""
    if not query.merge or not has_clusters(connection):
        return plan
    asked = term_names(connection, (f"{number:x}" for number in plan.filters.wanted.get("commercial", ()) if number))
    hidden = hidden_copies(
        connection,
        plan.match,
        plan.condition,
        plan.values,
        [slot & ID_MASK for slot in plan.named],
        frozenset(term for facet, term in asked.values() if facet == "commercial"),
    )
    return plan._replace(hidden=hidden)


def _with_named(connection: sqlite3.Connection, query: Query, plan: Plan, name: str) -> Plan:
    """The plan with the slots of what is named `name`, where the query looks for a name at all."""
    plain = all(word.kind != "prefix" and not word.negated for word in query.words)
    if not name or not plain or query.sort != "relevance" or plan.condition:
        return plan._replace(named=())
    return plan._replace(named=tuple(slots_named(connection, name, plan.filters)))


def _page(connection: sqlite3.Connection, query: Query, plan: Plan, count: bool) -> Result:
    """A page of hits, and how many there are."""
    slots = _sorted_slots(connection, query, plan) if query.sort in _ORDERS else _ranked_slots(connection, query, plan)
    seen = query.offset + len(slots)
    ended = len(slots) < query.limit and (bool(slots) or not query.offset)
    count = not ended and (count or not slots or seen < FEW)
    total = _count(connection, plan) if count else seen
    hits = read_hits(connection, slots, frozenset(plan.named), merge=query.merge)
    return Result(hits, total, query.offset, total_is_exact=ended or count)


def _ranked_slots(connection: sqlite3.Connection, query: Query, plan: Plan) -> list[int]:
    """The slots of a page by relevance or popularity, exact names first. Every page is cut from the same order."""
    end = query.offset + query.limit
    wanted = end + len(plan.hidden)
    if query.sort == "relevance" and query.words and query.offset < TIER + len(plan.named):
        score = f"bm25(search_index, {_WEIGHTS}) + {_POPULARITY} * (search_index.rowid >> {ID_BITS})"
        first = min(wanted, TIER)
        rows = _select(
            connection, plan, f"search_index.rowid AS r, {score} AS s", TIER, 0, f"ORDER BY s, r LIMIT {first}"
        )
        if wanted > TIER:
            rows += _select(connection, plan, "search_index.rowid AS r", wanted - TIER, TIER, "")
    else:
        rows = _select(connection, plan, "search_index.rowid AS r", wanted, 0, "")
    slots = [*plan.named, *(slot for slot in rows if slot not in plan.named)]
    return [slot for slot in slots if slot & ID_MASK not in plan.hidden][query.offset : end]


def _sorted_slots(connection: sqlite3.Connection, query: Query, plan: Plan) -> list[int]:
    """The slots of a page by a column, largest first; what says nothing of it comes last."""
    order = _ORDERS[query.sort]
    condition = f" AND {plan.condition}" if plan.condition else ""
    rows = connection.execute(
        f"SELECT search_index.rowid FROM search_index CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK} "
        f"WHERE search_index MATCH ?{condition} "
        f"ORDER BY {order}, search_index.rowid LIMIT ?",
        (plan.match, *plan.values, query.limit + query.offset + len(plan.hidden)),
    )
    slots = [slot for (slot,) in rows if slot & ID_MASK not in plan.hidden]
    return slots[query.offset : query.offset + query.limit]


def _select(connection: sqlite3.Connection, plan: Plan, columns: str, limit: int, offset: int, outer: str) -> list[int]:
    """Slots of the `limit` most popular matches, reordered by `outer`."""
    join = condition = ""
    if plan.condition:
        join = f" CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK}"
        condition = f" AND {plan.condition}"
    inner = (
        f"SELECT {columns} FROM search_index{join} WHERE search_index MATCH ?{condition} "
        "ORDER BY search_index.rowid LIMIT ? OFFSET ?"
    )
    values = (plan.match, *plan.values, limit, offset)
    return [slot for (slot,) in connection.execute(f"SELECT r FROM ({inner}) {outer}", values)]


def _count(connection: sqlite3.Connection, plan: Plan) -> int:
    join = f" CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK}" if plan.condition else ""
    condition = f" AND {plan.condition}" if plan.condition else ""
    row = connection.execute(
        f"SELECT count(*) FROM search_index{join} WHERE search_index MATCH ?{condition}", (plan.match, *plan.values)
    ).fetchone()
    statement = "SELECT 1 FROM search_index WHERE search_index MATCH ? AND rowid = ?"
    beside = (slot for slot in plan.named if connection.execute(statement, (plan.match, slot)).fetchone() is None)
    return int(row[0]) + sum(1 for _slot in beside) - len(plan.hidden)
