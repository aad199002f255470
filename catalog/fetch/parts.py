"""Partial downloads: claimed by rename, described by a note beside them, taken over from processes that died.

A part is `<id>.<nonce>.part`; while a process works on it, it is `<id>.<nonce>.part.<owner>`. Its note,
`<id>.<nonce>.json`, never changes its name, so a kill between two renames cannot part them. The id is a hash of
where the file goes, the owner says which process it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import stat
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

from catalog.fetch.place import Folder, set_mode, start_writing, write_all

FOLDER: Final = ".catalog-parts"
FOREIGN_AGE: Final = 600.0  # seconds without a write after which a part of another machine counts as left
SEND: Final = 32 << 20  # bytes after which the disk is set to work
NOTE_LIMIT: Final = 16_384
_OWNER: Final = r"\.(?P<pid>\d{1,10})-(?P<start>\d{1,20})-(?P<place>[0-9a-f]{8})-[0-9a-f]{8}"
_NAME: Final = re.compile(rf"(?P<stem>[0-9a-f]{{20}}\.[0-9a-f]{{12}})\.(?P<kind>part|json)(?:{_OWNER})?\Z")
_SCRATCH: Final = re.compile(rf"scratch{_OWNER}\Z")


@dataclass(frozen=True)
class Note:
    """What a part is a part of. `source` is a hash of the address, `size` the whole file's bytes where known, `digest`
    what the server told of the whole."""

    source: str
    etag: str = ""
    modified: str = ""
    size: int | None = None
    digest: str = ""

    @property
    def validator(self) -> str:
        """What If-Range may hold: a strong ETag, else the date, else "" (RFC 9110, 13.1.5)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


