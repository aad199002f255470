"""A record into an entry: ties told by key, tags, then the license verdict. The one place where they meet."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from catalog import license as licenses
from catalog import tagging
from catalog.identity import canonical
from catalog.record import Entry, Record, as_entry

MADE_BY: Final = f"{tagging.RULES}, {licenses.RULES}"
"""The rules of today, as every entry names them."""


def complete(record: Record) -> Entry:
    """The entry of a record, tagged and judged by the rules of today. Pure."""
    if record.relations:
        record = replace(record, relations=canonical(record.relations))
    claims = (*record.licenses, *licenses.inherited(record))
    return as_entry(record, tagging.tag(record), licenses.resolve(claims, record.access), MADE_BY)
