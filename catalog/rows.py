"""Entries as table rows and back: pure, lossless, in the column order of `catalog.tables`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from catalog.index.document import Texts, texts
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
from catalog.tagging.junk import doubt

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


COLUMNS: Final = (
    "key", "source", "native_id", "upstream_id", "name", "name_norm", "title", "title_zh", "summary", "description",
    "url", "creators", "publisher", "created", "modified", "year", "revision", "access", "access_note", "popularity",
    "downloads", "likes", "votes", "rows", "rows_source", "rows_lower_bound", "bytes", "bytes_source",
    "bytes_lower_bound", "tokens", "tokens_source", "tokens_lower_bound", "doi", "arxiv", "paper", "citation",
    "statements", "keywords", "evidence", "notes", "commercial", "license", "license_class", "license_reason",
    "license_conflicts", "made_by",
)  # fmt: skip
"""What an entry gives of a dataset row: all but its number and what stands after `made_by`."""

WATCHED: Final = ("access", "revision", "rows", "bytes", "commercial", "license")
"""What the change log keeps the old and new value of."""

DOUBTED: Final = 40
"""Levels that full doubt costs an entry in the order of hits: a twentieth of its uses."""

_ACCESS, _COMMERCIAL, _CLASS, _LICENSE = map(COLUMNS.index, ("access", "commercial", "license_class", "license"))
_WATCHED: Final = tuple(map(COLUMNS.index, WATCHED))


class Prepared(NamedTuple):
    """An entry as the rows it becomes, but for the numbers that only a registry gives.

    `level` orders hits; `columns` is the dataset row from key to made_by; `tags` are (position, facet, term, rule,
    evidence, confidence); `details` holds, for each of `TABLES_OF_DETAILS` but the first, its rows without the
    dataset's id; `texts` is what the index holds of its words.
    """

    level: int
    digest: bytes
    columns: Row
    tags: list[Row]
    details: tuple[list[Row], ...]
    texts: Texts

    @property
    def key(self) -> str:
        return str(self.columns[0])

    @property
    def source(self) -> str:
        return str(self.columns[1])

    @property
    def native_id(self) -> str:
        return str(self.columns[2])

    @property
    def upstream_id(self) -> str:
        return str(self.columns[3])

    @property
    def stated(self) -> tuple[str, str, str, str, str]:
        """What it is found by besides its tags: source, access, commercial use, license class and expression."""
        row = self.columns
        return row[1], row[_ACCESS], row[_COMMERCIAL], row[_CLASS], row[_LICENSE]

    @property
    def watched(self) -> tuple[str, ...]:
        """The values of `WATCHED`, in order, as the change log writes them."""
        return tuple("" if (value := self.columns[n]) is None else str(value) for n in _WATCHED)


def prepare(entry: Entry, digest: bytes | None = None, level: int | None = None) -> Prepared:
    """The rows of an entry; `digest` and `level` are its own where they are known already. Pure."""
    return Prepared(
        _level(entry) if level is None else level,
        entry_digest(entry) if digest is None else digest,
        _dataset_columns(entry),
        [(n, t.facet, t.term, t.rule, t.evidence, t.confidence) for n, t in enumerate(entry.tags or ())],
        _details(entry),
        texts(entry),
    )


def _level(entry: Entry) -> int:
    """The level by which an entry is found: its popularity, less for what looks like a trial or an empty card."""
    return max(0, entry.popularity - round(DOUBTED * doubt(entry).value))


def _dataset_columns(entry: Entry) -> Row:
    verdict = entry.verdict or Verdict()
    return (
        entry.key, entry.source, entry.id, entry.upstream_id, entry.name,
        name_norm(last_segment(entry.id)), entry.title, entry.title_zh, entry.summary, entry.description, entry.url,
        _pack(entry.creators), entry.publisher, entry.created, entry.modified, entry.year, entry.revision,
        entry.access, entry.access_note, entry.popularity, entry.downloads, entry.likes, entry.votes,
        *_amount(entry.rows), *_amount(entry.bytes), *_amount(entry.tokens),
        entry.doi, entry.arxiv, entry.paper, entry.citation,
        _pack(entry.statements), _pack(entry.keywords), _pack(entry.evidence), entry.notes,
        verdict.commercial, verdict.expression, verdict.cls, verdict.reason, _pack(verdict.conflicts), entry.made_by,
    )  # fmt: skip


def _details(entry: Entry) -> tuple[list[Row], ...]:
    return (
        [
            (n, c.raw, c.by, c.scope, c.cls, c.evidence, c.note, c.revision, c.date)
            for n, c in enumerate(entry.licenses)
        ],
        [(n, c.name, c.type, c.config, c.role) for n, c in enumerate(entry.columns)],
        [(n, d.url, d.kind, d.path, d.format, d.bytes, d.digest, d.note) for n, d in enumerate(entry.distributions)],
        [(n, tie.kind, tie.target, tie.note) for n, tie in enumerate(entry.relations)],
        list(_alias_rows(entry)),
    )


def _alias_rows(entry: Entry) -> Iterator[Row]:
    """The names beside its own that an entry answers to: given aliases and the handles of its locations."""
    for n, alias in enumerate(entry.aliases):
        yield "alias", n, alias, name_norm(last_segment(alias))
    if entry.name not in (entry.id, last_segment(entry.id)):
        yield "name", 0, entry.name, name_norm(entry.name)
    for n, distribution in enumerate(entry.distributions):
        if distribution.kind == "repo" and distribution.url != entry.key:
            yield "location", n, distribution.url, name_norm(last_segment(distribution.url))


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


def _amount(amount: Amount | None) -> tuple[int | None, str, int]:
    """The columns of an amount. A bool is no plain number to `sqlite3`: it would look for an adapter each time."""
    return (None, "", 0) if amount is None else (amount.value, amount.source, int(amount.lower_bound))


def _amount_of(value: int | None, source: str, lower_bound: int) -> Amount | None:
    return None if value is None else Amount(value, source, bool(lower_bound))
