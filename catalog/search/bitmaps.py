"""Which datasets match, as a bitmap of ids: from what the registry keeps where that is enough, else by a walk.

The registry keeps a bitmap for each facet term and for each word that very many datasets hold. An expression of such
terms and words alone is worked out from these; nothing of the index is read then.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from catalog.index.keys import ID_MASK, TERM_MARK
from catalog.index.postings import ids_in, ids_matching
from catalog.sqlite import kept_of

if TYPE_CHECKING:
    from pyroaring import BitMap


def matches(condition: str) -> str:
    """The ids of all matches as a table of one column `r`; its values: MATCH expression, then the condition's."""
    join = f" CROSS JOIN dataset d ON d.id = search_index.rowid & {ID_MASK}" if condition else ""
    where = f" AND {condition}" if condition else ""
    return f"(SELECT search_index.rowid & {ID_MASK} AS r FROM search_index{join} WHERE search_index MATCH ?{where})"


def ids_of(connection: sqlite3.Connection, match: str, condition: str, values: Sequence[int | str]) -> BitMap:
    """The ids of all that match, as a bitmap of the caller's own."""
    kept = kept_ids(connection, match) if not condition else None
    return kept if kept is not None else ids_in(connection, f"SELECT r FROM {matches(condition)}", (match, *values))


def kept_ids(connection: sqlite3.Connection, match: str) -> BitMap | None:
    """The ids that a MATCH expression finds, where it is made of nothing but what the registry keeps bitmaps of."""
    if not is_fresh(connection):
        return None
    kept = _kept_bitmaps(connection)
    reader = _Expression(_tokens().findall(match), lambda text: _kept(connection, text, kept))
    try:
        return reader.whole()
    except LookupError:
        return None


def kept_count(connection: sqlite3.Connection, match: str) -> int | None:
    """How many a MATCH expression finds, where it is made of nothing but what the registry keeps; else None.

    Of one term or word the number itself is kept, so that no bitmap is read.
    """
    tokens = _tokens().findall(match)
    totals = [_total(connection, token[1:-1]) for token in tokens if token.startswith('"')]
    if None in totals or not is_fresh(connection):
        return None
    if len(tokens) == 1:
        return totals[0]
    ids = kept_ids(connection, match)
    return None if ids is None else len(ids)


def is_fresh(connection: sqlite3.Connection) -> bool:
    """Whether the bitmaps were made of the rows as they are."""
    rows = connection.execute("SELECT name, value FROM meta WHERE name IN ('generation', 'derived')")
    marks = dict(rows.fetchall())
    return marks.get("generation") == marks.get("derived")


def holders(connection: sqlite3.Connection) -> Callable[[int], BitMap]:
    """A look-up from the number of a term to the ids of all that hold it; each is read once."""
    fresh, kept = is_fresh(connection), _kept_bitmaps(connection)

    def bitmap(number: int) -> BitMap:
        found = _read(connection, number, kept) if fresh else kept.get(number)
        if found is None:
            found = kept[number] = ids_matching(connection, f'"{TERM_MARK}{number:x}"')
        return found

    return bitmap


def common_total(connection: sqlite3.Connection, word: str) -> int:
    """How many datasets hold a word, where it is one of those that very many hold; else 0."""
    total = _total(connection, word)
    return total if total and is_fresh(connection) else 0


def _total(connection: sqlite3.Connection, text: str) -> int | None:
    """How many hold a token of the index, where it is a facet term or a common word."""
    name = _name(text)
    row = None if name is None else connection.execute(_TOTALS[type(name)], (name,)).fetchone()
    return int(row[0]) if row else None


def _name(text: str) -> int | str | None:
    """What a token is kept under: the number of a term, or the word."""
    if text.startswith(TERM_MARK):
        return int(text[1:], 16)
    return text.lower() if text.isascii() and text.isalnum() else None


_BITMAPS = {int: "SELECT ids FROM facet_bitmap WHERE term_id = ?", str: "SELECT ids FROM common_word WHERE word = ?"}
_TOTALS = {int: "SELECT total FROM facet_bitmap WHERE term_id = ?", str: "SELECT total FROM common_word WHERE word = ?"}


def _kept_bitmaps(connection: sqlite3.Connection) -> dict[int | str, BitMap]:
    """The bitmaps that were read already, by the number of a term or by a word."""
    kept: dict[int | str, BitMap] = kept_of(connection).setdefault("bitmaps", {})
    return kept


def _kept(connection: sqlite3.Connection, text: str, kept: dict[int | str, BitMap]) -> BitMap | None:
    """The bitmap of a token of the index, where it is a facet term or a common word."""
    name = _name(text)
    return None if name is None else _read(connection, name, kept)


def _read(connection: sqlite3.Connection, name: int | str, kept: dict[int | str, BitMap]) -> BitMap | None:
    from pyroaring import BitMap

    if name not in kept:
        row = connection.execute(_BITMAPS[type(name)], (name,)).fetchone()
        if row is None:
            return None
        kept[name] = BitMap.deserialize(row[0])
    return kept[name]


@cache
def _tokens() -> re.Pattern[str]:
    return re.compile(r'"(?:[^"]|"")*"|[()]|[^\s()"]+')  # compiled when first needed: start-up counts


class _Expression:
    """Reads a MATCH expression of strings, AND, OR, NOT and parentheses. Raises `LookupError` for anything else, and
    for a string of which no bitmap is kept."""

    def __init__(self, tokens: list[str], kept: Callable[[str], BitMap | None]) -> None:
        self._tokens = [*tokens, ""]
        self._kept = kept
        self._at = 0

    def whole(self) -> BitMap:
        """The ids that the expression finds."""
        from pyroaring import BitMap

        found = self._either()
        if self._tokens[self._at]:
            raise LookupError
        return BitMap(found)

    def _either(self) -> BitMap:
        found = self._both()
        while self._takes("OR"):
            found = found | self._both()
        return found

    def _both(self) -> BitMap:
        found = self._less()
        while self._takes("AND"):
            found = found & self._less()
        return found

    def _less(self) -> BitMap:
        found = self._leaf()
        while self._takes("NOT"):
            found = found - self._leaf()
        return found

    def _leaf(self) -> BitMap:
        if self._takes("("):
            found = self._either()
            if not self._takes(")"):
                raise LookupError
            return found
        token = self._tokens[self._at]
        self._at += 1
        kept = self._kept(token[1:-1]) if token.startswith('"') else None
        if kept is None:
            raise LookupError
        return kept

    def _takes(self, token: str) -> bool:
        taken = self._tokens[self._at] == token
        self._at += taken
        return taken
