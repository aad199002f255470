"""The datasets page in a real browser, against a real site of the embedded catalog."""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog import vocabulary
from catalog.pages import Options, build
from catalog.record import Entry, Record, Statement
from catalog.registry import Registry
from catalog.search.hits import Result
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import connect_for_reading
from catalog.tagger import complete
from tests.site.datasets import Datasets
from tests.site.served import Origin
from tests.site.watched import Tab

Open = Callable[..., Datasets]


@pytest.fixture(scope="module")
def site_url(origin: Origin) -> str:
    return f"{origin.url}/"


@pytest.fixture
def datasets(tab: Callable[..., Tab], site_url: str) -> Iterator[Open]:
    """`datasets()` opens the page in a new tab and waits for it; nothing untoward may have happened in the end."""
    opened: list[Datasets] = []

    def open_page(query: str = "", **settings: Any) -> Datasets:
        page = Datasets(tab(**settings), site_url)
        opened.append(page)
        return page.open(query)

    yield open_page
    for each in opened:
        each.tab.assert_quiet(site_url)


@pytest.fixture(scope="module")
def python(embedded: Path) -> Iterator[Callable[..., Result]]:
    """The search of the command line over the same registry: `python("medical", sort="rows")`."""
    connection: sqlite3.Connection = connect_for_reading(embedded)

    def search(text: str = "", **options: Any) -> Result:
        return run(connection, Query.parse(text, limit=10, **options), facets=())

    yield search
    connection.close()


# --- searching ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "medical", "question answering", "医疗 对话", "math task:sft", "code -python", '"common crawl"', "gsm8k"],
)
def test_totals_and_first_page_are_those_of_the_command_line(datasets: Open, python: Any, text: str) -> None:
    page, result = datasets(), python(text)
    if text:
        page.search(text)
    assert page.total == result.total
    assert page.keys == [hit.key for hit in result.hits]


def test_an_address_with_q_is_a_search(datasets: Open, python: Any) -> None:
    page, result = datasets("?q=medical"), python("medical")
    assert page.total == result.total
    assert page.keys == [hit.key for hit in result.hits]


def test_counts_are_those_of_the_command_line(datasets: Open, python: Any) -> None:
    page, result = datasets("?search=medical"), python("medical")
    for facet, name in (("domain", "Domain"), ("commercial", "Commercial use"), ("task", "Task and stage")):
        found = {each.label: each.count for each in result.facets[facet]}
        shown = page.counts(name)
        assert len(shown) >= 3
        assert shown == {label: found[label] for label in shown}


def test_a_filter_counts_its_facet_without_itself(datasets: Open, python: Any) -> None:
    page = datasets().choose("Domain", "Medicine and health")
    every = {each.label: each.count for each in python().facets["domain"]}
    medical = {each.label: each.count for each in python("domain:medical").facets["task"]}
    assert page.total == every["Medicine and health"]
    assert page.counts("Domain").items() <= every.items()
    assert page.counts("Task and stage").items() <= medical.items()


def test_or_within_a_facet_and_across_and_leaving_out(datasets: Open, python: Any) -> None:
    page = datasets().choose("Domain", "Medicine and health").choose("Domain", "Mathematics")
    assert page.total == python("domain:medical,math").total
    page.choose("Task and stage", "Supervised fine-tuning")
    assert page.total == python("domain:medical,math task:sft").total
    page.leave_out("Commercial use", "No")
    assert page.total == python("domain:medical,math task:sft -commercial:no").total
    assert page.asked == {"domain": "medical,math", "task": "sft", "-commercial": "no"}
    assert page.chips == [
        "Domain: Medicine and health", "Domain: Mathematics", "Task and stage: Supervised fine-tuning",
        "not Commercial use: No", "Clear all",
    ]  # fmt: skip
    page.page.get_by_role("button", name="Remove the filter Domain: Mathematics").click()
    assert page.settled().total == python("domain:medical task:sft -commercial:no").total
    page.page.get_by_role("button", name="Clear all").click()
    assert page.settled().total == python().total


