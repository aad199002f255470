"""The tables of the registry as SQLModel classes: the one description of its columns.

A test holds that the numbered migrations, and the indexes that `index.maintain` makes, lead to these very tables.
`SQLModel(table=True)` does not validate: what goes in was validated as a `Record`. Lists without a table of their own
are JSON text. The tables that hang on a dataset have no foreign keys, as checking nine rows a dataset costs a tenth
of a first load: their writer puts them beside their dataset in one transaction, and `catalog check` looks for orphans.
Importing this module is slow (it brings SQLAlchemy), so no reading command does.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

Blob = bytes


class Dataset(SQLModel, table=True):
    """One source's dataset. `slot` is its place in the search index, `digest` covers the whole entry."""

    __table_args__ = (
        Index("dataset_name_norm", "name_norm"),
        Index("dataset_upstream", "upstream_id", sqlite_where=text("upstream_id <> ''")),
        Index("dataset_modified", "modified"),
        Index("dataset_digest", "digest"),
        Index("dataset_doi", text("lower(doi)"), sqlite_where=text("doi <> ''")),
        Index("dataset_arxiv", "arxiv", sqlite_where=text("arxiv <> ''")),
        Index("dataset_bytes", "bytes", sqlite_where=text("bytes IS NOT NULL")),
        Index("dataset_rows", "rows", sqlite_where=text("rows IS NOT NULL")),
        CheckConstraint("id BETWEEN 1 AND 16777215", name="dataset_id_fits_slot"),
    )

    id: int = Field(primary_key=True)
    key: str = Field(unique=True)
    source: str
    native_id: str
    upstream_id: str
    name: str
    name_norm: str
    title: str
    title_zh: str
    summary: str
    description: str
    url: str
    creators: str
    publisher: str
    created: str
    modified: str
    year: int | None
    revision: str
    access: str
    access_note: str
    popularity: int
    downloads: int | None
    likes: int | None
    votes: int | None
    rows: int | None
    rows_source: str
    rows_lower_bound: bool
    bytes: int | None
    bytes_source: str
    bytes_lower_bound: bool
    tokens: int | None
    tokens_source: str
    tokens_lower_bound: bool
    doi: str
    arxiv: str
    paper: str
    citation: str
    statements: str
    keywords: str
    evidence: str
    notes: str
    commercial: str
    license: str
    license_class: str
    license_reason: str
    license_conflicts: str
    made_by: str
    slot: int
    digest: Blob
    first_seen: str
    changed: str
    missing_since: str


class Term(SQLModel, table=True):
    """A facet term. Vocabulary terms come first; terms that only sources use follow as they are met."""

    __table_args__ = (Index("term_name", "facet", "term", unique=True),)
    id: int = Field(primary_key=True)
    facet: str
    term: str
    label: str
    label_zh: str
    grouping: str
    description: str
    position: int
    aliases: str
    parents: str


class TermAlias(SQLModel, table=True):
    """A folded spelling of a term: what people type."""

    __tablename__ = "term_alias"
    __table_args__ = {"sqlite_with_rowid": False}
    norm: str = Field(primary_key=True)
    facet: str = Field(primary_key=True)
    term_id: int = Field(foreign_key="term.id")


class Rule(SQLModel, table=True):
    """A rule that gives tags, by name."""

    id: int = Field(primary_key=True)
    name: str = Field(unique=True)


class Tag(SQLModel, table=True):
    """A term of one dataset with the rule that gave it, the words it rests on and the confidence, 0 to 1."""

    __table_args__ = {"sqlite_with_rowid": False}
    dataset_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    term_id: int
    rule_id: int
    evidence: str
    confidence: float


class LicenseClaim(SQLModel, table=True):
    """What somebody says the license of a dataset is."""

    __tablename__ = "license_claim"
    __table_args__ = {"sqlite_with_rowid": False}
    dataset_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    raw: str
    by: str
    scope: str
    cls: str
    evidence: str
    note: str
    revision: str
    date: str


class DatasetColumn(SQLModel, table=True):
    """A column of a dataset's rows."""

    __tablename__ = "dataset_column"
    __table_args__ = {"sqlite_with_rowid": False}
    dataset_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    name: str
    type: str
    config: str
    role: str


class Distribution(SQLModel, table=True):
    """A downloadable form of a dataset."""

    __table_args__ = (
        Index("distribution_digest", "digest", sqlite_where=text("digest <> ''")),
        {"sqlite_with_rowid": False},
    )

    dataset_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    url: str
    kind: str
    path: str
    format: str
    bytes: int | None
    digest: str
    note: str


class Relation(SQLModel, table=True):
    """A tie of a dataset to another dataset or address."""

    __table_args__ = (
        Index("relation_target", "target", sqlite_where=text("kind = 'same-as'")),
        {"sqlite_with_rowid": False},
    )

    dataset_id: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    kind: str
    target: str
    note: str


class Alias(SQLModel, table=True):
    """Another name of a dataset: `kind` is alias, old-id or location; `norm` is what a look-up compares."""

    __table_args__ = (Index("alias_norm", "norm"), {"sqlite_with_rowid": False})
    dataset_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    alias: str
    norm: str


