"""What a search gives back: plain values that print, compare and turn into JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog.index.keys import ID_MASK, TAGS_END
from catalog.search.fold import Voice, cluster_verdicts, others_of
from catalog.sqlite import kept_of


class Hit(NamedTuple):
    """One dataset in a result. Counts are None where the source says nothing; `tags` maps a facet to its terms.

    `also_at` are the keys of its copies elsewhere; the verdict on commercial use is then the strictest of all.
    """

    key: str
    name: str
    title: str
    title_zh: str
    summary: str
    url: str
    source: str
    access: str
    commercial: str
    license: str
    license_class: str
    license_reason: str
    rows: int | None
    bytes: int | None
    tokens: int | None
    downloads: int | None
    likes: int | None
    popularity: int
    modified: str
    missing_since: str
    tags: dict[str, list[str]]
    exact: bool
    also_at: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The hit as the values of `--json`."""
        return self._asdict()


class FacetCount(NamedTuple):
    """How many datasets of a result hold a term."""

    term: str
    label: str
    label_zh: str
    count: int  # type: ignore[assignment]  # not the method of a tuple


@dataclass(frozen=True)
class Result:
    """A page of hits with what is known of the whole result.

    `facets` maps a facet to its counts over the whole result, most first; None when not asked for. `did_you_mean` is
    the spelling whose hits are shown instead when the words as typed found (almost) nothing. `emptied_by` names, for
    an empty result, each filter without which there would be hits, and how many; where no one filter is to blame,
    those that find nothing even alone, with 0.
    """

    hits: tuple[Hit, ...]
    total: int
    offset: int = 0
    facets: dict[str, list[FacetCount]] | None = None
    notes: tuple[str, ...] = ()
    did_you_mean: str = ""
    emptied_by: tuple[tuple[str, int], ...] = ()
    total_is_exact: bool = True
    read_as: tuple[str, ...] = ()
    """The terms that words of the query were read as, as filters are typed: what carries them all comes first, and
    what carries one with a minus before it is left out."""
    left_out: str = ""
    """The word without which the last hits were found, where few hold all of the words."""

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def to_dict(self) -> dict[str, Any]:
        """The result as the object of `--json`."""
        facets = None
        if self.facets is not None:
            facets = {facet: {each.term: each.count for each in counts} for facet, counts in self.facets.items()}
        return {
            "total": self.total,
            "total_is_exact": self.total_is_exact,
            "offset": self.offset,
            "hits": [hit.to_dict() for hit in self.hits],
            "facets": facets,
            "notes": list(self.notes),
            "did_you_mean": self.did_you_mean,
            "read_as": list(self.read_as),
            "left_out": self.left_out,
            "emptied_by": [{"filter": name, "hits_without_it": count} for name, count in self.emptied_by],
        }

    def _repr_html_(self) -> str:
        from catalog.text import for_html

        rows = "".join(
            f"<tr><td>{for_html(hit.key)}</td><td>{for_html(hit.title)}</td><td>{for_html(hit.commercial)}</td></tr>"
            for hit in self.hits
        )
        return f"<table><tr><th>key</th><th>title</th><th>commercial</th></tr>{rows}</table>"


_COLUMNS = Hit._fields[:-3]


def read_hits(
    connection: sqlite3.Connection, slots: Sequence[int], exact: frozenset[int], *, merge: bool = True
) -> tuple[Hit, ...]:
    """The hits of these slots, in their order; `exact` are the slots whose name is just what was asked for.

    With `merge` each speaks for its copies elsewhere as well.
    """
    if not slots:
        return ()
    ids = [slot & ID_MASK for slot in slots]
    rows = {row[0]: row for row in connection.execute(f"{_SELECT} ({','.join('?' * len(ids))})", ids)}
    tags = {number: row[1].partition(TAGS_END)[0].split() for number, row in rows.items()}
    names = term_names(connection, {token for tokens in tags.values() for token in tokens})
    found = []
    for slot, number in zip(slots, ids, strict=True):
        if number in rows:
            by_facet: dict[str, list[str]] = {}
            for token in tags[number]:
                facet, term = names[token]
                by_facet.setdefault(facet, []).append(term)
            found.append(Hit._make((*rows[number][2:], by_facet, slot in exact, [])))
    return _merged(connection, ids, found) if merge else tuple(found)


def _merged(connection: sqlite3.Connection, ids: Sequence[int], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits with the keys of their copies, and the verdict that counts for all of these."""
    others = others_of(connection, ids)
    if not others:
        return tuple(hits)
    verdicts = cluster_verdicts(connection, {cluster for cluster, _keys in others.values()})
    numbers = dict(connection.execute(f"SELECT key, id FROM dataset WHERE id IN ({','.join('?' * len(ids))})", ids))
    return tuple(_with_copies(hit, others.get(numbers[hit.key]), verdicts) for hit in hits)


def _with_copies(hit: Hit, others: tuple[int, list[str]] | None, verdicts: Mapping[int, Voice]) -> Hit:
    if others is None:
        return hit
    cluster, keys = others
    voice = verdicts[cluster]
    if voice.commercial == hit.commercial:
        return hit._replace(also_at=keys)
    reason = f"{voice.key}: {voice.reason}"
    return hit._replace(also_at=keys, commercial=voice.commercial, license_reason=reason)


_SELECT = (
    f"SELECT d.id, t.terms, {', '.join(f'd.{name}' for name in _COLUMNS)} "
    "FROM dataset d JOIN dataset_terms t ON t.id = d.id WHERE d.id IN"
)


def term_names(connection: sqlite3.Connection, tokens: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(facet, term) of terms, by their hexadecimal number; those asked for before are remembered."""
    names: dict[str, tuple[str, str]] = kept_of(connection).setdefault("names", {})
    unknown = [int(token, 16) for token in tokens if token not in names]
    if unknown:
        statement = f"SELECT id, facet, term FROM term WHERE id IN ({','.join('?' * len(unknown))})"
        for number, facet, term in connection.execute(statement, unknown):
            names[f"{number:x}"] = facet, term
    return names
