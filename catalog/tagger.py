"""A record into an entry: tags, then the license verdict. The one place where both meet."""

from __future__ import annotations

from catalog import license as licenses
from catalog import tagging
from catalog.record import Entry, Record, as_entry


def complete(record: Record) -> Entry:
    """The entry of a record, tagged and judged by the rules of today. Pure."""
    return as_entry(record, tagging.tag(record), licenses.resolve(record.licenses, record.access), tagging.RULES)
