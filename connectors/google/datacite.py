"""Walking DataCite's REST API for a query: most of what Google Dataset Search knows by DOI is registered there.

`Cursor.request` holds `datacite` (the query), and may hold `limit`, `since` and `full`. `Cursor.state` holds `next`
(the service's word for the next page), `seen`, `plain` (the query had to be asked as plain words), `started` (the
server's date when the walk began) and `watermark` (that of the last finished walk, from which the next one asks).
A limited walk brings the most relevant first; a whole one goes by cursor, oldest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from catalog.connector import Cursor, Page
from catalog.endpoints import named_endpoint
from catalog.errors import Fatal, Retriable, Skipped, Usage
from catalog.record import Record, clean_count
from catalog.web import BudgetSpent, HttpStatus, Reply, Web
from connectors.google.datacite_mapping import noise, to_record
from connectors.google.measures import date

SERVICE: Final = "https://api.datacite.org"
VARIABLE: Final = "CATALOG_DATACITE_ENDPOINT"
VARIABLES: Final = (VARIABLE, "CATALOG_GOOGLE_ENDPOINT")  # the first that is set counts
PAGE_SIZE: Final = 1_000
BY_RANK: Final = 10_000  # how far pages in the order of relevance go
OVERLAP: Final = timedelta(days=1)


@dataclass(frozen=True)
class Walk:
    """One walk: what was asked for and where it stands."""

    request: dict[str, Any]
    following: str = ""
    seen: int = 0
    plain: bool = False
    started: str = ""
    watermark: str = ""

    @property
    def limit(self) -> int | None:
        limit = self.request.get("limit")
        return limit if isinstance(limit, int) and limit > 0 else None

    @property
    def by_rank(self) -> bool:
        """Whether the most relevant come first: where a limit is set that such pages reach."""
        return self.limit is not None and self.limit <= BY_RANK

    @property
    def since(self) -> str:
        """The day from which changes are asked for, "" for all."""
        given = self.request.get("since")
        if isinstance(given, str) and given:
            return date(given)[:10]
        return "" if self.request.get("full") or self.limit else self.watermark

    def query(self) -> str:
        """The query as it is sent."""
        asked = str(self.request.get("datacite") or "").strip()
        asked = words_of(asked) if self.plain else asked
        return f"({asked}) AND updated:[{self.since} TO *]" if self.since else asked

    def params(self) -> dict[str, str]:
        """The parameters of the page that comes next."""
        size = min(PAGE_SIZE, self.limit or PAGE_SIZE) if self.by_rank else PAGE_SIZE
        common = {"query": self.query(), "resource-type-id": "dataset", "page[size]": str(size)}
        if self.by_rank:
            return {**common, "sort": "relevance", "page[number]": self.following or "1"}
        return {**common, "page[cursor]": self.following or "1"}

    def cursor(self, *, done: bool) -> Cursor:
        """The cursor after a page."""
        watermark = self.started if done and not self.limit and self.started else self.watermark
        return Cursor(
            self.request,
            {
                "next": "" if done else self.following,
                "seen": 0 if done else self.seen,
                "plain": self.plain,
                "started": self.started,
                "watermark": watermark,
            },
        )


def pages(web: Web, cursor: Cursor) -> Iterator[Page]:
    """Walk on from `cursor`. A query that the service cannot read is asked again as plain words.

    Raises `Usage` for an empty query, `Fatal` for an answer that is no listing, and what `Web` raises.
    """
    walk = _stored(cursor)
    if not walk.query():
        raise Usage("--datacite needs words to look for.", "Try: catalog sync google --datacite 'climate' --limit 1000")
    while True:
        walk, reply = _asked(web, walk)
        page, walk = _page(walk, reply)
        yield page
        if page.last:
            return


def endpoint() -> str:
    """The address of the service, without a slash at its end."""
    return named_endpoint(*VARIABLES) or SERVICE


def words_of(query: str) -> str:
    """A query without its operators and fields: its words alone."""
    plain = re.sub(r"[^\w\s-]|(?<!\w)-|-(?!\w)", " ", query)
    return " ".join(word for word in plain.split() if word not in ("AND", "OR", "NOT", "TO"))


def _stored(cursor: Cursor) -> Walk:
    state = cursor.state
    return Walk(
        dict(cursor.request),
        following=str(state.get("next") or ""),
        seen=clean_count(state.get("seen")) or 0,
        plain=state.get("plain") is True,
        started=str(state.get("started") or ""),
        watermark=str(state.get("watermark") or ""),
    )


def _asked(web: Web, walk: Walk) -> tuple[Walk, Reply]:
    """The answer to the next page. Only the first one shows whether the query can be read."""
    try:
        return walk, _get(web, walk)
    except BudgetSpent:
        raise
    except (HttpStatus, Retriable) as error:
        plain = replace(walk, plain=True)
        if walk.following or walk.plain or not _unread(error):
            raise
        asked = str(walk.request.get("datacite"))
        if not words_of(asked):
            raise Usage(
                f"DataCite cannot read {asked[:80]!r}, which has no words.", "Name what to look for."
            ) from error
        if plain.query() == walk.query():
            raise
        return plain, _get(web, plain)


def _unread(error: HttpStatus | Retriable) -> bool:
    """Whether an error may mean that the service could not read the query: 400, and 500 too."""
    if isinstance(error, HttpStatus):
        return error.status in (400, 422, 500)
    return " 500 " in f" {error.message} "


def _get(web: Web, walk: Walk) -> Reply:
    headers = {"Accept": "application/vnd.api+json, application/json"}
    return web.get_json(f"{endpoint()}/dois", params=walk.params(), headers=headers)


def _page(walk: Walk, reply: Reply) -> tuple[Page, Walk]:
    """One page and the walk after it."""
    body = reply.value
    items = body.get("data") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(items, list):
        raise Fatal("DataCite's answer is no listing.", f"Try later, or look whether {VARIABLE} is right.")
    kept = items if walk.limit is None else items[: max(0, walk.limit - walk.seen)]
    records, skipped = _records(kept, str(walk.request.get("datacite") or ""))
    following = _following(walk, body, len(items))
    seen = walk.seen + len(kept)
    last = not following or not items or (walk.limit is not None and seen >= walk.limit)
    started = walk.started if walk.following else _server_day(reply)
    walk = replace(walk, following="" if last else following, seen=seen, started=started)
    return Page(records, walk.cursor(done=last), skipped, _total(body, walk), last), walk


def _records(items: list[Any], query: str) -> tuple[tuple[Record, ...], tuple[tuple[str, str], ...]]:
    """The records of a page, the versions of one dataset as one: the last of them, which is the newest."""
    found: dict[str, Record] = {}
    skipped = []
    for number, item in enumerate(items):
        name = str(item.get("id") if isinstance(item, dict) else number)[:200]
        if reason := noise(item, query):
            skipped.append((name, reason))
            continue
        try:
            record = to_record(item)
        except Skipped as error:
            skipped.append((name, error.message))
            continue
        known = found.get(record.id)
        found[record.id] = record if known is None else _newest(known, record)
    return tuple(found.values()), tuple(skipped)


def _newest(known: Record, other: Record) -> Record:
    """Of two versions the newer one, with the DOIs of both; of equal ones the later in the listing."""
    newer, older = (known, other) if known.created > other.created else (other, known)
    fields: dict[str, Any] = {name: getattr(newer, name) for name in newer.__struct_fields__}
    fields["aliases"] = tuple(dict.fromkeys([*newer.aliases, *older.aliases]))[:100]
    fields["relations"] = tuple(dict.fromkeys([*newer.relations, *older.relations]))[:100]
    return Record(**fields)


def _following(walk: Walk, body: dict[str, Any], count: int) -> str:
    """The word for the page after this one; of the address in `links` only the cursor is taken, never the host."""
    links = body.get("links")
    address = links.get("next") if isinstance(links, dict) else None
    if walk.by_rank:
        return str(int(walk.following or "1") + 1) if address and count else ""
    if not isinstance(address, str):
        return ""
    try:
        named = parse_qs(urlsplit(address).query).get("page[cursor]", [""])[0]
    except ValueError:
        named = ""
    if named and named == walk.following:
        raise Fatal("DataCite's listing does not go on.", "The same command tries again from there.")
    return named


def _total(body: dict[str, Any], walk: Walk) -> int | None:
    meta = body.get("meta")
    total = clean_count(meta.get("total")) if isinstance(meta, dict) else None
    return total if total is None or walk.limit is None else min(total, walk.limit)


def _server_day(reply: Reply) -> str:
    """The day before this answer by the server's own clock, "" where it tells none."""
    try:
        return (parsedate_to_datetime(reply.headers.get("date", "")) - OVERLAP).date().isoformat()
    except (TypeError, ValueError, OverflowError):
        return ""
