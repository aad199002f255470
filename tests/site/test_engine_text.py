"""Python, SQLite and the engine read text alike: tokens, folded names and CJK runs over all of Unicode."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from catalog.index.keys import cjk_runs, name_norm, plain
from catalog.migrations import connect_current
from catalog.search.query import Query
from tests.site.corpora import HOSTILE
from tests.site.engine_page import build
from tests.site.questions import ODD, Questions
from tests.site.served import Origin
from tests.site.watched import Tab

CODES = [*range(0xD800), *range(0xE000, 0x32400), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFD, 0x10FFFF]
BLOCK = 2048
TOGETHER = 16
"""Characters that share a text."""

_READ = """async (texts) => {
    const engine = globalThis.engine || (globalThis.engine = await Catalog.open("./"));
    await engine.characters.ready("é");
    return JSON.stringify(texts.map((text) => {
        const {characters} = engine;
        const plain = characters.plain(text);
        return [plain, characters.tokens(plain), characters.nameNorm(text), characters.runs(plain)];
    }));
}"""


@pytest.fixture
def engine(embedded: Path, tmp_path: Path, tab: Callable[..., Tab], served: Callable[[Path], Origin]) -> Tab:
    made = build(embedded, tmp_path)
    return tab().goto(f"{served(made.folder).url}/index.html")


def tokens(texts: list[str]) -> list[list[str]]:
    """The tokens of each text as the index has them."""
    found: list[list[str]] = [[] for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5 (text, tokenize='unicode61 remove_diacritics 2')")
        connection.execute("CREATE VIRTUAL TABLE instance USING fts5vocab(probe, instance)")
        connection.executemany("INSERT INTO probe (rowid, text) VALUES (?, ?)", enumerate(texts))
        for number, term in connection.execute("SELECT doc, term FROM instance ORDER BY doc, offset"):
            found[number].append(term)
    return found


def alike(engine: Tab, texts: list[str]) -> list[object]:
    """The texts that are read otherwise, with what Python and what the engine makes of them."""
    mine = json.loads(engine.page.evaluate(_READ, texts))
    plains = [plain(text) for text in texts]
    theirs = [
        [text, words, name_norm(text), cjk_runs(text)] for text, words in zip(plains, tokens(plains), strict=True)
    ]
    return [(text, want, got) for text, want, got in zip(texts, theirs, mine, strict=True) if want != got]


def test_every_character_is_read_alike(engine: Tab) -> None:
    """Each beside letters, in the middle and at both ends, so that marks are seen joining and standing alone."""
    texts = [
        " . ".join(f"A{chr(code)}b {chr(code)}c {chr(code)}" for code in CODES[start : start + TOGETHER])
        for start in range(0, len(CODES), TOGETHER)
    ]
    for start in range(0, len(texts), BLOCK):
        assert alike(engine, texts[start : start + BLOCK]) == []


def test_texts_are_read_alike(engine: Tab, embedded: Path) -> None:
    chance = random.Random("texts")
    mixed = ["".join(chr(chance.choice(CODES)) for _ in range(30)) for _ in range(3000)]
    marked = ["".join(chance.choice("aÅe\u0301\u0323\u0308한ᄒ\u1161ßﬁ1_- ") for _ in range(12)) for _ in range(2000)]
    assert alike(engine, [*mixed, *marked, *HOSTILE, *(text for text in ODD if "\ud800" not in text)]) == []


def test_queries_are_parsed_alike(engine: Tab, embedded: Path) -> None:
    with closing(connect_current(embedded)) as connection:
        texts = [view["search"] for view in Questions(connection, "parsed").views(3000)]
    chance = random.Random("junk")
    texts += [
        "".join(chance.choice(list('-":*,. \t\u3000task:rows0k1MGiB..x医é\u0301')) for _ in range(20))
        for _ in range(3000)
    ]
    texts += [*ODD, *HOSTILE]
    found = engine.page.evaluate(
        """async (texts) => {
            const engine = await Catalog.open("./");
            await engine.characters.ready("é");
            return texts.map((text) => {
                const {words, filters, excluded, ranges, notes} = engine.parse(text);
                const found = words.map(({text, kind, negated}) => [text, kind, negated]);
                return {words: found, filters, excluded, ranges, notes};
            });
        }""",
        texts,
    )
    for text, mine in zip(texts, found, strict=True):
        query = Query.parse(text)
        ranges = {
            column: [bound.removesuffix("\uffff") if isinstance(bound, str) else bound for bound in span]
            for column, span in query.ranges.items()
        }
        assert mine == {
            "words": [[word.text, word.kind, word.negated] for word in query.words],
            "filters": {facet: list(values) for facet, values in query.filters.items()},
            "excluded": {facet: list(values) for facet, values in query.excluded.items()},
            "ranges": ranges,
            "notes": list(query.notes),
        }, text
