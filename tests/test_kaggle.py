"""The Kaggle connector: its mapping over every recorded payload, and what it asks of a loopback Kaggle."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.connector import (
    Authorised,
    Bundled,
    Connector,
    Credentialed,
    Cursor,
    Described,
    Detailed,
    Estimated,
    FromFiles,
    Page,
    Versioned,
)
from catalog.errors import Fatal, Gated, NotFound, Retriable, Skipped, Usage
from catalog.record import Amount, Record, Statement
from catalog.tagging import tag as tagged
from catalog.web import Web, WebSettings
from connectors.kaggle import connector, croissant, to_record
from connectors.kaggle.dates import moment
from connectors.kaggle.listing import rows_of
from connectors.kaggle.mapping import ref_of_url, value_of
from connectors.testing import check_files, check_mapping, check_pages, damaged
from tests.origin import Request, Response, faults
from tests.origin.kaggle import TOO_MANY_REST, TOO_MANY_RPC, Kaggle, days_ago, triples
from tests.origin.server import Fault

OWN = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "KAGGLE_API_V1_TOKEN")
LIST = "/api/v1/datasets/list"
HEALTH = "subject > health and fitness > health > health conditions > cancer"
ROW: dict[str, Any] = {
    "id": 1672910,
    "ref": "acme/bank-customers",
    "title": "Bank Customers",
    "subtitle": "A million transactions",
    "creatorName": "Ann",
    "totalBytes": 390286,
    "url": "https://www.kaggle.com/datasets/acme/bank-customers",
    "lastUpdated": "2021-10-26T13:28:18.1511526Z",
    "downloadCount": 15960,
    "isPrivate": False,
    "licenseName": "Data files © Original Authors",
    "ownerName": "Acme Inc",
    "ownerRef": "acme",
    "voteCount": 139,
    "currentVersionNumber": 3,
    "usabilityRating": 0.875,
    "tags": [
        {"ref": "cancer", "name": "cancer", "fullPath": HEALTH},
        {"ref": "x", "name": "text classification", "fullPath": "task > text-classification"},
        {"ref": "x", "name": "video", "fullPath": "data type > video data"},
        {"ref": "x", "name": "english", "fullPath": "language > english"},
        {"ref": "x", "name": "business", "fullPath": "subject > people and society > business"},
        {"ref": "x", "name": "pre-trained model", "fullPath": "admin > pre-trained model"},
    ],
    "files": [],
    "versions": [],
}


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kaggle]:
    """A Kaggle on loopback, and a user without a login."""
    for name in OWN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with Kaggle() as kaggle:
        monkeypatch.setenv("CATALOG_KAGGLE_ENDPOINT", kaggle.endpoint)
        yield kaggle


@pytest.fixture
def web(kaggle: Kaggle) -> Iterator[Web]:
    hosts = connector.hosts() | {"127.0.0.1"}
    with Web(WebSettings(allow_private_hosts=hosts, tries=3, sleep=lambda _: None)) as web:
        yield web


def walk(web: Web, request: dict[str, Any], state: Any = None) -> list[Page]:
    return list(connector.pages(web, Cursor(request, state or {})))


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def record_of(ref: str) -> Record:
    return Record(source="kaggle", id=ref, name=ref)


def test_the_contract() -> None:
    for protocol in (
        *(Connector, Described, Authorised, Credentialed, Estimated),
        *(Detailed, FromFiles, Bundled, Versioned),
    ):
        assert isinstance(connector, protocol), protocol
    assert [option.name for option in connector.options] == ["query", "tag", "user", "top", "details"]
    assert connector.about.variable == "CATALOG_KAGGLE_ENDPOINT"
    assert "terms" in connector.about.terms
    assert "meta-kaggle" in connector.about.terms


class TestMapping:
    @pytest.mark.parametrize("shape", [dict, triples])
    def test_both_wire_shapes_say_the_same(self, shape: Any) -> None:
        record = to_record(shape(ROW))
        assert (record.key, record.upstream_id, record.title) == (
            "kaggle:acme/bank-customers",
            "1672910",
            "Bank Customers",
        )
        assert (record.summary, record.description) == ("A million transactions", "")
        assert (record.creators, record.publisher) == (("Ann",), "Acme Inc")
        assert record.url == "https://www.kaggle.com/datasets/acme/bank-customers"
        assert (record.modified, record.created, record.revision) == ("2021-10-26T13:28:18Z", "", "3")
        assert (record.downloads, record.votes, record.likes, record.access) == (15960, 139, None, "open")
        assert record.popularity == 119
        assert [(form.url, form.kind, form.bytes) for form in record.distributions] == [
            ("kaggle:acme/bank-customers", "repo", 390286)
        ]
        assert [(claim.raw, claim.by, claim.revision) for claim in record.licenses] == [
            ("Data files © Original Authors", "Kaggle licenseName", "3")
        ]

    def test_tags_state_what_their_branch_says(self) -> None:
        record = to_record(ROW)
        assert record.statements == (
            Statement("domain", HEALTH, "tag subject"),
            Statement("domain", "subject > health and fitness > health", "tag subject"),
            Statement("task", "task > text-classification", "tag task"),
            Statement("modality", "video", "tag data type"),
            Statement("language", "english", "tag language"),
            Statement("usability", "0.88", "Kaggle usabilityRating"),
        )
        assert record.keywords == ("cancer", "text classification", "video", "english", "business")

    def test_a_catch_all_makes_no_domain(self) -> None:
        for name, parent in (("business", "people and society > business"), ("arts and entertainment",) * 2):
            tag = {"name": name, "fullPath": f"subject > {parent}"}
            record = to_record({**ROW, "title": "Numbers", "subtitle": "", "tags": [tag]})
            assert record.keywords == (name,)
            assert not [each for each in tagged(record) if each.facet == "domain" and each.rule != "text"]

    def test_tags_as_the_client_and_croissant_write_them(self) -> None:
        texts = [json.dumps(tag) for tag in ROW["tags"]]
        assert to_record({**ROW, "tags": texts}).statements == to_record(ROW).statements
        paths = [tag["fullPath"] for tag in ROW["tags"]]
        assert to_record({**ROW, "tags": paths}).statements[:2] == to_record(ROW).statements[:2]
        for nothing in (None, {}, "x", ["{", "{}", "", None, 7, {"name": ""}, {"fullPath": 3}], [" > "]):
            assert to_record({**ROW, "tags": nothing}).keywords == ()

    def test_packed_and_unpacked_sizes_are_kept_apart(self) -> None:
        listed = to_record(ROW)
        assert listed.bytes == Amount(390286, "Kaggle list totalBytes, packed ZIP")
        view = {**ROW, "totalBytes": 1355781, "description": "Long.", "versions": [{"versionNumber": 1}]}
        for shown in (view, triples(view)):
            viewed = to_record(shown)
            assert viewed.bytes == Amount(1355781, "Kaggle view totalBytes, unpacked")
            assert viewed.distributions[0].bytes is None
        empty = to_record({**triples({**ROW, "description": None}), "hasDescription": True, "totalBytes": 5})
        assert empty.bytes == Amount(5, "Kaggle view totalBytes, unpacked")
        assert to_record({**ROW, "totalBytes": 0}).bytes is None

    def test_the_first_version_tells_the_creation(self) -> None:
        versions = [
            {"versionNumber": 2, "creationDate": "2016-10-26T09:10:49.853Z"},
            {"versionNumber": 1, "creationDate": "2016-10-26T08:17:30.23Z"},
        ]
        assert to_record({**ROW, "versions": versions}).created == "2016-10-26T08:17:30Z"

    def test_has_decides_over_the_plain_field(self) -> None:
        assert value_of({"title": "", "hasTitle": False, "titleNullable": "x"}, "title") is None
        assert value_of({"titleNullable": "x"}, "title") == "x"
        assert value_of({"title": "a", "titleNullable": "x"}, "title") == "a"
        assert value_of({"title": "a", "hasTitle": True}, "title") == "a"

    def test_short_license_names_of_the_metadata(self) -> None:
        names = [{"name": "CC-BY-SA-4.0"}, {"name": "cc-by-sa-4.0"}, {"nome": 1}, None, "ODbL-1.0"]
        claims = to_record({"ref": "a/b", "licenses": names}).licenses
        assert sorted(claim.raw for claim in claims) == ["CC-BY-SA-4.0", "ODbL-1.0"]

    @pytest.mark.parametrize(
        "payload",
        [None, [], "x", 7, {}, {"ref": None}, {"ref": "a"}, {"ref": "a/b/c"}, {"ref": "a/../b"}, {"ref": "../b"}],
    )
    def test_no_identity_is_skipped(self, payload: object) -> None:
        with pytest.raises(Skipped):
            to_record(payload)

    def test_private_is_skipped(self) -> None:
        with pytest.raises(Skipped, match="private"):
            to_record({**ROW, "isPrivate": True})

    def test_unknown_stays_unknown(self) -> None:
        bare = to_record({"ref": "a/b"})
        assert (bare.access, bare.bytes, bare.downloads, bare.votes, bare.revision) == ("unknown", None, None, None, "")
        odd = to_record({**ROW, "totalBytes": -5, "downloadCount": True, "usabilityRating": "1", "lastUpdated": "soon"})
        assert (odd.bytes, odd.downloads, odd.modified) == (None, None, "")
        assert to_record({**ROW, "title": None}).title == ""

    @pytest.mark.parametrize(
        ("text", "iso"),
        [
            ("2026-03-27T15:16:05.7Z", "2026-03-27T15:16:05Z"),
            ("2019-06-03T00:56:47.1511526Z", "2019-06-03T00:56:47Z"),
            ("2025-01-26T19:53:28.043", "2025-01-26T19:53:28Z"),
            ("2024-01-01T01:00:00+02:00", "2023-12-31T23:00:00Z"),
            ("2018-01-16", "2018-01-16"),
            ("06/03/2019 00:56:47", "2019-06-03T00:56:47Z"),
            ("6/3/2019", "2019-06-03"),
            ("06/03/2019 12:00:01 AM", "2019-06-03T00:00:01Z"),
            ("13/01/2019", ""),
            ("2019-02-30T00:00:00Z", ""),
            ("0001-01-01T00:00:00Z", ""),
            ("9999-12-31T23:59:59-01:00", ""),
            ("soon", ""),
        ],
    )
    def test_dates(self, text: str, iso: str) -> None:
        assert moment(text) == iso

    @given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)), st.integers(1, 7))
    def test_any_number_of_digits(self, at: datetime, digits: int) -> None:
        text = f"{at:%Y-%m-%dT%H:%M:%S}.{str(at.microsecond * 10).zfill(7)[:digits]}Z".rjust(20, "0")
        assert moment(text) == f"{at.replace(microsecond=0).isoformat()}Z"

    def test_addresses_old_and_new(self) -> None:
        assert ref_of_url("https://www.kaggle.com/datasets/a/b/versions/3") == "a/b"
        assert ref_of_url("https://www.kaggle.com/datasnaek/youtube-new") == "datasnaek/youtube-new"
        assert ref_of_url("https://www.kaggle.com/ann/%E7%A6%BB%E8%81%8C") == "ann/离职"
        assert to_record({"ref": "ann/离职"}).url == "https://www.kaggle.com/datasets/ann/%E7%A6%BB%E8%81%8C"
        for other in ("https://kaggle.example/a/b", "https://www.kaggle.com/", "", None, "http://[", "x"):
            assert ref_of_url(other) == ""

    def test_damage_costs_nothing_else(self) -> None:
        check_mapping(to_record, [ROW, triples(ROW)], rounds=3000, seed=20261124)


class TestRecorded:
    """Every payload that was found, through its mapping."""

    def payloads(self, folder: Path) -> list[Any]:
        found: list[Any] = []
        for path in sorted([*folder.glob("rest_api/*.json"), *folder.glob("meta_json/*.json")]):
            value = json.loads(path.read_text("utf-8"))
            if "list_files" not in path.name:
                found.extend(value if isinstance(value, list) else [value])
        return found

    def test_rest(self, shared_fixtures: Path) -> None:
        payloads = self.payloads(shared_fixtures / "kaggle")
        made = [to_record(payload) for payload in payloads]
        assert len(made) == 20 + 20 + 1 + 1 + 14
        assert all(record.title and record.url and record.bytes for record in made)
        check_mapping(to_record, payloads, rounds=300)
        games = next(record for record in made if record.id == "gregorut/videogamesales" and record.description)
        assert games.bytes == Amount(1355781, "Kaggle view totalBytes, unpacked")
        assert (games.created, games.revision) == ("2016-10-26T08:17:30Z", "2")

    def test_truncated_logs(self, shared_fixtures: Path) -> None:
        for path in (shared_fixtures / "kaggle" / "rest_api").glob("*.truncated.txt"):
            text = path.read_text("utf-8").lstrip("[").rstrip()
            row = json.loads(text[: text.rindex(',"')] + ("}" if '"tags":[' not in text else "}]}"))
            record = to_record(row)
            assert record.licenses[0].raw == "Unknown"
            assert record.modified
            assert ("view" in path.name) == ("view" in (record.bytes.source if record.bytes else ""))

    def test_files_of_2021(self, shared_fixtures: Path) -> None:
        from connectors.kaggle.details import listed_columns

        path = next((shared_fixtures / "kaggle" / "rest_api").glob("*list_files*"))
        columns = listed_columns(json.loads(path.read_text())["datasetFiles"])
        assert len(columns) > 100
        assert {column.type for column in columns} == {"String", "DateTime", "Boolean", ""}

    def test_croissant(self, shared_fixtures: Path) -> None:
        folder = shared_fixtures / "kaggle" / "croissant"
        documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
        documents.append(json.loads((shared_fixtures / "croissant" / "kaggle_car_price_listwrapped.json").read_text()))
        made = [croissant.to_record(document) for document in documents]
        assert [record.id for record in made[:2]] == ["asinow/car-price-dataset", "aichemy/catechol-benchmark"]
        assert [len(record.columns) for record in made[:2]] == [10, 70]
        check_mapping(croissant.to_record, documents, rounds=300)
        bundle = croissant.bundle_of(croissant.node_of(documents[1]))
        archive = (folder / "catechol-benchmark_archive.zip").read_bytes()
        assert bundle.md5 == hashlib.md5(archive).hexdigest()
        assert (bundle.version, bundle.size) == ("4", f"{len(archive) / 1024:.3f} KB")

    def test_rows_of_the_site(self, shared_fixtures: Path) -> None:
        """Rows of the site's own endpoint, as payloads of the API."""
        made = []
        for path in (shared_fixtures / "kaggle" / "web_internal_api").glob("*.csv"):
            with path.open(encoding="utf-8") as file:
                made.extend(to_record(site_payload(row)) for row in csv.DictReader(file))
        assert len({record.id for record in made}) == 220
        domains = {each.value for record in made for each in record.statements if each.facet == "domain"}
        assert any("health" in value for value in domains)
        assert sum(not record.statements for record in made) < 40

    def test_rows_of_2018(self, shared_fixtures: Path) -> None:
        path = next((shared_fixtures / "kaggle" / "scraped").glob("*.csv"))
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        deleted = [row for row in rows if "/deleted=" in row["url"]]  # an owner who is no more: no such dataset
        made = [to_record(scraped_payload(row)) for row in rows if row not in deleted]
        assert (len(made), len(deleted)) == (8035, 1)
        assert {claim.raw for record in made for claim in record.licenses} >= {
            "CC0",
            "CC3",
            "CC4",
            "ODbL",
            "GPL",
            "Other",
        }
        assert all(record.modified for record in made)


