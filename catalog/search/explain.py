"""Why a result is empty: the filters without which there would be hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from catalog.search.query import RANGES, Query


def emptied_by(query: Query, total: Callable[[Query], int]) -> tuple[tuple[str, int], ...]:
    """Each part of the query without which there would be hits, as typed, and how many; most first."""
    parts = list(parts_of(query))
    if len(parts) < 2 and query.words:
        return ()
    found = [(name, total(without)) for name, without in parts]
    return tuple(sorted(((name, count) for name, count in found if count), key=lambda pair: -pair[1]))


def parts_of(query: Query) -> Iterator[tuple[str, Query]]:
    """Each filter, range and the text of a query, named as a flag, with the query that lacks it."""
    for facet, values in query.filters.items():
        rest = {name: each for name, each in query.filters.items() if name != facet}
        yield f"--{facet} {','.join(values)}", replace(query, filters=rest)
    for facet, values in query.excluded.items():
        rest = {name: each for name, each in query.excluded.items() if name != facet}
        yield f"--not-{facet} {','.join(values)}", replace(query, excluded=rest)
    for column in query.ranges:
        name = next(flag for flag, target in RANGES.items() if target == column)
        yield f"--{name}", replace(query, ranges={each: span for each, span in query.ranges.items() if each != column})
    if query.words and (query.filters or query.excluded or query.ranges):
        yield f"the words {query.text!r}", replace(query, words=())
    elif len(query.words) > 1:
        for word in query.words:
            yield f"the word {word.text!r}", replace(query, words=tuple(each for each in query.words if each != word))
