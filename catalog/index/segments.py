"""The index of a first load, made in another process while this one writes the tables.

What a batch of documents adds to a full-text index is one segment, a few rows of the tables that FTS5 keeps it in. The
other process writes each batch into an index of its own, which began empty as the registry's, and gives those rows
back. They go into the registry as they are, in the transaction of the batch: so the index is byte for byte what it
would be without help, and lags no more behind its tables. Meanwhile the spelling words are gathered there as well.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable
from typing import Final, NamedTuple, Self

import msgspec

from catalog.index.maintain import FIRST_LOAD, Slotted, write_documents, write_terms
from catalog.index.spelling import Spelling, spelling_of, words_of
from catalog.workers import Companion

_LAST_PAGE_OF_ALL: Final = 10
"""Rows of the table of blocks up to this id tell of the whole index (sizes, list of segments); the others are blocks
of segments, in the order that segments came."""

_SEGMENTS: Final = FIRST_LOAD["crisismerge"] - 2
"""Segments that may come before FTS5 would merge them, which needs the blocks that the other process has let go."""

_NEW: Final = (
    "SELECT id, block FROM search_index_data ORDER BY id",
    "SELECT segid, term, pgno FROM search_index_idx ORDER BY segid, term",
)


class Blank(msgspec.Struct, tag=True):
    """An index as it is before anything is in it: its definition, settings and first blocks."""

    sql: str
    settings: list[tuple[str, int]]
    blocks: list[tuple[int, bytes]]


class Batch(msgspec.Struct, tag=True):
    """Documents that go out of the index and that come in, each with its slot."""

    gone: list[Slotted]
    came: list[Slotted]


class End(msgspec.Struct, tag=True):
    """That no batch follows: the spelling words are asked for."""


class Segment(NamedTuple):
    """The rows that a batch adds to the tables of the index: blocks, and where terms begin in them."""

    blocks: list[tuple[int, bytes]]
    starts: list[tuple[int, bytes, int]]


Message = Blank | Batch | End

_pack = msgspec.msgpack.Encoder().encode
_message = msgspec.msgpack.Decoder(Message).decode
_segment = msgspec.msgpack.Decoder(Segment).decode
_read_words = msgspec.msgpack.Decoder(tuple[list[str], bytes]).decode


class IndexWriter:
    """Writes documents into the index of a registry, alone or with the other process."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._indexer: Indexer | None = None
        self._may_ask = True

    def get_help(self) -> None:
        """Have another process make the index from here on, where it is empty and there can be one."""
        if self._may_ask:
            self._may_ask = False
            self._indexer = Indexer.started(self._connection)

    def begin(self, gone: list[Slotted], came: list[Slotted]) -> None:
        """Give a batch to the one that helps, if any; `write` must follow, and other work may be done till then."""
        if self._indexer is not None:
            self._indexer.ask(gone, came)

    def write(self, gone: list[Slotted], came: list[Slotted]) -> None:
        """Take documents out and put others in. The caller holds a transaction."""
        write_terms(self._connection, came)
        if self._indexer is None:
            write_documents(self._connection, gone, came)
        elif not self._indexer.write(self._connection):
            self.work_alone()
            write_documents(self._connection, gone, came)
        elif self._indexer.is_full:
            self.work_alone()

    def work_alone(self) -> None:
        """Do without the other process, if there is one."""
        if self._indexer is not None:
            self._indexer.close()
            self._indexer = None

    def gathered(self) -> Callable[[], Spelling | None] | None:
        """What waits for the spelling words of all documents, where the other process gathers them."""
        return None if self._indexer is None else self._indexer.ask_words()


