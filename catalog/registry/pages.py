"""One page of entries into tables and index: the only code that writes datasets.

`write` decides nothing about transactions: `Registry.commit_page` calls it between BEGIN IMMEDIATE and COMMIT together
with cursor and counts, so that rows, index and cursor are one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from catalog.index.document import Document, assembled
from catalog.index.keys import last_segment, level_of, name_norm, slot_of
from catalog.index.maintain import Delta, Slotted, next_generation
from catalog.index.segments import IndexWriter
from catalog.registry.reader import CHUNK, read_entries
from catalog.registry.terms import Terms
from catalog.rows import TABLES_OF_DETAILS, WATCHED, Prepared, Row, prepare
from catalog.sqlite import insert_rows

STICKY_LEVELS = 9
"""A dataset keeps its slot until its popularity level moved by this much (a factor of two): downloads change daily."""


@dataclass(frozen=True)
class Counts:
    """What a page did: entries that were new, that changed, that were the same.

    Of the last page of a walk also how many datasets are `missing` since, and a sentence on its end.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    missing: int = 0
    message: str = ""


@dataclass(frozen=True)
class End:
    """That a page is the last of its walk: `complete` where the walk saw all that the source has, `confirmed` where a
    person says that a great loss is real; `message` is what the run says of it."""

    source: str
    complete: bool = False
    confirmed: bool = False
    message: str = ""


@dataclass(frozen=True)
class _Stored:
    id: int
    key: str
    digest: bytes
    slot: int
    first_seen: str
    missing_since: str


@dataclass
class _Batch:
    """The work of one page, sorted into what each table gets."""

    rows: list[Row] = field(default_factory=list)
    updates: dict[tuple[int, ...], list[Row]] = field(default_factory=dict)
    details: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES_OF_DETAILS})
    stale: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES_OF_DETAILS})
    gone: list[Slotted] = field(default_factory=list)
    documents: list[Slotted] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    old_names: list[Row] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)


class _Met:
    """The names that a session met, of a registry that was empty before: most of a first load is not looked up.

    A name that was met is always known, a few others are taken for known: each is one bit of four megabytes.
    """

    def __init__(self, *, everything: bool) -> None:
        self._marks = None if everything else bytearray(_MARKS + 1)

    def known(self, names: Iterable[str]) -> list[str]:
        """Those of the names that may be in the registry; all of them count as met from then on."""
        marks = self._marks
        if marks is None:
            return list(names)
        found = []
        for name in names:
            number = hash(name)
            place, bit = number >> 3 & _MARKS, 1 << (number & 7)
            if marks[place] & bit:
                found.append(name)
            else:
                marks[place] |= bit
        return found


_MARKS = (1 << 22) - 1


