"""Words that very many datasets hold: their bitmaps, the totals, counts and order that come of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.index.maintain import COMMON, Delta
from catalog.index.postings import ids_matching
from catalog.record import Entry, Tag
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.search.bitmaps import kept_count, kept_ids
from catalog.search.facets import count_facets
from catalog.search.query import Query
from catalog.search.rank import SCORE, TIER, best_of_common
from catalog.search.run import run
from catalog.sqlite import connect_for_reading
from tests.test_registry import entry

ROWS = COMMON + 2_000
PAGE = 5_000


def _entry(number: int, **fields: object) -> Entry:
    """`walrus` in all texts, now and then; `otter` in three of four; `vole` in none of those."""
    many = "walrus " * (1 + number % 5) + ("otter" if number % 4 else "vole")
    tag = Tag("domain", "medical" if number % 3 else "legal", "test", "test", 1.0)
    values: dict[str, object] = {
        "title": "Walrus" if number % 7 == 0 else "Seal",
        "description": many,
        "downloads": number * number % 9_973,
        "popularity": number * 7 % 250,
        "tags": (tag,),
    }
    return entry(f"a/n{number}", **{**values, **fields})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("common") / "registry.db"
    with Registry.open(path, create=True) as opened:
        number = opened.begin_run("test", "test")
        for start in range(0, ROWS, PAGE):
            opened.commit_page(number, [_entry(each) for each in range(start, min(start + PAGE, ROWS))])
    return path


@pytest.fixture
def connection(registry: Path) -> Iterator[sqlite3.Connection]:
    opened = connect_for_reading(registry)
    yield opened
    opened.close()


def _words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM common_word ORDER BY word")]


def test_only_words_of_very_many_are_kept(connection: sqlite3.Connection) -> None:
    assert _words(connection) == ["a", "walrus"]


def test_the_order_is_that_of_bm25(connection: sqlite3.Connection) -> None:
    scored = (
        f"SELECT search_index.rowid AS r, {SCORE} AS s FROM search_index WHERE search_index MATCH ? "
        f"ORDER BY search_index.rowid LIMIT {TIER}"
    )
    for word in ("walrus", "a"):
        rows = connection.execute(f"SELECT r FROM ({scored}) ORDER BY s, r", (f'"{word}"',))
        assert best_of_common(connection, f'"{word}"', TIER) == [slot for (slot,) in rows]
    for other in ('"otter"', '"walrus" AND "a"', '"walrus" *', "walrus"):
        assert best_of_common(connection, other, TIER) is None


@pytest.mark.parametrize(
    "match",
    [
        '"walrus"',
        '"WALRUS" AND "a"',
        '("walrus" OR "a")',
        '("walrus") NOT ("a")',
        '"walrus" AND ("a" OR "walrus") AND "walrus"',
        '"a" OR "walrus" AND "a" NOT "walrus"',
    ],
)
def test_an_expression_of_kept_words_needs_no_walk(connection: sqlite3.Connection, match: str) -> None:
    assert kept_ids(connection, match) == ids_matching(connection, match)
    assert kept_count(connection, match) == len(ids_matching(connection, match))


@pytest.mark.parametrize(
    "match",
    ['"otter"', '"walrus" AND "otter"', '"walrus" *', '{title} : "walrus"', '("walrus"', '"walrus" +  "a"', "", '""'],
)
def test_what_no_bitmap_is_kept_of_is_walked(connection: sqlite3.Connection, match: str) -> None:
    assert kept_ids(connection, match) is None
    assert kept_count(connection, match) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("walrus domain:medical", [1, 2]),
        ("domain:medical", [1, 2]),
        ("walrus -domain:medical", [0]),
        ("walrus domain:medical,legal", [0, 1, 2]),
    ],
)
def test_totals_of_terms_and_words_together(connection: sqlite3.Connection, text: str, wanted: list[int]) -> None:
    total = sum(number % 3 in wanted for number in range(ROWS))
    assert run(connection, Query.parse(text)).total == total
    assert run(connection, Query.parse(text), facets=()).total == total


def test_counts_are_those_of_reading_every_match(connection: sqlite3.Connection) -> None:
    quick, size = count_facets(connection, '"walrus"', "", (), ())
    read, read_size = count_facets(connection, '"walrus"', "", (), (), few=ROWS + 1)
    assert (quick, size) == (read, read_size)
    assert size == ROWS


@pytest.mark.parametrize("count", [3, Delta.LOOKED_UP + 1])
def test_a_session_keeps_the_words_up(registry: Path, tmp_path: Path, count: int) -> None:
    path = tmp_path / "registry.db"
    shutil.copy(registry, path)
    with Registry.open(path) as opened:
        number = opened.begin_run("test", "test")
        without = [_entry(each, title="Seal", description="nothing") for each in range(count)]
        opened.commit_page(number, [*without, _entry(ROWS, popularity=255)])
    connection = connect_for_reading(path)
    assert kept_ids(connection, '"walrus"') == ids_matching(connection, '"walrus"')
    assert run(connection, Query.parse("walrus")).total == ROWS - count + 1
    connection.close()


def test_rows_that_changed_since_are_walked(registry: Path, tmp_path: Path) -> None:
    """A session that was killed leaves bitmaps behind the rows: nothing is answered from them."""
    path = tmp_path / "registry.db"
    shutil.copy(registry, path)
    opened = Registry.open(path)
    opened.commit_page(opened.begin_run("test", "test"), [_entry(ROWS)])
    opened._closing.close()
    connection = connect_for_reading(path)
    assert kept_ids(connection, '"walrus"') is None
    assert best_of_common(connection, '"walrus"', TIER) is None
    result = run(connection, Query.parse("walrus"), facets=())
    assert result.total == ROWS + 1
    connection.close()


def test_check_sees_a_bitmap_that_lies(registry: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    shutil.copy(registry, path)
    broken = sqlite3.connect(path)
    broken.execute("UPDATE common_word SET total = total - 1 WHERE word = 'walrus'")
    broken.commit()
    broken.close()
    report = check(str(path), repair=True)
    assert report.clean
    assert any("'walrus'" in each for each in report.repaired)
