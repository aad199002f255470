"""Pages as a crawler may read them: by robots.txt, at the host's distance, hop by hop."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import httpx

from catalog.errors import CatalogError, Fatal
from catalog.web import guard
from catalog.web.exchange import REDIRECT, REDIRECTS, Exchange
from catalog.web.model import BudgetSpent, Disallowed, HostClosed, HttpStatus, MiB, Refused, Reply, Stopped, public_url
from catalog.web.request import Answer, Request, next_hop, root
from catalog.web.robots import MOST as ROBOTS_MOST
from catalog.web.robots import RobotsFiles, Rules, keeps_out
from catalog.web.wire import Patience

PAGE_LIMIT: Final = 5 * MiB
PAGE_TYPES: Final = "text/html, application/xhtml+xml, application/ld+json, application/json;q=0.9, */*;q=0.1"
_TEXT: Final = re.compile(r"\Atext/|[/+](?:json|xml|xhtml|ld\+json|xhtml\+xml)\Z")


class Crawler:
    """Reads pages through an exchange; keeps the robots rules of each origin."""

    def __init__(self, exchange: Exchange) -> None:
        self.robots = RobotsFiles()
        self._exchange = exchange
        self._settings = exchange.settings

    def page(
        self, request: Request, patience: Patience, max_bytes: int, to_keep: bool, crawl_delay: float | None
    ) -> Reply:
        """What `Web.get_page` returns, for its request."""
        start = request.url

        def read(answer: Answer) -> Reply:
            if to_keep:
                self._check_page(answer)
            return self._exchange.read(answer, max_bytes)

        for _ in range(REDIRECTS + 1):
            delay = self._let_in(request.url, patience, crawl_delay)
            request = replace(request, follow=False, harvest=True, delay=delay)
            reply = self._exchange.turned(request, patience, read)
            if reply.status not in REDIRECT or not reply.location:
                return reply
            request = replace(request, url=next_hop(request.url, reply.location, self._settings.allow_private_hosts))
        raise Fatal(f"{public_url(str(start))} redirects more than {REDIRECTS} times.")

    def rules(self, url: httpx.URL, patience: Patience) -> Rules:
        """The robots rules of the origin of `url`, which was judged by its text."""
        return self.robots.of(root(url), lambda address: self._robots_file(address, patience))

    def _let_in(self, url: httpx.URL, patience: Patience, crawl_delay: float | None) -> float:
        """The seconds to keep between two requests to this host. Raises `Disallowed` where robots.txt says no."""
        rules = self.rules(url, patience)
        if not rules.allows(str(url)):
            raise Disallowed(f"The robots.txt of {url.host} does not let {public_url(str(url))} be read.")
        return self._distance(url, rules.delay, crawl_delay)

    def _distance(self, url: httpx.URL, asked: float, chosen: float | None = None) -> float:
        named = guard.host_of(url) in self._settings.allow_private_hosts
        own = self._settings.crawl_delay if chosen is None else chosen
        return max(asked, own if named else max(1.0, own))

    def _robots_file(self, address: str, patience: Patience) -> bytes:
        """A robots.txt as far as it counts, b"" where there is none (4xx, redirects without end)."""
        start = self._exchange.request("GET", address, None, {}, None)
        request = replace(start, follow=False, harvest=True, delay=self._distance(start.url, 0.0))
        moved = False
        try:
            for _ in range(REDIRECTS + 1):
                reply = self._exchange.turned(request, patience, self._start)
                if reply.status not in REDIRECT or not reply.location:
                    return reply.body
                moved = True
                request = replace(
                    request, url=next_hop(request.url, reply.location, self._settings.allow_private_hosts)
                )
            return b""
        except (BudgetSpent, Stopped, HostClosed):
            raise
        except CatalogError as error:
            if isinstance(error, HttpStatus) and error.status < 500:
                return b""
            if self._settings.offline or (isinstance(error, Refused) and not moved):
                raise
            host = start.url.host
            raise HostClosed(host, f"{host} is left alone, as its robots.txt did not come: {error}") from error

    def _start(self, answer: Answer) -> Reply:
        return self._exchange.read(answer, ROBOTS_MOST, whole=False)

    def _check_page(self, answer: Answer) -> None:
        """Raise `Disallowed` for what a crawler may not keep, and for what is no text."""
        if answer.response.status >= 300:
            return
        shown = public_url(str(answer.url))
        if word := keeps_out(answer.headers):
            self._exchange.drain(answer)
            raise Disallowed(f"{shown} asks not to be kept (X-Robots-Tag: {word}).")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and not _TEXT.search(kind):
            self._exchange.drop(answer)
            raise Disallowed(f"{shown} is no page but {kind[:60]!r}.")
