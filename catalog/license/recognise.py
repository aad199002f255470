"""A raw license string as an SPDX expression, a class and what it means for commercial use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from catalog.license import conditions, creative_commons
from catalog.license.data import License, table, words
from catalog.record import Commercial

MAX_RAW: Final = 2_000  # characters read of a license text
MAX_PARTS: Final = 6  # licenses kept of one text

STRICTNESS: Final[dict[Commercial, int]] = {"yes": 0, "conditions": 1, "unknown": 2, "no": 3}
COMMERCIAL: Final[dict[str, Commercial]] = {
    "public-domain": "yes",
    "permissive": "yes",
    "share-alike": "yes",
    "no-derivatives": "yes",
    "non-commercial": "no",
    "research-only": "no",
    "use-restricted": "conditions",
    "model-terms": "conditions",
    "custom": "unknown",
    "mixed": "unknown",
    "unspecified": "unknown",
}
SENTENCES: Final = {
    "public-domain": "{} places no condition on commercial use.",
    "permissive": "{} permits commercial use; attribution or its notice must be kept.",
    "share-alike": "{} permits commercial use; what is adapted from it must be shared alike.",
    "no-derivatives": "{} permits commercial use of unchanged copies; adapted versions must not be shared.",
    "non-commercial": "{} forbids commercial use.",
    "research-only": "{} permits research use only.",
    "use-restricted": "{} permits commercial use within its use restrictions.",
    "model-terms": "{}: outputs of a commercial model, whose terms may forbid training competing models.",
    "custom": "{}: terms of their own, to be read before commercial use.",
    "mixed": "{}: its parts have different licenses.",
    "unspecified": "{}: no license is stated.",
}
CLAUSES: Final = {
    "public-domain": "no condition on commercial use",
    "permissive": "commercial use is permitted; attribution or its notice must be kept",
    "share-alike": "commercial use is permitted; what is adapted must be shared alike",
    "no-derivatives": "commercial use of unchanged copies is permitted; adapted versions must not be shared",
    "non-commercial": "commercial use is forbidden",
    "research-only": "research use only",
    "use-restricted": "commercial use is permitted within its use restrictions",
    "model-terms": "outputs of a commercial model, whose terms may forbid training competing models",
    "custom": "terms of their own, to be read before commercial use",
    "mixed": "the parts have different licenses",
    "unspecified": "no license is stated",
}
_CLASS_ORDER: Final = ("public-domain", "permissive", "no-derivatives", "share-alike")  # among those that permit
_OTHER: Final = frozenset({"other", "custom", "other specified in description", "see description", "proprietary"})
_REFERENCE: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]{1,60}\Z")
_MARKUP: Final = re.compile(r"<!--.*?-->|<[^>]{0,300}>", re.DOTALL)
_LISTED: Final = re.compile(
    r"(?:choosealicense\.com/licenses|opensource\.org/licen[sc]es?|spdx\.org/licenses)/([a-z0-9.+-]+?)(?:\.html|\.txt|/|\)|$|[\s\])>\"'])"
)
_NEAR: Final = re.compile(r"licen[sc]|terms|agreement|released under|distributed under|available under")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a raw license string says: `expression` is "" where it names no license, `reason` one sentence."""

    expression: str
    cls: str
    commercial: Commercial
    reason: str


@lru_cache(maxsize=8192)
def recognise(raw: str) -> Recognised:
    """Read one raw license string: an id, a long name, an address or free text."""
    text = " ".join(_MARKUP.sub(_link_of, raw[:MAX_RAW]).split())
    lower = text.lower()
    found = _drop_families(_distinct(_licenses(lower)))
    said = conditions.stated(lower)
    if not found:
        return _without_license(text, lower, said)
    if " OR " in text and len(found) > 1 and not said:
        return _choice(found)
    return _combine(found, said)


def _link_of(match: re.Match[str]) -> str:
    link = re.search(r"https?://[^\s\"'>]+", match[0]) if not match[0].startswith("<!--") else None
    return f" {link[0]} " if link else " "


def _licenses(lower: str) -> list[License]:
    """The licenses a text names. The address of a text outranks the words beside it, unless these are stricter."""
    linked = list(_from_addresses(lower))
    named = list(_from_words(re.sub(r"(?:https?://|www\.)\S+", " ", lower)))
    if not linked:
        return named
    floor = max(STRICTNESS[COMMERCIAL[item.cls]] for item in linked)
    return linked + [item for item in named if STRICTNESS[COMMERCIAL[item.cls]] > floor and item.cls != "unspecified"]


def _from_addresses(lower: str) -> Iterator[License]:
    if "/" not in lower:
        return
    for match in creative_commons.URL.finditer(lower):
        if license := creative_commons.from_url(match):
            yield license
    for match in _LISTED.finditer(lower):
        if license := _by_id(match[1]):
            yield license
    for url, license in table().urls:
        if url in lower:
            yield license
            return


