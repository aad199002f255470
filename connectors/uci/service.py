"""The two APIs of UCI behind one door: which datasets there are, and what is said of one.

The one of today answers /api/datasets/list and /api/dataset?id=N, the announced one /v1/datasets and /v1/datasets/N.
Both wrap their answers, and the status inside counts more than that of HTTP. Which one is spoken is found out by asking
for the list: first the one that answered last time, then the other. `CATALOG_UCI_ENDPOINT` names the site or a mirror;
with /v1 at its end only the announced one is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from catalog.endpoints import named_endpoint, named_hosts
from catalog.errors import Fatal, Retriable
from catalog.record import clean
from catalog.web import HttpStatus, MiB, Reply, Web
from connectors.uci.mapping import HOME, id_of, status_of

VARIABLE: Final = "CATALOG_UCI_ENDPOINT"
TAKE: Final = 100  # rows that the announced API gives at most
MAX_IDS: Final = 50_000
TRIES: Final = 3  # for an answer whose body says that the site is in trouble
RECORD_BYTES: Final = 4 * MiB

Api = Literal["current", "next"]


@dataclass(frozen=True)
class Listing:
    """The datasets that the site lists: ids in its order, rows that name none, and whether these are all."""

    api: Api
    ids: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    whole: bool = True


def endpoint() -> str:
    """The site's address, without a slash and without /v1 at its end. Raises `Usage` for a variable that is none."""
    return (named_endpoint(VARIABLE) or HOME).removesuffix("/v1")


def hosts() -> frozenset[str]:
    """The host that the user named in the environment, if any."""
    return named_hosts(VARIABLE)


def datasets(web: Web, query: str = "", area: str = "", last: str = "") -> Listing:
    """The list of the site, or the part whose names hold `query` or whose subject area is `area`.

    `last` is the API that answered last time. Raises what `Web` raises, and `Fatal` for what is no list.
    """
    order: list[Api] = ["next", "current"] if last == "next" else ["current", "next"]
    if named_endpoint(VARIABLE).endswith("/v1"):
        order = ["next"]
    for api in order:
        try:
            return _current(web, query, area) if api == "current" else _next(web, query, area)
        except HttpStatus as error:
            if error.status not in (404, 405, 410, 501) or api == order[-1]:
                raise
    raise AssertionError("no API was asked")


def record(web: Web, api: str, id: str) -> Reply:
    """What is said of one dataset: the answer with its wrapping. Raises `HttpStatus` for the status in its body too."""
    if api == "next":
        return _ask(web, f"/v1/datasets/{id}", None, RECORD_BYTES)
    return _ask(web, "/api/dataset", {"id": id}, RECORD_BYTES)


def _current(web: Web, query: str, area: str) -> Listing:
    params = {name: value for name, value in (("search", query.lower()), ("area", area)) if value}
    return _listing("current", _rows(_ask(web, "/api/datasets/list", params)))


def _next(web: Web, query: str, area: str) -> Listing:
    """Page by page, until one brings nothing new. The announced API searches no names, so that is done here."""
    rows: list[Any] = []
    seen: set[str] = set()
    while len(rows) <= MAX_IDS:
        params = {"take": str(TAKE), "skip": str(len(rows)), **({"subjectAreas": area} if area else {})}
        page = _rows(_ask(web, "/v1/datasets", params))
        fresh = {_id(row) for row in page} - seen
        rows.extend(page)
        seen |= fresh
        if not fresh or len(page) < TAKE:
            break
    wanted = [row for row in rows if not query or query.lower() in _name(row).lower()]
    return _listing("next", wanted)


def _ask(web: Web, path: str, params: Mapping[str, str] | None, max_bytes: int = 32 * MiB) -> Reply:
    """One answer that is good by its own word. A site in trouble is asked again after a pause."""
    for attempt in range(1, TRIES + 1):
        reply = web.get_json(endpoint() + path, params=params or None, max_bytes=max_bytes)
        status = status_of(reply.value) if isinstance(reply.value, dict) else 200
        if status == 200:
            return reply
        refusal = HttpStatus(reply.url, status, reply.headers, json.dumps(reply.value).encode("ascii", "replace"))
        if status not in (408, 425, 429) and status < 500:
            raise refusal
        trouble = Retriable(refusal.message, "Try again later; what came is kept.")
        if attempt == TRIES:
            raise trouble
        web.pause(attempt, trouble.message)
    raise AssertionError("no try was made")


def _rows(reply: Reply) -> list[Any]:
    data = reply.value.get("data") if isinstance(reply.value, dict) else None
    if not isinstance(data, list):
        raise Fatal("UCI sent something else where the list of its datasets was expected.", f"Check {VARIABLE}.")
    return data


def _listing(api: Api, rows: list[Any]) -> Listing:
    ids: dict[str, None] = {}
    skipped: list[tuple[str, str]] = []
    for number, row in enumerate(rows[:MAX_IDS], 1):
        if id := _id(row):
            ids.setdefault(id)
        else:
            skipped.append((_name(row)[:100] or f"row {number} of the list", "the list gives it no usable id."))
    return Listing(api, tuple(ids), tuple(skipped), len(rows) <= MAX_IDS)


def _id(row: object) -> str:
    return id_of(row.get("id", row.get("uci_id"))) if isinstance(row, dict) else ""


def _name(row: object) -> str:
    return clean(row.get("name", row.get("title")), 500) if isinstance(row, dict) else ""