def test_ranges(datasets: Open, python: Any) -> None:
    page = datasets()
    page.page.get_by_label("Rows: from").fill("10k")
    page.page.get_by_label("Rows: to").fill("1M")
    page.page.keyboard.press("Tab")
    page.page.wait_for_url("**rows=10k..1M")
    assert page.settled().total == python("rows:10k..1M").total
    page.page.get_by_label("Year: from").fill("2023")
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**year=2023..")
    assert page.settled().total == python("rows:10k..1M year:2023..").total
    assert page.chips[:2] == ["Rows: 10k..1M", "Year: 2023.."]
    page.page.get_by_role("button", name="Remove the filter Rows: 10k..1M").click()
    assert page.settled().page.get_by_label("Rows: from").input_value() == ""


def test_what_is_typed_into_a_range_stays_while_results_come(datasets: Open) -> None:
    page = datasets()
    page.page.get_by_label("Rows: from").focus()
    page.page.keyboard.type("10k")
    page.page.keyboard.press("Tab")
    page.page.keyboard.type("1M")
    page.page.wait_for_url("**rows=10k..")
    assert page.settled().page.get_by_label("Rows: to").input_value() == "1M"
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**rows=10k..1M")


def test_a_range_that_cannot_be_read_is_said_and_not_searched(datasets: Open, python: Any) -> None:
    page = datasets()
    page.page.get_by_label("Rows: from").fill("many")
    page.page.keyboard.press("Tab")
    assert page.page.get_by_role("alert").filter(has_text="10k").is_visible()
    assert page.page.get_by_label("Rows: from").get_attribute("aria-invalid") == "true"
    assert page.total == python().total
    assert page.asked == {}


@pytest.mark.parametrize("sort", ["popularity", "updated", "size", "rows"])
def test_orders_are_those_of_the_command_line(datasets: Open, python: Any, sort: str) -> None:
    page = datasets("?search=chinese")
    page.page.get_by_label("Sort by").select_option(sort)
    page.page.wait_for_url(f"**sort={sort}")
    assert page.settled().keys == [hit.key for hit in python("chinese", sort=sort).hits]


def test_by_name(datasets: Open) -> None:
    names = [each.partition(":")[2] for each in datasets("?sort=name").keys]
    assert names == sorted(names)


def test_show_all_terms_and_find_one(datasets: Open, python: Any) -> None:
    page = datasets()
    language = page.page.locator("details", has=page.facet("Language"))
    every = len(python().facets["language"])
    language.get_by_role("button", name=f"Show all {every}").click()
    assert len(page.counts("Language")) == every
    language.get_by_label("Find in Language").fill("japan")
    assert list(page.counts("Language")) == ["Japanese"]
    page.choose("Language", "Japanese")
    assert page.total == python("lang:ja").total
    language.get_by_role("button", name="Show fewer").click()
    assert page.wanted("Language", "Japanese").is_checked()


def test_a_folded_facet_is_counted_when_it_is_unfolded(datasets: Open, python: Any) -> None:
    page = datasets("?search=news")
    assert not page.facet("Genre").is_visible()
    page.page.locator("summary", has_text="Genre").click()
    shown = page.settled().counts("Genre")
    every = {each.label: each.count for each in python("news").facets["genre"]}
    assert shown.items() <= every.items()
    assert max(every.values()) in shown.values()


def test_what_the_words_were_read_as_and_the_words_alone(datasets: Open, python: Any) -> None:
    page = datasets("?search=medical")
    assert "Read as Domain: Medicine and health." in page.page.locator(".s-said").inner_text()
    page.page.get_by_role("button", name="Search the words alone").click()
    page.page.wait_for_url("**exact=1")
    page.settled()
    assert "Read as" not in page.page.locator(".s-said").inner_text()
    page.page.get_by_role("button", name="Search what they mean as well").click()
    assert page.settled().total == python("medical").total


def test_a_slip_is_mended_and_said(datasets: Open, python: Any) -> None:
    page, result = datasets("?search=openwebtxt"), python("openwebtxt")
    assert result.did_you_mean
    assert f"showing “{result.did_you_mean}”" in page.page.locator(".s-said").inner_text()
    assert page.keys == [hit.key for hit in result.hits]


def test_a_word_that_was_left_out_is_said(datasets: Open, python: Any) -> None:
    text = "huatuo medical chinese vietnamese"
    result = python(text)
    page = datasets(f"?search={text.replace(' ', '+')}")
    assert result.left_out
    assert f"without “{result.left_out}”" in page.page.locator(".s-said").inner_text()


