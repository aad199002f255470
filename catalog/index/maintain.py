"""Writing the index: documents in and out, the bitmaps behind facet counts, the words behind spelling help.

Documents are written in the transaction of the rows they come from, so the index never lags behind the tables.
Bitmaps and spelling words are derived from the index itself; `meta` names the generation of rows they were made of,
and a reader that finds them behind counts the slow, exact way until `refresh` has run.

The full-text table is contentless: taking a document out needs the very text that went in, which is the document of
the entry as it still stands in the tables (`document` is pure). It keeps no column sizes: without them scoring is
about twice as fast and known-item ranking a little better, as short names are told by their column weight anyway.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from catalog.index.document import Document
from catalog.index.keys import TERM_MARK, deletions, form_of
from catalog.index.postings import ids_matching

GENERATION = "generation"
DERIVED = "derived"
"""Names in `meta`: how often rows changed, and the generation that bitmaps and words were made of."""

LOOK_UPS = (
    "CREATE INDEX IF NOT EXISTS dataset_name_norm ON dataset (name_norm)",
    "CREATE INDEX IF NOT EXISTS alias_norm ON alias (norm)",
    "CREATE INDEX IF NOT EXISTS dataset_modified ON dataset (modified)",
    "CREATE INDEX IF NOT EXISTS dataset_bytes ON dataset (bytes) WHERE bytes IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS dataset_rows ON dataset (rows) WHERE rows IS NOT NULL",
)
"""Indexes that only readers need: made when the first load is done, which is cheaper than keeping them up during it."""

MIN_WORD = 4
MAX_WORD = 40

_INSERT = "INSERT INTO search_index (rowid, name, title, body, extra, facets, cjk) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELETE = (
    "INSERT INTO search_index (search_index, rowid, name, title, body, extra, facets, cjk) "
    "VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)
_WORDS = re.compile(f"[a-z][a-z0-9]{{{MIN_WORD - 1},{MAX_WORD - 1}}}")


def add_documents(connection: sqlite3.Connection, documents: Iterable[tuple[int, Document]]) -> None:
    """Put documents in at their slots; in the order of slots, as that is twice as fast."""
    rows = sorted((slot, *document) for slot, document in documents)
    connection.executemany(_INSERT, rows)


def remove_documents(connection: sqlite3.Connection, documents: Iterable[tuple[int, Document]]) -> None:
    """Take out documents, given as they were put in."""
    connection.executemany(_DELETE, sorted((slot, *document) for slot, document in documents))


def clear(connection: sqlite3.Connection) -> None:
    """Empty the index and all that is derived from it."""
    connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
    for table in ("facet_bitmap", "word", "word_deletion"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM meta WHERE name = ?", (DERIVED,))


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


def refresh(connection: sqlite3.Connection) -> bool:
    """Make bitmaps and words anew in one transaction if rows changed since. Returns whether there was work."""
    if is_fresh(connection):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in LOOK_UPS:
            connection.execute(statement)
        _refresh_bitmaps(connection)
        _refresh_words(connection)
        connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) SELECT ?, value FROM meta WHERE name = ?", (DERIVED, GENERATION)
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def _refresh_bitmaps(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM facet_bitmap")
    for (number,) in connection.execute("SELECT id FROM term ORDER BY id").fetchall():
        bitmap = ids_matching(connection, f'"{TERM_MARK}{number:x}"')
        if bitmap:
            bitmap.run_optimize()
            row = (number, len(bitmap), bitmap.serialize())
            connection.execute("INSERT INTO facet_bitmap (term_id, total, ids) VALUES (?, ?, ?)", row)


def _refresh_words(connection: sqlite3.Connection) -> None:
    """Bring the spelling words to the words of names and titles; words that stay keep their row."""
    now = spelling_words(connection)
    known: dict[str, int] = dict(connection.execute("SELECT word, id FROM word"))
    gone = [(known[word], word) for word in known.keys() - now]
    if gone:
        connection.executemany("DELETE FROM word_deletion WHERE form = ?", ((form,) for form in _forms(gone)))
        connection.executemany("DELETE FROM word WHERE id = ?", ((number,) for number, _word in gone))
    first = max(known.values(), default=0) + 1
    fresh = list(enumerate(sorted(now - known.keys()), start=first))
    connection.executemany("INSERT INTO word (id, word) VALUES (?, ?)", fresh)
    connection.executemany("INSERT INTO word_deletion (form) VALUES (?)", ((form,) for form in _forms(fresh)))


def spelling_words(connection: sqlite3.Connection) -> set[str]:
    """The words of names and titles that are long and plain enough to be misspelt."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.column_words USING fts5vocab(main, search_index, col)")
    rows = connection.execute("SELECT term FROM temp.column_words WHERE col IN ('name', 'title')")
    words = {term for (term,) in rows if _WORDS.fullmatch(term)}
    connection.execute("DROP TABLE temp.column_words")
    return words


def _forms(words: Iterable[tuple[int, str]]) -> list[int]:
    return sorted({form_of(text, number) for number, word in words for text in deletions(word)})
