"""Kaggle's Croissant documents: the columns of a dataset and the size and checksum of its bundle; pure.

`GET /datasets/{owner}/{slug}/croissant/download` gives one document, sometimes in a list of one. Its `md5` is base64
and that of the bundle (archive.zip), its `contentSize` that of the bundle in rounded KB.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Final

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
    Column,
    Distribution,
    LicenseClaim,
    Record,
    clean,
    clean_count,
)
from connectors.kaggle import tags
from connectors.kaggle.dates import moment
from connectors.kaggle.mapping import SOURCE, VALUE, page_of, ref_of_url

Json = dict[str, Any]

MAX_COLUMNS: Final = 300
NAME: Final = 120  # characters of a column's or table's name
BUNDLE: Final = "archive.zip"
_VERSION: Final = re.compile(r"/versions/(\d{1,9})(?:/|\Z)|[?&]datasetVersionNumber=(\d{1,9})(?:&|\Z)")
_HEX: Final = re.compile(r"[0-9a-fA-F]{32}\Z")


@dataclass(frozen=True)
class Bundle:
    """What a document says of the ZIP of the whole dataset. `version` is the one it is of, "" where it does not say."""

    version: str = ""
    md5: str = ""
    size: str = ""


def to_record(document: object) -> Record:
    """The record of one Croissant document of Kaggle. Raises `Skipped` for what is none, and nothing else."""
    found = node_of(document)
    ref = ref_of_url(found.get("url"))
    if not ref:
        raise Skipped("the document names no dataset of Kaggle.")
    keywords = tags.read(found.get("keywords"))
    version = bundle_of(found).version
    return Record(
        source=SOURCE,
        id=ref,
        name=ref,
        title=clean(found.get("name"), VALUE),
        summary=clean(found.get("alternateName")),
        description=clean(found.get("description"), MAX_DESCRIPTION),
        url=page_of(ref),
        creators=tuple(_named(found.get("creator"))),
        publisher=ref.partition("/")[0],
        created=moment(found.get("datePublished")) if version == "1" else "",
        modified=moment(found.get("dateModified")),
        revision=version,
        access="open" if found.get("isAccessibleForFree") is True else "unknown",
        statements=tags.statements(keywords),
        keywords=tags.keywords(keywords),
        licenses=_licenses(found.get("license"), version),
        columns=columns_of(found),
        distributions=(Distribution(url=f"{SOURCE}:{ref}", kind="repo"),),
    )


def node_of(document: object) -> Json:
    """The Dataset node: the document itself or the first of a list. Raises `Skipped`."""
    items = document if isinstance(document, list) else [document]
    for item in items[:5]:
        if isinstance(item, dict) and ("recordSet" in item or "distribution" in item or "url" in item):
            return item
    raise Skipped("it is no Croissant document.")


def columns_of(document: Json) -> tuple[Column, ...]:
    """The columns of every table (record set), with the types as Croissant writes them, without `sc:`."""
    found: list[Column] = []
    for table in _objects(document.get("recordSet")):
        config = clean(table.get("name"), NAME)
        for item in _objects(table.get("field")):
            if name := _column_name(item):
                found.append(Column(name, _type(item.get("dataType")), config))
    return tuple(found[:MAX_COLUMNS])


def bundle_of(document: Json) -> Bundle:
    """Version, checksum and size of the bundle; empty where the document does not say them or they make no sense."""
    archives = [item for item in _objects(document.get("distribution")) if _is_bundle(item)]
    archive = archives[0] if archives else {}
    stated = clean_count(document.get("version"))
    version = str(stated) if stated else _version(archive.get("contentUrl")) or _version(document.get("url"))
    return Bundle(version, md5_of(archive.get("md5")), clean(archive.get("contentSize"), 40))


def md5_of(value: object) -> str:
    """An MD5 as 32 hex digits, from base64 or hex; "" for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    if _HEX.match(text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 16 else ""


def _is_bundle(item: Json) -> bool:
    return item.get("name") == BUNDLE or (item.get("encodingFormat") == "application/zip" and "containedIn" not in item)


def _version(url: object) -> str:
    match = _VERSION.search(url) if isinstance(url, str) and len(url) < 2000 else None
    return (match[1] or match[2]) if match else ""


def _column_name(item: Json) -> str:
    source = item.get("source")
    extract = source.get("extract") if isinstance(source, dict) else None
    column = extract.get("column") if isinstance(extract, dict) else None
    return clean(column, NAME) or clean(item.get("name"), NAME)


def _type(value: object) -> str:
    items = value if isinstance(value, list) else [value]
    return ", ".join(dict.fromkeys(clean(item, NAME).removeprefix("sc:") for item in items[:5] if clean(item, NAME)))


def _licenses(value: object, version: str) -> tuple[LicenseClaim, ...]:
    raw = list(dict.fromkeys(_named(value)))
    note = "as its uploader chose it"
    return tuple(LicenseClaim(raw=name, by="Croissant license", note=note, revision=version) for name in raw)


def _named(value: object) -> list[str]:
    """The names (else addresses) in a value: texts, objects with a name, or a list of them."""
    items = value if isinstance(value, list) else [value]
    found = (
        clean(item.get("name") or item.get("url") if isinstance(item, dict) else item, VALUE) for item in items[:20]
    )
    return [name for name in found if name]


def _objects(value: object) -> list[Json]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
