"""The words behind spelling help: which words of a text may be misspelt, and the forms that they are found by.

A word is in the table `word` under a number, each of its forms (`keys.forms_of`) in `word_deletion`.
"""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from catalog.index.keys import forms_of
from catalog.sqlite import insert_rows, insert_values

TOKENIZER = "tokenize='unicode61 remove_diacritics 2'"
"""How the index cuts texts."""

MIN_WORD = 4
MAX_WORD = 40

_WORD = f"[a-z][a-z0-9]{{{MIN_WORD - 1},{MAX_WORD - 1}}}"
_WHOLE = re.compile(_WORD)
_AMONG = re.compile(rf"(?<![^\W_]){_WORD}(?![^\W_])")


class Spelling(NamedTuple):
    """Words in their order, numbered from `first` on, and all their forms, sorted."""

    first: int
    words: list[str]
    forms: array[int]


def is_spelling_word(token: str) -> bool:
    """Whether a token of the index is long and plain enough to be misspelt."""
    return _WHOLE.fullmatch(token) is not None


def words_of(connection: sqlite3.Connection, texts: Iterable[str]) -> set[str]:
    """The spelling words of texts, as the tokenizer of the index cuts them; it is asked itself where a text is not
    ASCII."""
    plain: list[str] = []
    others: list[str] = []
    for text in texts:
        (plain if text.isascii() else others).append(text)
    found = set(_AMONG.findall("\n".join(plain).lower()))
    return found | {token for token in _tokens_of(connection, others) if is_spelling_word(token)} if others else found


def _tokens_of(connection: sqlite3.Connection, texts: Sequence[str]) -> list[str]:
    connection.execute(f"CREATE VIRTUAL TABLE temp.cut USING fts5(text, content='', {TOKENIZER})")
    connection.execute("CREATE VIRTUAL TABLE temp.cut_tokens USING fts5vocab(temp, cut, row)")
    connection.executemany("INSERT INTO temp.cut (rowid, text) VALUES (?, ?)", enumerate(texts))
    tokens = [token for (token,) in connection.execute("SELECT term FROM temp.cut_tokens")]
    connection.execute("DROP TABLE temp.cut_tokens")
    connection.execute("DROP TABLE temp.cut")
    return tokens


def spelling_of(words: Iterable[str], first: int = 1) -> Spelling:
    """Words numbered from `first` on, and their forms."""
    ordered = sorted(words)
    return Spelling(first, ordered, array("q", forms_of_all(enumerate(ordered, first))))


def forms_of_all(words: Iterable[tuple[int, str]]) -> list[int]:
    """The forms of numbered words, sorted. Where two hash to the same number it comes twice."""
    return sorted([form for number, word in words for form in forms_of(word, number)])


def add_words(connection: sqlite3.Connection, words: Iterable[str]) -> None:
    """Add new spelling words. The caller holds a transaction."""
    first: int = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM word").fetchone()[0]
    store_spelling(connection, spelling_of(words, first))


def store_spelling(connection: sqlite3.Connection, spelling: Spelling) -> None:
    """Add words under their numbers, which must be free. The caller holds a transaction."""
    insert_rows(connection, "INSERT INTO word (id, word)", list(enumerate(spelling.words, spelling.first)))
    insert_values(connection, "INSERT OR IGNORE INTO word_deletion (form)", 1, spelling.forms.tolist())


def remove_words(connection: sqlite3.Connection, words: Iterable[tuple[int, str]]) -> None:
    """Take out words, given with their numbers. The caller holds a transaction."""
    gone = list(words)
    connection.executemany("DELETE FROM word_deletion WHERE form = ?", zip(forms_of_all(gone), strict=True))
    connection.executemany("DELETE FROM word WHERE id = ?", ((number,) for number, _word in gone))
