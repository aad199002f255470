"""A Dataset node of schema.org, DCAT or Croissant as a record: pure, and safe for any input."""

from __future__ import annotations

import re
from typing import Any, Final

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_RECORD,
    Access,
    Column,
    LicenseClaim,
    Record,
    Relation,
    Statement,
    clean,
    encode,
)
from connectors.google import croissant, dcat
from connectors.google.distributions import distributions, format_of, total_bytes
from connectors.google.html import plain
from connectors.google.links import address as address_of
from connectors.google.links import addresses, arxiv, canonical, doi, host_of, is_home
from connectors.google.measures import date, size, year
from connectors.google.values import VALUE, as_list, in_language, joined, text, texts, words

Json = dict[str, Any]

SOURCE: Final = "google"
BY: Final = "publisher's markup"
NAME: Final = 500
MAX_COLUMNS: Final = 200
MAX_LICENSES: Final = 20
MAX_TIES: Final = 50
MAX_PLACES: Final = 10
MAX_NOTES: Final = 4_000
_CLOSED: Final = re.compile(r"\b(?:restricted|embargo\w*|non-?public|closed|controlled|request|private|login)\b")
_OPEN: Final = ("open", "unrestricted", "public", "openaccess", "open access", "free", "no restrictions")
_WORDS: Final = re.compile(r"(?<=[a-z])(?=access\b)")  # closedaccess, restrictedAccess
_ISO: Final = re.compile(
    r"\b(?:useLimitation|accessConstraints|useConstraints|otherConstraints|classification):(?: license\.)?"
)


def to_record(payload: object, page: str = "", syntax: str = "JSON-LD", canonical_page: str = "") -> Record:
    """The record of one Dataset node with plain names, as `jsonld.datasets` gives it. `page` is the address that it
    was read from, `canonical_page` what that page calls its own address.

    Raises `Skipped` with the reason, and nothing else, for any input at all.
    """
    if not isinstance(payload, dict):
        raise Skipped("the markup is no node.")
    node = dcat.as_schema(payload) if dcat.is_dcat(payload) else payload
    name = clean(plain(text(node.get("name"), NAME) or text(node.get("alternateName"), NAME)), NAME)
    if not name:
        raise Skipped("the Dataset has no name.")
    own_doi, url = doi_of(node), own_address(node, page)
    id = own_doi or canonical(url or canonical_page or page, page)[:NAME]
    if not id.strip(":/"):
        raise Skipped(f"the Dataset {name[:80]!r} has neither a DOI nor an address.")
    record = _record(node, id, name, page or url or f"https://doi.org/{own_doi}", syntax)
    if len(encode(record)) > MAX_RECORD:
        raise Skipped(f"the record of {id[:80]} is larger than {MAX_RECORD} bytes.")
    return record


def doi_of(node: Json) -> str:
    """The DOI of a Dataset: of its identifier, its @id or its address."""
    for key in ("identifier", "@id", "url", "doi", "id"):
        value = node.get(key)
        if value and (found := doi(value)):
            return found
    return ""


def own_address(node: Json, page: str) -> str:
    """The address that the Dataset gives for itself: on the host of the page, or any where there is no page. What
    stands on another host may be anybody's, and does not name this one."""
    host = host_of(page)
    for key in ("url", "@id", "identifier"):
        given = node.get(key)
        relative = key == "url" and isinstance(given, str) and "/" in given
        found = address_of(given, page if relative else "").partition("#")[0]
        if found and not is_home(found) and (not page or host_of(found) == host):
            return found
    return ""


def _record(node: Json, id: str, name: str, page: str, syntax: str) -> Record:
    food = croissant.is_croissant(node)
    files = distributions(node.get("distribution"), page)
    created = date(node.get("datePublished")) or date(node.get("dateCreated"))
    description = clean(plain(joined(node.get("description"), 3 * MAX_DESCRIPTION)), MAX_DESCRIPTION)
    access, note = _access(node)
    version = text(node.get("version"), 60)
    papers = _papers(node)
    chinese = in_language(node.get("name"), "zh")
    return Record(
        source=SOURCE,
        id=id,
        name=name,
        title=name,
        title_zh=chinese if chinese != name else "",
        description=description,
        url=page,
        aliases=tuple(each for each in texts(node.get("alternateName"), NAME)[:20] if each != name),
        creators=_creators(node),
        publisher=host_of(page),
        created=created,
        modified=date(node.get("dateModified")),
        year=year(created),
        revision=version,
        access=access,
        access_note=note,
        rows=croissant.rows(node) if food else None,
        bytes=total_bytes(files, size(node.get("contentSize")) if isinstance(node.get("contentSize"), str) else None),
        doi=id if id.startswith("10.") else "",
        arxiv=next((found for each in (*papers, *texts(node.get("identifier"), 200)) if (found := arxiv(each))), ""),
        paper=next((each for each in papers if each.startswith(("http://", "https://"))), ""),
        citation=_citation(node),
        statements=tuple(_statements(node, files)),
        keywords=(*words(node.get("keywords")), *_places(node))[:MAX_ITEMS],
        licenses=licenses(node, page),
        columns=(croissant.columns(node) if food else ()) or _columns(node.get("variableMeasured")),
        distributions=files,
        relations=_relations(node, page, id if id.startswith("10.") else ""),
        evidence=(page, f"{BY}: {syntax}"),
        notes=clean("\n".join([*_notes(node), *(croissant.notes(node) if food else ())]), MAX_NOTES),
    )


