"""Reading large CSV tables by the names of their columns: from a folder, from `<name>.zip` beside, or from one ZIP."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import IO, Final

from catalog.errors import Usage

MAX_FIELD: Final = 8 << 20  # characters of one cell

Row = tuple[str, ...]


class Tables:
    """The tables of a dump. `bad` counts the rows that could not be read, by table."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad: dict[str, int] = {}

    def has(self, name: str) -> bool:
        """Whether a table is there."""
        return self._place(name) is not None

    def rows(self, name: str, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
        """The cells of `columns` and `optional` of every row, in that order; "" for an optional column not there.

        Raises `Usage` where the table or one of `columns` is missing.
        """
        with self._opened(name) as file:
            reader = csv.reader(file)
            pick, least = _picker(name, _header(reader), columns, optional)
            yield from map(pick, _sound(reader, least, self.bad, name))

    def _place(self, name: str) -> tuple[Path, str] | None:
        """The file of a table, and the member in it where it is a ZIP."""
        if self.path.is_file():
            return (self.path, name) if name in _members(self.path) else None
        plain, packed = self.path / name, self.path / f"{name}.zip"
        if plain.is_file():
            return plain, ""
        return (packed, name) if packed.is_file() and name in _members(packed) else None

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[str]]:
        place = self._place(name)
        if place is None:
            raise Usage(f"{self.path} holds no {name}.", "Name the folder with the CSV tables of Meta Kaggle.")
        csv.field_size_limit(MAX_FIELD)
        path, member = place
        try:
            with ExitStack() as stack:
                if member:
                    archive = stack.enter_context(zipfile.ZipFile(path))
                    raw: IO[bytes] = stack.enter_context(archive.open(member))
                else:
                    raw = stack.enter_context(path.open("rb", buffering=1 << 20))
                yield io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="")
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Usage(f"{path} cannot be read ({error}).", "Download it again.") from error


def _members(path: Path) -> frozenset[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return frozenset()


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        return [cell.strip().casefold() for cell in next(reader, [])]
    except csv.Error:
        return []


def _picker(
    name: str, header: list[str], columns: Sequence[str], optional: Sequence[str]
) -> tuple[Callable[[list[str]], Row], int]:
    """What takes the wanted cells of a row, and the number of cells that a row must have."""
    missing = [column for column in columns if column.casefold() not in header]
    if missing:
        raise Usage(f"{name} has no column {', '.join(missing)}.", "Name a table of Meta Kaggle, with its header line.")
    places = [header.index(column.casefold()) for column in columns]
    places += [header.index(column.casefold()) if column.casefold() in header else -1 for column in optional]
    if -1 in places or len(places) == 1:
        return lambda row: tuple(row[place] if place >= 0 else "" for place in places), len(header)
    pick: Callable[[list[str]], Row] = itemgetter(*places)
    return pick, len(header)


def _sound(reader: Iterator[list[str]], width: int, bad: dict[str, int], name: str) -> Iterator[list[str]]:
    """The rows that have a cell for each column; others are counted."""
    while True:
        try:
            for row in reader:
                if len(row) == width:
                    yield row
                elif row:
                    bad[name] = bad.get(name, 0) + 1
            return
        except csv.Error:
            bad[name] = bad.get(name, 0) + 1
