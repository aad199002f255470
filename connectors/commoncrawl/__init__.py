"""Common Crawl: the text of its snapshots by files, the pages of one site by its index, and its news crawl.

There is no listing: what is there is chosen when it is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from catalog.connector import About, Asked, Cursor, Option, Page, Selection
from catalog.errors import CatalogError, Usage
from catalog.record import Distribution, Record

if TYPE_CHECKING:
    from catalog.web import HttpStatus, Web

__all__ = ["CommonCrawl", "connector"]


class CommonCrawl:
    """The connector; it selects (`catalog.connector.Selective`) and lists nothing."""

    name = "commoncrawl"
    about = About(
        title="Common Crawl",
        home="https://commoncrawl.org",
        terms="Its terms ask for lawful use and respect for the terms of the sites; the pages stay their authors'.",
        variable="CATALOG_COMMONCRAWL_ENDPOINT",
        connections=10,
    )
    options = ()
    selectors = (
        Option("snapshot", "Which crawl (CC-MAIN-2024-51; of CC-NEWS a month, 2024-11). Newest by default."),
        Option("share", "This share of the crawl's files (0.1%).", metavar="PERCENT"),
        Option("site", "The pages of this domain (example.org) or address (example.org/docs), by the index."),
        Option("lang", "With --site: only pages in this language (zh).", metavar="LANG"),
    )
    part = "snapshot"

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:  # noqa: ARG002 - the contract names them
        """Raises `Usage`: there is no list of datasets here."""
        raise Usage("Common Crawl has no list of datasets.", "Fetch from it: catalog fetch common-crawl --limit 1")

    def files(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The files of a snapshot, which nobody gets whole. Raises `Usage`, see `select`."""
        return list(self.select(web, record, revision, {}).files)

    def select(self, web: Web, record: Record, revision: str | None, asked: Asked) -> Selection:
        """Some WET files of a snapshot, pages of a site, or some files of the news crawl; see
        `connectors.commoncrawl.select`."""
        from connectors.commoncrawl import select

        return select.select(web, record, revision, asked)

    def revision_in(self, url: str) -> str:
        """The snapshot that an address belongs to."""
        from connectors.commoncrawl import settings

        return settings.snapshot_in(url)

    def explains(self, error: HttpStatus) -> CatalogError | None:
        """That a 403 of its hosts means a block."""
        from connectors.commoncrawl import settings

        return settings.explained(error)

    def listed(self) -> Iterable[tuple[str, str, str]]:
        """What can be named: the crawls, and the snapshots as they were last read."""
        from connectors.commoncrawl import snapshots

        return snapshots.listed()

    def address(self) -> str:
        """The host of the files, or the mirror that the user named."""
        from connectors.commoncrawl import settings

        return settings.data()

    def hosts(self) -> frozenset[str]:
        """Hosts that the user named in the environment, which may have private addresses."""
        from connectors.commoncrawl import settings

        return settings.hosts()

    def token(self, _url: str) -> str | None:
        """None: Common Crawl knows no logins."""
        return None


connector = CommonCrawl()
