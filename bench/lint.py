"""What a look at a million rows costs: `python -m bench.lint --rows 1000000`.

Rows of some 45 words, drawn of 20,000 made-up ones, all of them different, so that everything that lint remembers of a
row is remembered; the memory is what the process held at most.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import keep, process, python, table


def rows_of(count: int) -> Iterator[str]:
    """Lines of instructions with their answers."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(20_000)]
    for _ in range(count):
        asked, said = (" ".join(chance.choices(words, k=chance.randint(8, 37))) for _ in range(2))
        yield json.dumps({"instruction": asked, "input": "", "output": said}) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(rows_of(count))
        size = path.stat().st_size
        ended = process(python("-m", "catalog", "lint", str(path)))
    line = [f"{count:,}", f"{size / 1e6:,.0f} MB", f"{ended.memory / 1e6:,.0f} MB", f"{count / ended.cpu:,.0f}"]
    text = table(["rows", "file", "memory at most", "rows a second of CPU"], [line])
    keep("lint", text, f"python -m bench.lint --rows {count}")


if __name__ == "__main__":
    main()
