"""`run(connection, query)`: the page of hits, the total, and what helps when there are few.

Ranking (measured in bench/README.md): what is named exactly as asked comes first; then bm25 with column weights plus a
popularity term over the `TIER` most popular matches (`catalog.search.rank`); further pages go on by popularity.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from catalog.errors import Fatal, Retriable
from catalog.index.keys import ID_MASK
from catalog.search.bitmaps import kept_count, matches
from catalog.search.explain import emptied_by
from catalog.search.facets import count_facets
from catalog.search.fold import has_clusters, hidden_copies
from catalog.search.hits import Result, read_hits, term_names
from catalog.search.match import first_expressions, match_expression, range_condition, whole_expressions
from catalog.search.names import slots_named
from catalog.search.query import Query, Word
from catalog.search.rank import SCORE, TIER, best_of_common
from catalog.search.suggest import readings
from catalog.search.terms import Filters, resolve_filters, spellings
from catalog.search.understand import Part, Reading, Term, as_typed, looked_up, named, read

FEW = 3
"""Fewer hits than this, and other spellings are tried."""

MOST_PARTS = 6
"""Words of a query that finds little, of which one is left out to find more."""

BROAD = 1_000
"""More matches than this are counted by what the registry keeps of terms and words, where it can be done."""

VERDICTS = frozenset({"yes", "no", "conditions", "unknown"})

_ORDERS = {
    "updated": "d.modified DESC",
    "size": "d.bytes DESC",
    "rows": "d.rows DESC",
    "name": "d.name_norm = '', d.name_norm",
}


class Plan(NamedTuple):
    """A query made ready: its MATCH expression, the range condition and its values."""

    match: str
    condition: str
    values: tuple[int | str, ...]
    filters: Filters
    reading: Reading
    earlier: tuple[str, ...] = ()
    """MATCH expressions of what comes first, and next: parts of what `match` holds."""
    named: tuple[int, ...] = ()
    """The slots of what is named just as asked; they come first, whether or not the words match."""
    hidden: frozenset[int] = frozenset()
    """The ids of matches that a copy of theirs stands for."""
    unwanted: tuple[Term, ...] = ()
    """The terms that excluded words name: what carries one is excluded as well."""


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


def _found(connection: sqlite3.Connection, query: Query, help: bool, total: bool) -> tuple[Result, Plan]:
    """The page of a query, or of a better spelling of it, with the plan it was found by."""
    plan = _ready(connection, query, prepare(connection, query, understand=help), query.text)
    result = _page(connection, query, plan, total)
    if help and plan.reading.units and result.total < FEW and not plan.named:
        result, plan = _respelt(connection, query, result, plan, total)
        if result.total < FEW and not plan.named:
            result, plan = _relaxed(connection, query, result, plan, total)
    if not result.hits and query.offset == 0:
        result = replace(result, emptied_by=emptied_by(query, lambda other: total_of(connection, other)))
    said = (*dict.fromkeys(map(_said, plan.reading.terms)), *(f"-{_said([term])}" for term in plan.unwanted))
    return replace(result, read_as=said), plan


def _said(terms: Sequence[Term]) -> str:
    """The terms that a part of the words was read as, as filters are typed."""
    return " or ".join(f"{term.facet}:{term.id}" for term in terms)


def _respelt(
    connection: sqlite3.Connection, query: Query, result: Result, plan: Plan, total: bool
) -> tuple[Result, Plan]:
    """The page of the likeliest spelling that finds anything, where that is more than the words as typed do."""

    def known(word: str) -> tuple[Term, ...]:
        words = [Word(word)]
        return named(words, spellings(connection, looked_up(words)))

    for reading in readings(connection, plan.reading, known, found=result.total > 0):
        other = _planned(query, plan.filters, reading, plan.unwanted)
        if _count(connection, other, 1):
            again = _ready(connection, query, other, reading.text)
            found = _page(connection, query, again, total)
            better = found.total > result.total
            return (replace(found, did_you_mean=reading.text), again) if better else (result, plan)
    return result, plan


def _relaxed(
    connection: sqlite3.Connection, query: Query, result: Result, plan: Plan, total: bool
) -> tuple[Result, Plan]:
    """The page with what holds all parts of the words but one behind it, where that is more.

    Left out is what leaves the fewest, though not too few; a language or a license only where nothing else helps.
    """
    parts = plan.reading.parts
    found: list[tuple[bool, bool, int, Part, Plan]] = []
    for part in parts if 1 < len(parts) <= MOST_PARTS else ():
        other = _planned(query, plan.filters, plan.reading.without(part), plan.unwanted)
        count = _count(connection, other, TIER)
        if count > result.total:
            binding = any(term.facet in ("language", "commercial", "license") for term in part.terms)
            found.append((binding, count < FEW, count if count >= FEW else -count, part, other))
    if not found:
        return result, plan
    *_order, part, other = min(found, key=lambda each: each[:3])
    wider = other._replace(earlier=(*plan.earlier, plan.match, *other.earlier), reading=plan.reading)
    again = _ready(connection, query, wider, plan.reading.text)
    more = replace(_page(connection, query, again, total), did_you_mean=result.did_you_mean, left_out=part.text)
    return more, again


def _with_counts(
    connection: sqlite3.Connection, result: Result, plan: Plan, facets: Sequence[str], top: int | None
) -> Result:
    """The result with its counts by facet; what is counted tells the total as well."""
    counts, size = count_facets(
        connection, plan.match, plan.condition, plan.values, facets, top, plan.named, hidden=plan.hidden
    )
    total = max(size, result.offset + len(result.hits) if result.hits else 0)
    return replace(result, facets=counts, total=total, total_is_exact=True)


def prepare(connection: sqlite3.Connection, query: Query, understand: bool = True) -> Plan:
    """Look up the terms of a query and write its MATCH expressions. Without `understand` words are only words."""
    filters = resolve_filters(connection, query)
    words = [*query.words, *map(Word, filters.text)]
    known = spellings(connection, looked_up(words)) if understand and words else {}
    unwanted = tuple(term for word in words if word.negated for term in named([word], known))
    return _planned(query, filters, read(words, known) if understand else as_typed(words), unwanted)


def _planned(query: Query, filters: Filters, reading: Reading, unwanted: tuple[Term, ...] = ()) -> Plan:
    """The plan of a reading."""
    condition, values = range_condition(query.ranges, missing=query.missing)
    whole = match_expression(query, filters, whole_expressions(reading), unwanted)
    first = first_expressions(reading)
    earlier = (match_expression(query, filters, first, unwanted),) if first else ()
    return Plan(whole, condition, tuple(values), filters, reading, earlier, unwanted=unwanted)


def _ready(connection: sqlite3.Connection, query: Query, plan: Plan, name: str) -> Plan:
    """The plan with what is named `name`, and what a copy stands for."""
    return _folded(connection, query, _with_named(connection, query, plan, name))


def total_of(connection: sqlite3.Connection, query: Query) -> int:
    """How many datasets a query finds."""
    return _count(connection, _folded(connection, query, prepare(connection, query)))


def _folded(connection: sqlite3.Connection, query: Query, plan: Plan) -> Plan:
    """The plan with what is hidden since a copy of it stands for it."""
    if not query.merge or not has_clusters(connection):
        return plan
    hidden = hidden_copies(
        connection,
        plan.match,
        plan.condition,
        plan.values,
        [slot & ID_MASK for slot in plan.named],
        _verdicts_asked(connection, plan.filters),
    )
    return plan._replace(hidden=hidden)


def _verdicts_asked(connection: sqlite3.Connection, filters: Filters) -> frozenset[str]:
    """The verdicts on commercial use that filters let through; none where they do not speak of it."""
    numbers = [each for side in (filters.wanted, filters.unwanted) for each in side.get("commercial", ()) if each]
    names = term_names(connection, [f"{number:x}" for number in numbers])
    wanted, unwanted = (
        {names[f"{number:x}"][1] for number in side.get("commercial", ()) if number}
        for side in (filters.wanted, filters.unwanted)
    )
    return frozenset((wanted or VERDICTS) - unwanted) if wanted or unwanted else frozenset()


def _with_named(connection: sqlite3.Connection, query: Query, plan: Plan, name: str) -> Plan:
    """The plan with the slots of what is named `name`, where the query looks for a name at all.

    Where all of the words name terms, an owner's dataset of that name has to hold them too.
    """
    plain = all(word.kind != "prefix" and not word.negated for word in query.words)
    if not name or not plain or query.sort != "relevance" or plan.condition:
        return plan._replace(named=())
    within = plan.earlier[0] if plan.earlier and plan.reading.is_all_terms else ""
    slots = slots_named(connection, name, plan.filters, within)
    if not slots and plan.reading.telling != name:
        slots = slots_named(connection, plan.reading.telling, plan.filters, within)
    return plan._replace(named=tuple(slots))


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
    if query.sort != "relevance" or not query.words:
        rows = _select(connection, plan, plan.match, "search_index.rowid AS r", wanted, 0, "")
    else:
        rows = []
        for match in _levels(plan):
            if len(rows) < wanted:
                rows += _scored(connection, plan, match, wanted - len(rows))
    slots = [*plan.named, *(slot for slot in rows if slot not in plan.named)]
    return [slot for slot in slots if slot & ID_MASK not in plan.hidden][query.offset : end]


def _levels(plan: Plan) -> Iterator[str]:
    """What comes first, then what else matches: each without those before it."""
    before: list[str] = []
    for match in (*plan.earlier, plan.match):
        yield f"({match}) NOT ({' OR '.join(before)})" if before else match
        before.append(f"({match})")


def _scored(connection: sqlite3.Connection, plan: Plan, match: str, wanted: int) -> list[int]:
    """The slots of matches: the most popular by score, what is beyond them by popularity.

    One match needs no score: that would walk all that hold any of the words.
    """
    if " " in match:
        first = _select(connection, plan, match, "search_index.rowid AS r", 2, 0, "")
        if len(first) < 2:
            return first
    rows = None if plan.condition else best_of_common(connection, match, wanted)
    if rows is None:
        outer = f"ORDER BY s, r LIMIT {min(wanted, TIER)}"
        rows = _select(connection, plan, match, f"search_index.rowid AS r, {SCORE} AS s", TIER, 0, outer)
    if wanted > TIER:
        rows += _select(connection, plan, match, "search_index.rowid AS r", wanted - TIER, TIER, "")
    return rows


def _sorted_slots(connection: sqlite3.Connection, query: Query, plan: Plan) -> list[int]:
    """The slots of a page by a column, largest first (names from a to z); what says nothing of it comes last."""
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


def _select(
    connection: sqlite3.Connection, plan: Plan, match: str, columns: str, limit: int, offset: int, outer: str
) -> list[int]:
    """Slots of the `limit` most popular matches, reordered by `outer`."""
    join = condition = ""
    if plan.condition:
        join = f" CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK}"
        condition = f" AND {plan.condition}"
    inner = (
        f"SELECT {columns} FROM search_index{join} WHERE search_index MATCH ?{condition} "
        "ORDER BY search_index.rowid LIMIT ? OFFSET ?"
    )
    values = (match, *plan.values, limit, offset)
    return [slot for (slot,) in connection.execute(f"SELECT r FROM ({inner}) {outer}", values)]


def _count(connection: sqlite3.Connection, plan: Plan, most: int | None = None) -> int:
    """How many match, counted no further than `most`."""
    statement = "SELECT 1 FROM search_index WHERE search_index MATCH ? AND rowid = ?"
    beside = (slot for slot in plan.named if connection.execute(statement, (plan.match, slot)).fetchone() is None)
    return _matching(connection, plan, most) + sum(1 for _slot in beside) - len(plan.hidden)


def _matching(connection: sqlite3.Connection, plan: Plan, most: int | None) -> int:
    found = f"FROM {matches(plan.condition)}"
    values = (plan.match, *plan.values)
    limit = BROAD if most is None else most
    count: int = connection.execute(f"SELECT count(*) FROM (SELECT 1 {found} LIMIT {limit})", values).fetchone()[0]
    if most is not None or count < BROAD:
        return count
    kept = None if plan.condition else kept_count(connection, plan.match)
    return int(connection.execute(f"SELECT count(*) {found}", values).fetchone()[0]) if kept is None else kept
