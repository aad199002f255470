"""How every figure here is measured: both sides in one run, turn about, the first round dropped.

Absolute times of a busy or virtual machine swing by two; the ratio of two neighbours in time does not. So a figure is
the median over rounds of the ratio of a pair, with its range. What works in memory is timed in CPU seconds, which other
work on the machine stretches far less than the wall's.
"""

from __future__ import annotations

import gc
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
DATA: Final = HERE / "data"
README: Final = HERE / "README.md"
ROUNDS: Final = 6
"""Rounds of a measurement; the first is dropped."""


@dataclass(frozen=True)
class Figure:
    """What was measured, one value a round (seconds, a rate or a ratio)."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def show(self, scale: float = 1.0, digits: int = 2) -> str:
        """`median [min-max]`, each times `scale`."""
        low, high = min(self.values) * scale, max(self.values) * scale
        if len(self.values) == 1:
            return f"{low:,.{digits}f}"
        return f"{self.median * scale:,.{digits}f} [{low:,.{digits}f}-{high:,.{digits}f}]"

    def over(self, other: Figure) -> Figure:
        """The ratio to `other`, round by round."""
        return Figure(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def rate(self, count: int) -> Figure:
        """`count` things a round, as things a second."""
        return Figure(tuple(count / value for value in self.values))


@dataclass(frozen=True)
class Ended:
    """A process that ended: wall and CPU seconds, the most memory it held, in bytes."""

    wall: float
    cpu: float
    memory: int


def alternate(cases: Mapping[str, Callable[[], float]], rounds: int = ROUNDS, drop: int = 1) -> dict[str, Figure]:
    """Run the cases in turn, `rounds` times; each returns the seconds it counts. The first `drop` rounds are dropped.

    Every second round goes backwards, so that no case always follows the same neighbour.
    """
    values: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(rounds):
        order = list(cases.items())
        for name, case in order if turn % 2 == 0 else reversed(order):
            seconds = case()
            if turn >= drop:
                values[name].append(seconds)
    return {name: Figure(tuple(all_of)) for name, all_of in values.items()}


def seconds_of(work: Callable[[], object], least: float = 0.05) -> float:
    """CPU seconds of one call of `work`, all threads together: called again until `least` seconds are spent, so that
    short calls are exact."""
    gc.collect()
    calls, started = 0, time.process_time()
    while True:
        work()
        calls += 1
        spent = time.process_time() - started
        if spent >= least:
            return spent / calls


def each_of(work: Callable[[Any], object], arguments: Sequence[Any], least: float = 0.02) -> Callable[[], float]:
    """A case for `alternate`: the mean seconds of `work` over the arguments."""
    return lambda: statistics.fmean(seconds_of(lambda a=a: work(a), least) for a in arguments)  # type: ignore[misc]


def process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end, its output thrown away; `environment` is added to ours.

    Raises `RuntimeError` unless it ends with 0.
    """
    done = subprocess.run(
        [*python("-I", "-S", str(HERE / "launch.py")), *command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    code, wall, cpu, memory = done.stdout.split()
    if int(code):
        raise RuntimeError(f"{' '.join(command)} ended with {int(code)}")
    return Ended(float(wall), float(cpu), int(memory))


def cold(command: Sequence[str], times: int = 3) -> Callable[[], float]:
    """A case for `alternate`: the CPU seconds of a process, the least of `times` starts."""
    return lambda: min(process(command).cpu for _ in range(times))


def python(*arguments: str) -> list[str]:
    """The command line of this interpreter."""
    return [sys.executable, *arguments]


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """What the figures were measured on, in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{datetime.now(UTC).date()}, {cores} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def keep(section: str, text: str, command: str, readme: Path = README) -> None:
    """Print the result and put it into the README between the markers of `section`, with its command and machine.

    Raises `ValueError` when the README has no such markers.
    """
    body = f"`{command}` ({machine()})\n\n{text}"
    print(f"\n## {section}\n\n{body}\n", flush=True)
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    old = readme.read_text(encoding="utf-8")
    if start not in old or end not in old:
        raise ValueError(f"{readme.name} has no markers {start} and {end}")
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    readme.write_text(pattern.sub(lambda _: f"{start}\n{body}\n{end}", old), encoding="utf-8")


def say(text: str) -> None:
    """A line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
