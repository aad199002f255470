"""Tags: what a dataset is about, what it trains, how it is written, each with its rule and the words it rests on.

Pure functions, one file a facet. What the source says outranks what columns show, and that outranks words in the text;
there the word lists and a small linear model are weighed together. Nothing with a confidence under `SHOWN` is given,
but for a record's only task (`weigh.ALONE`).
"""

from __future__ import annotations

from typing import Final

from catalog.formats import detect_columns
from catalog.record import Record, Tag
from catalog.tagging import domain, format, genre, language, library, modality, phrases, reading, size, stage, task
from catalog.tagging import model as models
from catalog.tagging.merge import SHOWN
from catalog.tagging.weigh import Weighed

__all__ = ["RULES", "SHOWN", "tag"]

RULES: Final[str] = "tagging 5"
"""The version of these rules, stored with what they made: change it whenever a rule or a list changes its results."""


def tag(record: Record, model: models.Model | None = None) -> tuple[Tag, ...]:
    """All tags of a record, by facet: domain, task and stage, language, genre, modality, format, size, library.

    `model` stands in for the one of this package.
    """
    return _tag(record, model or models.load())


def by_rules(record: Record) -> tuple[Tag, ...]:
    """The tags that a record has without any model."""
    return _tag(record, None)


def _tag(record: Record, model: models.Model | None) -> tuple[Tag, ...]:
    text = reading.read(record)
    found = phrases.scan(text)
    weighed = Weighed(model, model.read(text, found, record.source)) if model else None
    detected = detect_columns(record.columns) if record.columns else None
    tasks = task.tags(record, found, weighed)
    stages = stage.tags(record, found, detected, weighed)
    tasks += task.implied(tasks, stages)
    return (
        *domain.tags(record, found, weighed),
        *tasks,
        *stages,
        *language.tags(record),
        *genre.tags(record, found),
        *modality.tags(record, found, tasks),
        *format.tags(record, detected),
        *size.tags(record),
        *library.tags(record),
    )
