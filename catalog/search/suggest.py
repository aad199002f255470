"""Other spellings when words find (almost) nothing: compound names, prefixes, one-letter slips.

A word that hardly occurs is looked up by the hashes of itself and of itself less one letter in the deletion table of
the words of names and titles (the symmetric-delete idea of W. Garbe's SymSpell), and its neighbours within an optimal
string alignment distance of 2 are tried together. No word that is common is ever corrected.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator

from catalog.index.keys import WORD_BITS, forms_of, name_norm
from catalog.search.query import Word
from catalog.search.understand import Part, Reading, Term, Unit
from catalog.text import for_fts

Named = Callable[[str], tuple[Term, ...]]
"""The terms that a word names."""

RARE = 3
"""A word that more datasets than this hold is taken as meant."""

KEPT = 5
"""Corrections of one word that are tried together."""

MIN_WORD = 4

_PIECES = r"[\W_]+"


def readings(connection: sqlite3.Connection, reading: Reading, known: Named, *, found: bool) -> Iterator[Reading]:
    """Other readings of words that find (almost) nothing, the likeliest first.

    `known` tells the terms of words; `found` is whether the words as typed find anything: then nothing is guessed
    beyond a compound name and other spellings.
    """
    joined = name_norm("".join(part.text for part in reading.parts))
    compound = len(reading.parts) > 1 and joined.isalnum() and joined.isascii()
    if compound:
        yield _single(Word(joined))
    respelt = _respelt(connection, reading, known)
    if respelt is not None:
        yield respelt
    near = neighbours(connection, joined) if compound else []
    if near:
        yield Reading((Unit((Part((Word(joined),), near=tuple(near)),)),))
    if not found:
        yield from _prefixed(reading)


def _single(word: Word) -> Reading:
    return Reading((Unit((Part((word,)),)),))


def _prefixed(reading: Reading) -> Iterator[Reading]:
    """The last word as the beginning of a longer one."""
    *others, last = reading.units
    word = last.parts[-1].words[-1]
    if len(last.parts) == 1 and word.kind == "word" and len(word.text) >= MIN_WORD and word.text.isascii():
        words = (*last.parts[-1].words[:-1], Word(word.text, "prefix"))
        yield Reading((*others, Unit((Part(words),))))


def _respelt(connection: sqlite3.Connection, reading: Reading, known: Named) -> Reading | None:
    """Each rare word with its nearest neighbours, and with the terms that the nearest names."""
    units = [_respelt_unit(connection, unit, known) for unit in reading.units]
    return Reading(tuple(units)) if any(part.near for unit in units for part in unit.parts) else None


def _respelt_unit(connection: sqlite3.Connection, unit: Unit, known: Named) -> Unit:
    part = unit.parts[0]
    if len(unit.parts) > 1 or len(part.words) > 1 or part.terms or part.words[0].kind != "word":
        return unit
    pieces = [piece for piece in re.split(_PIECES, part.words[0].text) if piece]
    near = neighbours(connection, part.words[0].text)
    if near or len(pieces) < 2:
        return Unit((part._replace(near=tuple(near), terms=known(near[0]) if near else ()),))
    spelt = (Part((Word(piece),), near=tuple(neighbours(connection, piece))) for piece in pieces)
    return Unit(tuple(spelt))


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
    alike = (other for other in others if other != word and abs(len(other) - len(word)) <= 2)
    near = [(far, other) for other in alike if (far := distance(word, other)) <= 2]
    ranked = sorted((far, -_frequency(connection, other), other) for far, other in near)
    return [other for _far, _frequency, other in ranked[:KEPT]]


def _is_common(connection: sqlite3.Connection, word: str) -> bool:
    statement = f"SELECT 1 FROM search_index WHERE search_index MATCH ? LIMIT 1 OFFSET {RARE}"
    return connection.execute(statement, (for_fts(word),)).fetchone() is not None


def _frequency(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute("SELECT doc FROM search_vocabulary WHERE term = ?", (word,)).fetchone()
    return int(row[0]) if row else 0


def distance(a: str, b: str) -> int:
    """The optimal string alignment distance: edits and swaps of neighbouring letters from one word to the other.

    All cells of a row of the table are bits of one number (H. Hyyrö, "A bit-vector algorithm for computing Levenshtein
    and Damerau edit distances", 2003), so a word costs a few operations a letter.
    """
    if not a or not b:
        return len(a) + len(b)
    places: dict[str, int] = {}
    for at, letter in enumerate(a):
        places[letter] = places.get(letter, 0) | 1 << at
    every, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    up, down, diagonal, before, found = every, 0, 0, 0, len(a)
    for letter in b:
        here = places.get(letter, 0)
        swapped = ((~diagonal & here) << 1) & before
        diagonal = (((here & up) + up) ^ up) | here | down | swapped
        more, less = down | (every & ~(diagonal | up)), diagonal & up
        found += bool(more & last) - bool(less & last)
        more, less = more << 1 | 1, less << 1
        up, down, before = less & every | (every & ~(diagonal | more)), more & diagonal & every, here
    return found
