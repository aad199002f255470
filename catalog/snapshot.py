"""Rows of a published dump of a source: Parquet or JSON Lines, streaming, one bad row costing itself alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from catalog.connector import Cursor, FromSnapshot, Page
from catalog.errors import Fatal, Skipped, Usage
from catalog.record import MAX_RECORD, Record

BATCH = 1000
"""Rows in one page."""

Row = Mapping[str, object]


def pages_of(connector: FromSnapshot, path: Path) -> Iterator[Page]:
    """The records of a dump as pages. Raises `Usage` for a file that is neither form, `Fatal` for a broken one."""
    records: list[Record] = []
    skipped: list[tuple[str, str]] = []
    for number, row in enumerate(_rows(path), 1):
        try:
            if not isinstance(row, Mapping):
                raise Skipped("the row is no object.")
            records.append(connector.snapshot_record(row))
        except Skipped as error:
            skipped.append((f"row {number}", error.message))
        if len(records) + len(skipped) == BATCH:
            yield Page(tuple(records), Cursor(), tuple(skipped))
            records, skipped = [], []
    yield Page(tuple(records), Cursor(), tuple(skipped), last=True)


def _rows(path: Path) -> Iterator[object]:
    if not path.is_file():
        raise Usage(f"there is no file {path}.", "Name a Parquet or JSON Lines file.")
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return _parquet_rows(path)
    if start.lstrip().startswith(b"["):
        raise Usage(f"{path} is one JSON array, not JSON Lines.", "Write one object a line: jq -c '.[]' FILE")
    return _json_rows(path)


def _parquet_rows(path: Path) -> Iterator[object]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise Fatal("reading Parquet needs pyarrow.", "Add it with: pip install 'dataset-catalog[parquet]'") from error
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                yield from batch.to_pylist()
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise Fatal(f"{path} cannot be read as Parquet ({error}).", "Download it again.") from error


def _json_rows(path: Path) -> Iterator[object]:
    with path.open("rb") as file:
        while line := file.readline(16 * MAX_RECORD):
            if line.strip():
                yield _parsed(line)


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
