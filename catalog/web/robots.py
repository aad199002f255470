"""Robots rules (RFC 9309) and X-Robots-Tag: what a site lets a harvester read and keep.

Protego reads robots.txt (wildcards, longest match, fractional Crawl-delay). 4xx means that there are no rules; 5xx, no
answer or an address that may not be called mean that the host is left alone. Rules hold for 24 hours and for one
scheme, host and port.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from catalog.web.model import HostClosed, KiB

if TYPE_CHECKING:
    from protego import Protego

AGENT: Final = "dataset-catalog"
"""The product token that a robots.txt may name us by."""
LIFE: Final = 24 * 3600.0  # seconds that rules hold
REST: Final = 300.0  # seconds until a host whose robots.txt did not come is asked again
MOST: Final = 500 * KiB  # bytes of a robots.txt that count


@dataclass(frozen=True)
class Rules:
    """What a robots.txt says: its text ("" for none), and when it was fetched (Unix time)."""

    text: str = field(default="", repr=False)
    fetched: float = 0.0

    @cached_property
    def _parsed(self) -> Protego | None:
        if not self.text.strip():
            return None
        from protego import Protego

        return Protego.parse(self.text)

    def allows(self, url: str) -> bool:
        """Whether a harvester may read this address."""
        return self._parsed is None or self._parsed.can_fetch(url, AGENT)

    @property
    def delay(self) -> float:
        """Seconds between two requests (Crawl-delay); 0.0 where nothing is asked."""
        found = self._parsed.crawl_delay(AGENT) if self._parsed is not None else None
        return max(0.0, float(found or 0.0))

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The addresses of its Sitemap lines, as they are written."""
        return tuple(dict.fromkeys(self._parsed.sitemaps)) if self._parsed is not None else ()


def parse(body: bytes, fetched: float) -> Rules:
    """The rules in a robots.txt; of a longer one, the first 500 KiB without the line that is cut."""
    start = body[:MOST]
    if len(body) > MOST:
        start = start.rpartition(b"\n")[0]
    return Rules(start.decode("utf-8-sig", "replace").replace("\x00", ""), fetched)


def keeps_out(headers: Mapping[str, str]) -> str:
    """The word by which X-Robots-Tag forbids to keep a page in an index (`noindex`, `none`), or "".

    A word after another crawler's name concerns that crawler alone.
    """
    ours = True
    for part in headers.get("x-robots-tag", "")[:2000].lower().split(","):
        agent, colon, rest = part.partition(":")
        if colon and agent.strip() not in _VALUED:
            ours = agent.strip() in (AGENT, "*")
            part = rest
        words = part.split()
        if ours and (found := next((word for word in _FORBIDS if word in words), "")):
            return found
    return ""


_FORBIDS: Final = ("noindex", "none")
_VALUED: Final = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")


class RobotsFiles:
    """The rules of every origin, each fetched once a day. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[str, Rules] = {}
        self._closed: dict[str, tuple[float, HostClosed]] = {}
        self._asking: dict[str, threading.Lock] = {}
        self._news: dict[str, Rules] = {}

    def of(self, origin: str, fetch: Callable[[str], bytes]) -> Rules:
        """The rules of `https://host`. `fetch` brings a robots.txt, b"" for none, and raises `HostClosed` where that
        cannot be told; this is remembered for five minutes, or as long as the host asked for."""
        with self._lock:
            asking = self._asking.setdefault(origin, threading.Lock())
        with asking:
            return self._known(origin) or self._asked(origin, fetch)

    def remember(self, origin: str, rules: Rules) -> None:
        """Take in rules that an earlier process fetched."""
        with self._lock:
            if origin not in self._rules or self._rules[origin].fetched < rules.fetched:
                self._rules[origin] = rules

    def news(self) -> dict[str, Rules]:
        """What was fetched since the last call, by origin."""
        with self._lock:
            found, self._news = self._news, {}
        return found

    def _known(self, origin: str) -> Rules | None:
        with self._lock:
            until, error = self._closed.get(origin, (0.0, None))
            if error is not None and time.time() < until:
                raise error
            rules = self._rules.get(origin)
        return rules if rules is not None and abs(time.time() - rules.fetched) < LIFE else None

    def _asked(self, origin: str, fetch: Callable[[str], bytes]) -> Rules:
        try:
            rules = parse(fetch(f"{origin}/robots.txt"), time.time())
        except HostClosed as error:
            with self._lock:
                self._closed[origin] = (time.time() + (error.wait or REST), error)
            raise
        with self._lock:
            self._rules[origin] = self._news[origin] = rules
        return rules
