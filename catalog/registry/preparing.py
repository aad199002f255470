"""Records into rows, many at a time: pure, so that other processes can do it while one writes.

A piece is some lines of canonical JSON, each with the name that a skip is kept under. What is made of it are the rows
of its entries and the skips. Imports and retags differ only in what they do with each line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import msgspec

from catalog.errors import Skipped
from catalog.record import Entry, Record, decode, encode
from catalog.registry.corrections import Correction, apply_to
from catalog.rows import Prepared, digest_of, prepare
from catalog.workers import Work

Corrections = Mapping[str, list[Correction]]

PIECE: Final = 1_000
"""Lines of a piece at most."""
PIECE_BYTES: Final = 4 << 20
"""Bytes from which on a piece is long enough."""


class Line(NamedTuple):
    """A record as canonical JSON, or the reason why there is none; `name` is what a skip is kept under."""

    name: str
    body: bytes
    reason: str = ""


class Rows(NamedTuple):
    """What is made of a piece: the rows of entries, and skips as (name, reason). Both in the order of the lines."""

    ready: list[Prepared]
    skipped: list[tuple[str, str]]


Lines = Sequence[Line]
Rule = Callable[[bytes], Prepared | None]
"""What is made of one line; None where nothing is to be written. Raises `Skipped`."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Rows).decode


def work(rule: Rule) -> Work[Lines, Rows]:
    """The work of making rows by a rule, as `Workers` take it."""
    return Work(partial(rows_of, rule), _packed, _unpacked, _weight)


def rows_of(rule: Rule, lines: Lines) -> Rows:
    """The rows and skips of a piece. Pure."""
    made = Rows([], [])
    for name, body, reason in lines:
        try:
            if reason:
                raise Skipped(reason)
            prepared = rule(body)
        except Skipped as error:
            made.skipped.append((name, error.message))
        else:
            if prepared is not None:
                made.ready.append(prepared)
    return made


def _packed(rows: Rows) -> bytes:
    return _pack(rows)


def _unpacked(packed: bytes) -> Rows:
    return _unpack(packed)


def _weight(lines: Lines) -> int:
    return sum([len(line.body) for line in lines])


@dataclass(frozen=True)
class AsItCame:
    """An entry as it stands in its line; one without tags or verdict is tagged and judged."""

    corrections: Corrections

    def __call__(self, body: bytes) -> Prepared:
        entry = decode(body)
        if entry.tags is None or entry.verdict is None:
            from catalog.tagger import complete  # lines as we export them need no rules: these are slow to load

            return prepare(apply_to(complete(entry), self.corrections))
        if entry.key in self.corrections:
            return prepare(apply_to(entry, self.corrections))
        canonical = encode(entry)
        return prepare(entry, digest_of(canonical))


@dataclass(frozen=True)
class Completed:
    """A record of one source, tagged and judged by the rules of today."""

    source: str
    corrections: Corrections

    def __call__(self, body: bytes) -> Prepared:
        from catalog.tagger import complete

        return prepare(apply_to(complete(of_source(self.source, body)), self.corrections))


@dataclass(frozen=True)
class Anew:
    """An entry tagged and judged anew by the rules of today, where that makes it another."""

    corrections: Corrections

    def __call__(self, body: bytes) -> Prepared | None:
        from catalog.tagger import complete

        old = decode(body, most=len(body))  # it is stored already, with tags beyond what a source may send
        new = apply_to(complete(record_of(old)), self.corrections)
        return prepare(new) if differs(old, new) else None


def of_source(source: str, body: bytes) -> Entry:
    """The record of a line, such as the registry gives it back. Raises `Skipped` for one of another source."""
    record = decode(body)
    if record.source != source:
        raise Skipped(f"it is of the source {record.source}, not of {source}.")
    return record


def record_of(entry: Entry) -> Record:
    """The record that an entry was made of."""
    return Record(**{name: getattr(entry, name) for name in Record.__struct_fields__})


def differs(old: Entry, new: Entry) -> bool:
    """Whether tags, verdict or the rules that made them are others."""
    return old.tags != new.tags or old.verdict != new.verdict or old.made_by != new.made_by
