"""An entry drawn in the browser, the comparison, and the tray that leads there."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.site.datasets import Datasets
from tests.site.served import Origin
from tests.site.watched import Tab

LOOKS: dict[str, dict[str, Any]] = {
    "light": {}, "dark": {"color_scheme": "dark"}, "phone": {"phone": True}, "zh": {"locale": "zh-CN"},
}  # fmt: skip
KEYS = ["catalog:gsm8k", "catalog:multinli", "catalog:squad", "catalog:medqa"]


@pytest.fixture
def view(tab: Callable[..., Tab], origin: Origin) -> Iterator[Callable[..., Tab]]:
    """`view("entry.html?id=…")` opens a page below datasets/ and waits until it is drawn."""
    opened: list[Tab] = []

    def open_view(address: str, **settings: Any) -> Tab:
        new = tab(**settings).goto(f"{origin.url}/datasets/{address}")
        opened.append(new)
        new.page.wait_for_function("() => document.querySelector('#catalog-app > :not(noscript)')")
        return new

    yield open_view
    for each in opened:
        each.assert_quiet(origin.url)


@pytest.fixture(scope="module")
def details(built: Path) -> dict[str, dict[str, Any]]:
    """The details of all entries as the site holds them, by key."""
    chunks = sorted(built.glob("catalog/*/e/*.bin"))
    entries = [entry for chunk in chunks for entry in json.loads(zlib.decompress(chunk.read_bytes(), -15))]
    return {entry["key"]: entry for entry in entries}


def compare(*keys: str) -> str:
    return f"compare.html?ids={','.join(keys)}"


def texts(value: Any) -> Iterator[str]:
    """Every text a reader should find of a detail: no addresses of pages, no ids."""
    if isinstance(value, dict):
        for name, each in value.items():
            hidden = {
                "href",
                "facet",
                "term",
                "zh",
                "kind",
                "class",
                "classZh",
                "classLabel",
                "scope",
                "verified",
                "by",
            }
            hidden |= {"access", "commercial", "label", "source", "created", "modified", "name", "digest", "path", "at"}
            if name not in hidden:
                yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str) and value:
        yield value


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


# --- an entry -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_an_entry_says_all_that_its_detail_holds(view: Any, details: dict[str, Any], key: str) -> None:
    page: Page = view(f"entry.html?id={key}").page
    shown = squeezed(page.locator("#content").inner_text())
    wanted = {squeezed(text) for text in texts(details[key])}
    assert len(wanted) > 15
    assert {text for text in wanted if text not in shown} == set()
    assert page.title().startswith(details[key]["title"])


def test_an_entry_has_the_headings_of_its_static_page(view: Any, origin: Origin) -> None:
    page: Page = view("entry.html?id=catalog:gsm8k").page
    drawn = page.locator("#content h2").all_inner_texts()
    page.goto(f"{origin.url}/dataset/catalog/gsm8k/")
    static = page.locator("#content h2").all_inner_texts()
    assert [each for each in drawn if each != "Evidence"] == [each for each in static if not each.startswith("Sources")]


def test_similar_entries_are_those_of_the_static_page(view: Any, origin: Origin) -> None:
    def listed(page: Page) -> list[str]:
        page.wait_for_selector("h2:has-text('Similar datasets') + ul li")
        return page.locator("h2:has-text('Similar datasets') + ul li").all_inner_texts()

    page: Page = view("entry.html?id=catalog:gsm8k").page
    drawn = listed(page)
    page.goto(f"{origin.url}/dataset/catalog/gsm8k/")
    static = listed(page)
    assert [each.partition(": also")[0] for each in drawn] == [each.partition(": also")[0] for each in static]
    assert {each.partition(": also ")[2] != "" for each in drawn} == {True}


def test_what_is_shared_is_told_in_chinese(view: Any) -> None:
    page: Page = view("entry.html?id=catalog:gsm8k", locale="zh-CN").page
    page.wait_for_selector("li:has-text('同为：')")


def test_an_entry_carries_json_ld_and_takes_the_focus(view: Any) -> None:
    page: Page = view("entry.html?id=catalog:gsm8k").page
    data = json.loads(page.locator("script[type='application/ld+json']").last.text_content() or "")
    assert (data["@type"], data["name"], data["identifier"]) == ("Dataset", "GSM8K", "catalog:gsm8k")
    assert page.evaluate("() => document.activeElement.tagName") == "H1"


def test_a_term_of_an_entry_leads_to_all_that_hold_it(view: Any, origin: Origin) -> None:
    opened = view("entry.html?id=catalog:gsm8k")
    opened.page.get_by_role("link", name="Mathematics", exact=True).first.click()
    opened.page.wait_for_url("**/datasets/index.html?domain=math")
    assert Datasets(opened, f"{origin.url}/").settled().total > 10


def test_the_command_is_copied(view: Any, tab: Any, origin: Origin) -> None:
    opened = view("entry.html?id=catalog:gsm8k", permissions=["clipboard-read", "clipboard-write"])
    opened.page.locator("[data-copy=c-fetch]").click()
    assert opened.page.evaluate("() => navigator.clipboard.readText()") == "catalog fetch catalog:gsm8k"
    opened.page.goto(f"{origin.url}/datasets/index.html?search=squad")
    Datasets(opened, f"{origin.url}/").settled()
    opened.page.locator(".s-card", has_text="catalog:squad").first.get_by_role("button", name="Copy fetch").click()
    assert opened.page.evaluate("() => navigator.clipboard.readText()").startswith("catalog fetch catalog:squad")


@pytest.mark.parametrize("address", ["entry.html?id=nobody:nothing", "entry.html", "entry.html?id=%F0%9F"])
def test_no_such_entry(view: Any, address: str) -> None:
    page: Page = view(address).page
    assert "There is no such dataset here." in page.locator("#catalog-app").inner_text()
    page.get_by_role("link", name="Search datasets").click()
    page.wait_for_url("**/datasets/index.html")


# --- the comparison -------------------------------------------------------------------------------------------------


def test_entries_side_by_side_with_differences_marked(view: Any, details: dict[str, Any]) -> None:
    page: Page = view(compare(*KEYS[:3])).page
    heads = page.locator("thead th")
    assert [each.locator("a").first.inner_text() for each in heads.all()] == [details[key]["title"] for key in KEYS[:3]]
    rows = {row.locator("th").inner_text().removesuffix(" ≠"): row for row in page.locator("tbody tr").all()}
    assert {"License", "Rows", "Size", "Domain", "Task and stage", "Columns"} <= rows.keys()
    assert rows["Language"].locator("td").all_inner_texts() == ["English"] * 3
    assert rows["Language"].locator("mark").count() == 0
    assert "s-differs" in (rows["License"].get_attribute("class") or "")
    assert rows["License"].locator("mark").all_inner_texts() == [
        details[key]["license"]["expression"] for key in KEYS[:3]
    ]
    assert "≠" in rows["License"].locator("th").inner_text()
    heads.nth(1).locator("a").first.click()
    page.wait_for_url("**/dataset/catalog/multinli/")


def test_only_what_differs(view: Any) -> None:
    page: Page = view(compare(*KEYS[:2])).page
    every = page.locator("tbody tr:visible").count()
    page.get_by_label("Only what differs").check()
    assert 0 < page.locator("tbody tr:visible").count() < every
    assert page.locator("tbody tr:visible:not(.s-differs)").count() == 0


def test_one_is_taken_out_by_a_link(view: Any) -> None:
    page: Page = view(compare(*KEYS[:3])).page
    page.locator("thead th").nth(1).get_by_role("link", name="Do not compare").click()
    page.wait_for_url(f"**/{compare(KEYS[0], KEYS[2])}")
    page.wait_for_function("() => document.querySelectorAll('thead th').length === 2")


@pytest.mark.parametrize("address", ["compare.html", "compare.html?ids=catalog:gsm8k", "compare.html?ids=a:b,c:d,%,"])
def test_fewer_than_two(view: Any, address: str) -> None:
    page: Page = view(address).page
    assert "Pick two to four datasets to compare." in page.locator("#catalog-app").inner_text()


def test_the_tray_survives_paging_and_leads_to_the_comparison(tab: Any, origin: Origin) -> None:
    page = Datasets(tab(), f"{origin.url}/").open("?search=chinese")
    tray = page.page.locator("#s-tray")
    assert not tray.is_visible()
    page.page.locator("[data-pick]").nth(0).check()
    assert "Pick another to compare" in tray.inner_text()
    page.page.get_by_label("Next page").click()
    page.page.wait_for_url("**page=2")
    page.settled()
    for number in range(3):
        page.page.locator("[data-pick]").nth(number).check()
    assert page.page.locator("[data-pick]").nth(5).is_disabled(), "four are the most"
    page.page.reload()
    page.settled()
    assert page.page.locator("[data-pick]:checked").count() == 3
    tray.get_by_role("button").nth(1).click()
    assert page.page.locator("[data-pick]").nth(5).is_enabled()
    tray.get_by_role("link", name="Compare 3").click()
    page.page.wait_for_function("() => document.querySelectorAll('thead th').length === 3")
    page.tab.assert_quiet(origin.url)


# --- what it looks like ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["entry.html?id=catalog:gsm8k", compare(*KEYS)])
@pytest.mark.parametrize(
    "settings",
    [{}, {"color_scheme": "dark"}, {"phone": True}, {"locale": "zh-CN"}],
    ids=["light", "dark", "phone", "zh"],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(view: Any, address: str, settings: dict[str, Any]) -> None:
    opened = view(address, **settings)
    assert opened.axe() == []
    width = opened.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_the_comparison_in_chinese(view: Any) -> None:
    page: Page = view(compare(*KEYS[:2]), locale="zh-CN").page
    assert page.locator("h1").inner_text() == "对比数据集"
    assert "领域 ≠" in page.locator("tbody th").all_inner_texts()
    assert "数学" in page.locator("tbody").inner_text()