def licenses(node: Json, page: str) -> tuple[LicenseClaim, ...]:
    """What the markup says of the license: each address or text of `license` as it stands."""
    found: dict[str, LicenseClaim] = {}
    for item in as_list(node.get("license"))[:MAX_LICENSES]:
        raw = _license_text(item)
        if raw:
            found.setdefault(raw.lower(), LicenseClaim(raw=raw, by=BY, evidence=page))
    if not found:
        for item in as_list(node.get("distribution"))[:MAX_LICENSES]:
            raw = _license_text(item.get("license")) if isinstance(item, dict) else ""
            if raw:
                found.setdefault(raw.lower(), LicenseClaim(raw=raw, by=f"{BY} (of a file)", evidence=page))
    if not found:
        for raw in texts(node.get("usageInfo"))[:3]:
            found.setdefault(raw.lower(), LicenseClaim(raw=raw, by=f"{BY} (rights)", evidence=page))
    return tuple(found.values())


def _license_text(item: object) -> str:
    if not isinstance(item, dict):
        return clean(plain(text(item)))
    if text(item.get("name")).startswith("MD_"):  # ISO 19115: the name is that of an element
        item = {
            "name": _ISO.sub(" ", text(item.get("description"))).strip(" .:"),
            "url": item.get("url") or item.get("URL"),
        }
    named = text({key: item[key] for key in ("name", "title", "label", "@value") if key in item}) or text(
        item.get("text")
    )
    place = text(item.get("url") or item.get("URL") or item.get("@id"))
    place = "" if place.startswith("_:") else place
    if place and named and place not in named:
        return clean(f"{plain(named)} {place}")
    return clean(plain(named)) or place or text(item.get("identifier"))


def _creators(node: Json) -> tuple[str, ...]:
    for key in ("creator", "author", "contributor", "publisher", "provider"):
        names = [_person(each) for each in as_list(node.get(key))[:100]]
        if found := tuple(dict.fromkeys(each for each in names if each)):
            return found
    return ()


def _person(value: object) -> str:
    if isinstance(value, dict):
        for role in ("creator", "author", "contributor"):
            if role in value:
                return text(value[role], 200)
    found = text(value, 200)
    return "" if found.startswith(("http://", "https://", "_:")) else found


def _access(node: Json) -> tuple[Access, str]:
    """How the data are had. Unknown stays unknown: what costs something or is restricted is said, not guessed."""
    free = node.get("isAccessibleForFree")
    free = free[0] if isinstance(free, list) and free else free
    said = text(free, 200).rstrip("/").rpartition("/")[2].lower() if not isinstance(free, bool) else str(free).lower()
    conditions = clean(plain(text(node.get("conditionsOfAccess"), 1_000)), 500)
    folded = conditions.lower().rstrip(".").rpartition("/")[2]
    if _CLOSED.search(_WORDS.sub(" ", folded)):
        return "request", conditions
    if said in ("false", "no", "0"):
        return "gated", conditions or "Its publisher says that it is not free of charge."
    if said in ("true", "yes", "1") or folded in _OPEN:
        return "open", "" if folded in _OPEN else conditions
    return "unknown", conditions


def _papers(node: Json) -> list[str]:
    """What is cited: addresses of papers first, then their texts."""
    cited = as_list(node.get("citation"))[:20]
    found = [address for each in cited if (address := _paper(each))]
    return [*found, *(each for item in cited for each in texts(item)[:3]), text(node.get("citeAs"))]


def _paper(value: object) -> str:
    if isinstance(value, dict):
        cited = doi(value.get("identifier")) or doi(value.get("@id")) or doi(value.get("url"))
        return f"https://doi.org/{cited}" if cited else address_of(value.get("url") or value.get("@id"))
    cited = doi(value)
    return f"https://doi.org/{cited}" if cited else address_of(value)


