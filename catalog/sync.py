"""The one loop of every source: pages -> tag -> license -> commit_page(entries, cursor).

A walk is resumed where the last committed page left it, for the same request. What a walk lists is noted page by page,
so that two complete walks in a row can tell which datasets are gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalog.connector import Connector, Cursor, Page
from catalog.errors import CatalogError, Skipped
from catalog.record import Entry
from catalog.tagger import complete

if TYPE_CHECKING:
    from catalog.registry import Registry
    from catalog.web import Web

Request = Mapping[str, str | int | bool | list[str]]


@dataclass
class Progress:
    """How far a sync is: counts of records and pages, `total` where the source says it, why it stopped early."""

    source: str
    run: int
    resumed: bool = False
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


def sync(
    registry: Registry,
    connector: Connector,
    web: Web,
    request: Request | None = None,
    *,
    restart: bool = False,
    on_page: Callable[[Progress], None] | None = None,
) -> Progress:
    """Walk a source into the registry, page by page, each page one transaction with its cursor.

    `request` is what the user asked for; `restart` forgets where the last walk of that request stood. What a page
    could not use is counted with its reason. Raises what the connector raises after the books of the run are closed;
    committed pages stay.
    """
    asked = dict(request or {})
    words = json.dumps(asked, sort_keys=True)
    stored = None if restart else registry.walk_state(connector.name, words)
    progress = _begin(registry, connector, asked, stored)
    cursor = Cursor(asked, stored[0] if stored else {})  # type: ignore[arg-type]
    try:
        for page in connector.pages(web, cursor):
            _commit(registry, page, (connector.name, words, dict(page.cursor.state)), progress)
            if on_page is not None:
                on_page(progress)
            if page.last:
                _finish_walk(registry, connector, page, progress)
                break
    except (CatalogError, KeyboardInterrupt) as error:
        registry.finish_run(progress.run, "stopped", _reason(error))
        raise
    registry.finish_run(progress.run, "done", progress.message)
    return progress


def import_pages(registry: Registry, source: str, pages: Iterable[Page], request: Request) -> Progress:
    """Store pages that come from a file: no walk to go on with, and nothing is missed. Raises as the pages do."""
    progress = Progress(source, registry.begin_run(source, "import", request))
    try:
        for page in pages:
            _commit(registry, page, None, progress)
    except (CatalogError, KeyboardInterrupt) as error:
        registry.finish_run(
            progress.run, "stopped", error.message if isinstance(error, CatalogError) else "interrupted"
        )
        raise
    registry.finish_run(progress.run, "done")
    return progress


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, CatalogError) else "interrupted"


def _begin(
    registry: Registry, connector: Connector, asked: Request, stored: tuple[dict[str, object], int] | None
) -> Progress:
    """Go on with the run of an unfinished walk, or begin a new one."""
    unfinished = stored is not None and registry.reopen_run(stored[1])
    if stored is not None and unfinished:
        return Progress(connector.name, stored[1], resumed=True)
    return Progress(connector.name, registry.begin_run(connector.name, "sync", asked))


def _commit(
    registry: Registry, page: Page, walk: tuple[str, str, dict[str, object]] | None, progress: Progress
) -> None:
    entries, skipped = _entries(page)
    counts = registry.commit_page(progress.run, entries, skipped=skipped, walk=walk, sight=walk is not None)
    progress.pages += 1
    progress.new += counts.new
    progress.changed += counts.changed
    progress.same += counts.same
    progress.skipped += len(skipped)
    progress.total = page.total if page.total is not None else progress.total
    progress.reasons.extend(skipped[: max(0, 5 - len(progress.reasons))])


def _entries(page: Page) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The tagged entries of a page; a record that a rule cannot take is skipped like one the connector could not."""
    entries, skipped = [], list(page.skipped)
    for record in page.records:
        try:
            entries.append(complete(record))
        except Skipped as error:
            skipped.append((record.key, error.message))
    return entries, skipped


def _finish_walk(registry: Registry, connector: Connector, page: Page, progress: Progress) -> None:
    if page.complete:
        progress.missing, progress.message = registry.finish_walk(progress.run, connector.name)
