"""Pages as a crawler may read them: robots.txt, distance, rest, X-Robots-Tag, conditions, and the address guard."""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Fatal, Retriable
from catalog.web import (
    BudgetSpent,
    Disallowed,
    HostClosed,
    HttpStatus,
    MiB,
    OutOfTime,
    Refused,
    Stopped,
    Web,
    WebSettings,
    robots,
)
from tests import faults
from tests.faults import Act, FaultServer, answer
from tests.test_web import PRIVATE, SOON, bomb, slow_faults

HERE = frozenset({"127.0.0.1"})
PAGE = answer(200, b"<html>", content_type="text/html", etag='"1"')


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def web(waits: list[float]) -> Iterator[Web]:
    with Web(WebSettings(allow_private_hosts=HERE, sleep=waits.append, crawl_delay=0)) as found:
        yield found


def say(server: FaultServer, text: str, *, page: Act = PAGE) -> str:
    """Put up a robots.txt and one page; the address of the page."""
    server.on("/robots.txt", answer(200, text.encode(), content_type="text/plain"))
    return server.on("/page", page)


# --- the rules --------------------------------------------------------------------------------------------------------

SITE = "https://data.example.org"
RULES = [
    ("", "/a", True),
    ("User-agent: *\nDisallow:", "/a", True),
    ("User-agent: *\nDisallow: /", "/a", False),
    ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ("User-agent: *\nDisallow: /a\n", "/a", False),
    ("User-agent: *\nDisallow: /a\n", "/ab", False),
    ("User-agent: *\nDisallow: /a/\n", "/a", True),
    ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b/c", True),
    ("User-agent: *\nAllow: /a\nDisallow: /a/b\n", "/a/b/c", False),
    ("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", True),
    ("User-agent: *\nDisallow: /*.pdf$\n", "/x/y.pdf", False),
    ("User-agent: *\nDisallow: /*.pdf$\n", "/x/y.pdf?z", True),
    ("User-agent: *\nDisallow: /*?q=\n", "/find?q=1", False),
    ("User-agent: *\nDisallow: /*?q=\n", "/find?p=1", True),
    ("User-agent: *\nDisallow: /%E6%95%B0\n", "/数", False),
    ("User-agent: *\nDisallow: /数\n", "/%E6%95%B0/1", False),
    ("user-AGENT:*\ndisallow:/a", "/a", False),
    ("User-agent: dataset-catalog\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n", "/a", False),
    ("User-agent: dataset-catalog\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n", "/b", True),
    ("User-agent: Dataset-Catalog\nDisallow: /a\n", "/a", False),
    ("User-agent: Googlebot\nDisallow: /\n", "/a", True),
    ("User-agent: Googlebot\nUser-agent: dataset-catalog\nDisallow: /a\n", "/a", False),
    ("Disallow: /a\n", "/a", True),
    ("User-agent: *\nDisallow: /a # why\n", "/a", False),
    ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
    ("\ufeffUser-agent: *\nDisallow: /a\n", "/a", False),
    ("<html><body>Not Found</body></html>", "/a", True),
    ("\x00\x01\x02", "/a", True),
]


@pytest.mark.parametrize(("text", "path", "allowed"), RULES)
def test_rules(text: str, path: str, allowed: bool) -> None:
    assert robots.parse(text.encode(), 0.0).allows(SITE + path) is allowed


def test_delay_and_sitemaps_are_read() -> None:
    rules = robots.parse(b"User-agent: *\nCrawl-delay: 0.5\nSitemap: https://a/1.xml\nsitemap: /2.xml\n", 0.0)
    assert rules.delay == 0.5
    assert rules.sitemaps == ("https://a/1.xml", "/2.xml")
    for odd in ("-5", "nan", "inf", "soon", ""):
        assert robots.parse(f"User-agent: *\nCrawl-delay: {odd}\n".encode(), 0.0).delay == 0.0


