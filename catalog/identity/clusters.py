"""Clusters of records that are one dataset: those that share a mark, but for marks that prove nothing and for what a
person told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, NamedTuple

MOST_OF_ONE_SOURCE: Final = 6
"""A mark that more datasets of one source share is a collection's, not a dataset's."""

Kind = Literal["self", "same-as", "location", "doi", "digest", "paper"]
_ORDER: Final = ("same-as", "location", "doi", "digest", "paper")


class Mark(NamedTuple):
    """What a dataset says of its identity. `self` is its own key; `same-as` and `location` name another's key, `note`
    in whose words; `doi`, `digest` and `paper` (with the folded name) are shared values."""

    kind: Kind
    value: str
    note: str = ""


@dataclass(frozen=True)
class Known:
    """A dataset as clustering sees it. `rank` orders the members of a cluster: the first one speaks for it."""

    id: int
    key: str
    rank: tuple[int, int]
    marks: tuple[Mark, ...]

    @property
    def source(self) -> str:
        return self.key.partition(":")[0]


@dataclass(frozen=True)
class Cluster:
    """Datasets that are one: (id, why it belongs to the others), the one that speaks for it first."""

    members: tuple[tuple[int, str], ...]


class _Tie(NamedTuple):
    order: int
    left: Known
    right: Known
    reason: str


def clusters(known: Iterable[Known], apart: Collection[frozenset[str]]) -> list[Cluster]:
    """The clusters of two and more among these datasets. `apart` are pairs of keys that must not be joined, by
    whatever way; the surer ties go first, so that they hold where not all can."""
    datasets = {each.id: each for each in known}
    groups = {number: {number} for number in datasets}
    parted = frozenset().union(*apart)
    reasons: dict[int, str] = {}
    for tie in sorted(_ties(datasets.values(), parted), key=lambda tie: (tie.order, tie.left.rank, tie.right.rank)):
        left, right = groups[tie.left.id], groups[tie.right.id]
        if left is right or _kept_apart(datasets, left, right, apart):
            continue
        reasons.setdefault(tie.right.id, tie.reason)
        reasons.setdefault(tie.left.id, tie.reason)
        large, small = (left, right) if len(left) >= len(right) else (right, left)
        large |= small
        for number in small:
            groups[number] = large
    found = {id(group): group for group in groups.values() if len(group) > 1}
    ordered = (sorted(group, key=lambda number: datasets[number].rank) for group in found.values())
    made = [Cluster(tuple((number, reasons[number]) for number in group)) for group in ordered]
    return sorted(made, key=lambda cluster: cluster.members[0][0])


def _kept_apart(datasets: dict[int, Known], left: set[int], right: set[int], apart: Collection[frozenset[str]]) -> bool:
    return bool(apart) and any(frozenset((datasets[a].key, datasets[b].key)) in apart for a in left for b in right)


def _ties(datasets: Collection[Known], parted: Collection[str]) -> Iterator[_Tie]:
    own = {each.key: each for each in datasets}
    holders: dict[tuple[Kind, str], list[tuple[Known, str]]] = {}
    for each in sorted(datasets, key=lambda known: known.rank):
        for mark in each.marks:
            if mark.kind != "self":
                holders.setdefault((mark.kind, mark.value), []).append((each, mark.note))
    for (kind, value), held in holders.items():
        if not _proves_nothing(kind, held):
            yield from _ties_of(kind, value, held, own.get(value))
            if any(each.key in parted for each, _note in held) or value in parted:
                yield from _ties_among(kind, value, held)


def _ties_of(kind: Kind, value: str, held: list[tuple[Known, str]], target: Known | None) -> Iterator[_Tie]:
    """Each holder of a mark with the dataset it names, or with the first of them."""
    order = _ORDER.index(kind)
    first = held[0][0]
    for each, note in held:
        if target is not None and target is not each and kind in ("same-as", "location"):
            yield _Tie(order, target, each, reason_of(kind, value, each.key, note))
        elif each is not first:
            yield _Tie(order, first, each, reason_of(kind, value, each.key, note))


def _ties_among(kind: Kind, value: str, held: list[tuple[Known, str]]) -> Iterator[_Tie]:
    """The holders of a mark with each other: the one that all were tied to may have been told apart from them."""
    for (one, _note), (other, note) in combinations(held, 2):
        yield _Tie(_ORDER.index(kind), one, other, reason_of(kind, value, other.key, note))


def _proves_nothing(kind: Kind, held: list[tuple[Known, str]]) -> bool:
    """Whether too many of one source share a mark: a place that several entries name, or files that several parts
    have in common, are a collection's; a paper that several uploads of one hub name may stand on any of them."""
    counts: dict[str, int] = {}
    for each, _note in held:
        counts[each.source] = counts.get(each.source, 0) + 1
    return max(counts.values()) > (MOST_OF_ONE_SOURCE if kind in ("same-as", "doi") else 1)


def reason_of(kind: Kind, value: str, key: str, note: str = "") -> str:
    """Why two datasets are taken for one, in a sentence without its full stop."""
    if kind == "location":
        return f"{key} names {value} as a place where it is to be had"
    if kind == "same-as":
        return f"{key} says that it is {value}" + (f" ({note})" if note else "")
    if kind == "doi":
        return f"the same DOI {value.removeprefix('doi:')}"
    if kind == "digest":
        return f"the same files by their digests ({value})"
    return f"the same paper {value.partition(' ')[0]} and nearly the same name"
