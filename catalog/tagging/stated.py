"""What the source itself says: its facet values and free tags, taken through the maps of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from catalog import vocabulary
from catalog.record import Record, Tag

CURATED: Final = "catalog"  # statements by the embedded catalog are taken as given
STATED: Final = 0.95  # confidence of a value that the source gave for the facet
FREE: Final = 0.8  # confidence of a free tag
MAX_EVIDENCE: Final = 120

_FREE_TABLES: Final = {
    "domain": ("domain_tag", "kaggle_tag", "uci_area", "aws_tag"),
    "task": ("task_tag", "kaggle_task"),
    "stage": ("stage_tag",),
    "genre": ("genre_tag",),
    "modality": ("modality_tag",),
    "format": ("format_tag",),
}


def curated(record: Record, facet: str) -> bool:
    """Whether the embedded catalog gave this facet: then nothing is guessed."""
    return any(statement.by == CURATED and statement.facet == facet for statement in record.statements)


def tags(record: Record, facet: str) -> list[Tag]:
    """The values that the source gave for a facet, as tags, in its order."""
    found: list[Tag] = []
    for statement in record.statements:
        if statement.facet == facet:
            found += _tagged(facet, record.source, statement.by, statement.value)
    return found


@lru_cache(maxsize=65536)
def _tagged(facet: str, source: str, by: str, value: str) -> tuple[Tag, ...]:
    """What one statement means; few values make most statements."""
    evidence = f"{by}: {value}"[:MAX_EVIDENCE]
    if by == CURATED:
        return (Tag(facet, value, "catalog", evidence, 1.0),)
    return tuple(Tag(facet, term, "source tag", evidence, STATED) for term in _stated(facet, source, value))


def free_tags(record: Record, facet: str, tables: str = "") -> Iterator[Tag]:
    """The free tags (keywords) of the source that mean a term of the facet."""
    for keyword in record.keywords:
        for term in _free(tables or facet, record.source, keyword):
            yield Tag(facet, term, "free tag", keyword[:MAX_EVIDENCE], FREE)


def _stated(facet: str, source: str, value: str) -> tuple[str, ...]:
    words = vocabulary.load()
    for text in _readings(value):
        for table in _tables(facet, source):
            if words.knows(table, text):
                return words.mapped(table, text)
        if (term := words.resolve(facet, text)) is not None:
            return (term,)
    return ()


def _readings(value: str) -> Sequence[str]:
    """A value as it stands; the leaf of a path; both sides of the Hub's old `a-other-b`."""
    text = value.rpartition(">")[2].strip()
    before, other, after = text.partition("-other-")
    return (text, after, before) if other else (text,)


@lru_cache(maxsize=256)
def _tables(facet: str, source: str) -> tuple[str, ...]:
    """The maps to a facet, those of the source first."""
    words = vocabulary.load()
    prefix = f"{source}_"
    known = [table for table in words.tables if words.target(table) == facet and not table.endswith("_also")]
    return tuple(sorted(known, key=lambda table: not table.startswith(prefix)))


@lru_cache(maxsize=65536)
def _free(tables: str, source: str, keyword: str) -> tuple[str, ...]:
    words = vocabulary.load()
    text = keyword.rpartition(">")[2].strip()
    prefix = f"{source}_"
    for table in sorted(_FREE_TABLES[tables], key=lambda table: not table.startswith(prefix)):
        if words.knows(table, text):
            return words.mapped(table, text)
    return ()
