"""Kaggle: listing, mapping, details, files and logins of its datasets, and the tables of Meta Kaggle.

`to_record` is pure. What goes to the network is imported when it is called; Kaggle's own package only to renew a login.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.connector import About, Credential, Cursor, Estimate, Option, Page
from catalog.record import Distribution, Record
from connectors.kaggle import settings
from connectors.kaggle.mapping import SOURCE, to_record

if TYPE_CHECKING:
    from catalog.web import Web

__all__ = ["Kaggle", "connector", "to_record"]


class Kaggle:
    """The connector; its three members of the contract are `name`, `pages` and `files`."""

    name = SOURCE
    about = About(
        title="Kaggle",
        home=settings.HOME,
        terms=(
            "Kaggle's terms limit what may be collected and stored by machine, so a sync brings what you ask for and "
            "no more; Kaggle publishes all of it as the dataset kaggle/meta-kaggle. Each dataset has the license that "
            "its uploader chose."
        ),
        variable=settings.VARIABLE,
        first_use=(
            "Kaggle is synced for what you ask for (--query, --tag, --user, --top). Its terms limit what may be "
            "stored: keep to what you need. No account is needed to search."
        ),
    )
    options = (
        Option("query", "Only what Kaggle finds for these words.", metavar="WORDS"),
        Option("tag", "Only with this tag, by its name or number.", metavar="TAG"),
        Option("user", "Only this owner's datasets.", metavar="OWNER"),
        Option("top", "The most voted, this many.", kind="count", metavar="N"),
        Option("details", "Read description, files and columns of each as well: three requests more.", kind="flag"),
    )

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        """Walk the listing from `cursor`; see `connectors.kaggle.listing`."""
        from connectors.kaggle import listing

        return listing.pages(web, cursor)

    def estimate(self, cursor: Cursor) -> Estimate:
        """The requests that a sync would send. Raises `Usage` where nothing is asked for."""
        from connectors.kaggle import listing

        return listing.estimate(cursor)

    def files(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The single files of a dataset, pinned to a version; see `connectors.kaggle.files`."""
        from connectors.kaggle import files

        return files.files(web, record, revision)

    def bundle(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The whole dataset as the ZIP that Kaggle keeps of it, pinned to a version."""
        from connectors.kaggle import files

        return files.bundle(web, record, revision)

    def pinned(self, web: Web, record: Record, revision: str | None = None) -> str:
        """The version that `files` would take."""
        from connectors.kaggle import files

        return files.pinned(web, record, revision)

    def revision_in(self, url: str) -> str:
        """The version that an address of a file is pinned to, "" for none."""
        from connectors.kaggle import files

        return files.revision_in(url)

    def details(self, web: Web, record: Record) -> Record:
        """The record with description, columns, files and the bundle's checksum."""
        from connectors.kaggle import details

        return details.details(web, record)

    def imported(self, path: Path) -> Iterator[Page]:
        """The datasets of a folder of Meta Kaggle's tables; see `connectors.kaggle.meta_kaggle`."""
        from connectors.kaggle import meta_kaggle

        return meta_kaggle.pages(path)

    def credentials(self) -> tuple[Credential, ...]:
        """Each kind of login that Kaggle knows, and where it was found."""
        from connectors.kaggle import credentials

        return credentials.report()

    def hosts(self) -> frozenset[str]:
        """The host that the user named in the environment, which may have a private address."""
        return settings.hosts()

    def token(self, url: str) -> str | None:
        """The user's login for the Authorization header where `url` is Kaggle's, else None."""
        from connectors.kaggle import links

        return links.token_for(url)


connector = Kaggle()
