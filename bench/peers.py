"""The peers that figures are measured against, each built from the same JSON Lines.

`bare` is what one would write without a catalog: sqlite3, executemany, tables with their keys, a full-text index that
holds facet tokens. It does no more than is needed to keep the data and search it, so it is the limit for bulk
ingest; its tables are also the peer for facet counts (join and GROUP BY). `upsert` is the ON CONFLICT path for harvests
that bring mostly what is known. sqlite-utils and tantivy are the search peers.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from catalog.record import Entry, decode

BATCH: Final = 5_000
PAGE: Final = 20

_TABLES: Final = """
    CREATE TABLE dataset (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, source TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
        description TEXT NOT NULL, url TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL,
        access TEXT NOT NULL, downloads INTEGER, likes INTEGER, rows INTEGER, bytes INTEGER, license TEXT NOT NULL,
        commercial TEXT NOT NULL, rest TEXT NOT NULL, hash BLOB NOT NULL
    );
    CREATE TABLE tag (id INTEGER PRIMARY KEY, facet TEXT NOT NULL, term TEXT NOT NULL, UNIQUE (facet, term));
    CREATE TABLE dataset_tag (
        dataset_id INTEGER NOT NULL, tag_id INTEGER NOT NULL, PRIMARY KEY (dataset_id, tag_id)
    ) WITHOUT ROWID;
"""
_TAG_INDEX: Final = "CREATE INDEX dataset_tag_tag ON dataset_tag (tag_id, dataset_id)"
_SEARCH: Final = (
    "CREATE VIRTUAL TABLE search USING fts5(name, title, description, facets, content='', "
    "tokenize='unicode61 remove_diacritics 2')"
)
_COLUMNS: Final = 18
_MARKS: Final = ", ".join("?" * _COLUMNS)
_UPDATED: Final = (
    "source name title description url created modified access downloads likes rows bytes license commercial rest hash"
)
_LINK: Final = "INSERT INTO dataset_tag VALUES (?, ?)"
_DOCUMENT: Final = "INSERT INTO search (rowid, name, title, description, facets) VALUES (?, ?, ?, ?, ?)"
_FACET_COUNTS: Final = (
    "SELECT tag.facet, tag.term, found.n FROM (SELECT dataset_tag.tag_id AS i, count(*) AS n FROM search "
    "JOIN dataset_tag ON dataset_tag.dataset_id = search.rowid WHERE search MATCH ? GROUP BY 1) AS found "
    "JOIN tag ON tag.id = found.i"
)

Counts = dict[tuple[str, str], int]
Line = tuple[Entry, bytes]


def lines_of(source: Path) -> Iterator[Line]:
    """The entries of a file with the digest of their line."""
    with source.open("rb") as file:
        for line in file:
            yield decode(line), hashlib.blake2b(line, digest_size=16).digest()


def _batches(source: Path) -> Iterator[list[Line]]:
    lines = lines_of(source)
    while batch := list(islice(lines, BATCH)):
        yield batch


def terms_of(entry: Entry) -> list[tuple[str, str]]:
    """The (facet, term) pairs of an entry: its tags and its license class, about 6.3 a row."""
    pairs = [(tag.facet, tag.term) for tag in entry.tags or ()]
    return [*pairs, ("license", entry.verdict.cls)] if entry.verdict else pairs


def _row(number: int | None, entry: Entry, digest: bytes) -> tuple[Any, ...]:
    """A dataset row. What the source said and has no column of its own is kept as JSON, so that nothing is lost."""
    rest = msgspec.json.encode(
        (entry.upstream_id, entry.revision, entry.creators, entry.statements, entry.licenses, entry.columns,
         entry.distributions)
    )  # fmt: skip
    verdict = entry.verdict
    return (
        number, entry.key, entry.source, entry.name, entry.title, entry.description, entry.url, entry.created,
        entry.modified, entry.access, entry.downloads, entry.likes, entry.rows.value if entry.rows else None,
        entry.bytes.value if entry.bytes else None, verdict.expression if verdict else "",
        verdict.commercial if verdict else "unknown", rest.decode(), digest,
    )  # fmt: skip


class _TagNumbers(dict[tuple[str, str], int]):
    """Numbers the terms in the order they are met, and notes them in the tag table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__({(facet, term): i for i, facet, term in connection.execute("SELECT id, facet, term FROM tag")})
        self._connection = connection

    def __missing__(self, pair: tuple[str, str]) -> int:
        number = self[pair] = len(self) + 1
        self._connection.execute("INSERT INTO tag VALUES (?, ?, ?)", (number, *pair))
        return number


