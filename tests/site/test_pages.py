"""The static pages in a browser: with and without scripts, by keyboard, on a phone, in the dark, offline."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from catalog.record import Column, Record
from catalog.registry import Registry
from catalog.tagger import complete
from tests.conftest import Command
from tests.site.served import Origin
from tests.site.watched import Tab

Serve = Callable[[Path], Origin]
ROOT = Path(__file__).resolve().parents[2]
ENTRY = "dataset/catalog/medqa/"
PAGES = (ENTRY, "browse/", "browse/domain/medical/", "", "reading/", "datasets/")


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark"}, {"phone": True}], ids=["light", "dark", "phone"])
def test_nothing_stands_in_a_readers_way(settings: dict[str, str], origin: Origin, tab: Callable[..., Tab]) -> None:
    for path in PAGES:
        seen = tab(**settings).goto(f"{origin.url}/{path}", "networkidle")
        assert (path, seen.axe()) == (path, [])
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        seen.assert_quiet(origin.url)


def test_without_scripts_everything_is_there(origin: Origin, tab: Callable[..., Tab]) -> None:
    page = tab(javascript=False).goto(f"{origin.url}/{ENTRY}").page
    for text in (
        "Commercial use",
        "Tags and their evidence",
        "License claims",
        "@misc{",
        "catalog fetch catalog:medqa",
    ):
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.goto(f"{origin.url}/browse/")
    page.get_by_role("link", name="Medicine and health").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Medicine and health")
    page.locator(".c-list a").first.click()
    expect(page.locator(".c-key")).to_contain_text("catalog:")
    page.goto(f"{origin.url}/datasets/")
    page.get_by_role("link", name="browse the lists").click()
    expect(page).to_have_url(f"{origin.url}/browse/")


def test_commands_and_citations_are_copied(origin: Origin, tab: Callable[..., Tab]) -> None:
    seen = tab(permissions=["clipboard-read", "clipboard-write"]).goto(f"{origin.url}/{ENTRY}")
    for number, begin in ((0, "catalog fetch catalog:medqa"), (1, "@misc{")):
        button = seen.page.get_by_role("button", name="Copy").nth(number)
        button.click()
        expect(button).to_have_attribute("data-done", "")
        assert seen.page.evaluate("navigator.clipboard.readText()").startswith(begin)
    seen.assert_quiet(origin.url)


def test_dark_is_chosen_and_kept(origin: Origin, tab: Callable[..., Tab]) -> None:
    page = tab().goto(f"{origin.url}/{ENTRY}").page
    body = page.locator("body")
    expect(body).to_have_attribute("data-md-color-scheme", "default")
    page.get_by_title("Dark").click()
    expect(body).to_have_attribute("data-md-color-scheme", "slate")
    page.goto(f"{origin.url}/browse/")
    expect(body).to_have_attribute("data-md-color-scheme", "slate")
    page.goto(f"{origin.url}/reading/")
    expect(body).to_have_attribute("data-md-color-scheme", "slate")


def test_dark_needs_no_scripts(origin: Origin, tab: Callable[..., Tab]) -> None:
    for path in (ENTRY, "", "browse/"):
        seen = tab(javascript=False, color_scheme="dark").goto(f"{origin.url}/{path}").page
        back = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 60)"
        assert seen.evaluate(back), path


@pytest.mark.parametrize("path", [ENTRY, "", "reading/", "browse/"])
def test_the_field_above_leads_to_the_search(origin: Origin, tab: Callable[..., Tab], path: str) -> None:
    page = tab().goto(f"{origin.url}/{path}").page
    page.get_by_role("searchbox", name="Search datasets", exact=True).fill("gsm8k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{origin.url}/datasets/?search=gsm8k")
    expect(page.get_by_role("link", name="GSM8K").first).to_be_visible()


def test_pages_are_chinese_for_who_reads_it(origin: Origin, tab: Callable[..., Tab]) -> None:
    """Headings, terms, verdict and navigation are; what a source says stays as it is."""
    page = tab(locale="zh-CN").goto(f"{origin.url}/{ENTRY}").page
    expect(page.get_by_role("heading", name="标签与依据")).to_be_visible()
    expect(page.locator(".md-tabs")).to_contain_text("数据集")
    expect(page.locator(".c-chips").first).to_contain_text("医疗健康")
    expect(page.locator(".c-verdict b")).to_have_text("商业使用：未知")
    expect(page.locator(".c-verdict")).to_contain_text("未说明许可")
    expect(page.locator(".c-facts")).to_contain_text("内置目录")
    expect(page.locator("h1")).to_contain_text("MedQA (USMLE)")
    for path, text in (("", "有据可查。"), ("reading/", "如何阅读条目"), ("browse/", "浏览 802 个数据集")):
        page.goto(f"{origin.url}/{path}")
        expect(page.locator("body")).to_contain_text(text)
        expect(page.locator(".md-tabs")).to_contain_text("如何阅读条目")
        expect(page.get_by_role("searchbox", name="搜索数据集", exact=True)).to_be_visible()


def test_a_word_of_ours_in_a_source_text_stays_as_it_is(tmp_path: Path, tab: Callable[..., Tab], served: Serve) -> None:
    text = "Commercial use: Yes"
    record = Record(
        source="test", id="Records", name="Records", title="Records", description=f"Home\n\n{text}",
        columns=(Column("Language", "Size"),), creators=("Open",),
    )  # fmt: skip
    with Registry.open(tmp_path / "registry.db", create=True) as registry:
        registry.commit_page(registry.begin_run("test", "test"), [complete(record)])
    assert Command(tmp_path)("site", "build", "--out", "site").returncode == 0
    page = tab(locale="zh-CN").goto(f"{served(tmp_path / 'site').url}/dataset/test/Records/").page
    expect(page.locator("h1")).to_have_text("Records")
    expect(page.get_by_role("heading", name="说明")).to_be_visible()
    for said in ("Home", text, "Language", "Size", "Open"):
        expect(page.get_by_text(said, exact=True)).to_be_visible()


def test_pages_load_no_more_than_they_show(origin: Origin, tab: Callable[..., Tab]) -> None:
    origin.requests.clear()
    tab().goto(f"{origin.url}/{ENTRY}", "networkidle")
    assert not [path for path in origin.paths() if "bundle" in path or "search_index" in path or "catalog.js" in path]
    assert len(origin.requests) <= 7
    origin.requests.clear()
    tab().goto(f"{origin.url}/reading/", "networkidle")
    assert not [path for path in origin.paths() if "search" in path or "catalog.js" in path]


@pytest.mark.slow
def test_the_pages_of_this_repository_are_part_of_it(
    tmp_path: Path, embedded: Path, served: Callable[[Path], Origin], tab: Callable[..., Tab]
) -> None:
    command = [sys.executable, "-m", "catalog", "site", "build", "--registry", str(embedded)]
    done = subprocess.run([*command, "--out", str(tmp_path / "site")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        assert page.read_text("utf-8").count('<meta http-equiv="Content-Security-Policy"') == 1, page
    origin = served(tmp_path / "site")
    for path in ("", "guide/licenses/", "reference/cli/", "datasets/?search=gsm8k"):
        for settings in ({}, {"phone": True, "color_scheme": "dark"}):
            seen = tab(**settings).goto(f"{origin.url}/{path}", "networkidle")
            assert (path, seen.axe()) == (path, [])
            seen.assert_quiet(origin.url)
            seen.close()
    first = tab().goto(f"{origin.url}/").page
    first.get_by_role("link", name="Licenses and verdicts").first.click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("Licenses")
    first.get_by_role("link", name="Datasets", exact=True).first.click()
    expect(first.locator(".s-card").first).to_be_visible()


@pytest.mark.slow
def test_an_installed_package_builds_a_site_that_opens_as_a_file(
    tmp_path: Path, embedded: Path, tab: Callable[..., Tab]
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    library = tmp_path / "library"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(library), str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    empty = tmp_path / "empty"
    empty.mkdir()
    command = Command(empty)
    found = {"PYTHONPATH": str(library)}
    where = subprocess.run(
        [sys.executable, "-c", "import catalog; print(catalog.__file__)"],
        env={**os.environ, **found}, cwd=empty, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(library))
    done = command("site", "build", "--offline", "--out", "a site", "--registry", str(embedded), env=found)
    assert done.returncode == 0, done.stderr
    folder = (empty / "a site").as_uri()
    seen = tab().goto(f"{folder}/index.html")
    seen.page.get_by_role("searchbox", name="802 datasets").fill("medical sft")
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".s-card").first).to_be_visible()
    expect(seen.page.locator(".s-total")).to_contain_text("48")
    seen.page.locator(".s-card h2 a").first.click()
    expect(seen.page.locator(".c-key")).to_contain_text("catalog:")
    seen.page.get_by_role("link", name="Browse").click()
    seen.page.get_by_role("link", name="Mathematics").first.click()
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text("Mathematics")
    seen.page.locator(".c-list a").first.click()
    expect(seen.page.get_by_role("heading", name="Citation")).to_be_visible()
    seen.assert_quiet(folder)
