"""Similar datasets: of the most popular that share a domain and a task, those that share the most.

For each pair of a domain and a task (or a language, where an entry has no task) the first datasets in the order of
popularity are kept; an entry is compared with those of its own pairs. So it costs the same at any size, and what is
offered is what people use. A shared term counts more the fewer datasets hold it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from catalog.index.keys import TAGS_END
from catalog.pages.detail import Similar
from catalog.pages.labels import Labels

SHOWN = 6
_KEPT = 12
"""Datasets kept of a pair."""
_MOST_PAIRS = 12
_COMPARED = ("domain", "task", "language", "genre", "modality", "format")
_CHUNK = 2_000


class _Candidate(NamedTuple):
    id: int
    key: str
    title: str
    terms: frozenset[int]


class Neighbours:
    """Finds what is similar; made of one walk over the registry."""

    def __init__(self, connection: sqlite3.Connection, order: Sequence[int], labels: Labels) -> None:
        rows = connection.execute("SELECT id, facet, term FROM term").fetchall()
        self._facet = {number: facet for number, facet, _term in rows if facet in _COMPARED}
        self._number = {(facet, term): number for number, facet, term in rows if facet in _COMPARED}
        self._label = {number: labels.of(facet, term).en for number, facet, term in rows if facet in _COMPARED}
        totals = dict(connection.execute("SELECT term_id, total FROM facet_bitmap"))
        size = max(2, len(order))
        self._weight = {n: math.log(size / max(1, totals.get(n, 1))) + 0.1 for n in self._facet}
        self._cluster = dict(connection.execute("SELECT dataset_id, cluster_id FROM cluster_member"))
        self._terms: dict[int, tuple[int, ...]] = {}
        self._best: dict[tuple[int, int], list[int]] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._gather(connection, order)

    def of(self, number: int, terms: Sequence[int]) -> list[Similar]:
        """What is similar to a dataset that has these terms, the likest first."""
        mine = frozenset(terms)
        group = self._cluster.get(number, -number)
        found: dict[int, tuple[float, int]] = {}
        for rank, pair in enumerate(self._pairs(terms)):
            for other in self._best.get(pair, ()):
                if other != number and other not in found and self._cluster.get(other, -other) != group:
                    shared = mine & self._candidates[other].terms
                    found[other] = (-sum(self._weight[term] for term in shared), rank)
        best = sorted(found, key=lambda other: (found[other], other))
        return [self._told(other, mine) for other in self._one_each(best)]

    def terms_named(self, pairs: Iterable[tuple[str, str]]) -> tuple[int, ...]:
        """The terms that are compared, of (facet, term) pairs."""
        return tuple(number for pair in pairs if (number := self._number.get(pair)) is not None)

    def terms_of(self, packed: str) -> tuple[int, ...]:
        """The terms that are compared, of a dataset's terms as the index keeps them."""
        numbers = (int(each, 16) for each in packed.partition(TAGS_END)[0].split())
        return tuple(number for number in numbers if number in self._facet)

    def _one_each(self, best: Iterable[int]) -> list[int]:
        """The first of each cluster, at most `SHOWN`."""
        seen: dict[int, int] = {}
        for other in best:
            seen.setdefault(self._cluster.get(other, -other), other)
            if len(seen) == SHOWN:
                break
        return list(seen.values())

    def _told(self, other: int, mine: frozenset[int]) -> Similar:
        candidate = self._candidates[other]
        shared = sorted(mine & candidate.terms, key=lambda term: (-self._weight[term], term))[:4]
        return Similar(candidate.key, candidate.title, f"also {', '.join(self._label[term] for term in shared)}")

    def _pairs(self, terms: Sequence[int]) -> list[tuple[int, int]]:
        """The pairs of a domain and a task of a dataset, the rarest first."""
        facet = self._facet
        domains = [term for term in terms if facet[term] == "domain"]
        others = [term for term in terms if facet[term] == "task"] or [t for t in terms if facet[t] == "language"]
        pairs = [(domain, other) for domain in domains for other in others] or [(term, term) for term in others]
        weight = self._weight
        pairs.sort(key=lambda pair: (-weight[pair[0]] - weight[pair[1]], pair))
        return pairs[:_MOST_PAIRS]

    def _gather(self, connection: sqlite3.Connection, order: Sequence[int]) -> None:
        for start in range(0, len(order), _CHUNK):
            chunk = list(order[start : start + _CHUNK])
            marks = ",".join("?" * len(chunk))
            packed = dict(connection.execute(f"SELECT id, terms FROM dataset_terms WHERE id IN ({marks})", chunk))
            kept: dict[int, tuple[int, ...]] = {}
            for number in chunk:
                terms = self.terms_of(packed.get(number, ""))
                for pair in self._pairs(terms):
                    best = self._best.setdefault(pair, [])
                    if len(best) < _KEPT:
                        best.append(number)
                        kept[number] = terms
            self._keep(connection, kept)

    def _keep(self, connection: sqlite3.Connection, kept: dict[int, tuple[int, ...]]) -> None:
        marks = ",".join("?" * len(kept))
        for number, key, title in connection.execute(
            f"SELECT id, key, iif(title = '', name, title) FROM dataset WHERE id IN ({marks})", list(kept)
        ):
            self._candidates[number] = _Candidate(number, key, title, frozenset(kept[number]))
