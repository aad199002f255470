"""DCAT in JSON-LD, and the data.json of DCAT-US, said in schema.org's words."""

from __future__ import annotations

from typing import Any, Final

from connectors.google.values import as_list

Json = dict[str, Any]

DCAT: Final = "http://www.w3.org/ns/dcat#"
TERMS: Final = (
    *("http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/", "http://xmlns.com/foaf/0.1/"),
    *("http://www.w3.org/2006/vcard/ns#", "http://www.w3.org/ns/adms#", "http://spdx.org/rdf/terms#"),
)
_NAMES: Final = {
    "title": "name",
    "alternative": "alternateName",
    "keyword": "keywords",
    "landingPage": "url",
    "issued": "datePublished",
    "created": "dateCreated",
    "modified": "dateModified",
    "language": "inLanguage",
    "temporal": "temporalCoverage",
    "spatial": "spatialCoverage",
    "source": "isBasedOn",
    "bibliographicCitation": "citation",
    "accessRights": "conditionsOfAccess",
    "accessLevel": "conditionsOfAccess",
    "rights": "usageInfo",
    "hasVersion": "version",
    "versionInfo": "version",
    "isReferencedBy": "citation",
}
_FILE_NAMES: Final = {
    "title": "name",
    "downloadURL": "contentUrl",
    "accessURL": "url",
    "mediaType": "encodingFormat",
    "format": "fileFormat",
    "byteSize": "contentSize",
}


def is_dcat(node: Json) -> bool:
    """Whether a Dataset speaks DCAT: it has a title and no name."""
    return "name" not in node and ("title" in node or "landingPage" in node)


def as_schema(node: Json) -> Json:
    """A DCAT Dataset with schema.org's names; what schema.org knows already stays."""
    made = _renamed(node, _NAMES)
    if "distribution" in made:
        made["distribution"] = [
            _renamed(each, _FILE_NAMES) if isinstance(each, dict) else each for each in as_list(made["distribution"])
        ]
    if "theme" in made and "keywords" not in made:
        made["keywords"] = made["theme"]
    if "license" not in made:
        licenses = [each.get("license") or each.get("rights") for each in _nodes(made.get("distribution"))]
        found = [each for number, each in enumerate(licenses) if each and each not in licenses[:number]]
        if found:
            made["license"] = found
    return made


def _nodes(value: object) -> list[Json]:
    return [each for each in as_list(value) if isinstance(each, dict)]


def _renamed(node: Json, names: dict[str, str]) -> Json:
    made: Json = {}
    for name, value in node.items():
        made.setdefault(names.get(name, name), value)
    return made
