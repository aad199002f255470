"""Why a result is empty: the filters without which there would be hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from catalog.search.query import RANGES, Query, Range

Part = tuple[str, dict[str, object], dict[str, object]]
"""A part of a query, named as typed; the fields of the query without it, and those of a query of it alone."""

Value = TypeVar("Value")

_NOTHING: dict[str, object] = {"words": (), "filters": {}, "excluded": {}, "ranges": {}}


def emptied_by(query: Query, total: Callable[[Query], int]) -> tuple[tuple[str, int], ...]:
    """Each part of the query without which there would be hits, as typed, and how many; most first.

    Where no part helps by itself, each that finds nothing even alone, with 0.
    """
    parts = list(parts_of(query))
    if len(parts) < 2 and query.words:
        return ()
    found = [(name, total(replace(query, **without))) for name, without, _alone in parts]  # type: ignore[arg-type]
    helping = sorted(((name, count) for name, count in found if count), key=lambda pair: -pair[1])
    if helping or len(parts) < 2:
        return tuple(helping)
    alone = ((name, total(replace(query, **{**_NOTHING, **fields}))) for name, _without, fields in parts)  # type: ignore[arg-type]
    return tuple((name, 0) for name, count in alone if not count)


def parts_of(query: Query) -> Iterator[Part]:
    """Each filter, range and the text of a query; the words one by one where there is nothing else."""
    for side, flag in (("filters", "--"), ("excluded", "--not-")):
        filters = getattr(query, side)
        for facet, values in filters.items():
            name = f"{flag}{'lang' if facet == 'language' else facet} {','.join(values)}"
            yield name, {side: _but(filters, facet)}, {side: {facet: values}}
    for column, span in query.ranges.items():
        flag = next(flag for flag, target in RANGES.items() if target == column)
        yield f"--{flag} {_typed(span)}", {"ranges": _but(query.ranges, column)}, {"ranges": {column: span}}
    if query.words and (query.filters or query.excluded or query.ranges):
        yield f"the words {query.text!r}", {"words": ()}, {"words": query.words}
    elif len(query.words) > 1:
        for word in query.words:
            rest = tuple(each for each in query.words if each != word)
            yield f"the word {word.text!r}", {"words": rest}, {"words": (word,)}


def _but(parts: Mapping[str, Value], name: str) -> dict[str, Value]:
    return {each: value for each, value in parts.items() if each != name}


def _typed(span: Range) -> str:
    """A range as it may be typed: 10000.., ..2024-06, 2019..2019."""
    low, high = ("" if bound is None else str(bound).removesuffix("\uffff") for bound in span)
    return f"{low}..{high}"
