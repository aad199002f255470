"""Is the registry whole? Four checks that together see every silent change, and what can be mended.

SQLite's own checks miss a sixth of single-bit faults; with a digest over every entry none that changes data is missed.
1. `PRAGMA integrity_check`, 2. foreign keys, 3. each entry read back and hashed, 4. the index against the entries:
its own integrity, and for every facet term and a sample of entries that the index finds just what the tables hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pyroaring import BitMap

from catalog import vocabulary
from catalog.errors import CatalogError, Fatal
from catalog.index.document import FACETS, Document, document
from catalog.index.keys import EVERY, TERM_MARK, packed
from catalog.index.maintain import is_fresh, spelling_words
from catalog.index.postings import ids_matching
from catalog.registry.reader import all_entries
from catalog.registry.registry import Registry
from catalog.registry.terms import Terms
from catalog.rows import TABLES_OF_DETAILS, entry_digest
from catalog.sqlite import RESTORE, has_wal_reset_bug

MAX_FAULTS = 20
"""Faults of one kind that are listed; the rest is counted."""

SAMPLE = 50
"""One entry in this many is looked up in the index by its whole text."""


@dataclass
class Report:
    """What a check found: `faults` in words, how many entries were read, what was repaired, what to know."""

    entries: int = 0
    faults: list[str] = field(default_factory=list)
    index_faults: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong (any more)."""
        return not self.faults and not self.index_faults


def check(path: str, *, repair: bool = False, on_progress: Callable[[int], None] | None = None) -> Report:
    """Check a registry; with `repair` rebuild the index from the tables where only the index is at fault.

    Raises `NotFound` without a registry and `Fatal` for a file that cannot be opened at all.
    """
    report = Report()
    try:
        with Registry.open(path, verb="check") as registry:
            _check_tables(registry.connection, report, on_progress)
            _check_index(registry.connection, report)
            if repair and report.index_faults:
                _repair(registry, report)
    except sqlite3.DatabaseError as error:
        raise Fatal(f"the registry {path} is damaged ({error}).", RESTORE) from error
    if has_wal_reset_bug():
        report.notes.append(
            f"SQLite {sqlite3.sqlite_version} can lose pages in WAL mode; catalog uses the rollback journal."
        )
    return report


