"""The one loop of every source: pages -> tag -> license -> commit_page(entries, cursor).

A walk is resumed where the last committed page left it, for the same request. What a walk lists is noted page by page,
so that two complete walks in a row can tell which datasets are gone; the last page of a walk, the end of its run and
its vote on what is gone are one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from catalog.connector import Connector, Cursor, Detailed, Estimate, Estimated, Page
from catalog.errors import CatalogError, Fatal, NotFound, Skipped, Usage
from catalog.record import Entry, Record, encode
from catalog.registry.preparing import Completed, Line, Rows, of_source, rows_of, work
from catalog.tagger import complete
from catalog.workers import ALONE, Workers

if TYPE_CHECKING:
    import sqlite3

    from catalog.registry import Registry
    from catalog.registry.pages import End
    from catalog.web import Web

Request = Mapping[str, str | int | bool | list[str]]


@dataclass
class Progress:
    """How far a sync is: counts of records and pages of this call, `total` of the walk where the source says it.

    `before` is how many records an earlier call brought of the same walk, `stopped` that the walk is not at its end
    because a budget was spent, `message` what the user should be told about the end.
    """

    source: str
    run: int
    resumed: bool = False
    before: int = 0
    stopped: bool = False
    pages: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    skipped: int = 0
    total: int | None = None
    missing: int = 0
    message: str = ""
    reasons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records came, skipped ones included."""
        return self.new + self.changed + self.same + self.skipped

    def kept(self) -> str:
        """A sentence on the records that are stored, with a space behind it; "" where none are."""
        count = self.records - self.skipped
        if not count:
            return ""
        return "1 record came and is stored. " if count == 1 else f"{count:,} records came and are stored. "


def sync(
    registry: Registry,
    connector: Connector,
    web: Web,
    request: Request | None = None,
    *,
    restart: bool = False,
    confirm_loss: bool = False,
    on_page: Callable[[Progress], None] | None = None,
) -> Progress:
    """Walk a source into the registry, page by page, each page one transaction with its cursor.

    `request` is what the user asked for; with `full` in it the walk is whole, but is otherwise the same walk; its
    `limit` and `since` are kept to whether or not the connector heeds them. `restart` forgets where the last walk of
    that request stood, `confirm_loss` believes a complete walk that misses much, once a second one agrees. What a page
    could not use is counted with its reason. A spent budget of requests ends the call early where something came.
    Raises what the connector raises, and `Fatal` for whatever else a connector throws, after the books of the run are
    closed; committed pages stay.
    """
    from catalog.registry.pages import End
    from catalog.web import BudgetSpent

    asked = dict(request or {})
    words = walk_words(asked)
    stored = None if restart else registry.walk_state(connector.name, words)
    progress = _begin(registry, connector, asked, stored)
    cursor = Cursor(asked, stored[0] if stored else {}, registry.queue(connector.name))  # type: ignore[arg-type]
    bounds = _Bounds.of(registry, progress, asked)
    ended, rule = False, Completed(connector.name, registry.corrections)
    try:
        for came in _guarded(connector, lambda: connector.pages(web, cursor)):
            page, message = bounds.within(came)
            progress.stopped = bool(message)
            end = End(connector.name, page.complete, confirm_loss, message) if page.last else None
            rows = rows_of(rule, _lines(page))
            _commit(registry, page, rows, (connector.name, words, dict(page.cursor.state)), progress, end)
            ended = page.last
            if on_page is not None:
                on_page(progress)
            if ended:
                return progress
    except (CatalogError, KeyboardInterrupt) as error:
        if not ended:
            _close(registry, progress, error)
        if isinstance(error, BudgetSpent) and progress.pages:
            progress.stopped, progress.message = True, f"{error.message} {_GOES_ON}"
            return progress
        if isinstance(error, CatalogError) and progress.pages:
            error.hint = f"{error.hint} {progress.kept()}{_GOES_ON}".strip()
        raise
    registry.finish_run(progress.run, "done", progress.message)
    return progress


_GOES_ON = "The same command goes on from there."