def test_an_empty_result_names_what_emptied_it_and_takes_it_away(datasets: Open, python: Any) -> None:
    result = python("legal task:rl lang:ja")
    assert result.emptied_by
    page = datasets("?search=legal&task=rl&language=ja")
    assert page.total == 0
    assert page.page.get_by_role("heading", name="Nothing found").is_visible()
    buttons = page.page.locator(".s-said .s-button")
    assert buttons.count() == len(result.emptied_by)
    assert [int(text.rpartition(": ")[2]) for text in buttons.all_inner_texts()] == [
        n for _name, n in result.emptied_by
    ]
    count = result.emptied_by[0][1]
    buttons.first.click()
    assert page.settled().total == count


def test_a_filter_typed_as_text_can_be_taken_away_too(datasets: Open, python: Any) -> None:
    page = datasets("?search=legal+task:rl+lang:ja")
    button = page.page.locator(".s-said .s-button").first
    count = int(button.inner_text().rpartition(": ")[2])
    button.click()
    page.page.wait_for_function("() => document.querySelector('.s-hits li')")
    assert page.settled().total == count


def test_an_address_that_asks_for_what_is_not_there_says_so(datasets: Open) -> None:
    page = datasets()
    page.page.goto(f"{page.root}datasets/index.html?rows=many")
    page.page.get_by_text("rows does not understand").wait_for()
    page.page.get_by_role("button", name="Remove the filter Rows: many").click()
    assert page.settled().total > 700


# --- the address ----------------------------------------------------------------------------------------------------


def test_a_shared_link_opens_the_same_view(datasets: Open) -> None:
    page = datasets("?search=question&domain=medical,math&-license=nc&rows=1k..&sort=rows&page=2")
    other = datasets("?" + page.page.url.partition("?")[2])
    assert (other.total, other.keys, other.chips) == (page.total, page.keys, page.chips)
    assert page.page.get_by_label("Sort by").input_value() == "rows"
    assert page.page.locator(".s-pages [aria-current=page]").inner_text() == "2"


def test_typing_replaces_and_filters_push(datasets: Open) -> None:
    page = datasets()
    before = page.page.evaluate("history.length")
    page.box.press_sequentially("medical", delay=90)
    page.page.wait_for_url("**search=medical")
    assert page.settled().page.evaluate("history.length") == before
    page.choose("Task and stage", "Supervised fine-tuning")
    assert page.page.evaluate("history.length") == before + 1


def test_back_and_forward_restore_view_focus_and_scroll(datasets: Open) -> None:
    page = datasets("?search=chinese")
    page.wanted("Task and stage", "Evaluation").focus()
    page.page.keyboard.press("Space")
    page.page.wait_for_url("**task=eval")
    filtered = page.settled().keys
    page.page.locator(".s-hits h2 a").nth(6).focus()
    page.page.wait_for_timeout(300)
    place, focus = page.page.evaluate("scrollY"), page.focused
    assert place > 0
    page.page.go_back()
    page.page.wait_for_function("() => !location.search.includes('task')")
    assert page.settled().keys != filtered
    assert page.focused == "s-task-eval"
    page.page.go_forward()
    page.page.wait_for_url("**task=eval")
    assert page.settled().keys == filtered
    assert (page.page.evaluate("scrollY"), page.focused) == (place, focus)