class PageWriter:
    """Writes pages of entries; keeps the column lists and term numbers between pages."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, index: IndexWriter, delta: Delta) -> None:
        self._connection = connection
        self._terms = terms
        self._index = index
        self._delta = delta
        self.touched: set[int] = set()
        empty = connection.execute("SELECT 1 FROM dataset LIMIT 1").fetchone() is None
        self._met = _Met(everything=not empty)
        self._insert = {name: _insert_into(connection, name) for name in TABLES_OF_DETAILS}
        self._columns = _column_names(connection, "dataset")[1:]
        self._of_clusters = frozenset(map(self._columns.index, _CLUSTER_COLUMNS))
        self._insert_dataset = _insert_into(connection, "dataset")

    def write(self, entries: Iterable[Prepared], now: str) -> tuple[Counts, list[int]]:
        """Write the entries of a page; the last one wins where a key comes twice. Returns counts and ids seen."""
        keyed = {entry.key: entry for entry in entries}
        stored = self._stored(keyed)
        batch = _Batch()
        fresh, changed, same = [], [], []
        for key, entry in keyed.items():
            old = stored.get(key)
            if old is None:
                fresh.append(entry)
            elif old.digest != entry.digest or old.key != key:
                changed.append((old, entry))
            else:
                same.append(old)
        batch.seen.extend(old.id for old in same)
        batch.back.extend(old.id for old in same if old.missing_since)
        back = [*same, *(old for old, _entry in changed)]
        batch.changes.extend((old.id, now, "missing", old.missing_since, "") for old in back if old.missing_since)
        self._add_fresh(batch, fresh, now)
        self._add_changed(batch, changed, now)
        self._execute(batch)
        return Counts(len(fresh), len(changed), len(same)), batch.seen

    def _stored(self, entries: dict[str, Prepared]) -> dict[str, _Stored]:
        """What the registry holds of these keys, renamed datasets found by their upstream id."""
        found: dict[str, _Stored] = {}
        for marks, chunk in _chunks(self._met.known(entries)):
            for row in self._connection.execute(f"SELECT {_STORED} FROM dataset WHERE key IN ({marks})", chunk):
                found[row[1]] = _Stored(*row)
        renamed = {
            (entry.source, entry.upstream_id): key
            for key, entry in entries.items()
            if entry.upstream_id and key not in found
        }
        for marks, chunk in _chunks(self._met.known(upstream for _source, upstream in renamed)):
            same = f"upstream_id <> '' AND upstream_id IN ({marks})"
            statement = f"SELECT source, upstream_id, {_STORED} FROM dataset WHERE {same}"
            for source, upstream, *row in self._connection.execute(statement, chunk):
                if (source, upstream) in renamed and row[1] not in entries:
                    found[renamed[source, upstream]] = _Stored(*row)
        return found

    def _add_fresh(self, batch: _Batch, fresh: Sequence[Prepared], now: str) -> None:
        number: int = self._connection.execute("SELECT coalesce(max(id), 0) FROM dataset").fetchone()[0]
        for entry in fresh:
            number += 1
            slot = slot_of(entry.level, number)
            batch.rows.append((number, *entry.columns, slot, entry.digest, now, now, ""))
            self._add(batch, entry, number, slot)
            self.touched.add(number)

    def _add_changed(self, batch: _Batch, changed: Sequence[tuple[_Stored, Prepared]], now: str) -> None:
        before = read_entries(self._connection, [old.id for old, _entry in changed], self._terms.name)
        for old, entry in changed:
            level = level_of(old.slot)
            entry_before = prepare(before[old.id], old.digest, level)
            stays = abs(level - entry.level) < STICKY_LEVELS
            slot = old.slot if stays else slot_of(entry.level, old.id)
            document_before = self._document(entry_before)
            batch.gone.append((old.slot, document_before))
            batch.changes.extend(_changes(old.id, entry_before, entry, now))
            if old.key != entry.key:
                batch.changes.append((old.id, now, "key", old.key, entry.key))
                norm = name_norm(last_segment(entry_before.native_id))
                batch.old_names.append((old.id, "old-id", entry_before.native_id, norm))
            row = (*entry.columns, slot, entry.digest, old.first_seen, now, "")
            differing = _columns_that_differ(entry_before.columns, row)
            batch.updates.setdefault(differing, []).append((*(row[n] for n in differing), old.id))
            tables = _tables_that_differ(entry_before, entry)
            for name in tables:
                batch.stale[name].append((old.id,))
            self._add(batch, entry, old.id, slot, tables, document_before)
            if slot != old.slot or self._of_clusters.intersection(differing) or _CLUSTER_TABLES.intersection(tables):
                self.touched.add(old.id)

    def _add(
        self,
        batch: _Batch,
        entry: Prepared,
        number: int,
        slot: int,
        tables: Collection[str] = TABLES_OF_DETAILS,
        before: Document | None = None,
    ) -> None:
        """Take the rows of a dataset for these tables, and its document."""
        if "tag" in tables:
            ids, rules = self._terms.ids, self._terms.rules
            batch.details["tag"] += [
                (number, position, ids[facet, term], rules[rule], evidence, confidence)
                for position, facet, term, rule, evidence, confidence in entry.tags
            ]
        for name, rows in zip(TABLES_OF_DETAILS[1:], entry.details, strict=True):
            if rows and name in tables:
                batch.details[name] += [(number, *row) for row in rows]
        document = self._document(entry)
        batch.documents.append((slot, document))
        self._delta.note(number, before, document)
        batch.seen.append(number)

    def _document(self, entry: Prepared) -> Document:
        tokens = self._terms.tokens
        own = [tokens[facet, term] for _position, facet, term, _rule, _evidence, _confidence in entry.tags]
        return assembled(entry.texts, own, self._terms.others[entry.stated])

    def _execute(self, batch: _Batch) -> None:
        gone, came = _settled(batch)
        self._index.begin(gone, came)
        run = self._connection.executemany
        for table in TABLES_OF_DETAILS:
            which = " AND kind <> 'old-id'" if table == "alias" else ""
            run(f"DELETE FROM {table} WHERE dataset_id = ?{which}", batch.stale[table])
        for differing, rows in batch.updates.items():
            columns = ", ".join(f"{self._columns[n]} = ?" for n in differing)
            run(f"UPDATE dataset SET {columns} WHERE id = ?", rows)
        insert_rows(self._connection, self._insert_dataset, batch.rows)
        for table in TABLES_OF_DETAILS:
            insert_rows(self._connection, self._insert[table], batch.details[table])
        run(_INSERT_OLD_NAME, batch.old_names)
        run("INSERT INTO change (dataset_id, at, field, old, new) VALUES (?, ?, ?, ?, ?)", batch.changes)
        run("UPDATE dataset SET missing_since = '' WHERE id = ?", [(number,) for number in batch.back])
        self._index.write(gone, came)
        if batch.rows or batch.updates or batch.back:
            next_generation(self._connection)


def _settled(batch: _Batch) -> tuple[list[Slotted], list[Slotted]]:
    """The documents to take out and to put in, but for those that would only be put in again."""
    put = dict(batch.documents)
    kept = {slot for slot, old in batch.gone if put.get(slot) == old}
    if not kept:
        return batch.gone, batch.documents
    gone, came = ([pair for pair in pairs if pair[0] not in kept] for pairs in (batch.gone, batch.documents))
    return gone, came


_STORED = "id, key, digest, slot, first_seen, missing_since"
_CLUSTER_COLUMNS = tuple(f'"{name}"' for name in ("key", "name_norm", "doi", "arxiv"))
_CLUSTER_TABLES = frozenset(("alias", "distribution", "relation"))
"""What `clusters` looks at: a dataset of which only other things changed stays in its cluster."""

_INSERT_OLD_NAME = (
    "INSERT INTO alias (dataset_id, kind, position, alias, norm) SELECT ?1, ?2, count(*), ?3, ?4 FROM alias "
    "WHERE dataset_id = ?1 AND kind = ?2"
)


def _column_names(connection: sqlite3.Connection, table: str) -> list[str]:
    return [f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})")]


def _insert_into(connection: sqlite3.Connection, table: str) -> str:
    """A page is taken back whole where a row cannot be written; so SQLite need not be ready to take back the statement,
    for which it would copy the pages that it changes."""
    return f"INSERT OR ROLLBACK INTO {table} ({', '.join(_column_names(connection, table))})"


def _chunks(values: list[str]) -> Iterable[tuple[str, list[str]]]:
    for start in range(0, len(values), CHUNK):
        chunk = values[start : start + CHUNK]
        yield ",".join("?" * len(chunk)), chunk


_TOGETHER = ("commercial", "license")
"""What is told together: a license and what it means are both kept where one of them changed."""


def _columns_that_differ(before: Row, after: Row) -> tuple[int, ...]:
    """Which columns of a row to write: those that differ, and those that are only in the new row.

    An UPDATE of a column writes its indexes anew, whether or not it differs.
    """
    known = len(before)
    return (*(n for n in range(known) if before[n] != after[n]), *range(known, len(after)))


def _tables_that_differ(before: Prepared, after: Prepared) -> list[str]:
    """The tables in which the rows that hang on a dataset are others."""
    pairs = zip(TABLES_OF_DETAILS, (before.tags, *before.details), (after.tags, *after.details), strict=True)
    return [name for name, old, new in pairs if old != new]


def _changes(number: int, old: Prepared, new: Prepared, now: str) -> Iterable[Row]:
    values_before, values_after = old.watched, new.watched
    if values_before == values_after:
        return
    pairs = {name: pair for name, *pair in zip(WATCHED, values_before, values_after, strict=True)}
    relicensed = any(pairs[name][0] != pairs[name][1] for name in _TOGETHER)
    for name, (before, after) in pairs.items():
        if before != after or (relicensed and name in _TOGETHER):
            yield number, now, name, before, after
