"""The corpus of dataset metadata that Google published in 2020, as CSV of 17 columns: read row by row, as of then.

It names no licenses. A row that cannot be read costs itself; cells with line ends within are whole.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TextIO

from catalog.connector import Cursor, Page
from catalog.errors import Fatal, Skipped, Usage
from catalog.record import Record, Statement
from connectors.google.mapping import to_record as record_of
from connectors.google.values import words

Json = dict[str, Any]

COLUMNS: Final = (
    *("url", "name", "alternateName", "description", "variablesMeasured", "measurementTechnique", "sameAs", "doi"),
    *("identifier", "author", "isAccessibleForFree", "dateModified", "distribution", "spatialCoverage", "provider"),
    *("funder", "temporalCoverage"),
)
NEEDED: Final = ("url", "name", "description")
BATCH: Final = 1_000  # rows of a page
MAX_CELL: Final = 1 << 20  # characters of a cell
AS_OF: Final = "as of 2020"
_FILES: Final = ("*.csv", "*.csv.gz", "*.csv.zip", "*.zip")
_FILE: Final = re.compile(
    r"contentUrl:\s*\"([^\"]{1,2000})\"(?:\s*encodingFormat:\s*\"([^\"]{0,200})\")?(?:\s*contentSize:\s*\"([^\"]{0,60})\")?"
)


def imported(path: Path) -> Iterator[Page]:
    """The records of a corpus file (CSV, also packed as .gz or .zip), or of all such files in a folder, by pages.

    Raises `Usage` for what is no such file.
    """
    seen = 0
    files = _files(path)
    for file in files:
        records: list[Record] = []
        skipped: list[tuple[str, str]] = []
        for number, row in _rows(file):
            _take(row, f"{file.name} line {number}", records, skipped)
            if len(records) + len(skipped) >= BATCH:
                seen += len(records)
                yield _page(records, skipped, seen)
                records, skipped = [], []
        seen += len(records)
        yield _page(records, skipped, seen, last=file == files[-1])


def to_record(payload: object) -> Record:
    """The record of one row. Raises `Skipped` with the reason, and nothing else."""
    if not isinstance(payload, dict):
        raise Skipped("the row is not a mapping.")
    page = payload.get("url")
    if not isinstance(page, str) or not page.startswith(("http://", "https://")):
        raise Skipped("the row has no web address.")
    record = record_of(_node(payload), page.strip()[:500], f"Google's corpus, {AS_OF}")
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    fields["statements"] = (*record.statements, Statement("as of", "2020", "Google's corpus"))[:500]
    fields["notes"] = f"{record.notes}\nTold {AS_OF} in Google's corpus; look at the page for what holds now.".strip()
    return Record(**fields)


def _page(records: list[Record], skipped: list[tuple[str, str]], seen: int, *, last: bool = False) -> Page:
    return Page(tuple(records), Cursor({}, {"seen": seen}), tuple(skipped), last=last)


def _take(row: list[str] | Json, place: str, records: list[Record], skipped: list[tuple[str, str]]) -> None:
    """Make a record of a row, or note why it cannot be made."""
    try:
        if not isinstance(row, dict):
            raise Skipped(row[0])
        records.append(to_record(row))
    except Skipped as error:
        skipped.append((place, error.message))


def _node(row: Json) -> Json:
    """A row in schema.org's words."""
    node: Json = {"@type": "Dataset", **{name: row[name] for name in COLUMNS if isinstance(row.get(name), str)}}
    node["identifier"] = [node.get("doi", ""), node.get("identifier", "")]
    node["author"] = [part.strip() for part in re.split(r";", node.get("author", "")) if part.strip()]
    node["sameAs"] = [part for part in re.split(r",(?=https?://)", node.get("sameAs", "")) if part]
    node["variableMeasured"] = list(words(node.pop("variablesMeasured", "")))
    node["publisher"] = node.pop("provider", "")
    node["alternateName"] = "" if node.get("alternateName", "").startswith("(") else node.get("alternateName", "")
    node["distribution"] = [
        {
            "@type": "DataDownload",
            "contentUrl": found[1],
            "encodingFormat": found[2] or "",
            "contentSize": found[3] or "",
        }
        for found in _FILE.finditer(node.get("distribution", "")[:100_000])
    ]
    return node


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted({file for pattern in _FILES for file in path.glob(pattern) if file.is_file()})
        if not found:
            raise Usage(f"{path} holds no CSV of the corpus.", "Name the folder with dataset_metadata_*.csv.")
        return found
    if not path.is_file():
        raise Usage(f"{path} is no file.", "Name the CSV of Google's corpus of dataset metadata.")
    return [path]


def _rows(file: Path) -> Iterator[tuple[int, list[str] | Json]]:
    """The rows of a file by the line they end at; what cannot be read comes as the reason in a list."""
    csv.field_size_limit(MAX_CELL)
    with ExitStack() as opened:
        reader = csv.reader(_text(file, opened))
        try:
            header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
        except (csv.Error, OSError, EOFError, zipfile.BadZipFile) as error:
            raise Usage(f"{file.name} is no CSV ({error}).", "Name the CSV of Google's corpus.") from error
        if missing := [name for name in NEEDED if name not in header]:
            raise Usage(
                f"{file.name} is not Google's corpus: its first line lacks {', '.join(missing)}.",
                f"It begins with {','.join(COLUMNS[:4])},...",
            )
        yield from _read(reader, header, file)


def _read(reader: Any, header: list[str], file: Path) -> Iterator[tuple[int, list[str] | Json]]:
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield reader.line_num, [f"the row cannot be read: {error}."]
            continue
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise Fatal(
                f"{file.name} cannot be read to its end ({error}).", "Get it again; what came is kept."
            ) from error
        if row is None:
            return
        if len(row) == len(header):
            yield reader.line_num, dict(zip(header, row, strict=True))
        elif row:
            yield reader.line_num, [f"the row has {len(row)} cells, not {len(header)}."]


def _text(file: Path, opened: ExitStack) -> TextIO:
    """The text of a file, unpacked while it is read."""
    try:
        if file.suffix == ".gz":
            raw: Any = opened.enter_context(gzip.GzipFile(file))
        elif file.suffix == ".zip":
            archive = opened.enter_context(zipfile.ZipFile(file))
            inside = [name for name in archive.namelist() if name.endswith(".csv")]
            if not inside:
                raise Usage(f"{file.name} holds no CSV.", "Name the archive of Google's corpus.")
            raw = opened.enter_context(archive.open(inside[0]))
        else:
            raw = opened.enter_context(file.open("rb"))
    except (OSError, zipfile.BadZipFile) as error:
        raise Usage(f"{file} cannot be read ({error}).", "Name the CSV of Google's corpus.") from error
    return opened.enter_context(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline=""))