def _by_id(id: str) -> License | None:
    tokens = words(id)
    read = creative_commons.read(tokens, 0) if tokens else None
    return table().names.get(tuple(tokens)) or (read[0] if read else None)


def _from_words(lower: str) -> Iterator[License]:
    known = table()
    tokens = words(lower)
    plain = len(tokens) <= 4 or (bool(_NEAR.search(lower)) and len(tokens) <= 12)
    start = 0
    while start < len(tokens):
        read = creative_commons.read(tokens, start)
        if read and (read[0].id != "LicenseRef-cc" or tokens[start] != "cc" or len(tokens) <= 3):
            license, start = read
            yield license
            continue
        for size in range(min(known.longest, len(tokens) - start), 0, -1):
            key = tuple(tokens[start : start + size])
            if key in known.names and (plain or key not in known.weak or _beside_license(lower, key)):
                yield known.names[key]
                start += size
                break
        else:
            start += 1


def _beside_license(lower: str, key: tuple[str, ...]) -> bool:
    name = r"\W+".join(map(re.escape, key))
    return bool(
        re.search(rf"\b{name}\W{{0,3}}(?:\w+\W)?licen[sc]|(?:licen[sc]\w*|under)\W{{1,3}}(?:the )?{name}\b", lower)
    )


def _distinct(licenses: list[License]) -> list[License]:
    return list({item.id: item for item in licenses}.values())[:MAX_PARTS]


def _drop_families(licenses: list[License]) -> list[License]:
    """Without the families that a closer name in the same text makes plain (`cc-by` beside `CC-BY-4.0`)."""
    ids = [item.id.lower() for item in licenses]

    def covered(item: License) -> bool:
        family = item.id.lower().removeprefix("licenseref-") + "-"
        mark = item.id == "LicenseRef-public-domain" and len(ids) > 1
        return mark or (item.id.startswith("LicenseRef-") and any(other.startswith(family) for other in ids))

    return [item for item in licenses if not covered(item)]


def _combine(found: list[License], said: str) -> Recognised:
    strictest = max(found, key=_rank)
    expression = " AND ".join(item.id for item in found)
    cls = strictest.cls
    if said in ("non-commercial", "research-only") and COMMERCIAL[cls] != "no":
        phrase = "for non-commercial use" if said == "non-commercial" else "for research"
        return Recognised(
            expression, said, "no", f"{strictest.title} is named, but the text limits the data to use {phrase}."
        )
    return Recognised(expression, cls, COMMERCIAL[cls], strictest.note or SENTENCES[cls].format(strictest.title))


def _choice(found: list[License]) -> Recognised:
    """An SPDX choice ("MIT OR Apache-2.0"): the user takes the license that suits."""
    mildest = min(found, key=_rank)
    sentence = mildest.note or SENTENCES[mildest.cls].format(mildest.title)
    return Recognised(" OR ".join(item.id for item in found), mildest.cls, COMMERCIAL[mildest.cls], sentence)


def _rank(license: License) -> tuple[int, int]:
    permits = _CLASS_ORDER.index(license.cls) if license.cls in _CLASS_ORDER else 0
    return STRICTNESS[COMMERCIAL[license.cls]], permits


def _without_license(text: str, lower: str, said: str) -> Recognised:
    if said == "non-commercial":
        return Recognised("LicenseRef-non-commercial", said, "no", "The terms forbid commercial use.")
    if said == "research-only":
        return Recognised("LicenseRef-research-only", said, "no", "The terms permit research use only.")
    if said == "free":
        return Recognised("LicenseRef-no-restrictions", "permissive", "yes", "The terms place no restriction on use.")
    if _REFERENCE.match(text):
        return Recognised(text, "custom", "unknown", f"Terms not known to the catalog: {text}")
    if not text or conditions.unstated(lower):
        return Recognised("", "unspecified", "unknown", "No license is stated.")
    if conditions.mixed(lower):
        return Recognised("", "mixed", "unknown", "Its parts have different licenses.")
    bare = " ".join(re.findall(r"\w+", lower))
    if bare in _OTHER:
        return Recognised(
            f"LicenseRef-{bare.split()[0]}",
            "custom",
            "unknown",
            "The license text is not named; read it at the source.",
        )
    slug = "-".join(re.findall(r"[a-z0-9.]+", lower)[:8]).strip(".-")
    expression = f"LicenseRef-{slug}" if slug and len(slug) <= 48 and len(bare.split()) <= 8 else "LicenseRef-custom"
    return Recognised(expression, "custom", "unknown", f"Terms not known to the catalog: {_short(text)}")


def _short(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
