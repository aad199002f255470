"""Unpacking what a fetch brought, on request: judged whole before it begins, written beside, placed in one step.

Archives are strangers' work. Links and devices are never made, no name leads out of the folder, nothing is overwritten,
and what unfolds beyond its caps is refused. Nothing that comes out is ever executed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.errors import Fatal, NotFound, Usage
from catalog.fetch.archives import Member, Read, is_archive, reading, stem_of
from catalog.fetch.place import Folder, set_mode, usual_mode, write_all
from catalog.fetch.plan import distinct_paths, size_text
from catalog.fetch.receipt import ReceiptFile
from catalog.text import nearest_path

MARK: Final = ".catalog-unpacked.json"
SLACK: Final = 16 << 20  # bytes to which a member or archive may unfold whatever its ratio
_TEMP: Final = re.compile(r"\.unpacking-(\d{1,10})-[0-9a-f]{8}\Z")


@dataclass(frozen=True)
class Limits:
    """What one archive may unfold to: `files` members, `bytes` in all, `ratio` times its own size."""

    files: int = 100_000
    bytes: int = 200 << 30
    ratio: int = 200


@dataclass(frozen=True)
class Unpacked:
    """What came out: the folder, how many files and bytes, and what was left out, with the reason of each.

    `already` says that an earlier call had unpacked the same archive there.
    """

    folder: str
    files: int
    bytes: int
    left_out: tuple[tuple[str, str], ...] = ()
    already: bool = False


def listing(archive: Path, limits: Limits | None = None) -> tuple[Member, ...]:
    """The members of an archive, judged; nothing is written.

    Raises `NotFound`, `Usage` for what is no archive, and `Fatal` for one that is damaged, overlaps, or is beyond the
    limits.
    """
    _check_kind(archive)
    found = tuple(member for member, _ in _judged(archive, limits or Limits()))
    if not found:
        raise Usage(f"{archive.name} holds nothing.", "Look at what it is before you use it.")
    return found


def unpack(archive: Path, *, digest: str = "", limits: Limits | None = None) -> Unpacked:
    """Unpack an archive into a folder of its name beside it; the archive stays.

    The files are written to a folder of their own, which takes its name when all are there: a kill leaves nothing half
    done. `digest` tells archives of the same name apart. Raises as `listing` does, and `Usage` where the folder is
    there already and is not this archive's.
    """
    _check_kind(archive)
    name = str(nearest_path(stem_of(archive.name) or "archive"))
    mode = usual_mode()
    with Folder.at(archive.parent) as root:
        _sweep(root)
        known = _known(root, name, archive.name, digest)
        if known is not None:
            return known
        members = listing(archive, limits)
        _check_room(archive, members)
        temp = f".unpacking-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            with root.sub(temp) as folder:
                found = _write(folder, archive, members, mode)
                done = Unpacked(str(root.path / name), found[0], found[1], found[2])
                _mark(folder, archive.name, digest, done, mode)
            _settle()
            root.rename(temp, root, name)
        except OSError as error:
            raise Fatal(
                f"{archive.name} could not be unpacked ({error.strerror}).", "Free some space, or look at the folder."
            ) from error
        finally:
            shutil.rmtree(root.path / temp, ignore_errors=True)
        root.sync()
        return done


def _check_kind(archive: Path) -> None:
    if not archive.is_file():
        raise NotFound(f"There is no file {archive}.", "Name an archive.")
    if not is_archive(archive.name):
        raise Usage(f"{archive.name} is no archive that is read here.", "ZIP, tar and tar.gz are.")


def _judged(archive: Path, limits: Limits) -> Iterator[tuple[Member, Read]]:
    """The members, as long as they stay within the limits."""
    count = total = 0
    own = archive.stat().st_size
    with reading(archive) as members:
        for member, read in members:
            count, total = count + 1, total + member.size
            if count > limits.files:
                raise _beyond(archive, f"has more than {limits.files:,} members")
            if total > limits.bytes:
                raise _beyond(archive, f"unfolds to more than {size_text(limits.bytes)}")
            packed = own if member.packed is None else member.packed
            if member.size > SLACK + limits.ratio * packed or total > SLACK + limits.ratio * own:
                raise _beyond(archive, f"unfolds to more than {limits.ratio} times its size")
            yield member, read


def _beyond(archive: Path, what: str) -> Fatal:
    return Fatal(f"{archive.name} {what}, so it is not unpacked.", "Unpack it yourself if you trust it.")


def _check_room(archive: Path, members: tuple[Member, ...]) -> None:
    wanted = sum(member.size for member in members if not member.refusal)
    free = shutil.disk_usage(archive.parent).free
    if wanted > free:
        text = f"{archive.name} unfolds to {size_text(wanted)}, but {size_text(free)} are free."
        raise Fatal(text, "Free some space, and run it again.")


def _write(
    folder: Folder, archive: Path, members: tuple[Member, ...], mode: int
) -> tuple[int, int, tuple[tuple[str, str], ...]]:
    """Every file that may be written: (files, bytes, what was left out)."""
    places = _places(members)
    left_out = [(member.name, member.refusal) for member in members if member.refusal]
    count = total = 0
    written: set[str] = set()
    with reading(archive) as found:
        for member, read in found:
            if member.refusal or member.is_folder:
                continue
            if member.name in written:
                left_out.append((member.name, "it is in the archive twice; the first one counts"))
                continue
            written.add(member.name)
            total += _write_one(folder, places[member.name], member, read, mode)
            count += 1
    return count, total, tuple(left_out)


def _places(members: tuple[Member, ...]) -> dict[str, str]:
    """Where each file goes: safe on every system, no two in one place."""
    names = list(dict.fromkeys(each.name for each in members if not (each.refusal or each.is_folder)))
    return dict(zip(names, distinct_paths([name.replace("\\", "/") for name in names]), strict=True))


def _write_one(root: Folder, path: str, member: Member, read: Read, mode: int) -> int:
    folder, name = root.reach(path)
    with folder:
        fd = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        size = 0
        try:
            for piece in read():
                size += len(piece)
                if size > member.size:
                    raise Fatal(f"A member is longer than the {member.size:,} bytes it says.", "Do not unpack it.")
                write_all(fd, piece)
            set_mode(fd, mode)
        finally:
            os.close(fd)
    if size != member.size:
        raise Fatal(f"A member has {size:,} bytes, not the {member.size:,} it says.", "Fetch the archive again.")
    return size


def _mark(folder: Folder, archive: str, digest: str, done: Unpacked, mode: int) -> None:
    """Note in the folder what it was unpacked from."""
    value = {"archive": archive, "digest": digest, "files": done.files, "bytes": done.bytes, "left_out": done.left_out}
    fd = folder.open(MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(fd, json.dumps(value, indent=1).encode("utf-8", "replace"))
        set_mode(fd, mode)
    finally:
        os.close(fd)


def _settle() -> None:
    """Have what was written reach the disk before its folder gets its name."""
    if hasattr(os, "sync"):
        os.sync()


def _known(root: Folder, name: str, archive: str, digest: str) -> Unpacked | None:
    """What an earlier call unpacked there; None where the place is free. Raises `Usage` where something else is."""
    if root.stat(name) is None:
        return None
    taken = Usage(f"{root.path / name} is there already and is not overwritten.", "Move it away, or unpack elsewhere.")
    try:
        with root.sub(name) as folder:
            found = json.loads(folder.read(MARK, 64 << 20) or b"{}")
        if digest and (found["archive"], found["digest"]) == (archive, digest):
            left = tuple((str(each[0]), str(each[1])) for each in found["left_out"])
            return Unpacked(str(root.path / name), int(found["files"]), int(found["bytes"]), left, already=True)
    except (Fatal, OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise taken from None
    raise taken


def _sweep(root: Folder) -> None:
    """Delete what killed calls left."""
    for name in root.names():
        match = _TEMP.match(name)
        if match and not _lives(int(match[1])):
            shutil.rmtree(root.path / name, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def unpack_all(folder: Path, files: Iterable[ReceiptFile]) -> Iterator[tuple[str, Unpacked]]:
    """Unpack every archive among the files of a receipt, each into a folder beside itself: (its path, what came out).

    Raises as `unpack` does.
    """
    for file in files:
        if is_archive(file.path):
            yield file.path, unpack(folder / file.path, digest=f"sha256:{file.sha256}")
