"""Facet terms as a reader looks them up: by any spelling, from the registry's own tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from catalog.errors import Usage
from catalog.index.han import simplified
from catalog.index.keys import name_norm
from catalog.search.query import Query, storable
from catalog.search.understand import TEXT_FACETS, Term

CLOSED_FACETS = ("domain", "task", "commercial", "modality", "genre", "format", "access", "language", "size")
"""Facets with a fixed vocabulary: a value outside it is a mistake. In the others it only matches nothing."""


class Filters(NamedTuple):
    """The filters of a query with their terms: facet -> term numbers. Number 0 stands for a value nothing has."""

    wanted: Mapping[str, tuple[int, ...]]
    unwanted: Mapping[str, tuple[int, ...]]
    text: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def resolve_filters(connection: sqlite3.Connection, query: Query) -> Filters:
    """Find the terms of a query's filters. Raises `Usage` for a flag that names no term of a fixed vocabulary.

    A value from free text that names no term becomes text, with a note that says so.
    """
    text: list[str] = []
    notes: list[str] = []
    sides: list[dict[str, tuple[int, ...]]] = []
    for side in (query.filters, query.excluded):
        found: dict[str, tuple[int, ...]] = {}
        for facet, values in side.items():
            numbers = []
            for value in dict.fromkeys(values):
                number = _number(connection, facet, storable(value))
                if number is not None:
                    numbers.append(number)
                    if not number:
                        notes.append(_unknown(connection, facet, value))
                elif (facet, value) in query.loose and side is query.excluded:
                    notes.append(f"{_unknown(connection, facet, value)} Nothing was excluded for it.")
                elif (facet, value) in query.loose:
                    text.append(value)
                    notes.append(f"{_unknown(connection, facet, value)} It was searched as text.")
                else:
                    raise Usage(_unknown(connection, facet, value), f"List them with: catalog facets {facet}")
            if numbers:
                found[facet] = tuple(numbers)
        sides.append(found)
    return Filters(sides[0], sides[1], tuple(text), tuple(notes))


def _number(connection: sqlite3.Connection, facet: str, value: str) -> int | None:
    norm = simplified(name_norm(value))
    row = connection.execute("SELECT term_id FROM term_alias WHERE norm = ? AND facet = ?", (norm, facet)).fetchone()
    if row is not None:
        return int(row[0])
    return None if facet in CLOSED_FACETS else 0


def _unknown(connection: sqlite3.Connection, facet: str, value: str) -> str:
    from difflib import get_close_matches

    rows = connection.execute(
        "SELECT a.norm, t.term FROM term_alias a JOIN term t ON t.id = a.term_id WHERE a.facet = ?", (facet,)
    )
    names: dict[str, str] = dict(rows.fetchall())
    near = get_close_matches(name_norm(value), names, n=3, cutoff=0.6)
    guess = " or ".join(dict.fromkeys(names[norm] for norm in near))
    return f"no {facet} {value[:60]!r}; did you mean {guess}?" if guess else f"no {facet} {value[:60]!r}."


def spellings(connection: sqlite3.Connection, norms: Iterable[str]) -> dict[str, tuple[Term, ...]]:
    """The terms that folded spellings stand for, over all text facets, in the order of these."""
    asked = [norm for norm in dict.fromkeys(norms) if norm]
    found: dict[str, list[Term]] = {}
    for start in range(0, len(asked), 500):
        chunk = asked[start : start + 500]
        rows = connection.execute(
            "SELECT a.norm, a.facet, t.term, t.id FROM term_alias a JOIN term t ON t.id = a.term_id "
            f"WHERE a.norm IN ({','.join('?' * len(chunk))})",
            chunk,
        )
        for norm, facet, term, number in rows:
            if facet in TEXT_FACETS:
                found.setdefault(norm, []).append(Term(facet, term, number))
    return {norm: tuple(sorted(terms, key=lambda term: TEXT_FACETS.index(term.facet))) for norm, terms in found.items()}
