"""What fetch plans with: the bundle of a dataset or its single files, pinned to a version.

The bundle is one ZIP that Kaggle keeps for each version. Its address leads to a signed one at Google's storage, which
lasts three days; the plan holds Kaggle's own address, so that every try is signed anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from catalog.errors import Fatal, Gated, NotFound, Skipped
from catalog.record import Distribution, Record, clean, clean_count
from catalog.web import HttpStatus
from connectors.kaggle import links
from connectors.kaggle.account import LOGIN
from connectors.kaggle.croissant import BUNDLE, bundle_of, md5_of, node_of
from connectors.kaggle.mapping import page_of, value_of

if TYPE_CHECKING:
    from catalog.web import Web

Json = dict[str, Any]

MAX_PATH: Final = 1000  # characters
DISAGREE: Final = "the storage and Croissant name different MD5s; that of the storage counts"
NOT_YET: Final = "Kaggle has not packed this version yet; these are its single files"
_UNSAFE: Final = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)|[\x00\\\ud800-\udfff]")  # an empty part, a dot part, \, no text
_TOTAL: Final = re.compile(r"bytes\s+\d{1,18}-\d{1,18}/(\d{1,18})\Z")
_MD5: Final = re.compile(r"(?:\A|[,\s])md5=([A-Za-z0-9+/]{22}==)")


@dataclass(frozen=True)
class Probe:
    """What Kaggle's storage says of a file before it comes: its size and MD5, None and "" where it does not."""

    bytes: int | None
    md5: str


def files(web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
    """The single files of a dataset at a version (a number; None for the current one).

    A file may come packed, as `<name>.zip`: fetch then names it so. Raises `NotFound`, `Gated`, `Fatal`.
    """
    version = pinned(web, record, revision)
    rows = [row for row in links.file_rows(web, record.id, version) if _checked(record.id, path_of(row))]
    distinct = {path_of(row): row for row in rows}
    return [single(record.id, version, row) for row in distinct.values()]


def bundle(web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
    """The whole dataset as one ZIP at a version, with the size and MD5 that the storage and Croissant tell.

    Four requests: the view, the Croissant document, and the first byte by way of its redirect. A version that has no
    ZIP yet is given as its single files. Raises `NotFound`, `Fatal`, and `Gated` where consent is needed.
    """
    view = links.view(web, record.id)
    version = _version(view, record.id, revision)
    stated = _stated_md5(web, record.id, version, view)
    url = links.download_url(record.id, version)
    try:
        probe = probed(web, url)
    except HttpStatus as error:
        if error.status == 404:
            return [_noted(file, NOT_YET) for file in files(web, record, version)]
        raise refused(error, record.id, view) from None
    digest = probe.md5 or stated
    note = DISAGREE if stated and probe.md5 not in ("", stated) else ""
    form = Distribution(url=url, path=BUNDLE, format="zip", bytes=probe.bytes, note=note)
    return [msgspec.structs.replace(form, digest=f"md5:{digest}" if digest else "")]


def _stated_md5(web: Web, ref: str, version: str, view: Json) -> str:
    """The MD5 of the bundle that Croissant names; its document is of the current version alone."""
    if version != str(clean_count(value_of(view, "currentVersionNumber")) or ""):
        return ""
    try:
        stated = bundle_of(node_of(links.croissant(web, ref)))
    except Skipped:
        return ""
    return stated.md5 if stated.version in ("", version) else ""


def pinned(web: Web, record: Record, revision: str | None = None) -> str:
    """The version that `files` would take."""
    return _version(links.view(web, record.id), record.id, revision)


def revision_in(url: str) -> str:
    """The version that an address of ours is pinned to, "" for none."""
    try:
        found = parse_qs(urlsplit(url).query).get("datasetVersionNumber", [""])
    except ValueError:
        return ""
    return found[0] if found[0].isdecimal() else ""


def probed(web: Web, url: str) -> Probe:
    """Ask for the first byte (Kaggle does not answer HEAD). Raises `HttpStatus`."""
    with web.stream(url, headers={"Range": "bytes=0-0"}, token=links.token_for(url)) as stream:
        match = _TOTAL.match(stream.headers.get("content-range", ""))
        size = int(match[1]) if match else stream.length if stream.status == 200 else None
        told = _MD5.search(stream.headers.get("x-goog-hash", ""))
        return Probe(size, md5_of(told[1]) if told else "")


def refused(error: HttpStatus, ref: str, view: Json) -> Exception:
    """Why the files of a dataset that can be seen are not given out: most often, consent."""
    from connectors.kaggle.credentials import best

    if error.status not in (401, 403):
        return error
    if error.status == 401 and best() is not None:
        return links.explained(error, ref)
    empty = not clean_count(value_of(view, "totalBytes"))
    why = "asks for consent or a login" if empty or best() is None else "asks for consent that your account lacks"
    return Gated(
        f"Kaggle shows {ref} but does not give out its files ({error.status}): it {why}.",
        f"Accept its rules at {page_of(ref)}, then {LOGIN} and try again.",
    )


def path_of(row: Json) -> str:
    """The path of a file within its dataset, "" where a row has none."""
    name = clean(value_of(row, "name"), MAX_PATH + 1)
    return name or clean(row.get("ref"), MAX_PATH + 1)


def single(ref: str, version: str, row: Json) -> Distribution:
    """One file of a dataset."""
    path = path_of(row)
    return Distribution(
        url=links.download_url(ref, version, path),
        path=path,
        format=path.rpartition("/")[2].lower().rpartition(".")[2][:20] if "." in path else "",
        bytes=clean_count(value_of(row, "totalBytes")) or None,
    )


def _version(view: Json, ref: str, revision: str | None) -> str:
    """The version to take. Raises `NotFound` for one that the dataset does not have."""
    current = clean_count(value_of(view, "currentVersionNumber")) or 0
    if revision is None:
        return str(current) if current else ""
    wanted = int(revision) if revision.isdecimal() and revision.isascii() and len(revision) <= 9 else 0
    if not wanted or (current and wanted > current):
        there = f"Its versions are 1 to {current}." if current else f"Its versions are listed at {page_of(ref)}."
        raise NotFound(f"{ref} has no version {revision[:40]!r}.", there)
    return str(wanted)


def _checked(ref: str, path: str) -> bool:
    """Whether a row names a file. Raises `Fatal` for a path that would leave the dataset."""
    if path and (_UNSAFE.search(path) or len(path) > MAX_PATH):
        raise Fatal(f"{ref} lists a file whose path cannot be trusted: {path[:100]!r}.", "Fetch the whole bundle.")
    return bool(path)


def _noted(file: Distribution, note: str) -> Distribution:
    return msgspec.structs.replace(file, note=note)
