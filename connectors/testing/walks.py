"""Checks of `pages` and `files`: a walk ends, repeats nothing, and goes on from anywhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from catalog.connector import Connector, Cursor, Page
from catalog.record import Distribution, Record, decode, encode
from connectors.testing.queue import MemoryQueue, taken
from connectors.testing.report import Problems

if TYPE_CHECKING:
    from catalog.web import Web

MAX_PAGES: Final = 50


def check_pages(connector: Connector, web: Web, request: dict[str, Any] | None = None) -> list[Page]:
    """A walk ends, repeats no record, and goes on from the cursor of any of its pages. Returns the pages.

    The source must hold still meanwhile and have at least one record for the request, and no more than 50 pages.
    """
    problems = Problems()
    queue, queues = MemoryQueue(), []
    pages = []
    for page in islice(walked(connector, web, Cursor(request or {}, {}, queue)), MAX_PAGES):
        pages.append(page)
        queues.append(copy.deepcopy(queue))
    _check_whole(connector, pages, problems)
    for number, page in enumerate(pages):
        _check_page(connector, page, number, problems)
        cursor = _stored(page.cursor, problems)
        problems.expect(dict(cursor.request) == (request or {}), f"page {number} changes the request")
        if not page.last:
            again = replace(cursor, queue=queues[number])
            rest = [record.key for later in walked(connector, web, again) for record in later.records]
            expected = [record.key for later in pages[number + 1 :] for record in later.records]
            lost, twice = len(set(expected) - set(rest)), len(set(rest) - set(expected))
            problems.expect(
                rest == expected,
                f"the walk does not go on from the cursor of page {number}: {lost} records are lost, {twice} are new",
            )
    problems.report()
    return pages


def check_files(connector: Connector, web: Web, record: Record) -> list[Distribution]:
    """The files of a record have web addresses, paths that stay inside, and come out the same twice."""
    problems = Problems()
    files = connector.files(web, record, None)
    problems.expect(bool(files), "there are no files")
    problems.expect(files == connector.files(web, record, None), "a second call gives other files")
    paths = [file.path for file in files]
    problems.expect(len(set(paths)) == len(paths), "a path occurs twice")
    for file in files:
        inside = not PurePosixPath(file.path).is_absolute() and ".." not in PurePosixPath(file.path).parts
        problems.expect(bool(file.path) and inside, f"the path {file.path!r} leaves the folder")
        problems.expect(urlsplit(file.url).scheme in ("http", "https"), f"{file.url!r} is not a web address")
    problems.report()
    return files


def walked(connector: Connector, web: Web, cursor: Cursor) -> Iterator[Page]:
    """The pages of a walk, each taken into the cursor's queue before the next is asked for, as a sync does it."""
    return taken(connector.pages(web, cursor), cursor)


def _check_whole(connector: Connector, pages: list[Page], problems: Problems) -> None:
    keys = [record.key for page in pages for record in page.records]
    twice = sorted({key for key in keys if keys.count(key) > 1})[:3]
    problems.expect(bool(keys), "the walk has no records")
    problems.expect(not twice, f"the walk gives a record twice: {', '.join(twice)}")
    foreign = [key for key in keys if not key.startswith(f"{connector.name}:")][:3]
    problems.expect(not foreign, f"a key belongs to another source: {', '.join(foreign)}")
    if len(pages) == MAX_PAGES and not pages[-1].last:
        problems.append(f"the walk has not ended after {MAX_PAGES} pages; does it go in a circle?")
    else:
        marks = [page.last for page in pages]
        problems.expect(marks == [False] * (len(marks) - 1) + [True], "last=True must stand on the last page alone")


def _check_page(connector: Connector, page: Page, number: int, problems: Problems) -> None:
    for record in page.records:
        problems.expect(decode(encode(record)) is not None, f"{record.key} of page {number} cannot be stored")
    for skip in page.skipped:
        name, reason = skip
        problems.expect(bool(name and reason), f"page {number} skips {name!r} without a reason")
    problems.expect(page.last or not page.complete, f"page {number} is complete, but not the last")
    for key in page.listed:
        problems.expect(key.startswith(f"{connector.name}:"), f"page {number} lists {key!r}, which is no key of yours")


def _stored(cursor: Cursor, problems: Problems) -> Cursor:
    """The cursor as the registry would give it back."""
    try:
        state = json.loads(json.dumps(dict(cursor.state), allow_nan=False))
    except (TypeError, ValueError) as error:
        problems.append(f"a cursor cannot be stored: {error}")
        return cursor
    return Cursor(dict(cursor.request), state)
