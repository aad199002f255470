"""Write the generated corpus: `python -m bench.generate --rows 1000000`.

One canonical JSON line an entry, as `catalog export records` writes it. The first N rows are the same for every
total. `--touch 0.02` writes the same rows with 2% changed, `--queries FILE` also makes the query set for the file.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.corpus import BLOCK, Corpus
from bench.measure import DATA, say
from catalog.record import Entry, encode


def entries(rows: int, touch: float = 0.0) -> Iterator[Entry]:
    """The first `rows` entries of the corpus. No two have the same key."""
    corpus = Corpus()
    seen: set[str] = set()
    for number in range(-(-rows // BLOCK)):
        for entry in corpus.block(number, touch):
            key = entry.key
            if key in seen:
                entry = _renamed(entry, len(seen))
                key = entry.key
            seen.add(key)
            yield entry
            if len(seen) == rows:
                return


def _renamed(entry: Entry, number: int) -> Entry:
    fields = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    return Entry(**{**fields, "id": f"{entry.id}-{number}"})


def corpus_file(rows: int, touch: float = 0.0) -> Path:
    """Where the corpus of so many rows is kept."""
    return DATA / f"records-{rows}{f'-touched-{touch:g}' if touch else ''}.jsonl"


def write(rows: int, target: Path, touch: float = 0.0) -> None:
    """Write the corpus, and say how large it is and how fast it came."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    digest, size, started = hashlib.sha256(), 0, time.perf_counter()
    with part.open("wb") as file:
        for entry in entries(rows, touch):
            line = encode(entry) + b"\n"
            file.write(line)
            digest.update(line)
            size += len(line)
    part.replace(target)
    spent = time.perf_counter() - started
    say(f"{target.name}: {rows:,} rows, {size / 1e6:,.1f} MB, {rows / spent:,.0f} rows/s, sha256 {digest.hexdigest()}")


@cache
def ensure(rows: int, touch: float = 0.0) -> Path:
    """The corpus file; made if it is not there, or was made by other code or by another vocabulary."""
    target = corpus_file(rows, touch)
    if not target.exists() or not _is_of_today(target, rows, touch):
        write(rows, target, touch)
    return target


def _is_of_today(target: Path, rows: int, touch: float) -> bool:
    """Whether the first block of a corpus file is what the code makes now."""
    with target.open("rb") as file:
        return all(file.readline() == encode(entry) + b"\n" for entry in entries(min(rows, BLOCK), touch))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write the generated corpus as JSON Lines.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="file to write (default: bench/data/)")
    parser.add_argument("--touch", type=float, default=0.0, metavar="SHARE", help="share of rows to change, e.g. 0.02")
    parser.add_argument("--queries", type=Path, metavar="FILE", help="also write the query set with its targets")
    given = parser.parse_args()
    if given.rows < 1 or not 0 <= given.touch <= 1:
        parser.error("--rows must be at least 1 and --touch between 0 and 1")
    target = given.out or corpus_file(given.rows, given.touch)
    write(given.rows, target, given.touch)
    if given.queries:
        from bench.queries import write_queries

        write_queries(target, given.queries)


if __name__ == "__main__":
    main()
