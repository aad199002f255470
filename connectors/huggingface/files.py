"""The files of a dataset, pinned to a commit: what fetch plans with.

Two calls for most repositories: the revision gives the commit, the tree gives paths, sizes and digests. A repository
that holds only a loading script is read through the Parquet files that the Hub converted from it
(`refs/convert/parquet`); the script is never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from catalog.errors import Fatal, NotFound
from catalog.record import Distribution, Record, clean, clean_count
from catalog.web import HttpStatus, Web
from connectors.huggingface import settings
from connectors.huggingface.links import API, ask, disabled, explained, follow
from connectors.huggingface.mapping import is_id, is_sha

PARQUET: Final = "refs/convert/parquet"
MAX_FILES: Final = 1_000_000
READABLE: Final = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt")
PACKED: Final = (".gz", ".zst", ".xz", ".bz2", ".lz4")
ABOUT: Final = ("dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "requirements.txt")
ABOUT_WORDS: Final = ("readme", "license", "licence", "notice", "citation", "changelog")

MAX_PATH: Final = 2000  # characters
_UNSAFE: Final = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)|[\x00\\\ud800-\udfff]")  # an empty part, a dot part, \, no text

Json = dict[str, Any]


@dataclass(frozen=True)
class Pin:
    """A commit of a repository: `id` is its name today, `sha` the commit, `note` what the user should be told."""

    id: str
    sha: str
    gated: bool = False
    note: str = ""


def files(web: Web, record: Record, revision: str | None = None) -> list[Distribution]:
    """The files of a dataset at a revision (a branch, a tag or a commit; None for the head of main).

    Each address holds the commit. LFS files carry `sha256:`, others the git id of the blob as `git-sha1:` (SHA-1 of
    "blob", the size and the bytes). Raises `Gated` before the first byte where the user has no access, `NotFound`
    for a missing dataset or revision, `Fatal` when offline or for a listing that cannot be trusted.
    """
    pin, entries = locate(web, record, revision)
    _check_access(web, pin, entries)
    return [_distribution(pin, entry) for entry in entries]


def converted(web: Web, record: Record) -> list[Distribution]:
    """The files of the Hub's Parquet conversion (`refs/convert/parquet`), pinned. Raises `NotFound` where it has none,
    and what `files` raises."""
    settings.check_online()
    pin = _pin(web, record.id, PARQUET)
    entries = _tree(web, pin)
    _check_access(web, pin, entries)
    note = _joined(pin.note, "converted to Parquet by the Hub")
    return [_distribution(replace(pin, note=note), entry) for entry in entries]


def pinned(web: Web, record: Record, revision: str | None = None) -> str:
    """The commit that `files` would take."""
    return locate(web, record, revision)[0].sha


def locate(web: Web, record: Record, revision: str | None) -> tuple[Pin, list[Json]]:
    """The commit to take and its files; for a repository of nothing but a script, the converted branch."""
    settings.check_online()
    pin = _pin(web, record.id, revision or "main")
    entries = _tree(web, pin)
    if revision is None and _is_script_only(pin.id, entries):
        return _converted(web, pin, entries)
    return pin, entries


def _pin(web: Web, id: str, revision: str) -> Pin:
    """Ask which commit a revision is; renames are followed and told."""
    if not is_id(id):
        raise NotFound(f"{id[:100]!r} is not the name of a dataset on the Hub.", "Names look like owner/name.")
    url = f"{settings.endpoint()}{API}/{id}/revision/{quote(revision, safe='')}"
    try:
        info = ask(web, url).value
    except HttpStatus as error:
        raise explained(error, id, revision) from None
    if not isinstance(info, dict) or not is_sha(info.get("sha")) or not is_id(info.get("id")):
        raise Fatal(f"The Hub's answer about {id} makes no sense.", "Check HF_ENDPOINT, or try again later.")
    if info.get("disabled") is True:
        raise disabled(id)
    moved = "" if info["id"] == id else f"{id} is now {info['id']}"
    return Pin(info["id"], info["sha"], bool(info.get("gated")), moved)


def _tree(web: Web, pin: Pin) -> list[Json]:
    url = f"{settings.endpoint()}{API}/{pin.id}/tree/{pin.sha}"
    entries: list[Json] = []
    try:
        for reply, _ in follow(web, ask(web, url, {"recursive": "true", "expand": "false"})):
            entries.extend(_file_entries(pin.id, reply.value))
            if len(entries) > MAX_FILES:
                raise Fatal(f"{pin.id} lists more than {MAX_FILES:,} files.")
    except HttpStatus as error:
        raise explained(error, pin.id, pin.sha) from None
    return entries


def _file_entries(id: str, rows: object) -> Iterable[Json]:
    """The files among the rows of a tree. Raises `Fatal` for a path that would leave the repository."""
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("type") == "directory":
            continue
        path = row.get("path")
        if not isinstance(path, str) or _UNSAFE.search(path) or len(path) > MAX_PATH:
            raise Fatal(f"{id} lists a file whose path cannot be trusted: {str(path)[:100]!r}.")
        yield row


def _check_access(web: Web, pin: Pin, entries: list[Json]) -> None:
    """Ask for one file of a gated dataset, so that a refusal comes before any download."""
    if not pin.gated or not entries:
        return
    url = _address(pin, entries[0]["path"])
    try:
        web.head(url, token=settings.token_for(url))
    except HttpStatus as error:
        raise explained(error, pin.id) from None


def _is_script_only(id: str, entries: list[Json]) -> bool:
    """A loading script named like the repository, and no file that can be read without it."""
    paths = {entry["path"] for entry in entries}
    return f"{id.rpartition('/')[2]}.py" in paths and not any(_is_readable(path) for path in paths)


def _is_readable(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    for packing in PACKED:
        name = name.removesuffix(packing)
    return name.endswith(READABLE) and name not in ABOUT and not name.startswith(ABOUT_WORDS)


def _converted(web: Web, pin: Pin, entries: list[Json]) -> tuple[Pin, list[Json]]:
    """The Hub's Parquet conversion; without one, the archives that the script would have read."""
    try:
        parquet = _pin(web, pin.id, PARQUET)
    except NotFound:
        if any(entry.get("lfs") for entry in entries):
            return replace(
                pin, note=_joined(pin.note, "its loading script is not run; these are its raw files")
            ), entries
        raise NotFound(
            f"{pin.id} holds only a loading script, which is never run, and the Hub has no Parquet files of it.",
            f"Its page may say where the data is: {settings.HUB}/datasets/{pin.id}.",
        ) from None
    note = _joined(pin.note, "converted to Parquet by the Hub; the loading script is not run")
    return replace(parquet, gated=pin.gated, note=note), _tree(web, parquet)


