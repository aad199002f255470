"""Library: the tools that the source says can load the dataset, as it names them."""

from __future__ import annotations

from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best


def tags(record: Record) -> list[Tag]:
    """The libraries of a record, in lower case."""
    said = (statement for statement in record.statements if statement.facet == "library")
    return best(
        Tag(
            "library",
            statement.value.lower()[:40],
            "source tag",
            f"{statement.by}: {statement.value}"[:120],
            stated.STATED,
        )
        for statement in said
    )
