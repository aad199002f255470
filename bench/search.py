"""Search, warm: our first page and facet counts against sqlite-utils, tantivy and SQL, by how much a word matches.

`python -m bench.search --rows 100000`. Words that 50%, 10%, 1% and 0.1% of the rows hold are planted in the corpus, so
the classes are exact. Ours is what a user gets: the query parsed, names looked up, 20 hits filled in with their tags.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from bench.measure import ROUNDS, Figure, alternate, each_of, keep, table
from bench.ours import OurSearch
from bench.peers import BareSearch, Counts, SqliteUtilsSearch, TantivySearch
from bench.queries import read_queries
from bench.stores import all_of, queries_file, store
from bench.words import PLANTED
from catalog import vocabulary

CLASSES: Final = {500: "50%", 100: "10%", 10: "1%", 1: "0.1%"}
EXACT: Final = ", --exact"
"""Ends the name of a class whose words we search as typed, as the peers do."""
SHARE: Final = 12
"""Queries taken of a kind that has many."""


def classes(rows: int) -> dict[str, list[str]]:
    """Class of query -> the queries that are timed."""
    found = {f"{CLASSES[share]} of rows": list(words) for share, words in PLANTED.items()}
    asked = read_queries(queries_file(rows))
    found["10% and 10%"] = [f"{a} {b}" for a, b in zip(PLANTED[100], PLANTED[100][1:] + PLANTED[100][:1], strict=True)]
    found["two words"] = [case.q for case in asked["two words"][:SHARE]]
    found[f"two words{EXACT}"] = found["two words"]
    found["known name"] = [case.q for case in asked["known-item"][:SHARE]]
    return found


def milliseconds(figure: Figure) -> str:
    """A figure of seconds as milliseconds."""
    return figure.show(1000, 2 if figure.median > 0.001 else 3)


def times(figure: Figure) -> str:
    """A ratio; below one as 1/n."""
    return f"{figure.median:.2f}" if figure.median >= 1 else f"1/{1 / figure.median:.1f}"


def latency(rows: int, rounds: int) -> str:
    """The first page, side by side: the hits alone, and the hits with the exact number of matches."""
    stores = all_of(("registry", "sqlite-utils", "tantivy"), rows)
    ours, tantivy = OurSearch(stores["registry"]), TantivySearch(stores["tantivy"])
    sides: dict[str, Callable[[str], object]] = {
        "ours": ours.hits,
        "sqlite-utils": SqliteUtilsSearch(stores["sqlite-utils"]).page,
        "tantivy, keys": tantivy.page,
        "ours + total": ours.result,
        "tantivy, hits + total": tantivy.hits,
    }
    pairs = (("ours", "sqlite-utils"), ("ours", "tantivy, keys"), ("ours + total", "tantivy, hits + total"))
    lines = []
    for name, queries in classes(rows).items():
        pages = {**sides, "ours": ours.exact} if name.endswith(EXACT) else sides
        found = alternate({side: each_of(page, queries) for side, page in pages.items()}, rounds)
        ratios = [times(found[mine].over(found[theirs])) for mine, theirs in pairs]
        lines.append([name, *(milliseconds(figure) for figure in found.values()), *ratios])
    return table(["query", *(f"{side}, ms" for side in sides), *(f"{a} / {b}" for a, b in pairs)], lines)


def agree(ours: Counts, theirs: Counts, parents: set[tuple[str, str]]) -> None:
    """Raises `RuntimeError` unless both count the same; a term with terms below it counts those too, here only."""
    for pair, count in theirs.items():
        mine = ours.get(pair, 0)
        if mine != count and not (pair in parents and mine > count):
            raise RuntimeError(f"{pair}: {mine} here, {count} by SQL")


def parents() -> set[tuple[str, str]]:
    """Every term that has terms below it."""
    known = vocabulary.load()
    return {(facet, above) for facet in known.facets for term in known.terms(facet) for above in term.parents}


def facet_counts(rows: int, rounds: int) -> str:
    """Exact counts of all facets over the whole result, side by side; the numbers themselves are compared first."""
    stores = all_of(("registry", "bare", "tantivy"), rows)
    ours, bare, tantivy = OurSearch(stores["registry"]), BareSearch(stores["bare"]), TantivySearch(stores["tantivy"])
    lines, above = [], parents()
    for share, words in PLANTED.items():
        for word in words:
            agree(ours.facet_counts(word), bare.facet_counts(word), above)
        sides: dict[str, Callable[[str], object]] = {
            "ours": ours.facet_counts,
            "page": ours.page_and_counts,
            "join": bare.facet_counts,
            "tantivy": tantivy.facet_counts,
        }
        found = alternate({side: each_of(count, words) for side, count in sides.items()}, rounds)
        ratios = [times(found["ours"].over(found[side])) for side in ("join", "tantivy")]
        lines.append([f"{CLASSES[share]} of rows", *(milliseconds(found[side]) for side in sides), *ratios])
    headers = [
        "query",
        "ours, ms",
        "with the page, ms",
        "SQL join, ms",
        "tantivy, ms",
        "ours / join",
        "ours / tantivy",
    ]
    return table(headers, lines)


def growth(small: int, large: int, rounds: int) -> str:
    """The same queries over a small and a large registry."""
    sides = {rows: OurSearch(store("registry", rows)).page for rows in (small, large)}
    lines = []
    for name, queries in classes(small).items():
        found = alternate({str(rows): each_of(page, queries) for rows, page in sides.items()}, rounds)
        few, many = found[str(small)], found[str(large)]
        lines.append([name, milliseconds(few), milliseconds(many), times(many.over(few))])
    return table(["query", f"{small:,} rows, ms", f"{large:,} rows, ms", "growth"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure search in a warm process.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--from", type=int, dest="small", metavar="ROWS", help="also measure growth from so many rows")
    options = parser.parse_args(given)
    command = f"python -m bench.search --rows {options.rows}"
    keep(f"search {options.rows}", latency(options.rows, options.rounds), command)
    keep(f"facets {options.rows}", facet_counts(options.rows, options.rounds), command)
    if options.small:
        keep("growth", growth(options.small, options.rows, options.rounds), f"{command} --from {options.small}")


if __name__ == "__main__":
    main()
