"""What a harvest is asked for: which parts of the queue, and the leads that it starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from catalog.connector import Lead
from catalog.errors import Usage
from connectors.google import sitemaps, sites
from connectors.google.visits import PAGE, SITE, SITEMAP, host_of

LISTED: Final = "urls"
"""The scope of the addresses that users listed themselves."""
MOST_BAD: Final = 100  # lines of a file that are told as unusable
MOST_DELAY: Final = 60.0  # seconds between two requests that a user may ask for
SUFFIXES: Final = (".xml", ".xml.gz", ".txt", ".txt.gz", ".php")

Request = Mapping[str, str | int | bool | list[str]]


@dataclass(frozen=True)
class Part:
    """A part of the queue: a scope, the kind of its pages, and where it starts."""

    scope: str
    pages: str = PAGE
    start: str = ""


@dataclass
class Plan:
    """The parts that a request is about. `unusable` fills while the starts are read."""

    parts: tuple[Part, ...]
    file: Path | None = None
    urls: tuple[str, ...] = ()
    limit: int = 0
    since: str = ""
    crawl_delay: float | None = None
    unusable: list[tuple[str, str]] = field(default_factory=list)

    def starts(self) -> Iterator[Lead]:
        """The leads to begin with, a file of addresses read as it is taken."""
        for part in self.parts:
            if part.start:
                kind = SITE if urlsplit(part.start).path in ("", "/") else SITEMAP
                yield Lead(part.start, part.scope, kind, host_of(part.start))
            else:
                yield from self._listed(part)

    def _listed(self, part: Part) -> Iterator[Lead]:
        for name, text in self._texts():
            place = sitemaps.address(text)
            if place:
                yield Lead(place, part.scope, part.pages, host_of(place))
            elif len(self.unusable) < MOST_BAD:
                self.unusable.append((name, f"{text[:100]!r} is no web address."))

    def _texts(self) -> Iterator[tuple[str, str]]:
        for url in self.urls:
            yield url, url
        if self.file is not None:
            with self.file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    text = line[: 2 * sitemaps.LONGEST].decode("utf-8-sig", "replace").strip()
                    if text and not text.startswith("#"):
                        yield f"line {number} of {self.file.name}", text


def plan(request: Request) -> Plan:
    """What a request means. Raises `Usage` for one that names nothing to harvest, or names it wrongly."""
    parts = [_site(text) for text in texts(request, "site")] + [_sitemap(text) for text in texts(request, "sitemap")]
    urls, files = texts(request, "url"), texts(request, "urls")
    if urls or files:
        parts.append(Part(LISTED, f"list {_digest(urls, files)}"))
    if not parts:
        raise Usage(
            "Nothing to harvest was named.",
            "Name a publisher or an address with --site (catalog sources google lists some), pages with --sitemap, "
            "--url or --urls FILE, or ask DataCite with --datacite QUERY.",
        )
    given = str(request.get("since") or "")
    since = sitemaps.moment(given)
    if given and not since:
        raise Usage(f"{given[:40]!r} is no date.", "Write it as 2024-05-01.")
    limit = request.get("limit")
    return Plan(
        parts=tuple(dict.fromkeys(parts)),
        file=Path(files[0]) if files else None,
        urls=tuple(urls),
        limit=limit if isinstance(limit, int) else 0,
        since=since,
        crawl_delay=_delay(str(request.get("crawl_delay") or "")),
    )


def named_hosts(request: Request) -> frozenset[str]:
    """The hosts that the user wrote on the command line: for `WebSettings.allow_private_hosts`. A file of addresses
    names none, as others may have made it."""
    given = [text for name in ("site", "sitemap", "url") for text in texts(request, name) if "://" in text]
    return frozenset(host_of(place) for text in given if (place := sitemaps.address(text)))


def texts(request: Request, name: str) -> list[str]:
    """What was given under a name, as a list."""
    value = request.get(name)
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)] if value else []


def _delay(given: str) -> float | None:
    """Seconds between two requests, None for what is usual."""
    if not given:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MOST_DELAY:
        raise Usage(f"{given[:40]!r} is no crawl delay.", f"Write it in seconds, 0 to {MOST_DELAY:.0f}.")
    return seconds


def _site(text: str) -> Part:
    """A publisher of the built-in list, or a site by its address."""
    if "://" not in text and "." not in text:
        start = sites.find(text).start
        return Part(start, start=start)
    place = _address(text if "://" in text else f"https://{text}")
    path = urlsplit(place).path.lower()
    if path.endswith(SUFFIXES):
        return Part(place, start=place)
    root = sitemaps.address("/", place)
    return Part(root, start=root)


def _sitemap(text: str) -> Part:
    place = _address(text)
    return Part(place, start=place)


def _address(text: str) -> str:
    place = sitemaps.address(text)
    if not place:
        raise Usage(f"{text[:100]!r} is no web address.", "Write it as https://host/path.")
    return place


def _digest(urls: list[str], files: list[str]) -> str:
    """What tells one list from another."""
    found = hashlib.sha256("\n".join(urls).encode())
    for name in files[:1]:
        try:
            with Path(name).open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise Usage(f"{name} cannot be read ({error.strerror}).", "Name a file with one address a line.") from error
    return found.hexdigest()[:16]
