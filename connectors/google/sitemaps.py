"""Sitemaps (sitemaps.org 0.9): the addresses that a site lists, with the time of their last change. A feed (RSS 2.0,
Atom) may stand for one.

XML goes through expat itself, the parser under `xml.etree`: it streams, and it tells of a DOCTYPE before any of it is
read, which xml.etree's fast parser hides (so that defusedxml falls back to the slow one). Packed files are unpacked a
piece at a time. What is cut off, damaged or too long costs only what is beyond.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit
from xml.parsers import expat

MOST_BYTES: Final = 50 << 20  # unpacked bytes of one file
MOST_ADDRESSES: Final = 50_000  # of one file
MOST_FILES: Final = 500  # of one site
DEPTH: Final = 3  # files between the start and a page, the start included
LONGEST: Final = 2048  # characters of an address
NESTING: Final = 50  # elements within each other
STEP: Final = 1 << 16
LONGEST_TOKEN: Final = 1 << 20  # bytes of one tag, text or comment: expat reads an unfinished one again with each piece

_W3C: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,12})?)?\s?(Z|[+-]\d\d:?\d\d)?)?)?)?\Z",
    re.ASCII,
)
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_KEPT: Final = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(?::[1-9][0-9]{0,3})?/[^\s\x00-\x20\x7f-\xa0?#;\\\ud800-\udfff]*"
    r"(?:\?[^\s\x00-\x20\x7f-\xa0#\\\ud800-\udfff]+)?\Z"
)
"""An address that is kept as it came."""
_ORIGIN: Final = re.compile(r"https?://[^/?#@\\]+(?=/)")


@dataclass(frozen=True)
class Listed:
    """One address of a sitemap. `modified` is UTC ("" where it is not told), `nested` means another sitemap."""

    url: str
    modified: str = ""
    nested: bool = False


class Sitemap:
    """A sitemap file of any kind: urlset, sitemapindex, feed, or one address a line; packed or not.

    Iterate it once; what stood in the way is then in `problems`, a line each. Nothing is raised.
    """

    def __init__(self, body: bytes, url: str) -> None:
        self.problems: list[str] = []
        self._body = body
        self._url = url
        self._count = 0

    def __iter__(self) -> Iterator[Listed]:
        pieces = self._pieces()
        head = next(pieces, b"").lstrip(_BLANK)
        found = self._xml(head, pieces) if _is_xml(head) else self._lines(head, pieces)
        for each in found:
            if self._count == MOST_ADDRESSES:
                self.problems.append(f"it lists more than {MOST_ADDRESSES:,} addresses; the others are passed over")
                return
            self._count += 1
            yield each
        if not self._count and not self.problems:
            self.problems.append("it lists no address")

    def _pieces(self) -> Iterator[bytes]:
        """The unpacked body in pieces, up to its cap."""
        left = MOST_BYTES
        for piece in self._unpacked() if self._body[:2] == b"\x1f\x8b" else _steps(self._body):
            if len(piece) > left:
                self.problems.append(f"it is longer than {MOST_BYTES >> 20} MiB; the rest is passed over")
                return
            left -= len(piece)
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        inner = zlib.decompressobj(31)
        for packed in _steps(self._body):
            while packed:
                try:
                    piece = inner.decompress(packed, STEP)
                except zlib.error:
                    self.problems.append("its packed data are damaged")
                    return
                if piece:
                    yield piece
                packed = inner.unconsumed_tail
                if inner.eof:
                    packed = inner.unused_data.lstrip(b"\x00")
                    inner = zlib.decompressobj(31)
                    if not packed:
                        return
        self.problems.append("it ends in the middle of its packed data")

    def _xml(self, head: bytes, pieces: Iterator[bytes]) -> Iterator[Listed]:
        reader = _Reader()
        try:
            for piece in _before(head, pieces):
                yield from reader.feed(piece)
            yield from reader.finish()
        except _Refused as reason:
            self.problems.append(str(reason))
        except (LookupError, ValueError):
            self.problems.append("its encoding is not known")
        except expat.ExpatError as error:
            yield from reader.found
            if not self.problems:
                self.problems.append(f"it is cut off or damaged at line {error.lineno}")

    def _lines(self, head: bytes, pieces: Iterator[bytes]) -> Iterator[Listed]:
        """One address a line. A line that is cut by the end of a piece is kept for the next."""
        rest = b""
        for piece in _before(head, pieces):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > STEP:
                break
            yield from self._addresses(lines)
        yield from self._addresses([rest])

    def _addresses(self, lines: list[bytes]) -> Iterator[Listed]:
        for line in lines:
            address = line.decode("utf-8", "replace").strip()
            if address.startswith(("http://", "https://")):
                yield Listed(address[: LONGEST + 1])
            elif address and not self.problems:
                self.problems.append(f"it is no sitemap: {address[:60]!r}")


class _Refused(Exception):
    """What is no sitemap, or must not be parsed."""


@dataclass(frozen=True)
class _Kind:
    """Where a document keeps its addresses: the name of an item and how deep it stands, and the names of its fields."""

    item: str
    depth: int = 2
    url: str = "loc"
    modified: tuple[str, ...] = ("lastmod",)


_KINDS: Final = {
    "urlset": _Kind("url"),
    "sitemapindex": _Kind("sitemap"),
    "rss": _Kind("item", 3, "link", ("pubDate",)),
    "feed": _Kind("entry", 2, "link", ("modified", "published", "updated")),
}


class _Reader:
    """Collects the addresses of an XML sitemap while it is parsed."""

    def __init__(self) -> None:
        self.found: list[Listed] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._fed = 0
        self._names: list[str] = []
        self._fields: dict[str, str] = {}
        self._field = ""
        self._kind = _KINDS["urlset"]

    def feed(self, data: bytes) -> list[Listed]:
        """What is complete after so much more. Raises `_Refused`, `ExpatError`."""
        self._parser.Parse(data, False)
        self._fed += len(data)
        if self._fed - max(0, self._parser.CurrentByteIndex) > LONGEST_TOKEN + STEP:
            raise _Refused("one of its elements has no end")
        return self._taken()

    def finish(self) -> list[Listed]:
        self._parser.Parse(b"", True)
        return self._taken()

    def _taken(self) -> list[Listed]:
        taken, self.found = self.found, []
        return taken

    def _doctype(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            raise _Refused("it is a web page, no sitemap")
        raise _Refused("it has a DOCTYPE, which no sitemap has, and is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._names:
            if local not in _KINDS:
                raise _Refused(f"it is no sitemap but a document of the kind {local[:40]!r}")
            self._kind = _KINDS[local]
        if len(self._names) == NESTING:
            raise _Refused("its elements are nested too deep")
        self._names.append(local)
        kind, depth = self._kind, len(self._names)
        if depth == kind.depth:
            self._fields = {}
        self._field = local if depth == kind.depth + 1 and local in (kind.url, *kind.modified) else ""
        if self._field == kind.url and attributes.get("rel", "alternate") == "alternate":
            self._fields.setdefault(kind.url, attributes.get("href", "")[: LONGEST + 1])

    def _text(self, data: str) -> None:
        if self._field and len(known := self._fields.get(self._field, "")) <= LONGEST:
            self._fields[self._field] = known + data

    def _end(self, _: str) -> None:
        item = self._names.pop()
        self._field = ""
        kind = self._kind
        if len(self._names) + 1 == kind.depth and item == kind.item and (url := self._fields.get(kind.url, "").strip()):
            changed = max(_date(self._fields.get(name, "")) for name in kind.modified)
            self.found.append(Listed(url[: LONGEST + 1], changed, item == "sitemap"))


def moment(text: str) -> str:
    """A date of the W3C form in UTC, as exact as it came: `2024`, `2024-05`, `2024-05-01`, `2024-05-01T10:00:00Z`; ""
    for anything else."""
    match = _W3C.match(text.strip())
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        found = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        if hour is None:
            return "-".join(part for part in (year, month, day) if part)
        found = found.replace(hour=int(hour), minute=int(minute), second=min(59, int(second or 0)), tzinfo=_zone(zone))
        return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    except (ValueError, OverflowError):
        return ""


@lru_cache(maxsize=4096)
def _date(text: str) -> str:
    """A date of the W3C form, or of RFC 822 as RSS has it."""
    if found := moment(text):
        return found
    try:
        return moment(parsedate_to_datetime(text[:60]).replace(microsecond=0).isoformat())
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def address(text: str, base: str = "") -> str:
    """An http(s) address as it is kept: absolute, without fragment, host in small letters; "" for what is none."""
    if len(text) <= LONGEST and _KEPT.match(text):
        return text
    return _made(text, base)


def _made(text: str, base: str) -> str:
    """What `address` makes of a text that is not yet as it should be."""
    try:
        parts = urlsplit(urljoin(base, text.strip()) if base else text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username or any(c <= " " for c in text.strip()):
        return ""
    netloc = f"[{host}]" if ":" in host else host
    found = urlunsplit((parts.scheme, f"{netloc}:{port}" if port else netloc, parts.path or "/", parts.query, ""))
    return found if len(found) <= LONGEST else ""


def home(url: str) -> tuple[str, int | None]:
    """The host (without `www.`) and the port that an address belongs to; the web's usual ports are None."""
    origin = _ORIGIN.match(url)
    return _home(origin[0] if origin else url)


@lru_cache(maxsize=1024)
def _home(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    port = parts.port if parts.port not in (80, 443) else None
    return (parts.hostname or "").removeprefix("www."), port


def _is_xml(head: bytes) -> bool:
    return head[:1] == b"<" or head[:2] in (b"\xff\xfe", b"\xfe\xff")


def _before(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def _steps(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), STEP):
        yield data[start : start + STEP]
