"""A web site of made-up dataset pages on loopback addresses: robots.txt, sitemap index, packed sitemaps, ETags.

`python -m tests.origin.web_site --pages 100000 --hosts 8` serves one until interrupted. It answers by itself, without
the standard library's server, as it has to be faster than what is measured against it.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_TEXT = (
    "clinical dialogue corpus of annotated questions and answers for instruction tuning medical legal finance speech "
    "images translation summarisation code mathematics reasoning preference pairs ocean temperature soil genome survey "
    "census traffic satellite news reviews parallel benchmark"
)
WORDS = _TEXT.split(" ")
LICENSES = (
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "https://opensource.org/licenses/MIT",
)
DAY = "2024-05-01"


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; header names are lower-case, `host` is the address it came to."""

    host: str
    path: str
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Answer:
    """What is sent; `Content-Length` is that of the body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Mood = Callable[[Asked], Answer | None]


def _even(asked: Asked) -> Answer | None:
    """No mood: the site answers."""
    return None


class WebSite:
    """`pages` landing pages on each of the addresses 127.0.0.1 to 127.0.0.`hosts`, all at one port.

    `robots` is the text of robots.txt ("{base}" becomes the address of the host); `mood` may answer in place of the
    site; `asked` keeps every request while `keep` holds, with the time by `clock`. `touch` changes a page, `remove`
    takes it away. A page whose number divides by `plain_every` has no markup.
    """

    robots = "User-agent: *\nDisallow: /private/\nSitemap: {base}/sitemap.xml\n"

    def __init__(
        self,
        pages: int,
        hosts: int = 1,
        *,
        per_map: int = 10_000,
        plain_every: int = 0,
        weight: int = 9_000,
        port: int = 0,
    ) -> None:
        self.pages = pages
        self.addresses = tuple(f"127.0.0.{number}" for number in range(1, hosts + 1))
        self.per_map = per_map
        self.plain_every = plain_every
        self.weight = weight
        self.mood: Mood = _even
        self.clock: Callable[[], float] = time.monotonic
        self.keep = True
        self.asked: list[Asked] = []
        self.changed: dict[tuple[str, int], str] = {}
        self.removed: dict[tuple[str, int], int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._servers = asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result(10)
        self.port: int = self._servers[0].sockets[0].getsockname()[1]

    def __enter__(self) -> WebSite:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering and end every connection."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()

    def base(self, host: int = 1) -> str:
        """The address of a host, without a slash at its end."""
        return f"http://127.0.0.{host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The addresses, for `WebSettings.allow_private_hosts`."""
        return frozenset(self.addresses)

    def touch(self, page: int, host: int = 1, day: str = "2999-01-01") -> None:
        """Change a page; the sitemap says when."""
        self.changed[f"127.0.0.{host}", page] = day

    def remove(self, page: int, host: int = 1, status: int = 404) -> None:
        """Take a page away; the sitemap still lists it."""
        self.removed[f"127.0.0.{host}", page] = status

    def seen(self, start: str = "/", host: str = "") -> list[Asked]:
        """The requests so far whose path begins so."""
        return [each for each in list(self.asked) if each.path.startswith(start) and host in ("", each.host)]

    def forget(self) -> None:
        """Empty the record of requests."""
        self.asked.clear()

    # -- answers --------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        """What the site says to a request."""
        if self.keep:
            self.asked.append(asked)
        moody = self.mood(asked)
        if moody is not None:
            return moody
        name = asked.path.partition("?")[0]
        if name.startswith("/dataset/"):
            return self._page(asked, name.removeprefix("/dataset/"))
        if name == "/robots.txt":
            return Answer(
                200, {"Content-Type": "text/plain"}, self.robots.replace("{base}", self._base(asked)).encode()
            )
        if name.startswith("/sitemap"):
            return self._sitemap(asked, name)
        return Answer(404, {"Content-Type": "text/plain"}, b"not here")

    def _base(self, asked: Asked) -> str:
        return f"http://{asked.host}:{self.port}"

    def _page(self, asked: Asked, number: str) -> Answer:
        page = int(number) if number.isdecimal() else -1
        key = (asked.host, page)
        if key in self.removed or not 0 <= page < self.pages:
            return Answer(self.removed.get(key, 404), {}, b"gone")
        day = self.changed.get(key, DAY)
        etag = f'"{page}-{day}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(304, {"ETag": etag})
        plain = bool(self.plain_every) and page % self.plain_every == 0
        headers = {"Content-Type": "text/html; charset=utf-8", "ETag": etag}
        return Answer(200, headers, html(f"{self._base(asked)}{asked.path}", page, day, plain, self.weight))

    def _sitemap(self, asked: Asked, name: str) -> Answer:
        parts = range(-(-self.pages // self.per_map))
        if name == "/sitemap.xml":
            rows = [(f"{self._base(asked)}/sitemap-{part}.xml.gz", "") for part in parts]
            body = sitemap("sitemapindex", "sitemap", rows)
        else:
            part = int(name.removeprefix("/sitemap-").partition(".")[0])
            body = gzip.compress(sitemap("urlset", "url", self._rows(asked, part)), 1, mtime=0)
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(304, {"ETag": etag})
        kind = "application/xml" if name.endswith(".xml") else "application/gzip"
        return Answer(200, {"Content-Type": kind, "ETag": etag}, body)

    def _rows(self, asked: Asked, part: int) -> list[tuple[str, str]]:
        base = f"{self._base(asked)}/dataset/"
        numbers = range(part * self.per_map, min(self.pages, (part + 1) * self.per_map))
        return [(f"{base}{page}", self.changed.get((asked.host, page), DAY)) for page in numbers]

    # -- the server -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self, port: int) -> list[asyncio.Server]:
        servers = []
        for address in self.addresses:
            server = await self._loop.create_server(lambda: _Connection(self), address, port, backlog=128)
            port = server.sockets[0].getsockname()[1]
            servers.append(server)
        return servers

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(_Connection.live):
            if connection.site is self and connection.transport is not None:
                connection.transport.abort()


class _Connection(asyncio.Protocol):
    """One kept-alive connection: requests without bodies, answered in order."""

    live: set[_Connection] = set()  # noqa: RUF012

    def __init__(self, site: WebSite) -> None:
        self.site = site
        self.transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._host: str = transport.get_extra_info("sockname")[0]
        self.live.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.live.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            pairs = (line.partition(":") for line in lines[1:])
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self._send(self.site.answer(Asked(self._host, path, headers, self.site.clock())))

    def _send(self, answer: Answer) -> None:
        assert self.transport is not None
        if answer.status == 0:
            self.transport.abort()
            return
        lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in answer.headers.items())]
        if answer.status != 304:
            lines.append(f"Content-Length: {len(answer.body)}")
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.body)


