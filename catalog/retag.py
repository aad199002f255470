"""Tags and verdicts made anew by the rules of today, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from catalog.record import Entry, encode
from catalog.registry.preparing import PIECE, Anew, Line, record_of, work
from catalog.registry.reader import all_entries, terms_of
from catalog.tagger import complete
from catalog.workers import ALONE, Workers

if TYPE_CHECKING:
    from catalog.registry import Registry


@dataclass
class Retagged:
    """How far a retag is: entries looked at, and those that changed."""

    run: int
    looked_at: int = 0
    changed: int = 0


def retag(
    registry: Registry,
    source: str = "",
    *,
    workers: Workers = ALONE,
    on_page: Callable[[Retagged], None] | None = None,
) -> Retagged:
    """Tag and judge the entries of a registry anew, of one source or of all; each page is one transaction.

    Corrections stay. What is the same afterwards is not written. `workers` share the work where entries are many.
    Raises `Fatal` when the disk fails or a worker dies; pages that were told to `on_page` are stored.
    """
    done = Retagged(registry.begin_run(source or "all", "retag"))
    for rows, count in workers.map(work(Anew(registry.corrections)), _pieces(registry, source)):
        counts = registry.commit_page(
            done.run, rows.ready, skipped=rows.skipped, known_same=count - len(rows.ready) - len(rows.skipped)
        )
        done.looked_at += count
        done.changed += counts.changed
        if on_page is not None:
            on_page(done)
    registry.finish_run(done.run, "done")
    return done


def _pieces(registry: Registry, source: str) -> Iterator[tuple[list[Line], int]]:
    """The entries of a source, some at a time, each time with how many there were of all sources."""
    entries = all_entries(registry.connection, terms_of(registry.connection))
    while page := [entry for _number, entry in islice(entries, PIECE)]:
        yield [Line(entry.key, encode(entry)) for entry in page if source in ("", entry.source)], len(page)


def retag_one(registry: Registry, key: str) -> None:
    """Tag one dataset anew, if it is there: after a correction of it."""
    entry = registry.get(key)
    if entry is not None:
        run = registry.begin_run(entry.source, "tag")
        registry.commit_page(run, [anew(entry, registry)])
        registry.finish_run(run, "done")


def anew(entry: Entry, registry: Registry) -> Entry:
    """The entry as the rules of today and the registry's corrections make it."""
    return registry.corrected(complete(record_of(entry)))
