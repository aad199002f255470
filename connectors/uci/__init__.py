"""The UCI Machine Learning Repository: one list, a record a dataset, and two files of each.

`to_record` is pure. What goes to the network is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catalog.connector import About, Cursor, Estimate, Option, Page
from catalog.record import Distribution, Record
from connectors.uci.mapping import HOME, SOURCE, to_record

if TYPE_CHECKING:
    from catalog.web import Web

__all__ = ["Uci", "connector", "to_record"]


class Uci:
    """The connector; its three members of the contract are `name`, `pages` and `files`."""

    name = SOURCE
    about = About(
        title="UCI Machine Learning Repository",
        home=HOME,
        terms="No terms for its metadata are stated; it is read one request at a time, at most four a second.",
        variable="CATALOG_UCI_ENDPOINT",
    )
    options = (
        Option("query", "Only datasets whose name holds these words."),
        Option("area", "Only this subject area, as UCI writes it (Health and Medicine)."),
        Option("refresh", "Read at most this many known records again (default 100).", "count"),
    )

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        """Walk the list and its records from `cursor`; see `connectors.uci.walk`."""
        from connectors.uci import walk

        return walk.pages(web, cursor)

    def files(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The table and the archive of a dataset; see `connectors.uci.files`."""
        from connectors.uci import files

        return files.files(web, record, revision)

    def details(self, web: Web, record: Record) -> Record:
        """The record as the site has it now."""
        from connectors.uci import files

        return files.details(web, record)

    def estimate(self, cursor: Cursor) -> Estimate:
        """The requests that a sync from this cursor would send."""
        from connectors.uci import walk

        return walk.estimate(cursor)

    def hosts(self) -> frozenset[str]:
        """The host that the user named in the environment, which may have a private address."""
        from connectors.uci import service

        return service.hosts()

    def token(self, _url: str) -> str | None:
        """None: UCI knows no logins."""
        return None


connector = Uci()
