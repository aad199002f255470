"""Reading ZIP and tar archives as what strangers wrote: every member is listed and judged before one byte is written.

The standard library's own extraction is not used: `tarfile` lets paths out through links that it follows, and reads a
member's extended header whole, however long it says it is; `zipfile` lets members overlap.
"""

from __future__ import annotations

import gzip
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from catalog.errors import Fatal, Usage

PIECE: Final = 1 << 20
DIRECTORY: Final = 64 << 20  # bytes of a ZIP's list of its members
HEADER: Final = 1 << 20  # bytes of an extended header of a tar
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
SUFFIXES: Final = (".tar.gz", ".tgz", ".tar", ".zip")
LEADS_OUT: Final = "its name leads out of the folder"
_ABSOLUTE: Final = re.compile(r"/|[A-Za-z]:/")
_END: Final = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16, end of central directory
_LOCAL: Final = struct.Struct("<4s5H3L2H")  # APPNOTE 4.3.7, local file header
_BLOCK: Final = 512  # POSIX.1-2017, pax, ustar interchange format

_DAMAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError, struct.error),
    UnicodeDecodeError,  # a name that says it is UTF-8 and is not
)

Read = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Member:
    """One entry: its name as the archive writes it, the bytes it says it has, and why it must not be written ("" where
    it may be). `packed` is its size in the archive, None where members are packed together."""

    name: str
    size: int
    packed: int | None = None
    refusal: str = ""
    is_folder: bool = False


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive that can be unpacked."""
    return name.lower().endswith(SUFFIXES)


def stem_of(name: str) -> str:
    """A name without the suffix of its archive."""
    suffix = next((each for each in SUFFIXES if name.lower().endswith(each)), "")
    return name[: len(name) - len(suffix)] if suffix else name


@contextmanager
def reading(path: Path) -> Iterator[Iterator[tuple[Member, Read]]]:
    """The members of an archive in order, each with what reads its bytes, until the next one is asked for.

    Raises `Usage` for what is no archive, `Fatal` for one that is damaged or built to mislead.
    """
    try:
        with path.open("rb") as file:
            yield _zip(file, path.name) if path.name.lower().endswith(".zip") else _tar(file, path.name)
    except _DAMAGE as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise Fatal(f"{path.name} is damaged ({said}).", "Fetch it again.") from error


def refusal_of(name: str) -> str:
    """Why a name must not be written at all; names that are only unusual are rewritten elsewhere."""
    plain = name.replace("\\", "/")
    return LEADS_OUT if _ABSOLUTE.match(plain) or ".." in plain.split("/") or "\0" in plain else ""


# ZIP


def _zip(file: IO[bytes], name: str) -> Iterator[tuple[Member, Read]]:
    _check_directory(file, name)
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        _check_overlap(file, archive, infos, name)
        for info in infos:
            yield _zip_member(info), lambda info=info: _zip_pieces(archive, info)  # type: ignore[misc]


def _zip_member(info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    refusal = refusal_of(info.filename)
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IFMT(mode):
        refusal = "it is a link or a device"
    elif info.flag_bits & 0x1:
        refusal = refusal or "it is encrypted"
    elif info.compress_type not in METHODS:
        refusal = refusal or "it is packed in a way that is not read here"
    return Member(info.filename, info.file_size, info.compress_size, refusal, info.is_dir())


def _zip_pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as source:
        while piece := source.read(PIECE):
            yield piece


def _check_directory(file: IO[bytes], name: str) -> None:
    """Refuse a list of members so long that reading it would fill the memory. Raises `Usage` for what is no ZIP."""
    size = file.seek(0, 2)
    tail = min(size, _END.size + 65_535)
    file.seek(size - tail)
    data = file.read(tail)
    place = data.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > len(data):
        raise Usage(f"{name} is no ZIP.", "Look at what it is before you use it.")
    listed = _END.unpack_from(data, place)[5]
    if data[max(0, place - 20) : place].startswith(b"PK\x06\x07"):  # the true size is in the record of ZIP64
        listed = struct.unpack_from("<Q", data, place - 36)[0] if place >= 76 else DIRECTORY + 1
    if listed > DIRECTORY:
        raise Fatal(f"{name} lists more members than can be read safely.", "Unpack it yourself if you trust it.")


def _check_overlap(file: IO[bytes], archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse an archive whose members share bytes: a small file of that kind unfolds to any size."""
    last = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        file.seek(max(0, info.header_offset))
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            raise zipfile.BadZipFile("a member is not where the list says")
        _, *_, names, extra = _LOCAL.unpack(head)
        if info.header_offset < last:
            raise Fatal(f"Members of {name} overlap, as only a trap's do.", "Do not unpack it.")
        last = info.header_offset + _LOCAL.size + names + extra + info.compress_size
    if last > archive.start_dir:
        raise Fatal(f"Members of {name} overlap with its list, as only a trap's do.", "Do not unpack it.")


# tar


@dataclass
class _Said:
    """What an extended header said of the member after it."""

    name: str = ""
    size: int | None = None
    sparse: bool = False


