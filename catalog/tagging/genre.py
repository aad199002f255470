"""Genre: what sort of text it is."""

from __future__ import annotations

from typing import Final

from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best, from_text
from catalog.tagging.phrases import Found

POINTS: Final = 3.0
SHARE: Final = 0.5
LIMIT: Final = 3


def tags(record: Record, found: Found) -> list[Tag]:
    """The genres of a record."""
    given = list(stated.tags(record, "genre"))
    if stated.curated(record, "genre"):
        return best(given)
    return best(
        [*given, *stated.free_tags(record, "genre"), *from_text("genre", found.get("genre", {}), POINTS, SHARE, LIMIT)]
    )