class Part:
    """A claimed partial file, open at its end. Leave it by `release` (kept), `discard` or `publish`."""

    def __init__(self, folder: Folder, stem: str, claimed: str, fd: int) -> None:
        self._folder = folder
        self._stem = stem
        self._claimed = claimed
        self.fd = fd
        self.size = os.lseek(fd, 0, os.SEEK_END)
        self.note = _read_note(folder, stem)
        self._sent = self.size

    def describe(self, note: Note) -> None:
        """Write the note; the part must hold nothing of another file by now."""
        fd = self._folder.open(f"{self._stem}.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            write_all(fd, json.dumps(asdict(note)).encode())
        finally:
            os.close(fd)
        self.note = note

    def append(self, piece: bytes) -> None:
        """Hand a piece to the system at once: a kill loses at most the piece that is under way."""
        write_all(self.fd, piece)
        self.size += len(piece)
        if self.size - self._sent > SEND:
            self._sent = start_writing(self.fd, self._sent, self.size)

    def restart(self) -> None:
        """Forget every byte."""
        os.ftruncate(self.fd, 0)
        os.lseek(self.fd, 0, os.SEEK_SET)
        self.size = self._sent = 0

    def release(self) -> None:
        """Leave it for a later run; an empty one is deleted."""
        if self.size == 0:
            self.discard()
            return
        os.close(self.fd)
        self._folder.claim(self._claimed, f"{self._stem}.part")

    def discard(self) -> None:
        os.close(self.fd)
        self._folder.remove(self._claimed)
        self._folder.remove(f"{self._stem}.json")

    def settle(self, mode: int) -> None:
        """Make its bytes last, with the permissions of a finished file."""
        set_mode(self.fd, mode)
        os.fsync(self.fd)

    def publish(self, folder: Folder, name: str) -> None:
        """Give it its final name, for good."""
        self._folder.rename(self._claimed, folder, name)
        folder.sync()
        os.close(self.fd)
        self._folder.remove(f"{self._stem}.json")


def part_id(path: str) -> str:
    """The id of the parts of the file that goes to `path`."""
    return hashlib.sha256(path.encode()).hexdigest()[:20]


def source_id(url: str) -> str:
    """Tells whether a part is of the same address without storing one that may hold a signature."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def claim(folder: Folder, path: str, source: str) -> Part:
    """A part to work on: the longest one that is free or left by a dead process and of this source, else a new one.
    Other parts of this file that nobody holds are deleted."""
    best: Part | None = None
    for name in _free(folder, part_id(path)):
        part = _take(folder, name)
        if part is None:
            continue
        fits = part.note is not None and part.note.source == source and part.size > 0
        if fits and (best is None or part.size > best.size):
            part, best = best, part
        if part is not None:
            part.discard()
    return best or _create(folder, path)


def hold(folder: Folder) -> Part:
    """A part of nothing, which keeps the folder from being deleted while a fetch runs."""
    sweep(folder, "")
    return _create(folder, "")


def sweep(folder: Folder, path: str) -> None:
    """Delete what nobody holds of this file's parts."""
    for name in _free(folder, part_id(path)):
        part = _take(folder, name)
        if part is not None:
            part.discard()


def _create(folder: Folder, path: str) -> Part:
    stem = f"{part_id(path)}.{secrets.token_hex(6)}"
    claimed = f"{stem}.part.{_owner()}"
    fd = folder.open(claimed, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    return Part(folder, stem, claimed, fd)


def _take(folder: Folder, name: str) -> Part | None:
    """Claim by rename; None where another was first, or it is no plain file of ours."""
    stem = name.partition(".part")[0]
    claimed = f"{stem}.part.{_owner()}"
    if not folder.claim(name, claimed):
        return None
    found = folder.stat(claimed)
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        folder.remove(claimed)
        folder.remove(f"{stem}.json")
        return None
    return Part(folder, stem, claimed, folder.open(claimed, os.O_RDWR))


def scratch_name() -> str:
    """A name for a file that is written here to be moved elsewhere."""
    return f"scratch.{_owner()}"


def tidy(folder: Folder) -> None:
    """Delete what a kill left between two steps: scratch files of dead processes, and notes whose part is gone."""
    for name in folder.names():
        if (match := _SCRATCH.match(name)) and not _is_held(folder, match):
            folder.remove(name)
    for name in set(_lonely_notes(folder.names())) & set(_lonely_notes(folder.names())):
        folder.remove(name)


def _lonely_notes(names: list[str]) -> list[str]:
    """Notes without a part. One that is renamed meanwhile may be overlooked, so a list alone is no proof."""
    stems = {match["stem"] for name in names if (match := _NAME.match(name)) and match["kind"] == "part"}
    return [name for name in names if (match := _NAME.match(name)) and match["stem"] not in stems]


def _free(folder: Folder, identity: str) -> list[str]:
    """The parts of a file that can be taken."""
    matches = [match for name in folder.names() if name.startswith(identity) and (match := _NAME.match(name))]
    return [match[0] for match in matches if match["kind"] == "part" and not _is_held(folder, match)]


def _is_held(folder: Folder, match: re.Match[str]) -> bool:
    """Whether the process that a claim names still lives: same machine, same id, same start."""
    if match["pid"] is None:
        return False
    pid, start, place = int(match["pid"]), match["start"], match["place"]
    if place != _place():
        return _age(folder, match[0]) < FOREIGN_AGE
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return start in ("0", _start(pid))


def _age(folder: Folder, name: str) -> float:
    found = folder.stat(name)
    return time.time() - found.st_mtime if found else 0.0


def _owner() -> str:
    return f"{os.getpid()}-{_start(os.getpid())}-{_place()}-{secrets.token_hex(4)}"


def _start(pid: int) -> str:
    """When a process started, in the kernel's ticks; "0" where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
        return fields[19]
    except (OSError, IndexError):
        return "0"


@cache
def _place() -> str:
    """Names this machine and its process numbers (containers count theirs anew)."""
    try:
        space = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - a link into the kernel
    except OSError:
        space = 0
    return hashlib.sha256(f"{socket.gethostname()}:{space}".encode()).hexdigest()[:8]


def _read_note(folder: Folder, stem: str) -> Note | None:
    data = folder.read(f"{stem}.json", NOTE_LIMIT)
    try:
        found = json.loads(data or b"")
        note = Note(**found)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = all(isinstance(value, str) for value in (note.source, note.etag, note.modified, note.digest))
    return note if texts and (note.size is None or isinstance(note.size, int)) else None
