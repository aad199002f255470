"""What to ask for and what an answer means when part of a file is here already: pure rules (RFC 9110, 13 to 15)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog.errors import CatalogError, Fatal, Gated, NotFound
from catalog.fetch.parts import Note
from catalog.fetch.plan import PlannedFile
from catalog.web import HttpStatus

_RANGE: Final = re.compile(r"bytes\s+(?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)\Z")
_SPAN: Final = re.compile(r"bytes=(\d{1,15})-(\d{1,15})\Z")
_TOLD_MD5: Final = re.compile(r"(?:\A|[,\s])md5=([A-Za-z0-9+/]{22}==)(?:,|\s|\Z)")
_PAGES: Final = frozenset(["", "htm", "html", "xhtml", "shtml", "mhtml", "php", "asp", "aspx", "jsp", "svg", "xml"])
_AS_THEY_ARE: Final = (".gz", ".tgz", ".bgz")  # names whose bytes some servers call "coded in gzip"


@dataclass(frozen=True)
class Span:
    """The bytes of a file that are wanted, when not all are: from `start`, `length` of them."""

    start: int
    length: int


@dataclass(frozen=True)
class Resume:
    """How an answer goes on: from byte `start` of a file of `total` bytes (None: unknown)."""

    start: int
    total: int | None


def span_of(url: str) -> Span | None:
    """The bytes that an address means (`https://host/file#bytes=100-199`), None for the whole file."""
    match = _SPAN.match(url.partition("#")[2])
    return Span(int(match[1]), int(match[2]) - int(match[1]) + 1) if match and int(match[1]) <= int(match[2]) else None


def can_go_on(size: int, note: Note | None, has_digest: bool) -> bool:
    """Whether the rest after `size` bytes could be trusted: with a validator the server itself tells whether the file
    is still the same; without one, only a digest can."""
    return bool(size) and note is not None and (bool(note.validator) or has_digest)


def range_headers(size: int, note: Note | None, has_digest: bool, span: Span | None = None) -> dict[str, str]:
    """The request headers that ask for the rest after `size` bytes, of `span` alone where there is one; where the rest
    could not be trusted, those for all of it."""
    goes_on = can_go_on(size, note, has_digest)
    if not goes_on and span is None:
        return {}
    start, last = (span.start, str(span.start + span.length - 1)) if span else (0, "")
    condition = {"If-Range": note.validator} if goes_on and note and note.validator else {}
    return {"Range": f"bytes={start + size * goes_on}-{last}", **condition}


def resume_in(status: int, headers: Mapping[str, str], asked: int, note: Note | None, span: Span) -> Resume | None:
    """As `resume_at`, for a part of a file, which comes with a 206 alone."""
    match = _RANGE.match(headers.get("content-range", ""))
    if status == 200 and asked:  # not the file that it was
        return None
    if status != 206 or match is None or match[1] is None:
        raise Fatal("The server gives no parts of files.", "Fetch the whole file.")
    etag = headers.get("etag", "")
    begins, ends = int(match[1]) == span.start + asked, int(match[2]) == span.start + span.length - 1
    if not begins or (asked and note is not None and note.etag and etag and etag != note.etag):
        return None
    if not ends:
        raise Fatal("The server has fewer bytes than the part that was asked for.", "Plan again.")
    return Resume(asked, span.length)


def resume_at(
    status: int, headers: Mapping[str, str], length: int | None, asked: int, note: Note | None
) -> Resume | None:
    """Where an answer to a request for the bytes from `asked` on begins; None where it fits nothing that we have.

    A 200 is the whole file, whatever was asked. A 206 counts only when it begins where asked and is of the same
    file by size and ETag. Raises `Fatal` for any other status.
    """
    if status == 200:
        return Resume(0, length)
    if status != 206:
        raise Fatal(f"The server answered a download with status {status}.", "Its address may be wrong: plan again.")
    match = _RANGE.match(headers.get("content-range", ""))
    if match is None or note is None or not asked or match[1] is None or int(match[1]) != asked:
        return None
    total = note.size if match[3] == "*" else int(match[3])
    if total is not None and (int(match[2]) >= total or note.size not in (None, total)):
        return None
    etag = headers.get("etag", "")
    if note.etag and etag and etag != note.etag:
        return None
    return Resume(asked, total)


def unsatisfied_total(headers: Mapping[str, str]) -> int | None:
    """The size that a 416 answer tells (`Content-Range: bytes */1000`)."""
    match = _RANGE.match(headers.get("content-range", ""))
    return int(match[3]) if match and match[1] is None and match[3] != "*" else None


def told_digest(headers: Mapping[str, str]) -> str:
    """The digest of the whole file that a storage tells with each answer (`x-goog-hash: crc32c=...,md5=...`), as
    `md5:` and hex digits; "" where it tells none, or that of a coded form."""
    match = _TOLD_MD5.search(headers.get("x-goog-hash", ""))
    coded = headers.get("x-goog-stored-content-encoding", "identity").lower() not in ("", "identity")
    return f"md5:{base64.b64decode(match[1]).hex()}" if match and not coded else ""


def comes_packed(name: str, url: str) -> bool:
    """Whether the address where a file was found in the end is that of its ZIP: `data.csv.zip` for `data.csv`."""
    try:
        last = unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        return False
    return last == f"{name.rpartition('/')[2]}.zip"


def is_web_page(kind: str, headers: Mapping[str, str], start: bytes) -> bool:
    """Whether a page for people (an error, a login) came where data of this kind was expected."""
    if kind in _PAGES or "text/html" not in headers.get("content-type", "").lower():
        return False
    return start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def looks_like_page(start: bytes) -> bool:
    """Whether bytes that are not the planned ones begin as a page for people does, whatever their server calls them."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


def is_coded(name: str, headers: Mapping[str, str]) -> bool:
    """Whether the bytes on the wire are a coded form of the file and not the file."""
    coding = headers.get("content-encoding", "").strip().lower()
    return coding not in ("", "identity") and not name.lower().endswith(_AS_THEY_ARE)


def explained(error: HttpStatus, file: PlannedFile) -> CatalogError:
    """What a refusal means to a person."""
    if error.status in (401, 403):
        return Gated(
            f"{file.name} is not given out without permission ({error.status}).",
            "Accept the terms on the dataset's page, set the source's token, and try again.",
        )
    if error.status in (404, 410):
        return NotFound(
            f"{file.name} is no longer at its address ({error.status}).",
            "Check the address, or sync the source and plan again.",
        )
    hint = error.hint or "Its address may be wrong: sync the source and plan again."
    return Fatal(f"{file.name}: {error.message}", hint)
