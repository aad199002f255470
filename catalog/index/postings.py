"""Posting lists read out of the index: what readers and writers share, with nothing heavy to import."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from catalog.index.keys import ID_MASK

if TYPE_CHECKING:
    from pyroaring import BitMap


def ids_matching(connection: sqlite3.Connection, match: str) -> BitMap:
    """The ids of all datasets that match, as a bitmap.

    They leave SQLite as one string, which is four times as fast as a row each. Ids lie close together where slots are
    spread over 32 bits, so bitmaps of ids are smaller and meet one another twenty times as fast.
    """
    import json
    from array import array

    from pyroaring import BitMap

    text = connection.execute(
        f"SELECT group_concat(r) FROM (SELECT rowid & {ID_MASK} AS r FROM search_index WHERE search_index MATCH ?)",
        (match,),
    ).fetchone()[0]
    return BitMap(array("I", json.loads(f"[{text}]"))) if text else BitMap()