def _citation(node: Json) -> str:
    for key in ("citeAs", "creditText", "citation"):
        for found in texts(node.get(key), MAX_DESCRIPTION)[:1]:
            if not found.startswith(("http://", "https://")):
                return clean(plain(found), MAX_DESCRIPTION)
    return ""


_SAID: Final = (
    ("version", "version", 60),
    ("publisher", "publisher", 200),
    ("includedInDataCatalog", "data catalog", 200),
    ("temporalCoverage", "temporal coverage", VALUE),
    ("measurementTechnique", "measurement technique", 200),
    ("funder", "funder", 200),
)


def _statements(node: Json, files: tuple[Any, ...]) -> list[Statement]:
    found = [Statement("language", each, "schema.org inLanguage") for each in _languages(node.get("inLanguage"))]
    formats = [each.format for each in files if each.format]
    formats += [format_of(each) for each in texts(node.get("encodingFormat"), VALUE)[:10]]
    found += [Statement("file-format", each, "schema.org encodingFormat") for each in dict.fromkeys(formats) if each][
        :20
    ]
    for key, facet, limit in _SAID:
        if key in node:
            found += [Statement(facet, each, f"schema.org {key}") for each in texts(node[key], limit)[:5]]
    found += [Statement("spatial coverage", each, "schema.org spatialCoverage") for each in _places(node)]
    if told := croissant.version(node):
        found.append(Statement("croissant", told, "conformsTo"))
    return found


def _languages(value: object) -> list[str]:
    found = []
    for item in as_list(value)[:20]:
        code = text(item.get("alternateName"), 20) if isinstance(item, dict) else ""
        given = code if 2 <= len(code) <= 3 else text(item, VALUE) or address_of(item)
        found.append(given.rstrip("/").rpartition("/")[2] if given.startswith("http") else given)
    return [each for each in dict.fromkeys(found) if each]


def _places(node: Json) -> tuple[str, ...]:
    """The names of places that the data cover; boxes and points are left out."""
    if "spatialCoverage" not in node:
        return ()
    named = texts(node["spatialCoverage"], VALUE)
    return tuple(each for each in named if any(letter.isalpha() for letter in each) and "http" not in each)[:MAX_PLACES]


def _columns(value: object) -> tuple[Column, ...]:
    """The variables that are measured."""
    items = as_list(value)
    if len(items) == 1 and isinstance(items[0], str):
        return tuple(Column(each) for each in words(items[0], MAX_COLUMNS))
    names = (clean(plain(text(each, VALUE)), VALUE) for each in items[:MAX_COLUMNS])
    return tuple(Column(each) for each in dict.fromkeys(names) if each and not each.startswith("http"))


def _relations(node: Json, page: str, own_doi: str) -> tuple[Relation, ...]:
    """Ties to other datasets. A home page is nobody's copy; an own address on another host is said to be the same."""
    found: dict[str, Relation] = {}
    own = {page, f"https://doi.org/{own_doi}"}
    for url in _ties(node.get("sameAs")):
        if not is_home(url) and url not in own:
            found.setdefault(url, Relation("same-as", url, "sameAs"))
    for each in as_list(node.get("identifier"))[:MAX_PLACES] if own_doi else ():
        if (other := doi(each)) and f"https://doi.org/{other}" not in own:
            found.setdefault(f"https://doi.org/{other}", Relation("same-as", f"https://doi.org/{other}", "identifier"))
    for url in addresses(node.get("url"))[:1]:
        if not is_home(url) and host_of(url) != host_of(page) and not doi(url):
            found.setdefault(url, Relation("same-as", url, "url"))
    for key in ("isBasedOn", "isPartOf"):
        for url in _ties(node.get(key)):
            kind: Any = "derived-from" if key == "isBasedOn" else "part-of"
            if not is_home(url) and url not in own:
                found.setdefault(url, Relation(kind, url, key))
    return tuple(found.values())[:MAX_TIES]


def _ties(value: object) -> list[str]:
    return [place for each in as_list(value)[:MAX_TIES] if (place := _paper(each))]


def _notes(node: Json) -> list[str]:
    said = [
        ("conditions of access", "conditionsOfAccess"),
        ("use", "usageInfo"),
        ("maintained", "maintenanceFrequency"),
    ]
    return [
        f"{label}: {told}" for label, key in said if key in node and (told := clean(plain(text(node[key], 1_000)), 600))
    ]
