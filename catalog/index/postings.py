"""Posting lists read out of the index: what readers and writers share, with nothing heavy to import."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from functools import cache
from sys import byteorder
from typing import TYPE_CHECKING

from catalog.index.keys import ID_MASK

if TYPE_CHECKING:
    from pyroaring import BitMap

_EIGHTY_MILLION = 80_000_000
"""Added to an id, it gives eight digits, of which the first is 8 or 9."""

_PIECE = 4096
"""Numbers that are read at once: what they and the masks take stays in the cache of a core."""


def ids_matching(connection: sqlite3.Connection, match: str) -> BitMap:
    """The ids of all datasets that match, as a bitmap."""
    return ids_in(connection, f"SELECT rowid & {ID_MASK} AS r FROM search_index WHERE search_index MATCH ?", (match,))


def ids_in(connection: sqlite3.Connection, select: str, values: Sequence[int | str]) -> BitMap:
    """The ids in the column `r` of a SELECT, as a bitmap.

    They leave SQLite as one text of eight digits each, and are read by arithmetic over thousands of them at a time:
    a row or a Python number each would take four times as long. Ids lie close together where slots are spread over 32
    bits, so bitmaps of ids are smaller and meet one another twenty times as fast.
    """
    from pyroaring import BitMap

    statement = f"SELECT group_concat(r + {_EIGHTY_MILLION}, '') FROM ({select})"
    text = connection.execute(statement, values).fetchone()[0]
    return BitMap(numbers_in(text)) if text else BitMap()


def numbers_in(digits: str) -> array[int]:
    """The numbers that were written with `_EIGHTY_MILLION` added, eight digits each, one after the other."""
    found = array("I")
    lowest, nibbles, pairs, halves = _masks()
    packed = bytes.fromhex(digits)
    for start in range(0, len(packed), 4 * _PIECE):
        piece = packed[start : start + 4 * _PIECE]
        ten = int.from_bytes(piece, "big") & lowest
        ten -= 6 * (ten >> 4 & nibbles)
        hundreds = (ten >> 8 & pairs) * 100 + (ten & pairs)
        whole = (hundreds >> 16 & halves) * 10_000 + (hundreds & halves)
        found.frombytes(whole.to_bytes(len(piece), "big"))
    if byteorder == "little":
        found.byteswap()
    return found


@cache
def _masks() -> tuple[int, int, int, int]:
    """What takes the leading 8 away, single digits, bytes and halves out of `_PIECE` words of four bytes each."""
    words = (0x1FFFFFFF, 0x0F0F0F0F, 0x00FF00FF, 0x0000FFFF)
    first, second, third, fourth = (int.from_bytes(word.to_bytes(4, "big") * _PIECE, "big") for word in words)
    return first, second, third, fourth
