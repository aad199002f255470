"""Which datasets are one: `identity` decides, this reads what it decides on from the registry and stores the result.

Clusters are derived from the rows. `meta` names the generation of rows they were made of; after a small session only
what it touched, and whatever shares a mark with that, is looked at again. What a person told apart stays apart.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from pyroaring import BitMap

from catalog.identity import Cluster, Known, Mark, clusters, files_of, folded_name, key_of_page, paper_of, places_of
from catalog.identity.addresses import is_home
from catalog.identity.marks import is_paper
from catalog.index.keys import last_segment, name_norm
from catalog.index.maintain import GENERATION
from catalog.record import Entry, clean
from catalog.registry.reader import read_entries, terms_of

CLUSTERED = "clustered by rules 2"
"""The name in `meta` of the generation that clusters were made of; another name when the rules of joining change."""
MOST_TOUCHED = 20_000
"""Touched datasets from which on everything is looked at anew."""
LARGEST = 2_000
"""Datasets that one look at what was touched may lead to, times the touched ones; beyond it all is looked at."""
LEAST_FILE = 1_024
"""Bytes of a file whose digest says something: empty and tiny files are alike everywhere."""
CURATED = "catalog"
"""The source whose entries speak for their cluster: people read their evidence."""
MOST_RANK = 255

LOOK_UPS = (
    "CREATE INDEX IF NOT EXISTS dataset_doi ON dataset (lower(doi)) WHERE doi <> ''",
    "CREATE INDEX IF NOT EXISTS dataset_arxiv ON dataset (arxiv) WHERE arxiv <> ''",
    "CREATE INDEX IF NOT EXISTS distribution_digest ON distribution (digest) WHERE digest <> ''",
    "CREATE INDEX IF NOT EXISTS relation_target ON relation (target) WHERE kind = 'same-as'",
)

_DATASET_MARKS = "SELECT id, lower(doi), arxiv, name_norm FROM dataset WHERE (doi <> '' OR arxiv <> '')"
_DIGESTS = (
    f"SELECT dataset_id, digest FROM distribution WHERE digest <> '' AND coalesce(bytes, {LEAST_FILE}) >= {LEAST_FILE}"
)
_SAME_AS = "SELECT dataset_id, target, note FROM relation WHERE kind = 'same-as'"
_LOCATIONS = (
    "SELECT dataset_id, name_norm, alias, norm FROM alias a JOIN dataset d ON d.id = a.dataset_id "
    "WHERE a.kind = 'location'"
)


def is_clustered(connection: sqlite3.Connection) -> bool:
    """Whether the clusters were made of the rows as they are."""
    marks = dict(connection.execute("SELECT name, value FROM meta WHERE name IN (?, ?)", (GENERATION, CLUSTERED)))
    return bool(marks.get(GENERATION, "0") == marks.get(CLUSTERED, "0"))


def refresh_clusters(connection: sqlite3.Connection, touched: Sequence[int] | None) -> bool:
    """Bring the clusters up to the rows, in one transaction. Returns whether there was work.

    `touched` are the datasets that are new or changed since the clusters were made, None where that is not known.
    """
    if is_clustered(connection):
        return False
    if connection.execute("SELECT 1 FROM meta WHERE name = ?", (CLUSTERED,)).fetchone() is None:
        touched = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        near = None if touched is None or len(touched) > MOST_TOUCHED else _reached(connection, touched)
        if near is None:
            for statement in LOOK_UPS:
                connection.execute(statement)
            _replace(connection, None, _found(connection, _shared(connection)))
        else:
            _replace(connection, near, _found(connection, {number: _marks(connection, number) for number in near}))
        connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) SELECT ?, value FROM meta WHERE name = ?",
            (CLUSTERED, GENERATION),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def tell_apart(connection: sqlite3.Connection, number: int, because: str, now: str) -> list[str]:
    """Take a dataset out of its cluster for good; the caller holds a transaction. Returns the keys it was taken for."""
    own = _key(connection, number)
    others = [_key(connection, other) for other, _reason in members_with(connection, number) if other != number]
    rows = [(*sorted((own, other)), clean(because), now) for other in others]
    connection.executemany("INSERT OR REPLACE INTO apart (key_a, key_b, because, at) VALUES (?, ?, ?, ?)", rows)
    return others


def put_together(connection: sqlite3.Connection, number: int) -> int:
    """Forget that a dataset was told apart from others; the caller holds a transaction. Returns from how many."""
    key = _key(connection, number)
    return connection.execute("DELETE FROM apart WHERE key_a = ?1 OR key_b = ?1", (key,)).rowcount


def members_with(connection: sqlite3.Connection, number: int) -> list[tuple[int, str]]:
    """The cluster of a dataset: (id, reason) of each member, the one that speaks for it first; [] when it is alone."""
    return connection.execute(
        "SELECT dataset_id, reason FROM cluster_member WHERE cluster_id = "
        "(SELECT cluster_id FROM cluster_member WHERE dataset_id = ?) ORDER BY rank",
        (number,),
    ).fetchall()


def copies_of(connection: sqlite3.Connection, number: int) -> list[Entry]:
    """The same dataset as other sources have it: the other entries of its cluster, the one that speaks for it first."""
    ids = [member for member, _reason in members_with(connection, number) if member != number]
    found = read_entries(connection, ids, terms_of(connection))
    return [found[each] for each in ids if each in found]


def again(connection: sqlite3.Connection) -> None:
    """Have the clusters made anew at the end of this session."""
    connection.execute("DELETE FROM meta WHERE name = ?", (CLUSTERED,))


def _key(connection: sqlite3.Connection, number: int) -> str:
    key: str = connection.execute("SELECT key FROM dataset WHERE id = ?", (number,)).fetchone()[0]
    return key


# -- marks from the tables ------------------------------------------------------------------------------------------


def _mark(kind: str, value: str, note: str) -> Mark | None:
    """A detail as a mark: an address of a known hub is the key that it stands for, a DOI is a DOI; a site as a whole is
    no dataset."""
    if kind in ("same-as", "location") and value.startswith(("http://", "https://")):
        value = key_of_page(value) or value
        if is_home(value):
            return None
    if value.startswith("arxiv:"):
        return None
    if value.startswith("doi:"):
        value = value.casefold()
        return None if is_paper(value.removeprefix("doi:")) else Mark("doi", value)
    return Mark(kind, value, note)  # type: ignore[arg-type]


def _marks_of_row(doi: str, arxiv: str, norm: str) -> Iterator[Mark]:
    if doi and not is_paper(doi):
        yield Mark("doi", f"doi:{doi}")
    paper = paper_of(doi, arxiv)
    if paper and norm:
        yield Mark("paper", f"{paper} {folded_name(norm)}")


def _all_marks(connection: sqlite3.Connection, only: str = "") -> Iterator[tuple[int, Mark]]:
    """(dataset, mark) of all datasets, or of one by a condition on its id."""
    for number, doi, arxiv, norm in connection.execute(_DATASET_MARKS + only.format("id")):
        yield from ((number, mark) for mark in _marks_of_row(doi, arxiv, norm))
    files = connection.execute(f"{_DIGESTS}{only.format('dataset_id')} ORDER BY dataset_id")
    for number, rows in groupby(files, key=itemgetter(0)):
        yield number, Mark("digest", files_of(digest for _number, digest in rows))
    for number, value, note in connection.execute(_SAME_AS + only.format("dataset_id")):
        if (mark := _mark("same-as", value, note)) is not None:
            yield number, mark
    places = connection.execute(f"{_LOCATIONS}{only.format('dataset_id')} ORDER BY dataset_id, position")
    for (number, name), rows in groupby(places, key=itemgetter(0, 1)):
        for place in places_of(name, (row[2:] for row in rows)):
            if (mark := _mark("location", place, "")) is not None:
                yield number, mark


def _marks(connection: sqlite3.Connection, number: int) -> tuple[Mark, ...]:
    return tuple(mark for _number, mark in _all_marks(connection, f" AND {{}} = {int(number)}"))


def _shared(connection: sqlite3.Connection) -> dict[int, tuple[Mark, ...]]:
    """The marks that may join datasets, by dataset: those that two hold, and names of keys that are there."""
    held: dict[tuple[str, str], list[tuple[int, Mark]]] = {}
    for number, mark in _all_marks(connection):
        held.setdefault((mark.kind, mark.value), []).append((number, mark))
    found: dict[int, list[Mark]] = {}
    for (kind, value), holders in held.items():
        named = _ids_of_key(connection, value) if kind in ("same-as", "location") else []
        if named or len({number for number, _mark in holders}) > 1:
            for number, mark in holders:
                found.setdefault(number, []).append(mark)
            for number in named:
                found.setdefault(number, [])
    return {number: tuple(marks) for number, marks in found.items()}


def _ids_of_key(connection: sqlite3.Connection, key: str) -> list[int]:
    return [number for (number,) in connection.execute("SELECT id FROM dataset WHERE key = ?", (key,))]


def _reached(connection: sqlite3.Connection, touched: Sequence[int]) -> set[int] | None:
    """The touched datasets, those they were one with, and all that share a mark with these, on and on; None where
    that is too many."""
    waiting, found = list(touched), set(touched)
    while waiting:
        number = waiting.pop()
        fresh = set(_neighbours(connection, number)) - found
        found |= fresh
        waiting.extend(fresh)
        if len(found) > LARGEST + 4 * len(touched):
            return None
    return found


def _neighbours(connection: sqlite3.Connection, number: int) -> Iterator[int]:
    yield from (other for other, _reason in members_with(connection, number))
    for mark in _marks(connection, number):
        yield from _with_file_of(connection, number) if mark.kind == "digest" else _holders(connection, mark)
        if mark.kind in ("same-as", "location"):
            yield from _ids_of_key(connection, mark.value)
    key = _key(connection, number)
    for kind in ("same-as", "location"):
        yield from _holders(connection, Mark(kind, key))


def _holders(connection: sqlite3.Connection, mark: Mark) -> list[int]:
    """The datasets that hold a mark."""
    value: Sequence[object] = (mark.value,)
    if mark.kind == "doi":
        statement = (
            "SELECT id FROM dataset WHERE lower(doi) = ?1 AND doi <> '' "
            "UNION SELECT dataset_id FROM relation WHERE target = 'doi:' || ?1 AND kind = 'same-as'"
        )
        value = (mark.value.removeprefix("doi:"),)
    elif mark.kind == "same-as":
        statement = "SELECT dataset_id FROM relation WHERE target = ? AND kind = 'same-as'"
    elif mark.kind == "location":
        statement = "SELECT dataset_id FROM alias WHERE norm = ? AND alias = ? AND kind = 'location'"
        value = (name_norm(last_segment(mark.value)), mark.value)
    else:
        paper, _space, name = mark.value.partition(" ")
        return _of_paper(connection, paper, name)
    return [number for (number,) in connection.execute(statement, value)]


def _with_file_of(connection: sqlite3.Connection, number: int) -> list[int]:
    """The datasets that hold the first of a dataset's files."""
    (_number, digest) = connection.execute(f"{_DIGESTS} AND dataset_id = ? LIMIT 1", (number,)).fetchone()
    statement = "SELECT dataset_id FROM distribution WHERE digest = ? AND digest <> ''"
    return [other for (other,) in connection.execute(statement, (digest,))]


