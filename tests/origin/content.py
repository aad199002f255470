"""What an origin sends: bytes, a file, or a large body made as it goes; and byte ranges (RFC 9110, section 14)."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

STEP = 1 << 18  # bytes a write


@dataclass(frozen=True)
class Pattern:
    """`length` bytes that look random, the same for the same seed, never all in memory."""

    length: int
    seed: int = 0

    @cached_property
    def _block(self) -> bytes:
        return random.Random(self.seed).randbytes(STEP)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`; each block is marked with its number."""
        while start < stop:
            number, offset = divmod(start, STEP)
            block = number.to_bytes(8, "big") + self._block[8:]
            piece = block[offset : min(STEP, offset + stop - start)]
            start += len(piece)
            yield piece


@dataclass(frozen=True)
class Part:
    """The bytes of another body from `start` to before `stop`."""

    whole: Body
    start: int
    stop: int


Body = bytes | Path | Pattern | Part


def size(body: Body) -> int:
    """Bytes of a body."""
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, Part):
        return body.stop - body.start
    return body.stat().st_size if isinstance(body, Path) else body.length


def chunks(body: Body, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """A slice of a body in pieces."""
    end = size(body) if stop is None else stop
    if isinstance(body, bytes):
        yield body[start:end]
    elif isinstance(body, Pattern):
        yield from body.read(start, end)
    elif isinstance(body, Part):
        yield from chunks(body.whole, body.start + start, body.start + end)
    else:
        with body.open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(STEP, end - start))):
                start += len(piece)
                yield piece


def sha256(body: Body) -> str:
    """The digest of a whole body, as hex."""
    digest = hashlib.sha256()
    for piece in chunks(body):
        digest.update(piece)
    return digest.hexdigest()


def git_sha1(body: Body) -> str:
    """The object id git gives a blob with these bytes."""
    digest = hashlib.sha1(b"blob %d\0" % size(body), usedforsecurity=False)
    for piece in chunks(body):
        digest.update(piece)
    return digest.hexdigest()


def byte_range(header: str, total: int) -> tuple[int, int] | None:
    """`start, stop` of a single range; None for a header that must be ignored. Raises `IndexError` outside."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, total - int(match[2])), total
    else:
        start, stop = int(match[1]), min(total, int(match[2]) + 1) if match[2] else total
    if start >= total or start >= stop:
        raise IndexError(header)
    return start, stop


@dataclass(frozen=True)
class Slice:
    """A status, its headers and the bytes for a request with or without Range and If-Range."""

    status: int
    headers: dict[str, str]
    body: Body


def sliced(body: Body, etag: str, range_header: str, if_range: str) -> Slice:
    """What a server that knows ranges answers: 200, 206 or 416."""
    total = size(body)
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    if not range_header or (if_range and if_range != etag):
        return Slice(200, headers, body)
    try:
        span = byte_range(range_header, total)
    except IndexError:
        return Slice(416, {**headers, "Content-Range": f"bytes */{total}"}, b"")
    if span is None:
        return Slice(200, headers, body)
    start, stop = span
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{total}"
    return Slice(206, headers, Part(body, start, stop))
