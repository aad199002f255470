"""A DOI of DataCite's REST API as a record: pure, and safe for any input.

A version of a dataset is told under the DOI that stands for all of them (`IsVersionOf`), so that versions make one
record; its own DOI becomes an alias.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
    MAX_RECORD,
    Access,
    Amount,
    Distribution,
    LicenseClaim,
    Record,
    Relation,
    Statement,
    clean,
    clean_count,
    encode,
    popularity_level,
)
from connectors.google.distributions import distributions, format_of
from connectors.google.html import plain
from connectors.google.links import address, arxiv, doi, host_of
from connectors.google.mapping import NAME, SOURCE
from connectors.google.measures import date, size, year
from connectors.google.values import VALUE, as_list, text, words

Json = dict[str, Any]

BY: Final = "DataCite"
RESOLVER: Final = "https://doi.org/"
MAX_TIES: Final = 50
_ACCESS: Final[dict[str, Access]] = {
    "openaccess": "open",
    "open access": "open",
    "closedaccess": "request",
    "closed access": "request",
    "restrictedaccess": "request",
    "restricted access": "request",
    "embargoedaccess": "request",
    "embargoed access": "request",
}
_TIES: Final = {"IsIdenticalTo": "same-as", "IsDerivedFrom": "derived-from", "IsPartOf": "part-of"}
_PAPERS: Final = ("IsSupplementTo", "IsDescribedBy", "IsDocumentedBy", "IsReferencedBy", "IsCitedBy", "Cites")


def to_record(payload: object) -> Record:
    """The record of one item of `data`. Raises `Skipped` with the reason, and nothing else, for any input at all."""
    if not isinstance(payload, dict):
        raise Skipped("the item is not an object.")
    given = payload.get("attributes")
    facts = given if isinstance(given, dict) else payload
    own = doi(facts.get("doi")) or doi(payload.get("id"))
    if not own:
        raise Skipped(f"the item {str(payload.get('id'))[:80]!r} has no DOI.")
    name = next((clean(plain(each), NAME) for each in _titles(facts)), "")
    if not name:
        raise Skipped(f"{own} has no title.")
    if facts.get("state") not in (None, "findable"):
        raise Skipped(f"{own} is not findable.")
    record = _record(own, name, facts)
    if len(encode(record)) > MAX_RECORD:
        raise Skipped(f"the record of {own} is larger than {MAX_RECORD} bytes.")
    return record


def noise(payload: object, query: str) -> str:
    """Why an item is left out unless the query asks for it, "" for one that is not: crystal structures of the CCDC,
    receipts of GBIF downloads."""
    if not isinstance(payload, dict):
        return ""
    id = str(payload.get("id")).lower()
    asked = query.lower()
    if id.startswith("10.15468/dl.") and "10.15468" not in asked and "gbif" not in asked:
        return "it is a receipt of a GBIF download"
    client = payload
    for key in ("relationships", "client", "data"):
        inner = client.get(key)
        client = inner if isinstance(inner, dict) else {}
    if str(client.get("id")).lower() == "ccdc.csd" and "ccdc" not in asked and "10.5517" not in asked:
        return "it is one of a million crystal structures of the CCDC"
    return ""


def _record(own: str, name: str, facts: Json) -> Record:
    concept = next(_related(facts, ("IsVersionOf",)), "")
    id = concept or own
    page = address(facts.get("url")) or f"{RESOLVER}{own}"
    created = date(facts.get("publicationYear")) if not _dated(facts, "Issued") else _dated(facts, "Issued")
    files = distributions(facts.get("contentUrl"), "")
    publisher = text(facts.get("publisher"), 200)
    rights = [each for each in as_list(facts.get("rightsList"))[:20] if isinstance(each, dict)]
    downloads = clean_count(facts.get("downloadCount")) or None
    papers = list(_related(facts, _PAPERS))
    same = [Relation("same-as", f"{RESOLVER}{own}", "a version of it")] if concept else []
    return Record(
        source=SOURCE,
        id=id,
        name=name,
        title=name,
        description=_description(facts),
        url=page,
        aliases=(own,) if concept else (),
        creators=tuple(
            dict.fromkeys(each for item in as_list(facts.get("creators"))[:100] if (each := text(item, 200)))
        ),
        publisher=publisher or host_of(page),
        created=created,
        modified=_dated(facts, "Updated"),
        year=year(created),
        revision=text(facts.get("version"), 60),
        access=_access_of(rights),
        popularity=popularity_level(downloads),
        downloads=downloads,
        bytes=_bytes(facts),
        doi=id,
        arxiv=next((found for each in _identifiers(facts, _PAPERS) if (found := arxiv(each))), ""),
        paper=f"{RESOLVER}{papers[0]}" if papers else "",
        statements=tuple(_statements(facts, publisher, files)),
        keywords=tuple(dict.fromkeys([*words(_inner(facts, "subjects", "subject")), *_places(facts)]))[:100],
        licenses=_licenses(rights, page),
        distributions=files,
        relations=(*same, *_relations(facts, own))[:MAX_TIES],
        evidence=(f"{RESOLVER}{own}", f"{BY} REST"),
    )


def _titles(facts: Json) -> Iterator[str]:
    titles = [each for each in as_list(facts.get("titles"))[:20] if isinstance(each, dict)]
    for each in sorted(titles, key=lambda title: title.get("titleType") is not None):
        if found := text(each.get("title"), NAME):
            yield found


def _description(facts: Json) -> str:
    """The abstract first; markup that was escaped once or twice is taken off."""
    items = [each for each in as_list(facts.get("descriptions"))[:20] if isinstance(each, dict)]
    items.sort(key=lambda item: item.get("descriptionType") != "Abstract")
    told = (clean(plain(text(item.get("description"), 3 * MAX_DESCRIPTION)), MAX_DESCRIPTION) for item in items)
    return clean("\n\n".join(dict.fromkeys(each for each in told if each)), MAX_DESCRIPTION)


def _dated(facts: Json, kind: str) -> str:
    for each in as_list(facts.get("dates"))[:50]:
        if isinstance(each, dict) and each.get("dateType") == kind and (found := date(each.get("date"))):
            return found
    return ""


def _identifiers(facts: Json, kinds: tuple[str, ...]) -> Iterator[str]:
    for each in as_list(facts.get("relatedIdentifiers")):
        if isinstance(each, dict) and each.get("relationType") in kinds:
            told = text(each.get("relatedIdentifier"), 500)
            yield (
                f"arXiv:{told}"
                if each.get("relatedIdentifierType") == "arXiv" and "arxiv" not in told.lower()
                else told
            )


def _related(facts: Json, kinds: tuple[str, ...]) -> Iterator[str]:
    """The DOIs that stand in one of these relations."""
    for told in _identifiers(facts, kinds):
        if found := doi(told):
            yield found


def _relations(facts: Json, own: str) -> list[Relation]:
    found: dict[str, Relation] = {}
    for relation, kind in _TIES.items():
        for told in _identifiers(facts, (relation,)):
            target = f"{RESOLVER}{named}" if (named := doi(told)) else address(told)
            if target and named != own:
                tie: Any = kind
                found.setdefault(target, Relation(tie, target, relation))
    return list(found.values())[:MAX_TIES]


def _access_of(rights: list[Json]) -> Access:
    for each in rights:
        if (found := _access(each)) != "unknown":
            return found
    return "unknown"


def _access(rights: Json) -> Access:
    told = (text(rights.get("rightsUri"), 200).rpartition("/")[2] or text(rights.get("rights"), 200)).lower()
    return _ACCESS.get(told) or _ACCESS.get(text(rights.get("rights"), 200).lower(), "unknown")


def _licenses(rights: list[Json], page: str) -> tuple[LicenseClaim, ...]:
    """The licenses of a rightsList; its words on access are none."""
    found: dict[str, LicenseClaim] = {}
    for each in rights:
        place = text(each.get("rightsUri"), 500)
        if place.startswith("info:") or _access(each) != "unknown":
            continue
        named = text(each.get("rightsIdentifier"), 200) if "rightsIdentifierScheme" in each else ""
        raw = named or text(each.get("rights")) or place
        if raw:
            claim = LicenseClaim(raw=raw, by=f"{BY} rightsList", evidence=address(place) or page)
            found.setdefault(raw.lower(), claim)
    return tuple(found.values())


def _bytes(facts: Json) -> Amount | None:
    """The size where exactly one is given; several may be of the same files in other units."""
    known = [found for each in as_list(facts.get("sizes"))[:50] if isinstance(each, str) and (found := _sized(each))]
    return Amount(known[0], f"{BY} sizes") if len(known) == 1 else None


def _sized(given: str) -> int | None:
    return size(given) if any(letter.isalpha() for letter in given) else None


def _statements(facts: Json, publisher: str, files: tuple[Distribution, ...]) -> Iterator[Statement]:
    if language := text(facts.get("language"), VALUE):
        yield Statement("language", language, f"{BY} language")
    formats = [format_of(each) for each in as_list(facts.get("formats"))[:50] if isinstance(each, str)]
    for each in list(dict.fromkeys([*formats, *(file.format for file in files)]))[:20]:
        if each:
            yield Statement("file-format", each, f"{BY} formats")
    for facet, value in (("publisher", publisher), ("version", text(facts.get("version"), 60))):
        if value:
            yield Statement(facet, value, BY)


def _inner(facts: Json, key: str, name: str) -> list[Any]:
    return [each.get(name) for each in as_list(facts.get(key)) if isinstance(each, dict)]


def _places(facts: Json) -> list[str]:
    return [found for each in _inner(facts, "geoLocations", "geoLocationPlace")[:20] if (found := text(each, VALUE))][
        :10
    ]
