"""The contract between the catalog and a source of datasets: three members, no base class, and three more for some.

A connector is any object with a `name`, `pages` and `files`. Retry, pace, robots and size caps are `web`'s business;
mapping one payload to a record is a module-level pure function `to_record(payload)`, so that it can be tested alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from catalog.record import Distribution, Record

if TYPE_CHECKING:
    from catalog.web import Web


@dataclass(frozen=True)
class Cursor:
    """Where a walk stands. `state` is the connector's own words (JSON values), stored with the page it belongs to.

    An empty state starts a walk. `request` is what the user asked for (query, author, filter ...): a walk is resumed
    only for the same request.
    """

    request: Mapping[str, str | int | bool | list[str]] = field(default_factory=dict)
    state: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One step of a walk: its records, what was skipped (id or position, reason), and where to go on.

    `cursor` is committed together with the records. `total` is how many records the walk will bring where the
    source says so. `complete` is true on the last page of a walk that saw everything the source has: only two such
    walks in a row may mark what they did not list as missing.
    """

    records: tuple[Record, ...]
    cursor: Cursor
    skipped: tuple[tuple[str, str], ...] = ()
    total: int | None = None
    last: bool = False
    complete: bool = False


@runtime_checkable
class Connector(Protocol):
    """A source of datasets."""

    name: str

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        """Walk the source from `cursor`. Raises `Retriable` or `Fatal`; a bad record goes to `Page.skipped`."""
        ...

    def files(self, web: Web, record: Record, revision: str | None) -> list[Distribution]:
        """The files of one dataset, pinned to a revision: what fetch plans with. Raises `Gated`, `NotFound`."""
        ...


@runtime_checkable
class Authorised(Protocol):
    """A connector whose source knows users and whose address can be set."""

    def hosts(self) -> frozenset[str]:
        """Hosts that the user named in the environment: they may be private."""
        ...

    def token(self, url: str) -> str | None:
        """The user's token where the address is the source's own, else None."""
        ...


@runtime_checkable
class FromSnapshot(Protocol):
    """A connector that also reads rows of a published dump of its source."""

    def snapshot_record(self, row: Mapping[str, object]) -> Record:
        """The record of one row. Raises `Skipped` with the reason."""
        ...


def hosts_of(connector: object) -> frozenset[str]:
    """The hosts that the user named for a source; none for a connector that has no such setting."""
    return connector.hosts() if isinstance(connector, Authorised) else frozenset()


def token_for(connector: object, url: str) -> str | None:
    """The token to send to an address of a source, if any."""
    return connector.token(url) if isinstance(connector, Authorised) else None
