"""Training format: what the source says, its columns, then free tags."""

from __future__ import annotations

from catalog.formats import Detected
from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best


def tags(record: Record, detected: Detected | None) -> list[Tag]:
    """The training format of a record; columns outrank free tags."""
    given = list(stated.tags(record, "format"))
    if stated.curated(record, "format"):
        return best(given)
    if detected is not None:
        reason = "; ".join(detected.reasons)[: stated.MAX_EVIDENCE]
        return best([*given, Tag("format", detected.format, "columns", reason, detected.confidence)])
    return best([*given, *stated.free_tags(record, "format")])
