"""Rows out of a file or a folder, one at a time: a bad row costs itself alone, and no line fills the memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from lzma import LZMAError
from pathlib import Path, PurePath
from typing import IO, Any, Final, NamedTuple

from catalog.datafile.archived import page_rows
from catalog.datafile.unpacked import opened, packing_of
from catalog.errors import Fatal, Usage

MAX_LINE: Final = 64 << 20
"""Bytes of the longest line that is read."""
BATCH: Final = 1000
PIECE: Final = 1 << 20
DEEPEST: Final = 64
"""Levels of the values of a row."""
_ARRAY: Final = re.compile(r"\s*\[")
_HELD_ARRAY: Final = re.compile(r'"[^"\\]{0,100}"\s*:\s*\[(?=\s*\{)')

Row = Mapping[str, Any]


class BadRow(NamedTuple):
    """A row that could not be read: its number from 1, and why."""

    number: int
    reason: str


def read_rows(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a data file, or of all data files of a folder in the order of their names.

    A text file gives one row `{"text": line}` a line, a WET or WARC file one a page, with its `text` and `url`. Raises
    `Usage` for what is no data, `Fatal` for a broken file or one that needs a package that is not installed.
    """
    for file in data_files(path) if path.is_dir() else [path]:
        try:
            yield from _reader(file)(file)
        except (OSError, EOFError, LZMAError, zlib.error, csv.Error, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise Fatal(f"{file} cannot be read to its end ({said}).", "Download it again.") from error


def first_rows(path: Path, limit: int) -> list[Row]:
    """The first rows of a file that can be read."""
    return list(islice((row for row in read_rows(path) if not isinstance(row, BadRow)), limit))


def data_files(folder: Path) -> list[Path]:
    """The files of a folder and of those below it that hold rows, in the order of their names.

    Of a folder that a fetch wrote those that its receipt names, or that came out of their archives: what was made of
    them (converted, split, augmented) stands beside them and is no more of the dataset. Raises `Usage`.
    """
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise Usage(f"the folder {folder} cannot be read ({error.strerror}).", "Look at its permissions.") from error
    found = sorted(each for each in folder.rglob("*") if each.is_file() and _is_data(each.relative_to(folder)))
    if not found:
        raise Usage(f"there is no data file in {folder}.", f"Data files end with {', '.join(sorted(_READERS))}.")
    return _received(folder, found) or found


def _received(folder: Path, files: list[Path]) -> list[Path]:
    """Those of the data files that a fetch brought; none where the folder has no receipt, or it names no data."""
    from catalog.fetch.receipt import NAME
    from catalog.fetch.unpack import MARK

    try:
        receipt = json.loads((folder / NAME).read_bytes())
        named = {folder / each["path"] for each in receipt["files"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
    unpacked = {mark.parent for mark in folder.rglob(MARK)}
    return [each for each in files if each in named or not unpacked.isdisjoint(each.parents)]


def suffix_of(path: PurePath) -> str:
    """The suffix that tells a file's form, lower case, without that of its packing: `.jsonl` of `train.JSONL.gz`."""
    parts = [each.lower() for each in path.suffixes]
    while len(parts) > 1 and parts[-1] in (".gz", ".bz2", ".xz", ".zst", ".zstd"):
        parts.pop()
    return parts[-1] if parts else ""


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and suffix_of(path) in _READERS and path.name not in ("catalog-receipt.json", "dataset_info.json")


def _reader(path: Path) -> Callable[[Path], Iterator[Row | BadRow]]:
    packing = packing_of(path)
    if packing == "parquet":
        return _parquet
    if packing in ("zip", "sqlite"):
        means = "Unpack it with: catalog fetch NAME --unpack" if packing == "zip" else "Export a table of it as CSV."
        raise Usage(f"{path} is a {packing} file.", means)
    reader = _READERS.get(suffix_of(path))
    if reader is None:
        raise Usage(f"{path} has no form that is known.", f"Data files end with {', '.join(sorted(_READERS))}.")
    return reader


def _parquet(path: Path) -> Iterator[Row | BadRow]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise Fatal("reading Parquet needs pyarrow.", "Add it with: pip install 'dataset-catalog[parquet]'") from error
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                yield from batch.to_pylist()
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error


def _json(path: Path) -> Iterator[Row | BadRow]:
    """JSON Lines, or one array of objects, or one object over several lines that holds such an array."""
    with opened(path, packing_of(path)) as file:
        start = file.read(PIECE).removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"["):
        return _json_array(path, _ARRAY)
    is_document = suffix_of(path) == ".json" and isinstance(_parsed(1, start.partition(b"\n")[0]), BadRow)
    held = is_document and _HELD_ARRAY.search(start.decode("utf-8", "replace"))
    return _json_array(path, _HELD_ARRAY) if held else _json_lines(path)


def _json_lines(path: Path) -> Iterator[Row | BadRow]:
    with opened(path, packing_of(path)) as file:
        for number, line in enumerate(_lines(file), 1):
            if line.strip():
                yield _parsed(number, line)


def _parsed(number: int, line: bytes) -> Row | BadRow:
    if len(line) >= MAX_LINE:
        return BadRow(number, f"the line is longer than {MAX_LINE >> 20} MiB")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return BadRow(number, f"it is no JSON ({' '.join(str(error).split())[:100]})")
    return _judged(number, row, _braces(line))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        yield line
        while len(line) >= MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)


def _json_array(path: Path, before: re.Pattern[str]) -> Iterator[Row | BadRow]:
    """The items of an array, parsed one by one as its text comes; `before` matches up to its bracket."""
    decoder = json.JSONDecoder()
    with opened(path, packing_of(path)) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace") as file:
        waiting = file.read(PIECE)
        found = before.search(waiting)
        at, number, ended = found.end() if found else 0, 0, False
        while True:
            while at < len(waiting) and waiting[at] in " \t\r\n,":
                at += 1
            if waiting.startswith("]", at):
                return
            try:
                item, end = decoder.raw_decode(waiting, at) if at < len(waiting) else (None, at)
                whole = end > at and (ended or end < len(waiting))
            except (ValueError, RecursionError) as error:
                whole, end = False, at
                if ended or len(waiting) - at > MAX_LINE or isinstance(error, RecursionError):
                    yield BadRow(number + 1, f"it is no JSON ({' '.join(str(error).split())[:100]})")
                    return
            if not whole:
                if ended:
                    yield BadRow(number + 1, "the file ends within its array")
                    return
                more = file.read(max(PIECE, len(waiting) - at))
                waiting, at, ended = waiting[at:] + more, 0, not more
                continue
            number, braces, at = number + 1, _braces(waiting[at:end]), end
            yield _judged(number, item, braces)


def _judged(number: int, item: object, braces: int) -> Row | BadRow:
    """A parsed value as a row. `braces` is how many levels it has at most."""
    if not isinstance(item, dict):
        return BadRow(number, f"it is a {type(item).__name__}, not an object")
    return BadRow(number, "it is nested too deep") if braces > DEEPEST and _is_deep(item, DEEPEST) else item


def _braces(text: str | bytes) -> int:
    return text.count("{") + text.count("[") if isinstance(text, str) else text.count(b"{") + text.count(b"[")


def _is_deep(value: object, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(left == 0 or _is_deep(each, left - 1) for each in inner if isinstance(each, (dict, list)))


def _table(delimiter: str) -> Callable[[Path], Iterator[Row | BadRow]]:
    def read(path: Path) -> Iterator[Row | BadRow]:
        with (
            opened(path, packing_of(path)) as raw,
            io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="") as file,
        ):
            csv.field_size_limit(MAX_LINE)
            for number, row in enumerate(csv.DictReader(file, delimiter=delimiter), 1):
                if None in row:
                    yield BadRow(number, f"it has more than {len(row) - 1} cells")
                else:
                    yield row

    return read


def _text(path: Path) -> Iterator[Row | BadRow]:
    with opened(path, packing_of(path)) as file:
        for number, line in enumerate(_lines(file), 1):
            if len(line) >= MAX_LINE:
                yield BadRow(number, f"the line is longer than {MAX_LINE >> 20} MiB")
            elif text := line.decode("utf-8", "replace").strip():
                yield {"text": text}


def _archive(path: Path) -> Iterator[Row | BadRow]:
    with path.open("rb") as file:
        for number, row in enumerate(page_rows(file), 1):
            yield BadRow(number, row) if isinstance(row, str) else row


_READERS: Final[Mapping[str, Callable[[Path], Iterator[Row | BadRow]]]] = {
    ".jsonl": _json, ".ndjson": _json, ".json": _json, ".csv": _table(","), ".tsv": _table("\t"), ".txt": _text,
    ".parquet": _parquet, ".wet": _archive, ".warc": _archive,
}  # fmt: skip
