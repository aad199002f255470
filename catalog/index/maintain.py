"""Writing the index: documents in and out, the bitmaps behind facet counts, the words behind spelling help.

Documents are written in the transaction of the rows they come from, so the index never lags behind the tables.
Bitmaps and words are derived from the index itself; `meta` names the generation of rows they were made of,
and a reader that finds them behind counts the slow, exact way until `refresh` has run.

The full-text table is contentless: taking a document out needs the very text that went in, which is the document of
the entry as it still stands in the tables (`document` is pure). It keeps no column sizes: without them scoring is
about twice as fast and known-item ranking a little better, as short names are told by their column weight anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from catalog.index.document import FACETS, Document
from catalog.index.keys import ID_MASK, TERM_MARK, packed
from catalog.index.postings import ids_matching
from catalog.index.spelling import Spelling, add_words, is_spelling_word, remove_words, store_spelling, words_of
from catalog.sqlite import insert_rows

if TYPE_CHECKING:
    from pyroaring import BitMap

Slotted = tuple[int, Document]
"""A slot and the document in it."""

GENERATION = "generation"
DERIVED = "derived"
"""Names in `meta`: how often rows changed, and the generation that bitmaps and words were made of."""

LOOK_UPS = (
    "CREATE INDEX IF NOT EXISTS dataset_name_norm ON dataset (name_norm)",
    "CREATE INDEX IF NOT EXISTS alias_norm ON alias (norm)",
    "CREATE INDEX IF NOT EXISTS dataset_digest ON dataset (digest)",
    "CREATE INDEX IF NOT EXISTS dataset_modified ON dataset (modified)",
    "CREATE INDEX IF NOT EXISTS dataset_bytes ON dataset (bytes) WHERE bytes IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS dataset_rows ON dataset (rows) WHERE rows IS NOT NULL",
)
"""Indexes that only readers need: made when the first load is done, which is cheaper than keeping them up during it."""

SETTINGS = {"hashsize": 64 * 1024 * 1024, "automerge": 4, "crisismerge": 16}
"""Of the full-text table: `hashsize` bytes are gathered in memory before a segment is written (1 MiB by default)."""

FIRST_LOAD = {**SETTINGS, "automerge": 0, "crisismerge": 256}
"""While the index is filled for the first time segments are left as they come: `refresh` makes them one at the end."""

MERGE_PAGES = 2000
"""Pages of the index that a small session may move to keep its segments few: many segments slow every search."""

COMMON = 20_000
COMMON_SHARE = 50
"""So many datasets, and one in so many, hold a word whose ids are kept as a bitmap: below, a walk is quick enough."""

_INSERT = "INSERT INTO search_index (rowid, name, title, body, extra, facets, cjk) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELETE = (
    "INSERT INTO search_index (search_index, rowid, name, title, body, extra, facets, cjk) "
    "VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)
_EACH = "SELECT value FROM json_each(?)"
_HOLDS = "SELECT 1 FROM search_index WHERE search_index MATCH ? AND rowid = value"
_INSERT_TERMS = "INSERT OR REPLACE INTO dataset_terms (id, terms)"


def write_terms(connection: sqlite3.Connection, documents: Iterable[Slotted]) -> None:
    """Keep the terms of documents, by dataset."""
    insert_rows(connection, _INSERT_TERMS, [(slot & ID_MASK, packed(each[FACETS])) for slot, each in documents])


def write_documents(connection: sqlite3.Connection, gone: Iterable[Slotted], came: Iterable[Slotted]) -> None:
    """Take documents out, given as they were put in, and put others in; in the order of slots, which is twice as
    fast."""
    connection.executemany(_DELETE, sorted((slot, *document) for slot, document in gone))
    connection.executemany(_INSERT, sorted((slot, *document) for slot, document in came))


def clear(connection: sqlite3.Connection) -> None:
    """Empty the index and all that is derived from it."""
    connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    for table in ("dataset_terms", "facet_bitmap", "common_word", "word", "word_deletion"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM meta WHERE name = ?", (DERIVED,))


def tune(connection: sqlite3.Connection, settings: Mapping[str, int]) -> None:
    """Give the full-text table these settings; they stay with the file."""
    known = dict(connection.execute("SELECT k, v FROM search_index_config"))
    for name, value in settings.items():
        if known.get(name) != value:
            connection.execute("INSERT INTO search_index (search_index, rank) VALUES (?, ?)", (name, value))


def next_generation(connection: sqlite3.Connection) -> None:
    """Say that rows changed."""
    connection.execute(
        "INSERT INTO meta (name, value) VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET value = value + 1",
        (GENERATION,),
    )


def is_fresh(connection: sqlite3.Connection) -> bool:
    """Whether bitmaps and words were made of the rows as they are."""
    marks = dict(connection.execute("SELECT name, value FROM meta WHERE name IN (?, ?)", (GENERATION, DERIVED)))
    return bool(marks.get(GENERATION, "0") == marks.get(DERIVED, "0"))


def refresh(
    connection: sqlite3.Connection, delta: Delta | None = None, gathered: Callable[[], Spelling | None] | None = None
) -> bool:
    """Bring bitmaps and words up to the rows in one transaction, if rows changed. Returns whether there was work.

    `delta` is all that changed since they were made, where that is known; without it they are made anew. `gathered`
    gives the words of an index that was empty before, where somebody gathered them.
    """
    if is_fresh(connection):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        if delta is not None and delta.is_whole:
            delta.apply(connection)
            connection.execute("INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)", (MERGE_PAGES,))
        else:
            tune(connection, SETTINGS)
            connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
            for statement in LOOK_UPS:
                connection.execute(statement)
            _refresh_bitmaps(connection)
            _refresh_words(connection, gathered)
        connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) SELECT ?, value FROM meta WHERE name = ?", (DERIVED, GENERATION)
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


class Delta:
    """What a session changed of what is derived, while it is little: then only that is brought up to date.

    It must be told of every document (`note`) from a moment on when bitmaps and words were fresh. After more than
    `MOST` documents it forgets all: making everything anew is cheaper then.
    """

    MOST = 50_000
    LOOKED_UP = 1_000

    def __init__(self, *, fresh: bool) -> None:
        self.is_whole = fresh
        self._count = 0
        self._texts: list[str] = []
        self._noted: set[int] = set()
        self._came: dict[str, set[int]] = {}
        self._went: dict[str, set[int]] = {}

    def note(self, dataset_id: int, before: Document | None, after: Document) -> None:
        """Take in that a dataset's document changed, or is new."""
        if not self.is_whole:
            return
        self._count += 1
        if self._count > self.MOST:
            self.forget()
            return
        if before is None or before[FACETS] != after[FACETS]:
            self._note_facets(dataset_id, set(before[FACETS].split()) if before else set(), set(after[FACETS].split()))
        if before is None or (before[:FACETS], before[FACETS + 1 :]) != (after[:FACETS], after[FACETS + 1 :]):
            self._noted.add(dataset_id)
        if before is None or before[:2] != after[:2]:
            self._texts += after[:2]

    def _note_facets(self, dataset_id: int, old: set[str], new: set[str]) -> None:
        for tokens, came, went in ((new - old, self._came, self._went), (old - new, self._went, self._came)):
            for token in tokens:
                came.setdefault(token, set()).add(dataset_id)
                went.get(token, set()).discard(dataset_id)

    def forget(self) -> None:
        """Give up: what changed is too much, or no longer known."""
        self.is_whole = False
        self._texts, self._noted, self._came, self._went = [], set(), {}, {}

    def apply(self, connection: sqlite3.Connection) -> None:
        """Write what changed. The caller holds a transaction."""
        for token in sorted(self._came.keys() | self._went.keys()):
            if token.startswith(TERM_MARK):
                self._change(connection, int(token[1:], 16), self._came.get(token, set()), self._went.get(token, set()))
        known = "SELECT 1 FROM word WHERE word = ?"
        words = words_of(connection, self._texts)
        add_words(connection, [word for word in words if connection.execute(known, (word,)).fetchone() is None])
        self._change_common(connection)

    def _change_common(self, connection: sqlite3.Connection) -> None:
        """Look the changed datasets up among those of each common word; where they are many, all of it is read."""
        from pyroaring import BitMap

        noted = BitMap(self._noted)
        rows = connection.execute(f"SELECT slot FROM dataset WHERE id IN ({_EACH})", (f"{list(noted)}",))
        slots = f"{[slot for (slot,) in rows]}"
        held = f"SELECT value & {ID_MASK} FROM json_each(?) WHERE EXISTS ({_HOLDS})"
        for word, ids in connection.execute("SELECT word, ids FROM common_word").fetchall():
            if len(noted) > self.LOOKED_UP:
                bitmap = ids_matching(connection, f'"{word}"')
            else:
                found = connection.execute(held, (slots, f'"{word}"'))
                bitmap = (BitMap.deserialize(ids) - noted) | BitMap(number for (number,) in found)
            _store_common(connection, word, bitmap)

    @staticmethod
    def _change(connection: sqlite3.Connection, number: int, came: set[int], went: set[int]) -> None:
        from pyroaring import BitMap

        row = connection.execute("SELECT ids FROM facet_bitmap WHERE term_id = ?", (number,)).fetchone()
        bitmap = BitMap.deserialize(row[0]) if row else BitMap()
        bitmap = (bitmap | BitMap(came)) - BitMap(went)
        connection.execute("DELETE FROM facet_bitmap WHERE term_id = ?", (number,))
        _store_bitmap(connection, number, bitmap)


