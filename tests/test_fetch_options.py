"""What a source may be asked for in a fetch: declared by a stranger's connector, checked before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from catalog.connector import Asked, Connector, Cursor, Option, Page, Selection, Selective
from catalog.errors import Fatal, Usage
from catalog.fetch.asked import asked_of, part_of, typed
from catalog.fetch.parts import Note
from catalog.fetch.plan import PlannedFile, make_plan
from catalog.fetch.resume import Resume, Span, can_go_on, range_headers, resume_in, span_of
from catalog.plugins import selectors_of
from catalog.record import Distribution, Record
from catalog.web import stored_url


class Tides:
    """A stranger's connector that gives harbours."""

    name = "tides"
    selectors: tuple[Option, ...] = (
        Option("harbour", "Which harbour.", many=True, metavar="NAME"),
        Option("days", "So many days.", "count"),
        Option("raw-data", "As it was measured.", "flag"),
        Option("unit", "Of height."),
    )
    part = "harbour"

    def pages(self, web: Any, cursor: Cursor) -> Iterator[Page]:
        raise Usage("there is no list.")

    def files(self, web: Any, record: Record, revision: str | None) -> list[Distribution]:
        return list(self.select(web, record, revision, {}).files)

    def select(self, web: Any, record: Record, revision: str | None, asked: Asked) -> Selection:
        return Selection((Distribution(url="https://tides.example/a.csv"),))


class TestAsked:
    def test_values_come_as_the_connector_wants_them(self) -> None:
        connector = Tides()
        assert isinstance(connector, Connector)
        assert isinstance(connector, Selective)
        given = {"harbour": ["a", "b c"], "days": ["30"], "raw-data": [], "unit": ["m"]}
        asked = asked_of(connector, "tides:all", given)
        assert asked == {"harbour": ["a", "b c"], "days": 30, "raw-data": True, "unit": "m"}
        assert typed(asked) == "--harbour a --harbour 'b c' --days 30 --raw-data --unit m"
        assert part_of(connector, "a") == {"harbour": ["a"]}
        assert part_of(object(), "a") == part_of(None, "a") == {}
        assert asked_of(object(), "x", {}) == {}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"harbor": ["a"]}, "--harbor does not apply to tides:all. Did you mean --harbour? It takes --harbour, "),
            ({"days": ["0"]}, "--days '0' is not a whole number from 1. Say it as: --days 10"),
            ({"days": ["٣"]}, "--days '٣' is not a whole number"),
            ({"unit": ["m", "ft"]}, "--unit is given 2 times. Give it once."),
            ({"unit": []}, "--unit has no value. Say it as: --unit VALUE"),
            ({"harbour": ["a", " "]}, "--harbour has no value. Say it as: --harbour NAME"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said(self, given: dict[str, list[str]], said: str) -> None:
        with pytest.raises(Usage) as caught:
            asked_of(Tides(), "tides:all", given)
        assert str(caught.value).startswith(said)

    def test_one_that_no_source_knows(self) -> None:
        with pytest.raises(Usage, match=r"--tide does not apply to uci:1\. Its files are chosen with --include"):
            asked_of(object(), "uci:1", {"tide": ["x"]})
        with pytest.raises(Usage, match=r"It is an option of commoncrawl, wikimedia\."):
            asked_of(object(), "uci:1", {"lang": ["zh"]})

    def test_an_option_that_can_be_none(self) -> None:
        broken = Tides()
        broken.selectors = (Option("--odd", "x"),)
        with pytest.raises(Fatal, match="tides has an option that cannot be one"):
            selectors_of(broken)
        broken.selectors = (Option("limit", "ours"), Option("unit", "x"))
        assert [option.name for option in selectors_of(broken)] == ["unit"]


class TestSpans:
    SPAN = Span(100, 50)
    NOTE = Note("s", '"1"', "", 50)

    def test_of_an_address(self) -> None:
        assert span_of("https://a.example/x#bytes=100-149") == self.SPAN
        for other in ("", "#bytes=5-4", "#bytes=-5", "#bytes=1-", "#page", "#bytes=1-2,3-4"):
            assert span_of(f"https://a.example/x{other}") is None
        assert stored_url("https://a.example/x?token=s3cret#bytes=1-2") == "https://a.example/x?token=***#bytes=1-2"
        assert stored_url("https://a.example/x#token=s3cret") == "https://a.example/x"

    def test_what_is_asked_for(self) -> None:
        assert range_headers(0, None, False, self.SPAN) == {"Range": "bytes=100-149"}
        assert range_headers(20, self.NOTE, False, self.SPAN) == {"Range": "bytes=120-149", "If-Range": '"1"'}
        assert range_headers(20, Note("s"), False, self.SPAN) == {"Range": "bytes=100-149"}
        assert can_go_on(20, self.NOTE, False)
        assert not can_go_on(20, Note("s"), False)

    def test_what_an_answer_means(self) -> None:
        def answer(status: int, told: str, asked: int = 0, etag: str = "") -> Resume | None:
            return resume_in(status, {"content-range": told, "etag": etag}, asked, self.NOTE, self.SPAN)

        assert answer(206, "bytes 100-149/9000") == Resume(0, 50)
        assert answer(206, "bytes 120-149/9000", 20) == Resume(20, 50)
        assert answer(206, "bytes 0-149/9000") is None
        assert answer(206, "bytes 120-149/9000", 20, '"2"') is None
        assert answer(200, "", 20) is None
        for status, told in ((200, ""), (206, ""), (206, "bytes */9000")):
            with pytest.raises(Fatal, match="gives no parts"):
                answer(status, told)
        with pytest.raises(Fatal, match="fewer bytes"):
            answer(206, "bytes 100-120/121")


def test_a_limit_takes_the_first_by_name() -> None:
    items = [Distribution(url=f"https://a.example/{n}", path=f"{n}.csv", bytes=10) for n in (3, 1, 2)]
    plan = make_plan(items, key="a:b", name="b", out="b", limit=2, estimate=99, asked="--limit 2")
    assert [file.name for file in plan.files] == ["1.csv", "2.csv"]
    assert (plan.expected_bytes, plan.estimate, plan.to_dict()["asked"]) == (20, None, "--limit 2")
    whole = make_plan(items, key="a:b", name="b", out="b", estimate=99)
    assert whole.expected_bytes == 99


def test_what_verifies_a_file() -> None:
    kinds = {
        PlannedFile("u", "a.warc.wet.gz", "a", kind="wet"): "records",
        PlannedFile("u", "a", "a", 5, "sha1:00", "wet"): "sha1",
        PlannedFile("u", "a", "a", 5): "size",
        PlannedFile("u", "a", "a"): "none",
    }
    assert {file: file.verified_by for file in kinds} == kinds
    assert Distribution(url="https://a.example/", digest="sha1:00").verified == "sha1"
