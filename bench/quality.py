"""Whether search finds what it should, on the generated query set: `python -m bench.quality --rows 100000`.

The corpus is made of invented words, so these are known-item figures: does the dataset that was meant come up.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Sequence

from bench.measure import keep, table
from bench.ours import OurSearch
from bench.queries import Case, read_queries
from bench.stores import queries_file, store

Page = Callable[[str], list[str]]


def rank_of(hits: Sequence[str], targets: Iterable[str]) -> int:
    """The place of the first target among the hits, from 1; 0 when there is none."""
    wanted = set(targets)
    return next((place for place, key in enumerate(hits, start=1) if key in wanted), 0)


def timed(page: Page, case: Case) -> tuple[list[str], float]:
    """The hits of a query, and the milliseconds of a second asking."""
    hits = page(case.q)
    started = time.perf_counter()
    page(case.q)
    return hits, (time.perf_counter() - started) * 1000


def found_line(name: str, page: Page, cases: Sequence[Case]) -> list[str]:
    """Hit rate and mean reciprocal rank among the first 20, and how long a query takes."""
    answers = [(*timed(page, case), case) for case in cases]
    ranks = [rank_of(hits, case.targets) for hits, _, case in answers]
    hit = statistics.fmean(rank > 0 for rank in ranks)
    mrr = statistics.fmean(1 / rank if rank else 0.0 for rank in ranks)
    spent = sorted(ms for _, ms, _ in answers)
    percentiles = f"{statistics.median(spent):.2f} / {spent[int(len(spent) * 0.95)]:.2f}"
    return [name, str(len(cases)), f"{hit:.3f}", f"{mrr:.3f}", percentiles]


def names(search: OurSearch, asked: dict[str, list[Case]]) -> str:
    """Known names, misspelt names, prefixes."""
    lines = [
        found_line("name as it is", search.page, asked["known-item"]),
        found_line("one edit in its first word", search.page, asked["typo"]),
        found_line("the same without spelling help", search.as_typed, asked["typo"]),
        found_line("its first 4 or 5 letters*", search.page, asked["prefix"]),
    ]
    return table(["what is typed", "queries", "hit@20", "MRR@20", "p50 / p95, ms"], lines)


def whole_answers(search: OurSearch, asked: dict[str, list[Case]]) -> str:
    """Queries whose whole answer a scan of the corpus told: recall and precision over all pages, and time."""
    lines = []
    for kind in ("chinese 2", "chinese 3", "chinese 4", "two words"):
        recalls, precisions, spent = [], [], []
        for case in asked[kind]:
            found, wanted = search.all_keys(case.q), set(case.targets)
            recalls.append(len(found & wanted) / len(wanted))
            precisions.append(len(found & wanted) / len(found) if found else 0.0)
            spent.append(timed(search.page, case)[1])
        figures = [f"{min(recalls):.3f}", f"{statistics.fmean(recalls):.3f}", f"{statistics.fmean(precisions):.3f}"]
        lines.append([kind, str(len(spent)), *figures, f"{statistics.median(spent):.2f} / {max(spent):.2f}"])
    return table(["query", "queries", "least recall", "recall", "precision", "p50 / max, ms"], lines)


def totals(search: OurSearch, asked: dict[str, list[Case]]) -> str:
    """Filters and words with filters: whether the total is what a scan counted."""
    lines = []
    for kind in ("facet", "two facets", "word and facet"):
        right, spent = 0, []
        for case in asked[kind]:
            right += search.result(case.q).total == case.count
            spent.append(timed(search.page, case)[1])
        times = f"{statistics.median(spent):.2f} / {max(spent):.2f}"
        lines.append([kind, asked[kind][0].q, f"{right} of {len(spent)}", times])
    return table(["query", "for example", "totals that are exact", "p50 / max, ms"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check what search finds against the generated query set.")
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args(given)
    search = OurSearch(store("registry", options.rows))
    asked = read_queries(queries_file(options.rows))
    parts = [make(search, asked) for make in (names, whole_answers, totals)]
    keep(f"quality {options.rows}", "\n\n".join(parts), f"python -m bench.quality --rows {options.rows}")


if __name__ == "__main__":
    main()
