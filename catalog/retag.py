"""Tags and verdicts made anew by the rules of today, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from catalog.record import Entry, Record
from catalog.registry.reader import all_entries, terms_of
from catalog.tagger import complete

if TYPE_CHECKING:
    from catalog.registry import Registry

PAGE = 2_000
"""Entries in one transaction."""


@dataclass
class Retagged:
    """How far a retag is: entries looked at, and those that changed."""

    run: int
    looked_at: int = 0
    changed: int = 0


def retag(registry: Registry, source: str = "", *, on_page: Callable[[Retagged], None] | None = None) -> Retagged:
    """Tag and judge the entries of a registry anew, of one source or of all; each page is one transaction.

    Corrections stay. What is the same afterwards is not written. Raises `Fatal` when the disk fails; pages that were
    told to `on_page` are stored.
    """
    done = Retagged(registry.begin_run(source or "all", "retag"))
    entries = all_entries(registry.connection, terms_of(registry.connection))
    while page := [entry for _number, entry in islice(entries, PAGE)]:
        again = [entry for old in page if source in ("", old.source) and _differs(old, entry := anew(old, registry))]
        counts = registry.commit_page(done.run, again, known_same=len(page) - len(again))
        done.looked_at += len(page)
        done.changed += counts.changed
        if on_page is not None:
            on_page(done)
    registry.finish_run(done.run, "done")
    return done


def retag_one(registry: Registry, key: str) -> None:
    """Tag one dataset anew, if it is there: after a correction of it."""
    entry = registry.get(key)
    if entry is not None:
        run = registry.begin_run(entry.source, "tag")
        registry.commit_page(run, [anew(entry, registry)])
        registry.finish_run(run, "done")


def record_of(entry: Entry) -> Record:
    """The record that an entry was made of."""
    return Record(**{name: getattr(entry, name) for name in Record.__struct_fields__})


def anew(entry: Entry, registry: Registry) -> Entry:
    """The entry as the rules of today and the registry's corrections make it."""
    return registry.corrected(complete(record_of(entry)))


def _differs(old: Entry, new: Entry) -> bool:
    return old.tags != new.tags or old.verdict != new.verdict or old.made_by != new.made_by
