"""Task: what the source says, free tags, then the words of the field in the text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from catalog import vocabulary
from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best, from_text
from catalog.tagging.phrases import Found
from catalog.tagging.weigh import Weighed

POINTS: Final = 3.0
SHARE: Final = 0.5
LIMIT: Final = 4
IMPLIED: Final = 0.6  # confidence of a task that only the stage implies
BESIDE_STATED: Final = 7.0  # points that a text needs to add a task to those the source gave


def tags(record: Record, found: Found, weighed: Weighed | None) -> list[Tag]:
    """The tasks of a record; the stages of training are `stage.tags`."""
    given = [tag for tag in stated.tags(record, "task") if tag.term not in stages()]
    if stated.curated(record, "task"):
        return best(given)
    free = [tag for tag in stated.free_tags(record, "task") if tag.term not in stages()]
    points = BESIDE_STATED if given or free else POINTS
    guessed = guesses(found, points)
    if weighed is not None and not given and not free:
        return _closest(weighed.judged("task", guessed, found.get("task", {}), above(guessed), LIMIT))
    return _closest(best([*given, *free, *guessed]))


def guesses(found: Found, points: float = POINTS) -> list[Tag]:
    """What the word lists alone say."""
    return from_text("task", found.get("task", {}), points, SHARE, LIMIT)


def implied(tasks: Sequence[Tag], stages: Sequence[Tag]) -> list[Tag]:
    """Language modeling for a pre-training corpus that names no task of its own."""
    if tasks:
        return []
    sure = [tag for tag in stages if tag.term == "pretrain"]
    return [Tag("task", "language-modeling", "stage", tag.evidence, min(IMPLIED, tag.confidence)) for tag in sure]


@cache
def stages() -> frozenset[str]:
    """The terms of the task facet that are stages of training."""
    words = vocabulary.load()
    return frozenset(term for term in ("pretrain", "sft", "preference", "rl", "eval") if words.has("task", term))


def above(tags: Sequence[Tag]) -> frozenset[str]:
    """The tasks that stand above any of these."""
    return frozenset[str]().union(*(_above(tag.term) for tag in tags))


@cache
def _above(term: str) -> frozenset[str]:
    return frozenset(vocabulary.load().ancestors("task", term))


def _closest(tags: Sequence[Tag]) -> list[Tag]:
    """Without the tasks that a closer one among them includes."""
    if len(tags) < 2:
        return list(tags)
    included = above(tags)
    return [tag for tag in tags if tag.term not in included]