def walk_words(asked: Request) -> str:
    """The name of a walk: what was asked for, as JSON. A walk of everything is the same walk, only whole."""
    return json.dumps({name: asked[name] for name in asked if name != "full"}, sort_keys=True)


def estimate(
    connection: sqlite3.Connection, connector: Connector, asked: Request, *, restart: bool = False
) -> Estimate | None:
    """What a sync would send, read from a registry; None where the connector cannot say. No network.

    Raises `Fatal` for whatever else a connector throws.
    """
    from catalog.registry.places import RegistryQueue
    from catalog.registry.runs import walk_state

    if not isinstance(connector, Estimated):
        return None
    stored = None if restart else walk_state(connection, connector.name, walk_words(asked))
    state = stored[0] if stored else {}
    cursor = Cursor(asked, state, RegistryQueue(connection, connector.name))
    try:
        return connector.estimate(cursor)
    except CatalogError:
        raise
    except Exception as error:
        raise _failed(connector, error) from error


@dataclass
class _Bounds:
    """What the user limited: `left` records may still come, none that changed before `since` (ISO 8601) is taken."""

    limit: int | None
    left: int
    since: str

    @classmethod
    def of(cls, registry: Registry, progress: Progress, asked: Request) -> _Bounds:
        """The bounds of a request, less what an earlier call brought of its walk."""
        wanted, since = asked.get("limit"), asked.get("since")
        limit = wanted if isinstance(wanted, int) else None
        return cls(limit, (limit or 0) - _stored_of(registry, progress.run), str(since or ""))

    def within(self, page: Page) -> tuple[Page, str]:
        """The page without what is beyond the bounds, and a sentence where that ends the walk early.

        A walk that is cut begins anew next time; places whose records were cut stay to be visited.
        """
        page = _since(page, self.since) if self.since else page
        if self.limit is None or len(page.records) <= self.left:
            self.left -= len(page.records)
            return page, ""
        kept, cut = page.records[: self.left], {_key(record) for record in page.records[self.left :]}
        visited = tuple(visit for visit in page.visited if not cut.intersection(visit.keys))
        cursor = Cursor(page.cursor.request, {})
        page = replace(page, records=kept, cursor=cursor, visited=visited, last=True, complete=False)
        return page, f"It stopped at the limit of {self.limit:,} records."


def _since(page: Page, since: str) -> Page:
    """The page without records that say they changed before a moment; they count as listed."""
    kept = tuple(each for each in page.records if not _is_older(each, since))
    return replace(page, records=kept, listed=(*page.listed, *(_key(e) for e in page.records if _is_older(e, since))))


def _is_older(record: object, since: str) -> bool:
    modified = record.modified if isinstance(record, Record) else ""
    return bool(modified) and modified < since[: len(modified)]


def _key(record: object) -> str:
    """The key of what ought to be a record."""
    return record.key if isinstance(record, Record) else ""


