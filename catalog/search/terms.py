"""Facet terms as a reader looks them up: by any spelling, from the registry's own tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from catalog.errors import Usage
from catalog.index.keys import cjk_runs, name_norm
from catalog.search.query import Query, Word, storable

CLOSED_FACETS = ("domain", "task", "commercial", "modality", "genre", "format", "access", "language", "size")
"""Facets with a fixed vocabulary: a value outside it is a mistake. In the others it only matches nothing."""

TEXT_FACETS = ("domain", "task", "genre", "modality", "language")
"""Facets whose terms free words stand for too: `medical` finds what is tagged medical."""

LONGEST_ALIAS = 8
"""Characters of the longest CJK spelling of a term that is looked for inside a run."""

LONGEST_NAME = 4
"""Words of the longest spelling of a term that is looked for among free words."""


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
    row = connection.execute(
        "SELECT term_id FROM term_alias WHERE norm = ? AND facet = ?", (name_norm(value), facet)
    ).fetchone()
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


def text_terms(connection: sqlite3.Connection, words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The terms that folded words stand for, over all text facets: folded word -> term numbers."""
    norms = [norm for norm in dict.fromkeys(words) if norm]
    found: dict[str, tuple[int, ...]] = {}
    for start in range(0, len(norms), 500):
        chunk = norms[start : start + 500]
        rows = connection.execute(
            f"SELECT norm, facet, term_id FROM term_alias WHERE norm IN ({','.join('?' * len(chunk))})", chunk
        )
        for norm, facet, number in rows:
            if facet in TEXT_FACETS:
                found[norm] = (*found.get(norm, ()), number)
    return found


def spellings(word: str) -> list[str]:
    """What of a word may be the spelling of a term: the folded word, and each part of its CJK runs."""
    parts = [name_norm(word)]
    for run in cjk_runs(word):
        for start in range(len(run)):
            parts.extend(run[start : start + size] for size in range(2, min(LONGEST_ALIAS, len(run) - start) + 1))
    return parts


def together(words: Sequence[Word], size: int) -> str:
    """What `size` neighbouring words may spell together, folded; "" where there are fewer, or one is no plain word."""
    if len(words) < size or any(word.kind != "word" or word.negated for word in words):
        return ""
    return name_norm("".join(word.text for word in words))


def names(words: Sequence[Word]) -> list[str]:
    """What two to four neighbouring words may spell together."""
    starts = range(len(words))
    sizes = range(2, LONGEST_NAME + 1)
    return [norm for at in starts for size in sizes if (norm := together(words[at : at + size], size))]


def segments(run: str, known: Mapping[str, tuple[int, ...]]) -> list[str] | None:
    """A CJK run cut into spellings of terms, longest first, or None when it is not made of at least two of them."""
    parts: list[str] = []
    start = 0
    while start < len(run):
        for size in range(min(LONGEST_ALIAS, len(run) - start), 1, -1):
            if run[start : start + size] in known:
                parts.append(run[start : start + size])
                start += size
                break
        else:
            return None
    return parts if len(parts) > 1 else None
