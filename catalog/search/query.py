"""The query language: what a person types, read without ever failing.

    medical task:sft -license:nc lang:zh,en rows:10k..1M "exact phrase" trans* -toxic

Free words are joined by AND. `facet:value` filters (a comma means OR, a leading minus excludes), `field:a..b` is a
range, a quoted part is a phrase, a minus before a word excludes it, a star after at least two characters makes a
prefix. What does not read as a filter is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from catalog.errors import Usage
from catalog.index.keys import plain

FACETS = {
    "domain": "domain", "task": "task", "stage": "task", "license": "license", "licence": "license",
    "commercial": "commercial", "lang": "language", "language": "language", "modality": "modality",
    "genre": "genre", "format": "format", "source": "source", "access": "access", "band": "size",
    "library": "library",
}  # fmt: skip
"""What a person may call a facet, to the facet."""

RANGES = {
    "rows": "rows", "size": "bytes", "bytes": "bytes", "tokens": "tokens", "updated": "modified",
    "created": "created", "year": "year", "downloads": "downloads", "likes": "likes",
}  # fmt: skip
"""What a person may call a range, to the column of the dataset table."""

CLOSED = "gated,agreement,request"
"""The access terms that ask something of a person before the files come: what `gated:yes` stands for."""

_TRUTH = {"yes": True, "true": True, "no": False, "false": False}

DATES = ("modified", "created")
TIMES = (*DATES, "year")
SORTS = ("relevance", "popularity", "updated", "size", "rows", "name")
MAX_WORDS = 32
MAX_VALUES = 64
"""Filter values that are read from free text."""

_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<key>[A-Za-z]{2,12}):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S+))')
_AMOUNT = r"(?ai)(\d{1,3}(?:,\d{3})+|\d{1,30}(?:[.,]\d{1,30})?)\s*([kmgtb]?)(i?b)?\Z"
_GROUPED = r"(?a)\d{1,3}(,\d{3})+\Z"
_DATE = r"(?a)\d{4}(-(0\d|1[0-2])(-\d{2})?)?\Z"
"""Compiled when a range is first read: start-up counts."""
_THOUSANDS = {"": 0, "k": 1, "m": 2, "g": 3, "b": 3, "t": 4}

Bound = int | str | None
Range = tuple[Bound, Bound]


class Word(NamedTuple):
    """A free part of a query: `kind` is word, phrase or prefix."""

    text: str
    kind: str = "word"
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """What to look for. `filters` and `excluded` map a facet to values as typed, `ranges` a column to (low, high).

    `loose` names the filter values that came from free text: one that names no term is looked up as text there, while
    one from a flag is an error.
    """

    words: tuple[Word, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    sort: str = "relevance"
    limit: int = 20
    offset: int = 0
    missing: bool = False
    merge: bool = True
    """Whether the copies of a dataset on several hosts are one result."""
    notes: tuple[str, ...] = ()
    loose: frozenset[tuple[str, str]] = frozenset()
    """(facet, value) pairs that came from free text and fall back to text when they name no term."""

    @property
    def text(self) -> str:
        """The free words as one text."""
        return " ".join(word.text for word in self.words if not word.negated)

    @classmethod
    def parse(cls, text: str, **more: object) -> Query:
        """Read a query string; `more` sets further fields (`limit=5`). Never raises for any text."""
        return _Reader().read(text, cls(**more))  # type: ignore[arg-type]

    def narrowed(
        self,
        filters: Mapping[str, Iterable[str]],
        excluded: Mapping[str, Iterable[str]],
        ranges: Mapping[str, str],
    ) -> Query:
        """This query with filters given as flags added. Raises `Usage` for a range that cannot be read."""
        return replace(
            self,
            filters=_merge(self.filters, filters),
            excluded=_merge(self.excluded, excluded),
            ranges={**self.ranges, **{RANGES[name]: parse_range(name, value) for name, value in ranges.items()}},
        )


def storable(text: str) -> str:
    """Text that SQLite takes. Arguments that came as UTF-8 where the locale says otherwise are read as what they are;
    other halves of characters become a question mark."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text.encode("utf-8", "replace").decode()


