"""The contract between the catalog and a source of datasets: three members, no base class, and more for who has more.

A connector is any object with a `name`, `pages` and `files`. Retry, pace, robots and size caps are `web`'s business;
mapping one payload to a record is a module-level pure function `to_record(payload)`, so that it can be tested alone.

What else a connector may have is a protocol of its own, looked for when it is needed: `Described`, `Authorised`,
`Credentialed`, `Estimated`, `Detailed`, `Bundled`, `Converts`, `Selective`, `Versioned`, `Explains`, `ReadsPages`,
`ReadsDocuments`, `FromSnapshot`, `FromFiles`, `Addressed`, `Listed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from catalog.record import Distribution, Record

if TYPE_CHECKING:
    from catalog.errors import CatalogError
    from catalog.web import HttpStatus, Web


Outcome = Literal["read", "same", "failed", "gone", "refused"]


@dataclass(frozen=True)
class Lead:
    """A place to visit, for a source that is read place by place: a page of a site, one id of a list.

    `place` is unique within its `scope`; both, and `kind`, are the connector's own words. `host` is who is asked,
    `modified` what the listing says of the last change, `depth` how far from the start it was found. What the last
    visit left: `etag`, `last_modified`, `digest` (of what was read, in the connector's own words), how many visits
    failed or found it gone in a row, `visited` (UTC, "" for never) and the `keys` of the datasets that were found.
    """

    place: str
    scope: str = ""
    kind: str = ""
    host: str = ""
    modified: str = ""
    depth: int = 0
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    failures: int = 0
    visited: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Visit:
    """How the visit of a lead went. It is due again after `again` seconds, never where that is None.

    `read` brought content, `same` found nothing new (the lead's `keys` still stand), `failed` may do better next
    time, `gone` says that the place is no more: what stood there is missing once a second visit of another run says
    so too. `refused` may not be read (robots, type, size); `reason` says why in one line.
    """

    lead: Lead
    outcome: Outcome
    again: float | None = None
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    keys: tuple[str, ...] = ()
    reason: str = ""


class Queue(Protocol):
    """What is to be visited; kept in the registry, in the transaction of the page that found or visited it.

    `host` and `kind` narrow a question to one of them, `since` (a date) to what has changed from then on as far as
    that is known; `before` (UTC, to the second) makes due what was last visited before it.
    """

    def due(
        self, scope: str, limit: int, *, host: str = "", kind: str = "", since: str = "", before: str = ""
    ) -> list[Lead]:
        """The leads that are due, those never visited first, then those waiting longest.

        What was due stays due until a page with its `Visit` is committed.
        """
        ...

    def hosts(self, scope: str, *, kind: str = "", since: str = "", before: str = "") -> list[str]:
        """The hosts that have leads due."""
        ...

    def count(
        self, scope: str, *, due: bool = True, host: str = "", kind: str = "", since: str = "", before: str = ""
    ) -> int:
        """How many leads are due, or known at all."""
        ...

    def lead(self, scope: str, place: str) -> Lead | None:
        """One lead with what its last visit left, due or not."""
        ...


@dataclass(frozen=True)
class Cursor:
    """Where a walk stands. `state` is the connector's own words (JSON values), stored with the page it belongs to.

    An empty state starts a walk. `request` is what the user asked for (query, author, filter ...): a walk is resumed
    only for the same request. `queue` holds the leads of the source, for a connector that needs one.
    """

    request: Mapping[str, str | int | bool | list[str]] = field(default_factory=dict)
    state: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    queue: Queue | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Page:
    """One step of a walk: its records, what was skipped (id or position, reason), and where to go on.

    `cursor` is committed together with the records. `total` is how many records the walk will bring where the
    source says so. `complete` is true on the last page of a walk that saw everything the source has: only two such
    walks in a row may mark what they did not list as missing. `listed` are keys that the source still lists without
    sending their records, `found` new leads, `visited` how visits went.
    """

    records: tuple[Record, ...]
    cursor: Cursor
    skipped: tuple[tuple[str, str], ...] = ()
    total: int | None = None
    last: bool = False
    complete: bool = False
    listed: tuple[str, ...] = ()
    found: tuple[Lead, ...] = ()
    visited: tuple[Visit, ...] = ()


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


@dataclass(frozen=True)
class Option:
    """Something that a user may ask a source for: `--query TEXT`; it comes back by its name, in `Cursor.request` of a
    sync and in `asked` of a fetch.

    A `count` is a whole number from 1, a `flag` has no value, a `file` is the path of a file that is there; `many`
    may be given repeatedly and comes as a list.
    """

    name: str
    help: str
    kind: Literal["text", "count", "flag", "file"] = "text"
    many: bool = False
    metavar: str = ""


@dataclass(frozen=True)
class About:
    """What a person should know of a source. `terms` says in a sentence what its terms let a registry do, `variable`
    names the environment variable that sets its address, `first_use` is said once, before the first sync. A fetch
    opens at most `connections` to it at once (0: as many as the user wants)."""

    title: str
    home: str = ""
    terms: str = ""
    variable: str = ""
    first_use: str = ""
    connections: int = 0


@dataclass(frozen=True)
class Credential:
    """A login that a source knows: what it is called, where it was found ("" for not found), and what is wrong."""

    name: str
    where: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Estimate:
    """What a sync would send: requests at least, and at most where that is known; `says` tells why in one line."""

    at_least: int
    at_most: int | None = None
    says: str = ""


@dataclass(frozen=True)
class Findings:
    """What one web page yields: its records, what was found besides, and why there is not more, a line each.

    `final` is the address after redirects, `syntax` names the markup each record came from, in order.
    """

    url: str
    final: str
    records: tuple[Record, ...] = ()
    syntax: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@runtime_checkable
class Described(Protocol):
    """A connector that says what it is and what it may be asked for."""

    about: About
    options: tuple[Option, ...]


@runtime_checkable
class Credentialed(Protocol):
    """A connector whose source knows logins."""

    def credentials(self) -> tuple[Credential, ...]:
        """Every login looked for; no network, nothing printed, and never a secret."""
        ...


@runtime_checkable
class Estimated(Protocol):
    """A connector that can say what a walk will cost."""

    def estimate(self, cursor: Cursor) -> Estimate:
        """The requests that a sync from this cursor would send. No network."""
        ...


@runtime_checkable
class Detailed(Protocol):
    """A connector that knows more of one dataset than its listing says."""

    def details(self, web: Web, record: Record) -> Record:
        """The record with all that the source tells of it. Raises `NotFound`, `Gated`."""
        ...


@runtime_checkable
class Bundled(Protocol):
    """A connector whose source packs each dataset whole: fetch takes that where nobody chose among the files."""

    def bundle(self, web: Web, record: Record, revision: str | None) -> list[Distribution]:
        """The packed whole, pinned to a revision. Raises `Gated`, `NotFound`."""
        ...


Asked = Mapping[str, str | int | bool | list[str]]
"""What a user asks a source for, by the names of its options; what was not asked for is not in it."""


@dataclass(frozen=True)
class Selection:
    """What a request to fetch comes to. `record` is what the files are, where that is less than what was named: its key
    stands in the receipt, its name is that of the folder. `estimate` is about how many bytes all files have, where not
    each says its size."""

    files: tuple[Distribution, ...]
    record: Record | None = None
    estimate: int | None = None


@runtime_checkable
class Selective(Protocol):
    """A connector that is asked for a part of what it has, as `catalog fetch NAME --lang zh`.

    `selectors` are what a fetch may be asked for. `part` is the name of the one that `NAME:VALUE` means, "" for none.
    """

    selectors: tuple[Option, ...]
    part: str

    def select(self, web: Web, record: Record, revision: str | None, asked: Asked) -> Selection:
        """The files asked for, pinned. `asked` holds `limit` where the user wants so many files at most; a corpus that
        nobody wants whole is not given whole. Raises `Usage`, `Gated`, `NotFound`."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A connector that knows what a refusal of its source means."""

    def explains(self, error: HttpStatus) -> CatalogError | None:
        """What to tell the user instead, which ends the fetch; None where it means what it usually does."""
        ...


@runtime_checkable
class Converts(Protocol):
    """A connector whose source keeps the rows of its datasets as Parquet beside the files they were uploaded as."""

    def converted(self, web: Web, record: Record) -> list[Distribution]:
        """The Parquet files, pinned. Raises `NotFound` where there are none, `Gated`."""
        ...


@runtime_checkable
class Versioned(Protocol):
    """A connector whose addresses of files name the revision that they are pinned to."""

    def revision_in(self, url: str) -> str:
        """The revision that an address of `files` is pinned to, "" for none."""
        ...


@runtime_checkable
class ReadsPages(Protocol):
    """A connector that reads datasets from any web page."""

    def read_page(self, web: Web, url: str) -> Findings:
        """What a page yields. Raises what `Web` raises."""
        ...


@runtime_checkable
class ReadsDocuments(Protocol):
    """A connector that reads datasets from a page or metadata document that is at hand."""

    def read_document(self, body: bytes, content_type: str, url: str) -> Findings:
        """What a document yields. `url` says where it stands, "" where nobody knows. No network; never raises."""
        ...


@runtime_checkable
class FromFiles(Protocol):
    """A connector that reads a published dump of its source by itself: a file, or a folder of files."""

    def imported(self, path: Path) -> Iterator[Page]:
        """The records of a dump, streaming. Raises `Usage` for what is no such dump."""
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


@runtime_checkable
class Addressed(Protocol):
    """A connector whose requests may hold addresses that the user wrote."""

    def named_hosts(self, request: Mapping[str, str | int | bool | list[str]]) -> frozenset[str]:
        """The hosts of these addresses: they may be private."""
        ...


@runtime_checkable
class Listed(Protocol):
    """A connector that knows by name what it can be asked for."""

    def listed(self) -> Iterable[tuple[str, str, str]]:
        """The name, the address and a note of each, for `catalog sources NAME`."""
        ...


def hosts_of(connector: object, request: Mapping[str, str | int | bool | list[str]] | None = None) -> frozenset[str]:
    """The hosts that the user named for a source, in the environment or in a request."""
    named = connector.hosts() if isinstance(connector, Authorised) else frozenset()
    return named | connector.named_hosts(request) if request and isinstance(connector, Addressed) else named


def token_for(connector: object, url: str) -> str | None:
    """The token to send to an address of a source, if any."""
    return connector.token(url) if isinstance(connector, Authorised) else None
