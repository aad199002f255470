"""The words of the catalog: facets, their terms in English and Chinese, aliases, parents, and maps from source terms.

The data are the TOML files beside this module, one a facet (their form is described at the top of `domains.toml`),
and `mappings.toml`, which takes the terms of sources to ours. A file is read when its facet is first asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from catalog.errors import Usage

_FILES = {
    "domain": "domains.toml",
    "task": "tasks.toml",
    "modality": "modalities.toml",
    "genre": "genres.toml",
    "language": "languages.toml",
    "format": "formats.toml",
    "license": "licenses.toml",
    "commercial": "commercial.toml",
    "access": "access.toml",
    "size": "sizes.toml",
}
_SEPARATORS = re.compile(r"[\W_]+")
_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})((?:-[a-z0-9]{1,8})+)")
_SCRIPT = re.compile(r"[a-z]{4}")


@dataclass(frozen=True)
class Term:
    """A value of a facet: `id` is stored and typed, `order` is its place in the file, from 0.

    `aliases` holds what people type in either language; `parents` are ids of the same facet; `group` is a `Group.id`.
    """

    facet: str
    id: str
    label: str
    label_zh: str
    aliases: tuple[str, ...]
    parents: tuple[str, ...]
    group: str = ""
    description: str = ""
    order: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that resolves to this term: its id, its labels and its aliases."""
        return (self.id, self.label, self.label_zh, *self.aliases)


@dataclass(frozen=True)
class Group:
    """A heading under which terms are listed, or the facet itself."""

    id: str
    label: str
    label_zh: str


