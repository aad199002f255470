"""Bringing one file to its place: kept when it is there, received when it is not, placed only when it is whole."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from catalog.fetch import parts, receipt
from catalog.fetch.hashing import agrees, digests_of
from catalog.fetch.parts import Part
from catalog.fetch.place import Folder
from catalog.fetch.plan import PlannedFile
from catalog.fetch.receipt import ReceiptFile
from catalog.fetch.receive import Changed, Line, Mismatch, Packed, Receiver
from catalog.text import nearest_path
from catalog.web import stored_url


@dataclass
class Site:
    """Where the files of one fetch go. `known` is what earlier fetches placed, by path; `mode` the permissions of a
    finished file; `revision` what the files are pinned to."""

    root: Folder
    parts: Folder
    mode: int
    revision: str = ""
    known: Mapping[str, ReceiptFile] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Placed:
    """A file in place. `kept` is true where nothing had to come; `set_aside` is the new name of another file that was
    in its place."""

    entry: ReceiptFile
    kept: bool = False
    set_aside: str = ""


def transfer(line: Line, site: Site, file: PlannedFile) -> Placed:
    """Bring one file and place it. What came of it is kept whatever happens, for the next call. A file that its server
    gives out as a ZIP alone is placed as that, with `.zip` after its name.

    Raises `Gated`, `NotFound`, `Retriable`, `Usage`, and `Fatal` for bytes that twice are not the planned ones.
    """
    packed = packed_form(file)
    if packed.path in site.known and file.path not in site.known:
        return _placed(line, site, packed)
    try:
        return _placed(line, site, file)
    except Packed:
        return _placed(line, site, packed)


def packed_form(file: PlannedFile) -> PlannedFile:
    """The ZIP of a file, of which nothing is known but where it goes."""
    path = str(nearest_path(f"{file.path}.zip"))
    return replace(file, name=f"{file.name}.zip", path=path, bytes=None, digest="", kind="zip")


def _placed(line: Line, site: Site, file: PlannedFile) -> Placed:
    folder, name = site.root.reach(file.path)
    with folder:
        entry = _in_place(site, folder, name, file)
        if entry is not None:
            line.count.add(entry.bytes)
            parts.sweep(site.parts, file.path)
            return Placed(entry, kept=True)
        try:
            return _bring(line, site, file, folder, name)
        except Mismatch:
            line.web.pause(1, f"{file.name} is not what was planned", line.stop)
            return _bring(line, site, file, folder, name)


def _in_place(site: Site, folder: Folder, name: str, file: PlannedFile) -> ReceiptFile | None:
    """The entry of the file that is there already and is the planned one.

    A file that can be checked against nothing counts only where an earlier fetch put it there from the same address.
    """
    found = folder.stat(name)
    if found is None:
        return None
    known = site.known.get(file.path)
    if known is not None and known.source != _source(site, file):
        known = None
    if file.verified_by in ("none", "records") and known is None:
        return None
    digest = file.digest or (f"sha256:{known.sha256}" if known else "")
    if not receipt.matches(folder, name, found, file.bytes, digest):
        return None
    sha256 = digest[7:] if digest.startswith("sha256:") else _sha256(folder, name, found.st_size)
    return _entry(site, file, found.st_size, sha256, file.verified_by)


def _sha256(folder: Folder, name: str, size: int) -> str:
    fd = folder.open(name, os.O_RDONLY)
    try:
        return digests_of(fd, size).finish()["sha256"]
    finally:
        os.close(fd)


def _source(site: Site, file: PlannedFile) -> str:
    return parts.source_id(f"{site.revision}\n{file.url}")


def _entry(site: Site, file: PlannedFile, size: int, sha256: str, verified: str) -> ReceiptFile:
    return ReceiptFile(file.path, size, sha256, stored_url(file.url), verified, _source(site, file))


def _bring(line: Line, site: Site, file: PlannedFile, folder: Folder, name: str) -> Placed:
    """Receive into a part, check it, publish it. A part that fails its check is deleted, any other kept."""
    part = parts.claim(site.parts, file.path, parts.source_id(file.url))
    line.count.add(part.size)
    try:
        receiver = Receiver(line, file, part)
        entry = _checked(site, file, part, receiver.run(), receiver.told)
        part.settle(site.mode)
        with site.lock:
            receipt.journal(site.parts, entry)
            aside = _set_aside(site, folder, name, entry)
        part.publish(folder, name)
    except BaseException as error:
        spoiled = isinstance(error, Mismatch) and not isinstance(error, Changed)
        line.count.add(-part.size)
        part.discard() if spoiled else part.release()
        raise
    parts.sweep(site.parts, file.path)
    return Placed(entry, set_aside=aside)


def _checked(site: Site, file: PlannedFile, part: Part, found: dict[str, str], told: str) -> ReceiptFile:
    """The receipt entry of bytes that are the planned ones, and those that the server `told` of. Raises `Mismatch`."""
    hint = "It changed at its source, or is damaged there: sync and plan again."
    if file.bytes is not None and part.size != file.bytes:
        raise Mismatch(f"{file.name} has {part.size:,} bytes, not the planned {file.bytes:,}.", hint)
    same = agrees(found, file.digest)
    if same is False:
        raise Mismatch(f"{file.name} is not the planned file: its {file.verified_by} differs.", hint)
    announced = agrees(found, told)
    if announced is False:
        raise Mismatch(f"{file.name} came damaged: its {told.partition(':')[0]} is not what its server names.", hint)
    otherwise = told.partition(":")[0] if announced else "none" if file.bytes is None else "size"
    if not same and file.is_archive and _checked_records(part, file):
        otherwise = "records"
    verified = file.verified_by if same else otherwise
    return _entry(site, file, part.size, found["sha256"], verified)


def _checked_records(part: Part, file: PlannedFile) -> int:
    """How many records of a web archive have the digest that they name. Raises `Mismatch` for one with another."""
    from catalog.datafile.warc import check

    with os.fdopen(os.dup(part.fd), "rb") as content:
        content.seek(0)
        try:
            return check(content)
        except (ValueError, EOFError, OSError, zlib.error) as error:
            said = " ".join(str(error).split())[:100]
            raise Mismatch(
                f"{file.name} came damaged: {said}.", "Try again; it may be damaged at its source."
            ) from error


def _set_aside(site: Site, folder: Folder, name: str, entry: ReceiptFile) -> str:
    """Move what is in the way out of it, unless a fetch put it there. Nobody's work is overwritten."""
    found = folder.stat(name)
    if found is None:
        return ""
    for ours in (entry, site.known.get(entry.path)):
        if ours and receipt.matches(folder, name, found, ours.bytes, f"sha256:{ours.sha256}"):
            return ""
    number = 1
    while folder.stat(aside := f"{name[:60]}.kept-{number}") is not None:
        number += 1
    folder.claim(name, aside)
    return aside
