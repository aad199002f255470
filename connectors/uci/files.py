"""The files of a UCI dataset: its one table where the site has made one, and the archive of the original files."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from catalog.errors import NotFound, Skipped
from catalog.record import Distribution, Record
from catalog.web import HttpStatus, Reply, Web
from connectors.uci import service
from connectors.uci.mapping import HOME, Json, has_table, id_of, linked, slug_of, to_record, unwrapped

UNKNOWN: Final = (403, 405, 501)  # answers to HEAD that say nothing of the file


def details(web: Web, record: Record) -> Record:
    """The record as the site has it now. Raises `NotFound`."""
    try:
        return to_record(_payload(web, record))
    except Skipped as reason:
        raise NotFound(f"UCI has no usable record of {record.id[:80]}: {reason.message}") from reason


def files(web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
    """data.csv and the archive, those that are there, with the sizes that the site tells.

    UCI keeps one version, so a revision is asked for in vain. Raises `NotFound` also for a dataset that is only linked
    to, with the address where it is.
    """
    if revision:
        raise NotFound(f"UCI keeps one version of uci:{record.id[:80]}.", "Leave --revision out.")
    payload = _payload(web, record)
    id, base = id_of(record.id), f"{service.endpoint()}/static/public"
    places = []
    if has_table(payload) or "data_url" not in payload:  # the announced API does not say
        places.append(Distribution(url=f"{base}/{id}/data.csv", path="data.csv", format="csv"))
    if not linked(payload):
        slug = slug_of(payload)
        archive = f"{base}/{id}/{quote(slug, safe='+')}.zip"
        note = "the original files, as they were donated"
        places.append(Distribution(url=archive, path=f"{slug}.zip", format="zip", note=note))
    there = (_looked_at(web, place, place.format == "zip" or has_table(payload)) for place in places)
    found = [place for place in there if place is not None]
    if not found:
        raise _without_files(payload, id)
    return found


def _payload(web: Web, record: Record) -> Json:
    id = id_of(record.id)
    if not id:
        raise NotFound(f"{record.id[:80]!r} is no dataset of UCI.", "They are numbers: catalog fetch uci:53")
    for api in ("current", "next"):
        try:
            return unwrapped(service.record(web, api, id).value)
        except HttpStatus as error:
            if error.status not in (404, 405, 410):
                raise
        except Skipped as reason:
            raise NotFound(f"UCI has no usable record of uci:{id}: {reason.message}") from reason
    raise NotFound(f"UCI has no dataset {id}.", f"See {HOME}/datasets")


def _looked_at(web: Web, place: Distribution, named: bool) -> Distribution | None:
    """The file with its size, None where it is not there; one that the record names is believed to be."""
    try:
        reply = web.head(place.url)
    except HttpStatus as error:
        if error.status in UNKNOWN and named:
            return place
        if error.status in (404, 410, *UNKNOWN):
            return None
        raise
    return Distribution(url=place.url, path=place.path, format=place.format, bytes=_length(reply), note=place.note)


def _length(reply: Reply) -> int | None:
    text = "" if reply.location else reply.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _without_files(payload: Json, id: str) -> NotFound:
    link = linked(payload)
    if link:
        return NotFound(f"UCI does not hold the files of uci:{id}, it links to them.", f"They are at {link[:300]}")
    return NotFound(f"UCI has no files of uci:{id}.", f"Its page may say where they are: {HOME}/dataset/{id}")
