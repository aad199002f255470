"""Reading one web page that a person named: its Datasets, and the files of one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from catalog.connector import Findings
from catalog.errors import NotFound
from catalog.record import Distribution, Record
from connectors.google import extract
from connectors.google.distributions import with_paths
from connectors.google.links import host_of

if TYPE_CHECKING:
    from catalog.web import Reply, Web

FOLLOWED: Final = 2  # linked JSON-LD documents that are looked at


def read_page(web: Web, url: str) -> Findings:
    """What a page yields; where its markup tells nothing, the JSON-LD that it links to on its own host. Robots rules
    hold. Raises what `Web` raises."""
    reply = web.get_page(url)
    found = replace(_read(reply), url=url)
    if found.records:
        return found
    for link in _links(reply):
        more = _read(web.get_page(link))
        if more.records:
            note = f"It stands in the JSON-LD that the page links to: {link}"
            return replace(more, url=url, final=found.final, notes=(*more.notes, note))
    return found


def files(web: Web, record: Record) -> list[Distribution]:
    """The downloads of a dataset: as its record has them, else as its page has them now.

    Raises `NotFound` where neither names any, and what `Web` raises.
    """
    kept = [each for each in record.distributions if each.kind == "file"]
    if kept:
        return with_paths(kept)
    page = _page_of(record)
    same = _same(web, page, record)
    now = [file for each in same for file in each.distributions if file.kind == "file"]
    if not now:
        places = [each.url for each in (*record.distributions, *(file for each in same for file in each.distributions))]
        raise NotFound(
            f"the markup of {record.key} names no file to download.",
            f"Look at {(places or [page])[0]}",
        )
    return with_paths(now)


def details(web: Web, record: Record) -> Record:
    """The record with what its page tells now: the page's words first. Raises `NotFound`, and what `Web` raises."""
    page = _page_of(record)
    same = _same(web, page, record)
    if not same:
        raise NotFound(f"no markup of {record.key} stands at {page[:200]}.", f"See why: catalog inspect {page[:200]}")
    fields = {name: getattr(same[0], name) for name in same[0].__struct_fields__}
    return extract.joined_records(Record(**fields | {"id": record.id}), record)


def _page_of(record: Record) -> str:
    """The address of a dataset's page: the record's, else what its id says."""
    page = record.url or (f"https://doi.org/{record.id}" if record.id.startswith("10.") else record.id)
    if not page.startswith(("http://", "https://")):
        raise NotFound(f"{record.key} has no address that could be read.", "Look for it with: catalog search")
    return page


def _same(web: Web, page: str, record: Record) -> list[Record]:
    """What a page says of this dataset: under its id, else the one dataset that it describes."""
    told = read_page(web, page).records
    return [each for each in told if each.id == record.id] or (list(told) if len(told) == 1 else [])


def _read(reply: Reply) -> Findings:
    return extract.read(reply.body, reply.headers.get("content-type", ""), reply.url)


def _links(reply: Reply) -> list[str]:
    """JSON-LD on the page's own host: of its Link header, then of its links."""
    named = [reply.links[relation] for relation in ("describedby", "alternate") if relation in reply.links]
    page = extract.decode(reply.body, reply.headers.get("content-type", ""))
    found = [*named, *extract.linked(page, reply.url)]
    return [link for link in dict.fromkeys(found) if host_of(link) == host_of(reply.url) and link != reply.url][
        :FOLLOWED
    ]
