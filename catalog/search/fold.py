"""Copies of a dataset folded into one result: of the members of a cluster that match, the first by rank stands for all.

What is hidden is worked out for the whole result, so that totals, counts and every page agree. A member whose cluster
says something stricter of its license than it does itself is judged by that, and a filter on commercial use hides it.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.index.keys import EVERY
from catalog.search.bitmaps import ids_of, matches
from catalog.sqlite import kept_of

if TYPE_CHECKING:
    from pyroaring import BitMap

FEW = 2000
"""Up to so many matches, each is looked up among the members of clusters; above, bitmaps meet."""

_CURATED = "catalog:"
_CHUNK = 500


class Member(NamedTuple):
    """A member of a cluster; `rank` 0 speaks for it."""

    id: int
    cluster: int
    rank: int


def hidden_copies(
    connection: sqlite3.Connection,
    match: str,
    condition: str,
    values: Sequence[int | str],
    named: Iterable[int] = (),
    commercial: frozenset[str] = frozenset(),
) -> frozenset[int]:
    """The ids of matching datasets that another one stands for; `named` are ids that count as matches.

    `commercial` are the verdicts that a filter asks for: a cluster whose own is none of them is hidden whole.
    """
    if not has_clusters(connection):
        return frozenset()
    members = _matching_members(connection, match, condition, values, named)
    if not commercial:
        return _copies(members)
    verdicts = cluster_verdicts(connection, {member.cluster for member in members})
    refused = frozenset(m.id for m in members if verdicts[m.cluster].commercial not in commercial)
    return refused | _copies(m for m in members if m.id not in refused)


def _copies(members: Iterable[Member]) -> frozenset[int]:
    first: dict[int, Member] = {}
    hidden = []
    for member in members:
        other = first.setdefault(member.cluster, member)
        if other is not member:
            shown, copy = sorted((other, member), key=lambda each: (each.rank, each.id))  # ranks end at the highest
            first[member.cluster] = shown
            hidden.append(copy.id)
    return frozenset(hidden)


def has_clusters(connection: sqlite3.Connection) -> bool:
    """Whether any datasets are one."""
    kept = kept_of(connection)
    found = kept.get("clusters")
    if found is None:
        found = kept["clusters"] = connection.execute("SELECT 1 FROM cluster_map").fetchone() is not None
    return bool(found)


def _matching_members(
    connection: sqlite3.Connection, match: str, condition: str, values: Sequence[int | str], named: Iterable[int]
) -> list[Member]:
    if match == f'"{EVERY}"' and not condition:
        return _members(connection, "SELECT dataset_id, cluster_id, rank FROM cluster_member", ())
    ids = matches(condition)
    bound = (match, *values)
    few = connection.execute(f"SELECT 1 FROM {ids} LIMIT 1 OFFSET {FEW}", bound).fetchone() is None
    if few:
        found = _members(
            connection,
            f"SELECT c.dataset_id, c.cluster_id, c.rank FROM {ids} m CROSS JOIN cluster_member c ON c.dataset_id = m.r",
            bound,
        )
    else:
        found = _met(connection, ids_of(connection, match, condition, values))
    known = {member.id for member in found}
    beside = [number for number in named if number not in known]
    statement = "SELECT dataset_id, cluster_id, rank FROM cluster_member WHERE dataset_id = ?"
    return found + [member for number in beside for member in _members(connection, statement, (number,))]


def _members(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[Member]:
    return [Member._make(row) for row in connection.execute(statement, values)]


def _met(connection: sqlite3.Connection, ids: BitMap) -> list[Member]:
    """The members among many matches, by bitmap."""
    from pyroaring import BitMap

    packed, raw = connection.execute("SELECT members, places FROM cluster_map").fetchone()
    members = BitMap.deserialize(packed)
    places = array("I")
    places.frombytes(raw)
    found = members & ids
    numbers = ((number, places[members.rank(number) - 1]) for number in found)
    return [Member(number, place >> 8, place & 0xFF) for number, place in numbers]


# -- what a cluster says as a whole ---------------------------------------------------------------------------------


class Voice(NamedTuple):
    """What one member says of commercial use, and why."""

    key: str
    commercial: str
    reason: str


def cluster_verdicts(connection: sqlite3.Connection, clusters: Iterable[int]) -> dict[int, Voice]:
    """For each cluster, the member whose verdict counts for all: of the reading that permits least.

    A "no" or "conditions" of any member binds all; that nothing is known binds where a curated entry says so.
    """
    strictest: dict[int, Voice] = {}
    for cluster, voice in _voices(connection, sorted(clusters)):
        other = strictest.get(cluster)
        if other is None or _strictness(voice) > _strictness(other):
            strictest[cluster] = voice
    return strictest


def voice_of(connection: sqlite3.Connection, number: int) -> Voice | None:
    """What counts for a dataset and its copies on commercial use: the verdict of the strictest of them."""
    row = connection.execute("SELECT cluster_id FROM cluster_member WHERE dataset_id = ?", (number,)).fetchone()
    return cluster_verdicts(connection, [row[0]]).get(row[0]) if row else None


def others_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[int, list[str]]]:
    """For each of these datasets that is in a cluster: the cluster, and the keys of its other members."""
    if not ids or not has_clusters(connection):
        return {}
    marks = ",".join("?" * len(ids))
    rows = connection.execute(
        "SELECT a.dataset_id, a.cluster_id, d.key FROM cluster_member a JOIN cluster_member b "
        "ON b.cluster_id = a.cluster_id AND b.dataset_id <> a.dataset_id JOIN dataset d ON d.id = b.dataset_id "
        f"WHERE a.dataset_id IN ({marks}) ORDER BY a.dataset_id, b.rank",
        ids,
    )
    found: dict[int, tuple[int, list[str]]] = {}
    for number, cluster, key in rows:
        found.setdefault(number, (cluster, []))[1].append(key)
    return found


def _voices(connection: sqlite3.Connection, clusters: Sequence[int]) -> Iterable[tuple[int, Voice]]:
    for start in range(0, len(clusters), _CHUNK):
        chunk = clusters[start : start + _CHUNK]
        rows = connection.execute(
            "SELECT c.cluster_id, d.key, d.commercial, d.license_reason FROM cluster_member c "
            f"JOIN dataset d ON d.id = c.dataset_id WHERE c.cluster_id IN ({','.join('?' * len(chunk))}) "
            "ORDER BY c.cluster_id, c.rank",
            chunk,
        )
        yield from ((cluster, Voice(*voice)) for cluster, *voice in rows)


def _strictness(voice: Voice) -> int:
    if voice.commercial == "unknown":
        return 2 if voice.key.startswith(_CURATED) else 0
    return {"no": 4, "conditions": 3, "yes": 1}.get(voice.commercial, 0)
