"""The engine alone on a page of its own: `ask` runs views in the browser, `answered` gives what it found as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog.pages.browser import SIZES, Sizes, Written, write
from catalog.pages.browser.scripts import engine
from catalog.pages.packing import as_json, pack
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import connect_for_reading
from tests.site.watched import Tab

PAGE = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Engine</title></head><body></body></html>'
SIZE = 10

_ASK = """([views, offline]) => void (globalThis.asked = (async () => {
    const engine = globalThis.engine || (globalThis.engine = await Catalog.open("./", {offline}));
    const found = [];
    for (const view of views) {
        const run = engine.search(view);
        try {
            const shown = await run.cards;
            const total = await run.total;
            const counts = view.uncounted ? {} : await run.counts({within: true});
            found.push({...shown, known: shown.total ?? null, total, counts});
        } catch (error) {
            found.push({error: `${error.name}: ${error.message}`});
        }
    }
    return found;
})())"""


@dataclass(frozen=True)
class Made:
    """A built index with the page beside it."""

    folder: Path
    written: Written
    build: str = "build"


def build(registry: Path, folder: Path, *, offline: bool = False, sizes: Sizes = SIZES) -> Made:
    """The search data of a registry and a page that holds nothing but the engine."""
    connection = connect_for_reading(registry)
    try:
        written = write(connection, folder / "catalog" / "build", offline=offline, sizes=sizes)
    finally:
        connection.close()
    pack(folder / "catalog", "manifest", as_json({**written.manifest, "build": "build"}), offline=offline)
    (folder / "engine.js").write_text(engine(), "utf-8")
    (folder / "index.html").write_text(PAGE.replace("</body>", '<script src="engine.js"></script></body>'), "utf-8")
    return Made(folder, written)


def ask(tab: Tab, views: list[dict[str, Any]], *, offline: bool = False) -> None:
    """Let the engine on the open page find these views, without waiting for it."""
    tab.page.evaluate(_ASK, [views, offline])


def answered(tab: Tab) -> list[dict[str, Any]]:
    """What it finds for the views that it was asked."""
    found: list[dict[str, Any]] = tab.page.evaluate("() => globalThis.asked")
    return found


def expected(connection: Any, view: dict[str, Any]) -> dict[str, Any]:
    """What the command line finds for a view."""
    page = view.get("page", 1)
    query = Query.parse(view["search"], sort=view.get("sort", "relevance"), merge=view.get("merge", True))
    query = replace(query, limit=SIZE, offset=(page - 1) * SIZE)
    result = run(connection, query, facets=(), help_spelling=not view.get("exact", False))
    return {
        "total": result.total,
        "hits": [(hit.key, hit.exact, hit.commercial, len(hit.also_at), hit.rows, hit.downloads) for hit in result],
        "readAs": list(result.read_as),
        "didYouMean": result.did_you_mean,
        "leftOut": result.left_out,
        "notes": list(result.notes),
        "emptiedBy": [list(pair) for pair in result.emptied_by],
        "counts": {
            facet: [[each.term, each.count] for each in found] for facet, found in (result.facets or {}).items()
        },
    }


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """What the engine found in the shape of `expected`."""
    if "error" in found:
        return found
    hits = [
        (hit["key"], hit["named"], hit["commercial"], hit["copies"], hit["rows"], hit["downloads"])
        for hit in found["hits"]
    ]
    names = ("total", "readAs", "didYouMean", "leftOut", "notes", "emptiedBy")
    counts = {facet: counts for facet, counts in found["counts"].items() if counts}
    return {**{name: found[name] for name in names}, "hits": hits, "counts": counts}
