"""600 hostile texts in every field of an entry, in a real browser: nothing runs, is loaded or is added by them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from catalog.pages.packing import unpack
from tests.conftest import Command
from tests.site.hostile import PAYLOADS, SOURCE, VECTORS, registry_of
from tests.site.served import Origin
from tests.site.watched import Tab

pytestmark = pytest.mark.slow

FOREIGN = """(document) => {
    const allowed = new Set(("a article aside b br button code dd details div dl dt em fieldset form h1 h2 h3 hr i input " +
        "kbd label legend li mark nav noscript ol option p pre section select small span strong summary table tbody td " +
        "th thead tr ul").split(" "));
    const found = [];
    for (const node of document.querySelectorAll("#content, #content *, #s-tray *")) {
        const attributes = [...node.attributes].map(each => each.name + "=" + each.value);
        const bad = attributes.filter(each => /^on/i.test(each) || /^(href|src|action)=\\s*(javascript|data|vbscript):/i.test(each));
        if (!allowed.has(node.localName) || bad.length) found.push(node.outerHTML.slice(0, 200));
    }
    const heads = [...document.head.querySelectorAll("script:not([src]):not([type]), base, meta[http-equiv=refresh], style")];
    const early = 'globalThis.early=fetch("../catalog/manifest.bin",{cache:"no-cache"});early.catch(()=>0)';
    const others = heads.filter(node => node.textContent !== early);
    return found.concat(others.slice(1).map(node => node.outerHTML.slice(0, 200)));
}"""  # noqa: E501 - one line a rule
"""What stands in the content of a page and was not made by us. One script of the theme stands in each head, and in
some of ours one that begins to load the search data."""

FRAMES = f"""async ([addresses, shown]) => {{
    const foreign = {FOREIGN};
    const seen = async (address) => {{
        const frame = document.createElement("iframe");
        frame.src = address;
        const loaded = new Promise((done) => frame.onload = done);
        document.body.append(frame);
        await loaded;
        const page = frame.contentDocument;
        for (let left = 600; left && shown && !page.querySelector(shown); left--) await new Promise((done) => setTimeout(done, 50));
        return shown && !page.querySelector(shown) ? [`${{address}}: nothing is shown`] : foreign(page);
    }};
    return Promise.all(addresses.map(seen));
}}"""  # noqa: E501
"""Opens pages side by side in frames; what is foreign in each."""

BATCH = 40
"""Pages that are open side by side."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the hostile registry."""
    folder = tmp_path_factory.mktemp("hostile")
    registry_of(folder / "registry.db")
    done = Command(folder)("site", "build", "--out", "site", "--base-url", "https://data.example.org/")
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def details(hostile: Path) -> list[dict[str, object]]:
    """All details, in the order of the search."""
    manifest = json.loads(unpack(hostile / "catalog", "manifest"))
    data = hostile / "catalog" / manifest["build"] / "e"
    found: list[dict[str, object]] = []
    for number in range(len(list(data.glob("*.bin")))):
        found += json.loads(unpack(data.parent, f"e/{number}"))
    return found


@pytest.fixture
def look(hostile: Path, served: Callable[[Path], Origin], tab: Callable[..., Tab]) -> Iterator[Callable[..., Tab]]:
    """`look(path, …)` opens pages of the site and holds that nothing happened and nothing foreign is in them."""
    (hostile / "frames.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>Frames</title><body>')
    origin = served(hostile)
    seen = tab()

    def looked(*paths: str, shown: str = "") -> Tab:
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            seen.goto(f"{origin.url}/frames.html")
            found = seen.page.evaluate(FRAMES, [[f"{origin.url}/{path}" for path in batch], shown])
            assert [each for each in zip(batch, found, strict=True) if each[1]] == []
            assert (seen.dialogs, seen.csp, seen.errors, seen.foreign(origin.url)) == ([], [], [], []), batch
        return seen

    yield looked
    seen.assert_quiet(origin.url)


def test_there_are_600_different_ones() -> None:
    assert len(set(PAYLOADS)) == 600


def test_entry_pages(hostile: Path, details: list[dict[str, object]], look: Callable[..., Tab]) -> None:
    pages = sorted((hostile / "dataset" / SOURCE).rglob("index.html"))
    assert len(pages) == len(details) == 600
    look(*(quote(page.relative_to(hostile).as_posix()) for page in pages))


def test_texts_arrive_as_they_are(hostile: Path, details: list[dict[str, object]], look: Callable[..., Tab]) -> None:
    for made in details[::40]:
        pages = [page for page in (hostile / "dataset").rglob("index.html") if _key_of(page) == made["key"]]
        assert len(pages) == 1
        page = look(quote(pages[0].relative_to(hostile).as_posix())).page
        shown = page.frame_locator("iframe").locator("#content").inner_text()
        assert _plain(str(made["summary"])) in _plain(shown)


def _key_of(page: Path) -> str:
    text = page.read_text("utf-8")
    document = text.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    key: str = json.loads(document)["identifier"][0]
    return key


def _plain(text: str) -> str:
    """A text without spaces and what shows nothing."""
    from catalog.text import for_html

    return "".join(unescape(for_html(text)).split())


def test_structured_data_holds_the_texts(hostile: Path, details: list[dict[str, object]]) -> None:
    keys = {_key_of(page) for page in (hostile / "dataset").rglob("index.html")}
    assert keys == {made["key"] for made in details}


def test_lists(hostile: Path, look: Callable[..., Tab]) -> None:
    pages = sorted((hostile / "browse").rglob("index.html"))
    assert len(pages) > 8
    look(*(quote(page.relative_to(hostile).as_posix()) for page in pages))


def test_feeds_are_xml_whatever_is_in_them(hostile: Path) -> None:
    for path in sorted(hostile.rglob("*.xml")):
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(path).iter()}
        assert tags <= {
            "feed", "id", "title", "updated", "link", "author", "name", "entry", "summary", "sitemapindex", "sitemap",
            "loc", "urlset", "url", "lastmod",
        }  # fmt: skip


def test_entries_that_the_browser_draws(details: list[dict[str, object]], look: Callable[..., Tab]) -> None:
    keys = [quote(str(made["key"]), safe="") for made in details[::5]]
    look(*(f"datasets/entry.html?id={key}" for key in keys), shown="#c-fetch")


def test_comparison(details: list[dict[str, object]], look: Callable[..., Tab]) -> None:
    keys = [quote(str(made["key"]), safe="") for made in details]
    addresses = (f"datasets/compare.html?ids={','.join(keys[start : start + 4])}" for start in range(0, 500, 50))
    look(*addresses, shown=".s-compare")


@pytest.mark.parametrize("name", ["search", "domain", "-task", "rows", "sort", "ui"])
def test_search_whatever_its_address_says(name: str, look: Callable[..., Tab]) -> None:
    vectors = VECTORS[:: 1 if name == "search" else 6]
    look(*(f"datasets/?{name}={quote(vector, safe='')}" for vector in vectors), shown=".s-total:not(:empty)")


def test_search_results(look: Callable[..., Tab]) -> None:
    look(*(f"datasets/?sort=popularity&page={page}" for page in range(1, 61)), shown=".s-card")