def test_the_way_back_from_an_entry(datasets: Open) -> None:
    page = datasets("?search=chinese&page=2")
    link = page.page.locator(".s-hits h2 a").nth(7)
    link.focus()
    page.page.wait_for_timeout(300)
    place, focus = page.page.evaluate("scrollY"), page.focused
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**/dataset/**")
    page.page.go_back()
    page.settled()
    page.page.wait_for_function("place => Math.abs(scrollY - place) < 2", arg=place)
    assert page.focused == focus


def test_pages(datasets: Open, python: Any) -> None:
    page = datasets("?search=chinese")
    page.page.get_by_label("Next page").click()
    page.page.wait_for_url("**page=2")
    page.settled()
    assert page.keys == [hit.key for hit in python("chinese", offset=10).hits]
    assert page.focused == page.page.locator(".s-hits h2 a").first.get_attribute("id")
    assert page.page.locator(".s-hits").get_attribute("start") == "11"
    page.page.get_by_label("Previous page").click()
    page.page.wait_for_function("() => !location.search.includes('page')")
    assert page.settled().keys == [hit.key for hit in python("chinese").hits]


# --- three stages ---------------------------------------------------------------------------------------------------


def test_a_number_on_screen_is_that_of_the_words_in_the_box(datasets: Open, python: Any) -> None:
    page = datasets()
    seen = page.page.evaluate_handle("[]")
    page.page.evaluate(
        """seen => new MutationObserver(() => seen.push([
            document.querySelector('#s-search').value, document.querySelector('.s-total').textContent,
        ])).observe(document.querySelector('.s-total'), {childList: true})""",
        seen,
    )
    page.box.press_sequentially("chinese medical dialogue", delay=30)
    page.page.wait_for_url("**search=chinese+medical+dialogue")
    page.settled()
    shown = [(text, number) for text, number in seen.json_value() if number != "…"]
    assert shown[-1][0] == "chinese medical dialogue"
    for text, number in shown:
        assert number.split()[0] == f"{python(text).total:,}", text


def test_counts_wait_to_be_asked_for_on_a_slow_link(datasets: Open, python: Any, built: Path) -> None:
    manifest = json.loads(zlib.decompress((built / "catalog" / "manifest.bin").read_bytes(), -15))
    packer = zlib.compressobj(wbits=-15)
    large = packer.compress(json.dumps({**manifest, "entries": 300_000}).encode()) + packer.flush()
    page = datasets("?search=medical")
    page.page.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    page.page.route("**/manifest.bin", lambda route: route.fulfill(body=large))
    page.page.reload()
    ask = page.page.get_by_role("button", name="Show counts")
    ask.wait_for()
    page.page.wait_for_function("() => /[0-9]/.test(document.querySelector('.s-total').textContent)")
    page.page.wait_for_timeout(300)
    assert set(page.page.locator(".s-facet[open] small").all_inner_texts()) == {"…"}
    ask.click()
    every = {each.label: each.count for each in python("medical").facets["domain"]}
    assert page.settled().counts("Domain").items() <= every.items()
    assert not ask.is_visible()


# --- keyboard, names, language --------------------------------------------------------------------------------------


def test_the_keyboard_alone(datasets: Open) -> None:
    page = datasets()
    page.page.get_by_role("button", name="中文").focus()
    page.press("/")
    assert page.focused == "s-search"
    page.box.press_sequentially("instruction tuning", delay=20)
    page.page.wait_for_url("**search=instruction+tuning")
    page.settled()
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("ArrowDown")
    links = page.page.locator(".s-hits h2 a")
    assert page.focused == links.nth(0).get_attribute("id")
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("ArrowUp")
    assert page.focused == links.nth(1).get_attribute("id")
    page.page.keyboard.press("Escape")
    assert page.focused == "s-search"
    page.page.keyboard.press("Escape")
    page.page.wait_for_function("() => !location.search")
    assert page.settled().box.input_value() == ""
    page.page.keyboard.press("ArrowDown")
    address = links.nth(0).get_attribute("href")
    page.page.keyboard.press("Enter")
    page.page.wait_for_url(f"**{address.removeprefix('..')}")


def test_every_control_can_be_reached_by_tab(datasets: Open) -> None:
    page = datasets("?search=medical&domain=math")
    controls = page.page.evaluate(
        "[...document.querySelectorAll('#s-app :is(a, button, input, select, summary)')]"
        ".filter(each => each.checkVisibility({visibilityProperty: true})).length"
    )
    page.page.evaluate("document.activeElement.blur()")
    reached = page.page.evaluate_handle("new Set()")
    for _ in range(controls + 30):
        page.page.keyboard.press("Tab")
        page.page.evaluate(
            "seen => document.activeElement.closest('#s-app') && seen.add(document.activeElement)", reached
        )
    assert page.page.evaluate("seen => seen.size", reached) == controls


def test_names_are_suggested_and_opened(datasets: Open) -> None:
    page = datasets()
    page.box.press_sequentially("gsm", delay=20)
    options = page.page.get_by_role("option")
    options.first.wait_for()
    assert page.box.get_attribute("aria-expanded") == "true"
    assert "gsm8k" in options.first.inner_text().lower()
    page.page.keyboard.press("ArrowDown")
    assert page.box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    assert options.first.get_attribute("aria-selected") == "true"
    page.page.keyboard.press("Escape")
    assert page.box.get_attribute("aria-expanded") == "false"
    assert page.box.input_value() == "gsm"
    page.box.press_sequentially("8")
    options.first.wait_for()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**/gsm8k/")


