"""Entries in the forms that others read: what is known arrives, what is not is left out, no text breaks out."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from catalog.export.croissant import croissant, data_type, missing
from catalog.export.dcat import dcat
from catalog.export.schema_org import schema_org
from catalog.record import Column, Distribution, Entry, LicenseClaim, Record, Tag, Verdict
from catalog.tagger import complete
from connectors.google import jsonld
from connectors.google.mapping import to_record
from tests.conftest import Command

FULL = Entry(
    source="shelf", id="a/b", name="b", title="The b set",
    description="What is in it, told at some length, as it ought to be.",
    url="https://data.example.org/b", creators=("Ada",), publisher="A shelf", created="2020-01-02", modified="2021",
    revision="1.2.3", doi="10.1234/b", keywords=("one", "two"), aliases=("bee",), access="open",
    licenses=(LicenseClaim(raw="mit", by="card"),),
    verdict=Verdict("yes", "MIT AND LicenseRef-own", "permissive", "So it is."),
    columns=(Column("prompt", "string", "main"), Column("score", "float32", "main"), Column("a b/ü", "?", "other")),
    distributions=(
        Distribution(url="https://data.example.org/b.csv", path="b.csv", bytes=5, digest=f"sha256:{'a' * 64}"),
        Distribution(url="https://data.example.org/c.bin", path="c.bin"),
        Distribution(url="javascript:alert(1)", path="d", digest=f"sha256:{'b' * 64}"),
    ),
    tags=(Tag("domain", "medical", "rule"), Tag("language", "en", "rule"), Tag("task", "sft", "rule")),
)  # fmt: skip
BARE = Entry(source="shelf", id="x", name="x", tags=(), verdict=Verdict())


def test_croissant_says_what_is_known() -> None:
    made = croissant(FULL, page="https://site.example.org/b/", catalog="https://site.example.org/")
    assert made["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert made["@type"] == "sc:Dataset"
    assert made["name"] == "The b set"
    assert made["url"] == "https://site.example.org/b/"
    assert made["sameAs"] == ["https://data.example.org/b"]
    assert made["license"] == ["https://spdx.org/licenses/MIT", {"@type": "CreativeWork", "name": "own"}]
    assert made["identifier"] == ["shelf:a/b", "https://doi.org/10.1234/b"]
    assert made["keywords"] == ["medical", "sft", "one", "two"]
    assert made["version"] == "1.2.3"
    assert made["isAccessibleForFree"] is True
    assert "dateModified" not in made  # a year is no date there
    assert [each["@id"] for each in made["distribution"]] == ["b.csv"]
    assert made["distribution"][0] | {"sha256": "a" * 64, "encodingFormat": "text/csv"} == made["distribution"][0]
    assert [(each["name"], len(each["field"])) for each in made["recordSet"]] == [("main", 2), ("other", 1)]
    assert [field["dataType"] for each in made["recordSet"] for field in each["field"]] == [
        "sc:Text",
        "sc:Float",
        "sc:Text",
    ]
    assert missing(made) == []


def test_croissant_leaves_out_what_is_not() -> None:
    made = croissant(BARE)
    for name in ("license", "datePublished", "creator", "distribution", "recordSet", "version", "isLiveDataset", "url"):
        assert name not in made
    assert missing(made) == ["license", "url", "creator", "datePublished"]
    assert len(made["description"]) >= len("Dataset shelf:x")


def test_columns_without_a_file_of_known_digest_stand_at_the_address() -> None:
    fields = {name: getattr(FULL, name) for name in Entry.__struct_fields__}
    made = croissant(Entry(**{**fields, "distributions": ()}))
    assert made["isLiveDataset"] is True
    assert [(each["@id"], each["contentUrl"]) for each in made["distribution"]] == [
        ("data", "https://data.example.org/b")
    ]
    assert made["recordSet"][0]["field"][0]["source"]["fileObject"] == {"@id": "data"}


@pytest.mark.parametrize(
    ("written", "type"),
    [("string", "sc:Text"), ("int64", "sc:Integer"), ("Float", "sc:Float"), ("uint8", "sc:Integer"),
     ("bool", "sc:Boolean"), ("sc:Text", "sc:Text"), ("list<string>", ""), ("", "")],
)  # fmt: skip
def test_types_of_columns(written: str, type: str) -> None:
    assert data_type(written) == type


def test_our_own_importer_reads_it_back() -> None:
    (node,) = jsonld.datasets(json.loads(json.dumps(croissant(FULL)))).nodes[:1]
    record = to_record(node, "https://data.example.org/b")
    assert (record.name, record.url, record.doi) == ("The b set", "https://data.example.org/b", "10.1234/b")
    assert {claim.raw for claim in record.licenses} >= {"https://spdx.org/licenses/MIT"}
    assert set(record.keywords) >= {"one", "two"}
    assert [column.name for column in record.columns] == ["prompt", "score", "a b/ü"]
    assert record.creators == ("Ada",)


def test_recorded_documents_survive_the_round_trip(shared_fixtures: Path) -> None:
    count = 0
    for path in sorted((shared_fixtures / "croissant").glob("mlcommons_1.1_huggingface-*.json")):
        (node,) = jsonld.datasets(json.loads(path.read_text("utf-8"))).nodes[:1]
        before = to_record(node, "https://huggingface.co/datasets/x")
        again = jsonld.datasets(json.loads(json.dumps(croissant(complete(before))))).nodes[0]
        after = to_record(again, "https://huggingface.co/datasets/x")
        assert _kept(after)[:2] == _kept(before)[:2], path
        assert set(before.keywords) <= set(after.keywords)
        count += 1
    assert count >= 4


def _kept(record: Record) -> tuple[Any, ...]:
    return record.name, [column.name for column in record.columns], record.url


def _validator() -> str:
    found = shutil.which("mlcroissant")
    if not found:
        pytest.skip("mlcroissant is not installed (pip install mlcroissant)")
    return found


@pytest.mark.parametrize("number", range(3))
def test_the_validator_of_the_format_takes_it(number: int, tmp_path: Path) -> None:
    fields = {name: getattr(FULL, name) for name in Entry.__struct_fields__}
    entry = (FULL, BARE, Entry(**{**fields, "distributions": ()}))[number]
    file = tmp_path / "document.json"
    file.write_text(json.dumps(croissant(entry)))
    done = subprocess.run(
        [_validator(), "validate", "--jsonld", str(file)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_schema_org_and_dcat_say_the_same() -> None:
    made, other = schema_org(FULL), dcat(FULL)
    assert made["@context"] == "https://schema.org/"
    assert made["name"] == other["dct:title"]
    assert made["keywords"] == other["dcat:keyword"]
    assert [each["contentUrl"] for each in made["distribution"]] == [
        each["dcat:downloadURL"]["@id"] for each in other["dcat:distribution"]
    ]
    assert other["dct:license"] == [{"@id": "https://spdx.org/licenses/MIT"}, "own"]
    assert other["dcat:distribution"][0]["spdx:checksum"]["spdx:checksumValue"] == "a" * 64
    assert "dct:publisher" not in dcat(BARE)


def test_the_command_writes_them(embedded: Path, catalog_command: Command) -> None:
    here = {"CATALOG_REGISTRY": str(embedded)}
    done = catalog_command("export", "croissant", "medqa", env=here)
    assert json.loads(done.stdout)["name"] == "MedQA (USMLE)"
    assert "license" in done.stderr  # nobody states one
    assert catalog_command("export", "dcat", "medqa", "medqa.jsonld", env=here).returncode == 0
    assert json.loads((catalog_command.folder / "medqa.jsonld").read_text())["dct:identifier"] == ["catalog:medqa"]
    assert catalog_command("export", "csv", "all.csv", env=here).returncode == 0
    with (catalog_command.folder / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    assert len(rows) == 802
    assert rows["catalog:medqa"]["domain"] == "medical"
    assert rows["catalog:medqa"]["commercial"] == "unknown"
    for wrong in (("croissant",), ("dcat", "a", "b", "c"), ("csv", "a", "b"), ("croissant", "gsm8k", "--source", "x")):
        assert catalog_command("export", *wrong, env=here).returncode == 2
    assert catalog_command("export", "croissant", "no such thing", env=here).returncode == 3
