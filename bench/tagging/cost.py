"""What tags and a license verdict cost: `python -m bench.tagging.cost --rows 20000`.

Ours is a record into an entry: all facets with their evidence, language, limits in the text, the verdict. The peer is
what is commonly used to classify texts: scikit-learn's HashingVectorizer over words and pieces of four letters, in
batches, times the weights of as many terms as ours has. It gives scores for three facets and nothing else. Both are CPU
seconds on one core. How many records a second two cores take is the wall time of two processes with half of them each.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import islice

from bench.generate import ensure
from bench.measure import Figure, alternate, keep, python, table
from catalog.record import Record, decode
from catalog.tagger import complete
from catalog.tagging import model

BATCH = 1_000
LEAST = 4
"""Letters of the pieces, as in `catalog.tagging.features`."""


def records(rows: int, start: int = 0, step: int = 1) -> list[Record]:
    """Every `step`th of the first records of the corpus."""
    with ensure(rows).open("rb") as file:
        return [decode(line) for line in islice(file, start, rows, step)]


def ours(read: Sequence[Record]) -> float:
    """CPU seconds for all records."""
    started = time.process_time()
    for record in read:
        complete(record)
    return time.process_time() - started


def peer(read: Sequence[Record]) -> Callable[[], float]:
    """A case: CPU seconds of hashing the texts and multiplying by the weights."""
    import numpy as np
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer

    words = HashingVectorizer(n_features=1 << 16, alternate_sign=False)
    pieces = HashingVectorizer(n_features=1 << 16, analyzer="char_wb", ngram_range=(LEAST, LEAST), alternate_sign=False)
    terms = len(model.load().head["bias"])
    weights = np.zeros((2 << 16, terms), dtype=np.float32)
    titles = [f"{record.name} {record.title}" for record in read]
    texts = [f"{title} {record.summary} {record.description}" for title, record in zip(titles, read, strict=True)]

    def run() -> float:
        started = time.process_time()
        for first in range(0, len(texts), BATCH):
            part = slice(first, first + BATCH)
            hstack([words.transform(texts[part]), pieces.transform(titles[part])]) @ weights
        return time.process_time() - started

    return run


def both_cores(rows: int, rounds: int) -> Figure:
    """Records a second of two processes, each with every second record; starting and reading them is not counted."""
    return Figure(tuple(rows / max(_halves(rows)) for _ in range(rounds)))


def _halves(rows: int) -> list[float]:
    command = python("-m", "bench.tagging.cost", "--rows", str(rows), "--part")
    running = [
        subprocess.Popen([*command, part], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for part in ("0", "1")
    ]
    for each in running:
        if each.stdout is None or each.stdout.readline() != "ready\n":
            raise RuntimeError("a half did not start")
    for each in running:
        print("go", file=each.stdin, flush=True)
    return [float(each.communicate()[0]) for each in running]


def half(rows: int, part: int) -> None:
    """One of the two processes: says that it is ready, waits for a word, tells its wall seconds."""
    read = records(rows, part, 2)
    complete(read[0])
    print("ready", flush=True)
    input()
    started = time.perf_counter()
    for record in read:
        complete(record)
    print(time.perf_counter() - started)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure what tagging costs.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.part is not None:
        return half(options.rows, options.part)
    read = records(options.rows)
    found = alternate({"ours": lambda: ours(read), "peer": peer(read)}, options.rounds)
    rates = {name: figure.rate(options.rows) for name, figure in found.items()}
    both = both_cores(options.rows, max(1, options.rounds - 1))
    line = [
        rates["ours"].show(1, 0),
        rates["peer"].show(1, 0),
        rates["ours"].over(rates["peer"]).show(),
        both.show(1, 0),
    ]
    headers = ["records/s a core", "HashingVectorizer and weights", "ours against it", "records/s, both cores"]
    keep("tagging", table(headers, [line]), f"python -m bench.tagging.cost --rows {options.rows}")
    return None


if __name__ == "__main__":
    main()
