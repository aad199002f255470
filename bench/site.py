"""What the search of the static site weighs: `python -m bench.site --rows 100000`.

Building the index is one process: CPU seconds, memory, files, bytes. Its share of a site's 20,000 files is what
`catalog site build` gives it. Searching is a headless Chromium that opens the engine on a page of its own for each
query: requests and bytes up to the first ten hits, beyond these up to the exact total, and beyond that up to the counts
of all facets. Bytes and requests do not swing with the machine. How long it takes is told by `bench.shaped`.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bench.hosting import served
from bench.measure import DATA, keep, process, python, say, table
from bench.stores import store
from bench.words import PLANTED
from catalog.pages import MAX_FILES, MAX_PAGES, limits
from catalog.pages.browser import Written, write
from catalog.pages.browser.scripts import engine
from catalog.pages.packing import as_json, pack
from catalog.sqlite import connect_for_reading

STAGES: Final = ("first ten", "total", "counts")
PAGE: Final = "engine.html"

_PAGE = '<!doctype html><meta charset="utf-8"><title>Engine</title><script src="engine.js"></script>'
_OPEN = "async () => { globalThis.engine = await Catalog.open('./'); }"
_STAGES = (
    "async (view) => { globalThis.run = engine.search(view); await run.cards; }",
    "async () => run.total",
    "async () => { await run.counts(); }",
)


def site_folder(rows: int, max_files: int = MAX_FILES) -> Path:
    """Where the site without pages of entries is kept."""
    return DATA / (f"site-{rows}" if max_files == MAX_FILES else f"site-{rows}-{max_files}")


def build(registry: Path, folder: Path, max_files: int = MAX_FILES) -> Written:
    """Write the index of a registry as a site of so many files has it, and the page that measures it."""
    shutil.rmtree(folder, ignore_errors=True)
    with closing(connect_for_reading(registry)) as connection:
        (entries,) = connection.execute("SELECT count(*) FROM dataset").fetchone()
        plan = limits.plan(entries, max_pages=MAX_PAGES, max_files=max_files, offline=False)
        written = write(connection, folder / "catalog" / "build", max_files=plan.data_files)
    pack(folder / "catalog", "manifest", as_json({**written.manifest, "build": "build"}))
    (folder / "engine.js").write_text(engine(), "utf-8")
    (folder / PAGE).write_text(_PAGE, "utf-8")
    return written


def views() -> dict[str, dict[str, Any]]:
    """What is asked for, by what it is called."""
    half, tenth, thousandth = (PLANTED[share][0] for share in (500, 100, 1))
    return {
        "nothing": {},
        "a word of 50%": {"search": half},
        "a word of 10%": {"search": tenth},
        "a word of 0.1%": {"search": thousandth},
        "a word that names a term": {"search": "medical"},
        "three words": {"search": "medical instruction dataset"},
        "three words, none a term": {"search": f"{half} {tenth} {thousandth}"},
        "two filters": {"filters": {"domain": ["medical"], "task": ["sft"]}},
        "Chinese": {"search": "医疗问答"},
        "a word misspelt": {"search": "medcial"},
        "a phrase": {"search": '"question answering"'},
        "a beginning": {"search": "transl*"},
    }


def costs(folder: Path, asked: Mapping[str, dict[str, Any]]) -> tuple[int, dict[str, list[tuple[int, int]]]]:
    """Bytes of the manifest, and for each view the requests and bytes of each stage."""
    from playwright.sync_api import sync_playwright

    from tests.site.browser import FLAGS
    from tests.site.browser import found as chromium

    found: dict[str, list[tuple[int, int]]] = {}
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for name, view in asked.items():
            context = browser.new_context()
            page = context.new_page()
            sizes: list[int] = []
            page.on("response", lambda response, sizes=sizes: sizes.append(int(response.headers["content-length"])))
            page.goto(f"{address}/{PAGE}", wait_until="networkidle")
            sizes.clear()
            page.evaluate(_OPEN)
            opened = sum(sizes)
            found[name] = []
            for stage in _STAGES:
                sizes.clear()
                page.evaluate(stage, view)
                found[name].append((len(sizes), sum(sizes)))
            context.close()
        browser.close()
    return opened, found


def measure(rows: int, registry: Path, max_files: int) -> str:
    """Build and search, as Markdown."""
    folder = site_folder(rows, max_files)
    ended = process(python("-m", "bench.site", "--build", str(registry), str(folder), "--max-files", str(max_files)))
    files = list((folder / "catalog").rglob("*.bin"))
    weight = sum(path.stat().st_size for path in files)
    say(f"{ended.cpu:.0f} s of one core, {ended.memory / 1e6:,.0f} MB of memory, {len(files):,} files")
    opened, found = costs(folder, views())
    built = table(
        ["CPU s per 1,000 entries", "memory, MB", "files", "bytes an entry", "manifest, kB"],
        [
            [
                f"{ended.cpu / rows * 1000:.2f}", f"{ended.memory / 1e6:,.0f}", f"{len(files):,}",
                f"{weight / rows:.0f}", f"{opened / 1000:.1f}",
            ]
        ],
    )  # fmt: skip
    return f"{built}\n\n{asked_table(found)}"


def asked_table(found: Mapping[str, Sequence[tuple[int, int]]]) -> str:
    """What queries load, as Markdown."""
    cells = [[name, *(f"{size / 1000:,.0f} kB in {count}" for count, size in each)] for name, each in found.items()]
    return table(["query", *STAGES], cells)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the search index of the static site.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--registry", type=Path, help="a registry that is there already")
    parser.add_argument("--max-files", type=int, default=MAX_FILES, help="files of the whole site")
    parser.add_argument("--build", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.build:
        build(options.build[0], options.build[1], options.max_files)
        return
    found = measure(options.rows, options.registry or store("registry", options.rows), options.max_files)
    more = "" if options.max_files == MAX_FILES else f" --max-files {options.max_files}"
    keep(f"site {options.rows}{more}", found, f"python -m bench.site --rows {options.rows}{more}")


if __name__ == "__main__":
    main()
