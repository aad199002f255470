"""Entries as table rows and back: pure, lossless, in the column order of `catalog.tables`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from catalog.index.keys import last_segment, name_norm
from catalog.record import (
    Amount,
    Column,
    Distribution,
    Entry,
    LicenseClaim,
    Relation,
    Statement,
    Tag,
    Verdict,
    encode,
)

Row = tuple[Any, ...]

DIGEST_SIZE: Final = 16
TABLES_OF_DETAILS: Final = ("tag", "license_claim", "dataset_column", "distribution", "relation", "alias")

_json = msgspec.json.encode
_texts = msgspec.json.Decoder(tuple[str, ...])
_statements = msgspec.json.Decoder(tuple[Statement, ...])


def digest_of(line: bytes) -> bytes:
    """The digest of an entry's canonical line (BLAKE2b, 16 bytes): what tells a changed entry from the same one."""
    return hashlib.blake2b(line, digest_size=DIGEST_SIZE).digest()


def entry_digest(entry: Entry) -> bytes:
    """The digest of an entry."""
    return digest_of(encode(entry))


def dataset_row(entry: Entry, dataset_id: int, slot: int, digest: bytes, first_seen: str, now: str) -> Row:
    """The row of the dataset table."""
    verdict = entry.verdict or Verdict()
    return (
        dataset_id, entry.key, entry.source, entry.id, entry.upstream_id, entry.name,
        name_norm(last_segment(entry.id)), entry.title, entry.title_zh, entry.summary, entry.description, entry.url,
        _pack(entry.creators), entry.publisher, entry.created, entry.modified, entry.year, entry.revision,
        entry.access, entry.access_note, entry.popularity, entry.downloads, entry.likes, entry.votes,
        *_amount(entry.rows), *_amount(entry.bytes), *_amount(entry.tokens),
        entry.doi, entry.arxiv, entry.paper, entry.citation,
        _pack(entry.statements), _pack(entry.keywords), _pack(entry.evidence), entry.notes,
        verdict.commercial, verdict.expression, verdict.cls, verdict.reason, _pack(verdict.conflicts), entry.made_by,
        slot, digest, first_seen, now, "",
    )  # fmt: skip


@dataclass
class Details:
    """Rows of the tables that hang on the dataset, collected for many entries and written table by table."""

    tag: list[Row] = field(default_factory=list)
    license_claim: list[Row] = field(default_factory=list)
    dataset_column: list[Row] = field(default_factory=list)
    distribution: list[Row] = field(default_factory=list)
    relation: list[Row] = field(default_factory=list)
    alias: list[Row] = field(default_factory=list)

    def add(self, entry: Entry, i: int, term_id: Callable[[str, str], int], rule_id: Callable[[str], int]) -> None:
        """Add the rows of the entry with dataset id `i`."""
        add = self.tag.append
        for n, tag in enumerate(entry.tags or ()):
            add((i, n, term_id(tag.facet, tag.term), rule_id(tag.rule), tag.evidence, tag.confidence))
        for n, c in enumerate(entry.licenses):
            self.license_claim.append((i, n, c.raw, c.by, c.scope, c.cls, c.evidence, c.note, c.revision, c.date))
        for n, column in enumerate(entry.columns):
            self.dataset_column.append((i, n, column.name, column.type, column.config, column.role))
        for n, d in enumerate(entry.distributions):
            self.distribution.append((i, n, d.url, d.kind, d.path, d.format, d.bytes, d.digest, d.note))
        for n, tie in enumerate(entry.relations):
            self.relation.append((i, n, tie.kind, tie.target, tie.note))
        self.alias.extend(alias_rows(entry, i))


def alias_rows(entry: Entry, dataset_id: int) -> Iterator[Row]:
    """The names beside its own that an entry answers to: given aliases and the handles of its locations."""
    for n, alias in enumerate(entry.aliases):
        yield dataset_id, "alias", n, alias, name_norm(alias)
    if entry.name not in (entry.id, last_segment(entry.id)):
        yield dataset_id, "name", 0, entry.name, name_norm(entry.name)
    for n, distribution in enumerate(entry.distributions):
        if distribution.kind == "repo":
            yield dataset_id, "location", n, distribution.url, name_norm(last_segment(distribution.url))


def entry_of(row: Sequence[Any], details: dict[str, list[Row]], term: Callable[[int], tuple[str, str]]) -> Entry:
    """The entry of a dataset row (all columns, in order) and its detail rows (without id and position)."""
    (
        _id, _key, source, native_id, upstream_id, name, _norm, title, title_zh, summary, description, url, creators,
        publisher, created, modified, year, revision, access, access_note, popularity, downloads, likes, votes,
        rows, rows_source, rows_lower, size, size_source, size_lower, tokens, tokens_source, tokens_lower,
        doi, arxiv, paper, citation, statements, keywords, evidence, notes,
        commercial, expression, cls, reason, conflicts, made_by, *_
    ) = row  # fmt: skip
    return Entry(
        source=source, id=native_id, name=name, upstream_id=upstream_id, title=title, title_zh=title_zh,
        summary=summary, description=description, url=url,
        aliases=tuple(text for kind, text in details["alias"] if kind == "alias"),
        creators=_unpack(creators), publisher=publisher, created=created, modified=modified, year=year,
        revision=revision, access=access, access_note=access_note, popularity=popularity,
        downloads=downloads, likes=likes, votes=votes,
        rows=_amount_of(rows, rows_source, rows_lower), bytes=_amount_of(size, size_source, size_lower),
        tokens=_amount_of(tokens, tokens_source, tokens_lower),
        doi=doi, arxiv=arxiv, paper=paper, citation=citation,
        statements=_statements.decode(statements) if statements else (), keywords=_unpack(keywords),
        licenses=tuple(
            LicenseClaim(raw=raw, by=by, scope=scope, cls=cls_, evidence=proof, note=note, revision=rev, date=date)
            for raw, by, scope, cls_, proof, note, rev, date in details["license_claim"]
        ),
        columns=tuple(Column(*column) for column in details["dataset_column"]),
        distributions=tuple(
            Distribution(url=url_, kind=kind, path=path, format=form, bytes=count, digest=digest, note=note)
            for url_, kind, path, form, count, digest, note in details["distribution"]
        ),
        relations=tuple(Relation(*tie) for tie in details["relation"]),
        evidence=_unpack(evidence), notes=notes,
        tags=tuple(Tag(*term(term_id), rule, words, sure) for term_id, rule, words, sure in details["tag"]),
        verdict=Verdict(commercial, expression, cls, reason, _unpack(conflicts)), made_by=made_by,
    )  # fmt: skip


def _pack(values: tuple[Any, ...]) -> str:
    return _json(values).decode() if values else ""


def _unpack(text: str) -> tuple[str, ...]:
    return _texts.decode(text) if text else ()


def _amount(amount: Amount | None) -> tuple[int | None, str, bool]:
    return (None, "", False) if amount is None else (amount.value, amount.source, amount.lower_bound)


def _amount_of(value: int | None, source: str, lower_bound: int) -> Amount | None:
    return None if value is None else Amount(value, source, bool(lower_bound))
