"""Size band: from the number of rows, else the band that the source gives."""

from __future__ import annotations

from typing import Final

from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best

_BANDS: Final = (
    (10**3, "0-1k"),
    (10**4, "1k-10k"),
    (10**5, "10k-100k"),
    (10**6, "100k-1m"),
    (10**7, "1m-10m"),
    (10**8, "10m-100m"),
    (10**9, "100m-1b"),
    (10**10, "1b-10b"),
    (10**11, "10b-100b"),
    (10**12, "100b-1t"),
)


def band(rows: int) -> str:
    """The size band of a number of rows."""
    return next((term for limit, term in _BANDS if rows < limit), "1t-plus")


def tags(record: Record) -> list[Tag]:
    """The size band of a record; at most one where the rows are known."""
    rows = record.rows
    if rows is None:
        return best(stated.tags(record, "size"))
    least = "at least " if rows.lower_bound else ""
    words = f"{least}{rows.value} rows, {rows.source}"[: stated.MAX_EVIDENCE]
    return [Tag("size", band(rows.value), "rows", words, 0.8 if rows.lower_bound else 1.0)]
