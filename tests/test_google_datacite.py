"""DataCite's REST API: its items as records, and the walk over its listing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.connector import Cursor, Page
from catalog.errors import Fatal, Skipped, Usage
from catalog.record import Record
from catalog.tagger import complete
from catalog.web import BudgetSpent, HttpStatus, Web, WebSettings
from connectors.google import connector, datacite
from connectors.google.datacite_mapping import noise, to_record
from connectors.testing import CHECKS, Answer, LocalOrigin, Source, check_mapping
from tests.origin.datacite import DataCite, item

ITEMS = [item(number) for number in range(8)]
SOURCE = Source(
    "google",
    datacite.VARIABLE,
    DataCite(ITEMS[:4]),
    to_record,
    ITEMS[:4],
    quiet=1,
    request={"datacite": "ocean survey"},
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conforms(check: Any) -> None:
    check(SOURCE)


# -- the mapping ----------------------------------------------------------------------------------------------------


def test_every_part_of_an_item_is_taken() -> None:
    record = to_record(item(7))
    assert (record.key, record.name, record.doi) == ("google:10.5072/set.7", "Ocean survey 7", "10.5072/set.7")
    assert (record.url, record.publisher) == ("https://archive.example/set/7", "Example archive")
    assert (record.created, record.year, record.revision) == ("2021-03-04", 2021, "1.0")
    assert record.creators == ("Author 7",)
    assert record.keywords == ("ocean", "salinity", "temperature")
    assert record.access == "open"
    assert record.bytes is not None
    assert record.bytes.value == 12_000_000
    assert [claim.raw for claim in record.licenses] == ["cc-by-4.0"]
    assert record.licenses[0].by == "DataCite rightsList"
    assert [(place.kind, place.url) for place in record.distributions] == [
        ("file", "https://archive.example/set/7/data.csv")
    ]
    verdict = complete(record).verdict
    assert verdict is not None
    assert (verdict.commercial, verdict.expression) == ("yes", "CC-BY-4.0")


def test_a_recorded_item(shared_fixtures: Path) -> None:
    path = shared_fixtures / "schema_org" / "other_metadata" / "datacite_api_doi_zenodo_8347772.json"
    payload = json.loads(path.read_bytes())["data"]
    record = to_record(payload)
    assert record.id == "10.5281/zenodo.6361400", "a version is told under the DOI that stands for all"
    assert record.aliases == ("10.5281/zenodo.8347772",)
    assert [claim.raw for claim in record.licenses] == ["mit"]
    check_mapping(to_record, [payload, *ITEMS], rounds=600)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("&lt;p&gt;Twice &amp;amp; once&lt;/p&gt;", "Twice & once"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("&amp;lt;i&amp;gt;deep&amp;lt;/i&amp;gt;", "deep"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
    ],
)
def test_escaped_descriptions_are_text(text: str, plain: str) -> None:
    assert to_record(item(1, descriptions=[{"description": text, "descriptionType": "Abstract"}])).description == plain


def test_the_abstract_comes_first() -> None:
    texts = [("Other", "Cite us."), ("Abstract", "What it is.")]
    told = [{"description": text, "descriptionType": kind} for kind, text in texts]
    assert to_record(item(1, descriptions=told)).description == "What it is.\n\nCite us."


@pytest.mark.parametrize(
    ("rights", "raw", "access"),
    [
        ([{"rights": "MIT License", "rightsIdentifier": "mit", "rightsIdentifierScheme": "SPDX"}], ["mit"], "unknown"),
        ([{"rightsUri": "https://opensource.org/licenses/MIT"}], ["https://opensource.org/licenses/MIT"], "unknown"),
        ([{"rights": "Closed Access", "rightsUri": "info:eu-repo/semantics/closedAccess"}], [], "request"),
        ([{"rights": "Embargoed Access"}], [], "request"),
        ([{"rights": "All rights reserved"}], ["All rights reserved"], "unknown"),
        ([], [], "unknown"),
        (None, [], "unknown"),
        ("CC0", [], "unknown"),
    ],
)
def test_rights_are_claims_or_access(rights: Any, raw: list[str], access: str) -> None:
    record = to_record(item(1, rightsList=rights))
    assert ([claim.raw for claim in record.licenses], record.access) == (raw, access)


def test_ties_and_papers() -> None:
    related = [
        {"relationType": "IsSupplementTo", "relatedIdentifier": "10.1000/ABC", "relatedIdentifierType": "DOI"},
        {"relationType": "IsDescribedBy", "relatedIdentifier": "2110.14168", "relatedIdentifierType": "arXiv"},
        {"relationType": "IsDerivedFrom", "relatedIdentifier": "10.5072/base", "relatedIdentifierType": "DOI"},
        {"relationType": "IsPartOf", "relatedIdentifier": "https://x.example/all", "relatedIdentifierType": "URL"},
        {"relationType": "IsPartOf", "relatedIdentifier": "javascript:alert(1)", "relatedIdentifierType": "URL"},
    ]
    record = to_record(item(1, relatedIdentifiers=related))
    assert (record.paper, record.arxiv) == ("https://doi.org/10.1000/abc", "2110.14168")
    assert [(tie.kind, tie.target) for tie in record.relations] == [
        ("derived-from", "https://doi.org/10.5072/base"),
        ("part-of", "https://x.example/all"),
    ]


@pytest.mark.parametrize(
    ("payload", "query", "reason"),
    [
        (item(1, doi="10.15468/dl.abc"), "birds", "GBIF"),
        (item(1, doi="10.15468/dl.abc"), "gbif birds", ""),
        (item(1, client="ccdc.csd"), "crystal", "CCDC"),
        (item(1, client="ccdc.csd"), "client_id:ccdc.csd", ""),
        (item(1), "birds", ""),
        ([], "birds", ""),
        ({"relationships": [1]}, "birds", ""),
    ],
)
def test_noise_is_left_out_unless_asked_for(payload: Any, query: str, reason: str) -> None:
    assert (reason in noise(payload, query)) if reason else not noise(payload, query)


@pytest.mark.parametrize("payload", [None, [], {}, {"id": "x"}, item(1, titles=[]), item(1, state="draft")])
def test_what_is_no_dataset_is_skipped(payload: Any) -> None:
    with pytest.raises(Skipped):
        to_record(payload)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(ITEMS[0]["attributes"])), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)))  # fmt: skip
def test_no_item_raises_anything_but_skipped(attributes: dict[str, Any]) -> None:
    try:
        assert isinstance(to_record({"id": "10.1/x", "attributes": attributes}), Record)
    except Skipped:
        pass


# -- the walk -------------------------------------------------------------------------------------------------------


@contextmanager
def played(plays: Any, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[tuple[LocalOrigin, Web]]:
    """DataCite on loopback, and the web to ask it by."""
    with LocalOrigin(plays) as origin:
        monkeypatch.setenv(datacite.VARIABLE, origin.url)
        given = WebSettings(
            allow_private_hosts=connector.hosts(), trust_env=False, sleep=lambda _seconds: None, **settings
        )
        with Web(given) as web:
            yield origin, web


def walk(web: Web, request: dict[str, Any], state: dict[str, Any] | None = None) -> list[Page]:
    return list(connector.pages(web, Cursor(request, state or {})))


def keys(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def test_a_whole_walk_goes_by_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (origin, web):
        pages = walk(web, {"datacite": "ocean"})
        assert len(keys(pages)) == 8
        assert [page.last for page in pages] == [False, False, True]
        assert pages[0].total == 8
        first = origin.asked[0].query
        assert (first["page[cursor]"], first["page[size]"]) == ("1", "1000")
        assert first["resource-type-id"] == "dataset"


def test_the_next_page_is_asked_at_the_set_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(asked: Any) -> Any:
        answer = DataCite(ITEMS)(asked)
        if "next" in answer["links"]:
            answer["links"]["next"] = answer["links"]["next"].replace(asked.base, "https://evil.example")
        return answer

    with played(elsewhere, monkeypatch) as (origin, web):
        assert len(keys(walk(web, {"datacite": "ocean"}))) == 8
        assert len(origin.asked) == 3


def test_a_limit_brings_the_most_relevant(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (origin, web):
        pages = walk(web, {"datacite": "ocean", "limit": 4})
        assert len(keys(pages)) == 4
        assert origin.asked[0].query["sort"] == "relevance"
        assert "page[cursor]" not in origin.asked[0].query


@pytest.mark.parametrize("status", [400, 500])
def test_a_query_that_cannot_be_read_is_asked_as_words(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def plays(asked: Any) -> Any:
        answer = DataCite(ITEMS)(asked)
        return Answer(status, {}, b"no") if isinstance(answer, Answer) else answer

    with played(plays, monkeypatch, tries=2) as (origin, web):
        pages = walk(web, {"datacite": 'title:(ocean AND "salt'})
        assert len(keys(pages)) == 8
        assert origin.asked[-1].query["query"] == "title ocean salt"
        assert pages[0].cursor.state["plain"] is True


def test_words_that_cannot_be_read_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(lambda _asked: Answer(400, {}, b"no"), monkeypatch) as (origin, web):
        with pytest.raises(HttpStatus):
            walk(web, {"datacite": "ocean"})
        assert len(origin.asked) == 1


def test_a_second_walk_asks_for_changes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (origin, web):
        state = dict(walk(web, {"datacite": "ocean"})[-1].cursor.state)
        origin.forget()
        again = walk(web, {"datacite": "ocean"}, state)
        assert keys(again) == []
        assert len(origin.asked) == 1
        assert "AND updated:[" in origin.asked[0].query["query"]
        assert len(keys(walk(web, {"datacite": "ocean", "full": True}, state))) == 8


def test_a_query_without_words_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (_origin, web), pytest.raises(Usage, match="which has no words"):
        walk(web, {"datacite": "(", "since": "2024-05-06"})


def test_since_is_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (origin, web):
        walk(web, {"datacite": "ocean", "since": "2024-05-06"})
        assert origin.asked[0].query["query"] == "(ocean) AND updated:[2024-05-06 TO *]"


def test_a_spent_budget_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch, max_requests=2) as (_origin, web):
        going = connector.pages(web, Cursor({"datacite": "ocean"}))
        pages = [next(going), next(going)]
        with pytest.raises(BudgetSpent):
            next(going)
    with played(DataCite(ITEMS), monkeypatch) as (_origin, web):
        rest = walk(web, {"datacite": "ocean"}, dict(pages[-1].cursor.state))
    assert sorted(keys(pages) + keys(rest)) == sorted(f"10.5072/set.{number}" for number in range(8))


def test_versions_fold_into_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    concept = [{"relationType": "IsVersionOf", "relatedIdentifier": "10.5072/all", "relatedIdentifierType": "DOI"}]
    dates = [[{"date": day, "dateType": "Issued"}] for day in ("2020-01-01", "2022-01-01")]
    first = item(1, relatedIdentifiers=concept, version="1", dates=dates[0])
    second = item(2, relatedIdentifiers=concept, version="2", dates=dates[1])
    for order in ([first, second], [second, first]):
        with played(DataCite(order), monkeypatch) as (_origin, web):
            records = [record for page in walk(web, {"datacite": "ocean"}) for record in page.records]
        assert [(record.id, record.revision) for record in records] == [("10.5072/all", "2")]
        assert set(records[0].aliases) == {"10.5072/set.1", "10.5072/set.2"}


def test_noise_is_told_as_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite([item(1), item(2, doi="10.15468/dl.x1")]), monkeypatch) as (_origin, web):
        (page,) = walk(web, {"datacite": "birds"})
    assert page.skipped == (("10.15468/dl.x1", "it is a receipt of a GBIF download"),)


@pytest.mark.parametrize("body", [b"[]", b'{"data": 3}', b'{"errors": []}'])
def test_an_answer_that_is_no_listing_is_an_error(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(200, {"Content-Type": "application/json"}, body)
    with played(lambda _asked: answer, monkeypatch) as (_origin, web), pytest.raises(Fatal, match="no listing"):
        walk(web, {"datacite": "ocean"})


def test_a_listing_that_goes_in_circles_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def circles(asked: Any) -> Any:
        return {"data": [ITEMS[0]], "links": {"next": f"{asked.base}/dois?page[cursor]=same"}}

    with played(circles, monkeypatch) as (origin, web):
        with pytest.raises(Fatal, match="does not go on"):
            walk(web, {"datacite": "ocean"})
        assert len(origin.asked) == 2


@pytest.mark.parametrize("request_", [{"datacite": "  "}, {"datacite": "x", "site": ["owid"]}])
def test_a_request_without_sense_is_refused(request_: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with played(DataCite(ITEMS), monkeypatch) as (origin, web):
        with pytest.raises(Usage):
            walk(web, request_)
        assert not origin.asked


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("datacite.org", "ftp://x.example", "http://[::1"):
        monkeypatch.setenv(datacite.VARIABLE, wrong)
        with pytest.raises(Usage, match=datacite.VARIABLE):
            datacite.endpoint()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('title:(ocean AND "salt', "title ocean salt"),
        ("climate OR -weather", "climate weather"),
        ("covid-19 [x TO y]", "covid-19 x y"),
        ("气候 数据", "气候 数据"),
    ],
)
def test_words_of_a_query(query: str, words: str) -> None:
    assert datacite.words_of(query) == words


def test_the_address_is_that_of_datacite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in datacite.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert connector.address() == "https://api.datacite.org"
    monkeypatch.setenv("CATALOG_GOOGLE_ENDPOINT", "https://mirror.example/datacite/")
    assert connector.address() == "https://mirror.example/datacite"
    assert connector.hosts() == {"mirror.example"}
    monkeypatch.setenv(datacite.VARIABLE, "https://other.example")
    assert connector.address() == "https://other.example"
