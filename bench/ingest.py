"""Reading a corpus in: first load and re-harvest, `python -m bench.ingest --rows 100000`.

Each load is a process of its own, started turn about with its peer, so that wall time and memory are its own. A
re-harvest reads a file in which 2% of the rows changed, then the first file again, which changes as many back.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

from bench.generate import ensure
from bench.measure import ROUNDS, Figure, alternate, keep, process, say, table
from bench.stores import builder, copy_of, remove, scratch, size

TOUCHED: Final = 0.02
ORM_ROWS: Final = 50_000
"""Rows that the ORM is given; it is too slow for more, and its rate does not depend on them."""


class Loads:
    """A case that builds a store anew each time; keeps the CPU seconds of each, the most memory and the size it saw."""

    def __init__(self, name: str, source: Path) -> None:
        self.name, self.source = name, source
        self.memory = self.size = 0
        self.cpu: list[float] = []

    def __call__(self) -> float:
        target = scratch(self.name)
        ended = process(builder(self.name, self.source, target))
        self.memory, self.size = max(self.memory, ended.memory), size(target)
        self.cpu.append(ended.cpu)
        remove(target)
        say(f"  {self.name}: {ended.wall:.1f} s, {ended.cpu:.1f} s of CPU")
        return ended.wall


def first_load(rows: int, rounds: int) -> str:
    """Whole: parse, tables, tags, full-text index, and for ours the facet bitmaps and spelling words."""
    few = min(rows, ORM_ROWS)
    cases = {
        "ours": Loads("registry", ensure(rows)),
        "bare": Loads("bare", ensure(rows)),
        "orm": Loads("orm", ensure(few)),
    }
    found = alternate(cases, rounds, drop=min(1, rounds - 1))
    count = {"ours": rows, "bare": rows, "orm": few}
    rates = {name: figure.rate(count[name]) for name, figure in found.items()}
    kept = max(1, rounds - 1)
    spent = {name: Figure(tuple(case.cpu[-kept:])).rate(count[name]) for name, case in cases.items()}
    labels = {"ours": "ours", "bare": "bare sqlite3 script", "orm": f"SQLModel ORM, {few:,} rows, no index"}
    lines = []
    for name, case in cases.items():
        ratios = ["" if name == "ours" else ours["ours"].over(ours[name]).show() for ours in (rates, spent)]
        sizes = [f"{case.memory / 1e6:,.0f} MB", f"{case.size / count[name]:,.0f}"]
        lines.append([labels[name], rates[name].show(1, 0), ratios[0], spent[name].show(1, 0), ratios[1], *sizes])
    headers = ["rows/s", "ours against it", "rows/s of CPU", "ours against it", "memory", "bytes a row"]
    return table(["first load", *headers], lines)


def again(name: str, target: Path, sources: Sequence[Path]) -> Callable[[], float]:
    """A case that reads the next of the files into a store that is there."""
    turn = cycle(sources)

    def run() -> float:
        ended = process(builder(name, next(turn), target))
        say(f"  {name} again: {ended.wall:.1f} s")
        return ended.wall

    return run


def re_harvest(rows: int, rounds: int) -> str:
    """The same rows again, unchanged and with 2% changed."""
    base, touched = ensure(rows), ensure(rows, TOUCHED)
    targets = {name: copy_of(name, rows, scratch(f"again-{name}")) for name in ("registry", "upsert")}
    lines = []
    for label, sources in (("nothing changed", [base]), ("2% changed", [touched, base])):
        cases = {name: again(name, target, sources) for name, target in targets.items()}
        found = alternate(cases, rounds, drop=min(1, rounds - 1))
        rates = {name: figure.rate(rows) for name, figure in found.items()}
        ratio: Figure = rates["registry"].over(rates["upsert"])
        lines.append([label, rates["registry"].show(1, 0), rates["upsert"].show(1, 0), ratio.show()])
    for target in targets.values():
        remove(target)
    return table(["read again", "ours, rows/s", "ON CONFLICT, no index, rows/s", "ours against it"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure reading a corpus into a registry.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the first is dropped, unless it is the only one")
    parser.add_argument("--only", choices=("ingest", "again"), help="one of the two tables")
    options = parser.parse_args(given)
    command = f"python -m bench.ingest --rows {options.rows} --rounds {options.rounds}"
    if options.only != "again":
        keep(f"ingest {options.rows}", first_load(options.rows, options.rounds), command)
    if options.only != "ingest":
        keep(f"again {options.rows}", re_harvest(options.rows, options.rounds), command)


if __name__ == "__main__":
    main()