def _writer(target: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def load_bare(source: Path, target: Path) -> None:
    """Tables, both tag indexes and the full-text index, in one pass over the file."""
    connection = _writer(target)
    connection.executescript(f"{_TABLES}; {_SEARCH};")
    numbers, first = _TagNumbers(connection), 1
    for batch in _batches(source):
        connection.execute("BEGIN")
        links: list[tuple[int, int]] = []
        rows, documents = [], []
        for number, (entry, digest) in enumerate(batch, start=first):
            ids = {numbers[pair] for pair in terms_of(entry)}
            rows.append(_row(number, entry, digest))
            links.extend((number, i) for i in sorted(ids))
            documents.append((number, entry.id, entry.title, entry.description, " ".join([f"qz{i}" for i in ids])))
        connection.executemany(f"INSERT INTO dataset VALUES ({_MARKS})", rows)
        connection.executemany(_LINK, links)
        connection.executemany(
            "INSERT INTO search (rowid, name, title, description, facets) VALUES (?,?,?,?,?)", documents
        )
        connection.execute("COMMIT")
        first += len(batch)
    connection.execute(_TAG_INDEX)
    connection.execute("INSERT INTO search (search) VALUES ('optimize')")
    connection.close()


def upsert(source: Path, target: Path) -> None:
    """Dataset and tag tables only: INSERT ... ON CONFLICT DO UPDATE where the hash differs."""
    connection = _writer(target)
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        connection.executescript(f"{_TABLES}; {_TAG_INDEX};")
    numbers = _TagNumbers(connection)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _UPDATED.split())
    statement = (
        f"INSERT INTO dataset VALUES ({_MARKS}) ON CONFLICT (key) DO UPDATE SET {updates} "
        "WHERE excluded.hash <> dataset.hash RETURNING id"
    )
    for batch in _batches(source):
        connection.execute("BEGIN")
        for entry, digest in batch:
            written = connection.execute(statement, _row(None, entry, digest)).fetchall()
            if written:
                number = written[0][0]
                connection.execute("DELETE FROM dataset_tag WHERE dataset_id = ?", (number,))
                connection.executemany(_LINK, {(number, numbers[pair]) for pair in terms_of(entry)})
        connection.execute("COMMIT")
    connection.close()


class BareSearch:
    """Facet counts as one writes them in SQL, over the tables of `load_bare`."""

    def __init__(self, target: Path) -> None:
        self._connection = sqlite3.connect(f"file:{target}?mode=ro", uri=True)

    def facet_counts(self, word: str) -> Counts:
        """The number of matching datasets for every term."""
        return {(facet, term): n for facet, term, n in self._connection.execute(_FACET_COUNTS, (f'"{word}"',))}

    def count(self, word: str) -> int:
        """The number of matching datasets."""
        found = self._connection.execute("SELECT count(*) FROM search WHERE search MATCH ?", (f'"{word}"',))
        return int(found.fetchone()[0])


def load_sqlite_utils(source: Path, target: Path) -> None:
    """What its documentation shows: insert_all, then enable_fts."""
    from sqlite_utils import Database

    database = Database(target)
    table: Any = database["dataset"]
    names = ("id", "key", *_UPDATED.split())
    table.insert_all(
        (
            dict(zip(names, (row[0], row[1], *row[2:]), strict=True))
            for row in (_row(number, entry, digest) for number, (entry, digest) in enumerate(lines_of(source), start=1))
        ),
        pk="id",
        batch_size=BATCH,
    )
    table.enable_fts(["name", "title", "description"])
    database.close()


