"""What a person said of a dataset's tags: it outlives every sync, import and retag, and goes along in exports.

A correction sets the terms of a facet, adds to them or takes some away. It is applied to each entry on its way into
the tables, so that search, counts and exports see nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from catalog import vocabulary
from catalog.errors import Skipped
from catalog.record import Entry, Tag, clean

Act = Literal["set", "add", "remove"]

RULE: Final = "local correction"
FACETS: Final = ("domain", "task", "language", "genre", "modality", "format")
"""Facets that a person may correct. A license is told by claims, never by a tag."""


class Correction(NamedTuple):
    """One correction: for the dataset of a key, what is done with terms of a facet, why (a URL or words), and when."""

    key: str
    facet: str
    act: Act
    terms: tuple[str, ...]
    because: str
    at: str

    def line(self) -> bytes:
        """The correction as one line of JSON, as it is exported."""
        return json.dumps(self._asdict(), ensure_ascii=False, sort_keys=True).encode()


def load_corrections(connection: sqlite3.Connection) -> dict[str, list[Correction]]:
    """All corrections, by the key of their dataset, in the order they were made."""
    found: dict[str, list[Correction]] = {}
    statement = "SELECT key, facet, act, terms, because, at FROM correction ORDER BY at, key, facet, act"
    for key, facet, act, terms, because, at in connection.execute(statement):
        found.setdefault(key, []).append(Correction(key, facet, act, tuple(json.loads(terms)), because, at))
    return found


def store_correction(connection: sqlite3.Connection, correction: Correction) -> None:
    """Keep a correction; one that sets a facet takes the place of all there were for it. The caller commits.

    Additions go to earlier ones, and so do removals; of a term that is said both of, the last word counts.
    """
    if correction.act == "set":
        forget_corrections(connection, correction.key, correction.facet)
    else:
        before = _earlier(connection, correction.key, correction.facet)
        if other := before.get("remove" if correction.act == "add" else "add"):
            _store(connection, other._replace(terms=tuple(t for t in other.terms if t not in correction.terms)))
        if same := before.get(correction.act):
            terms = tuple(dict.fromkeys((*same.terms, *correction.terms)))
            correction = correction._replace(terms=terms, because=correction.because or same.because)
    _store(connection, correction)


def _earlier(connection: sqlite3.Connection, key: str, facet: str) -> dict[str, Correction]:
    """What was said of a facet of a dataset, by act."""
    rows = connection.execute(
        "SELECT key, facet, act, terms, because, at FROM correction WHERE key = ? AND facet = ?", (key, facet)
    )
    found = (Correction._make(row) for row in rows)
    return {each.act: each._replace(terms=tuple(json.loads(each.terms))) for each in found}  # type: ignore[arg-type]


def _store(connection: sqlite3.Connection, correction: Correction) -> None:
    """Write a correction in the place of that of its act; one of no terms is none, but where it sets a facet."""
    if correction.terms or correction.act == "set":
        values = correction._replace(terms=json.dumps(correction.terms), because=clean(correction.because))  # type: ignore[arg-type]
        connection.execute(
            "INSERT OR REPLACE INTO correction (key, facet, act, terms, because, at) VALUES (?, ?, ?, ?, ?, ?)", values
        )
    else:
        connection.execute("DELETE FROM correction WHERE key = ? AND facet = ? AND act = ?", correction[:3])


def forget_corrections(connection: sqlite3.Connection, key: str, facet: str = "") -> int:
    """Forget what was said of a dataset, of one facet or of all. Returns how many corrections these were."""
    where, values = ("key = ? AND facet = ?", (key, facet)) if facet else ("key = ?", (key,))
    return connection.execute(f"DELETE FROM correction WHERE {where}", values).rowcount


def corrected(entry: Entry, corrections: Iterable[Correction]) -> Entry:
    """The entry with its corrections applied. Pure."""
    tags = list(entry.tags or ())
    for each in sorted(corrections, key=lambda correction: _ORDER.index(correction.act)):
        said = [Tag(each.facet, term, RULE, each.because[:200]) for term in each.terms]
        if each.act == "set":
            tags = [tag for tag in tags if tag.facet != each.facet] + said
        elif each.act == "add":
            tags = [tag for tag in tags if tag.facet != each.facet or tag.term not in each.terms] + said
        else:
            tags = [tag for tag in tags if tag.facet != each.facet or tag.term not in each.terms]
    return replace(entry, tags=tuple(tags))


_ORDER: Final = ("set", "add", "remove")


def apply_to(entry: Entry, known: Mapping[str, list[Correction]]) -> Entry:
    """The entry as the registry is to hold it."""
    return corrected(entry, known[entry.key]) if entry.key in known else entry


def read_correction(line: bytes) -> Correction:
    """A correction from one line of JSON. Raises `Skipped` with the reason for anything else."""
    try:
        found = json.loads(line)
        said = Correction(
            key=clean(str(found["key"])),
            facet=str(found["facet"]),
            act=found["act"],
            terms=tuple(map(str, found["terms"])),
            because=clean(str(found.get("because", ""))),
            at=clean(str(found.get("at", "")), 30),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Skipped(f"it is no correction ({type(error).__name__}: {error}).") from error
    wrong = [term for term in said.terms if said.facet in FACETS and not vocabulary.load().has(said.facet, term)]
    if said.facet not in FACETS or said.act not in _ORDER or ":" not in said.key or wrong:
        raise Skipped(f"it names no facet, act, key or term that there is: {line[:100]!r}.")
    return said
