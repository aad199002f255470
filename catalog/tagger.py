"""A record into an entry: ties told by key, tags, then the license verdict. The one place where they meet."""

from __future__ import annotations

from msgspec.structs import replace

from catalog import license as licenses
from catalog import tagging
from catalog.identity import canonical
from catalog.record import Entry, Record, as_entry


def complete(record: Record) -> Entry:
    """The entry of a record, tagged and judged by the rules of today. Pure."""
    if record.relations:
        record = replace(record, relations=canonical(record.relations))
    return as_entry(record, tagging.tag(record), licenses.resolve(record.licenses, record.access), tagging.RULES)
