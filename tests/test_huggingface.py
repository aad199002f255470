"""The Hugging Face connector: its mapping over every recorded payload, its walks and files against the loopback Hub."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.connector import Authorised, Connector, Cursor, FromSnapshot, Page
from catalog.errors import CatalogError, Fatal, Gated, NotFound, Retriable, Skipped, Usage
from catalog.record import Amount, Column, LicenseClaim, Record, Statement, encode
from catalog.web import Web, WebSettings
from connectors.huggingface import connector, from_snapshot, parse_card, to_record
from connectors.huggingface.columns import columns, configs, type_name
from connectors.testing import check_files, check_mapping, check_pages, damaged
from tests.origin import Hub, Request, Response, faults
from tests.origin.protocol import Quota
from tests.origin.records import records
from tests.origin.server import Fault

NAMED = ("HF_ENDPOINT", "CATALOG_HF_ENDPOINT", "CATALOG_HF_RESOLVER", "CATALOG_HF_VIEWER", "HF_TOKEN", "HF_HUB_OFFLINE")
PAYLOAD: dict[str, Any] = {
    "_id": "66f830e08d215c6331bec22a",
    "id": "acme/maths-chat",
    "author": "acme",
    "sha": "469216e3f46f4dacf476b382e192485ea51a143e",
    "lastModified": "2024-11-25T20:07:28.000Z",
    "createdAt": "2024-09-28T16:37:52.000Z",
    "private": False,
    "gated": "manual",
    "disabled": False,
    "downloads": 119508,
    "likes": 254,
    "mainSize": 20208929853,
    "tags": [
        "task_categories:question-answering",
        "language:en",
        "license:other",
        "size_categories:10M<n<100M",
        "format:parquet",
        "modality:text",
        "library:datasets",
        "arxiv:2410.01560",
        "arxiv:2103.03874",
        "doi:10.57967/hf/2212",
        "region:us",
        "math",
    ],
    "description": "\n\t\n\t\t\n\t\tMaths\n\t\n\nProblems and answers.… See the full description on the dataset page: https://x.",
    "citation": "@misc{a, title={B}}",
    "cardData": {
        "pretty_name": "Maths Chat",
        "license": "other",
        "license_name": "acme-1.0",
        "license_link": "https://acme.example/license",
        "task_categories": ["question-answering", "text2text-generation"],
        "language": [False, "en"],
        "tags": ["math", "sft"],
        "dataset_info": [
            {
                "config_name": "main",
                "features": [
                    {
                        "name": "messages",
                        "list": [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}],
                    },
                    {"name": "label", "dtype": {"class_label": {"names": {"0": "no", "1": "yes"}}}},
                ],
                "splits": [{"name": "train", "num_bytes": 1000, "num_examples": 40}],
            },
            {
                "config_name": "extra",
                "features": [{"name": "label", "dtype": {"class_label": {"names": {"0": "a"}}}}],
                "splits": [{"name": "train", "num_bytes": 10, "num_examples": 2}],
            },
        ],
    },
}


def with_(**changes: Any) -> dict[str, Any]:
    """The payload with some keys changed; `card` changes keys of cardData."""
    payload = copy.deepcopy(PAYLOAD)
    payload["cardData"].update(changes.pop("card", {}))
    payload.update(changes)
    return payload


class TestMapping:
    def test_identity_and_counts(self) -> None:
        record = to_record(PAYLOAD)
        assert record.key == "huggingface:acme/maths-chat"
        assert record.upstream_id == "66f830e08d215c6331bec22a"
        assert (record.title, record.name, record.publisher) == ("Maths Chat", "acme/maths-chat", "acme")
        assert record.url == "https://huggingface.co/datasets/acme/maths-chat"
        assert (record.created, record.modified) == ("2024-09-28T16:37:52Z", "2024-11-25T20:07:28Z")
        assert (record.downloads, record.likes, record.revision) == (119508, 254, PAYLOAD["sha"])
        assert record.popularity == 144
        assert record.description == "Maths\n\nProblems and answers."
        assert record.citation == "@misc{a, title={B}}"
        assert (record.arxiv, record.doi) == ("2410.01560", "10.57967/hf/2212")
        assert [(form.url, form.kind) for form in record.distributions] == [("huggingface:acme/maths-chat", "repo")]

    def test_statements_say_where_they_come_from(self) -> None:
        statements = to_record(PAYLOAD).statements
        for expected in (
            Statement("task", "question-answering", "tag task_categories"),
            Statement("task", "text2text-generation", "card task_categories"),
            Statement("language", "en", "tag language"),
            Statement("language", "no", "card language"),
            Statement("size", "10M<n<100M", "tag size_categories"),
            Statement("file-format", "parquet", "tag format"),
            Statement("modality", "text", "tag modality"),
            Statement("library", "datasets", "tag library"),
            Statement("arxiv", "2103.03874", "tag arxiv"),
        ):
            assert expected in statements
        assert len({(s.facet, s.value) for s in statements}) == len(statements)
        assert to_record(PAYLOAD).keywords == ("math", "sft")

    def test_license_claims(self) -> None:
        link, sha = "https://acme.example/license", PAYLOAD["sha"]
        assert to_record(PAYLOAD).licenses == (
            LicenseClaim(raw="other", by="card license", evidence=link, revision=sha),
            LicenseClaim(raw="acme-1.0", by="card license_name", evidence=link, revision=sha),
        )
        tagged = to_record(with_(cardData={"license": ["mit", "cc-by-4.0"]}, tags=["license:mit", "license:gpl"]))
        assert [(claim.raw, claim.by) for claim in tagged.licenses] == [
            ("mit", "card license"),
            ("cc-by-4.0", "card license"),
            ("gpl", "tag license"),
        ]
        assert to_record(with_(cardData={}, tags=[])).licenses == ()

    def test_columns_rows_and_bytes(self) -> None:
        record = to_record(PAYLOAD)
        assert record.columns == (
            Column("messages", "list<struct<role: string, content: string>>", "main"),
            Column("label", "class_label", "main"),
            Column("label", "class_label", "extra"),
        )
        alike = [{**PAYLOAD["cardData"]["dataset_info"][0], "config_name": name} for name in ("a", "b", "c")]
        assert {column.config for column in to_record(with_(card={"dataset_info": alike})).columns} == {"a"}
        assert record.rows == Amount(42, "card dataset_info")
        assert record.bytes == Amount(20208929853, "Hub mainSize")
        without = to_record({key: value for key, value in PAYLOAD.items() if key != "mainSize"})
        assert without.bytes == Amount(1010, "card dataset_info")
        info = [PAYLOAD["cardData"]["dataset_info"][0], {"config_name": "uncounted", "features": []}]
        assert to_record(with_(card={"dataset_info": info})).rows == Amount(40, "card dataset_info", lower_bound=True)
        nothing = [{"splits": [{"num_examples": 0}]}]
        assert to_record(with_(card={"dataset_info": nothing})).rows is None

    @pytest.mark.parametrize(
        ("changes", "access"),
        [
            ({"gated": False}, "open"),
            ({"gated": "auto"}, "gated"),
            ({"gated": True}, "gated"),
            ({"gated": "False"}, "unknown"),
            ({"gated": None}, "unknown"),
            ({"gated": ["auto"]}, "unknown"),
            ({"gated": False, "disabled": True}, "disabled"),
        ],
    )
    def test_access(self, changes: dict[str, Any], access: str) -> None:
        record = to_record(with_(**changes))
        assert record.access == access
        assert bool(record.access_note) == (access in ("gated", "disabled"))

    def test_times(self) -> None:
        assert to_record(with_(createdAt="2022-03-02T23:29:22.000Z")).created == ""
        assert to_record(with_(lastModified="2025-10-22 12:52:25+02:00")).modified == "2025-10-22T10:52:25Z"
        nonsense: object
        for nonsense in (
            0,
            1.5,
            None,
            "soon",
            "0001-01-01T00:00:00+14:00",
            "2024-13-01",
            [],
            True,
            "9999-12-31T23:59:59-01:00",
        ):
            assert to_record(with_(lastModified=nonsense)).modified == ""

    @pytest.mark.parametrize(
        "payload",
        [
            None,
            [],
            "x",
            1,
            {},
            {"id": None},
            {"id": ""},
            {"id": "a/b/c"},
            {"id": "a/../b"},
            {"id": "a b"},
            {"id": "é/x"},
        ],
    )
    def test_no_identity_is_skipped(self, payload: object) -> None:
        with pytest.raises(Skipped):
            to_record(payload)

    def test_private_is_skipped(self) -> None:
        with pytest.raises(Skipped, match="private"):
            to_record(with_(private=True))

    def test_an_oversized_record_is_skipped(self) -> None:
        huge = [f"{number:03}".ljust(119, "\x01") + "." for number in range(500)]
        with pytest.raises(Skipped, match="larger than"):
            to_record(with_(card={"license_name": huge, "task_ids": huge, "tags": huge}, description="\x01" * 20_000))

    def test_unknown_stays_unknown(self) -> None:
        bare = to_record({"id": "squad"})
        assert bare == Record(
            source="huggingface",
            id="squad",
            name="squad",
            url="https://huggingface.co/datasets/squad",
            distributions=bare.distributions,
        )
        assert to_record({"id": "a/b", "downloads": True, "likes": -3, "mainSize": 2**70}).likes is None

    @pytest.mark.parametrize(
        ("feature", "name"),
        [
            ("string", "string"),
            ({"dtype": "string", "_type": "Value"}, "string"),
            ({"sequence": "string"}, "sequence<string>"),
            ({"sequence": {"class_label": {"names": ["a"]}}}, "sequence<class_label>"),
            ({"sequence": [{"name": "text", "dtype": "string"}]}, "sequence<struct<text: string>>"),
            ({"struct": [{"name": "a", "dtype": "int32"}]}, "struct<a: int32>"),
            ({"_type": "ClassLabel", "names": ["a"]}, "class_label"),
            ({"_type": "List", "feature": {"dtype": "int8", "_type": "Value"}}, "list<int8>"),
            ([{"role": {"dtype": "string", "_type": "Value"}}], "struct<role: string>"),
            ({"dtype": {"translation": {"languages": ["de", "en"]}}}, "translation"),
            ({"_type": "Image"}, "image"),
            ({"name": "x"}, ""),
            (None, ""),
            (7, ""),
        ],
    )
    def test_types(self, feature: object, name: str) -> None:
        assert type_name(feature) == name

    def test_viewer_shape(self) -> None:
        info = {
            "plain": {
                "features": {"text": {"dtype": "string", "_type": "Value"}},
                "splits": {"train": {"num_examples": 3}},
            }
        }
        assert columns(configs(info)) == (Column("text", "string", "plain"),)

    def test_deep_and_wide_values_are_cut(self) -> None:
        deep: Any = "string"
        for _ in range(900):
            deep = {"list": [deep]}
        features = [{"name": f"c{number}", "dtype": "string"} for number in range(5000)]
        record = to_record(
            with_(card={"dataset_info": {"features": [{"name": "d", **deep}, *features]}, "language": deep})
        )
        assert len(record.columns) == 300
        assert len(encode(record)) < 60_000


class TestFuzz:
    """Anything in: a record or `Skipped` out."""

    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=40)
        | st.dates()
        | st.datetimes(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4)
        ),
        max_leaves=12,
    )

    @settings(max_examples=300, deadline=None)
    @given(st.dictionaries(st.sampled_from([*PAYLOAD, "created_at", "card_data"]), values, max_size=8), values)
    def test_arbitrary_values(self, changes: dict[str, Any], card: Any) -> None:
        for payload in ({**PAYLOAD, **changes}, {**PAYLOAD, "cardData": card}, changes, card):
            try:
                encode(to_record(payload))
            except Skipped:
                pass

    @settings(max_examples=300, deadline=None)
    @given(st.dictionaries(st.sampled_from([*PAYLOAD["cardData"], "languages", "doi", "licenses"]), values, max_size=5))
    def test_arbitrary_cards(self, card: dict[str, Any]) -> None:
        record = to_record(with_(card=card))
        assert all(statement.value and statement.by for statement in record.statements)
        assert all(claim.raw and claim.by for claim in record.licenses)

    def test_damaged_payloads(self) -> None:
        check_mapping(to_record, [PAYLOAD, *records(20)], rounds=4000, seed=20261124)

    @settings(max_examples=200, deadline=None)
    @given(st.dictionaries(st.text(max_size=10), values, max_size=6))
    def test_snapshot_rows(self, row: dict[str, Any]) -> None:
        from_snapshot(row)

    @settings(max_examples=300, deadline=None)
    @given(st.text(st.sampled_from("abc:-[]{}&*!#|>'\"%@`,?<\n \t019.~é\x00\u202e"), max_size=120))
    def test_arbitrary_yaml(self, text: str) -> None:
        try:
            assert isinstance(parse_card(f"---\n{text}\n---\n"), dict)
        except Skipped:
            pass


class TestCards:
    def test_front_matter(self) -> None:
        card = "\ufeff---\r\nlicense: mit\r\nlanguage: [no, en]\r\n---\r\n# Title\r\n---\r\n"
        assert parse_card(card) == {"license": "mit", "language": [False, "en"]}
        for none in ("", "# Title", "---", "----\na: 1\n---\n", "--- a\nb: 1\n---\n", "---\n---\n"):
            assert parse_card(none) == {}

    @pytest.mark.parametrize(
        "matter",
        [
            "a: [",
            "- a\n- b",
            "just text",
            "a: !!python/object/apply:os.system ['true']",
            "? [1, 2]\n: x",
            "a: 2022-99-99",
            "a: &x [*x]",
            "a: " + "[" * 2000 + "]" * 2000,
            "a: " + "9" * 5000,
            "a: 1" + ":59" * 5000,
            "a: &a [x]\nb: [" + ", ".join(["*a"] * 101) + "]",
            "a: " + "x" * (1 << 20),
            "a: \x07",
        ],
    )
    def test_bad_yaml_is_skipped_quickly(self, matter: str) -> None:
        began = time.thread_time()
        with pytest.raises(Skipped, match="front matter"):
            parse_card(f"---\n{matter}\n---\n")
        assert time.thread_time() - began < 1

    def test_aliases_upon_aliases_do_not_unfold(self) -> None:
        laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
        with pytest.raises(Skipped, match="unfolds"):
            parse_card("---\n" + "\n".join(laughs) + "\n---\n")

    def test_merge_keys_do_not_multiply(self) -> None:
        assert parse_card("---\na: &a {x: 1}\nb: {<<: *a, y: 2}\n---\n") == {
            "a": {"x": 1},
            "b": {"<<": {"x": 1}, "y": 2},
        }

    def test_an_anchor_may_be_used(self) -> None:
        assert parse_card("---\na: &n [x, y]\nb: *n\n---\n")["b"] == ["x", "y"]


class TestRecorded:
    """Every payload that others recorded becomes a record."""

    def mapped(self, payloads: list[Any]) -> list[Record]:
        made = [to_record(payload) for payload in payloads]
        assert all(len(encode(record)) < 64_000 for record in made)
        return made

    def test_listings(self, shared_fixtures: Path) -> None:
        folder = shared_fixtures / "huggingface" / "list"
        plain = [
            payload
            for name in ("aiod_data_list", "aiod_data_list_incorrect_citation", "rokibulroni_top1000")
            for payload in json.loads((folder / f"{name}.json").read_text("utf-8"))
        ]
        renamed = [
            payload
            for name in ("songys_korean_datasets", "songys_japanese_datasets")
            for payload in json.loads((folder / f"{name}.json").read_text("utf-8"))["datasets"]
        ]
        assert (len(self.mapped(plain)), len(found := self.mapped(renamed))) == (1007, 3073)
        assert all(record.modified for record in found)
        assert sum(1 for record in found if not record.created) == 92
        assert sum(1 for record in found if not record.licenses) == 647
        assert all("See the full description" not in record.description for record in found)

    def test_single_datasets(self, shared_fixtures: Path) -> None:
        folder = shared_fixtures / "huggingface" / "dataset_info"
        paths = sorted(path for path in folder.glob("*.json") if "tree-main" not in path.name)
        found = {r.id: r for r in self.mapped([json.loads(path.read_text("utf-8")) for path in paths])}
        assert len(found) == 6
        assert found["hendrycks/competition_math"].access == "disabled"
        assert found["LanguageShades/BiasShades"].access == "gated"
        assert Statement("task", "text2text-generation", "card task_categories") in (
            found["hendrycks/competition_math"].statements
        )
        assert [column.name for column in found["nvidia/OpenMathInstruct-2"].columns] == [
            "problem",
            "generated_solution",
            "expected_answer",
            "problem_source",
        ]

    def test_snapshot_rows(self, shared_fixtures: Path) -> None:
        parquet = pytest.importorskip("pyarrow.parquet")
        path = shared_fixtures / "huggingface" / "list" / "emilrugenstein_top1000_2026-07-22.parquet"
        found = self.mapped([from_snapshot(row) for row in parquet.read_table(path).to_pylist()])
        assert len(found) == 1000
        assert all(record.popularity > 100 for record in found)

    def test_cards(self, shared_fixtures: Path) -> None:
        folder = shared_fixtures / "cards"
        listed = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
        texts = [(entry["id"], folder / entry["path"]) for entry in listed]
        more = sorted((shared_fixtures / "huggingface" / "cards").glob("*.md"))
        texts += [(path.stem.replace("_", "/", 1), path) for path in more]
        cards = [{"id": id, "cardData": parse_card(path.read_text("utf-8", "replace"))} for id, path in texts]
        found = self.mapped(cards)
        assert (len(found), len(more)) == (1324, 321)
        assert sum(1 for card in cards if card["cardData"]) == 1148
        assert sum(1 for record in found if record.licenses) > 900
        assert sum(1 for record in found if record.columns) > 100

    def test_ids_of_other_catalogs(self, shared_fixtures: Path) -> None:
        """Ids that others collected: every real name is one that we take."""
        ids: set[str] = set()
        for path in (shared_fixtures / "huggingface" / "catalogs").glob("*.js"):
            text = path.read_text("utf-8")
            for entry in json.loads(text[text.index("[") :].rstrip().rstrip(";")):
                ids.add(entry["url"].removeprefix("https://huggingface.co/datasets/"))
        found = [to_record({"id": id}) for id in sorted(ids)]
        assert len(found) == len(ids) > 2000


def test_snapshot_row_is_a_payload() -> None:
    row = {
        **PAYLOAD,
        "cardData": json.dumps(PAYLOAD["cardData"]),
        "gated": "manual",
        "disabled": "False",
        "lastModified": datetime(2024, 11, 25, 20, 7, 28, tzinfo=UTC),
        "createdAt": datetime(2024, 9, 28, 16, 37, 52),
        "mainSize": 20208929853.0,
    }
    assert connector.snapshot_record(row) == to_record(PAYLOAD)
    assert to_record(from_snapshot({**row, "gated": "False"})).access == "open"
    assert to_record(from_snapshot({"id": "a/b", "cardData": "{broken", "tags": '["license:mit"]'})).licenses


# Against the loopback Hub


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    with Web(WebSettings(allow_private_hosts=connector.hosts(), tries=3, sleep=lambda _: None)) as web:
        yield web


def walk(web: Web, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.pages(web, cursor or Cursor()))


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def record_of(id: str) -> Record:
    return Record(source="huggingface", id=id, name=id)


class TestListing:
    def test_is_a_connector(self) -> None:
        assert isinstance(connector, Connector)
        assert isinstance(connector, Authorised)
        assert isinstance(connector, FromSnapshot)

    def test_conforms(self, hub: Hub, web: Web) -> None:
        hub.page_size = 40
        hub.load(records(150))
        assert len(ids(check_pages(connector, web))) == 150
        assert len(ids(check_pages(connector, web, {"query": "sft"}))) > 10
        assert len(ids(check_pages(connector, web, {"limit": 90}))) == 90

    def test_full_walk(self, hub: Hub, web: Web) -> None:
        hub.load(records(2500))
        pages = walk(web)
        assert [len(page.records) for page in pages] == [1000, 1000, 500]
        assert [(page.last, page.complete) for page in pages] == [(False, False), (False, False), (True, True)]
        assert len(set(ids(pages))) == 2500
        requests = hub.origin.seen("/api/datasets")
        assert len(requests) == 3
        assert requests[0].first("limit") == "1000"
        assert {"cardData", "mainSize", "downloadsAllTime", "sha"} <= set(requests[0].every("expand"))
        assert requests[0].headers["user-agent"].startswith("dataset-catalog/")

    def test_next_walk_knows_the_size(self, hub: Hub, web: Web) -> None:
        hub.load(records(30))
        last = walk(web)[-1]
        again = walk(web, Cursor({"full": True}, last.cursor.state))
        assert (last.total, again[-1].total, again[-1].complete) == (None, 30, True)

    def test_resumes_from_a_stored_cursor_after_a_kill(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(35))
        walking = connector.pages(web, Cursor())
        got = [next(walking), next(walking)]
        state = json.loads(json.dumps(dict(got[-1].cursor.state)))
        hub.origin.forget()
        rest = walk(web, Cursor(got[-1].cursor.request, state))
        assert len(hub.origin.seen("/api/datasets")) == 2
        assert sorted(ids(got) + ids(rest)) == sorted(hub.repos)
        assert rest[-1].complete
        assert rest[-1].cursor.state["watermark"] == got[0].cursor.state["started"]

    def test_a_place_that_the_hub_forgot_begins_the_walk_anew(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(25))
        first = next(connector.pages(web, Cursor()))
        forgotten = {**first.cursor.state, "next": f"{hub.endpoint}/api/datasets?cursor=e30="}
        elsewhere = {**first.cursor.state, "next": "https://old-mirror.example/api/datasets?cursor=x"}
        for state in (forgotten, elsewhere):
            pages = walk(web, Cursor({}, state))
            assert len(ids(pages)) == 25
            assert pages[-1].complete

    def test_incremental_stops_at_the_watermark_less_the_overlap(self, hub: Hub, web: Web) -> None:
        start = datetime(2026, 5, 1, 12, tzinfo=UTC)
        hub.page_size = 5
        hub.load(records(50))
        hub.now = start - timedelta(minutes=5)
        hub.add("a/just-before", {"x.csv": b"1"})
        hub.now = start
        pages = walk(web)
        assert pages[-1].cursor.state["watermark"] == "2026-05-01T12:00:00Z"
        hub.now = start + timedelta(hours=1)
        for id in list(hub.repos)[:7]:
            hub.touch(id, {"y.csv": b"2"})
        hub.origin.forget()
        again = walk(web, pages[-1].cursor)
        assert sorted(ids(again)) == sorted([*list(hub.repos)[:7], "a/just-before"])
        assert (again[-1].last, again[-1].complete) == (True, False)
        assert again[-1].cursor.state["watermark"] == "2026-05-01T13:00:00Z"
        assert hub.origin.seen("/api/datasets")[0].first("sort") == "lastModified"
        assert len(hub.origin.seen("/api/datasets")) == 2

    def test_what_changes_during_a_walk_comes_with_the_next(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(30))
        hub.now = datetime(2026, 5, 1, tzinfo=UTC)
        walking = connector.pages(web, Cursor())
        first = next(walking)
        hub.now += timedelta(minutes=1)
        changed = next(iter(hub.repos))
        hub.touch(changed, {"x.csv": b"new"}, downloads=12345)
        pages = [first, *walking]
        assert len(set(ids(pages))) == 30
        later = walk(web, pages[-1].cursor)
        assert [record.downloads for page in later for record in page.records if record.id == changed] == [12345]

    def test_full_can_be_asked_for(self, hub: Hub, web: Web) -> None:
        hub.load(records(20))
        done = walk(web)[-1].cursor
        assert ids(walk(web, done)) == []
        assert len(ids(walk(web, Cursor({"full": True}, done.state)))) == 20

    def test_queries_and_limits_never_claim_completeness(self, hub: Hub, web: Web) -> None:
        hub.load(records(120))
        hub.add("acme/helm", tags=["language:ko", "medical"], downloads=10**6)
        for request, expected in (
            ({"query": "helm"}, 1),
            ({"author": "acme"}, 1),
            ({"filter": ["language:ko", "medical"]}, 1),
            ({"limit": 50}, 50),
        ):
            pages = walk(web, Cursor(request))
            assert len(ids(pages)) == expected, request
            assert pages[-1].last
            assert not any(page.complete for page in pages)
        assert ids(walk(web, Cursor({"limit": 1}))) == ["acme/helm"]
        limited = walk(web, Cursor({"limit": 50}))
        assert limited[0].total == 50
        assert len(ids(walk(web, limited[-1].cursor))) == 50

    def test_one_bad_record_costs_itself_alone(self, hub: Hub, web: Web) -> None:
        rng = random.Random(5)
        good = list(records(300))
        bad: list[Any] = [None, "text", 7, [], {"_id": "x", "id": None}, {"_id": "y", "id": "../../etc"}]
        body = json.dumps([*good[:100], *bad, *good[100:], *(damaged(record, rng) for record in good[:50])])
        hub.script("/api/datasets", faults.body(body.encode()), on=1)
        (page,) = walk(web)
        assert {record["id"] for record in good} <= {record.id for record in page.records}
        reasons = dict(page.skipped)
        assert {"item 101", "item 102", "item 103", "item 104", "item 105", "../../etc"} <= reasons.keys()
        assert all(reason for _, reason in page.skipped)

    def test_a_circle_is_refused(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(30))
        walking = connector.pages(web, Cursor())
        next(walking)
        second = str(next(connector.pages(web, Cursor())).cursor.state["next"])
        hub.script("/api/datasets", faults.headers(Link=f'<{second}>; rel="next"'))
        with pytest.raises(Fatal, match="circle"):
            list(walking)

    def test_empty_pages_without_end_are_refused(self, hub: Hub, web: Web) -> None:
        def empty(request: Request, response: Response, wire: Any) -> None:
            link = f'<{hub.endpoint}/api/datasets?cursor={request.number}>; rel="next"'
            wire.send(Response(200, {"Link": link}, b"[]"))

        hub.script("/api/datasets", empty)
        with pytest.raises(Fatal, match="circle"):
            walk(web)
        assert len(hub.requests) < 20

    def test_another_origin_is_not_followed(self, hub: Hub, web: Web) -> None:
        hub.load(records(10))
        for link in (
            "https://evil.example/api/datasets?x",
            f"{hub.cdn.url}/api/datasets?x",
            f"{hub.endpoint}/settings/tokens",
        ):
            hub.origin.calm()
            hub.script("/api/datasets", faults.headers(Link=f'<{link}>; rel="next"'))
            with pytest.raises(Fatal, match="leads away"):
                walk(web)
        assert hub.cdn.requests == []

    def test_a_mirror_may_pass_on_the_hubs_links(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(35))
        hub.links = "https://huggingface.co"
        pages = walk(web)
        assert len(set(ids(pages))) == 35
        assert str(pages[0].cursor.state["next"]).startswith(f"{hub.endpoint}/api/datasets?")

    def test_a_mirror_that_knows_fewer_fields(self, hub: Hub, web: Web) -> None:
        hub.load(records(5))
        hub.script("/api/datasets", faults.status(400, b'{"error":"bad expand"}'), on=1)
        (page,) = walk(web)
        assert len(page.records) == 5
        assert hub.requests[-1].first("full") == "true"
        assert all(record.columns for record in page.records)

    @pytest.mark.parametrize(
        "fault",
        [
            faults.status(503),
            faults.too_many("1"),
            faults.too_many("-5"),
            faults.too_many("soon"),
            faults.too_many("9999999999"),
            faults.too_many_until(2),
            faults.too_many(ratelimit='"api";r=0;t=3'),
            faults.reset(40),
            faults.truncated(),
            faults.portal(),
        ],
    )
    def test_passing_faults_cost_nothing(self, hub: Hub, web: Web, fault: Fault) -> None:
        hub.page_size = 10
        hub.load(records(30))
        hub.script("/api/datasets", fault, on=[1, 3])
        pages = walk(web)
        assert sorted(ids(pages)) == sorted(hub.repos)
        assert pages[-1].complete

    def test_a_lasting_fault_keeps_the_pages_before_it(self, hub: Hub, web: Web) -> None:
        hub.page_size = 10
        hub.load(records(30))
        walking = connector.pages(web, Cursor())
        first = next(walking)
        hub.script("/api/datasets", faults.status(500))
        with pytest.raises(Retriable):
            next(walking)
        hub.origin.calm()
        assert len(ids(walk(web, first.cursor))) == 20

    def test_quota_is_obeyed_ahead_of_time(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        hub.page_size = 10
        hub.load(records(60))
        hub.quotas["api"] = Quota("api", limit=4, window=1)
        with Web(WebSettings(allow_private_hosts=connector.hosts())) as web:
            pages = walk(web)
        assert len(ids(pages)) == 60
        assert len(hub.requests) == 6

    def test_a_wrong_token_is_said(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
        with pytest.raises(Gated, match="token") as error:
            walk(web)
        assert "hf auth login" in error.value.hint
        assert "hf_wrong" not in str(error.value)

    def test_offline_is_said_without_a_request(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        for call in (
            lambda: walk(web),
            lambda: connector.files(web, record_of("a/b")),
            lambda: connector.card(web, record_of("a/b")),
        ):
            with pytest.raises(Fatal, match="HF_HUB_OFFLINE"):
                call()
        assert hub.requests == []


FILES = {
    "README.md": b"---\nlicense: mit\n---\n# Card\n",
    "data/train 1+\u00e9.parquet": b"PAR1" * 1000,
    "data/test.jsonl.gz": b"\x1f\x8b",
    "empty.txt": b"",
}


class TestFiles:
    def test_pinned_addresses_sizes_and_digests(self, hub: Hub, web: Web) -> None:
        repo = hub.add("acme/set", FILES)
        files = {file.path: file for file in check_files(connector, web, record_of("acme/set"))}
        sha = repo.record["sha"]
        held = repo.commits[sha]
        assert set(files) == set(FILES)
        for path, file in files.items():
            kind = f"sha256:{held[path].sha256}" if held[path].lfs else f"git-sha1:{held[path].oid}"
            assert (file.bytes, file.digest) == (len(FILES[path]), kind)
            assert f"/datasets/acme/set/resolve/{sha}/" in file.url
            with web.stream(file.url) as stream:
                assert b"".join(stream.chunks()) == FILES[path]
        assert files["data/train 1+\u00e9.parquet"].url.endswith("/data/train%201%2B%C3%A9.parquet")
        assert (files["data/test.jsonl.gz"].format, files["README.md"].format) == ("jsonl.gz", "md")
        assert connector.pinned(web, record_of("acme/set")) == sha

    def test_a_commit_stays_what_it_was(self, hub: Hub, web: Web) -> None:
        old = str(hub.add("acme/set", {"a.csv": b"1"}).record["sha"])
        hub.touch("acme/set", {"a.csv": b"2", "b.csv": b"3"})
        assert [file.path for file in connector.files(web, record_of("acme/set"), old)] == ["a.csv"]
        assert len(connector.files(web, record_of("acme/set"), "main")) == 2

    def test_trees_of_many_pages(self, hub: Hub, web: Web) -> None:
        hub.tree_page = 50
        hub.add("acme/many", {f"{number % 7}/{number:04}.json": b"{}" for number in range(500)})
        assert len(connector.files(web, record_of("acme/many"))) == 500

    def test_a_rename_is_followed_and_told(self, hub: Hub, web: Web) -> None:
        hub.add("openwebtext", FILES)
        hub.rename("openwebtext", "Skylion007/openwebtext")
        for file in connector.files(web, record_of("openwebtext")):
            assert "/datasets/Skylion007/openwebtext/resolve/" in file.url
            assert file.note == "openwebtext is now Skylion007/openwebtext"

    def test_a_loading_script_gives_the_converted_branch(self, hub: Hub, web: Web) -> None:
        parquet = {"plain/train/0000.parquet": b"PAR1", "plain/partial-test/0000.parquet": b"PAR1x"}
        script = {"set.py": b"import os; os.abort()", "README.md": b"", "dataset_infos.json": b"{}", "raw.zip": b"PK"}
        repo = hub.add("acme/set", script, parquet=parquet)
        files = {file.path: file for file in connector.files(web, record_of("acme/set"))}
        assert set(files) == set(parquet)
        assert all(repo.refs["refs/convert/parquet"] in file.url for file in files.values())
        assert "not run" in files["plain/train/0000.parquet"].note
        assert "first part" in files["plain/partial-test/0000.parquet"].note
        assert connector.pinned(web, record_of("acme/set")) == repo.refs["refs/convert/parquet"]
        explicit = connector.files(web, record_of("acme/set"), "main")
        assert {file.path for file in explicit} == set(script)

    def test_a_script_beside_data_is_no_obstacle(self, hub: Hub, web: Web) -> None:
        hub.add("acme/set", {"set.py": b"", "data/train.csv.gz": b"1"}, parquet={"x/train/0000.parquet": b"P"})
        assert {file.path for file in connector.files(web, record_of("acme/set"))} == {"set.py", "data/train.csv.gz"}

    def test_a_script_without_conversion(self, hub: Hub, web: Web) -> None:
        hub.add("acme/raw", {"raw.py": b"", "raw.zip": b"PK"})
        assert {file.path for file in connector.files(web, record_of("acme/raw"))} == {"raw.py", "raw.zip"}
        hub.add("acme/bare", {"bare.py": b"", "README.md": b""})
        with pytest.raises(NotFound, match="loading script") as error:
            connector.files(web, record_of("acme/bare"))
        assert "https://huggingface.co/datasets/acme/bare" in error.value.hint

    @pytest.mark.parametrize(
        ("token", "says", "step"),
        [("", "need a login", "hf auth login"), ("stranger", "no access", "https://huggingface.co/datasets/acme/set")],
    )
    def test_gated(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch, token: str, says: str, step: str) -> None:
        hub.add("acme/set", FILES, gated="manual")
        hub.tokens.update(stranger=set(), friend={"acme/set"})
        monkeypatch.setenv("HF_TOKEN", token)
        with pytest.raises(Gated, match=says) as error:
            connector.files(web, record_of("acme/set"))
        assert step in error.value.hint
        assert error.value.exit_code == 4
        monkeypatch.setenv("HF_TOKEN", "friend")
        assert len(connector.files(web, record_of("acme/set"))) == len(FILES)

    def test_refusals(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        hub.add("acme/gone", FILES, disabled=True)
        hub.add("acme/mine", FILES, private=True)
        hub.add("acme/set", FILES)
        hub.tokens.update(stranger=set(), me={"acme/mine"})
        cases: list[tuple[str, str | None, type[CatalogError], str]] = [
            ("acme/gone", None, Gated, "disabled"),
            ("acme/nothing", None, NotFound, "no dataset acme/nothing"),
            ("acme/mine", None, NotFound, "no dataset acme/mine"),
            ("acme/set", "v9", NotFound, "no revision 'v9'"),
            ("../../api/whoami", None, NotFound, "not the name"),
        ]
        for token in ("", "stranger"):
            monkeypatch.setenv("HF_TOKEN", token)
            for id, revision, kind, says in cases:
                with pytest.raises(kind, match=says) as error:
                    connector.files(web, record_of(id), revision)
                assert error.value.hint
                assert "\n" not in str(error.value)
        monkeypatch.setenv("HF_TOKEN", "me")
        assert len(connector.files(web, record_of("acme/mine"))) == len(FILES)

    @pytest.mark.parametrize(
        "row",
        [
            {"type": "file", "path": "../../x", "size": 1},
            {"type": "file", "path": "/etc/passwd", "size": 1},
            {"type": "file", "path": "a/./b", "size": 1},
            {"type": "file", "path": "a\\b", "size": 1},
            {"type": "file", "path": "", "size": 1},
            {"type": "file", "path": None},
            {"type": "file", "path": "a\x00b"},
        ],
    )
    def test_hostile_trees(self, hub: Hub, web: Web, row: object) -> None:
        hub.add("acme/set", FILES)
        hub.script("*/tree/*", faults.body(json.dumps([row]).encode()))
        with pytest.raises(Fatal, match="cannot be trusted"):
            connector.files(web, record_of("acme/set"))

    def test_sizes_and_digests_that_make_no_sense_are_unknown(self, hub: Hub, web: Web) -> None:
        hub.add("acme/set", FILES)
        rows = [{"type": "file", "path": "a", "size": -1, "oid": "x"}, {"path": "b", "lfs": {"oid": 7, "size": "9"}}]
        hub.script("*/tree/*", faults.body(json.dumps(rows).encode()))
        files = connector.files(web, record_of("acme/set"))
        assert [(file.bytes, file.digest, file.verified) for file in files] == [(None, "", "none")] * 2

    @pytest.mark.parametrize("body", [b"[]", b"null", b'{"id": "a/b"}', b'{"id": "a/b", "sha": "main"}'])
    def test_answers_without_sense(self, hub: Hub, web: Web, body: bytes) -> None:
        hub.add("acme/set", FILES)
        hub.script("*/revision/*", faults.body(body))
        with pytest.raises(Fatal, match="makes no sense"):
            connector.files(web, record_of("acme/set"))


class TestToken:
    def test_stays_with_the_hub(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        hub.add("acme/set", FILES, gated="auto")
        hub.tokens["canary"] = {"acme/set"}
        monkeypatch.setenv("HF_TOKEN", "canary")
        walk(web)
        for file in connector.files(web, record_of("acme/set")):
            with web.stream(file.url, token=connector.token(file.url)) as stream:
                assert stream.status == 200
                list(stream.chunks())
        assert all(request.token == "canary" for request in hub.requests)
        assert hub.cdn.requests
        assert not any("canary" in str(request) for request in hub.cdn.requests)
        for url in (hub.cdn.url, "https://huggingface.co/x", "https://evil.example", "no url", "http://[bad"):
            assert connector.token(url) is None

    def test_comes_from_the_file_of_hf_auth_login(self, hub: Hub, web: Web, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("from-file\n")
        code = "from connectors.huggingface.settings import token; print(token())"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_TOKEN")}
        environment["HF_HOME"] = str(tmp_path)
        run = [sys.executable, "-c", code]
        said = subprocess.run(run, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert said.stdout.strip() == "from-file"
        environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"
        said = subprocess.run(run, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert said.stdout.strip() == "None"

    def test_a_broken_client_costs_the_login_alone(self, hub: Hub, tmp_path: Path) -> None:
        hub.load(records(20))
        (tmp_path / "huggingface_hub.py").write_text("raise RuntimeError('half installed')\n")
        code = (
            "from catalog.connector import Cursor; from catalog.web import Web, WebSettings\n"
            "from connectors.huggingface import connector\n"
            "web = Web(WebSettings(allow_private_hosts=connector.hosts()))\n"
            "print(sum(len(page.records) for page in connector.pages(web, Cursor())))\n"
        )
        path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[1])])
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **hub.environment, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert run.stdout.strip() == "20"
        assert "half installed" in run.stderr
        assert "pip install" in run.stderr
        assert "Traceback" not in run.stderr
        assert len(run.stderr.strip().splitlines()) == 1


class TestAddresses:
    def test_named_hosts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert connector.hosts() == frozenset()
        monkeypatch.setenv("HF_ENDPOINT", "https://Mirror.example/hf/")
        monkeypatch.setenv("CATALOG_HF_RESOLVER", "http://10.0.0.7:8080")
        assert connector.hosts() == {"mirror.example", "10.0.0.7"}
        monkeypatch.setenv("CATALOG_HF_ENDPOINT", "http://[::1]:9")
        assert connector.hosts() == {"::1", "10.0.0.7"}

    @pytest.mark.parametrize("value", ["mirror.example", "ftp://x", "https://", "http://[bad", "javascript:alert(1)"])
    def test_a_bad_address_is_said(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("HF_ENDPOINT", value)
        with pytest.raises(Usage, match="HF_ENDPOINT is not a web address"):
            connector.hosts()

    def test_files_may_come_from_a_resolver(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        hub.add("acme/set", {"a.csv": b"1"})
        monkeypatch.setenv("CATALOG_HF_RESOLVER", "https://files.example")
        (file,) = connector.files(web, record_of("acme/set"))
        assert file.url.startswith("https://files.example/datasets/acme/set/resolve/")

    def test_a_mirror_below_a_path(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CATALOG_HF_ENDPOINT", f"{hub.endpoint}/mirror/")
        with pytest.raises(NotFound):
            connector.files(web, record_of("acme/set"))
        assert hub.requests[-1].path == "/mirror/api/datasets/acme/set/revision/main"


class TestOnDemand:
    def test_card(self, hub: Hub, web: Web) -> None:
        hub.add("acme/set", FILES)
        text = connector.card(web, record_of("acme/set"))
        assert parse_card(text) == {"license": "mit"}
        hub.add("acme/none", {"a.csv": b"1"})
        assert connector.card(web, record_of("acme/none")) == ""

    def test_card_is_capped(self, hub: Hub, web: Web) -> None:
        hub.add("acme/set", {"README.md": b"x" * (3 << 20)})
        assert len(connector.card(web, record_of("acme/set"))) == 1 << 20

    def test_card_at_the_revision_of_the_record(self, hub: Hub, web: Web) -> None:
        old = str(hub.add("acme/set", {"README.md": b"old"}).record["sha"])
        hub.touch("acme/set", {"README.md": b"new", "x.csv": b"1"})
        record = Record(source="huggingface", id="acme/set", name="acme/set", revision=old)
        assert connector.card(web, record) == "old"
        assert connector.card(web, record_of("acme/set")) == "new"

    def test_columns_from_the_viewer(self, hub: Hub, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CATALOG_HF_VIEWER", hub.endpoint)
        features = {"chosen": {"dtype": "string", "_type": "Value"}, "rejected": {"dtype": "string", "_type": "Value"}}
        hub.viewer_info["acme/set"] = {"dataset_info": {"default": {"features": features}}, "partial": False}
        expected = (Column("chosen", "string", "default"), Column("rejected", "string", "default"))
        assert connector.columns(web, record_of("acme/set")) == expected
        assert connector.columns(web, record_of("acme/other")) == ()


class TestConformanceSuite:
    """The checks for third parties find what they are for."""

    def test_a_mapping_that_raises(self) -> None:
        with pytest.raises(AssertionError, match=r"raises (Key|Type)Error"):
            check_mapping(lambda payload: Record(source="x", id=payload["id"], name="n"), [{"id": "a"}], rounds=50)

    def test_a_mapping_whose_records_cannot_be_stored(self) -> None:
        with pytest.raises(AssertionError, match="cannot be stored"):
            check_mapping(lambda _: Record(source="x", id="a", name="\ud800"), [{"id": "a"}], rounds=0)

    def test_a_walk_that_forgets_its_cursor(self, hub: Hub, web: Web) -> None:
        class Forgetful:
            name = "huggingface"

            def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
                yield from connector.pages(web, Cursor())

            files = connector.files

        hub.page_size = 10
        hub.load(records(30))
        with pytest.raises(AssertionError, match="does not go on from the cursor"):
            check_pages(Forgetful(), web)
