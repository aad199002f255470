"""Walking Kaggle's listing for what was asked: a search, a tag, an owner, or the most voted.

The listing is public and is asked without a login. Requests: a walk of N datasets sends one request for each page that
Kaggle makes of them and one that finds the end; after a finished walk of the same request, changes alone are asked
for (most recently updated first), so that a sync that finds nothing new sends one request. A walk that was cut at
`top` or `limit` is walked again each time, ceil(N / page) requests.

Kaggle gives at most 10,000 datasets for one request; a walk that meets that end says so.

`Cursor.state` holds: `kind` (full or incremental), `page` (the next one, 0 between walks), `token` (the next page's,
where Kaggle gives one), `since` (where an incremental walk ends), `started` (the server's time when this walk began),
`watermark` (`started` of the last finished walk), `seen` (rows so far), `last` (a hash of the last page), `size` (rows
asked for a page, 0 for Kaggle's own choice) and `by_id` (whether the tag is asked for by its number).
`Cursor.request` may hold: `query`, `tag`, `user`, `top`, `limit`, one of which is needed, and `since`, `full` and
`details` (three requests more for each dataset: its view, its files and its Croissant document).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from catalog.connector import Cursor, Estimate, Page
from catalog.errors import Fatal, Gated, NotFound, Skipped, Usage
from catalog.record import Record, clean, clean_count
from catalog.web import HttpStatus, MiB, Reply, Web
from connectors.kaggle import settings, tags
from connectors.kaggle.dates import moment
from connectors.kaggle.mapping import to_record, value_of

PAGE_SIZE: Final = 100  # asked for; Kaggle may give 20
OWN_SIZE: Final = 20  # what Kaggle gives of its own
CAP: Final = 10_000  # datasets that Kaggle lists for one request
NEAR_CAP: Final = 9_800  # rows from which an end is the cap's: some pages lack a few
DETAILS: Final = 3  # requests for the details of one dataset
OVERLAP: Final = timedelta(minutes=10)
PAGE_BYTES: Final = 32 * MiB
LEFT_OUT: Final = {"isPrivate": False, "downloadCount": 0, "voteCount": 0}
NARROWER: Final = (
    "Kaggle lists at most 10,000 datasets for one request, and this walk met that end: there may be more. "
    "Narrow it with --tag, --user or a longer --query, or import the published tables of Meta Kaggle: "
    "catalog import kaggle DIR"
)

_DATE: Final = re.compile(r"\d{4}(-\d{2}){0,2}(T[\d:]{5,8}Z?)?\Z")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Walk:
    """One walk: what was asked for and where it stands."""

    request: dict[str, Any]
    kind: str = "full"
    page: int = 1
    token: str = ""
    since: str = ""
    started: str = ""
    watermark: str = ""
    seen: int = 0
    last: str = ""
    size: int = PAGE_SIZE
    by_id: bool = False

    @property
    def limit(self) -> int | None:
        """How many datasets are wanted at most."""
        return wanted_of(self.request)

    def params(self) -> dict[str, str]:
        """The query of the next page."""
        order = "updated" if self.kind == "incremental" else "votes"
        user, tag = str(self.request.get("user") or ""), tag_of(self.request)
        chosen = {
            "sortBy": order,
            "search": str(self.request.get("query") or ""),
            "tagids": tags.number_of(tag) if self.by_id else tag,
            "user": user,
            "group": "user" if user else "",
            "pageSize": str(self.size) if self.size else "",
            "page": "" if self.token else str(self.page),
            "pageToken": self.token,
        }
        return {name: value for name, value in chosen.items() if value}

    def cursor(self, following: int) -> Cursor:
        """The cursor after a page; a walk that is done leaves its watermark, unless it was cut at a limit."""
        done = not following and not self.limit
        state: dict[str, str | int | bool | None] = {
            "kind": self.kind,
            "page": following,
            "token": self.token if following else "",
            "since": self.since,
            "started": self.started,
            "watermark": (self.started or self.watermark) if done else self.watermark,
            "seen": self.seen,
            "last": self.last if following else "",
            "size": self.size,
            "by_id": self.by_id,
        }
        return Cursor(self.request, state)


def pages(web: Web, cursor: Cursor) -> Iterator[Page]:
    """Walk on from `cursor`: resume an unfinished walk, else begin one.

    Raises `Usage` where nothing was asked for or Kaggle does not know the tag, `Fatal` for a listing that makes no
    sense, and what `Web` raises.
    """
    check_request(cursor.request)
    walk = _unfinished(cursor) or _new(cursor)
    met: set[str] = set()
    while True:
        walk, rows, token, started = _asked(web, walk)
        walk = replace(walk, started=walk.started or started)
        page, walk = _page(walk, rows, token, met)
        if walk.request.get("details"):
            page = replace(page, records=tuple(_detailed(web, record) for record in page.records))
        yield page
        if page.last:
            return


def check_request(request: Any) -> None:
    """Raise `Usage` for a request that names nothing: Kaggle is not copied whole by its listing."""
    if not any(request.get(name) for name in ("query", "tag", "user", "top", "limit")):
        raise Usage(
            "Kaggle is synced for what you ask for, not whole.",
            "Say what: --query WORDS, --tag TAG, --user OWNER or --top N; for everything, download Kaggle's own dump "
            "(catalog fetch kaggle:kaggle/meta-kaggle) and read it with: catalog import kaggle DIR",
        )


def estimate(cursor: Cursor) -> Estimate:
    """The requests of a sync from this cursor: known for a limit, one where nothing is new, else up to the cap."""
    check_request(cursor.request)
    walk = _unfinished(cursor) or _new(cursor)
    if walk.kind == "incremental":
        return Estimate(1, CAP // OWN_SIZE + 1, "one request where nothing was updated since the last walk")
    left = max(1, min(walk.limit or CAP, CAP) - walk.seen)
    more = DETAILS * left if walk.request.get("details") else 0
    least = -(-left // walk.size) + more if walk.limit and walk.size else 1
    says = "pages of 20 to 100 datasets, at most 10,000 for one request" + (", three more for each" if more else "")
    return Estimate(least, -(-left // OWN_SIZE) + 1 + more, says)


def wanted_of(request: Any) -> int | None:
    """The smaller of `top` and `limit`, None where neither is given."""
    given = [request.get(name) for name in ("top", "limit")]
    counts = [count for count in given if isinstance(count, int) and not isinstance(count, bool) and count > 0]
    return min(counts, default=None)


def tag_of(request: Any) -> str:
    """The tag that was asked for; several as a list with commas."""
    tag = request.get("tag") or ""
    return ",".join(map(str, tag)) if isinstance(tag, list) else str(tag)


def _unfinished(cursor: Cursor) -> Walk | None:
    state = cursor.state
    page = clean_count(state.get("page")) or 0
    if not page or (cursor.request.get("full") and state.get("kind") != "full"):
        return None
    return Walk(
        dict(cursor.request),
        kind=str(state.get("kind") or "full"),
        page=page,
        token=str(state.get("token") or ""),
        since=str(state.get("since") or ""),
        started=str(state.get("started") or ""),
        watermark=str(state.get("watermark") or ""),
        seen=clean_count(state.get("seen")) or 0,
        last=str(state.get("last") or ""),
        size=clean_count(state.get("size")) or 0,
        by_id=bool(state.get("by_id")),
    )


def _new(cursor: Cursor) -> Walk:
    request, state = dict(cursor.request), cursor.state
    watermark = str(state.get("watermark") or "")
    size = OWN_SIZE if request.get("details") else PAGE_SIZE
    walk = Walk(request, watermark=watermark, size=size, by_id=bool(state.get("by_id")))
    since = max(_before(watermark), _since(request.get("since")))
    if since and not request.get("full") and (request.get("since") or not walk.limit):
        return replace(walk, kind="incremental", since=since)
    return walk


def _since(value: object) -> str:
    """A date that the user gave, whole or to the month or year: comparable with those of the listing."""
    return value if isinstance(value, str) and _DATE.match(value) else ""


def _asked(web: Web, walk: Walk) -> tuple[Walk, list[Any], str, str]:
    """One page: (the walk, its rows, the token of the next page, the server's time). No rows beyond the end.

    The first page settles what Kaggle takes: the size of a page, and whether it knows the tag by name or by number.
    """
    try:
        reply = _get(web, walk)
    except HttpStatus as error:
        if error.status == 404 and (walk.page > 1 or walk.token):
            return walk, [], "", ""
        if error.status != 400 or not walk.size or walk.page > 1:
            raise
        walk = replace(walk, size=0)
        reply = _get(web, walk)
    rows, token = rows_of(reply.value)
    if walk.page == 1 and not walk.token and rows and not _has_tag(walk, rows):
        if walk.by_id or not tags.number_of(tag_of(walk.request)):
            raise _unknown_tag(tag_of(walk.request))
        return _asked(web, replace(walk, by_id=True))
    return walk, rows, token, _server_time(reply)


def _detailed(web: Web, record: Record) -> Record:
    """The record with its details; as the listing has it where Kaggle does not show them."""
    from connectors.kaggle.details import details

    try:
        return details(web, record)
    except (Gated, NotFound, Skipped, Fatal, HttpStatus) as error:
        log.warning("%s keeps to what the listing says: %s", record.id, error.message)
        return record


def _get(web: Web, walk: Walk) -> Reply:
    return web.get_json(settings.api("list"), params=walk.params(), max_bytes=PAGE_BYTES, deadline=120)


def rows_of(value: object) -> tuple[list[Any], str]:
    """The rows of a page in either wire shape, and the token of the next page. Raises `Fatal` for anything else.

    The RPC form leaves out what is false, 0 or empty: `{}` is a page without rows, and its rows get back what counts.
    """
    if isinstance(value, list):
        return value, ""
    if isinstance(value, dict) and not {"code", "error", "message"} & value.keys():
        rows = value.get("datasets")
        if rows is None or isinstance(rows, list):
            whole = [{**LEFT_OUT, **row} if isinstance(row, dict) else row for row in rows or []]
            return whole, clean(value.get("nextPageToken"), 500)
    raise Fatal("Kaggle sent something else where a list was expected.", f"Check {settings.VARIABLE}, or try later.")


def _has_tag(walk: Walk, rows: list[Any]) -> bool:
    """Whether Kaggle took notice of the tag: one that it does not know brings just anything."""
    wanted = [tags.plain(tag) for tag in tag_of(walk.request).split(",") if not tag.strip().isdigit() and tag.strip()]
    if not wanted:
        return True
    carried = {
        tags.plain(part)
        for row in rows
        if isinstance(row, dict)
        for tag in tags.read(row.get("tags"))
        for part in (tag.name, tag.path, *tag.path.split(">"))
    }
    return not carried or any(tag in carried for tag in wanted)


def _unknown_tag(tag: str) -> Usage:
    return Usage(
        f"Kaggle does not know the tag {tag[:80]!r} by that name: none of what it lists has it.",
        "Write it as its page on Kaggle shows it, or give the number from kaggle.com/datasets?tags=NUMBER-name.",
    )


def _page(walk: Walk, rows: list[Any], token: str, met: set[str]) -> tuple[Page, Walk]:
    """One page of records, and the walk after it. A page that was there before ends the walk."""
    names = [_name(row) for row in rows]
    fresh = [row for row, name in zip(rows, names, strict=True) if not name or name not in met]
    mark = _mark(names)
    circle = bool(rows) and (not fresh or mark == walk.last)
    wanted, ended = _wanted(walk, [] if circle else fresh)
    met.update(name for name in names if name)
    records, skipped = _mapped(wanted, walk.seen)
    walk = replace(walk, seen=walk.seen + len(wanted), page=walk.page + 1, last=mark)
    last = ended or circle or not rows or walk.seen == walk.limit or bool(walk.token and not token)
    walk = replace(walk, token=token)
    _tell_end(walk, circle, not rows or circle)
    page = Page(
        records=tuple(records),
        cursor=walk.cursor(0 if last else walk.page),
        skipped=tuple(skipped),
        total=walk.limit if walk.limit and walk.limit <= CAP else None,
        last=last,
    )
    return page, walk


def _tell_end(walk: Walk, circle: bool, at_end: bool) -> None:
    if at_end and walk.seen >= NEAR_CAP:
        log.warning(NARROWER)
    elif at_end and not walk.seen and walk.kind == "full":
        log.warning("Kaggle lists no dataset for what was asked.")
    elif circle:
        log.warning("Kaggle's listing repeats itself after %s datasets; the walk ends there.", f"{walk.seen:,}")


def _wanted(walk: Walk, rows: list[Any]) -> tuple[list[Any], bool]:
    """The rows that belong to the walk, and whether it ends among them.

    An incremental walk ends at the first row that is older than the last walk, if the page is in that order at all.
    """
    ended = False
    if walk.since:
        dates = [moment(value_of(row, "lastUpdated")) if isinstance(row, dict) else "" for row in rows]
        known = [date for date in dates if date]
        if known == sorted(known, reverse=True):
            old = next((index for index, date in enumerate(dates) if date and date < walk.since), None)
            rows, ended = (rows, False) if old is None else (rows[:old], True)
        else:
            rows = [row for row, date in zip(rows, dates, strict=True) if not date or date >= walk.since]
    if walk.limit:
        rows = rows[: walk.limit - walk.seen]
    return rows, ended


def _mapped(rows: list[Any], before: int) -> tuple[list[Record], list[tuple[str, str]]]:
    records: list[Record] = []
    skipped: list[tuple[str, str]] = []
    for number, row in enumerate(rows, before + 1):
        try:
            records.append(to_record(row))
        except Skipped as reason:
            skipped.append((_name(row) or f"item {number}", reason.message))
    return records, skipped


def _name(row: object) -> str:
    return clean(row.get("ref"), 200) if isinstance(row, dict) else ""


def _mark(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16] if any(names) else ""


def _server_time(reply: Reply) -> str:
    try:
        at = parsedate_to_datetime(reply.headers.get("date", ""))
        return moment(at.isoformat())
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _before(watermark: str) -> str:
    try:
        return moment((datetime.fromisoformat(watermark) - OVERLAP).isoformat())
    except (ValueError, OverflowError):
        return ""
