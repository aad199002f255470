"""`catalog import kaggle DIR`: the tables of Meta Kaggle, read by the names of their columns and joined."""

from __future__ import annotations

import csv
import random
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from catalog.connector import Page
from catalog.errors import Usage
from catalog.record import Amount, Statement
from catalog.registry import Registry
from catalog.sync import import_pages
from connectors.kaggle import connector
from connectors.kaggle.meta_kaggle import Ids

Table = tuple[Sequence[str], list[Sequence[object]]]
HEALTH = "subject > health and fitness > health"
TABLES: dict[str, Table] = {
    "Datasets.csv": (
        *(
            ["Id", "CreatorUserId", "OwnerUserId", "OwnerOrganizationId", "CurrentDatasetVersionId", "Type"],
            [
                [1, 7, 7, "", 11, 2, "06/03/2019 00:56:47", 5000, 900, 40],
                [2, 7, "", 3, 22, 2, "01/02/2020 03:04:05", 10, 2, 0],
                [3, 8, 8, "", "", 2, "01/02/2020 03:04:05", 1, 0, 0],
                [4, 9, 99, "", 44, 2, "01/02/2020 03:04:05", 1, 0, 0],
                [5, 7, 7, "", 55, 2, "01/02/2020", 1, 0, 0],
                ["x", 7, 7, "", 66, 2, "01/02/2020", 1, 0, 0],
            ],
        ),
    ),
    "DatasetVersions.csv": (
        *(
            ["Id", "DatasetId", "DatasourceVersionId", "CreatorUserId", "LicenseName", "CreationDate", "VersionNumber"],
            [
                [10, 1, 1, 7, "Unknown", "06/03/2019", 1, "Old title", "old-slug", "", "", "", 5, 10],
                [
                    *(
                        11,
                        1,
                        2,
                        7,
                        "CC0: Public Domain",
                        "06/04/2019 10:00:00",
                        2,
                        "Hearts, 心脏",
                        "hearts",
                        "All of them",
                    ),
                    *('He said "x",\nand left.', "notes", 390286, 1355781),
                ],
                [
                    22,
                    2,
                    3,
                    7,
                    "Other (specified in description)",
                    "01/03/2020 03:04:05",
                    1,
                    "Two",
                    "two",
                    "",
                    "",
                    "",
                    "",
                    0,
                ],
                [44, 4, 4, 9, "MIT", "01/03/2020", 1, "Four", "four", "", "", "", 1, 1],
                [55, 9, 5, 9, "MIT", "01/03/2020", 1, "Five", "five", "", "", "", 1, 1],
                [77, 1, 5, 9, "MIT", "01/03/2020", 1, "Never current", "n", "", "", "", 1, 1],
                ["short", "row"],
            ],
        ),
    ),
    "Users.csv": (
        ["Id", "UserName", "DisplayName"],
        [[6, "nobody", "No Body"], [7, "ann", "Ann Lee"], [8, "bob", "Bob"]],
    ),
    "Organizations.csv": (["Id", "Name", "Slug", "CreationDate", "Description"], [[3, "Acme Inc", "acme", "", ""]]),
    "Tags.csv": (
        ["Id", "ParentTagId", "Name", "FullPath"],
        [[100, "", "health", HEALTH], [101, "", "india", "places > india"]],
    ),
    "DatasetTags.csv": (
        ["Id", "DatasetId", "TagId"],
        [[1, 1, 100], [2, 1, 101], [3, 2, 101], [4, 1, 999], [5, "", ""]],
    ),
}
TABLES["Datasets.csv"][0].extend(["CreationDate", "TotalViews", "TotalDownloads", "TotalVotes"])  # type: ignore[attr-defined]
TABLES["DatasetVersions.csv"][0].extend(  # type: ignore[attr-defined]
    ["Title", "Slug", "Subtitle", "Description", "VersionNotes", "TotalCompressedBytes", "TotalUncompressedBytes"]
)


def write(folder: Path, leave_out: Sequence[str] = (), seed: int | None = None, **names: str) -> Path:
    """The tables as CSV files; with a seed their columns are in another order. `names` renames columns."""
    folder.mkdir(exist_ok=True)
    for name, (header, rows) in TABLES.items():
        if name in leave_out:
            continue
        order = list(range(len(header)))
        if seed is not None:
            random.Random(f"{seed}{name}").shuffle(order)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([names.get(header[place], header[place]) for place in order])
            for row in rows:
                writer.writerow([row[place] for place in order] if len(row) == len(header) else row)
    return folder


def read(folder: Path) -> list[Page]:
    return list(connector.imported(folder))


def summary(pages: list[Page]) -> list[tuple[str, str, str]]:
    return [(record.id, record.title, record.modified) for page in pages for record in page.records]


WHOLE = [("ann/hearts", "Hearts, 心脏", "2019-06-04T10:00:00Z"), ("acme/two", "Two", "2020-01-03T03:04:05Z")]