def _tar(file: IO[bytes], name: str) -> Iterator[tuple[Member, Read]]:
    """Members of a tar, plain or in gzip: ustar, GNU long names and pax headers; links and the like are told."""
    if name.lower().endswith(".tar"):
        yield from _tar_members(file)
        return
    with gzip.GzipFile(fileobj=file) as unpacked:
        yield from _tar_members(unpacked)


def _tar_members(source: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[Member, Read]]:
    said = _Said()
    while (head := _block(source)) is not None:
        kind, size = head[156:157], _number(head[124:136])
        if kind in (b"x", b"g", b"L", b"K"):
            said = _extended(kind, _body(source, size), said)
            continue
        member = _tar_member(head, kind, size, said)
        said = _Said()
        if kind == b"S":
            _skip_map(source, head[482])
        left = [member.size + (-member.size % _BLOCK) if _has_body(kind) else 0]
        pad = left[0] - member.size if left[0] else 0
        yield member, lambda left=left, pad=pad: _tar_pieces(source, left, pad)  # type: ignore[misc]
        for _ in _tar_pieces(source, left, 0):
            pass


def _tar_member(head: bytes, kind: bytes, size: int, said: _Said) -> Member:
    name = said.name or _ustar_name(head)
    size = size if said.size is None else said.size
    refusal = refusal_of(name)
    is_folder = kind == b"5" or (kind in (b"0", b"\0") and name.endswith("/"))
    if kind in (b"1", b"2", b"3", b"4", b"6"):
        refusal = "it is a link or a device"
    elif kind not in (b"0", b"\0", b"5", b"7"):
        refusal = "it is of a kind that is not read here"
    elif said.sparse:
        refusal = refusal or "it is a sparse file"
    return Member(name, 0 if is_folder else size, None, refusal, is_folder)


def _has_body(kind: bytes) -> bool:
    """Links, devices and folders have none, whatever size they say."""
    return kind not in (b"1", b"2", b"3", b"4", b"5", b"6")


def _tar_pieces(source: IO[bytes] | gzip.GzipFile, left: list[int], pad: int) -> Iterator[bytes]:
    """The bytes of a member up to its padding; `left` counts down over several calls."""
    while left[0] > pad:
        piece = source.read(min(PIECE, left[0] - pad))
        if not piece:
            raise EOFError("it ends within a member")
        left[0] -= len(piece)
        yield piece


def _skip_map(source: IO[bytes] | gzip.GzipFile, goes_on: int) -> None:
    """Pass over the blocks in which GNU tar goes on with the map of a sparse file. Raises `EOFError`."""
    while goes_on:
        block = source.read(_BLOCK)
        if len(block) < _BLOCK:
            raise EOFError("it ends within a header")
        goes_on = block[504]


def _block(source: IO[bytes] | gzip.GzipFile) -> bytes | None:
    """The next header, None at the end (a block of zeros, or no more bytes). Raises `EOFError`, `Usage`."""
    head = source.read(_BLOCK)
    if not head or head == bytes(_BLOCK):
        return None
    if len(head) < _BLOCK:
        raise EOFError("it ends within a header")
    sums = sum(head[:148]) + 8 * 32 + sum(head[156:])
    if _number(head[148:156]) != sums:
        raise Usage("It is no tar archive, or is damaged.", "Look at what it is, or fetch it again.")
    return head


def _body(source: IO[bytes] | gzip.GzipFile, size: int) -> bytes:
    if size > HEADER:
        raise Fatal("A header of the archive is longer than any true one.", "Do not unpack it.")
    data = source.read(size + (-size % _BLOCK))
    if len(data) < size:
        raise EOFError("it ends within a header")
    return data[:size]


def _extended(kind: bytes, data: bytes, said: _Said) -> _Said:
    if kind == b"L":
        said.name = data.rstrip(b"\0").decode("utf-8", "replace")
    elif kind == b"x":
        for key, value in _pax(data):
            if key == "path":
                said.name = value
            elif key == "size":
                said.size = int(value) if value.isdecimal() and len(value) < 19 else 1 << 62
            elif key.startswith("GNU.sparse"):
                said.sparse = True
    return said


def _pax(data: bytes) -> Iterator[tuple[str, str]]:
    """The records of a pax header: `length key=value` and a line end."""
    while data:
        digits = data.partition(b" ")[0]
        length = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        record = data[:length]
        if not record.endswith(b"\n") or length <= len(digits) + 1:
            raise Fatal("A header of the archive makes no sense.", "Do not unpack it.")
        key, _, value = record[len(digits) + 1 : -1].partition(b"=")
        yield key.decode("utf-8", "replace"), value.decode("utf-8", "replace")
        data = data[length:]


def _ustar_name(head: bytes) -> str:
    name = head[:100].partition(b"\0")[0]
    prefix = head[345:500].partition(b"\0")[0] if head[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name).decode("utf-8", "replace")


def _number(field: bytes) -> int:
    """A number in octal, or in base 256 where its first bit is set (GNU). Raises `Usage` for anything else."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        return min(number, 1 << 62)
    text = field.strip(b" \0")
    if text and not re.fullmatch(rb"[0-7]+", text):
        raise Usage("It is no tar archive, or is damaged.", "Look at what it is, or fetch it again.")
    return int(text or b"0", 8)