def test_what_lies_beyond_500_kib_does_not_count() -> None:
    filler = b"# filler\n" * (500 * 1024 // 9)
    rules = robots.parse(b"User-agent: *\nDisallow: /a\n" + filler + b"Disallow: /b\n" + filler, 0.0)
    assert not rules.allows(SITE + "/a")
    assert rules.allows(SITE + "/b")


def test_recorded_robots_files_are_read(shared_fixtures: Path) -> None:
    files = {file.name: file for file in (shared_fixtures / "schema_org" / "robots").iterdir()}
    rules = {name: robots.parse(file.read_bytes(), 0.0) for name, file in files.items()}
    assert len(rules) >= 8
    assert rules["europa.eu.txt"].delay == 10.0
    assert rules["adsabs.harvard.edu.txt"].sitemaps == ("http://adsabs.harvard.edu/sitemap_index.xml",)
    assert len(rules["www.census.gov.txt"].sitemaps) == 3
    closed = {name for name, each in rules.items() if not each.allows("https://a.org/some/dataset")}
    assert closed == {"www.census.gov.txt"}, "it closes all to agents that it does not name"
    assert not rules["www.researchgate.net.txt"].allows("https://www.researchgate.net/deref/x")


@given(st.binary(max_size=300))
def test_any_bytes_are_rules(data: bytes) -> None:
    rules = robots.parse(data, 0.0)
    assert rules.allows(SITE + "/x") in (True, False)
    assert rules.delay >= 0
    assert all(isinstance(each, str) for each in rules.sitemaps)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("noindex", "noindex"),
        ("none", "none"),
        ("NoIndex, nofollow", "noindex"),
        ("nofollow, noindex", "noindex"),
        ("dataset-catalog: noindex", "noindex"),
        ("*: noindex", "noindex"),
        ("googlebot: noindex", ""),
        ("googlebot: noindex, nofollow", ""),
        ("googlebot: nofollow, dataset-catalog: none", "none"),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex", "noindex"),
        ("max-snippet:20, noindex", "noindex"),
        ("all", ""),
        ("index, follow", ""),
        ("", ""),
        ("noindexing", ""),
    ],
)
def test_x_robots_tag(value: str, word: str, server: FaultServer, web: Web) -> None:
    assert robots.keeps_out({"x-robots-tag": value}) == word
    page = answer(200, b"<html>", content_type="text/html", **({"x_robots_tag": value} if value else {}))
    url = say(server, "", page=page)
    if word:
        with pytest.raises(Disallowed, match=word):
            web.get_page(url)
    else:
        assert web.get_page(url).status == 200
    assert web.get_page(url, to_keep=False).status == 200


# --- robots.txt of a host ---------------------------------------------------------------------------------------------


