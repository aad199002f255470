"""`catalog show NAME --refresh`: ask the source of a dataset for all that it tells, and store it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.cli.options import open_for_reading, open_for_writing
from catalog.cli.syncing import tell_wait
from catalog.errors import NotFound, Usage

if TYPE_CHECKING:
    from catalog.record import Record

EMBEDDED = "catalog"


def refreshed(name: str, registry: str | None) -> str:
    """Ask, store, and give the key that the dataset has now.

    A key that the registry does not hold is asked for all the same. Raises what the source raises, and `Usage` for a
    dataset whose source tells no more.
    """
    from catalog import plugins
    from catalog.connector import hosts_of
    from catalog.sync import details_of, store_details
    from catalog.web import Web, WebSettings

    record = _record(name, registry)
    connector = plugins.load(record.source)
    with Web(WebSettings(allow_private_hosts=hosts_of(connector), on_wait=tell_wait)) as web:
        found = details_of(connector, web, record)
    with open_for_writing(registry, f"refresh {record.source}") as opened:
        return store_details(opened, connector, found).key


def _record(name: str, registry: str | None) -> Record:
    """What is known of the dataset so far."""
    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    with open_for_reading(registry) as connection:
        try:
            number = one_named(connection, name).id
        except NotFound:
            return _unknown(name)
        entry = read_entries(connection, [number], terms_of(connection))[number]
    if entry.source == EMBEDDED:
        places = [place.url for place in entry.distributions if place.kind == "repo"]
        hint = f"Its copy there: catalog show {places[0]} --refresh" if places else ""
        raise Usage(f"{entry.key} is of the embedded catalog, which people write.", hint)
    return entry


def _unknown(name: str) -> Record:
    """A record of nothing but its key. Raises `NotFound` for a name that is no key of an installed source."""
    from catalog import plugins
    from catalog.record import Record

    source, colon, id = name.partition(":")
    if not colon or not id or source not in {each.name for each in plugins.sources()}:
        raise NotFound(f"nothing is named {name[:80]!r}.", "Name it by its key (huggingface:owner/name).")
    return Record(source=source, id=id, name=id.rpartition("/")[2] or id)