def _refresh_bitmaps(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM facet_bitmap")
    for (number,) in connection.execute("SELECT id FROM term ORDER BY id").fetchall():
        _store_bitmap(connection, number, ids_matching(connection, f'"{TERM_MARK}{number:x}"'))


def _store_bitmap(connection: sqlite3.Connection, number: int, bitmap: BitMap) -> None:
    if bitmap:
        bitmap.run_optimize()
        row = (number, len(bitmap), bitmap.serialize())
        connection.execute("INSERT INTO facet_bitmap (term_id, total, ids) VALUES (?, ?, ?)", row)


def _store_common(connection: sqlite3.Connection, word: str, bitmap: BitMap) -> None:
    bitmap.run_optimize()
    row = (word, len(bitmap), bitmap.serialize())
    connection.execute("INSERT OR REPLACE INTO common_word (word, total, ids) VALUES (?, ?, ?)", row)


def _refresh_words(connection: sqlite3.Connection, gathered: Callable[[], Spelling | None] | None) -> None:
    """Bring the words to the index: those of names and titles, of which those that stay keep their row, and those that
    very many datasets hold."""
    now, common = _words_in_use(connection, spelling=gathered is None)
    connection.execute("DELETE FROM common_word")
    for word in common:
        _store_common(connection, word, ids_matching(connection, f'"{word}"'))
    if gathered is not None:
        spelling = gathered()
        if spelling is not None:
            store_spelling(connection, spelling)
            return
        now = spelling_words(connection)
    known: dict[str, int] = dict(connection.execute("SELECT word, id FROM word"))
    remove_words(connection, [(known[word], word) for word in known.keys() - now])
    add_words(connection, now - known.keys())


def spelling_words(connection: sqlite3.Connection) -> set[str]:
    """The words of names and titles that are long and plain enough to be misspelt."""
    return _words_in_use(connection, spelling=True)[0]


def _words_in_use(connection: sqlite3.Connection, *, spelling: bool) -> tuple[set[str], list[str]]:
    """The words of names and titles that may be misspelt, if they are asked for, and plain words that very many
    datasets hold in one column at least, in one pass over the index."""
    count: int = connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
    least = max(COMMON, count // COMMON_SHARE)
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.column_words USING fts5vocab(main, search_index, col)")
    statement = "SELECT term, col, doc FROM temp.column_words WHERE ? AND col IN ('name', 'title') OR doc >= ?"
    words, common = set(), set()
    for term, column, documents in connection.execute(statement, (spelling, least)):
        if documents >= least and term.isascii() and term.isalnum():
            common.add(term)
        if column in ("name", "title") and is_spelling_word(term):
            words.add(term)
    connection.execute("DROP TABLE temp.column_words")
    return words, sorted(common)