def sitemap(root: str, item: str, rows: Sequence[tuple[str, str]]) -> bytes:
    """A sitemap (or index) of (address, lastmod) rows."""
    items = "".join(
        f"<{item}><loc>{place}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{item}>\n" for place, day in rows
    )
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{space}">\n{items}</{root}>\n'.encode()


def html(url: str, number: int, day: str, plain: bool, weight: int) -> bytes:
    """A landing page of about `weight` bytes with its markup, the same for the same arguments."""
    start, end = _surroundings(weight)
    markup = "" if plain else f'<script type="application/ld+json">{json.dumps(dataset(url, number, day))}</script>'
    return f"{start}<title>Dataset {number}</title>{markup}{end}".encode()


def dataset(url: str, number: int, day: str) -> dict[str, object]:
    """The schema.org markup of a page."""
    rng = random.Random(f"{number} {day}")
    words = rng.choices(WORDS, k=60)
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": url,
        "url": url,
        "name": " ".join(words[:5]).capitalize() + f" {number}",
        "description": " ".join(words) + ".",
        "keywords": words[5:9],
        "license": rng.choice(LICENSES),
        "creator": [
            {"@type": "Person", "name": f"Author {number % 97}"},
            {"@type": "Organization", "name": "Institute"},
        ],
        "publisher": {"@type": "Organization", "name": "Example data archive"},
        "datePublished": "2021-03-04",
        "dateModified": day if day < "2900" else "2026-01-01",
        "version": "1.2",
        "inLanguage": "en",
        "variableMeasured": words[9:12],
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": "text/csv",
                "contentUrl": f"{url}/data.csv",
                "contentSize": f"{number + 1} kB",
            }
        ],
    }


@lru_cache
def _surroundings(weight: int) -> tuple[str, str]:
    """What stands around the markup on a page as archives make them: navigation, a table, scripts."""
    menu = "".join(f'<li class="nav-item"><a href="/browse/{word}">{word}</a></li>' for word in WORDS)
    row = "<tr><td class='label'>Variable</td><td>measured &amp; checked</td><td>12.5</td></tr>\n"
    start = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><style>.nav-item {margin: 0}</style>'
    end = f"</head><body><nav><ul>{menu}</ul></nav><main><h1>Dataset</h1><table>"
    rows = max(1, (weight - len(start) - len(end) - 1_800) // len(row))
    return start, f"{end}{row * rows}</table></main><script>window.page = {{}};</script></body></html>"


def main() -> None:
    """Print the address of the first host on stdout, then serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000, help="pages of each host")
    parser.add_argument("--hosts", type=int, default=1)
    parser.add_argument("--weight", type=int, default=9_000, help="bytes of a page, about")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    options = parser.parse_args()
    with WebSite(options.pages, options.hosts, weight=options.weight, port=options.port) as site:
        site.keep = False
        print(site.base(), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
