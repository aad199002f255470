"""Google's corpus of 2020: rows as records, cells with line ends, packed files, what is broken."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from catalog.connector import FromFiles, Page
from catalog.errors import Fatal, Skipped, Usage
from catalog.record import Record
from connectors.google import connector, corpus
from connectors.testing import check_mapping
from tests.conftest import Command

NAME = "dataset_metadata_2020_08_17.csv"


def row(number: int, **changed: str) -> dict[str, str]:
    given = {
        "url": f"https://data.example.org/sets/{number}",
        "name": f"Ocean survey {number}",
        "description": 'Line one.\n\n"Quoted", line three, long enough to be a description.',
        "variablesMeasured": "depth, salinity",
        "author": "Lovelace, Ada; Hopper, Grace",
        "sameAs": "https://hub.example/1,https://hub.example/2",
        "isAccessibleForFree": "True",
        "dateModified": "2020-01-02",
        "distribution": 'contentUrl: "https://data.example.org/a.csv" encodingFormat: "csv" '
        'contentUrl: "https://data.example.org/b.zip"',
    }
    return dict.fromkeys(corpus.COLUMNS, "") | given | changed


def written(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, corpus.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def records(path: Path) -> list[Record]:
    return [record for page in pages(path) for record in page.records]


def pages(path: Path) -> list[Page]:
    assert isinstance(connector, FromFiles)
    return list(connector.imported(path))


def test_a_row_is_a_record(tmp_path: Path) -> None:
    (record,) = records(written(tmp_path / NAME, row(1)))
    assert (record.key, record.name) == ("google:https://data.example.org/sets/1", "Ocean survey 1")
    assert record.description.startswith("Line one.\n\n")
    assert record.creators == ("Lovelace, Ada", "Hopper, Grace")
    assert [column.name for column in record.columns] == ["depth", "salinity"]
    assert [(place.url, place.format) for place in record.distributions] == [
        ("https://data.example.org/a.csv", "csv"),
        ("https://data.example.org/b.zip", ""),
    ]
    assert [tie.target for tie in record.relations] == ["https://hub.example/1", "https://hub.example/2"]
    assert (record.access, record.modified) == ("open", "2020-01-02")
    assert record.licenses == ()
    assert "publisher's markup: Google's corpus, as of 2020" in record.evidence
    assert "as of 2020" in record.notes


def test_the_published_head(shared_fixtures: Path) -> None:
    (path,) = (shared_fixtures / "schema_org" / "google_corpus").glob("*.csv")
    found = records(path)
    assert len(found) == 9
    assert {record.arxiv for record in found} == {"", "1404.1895"}
    with path.open(newline="", encoding="utf-8") as file:
        check_mapping(corpus.to_record, list(csv.DictReader(file)), rounds=300)


def test_a_bad_row_costs_itself(tmp_path: Path) -> None:
    path = written(tmp_path / NAME, row(1), row(2, name=""), row(3, url="ftp://x.example"), row(4))
    text = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*text, "too,few\n", "\n", "x," * 30 + "\n"]), "utf-8")
    (page,) = pages(path)
    assert [record.name for record in page.records] == ["Ocean survey 1", "Ocean survey 4"]
    assert [reason for _, reason in page.skipped] == [
        "the Dataset has no name.",
        "the row has no web address.",
        "the row has 2 cells, not 17.",
        "the row has 31 cells, not 17.",
    ]
    assert page.skipped[0][0].startswith(f"{NAME} line ")


def test_a_cell_without_an_end_costs_little(tmp_path: Path) -> None:
    path = written(tmp_path / NAME, row(1))
    with path.open("a", encoding="utf-8") as file:
        file.write('https://x.example/2,"never ends\n' + "x,y\n" * (corpus.MAX_CELL // 2))
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, corpus.COLUMNS).writerow(row(9))
    found = pages(path)
    names = [record.name for page in found for record in page.records]
    assert names[0] == "Ocean survey 1"
    assert any("cannot be read" in reason for page in found for _, reason in page.skipped)


@pytest.mark.parametrize("suffix", [".gz", ".zip"])
def test_packed_files(suffix: str, tmp_path: Path) -> None:
    plain = written(tmp_path / NAME, row(1), row(2))
    path = tmp_path / f"{NAME}{suffix}"
    if suffix == ".gz":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(plain, NAME)
    plain.unlink()
    assert [record.name for record in records(path)] == ["Ocean survey 1", "Ocean survey 2"]
    assert len(records(tmp_path)) == 2


def test_a_folder_of_files_is_one_import(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", row(1))
    written(tmp_path / "b.csv", *(row(number) for number in range(corpus.BATCH + 5)))
    found = pages(tmp_path)
    assert [page.last for page in found] == [False, False, True]
    assert sum(len(page.records) for page in found) == corpus.BATCH + 6


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.csv", b"a,b\n1,2\n"),
        ("x.csv", b""),
        ("x.csv.gz", b"no gzip"),
        ("x.zip", b"no zip"),
        ("x.csv", b"\xff\xfe\x00"),
    ],
)
def test_what_is_no_corpus_is_said(name: str, body: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(Usage):
        pages(path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Usage):
            pages(path)


def test_an_archive_without_a_table_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(Usage, match="holds no CSV"):
        pages(tmp_path / "x.zip")


def test_a_file_that_is_cut_off_keeps_what_came(tmp_path: Path) -> None:
    plain = written(tmp_path / NAME, *(row(number) for number in range(4_000)))
    whole = gzip.compress(plain.read_bytes())
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    going = connector.imported(cut)
    assert len(next(going).records) == corpus.BATCH
    with pytest.raises(Fatal, match="cannot be read to its end"):
        list(going)


def test_an_import_streams(tmp_path: Path) -> None:
    path = written(tmp_path / NAME, *(row(number, description="d" * 2_000) for number in range(3_000)))
    assert path.stat().st_size > 6_000_000
    tracemalloc.start()
    count = sum(len(page.records) for page in connector.imported(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 14_000_000


@pytest.mark.parametrize("payload", [None, [], {}, {"url": 3}, {"url": "https://x.example/", "name": 3}])
def test_what_is_no_row_is_skipped(payload: Any) -> None:
    with pytest.raises(Skipped):
        corpus.to_record(payload)


def test_wide_and_odd_text(tmp_path: Path) -> None:
    path = tmp_path / NAME
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, corpus.COLUMNS)
    writer.writeheader()
    writer.writerow(row(1, name="海洋\x00\u202e调查", description="</script><b>x</b>"))
    path.write_bytes(b"\xef\xbb\xbf" + buffer.getvalue().encode() + b"\xff\xfe,\n")
    (record,) = records(path)
    assert "\x00" not in record.name
    assert record.description == "x"


def test_the_command(catalog_command: Command, tmp_path: Path) -> None:
    path = written(tmp_path / NAME, row(1), row(2, name=""))
    done = catalog_command("import", "google", str(path))
    assert done.returncode == 0, done.stderr
    assert "1 new" in done.stderr
    assert "1 skipped" in done.stderr
    assert "Ocean survey 1" in catalog_command("search", "ocean survey").stdout
