"""`python -m bench.relevance`: the figures by class of query, over two halves of the queries.

One half is what weights may be tuned on, the other is not looked at for that: where the two differ much, something was
fitted to single queries. A query's half is told by a checksum of its text.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.measure import keep, table
from bench.relevance.corpus import SHARED, build
from bench.relevance.judge import DEPTH, Case, Figures, cases, figures, mean
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import connect_for_reading

SECTION = "relevance"


def is_tuned(case: Case) -> bool:
    """Whether weights may be tuned on a query."""
    return zlib.crc32(case.text.encode()) % 2 == 0


def answers(registry: Path, asked: Iterable[Case]) -> list[tuple[Case, Figures, list[str]]]:
    """Each query with its figures and the keys of its hits."""
    connection = connect_for_reading(registry)
    found = []
    for case in asked:
        hits = run(connection, Query.parse(case.text, limit=5 * DEPTH)).hits
        found.append((case, figures([[hit.key, *hit.also_at] for hit in hits], case), [hit.key for hit in hits]))
    connection.close()
    return found


def lines(found: Sequence[tuple[Case, Figures, list[str]]]) -> list[list[str]]:
    """A line of the table for each class of query, one for all of them last."""
    made = []
    for kind in [*dict.fromkeys(case.kind for case, _, _ in found), ""]:
        of = [(case, each) for case, each, _ in found if kind in ("", case.kind)]
        halves = ([each for case, each in of if is_tuned(case)], [each for case, each in of if not is_tuned(case)])
        whole = mean([each for _case, each in of])
        parts = [f"{mean(half).ndcg:.3f} ({len(half)})" if half else "-" for half in halves]
        counts = [str(len(of)), f"{whole.ndcg:.3f}", f"{whole.recall:.3f}", f"{whole.mrr:.3f}"]
        made.append([kind or "all", *counts, *parts])
    return made


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure relevance on the queries beside this module.")
    parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of the recorded payloads")
    parser.add_argument("--worst", type=int, default=0, help="show so many of the worst answers of each class")
    parser.add_argument("--dry-run", action="store_true", help="print only; leave the README as it is")
    options = parser.parse_args(given)
    corpus = build(options.shared)
    found = answers(corpus.registry, cases(corpus))
    heads = ["class", "queries", "nDCG@10", "recall@10", "MRR", "nDCG@10, tuned half", "nDCG@10, other half"]
    text = f"{len(corpus.known):,} entries.\n\n{table(heads, lines(found))}"
    if options.dry_run:
        print(text)
    else:
        keep(SECTION, text, "python -m bench.relevance")
    for kind in dict.fromkeys(case.kind for case, _, _ in found):
        worst = sorted((each for each in found if each[0].kind == kind), key=lambda each: each[1].ndcg)
        for case, each, keys in worst[: options.worst]:
            print(f"{kind:22} {each.ndcg:.2f} {case.text!r}: {' '.join(keys[:5])}")


if __name__ == "__main__":
    main()