class Change(SQLModel, table=True):
    """What changed of a dataset, when: license, access, revision, size, presence."""

    id: int = Field(primary_key=True)
    dataset_id: int = Field(foreign_key="dataset.id", index=True)
    at: str
    field: str
    old: str
    new: str


class Walk(SQLModel, table=True):
    """Where a walk of a source stands: the connector's cursor, committed with the page it belongs to."""

    source: str = Field(primary_key=True)
    request: str = Field(primary_key=True)
    state: str
    run_id: int
    complete_walks: int
    updated: str


class Run(SQLModel, table=True):
    """One run of sync or import with its counts."""

    id: int = Field(primary_key=True)
    source: str
    verb: str
    request: str
    started: str
    finished: str
    status: str
    pages: int
    new: int
    changed: int
    same: int
    skipped: int
    message: str


class Skip(SQLModel, table=True):
    """A record that a run could not use, with its reason."""

    id: int = Field(primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    record: str
    reason: str


class Sighting(SQLModel, table=True):
    """The datasets that one page of a run listed, as a packed bitmap of ids."""

    __table_args__ = {"sqlite_with_rowid": False}
    run_id: int = Field(primary_key=True, foreign_key="run.id")
    page: int = Field(primary_key=True)
    ids: Blob


class Place(SQLModel, table=True):
    """A place that a source is read from, with what its last visit left: `connector.Lead` and `connector.Visit`.

    `due` is when it is to be visited next, "" for never.
    """

    __table_args__ = (
        Index("place_due", "source", "scope", "host", "due", sqlite_where=text("due <> ''")),
        Index("place_name", "source", "scope", "place", unique=True),
    )

    id: int = Field(primary_key=True)
    source: str
    scope: str
    place: str
    kind: str
    host: str
    modified: str
    depth: int
    etag: str
    last_modified: str
    digest: str
    failures: int
    visited: str
    keys: str
    outcome: str
    reason: str
    due: str
    run_id: int


class ClusterMember(SQLModel, table=True):
    """A dataset that is one with others: `cluster_id` is the dataset that speaks for them, whose rank is 0."""

    __tablename__ = "cluster_member"
    __table_args__ = (Index("cluster_of", "cluster_id"),)
    dataset_id: int = Field(primary_key=True)
    cluster_id: int
    rank: int
    reason: str


class ClusterMap(SQLModel, table=True):
    """The clusters as a search folds with them: a roaring bitmap of all members, and by their order one number each,
    the cluster above 8 bits of rank (32 bits, of this machine's byte order)."""

    __tablename__ = "cluster_map"
    id: int = Field(primary_key=True)
    members: Blob
    places: Blob


class Apart(SQLModel, table=True):
    """Two datasets that a person told apart, by their keys in order: they are never joined."""

    __table_args__ = {"sqlite_with_rowid": False}
    key_a: str = Field(primary_key=True)
    key_b: str = Field(primary_key=True)
    because: str
    at: str


class Correction(SQLModel, table=True):
    """What a person said of the tags of a dataset: `act` is set, add or remove, `terms` a JSON list."""

    __table_args__ = {"sqlite_with_rowid": False}
    key: str = Field(primary_key=True)
    facet: str = Field(primary_key=True)
    act: str = Field(primary_key=True)
    terms: str
    because: str
    at: str


class Meta(SQLModel, table=True):
    """One fact about the registry itself (which vocabulary it holds, what the index has taken in)."""

    name: str = Field(primary_key=True)
    value: str


class Migration(SQLModel, table=True):
    """The receipt of a migration, written in the transaction of the step."""

    number: int = Field(primary_key=True)
    title: str
    applied: str
    sqlite: str


class FacetBitmap(SQLModel, table=True):
    """Which datasets hold a term, as a roaring bitmap of ids: what facet counts are made of."""

    __tablename__ = "facet_bitmap"
    __table_args__ = (Index("facet_total", "term_id", "total"),)
    term_id: int = Field(primary_key=True)
    total: int
    ids: Blob


class CommonWord(SQLModel, table=True):
    """Which datasets hold a word that very many hold, as a roaring bitmap of ids: nobody has to walk them."""

    __tablename__ = "common_word"
    word: str = Field(primary_key=True)
    total: int
    ids: Blob


class DatasetTerms(SQLModel, table=True):
    """The terms that the index holds of a dataset (`index.keys.packed`), for hits and for the counts of few hits."""

    __tablename__ = "dataset_terms"
    id: int = Field(primary_key=True)
    terms: str


class Word(SQLModel, table=True):
    """A word of names and titles that misspellings may mean."""

    id: int = Field(primary_key=True)
    word: str = Field(unique=True)


class WordDeletion(SQLModel, table=True):
    """The deletion neighbourhood: `form` is the hash of a word, or of it less one letter, above the word's id."""

    __tablename__ = "word_deletion"
    form: int = Field(primary_key=True)