def test_a_tag_of_a_card_is_a_filter(datasets: Open, python: Any) -> None:
    page = datasets("?search=gsm8k")
    page.page.locator(".s-tags a", has_text="Mathematics").first.click()
    page.page.wait_for_url("**domain=math")
    assert page.settled().total == python("gsm8k domain:math").total


def test_what_was_looked_for_is_marked(datasets: Open) -> None:
    page = datasets("?search=medical")
    marks = page.page.locator(".s-hits mark").all_inner_texts()
    assert len(marks) > 5
    assert {each.lower() for each in marks} == {"medical"}


def test_the_interface_in_chinese(datasets: Open) -> None:
    page = datasets("?search=医疗", locale="zh-CN")
    assert re.fullmatch(r"共 \d+ 个数据集", page.page.locator(".s-total").inner_text())
    assert page.facet("领域").is_visible()
    assert "医疗健康" in page.counts("领域")
    assert page.page.locator("#catalog-app").get_attribute("lang") == "zh"
    assert "理解为：领域: 医疗健康。" in page.page.locator(".s-said").inner_text()
    page.page.get_by_role("button", name="English").click()
    page.page.wait_for_function("() => document.querySelector('#catalog-app').lang === 'en'")
    assert page.settled().facet("Domain").is_visible()
    page.page.reload()
    assert page.settled().facet("Domain").is_visible(), "the choice is kept"
    assert page.open("?ui=zh").facet("领域").is_visible(), "a link may ask for a language"


def test_nothing_but_the_data_of_this_site_is_asked_for(datasets: Open) -> None:
    page = datasets().search("medical").press("Escape").choose("Domain", "Medicine and health")
    assert page.tab.foreign(page.root) == []
    assert not [each for each in page.tab.requests if "search_index" in each]


# --- what it looks like ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{}, {"color_scheme": "dark"}, {"phone": True}, {"locale": "zh-CN"}],
    ids=["light", "dark", "phone", "zh"],
)
@pytest.mark.parametrize(
    "query", ["?search=medical&domain=medical&-task=rl&rows=1k..", "?search=legal&task=rl&language=ja"]
)
def test_axe_finds_nothing(datasets: Open, settings: dict[str, Any], query: str) -> None:
    page = datasets(query, **settings)
    if settings.get("phone"):
        page.page.locator(".s-shelf > summary").click()
        page.settled()
    assert page.tab.axe() == []


def test_axe_finds_nothing_with_names_and_the_tray(datasets: Open) -> None:
    page = datasets("?search=medical")
    page.page.locator("[data-pick]").nth(0).check()
    page.page.locator("[data-pick]").nth(1).check()
    page.box.press_sequentially(" ")
    page.box.fill("med")
    page.page.get_by_role("option").first.wait_for()
    page.page.keyboard.press("ArrowDown")
    page.settled()
    assert page.tab.axe() == []


def test_a_phone_scrolls_no_wider_than_it_is(datasets: Open) -> None:
    page = datasets("?search=medical&domain=medical", phone=True)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.facet("Domain").is_visible()
    page.page.locator(".s-shelf > summary").click()
    assert page.settled().counts("Domain")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_first_result_is_in_sight_on_a_laptop(datasets: Open) -> None:
    page = datasets("?search=medical", viewport={"width": 1366, "height": 768})
    bottom = page.page.locator(".s-card").nth(1).evaluate("each => each.getBoundingClientRect().bottom")
    assert bottom < 768


def test_every_target_is_large_enough(datasets: Open) -> None:
    page = datasets("?search=medical&domain=medical")
    page.page.locator("[data-pick]").nth(0).check()
    small = page.page.evaluate(
        """[...document.querySelectorAll(':is(#s-app, #s-tray) :is(a, button, input, select, summary)')]
        .filter(each => each.checkVisibility())
        .map(each => [(each.closest('label') || each).getBoundingClientRect(), each.outerHTML.slice(0, 120)])
        .filter(([box]) => box.height < 24 || box.width < 24).map(([box, html]) => [box.width, box.height, html])"""
    )
    assert small == []


