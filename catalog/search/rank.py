"""The order of matches: bm25 with column weights and a popularity term, over the most popular of them.

Slots grow as popularity falls, so FTS5 may stop after `TIER` matches whatever a word matches. What is left is that
`bm25()` first walks all datasets that hold a word, to weigh it; for one word that very many hold the same score is
worked out from their number, which the registry keeps, and from where the word stands in the first of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from math import log

from catalog.index.keys import ID_BITS
from catalog.search.bitmaps import common_total

TIER = 1000
"""How many of the most popular matches are scored."""

WEIGHTS = {"name": 5.0, "title": 3.0, "body": 0.1, "extra": 0.5, "facets": 4.0, "cjk": 2.0}
"""bm25 weights of the columns of the index."""

POPULARITY = 0.1
"""What one popularity level counts in bm25's units (half the logarithm of the rank)."""

SCORE = (
    f"bm25(search_index, {', '.join(map(str, WEIGHTS.values()))}) + {POPULARITY} * (search_index.rowid >> {ID_BITS})"
)
"""The score of a match in SQL; the least is the best."""

_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6
_UNKNOWN_SIZE = -len(WEIGHTS)
"""What FTS5 takes for the length of a document where the index keeps no column sizes."""

_AVERAGES = "SELECT block FROM search_index_data WHERE id = 1"
_PLACES = "SELECT doc, col FROM search_instance WHERE term = ?"


def best_of_common(connection: sqlite3.Connection, match: str, wanted: int) -> list[int] | None:
    """The slots of the best matches of one word that very many datasets hold, as `SCORE` orders them; None for any
    other expression."""
    word = match[1:-1].lower()
    if not (match.startswith('"') and word.isascii() and word.isalnum()):
        return None
    total = common_total(connection, word)
    if not total:
        return None
    held: dict[int, float] = {}
    for slot, column in connection.execute(_PLACES, (word,)):
        if slot not in held and len(held) == TIER:
            break
        held[slot] = held.get(slot, 0.0) + WEIGHTS[column]
    score = scorer(total, *_sizes(connection))
    ordered = sorted((score(weight) + POPULARITY * (slot >> ID_BITS), slot) for slot, weight in held.items())
    return [slot for _score, slot in ordered[: min(wanted, TIER)]]


def scorer(total: int, documents: int, tokens: float) -> Callable[[float], float]:
    """The bm25 of FTS5 for one phrase, by the summed weights of the places where a document holds it."""
    idf = log((documents - total + 0.5) / (total + 0.5))
    idf = idf if idf > 0 else _LEAST_IDF
    length = _K1 * (1 - _B + _B * _UNKNOWN_SIZE / (tokens / documents))
    return lambda weight: -1.0 * idf * (weight * (_K1 + 1) / (weight + length))


def _sizes(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many documents the index holds, and how many tokens: what FTS5 keeps in its averages record, as varints."""
    block: bytes = connection.execute(_AVERAGES).fetchone()[0]
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers[0], sum(numbers[1:])
