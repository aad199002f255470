"""What characters are to the tokenizer of the index and to Python, as one table for the browser.

Browsers know a later Unicode than SQLite's tokenizer (6.1) and than this Python, so none of their own tables may be
asked. The table is made of SQLite and Python themselves; a browser loads it with the first query that is not ASCII.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from itertools import chain, groupby
from typing import Any

from catalog.index.han import pairs

_FIRST, _LAST = 0x80, 0x323B0
_TAGS = range(0xE0000, 0xE0200)
"""Beyond these ranges no character is assigned but for private use, which `index.keys.plain` takes out."""

MARK = "m"
"""A character that goes on a token and is left out of it."""


@cache
def table() -> dict[str, Any]:
    """`classes` are [token, alphanumeric, casefold, assigned]: what is added to a code point to get the character of
    its token (None where it separates tokens, `MARK`), whether Python calls it alphanumeric, what is added to fold
    it, and whether this Python knows it. `runs` are [length, class] pairs from U+0080, `tags` from U+E0000; `folds`
    are the case foldings to several characters, `han` from a traditional character to its simplified form."""
    classes: dict[tuple[Any, ...], int] = {}
    known = {part: _runs(part, classes) for part in (range(_FIRST, _LAST), _TAGS)}
    runs, tags = known.values()
    folds = {chr(c): chr(c).casefold() for c in _codes(range(_FIRST, _LAST)) if len(chr(c).casefold()) > 1}
    told = {"classes": [list(each) for each in classes], "runs": runs, "tags": tags, "folds": folds}
    return {**told, "han": {pair[0]: pair[1] for pair in pairs()}}


def _codes(part: range) -> Iterator[int]:
    return (code for code in part if not 0xD800 <= code < 0xE000)


def _runs(part: range, classes: dict[tuple[Any, ...], int]) -> list[int]:
    tokens = _tokens(part)
    each = (classes.setdefault(_class(code, tokens), len(classes)) for code in part)
    return [*chain.from_iterable((sum(1 for _ in run), number) for number, run in groupby(each))]


def _class(code: int, tokens: dict[int, Any]) -> tuple[Any, ...]:
    character = chr(code)
    folded = character.casefold()
    return (
        tokens.get(code),
        int(character.isalnum()),
        ord(folded) - code if len(folded) == 1 else 0,
        int(unicodedata.category(character) != "Cn"),
    )


def _tokens(part: range) -> dict[int, Any]:
    """What SQLite's tokenizer makes of each character between letters, as `table` gives it; separators left out."""
    found: dict[int, Any] = {}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE probe USING fts5 (text, content='', columnsize=0, "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE instance USING fts5vocab(probe, instance)")
        connection.executemany(
            "INSERT INTO probe (rowid, text) VALUES (?, ?)", ((c, f"a{chr(c)}b") for c in _codes(part))
        )
        for code, term in connection.execute("SELECT doc, term FROM instance WHERE offset = 0 AND term <> 'a'"):
            found[code] = MARK if term == "ab" else ord(term[1]) - code
    return found
