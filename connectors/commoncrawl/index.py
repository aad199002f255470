"""The index of a snapshot: which pages of a site it holds, and where in its files each stands (CDX server API)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from catalog.errors import Fatal, NotFound, Retriable, Usage
from catalog.web import HttpStatus, MiB, Web
from connectors.commoncrawl import settings
from connectors.commoncrawl.languages import three_letters

MAX_PAGE: Final = 64 * MiB
MAX_CAPTURES: Final = 100_000
MAX_RECORD: Final = 64 * MiB  # bytes of one packed page
FILE: Final = re.compile(r"crawl-data/(?!.*\.\.)[A-Za-z0-9._/-]{1,300}/warc/[A-Za-z0-9._-]{1,200}\.warc\.gz\Z")
_SITE: Final = re.compile(r"(?:\*\.)?((?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9-]{2,63})(/[^\s#]{0,500})?\Z")
_TEXT: Final = ("text/html", "application/xhtml+xml", "text/plain")


@dataclass(frozen=True)
class Capture:
    """One page as it was visited: `file` is the path of its WARC file, `offset` and `length` are the bytes in it."""

    url: str
    timestamp: str
    file: str
    offset: int
    length: int


def site_of(text: str) -> tuple[str, str]:
    """(host, path) of what `--site` names: a domain, or an address below which pages are meant. Raises `Usage`."""
    plain = re.sub(r"\Ahttps?://", "", text.strip(), flags=re.IGNORECASE)
    host, slash, path = plain.partition("/")
    try:
        host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        host = ""
    match = _SITE.match(f"{host}{slash}{path}")
    if match is None:
        raise Usage(f"--site {text[:60]!r} is no domain or address.", "Say it as: --site example.org")
    return match[1], "" if match[2] in (None, "/") else match[2]


def captures(web: Web, snapshot: str, site: str, lang: str, limit: int | None) -> Iterator[Capture]:
    """The pages of a site, each content once, in the order of their addresses; at most `limit`.

    Raises `NotFound` where the snapshot has none or is none, `Retriable` where the index does not answer.
    """
    host, path = site_of(site)
    language = three_letters(lang) if lang else ""
    asked = {"url": f"{host}{path}", "matchType": "prefix" if path else "domain", "output": "json"}
    asked["filter"] = "=status:200"
    seen: set[str] = set()
    most = min(limit or MAX_CAPTURES, MAX_CAPTURES)
    for number in range(_pages(web, snapshot, asked, site)):
        for row in _rows(web, snapshot, {**asked, "page": str(number)}, site):
            capture = _capture(row, language)
            mark = str(row.get("digest") or row.get("url"))
            if capture is None or mark in seen:
                continue
            seen.add(mark)
            yield capture
            if len(seen) >= most:
                return


def _pages(web: Web, snapshot: str, asked: dict[str, str], site: str) -> int:
    body = _ask(web, snapshot, {**asked, "showNumPages": "true"}, site)
    try:
        found = json.loads(body)
        count = found.get("pages") if isinstance(found, dict) else found
        return max(1, min(int(count), 10_000)) if count else 0
    except (ValueError, TypeError, RecursionError):
        raise Fatal("Common Crawl's index sent something else than a number of pages.", _INSTEAD) from None


def _rows(web: Web, snapshot: str, asked: dict[str, str], site: str) -> Iterator[dict[str, Any]]:
    for line in _ask(web, snapshot, asked, site).splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _ask(web: Web, snapshot: str, asked: dict[str, str], site: str) -> bytes:
    try:
        return web.get_bytes(f"{settings.index()}/{snapshot}-index", params=asked, max_bytes=MAX_PAGE).body
    except HttpStatus as error:
        if error.status == 404:
            hint = "Try another with --snapshot; those that are known: catalog sources commoncrawl"
            raise NotFound(f"{snapshot} holds no page of {site[:80]}.", hint) from error
        raise (settings.explained(error) or error) from None
    except Retriable as error:
        raise Retriable(f"Common Crawl's index does not answer: {error.message}", _INSTEAD, error.wait) from error


_INSTEAD: Final = "It is one small server: try again later, or fetch files with --limit instead of --site."


def _capture(row: dict[str, Any], language: str) -> Capture | None:
    """The page of a row, None where it is none that can be read or is in another language."""
    texts = {name: row.get(name) for name in ("url", "timestamp", "filename", "offset", "length", "status")}
    texts = {name: str(value) if isinstance(value, (str, int)) else "" for name, value in texts.items()}
    kind = str(row.get("mime-detected") or row.get("mime") or "").lower()
    if texts["status"] not in ("200", "") or kind not in _TEXT or not FILE.match(texts["filename"] or ""):
        return None
    if language and language not in str(row.get("languages") or "").lower().split(","):
        return None
    numbers = [texts["offset"] or "", texts["length"] or ""]
    if not all(number.isascii() and number.isdigit() and len(number) < 15 for number in numbers):
        return None
    offset, length = map(int, numbers)
    url = texts["url"] or ""
    if not 0 < length <= MAX_RECORD or not urlsplit_host(url):
        return None
    timestamp = re.sub(r"\D", "", texts["timestamp"] or "")[:14]
    return Capture(url, timestamp, str(texts["filename"]), offset, length)


def urlsplit_host(url: str) -> str:
    """The host of an address, "" where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