class Indexer:
    """The other process as seen from this one. Once it failed it is of no more use."""

    def __init__(self, companion: Companion) -> None:
        self._companion = companion
        self._segments = 0
        self._knows_words = True

    @classmethod
    def started(cls, connection: sqlite3.Connection) -> Self | None:
        """One for a registry whose index is empty; None where there can be none.

        From then on the connection must not use the index otherwise: it keeps what it read of the list of segments.
        """
        if _holds_something(connection) or not _may_write(connection):
            return None
        companion = Companion.started(_answering)
        if companion is None:
            return None
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'search_index'").fetchone()
        settings = connection.execute("SELECT k, v FROM search_index_config").fetchall()
        blocks = connection.execute("SELECT id, block FROM search_index_data").fetchall()
        companion.ask(_pack(Blank(sql, settings, blocks)))
        return cls(companion) if companion.answer() is not None else None

    def ask(self, gone: list[Slotted], came: list[Slotted]) -> None:
        """Send a batch: `write` waits for its segment, and other work may be done till then."""
        self._knows_words = self._knows_words and not gone
        self._companion.ask(_pack(Batch(gone, came)))

    def write(self, connection: sqlite3.Connection) -> bool:
        """Write the segment of the batch that was sent; the caller holds a transaction. False where there is none."""
        answer = self._companion.answer()
        if answer is None:
            return False
        blocks, starts = _segment(answer)
        connection.executemany("INSERT OR REPLACE INTO search_index_data (id, block) VALUES (?, ?)", blocks)
        connection.executemany("INSERT INTO search_index_idx (segid, term, pgno) VALUES (?, ?, ?)", starts)
        self._segments = max([self._segments, *(segment for segment, _term, _page in starts)])
        return True

    @property
    def is_full(self) -> bool:
        """Whether it takes no further batch."""
        return self._segments >= _SEGMENTS

    def ask_words(self) -> Callable[[], Spelling | None] | None:
        """Say that no batch follows. Gives what waits for the spelling words of all documents; None where they are not
        known."""
        if not self._knows_words:
            return None
        self._companion.ask(_pack(End()))
        return self._words

    def _words(self) -> Spelling | None:
        answer = self._companion.answer()
        if answer is None:
            return None
        words, packed = _read_words(answer)
        return Spelling(1, words, array("q", packed))

    def close(self) -> None:
        """End the process."""
        self._companion.close()


def _holds_something(connection: sqlite3.Connection) -> bool:
    statement = "SELECT 1 FROM dataset UNION ALL SELECT 1 FROM word LIMIT 1"
    return connection.execute(statement).fetchone() is not None


def _may_write(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite lets the tables of an index be written, which some are built not to; what the connection
    knew of the empty index is forgotten."""
    try:
        connection.execute("INSERT INTO search_index (search_index) VALUES ('delete-all')")
        connection.execute("UPDATE search_index_data SET block = block")
    except sqlite3.OperationalError:
        return False
    return True


# -- in the other process -------------------------------------------------------------------------------------------


class _Twin:
    """An index like the registry's, of which only what is new is kept, and the words of all that came."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._found: set[str] = set()

    def __call__(self, message: bytes) -> bytes:
        given = _message(message)
        if isinstance(given, Blank):
            self._begin(given)
            return b""
        if isinstance(given, Batch):
            return _pack(self._segment(given))
        spelling = spelling_of(self._found)
        return _pack((spelling.words, spelling.forms.tobytes()))

    def _begin(self, blank: Blank) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        run(blank.sql)
        run("DELETE FROM search_index_config")
        self._connection.executemany("INSERT INTO search_index_config (k, v) VALUES (?, ?)", blank.settings)
        self._connection.executemany("INSERT OR REPLACE INTO search_index_data VALUES (?, ?)", blank.blocks)
        run("SELECT 1 FROM search_index WHERE search_index MATCH 'settings'")  # has them read

    def _segment(self, batch: Batch) -> Segment:
        """Write a batch; what it added is taken out again, as no more than the list of segments is needed here."""
        connection = self._connection
        connection.execute("BEGIN")
        write_documents(connection, batch.gone, batch.came)
        connection.execute("COMMIT")
        self._found |= words_of(connection, [text for _slot, document in batch.came for text in document[:2]])
        new = Segment(*(connection.execute(statement).fetchall() for statement in _NEW))
        connection.execute(f"DELETE FROM search_index_data WHERE id > {_LAST_PAGE_OF_ALL}")
        connection.execute("DELETE FROM search_index_idx")
        return new


def _answering() -> _Twin:
    return _Twin()
