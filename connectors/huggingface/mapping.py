"""What the Hub says of a dataset, as a record: pure, and safe for any input.

Payloads come from the listing, from GET /api/datasets/{id}, from a card alone (`{"id", "cardData"}`) and from weekly
snapshots of the Hub (`from_snapshot`). Tags are computed by the Hub and drop what it no longer knows; the card keeps
what its author wrote: both are read, and each statement says which one it comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, TypeGuard

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_RECORD,
    Access,
    Amount,
    Distribution,
    LicenseClaim,
    Record,
    Statement,
    clean,
    clean_count,
    encode,
    popularity_level,
)
from connectors.huggingface import columns as shapes

Json = dict[str, Any]

SOURCE: Final = "huggingface"
PAGE: Final = "https://huggingface.co/datasets/"
FACETS: Final = {
    "task_categories": "task",
    "task_ids": "task",
    "language": "language",
    "modality": "modality",
    "size_categories": "size",
    "format": "file-format",
    "library": "library",
    "benchmark": "benchmark",
    "multilinguality": "multilinguality",
    "source_datasets": "source-dataset",
    "annotations_creators": "annotations-creator",
    "language_creators": "language-creator",
}
"""Tag prefixes and card keys to facets. The Hub's `format` is a file's, not a training format."""
CARD_FACETS: Final = {
    **FACETS,
    "languages": "language",
    "language_bcp47": "language",
    "paperswithcode_id": "paperswithcode",
}
LICENSE_KEYS: Final = ("license", "licenses", "license_name", "license_details", "bigbio_license_shortname")
BEFORE_DATES: Final = "2022-03-02T23:29"  # what the Hub gives as createdAt for everything older
TAIL: Final = "See the full description on the dataset page:"
VALUE: Final = 120  # characters of a facet value or keyword
LONG_TAG: Final = 150  # characters from which a tag is not remembered
MAX_KEYWORDS: Final = 100
MAX_TAGS: Final = 2000
_ID: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_.-]{1,96}(/[A-Za-z0-9_.-]{1,96})?\Z")
_ARXIV: Final = re.compile(r"(\d{4}\.\d{4,5}|[a-z][a-z.-]{1,20}(\.[A-Z]{2})?/\d{7})(v\d{1,2})?\Z")
_DOI: Final = re.compile(r"10\.\d{4,9}/\S{1,200}\Z")
_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_UPSTREAM: Final = re.compile(r"[0-9a-f]{24}\Z")
_GATES: Final = {
    "auto": "Accept the terms on the dataset's page; access is given at once.",
    "manual": "Ask for access on the dataset's page; its publisher decides.",
}


def to_record(payload: object) -> Record:
    """The record of one payload. Raises `Skipped` with the reason, and nothing else, for any input at all."""
    if not isinstance(payload, dict):
        raise Skipped("the payload is not an object.")
    id = payload.get("id")
    if not is_id(id):
        raise Skipped(f"the payload has no usable id: {str(id)[:80]!r}." if isinstance(id, str) else "it has no id.")
    if payload.get("private") is True:
        raise Skipped(f"{id} is private, and a registry may be shared.")
    record = _record(id, payload, _mapping(payload, "cardData", "card_data"))
    if len(encode(record)) > MAX_RECORD:
        raise Skipped(f"the record of {id} is larger than {MAX_RECORD} bytes.")
    return record


def from_snapshot(row: Mapping[str, object]) -> Json:
    """A row of a Hub snapshot (Parquet or JSON Lines) as a payload: cardData and lists unpacked, flags and times read.

    Columns that the snapshot lacks stay absent. Never raises.
    """
    payload: Json = {str(key): value for key, value in row.items() if value is not None}
    for key in ("cardData", "tags"):
        if isinstance(payload.get(key), str):
            payload[key] = _parsed(payload[key])
    for key in ("gated", "disabled", "private"):
        text = str(payload.get(key, "")).lower()
        if text in ("true", "false"):
            payload[key] = text == "true"
    return payload


def is_id(value: object) -> TypeGuard[str]:
    """Whether a value is the name of a dataset on the Hub: `owner/name`, or an old name alone."""
    return isinstance(value, str) and _ID.match(value) is not None


def is_sha(value: object) -> TypeGuard[str]:
    """Whether a value is a commit, blob or content id: 40 or 64 lower-case hex digits."""
    return isinstance(value, str) and _SHA.match(value) is not None


def access_of(gated: object, disabled: object) -> tuple[Access, str]:
    """How the files are had, and the step it takes."""
    if disabled is True:
        return "disabled", "The Hub has taken the files down."
    if gated is True or (isinstance(gated, str) and gated in _GATES):
        return "gated", _GATES.get(str(gated), "Accept the terms on the dataset's page.")
    return ("open", "") if gated is False else ("unknown", "")


def _record(id: str, payload: Json, card: Json) -> Record:
    tags = [tag for tag in _list(payload.get("tags"))[:MAX_TAGS] if isinstance(tag, str)]
    by_prefix, free = _sorted_tags(tags)
    parts = shapes.configs(card.get("dataset_info"))
    sha = payload["sha"] if is_sha(payload.get("sha")) else ""
    access, note = access_of(payload.get("gated"), payload.get("disabled"))
    downloads = clean_count(payload.get("downloads"))
    main_size = clean_count(payload.get("mainSize"))
    owner = id.rpartition("/")[0]
    arxiv = [text for text in by_prefix.get("arxiv", []) if _ARXIV.match(text)]
    dois = [text for text in [*by_prefix.get("doi", []), *texts(card.get("doi"))] if _DOI.match(text)]
    created = moment(payload.get("createdAt", payload.get("created_at")))
    return Record(
        source=SOURCE,
        id=id,
        name=id,
        upstream_id=_matching(payload.get("_id"), _UPSTREAM),
        title=next(texts(card.get("pretty_name")), ""),
        description=_description(payload.get("description")),
        url=PAGE + id,
        publisher=clean(payload.get("author"), VALUE) or owner,
        created="" if created.startswith(BEFORE_DATES) else created,
        modified=moment(payload.get("lastModified", payload.get("last_modified"))),
        revision=sha,
        access=access,
        access_note=note,
        popularity=popularity_level(
            downloads if downloads is not None else clean_count(payload.get("downloadsAllTime"))
        ),
        downloads=downloads,
        likes=clean_count(payload.get("likes")),
        rows=shapes.rows(parts),
        bytes=Amount(main_size, "Hub mainSize") if main_size else shapes.stored_bytes(parts),
        doi=dois[0] if dois else "",
        arxiv=arxiv[0] if arxiv else "",
        citation=clean(payload.get("citation"), MAX_DESCRIPTION),
        statements=_statements(by_prefix, card, arxiv[1:], payload.get("paperswithcode_id")),
        keywords=tuple(dict.fromkeys([*free, *texts(card.get("tags"))]))[:MAX_KEYWORDS],
        licenses=_licenses(by_prefix.get("license", []), card, sha),
        columns=shapes.columns(parts),
        distributions=(Distribution(url=f"{SOURCE}:{id}", kind="repo", bytes=main_size or None),),
    )


def _sorted_tags(tags: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Tags with a known prefix by that prefix, and the free words (under "")."""
    by_prefix: dict[str, list[str]] = {}
    for tag in tags:
        prefix, value = _split(tag) if len(tag) <= LONG_TAG else ("", clean(tag, VALUE))
        if value:
            by_prefix.setdefault(prefix, []).append(value)
    return by_prefix, by_prefix.pop("", [])