def _distribution(pin: Pin, entry: Json) -> Distribution:
    path = entry["path"]
    lfs = entry["lfs"] if isinstance(entry.get("lfs"), dict) else {}
    partial = "partial-" in path and path.endswith(".parquet")
    return Distribution(
        url=_address(pin, path),
        path=path,
        format=_format(path),
        bytes=clean_count(lfs.get("size", entry.get("size"))),
        digest=_digest(entry, lfs),
        note=_joined(pin.note, "only the first part of this split was converted" if partial else ""),
    )


def _digest(entry: Json, lfs: Json) -> str:
    if len(oid := clean(lfs.get("oid"), 64)) == 64 and is_sha(oid):
        return f"sha256:{oid}"
    return f"git-sha1:{entry['oid']}" if not lfs and is_sha(entry.get("oid")) else ""


def _address(pin: Pin, path: str) -> str:
    return f"{settings.resolver()}/datasets/{pin.id}/resolve/{pin.sha}/{quote(path, safe='/')}"


def _format(path: str) -> str:
    """The suffixes that say how to read a file: `parquet`, `jsonl.gz`."""
    stem, _, last = path.rpartition("/")[2].lower().rpartition(".")
    if not stem:
        return ""
    inner = stem.rpartition(".")[2] if f".{last}" in PACKED and "." in stem else ""
    return f"{inner}.{last}" if inner else last[:20]


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
