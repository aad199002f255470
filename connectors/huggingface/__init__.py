"""The Hugging Face Hub: listing, mapping, files, cards and columns of its datasets.

`to_record`, `from_snapshot` and `parse_card` are pure. What goes to the network is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from catalog.connector import About, Credential, Cursor, Estimate, Option, Page
from catalog.record import Column, Distribution, Record
from connectors.huggingface import settings
from connectors.huggingface.card import parse_card
from connectors.huggingface.mapping import SOURCE, from_snapshot, to_record

if TYPE_CHECKING:
    from catalog.web import Web

__all__ = ["HuggingFace", "connector", "from_snapshot", "parse_card", "to_record"]


class HuggingFace:
    """The connector; its three members of the contract are `name`, `pages` and `files`."""

    name = SOURCE
    about = About(
        title="Hugging Face Hub",
        home=settings.HUB,
        terms="Public metadata of datasets may be read over its API, within the Hub's rate limits.",
        variable=settings.ENDPOINT_NAMES[0],
    )
    options = (
        Option("query", "Only what the Hub finds for these words.", metavar="WORDS"),
        Option("author", "Only this owner's datasets.", metavar="OWNER"),
        Option("filter", "Only with this tag of the Hub (language:zh).", many=True, metavar="TAG"),
    )

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        """Walk the listing from `cursor`; see `connectors.huggingface.listing`."""
        from connectors.huggingface import listing

        return listing.pages(web, cursor)

    def files(self, web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
        """The files of a dataset, pinned to a commit; see `connectors.huggingface.files`."""
        from connectors.huggingface import files

        return files.files(web, record, revision)

    def converted(self, web: Web, record: Record) -> list[Distribution]:
        """The Parquet files that the Hub makes of a dataset; see `connectors.huggingface.files`."""
        from connectors.huggingface import files

        return files.converted(web, record)

    def pinned(self, web: Web, record: Record, revision: str | None = None) -> str:
        """The commit that `files` would take."""
        from connectors.huggingface import files

        return files.pinned(web, record, revision)

    def details(self, web: Web, record: Record) -> Record:
        """The record with what its card says of the license, and the columns that the dataset viewer found."""
        from connectors.huggingface import on_demand

        return on_demand.details(web, record)

    def estimate(self, cursor: Cursor) -> Estimate:
        """The requests that a sync from this cursor would send."""
        from connectors.huggingface import listing

        return listing.estimate(cursor)

    def card(self, web: Web, record: Record) -> str:
        """The dataset card (README.md) at the record's revision, at most 1 MiB of it; "" where there is none."""
        from connectors.huggingface import on_demand

        return on_demand.card(web, record)

    def columns(self, web: Web, record: Record) -> tuple[Column, ...]:
        """The columns as the dataset viewer found them, for a record whose card names none."""
        from connectors.huggingface import on_demand

        return on_demand.columns(web, record)

    def snapshot_record(self, row: Mapping[str, object]) -> Record:
        """The record of one row of a Hub snapshot. Raises `Skipped` with the reason."""
        return to_record(from_snapshot(row))

    def address(self) -> str:
        """The Hub, or the mirror that the user named."""
        return settings.endpoint()

    def credentials(self) -> tuple[Credential, ...]:
        """The token of the Hub, and where it was found."""
        return (settings.credential(),)

    def hosts(self) -> frozenset[str]:
        """Hosts that the user named in the environment, which may have private addresses."""
        return settings.hosts()

    def token(self, url: str) -> str | None:
        """The user's token where `url` is the Hub's own, else None."""
        return settings.token_for(url)


connector = HuggingFace()
