"""The queue that connector authors test with behaves as the one in the registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.connector import Cursor, Lead, Page, Visit
from catalog.registry import Registry
from catalog.registry.places import Places
from connectors.testing import MemoryQueue

NUMBERS = count()
PLACES = st.sampled_from(["1", "2", "3", "4"])
SCOPES = st.sampled_from(["", "part"])
KINDS = st.sampled_from(["page", "map"])
HOSTS = st.sampled_from(["a.org", "b.org"])
DATES = st.sampled_from(["", "2001-01-01", "2999-01-01"])
OUTCOMES: st.SearchStrategy[Literal["read", "same", "failed", "gone", "refused"]] = st.sampled_from(
    ["read", "same", "failed", "gone", "refused"]
)
LEADS = st.builds(Lead, PLACES, SCOPES, KINDS, HOSTS, DATES, st.integers(0, 3))
VISITS = st.builds(
    lambda outcome, again, etag, digest, keys: (outcome, again, etag, digest, keys),
    OUTCOMES,
    st.sampled_from([None, 0.0, 1e6]),
    st.sampled_from(["", '"e"']),
    st.sampled_from(["d1", "d2"]),
    st.sampled_from([(), ("s:1",)]),
)
STEPS = st.lists(st.tuples(st.lists(LEADS, max_size=4), st.lists(st.tuples(st.integers(0, 7), VISITS), max_size=2)))


def seen(queue: Any) -> list[Any]:
    """All that can be asked, without the times of visits."""
    found: list[Any] = []
    for scope in ("", "part"):
        for which in ({}, {"kind": "map"}, {"since": "2500-01-01"}, {"before": "2999-01-01T00:00:00Z"}):
            due = [replace(lead, visited=lead.visited[:4]) for lead in queue.due(scope, 9, **which)]
            found.append((sorted(due, key=repr), queue.hosts(scope, **which), queue.count(scope, **which)))
            found.append([lead.visited == "" for lead in queue.due(scope, 9, **which)])
        found.append((queue.count(scope, due=False), queue.count(scope, host="b.org")))
        found += [lead and replace(lead, visited="") for lead in (queue.lead(scope, place) for place in "1234")]
    return found


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with Registry.open(tmp_path_factory.mktemp("queue") / "registry.db", create=True) as registry:
        yield registry


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_both_queues_answer_alike(registry: Registry, steps: Any) -> None:
    """Each example is a source of its own."""
    run, source, memory = registry.begin_run("queue", "sync"), f"s{next(NUMBERS)}", MemoryQueue()
    for found, visits in steps:
        known = [lead for scope in ("", "part") for place in "1234" if (lead := memory.lead(scope, place))]
        visited = tuple(
            Visit(known[number], outcome, again, etag, "", digest, keys)
            for number, (outcome, again, etag, digest, keys) in dict(visits).items()
            if number < len(known)
        )
        memory.take(Page((), Cursor(), found=tuple(found), visited=visited))
        registry.commit_page(run, [], places=Places(source, tuple(found), visited))
        assert seen(memory) == seen(registry.queue(source))
