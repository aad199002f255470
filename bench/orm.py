"""Ingest through the SQLModel ORM: the peer that shows what objects and a session cost. Slow to import."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlmodel import Field, Relationship, Session, SQLModel, create_engine

from catalog.record import Entry

COMMIT_EVERY: Final = 1_000


class BenchLink(SQLModel, table=True):
    """A tag of a dataset."""

    dataset_id: int | None = Field(default=None, foreign_key="benchdataset.id", primary_key=True)
    tag_id: int | None = Field(default=None, foreign_key="benchtag.id", primary_key=True, index=True)


class BenchTag(SQLModel, table=True):
    """A facet term."""

    id: int | None = Field(default=None, primary_key=True)
    facet: str
    term: str


class BenchDataset(SQLModel, table=True):
    """A dataset with its tags."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    source: str
    name: str
    title: str
    description: str
    url: str
    created: str
    modified: str
    access: str
    downloads: int | None
    likes: int | None
    license: str
    commercial: str
    tags: list[BenchTag] = Relationship(link_model=BenchLink)


def load(entries: Iterable[Entry], target: Path) -> None:
    """Add entries one by one, a commit every thousand."""
    from bench.peers import terms_of

    engine = create_engine(f"sqlite:///{target}")
    SQLModel.metadata.create_all(engine)
    tags: dict[tuple[str, str], BenchTag] = {}
    with Session(engine, expire_on_commit=False) as session:
        for number, entry in enumerate(entries, start=1):
            row = _dataset(entry)
            for pair in dict.fromkeys(terms_of(entry)):
                if pair not in tags:
                    tags[pair] = BenchTag(facet=pair[0], term=pair[1])
                row.tags.append(tags[pair])
            session.add(row)
            if number % COMMIT_EVERY == 0:
                session.commit()
        session.commit()
    engine.dispose()


def _dataset(entry: Entry) -> BenchDataset:
    return BenchDataset(
        key=entry.key,
        source=entry.source,
        name=entry.name,
        title=entry.title,
        description=entry.description,
        url=entry.url,
        created=entry.created,
        modified=entry.modified,
        access=entry.access,
        downloads=entry.downloads,
        likes=entry.likes,
        license=entry.verdict.expression if entry.verdict else "",
        commercial=entry.verdict.commercial if entry.verdict else "unknown",
    )
