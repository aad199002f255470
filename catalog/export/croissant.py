"""Croissant 1.1 of an entry: the format in which data sets for machine learning describe themselves (mlcommons.org).

A document is schema.org/Dataset as well, so one block in a page serves search engines and loaders alike. A catalog
holds no files: `distribution` names those whose checksum is known, as the format demands. Where there is none but the
columns are known, it names the address where the data are, and says by `isLiveDataset` that nobody pinned them. A
column of unknown type is text, which any value can be read as. What else is unknown is left out, never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalog.export.bibtex import bibtex
from catalog.export.schema_org import core
from catalog.record import Column, Entry
from catalog.text import for_url

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MAX_FIELDS = 300

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "readLines": "cr:readLines",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "replace": "cr:replace",
    "repeated": "cr:repeated",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "sdVersion": "cr:sdVersion",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "unArchive": "cr:unArchive",
    "value": "cr:value",
}

_TYPES = {
    "string": "sc:Text", "str": "sc:Text", "text": "sc:Text", "large_string": "sc:Text", "categorical": "sc:Text",
    "integer": "sc:Integer", "int": "sc:Integer", "classlabel": "sc:Integer",
    "float": "sc:Float", "double": "sc:Float", "number": "sc:Float", "continuous": "sc:Float", "real": "sc:Float",
    "bool": "sc:Boolean", "boolean": "sc:Boolean", "binary": "sc:Boolean",
    "date": "sc:Date", "datetime": "sc:DateTime", "timestamp": "sc:DateTime",
    "image": "sc:ImageObject", "imageobject": "sc:ImageObject", "audio": "sc:AudioObject",
    "audioobject": "sc:AudioObject", "video": "sc:VideoObject", "url": "sc:URL",
}  # fmt: skip
_NUMBERED = re.compile(r"(u?int|float)\d+\Z")
_ID = re.compile(r"[^A-Za-z0-9._-]+")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_ANY = "sc:Text"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def croissant(entry: Entry, *, page: str = "", catalog: str = "", citation: str = "") -> dict[str, Any]:
    """The entry as a Croissant 1.1 document.

    `page` is the address of its page here, `catalog` that of the site, `citation` its BibTeX where that is there.
    """
    files = list(_files(entry))
    live = [] if files or not entry.columns else _place(entry)
    made = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        **core(entry, page),
        "citeAs": citation or bibtex(entry),
        "version": entry.revision if _VERSION.fullmatch(entry.revision) else "",
        "isLiveDataset": bool(live) or None,
        "distribution": [*files, *live],
        "recordSet": list(_record_sets(entry, files[0]["@id"] if files else live[0]["@id"])) if files or live else [],
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Catalog", "url": catalog} if catalog else None,
    }
    for name in ("datePublished", "dateModified"):
        made[name] = made[name] if _DATE.match(made[name]) or name == "datePublished" else ""
    return {name: value for name, value in made.items() if value or value is False}


def missing(document: dict[str, Any]) -> list[str]:
    """What the format demands and a document lacks, as its entry does not tell it."""
    needed = ("@context", "@type", "conformsTo", "name", "description", "license", "url", "creator", "datePublished")
    return [name for name in needed if not document.get(name)]


def _files(entry: Entry) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for place in entry.distributions:
        kind, _, digest = place.digest.partition(":")
        url = for_url(place.url)
        name = _named(place.path or url, seen)
        if url and kind in ("sha256", "md5") and digest:
            made = {
                "@type": "cr:FileObject",
                "@id": name,
                "name": place.path or name,
                "contentUrl": url,
                "encodingFormat": _media_type(place.format, url),
                kind: digest,
            }
            if place.bytes is not None:
                made["contentSize"] = f"{place.bytes} B"
            yield made


def _place(entry: Entry) -> list[dict[str, Any]]:
    """Where the data are, as a file that may change; empty where nobody says."""
    places = [(for_url(place.url), place.format) for place in entry.distributions]
    found = [each for each in places if each[0]] or [(for_url(entry.url), "text/html")]
    url, format = found[0]
    made = {"@type": "cr:FileObject", "@id": "data", "name": "data", "contentUrl": url}
    return [{**made, "encodingFormat": _media_type(format, url)}] if url else []


_MEDIA = {
    "csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/json", "txt": "text/plain",
    "jsonl": "application/jsonlines", "parquet": "application/x-parquet", "zip": "application/zip",
    "tar": "application/x-tar", "gz": "application/gzip", "xml": "application/xml",
}  # fmt: skip


def _media_type(format: str, url: str) -> str:
    if "/" in format:
        return format
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    return _MEDIA.get(format.lower()) or _MEDIA.get(ending) or "application/octet-stream"


def _record_sets(entry: Entry, file: str) -> Iterator[dict[str, Any]]:
    by_config: dict[str, list[Column]] = {}
    for column in entry.columns[:MAX_FIELDS]:
        by_config.setdefault(column.config or "default", []).append(column)
    taken: set[str] = set()
    for config, columns in by_config.items():
        name = _named(config, taken)
        fields: set[str] = set()
        yield {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": config,
            "field": [_field(name, column, fields, file) for column in columns],
        }


def _field(record_set: str, column: Column, taken: set[str], file: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{_named(column.name, taken)}",
        "name": column.name,
        "dataType": data_type(column.type) or _ANY,
        "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
    }


def data_type(written: str) -> str:
    """The type of a column in the words of Croissant; "" for one that has none."""
    kind = written.lower().removeprefix("sc:").strip()
    if found := _NUMBERED.match(kind):
        return "sc:Float" if found[1] == "float" else "sc:Integer"
    return _TYPES.get(kind, "")


def _named(text: str, taken: set[str]) -> str:
    """An identifier made of a text, another one than those taken."""
    name = base = _ID.sub("_", text).strip("_")[:120] or "unnamed"
    number = 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name
