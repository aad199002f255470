"""What Kaggle says of a dataset, as a record: pure, and safe for any input.

Payloads come from the REST list (a bare array, where a field may come three times: `titleNullable`, `title`,
`hasTitle`), from the view of one dataset, from the RPC form of both (each field once, defaults left out), and from rows
of Meta Kaggle. `totalBytes` is the packed ZIP in a list and the unpacked files in a view, so each size says which.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeGuard
from urllib.parse import quote, unquote, urlsplit

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
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
from connectors.kaggle import tags
from connectors.kaggle.dates import moment

Json = dict[str, Any]

SOURCE: Final = "kaggle"
PAGE: Final = "https://www.kaggle.com/datasets/"
LISTED: Final = "Kaggle list totalBytes, packed ZIP"
VIEWED: Final = "Kaggle view totalBytes, unpacked"
DUMPED: Final = "Meta Kaggle TotalUncompressedBytes, unpacked"
VALUE: Final = 200  # characters of a name
_REF: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/[\w-][\w .:-]{0,199}(?<! )\Z")
"""Slugs are of a-z, 0-9 and - today; those of 2018 hold letters of any script, spaces and colons."""


def to_record(payload: object) -> Record:
    """The record of one payload. Raises `Skipped` with the reason, and nothing else, for any input at all."""
    if not isinstance(payload, dict):
        raise Skipped("the payload is not an object.")
    ref = ref_of(payload)
    if not ref:
        raise Skipped(f"the payload has no usable ref: {clean(payload.get('ref'), 80)!r}.")
    if payload.get("isPrivate") is True:
        raise Skipped(f"{ref} is private, and a registry may be shared.")
    record = _record(ref, payload)
    if len(encode(record)) > MAX_RECORD:
        raise Skipped(f"the record of {ref} is larger than {MAX_RECORD} bytes.")
    return record


def value_of(payload: Json, name: str) -> object:
    """A field of either wire shape, None where Kaggle says that it has none.

    `hasX` decides where it is there, since the plain field is then "" or 0 for what is absent; else the plain field
    counts, and `xNullable` only where that is missing.
    """
    has = payload.get(f"has{name[:1].upper()}{name[1:]}")
    if has is False:
        return None
    value = payload.get(name)
    return payload.get(f"{name}Nullable") if value is None else value


def is_ref(value: object) -> TypeGuard[str]:
    """Whether a value is the name of a dataset on Kaggle: `owner/slug`."""
    return isinstance(value, str) and _REF.match(value) is not None


def page_of(ref: str) -> str:
    """The address of a dataset's page."""
    return PAGE + quote(ref)


def ref_of(payload: Json) -> str:
    """`owner/slug` from `ref`, else from the address of its page; "" where neither is usable."""
    ref = payload.get("ref")
    if is_ref(ref):
        return ref
    return "" if ref else ref_of_url(value_of(payload, "url"))


def ref_of_url(url: object) -> str:
    """`owner/slug` from the address of a page, old (without /datasets/) or new, with or without a version."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        at_home = (parts.hostname or "").removeprefix("www.") == "kaggle.com"
    except ValueError:
        return ""
    names = unquote(parts.path).strip("/").removeprefix("datasets/").split("/") if at_home else []
    ref = "/".join(name.strip() for name in names[:2])
    return ref if is_ref(ref) else ""


def is_view(payload: Json) -> bool:
    """Whether a payload is the view of one dataset: a list never has a description or versions."""
    if payload.get("hasDescription") is True or value_of(payload, "description"):
        return True
    return bool(payload.get("versions")) and isinstance(payload["versions"], list)


def _record(ref: str, payload: Json) -> Record:
    version = clean_count(value_of(payload, "currentVersionNumber"))
    downloads = clean_count(value_of(payload, "downloadCount"))
    unpacked, packed = _sizes(payload)
    owner = clean(value_of(payload, "ownerName"), VALUE)
    found = tags.read(payload.get("tags") if "tags" in payload else payload.get("keywords"))
    identity = clean_count(payload.get("id"))
    revision = str(version) if version else ""
    return Record(
        source=SOURCE,
        id=ref,
        name=ref,
        upstream_id=str(identity) if identity else "",
        title=clean(value_of(payload, "title"), VALUE),
        summary=clean(value_of(payload, "subtitle")),
        description=clean(value_of(payload, "description"), MAX_DESCRIPTION),
        url=page_of(ref),
        creators=_names(value_of(payload, "creatorName")),
        publisher=owner or ref.partition("/")[0],
        created=_created(payload),
        modified=moment(value_of(payload, "lastUpdated")),
        revision=revision,
        access=_access(payload, packed),
        popularity=popularity_level(downloads),
        downloads=downloads,
        votes=clean_count(value_of(payload, "voteCount")),
        bytes=unpacked or packed,
        statements=(*tags.statements(found), *_usability(value_of(payload, "usabilityRating"))),
        keywords=tags.keywords(found),
        licenses=_licenses(payload, revision),
        distributions=(Distribution(url=f"{SOURCE}:{ref}", kind="repo", bytes=packed.value if packed else None),),
    )


def _sizes(payload: Json) -> tuple[Amount | None, Amount | None]:
    """(unpacked, packed), each None where this payload does not say it. A size of 0 is no size."""
    total = clean_count(value_of(payload, "totalBytes"))
    if is_view(payload):
        unpacked, packed = _amount(total, VIEWED), None
    else:
        unpacked, packed = None, _amount(total, LISTED)
    dumped = _amount(clean_count(payload.get("totalUncompressedBytes")), DUMPED)
    zipped = _amount(clean_count(payload.get("totalCompressedBytes")), "Meta Kaggle TotalCompressedBytes, packed ZIP")
    return dumped or unpacked, zipped or packed


def _amount(count: int | None, source: str) -> Amount | None:
    return Amount(count, source) if count else None


def _access(payload: Json, packed: Amount | None) -> Access:
    """A public dataset whose bundle has a size is given out without an account, as far as a listing can tell."""
    return "open" if payload.get("isPrivate") is False and packed else "unknown"


def _created(payload: Json) -> str:
    """When the first version came, where the payload tells of it."""
    versions = payload.get("versions")
    for version in versions if isinstance(versions, list) else []:
        if isinstance(version, dict) and clean_count(version.get("versionNumber")) == 1:
            return moment(version.get("creationDate"))
    return moment(payload.get("creationDate"))


def _licenses(payload: Json, revision: str) -> tuple[LicenseClaim, ...]:
    """What the uploader chose; long names in `licenseName`, short ones in the `licenses` of the metadata."""
    claims = [(clean(value_of(payload, "licenseName"), 500), "Kaggle licenseName")]
    listed = payload.get("licenses")
    for item in listed[:20] if isinstance(listed, list) else []:
        name = item.get("name") if isinstance(item, dict) else item
        claims.append((clean(name, 500), "Kaggle licenses"))
    distinct = {raw.lower(): (raw, by) for raw, by in reversed(claims) if raw}
    chosen = reversed(distinct.values())
    return tuple(LicenseClaim(raw=raw, by=by, note="as its uploader chose it", revision=revision) for raw, by in chosen)


def _names(value: object) -> tuple[str, ...]:
    name = clean(value, VALUE)
    return (name,) if name else ()


def _usability(value: object) -> tuple[Statement, ...]:
    """Kaggle's own score of how well a dataset is described, from 0 to 1."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1
    return (Statement("usability", f"{value:.2f}", "Kaggle usabilityRating"),) if known else ()