class TestTables:
    def test_what_a_record_holds(self, tmp_path: Path) -> None:
        pages = read(write(tmp_path / "m"))
        assert summary(pages) == WHOLE
        record, other = (record for page in pages for record in page.records)
        assert (record.upstream_id, record.revision, record.publisher) == ("1", "2", "Ann Lee")
        assert (record.summary, record.description) == ("All of them", 'He said "x",\nand left.')
        assert (record.created, record.downloads, record.votes) == ("2019-06-03T00:56:47Z", 900, 40)
        assert record.bytes == Amount(1355781, "Meta Kaggle TotalUncompressedBytes, unpacked")
        assert record.distributions[0].bytes == 390286
        assert [claim.raw for claim in record.licenses] == ["CC0: Public Domain"]
        assert record.statements == (Statement("domain", HEALTH, "tag subject"),)
        assert record.keywords == ("health", "india")
        assert (other.publisher, other.bytes, other.keywords) == ("Acme Inc", None, ("india",))

    def test_what_could_not_be_used_is_told(self, tmp_path: Path) -> None:
        pages = read(write(tmp_path / "m"))
        told = dict(entry for page in pages for entry in page.skipped)
        assert "neither in Users.csv nor" in told["dataset 4 (four)"]
        assert "no current version of a dataset" in told["dataset 9 (five)"]
        assert told["Datasets.csv"].startswith("1 rows")
        assert told["DatasetVersions.csv"] == "1 rows could not be read."
        assert pages[-1].last
        assert not any(page.complete for page in pages)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_columns_by_name_never_by_place(self, tmp_path: Path, seed: int) -> None:
        assert summary(read(write(tmp_path / "m", seed=seed))) == WHOLE
        renamed = write(tmp_path / "n", seed=seed, UserName="username", Id="ID")
        assert summary(read(renamed)) == WHOLE

    def test_a_byte_order_mark_and_crlf(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "m")
        for path in folder.iterdir():
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert summary(read(folder)) == WHOLE

    def test_zip_files_beside_and_one_of_all(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "m")
        with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in folder.iterdir():
                archive.write(path, path.name)
        assert summary(read(tmp_path / "archive.zip")) == WHOLE
        with zipfile.ZipFile(folder / "DatasetVersions.csv.zip", "w") as archive:
            archive.write(folder / "DatasetVersions.csv", "DatasetVersions.csv")
        (folder / "DatasetVersions.csv").unlink()
        assert summary(read(folder)) == WHOLE

    def test_without_tags_or_organizations(self, tmp_path: Path) -> None:
        assert summary(read(write(tmp_path / "m", ["Tags.csv", "DatasetTags.csv"]))) == WHOLE
        pages = read(write(tmp_path / "n", ["Organizations.csv"]))
        assert summary(pages) == WHOLE[:1]
        assert summary(read(write(tmp_path / "o", ["Users.csv"]))) == WHOLE[1:]

    @pytest.mark.parametrize(
        ("leave_out", "names", "message"),
        [
            (["Datasets.csv"], {}, "no Datasets.csv"),
            (["DatasetVersions.csv", "Users.csv", "Organizations.csv"], {}, "no DatasetVersions.csv and no Users.csv"),
            ([], {"Slug": "Slag"}, "has no column Slug"),
            ([], {"CurrentDatasetVersionId": "x"}, "has no column CurrentDatasetVersionId"),
        ],
    )
    def test_another_folder_is_refused(
        self, tmp_path: Path, leave_out: list[str], names: dict[str, str], message: str
    ) -> None:
        with pytest.raises(Usage, match=message) as told:
            read(write(tmp_path / "m", leave_out, **names))
        assert told.value.hint
        for other in (tmp_path / "none", tmp_path, Path(__file__)):
            with pytest.raises(Usage, match=r"holds no Datasets\.csv"):
                read(other)

    def test_damaged_tables(self, tmp_path: Path) -> None:
        """Broken quotes, wild bytes and a giant cell cost their rows, not the table."""
        folder = write(tmp_path / "m")
        versions = folder / "DatasetVersions.csv"
        header, _, rest = versions.read_bytes().partition(b"\r\n")
        width = header.count(b",")
        giant = b'12,1,"' + b"x" * (9 << 20) + b'"' + b"," * (width - 2)
        wild = b"13,1,\xff\xfe\x00," + b"," * (width - 3)
        versions.write_bytes(b"\r\n".join([header, giant, wild, rest, b'14,1,"never closed']))
        assert summary(read(folder)) == WHOLE

    def test_ids_take_a_bit_each(self) -> None:
        ids = Ids()
        chosen = random.Random(1).sample(range(3_000_000), 5000)
        for number in chosen:
            ids.add(number)
            ids.add(number)
        assert ids.count == 5000
        assert all(number in ids for number in chosen)
        assert sum(number in ids for number in range(3_000_100)) == 5000


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Ten times the rows take no more than their bits."""
    from bench.meta_kaggle import write_tables

    peaks = []
    for count in (300, 3_000):
        write_tables(tmp_path / str(count), count)
        tracemalloc.start()
        made = sum(len(page.records) for page in connector.imported(tmp_path / str(count)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert made > count * 0.9
    assert peaks[1] < peaks[0] + (3 << 20)


def test_into_the_registry(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "registry.db", create=True) as registry:
        done = import_pages(registry, connector, lambda: connector.imported(write(tmp_path / "m")), {"file": "m"})
        assert (done.new, done.skipped) == (2, 5)
        again = import_pages(registry, connector, lambda: connector.imported(tmp_path / "m"), {"file": "m"})
        assert (again.new, again.same) == (0, 2)
        assert registry.get("kaggle:ann/hearts") is not None
