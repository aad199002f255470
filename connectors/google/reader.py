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
    page = record.url or (f"https://doi.org/{record.id}" if record.id.startswith("10.") else record.id)
    if not page.startswith(("http://", "https://")):
        raise NotFound(f"{record.key} has no address that could be read.", "Look for it with: catalog search")
    told = read_page(web, page).records
    same = [each for each in told if each.id == record.id] or (list(told) if len(told) == 1 else [])
    now = [file for each in same for file in each.distributions if file.kind == "file"]
    if not now:
        places = [each.url for each in (*record.distributions, *(file for each in same for file in each.distributions))]
        raise NotFound(
            f"the markup of {record.key} names no file to download.",
            f"Look at {(places or [page])[0]}",
        )
    return with_paths(now)


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
