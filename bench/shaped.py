"""How long the datasets page takes to open and to search, over links of telephones: `make bench-site`.

    python -m bench.shaped --rows 100000 --rounds 3

A headless Chromium opens the page as it is published, theme and scripts and all, with nothing kept from before, over a
link of some bandwidth and delay (`bench.link`), from a host that deflates text (`bench.hosting`) over HTTP/1.1. Times
are read in the page: from the start of the navigation, or from the keystroke with its pause, to the result on the
screen. Bytes are those of the bodies that had arrived by then. The folder is that of `bench.site`.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.hosting import served
from bench.link import LINKS, Link, shaped
from bench.measure import keep, process, python, say, table
from bench.site import site_folder
from bench.stores import store
from bench.words import PLANTED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS: Final = 3
_OPENED: Final = "opening the page"
_COUNTED: Final = "exact counts of all facets"

_WATCH = """
performance.setResourceTimingBufferSize(5000);
globalThis.until = (holds) => new Promise((done) => {
  const test = () => holds() && (watcher.disconnect(), done(performance.now()));
  const watcher = new MutationObserver(test);
  watcher.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
  test();
});
globalThis.weighed = (from, to) => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  .filter((each) => each.startTime >= from && each.responseEnd && each.responseEnd <= to)
  .reduce((sum, each) => sum + each.encodedBodySize, 0);
globalThis.settled = () => document.querySelector(".s-hits")?.ariaBusy === "false";
"""
_OPEN = """async () => {
  const end = await until(() => settled() && document.querySelector(".s-hits h2"));
  return [end, weighed(0, end)];
}"""
_SEARCH = """async (text) => {
  await until(() => document.querySelector(".s-total")?.textContent.match(/[0-9]/));
  await new Promise((done) => setTimeout(done, 400));
  const box = document.querySelector("#s-search");
  const begin = performance.now();
  box.value = text;
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await until(() => document.querySelector(".s-hits")?.ariaBusy === "true");
  const end = await until(settled);
  return [end - begin, weighed(begin, end)];
}"""
_COUNT = """async (text) => {
  const engine = await Catalog.open("../");
  const begin = performance.now();
  await engine.search({ search: text }).counts();
  const end = performance.now();
  return [end - begin, weighed(begin, end)];
}"""


def searches() -> dict[str, str]:
    """What is typed, by what it is called."""
    tenth, thousandth = (PLANTED[share][0] for share in (100, 1))
    return {
        "a word of 10%": tenth,
        "a word of 0.1%": thousandth,
        "a word that names a term": "medical",
        "three words": "medical instruction dataset",
    }


def write_pages(folder: Path) -> None:
    """Put the pages of a site beside the search data that stand in a folder: all but those of entries and lists."""
    from catalog.pages import harden_folder, prose
    from catalog.pages.assembly import stamp, write_app
    from catalog.pages.shell import Shell

    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        prose.render(None, root, base_url="", offline=False)
        mark = stamp(root)
        shell = Shell((root / prose.SHELL_PAGE).read_text("utf-8"), "datasets/", offline=False)
        write_app(root, shell, mark, offline=False)
        harden_folder(root)
        shutil.copytree(root, folder, dirs_exist_ok=True)


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """The datasets page in a browser that knows nothing yet."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(f"{address}/datasets/index.html", wait_until="commit")
    yield page
    context.close()


def once(browser: Browser, address: str) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds and bytes of everything, each on a page of its own."""
    for name, text in searches().items():
        with opened(browser, address) as page:
            yield _OPENED, page.evaluate(_OPEN)
            yield name, page.evaluate(_SEARCH, text)
    with opened(browser, address) as page:
        page.evaluate(_OPEN)
        yield _COUNTED, page.evaluate(_COUNT, next(iter(searches().values())))


def measured(folder: Path, links: Sequence[Link], rounds: int) -> dict[str, dict[str, list[list[float]]]]:
    """What was measured, by what it is called and by link; the first round on each link is dropped."""
    from playwright.sync_api import sync_playwright

    from tests.site.browser import FLAGS
    from tests.site.browser import found as chromium

    found: dict[str, dict[str, list[list[float]]]] = {}
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for link in links:
            with shaped(address, link) as slow:
                for turn in range(rounds + 1):
                    for name, figures in once(browser, slow):
                        if turn:
                            found.setdefault(name, {}).setdefault(link.name, []).append(figures)
            say(f"{link.name}: {rounds} rounds")
        browser.close()
    return found


def as_table(found: Mapping[str, Mapping[str, Any]], links: Sequence[Link]) -> str:
    """Medians with their range, as Markdown."""
    rows = []
    for name, by_link in found.items():
        weight = statistics.median(size for each in by_link.values() for _time, size in each)
        times = [sorted(time for time, _size in by_link[link.name]) for link in links]
        shown = [f"{statistics.median(each):,.0f} [{each[0]:,.0f}-{each[-1]:,.0f}]" for each in times]
        rows.append([name, f"{weight / 1000:,.0f}", *shown])
    return table(["", "kB", *(f"{link.name}, ms" for link in links)], rows)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Time the datasets page over slow links.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(given)
    folder = site_folder(options.rows)
    if not (folder / "catalog" / "manifest.bin").exists():
        process(python("-m", "bench.site", "--build", str(store("registry", options.rows)), str(folder)))
    write_pages(folder)
    text = as_table(measured(folder, LINKS, options.rounds), LINKS)
    keep(f"shaped {options.rows}", text, f"python -m bench.shaped --rows {options.rows} --rounds {options.rounds}")


if __name__ == "__main__":
    main()
