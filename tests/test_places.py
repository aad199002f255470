"""The leads of a source: what is due, in which order, and what a visit leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.connector import Lead, Visit
from catalog.record import Record
from catalog.registry import Registry
from catalog.registry.places import Places
from catalog.tagger import complete

ONE = "https://data.example.org/1"
TWO = "https://data.example.org/2"


def _lead(place: str, **more: str) -> Lead:
    return Lead(place, scope="site", kind="page", host="data.example.org", **more)  # type: ignore[arg-type]


def _commit(registry: Registry, *, found: tuple[Lead, ...] = (), visited: tuple[Visit, ...] = ()) -> None:
    run = registry.begin_run("site", "sync")
    registry.commit_page(run, [], places=Places("site", found, visited))
    registry.finish_run(run, "done")


@pytest.fixture
def registry(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Registry.open(tmp_path / "registry.db", create=True) as opened:
        yield opened


def test_a_found_lead_is_due_until_it_is_visited(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE), _lead(TWO)))
    queue = registry.queue("site")
    assert [lead.place for lead in queue.due("site", 10)] == [ONE, TWO]
    assert queue.hosts("site") == ["data.example.org"]
    assert not queue.due("other", 10)
    _commit(registry, visited=(Visit(_lead(ONE), "read", 3600.0, etag='"1"', digest="d", keys=("site:1",)),))
    assert [lead.place for lead in queue.due("site", 10)] == [TWO]
    assert (queue.count("site"), queue.count("site", due=False)) == (1, 2)


def test_what_waits_longest_comes_after_what_was_never_visited(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE),))
    _commit(registry, visited=(Visit(_lead(ONE), "read", 0.0),))
    _commit(registry, found=(_lead(TWO),))
    assert [lead.place for lead in registry.queue("site").due("site", 10)] == [TWO, ONE]


def test_news_of_a_later_change_make_a_lead_due(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE, modified="2001-01-01"),))
    _commit(registry, visited=(Visit(_lead(ONE), "read", 9e6),))
    _commit(registry, found=(_lead(ONE, modified="2001-01-02"),))
    assert not registry.queue("site").count("site")
    _commit(registry, found=(_lead(ONE, modified="2999-01-02"),))
    assert [lead.modified for lead in registry.queue("site").due("site", 1)] == ["2999-01-02"]


def test_a_visit_leaves_what_the_next_one_needs(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE),))
    _commit(registry, visited=(Visit(_lead(ONE), "read", 0.0, etag='"1"', digest="d", keys=("site:1",)),))
    _commit(registry, visited=(Visit(_lead(ONE), "failed", 0.0, reason="503"),))
    (lead,) = registry.queue("site").due("site", 1)
    assert (lead.etag, lead.digest, lead.keys, lead.failures) == ('"1"', "d", ("site:1",), 1)
    _commit(registry, visited=(Visit(lead, "same", 0.0),))
    (lead,) = registry.queue("site").due("site", 1)
    assert (lead.etag, lead.keys, lead.failures) == ('"1"', ("site:1",), 0)


def test_a_dataset_is_missing_once_a_second_run_finds_its_place_gone(registry: Registry) -> None:
    run = registry.begin_run("site", "sync")
    places = Places("site", (_lead(ONE),), ())
    registry.commit_page(run, [complete(Record(source="site", id="1", name="one"))], places=places)
    _commit(registry, visited=(Visit(_lead(ONE), "read", 0.0, keys=("site:1",)),))
    gone = Visit(_lead(ONE), "gone", 0.0)
    missing = "SELECT count(*) FROM dataset WHERE missing_since <> ''"
    _commit(registry, visited=(gone,))
    assert registry.connection.execute(missing).fetchone() == (0,)
    _commit(registry, visited=(gone,))
    assert registry.connection.execute(missing).fetchone() == (1,)


def test_what_is_still_listed_is_back(registry: Registry) -> None:
    run = registry.begin_run("site", "sync")
    registry.commit_page(run, [complete(Record(source="site", id="1", name="one"))])
    registry.connection.execute("UPDATE dataset SET missing_since = '2020-01-01T00:00:00Z'")
    registry.commit_page(run, [], sight=True, listed=("site:1", "site:never"))
    assert registry.connection.execute("SELECT missing_since FROM dataset").fetchone() == ("",)


def test_a_change_on_the_day_of_the_visit_is_news(registry: Registry) -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    _commit(registry, found=(_lead(ONE, modified="2001-01-01"),))
    _commit(registry, visited=(Visit(_lead(ONE), "read", 9e6),))
    _commit(registry, found=(_lead(ONE, modified=today),))
    assert registry.queue("site").count("site") == 1
    _commit(registry, visited=(Visit(_lead(ONE), "read", 9e6),))
    _commit(registry, found=(_lead(ONE, modified=today),))
    assert registry.queue("site").count("site") == 0


def test_a_question_can_be_narrowed(registry: Registry) -> None:
    other = Lead("https://b.org/1", scope="site", kind="map", host="b.org", modified="2020-05-05")
    _commit(registry, found=(_lead(ONE, modified="2024-01-01"), _lead(TWO), other))
    queue = registry.queue("site")
    assert [lead.place for lead in queue.due("site", 10, kind="map")] == [other.place]
    assert [lead.place for lead in queue.due("site", 10, host="data.example.org")] == [ONE, TWO]
    assert [lead.place for lead in queue.due("site", 10, since="2023-01-01")] == [ONE, TWO]
    assert queue.hosts("site", since="2023-01-01") == ["data.example.org"]
    assert queue.hosts("site", kind="map") == ["b.org"]
    assert (queue.count("site", kind="page"), queue.count("site", due=False, host="b.org")) == (2, 1)


def test_what_was_visited_before_a_moment_is_due_again(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE), _lead(TWO)))
    _commit(registry, visited=(Visit(_lead(ONE), "read", 9e6), Visit(_lead(TWO), "refused", None)))
    queue = registry.queue("site")
    assert queue.due("site", 10) == []
    assert [lead.place for lead in queue.due("site", 10, before="2999-01-01T00:00:00Z")] == [ONE]
    assert queue.due("site", 10, before="2001-01-01T00:00:00Z") == []


def test_one_lead_is_looked_up(registry: Registry) -> None:
    _commit(registry, found=(_lead(ONE),))
    _commit(registry, visited=(Visit(_lead(ONE), "gone", 9e6),))
    found = registry.queue("site").lead("site", ONE)
    assert found is not None
    assert (found.place, found.failures) == (ONE, 1)
    assert registry.queue("site").lead("site", TWO) is None
    assert registry.queue("other").lead("site", ONE) is None
