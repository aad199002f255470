"""Walking the Hub's listing: all of it, what changed since the last walk, or what was asked for.

`Cursor.state` holds: `kind` (full or incremental), `next` (address of the next page, "" between walks), `since`
(where an incremental walk ends), `started` (the server's time when this walk began), `watermark` (`started` of the
last finished walk), `seen` (records so far) and `size` (records of the last whole walk).
`Cursor.request` may hold: `query`, `author`, `filter` (a list of tags, all of which must hold), `limit`, `since`,
`full`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from catalog.connector import Cursor, Estimate, Page
from catalog.errors import Skipped
from catalog.record import Record, clean, clean_count
from catalog.web import HttpStatus, Reply, Web
from connectors.huggingface import settings
from connectors.huggingface.links import API, ask, bad_token, follow, is_api, is_bad_token
from connectors.huggingface.mapping import moment, to_record

PAGE_SIZE: Final = 1000
OVERLAP: Final = timedelta(minutes=10)
EXPAND: Final = [
    *("author", "cardData", "citation", "createdAt", "description", "disabled", "downloads", "downloadsAllTime"),
    *("gated", "lastModified", "likes", "mainSize", "paperswithcode_id", "private", "sha", "tags"),
]
WHOLE: Final = ("query", "author", "filter", "limit", "since")
"""Requests with one of these do not see all that the Hub has."""

Params = dict[str, str | list[str]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Walk:
    """One walk: what was asked for and where it stands."""

    request: dict[str, Any]
    kind: str
    since: str = ""
    started: str = ""
    watermark: str = ""
    seen: int = 0
    size: int = 0

    @property
    def limit(self) -> int | None:
        limit = self.request.get("limit")
        return limit if isinstance(limit, int) and limit > 0 else None

    @property
    def whole(self) -> bool:
        """Whether this walk, once at its end, has seen all that the Hub has."""
        return self.kind == "full" and not any(self.request.get(key) for key in WHOLE)

    def params(self) -> Params:
        """The query of the first page. Times of creation do not change, so a full walk in their order misses nothing
        that is edited meanwhile; a limited one brings what is used most."""
        order = "lastModified" if self.kind == "incremental" else "downloads" if self.limit else "createdAt"
        asked = {"search": "query", "author": "author", "filter": "filter"}
        chosen: Params = {name: self.request[key] for name, key in asked.items() if self.request.get(key)}
        return {"limit": str(min(PAGE_SIZE, self.limit or PAGE_SIZE)), "sort": order, **chosen}

    def cursor(self, following: str) -> Cursor:
        """The cursor after a page; a walk that is done leaves its watermark, unless it was cut at a limit."""
        state: dict[str, str | int | bool | None] = {
            "kind": self.kind,
            "next": following,
            "since": self.since,
            "started": self.started,
            "watermark": self.watermark,
            "seen": self.seen,
            "size": self.size,
        }
        if not following and not self.limit:
            state["watermark"] = self.started or self.watermark
            state["size"] = self.seen if self.whole else self.size
        return Cursor(self.request, state)


def pages(web: Web, cursor: Cursor) -> Iterator[Page]:
    """Walk on from `cursor`: resume an unfinished walk, else begin one.

    It is incremental after a finished walk of the same request, unless `full` or `limit` is asked for. Raises `Fatal`
    for a listing that makes no sense, `Gated` for a token that the Hub refuses, and what `Web` raises.
    """
    settings.check_online()
    walk = _unfinished(cursor)
    try:
        reply = _resumed(web, str(cursor.state["next"])) if walk else None
        if walk is None or reply is None:
            walk = _new(cursor)
            reply = _first(web, walk)
        for page_reply, following in follow(web, reply):
            page, walk = _page(walk, page_reply, following)
            yield page
            if page.last:
                return
    except HttpStatus as error:
        raise bad_token() if is_bad_token(error) else error from None


def _unfinished(cursor: Cursor) -> Walk | None:
    state = cursor.state
    anew = cursor.request.get("full") and not cursor.request.get("since") and state.get("kind") != "full"
    if not state.get("next") or anew:
        return None
    return Walk(
        dict(cursor.request),
        kind=str(state.get("kind") or "full"),
        since=str(state.get("since") or ""),
        started=str(state.get("started") or ""),
        watermark=str(state.get("watermark") or ""),
        seen=clean_count(state.get("seen")) or 0,
        size=clean_count(state.get("size")) or 0,
    )


def _new(cursor: Cursor) -> Walk:
    watermark, size = str(cursor.state.get("watermark") or ""), clean_count(cursor.state.get("size")) or 0
    walk = Walk(dict(cursor.request), "full", watermark=watermark, size=size)
    since = "" if walk.request.get("full") or walk.limit else _before(watermark)
    since = max(since, str(walk.request.get("since") or ""))
    return replace(walk, kind="incremental", since=since) if since else walk


def estimate(cursor: Cursor) -> Estimate:
    """The requests that a sync from this cursor would send: one a page, and one more where the Hub asks for a retry."""
    unfinished = _unfinished(cursor)
    walk = unfinished or _new(cursor)
    known = walk.limit or (walk.size if walk.whole else 0)
    pages = max(1, -(-(known - walk.seen) // PAGE_SIZE))
    left = " are left of a walk that was not finished" if unfinished else ""
    if walk.limit:
        return Estimate(1, pages, f"Pages of {PAGE_SIZE:,}: at most {walk.limit - walk.seen:,} records{left}.")
    if walk.kind == "incremental":
        return Estimate(1, None, f"Pages of {PAGE_SIZE:,} of what changed since {walk.since[:10]}.")
    if not known:
        return Estimate(1, None, f"Pages of {PAGE_SIZE:,}; how many records there are, the Hub does not say.")
    return Estimate(
        pages, None, f"Pages of {PAGE_SIZE:,}: about {known - walk.seen:,} records{left}, by the last walk."
    )


def _resumed(web: Web, following: str) -> Reply | None:
    """The page where the last run stopped; None where the Hub no longer knows the place (the walk begins anew)."""
    if is_api(following):
        try:
            return ask(web, following)
        except HttpStatus as error:
            if error.status not in (400, 404, 410, 422):
                raise
    log.warning("The Hub no longer knows where the last run stopped, so the walk begins anew.")
    return None


def _first(web: Web, walk: Walk) -> Reply:
    """The first page; a mirror that does not know a field we ask for is asked for its full records instead."""
    url = settings.endpoint() + API
    try:
        return ask(web, url, {**walk.params(), "expand": EXPAND})
    except HttpStatus as error:
        if error.status != 400:
            raise
        return ask(web, url, {**walk.params(), "full": "true"})


def _page(walk: Walk, reply: Reply, following: str) -> tuple[Page, Walk]:
    """One page of records, and the walk after it."""
    items, ended = _wanted(walk, reply.value if isinstance(reply.value, list) else [])
    records, skipped = _mapped(items, walk.seen)
    walk = replace(walk, started=walk.started or _server_time(reply), seen=walk.seen + len(items))
    last = ended or not following or walk.seen == walk.limit
    page = Page(
        records=tuple(records),
        cursor=walk.cursor("" if last else following),
        skipped=tuple(skipped),
        total=walk.limit or (walk.size if walk.whole else 0) or None,
        last=last,
        complete=last and walk.whole,
    )
    return page, walk


def _wanted(walk: Walk, items: list[object]) -> tuple[list[object], bool]:
    """The items of a page that belong to the walk, and whether the walk ends among them."""
    if walk.limit:
        items = items[: walk.limit - walk.seen]
    if walk.since:
        for index, item in enumerate(items):
            modified = moment(item.get("lastModified")) if isinstance(item, dict) else ""
            if modified and modified < walk.since:
                return items[:index], True
    return items, False


def _mapped(items: list[object], before: int) -> tuple[list[Record], list[tuple[str, str]]]:
    records: list[Record] = []
    skipped: list[tuple[str, str]] = []
    for number, item in enumerate(items, before + 1):
        try:
            records.append(to_record(item))
        except Skipped as reason:
            id = clean(item.get("id"), 200) if isinstance(item, dict) else ""
            skipped.append((id or f"item {number}", reason.message))
    return records, skipped


def _server_time(reply: Reply) -> str:
    try:
        return moment(parsedate_to_datetime(reply.headers.get("date", "")))
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _before(watermark: str) -> str:
    try:
        return moment(datetime.fromisoformat(watermark) - OVERLAP)
    except (ValueError, OverflowError):
        return ""
