"""What goes into the web client and what comes out: settings, replies and the errors of an exchange."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

from catalog.errors import CatalogError, Fatal, Retriable

KiB: Final = 1 << 10
MiB: Final = 1 << 20
ERROR_BODY: Final = 4 * KiB  # bytes of an error's body that are kept for the connector to read


def _quiet(seconds: float, reason: str) -> None:
    """Waits in silence."""


@dataclass(frozen=True)
class WebSettings:
    """How the client behaves. Times in seconds.

    `timeout` is the longest silence of the other side, `deadline` the most time one call may spend in the network (its
    tries together; waits that the other side asked for do not count), `slow_after` the span over which a download must
    keep 1 KiB a second. `max_wait` caps what a Retry-After may ask for, `max_pause` what a spent quota may; a longer
    one ends the call. A harvest of pages waits `max_rest` at most and keeps `crawl_delay` between two requests to a
    host; less than a second is for the hosts that the user named. `max_requests` is a budget over the life of the
    client. `allow_private_hosts` are hosts that the user named: these alone may have a private address, another port
    than 80 and 443, or get a token over plain http. `sleep` None waits so that `close` ends the wait; what a given one
    does is taken to have lasted as long as asked.
    """

    user_agent: str = ""
    timeout: float = 15.0
    deadline: float = 30.0
    slow_after: float = 30.0
    tries: int = 5
    max_wait: float = 120.0
    max_pause: float = 900.0
    max_rest: float = 60.0
    crawl_delay: float = 1.0
    max_requests: int | None = None
    offline: bool = False
    allow_private_hosts: frozenset[str] = frozenset()
    trust_env: bool = True
    sleep: Callable[[float], None] | None = None
    on_wait: Callable[[float, str], None] = _quiet


@dataclass(frozen=True)
class Reply:
    """A whole answer. Header names are lower-case; `url` is where it came from in the end, redirects followed.

    `value` is the parsed JSON of `get_json`, `links` the addresses of the Link header by their relation (absolute),
    `location` the absolute address that a redirect points to, which only `head` leaves unfollowed.
    """

    url: str = field(repr=False)
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    value: object = field(default=None, repr=False)
    links: Mapping[str, str] = field(default_factory=dict, repr=False)
    location: str = field(default="", repr=False)


class HttpStatus(CatalogError):
    """The other side answered with an error that another try cannot cure.

    `status`, `headers` (lower-case names) and `body` (its first 4 KiB) let a connector say what it means; `url` is
    without its query, which may hold a signature.
    """

    def __init__(self, url: str, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        super().__init__(f"{public_url(url)} answered {status_name(status)}.", _HINTS.get(status, ""))
        self.url = public_url(url)
        self.status = status
        self.headers = headers
        self.body = body[:ERROR_BODY]
        self.exit_code = {401: 4, 403: 4, 404: 3, 410: 3, 451: 4}.get(status, 1)


class Refused(Fatal):
    """An address that we do not call: not http(s), not public, or another port than the web's."""


class Untrusted(Fatal):
    """The certificate of the other side cannot be verified."""


class Disallowed(Fatal):
    """A page that a crawler may not read or keep: by robots.txt, X-Robots-Tag, or because it is no text."""


class HostClosed(Retriable):
    """A host that is left alone for now: it asks for a longer pause than a harvest waits, or its robots.txt does not
    come. `host` is which one, as a redirect may have led to it; `wait` says how long, where that is known."""

    def __init__(self, host: str, message: str, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint, wait)
        self.host = host


class BudgetSpent(Retriable):
    """The number of requests that the user allowed is used up."""


class OutOfTime(Retriable):
    """The deadline of the whole exchange has passed, it came slower than the least rate, or the host asks for a longer
    pause than we take (`wait` says how long)."""


class Busy(Retriable):
    """A host that asks to be asked less (429, 503), after all tries."""


class NoSuchHost(Retriable):
    """The host's name has no address: it is misspelt, or the network is down."""


class Stopped(Retriable):
    """The caller ended the exchange."""


_HINTS: Final = {
    401: "It wants a login: set the source's token and try again.",
    403: "Your account may lack the right to it, or its terms were not accepted.",
    404: "Check the name, or whether it was moved or withdrawn.",
    410: "It was withdrawn.",
    451: "It is withheld for legal reasons.",
}


_BYTES: Final = re.compile(r"bytes=\d{1,15}-\d{1,15}")
_SECRET: Final = re.compile(
    r"sig|token|key|secret|auth|expire|credential|password|passwd|session|policy|\Ax-|\Ase\Z|\Ask\Z", re.IGNORECASE
)


def status_name(status: int) -> str:
    """`404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def public_url(url: str, limit: int = 300) -> str:
    """An address fit for messages and files: no user, no query, no fragment, at most `limit` characters."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an unreadable address"
    return f"{parts.scheme}://{host}{parts.path}"[:limit]


def stored_url(url: str) -> str:
    """An address fit for a receipt: with its query, but signatures, keys and other long or secret values masked; of a
    fragment only the bytes that it names (`#bytes=0-99`) are kept."""
    try:
        query, fragment = urlsplit(url)[3:5]
    except ValueError:
        return public_url(url)
    shown = [_masked(part) for part in query.split("&") if part]
    span = f"#{fragment}" if _BYTES.fullmatch(fragment) else ""
    return public_url(url, 4000) + ("?" + "&".join(shown) if shown else "") + span


def _masked(part: str) -> str:
    name, _, value = part.partition("=")
    secret = _SECRET.search(unquote_plus(name)) or len(value) > 100
    return f"{quote(unquote_plus(name))}=***" if secret else part
