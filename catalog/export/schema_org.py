"""schema.org/Dataset of an entry, as search engines of datasets read it from a page, and the pieces Croissant shares.

Only what is known is said: no date, size or license is made up, and a description that is shorter than the 50
characters that Google Dataset Search asks for gets facts of the entry behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.record import Entry
from catalog.text import for_url

MIN_DESCRIPTION, MAX_DESCRIPTION = 50, 5_000
MAX_KEYWORDS = 50
_SPDX = "https://spdx.org/licenses/"


def schema_org(entry: Entry, *, page: str = "", catalog: str = "") -> dict[str, Any]:
    """The entry as schema.org/Dataset. `page` is the address of its page here, `catalog` that of the whole site."""
    made = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        **core(entry, page),
        "distribution": list(_distributions(entry)),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Catalog", "url": catalog} if catalog else None,
        "variableMeasured": list(dict.fromkeys(column.name for column in entry.columns))[:MAX_KEYWORDS],
    }
    return {name: value for name, value in made.items() if value or value is True or value is False}


def core(entry: Entry, page: str = "") -> dict[str, Any]:
    """What schema.org and Croissant say in the same words; empty where unknown."""
    url = for_url(entry.url)
    return {
        "name": entry.title or entry.name,
        "alternateName": list(dict.fromkeys(each for each in (entry.name, entry.title_zh, *entry.aliases) if each)),
        "description": description_of(entry),
        "identifier": [each for each in (entry.key, f"https://doi.org/{entry.doi}" if entry.doi else "") if each],
        "url": page or url,
        "sameAs": list(dict.fromkeys(each for each in (url, *_elsewhere(entry)) if each and each != page)),
        "license": license_of(entry),
        "creator": [{"@type": "Organization", "name": name} for name in entry.creators],
        "publisher": {"@type": "Organization", "name": entry.publisher} if entry.publisher else None,
        "keywords": list(dict.fromkeys((*_terms(entry), *entry.keywords)))[:MAX_KEYWORDS],
        "inLanguage": [tag.term for tag in entry.tags or () if tag.facet == "language"],
        "datePublished": entry.created or (str(entry.year) if entry.year else ""),
        "dateModified": entry.modified,
        "isAccessibleForFree": {"open": True, "gated": True, "withdrawn": False, "refused": False}.get(entry.access),
    }


def description_of(entry: Entry) -> str:
    """The description: the source's own words, lengthened by facts where they are too short to be shown."""
    text = (entry.description or entry.summary).strip()
    if len(text) >= MIN_DESCRIPTION:
        return text[:MAX_DESCRIPTION]
    facts = "; ".join(_facts(entry))
    return f"{text} {facts}.".strip()[:MAX_DESCRIPTION]


def _facts(entry: Entry) -> Iterable[str]:
    yield f"Dataset {entry.key}"
    by_facet: dict[str, list[str]] = {}
    for tag in entry.tags or ():
        by_facet.setdefault(tag.facet, []).append(tag.term)
    yield from (f"{facet}: {', '.join(terms)}" for facet, terms in by_facet.items())
    if entry.rows is not None:
        yield f"rows: {entry.rows.value}"
    if entry.columns:
        yield f"columns: {', '.join(column.name for column in entry.columns[:20])}"


def license_of(entry: Entry) -> list[Any]:
    """The licenses as addresses of SPDX; a text that SPDX does not know as it was claimed, nothing where unknown."""
    verdict = entry.verdict
    if verdict is None or not verdict.expression:
        return [{"@type": "CreativeWork", "name": raw} for raw in _claimed(entry)]
    names = verdict.expression.replace("(", " ").replace(")", " ").split()
    ids = dict.fromkeys(name for name in names if name not in ("AND", "OR", "WITH"))
    return [
        {"@type": "CreativeWork", "name": name.removeprefix("LicenseRef-")}
        if name.startswith("LicenseRef-")
        else f"{_SPDX}{name.removesuffix('+')}"
        for name in ids
    ]


def _claimed(entry: Entry) -> list[str]:
    whole = (claim.raw for claim in entry.licenses if claim.scope == "dataset" and claim.cls != "unspecified")
    return list(dict.fromkeys(raw for raw in whole if raw and raw.lower() != "unknown"))


def _terms(entry: Entry) -> Iterable[str]:
    return (tag.term for tag in entry.tags or () if tag.facet in ("domain", "task", "modality", "genre"))


def _elsewhere(entry: Entry) -> Iterable[str]:
    yield from (for_url(tie.target) for tie in entry.relations if tie.kind == "same-as")
    yield from (for_url(place.url) for place in entry.distributions if place.kind == "page")
    yield for_url(entry.paper) and ""


def _distributions(entry: Entry) -> Iterable[Mapping[str, Any]]:
    for place in entry.distributions:
        url = for_url(place.url)
        if url and place.kind == "file":
            made = {"@type": "DataDownload", "contentUrl": url, "encodingFormat": place.format, "name": place.path}
            if place.bytes is not None:
                made["contentSize"] = f"{place.bytes} B"
            if place.digest.startswith("sha256:"):
                made["sha256"] = place.digest.removeprefix("sha256:")
            yield {name: value for name, value in made.items() if value}
