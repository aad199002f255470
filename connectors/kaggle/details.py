"""All that Kaggle tells of one dataset: the view, the files and the Croissant document, three calls for most."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from catalog.errors import CatalogError, Skipped
from catalog.record import MAX_RECORD, Column, Distribution, Record, Statement, clean, clean_count, encode
from connectors.kaggle import croissant, links, settings
from connectors.kaggle.files import path_of, single
from connectors.kaggle.mapping import to_record

if TYPE_CHECKING:
    from catalog.web import Web

Json = dict[str, Any]

MAX_FILES: Final = 100  # files that a record names
MAX_FORMATS: Final = 20
LISTING_WRONG: Final = "Uuid"  # the type that file listings gave whole numbers

log = logging.getLogger(__name__)


def details(web: Web, record: Record) -> Record:
    """The record with description, versions, columns, files and the bundle's checksum.

    The size of the packed bundle stays where the record had it; the unpacked one comes from the view. Without a
    Croissant document the columns are those of the file listing, if it has any. Raises `NotFound`, `Gated`, `Fatal`.
    """
    view = links.view(web, record.id)
    viewed = to_record(view)
    rows = _rows(web, record.id)
    document = _document(links.croissant(web, record.id))
    made = merged(record, viewed, rows, document)
    return made if len(encode(made)) <= MAX_RECORD else msgspec.structs.replace(made, columns=made.columns[:50])


def merged(record: Record, viewed: Record, rows: list[Json], document: Json) -> Record:
    """One record of what the listing, the view, the files and the Croissant document say; pure."""
    bundle = croissant.bundle_of(document)
    of_this = bundle if bundle.version in ("", viewed.revision) else croissant.Bundle()
    packed = next((form.bytes for form in record.distributions if form.kind == "repo"), None)
    same = record.revision in ("", viewed.revision)
    whole = Distribution(
        url=f"{record.source}:{record.id}",
        kind="repo",
        bytes=packed if same else None,
        digest=f"md5:{of_this.md5}" if of_this.md5 else "",
    )
    named = [_kept(single(record.id, viewed.revision, row)) for row in rows if path_of(row)]
    return msgspec.structs.replace(
        viewed,
        bytes=viewed.bytes or record.bytes,
        access=record.access if viewed.access == "unknown" else viewed.access,
        created=viewed.created or record.created,
        columns=croissant.columns_of(document) or listed_columns(rows),
        statements=tuple(dict.fromkeys((*viewed.statements, *_formats(rows)))),
        distributions=(whole, *named[:MAX_FILES]),
    )


def _kept(file: Distribution) -> Distribution:
    return msgspec.structs.replace(file, url=settings.stored(file.url))


def listed_columns(rows: list[Json]) -> tuple[Column, ...]:
    """The columns that a file listing names (it did until 2021), without the type that it gave whole numbers."""
    found = []
    for row in rows:
        columns = row.get("columns")
        for item in columns if isinstance(columns, list) else []:
            if isinstance(item, dict) and (name := clean(item.get("name"), croissant.NAME)):
                kind = clean(item.get("type"), croissant.NAME)
                found.append(
                    Column(name, "" if kind == LISTING_WRONG else kind, clean(row.get("name"), croissant.NAME))
                )
    return tuple(found[: croissant.MAX_COLUMNS])


def _rows(web: Web, ref: str) -> list[Json]:
    """The files, as many as came: a listing that breaks off takes nothing from the rest."""
    rows: list[Json] = []
    try:
        for row in links.file_rows(web, ref):
            rows.append(row)
    except CatalogError as error:
        log.warning("The files of %s could not all be listed: %s", ref, error.message)
    return rows


def _document(value: object) -> Json:
    try:
        return croissant.node_of(value)
    except Skipped:
        return {}


def _formats(rows: list[Json]) -> tuple[Statement, ...]:
    """The suffixes of the files, most frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        name, dot, suffix = path_of(row).rpartition("/")[2].lower().rpartition(".")
        if name and dot and suffix.isalnum() and len(suffix) <= 10:
            counts[suffix] = counts.get(suffix, 0) + (1 if clean_count(row.get("totalBytes")) != 0 else 0)
    best = sorted(counts, key=lambda suffix: (-counts[suffix], suffix))[:MAX_FORMATS]
    return tuple(Statement("file-format", suffix, "Kaggle files") for suffix in best)
