"""Fixtures of the browser tests: a Chromium, tabs that note all, folders served on 127.0.0.1."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import Command
from tests.site.browser import FLAGS, found
from tests.site.served import Origin, serve
from tests.site.watched import Tab


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, headless; a test that needs it is skipped where there is none, but never under CI."""
    path = found()
    if not path:
        reason = "there is no Chromium here (install one, or set CATALOG_CHROMIUM to its path)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """`tab()` opens a watched tab in a context of its own; see `Tab.open` for what it takes."""
    with ExitStack() as closing:

        def opened(**settings: Any) -> Tab:
            new = Tab.open(chromium, **settings)
            closing.callback(new.close)
            return new

        yield opened


@pytest.fixture(scope="package")
def served() -> Iterator[Callable[[Path], Origin]]:
    """`served(folder)` serves a folder until the tests of the site are done."""
    with ExitStack() as closing:
        yield lambda folder: closing.enter_context(serve(folder))


BASE_URL = "https://data.example.org/catalog/"


@pytest.fixture(scope="package")
def built(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the embedded catalog, built by the command line in an empty folder; read it only."""
    folder = tmp_path_factory.mktemp("built")
    done = Command(folder)("site", "build", "--out", "site", "--base-url", BASE_URL, "--registry", str(embedded))
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="package")
def origin(built: Path, served: Callable[[Path], Origin]) -> Origin:
    """That site, served."""
    return served(built)