@lru_cache(maxsize=16384)
def _split(tag: str) -> tuple[str, str]:
    """A tag as (prefix, value); the prefix is "" for a free word."""
    prefix, colon, value = tag.partition(":")
    known = colon and (prefix in FACETS or prefix in ("license", "arxiv", "doi", "region"))
    return (prefix, clean(value, VALUE)) if known else ("", clean(tag, VALUE))


def _statements(by_prefix: dict[str, list[str]], card: Json, arxiv: list[str], pwc: object) -> tuple[Statement, ...]:
    found: dict[tuple[str, str], Statement] = {}
    for prefix, facet in FACETS.items():
        for value in by_prefix.get(prefix, ()):
            found.setdefault((facet, value), Statement(facet, value, f"tag {prefix}"))
    for key, facet in CARD_FACETS.items():
        if key not in card:
            continue
        for value in texts(_norwegian(card[key]) if facet == "language" else card[key]):
            found.setdefault((facet, value), Statement(facet, value, f"card {key}"))
    for value in texts(pwc):
        found.setdefault(("paperswithcode", value), Statement("paperswithcode", value, "Hub paperswithcode_id"))
    for value in arxiv:
        found.setdefault(("arxiv", value), Statement("arxiv", value, "tag arxiv"))
    return tuple(statement for statement in found.values() if statement.value)[:MAX_ITEMS]


def _norwegian(value: object) -> object:
    """The language code `no` is false in YAML 1.1."""
    if value is False:
        return "no"
    return ["no" if item is False else item for item in value] if isinstance(value, list) else value


def _licenses(tags: list[str], card: Json, sha: str) -> tuple[LicenseClaim, ...]:
    """One claim for each wording: the card's own keys first, then the tags that the Hub made from them."""
    found: dict[str, LicenseClaim] = {}
    link = next(texts(card.get("license_link"), 500), "")
    for key in LICENSE_KEYS:
        for raw in texts(card.get(key), 500) if key in card else ():
            claim = LicenseClaim(raw=raw, by=f"card {key}", evidence=link, revision=sha)
            found.setdefault(raw.lower(), claim)
    if link and not card.get("license_name"):
        found.setdefault(link.lower(), LicenseClaim(raw=link, by="card license_link", evidence=link, revision=sha))
    for raw in tags:
        found.setdefault(raw.lower(), LicenseClaim(raw=raw, by="tag license", revision=sha))
    return tuple(claim for claim in found.values() if claim.raw)[:50]


def _description(value: object) -> str:
    """The text without the Hub's closing line and without the empty lines that headings leave."""
    text = clean(value, MAX_DESCRIPTION)
    tail = text.rfind(TAIL)
    if tail >= 0:
        text = text[:tail].rstrip().removesuffix("…").removesuffix("...")
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).strip()


def moment(value: object) -> str:
    """A time as ISO 8601 in UTC to the second, "" for what is none."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, datetime):
            return ""
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{at.isoformat()[:19]}Z" if at.year >= 1000 else ""


def texts(value: object, limit: int = VALUE, depth: int = 0) -> Iterator[str]:
    """The texts in a value of any shape: itself, the items of a list, the values of a mapping."""
    if isinstance(value, str):
        if text := clean(value, limit):
            yield text
    elif isinstance(value, (list, tuple, dict)) and depth < 4:
        for item in list(value.values() if isinstance(value, dict) else value)[:MAX_ITEMS]:
            yield from texts(item, limit, depth + 1)


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and pattern.match(value) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mapping(payload: Json, *keys: str) -> Json:
    return next((payload[key] for key in keys if isinstance(payload.get(key), dict)), {})


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
