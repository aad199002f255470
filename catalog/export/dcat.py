"""DCAT 3 of an entry as JSON-LD: the vocabulary that data portals and governments exchange catalogs in (W3C)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.export.schema_org import core
from catalog.record import Distribution, Entry
from catalog.text import for_url

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def dcat(entry: Entry) -> dict[str, Any]:
    """The entry as a `dcat:Dataset`. What is unknown is left out."""
    told = core(entry)
    made = {
        "@context": CONTEXT,
        "@type": "dcat:Dataset",
        "@id": told["url"] or f"urn:x-catalog:{entry.key}",
        "dct:identifier": told["identifier"],
        "dct:title": told["name"],
        "dct:alternative": told["alternateName"],
        "dct:description": told["description"],
        "dcat:keyword": told["keywords"],
        "dct:language": told["inLanguage"],
        "dct:creator": [_agent(each["name"]) for each in told["creator"]],
        "dct:publisher": _agent(entry.publisher) if entry.publisher else None,
        "dct:issued": told["datePublished"],
        "dct:modified": told["dateModified"],
        "dct:license": [{"@id": each} if isinstance(each, str) else each["name"] for each in told["license"]],
        "dcat:landingPage": {"@id": told["url"]} if told["url"] else None,
        "dct:isReferencedBy": {"@id": url} if (url := for_url(entry.paper)) else None,
        "dcat:version": entry.revision,
        "dcat:distribution": list(_distributions(entry)),
    }
    return {name: value for name, value in made.items() if value}


def _agent(name: str) -> dict[str, Any]:
    return {"@type": "foaf:Agent", "foaf:name": name}


def _distributions(entry: Entry) -> Iterator[dict[str, Any]]:
    for place in entry.distributions:
        if url := for_url(place.url):
            made = {
                "@type": "dcat:Distribution",
                "dcat:downloadURL" if place.kind == "file" else "dcat:accessURL": {"@id": url},
                "dct:title": place.path,
                "dcat:mediaType" if "/" in place.format else "dct:format": place.format,
                "dcat:byteSize": place.bytes,
                "spdx:checksum": _checksum(place),
            }
            yield {name: value for name, value in made.items() if value or value == 0}


def _checksum(place: Distribution) -> dict[str, Any] | None:
    kind, _, digest = place.digest.partition(":")
    if not digest:
        return None
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": f"spdx:checksumAlgorithm_{kind}"},
        "spdx:checksumValue": digest,
    }
