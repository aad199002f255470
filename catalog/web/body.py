"""Reading a body whole, within its caps.

httpx unpacks a coded body before its size can be seen (1.8 kB of doubly packed gzip become a gigabyte), so the bytes
are counted raw, unpacked here with a limit, and counted again.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urljoin

from catalog.errors import Fatal, Retriable
from catalog.web.model import KiB, public_url

MAX_RATIO: Final = 200  # unpacked bytes for each raw one
FREE: Final = 64 * KiB  # unpacked bytes before the ratio counts
STEP: Final = 256 * KiB
MAX_LINKS: Final = 20
_LINK: Final = re.compile(r'<([^<>]{0,8000})>((?:\s*;\s*[a-zA-Z*]{1,30}\s*=\s*(?:"[^"]{0,1000}"|[^\s",;]{0,1000}))*)')
_REL: Final = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


def read(chunks: Iterable[bytes], coding: str, max_bytes: int, url: str) -> bytes:
    """The unpacked body. Raises `Fatal` beyond `max_bytes` (raw or unpacked), beyond the ratio, or for a coding that
    was not asked for, and `Retriable` for a packed body that ends early or is damaged."""
    unpack = _unpacker(coding, max_bytes, url)
    parts: list[bytes] = []
    raw = 0
    for chunk in chunks:
        raw += len(chunk)
        if raw > max_bytes:
            raise _too_large(max_bytes, url)
        parts.extend(unpack.feed(chunk))
    unpack.finish()
    return b"".join(parts)


def start(chunks: Iterable[bytes], coding: str, max_bytes: int, url: str) -> bytes:
    """The first `max_bytes` of the unpacked body, and a little more where it is longer. Raises as `read` does."""
    unpack = _unpacker(coding, max_bytes + STEP, url)
    found = b""
    for chunk in chunks:
        for part in unpack.feed(chunk):
            found += part
            if len(found) > max_bytes:
                return found
    unpack.finish()
    return found


class _Plain:
    """No coding: the bytes as they are."""

    def feed(self, chunk: bytes) -> list[bytes]:
        return [chunk]

    def finish(self) -> None:
        """Nothing to check."""


class _Zip:
    """gzip (any number of members) or deflate (with the zlib frame, or without it as some servers send)."""

    def __init__(self, gzip: bool, max_bytes: int, url: str) -> None:
        self._gzip = gzip
        self._max = max_bytes
        self._url = url
        self._raw = self._out = 0
        self._inner: Any = None
        self._member_open = False

    def feed(self, chunk: bytes) -> list[bytes]:
        self._raw += len(chunk)
        parts: list[bytes] = []
        while chunk:
            if self._inner is None:
                self._inner = zlib.decompressobj(self._wbits(chunk))
                self._member_open = True
            try:
                part = self._inner.decompress(chunk, STEP)
            except zlib.error:
                raise Retriable(f"{public_url(self._url)} sent a damaged {self._name} body.") from None
            self._count(len(part))
            parts.append(part)
            chunk = self._inner.unconsumed_tail
            if self._inner.eof:
                chunk = self._inner.unused_data if self._gzip else b""
                self._inner, self._member_open = None, False
        return parts

    def finish(self) -> None:
        if self._member_open:
            raise Retriable(f"{public_url(self._url)} ended in the middle of its {self._name} body.")

    @property
    def _name(self) -> str:
        return "gzip" if self._gzip else "deflate"

    def _wbits(self, chunk: bytes) -> int:
        if self._gzip:
            return 31
        return 15 if chunk[0] & 0x0F == 8 else -15

    def _count(self, fresh: int) -> None:
        self._out += fresh
        if self._out > self._max:
            raise _too_large(self._max, self._url)
        if self._out > FREE + MAX_RATIO * self._raw:
            raise Fatal(f"{public_url(self._url)} sent a body that unpacks to more than {MAX_RATIO} times its size.")


def _unpacker(coding: str, max_bytes: int, url: str) -> _Plain | _Zip:
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return _Plain()
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Zip(coding != "deflate", max_bytes, url)
    raise Fatal(f"{public_url(url)} sent the coding {coding[:40]!r}, which was not asked for.")


def _too_large(max_bytes: int, url: str) -> Fatal:
    return Fatal(f"{public_url(url)} sent more than the {max_bytes:,} bytes that are allowed for it.")


def parse_json(body: bytes, url: str) -> object:
    """The JSON value of a body. One absurd number or broken letter costs itself (it becomes infinite, or the
    replacement character), not the page.

    Raises `Retriable` for what is no JSON (cut off, or a web page in its place), `Fatal` for nesting without end.
    """
    try:
        try:
            return json.loads(body)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return json.loads(body.decode("utf-8", "replace"), parse_int=_whole)
    except json.JSONDecodeError:
        kind = "a web page" if body.lstrip()[:1] == b"<" else "unreadable or unfinished JSON"
        raise Retriable(f"{public_url(url)} sent {kind} where JSON was expected.", "Try again later.") from None
    except RecursionError:
        raise Fatal(f"{public_url(url)} sent JSON that is nested too deep to read.") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 400 else float("inf")


def links(headers: Mapping[str, str], url: str) -> dict[str, str]:
    """The Link header (RFC 8288) as absolute addresses by relation; the first of each relation stands."""
    found: dict[str, str] = {}
    for match in list(_LINK.finditer(headers.get("link", "")[:20_000]))[:MAX_LINKS]:
        relation = _REL.search(match[2])
        for name in (relation[1] or relation[2] or "").lower().split() if relation else ():
            found.setdefault(name, absolute(url, match[1]))
    return {name: target for name, target in found.items() if target}


def absolute(url: str, target: str) -> str:
    """`target` as seen from `url`; "" where it cannot be read."""
    try:
        return urljoin(url, target.strip())
    except ValueError:
        return ""
