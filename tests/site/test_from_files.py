"""A site built with --offline, opened from file:// without any server."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.registry import Registry
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import connect_for_reading
from tests.conftest import Command
from tests.site.datasets import Datasets
from tests.site.hostile import VECTORS, entry_of
from tests.site.watched import Tab


@pytest.fixture(scope="module")
def folder(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the folder, with a slash at its end."""
    made = tmp_path_factory.mktemp("offline")
    options = ("--offline", "--max-pages", "20", "--registry", str(embedded))
    done = Command(made)("site", "build", "--out", "site", *options)
    assert done.returncode == 0, done.stderr
    return f"{(made / 'site').as_uri()}/"


def test_search_filters_and_the_way_back(folder: str, embedded: Path, tab: Callable[..., Tab]) -> None:
    page = Datasets(tab(), folder).open()
    page.search("医疗 dialogue").press("Tab").choose("Task and stage", "Supervised fine-tuning")
    with_task = page.keys
    connection = connect_for_reading(embedded)
    result = run(connection, Query.parse("医疗 dialogue task:sft", limit=10), facets=())
    connection.close()
    assert (page.total, with_task) == (result.total, [hit.key for hit in result.hits])
    page.page.go_back()
    page.page.wait_for_function("() => !location.search.includes('task')")
    page.settled()
    page.page.go_forward()
    page.page.wait_for_function("() => location.search.includes('task')")
    assert page.settled().keys == with_task
    page.tab.assert_quiet("file://")


def test_entry_and_comparison(folder: str, tab: Callable[..., Tab]) -> None:
    opened = tab().goto(f"{folder}datasets/index.html?search=huatuo")
    page = Datasets(opened, folder).settled()
    page.page.locator("[data-pick]").nth(0).check()
    page.page.locator("[data-pick]").nth(1).check()
    page.page.get_by_role("link", name="Compare 2").click()
    page.page.wait_for_function("() => document.querySelectorAll('thead th').length === 2")
    page.page.locator("thead a").first.click()
    page.page.wait_for_function("() => document.querySelector('#c-fetch')")
    assert "catalog fetch catalog:" in page.page.locator("#c-fetch").inner_text()
    opened.assert_quiet("file://")


def test_no_name_leaves_the_word_it_is_in_the_command(tmp_path: Path, tab: Callable[..., Tab]) -> None:
    with Registry.open(tmp_path / "registry.db", create=True) as registry:
        registry.commit_page(registry.begin_run("test", "test"), [entry_of(*each) for each in enumerate(VECTORS)])
    done = Command(tmp_path)("site", "build", "--out", "site", "--offline")
    assert done.returncode == 0, done.stderr
    page = Datasets(tab(), f"{(tmp_path / 'site').as_uri()}/")
    seen = 0
    for number in range(1, -(-len(VECTORS) // 10) + 1):
        for command in page.open(f"?sort=popularity&page={number}").page.locator(".s-do code").all_text_contents():
            words = shlex.split(command)
            assert words[:2] == ["catalog", "fetch"]
            assert len(words) == 3
            assert words[2].startswith("hostile:")
            assert command.isprintable()
            seen += 1
    assert seen == len(VECTORS)
    page.tab.assert_quiet("file://")