def site_payload(row: dict[str, str]) -> dict[str, Any]:
    return {
        "id": int(row["dataset_id"]),
        "ref": row["dataset_url"].removeprefix("/datasets/"),
        "title": row["datasource_title"],
        "subtitle": row["datasource_overview"],
        "ownerName": row["owner_name"],
        "totalBytes": int(float(row["dataset_size"] or 0)),
        "lastUpdated": row["date_updated"],
        "downloadCount": int(row["download_count"]),
        "voteCount": int(row["total_votes"]),
        "licenseName": row["license_name"],
        "usabilityRating": float(row["usability_score"] or 0),
        "tags": json.loads(row["categories"] or "[]"),
    }


def scraped_payload(row: dict[str, str]) -> dict[str, Any]:
    return {
        "url": row["url"],
        "title": row["title"],
        "subtitle": row["description"],
        "ownerName": row["owner"],
        "licenseName": row["license"],
        "lastUpdated": row["last_updated"],
        "downloadCount": int(row["downloads"]),
        "voteCount": int(row["upvotes"]),
        "totalBytes": int(row["size"]) if row["size"].isdecimal() else None,
    }


class TestListing:
    def test_the_conformance_suite(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(45)
        for shape in ("rest", "rpc"):
            kaggle.shape = shape
            for request, count in (({"query": "set"}, 45), ({"user": "acme"}, 45), ({"top": 30}, 30)):
                assert len(ids(check_pages(connector, web, request))) == count, (shape, request)

    def test_pages_whatever_their_size(self, kaggle: Kaggle, web: Web) -> None:
        """A walk asks for one page after the last row, at any page size that Kaggle likes."""
        kaggle.load(60)
        for honours, calls in ((False, 4), (True, 2)):
            kaggle.honours = honours
            kaggle.site.forget()
            assert len(set(ids(walk(web, {"query": "set"})))) == 60
            assert len(kaggle.site.seen(LIST)) == calls

    def test_a_page_size_that_is_refused(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(25)
        kaggle.site.script(LIST, faults.status(400, b'{"code":400,"message":"pageSize"}'), on=1)
        assert len(ids(walk(web, {"query": "set"}))) == 25
        assert [request.first("pageSize") for request in kaggle.site.seen(LIST)] == ["100", "", "", ""]

    def test_page_tokens(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(45)
        kaggle.shape, kaggle.gives_tokens = "rpc", True
        assert len(set(ids(walk(web, {"query": "set"})))) == 45
        assert [request.first("pageToken") for request in kaggle.site.seen(LIST)] == ["", "2", "3"]

    def test_what_is_asked_reaches_kaggle(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.add("ann/one", tags=[HEALTH], voteCount=7)
        kaggle.add("bob/two", voteCount=9)
        assert ids(walk(web, {"user": "ann"})) == ["ann/one"]
        assert ids(walk(web, {"tag": "cancer"})) == ["ann/one"]
        assert ids(walk(web, {"top": 1})) == ["bob/two"]
        assert ids(walk(web, {"limit": 1})) == ["bob/two"]
        assert ids(walk(web, {"query": "two", "top": 5})) == ["bob/two"]
        first = kaggle.site.seen(LIST)[0]
        assert (first.first("group"), first.first("sortBy"), first.first("page")) == ("user", "votes", "1")
        assert not any("authorization" in request.headers for request in kaggle.site.requests)

    def test_nothing_asked_for_is_refused(self, kaggle: Kaggle, web: Web) -> None:
        for request in ({}, {"full": True}, {"since": "2024-01-01"}, {"query": ""}):
            for refused in (lambda: walk(web, request), lambda: connector.estimate(Cursor(request))):  # noqa: B023
                with pytest.raises(Usage, match="not whole") as told:
                    refused()
                for word in ("--query", "--tag", "--user", "--top", "catalog import kaggle"):
                    assert word in told.value.hint
        assert kaggle.site.requests == []

    def test_a_tag_by_number_where_names_are_ignored(self, kaggle: Kaggle, web: Web) -> None:
        """Kaggle brings just anything for a tag that it does not know."""
        kaggle.add("ann/one", tags=[HEALTH])
        kaggle.add("bob/two", tags=["task > regression"])
        kaggle.tags_by = "nothing"
        with pytest.raises(Usage, match="does not know the tag"):
            walk(web, {"tag": "no such tag"})
        with pytest.raises(Usage, match="does not know the tag"):
            walk(web, {"tag": "clustering"})

        def by_number(request: Request, response: Response, wire: Any) -> None:
            known = request.first("tagids") in ("16382", "cancer")
            rows = [row for row in json.loads(response.body) if known == (row["ref"] == "ann/one")]  # type: ignore[arg-type]
            known = request.first("tagids") == "16382"
            wire.send(Response(200, response.headers, json.dumps(rows if known else rows[:0] or [rows_two]).encode()))

        rows_two = triples({**ROW, "ref": "bob/two", "tags": [{"name": "regression", "fullPath": "task > regression"}]})
        kaggle.site.script(LIST, by_number, on=(1, 2))
        kaggle.end = 404
        assert ids(walk(web, {"tag": "cancer"})) == ["ann/one"]
        assert [request.first("tagids") for request in kaggle.site.seen(LIST)][-3:] == ["cancer", "16382", "16382"]

    def test_the_cap_is_said_aloud(self, kaggle: Kaggle, web: Web, caplog: pytest.LogCaptureFixture) -> None:
        rows = [{"ref": f"acme/set-{n:05}", "title": "t", "totalBytes": 1, "isPrivate": False} for n in range(10_000)]

        def page(request: Request, response: Response, wire: Any) -> None:
            start = (int(request.first("page")) - 1) * 2000
            status = 200 if start < 10_000 else kaggle.end
            wire.send(Response(status, {}, json.dumps(rows[start : start + 2000]).encode()))

        kaggle.site.script(LIST, page)
        for kaggle.end in (200, 404):
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                assert len(ids(walk(web, {"query": "set"}))) == 10_000
            assert "at most 10,000" in caplog.text
            assert "--tag" in caplog.text
            assert "catalog import kaggle" in caplog.text

    def test_no_word_of_the_cap_below_it(self, kaggle: Kaggle, web: Web, caplog: pytest.LogCaptureFixture) -> None:
        kaggle.load(21)
        walk(web, {"query": "set"})
        assert caplog.text == ""

    def test_only_what_changed_comes_next(self, kaggle: Kaggle, web: Web) -> None:
        start = datetime(2026, 5, 1, 12, tzinfo=UTC)
        kaggle.now = start - timedelta(days=30)
        kaggle.load(50)
        kaggle.now = start
        done = walk(web, {"query": "set"})[-1].cursor
        assert done.state["watermark"] == "2026-05-01T12:00:00Z"
        kaggle.now = start + timedelta(hours=1)
        kaggle.site.forget()
        nothing = walk(web, {"query": "set"}, done.state)
        assert (ids(nothing), nothing[-1].last) == ([], True)
        assert len(kaggle.site.seen(LIST)) == 1
        for ref in ("acme/set-00049", "acme/set-00007"):
            kaggle.release(ref, {"data.csv": b"a\n1\n"})
        changed = walk(web, {"query": "set"}, nothing[-1].cursor.state)
        assert sorted(ids(changed)) == ["acme/set-00007", "acme/set-00049"]
        assert kaggle.site.requests[-1].first("sortBy") == "updated"
        assert len(kaggle.site.seen(LIST)) == 2
        whole = walk(web, {"query": "set", "full": True}, changed[-1].cursor.state)
        assert len(ids(whole)) == 50

    def test_since(self, kaggle: Kaggle, web: Web) -> None:
        now = datetime(2026, 5, 1, tzinfo=UTC)
        for days in range(50):
            kaggle.add(f"acme/set-{days:02}", lastUpdated=days_ago(now, days))
        pages = walk(web, {"query": "set", "since": "2026-04-21"})
        assert sorted(ids(pages)) == [f"acme/set-{days:02}" for days in range(11)]
        assert len(kaggle.site.seen(LIST)) == 1
        assert len(ids(walk(web, {"query": "set", "since": "2026-04"}))) == 31
        assert len(ids(walk(web, {"query": "set", "since": "soon"}))) == 50

    def test_a_listing_in_another_order_is_read_to_its_end(self, kaggle: Kaggle, web: Web) -> None:
        """Where Kaggle does not sort by the last update, an old row says nothing of those after it."""
        now = datetime(2026, 5, 1, tzinfo=UTC)
        for number in range(60):
            kaggle.add(f"acme/set-{number:02}", lastUpdated=days_ago(now, number % 7 * 10))

        def shuffled(request: Request, response: Response, wire: Any) -> None:
            rows = json.loads(response.body)  # type: ignore[arg-type]
            wire.send(
                Response(200, response.headers, json.dumps(sorted(rows, key=lambda row: row["ref"][::-1])).encode())
            )

        kaggle.site.script(LIST, shuffled)
        pages = walk(web, {"query": "set", "since": "2026-04-20"})
        assert len(ids(pages)) == sum(number % 7 < 2 for number in range(60))

    def test_limited_walks_walk_again(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(90)
        pages = walk(web, {"top": 50})
        assert (len(ids(pages)), pages[0].total, len(kaggle.site.seen(LIST))) == (50, 50, 3)
        assert len(ids(walk(web, {"top": 50}, pages[-1].cursor.state))) == 50
        assert not any(page.complete for page in pages)

    def test_resumes_where_it_was(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(65)
        walking = connector.pages(web, Cursor({"query": "set"}))
        got = [next(walking), next(walking)]
        state = json.loads(json.dumps(dict(got[-1].cursor.state)))
        kaggle.site.forget()
        rest = walk(web, {"query": "set"}, state)
        assert [request.first("page") for request in kaggle.site.seen(LIST)] == ["3", "4", "5"]
        assert len(set(ids([*got, *rest]))) == 65

    def test_one_bad_row_costs_itself_alone(self, kaggle: Kaggle, web: Web) -> None:
        rng = random.Random(5)
        good = [triples({**ROW, "ref": f"acme/s-{n}"}) for n in range(60)]
        bad: list[Any] = [
            None,
            "text",
            7,
            [],
            {"ref": None},
            {"ref": "../../etc"},
            {**ROW, "lastUpdated": {}, "tags": 3},
        ]
        broken = [damaged({**row, "ref": f"x/{n}"}, rng) for n, row in enumerate(good)]
        body = json.dumps([*good[:20], *bad, *good[20:], *broken])
        kaggle.site.script(LIST, faults.body(body.encode()), on=1)
        page, _ = walk(web, {"query": "x"})
        assert {row["ref"] for row in good} <= {record.id for record in page.records}
        assert {"item 21", "item 22", "item 23", "item 24", "../../etc"} <= dict(page.skipped).keys()

    def test_a_circle_ends_the_walk(self, kaggle: Kaggle, web: Web, caplog: pytest.LogCaptureFixture) -> None:
        kaggle.load(45)
        rows = json.dumps([triples({**ROW, "ref": f"acme/s-{n}"}) for n in range(20)]).encode()
        kaggle.site.script(LIST, faults.body(rows))
        with caplog.at_level(logging.WARNING):
            pages = walk(web, {"query": "set"})
        assert len(ids(pages)) == 20
        assert "repeats itself" in caplog.text
        first = next(connector.pages(web, Cursor({"query": "set"})))
        again = walk(web, {"query": "set"}, first.cursor.state)
        assert (ids(again), again[-1].last) == ([], True)

    @pytest.mark.parametrize(
        "fault",
        [
            faults.status(429, TOO_MANY_REST, Retry_After="1"),
            faults.status(429, TOO_MANY_RPC),
            faults.status(503),
            faults.reset(),
            faults.cut(100),
            faults.truncated(),
            faults.portal(),
            faults.noise(),
        ],
    )
    def test_a_bad_moment_costs_no_row(self, kaggle: Kaggle, web: Web, fault: Fault) -> None:
        kaggle.load(65)
        kaggle.site.script(LIST, fault, every=2)
        assert len(set(ids(walk(web, {"query": "set"})))) == 65

    def test_a_storm_keeps_what_came(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.load(65)
        kaggle.site.script(LIST, faults.status(429, TOO_MANY_REST), on=range(3, 100))
        walking = connector.pages(web, Cursor({"query": "set"}))
        got = [next(walking), next(walking)]
        with pytest.raises(Retriable):
            next(walking)
        kaggle.site.calm()
        assert len(set(ids([*got, *walk(web, {"query": "set"}, got[-1].cursor.state)]))) == 65

    @pytest.mark.parametrize(
        "value", ['{"code":404,"message":"x"}', '"x"', "7", '{"datasets":{"a":1}}', '{"error":{}}']
    )
    def test_what_is_no_list(self, kaggle: Kaggle, web: Web, value: str) -> None:
        kaggle.site.script(LIST, faults.body(value.encode()))
        with pytest.raises(Fatal, match="list was expected"):
            walk(web, {"query": "x"})

    def test_an_empty_message_is_an_empty_list(self) -> None:
        assert rows_of({}) == ([], "")
        assert rows_of({"datasets": None}) == ([], "")

    def test_estimates(self) -> None:
        asked = connector.estimate(Cursor({"top": 150}))
        assert (asked.at_least, asked.at_most) == (2, 9)
        open_ended = connector.estimate(Cursor({"query": "x"}))
        assert (open_ended.at_least, open_ended.at_most) == (1, 501)
        later = connector.estimate(Cursor({"query": "x"}, {"watermark": "2026-05-01T12:00:00Z"}))
        assert later.at_least == 1


class TestDetails:
    def test_all_that_kaggle_tells(self, kaggle: Kaggle, web: Web) -> None:
        files = {"a.csv": b"a\n" * 500, "deep/b.json": b"[]", "c d.csv": b"x"}
        shelf = kaggle.add("acme/set", files, tags=[HEALTH], description="Long words.")
        listed = to_record(kaggle._row(shelf))
        record = connector.details(web, listed)
        assert record.description == "Long words."
        assert record.bytes == Amount(sum(map(len, files.values())), "Kaggle view totalBytes, unpacked")
        whole, *named = record.distributions
        assert whole.bytes == len(shelf.bundle(1))
        assert whole.digest.startswith("md5:")
        assert [form.path for form in named] == ["a.csv", "c d.csv", "deep/b.json"]
        assert all(form.url.startswith("https://www.kaggle.com/api/v1/datasets/download/acme/set/") for form in named)
        assert {column.config for column in record.columns} == set(files)
        assert Statement("file-format", "csv", "Kaggle files") in record.statements
        assert record.access == "open"
        assert len(kaggle.site.requests) == 3

    def test_with_the_listing_on_request(self, kaggle: Kaggle, web: Web) -> None:
        for ref in kaggle.load(25):
            kaggle.shelves[ref].fields["description"] = f"About {ref}."
        kaggle.shelves["acme/set-00003"].private = True  # seen by nobody without a login
        pages = walk(web, {"top": 22, "details": True})
        records = [record for page in pages for record in page.records]
        assert len(records) == 22
        assert all(record.description.startswith("About") and record.columns for record in records)
        assert connector.estimate(Cursor({"top": 22, "details": True})).at_least == 2 + 22 * 3
        assert len(kaggle.site.requests) == 2 + 22 * 3
        kaggle.site.script("*/view/acme/set-00000", faults.status(403))
        again = walk(web, {"top": 1, "details": True})
        assert [(record.id, record.description) for record in again[0].records] == [("acme/set-00000", "")]

    def test_a_document_of_another_version_gives_no_checksum(self, kaggle: Kaggle, web: Web) -> None:
        shelf = kaggle.add("acme/set")
        shelf.document = {**json.loads(json.dumps(kaggle_document("acme/set", 7)))}
        record = connector.details(web, record_of("acme/set"))
        assert record.distributions[0].digest == ""

    @pytest.mark.parametrize(
        "fault",
        [
            faults.status(404, b"<html>"),
            faults.status(429, TOO_MANY_REST),
            faults.portal(),
            faults.truncated(),
            faults.body(b"[" * 100_000),
            faults.body(b'"text"'),
            faults.reset(),
        ],
    )
    def test_without_a_document(self, kaggle: Kaggle, web: Web, fault: Fault) -> None:
        """What only adds columns and a checksum never costs the rest."""
        shelf = kaggle.add("acme/set")
        kaggle.site.script("/datasets/*/croissant/download", fault)
        record = connector.details(web, record_of("acme/set"))
        assert (record.columns, record.distributions[0].digest) == ((), "")
        assert connector.bundle(web, record)[0].bytes == len(shelf.bundle(1))

    def test_many_files_over_many_pages(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.file_page = 50
        kaggle.add("acme/set", {f"part-{n:04}.csv": b"x" for n in range(420)})
        assert len(connector.files(web, record_of("acme/set"))) == 420

    def test_a_list_that_may_be_too_short(self, kaggle: Kaggle, web: Web, caplog: pytest.LogCaptureFixture) -> None:
        """Lists of files were seen to end at 3,000."""
        kaggle.file_page = 1_000
        rows = [[{"name": f"{page}-{n}.csv"} for n in range(1_000)] for page in range(3)]

        def listed(request: Request, response: Response, wire: Any) -> None:
            page = int(request.first("pageToken") or 0)
            value = {"datasetFiles": rows[page], "nextPageToken": str(page + 1) if page < 2 else ""}
            wire.send(Response(200, {}, json.dumps(value).encode()))

        kaggle.add("acme/set")
        kaggle.site.script(f"{LIST}/acme/set", listed)
        with caplog.at_level(logging.WARNING):
            assert len(connector.files(web, record_of("acme/set"))) == 3_000
        assert "the bundle has all of them" in caplog.text

    def test_missing_and_private_are_not_told_apart(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.add("acme/hidden", private=True)
        for ref in ("acme/hidden", "acme/none"):
            with pytest.raises(NotFound, match="that you may see") as told:
                connector.details(web, record_of(ref))
            assert f"https://www.kaggle.com/datasets/{ref}" in told.value.hint
        with pytest.raises(NotFound, match="not the name"):
            connector.details(web, record_of("x"))


def kaggle_document(ref: str, version: int) -> dict[str, Any]:
    archive = {"@type": "cr:FileObject", "name": "archive.zip", "md5": "xnQ+q8WLj9aPCvhTsG+L6A=="}
    return {"url": f"https://www.kaggle.com/datasets/{ref}/versions/{version}", "distribution": [archive]}


class TestFiles:
    def test_the_conformance_suite(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.add("acme/离职", {"a.csv": b"x"})
        assert [file.path for file in connector.bundle(web, record_of("acme/离职"))] == ["archive.zip"]
        kaggle.add("acme/set", {"a.csv": b"x", "deep/ü b.csv": b"yy"})
        files = {file.path: file for file in check_files(connector, web, record_of("acme/set"))}
        assert files["deep/ü b.csv"].bytes == 2
        assert files["a.csv"].url == f"{kaggle.endpoint}/api/v1/datasets/download/acme/set/a.csv?datasetVersionNumber=1"
        assert {connector.revision_in(file.url) for file in files.values()} == {"1"}

    def test_the_bundle(self, kaggle: Kaggle, web: Web) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": b"x" * 10_000})
        (file,) = connector.bundle(web, record_of("acme/set"))
        packed = shelf.bundle(1)
        assert (file.path, file.bytes, file.format) == ("archive.zip", len(packed), "zip")
        assert file.digest == f"md5:{hashlib.md5(packed).hexdigest()}"
        assert file.note == ""

    def test_versions(self, kaggle: Kaggle, web: Web) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": b"old"})
        kaggle.release("acme/set", {"b.csv": b"newer"})
        (old,) = connector.bundle(web, record_of("acme/set"), "1")
        (new,) = connector.bundle(web, record_of("acme/set"))
        assert (old.bytes, new.bytes) == (len(shelf.bundle(1)), len(shelf.bundle(2)))
        assert (connector.revision_in(old.url), connector.revision_in(new.url)) == ("1", "2")
        assert [file.path for file in connector.files(web, record_of("acme/set"), "1")] == ["a.csv"]
        for wrong in ("3", "0", "x", "main", "1.5", "9" * 12):
            with pytest.raises(NotFound, match="no version"):
                connector.bundle(web, record_of("acme/set"), wrong)

    def test_checksums_that_disagree(self, kaggle: Kaggle, web: Web) -> None:
        shelf = kaggle.add("acme/set", document=kaggle_document("acme/set", 1))
        (file,) = connector.bundle(web, record_of("acme/set"))
        assert "different MD5s" in file.note
        assert file.digest == f"md5:{hashlib.md5(shelf.bundle(1)).hexdigest()}"

    def test_a_version_without_a_zip_yet(self, kaggle: Kaggle, web: Web) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": b"x", "b.csv": b"y"})
        shelf.unpacked = frozenset([1])
        files = connector.bundle(web, record_of("acme/set"))
        assert [file.path for file in files] == ["a.csv", "b.csv"]
        assert all("not packed" in file.note for file in files)

    def test_consent_is_said_with_the_page(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.add("acme/set", consent=True)
        with pytest.raises(Gated, match="does not give out its files") as told:
            connector.bundle(web, record_of("acme/set"))
        assert "https://www.kaggle.com/datasets/acme/set" in told.value.hint

    def test_names_that_lead_out(self, kaggle: Kaggle, web: Web) -> None:
        for name in ("../evil", "/etc/passwd", "a//b", "a/../../b", "a\\b"):
            kaggle.add("acme/set", {name: b"x"})
            with pytest.raises(Fatal, match="cannot be trusted"):
                connector.files(web, record_of("acme/set"))

    def test_a_list_of_files_that_loops(self, kaggle: Kaggle, web: Web) -> None:
        kaggle.add("acme/set")
        rows = {"datasetFiles": [{"name": "a.csv"}], "nextPageToken": "1"}
        kaggle.site.script(f"{LIST}/acme/set", faults.body(json.dumps(rows).encode()))
        with pytest.raises(Fatal, match="circle"):
            connector.files(web, record_of("acme/set"))
