"""GET /api/datasets as the Hub answers it: filters ANDed, descending sorts, keyset cursors, opaque to the client."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlencode

from tests.origin.repo import Json
from tests.origin.server import Request

SORTS = ("trendingScore", "createdAt", "lastModified", "downloads", "likes", "likes30d", "mainSize", "id")
EXPAND = [
    "author",
    "cardData",
    "citation",
    "createdAt",
    "description",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "likes",
    "mainSize",
    "paperswithcode_id",
    "private",
    "resourceGroup",
    "sha",
    "siblings",
    "tags",
    "trendingScore",
    "usedStorage",
    "gitalyUid",
]
PLAIN = [
    "_id",
    "id",
    "author",
    "disabled",
    "gated",
    "lastModified",
    "likes",
    "trendingScore",
    "private",
    "sha",
    "description",
    "downloads",
    "tags",
    "createdAt",
    "key",
]
FULL = (*PLAIN, "cardData", "citation", "paperswithcode_id")


class BadQuery(Exception):
    """A parameter the Hub refuses with 400."""


def fields(request: Request) -> tuple[str, ...]:
    """Which keys of a record come back."""
    expand = request.every("expand") + request.every("expand[]")
    for name in expand:
        if name not in EXPAND:
            raise BadQuery(f'"expand" must be one of [{", ".join(EXPAND)}]')
    if expand:
        return ("_id", "id", *expand)
    return FULL if request.first("full").lower() in ("true", "1", "full") else tuple(PLAIN)


def shape(record: Json, names: tuple[str, ...]) -> Json:
    """The record cut to those keys; a key the repository does not have is left out, as the Hub does."""
    return {name: record[name] for name in names if name in record}


def matches(record: Json, request: Request) -> bool:
    """Whether a record passes every filter of the request."""
    tags = set(record.get("tags") or ())
    author = request.first("author")
    gated = request.first("gated")
    return (
        all(wanted in tags for wanted in request.every("filter"))
        and all(word.lower() in str(record["id"]).lower() for word in request.every("search"))
        and (not author or record.get("author") == author)
        and (not gated or bool(record.get("gated")) == (gated == "true"))
    )


def sort_key(request: Request) -> str:
    """The field to sort by, always descending, `_id` ascending within it."""
    name = request.first("sort", "trendingScore")
    if name not in SORTS:
        raise BadQuery(f'"sort" must be one of [{", ".join(SORTS)}]')
    return name


def ordered(records: list[Json], name: str) -> list[Json]:
    """Descending by the field, records without it last, `_id` ascending within equals."""
    by_id = sorted(records, key=lambda record: str(record.get("_id")))
    known = [record for record in by_id if record.get(name) is not None]
    unknown = [record for record in by_id if record.get(name) is None]
    return sorted(known, key=lambda record: record[name], reverse=True) + unknown


def encode_cursor(name: str, last: Json) -> str:
    """The keyset after `last`, as the Hub writes it."""
    value = last.get(name)
    same: Json = {name: value, "_id": {"$gt": last["_id"]}}
    keyset = [same, {name: {"$lt": value}}, {name: None}] if value is not None else [same]
    return base64.b64encode(json.dumps({"$or": keyset}).encode()).decode()


def start_of(cursor: str, name: str, records: list[Json]) -> int:
    """The place in an ordered list where the page after the cursor begins. Raises `BadQuery`."""
    if not cursor:
        return 0
    try:
        same = json.loads(base64.b64decode(cursor, validate=True))["$or"][0]
        value, after = same[name], str(same["_id"]["$gt"])
    except (binascii.Error, ValueError, LookupError, TypeError) as error:
        raise BadQuery("Invalid cursor") from error
    low, high = 0, len(records)
    while low < high:
        middle = (low + high) // 2
        if _is_after(records[middle], name, value, after):
            high = middle
        else:
            low = middle + 1
    return low


def _is_after(record: Json, name: str, value: Any, after: str) -> bool:
    mine = record.get(name)
    if mine == value:
        return str(record.get("_id")) > after
    return mine is None or (value is not None and mine < value)


def next_link(request: Request, base: str, cursor: str) -> str:
    """The Link header of a page that is not the last: absolute, with every parameter repeated."""
    pairs = [(key, value) for key, value in request.query if key != "cursor"]
    return f'<{base}{request.path}?{urlencode([*pairs, ("cursor", cursor)])}>; rel="next"'
