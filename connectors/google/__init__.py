"""Datasets as Google Dataset Search finds them: the schema.org markup that publishers put on their pages.

Google offers no API for Dataset Search; this reads the publishers that it indexes, asks DataCite, and imports the
corpus that Google published in 2020. `extract.read` and the `to_record` of `mapping`, `datacite_mapping` and `corpus`
are pure. What goes to the network is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.connector import About, Cursor, Estimate, Findings, Option, Page
from catalog.errors import Usage
from catalog.record import Distribution, Record
from connectors.google.mapping import SOURCE, to_record

if TYPE_CHECKING:
    from catalog.web import Web

__all__ = ["Google", "connector", "to_record"]

SITES = ("site", "sitemap", "url", "urls")
"""Options that name pages to be read."""


class Google:
    """The connector; its three members of the contract are `name`, `pages` and `files`."""

    name = SOURCE
    about = About(
        "Google Dataset Search",
        home="https://datasetsearch.research.google.com",
        terms="Google offers no API and its result pages are not read; each publisher's robots.txt and license hold.",
        variable="CATALOG_DATACITE_ENDPOINT",
        first_use="Google offers no API for Dataset Search. This reads what Google reads: the schema.org markup on the "
        "pages of the publishers it indexes, and DataCite for datasets with a DOI.",
    )
    options = (
        Option("site", "A publisher by its name (catalog sources google) or address.", many=True, metavar="NAME"),
        Option("sitemap", "A sitemap of dataset pages.", many=True, metavar="URL"),
        Option("url", "One page.", many=True, metavar="URL"),
        Option("urls", "A file with the address of a page on each line.", "file", metavar="FILE"),
        Option(
            "crawl_delay", "Seconds between two requests to a host (1; less where you named it).", metavar="SECONDS"
        ),
        Option("datacite", "What DataCite finds for this query, by DOI.", metavar="QUERY"),
    )

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        """Walk the pages of publishers, or DataCite's listing. Raises `Usage` for both at once."""
        if not cursor.request.get("datacite"):
            from connectors.google import harvest

            return harvest.pages(web, cursor)
        if any(cursor.request.get(name) for name in SITES):
            raise Usage("--datacite and pages of sites are two walks.", "Sync one, then the other.")
        from connectors.google import datacite

        return datacite.pages(web, cursor)

    def files(self, web: Web, record: Record, _revision: str | None = None) -> list[Distribution]:
        """The downloads that the markup of a dataset names."""
        from connectors.google import reader

        return reader.files(web, record)

    def details(self, web: Web, record: Record) -> Record:
        """The record with what its page tells now."""
        from connectors.google import reader

        return reader.details(web, record)

    def read_page(self, web: Web, url: str) -> Findings:
        """What one page yields, and why there is not more."""
        from connectors.google import reader

        return reader.read_page(web, url)

    def read_document(self, body: bytes, content_type: str, url: str) -> Findings:
        """What a page or JSON-LD document at hand yields; see `connectors.google.extract`."""
        from connectors.google import extract

        return extract.read(body, content_type, url)

    def imported(self, path: Path) -> Iterator[Page]:
        """The records of Google's corpus of 2020, as of then."""
        from connectors.google import corpus

        return corpus.imported(path)

    def address(self) -> str:
        """The one service that is asked besides the sites of publishers: DataCite."""
        from connectors.google import datacite

        return datacite.endpoint()

    def hosts(self) -> frozenset[str]:
        """The host that the user named for DataCite, which may have a private address."""
        from urllib.parse import urlsplit

        from connectors.google import datacite

        host = urlsplit(datacite.endpoint()).hostname
        return frozenset({host} if host and datacite.endpoint() != datacite.SERVICE else ())

    def named_hosts(self, request: Mapping[str, str | int | bool | list[str]]) -> frozenset[str]:
        """The hosts of the sites, sitemaps and pages that the user wrote."""
        from connectors.google import plan

        return plan.named_hosts(request)

    def listed(self) -> Iterable[tuple[str, str, str]]:
        """The publishers that are built in: name, where they start, a note."""
        from connectors.google import sites

        return sites.listed()

    def token(self, _url: str) -> str | None:
        """None: nothing here is read with a login."""
        return None

    def estimate(self, cursor: Cursor) -> Estimate:
        """The requests that a sync from this cursor would send."""
        if cursor.request.get("datacite"):
            return Estimate(1, says="one request for every 1,000 DOIs that DataCite finds")
        from connectors.google.estimate import estimate

        return estimate(cursor)


connector = Google()
