"""Dumps of Wikipedia and its sister projects: the articles of one language at one date, checked by SHA-1.

There is no listing: language and date are chosen when a dump is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catalog.connector import About, Asked, Cursor, Option, Page, Selection
from catalog.errors import CatalogError, Usage
from catalog.record import Distribution, Record

if TYPE_CHECKING:
    from catalog.web import HttpStatus, Web

__all__ = ["Wikimedia", "connector"]


class Wikimedia:
    """The connector; it selects (`catalog.connector.Selective`) and lists nothing."""

    name = "wikimedia"
    about = About(
        title="Wikimedia dumps",
        home="https://dumps.wikimedia.org",
        terms="A User-Agent that names the client is required, and few connections; texts are under CC BY-SA.",
        variable="CATALOG_WIKIMEDIA_ENDPOINT",
        connections=2,
    )
    options = ()
    selectors = (
        Option("lang", "Which language edition (zh, en, simple).", metavar="LANG"),
        Option("date", "Which dump (20261101); the newest finished one by default.", metavar="YYYYMMDD"),
        Option("job", "Which part of the dump (default: articlesmultistreamdump).", metavar="JOB"),
    )
    part = "lang"

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:  # noqa: ARG002 - the contract names them
        """Raises `Usage`: there is no list of datasets here."""
        raise Usage("Wikimedia's dumps are no list of datasets.", "Fetch one: catalog fetch wikipedia:zh")

    def files(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The article files of a dump whose wiki the record names (`zhwiki`)."""
        return list(self.select(web, record, revision, {}).files)

    def select(self, web: Web, record: Record, revision: str | None, asked: Asked) -> Selection:
        """The files of one dump; see `connectors.wikimedia.dumps`."""
        from connectors.wikimedia import dumps

        return dumps.select(web, record, revision, asked)

    def revision_in(self, url: str) -> str:
        """The date of the dump that an address belongs to."""
        from connectors.wikimedia import dumps

        return dumps.date_in(url)

    def explains(self, error: HttpStatus) -> CatalogError | None:
        """What a 403 or 429 of the dumps means."""
        from connectors.wikimedia import dumps

        return dumps.explained(error)

    def address(self) -> str:
        """The host of the files, or the mirror that the user named."""
        from connectors.wikimedia import settings

        return settings.endpoint()

    def hosts(self) -> frozenset[str]:
        """The host that the user named in the environment, which may have a private address."""
        from connectors.wikimedia import settings

        return settings.hosts()

    def token(self, _url: str) -> str | None:
        """None: the dumps know no logins."""
        return None


connector = Wikimedia()
