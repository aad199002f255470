"""One request on its way, and what comes back before its body is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx

from catalog.web import body, guard
from catalog.web.connection import Received
from catalog.web.model import Refused, public_url


@dataclass(frozen=True)
class Answer:
    """An open response, its headers, and the address it came from."""

    response: Received
    headers: Mapping[str, str]
    url: httpx.URL


@dataclass(frozen=True)
class Request:
    """What is asked for. `private` headers go to the origin of `url` alone.

    A `harvest` is a page that a crawler reads: it keeps the host's distance and takes no long waits (`delay` is the
    least time since the last answer, in seconds).
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    private: Mapping[str, str]
    follow: bool = True
    harvest: bool = False
    delay: float = 0.0

    def __repr__(self) -> str:
        return f"{self.method} {public_url(str(self.url))}"

    def headers_for(self, url: httpx.URL) -> list[tuple[bytes, bytes]]:
        """The headers as they go to `url`."""
        chosen = {"Host": url.netloc.decode("ascii"), **self.headers}
        if self.private and origin(url) == origin(self.url):
            chosen.update(self.private)
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in chosen.items()]

    def scrubbed(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers without cookies and without an echo of what was sent in private."""
        kept = {name: value for name, value in headers.items() if name != "set-cookie"}
        for secret in self.private.values():
            kept = {name: value.replace(secret.rpartition(" ")[2], "***") for name, value in kept.items()}
        return kept


def origin(url: httpx.URL) -> tuple[str, bytes, int]:
    """Scheme, host and port: what a token is bound to."""
    return url.scheme, url.raw_host, url.port or {"https": 443}.get(url.scheme, 80)


def root(url: httpx.URL) -> str:
    """The origin as text, `https://host` or with its port where that is not the usual one."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def next_hop(url: httpx.URL, target: str, named: frozenset[str]) -> httpx.URL:
    """Where a redirect leads. Raises `Refused` for what may not be called by its text, or leaves https."""
    found = guard.parse(body.absolute(str(url), target))
    guard.check_url(found, named)
    if url.scheme == "https" and found.scheme == "http":
        raise Refused(f"{public_url(str(url))} redirects from https to plain http.", "Ask for the http address itself.")
    return found


def user_agent() -> str:
    """What we call ourselves."""
    try:
        return f"dataset-catalog/{version('dataset-catalog')}"
    except PackageNotFoundError:
        return "dataset-catalog"
