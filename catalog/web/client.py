"""The web client: every request of the catalog goes through `Web`.

It speaks HTTP/1.1 by httpcore, the engine of httpx, since httpx's own client unpacks bodies before they can be
counted and offers no way to pin the address that was judged.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Final, TypeVar

import httpcore
import httpx

from catalog.errors import Fatal, Retriable, Usage
from catalog.web import body, guard, pace
from catalog.web.model import (
    ERROR_BODY,
    BudgetSpent,
    HttpStatus,
    KiB,
    MiB,
    NoSuchHost,
    OutOfTime,
    Refused,
    Reply,
    Stopped,
    WebSettings,
    public_url,
    status_name,
)
from catalog.web.pools import Pools
from catalog.web.stream import Stream
from catalog.web.wire import Patience, header_map, patiently, told

REDIRECTS: Final = 5
NAME_TRIES: Final = 3  # at most, for a host that has no address
DRAIN: Final = 64 * KiB  # bytes of an unwanted body that are read to keep its connection
PRIVATE_HEADERS: Final = ("authorization", "cookie", "proxy-authorization")
JSON_LIMIT: Final = 32 * MiB

Param = str | int | float | bool | None
Params = Mapping[str, Param | list[Param] | list[str]]
T = TypeVar("T")


@dataclass(frozen=True)
class _Answer:
    """An open response, its headers, and the address it came from."""

    response: httpcore.Response
    headers: dict[str, str]
    url: httpx.URL


@dataclass(frozen=True)
class _Request:
    """What is asked for. `private` headers go to the origin of `url` alone."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    private: Mapping[str, str]
    follow: bool = True

    def __repr__(self) -> str:
        return f"{self.method} {public_url(str(self.url))}"

    def headers_for(self, url: httpx.URL) -> list[tuple[bytes, bytes]]:
        chosen = {"Host": url.netloc.decode("ascii"), **self.headers}
        if _origin(url) == _origin(self.url):
            chosen.update(self.private)
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in chosen.items()]