def test_robots_are_asked_once_and_first(server: FaultServer, web: Web) -> None:
    url = say(server, "User-agent: *\nDisallow: /private\n")
    for _ in range(3):
        assert web.get_page(url).body == b"<html>"
    with pytest.raises(Disallowed, match="/private/x"):
        web.get_page(server.on("/private/x", PAGE))
    assert server.paths() == ["/robots.txt", "/page", "/page", "/page"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_a_robots_file_that_is_not_there_allows(status: int, server: FaultServer, web: Web) -> None:
    server.on("/robots.txt", answer(status, b"User-agent: *\nDisallow: /\n"))
    assert web.get_page(server.on("/page", PAGE)).status == 200
    assert web.get_page(server.on("/page", PAGE)).status == 200
    assert server.paths().count("/robots.txt") == 1


UNREACHABLE: dict[str, Act] = {
    "500": answer(500),
    "501": answer(501),
    "503": answer(503),
    "429": answer(429),
    "reset": faults.reset(),
    "no http": faults.raw(b"SSH-2.0\r\n"),
    "cut": faults.cut(b"User-agent: *\n", 4),
    "damaged": answer(200, b"\x1f\x8b\x08" + b"\xff" * 40, content_encoding="gzip"),
    "another coding": answer(200, b"x", content_encoding="br"),
}


@pytest.mark.parametrize("fault", UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_a_robots_file_that_does_not_come_closes_the_host(fault: Act, server: FaultServer, web: Web) -> None:
    server.on("/robots.txt", fault)
    url = server.on("/page", PAGE)
    for _ in range(3):
        with pytest.raises(HostClosed, match=r"127\.0\.0\.1"):
            web.get_page(url)
    assert set(server.paths()) == {"/robots.txt"}
    assert len(server.paths()) <= 3


def test_a_silent_robots_file_closes_the_host(server: FaultServer, waits: list[float]) -> None:
    server.on("/robots.txt", slow_faults()["silence"])
    with Web(WebSettings(allow_private_hosts=HERE, timeout=0.2, sleep=waits.append)) as web, pytest.raises(HostClosed):
        web.get_page(server.on("/page", PAGE))
    assert set(server.paths()) == {"/robots.txt"}


def test_an_endless_robots_file_counts_as_far_as_it_came(server: FaultServer, web: Web) -> None:
    def endless(connection: Any, seen: Any) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /page\n")
        while True:
            connection.sendall(b"# and on\n" * 4096)

    server.on("/robots.txt", endless)
    started = time.monotonic()
    with pytest.raises(Disallowed):
        web.get_page(server.on("/page", PAGE))
    assert time.monotonic() - started < SOON


def test_a_packed_robots_file_is_read(server: FaultServer, web: Web) -> None:
    packed = gzip.compress(
        b"User-agent: *\nDisallow: /page\n" + b"".join(b"# line %d\n" % number for number in range(60_000))
    )
    server.on("/robots.txt", answer(200, packed, content_encoding="gzip"))
    with pytest.raises(Disallowed):
        web.get_page(server.on("/page", PAGE))


@pytest.mark.parametrize(("hops", "allowed"), [(5, False), (6, True)])
def test_robots_follow_five_redirects(hops: int, allowed: bool, server: FaultServer, web: Web) -> None:
    for number in range(hops):
        server.on("/robots.txt" if number == 0 else f"/r{number}", faults.redirect(f"/r{number + 1}", 301))
    server.on(f"/r{hops}", answer(200, b"User-agent: *\nDisallow: /\n"))
    url = server.on("/page", PAGE)
    if allowed:
        assert web.get_page(url).status == 200
    else:
        with pytest.raises(Disallowed):
            web.get_page(url)


def test_robots_that_lead_to_a_private_address_close_the_host(server: FaultServer, web: Web) -> None:
    server.on("/robots.txt", faults.redirect("http://10.0.0.1/robots.txt"))
    with pytest.raises(HostClosed, match="private"):
        web.get_page(server.on("/page", PAGE))


def test_rules_last_a_day_and_come_from_an_earlier_process(server: FaultServer, web: Web) -> None:
    url = say(server, "")
    closed = robots.Rules("User-agent: *\nDisallow: /\n", time.time() - 3600)
    web.robots.remember(server.url, closed)
    with pytest.raises(Disallowed):
        web.get_page(url)
    assert server.seen == []
    with Web(WebSettings(allow_private_hosts=HERE, crawl_delay=0)) as later:
        later.robots.remember(server.url, robots.Rules(closed.text, time.time() - 25 * 3600))
        assert later.get_page(url).status == 200
        assert list(later.robots.news()) == [server.url]
        assert later.robots.news() == {}
    assert server.paths() == ["/robots.txt", "/page"]


def test_many_threads_ask_for_robots_once(server: FaultServer, web: Web) -> None:
    url = say(server, "", page=faults.waiting(0.01, PAGE))
    threads = [threading.Thread(target=web.get_page, args=(url,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.paths() == ["/robots.txt"] + ["/page"] * 8
    assert server.most_inside == 1


# --- redirects --------------------------------------------------------------------------------------------------------


def test_the_target_of_a_redirect_has_its_own_robots(server: FaultServer, other: FaultServer, web: Web) -> None:
    say(other, "User-agent: *\nDisallow: /page\n")
    url = say(server, "", page=faults.redirect(f"{other.url}/page"))
    with pytest.raises(Disallowed, match="/page"):
        web.get_page(url)
    assert other.paths() == ["/robots.txt"]
    say(server, "", page=faults.redirect(f"{other.url}/open"))
    other.on("/open", PAGE)
    reply = web.get_page(url)
    assert (reply.status, reply.url) == (200, f"{other.url}/open")


def test_a_redirect_into_what_is_disallowed_on_the_same_host(server: FaultServer, web: Web) -> None:
    url = say(server, "User-agent: *\nDisallow: /private\n", page=faults.redirect("/private/x"))
    with pytest.raises(Disallowed):
        web.get_page(url)
    assert server.paths() == ["/robots.txt", "/page"]


def test_a_loop_of_redirects_ends(server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal, match="redirects more than 5"):
        web.get_page(say(server, "", page=faults.redirect("/page")))
    assert server.paths() == ["/robots.txt"] + ["/page"] * 6


# --- distance and rest ------------------------------------------------------------------------------------------------


def test_a_second_between_two_requests_unless_the_user_named_the_host(server: FaultServer, waits: list[float]) -> None:
    url = say(server, "")
    with Web(WebSettings(allow_private_hosts=HERE, sleep=waits.append)) as web:
        for _ in range(3):
            web.get_page(url)
    assert waits == [pytest.approx(1, abs=0.05)] * 3


def test_the_greater_of_both_delays_counts(server: FaultServer, web: Web, waits: list[float]) -> None:
    url = say(server, "User-agent: *\nCrawl-delay: 7\n")
    web.get_page(url)
    web.get_page(url)
    assert waits == [pytest.approx(7, abs=0.05)] * 2


def test_less_than_a_second_is_for_named_hosts(monkeypatch: pytest.MonkeyPatch, server: FaultServer) -> None:
    """A host that is not named is reached through the environment's proxy here, as it has no loopback address."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    waits: list[float] = []
    server.acts["http://data.example.org/robots.txt"] = [answer(404)]
    server.acts["http://data.example.org/page"] = [PAGE]
    with Web(WebSettings(sleep=waits.append, crawl_delay=0)) as web:
        web.get_page("http://data.example.org/page")
        web.get_page("http://data.example.org/page")
    assert waits == [pytest.approx(1, abs=0.05)] * 2


def test_a_real_delay_is_kept(server: FaultServer) -> None:
    url = say(server, "User-agent: *\nCrawl-delay: 0.2\n")
    with Web(WebSettings(allow_private_hosts=HERE, crawl_delay=0)) as web:
        for _ in range(3):
            web.get_page(url)
    gaps = [later.at - seen.at for seen, later in zip(server.seen, server.seen[1:], strict=False)]
    assert min(gaps) >= 0.2


def test_distance_is_silent_and_waits_that_were_asked_for_are_told(server: FaultServer) -> None:
    told: list[str] = []
    settings = WebSettings(allow_private_hosts=HERE, sleep=lambda _: None, on_wait=lambda _, why: told.append(why))
    with Web(settings) as web:
        url = say(server, "")
        server.on("/page", PAGE, answer(429, retry_after="30"), PAGE)
        web.get_page(url)
        assert told == []
        web.get_page(url)
    assert len(told) >= 1
    assert "429" in told[0]


@pytest.mark.parametrize(("asked", "closed"), [("60", False), ("61", True), ("86400", True), ("9" * 15, True)])
def test_a_longer_rest_than_a_minute_closes_the_host(
    asked: str, closed: bool, server: FaultServer, web: Web, waits: list[float]
) -> None:
    url = say(server, "")
    server.on("/page", answer(503, retry_after=asked), PAGE)
    if not closed:
        assert web.get_page(url).status == 200
        assert sum(waits) == pytest.approx(60, abs=1)
        return
    with pytest.raises(HostClosed, match=r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC") as caught:
        web.get_page(url)
    assert caught.value.wait == pytest.approx(float(asked))
    with pytest.raises(HostClosed):
        web.get_page(url)
    assert server.paths() == ["/robots.txt", "/page"]


def test_a_crawl_delay_beyond_a_minute_closes_the_host_after_one_page(server: FaultServer, web: Web) -> None:
    url = say(server, "User-agent: *\nCrawl-delay: 3600\n")
    with pytest.raises(HostClosed, match="UTC"):
        web.get_page(url)
    assert server.paths() == ["/robots.txt"]


def test_a_passing_fault_is_tried_twice_more(server: FaultServer, web: Web) -> None:
    url = say(server, "")
    server.on("/page", answer(503), faults.reset(), PAGE)
    assert web.get_page(url).status == 200
    server.on("/page", answer(503))
    with pytest.raises(Retriable):
        web.get_page(url)
    assert server.paths() == ["/robots.txt"] + ["/page"] * 6


# --- conditions and kinds ---------------------------------------------------------------------------------------------


def test_conditions_are_sent_and_304_is_a_reply(server: FaultServer, web: Web) -> None:
    url = say(server, "", page=answer(304, etag='"1"'))
    reply = web.get_page(url, etag='"1"', last_modified="Wed, 01 May 2024 00:00:00 GMT")
    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", '"1"')
    sent = server.seen[-1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Wed, 01 May 2024 00:00:00 GMT")
    assert "authorization" not in sent
    web.get_page(url)
    assert "if-none-match" not in server.seen[-1].headers


@pytest.mark.parametrize("kind", ["application/zip", "image/png", "application/octet-stream", "application/pdf"])
def test_what_is_no_text_is_not_read(kind: str, server: FaultServer, web: Web) -> None:
    url = say(server, "", page=answer(200, b"x", length=4_000_000_000, content_type=kind))
    with pytest.raises(Disallowed, match=kind):
        web.get_page(url)


@pytest.mark.parametrize(
    "kind",
    ["text/html", "TEXT/HTML; charset=x", "application/ld+json", "application/json", "application/xhtml+xml", "a/xml"],
)
def test_text_is_read(kind: str, server: FaultServer, web: Web) -> None:
    assert web.get_page(say(server, "", page=answer(200, b"x", content_type=kind))).body == b"x"


def test_errors_keep_their_status(server: FaultServer, web: Web) -> None:
    for status in (403, 404, 410):
        with pytest.raises(HttpStatus) as caught:
            web.get_page(say(server, "", page=answer(status)))
        assert caught.value.status == status


# --- bounds and the address guard -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        answer(200, bytes(5 * MiB + 1), content_type="text/html"),
        answer(200, bomb(30 << 20), content_type="text/html", content_encoding="gzip"),
        answer(200, gzip.compress(bomb(1 << 20)), content_type="text/html", content_encoding="gzip, gzip"),
    ],
)
def test_a_page_has_its_cap(page: Act, server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal):
        web.get_page(say(server, "", page=page))
    assert len(server.seen) == 2


@pytest.mark.parametrize("fault", slow_faults().values(), ids=slow_faults().keys())
def test_a_slow_page_ends_at_its_deadline(fault: Act, server: FaultServer) -> None:
    url = say(server, "", page=fault)
    with Web(WebSettings(allow_private_hosts=HERE, crawl_delay=0, deadline=0.6, timeout=0.4)) as web:
        started = time.monotonic()
        with pytest.raises(Retriable):
            web.get_page(url)
        assert time.monotonic() - started < SOON


def test_budget_offline_and_stop(server: FaultServer) -> None:
    url = say(server, "", page=faults.waiting(5, PAGE))
    with Web(WebSettings(allow_private_hosts=HERE, max_requests=1)) as web, pytest.raises(BudgetSpent):
        web.get_page(url)
    with Web(WebSettings(allow_private_hosts=HERE, offline=True)) as web, pytest.raises(Fatal, match="Offline"):
        web.get_page(url)
    assert server.paths() == ["/robots.txt"]
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with Web(WebSettings(allow_private_hosts=HERE)) as web, pytest.raises(Stopped):
        web.get_page(url, stop=stop)


opened: list[Any] = []
_watching = threading.Event()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _watching.is_set():
        opened.append(arguments[1])


sys.addaudithook(_audit)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Every address that this process connects to meanwhile."""
    opened.clear()
    _watching.set()
    try:
        yield opened
    finally:
        _watching.clear()


def test_connections_are_seen(server: FaultServer) -> None:
    with connections() as found:
        socket.create_connection(("127.0.0.1", server.port)).close()
    assert found == [("127.0.0.1", server.port)]


REFUSED = pytest.raises((Refused, HostClosed))
FORMS = [
    *[f"http://{host}/" for host in PRIVATE],
    *[f"https://{host}/" for host in PRIVATE[:12]],
    *["http://127.0.0.1:6379/", "http://[::1]:22/", "http://user:pw@127.0.0.1/", "http://localhost:8080/"],
    *["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "javascript:1", "http:///x", "http://%31/"],
    *["http://127.0.0.1.:80/", "http://LOCALHOST/", "http://0/", "http://017700000001/", "http://[::ffff:7f00:1]/"],
]


@pytest.mark.parametrize("url", FORMS)
def test_no_socket_is_opened_to_a_private_address(url: str, waits: list[float]) -> None:
    with connections() as found, Web(WebSettings(sleep=waits.append)) as web:
        for call in (web.get_page, web.robots_of):
            with REFUSED:
                call(url)
    assert found == []


@pytest.mark.parametrize(
    "url", [url for url in FORMS if "/127.0.0.1:" not in url and "@" not in url and ":///" not in url]
)
def test_no_socket_is_opened_where_a_redirect_leads_inside(url: str, server: FaultServer, waits: list[float]) -> None:
    inside = url.replace("127.0.0.1/", "127.0.0.2/")
    hop = say(server, "", page=faults.redirect(inside))
    with connections() as found, Web(WebSettings(allow_private_hosts=HERE, sleep=waits.append)) as web, REFUSED:
        web.get_page(hop)
    assert set(found) == {("127.0.0.1", server.port)}
    server.on("/robots.txt", faults.redirect(inside))
    with connections() as found, Web(WebSettings(allow_private_hosts=HERE, sleep=waits.append)) as web, REFUSED:
        web.get_page(hop)
    assert set(found) == {("127.0.0.1", server.port)}


def test_a_deadline_is_an_error_of_time(server: FaultServer) -> None:
    with Web(WebSettings(allow_private_hosts=HERE, crawl_delay=0, deadline=0.3)) as web:
        url = say(server, "", page=slow_faults()["dripped body"])
        with pytest.raises(OutOfTime):
            web.get_page(url)
