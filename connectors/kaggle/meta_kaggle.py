"""Meta Kaggle, the dump that Kaggle publishes of itself: its CSV tables joined into records, streaming.

A dataset's title, address, license and sizes are in the row of its current version, its counts in the dataset's own
row, its owner in another table. The small tables go into a temporary SQLite file (appended in their own order, so the
disk is written once), then the versions, which are most, pass by once: rows of older versions are left at a glance.
Memory stays below 200 MB whatever the size of the tables. The temporary file needs about 100 bytes a row.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from catalog.connector import Cursor, Page
from catalog.errors import Skipped, Usage
from catalog.record import Record
from connectors.kaggle.csv_tables import Row, Tables
from connectors.kaggle.mapping import to_record

BATCH: Final = 500  # records of a page; SQLite takes 999 values in one question
INSERTS: Final = 10_000  # rows written at a time
MAX_ID: Final = 1 << 31  # ids beyond it are no ids of Kaggle
MAX_TAGS: Final = 1_000_000
NEEDED: Final = ("Datasets.csv", "DatasetVersions.csv")
VERSION: Final = ("Id", "DatasetId", "Slug")
VERSION_MORE: Final = (
    *("Title", "Subtitle", "Description", "LicenseName", "CreationDate", "VersionNumber"),
    *("TotalCompressedBytes", "TotalUncompressedBytes"),
)
SCHEMA: Final = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;
CREATE TABLE dataset (id INTEGER PRIMARY KEY, version INTEGER, user INTEGER, org INTEGER, created TEXT,
                      downloads INTEGER, votes INTEGER);
CREATE TABLE user (id INTEGER PRIMARY KEY, slug TEXT, name TEXT);
CREATE TABLE org (id INTEGER PRIMARY KEY, slug TEXT, name TEXT);
CREATE TABLE tagged (dataset INTEGER, tag INTEGER);
"""

Json = dict[str, Any]


class Ids:
    """A set of ids at one bit each."""

    def __init__(self) -> None:
        self.bits = bytearray()
        self.count = 0

    def add(self, number: int) -> None:
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self.bits):
            self.bits.extend(bytes(max(place + 1 - len(self.bits), len(self.bits), 4096)))
        if not self.bits[place] & bit:
            self.bits[place] |= bit
            self.count += 1

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self.bits) and bool(self.bits[place] & (1 << (number & 7)))


def pages(path: Path) -> Iterator[Page]:
    """The current version of every dataset of the tables in `path`: a folder, or the ZIP of all of them.

    Needed are Datasets.csv, DatasetVersions.csv and Users.csv or Organizations.csv; tags come from Tags.csv and
    DatasetTags.csv where they are there. Columns are known by their names. Raises `Usage` for another folder.
    """
    tables = Tables(path)
    _check(tables)
    with _scratch() as connection:
        join = _Join(tables, connection)
        join.load()
        yield from join.pages()