class SqliteUtilsSearch:
    """`search()` of sqlite-utils, first page."""

    def __init__(self, target: Path) -> None:
        from sqlite_utils import Database

        self._table: Any = Database(target)["dataset"]

    def page(self, words: str) -> list[str]:
        """The keys of the first page by rank."""
        return [row["key"] for row in self._table.search(words, limit=PAGE)]


def load_tantivy(source: Path, target: Path) -> None:
    """Names and texts indexed, the key stored, the facet terms as a fast field."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    for name in ("name", "title", "description"):
        schema.add_text_field(name)
    schema.add_text_field("key", stored=True, tokenizer_name="raw")
    schema.add_bytes_field("hit", stored=True)
    schema.add_text_field("facets", tokenizer_name="raw", fast=True)
    schema.add_unsigned_field("downloads", fast=True)
    target.mkdir(parents=True, exist_ok=True)
    writer = tantivy.Index(schema.build(), path=str(target)).writer(heap_size=256_000_000)
    for entry, _ in lines_of(source):
        document = tantivy.Document()
        for name, text in (("name", entry.id), ("title", entry.title), ("description", entry.description)):
            document.add_text(name, text)
        document.add_text("key", entry.key)
        document.add_bytes("hit", _hit(entry))
        document.add_unsigned("downloads", entry.downloads or 0)
        for facet, term in set(terms_of(entry)):
            document.add_text("facets", f"{facet}:{term}")
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


def _hit(entry: Entry) -> bytes:
    """What a line of a result shows, as JSON."""
    fields = (
        "key",
        "name",
        "title",
        "summary",
        "url",
        "source",
        "access",
        "rows",
        "bytes",
        "downloads",
        "likes",
        "tags",
    )
    return msgspec.json.encode({name: getattr(entry, name) for name in (*fields, "popularity", "modified", "verdict")})


class TantivySearch:
    """Top 20 by BM25 with weights as ours, and facet counts as one aggregation."""

    def __init__(self, target: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(target))
        self._searcher = self._index.searcher()

    def _query(self, words: str) -> Any:
        boosts = {"name": 10.0, "title": 5.0, "description": 1.0}
        return self._index.parse_query(words, list(boosts), field_boosts=boosts, conjunction_by_default=True)

    def page(self, words: str) -> list[str]:
        """The keys of the first page by score; the matches are not counted, so that it may skip blocks."""
        hits = self._searcher.search(self._query(words), PAGE, count=False).hits
        return [str(self._searcher.doc(address)["key"][0]) for _, address in hits]

    def hits(self, words: str) -> tuple[list[Any], int]:
        """The first page as one shows it, with the exact number of matches."""
        found: Any = self._searcher.search(self._query(words), PAGE)
        stored = (self._searcher.doc(address)["hit"][0] for _, address in found.hits)
        return [msgspec.json.decode(bytes(hit)) for hit in stored], int(found.count)

    def facet_counts(self, words: str) -> Counts:
        """The number of matching datasets for every term."""
        found = self._searcher.aggregate(self._query(words), {"all": {"terms": {"field": "facets", "size": 10_000}}})
        pairs = ((bucket["key"].partition(":"), bucket["doc_count"]) for bucket in found["all"]["buckets"])
        return {(facet, term): int(count) for (facet, _, term), count in pairs}


def load_orm(source: Path, target: Path) -> None:
    """The SQLModel ORM, as its documentation shows it."""
    from bench.orm import load

    load((entry for entry, _ in lines_of(source)), target)


LOADERS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "bare": load_bare,
    "upsert": upsert,
    "sqlite-utils": load_sqlite_utils,
    "tantivy": load_tantivy,
    "orm": load_orm,
}

if __name__ == "__main__":
    LOADERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
