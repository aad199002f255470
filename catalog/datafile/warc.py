"""Records of WARC, WAT and WET files (ISO 28500), one at a time, each checked against its own digest.

warcio reads these files too, but takes one that breaks off within a record for one that ends there, so it cannot tell
whether a download is whole; gzip's own reader can, and the frame of a record is a few lines of headers.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, cast

MAX_BLOCK: Final = 64 << 20
"""Bytes of a record's block that are kept; the rest is read and hashed alone."""
MAX_HEADERS: Final = 200
MAX_LINE: Final = 64 << 10
PIECE: Final = 1 << 20
_VERSION: Final = re.compile(rb"WARC/1\.[01]\s*\Z")
_KINDS: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}


@dataclass(frozen=True)
class Record:
    """One record: `headers` by lower-case name, `block` its bytes (`cut` where there are more than `MAX_BLOCK`).

    `same` is whether the block has the digest that its headers name, None where they name none that is known.
    """

    headers: Mapping[str, str]
    block: bytes
    cut: bool = False
    same: bool | None = None

    @property
    def kind(self) -> str:
        """WARC-Type: warcinfo, response, conversion, ..."""
        return self.headers.get("warc-type", "").lower()

    @property
    def url(self) -> str:
        """The address that was asked, "" for none."""
        return self.headers.get("warc-target-uri", "").strip("<>")


def records(file: io.BufferedReader) -> Iterator[Record]:
    """The records of an open file, packed by gzip or plain. Raises `ValueError` for what is no WARC file or breaks off
    within a record, and what gzip raises (`EOFError`, `OSError`, `zlib.error`) for a member that is cut or damaged."""
    if file.peek(2)[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from _records(cast(IO[bytes], unpacked))
    else:
        yield from _records(file)


def _records(file: IO[bytes]) -> Iterator[Record]:
    while (line := _first_line(file)) is not None:
        if not _VERSION.match(line):
            raise ValueError("a record does not begin with WARC/1.0")
        yield _record(file, _headers(file))


def check(file: io.BufferedReader) -> int:
    """Read a file to its end; how many records have the digest that they name. Raises what `records` raises, and
    `ValueError` for a record that has another one."""
    count = 0
    for number, record in enumerate(records(file), 1):
        if record.same is False:
            raise ValueError(f"the digest of record {number} is another one")
        count += record.same is True
    return count


def _first_line(file: IO[bytes]) -> bytes | None:
    """The first line that is not empty, None at the end of the file."""
    while line := file.readline(MAX_LINE):
        if line.strip():
            return line
    return None


def _headers(file: IO[bytes]) -> dict[str, str]:
    """The headers of a record, whose order is no promise; a folded line goes on with the one before."""
    found: dict[str, str] = {}
    name = ""
    for _ in range(MAX_HEADERS):
        line = file.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            raise ValueError("a record breaks off in its headers")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return found
        if text[0] in " \t" and name:
            found[name] += f" {text.strip()}"
            continue
        name, colon, value = text.partition(":")
        name = name.strip().lower()
        if not colon:
            raise ValueError("a record has a header that is none")
        found.setdefault(name, value.strip())
    raise ValueError(f"a record has more than {MAX_HEADERS} headers")


def _record(file: IO[bytes], headers: dict[str, str]) -> Record:
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise ValueError("a record does not say its length")
    left, kept, size = int(length), [], 0
    kind, _, wanted = headers.get("warc-block-digest", "").partition(":")
    make = _KINDS.get(kind.strip().lower().replace("-", ""))
    digest: Any = make(usedforsecurity=False) if make else None
    while left:
        piece = file.read(min(PIECE, left))
        if not piece:
            raise ValueError("a record breaks off")
        left -= len(piece)
        if digest is not None:
            digest.update(piece)
        if size < MAX_BLOCK:
            kept.append(piece)
        size += len(piece)
    same = None if digest is None else _agrees(digest.digest(), wanted.strip())
    return Record(headers, b"".join(kept), size > MAX_BLOCK, same)


def _agrees(found: bytes, wanted: str) -> bool:
    """Whether a digest is the one written in Base32, as is usual, or in hex digits."""
    plain = wanted.rstrip("=")
    return plain.upper() == base64.b32encode(found).decode().rstrip("=") or plain.lower() == found.hex()
