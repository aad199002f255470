"""The web client: every request of the catalog goes through `Web`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from catalog.web import body, pace
from catalog.web.crawl import PAGE_LIMIT, PAGE_TYPES, Crawler
from catalog.web.exchange import Exchange, Params
from catalog.web.model import MiB, Reply, WebSettings
from catalog.web.request import Request, user_agent
from catalog.web.robots import RobotsFiles, Rules
from catalog.web.stream import Stream
from catalog.web.wire import Patience, patiently

JSON_LIMIT: Final = 32 * MiB


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
        self.settings = replace(settings, user_agent=settings.user_agent or user_agent(), allow_private_hosts=named)
        self._exchange = Exchange(self.settings)
        self._crawler = Crawler(self._exchange)
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every wait and every connection."""
        self._exchange.close()

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._exchange.requests

    @property
    def robots(self) -> RobotsFiles:
        """The robots rules that are known."""
        return self._crawler.robots

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
        request = self._exchange.request("GET", url, params, headers, token)
        return self._whole(request, max_bytes, deadline, _with_json)

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
        request = self._exchange.request("GET", url, params, headers or {}, token)
        return self._whole(request, max_bytes, deadline, lambda reply: reply)

    def get_page(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        max_bytes: int = PAGE_LIMIT,
        deadline: float | None = None,
        to_keep: bool = True,
        crawl_delay: float | None = None,
        stop: threading.Event | None = None,
    ) -> Reply:
        """A page as a crawler may read it: one request a host at once, at its distance, by its robots.txt (RFC 9309),
        which every hop of a redirect is asked for anew.

        With `etag` or `last_modified` of an earlier visit the status may be 304, without a body. `to_keep` says that
        what it tells will be kept: X-Robots-Tag counts, and only text is read. `crawl_delay` stands for that of the
        settings. No token is ever sent. `stop` ends it from outside.

        Raises `Disallowed` for what may not be read or kept, `HostClosed` for a host that is to be left alone for
        longer than `max_rest` or whose robots.txt does not come, and what every method raises; a passing fault is
        tried three times at most.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {"Accept": PAGE_TYPES, **{name: value for name, value in conditions.items() if value}}
        request = self._exchange.request("GET", url, None, headers, None)
        patience = self._exchange.patience(deadline, stop)
        with patiently(patience):
            return self._crawler.page(request, patience, max_bytes, to_keep, crawl_delay)

    def robots_of(self, url: str, stop: threading.Event | None = None) -> Rules:
        """The robots rules for this address. Raises `HostClosed` where they do not come, `Refused`, `BudgetSpent`."""
        patience = self._exchange.patience(None, stop)
        with patiently(patience):
            return self._crawler.rules(self._exchange.request("GET", url, None, {}, None).url, patience)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None, token: str | None = None) -> Reply:
        """The status and headers at `url`; a redirect is not followed but told in `Reply.location`."""
        request = self._exchange.request("HEAD", url, None, {"Accept-Encoding": "identity", **(headers or {})}, token)
        return self._whole(replace(request, follow=False), MiB, None, lambda reply: reply)

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
        request = self._exchange.request("GET", url, None, {"Accept-Encoding": "identity", **(headers or {})}, token)
        patience = self._exchange.patience(None, stop)
        with patiently(patience):
            answer = self._exchange.retried(request, patience, lambda: self._exchange.open(request, patience))
        try:
            yield Stream(answer.response, str(answer.url), self.settings, patience.stop)
        finally:
            self._exchange.drop(answer)

    def pause(self, attempt: int, reason: str, stop: threading.Event | None = None) -> None:
        """Wait before try `attempt` + 1 of something that is tried again outside, as the client waits for its own."""
        self._exchange.sleep(pace.backoff(attempt), reason, Patience(None, stop or self._exchange.closed))

    def _whole(
        self, request: Request, max_bytes: int, deadline: float | None, finish: Callable[[Reply], Reply]
    ) -> Reply:
        """One call of an API: alone at its host, retried, read whole."""
        patience = self._exchange.patience(deadline)
        with patiently(patience):
            return self._exchange.turned(
                request, patience, lambda answer: finish(self._exchange.read(answer, max_bytes))
            )


def _with_json(reply: Reply) -> Reply:
    return replace(reply, value=body.parse_json(reply.body, reply.url))
