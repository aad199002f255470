"""Domain: what the source says, then free tags with a cap against tag spam, then the words of the text."""

from __future__ import annotations

from typing import Final

from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best, from_text
from catalog.tagging.phrases import Found, Score
from catalog.tagging.weigh import Weighed

POINTS: Final = 2.0
SHARE: Final = 0.45
LIMIT: Final = 3
SPAM: Final = 4  # so many domains among the free tags are spam: they only support what the text says
GENERAL: Final = "general"
_RANKS: Final = {"source tag": 0, "free tag": 1}  # what the author says comes first
BACKDROP: Final = {"news": 0.7, "linguistics": 0.75}
"""Where texts come from or what all corpora share: a subject of nearly the same weight goes first."""


def tags(record: Record, found: Found, weighed: Weighed | None) -> list[Tag]:
    """The domains of a record, the surest first; `general` only where there is nothing closer."""
    given = list(stated.tags(record, "domain"))
    if stated.curated(record, "domain"):
        return best(given)
    scores = _weighed(found.get("domain", {}))
    free = best(stated.free_tags(record, "domain"))
    if len(free) >= SPAM:
        free = [tag for tag in free if tag.term in scores]
    guessed = _without_general(from_text("domain", scores, POINTS, SHARE, LIMIT), scores)
    if weighed is not None:
        guessed = weighed.tags("domain", guessed, LIMIT)
    merged = best([*given, *sorted(free, key=lambda tag: -_points(scores, tag.term)), *guessed])
    close = [tag for tag in merged if tag.term != GENERAL]
    return sorted(close or merged, key=lambda tag: (_RANKS.get(tag.rule, 2), -tag.confidence))


def _weighed(scores: dict[str, Score]) -> dict[str, Score]:
    """The scores with the backdrop's share of them where another domain speaks as well."""
    if len(scores) < 2 or not scores.keys() & BACKDROP.keys():
        return scores
    behind = {term: scores[term] for term in BACKDROP if term in scores}
    return scores | {term: Score(each.points * BACKDROP[term], words=each.words) for term, each in behind.items()}


def _points(scores: dict[str, Score], term: str) -> float:
    return scores[term].points if term in scores else 0.0


def _without_general(guessed: list[Tag], scores: dict[str, Score]) -> list[Tag]:
    """Signs of a general corpus beat a subject that is only named in passing."""
    general = scores.get(GENERAL)
    if general is None:
        return guessed
    best_other = max((score.points for term, score in scores.items() if term != GENERAL), default=0.0)
    if general.points > best_other:
        return [tag for tag in guessed if tag.term == GENERAL]
    return [tag for tag in guessed if tag.term != GENERAL]
