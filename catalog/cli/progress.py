"""How far a sync or an import is: a bar with rate and time left on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog.cli import output

if TYPE_CHECKING:
    from catalog.sync import Progress

EVERY = 10.0  # seconds between two lines
Tell = Callable[["Progress"], None]


@contextmanager
def progress_bar(limit: int | None, *, soon: bool = True) -> Iterator[Tell]:
    """What shows how far it is; `limit` is how many records are wanted at most, `soon` whether a log is told of the
    first page already."""
    if not sys.stderr.isatty():
        yield _Lines(0.0 if soon else EVERY)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Bar(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("records", total=limit, rate="")
        started = time.monotonic()

        def show(progress: Progress) -> None:
            rate = progress.records / max(time.monotonic() - started, 0.001)
            total, done = progress.total if progress.total is not None else limit, progress.before + progress.records
            if total is not None:
                total = max(total, done)  # a source may count what can be used alone
            if progress.pages == 1:
                bar.reset(task, completed=progress.before, total=total)
            bar.update(task, completed=done, total=total, rate=f"{rate:,.0f}/s")

        yield show


class _Lines:
    """Progress as a line every ten seconds, for logs; the first one after `wait` seconds."""

    def __init__(self, wait: float) -> None:
        self._started = time.monotonic()
        self._due = self._started + wait

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._due and (progress.records or now >= self._started + EVERY):
            self._due = now + EVERY
            output.say(progress_line(progress, now - self._started))


def progress_line(progress: Progress, seconds: float) -> str:
    """How far a sync is after so many seconds: `2,000 of 6,000 records, 812/s, about 5 s left`."""
    rate = progress.records / max(seconds, 0.001)
    done = progress.before + progress.records
    if progress.total is None or rate < 0.001:
        return f"{done:,} record{'' if done == 1 else 's'}, {rate:,.0f}/s"
    total = max(progress.total, done)
    left = (total - done) / rate
    near = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
    return f"{done:,} of {total:,} records, {rate:,.0f}/s, about {near} left"
