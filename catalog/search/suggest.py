"""Other spellings when words find (almost) nothing: compound names, prefixes, one-letter slips.

A word that hardly occurs is looked up by the hashes of itself and of itself less one letter in the deletion table of
the words of names and titles (the symmetric-delete idea of W. Garbe's SymSpell), and its neighbours within an optimal
string alignment distance of 2 are tried together. No word that is common is ever corrected.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from catalog.index.keys import WORD_BITS, forms_of, name_norm
from catalog.search.match import match_expression, words_expressions
from catalog.search.query import Query, Word
from catalog.search.terms import Filters
from catalog.text import for_fts

if TYPE_CHECKING:
    from catalog.search.run import Plan

RARE = 3
"""A word that more datasets than this hold is taken as meant."""

KEPT = 5
"""Corrections of one word that are tried together."""

MIN_WORD = 4

_NO_FILTERS = Filters({}, {})


def corrected(connection: sqlite3.Connection, query: Query, plan: Plan, total: int) -> tuple[str, str] | None:
    """Another reading of the words, as text to show and as MATCH expression, or None when there is none.

    `total` is how many datasets the words as typed find: a compound name is tried even then.
    """
    for reading in (_joined(query), _respelt(connection, query), _prefixed(query) if not total else None):
        if reading is None:
            continue
        text, words = reading
        without = replace(query, words=tuple(word for word in query.words if word.negated))
        rest = match_expression(without, plan.filters, {})
        match = f"{' AND '.join(words)} AND {rest}" if " NOT (" not in rest else f"({' AND '.join(words)}) AND ({rest})"
        row = connection.execute("SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT 1", (match,)).fetchone()
        if row is not None:
            return text, match
    return None


def _joined(query: Query) -> tuple[str, list[str]] | None:
    """`open web text` as the compound `openwebtext`."""
    words = [word for word in query.words if not word.negated]
    joined = name_norm("".join(word.text for word in words))
    if len(words) < 2 or not joined.isalnum():
        return None
    return joined, [for_fts(joined)]


def _prefixed(query: Query) -> tuple[str, list[str]] | None:
    """The last word as the beginning of a longer one."""
    words = [word for word in query.words if not word.negated]
    if not words or words[-1].kind != "word" or len(words[-1].text) < MIN_WORD or not words[-1].text.isascii():
        return None
    last = Word(words[-1].text, "prefix")
    expressions = words_expressions(replace(query, words=(*words[:-1], last)), _NO_FILTERS, {})
    return f"{' '.join(word.text for word in (*words[:-1], last))}*", expressions


def _respelt(connection: sqlite3.Connection, query: Query) -> tuple[str, list[str]] | None:
    """Each rare word with its nearest neighbours."""
    shown, expressions, changed = [], [], False
    for word in query.words:
        if word.negated:
            continue
        near = neighbours(connection, word.text) if word.kind == "word" else []
        plain = words_expressions(replace(query, words=(word,)), _NO_FILTERS, {})
        if near:
            changed = True
            shown.append(near[0])
            expressions.append(f"({' OR '.join([*plain, *map(for_fts, near)])})")
        else:
            shown.append(word.text)
            expressions.extend(plain)
    return (" ".join(shown), expressions) if changed else None


_SHARING = (
    "SELECT w.word FROM word_deletion n JOIN word w ON w.id = n.form & ((1 << 31) - 1) WHERE n.form >= ? AND n.form < ?"
)


def neighbours(connection: sqlite3.Connection, text: str) -> list[str]:
    """The words of names and titles that a rare word may mean, nearest and most common first; [] for a common word."""
    word = name_norm(text)
    if len(word) < MIN_WORD or not (word.isascii() and word.isalnum()) or _is_common(connection, word):
        return []
    others = {
        other
        for form in set(forms_of(word))
        for (other,) in connection.execute(_SHARING, (form, form + (1 << WORD_BITS)))
    }
    near = [(distance(word, other), other) for other in others if other != word]
    ranked = sorted((far, -_frequency(connection, other), other) for far, other in near if far <= 2)
    return [other for _far, _frequency, other in ranked[:KEPT]]


def _is_common(connection: sqlite3.Connection, word: str) -> bool:
    statement = f"SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT 1 OFFSET {RARE}"
    return connection.execute(statement, (for_fts(word),)).fetchone() is not None


def _frequency(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute("SELECT doc FROM search_vocabulary WHERE term = ?", (word,)).fetchone()
    return int(row[0]) if row else 0


def distance(a: str, b: str) -> int:
    """The optimal string alignment distance: edits and swaps of neighbouring letters from one word to the other."""
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