def _of_paper(connection: sqlite3.Connection, paper: str, name: str) -> list[int]:
    kind, _colon, value = paper.partition(":")
    where = "arxiv = ? AND arxiv <> ''" if kind == "arxiv" else "lower(doi) = ? AND doi <> ''"
    rows = connection.execute(f"SELECT id, name_norm FROM dataset WHERE {where}", (value,))
    return [number for number, norm in rows if folded_name(norm) == name]


# -- clusters into the tables ---------------------------------------------------------------------------------------


def _found(connection: sqlite3.Connection, marks: dict[int, tuple[Mark, ...]]) -> list[Cluster]:
    known = []
    for number, held in marks.items():
        key, slot = connection.execute("SELECT key, slot FROM dataset WHERE id = ?", (number,)).fetchone()
        known.append(Known(number, key, (0 if key.startswith(f"{CURATED}:") else 1, slot), held))
    apart = {frozenset(pair) for pair in connection.execute("SELECT key_a, key_b FROM apart")}
    return clusters(known, apart)


def _replace(connection: sqlite3.Connection, among: Iterable[int] | None, found: list[Cluster]) -> None:
    """Write clusters in the place of those of the datasets `among` (None: of all)."""
    if among is None:
        connection.execute("DELETE FROM cluster_member")
    else:
        connection.executemany("DELETE FROM cluster_member WHERE dataset_id = ?", [(number,) for number in among])
    rows = [
        (number, cluster.members[0][0], min(rank, MOST_RANK), reason)
        for cluster in found
        for rank, (number, reason) in enumerate(cluster.members)
    ]
    connection.executemany(
        "INSERT INTO cluster_member (dataset_id, cluster_id, rank, reason) VALUES (?, ?, ?, ?)", rows
    )
    _store_map(connection)


def _store_map(connection: sqlite3.Connection) -> None:
    """What a search folds with: the members as a bitmap, and for each, by id, its cluster and rank in one number."""
    rows = connection.execute("SELECT dataset_id, cluster_id << 8 | rank FROM cluster_member ORDER BY dataset_id")
    pairs = rows.fetchall()
    connection.execute("DELETE FROM cluster_map")
    if pairs:
        members = BitMap(number for number, _packed in pairs)
        members.run_optimize()
        packed = array("I", (value for _number, value in pairs))
        row = (members.serialize(), packed.tobytes())
        connection.execute("INSERT INTO cluster_map (id, members, places) VALUES (1, ?, ?)", row)