class _Join:
    """The tables on their way into records."""

    def __init__(self, tables: Tables, connection: sqlite3.Connection) -> None:
        self._tables = tables
        self._connection = connection
        self._current = Ids()
        self._owners = Ids()
        self._tags: dict[int, Json] = {}
        self._without = self._made = 0

    def load(self) -> None:
        """Put the small tables where they can be looked up."""
        self._insert("INSERT OR IGNORE INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)", self._datasets())
        self._insert("INSERT OR IGNORE INTO user VALUES (?, ?, ?)", self._users())
        self._insert("INSERT OR IGNORE INTO org VALUES (?, ?, ?)", self._organizations())
        self._load_tags()

    def pages(self) -> Iterator[Page]:
        """The records, as the versions pass by; the last page says what could not be used of the tables."""
        rows = self._versions()
        while batch := list(islice(rows, BATCH)):
            records, skipped = self._records(batch)
            self._made += len(batch)
            yield Page(tuple(records), Cursor(), tuple(skipped), total=self._current.count)
        yield Page((), Cursor(), tuple(self._remarks()), last=True)

    def _datasets(self) -> Iterator[tuple[object, ...]]:
        columns = ("Id", "CurrentDatasetVersionId", "OwnerUserId")
        more = ("OwnerOrganizationId", "CreationDate", "TotalDownloads", "TotalVotes")
        for id, version, user, org, created, downloads, votes in self._tables.rows("Datasets.csv", columns, more):
            number, current = _id(id), _id(version)
            if number is None:
                self._bad("Datasets.csv")
            elif current is None:
                self._without += 1
            else:
                owner = _id(user)
                if owner is not None:
                    self._owners.add(owner)
                self._current.add(current)
                yield number, current, owner, _id(org), created[:30], _id(downloads), _id(votes)

    def _users(self) -> Iterator[tuple[object, ...]]:
        """The users who own a dataset, a few of millions."""
        if not self._tables.has("Users.csv"):
            return
        bits = self._owners.bits
        for id, slug, name in self._tables.rows("Users.csv", ("Id", "UserName"), ("DisplayName",)):
            try:  # what `_id` and `Ids` do, without three calls a row: this is the longest table
                number = int(id)
                if number >= 0 and bits[number >> 3] & (1 << (number & 7)):
                    yield number, slug, name[:200]
            except (ValueError, IndexError):
                continue

    def _organizations(self) -> Iterator[tuple[object, ...]]:
        if not self._tables.has("Organizations.csv"):
            return
        for id, slug, name in self._tables.rows("Organizations.csv", ("Id", "Slug"), ("Name",)):
            number = _id(id)
            if number is not None:
                yield number, slug, name[:200]

    def _load_tags(self) -> None:
        if not (self._tables.has("Tags.csv") and self._tables.has("DatasetTags.csv")):
            return
        for id, name, path in islice(self._tables.rows("Tags.csv", ("Id",), ("Name", "FullPath")), MAX_TAGS):
            number = _id(id)
            if number is not None:
                self._tags[number] = {"name": name, "fullPath": path}
        rows = self._tables.rows("DatasetTags.csv", ("DatasetId", "TagId"))
        self._insert("INSERT INTO tagged VALUES (?, ?)", ((_id(dataset), _id(tag)) for dataset, tag in rows))
        self._connection.execute("CREATE INDEX tagged_by_dataset ON tagged (dataset, tag)")

    def _versions(self) -> Iterator[Row]:
        """The rows of current versions; the others end here."""
        current = self._current
        for row in self._tables.rows("DatasetVersions.csv", VERSION, VERSION_MORE):
            number = _id(row[0])
            if number is not None and number in current:
                yield row

    def _records(self, batch: Sequence[Row]) -> tuple[list[Record], list[tuple[str, str]]]:
        ids = [_id(row[1]) for row in batch]
        datasets, tagged = self._looked_up(ids), self._tagged(ids)
        records: list[Record] = []
        skipped: list[tuple[str, str]] = []
        for row, id in zip(batch, ids, strict=True):
            try:
                records.append(to_record(_payload(row, datasets.get(id or 0), tagged.get(id or 0, []))))
            except Skipped as reason:
                skipped.append((f"dataset {row[1][:20]} ({row[2][:100]})", reason.message))
        return records, skipped

    def _looked_up(self, ids: Sequence[int | None]) -> dict[int, tuple[Any, ...]]:
        marks = ",".join("?" * len(ids))
        rows = self._connection.execute(
            "SELECT d.id, d.version, coalesce(o.slug, u.slug), coalesce(o.name, u.name), d.created, d.downloads,"
            " d.votes FROM dataset d LEFT JOIN user u ON u.id = d.user LEFT JOIN org o ON o.id = d.org"
            f" WHERE d.id IN ({marks})",
            ids,
        )
        return {row[0]: row for row in rows}

    def _tagged(self, ids: Sequence[int | None]) -> dict[int, list[Json]]:
        if not self._tags:
            return {}
        marks = ",".join("?" * len(ids))
        found: dict[int, list[Json]] = {}
        for id, tag in self._connection.execute(f"SELECT dataset, tag FROM tagged WHERE dataset IN ({marks})", ids):
            if tag in self._tags:
                found.setdefault(id, []).append(self._tags[tag])
        return found

    def _remarks(self) -> Iterator[tuple[str, str]]:
        """What the tables lack, a line each."""
        if self._without:
            yield (
                "Datasets.csv",
                f"{self._without:,} rows have no current version: they were deleted or never finished.",
            )
        if self._current.count > self._made:
            yield "DatasetVersions.csv", f"{self._current.count - self._made:,} current versions are not in it."
        for name, count in sorted(self._tables.bad.items()):
            yield name, f"{count:,} rows could not be read."

    def _bad(self, name: str) -> None:
        self._tables.bad[name] = self._tables.bad.get(name, 0) + 1

    def _insert(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        source = iter(rows)
        while batch := list(islice(source, INSERTS)):
            self._connection.executemany(statement, batch)


def _payload(row: Row, dataset: tuple[Any, ...] | None, tags: list[Json]) -> Json:
    """A row of the versions and its dataset's, as a payload of the API. Raises `Skipped` where they do not fit."""
    version, _, slug, title, subtitle, description, license, updated, number, packed, unpacked = row
    if dataset is None or dataset[1] != _id(version):
        raise Skipped("it is no current version of a dataset in Datasets.csv.")
    id, _, owner, owner_name, created, downloads, votes = dataset
    if not owner:
        raise Skipped("its owner is neither in Users.csv nor in Organizations.csv.")
    return {
        "id": id,
        "ref": f"{owner}/{slug}",
        "isPrivate": False,
        "title": title,
        "subtitle": subtitle,
        "description": description,
        "ownerName": owner_name,
        "licenseName": license,
        "creationDate": created,
        "lastUpdated": updated,
        "currentVersionNumber": _id(number),
        "downloadCount": downloads,
        "voteCount": votes,
        "tags": tags,
        "totalCompressedBytes": _count(packed),
        "totalUncompressedBytes": _count(unpacked),
    }


def _check(tables: Tables) -> None:
    missing = [name for name in NEEDED if not tables.has(name)]
    if not (tables.has("Users.csv") or tables.has("Organizations.csv")):
        missing.append("Users.csv")
    if missing:
        included = " ".join(f"--include {name}" for name in (*NEEDED, "Users.csv", "Organizations.csv", "Tags.csv"))
        raise Usage(
            f"{tables.path} holds no {' and no '.join(missing)}.",
            f"Bring the tables with: catalog fetch kaggle:kaggle/meta-kaggle {included} --include DatasetTags.csv",
        )


@contextmanager
def _scratch() -> Iterator[sqlite3.Connection]:
    """A temporary database in the folder for temporary files (TMPDIR), gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="catalog-meta-kaggle-") as folder,
        closing(sqlite3.connect(Path(folder) / "join.db", isolation_level=None)) as connection,
    ):
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        yield connection


def _id(cell: str) -> int | None:
    """A whole number from 0 to 2**31; some copies write them as `12.0`. None for anything else."""
    try:
        number = int(cell)
    except ValueError:
        return _id(cell[:-2]) if cell.endswith(".0") and cell[:-2].isdecimal() else None
    return number if 0 <= number < MAX_ID else None


def _count(cell: str) -> int | None:
    try:
        return int(float(cell)) if "." in cell else int(cell)
    except (ValueError, OverflowError):
        return None
