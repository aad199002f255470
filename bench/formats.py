"""How fast rows are converted, against parsing and writing them alone: `python -m bench.formats --rows 100000`.

Both sides read and write the same JSON Lines on one core; the other side is `json.loads` and `json.dumps` of each line.
Time is that of the processor, since other work on the machine must not count.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.measure import alternate, keep, table
from catalog.datafile import first_rows, read_rows
from catalog.datafile.writing import write_converted
from catalog.formats.convert import plan_conversion
from catalog.formats.targets import target_named

CASES = (("sft", "messages"), ("sft", "alpaca"), ("pairs", "preference"), ("pairs", "kto"), ("chats", "sharegpt"))
"""What rows are, and the format that they are brought into."""


def rows_of(kind: str, count: int) -> Iterable[dict[str, Any]]:
    """Short rows of a kind."""
    for n in range(count):
        asked, said = f"What is {n} plus {n}?", f"It is {2 * n}, of course."
        if kind == "sft":
            yield {"instruction": asked, "input": "", "output": said}
        elif kind == "pairs":
            yield {"prompt": asked, "chosen": said, "rejected": "No idea at all."}
        else:
            yield {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}


def ours(path: Path, to: str) -> Callable[[], float]:
    """A case: seconds of a conversion from file to file."""

    def run() -> float:
        started = time.process_time()
        conversion = plan_conversion(first_rows(path, 200), target_named(to))
        write_converted(read_rows(path), conversion.convert, path.with_name("out.jsonl"))
        return time.process_time() - started

    return run


def bare(path: Path) -> Callable[[], float]:
    """A case: seconds of `json.loads` and `json.dumps` of each line."""

    def run() -> float:
        started = time.process_time()
        with path.open(encoding="utf-8") as file, path.with_name("bare.jsonl").open("w", encoding="utf-8") as out:
            for line in file:
                out.write(json.dumps(json.loads(line), ensure_ascii=False) + "\n")
        return time.process_time() - started

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, to in CASES:
            path = Path(folder) / f"{kind}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows_of(kind, count))
            measured = alternate({"ours": ours(path, to), "bare": bare(path)})
            ratio = measured["ours"].over(measured["bare"])
            rate = measured["ours"].rate(count)
            lines.append([f"{kind} to {to}", rate.show(digits=0), ratio.show()])
    text = table(["case", "rows/s a core", "times loads and dumps"], lines)
    keep("convert", text, f"python -m bench.formats --rows {count}")


if __name__ == "__main__":
    main()
