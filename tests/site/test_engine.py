"""The engine in a real browser finds what the command line finds: same set, totals, counts, order, words of help."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.pages.browser import Sizes
from catalog.pages.packing import unpack
from catalog.sqlite import connect_for_reading
from tests.conftest import SHARED
from tests.site.corpora import mixed
from tests.site.engine_page import Made, answered, ask, build, comparable, expected
from tests.site.questions import Questions
from tests.site.served import Origin
from tests.site.watched import Tab

QUERIES = 1000
OpenTab = Callable[..., Tab]
Serve = Callable[[Path], Origin]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fixtures = SHARED / "fixtures"
    if not fixtures.is_dir() and os.environ.get("CI"):
        pytest.fail(f"the recorded payloads are missing: {fixtures}")
    return mixed(tmp_path_factory.mktemp("mixed") / "registry.db", fixtures if fixtures.is_dir() else None)


@pytest.fixture(scope="module")
def connection(registry: Path) -> Iterator[sqlite3.Connection]:
    connection = connect_for_reading(registry)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def made(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return build(registry, tmp_path_factory.mktemp("engine"), offline=True)


@pytest.fixture
def engine(made: Made, tab: OpenTab, served: Serve) -> Tab:
    """The engine, opened on a served page."""
    return tab().goto(f"{served(made.folder).url}/index.html")


def differences(
    connection: sqlite3.Connection, tab: Tab, views: list[dict[str, Any]], **how: Any
) -> list[tuple[Any, ...]]:
    """For each view of which the two know different things: the view, what, the command line's and the engine's."""
    ask(tab, views, **how)
    wanted = [expected(connection, view) for view in views]  # while the browser searches
    wrong = []
    for view, want, mine in zip(views, wanted, answered(tab), strict=True):
        got = comparable(mine)
        if mine.get("known") not in (None, want["total"]):
            wrong.append((view, "a total that was wrong at first", want["total"], mine["known"]))
        wrong += [(view, name, want[name], got.get(name, got)) for name in want if want[name] != got.get(name)]
    return wrong


def test_random_queries_find_the_same(engine: Tab, connection: sqlite3.Connection) -> None:
    assert differences(connection, engine, Questions(connection, "first").views(QUERIES)) == []
    assert engine.errors == []


def test_traditional_characters_find_the_same(engine: Tab, connection: sqlite3.Connection) -> None:
    texts = (
        "醫療 對話",
        "獎勵模型",
        "預訓練語料",
        "可商用醫療問答",
        "domain:醫療 -問答",
        "lang:繁體中文",
        "domain:醫瘵",
        '"醫療對話"',
    )
    views = [{"search": text} for text in texts]
    assert differences(connection, engine, views) == []
    simple = expected(connection, {"search": "医疗 对话"})
    assert simple["total"] > 0
    assert expected(connection, views[0])["total"] >= simple["total"]
    assert engine.errors == []


def test_lists_cut_short_never_mislead(
    registry: Path, connection: sqlite3.Connection, tmp_path: Path, tab: OpenTab, served: Serve
) -> None:
    """Heads of four postings: what lies behind the end of a list must be loaded before anything is said of it."""
    made = build(registry, tmp_path, sizes=Sizes(head=4, growth=2, shard=2000, facets_shard=300, segments=500))
    opened = tab().goto(f"{served(made.folder).url}/index.html")
    assert differences(connection, opened, Questions(connection, "short").views(250)) == []


def test_the_offline_twin_finds_the_same(made: Made, connection: sqlite3.Connection, tab: OpenTab) -> None:
    opened = tab().goto((made.folder / "index.html").as_uri())
    views = Questions(connection, "offline").views(60)
    assert differences(connection, opened, views, offline=True) == []
    assert all(url.startswith(("file:", "blob:")) for url in opened.requests)
    assert not [url for url in opened.requests if url.endswith(".bin")]


def test_a_search_that_is_given_up_leaves_nothing_behind(engine: Tab, connection: sqlite3.Connection) -> None:
    ended = engine.page.evaluate(
        """async () => {
            globalThis.engine = await Catalog.open("./", {offline: false});
            const run = globalThis.engine.search({search: "medical question"});
            const promises = [run.cards, run.total, run.counts()];
            run.abort();
            const settled = await Promise.allSettled(promises);
            return settled.map((each) => each.reason && each.reason.name);
        }"""
    )
    assert ended == ["AbortError"] * 3
    views = [{"search": "medical question"}]
    assert differences(connection, engine, views) == []
    assert engine.errors == []


def test_facets_are_counted_without_their_own_filter(engine: Tab, connection: sqlite3.Connection) -> None:
    views = [{"search": "", "filters": {"domain": ["medical"]}}, {"search": "", "filters": {"domain": ["nothing"]}}]
    found = engine.page.evaluate(
        """async (views) => {
            const engine = await Catalog.open("./");
            const [wanted, wrong] = views.map((view) => engine.search(view));
            return [await wanted.counts({facets: ["domain", "task"]}), await wrong.cards.catch((error) => error.name)];
        }""",
        views,
    )
    whole, narrow = (expected(connection, {"search": text})["counts"] for text in ("", "domain:medical"))
    assert found == [{"domain": whole["domain"], "task": narrow["task"]}, "Usage"]


def test_names_are_suggested_and_found(engine: Tab, connection: sqlite3.Connection) -> None:
    keys = [key for (key,) in connection.execute("SELECT key FROM dataset ORDER BY slot")]
    suggested, docs = engine.page.evaluate(
        """async (keys) => {
            const engine = await Catalog.open("./");
            const {suggest, docOf} = Catalog.more;
            return [await suggest("GSM", engine), await Promise.all(keys.map((key) => docOf(key, engine)))];
        }""",
        keys,
    )
    assert suggested[0]["key"] == "catalog:gsm8k"
    assert suggested[0]["url"] == "datasets/entry.html?id=catalog:gsm8k"
    assert docs == list(range(len(keys)))


def test_beginnings_of_too_many_words_are_refused_before_anything_is_loaded(engine: Tab) -> None:
    said = engine.page.evaluate(
        """async () => {
            const {found, suggest} = Catalog.more;
            const begun = Array.from({length: 70}, (_, i) => "tr" + String.fromCharCode(97 + i / 9) + i % 9);
            const loaded = [];
            const lists = {first: begun, shard: (place) => loaded.push(place)};
            const error = await found({tokens: ["tr"], prefix: true}, lists).catch((error) => error);
            const engine = await Catalog.open("./");
            const manifest = {...engine.manifest, names: begun};
            const json = async (name) => (loaded.push(name), [["tr", 8], ["tram", 16]]);
            const names = await suggest("tr", {...engine, manifest, json});
            return [error.name, error.message, loaded, names.map(({key}) => key), (await engine.card(1))[0]];
        }"""
    )
    first = said.pop()
    assert said == ["Usage", "too many words begin with 'tr'; write more of it.", ["n/0", "n/1"], [first]]


def test_the_same_registry_gives_the_same_bytes(registry: Path, made: Made, tmp_path: Path) -> None:
    again = build(registry, tmp_path, offline=True)
    assert again.written.digest == made.written.digest
    for path in sorted(made.folder.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / path.relative_to(made.folder)).read_bytes()


def test_order_is_that_of_popularity(made: Made, connection: sqlite3.Connection) -> None:
    assert list(made.written.order) == [id for (id,) in connection.execute("SELECT id FROM dataset ORDER BY slot")]
    assert made.written.files == sum(1 for _ in (made.folder / "catalog" / "build").rglob("*.*"))


def test_bytes_and_requests_of_a_search_stay_small(made: Made, tab: OpenTab, served: Serve) -> None:
    def cost(view: dict[str, Any]) -> tuple[int, int]:
        origin = served(made.folder)
        opened = tab().goto(f"{origin.url}/index.html")
        opened.page.evaluate("async () => { globalThis.engine = await Catalog.open('./'); }")
        before = len(origin.requests)
        opened.page.evaluate("async (view) => { await engine.search(view).cards; }", view)
        loaded = [each for each in origin.requests[before:] if each[0].endswith(".bin")]
        return len(loaded), sum(size for _path, _status, size in loaded)

    assert len(unpack(made.folder / "catalog", "manifest")) < 60_000
    for view, requests, size in (
        ({"search": ""}, 2, 12_000),
        ({"search": "translation"}, 14, 70_000),
        ({"search": "medical instruction dataset"}, 18, 90_000),
        ({"search": "", "filters": {"task": ["sft"]}}, 8, 50_000),
    ):
        count, loaded = cost(view)
        assert count <= requests, (view, count)
        assert loaded <= size, (view, loaded)


def test_first_pages_that_lie_far_apart_come_in_one_file(
    registry: Path, connection: sqlite3.Connection, tmp_path: Path, tab: OpenTab, served: Serve
) -> None:
    """As in a large registry: nearly all cards are far, and those of a word's first page stand beside each other."""
    sizes = Sizes(shard=2000, near=32, wide=0, least=8, few=3)
    made = build(registry, tmp_path, sizes=sizes)
    assert made.written.manifest["firsts"]["least"] >= sizes.least
    origin = served(made.folder)
    opened = tab().goto(f"{origin.url}/index.html")
    assert differences(connection, opened, Questions(connection, "first pages").views(150)) == []
    loaded = [path for path, status, _size in origin.requests if "/b/" in path and status == 200]
    assert loaded
    assert not [path for path, status, _size in origin.requests if "/b/" in path and status != 200]


def test_a_first_page_in_one_file_is_what_is_shown(registry: Path, tmp_path: Path, tab: OpenTab, served: Serve) -> None:
    made = build(registry, tmp_path, sizes=Sizes(near=32, wide=0, least=20, few=3))
    origin = served(made.folder)
    loaded = dict[str, Counter[str]]()
    for word in ("corpus", "collection", "annotated", "sentences", "benchmark", "human"):
        opened = tab().goto(f"{origin.url}/index.html")
        opened.page.evaluate("async () => { globalThis.engine = await Catalog.open('./'); }")
        before = len(origin.requests)
        view = {"search": word, "merge": False, "exact": True}
        docs = opened.page.evaluate(
            "async (view) => (await engine.search(view).cards).hits.map((hit) => hit.doc)", view
        )
        paths = [path.split("/build/")[-1] for path, _status, _size in origin.requests[before:]]
        if sum(doc >= 32 for doc in docs) >= 3:
            loaded[word] = Counter(path.partition("/")[0] for path in paths)
    assert loaded
    for word, kinds in loaded.items():
        assert (kinds["b"], kinds["c"]) in ((1, 0), (1, 1)), (word, kinds)
