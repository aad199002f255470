"""Rows to draw a sample from, of a file on the web that does not come whole: where they stand is chosen by chance."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from catalog.datafile.reading import suffix_of
from catalog.datafile.remote import Remote, Row, opened_parquet, parquet_rows, remote_rows

GROUPS_BUDGET: Final = 16 << 20
"""Bytes of the row groups that a sample is drawn from, one of them at least."""
FIRST_BUDGET: Final = 4 << 20
"""Bytes of the beginning that a sample is drawn from, where a file can be entered nowhere else."""
WINDOW: Final = 64 << 10
MOST_WINDOWS: Final = 32


def rows_to_draw_from(
    remote: Remote,
    name: str,
    size: int,
    seed: int,
    columns: list[str] | None = None,
    budget: int = GROUPS_BUDGET,
) -> tuple[int | None, Iterator[Row], str]:
    """The number of rows where the file tells it, rows that a sample of `size` is drawn from, and where they stand.

    Of Parquet they are all rows of row groups chosen by chance; of JSON Lines those in places chosen by chance; else
    those of the beginning. Row groups cost at most `budget` bytes. Raises what `remote_rows` raises.
    """
    chance = random.Random(seed)  # noqa: S311 - to look at, not to hide
    suffix = suffix_of(Path(name))
    if suffix == ".parquet":
        return _of_groups(remote, columns, chance, budget)
    if name.lower().endswith((".jsonl", ".ndjson")):
        found = _of_places(remote, size, chance)
        if found is not None:
            return None, found, "drawn from places chosen by chance"
    return None, _of_beginning(remote, name, columns), "drawn from its beginning"


def _of_groups(
    remote: Remote, columns: list[str] | None, chance: random.Random, budget: int
) -> tuple[int | None, Iterator[Row], str]:
    file = opened_parquet(remote)
    total = file.num_row_groups
    costs = [_cost(file.metadata.row_group(n), columns) for n in range(total)]
    taken: list[int] = []
    spent = 0
    for group in chance.sample(range(total), total):
        if taken and spent + costs[group] > budget:
            continue
        taken.append(group)
        spent += costs[group]
    rows = parquet_rows(remote, file, sorted(taken), columns)
    if spent > budget:  # a single row group that is larger than what a sample may cost
        return file.metadata.num_rows, _while(rows, remote, budget), "drawn from the beginning of a row group"
    where = "drawn from all rows" if len(taken) == total else f"drawn from {len(taken):,} of {total:,} row groups"
    return file.metadata.num_rows, rows, where


def _cost(group: Any, columns: list[str] | None) -> int:
    """The bytes of the columns of a row group."""
    each = (group.column(n) for n in range(group.num_columns))
    return sum(
        column.total_compressed_size
        for column in each
        if not columns or column.path_in_schema.partition(".")[0] in columns
    )


def _while(rows: Iterator[Row], remote: Remote, budget: int) -> Iterator[Row]:
    for row in rows:
        yield row
        if remote.transferred > budget:
            return


def _of_places(remote: Remote, size: int, chance: random.Random) -> Iterator[Row] | None:
    """The rows in windows of a file of lines, in the order they stand in; None where it cannot be entered anywhere.

    A window begins after the first line end in it, so a line is likelier to be met the longer the one before it is.
    """
    start = remote.part(0, WINDOW)
    if not remote.ranges or remote.size is None or remote.size <= 2 * FIRST_BUDGET:
        return None
    number = min(MOST_WINDOWS, max(8, size))
    places = sorted(chance.randrange(remote.size) for _ in range(number))

    def rows() -> Iterator[Row]:
        done = 0
        for place in places:
            place = max(place, done)
            if place + 1 >= (remote.size or 0):
                return
            data = start if place == 0 else remote.part(place, place + WINDOW)
            done = place + WINDOW
            yield from rows_of_lines(data, is_start=place == 0, is_end=done >= (remote.size or 0))

    return rows()


def _of_beginning(remote: Remote, name: str, columns: list[str] | None) -> Iterator[Row]:
    yield from _while(remote_rows(remote, name, columns)[1], remote, FIRST_BUDGET)


def rows_of_lines(data: bytes, *, is_start: bool, is_end: bool) -> Iterator[dict[str, Any]]:
    """The objects on the whole lines of a piece; what is cut at its ends is left out, and so is what is no object."""
    lines = data.split(b"\n")
    for line in lines[0 if is_start else 1 : None if is_end else -1]:
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row
