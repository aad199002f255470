"""The files of a Dataset node: DataDownload, DCAT Distribution and Croissant FileObject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from catalog.record import MAX_INT, MAX_ITEMS, Amount, Distribution
from connectors.google.links import address
from connectors.google.measures import digest, size
from connectors.google.values import as_list, text

Json = dict[str, Any]

FORMATS: Final = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/comma-separated-values": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/ld+json": "jsonld",
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/x-parquet": "parquet",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel": "xls",
    "application/x-netcdf": "netcdf",
    "application/netcdf": "netcdf",
    "application/x-hdf": "hdf",
    "application/x-hdf5": "hdf5",
    "application/geo+json": "geojson",
    "application/vnd.geo+json": "geojson",
    "application/gzip": "gz",
    "application/x-gzip": "gz",
    "application/x-zip-compressed": "zip",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.sqlite3": "sqlite",
    "text/plain": "txt",
    "image/tiff": "tiff",
    "image/jpeg": "jpg",
    "audio/x-wav": "wav",
    "application/octet-stream": "",
    "binary/octet-stream": "",
}
"""Media types to the names that files of the format end in."""
PAGES: Final = ("html", "xhtml+xml", "git+https", "git", "web page", "webpage", "url", "website")
"""Formats of what is no file but a place to go to."""
_FILE_NAME: Final = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,150}\.[A-Za-z0-9]{1,8}\Z")
_FORMAT: Final = re.compile(r"[a-z0-9][a-z0-9+._-]{0,30}\Z")


def distributions(value: object, base: str) -> tuple[Distribution, ...]:
    """The downloads of a node's `distribution`, addresses absolute against `base`; each address once. A file that
    stands inside another (`containedIn`) comes with that one."""
    found: dict[str, Distribution] = {}
    for item in as_list(value):
        made = _of(item, base)
        if made is not None:
            known = found.get(made.url)
            if known is None or (known.kind == "page" and made.kind == "file"):
                found[made.url] = made
    return tuple(found.values())[:MAX_ITEMS]


def _of(item: object, base: str) -> Distribution | None:
    if isinstance(item, str):
        url = address(item, base)
        return Distribution(url=url, kind=_kind_of(url)) if url else None
    if not isinstance(item, dict) or _is_inside(item):
        return None
    given = text(item.get("encodingFormat") or item.get("fileFormat"), 200)
    format = format_of(given)
    url = address(item.get("contentUrl"), base)
    place = url or address(item.get("url"), base) or address(item.get("@id") if "@type" not in item else None, base)
    if not place or place == base:
        return None
    if not url or format in PAGES:
        return Distribution(url=place, kind="page", format="" if format in PAGES else format)
    name = text(item.get("name"), 200)
    return Distribution(
        url=url,
        path=name if _FILE_NAME.match(name) else _within(url),
        format=format,
        bytes=size(item.get("contentSize")),
        digest=digest(item),
    )


def _within(url: str) -> str:
    """The name of a file that stands before the end of an address (`.../files/data.csv/content`), else ""."""
    parts = [unquote(part) for part in urlsplit(url).path.rstrip("/").split("/")]
    if _FILE_NAME.match(parts[-1]):
        return ""
    return next((part for part in parts[-3:-1] if _FILE_NAME.match(part)), "")


def with_paths(files: Sequence[Distribution]) -> list[Distribution]:
    """Files that each have a path of their own: as the markup names them, else the last part of their address."""
    made: dict[str, Distribution] = {}
    for number, file in enumerate(files, 1):
        name = file.path or unquote(urlsplit(file.url).path).rstrip("/").rpartition("/")[2] or "data"
        path = name if name not in made else f"{number}-{name}"
        fields = {each: getattr(file, each) for each in file.__struct_fields__}
        made[path] = Distribution(**fields | {"path": path})
    return list(made.values())


def _kind_of(url: str) -> Any:
    """A bare address is a file where its path ends like one."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    return "file" if _FILE_NAME.match(last) and not last.lower().endswith((".html", ".htm", ".php")) else "page"


def _is_inside(node: Json) -> bool:
    """Whether a node is a set of files, or a file within another one, which cannot be had by itself."""
    if "FileSet" in str(node.get("@type")):
        return True
    given = node.get("contentUrl")
    inside = node.get("containedIn") not in (None, "", [], {})
    return inside and not (isinstance(given, str) and given.startswith(("http://", "https://")))


def format_of(given: str) -> str:
    """A media type, file ending or name of a format as one short word; "" for what is none."""
    kind = given.partition(";")[0].strip().lower()
    if kind in FORMATS:
        return FORMATS[kind]
    if kind.startswith(("http://", "https://")):
        kind = kind.rstrip("/").rpartition("/")[2]
    kind = kind.rpartition("/")[2].removeprefix("x-").removeprefix("vnd.").lstrip(".")
    return kind if kind in PAGES or _FORMAT.match(kind) else ""


def total_bytes(files: tuple[Distribution, ...], stated: int | None) -> Amount | None:
    """How large all files are together: as the publisher says, else their sum, a lower bound where some do not say."""
    if stated:
        return Amount(stated, "publisher's markup")
    sizes = [each.bytes for each in files if each.kind == "file"]
    known = [each for each in sizes if each]
    total = sum(known)
    if not known or total > MAX_INT:
        return None
    return Amount(total, "publisher's markup", lower_bound=len(known) < len(sizes))