def _guarded(connector: Connector, begin: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    """The pages of a connector, which may be a stranger's: what it does wrong is said in one sentence."""
    try:
        for page in begin():
            if not isinstance(page, Page):
                raise TypeError(f"a {type(page).__name__} came for a page")
            json.dumps(dict(page.cursor.state), allow_nan=False)
            yield page
    except CatalogError:
        raise
    except Exception as error:
        raise _failed(connector, error) from error


def _failed(connector: Connector, error: Exception) -> Fatal:
    said = " ".join(str(error).split())[:300]
    return Fatal(
        f"the connector {connector.name} failed ({type(error).__name__}: {said}).",
        "Tell the author of the connector.",
    )


def import_pages(
    registry: Registry,
    connector: Connector,
    pages: Callable[[], Iterator[Page]],
    request: Request,
    *,
    workers: Workers = ALONE,
    on_page: Callable[[Progress], None] | None = None,
) -> Progress:
    """Store pages that come from a file: no walk to go on with, and nothing is missed.

    `workers` share the work where the pages are many. Raises as the pages do, and `Fatal` when a worker dies.
    """
    progress = Progress(connector.name, registry.begin_run(connector.name, "import", request))
    rule = Completed(connector.name, registry.corrections)
    pieces = ((_lines(page), replace(page, records=())) for page in _guarded(connector, pages))
    try:
        for rows, page in workers.map(work(rule), pieces):
            _commit(registry, page, rows, None, progress, None)
            if on_page is not None:
                on_page(progress)
    except (CatalogError, KeyboardInterrupt) as error:
        _close(registry, progress, error)
        raise
    registry.finish_run(progress.run, "done")
    return progress


def details_of(connector: Connector, web: Web, record: Record) -> Record:
    """All that a source tells of one dataset. Raises `Usage` for a source that tells no more than its listing."""
    if not isinstance(connector, Detailed):
        raise Usage(f"the source {connector.name} tells no more of one dataset than its listing.")
    plain = Record(**{name: getattr(record, name) for name in Record.__struct_fields__})
    try:
        return connector.details(web, plain)
    except CatalogError:
        raise
    except Exception as error:
        raise _failed(connector, error) from error


def store_details(registry: Registry, connector: Connector, record: Record) -> Entry:
    """Store what `details_of` brought, as a run of its own. Raises `NotFound` for what cannot be stored."""
    from catalog.registry.pages import End

    try:
        line = _line(record)
        if line.reason:
            raise Skipped(line.reason)
        entry = complete(of_source(connector.name, line.body))
    except Skipped as error:
        raise NotFound(f"what {connector.name} tells cannot be used: {error.message}", error.hint) from error
    run = registry.begin_run(connector.name, "refresh", {"name": entry.id})
    registry.commit_page(run, [entry], end=End(connector.name))
    return entry


def _close(registry: Registry, progress: Progress, error: BaseException) -> None:
    """Close the books of a run that ended early; a request that makes no sense leaves no run behind."""
    if isinstance(error, Usage) and not progress.pages and not progress.resumed:
        registry.forget_run(progress.run)
    else:
        registry.finish_run(progress.run, "stopped", _reason(error))


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, CatalogError) else "interrupted"


def _begin(
    registry: Registry, connector: Connector, asked: Request, stored: tuple[dict[str, object], int] | None
) -> Progress:
    """Go on with the run of an unfinished walk, or begin a new one."""
    if stored is not None and registry.reopen_run(stored[1]):
        return Progress(connector.name, stored[1], resumed=True, before=_records_of(registry, stored[1]))
    return Progress(connector.name, registry.begin_run(connector.name, "sync", asked))


def _records_of(registry: Registry, run: int) -> int:
    row = registry.connection.execute("SELECT new + changed + same + skipped FROM run WHERE id = ?", (run,)).fetchone()
    return int(row[0])


def _stored_of(registry: Registry, run: int) -> int:
    row = registry.connection.execute("SELECT new + changed + same FROM run WHERE id = ?", (run,)).fetchone()
    return int(row[0])


def _commit(
    registry: Registry,
    page: Page,
    rows: Rows,
    walk: tuple[str, str, dict[str, object]] | None,
    progress: Progress,
    end: End | None,
) -> None:
    from catalog.registry.places import Places

    skipped = [*page.skipped, *rows.skipped]
    places = Places(progress.source, page.found, page.visited) if page.found or page.visited else None
    counts = registry.commit_page(
        progress.run, rows.ready,
        skipped=skipped, walk=walk, sight=walk is not None, listed=page.listed, places=places, end=end,
    )  # fmt: skip
    progress.pages += 1
    progress.new += counts.new
    progress.changed += counts.changed
    progress.same += counts.same
    progress.skipped += len(skipped)
    progress.missing, progress.message = counts.missing, counts.message
    progress.total = page.total if page.total is not None else progress.total
    progress.reasons.extend(skipped[: max(0, 5 - len(progress.reasons))])


def _lines(page: Page) -> list[Line]:
    """The records of a page as lines; one that cannot be taken is skipped like one the connector could not map."""
    return [_line(record) for record in page.records]


def _line(record: Record) -> Line:
    name = str(getattr(record, "id", record))[:200]
    try:
        return Line(name, encode(record))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Line(name, b"", f"the record cannot be stored: {error}")
