"""One exchange with a host, from the request to the body: turns, retries, redirects, budgets, pools.

It speaks HTTP/1.1 by connections of its own (see `connection`), since httpx's client unpacks bodies before they can be
counted and offers no way to pin the address that was judged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import httpx

from catalog.errors import Fatal, Retriable, Usage
from catalog.web import body, guard, pace
from catalog.web.model import (
    ERROR_BODY,
    BudgetSpent,
    Busy,
    HostClosed,
    HttpStatus,
    KiB,
    NoSuchHost,
    OutOfTime,
    Reply,
    Stopped,
    WebSettings,
    public_url,
    status_name,
)
from catalog.web.pools import Pools
from catalog.web.request import Answer, Request, next_hop
from catalog.web.wire import Patience, told

REDIRECTS: Final = 5
REDIRECT: Final = (301, 302, 303, 307, 308)
NAME_TRIES: Final = 3  # at most, for a host that has no address
PAGE_TRIES: Final = 3  # at most, for a page that is harvested
DRAIN: Final = 64 * KiB  # bytes of an unwanted body that are read to keep its connection
GENERAL: Final = {"user-agent": "User-Agent", "accept": "Accept", "accept-encoding": "Accept-Encoding"}
PRIVATE_HEADERS: Final = ("authorization", "cookie", "proxy-authorization")

Param = str | int | float | bool | None
Params = Mapping[str, Param | list[Param] | list[str]]
T = TypeVar("T")


class Exchange:
    """What every request of a `Web` goes through. Safe to share between threads."""

    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        self.requests = 0
        self.closed = threading.Event()
        self._pools = Pools(settings.allow_private_hosts, settings.trust_env)
        self._skipped = 0.0
        self._pace = pace.Pace(settings.max_pause, lambda: time.monotonic() + self._skipped)
        self._lock = threading.Lock()

    def close(self) -> None:
        """End every wait and every connection."""
        self.closed.set()
        self._pools.close()

    def patience(self, deadline: float | None = None, stop: threading.Event | None = None) -> Patience:
        """The time that one call may take, from now."""
        return Patience(time.monotonic() + (deadline or self.settings.deadline), stop or self.closed)

    def request(
        self, method: str, url: str, params: Params | None, headers: Mapping[str, str], token: str | None
    ) -> Request:
        """What is to be sent. Raises `Refused` for an address that may not be called, `Usage` for a bad token."""
        address = guard.parse(url)
        guard.check_url(address, self.settings.allow_private_hosts)
        if params:
            address = address.copy_merge_params({name: value for name, value in params.items() if value is not None})
        general = {"User-Agent": self.settings.user_agent, "Accept": "*/*", "Accept-Encoding": "gzip"}
        private: dict[str, str] = {}
        for name, value in headers.items():
            lower = name.lower()
            (private if lower in PRIVATE_HEADERS else general)[GENERAL.get(lower, name)] = value
        if token:
            private["Authorization"] = self._authorization(token, address)
        return Request(method, address, general, private)

    def _authorization(self, token: str, url: httpx.URL) -> str:
        value = token.strip() if " " in token.strip() else f"Bearer {token.strip()}"
        if not (value.isascii() and value.isprintable()):
            raise Usage("The token holds characters that no token has.", "Copy it again, without line ends.")
        host = guard.host_of(url)
        if url.scheme != "https" and host not in self.settings.allow_private_hosts:
            raise Usage(f"The token is not sent to {host} over plain http.", "Use its https address.")
        return value

    def turned(self, request: Request, patience: Patience, finish: Callable[[Answer], Reply]) -> Reply:
        """Ask alone at the host, and again where that may help."""

        def attempt() -> Reply:
            queued = time.monotonic()
            with self._pace.turn(request.url.host):
                patience.extend(time.monotonic() - queued)
                self._keep_distance(request, patience)
                return finish(self.open(request, patience))

        return self.retried(request, patience, attempt)

    def retried(self, request: Request, patience: Patience, attempt: Callable[[], T]) -> T:
        """Run `attempt` until it works, at most `tries` times."""
        tries = PAGE_TRIES if request.harvest else self.settings.tries
        for number in range(1, tries + 1):
            try:
                return attempt()
            except (BudgetSpent, OutOfTime, Stopped, HostClosed):
                raise
            except Retriable as error:
                asked = error.wait
                wait = pace.backoff(number) if asked is None else min(asked, self.settings.max_wait)
                if asked is not None:
                    self._pace.hold(request.url.host, wait)
                    self._check_rest(request, asked)
                if number >= min(tries, NAME_TRIES if isinstance(error, NoSuchHost) else tries):
                    raise
                self.sleep(wait, error.message, patience)
        raise AssertionError("no try was made")

    def open(self, request: Request, patience: Patience) -> Answer:
        """Send the request and follow its redirects, each judged anew, to an answer below 400."""
        url = request.url
        for _ in range(REDIRECTS + 1):
            answer = self._send(request, url, patience)
            target = answer.headers.get("location", "")
            if answer.response.status not in REDIRECT or not target or not request.follow:
                return self._accepted(answer, request)
            self.drain(answer)
            url = next_hop(url, target, self.settings.allow_private_hosts)
        raise Fatal(f"{public_url(str(request.url))} redirects more than {REDIRECTS} times.")

    def _send(self, request: Request, url: httpx.URL, patience: Patience) -> Answer:
        """One request to one address, which was judged by its text, when its host lets us."""
        pool = self._pools.find(url)
        while wait := self._pace.delay(url.host, url.path):
            self._check_rest(request, wait)
            self.sleep(wait, f"{url.host} has no request left in its window", patience)
        self._spend(url)
        with told(str(url)):
            response = pool.ask(request.method, url, request.headers_for(url), self.settings.timeout)
        self._pace.learn(url.host, url.path, response.headers)
        return Answer(response, response.headers, url)

    def _spend(self, url: httpx.URL) -> None:
        if self.settings.offline:
            raise Fatal(f"Offline mode: {url.host} was not asked.", "Unset the offline setting to use the network.")
        with self._lock:
            most = self.settings.max_requests
            if most is not None and self.requests >= most:
                counted = "1 request" if most == 1 else f"{most:,} requests"
                raise BudgetSpent(f"The budget of {counted} is spent.", "Run again to go on from here.")
            self.requests += 1

    def _accepted(self, answer: Answer, request: Request) -> Answer:
        """The answer, unless it is an error: `Retriable` with the wait it asks for, or `HttpStatus`."""
        status = answer.response.status
        if status < 400:
            return answer
        headers, shown = request.scrubbed(answer.headers), public_url(str(answer.url))
        if pace.may_cure(status, headers):
            self.drain(answer)
            wait = pace.retry_after(headers.get("retry-after", ""), time.time())
            kind = Busy if status in (429, 503) else Retriable
            raise kind(f"{shown} answered {status_name(status)}.", "Try again later.", wait)
        text = self.drain(answer)[:ERROR_BODY]
        for secret in request.private.values():
            text = text.replace(secret.rpartition(" ")[2].encode(), b"***")
        raise HttpStatus(str(answer.url), status, headers, text)

    def read(self, answer: Answer, max_bytes: int, whole: bool = True) -> Reply:
        """The reply, whole or only its start; the connection goes back to its pool."""
        read = body.read if whole else body.start
        url = str(answer.url)
        coding = answer.headers.get("content-encoding", "") if answer.response.status != 304 else ""
        try:
            with told(url):
                content = read(answer.response.pieces, coding, max_bytes, url)
        finally:
            self.drop(answer)
        return Reply(
            url=url,
            status=answer.response.status,
            headers=answer.headers,
            body=content,
            links=body.links(answer.headers, url),
            location=body.absolute(url, answer.headers["location"]) if "location" in answer.headers else "",
        )

    def drain(self, answer: Answer) -> bytes:
        """The start of a body that nobody wants; read to its end where that is near, to keep the connection."""
        parts: list[bytes] = []
        try:
            with told(str(answer.url)):
                for chunk in answer.response.pieces:
                    parts.append(chunk)
                    if sum(map(len, parts)) > DRAIN:
                        break
        except (OutOfTime, Stopped):
            raise
        except Retriable:
            pass
        finally:
            self.drop(answer)
        return b"".join(parts)

    def drop(self, answer: Answer) -> None:
        with told(str(answer.url)):
            answer.response.close()

    def _keep_distance(self, request: Request, patience: Patience) -> None:
        """Wait until the host has had its rest from crawlers."""
        if request.harvest and (wait := self._pace.gap(request.url.host, request.delay)):
            self._check_rest(request, wait)
            self.sleep(wait, "", patience)

    def _check_rest(self, request: Request, wait: float) -> None:
        """Raise `HostClosed` for a wait that is too long for a harvest."""
        if request.harvest and wait > self.settings.max_rest:
            until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(time.time() + wait, 1e11)))
            host = request.url.host
            raise HostClosed(host, f"{host} asks to be left alone until {until}.", "Try again then.", wait)

    def sleep(self, seconds: float, reason: str, patience: Patience) -> None:
        """Wait; the time does not count against the deadline."""
        if seconds <= 0:
            return
        if reason:
            self.settings.on_wait(seconds, reason)
        started = time.monotonic()
        if self.settings.sleep is not None:
            self.settings.sleep(seconds)
            with self._lock:
                self._skipped += max(0.0, started + seconds - time.monotonic())
        elif patience.stop.wait(seconds):
            raise Stopped("The wait was ended.", "What came is kept.")
        patience.extend(time.monotonic() - started)
