"""Tags: what a dataset is about, what it trains, how it is written, each with its rule and the words it rests on.

Pure functions, one file a facet. What the source says outranks what columns show, and that outranks words in the text.
Nothing with a confidence under `SHOWN` is given.
"""

from __future__ import annotations

from typing import Final

from catalog.formats import detect_columns
from catalog.record import Record, Tag
from catalog.tagging import domain, format, genre, language, library, modality, phrases, size, stage, task
from catalog.tagging.merge import SHOWN

__all__ = ["RULES", "SHOWN", "tag"]

RULES: Final[str] = "tagging 1"
"""The version of these rules, stored with what they made: change it whenever a rule or a list changes its results."""


def tag(record: Record) -> tuple[Tag, ...]:
    """All tags of a record, by facet: domain, task and stage, language, genre, modality, format, size, library."""
    found = phrases.scan(record)
    detected = detect_columns(record.columns) if record.columns else None
    tasks = task.tags(record, found)
    stages = stage.tags(record, found, detected)
    tasks += task.implied(tasks, stages)
    return (
        *domain.tags(record, found),
        *tasks,
        *stages,
        *language.tags(record),
        *genre.tags(record, found),
        *modality.tags(record, found, tasks),
        *format.tags(record, detected),
        *size.tags(record),
        *library.tags(record),
    )