class Web:
    """The only way to the network. Safe to share between threads; a context manager.

    Every method raises `Refused` for an address that may not be called, `HttpStatus` for an answer of 400 and above
    that another try cannot cure, `Retriable` where the tries are used up, `BudgetSpent`, and `Fatal` when offline, for
    an untrusted certificate or an answer beyond its caps. A `token` ("..." for Bearer, or with its scheme, "Basic
    ...") goes to the origin of `url` alone and appears in no message.
    """

    def __init__(self, settings: WebSettings | None = None) -> None:
        settings = settings or WebSettings()
        named = frozenset(host.lower().strip("[]") for host in settings.allow_private_hosts)
        self.settings = replace(settings, user_agent=settings.user_agent or _user_agent(), allow_private_hosts=named)
        self.requests = 0
        self._pools = Pools(named, settings.trust_env)
        self._skipped = 0.0
        self._pace = pace.Pace(settings.max_pause, lambda: time.monotonic() + self._skipped)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every wait and every connection."""
        self._closed.set()
        self._pools.close()

    def get_json(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        max_bytes: int = JSON_LIMIT,
        deadline: float | None = None,
    ) -> Reply:
        """The JSON at `url` as `Reply.value`; redirects followed. JSON that is cut off or no JSON is tried again."""
        headers = {"Accept": "application/json", **(headers or {})}
        request = self._request("GET", url, params, headers, token)
        return self._exchange(request, max_bytes, deadline, _with_json)

    def get_bytes(
        self,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        max_bytes: int = JSON_LIMIT,
        deadline: float | None = None,
    ) -> Reply:
        """The whole body at `url` as `Reply.body`, unpacked; redirects followed."""
        request = self._request("GET", url, params, headers or {}, token)
        return self._exchange(request, max_bytes, deadline, lambda reply: reply)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None, token: str | None = None) -> Reply:
        """The status and headers at `url`; a redirect is not followed but told in `Reply.location`."""
        request = self._request("HEAD", url, None, {"Accept-Encoding": "identity", **(headers or {})}, token)
        return self._exchange(replace(request, follow=False), MiB, None, lambda reply: reply)

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Stream]:
        """Open a download; redirects followed. Opening is retried, the body is not. `stop` ends it from outside."""
        request = self._request("GET", url, None, {"Accept-Encoding": "identity", **(headers or {})}, token)
        stop = stop or self._closed
        patience = Patience(time.monotonic() + self.settings.deadline, stop)
        with patiently(patience):
            answer = self._retried(request, patience, lambda: self._open(request, patience))
        try:
            yield Stream(answer.response, str(answer.url), self.settings, stop)
        finally:
            self._drop(answer)

    def pause(self, attempt: int, reason: str, stop: threading.Event | None = None) -> None:
        """Wait before try `attempt` + 1 of something that is tried again outside, as the client waits for its own."""
        self._sleep(pace.backoff(attempt), reason, Patience(None, stop or self._closed))

    def _request(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], token: str | None
    ) -> _Request:
        address = guard.parse(url)
        guard.check_url(address, self.settings.allow_private_hosts)
        if params:
            address = address.copy_merge_params({name: value for name, value in params.items() if value is not None})
        general = {"User-Agent": self.settings.user_agent, "Accept": "*/*", "Accept-Encoding": "gzip"}
        private: dict[str, str] = {}
        for name, value in headers.items():
            known = next((other for other in general if other.lower() == name.lower()), name)
            (private if name.lower() in PRIVATE_HEADERS else general)[known] = value
        if token:
            private["Authorization"] = self._authorization(token, address)
        return _Request(method, address, general, private)

    def _authorization(self, token: str, url: httpx.URL) -> str:
        value = token.strip() if " " in token.strip() else f"Bearer {token.strip()}"
        if not (value.isascii() and value.isprintable()):
            raise Usage("The token holds characters that no token has.", "Copy it again, without line ends.")
        host = guard.host_of(url)
        if url.scheme != "https" and host not in self.settings.allow_private_hosts:
            raise Usage(f"The token is not sent to {host} over plain http.", "Use its https address.")
        return value

    def _exchange(
        self, request: _Request, max_bytes: int, deadline: float | None, finish: Callable[[Reply], Reply]
    ) -> Reply:
        """One call of an API: alone at its host, retried, read whole."""
        patience = Patience(time.monotonic() + (deadline or self.settings.deadline), self._closed)

        def attempt() -> Reply:
            queued = time.monotonic()
            with self._pace.turn(request.url.host):
                patience.extend(time.monotonic() - queued)
                return finish(self._read(self._open(request, patience), max_bytes))

        with patiently(patience):
            return self._retried(request, patience, attempt)

    def _retried(self, request: _Request, patience: Patience, attempt: Callable[[], T]) -> T:
        """Run `attempt` until it works, at most `tries` times."""
        for number in range(1, self.settings.tries + 1):
            try:
                return attempt()
            except (BudgetSpent, OutOfTime, Stopped):
                raise
            except Retriable as error:
                if number >= (NAME_TRIES if isinstance(error, NoSuchHost) else self.settings.tries):
                    raise
                asked = error.wait
                wait = pace.backoff(number) if asked is None else min(asked, self.settings.max_wait)
                if asked is not None:
                    self._pace.hold(request.url.host, wait)
                self._sleep(wait, error.message, patience)
        raise AssertionError("no try was made")

    def _open(self, request: _Request, patience: Patience) -> _Answer:
        """Send the request and follow its redirects, each judged anew, to an answer below 400."""
        url = request.url
        for _ in range(REDIRECTS + 1):
            answer = self._send(request, url, patience)
            target = answer.headers.get("location", "")
            if answer.response.status not in (301, 302, 303, 307, 308) or not target or not request.follow:
                return self._accepted(answer, request)
            self._drain(answer)
            url = _next_hop(url, target)
        raise Fatal(f"{public_url(str(request.url))} redirects more than {REDIRECTS} times.")

    def _send(self, request: _Request, url: httpx.URL, patience: Patience) -> _Answer:
        """One request to one address, when its host lets us."""
        guard.check_url(url, self.settings.allow_private_hosts)
        pool = self._pools.find(url)
        while wait := self._pace.delay(url.host, url.path):
            self._sleep(wait, f"{url.host} has no request left in its window", patience)
        self._spend(url)
        silence = self.settings.timeout
        message = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers_for(url),
            extensions={"timeout": {"connect": silence, "read": silence, "write": silence, "pool": None}},
        )
        with told(str(url)):
            response = pool.handle_request(message)
        headers = header_map(response)
        self._pace.learn(url.host, url.path, headers)
        return _Answer(response, headers, url)

    def _spend(self, url: httpx.URL) -> None:
        if self.settings.offline:
            raise Fatal(f"Offline mode: {url.host} was not asked.", "Unset the offline setting to use the network.")
        with self._lock:
            if self.settings.max_requests is not None and self.requests >= self.settings.max_requests:
                raise BudgetSpent(
                    f"The budget of {self.settings.max_requests:,} requests is spent.", "Run again to go on from here."
                )
            self.requests += 1

    def _accepted(self, answer: _Answer, request: _Request) -> _Answer:
        """The answer, unless it is an error: `Retriable` with the wait it asks for, or `HttpStatus`."""
        status = answer.response.status
        if status < 400:
            return answer
        headers, shown = _scrubbed(answer.headers, request), public_url(str(answer.url))
        if pace.may_cure(status, headers):
            self._drain(answer)
            wait = pace.retry_after(headers.get("retry-after", ""), time.time())
            raise Retriable(f"{shown} answered {status_name(status)}.", "Try again later.", wait)
        text = self._drain(answer)[:ERROR_BODY]
        for secret in request.private.values():
            text = text.replace(secret.rpartition(" ")[2].encode(), b"***")
        raise HttpStatus(str(answer.url), status, headers, text)

    def _read(self, answer: _Answer, max_bytes: int) -> Reply:
        """The whole reply; the connection goes back to its pool."""
        url = str(answer.url)
        coding = answer.headers.get("content-encoding", "") if answer.response.status != 304 else ""
        try:
            with told(url):
                content = body.read(answer.response.iter_stream(), coding, max_bytes, url)
        finally:
            self._drop(answer)
        return Reply(
            url=url,
            status=answer.response.status,
            headers=answer.headers,
            body=content,
            links=body.links(answer.headers, url),
            location=body.absolute(url, answer.headers["location"]) if "location" in answer.headers else "",
        )

    def _drain(self, answer: _Answer) -> bytes:
        """The start of a body that nobody wants; read to its end where that is near, to keep the connection."""
        parts: list[bytes] = []
        try:
            with told(str(answer.url)):
                for chunk in answer.response.iter_stream():
                    parts.append(chunk)
                    if sum(map(len, parts)) > DRAIN:
                        break
        except (OutOfTime, Stopped):
            raise
        except Retriable:
            pass
        finally:
            self._drop(answer)
        return b"".join(parts)

    def _drop(self, answer: _Answer) -> None:
        with told(str(answer.url)):
            answer.response.close()

    def _sleep(self, seconds: float, reason: str, patience: Patience) -> None:
        """Wait; the time does not count against the deadline."""
        if seconds <= 0:
            return
        self.settings.on_wait(seconds, reason)
        started = time.monotonic()
        if self.settings.sleep is not None:
            self.settings.sleep(seconds)
            self._skipped += max(0.0, started + seconds - time.monotonic())
        elif patience.stop.wait(seconds):
            raise Stopped("The wait was ended.", "What came is kept.")
        patience.extend(time.monotonic() - started)


def _with_json(reply: Reply) -> Reply:
    return replace(reply, value=body.parse_json(reply.body, reply.url))


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or {"https": 443}.get(url.scheme, 80)


def _next_hop(url: httpx.URL, target: str) -> httpx.URL:
    found = guard.parse(body.absolute(str(url), target))
    if url.scheme == "https" and found.scheme == "http":
        raise Refused(f"{public_url(str(url))} redirects from https to plain http.", "Ask for the http address itself.")
    return found


def _scrubbed(headers: Mapping[str, str], request: _Request) -> dict[str, str]:
    """Headers without cookies and without an echo of what we sent in private."""
    kept = {name: value for name, value in headers.items() if name != "set-cookie"}
    for secret in request.private.values():
        kept = {name: value.replace(secret.rpartition(" ")[2], "***") for name, value in kept.items()}
    return kept


def _user_agent() -> str:
    try:
        return f"dataset-catalog/{version('dataset-catalog')}"
    except PackageNotFoundError:
        return "dataset-catalog"
