"""What the words of a record speak for, sure enough or not: told to a person who asks why a tag is missing."""

from __future__ import annotations

from catalog.record import Record, Tag
from catalog.tagging import phrases, reading


def candidates(record: Record) -> list[Tag]:
    """Every term that some listed phrase of the text speaks for, the surest first, whether or not it became a tag."""
    found = phrases.scan(reading.read(record))
    tags = [
        Tag("task" if facet == "stage" else facet, term, "text", score.evidence, score.confidence)
        for facet, scores in found.items()
        for term, score in scores.items()
        if facet in ("domain", "task", "stage", "genre", "modality") and score.words
    ]
    return sorted(tags, key=lambda tag: (tag.facet, -tag.confidence, tag.term))
