"""Similar datasets: of the most popular that share a domain and a task, those that share the most.

For each pair of a domain and a task (or a language, where an entry has no task) the first datasets in the order of
popularity are kept; an entry is compared with those of its own pairs. So it costs the same at any size, and what is
offered is what people use. A shared term counts more the fewer datasets hold it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from math import fsum, log
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
_KNOWN = 65_536
"""Sets of shared terms that are kept."""


class _Candidate(NamedTuple):
    """A dataset that is kept: its document, its cluster, and its terms, a bit each."""

    doc: int
    key: str
    title: str
    group: int
    terms: int


_Found = tuple[float, int, int, str, _Candidate]
"""Weight, the rank of the pair that it is of, its id, what is shared, itself."""


class _Shared(dict[int, tuple[float, str]]):
    """What a set of shared terms weighs, the heaviest lowest, and how it is told: few sets come again and again."""

    def __init__(self, terms: Sequence[int], weight: Mapping[int, float], label: Mapping[int, str]) -> None:
        super().__init__()
        self._terms, self._weight, self._label = terms, weight, label

    def __missing__(self, shared: int) -> tuple[float, str]:
        if len(self) >= _KNOWN:
            self.clear()
        terms = [term for place, term in enumerate(self._terms[: shared.bit_length()]) if shared >> place & 1]
        told = sorted(terms, key=lambda term: (-self._weight[term], term))[:4]
        found = -fsum(self._weight[term] for term in terms), f"also {', '.join(self._label[term] for term in told)}"
        self[shared] = found
        return found


class Neighbours:
    """Finds what is similar; made of one walk over the registry."""

    def __init__(self, connection: sqlite3.Connection, order: Sequence[int], labels: Labels) -> None:
        rows = connection.execute("SELECT id, facet, term FROM term").fetchall()
        self._facet = {number: facet for number, facet, _term in rows if facet in _COMPARED}
        self._number = {(facet, term): number for number, facet, term in rows if facet in _COMPARED}
        self._label = {number: labels.of(facet, term).en for number, facet, term in rows if facet in _COMPARED}
        totals = dict(connection.execute("SELECT term_id, total FROM facet_bitmap"))
        size = max(2, len(order))
        self._weight = {n: log(size / max(1, totals.get(n, 1))) + 0.1 for n in self._facet}
        often = sorted(self._facet, key=lambda term: (self._weight[term], term))  # so that sets are small numbers
        self._bit = {term: 1 << place for place, term in enumerate(often)}
        self._shared = _Shared(often, self._weight, self._label)
        self._cluster = dict(connection.execute("SELECT dataset_id, cluster_id FROM cluster_member"))
        self._terms: dict[int, tuple[int, ...]] = {}
        self._best: dict[tuple[int, int], list[int]] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._gather(connection, order)

    def of(self, number: int, terms: Sequence[int]) -> list[Similar]:
        """What is similar to a dataset that has these terms, the likest first."""
        mine = self._set_of(terms)
        group = self._cluster.get(number, -number)
        ranks: dict[int, int] = {}
        for rank, pair in enumerate(self._pairs(terms)):
            for other in self._best.get(pair, ()):
                ranks.setdefault(other, rank)
        candidates, shared = self._candidates, self._shared
        found: list[_Found] = []
        for other, rank in ranks.items():
            candidate = candidates[other]
            if other != number and candidate.group != group:
                weight, told = shared[mine & candidate.terms]
                found.append((weight, rank, other, told, candidate))
        found.sort()
        return [
            Similar(each.doc, each.key, each.title, told)
            for _weight, _rank, _other, told, each in self._one_each(found)
        ]

    def terms_named(self, pairs: Iterable[tuple[str, str]]) -> tuple[int, ...]:
        """The terms that are compared, of (facet, term) pairs."""
        return tuple(number for pair in pairs if (number := self._number.get(pair)) is not None)

    def terms_of(self, packed: str) -> tuple[int, ...]:
        """The terms that are compared, of a dataset's terms as the index keeps them."""
        numbers = (int(each, 16) for each in packed.partition(TAGS_END)[0].split())
        return tuple(number for number in numbers if number in self._facet)

    def _one_each(self, best: Iterable[_Found]) -> list[_Found]:
        """The first of each cluster, at most `SHOWN`."""
        seen: dict[int, _Found] = {}
        for each in best:
            seen.setdefault(each[-1].group, each)
            if len(seen) == SHOWN:
                break
        return list(seen.values())

    def _set_of(self, terms: Iterable[int]) -> int:
        """Terms as a set, a bit each."""
        found = 0
        for term in terms:
            found |= self._bit[term]
        return found

    def _pairs(self, terms: Sequence[int]) -> list[tuple[int, int]]:
        """The pairs of a domain and a task of a dataset, the rarest first."""
        facet = self._facet
        domains = [term for term in terms if facet[term] == "domain"]
        others = [term for term in terms if facet[term] == "task"] or [t for t in terms if facet[t] == "language"]
        weight = self._weight
        pairs = [(domain, other) for domain in domains for other in others] or [(term, term) for term in others]
        rarest = sorted([(-weight[one] - weight[other], one, other) for one, other in pairs])
        return [(one, other) for _weight, one, other in rarest[:_MOST_PAIRS]]

    def _gather(self, connection: sqlite3.Connection, order: Sequence[int]) -> None:
        for start in range(0, len(order), _CHUNK):
            chunk = list(order[start : start + _CHUNK])
            marks = ",".join("?" * len(chunk))
            packed = dict(connection.execute(f"SELECT id, terms FROM dataset_terms WHERE id IN ({marks})", chunk))
            kept: dict[int, tuple[int, tuple[int, ...]]] = {}
            for doc, number in enumerate(chunk, start):
                terms = self.terms_of(packed.get(number, ""))
                for pair in self._pairs(terms):
                    best = self._best.setdefault(pair, [])
                    if len(best) < _KEPT:
                        best.append(number)
                        kept[number] = doc, terms
            self._keep(connection, kept)

    def _keep(self, connection: sqlite3.Connection, kept: dict[int, tuple[int, tuple[int, ...]]]) -> None:
        marks = ",".join("?" * len(kept))
        for number, key, title in connection.execute(
            f"SELECT id, key, iif(title = '', name, title) FROM dataset WHERE id IN ({marks})", list(kept)
        ):
            group = self._cluster.get(number, -number)
            doc, terms = kept[number]
            self._candidates[number] = _Candidate(doc, key, title, group, self._set_of(terms))
