"""Rows into a file: JSON Lines, CSV or Parquet by its suffix. The file appears only whole."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final, Protocol

from catalog.datafile.reading import BadRow
from catalog.errors import Fatal, Usage
from catalog.formats.training import Misfit
from catalog.formats.training_pairs import Tie

BATCH: Final = 5000
SUFFIXES: Final = (".jsonl", ".ndjson", ".csv", ".parquet")

Row = Mapping[str, Any]


class Sink(Protocol):
    """What takes rows."""

    def write(self, row: Row) -> None:
        """Take a row. Raises `Misfit` for one that the file's form cannot hold."""

    def finish(self) -> None:
        """Write what is still held."""


@dataclass
class Counts:
    """What became of rows: read, written, ties dropped, and the others by the reason why they do not fit."""

    read: int = 0
    written: int = 0
    ties: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    columns: list[str] = field(default_factory=list)


def encode(value: object) -> bytes:
    """JSON of a value as UTF-8; half characters, which UTF-8 has not, as escapes."""
    import msgspec

    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError, msgspec.MsgspecError):
        return json.dumps(value, ensure_ascii=True, default=str).encode()


def check_suffix(path: Path) -> None:
    """Raise `Usage` for a name whose suffix no form has, or a folder that is not there, `Fatal` without pyarrow."""
    if path.suffix.lower() not in SUFFIXES:
        raise Usage(f"{path.name} has no form that can be written.", f"Names end with {', '.join(SUFFIXES)}.")
    if not path.parent.is_dir():
        raise Usage(f"there is no folder {path.parent}.", "Make it first.")
    if path.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise Fatal("writing Parquet needs pyarrow.", "Add it with: pip install 'dataset-catalog[parquet]'")


