"""A Dataset node as a record, part by part; recorded documents; hostile input; what a large page may cost."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.connector import Findings
from catalog.errors import Skipped
from catalog.record import MAX_DESCRIPTION, MAX_RECORD, Record, decode, encode
from catalog.tagger import complete
from connectors.google import html, jsonld
from connectors.google.extract import MAX_PAGE, read
from connectors.google.links import canonical, doi
from connectors.google.mapping import to_record
from connectors.google.measures import date, digest, size
from connectors.google.values import words
from connectors.testing import check_mapping

PAGE = "https://data.example.org/sets/1"
SET: dict[str, Any] = {"@type": "Dataset", "name": "Ocean survey", "description": "A description of the ocean."}


def made(page: str = PAGE, **more: Any) -> Record:
    return to_record({**SET, **more}, page)


# -- identity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("10.1234/AbC", "10.1234/abc"),
        ("doi:10.1234/abc", "10.1234/abc"),
        ("DOI: 10.1234/abc", "10.1234/abc"),
        ("https://doi.org/10.1234/abc", "10.1234/abc"),
        ("http://dx.doi.org/10.1234/abc?x=1", "10.1234/abc"),
        ("https://doi.org/10.1234%2Fabc", "10.1234/abc"),
        ("info:doi/10.1234/abc", "10.1234/abc"),
        (["x", "doi:10.1234/abc"], "10.1234/abc"),
        ({"@type": "PropertyValue", "propertyID": "DOI", "value": "10.1234/abc"}, "10.1234/abc"),
        ({"@type": "PropertyValue", "propertyID": "doi", "value": "doi:10.1234/abc"}, "10.1234/abc"),
        ({"@id": "https://doi.org/10.1234/abc"}, "10.1234/abc"),
        ({"value": {"value": "10.1234/abc"}}, "10.1234/abc"),
        ("hdl:10.1234/abc", ""),
        ("see 10.1234/abc", ""),
        ("10.1234/\ud800", ""),
        ("10.12/abc", ""),
        (10.1234, ""),
        (None, ""),
    ],
)
def test_dois(value: Any, found: str) -> None:
    assert doi(value) == found


@pytest.mark.parametrize(
    ("node", "id"),
    [
        ({"identifier": "https://doi.org/10.1234/ABC"}, "10.1234/abc"),
        ({"@id": "doi:10.1234/abc", "url": PAGE}, "10.1234/abc"),
        ({"url": "https://data.example.org/one/"}, "https://data.example.org/one/"),
        ({"url": "http://data.example.org/one#top"}, "https://data.example.org/one"),
        ({"url": "/one?utm_source=x&id=2"}, "https://data.example.org/one?id=2"),
        ({"url": "https://DATA.example.org:443/One"}, "https://data.example.org/One"),
        ({"url": "https://data.example.org/"}, PAGE),
        ({"url": "https://elsewhere.example/one"}, PAGE),
        ({"url": "None"}, PAGE),
        ({"url": "javascript:alert(1)"}, PAGE),
        ({"@id": "https://data.example.org/one#dataset"}, "https://data.example.org/one"),
        ({"@id": "_:b0"}, PAGE),
        ({"identifier": "https://data.example.org/ids/7"}, "https://data.example.org/ids/7"),
        ({}, PAGE),
    ],
)
def test_the_identity_is_a_doi_else_an_address_of_the_page_s_host(node: dict[str, Any], id: str) -> None:
    assert made(**node).id == id


def test_a_document_without_a_page_needs_an_address() -> None:
    assert made("", url="https://elsewhere.example/one").url == "https://elsewhere.example/one"
    assert made("", identifier="10.1234/abc").url == "https://doi.org/10.1234/abc"
    with pytest.raises(Skipped, match="neither a DOI nor an address"):
        made("")


def test_canonical_addresses() -> None:
    assert canonical("https://x.example:8443/a/?b=1&fbclid=2#c", PAGE) == "https://x.example:8443/a/?b=1"
    assert canonical("https://[::1]/a", PAGE) == "https://[::1]/a"


# -- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bytes"),
    [
        (15, 15),
        ("25007924", 25_007_924),
        ("134.607 KB", 134_607),
        ("1.57 MB", 1_570_000),
        ("1,5 GiB", 1_610_612_736),
        ("12,345 bytes", 12_345),
        ("3GB", 3_000_000_000),
        ({"value": "12", "unitText": "kB"}, 12_000),
        ({"@value": "7"}, 7),
        (["9"], 9),
        ("0", 0),
        ("-1", None),
        ("many", None),
        ("1e9", None),
        ("9" * 40, None),
        (True, None),
        (1.5, None),
        (None, None),
    ],
)
def test_sizes(value: Any, bytes: int | None) -> None:
    assert size(value) == bytes


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2021-03-04", "2021-03-04"),
        ("2021/3/4", "2021-03-04"),
        ("2021-03", "2021-03"),
        ("2021", "2021"),
        (2021, "2021"),
        ("2021-03-04T05:06:07Z", "2021-03-04T05:06:07Z"),
        ("2021-03-04T05:06:07.123456+02:00", "2021-03-04T03:06:07Z"),
        ("2021-03-04 05:06", "2021-03-04"),
        ({"@type": "Date", "@value": "2021-03-04"}, "2021-03-04"),
        ("2021-02-30", ""),
        ("2021-13", ""),
        ("0001-01-01", ""),
        ("9999-12-31T23:59:59-14:00", ""),
        ("March 2021", ""),
        (None, ""),
    ],
)
def test_dates(value: Any, iso: str) -> None:
    assert date(value) == iso


HEX = "d84985e94dde671f318076bd7a137f15"


@pytest.mark.parametrize(
    ("node", "found"),
    [
        ({"md5": HEX}, f"md5:{HEX}"),
        ({"md5": HEX.upper()}, f"md5:{HEX}"),
        ({"md5": "xnQ+q8WLj9aPCvhTsG+L6A=="}, "md5:c6743eabc58b8fd68f0af853b06f8be8"),
        ({"sha256": "a" * 64}, "sha256:" + "a" * 64),
        ({"sha256": "https://github.com/mlcommons/croissant/issues/80"}, ""),
        ({"sha256": HEX}, ""),
        ({"sha256": "", "md5": HEX}, f"md5:{HEX}"),
        ({"checksum": f"md5:{HEX}"}, f"md5:{HEX}"),
        ({"spdx:checksum": {"algorithm": "checksumAlgorithm_sha256", "checksumValue": "b" * 64}}, "sha256:" + "b" * 64),
        ({"md5": "not=="}, ""),
        ({"md5": 5}, ""),
        ({}, ""),
    ],
)
def test_digests(node: dict[str, Any], found: str) -> None:
    assert digest(node) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (["a", "b", "a"], ("a", "b")),
        ("a, b; c|d", ("a", "b", "c", "d")),
        ("海洋，盐度、温度", ("海洋", "盐度", "温度")),
        ([{"@type": "DefinedTerm", "name": "ocean"}, {"name": "a, b"}], ("ocean", "a, b")),
        ({"en": "sea"}, ("sea",)),
        ("https://example.org/a,b", ()),
        (None, ()),
    ],
)
def test_keywords(value: Any, found: tuple[str, ...]) -> None:
    assert words(value) == found


# -- what a record takes --------------------------------------------------------------------------------------------

CC_BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("license", "raw", "commercial"),
    [
        (CC_BY, [CC_BY], "yes"),
        ("MIT", ["MIT"], "yes"),
        ({"@type": "CreativeWork", "name": "CC0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
         ["CC0 https://creativecommons.org/publicdomain/zero/1.0/"], "yes"),
        ({"@type": "Dataset", "text": "CC0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"},
         ["CC0 https://creativecommons.org/publicdomain/zero/1.0/"], "yes"),
        ({"@id": CC_BY}, [CC_BY], "yes"),
        ([CC_BY, "https://creativecommons.org/licenses/by-nc/4.0/"],
         [CC_BY, "https://creativecommons.org/licenses/by-nc/4.0/"], "no"),
        ({"@type": "CreativeWork", "name": "Other (specified in description)"},
         ["Other (specified in description)"], "unknown"),
        ({"name": "MD_Constraints", "URL": "https://creativecommons.org/licenses/by-nc-sa/3.0/us/",
          "description": "useLimitation: CC BY-NC-SA 3.0."},
         ["CC BY-NC-SA 3.0 https://creativecommons.org/licenses/by-nc-sa/3.0/us/"], "no"),
        ({"name": "MD_SecurityConstraints", "description": "classification: "}, [], "unknown"),
        ("<p>Licensed under <a href='x'>CC BY 4.0</a></p>", ["Licensed under CC BY 4.0"], "yes"),
        ({"@id": "_:b0"}, [], "unknown"),
        ("", [], "unknown"),
        (None, [], "unknown"),
        (7, ["7"], "unknown"),
    ],
)  # fmt: skip
def test_licenses(license: Any, raw: list[str], commercial: str) -> None:
    record = made(license=license)
    assert [claim.raw for claim in record.licenses] == raw
    assert {claim.by for claim in record.licenses} <= {"publisher's markup"}
    verdict = complete(record).verdict
    assert verdict is not None
    assert verdict.commercial == commercial


@pytest.mark.parametrize(
    ("node", "names"),
    [
        ({"creator": {"@type": "Person", "name": "Ada"}}, ("Ada",)),
        ({"creator": [{"givenName": "Ada", "familyName": "Lovelace"}, "Ada"]}, ("Ada Lovelace", "Ada")),
        ({"author": "Ada"}, ("Ada",)),
        ({"creator": [], "author": {"name": "Ada"}}, ("Ada",)),
        ({"creator": {"@list": [{"@type": "Role", "creator": {"name": "Ada"}}]}}, ("Ada",)),
        ({"publisher": {"name": "Archive"}}, ("Archive",)),
        ({"creator": {"@id": "https://orcid.org/1"}}, ()),
        ({"creator": [{"name": None}, {}, 3, [["Ada"]]]}, ("3", "Ada")),
    ],
)
def test_people(node: dict[str, Any], names: tuple[str, ...]) -> None:
    record = made(**node)
    assert record.creators == names
    assert record.publisher == "data.example.org"


@pytest.mark.parametrize(
    ("node", "access"),
    [
        ({"isAccessibleForFree": True}, "open"),
        ({"isAccessibleForFree": "true"}, "open"),
        ({"isAccessibleForFree": "http://schema.org/True"}, "open"),
        ({"isAccessibleForFree": [True]}, "open"),
        ({"isAccessibleForFree": False}, "gated"),
        ({"isAccessibleForFree": "no"}, "gated"),
        ({"isAccessibleForFree": CC_BY}, "unknown"),
        ({"conditionsOfAccess": "unrestricted"}, "open"),
        ({"isAccessibleForFree": True, "conditionsOfAccess": "restrictedAccess"}, "request"),
        ({"conditionsOfAccess": "Available on request."}, "request"),
        ({"conditionsOfAccess": "Embargoed until 2027"}, "request"),
        ({"conditionsOfAccess": "See the page"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_access(node: dict[str, Any], access: str) -> None:
    assert made(**node).access == access


def test_files() -> None:
    given = [
        {"contentUrl": "/a.csv", "encodingFormat": "text/csv", "contentSize": "2 kB", "md5": HEX, "name": "Table A"},
        {"contentUrl": "https://x.example/7", "name": "b.parquet", "fileFormat": "application/x-parquet"},
        {"contentUrl": "https://x.example/files/c.json/content"},
        {"url": "https://x.example/about"},
        {"contentUrl": "https://x.example/page", "encodingFormat": "text/html"},
        {"contentUrl": "ftp://x.example/d.csv"},
        {"contentUrl": "javascript:alert(1)"},
        {"contentUrl": "file:///etc/passwd"},
        {"contentUrl": "https://user:pass@x.example/e.csv"},
        {"contentUrl": "/a.csv"},
        "https://x.example/f.zip",
        {},
        None,
        5,
    ]
    record = made(distribution=given)
    assert [(place.kind, place.url, place.path, place.format) for place in record.distributions] == [
        ("file", "https://data.example.org/a.csv", "", "csv"),
        ("file", "https://x.example/7", "b.parquet", "parquet"),
        ("file", "https://x.example/files/c.json/content", "c.json", ""),
        ("page", "https://x.example/about", "", ""),
        ("page", "https://x.example/page", "", ""),
        ("file", "https://x.example/f.zip", "", ""),
    ]
    first = record.distributions[0]
    assert (first.bytes, first.digest, first.verified) == (2_000, f"md5:{HEX}", "md5")
    assert record.bytes is not None
    assert (record.bytes.value, record.bytes.lower_bound) == (2_000, True)


def test_ties() -> None:
    record = made(
        identifier="10.1234/own",
        sameAs=["https://example.com/", "https://hub.example/d/1", {"@id": "https://doi.org/10.9/x"}, PAGE,
                "http://dx.doi.org/10.1234/OWN", "https://dx.doi.org/10.1234/other"],
        url="https://elsewhere.example/d/9",
        isBasedOn=[{"@type": "Dataset", "url": "https://old.example/d"}, "https://doi.org/10.1234/base"],
        isPartOf={"@id": "https://all.example/d"},
    )  # fmt: skip
    assert [(tie.kind, tie.target) for tie in record.relations] == [
        ("same-as", "https://hub.example/d/1"),
        ("same-as", "https://doi.org/10.9/x"),
        ("same-as", "https://doi.org/10.1234/other"),
        ("same-as", "https://elsewhere.example/d/9"),
        ("derived-from", "https://old.example/d"),
        ("derived-from", "https://doi.org/10.1234/base"),
        ("part-of", "https://all.example/d"),
    ]


def test_several_dois_are_one_dataset() -> None:
    record = made(identifier=["doi:10.1234/v2", {"propertyID": "doi", "value": "10.1234/ALL"}, "ark:/1/2"])
    assert record.id == "10.1234/v2"
    assert [(tie.kind, tie.target) for tie in record.relations] == [("same-as", "https://doi.org/10.1234/all")]


def test_a_license_may_stand_at_the_files() -> None:
    files = [{"contentUrl": "/a.csv", "license": CC_BY}, {"contentUrl": "/b.csv", "license": {"name": "MIT"}}]
    assert [claim.raw for claim in made(distribution=files).licenses] == [CC_BY, "MIT"]
    assert [claim.raw for claim in made(distribution=files, license="CC0").licenses] == ["CC0"]


def test_all_else() -> None:
    record = made(
        alternateName=["OS1", "Ocean survey"],
        keywords="ocean, salt",
        variableMeasured=[{"@type": "PropertyValue", "name": "depth", "unitText": "m"}, "salinity", "depth"],
        inLanguage=["en", {"@type": "Language", "name": "German", "alternateName": "de"}],
        temporalCoverage="2001/2010",
        spatialCoverage={"@type": "Place", "name": "Baltic Sea", "geo": {"box": "1 2 3 4"}},
        version=2,
        datePublished="2021-03-04",
        dateModified="2022-01-02T03:04:05Z",
        citation=["Ada (2020). Oceans. arXiv:2001.01234", {"@id": "https://doi.org/10.1000/paper"}],
        measurementTechnique="CTD",
        conditionsOfAccess="See the page",
    )
    assert record.aliases == ("OS1",)
    assert record.keywords == ("ocean", "salt", "Baltic Sea")
    assert [column.name for column in record.columns] == ["depth", "salinity"]
    said = {(each.facet, each.value) for each in record.statements}
    assert {("language", "en"), ("language", "de"), ("temporal coverage", "2001/2010")} <= said
    assert {("spatial coverage", "Baltic Sea"), ("version", "2"), ("measurement technique", "CTD")} <= said
    assert (record.created, record.modified, record.year) == ("2021-03-04", "2022-01-02T03:04:05Z", 2021)
    assert (record.arxiv, record.paper) == ("2001.01234", "https://doi.org/10.1000/paper")
    assert record.citation.startswith("Ada (2020)")
    assert record.evidence == (PAGE, "publisher's markup: JSON-LD")
    assert "See the page" in record.notes


def test_a_chinese_title_stands_beside_the_name() -> None:
    record = made(name=[{"@value": "海洋调查", "@language": "zh-CN"}, {"@value": "Ocean survey", "@language": "en"}])
    assert (record.name, record.title_zh) == ("Ocean survey", "海洋调查")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
        ("a<br/>b<ul><li>c</li><li>d</li></ul>", "a\nb\n- c\n- d"),
        ("x <script>alert(1)</script>y<style>p{}</style>", "x y"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ("<!-- hidden -->seen", "seen"),
        ("5 < 6, a<b>c", "5 < 6, ac"),
        ("**Markdown** _stays_", "**Markdown** _stays_"),
        ("<p unclosed", "<p unclosed"),
    ],
)
def test_descriptions_are_text(given: str, text: str) -> None:
    assert html.plain(given) == text


def test_several_descriptions_are_paragraphs() -> None:
    assert made(description=["One.", "Two."]).description == "One.\n\nTwo."


def test_what_is_too_long_is_cut() -> None:
    record = made(
        description="x" * 10**6,
        keywords=[str(number) for number in range(10_000)],
        distribution=[{"contentUrl": f"/{number}.csv"} for number in range(10_000)],
        variableMeasured=[f"v{number}" for number in range(10_000)],
        creator=[f"p{number}" for number in range(10_000)],
    )
    assert len(record.description) == MAX_DESCRIPTION
    assert len(record.distributions) == 500
    assert len(encode(record)) < MAX_RECORD


# -- Croissant and DCAT -----------------------------------------------------------------------------------------------


def food(*sets: Any, **more: Any) -> Record:
    return made(conformsTo="http://mlcommons.org/croissant/1.1", recordSet=list(sets), **more)


def test_record_sets_are_columns() -> None:
    fields = [
        {"name": "text", "dataType": "sc:Text"},
        {"name": "tags", "dataType": "sc:Text", "repeated": True},
        {"name": "turn", "subField": [{"name": "turn/role", "dataType": "sc:Text"}]},
        {"name": "split", "dataType": "sc:Text", "references": {"field": {"@id": "x_splits/name"}}},
        {"@id": "set/score", "dataType": ["https://schema.org/Float", "sc:Integer"]},
        {},
        "no field",
    ]
    splits = {"name": "x_splits", "dataType": "cr:Split", "field": [{"name": "name", "dataType": "sc:Text"}]}
    own = {"name": "own", "field": [{"name": "own/text", "dataType": "sc:Text"}]}
    assert [column.name for column in food(own).columns] == ["text"]
    record = food(splits, {"name": "set", "field": fields}, {"name": "twin", "field": fields}, "no set")
    assert [(column.config, column.name, column.type) for column in record.columns] == [
        ("set", "text", "Text"),
        ("set", "tags", "list<Text>"),
        ("set", "turn.role", "Text"),
        ("set", "score", "Float|Integer"),
    ]


def test_files_within_archives_come_with_them() -> None:
    files = [
        {"@type": "cr:FileObject", "@id": "a", "name": "a.zip", "contentUrl": "https://x.example/get?id=1"},
        {"@type": "cr:FileObject", "contentUrl": "in/b.csv", "containedIn": {"@id": "a"}},
        {"@type": "cr:FileSet", "containedIn": {"@id": "a"}, "includes": "*.csv"},
        {"@type": "cr:FileObject", "contentUrl": "https://hub.example/tree", "encodingFormat": "git+https"},
    ]
    record = food(distribution=files)
    assert [(place.kind, place.url, place.path) for place in record.distributions] == [
        ("file", "https://x.example/get?id=1", "a.zip"),
        ("page", "https://hub.example/tree", ""),
    ]


def test_words_on_responsible_use_are_kept() -> None:
    record = food(isLiveDataset=True, **{"rai:dataBiases": ["Only adults."], "rai:dataUseCases": "Research."})
    assert record.notes == "data biases: Only adults.\ndata use cases: Research.\nlive dataset: its content changes"


def test_croissant_counts_its_records() -> None:
    rows = food(size={"value": 339, "unitText": "samples"}).rows
    assert rows is not None
    assert rows.value == 339
    assert food(size={"value": 339, "unitText": "bytes"}).rows is None


# -- recorded documents -----------------------------------------------------------------------------------------------


def documents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".json", ".jsonld", ".rdf", ".xml"))


def kind_of(path: Path) -> str:
    return {".html": "text/html", ".rdf": "application/rdf+xml", ".xml": "text/xml"}.get(
        path.suffix, "application/json"
    )


def nodes_of(folder: Path) -> list[Any]:
    found: list[Any] = []
    for path in documents(folder):
        for text in [path.read_text("utf-8", "replace")]:
            try:
                found += jsonld.datasets(jsonld.parse(text), text).nodes[:3]
            except jsonld.Broken:
                continue
    return found


COUNTS = {
    "schema_org/html": 13,
    "schema_org/html_edge": 0,
    "schema_org/jsonld": 252,
    "schema_org/dcat": 7,
    "croissant": 58,
}
"""Records of the recorded documents; fewer would be a loss, more need a look."""


@pytest.mark.parametrize(("folder", "count"), COUNTS.items())
def test_recorded_documents(folder: str, count: int, shared_fixtures: Path) -> None:
    records: list[Record] = []
    for path in documents(shared_fixtures / folder):
        found = read(path.read_bytes(), kind_of(path), PAGE)
        assert found.records or found.problems, path.name
        assert len(found.records) == len(found.syntax)
        records += found.records
    assert len(records) == count
    for record in records:
        check_sound(record)
        complete(record)


def check_sound(record: Record) -> None:
    """A record can be stored, and links nowhere but to the web."""
    assert decode(encode(record)).id == record.id
    for url in [record.url, *(place.url for place in record.distributions), *(tie.target for tie in record.relations)]:
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https"), url
        assert parts.hostname, url
        assert "@" not in parts.netloc, url
        assert not any(letter <= " " or letter in '\x7f\u202e"<>\\' for letter in url), url


def test_conformance_of_the_mapping(shared_fixtures: Path) -> None:
    payloads = nodes_of(shared_fixtures / "schema_org") + nodes_of(shared_fixtures / "croissant")
    assert len(payloads) > 100
    check_mapping(lambda node: to_record(node, PAGE), payloads, rounds=600)


def test_damaged_croissant_is_never_a_fault(shared_fixtures: Path) -> None:
    paths = sorted((shared_fixtures / "croissant" / "invalid").iterdir())
    verdicts = {path.name: len(read(path.read_bytes(), "application/json", PAGE).records) for path in paths}
    assert verdicts["metadata_bad_type.json"] == 0
    assert sum(verdicts.values()) == 3


# -- hostile input ----------------------------------------------------------------------------------------------------

PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "data:text/html,<b>",
    "'; DROP TABLE", '" OR 1=1 --', "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\x1b]52;c;aGk=\x07", "\x1b[2J",
    "\u202eevil", "\x00\x01\x02", "{{7*7}}", "${7*7}", "{% raw %}", '--8<-- "secret.txt"', "../../etc/passwd",
    "C:\\windows\\x", "file:///etc/passwd", "http://127.0.0.1:1/", "//evil.example/x", "http://user:pw@evil.example/",
    "https://evil.example\\@good.example/", "\ud800", "a" * 50_000, "]]>", "--><script>", "%00", "&#x3c;script&#x3e;",
]  # fmt: skip
PLACES = [
    "name", "description", "url", "@id", "identifier", "license", "creator", "author", "publisher", "keywords",
    "sameAs", "isBasedOn", "isPartOf", "variableMeasured", "distribution", "inLanguage", "version", "datePublished",
    "citation", "conditionsOfAccess",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_payloads_stay_data(payload: str) -> None:
    """30 payloads in 20 places, each as a text, in a list and in a node: what comes of it is a sound record or none."""
    for place in PLACES:
        for value in (payload, [payload], {"@type": "X", "name": payload, "url": payload, "contentUrl": payload}):
            node = {"@context": "https://schema.org", **SET, place: value}
            page = f"<script type='application/ld+json'>{json.dumps(node)}</script>".replace("--><script>", "--&gt;")
            for record in read(page.encode("utf-8", "replace"), "text/html", PAGE).records:
                check_sound(record)
            for record in read(json.dumps(node).encode(), "application/ld+json", PAGE).records:
                check_sound(record)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(PAYLOADS[:20]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*PLACES, "@type", "@graph", "@value", "@language", "hasPart", "dataset"]), inner
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_document_is_read(value: Any) -> None:
    for node in (
        value,
        {"@type": "Dataset", "name": "x", "description": value, "distribution": value, "license": value},
    ):
        found = read(json.dumps(node).encode(), "application/json", PAGE)
        for record in found.records:
            check_sound(record)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["text/html", "application/ld+json", "text/html; charset=utf-16", ""]))
def test_any_bytes_are_read(body: bytes, kind: str) -> None:
    assert isinstance(read(body, kind, PAGE), Findings)


def test_torn_pages_are_read() -> None:
    page = (
        "<!DOCTYPE html><html><head><meta name=robots content=all><link rel=canonical href='/x'>"
        f"<script type='application/ld+json'>{json.dumps(SET)}</script></head><body itemscope itemtype="
        "'https://schema.org/Dataset'><p itemprop=name>x<a href='y' itemprop=license>z</a></body></html>"
    ).encode()
    rng = random.Random(5)
    for _ in range(1_500):
        torn = bytearray(page)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(torn))
            torn[at : at + rng.randint(0, 9)] = rng.choice(
                [b"<", b">", b'"', b"'", b"<!--", b"</script", b"\xff", b"{", b""]
            )
        read(bytes(torn), "text/html", PAGE)


# -- limits -----------------------------------------------------------------------------------------------------------

MIB = 1 << 20
BIG = 4 * MIB
HEAVY = {
    "nested lists": (b"[" * BIG, "application/json"),
    "empty lists": (b"[" + b"[]," * (BIG // 3) + b"[]]", "application/json"),
    "nested objects": (b'{"a":' * (BIG // 5), "application/json"),
    "many nodes": (b"[" + b'{"@type":"Dataset"},' * (BIG // 20) + b"{}]", "application/json"),
    "many datasets": (
        b"[" + b",".join(b'{"@type":"Dataset","name":"n%d"}' % number for number in range(60_000)) + b"]",
        "application/json",
    ),
    "digits": (b"9" * BIG, "application/json"),
    "open scripts": (b"<script " * (BIG // 8), "text/html"),
    "open quotes": (b"<script '>ld+json" * (BIG // 17), "text/html"),
    "quoted ends": (b'<script ">" ld+json' * (BIG // 19), "text/html"),
    "open titles": (b"<title>ld+json" * (BIG // 14), "text/html"),
    "open comments": (b"<!-- ld+json" * (BIG // 12), "text/html"),
    "tags": (b"<p itemtype itemprop=x>" * (BIG // 23), "text/html"),
    "items": (b"<p itemscope itemtype='https://schema.org/Dataset' itemprop=x>" * (BIG // 62), "text/html"),
    "typeof": (b"<p typeof=Dataset property=x>" * (BIG // 29), "text/html"),
    "meta": (b"<meta name=robots" * (BIG // 17), "text/html"),
    "links": (b"<link rel=canonical " * (BIG // 20), "text/html"),
    "less-than signs": (b"<" * BIG + b"ld+json itemtype", "text/html"),
    "one description": (
        json.dumps({"@type": "Dataset", "name": "x", "description": "<!--" * (BIG // 4)}).encode(),
        "application/json",
    ),
}


@pytest.mark.parametrize(("body", "kind"), HEAVY.values(), ids=HEAVY)
def test_large_pages_cost_little(body: bytes, kind: str) -> None:
    started = time.process_time()
    read(body, kind, PAGE)
    assert time.process_time() - started < 2.5  # 4 MiB; about half a second at most on a quiet machine


def test_a_page_over_the_limit_is_refused() -> None:
    found = read(b"x" * (MAX_PAGE + 1), "text/html", PAGE)
    assert not found.records
    assert "more than" in found.problems[0]


def test_memory_stays_within_a_multiple_of_the_page() -> None:
    body, kind = HEAVY["many nodes"][0][:MIB] + b"{}]", "application/json"
    tracemalloc.start()
    read(body, kind, PAGE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * len(body)


def test_an_ordinary_page_takes_about_a_millisecond() -> None:
    """A harvest has 300 pages a second to read on two cores; this is a tenth of what would be too slow."""
    from tests.origin.web_site import html as ordinary

    page = ordinary(PAGE, 7, "2024-05-01", False, 18_000)
    assert len(page) > 15_000
    started = time.process_time()
    for _ in range(20):
        assert len(read(page, "text/html; charset=utf-8", PAGE).records) == 1
    assert (time.process_time() - started) / 20 < 0.010