def fold(text: str) -> str:
    """Text as names are compared: NFKC, without case, space and punctuation ("Pre-Training" is "pretraining")."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _SEPARATORS.sub("", text.casefold())


@cache
def load() -> Vocabulary:
    """The vocabulary of this package. Cached; no file is read before a facet is asked for."""
    return Vocabulary()


class Vocabulary:
    """Terms by facet, what resolves to them, and the maps from source terms."""

    def __init__(self) -> None:
        self._facets: dict[str, _Facet] = {}
        self._maps: dict[str, _Map] = {}

    @property
    def facets(self) -> tuple[str, ...]:
        """The facets, in the order in which they are shown."""
        return tuple(_FILES)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the maps from source terms."""
        return tuple(self._tables())

    def terms(self, facet: str) -> tuple[Term, ...]:
        """The terms of a facet, in order. Raises `Usage` where there is no such facet."""
        return tuple(self._facet(facet).terms.values())

    def has(self, facet: str, id: str) -> bool:
        """Whether a facet lists a term."""
        return facet in _FILES and id in self._facet(facet).terms

    def term(self, facet: str, id: str) -> Term:
        """A term by its id. Raises `Usage`, naming the nearest terms, where the facet has none of that id.

        A language with a region that is not listed (`en-us`) is made from its base language.
        """
        found = self._facet(facet).terms.get(id)
        if found is not None:
            return found
        base = self._base_language(id) if facet == "language" else None
        if base is None:
            raise self.unknown(facet, id)
        region = id.partition("-")[2].upper()
        labels = (f"{base.label} ({region})", f"{base.label_zh}（{region}）")
        return Term(facet, id, *labels, (), (base.id,), base.group, base.description, base.order)

    def resolve(self, facet: str, text: str) -> str | None:
        """The id that a text means (an id, a label or an alias, however it is spaced), or None.

        A language tag is read by rule where it is not listed: the script is dropped, the region stays
        (`eng_Latn` is `en`, `pt_BR` is `pt-br`).
        """
        found = self._facet(facet).names.get(fold(text))
        if found is None and facet == "language":
            return self._resolve_language(text)
        return found

    def require(self, facet: str, text: str) -> str:
        """As `resolve`, but raises `Usage` with what may have been meant."""
        found = self.resolve(facet, text)
        if found is None:
            raise self.unknown(facet, text)
        return found

    def unknown(self, facet: str, text: str) -> Usage:
        """The error that says that a facet has no such term, and which are near."""
        near = self.suggest(facet, text)
        question = f"; did you mean {' or '.join(near)}?" if near else "."
        return Usage(f"There is no {facet} {text[:80]!r}{question}", f"`catalog facets {facet}` lists them all.")

    def ancestors(self, facet: str, id: str) -> tuple[str, ...]:
        """All terms above a term, nearest first, each once."""
        found: dict[str, None] = {}
        waiting = list(self.term(facet, id).parents)
        while waiting:
            parent = waiting.pop(0)
            if parent not in found:
                found[parent] = None
                waiting.extend(self.term(facet, parent).parents)
        return tuple(found)

    def suggest(self, facet: str, text: str) -> list[str]:
        """At most three ids whose names look like a text, the likeliest first."""
        import difflib

        names = self._facet(facet).names
        near = difflib.get_close_matches(fold(text)[:80], names, n=8, cutoff=0.6)
        return list(dict.fromkeys(names[name] for name in near))[:3]

    def groups(self, facet: str) -> tuple[Group, ...]:
        """The headings of a facet, in order; empty for a facet that has none."""
        return self._facet(facet).groups

    def heading(self, facet: str) -> Group:
        """The facet itself with its labels."""
        return self._facet(facet).heading

    def mapped(self, table: str, raw: str) -> tuple[str, ...]:
        """Our terms for a source's term, most fitting first; empty where the table does not know it.

        Raises `Usage` where there is no such table.
        """
        return self._map(table).terms.get(fold(raw), ())

    def knows(self, table: str, raw: str) -> bool:
        """Whether a table has an entry for a source's term, be it one that says that no term of ours fits."""
        return fold(raw) in self._map(table).terms

    def target(self, table: str) -> str:
        """The facet that a table maps to."""
        return self._map(table).facet

    def _facet(self, facet: str) -> _Facet:
        found = self._facets.get(facet)
        if found is None:
            if facet not in _FILES:
                raise Usage(f"There is no facet {facet[:80]!r}.", f"The facets are {', '.join(_FILES)}.")
            found = self._facets[facet] = _Facet(facet, _read(_FILES[facet]))
        return found

    def _map(self, table: str) -> _Map:
        tables = self._tables()
        if table not in tables:
            raise Usage(f"There is no mapping table {table[:80]!r}.", f"The tables are {', '.join(tables)}.")
        return tables[table]

    def _tables(self) -> Mapping[str, _Map]:
        if not self._maps:
            self._maps = {name: _Map(entry) for name, entry in _read("mappings.toml").items()}
        return self._maps

    def _base_language(self, id: str) -> Term | None:
        tag = _LANGUAGE_TAG.fullmatch(id)
        return self._facet("language").terms.get(tag[1]) if tag else None

    def _resolve_language(self, text: str) -> str | None:
        tag = _LANGUAGE_TAG.fullmatch(text.strip().replace("_", "-").casefold())
        base = self._facet("language").names.get(tag[1]) if tag else None
        if tag is None or base is None:
            return None
        kept = [part for part in tag[2].split("-")[1:] if not _SCRIPT.fullmatch(part)]
        return "-".join([base, *kept])


class _Facet:
    """One facet as its file has it."""

    def __init__(self, facet: str, data: Mapping[str, Any]) -> None:
        self.heading = Group(facet, data["label"], data["zh"])
        self.groups = tuple(Group(id, *labels) for id, labels in data.get("groups", {}).items())
        rows = enumerate(data["terms"].items())
        self.terms = {id: _term(facet, id, row, order) for order, (id, row) in rows}
        self.names = {fold(name): term.id for term in self.terms.values() for name in term.names}


class _Map:
    """One table of `mappings.toml`: folded source term to ids."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.facet: str = entry["facet"]
        self.terms: dict[str, tuple[str, ...]] = {fold(raw): () for raw in entry.get("none", ())}
        self.terms |= {fold(raw): tuple(ids) for raw, ids in entry.get("several", {}).items()}
        self.terms |= {fold(raw): (id,) for id, raws in entry.get("to", {}).items() for raw in raws}


def _term(facet: str, id: str, row: Mapping[str, Any], order: int) -> Term:
    lists = (tuple(row.get("aliases", ())), tuple(row.get("parents", ())))
    return Term(facet, id, row["label"], row["zh"], *lists, row.get("group", ""), row.get("about", ""), order)


def _read(name: str) -> dict[str, Any]:
    import tomllib

    with Path(__file__).with_name(name).open("rb") as file:
        return tomllib.load(file)
