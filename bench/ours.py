"""Our side of every comparison: the one file here that knows the catalog's own API.

`python -m bench.ours load CORPUS REGISTRY` reads a corpus into a registry; run again it is a re-harvest.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from catalog.search.facets import count_facets
from catalog.search.hits import Result
from catalog.search.query import Query
from catalog.search.run import prepare, run
from catalog.sqlite import connect_for_reading

Counts = dict[tuple[str, str], int]

PAGE: Final = 20
_WHOLE_PAGE: Final = 1_000


def load(source: Path, registry: Path) -> None:
    """Read a corpus into a registry, as `catalog import records` does; entries that are known are passed over."""
    from catalog.registry import Registry
    from catalog.registry.lines import import_lines, read_lines
    from catalog.workers import Workers

    with (
        Workers.of_this_machine() as workers,
        Registry.open(registry, create=True) as opened,
        source.open("rb") as file,
    ):
        done = import_lines(opened, read_lines(file), origin=source.name, workers=workers)
    if done.skipped:
        raise SystemExit(f"{done.skipped} lines were skipped")


class OurSearch:
    """Search over a registry file, in this process."""

    def __init__(self, registry: Path) -> None:
        self._connection = connect_for_reading(registry)

    def result(self, text: str) -> Result:
        """The first page for a query string, hits filled in, with the exact total: what a user gets."""
        return run(self._connection, Query.parse(text))

    def hits(self, text: str) -> Result:
        """The first page, hits filled in; the matches are not counted."""
        return run(self._connection, Query.parse(text), total=False)

    def exact(self, text: str) -> Result:
        """The same for the words alone: no terms are read into them, no other spellings or fewer words tried."""
        return run(self._connection, Query.parse(text), total=False, help_spelling=False)

    def page(self, text: str) -> list[str]:
        """The keys of the first page."""
        return [hit.key for hit in self.hits(text)]

    def as_typed(self, text: str) -> list[str]:
        """The keys of the first page without spelling help."""
        return [hit.key for hit in run(self._connection, Query.parse(text), help_spelling=False)]

    def all_keys(self, text: str) -> set[str]:
        """The keys of every page."""
        keys: set[str] = set()
        while True:
            query = Query.parse(text, limit=_WHOLE_PAGE, offset=len(keys), sort="popularity")
            hits = run(self._connection, query, help_spelling=False).hits
            keys.update(hit.key for hit in hits)
            if len(hits) < _WHOLE_PAGE:
                return keys

    def facet_counts(self, text: str) -> Counts:
        """The counts of every term of every facet over the whole result, and nothing else."""
        plan = prepare(self._connection, Query.parse(text))
        counted, _size = count_facets(self._connection, plan.match, plan.condition, plan.values, ())
        return {(facet, each.term): each.count for facet, counts in counted.items() for each in counts}

    def page_and_counts(self, text: str) -> Result:
        """The first page with the counts of all facets."""
        return run(self._connection, Query.parse(text), facets=())


if __name__ == "__main__":
    if sys.argv[1] != "load":
        raise SystemExit(__doc__)
    load(Path(sys.argv[2]), Path(sys.argv[3]))
