"""The index made in another process: the registry is the same, whatever becomes of the process."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from catalog.errors import Fatal
from catalog.index.spelling import is_spelling_word, words_of
from catalog.record import Entry, Record
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.search.query import Query
from catalog.search.run import run
from catalog.tagger import complete
from catalog.workers import Companion
from tests.test_workers import content

Between = Callable[[Registry, int], None]

TITLES = ["paper receipts", "医疗问答 data", "nai\u0308ve Kpop\u0345tion", "cafe\u0301"]


def entries(count: int, title: str = "About {}") -> list[Entry]:
    """Entries with words of their own, one of them in Chinese, one with marks that no letter takes."""
    found = []
    for number in range(count):
        text = title.format(TITLES[number % 4])
        name = f"set-{number:x}-name{number % 7}"
        found.append(complete(Record(source="test", id=f"someone/{name}", name=name, title=text, downloads=number)))
    return found


def filled(path: Path, pages: list[list[Entry]], *, helped: bool, between: Between | None = None) -> None:
    """A registry of pages, each in a transaction; `between` is called before each page but the first."""
    with Registry.open(path, create=True) as registry:
        number = registry.begin_run("test", "import")
        if helped:
            registry.index_beside()
            assert len(multiprocessing.active_children()) == 1
        for count, page in enumerate(pages):
            if count and between is not None and helped:
                between(registry, number)
            registry.commit_page(number, page)
        registry.finish_run(number, "done")
    assert multiprocessing.active_children() == []


def same(tmp_path: Path, pages: list[list[Entry]], between: Between | None = None) -> Path:
    """The registry made with help, which holds what the one made without holds."""
    for name, helped in (("alone", False), ("helped", True)):
        filled(tmp_path / f"{name}.db", pages, helped=helped, between=between)
    assert content(tmp_path / "helped.db") == content(tmp_path / "alone.db")
    report = check(str(tmp_path / "helped.db"))
    assert report.clean, report
    return tmp_path / "helped.db"


def test_help_makes_the_same_registry(tmp_path: Path) -> None:
    path = same(tmp_path, [entries(40), entries(90)[40:], entries(95)[90:]])
    with closing(sqlite3.connect(path)) as connection:
        assert run(connection, Query.parse("receipts")).total == 24
        assert run(connection, Query.parse("医疗问答")).total == 24


def test_entries_that_change_under_way_make_the_same_registry(tmp_path: Path) -> None:
    path = same(tmp_path, [entries(40), entries(20, "Renamed {}"), entries(50)[40:]])
    with closing(sqlite3.connect(path)) as connection:
        known = {word for (word,) in connection.execute("SELECT word FROM word")}
    assert {"renamed", "about", "naive", "cafe"} <= known


def kill(_registry: Registry, _number: int) -> None:
    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def test_a_process_that_dies_costs_nothing(tmp_path: Path) -> None:
    same(tmp_path, [entries(40), entries(60)[40:], entries(70)[60:]], kill)


def test_what_is_taken_back_is_in_no_index(tmp_path: Path) -> None:
    def fail(registry: Registry, number: int) -> None:
        with pytest.raises(Fatal, match="half a character"):
            registry.commit_page(number, [*entries(99, "Lost {}")[80:], Entry(source="test", id="x", name="\ud800")])

    path = same(tmp_path, [entries(40), entries(60)[40:]], fail)
    with closing(sqlite3.connect(path)) as connection:
        assert run(connection, Query.parse("lost")).total == 0


def test_an_index_that_holds_something_is_not_helped(tmp_path: Path) -> None:
    filled(tmp_path / "a.db", [entries(5)], helped=False)
    with Registry.open(tmp_path / "a.db") as registry:
        registry.index_beside()
        assert multiprocessing.active_children() == []


def test_a_search_before_help_does_no_harm(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "a.db", create=True) as registry:
        assert run(registry.connection, Query.parse("receipts")).total == 0
        registry.index_beside()
        registry.commit_page(registry.begin_run("test", "import"), entries(40))
        assert run(registry.connection, Query.parse("receipts")).total == 10
    assert check(str(tmp_path / "a.db")).clean


def test_a_companion_keeps_what_it_was_told() -> None:
    companion = Companion.started(Told)
    assert companion is not None
    answers = []
    for message in (b"a", b"b", b"c" * 3_000_000):
        companion.ask(message)
        answers.append(companion.answer())
    assert answers[:2] == [b"a", b"ab"]
    assert answers[2] == b"ab" + b"c" * 3_000_000
    companion.ask(b"die")
    assert companion.answer() is None
    companion.close()


class Told:
    """What the companion of the test above is: it gives back all that it was told."""

    def __init__(self) -> None:
        self._all = b""

    def __call__(self, message: bytes) -> bytes:
        if message == b"die":
            raise SystemExit(0)
        self._all += message
        return self._all


@pytest.mark.parametrize("text", ["Open_Web-Text 2020x", *TITLES, "\u0130stanbul", "half\u00adway \u2167ness"])
def test_words_are_those_that_the_index_cuts(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize='unicode61 remove_diacritics 2')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, row)")
        connection.execute("INSERT INTO t VALUES (?)", (text,))
        cut = {token for (token,) in connection.execute("SELECT term FROM v") if is_spelling_word(token)}
        assert words_of(connection, [text, ""]) == cut != set()