def _check_tables(connection: sqlite3.Connection, report: Report, on_progress: Callable[[int], None] | None) -> None:
    for (answer,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
        if answer != "ok":
            _note(report.index_faults if "fts" in answer.lower() else report.faults, f"SQLite: {answer}")
    for table, row, parent, _number in connection.execute("PRAGMA foreign_key_check").fetchmany(MAX_FAULTS):
        _note(report.faults, f"{table} row {row} has no {parent}")
    for table in TABLES_OF_DETAILS:
        statement = f"SELECT count(*) FROM {table} WHERE dataset_id NOT IN (SELECT id FROM dataset)"
        orphans = connection.execute(statement).fetchone()[0]
        if orphans:
            _note(report.faults, f"{orphans:,} rows of {table} belong to no dataset")
    terms = Terms(connection, vocabulary.load())
    digests = connection.execute("SELECT id, key, digest FROM dataset ORDER BY id")
    for (number, key, digest), found in zip(digests, _entries(connection, terms, report), strict=False):
        if found is None:
            break
        report.entries += 1
        if found != (number, digest):
            _note(report.faults, f"{key}: the stored entry does not match its digest")
        if on_progress is not None and report.entries % 10_000 == 0:
            on_progress(report.entries)


def _entries(connection: sqlite3.Connection, terms: Terms, report: Report) -> Iterator[tuple[int, bytes] | None]:
    """(id, digest as computed) of each entry; None where reading breaks off."""
    try:
        for number, entry in all_entries(connection, terms.name):
            yield number, entry_digest(entry)
    except (CatalogError, sqlite3.DatabaseError, ValueError, KeyError, TypeError, UnicodeError) as error:
        _note(report.faults, f"an entry cannot be read back: {error}")
        yield None


def _check_index(connection: sqlite3.Connection, report: Report) -> None:
    try:
        connection.execute("INSERT INTO search_index (search_index) VALUES ('integrity-check')")
        _check_slots(connection, report)
        if report.faults:
            return
        _check_documents(connection, report)
        _check_words(connection, report)
    except sqlite3.DatabaseError as error:
        _note(report.index_faults, f"the index cannot be read: {error}")


def _check_slots(connection: sqlite3.Connection, report: Report) -> None:
    statement = "SELECT rowid FROM search_index WHERE search_index MATCH ?"
    indexed = {slot for (slot,) in connection.execute(statement, (f'"{EVERY}"',))}
    stored = {slot for (slot,) in connection.execute("SELECT slot FROM dataset")}
    if indexed != stored:
        lost, extra = len(stored - indexed), len(indexed - stored)
        _note(report.index_faults, f"the index lacks {lost:,} datasets and has {extra:,} that are not there")


def _check_documents(connection: sqlite3.Connection, report: Report) -> None:
    """Every facet token finds just the datasets that the tables give it; a sample is found by its whole text."""
    terms = Terms(connection, vocabulary.load())
    slots = dict(connection.execute("SELECT id, slot FROM dataset"))
    bitmaps = {number: set(BitMap.deserialize(each)) for number, each in _stored_bitmaps(connection)}
    stored = dict(connection.execute("SELECT id, terms FROM dataset_terms"))
    holders: dict[str, set[int]] = {}
    for number, entry in all_entries(connection, terms.name):
        found = document(entry, terms.tokens)
        if stored.get(number) != packed(found[FACETS]):
            _note(report.index_faults, f"{entry.key}: the index does not hold its terms")
        for token in found[FACETS].split():
            holders.setdefault(token, set()).add(number)
        if number % SAMPLE == 1 and not _is_found(connection, slots[number], found):
            _note(report.index_faults, f"{entry.key}: the index does not hold its text")
    for (number,) in connection.execute("SELECT id FROM term").fetchall():
        token = f"{TERM_MARK}{number:x}"
        wanted = holders.get(token, set())
        if set(ids_matching(connection, f'"{token}"')) != wanted or bitmaps.get(number, wanted) != wanted:
            _note(report.index_faults, f"the index and the tables disagree on who has {' '.join(terms.name(number))}")


def _stored_bitmaps(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
    return connection.execute("SELECT term_id, ids FROM facet_bitmap").fetchall() if is_fresh(connection) else []


def _check_words(connection: sqlite3.Connection, report: Report) -> None:
    """Spelling help knows the words of names and titles; words that have gone since do no harm. The bitmaps of common
    words hold what the index finds."""
    if is_fresh(connection):
        for word, total, ids in connection.execute("SELECT word, total, ids FROM common_word").fetchall():
            found = ids_matching(connection, f'"{word}"')
            if total != len(found) or BitMap.deserialize(ids) != found:
                _note(report.index_faults, f"the index and its bitmap disagree on who holds {word!r}")
        known = {word for (word,) in connection.execute("SELECT word FROM word")}
        lost = spelling_words(connection) - known
        if lost:
            _note(report.index_faults, f"spelling help lacks {len(lost):,} words of names and titles")


def _is_found(connection: sqlite3.Connection, slot: int, found: Document) -> bool:
    for column, text in zip(("name", "title", "body", "extra"), found[:4], strict=True):
        words = [word for word in text.replace('"', " ").split() if any(each.isalnum() for each in word)][:8]
        if words:
            quoted = " AND ".join(f'"{word}"' for word in words)
            match = f"{column} : ({quoted})"
            statement = "SELECT 1 FROM search_index WHERE search_index MATCH ? AND rowid = ?"
            if connection.execute(statement, (match, slot)).fetchone() is None:
                return False
    return True


def _repair(registry: Registry, report: Report) -> None:
    if report.faults:
        report.notes.append("The tables themselves are damaged, so the index was left as it is.")
        return
    done = registry.rebuild_index()
    report.repaired.append(f"rebuilt the index of {done:,} datasets: {'; '.join(report.index_faults)}")
    report.index_faults.clear()
    _check_index(registry.connection, report)


def _note(faults: list[str], text: str) -> None:
    if len(faults) < MAX_FAULTS:
        faults.append(text)
    elif len(faults) == MAX_FAULTS:
        faults.append("… and more of the kind")