def test_print_shows_results_alone(datasets: Open) -> None:
    page = datasets("?search=medical")
    page.page.emulate_media(media="print")
    assert page.page.locator(".s-card").first.is_visible()
    for each in (".s-shelf", ".s-head", ".s-pages", ".s-do"):
        assert not page.page.locator(each).first.is_visible()


# --- what is rare ---------------------------------------------------------------------------------------------------


def test_a_page_beyond_the_last_says_so_and_leads_back(datasets: Open) -> None:
    page = datasets("?search=gsm8k&page=99")
    assert page.keys == []
    page.page.get_by_role("button", name="Go to the first page").click()
    page.page.wait_for_function("() => !location.search.includes('page')")
    assert page.settled().keys


def test_words_are_searched_when_an_input_method_is_done(datasets: Open, python: Any) -> None:
    page = datasets()
    page.box.focus()
    keyboard = page.page.context.new_cdp_session(page.page)
    keyboard.send("Input.imeSetComposition", {"text": "yi l", "selectionStart": 4, "selectionEnd": 4})
    page.page.wait_for_timeout(300)
    assert page.asked == {}
    keyboard.send("Input.insertText", {"text": "医疗"})
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('search') === '医疗'")
    assert page.settled().total == python("医疗").total


def test_a_browser_that_keeps_nothing(datasets: Open) -> None:
    page = datasets()
    page.page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
        "history.replaceState = history.pushState = () => { throw new DOMException('no', 'SecurityError'); };"
    )
    page.page.reload()
    every = page.settled().total
    page.box.fill("medical")
    page.page.wait_for_function("every => document.querySelector('.s-total').textContent !== every", arg="802 datasets")
    assert 0 < page.settled().total < every


def test_copies_are_one_result_until_they_are_asked_for(
    tmp_path: Path, tab: Callable[..., Tab], served: Callable[[Path], Origin]
) -> None:
    def copy(source: str) -> Entry:
        record = Record(
            source=source, id="a/numbat", name="numbat", title=f"Numbat at {source}", doi="10.5281/zenodo.77"
        )
        return complete(record)

    registry = tmp_path / "registry.db"
    with Registry.open(registry, create=True) as opened:
        run_id = opened.begin_run("test", "sync")
        opened.commit_page(run_id, [copy("huggingface"), copy("kaggle"), copy("uci")])
        opened.finish_run(run_id, "done")
    build(Options(registry=str(registry), out=tmp_path / "site"))
    url = f"{served(tmp_path / 'site').url}/"
    page = Datasets(tab(), url).open("?search=numbat")
    assert page.total == 1
    assert "also on 2 other hosts" in page.page.locator(".s-card").inner_text()
    page.page.get_by_label("One result for copies").uncheck()
    page.page.wait_for_url("**copies=all")
    assert page.settled().total == 3
    assert "also on" not in page.page.locator(".s-hits").inner_text()
    page.page.go_back()
    page.page.wait_for_function("() => !location.search.includes('copies')")
    assert page.settled().total == 1
    page.tab.assert_quiet(url)


def test_rare_terms_have_their_labels_too(
    tmp_path: Path, tab: Callable[..., Tab], served: Callable[[Path], Origin]
) -> None:
    def speaking(language: str) -> Record:
        said = (Statement("language", language, "test"),)
        return Record(source="test", id=language, name=f"set-{language}", statements=said)

    languages = vocabulary.load().terms("language")[:180]
    registry = tmp_path / "registry.db"
    with Registry.open(registry, create=True) as opened:
        run_id = opened.begin_run("test", "sync")
        spoken = [(each, Statement("language", each.id, "test")) for each in languages]
        records = (
            Record(source="test", id=each.id, name=f"set-{each.id}", statements=(said,)) for each, said in spoken
        )
        opened.commit_page(run_id, [complete(record) for record in records])
        opened.finish_run(run_id, "done")
    build(Options(registry=str(registry), out=tmp_path / "site"))
    page = Datasets(tab(), f"{served(tmp_path / 'site').url}/").open()
    page.page.locator("#s-more-language").click()
    shown = page.counts("Language")
    assert len(shown) >= len(languages)
    assert {each.label for each in languages} <= shown.keys()
    rare = next(each for each in reversed(languages) if list(shown).index(each.label) > 120)
    assert page.open(f"?language={rare.id}").chips == [f"Language: {rare.label}"]