@contextmanager
def placed(path: Path, shown: Path | None = None) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` when all went well, and is removed when it did not.

    Raises `Fatal` where it cannot be written, which names `shown` (default: `path`).
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        if error.filename != str(beside):
            raise
        hint = "Name another with --out, or look at the folder."
        raise Fatal(f"{shown or path} cannot be written ({error.strerror}).", hint) from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def opened_sink(path: Path) -> Iterator[Sink]:
    """What writes rows to a file of this name. Raises `Usage` for a suffix that is not known."""
    check_suffix(path)
    with placed(path) as beside:
        if path.suffix.lower() == ".parquet":
            with placed(beside.with_suffix(".spool"), path) as spool:
                sink: Sink = _Parquet(spool, beside)
                with spool.open("wb"):
                    pass
                yield sink
                sink.finish()
            beside.with_suffix(".spool").unlink(missing_ok=True)
            return
        with beside.open("wb") as file:
            sink = _Table(file) if path.suffix.lower() == ".csv" else _Lines(file)
            yield sink
            sink.finish()
            file.flush()
            os.fsync(file.fileno())


class _Lines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._held: list[bytes] = []

    def write(self, row: Row) -> None:
        self._held.append(encode(row))
        if len(self._held) >= BATCH:
            self.finish()

    def finish(self) -> None:
        if self._held:
            self._held.append(b"")
            self._file.write(b"\n".join(self._held))
            self._held.clear()


class _Table:
    """CSV of RFC 4180. Lists and objects are JSON in their cells; the heading is that of the first row."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        self._heading: list[str] = []

    def write(self, row: Row) -> None:
        if not self._heading:
            self._heading = list(row)
            self._writer.writerow(self._heading)
        if extra := [name for name in row if name not in self._heading]:
            raise Misfit(f"it has a column {extra[0][:40]!r}, which the first row has not")
        cells = [_cell(row.get(name)) for name in self._heading]
        _check_text(cells)
        self._writer.writerow(cells)
        if self._text.tell() > 1 << 20:
            self.finish()

    def finish(self) -> None:
        self._file.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()


def _cell(value: object) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return encode(value).decode() if isinstance(value, (list, tuple, dict)) else value


def _check_text(cells: Iterable[object]) -> None:
    for cell in cells:
        if isinstance(cell, str):
            try:
                cell.encode()
            except UnicodeEncodeError:
                raise Misfit("it has half a character, which UTF-8 cannot hold") from None


class _Parquet:
    """Rows are spooled as JSON Lines while the types of their columns are joined, then written under one schema."""

    def __init__(self, spool: Path, path: Path) -> None:
        import pyarrow

        self._arrow, self._path, self._spool = pyarrow, path, spool
        self._held: list[bytes] = []
        self._schema: Any = None

    def write(self, row: Row) -> None:
        line = encode(row)
        if b"\\ud" in line and _has_half(row):
            raise Misfit("it has half a character, which UTF-8 cannot hold")
        self._held.append(line)
        if len(self._held) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._held:
            return
        with self._spool.open("ab") as file:
            file.write(b"\n".join([*self._held, b""]))
        found = self._table([json.loads(line) for line in self._held]).schema
        schemas = [found] if self._schema is None else [self._schema, found]
        try:
            self._schema = self._arrow.unify_schemas(schemas, promote_options="permissive")
        except self._arrow.ArrowException as error:
            raise _mixed(error) from error
        self._held.clear()

    def _table(self, rows: list[Row], schema: Any = None) -> Any:
        names = dict.fromkeys(name for row in rows for name in row)
        try:
            if schema is not None:
                return self._arrow.Table.from_pylist(rows, schema=schema)
            arrays = {name: self._arrow.array([row.get(name) for row in rows]) for name in names}
            return self._arrow.table(arrays)
        except (self._arrow.ArrowException, TypeError, OverflowError) as error:
            raise _mixed(error) from error

    def finish(self) -> None:
        from pyarrow import parquet

        self._flush()
        schema = self._schema if self._schema is not None else self._arrow.schema([])
        with parquet.ParquetWriter(self._path, schema) as writer, self._spool.open("rb") as file:
            while lines := file.readlines(1 << 24):
                writer.write_table(self._table([json.loads(line) for line in lines], schema))


def _has_half(row: Row) -> bool:
    try:
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return True
    return False


def _mixed(error: Exception) -> Usage:
    said = " ".join(str(error).split())[:160]
    return Usage(f"a column holds values of several types ({said}).", "Write JSON Lines instead, which may hold any.")


def rejects_of(path: Path) -> Path:
    """Where the rows go that do not fit in a file."""
    return path.with_name(f"{path.name}.rejects.jsonl")


def write_converted(
    rows: Iterable[Row | BadRow],
    convert: Callable[[int, Row], list[dict[str, Any]]],
    out: Path,
    on_progress: Callable[[int], None] | None = None,
) -> Counts:
    """Write what comes of rows to `out`, and those that give nothing, each with its number and the reason, to the file
    of its rejects, which is there only where there are such rows. Both appear when all is done."""
    counts = Counts()
    rejects = rejects_of(out)
    with ExitStack() as stack:
        refused = stack.enter_context(placed(rejects))
        sink = stack.enter_context(opened_sink(out))
        file = stack.enter_context(refused.open("wb"))
        for number, row in enumerate(rows, 1):
            counts.read = number
            reason = _taken(number, row, convert, sink, counts)
            if reason:
                told = {"row": number, "reason": reason}
                file.write(encode(told if isinstance(row, BadRow) else {**told, "data": row}) + b"\n")
            if on_progress is not None and number % 10_000 == 0:
                on_progress(number)
    if not counts.rejected and not counts.ties:
        rejects.unlink(missing_ok=True)
    return counts


def _taken(
    number: int, row: Row | BadRow, convert: Callable[[int, Row], list[dict[str, Any]]], sink: Sink, counts: Counts
) -> str:
    """Write what comes of a row; why nothing does, "" where something did."""
    try:
        if isinstance(row, BadRow):
            raise Misfit(row.reason)
        made = convert(number, row)
        for each in made:
            sink.write(each)
    except Tie as tie:
        counts.ties += 1
        return str(tie)
    except Misfit as misfit:
        counts.rejected[str(misfit)] += 1
        return str(misfit)
    counts.written += len(made)
    if counts.written == len(made):
        counts.columns = list(made[0])
    elif len(made[0]) > len(counts.columns):
        counts.columns = list(dict.fromkeys([*counts.columns, *made[0]]))
    return ""
