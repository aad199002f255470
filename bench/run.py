"""All measurements, one after another: `python -m bench.run --rows 100000` (about 12 minutes; at 1,000,000 two hours).

Corpus, query set, registry and peers are made when they are missing and kept in bench/data. Each part can be run
alone; `--only` names parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from bench import fetch, ingest, quality, search, site, startup, sync
from bench.measure import say

PARTS: Final[dict[str, Callable[[list[str]], None]]] = {
    "search": search.main,
    "quality": quality.main,
    "startup": startup.main,
    "ingest": ingest.main,
    "sync": sync.main,
    "fetch": fetch.main,
    "site": site.main,
}
MILLION: Final = 1_000_000


def arguments(part: str, rows: int) -> list[str]:
    """How a part is started: at a million rows it loads fewer times and also measures growth."""
    if part == "fetch":
        return []
    given = ["--rows", str(min(rows, 100_000) if part == "sync" else rows)]
    if rows >= MILLION and part == "ingest":
        given += ["--rounds", "4"]
    if rows >= MILLION and part == "search":
        given += ["--from", "100000"]
    return given


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Run every measurement and keep the figures in bench/README.md.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    options = parser.parse_args()
    for part in options.only:
        say(f"{part}, {options.rows:,} rows")
        PARTS[part](arguments(part, options.rows))


if __name__ == "__main__":
    main()