class _Reader:
    """Collects the parts of one query string."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.filters: dict[str, tuple[str, ...]] = {}
        self.excluded: dict[str, tuple[str, ...]] = {}
        self.ranges: dict[str, Range] = {}
        self.loose: set[tuple[str, str]] = set()
        self.notes: list[str] = []

    def read(self, text: str, query: Query) -> Query:
        for match in _TOKEN.finditer(plain(storable(text))):
            minus, key = bool(match["minus"]), (match["key"] or "").lower()
            value = match["quoted"] if match["quoted"] is not None else match["bare"]
            if not self._filter(key, value, minus):
                prefix = f"{match['key']}:" if key else ""
                self._word(prefix + value, minus, quoted=match["quoted"] is not None)
        if len(self.words) > MAX_WORDS:
            self.notes.append(f"Only the first {MAX_WORDS} words were used.")
        return replace(
            query,
            words=(*query.words, *self.words[:MAX_WORDS]),
            filters=_merge(query.filters, self.filters),
            excluded=_merge(query.excluded, self.excluded),
            ranges={**query.ranges, **self.ranges},
            loose=query.loose | self.loose,
            notes=(*query.notes, *dict.fromkeys(self.notes)),
        )

    def _filter(self, key: str, value: str, minus: bool) -> bool:
        """Take `key:value` as a filter or range. Returns whether it was one."""
        if key in RANGES and not minus and value:
            try:
                self.ranges[RANGES[key]] = parse_range(key, value)
            except Usage as error:
                self.notes.append(f"{error.message} It was searched as text.")
                return False
            return True
        if key == "gated" and value.lower() in _TRUTH:
            key, value, minus = "access", CLOSED, minus == _TRUTH[value.lower()]
        values = tuple(part for part in value.split(",") if part.strip())
        if key not in FACETS or not values:
            return False
        if len(self.loose) + len(values) > MAX_VALUES:
            values = values[: MAX_VALUES - len(self.loose)]
            self.notes.append(f"Only the first {MAX_VALUES} filter values were used.")
        facet, side = FACETS[key], self.excluded if minus else self.filters
        if values:
            side[facet] = (*side.get(facet, ()), *values)
        self.loose.update((facet, each) for each in values)
        return True

    def _word(self, value: str, minus: bool, *, quoted: bool) -> None:
        if quoted:
            kind = "phrase"
        elif value.endswith("*") and len(value.rstrip("*")) >= 2:
            kind, value = "prefix", value.rstrip("*")
        else:
            kind = "word"
        if any(character.isalnum() for character in value):
            self.words.append(Word(value[:200], kind, minus))


def _merge(old: Mapping[str, Iterable[str]], new: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    merged = {facet: tuple(values) for facet, values in old.items()}
    for facet, values in new.items():
        if values:
            merged[facet] = (*merged.get(facet, ()), *values)
    return merged


def parse_range(name: str, text: str) -> Range:
    """Read `10k..1M`, `..2GB`, `2024..` as (low, high); sizes count bytes, dates are ISO.

    A lone amount is the least (`1000`), a lone date or year just that time (`2024`).

    Raises `Usage` when it is no range.
    """
    column = RANGES[name]
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not dots and column in TIMES:
        dots, high = "..", low
    bounds = (_read_bound(column, low), _read_bound(column, high) if dots else None)
    if (low and bounds[0] is None) or (high and bounds[1] is None) or not (low or high):
        example = "2024..2025-06" if column in DATES else "10k..1M"
        raise Usage(f"{name} does not understand {text!r}.", f"Write a range such as {example}, 10.. or ..10.")
    if column in DATES and bounds[1] is not None:
        bounds = (bounds[0], f"{bounds[1]}\uffff")
    return bounds


def _read_bound(column: str, text: str) -> Bound:
    if column in DATES:
        return text if re.match(_DATE, text) else None
    match = re.match(_AMOUNT, text)
    if match is None:
        return None
    unit, suffix = match[2].lower(), (match[3] or "").lower()
    if column == "bytes" and unit == "b" and not suffix:
        unit = ""
    base = 1024 if suffix == "ib" else 1000
    grouped = re.match(_GROUPED, match[1])
    digits = match[1].replace(",", "" if grouped else ".")
    return min(2**62, int(float(digits) * base ** _THOUSANDS[unit]))
