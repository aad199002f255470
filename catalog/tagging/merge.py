"""Tags of one facet from several rules into one tag a term."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from catalog.record import Tag
from catalog.tagging.phrases import Score

SHOWN: Final = 0.35
"""Below this confidence nothing is shown, whatever the rule."""
BOTH: Final = 0.03  # what a second, independent rule adds to the confidence


def best(tags: Iterable[Tag]) -> list[Tag]:
    """One tag a term, the surest; a second rule that says the same adds a little. In order of first mention."""
    tags = list(tags)
    if not tags:
        return tags
    if len(tags) == 1:
        return [tag for tag in tags if tag.confidence >= SHOWN]
    kept: dict[str, Tag] = {}
    for tag in tags:
        known = kept.setdefault(tag.term, tag)
        if known is tag:
            continue
        if known.rule != tag.rule:
            high = max(known, tag, key=lambda each: each.confidence)
            sure = min(0.99, high.confidence + BOTH) if high.confidence < 1 else 1.0
            kept[tag.term] = Tag(high.facet, high.term, high.rule, high.evidence, round(sure, 2))
    return [tag for tag in kept.values() if tag.confidence >= SHOWN]


def from_text(facet: str, scores: dict[str, Score], points: float, share: float, limit: int) -> list[Tag]:
    """The terms that a text speaks for: at least `points`, and `share` of the best one's points; at most `limit`."""
    if not scores:
        return []
    ranked = sorted(scores.items(), key=lambda pair: -pair[1].points)
    floor = max(points, share * ranked[0][1].points)
    return [
        Tag(facet, term, "text", score.evidence, score.confidence)
        for term, score in ranked[:limit]
        if score.points >= floor
    ]
