"""Harvesting when sites misbehave: storms, failing hosts, hostile pages and lists, certificates, memory."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from catalog.errors import CatalogError, Retriable
from catalog.registry import Registry
from catalog.sync import sync
from catalog.web import HostClosed, Untrusted, Web, WebSettings
from tests import faults as acts
from tests.faults import answer
from tests.origin import Origin, Request, Response, faults
from tests.origin.web_site import Answer, Asked, WebSite, html, sitemap
from tests.test_harvest import Bench, Harvester, nothing
from tests.test_robots import connections

HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite(20, 4, per_map=10, weight=500) as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path, site: WebSite) -> Bench:
    return Bench(tmp_path, site)


class Clock:
    """The time of the tests: waits pass at once."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self.waits = 0

    def now(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.waits += 1
        self.skipped += seconds


# --- storms -----------------------------------------------------------------------------------------------------------


def test_ten_thousand_requests_in_a_storm_and_none_is_early(tmp_path: Path) -> None:
    """Every second answer is 429 with a Retry-After of another kind. Each next request comes when it was asked for."""
    clock = Clock()
    asked_for: list[tuple[float, float]] = []
    kinds = ["0", "3", "date", "-5", "soon", "17", ""]

    def storm(asked: Asked) -> Answer | None:
        number = len(site.asked)
        if number % 2 or not asked.path.startswith("/dataset"):
            return None
        kind = kinds[number // 2 % len(kinds)]
        wait = float(kind) if kind.isdigit() else 0.0
        headers = {"Retry-After": kind} if kind else {}
        if kind == "date":
            wait = 4.0  # of five, as an HTTP date has no fractions
            headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)}
        asked_for.append((asked.at, wait))
        return Answer(429, headers)

    with WebSite(5000, per_map=10_000, weight=100) as site:
        site.clock, site.mood = clock.now, storm
        done = Bench(tmp_path, site).run(read=nothing, sleep=clock.sleep)
        assert len(site.asked) >= 10_000
        times = [each.at for each in site.asked]
        following = dict(pairwise(times))
        early = [(at, wait) for at, wait in asked_for if at in following and following[at] - at < wait]
    assert early == []
    assert len(asked_for) >= 4_990
    assert done.skipped == 5000
    assert clock.waits >= 4_990 * 6 // 7


def test_a_site_that_is_always_busy_is_left_alone_soon(bench: Bench) -> None:
    bench.site.mood = lambda asked: Answer(429) if asked.path.startswith("/dataset") else None
    clock = Clock()
    done = bench.run(sleep=clock.sleep)
    assert (done.new, done.stopped) == (0, False)
    assert len(bench.site.seen("/dataset")) == 5 * 3
    assert "failed 5 times in a row" in bench.sql("SELECT reason FROM skip WHERE record = '127.0.0.1'")[0][0]
    assert "15 of its pages wait" in bench.sql("SELECT reason FROM skip WHERE record = '127.0.0.1'")[0][0]
    assert bench.outcomes() == {"": 15, "failed": 5}


def test_a_long_rest_ends_the_visits_to_a_host_and_is_kept_by_the_next_run(bench: Bench) -> None:
    def mood(asked: Asked) -> Answer | None:
        return (
            Answer(503, {"Retry-After": "3600"}) if asked.path == "/dataset/9" and asked.host == "127.0.0.2" else None
        )

    bench.site.mood = mood
    request = {"site": [bench.site.base(host) for host in (1, 2)]}
    done = bench.run(request)
    assert done.new == 20 + 9
    (reason,) = bench.sql("SELECT reason FROM skip WHERE record = '127.0.0.2'")[0]
    assert "asks to be left alone until" in reason
    assert "11 of its pages wait" in reason
    asked = len(bench.site.seen(host="127.0.0.2"))
    assert asked == 1 + 3 + 10
    bench.site.mood = lambda _: None
    assert bench.run(request).new == 0
    assert bench.site.seen(host="127.0.0.2") == []
    with pytest.raises(HostClosed, match="left alone until"):
        bench.run({"site": bench.site.base(2)})
    bench.sql("UPDATE place SET digest = replace(digest, '\"until\": 1', '\"until\": 0.1') WHERE kind = 'host'")
    assert bench.run(request).new == 11


# --- hosts that fail --------------------------------------------------------------------------------------------------


def test_a_failing_host_stops_no_other(bench: Bench) -> None:
    """One answers 500, one resets every connection, one has no robots.txt to give, one name is unknown, one is down."""

    def mood(asked: Asked) -> Answer | None:
        if asked.host == "127.0.0.2" and asked.path.startswith("/dataset"):
            return Answer(500)
        if asked.host == "127.0.0.3" and asked.path.startswith("/dataset"):
            return Answer(0)
        return Answer(500) if asked.host == "127.0.0.4" and asked.path == "/robots.txt" else None

    bench.site.mood = mood
    hosts = [bench.site.base(host) for host in (1, 2, 3, 4)]
    request = {"site": [*hosts, "http://no-such-host.invalid/", "http://127.0.0.9:9/"]}
    done = bench.run(request, sleep=Clock().sleep, allow_private_hosts=bench.site.hosts | {"127.0.0.9"})
    assert done.new == 20
    told = dict(bench.sql("SELECT record, reason FROM skip WHERE record NOT LIKE 'http%'"))
    assert set(told) == {"127.0.0.2", "127.0.0.3", "127.0.0.4", "no-such-host.invalid", "127.0.0.9"}
    assert "15 of its pages wait" in told["127.0.0.2"]
    assert "robots.txt did not come" in told["127.0.0.4"]
    assert "not found" in told["no-such-host.invalid"]
    assert {each.path for each in bench.site.seen(host="127.0.0.4")} == {"/robots.txt"}
    bench.site.mood = lambda _: None
    assert bench.run(request, sleep=Clock().sleep).new == 15 * 2 + 20


def test_where_nothing_at_all_came_the_reason_is_raised(bench: Bench) -> None:
    with pytest.raises(CatalogError, match="not found"):
        bench.run({"site": ["http://no-such-host.invalid/"]}, sleep=Clock().sleep)
    bench.site.mood = lambda _: Answer(503)
    with pytest.raises(HostClosed, match=r"robots\.txt did not come"):
        bench.run(sleep=Clock().sleep)


def test_a_redirect_to_a_closed_host_costs_the_page_alone(bench: Bench) -> None:
    def mood(asked: Asked) -> Answer | None:
        if asked.host == "127.0.0.2":
            return Answer(503)
        elsewhere = asked.path.startswith("/dataset") and int(asked.path.rpartition("/")[2]) % 2
        return Answer(302, {"Location": f"{bench.site.base(2)}{asked.path}"}) if elsewhere else None

    bench.site.mood = mood
    assert bench.run(sleep=Clock().sleep).new == 10
    assert bench.outcomes() == {"read": 10, "failed": 10}
    assert len(bench.site.seen(host="127.0.0.2")) == 3


def test_more_hosts_than_threads_all_get_their_turn(tmp_path: Path) -> None:
    with WebSite(12, 20, per_map=10, weight=300) as site:
        done = Bench(tmp_path, site).run({"site": [site.base(host) for host in range(1, 21)]})
        assert done.new == 240
        assert {each.host for each in site.asked} == set(site.addresses)


class Faulty:
    """A site of `pages` pages whose answers can be scripted (see `tests.origin.faults`)."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.origin = Origin(self.answer)

    def answer(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(404)
        if request.path == "/sitemap.xml":
            rows = [(f"{self.origin.url}/dataset/{number}", "") for number in range(self.pages)]
            return Response(200, {"Content-Type": "text/xml"}, sitemap("urlset", "url", rows))
        number = int(request.path.rpartition("/")[2])
        body = html(f"{self.origin.url}{request.path}", number, "2024-05-01", False, 500)
        return Response(200, {"Content-Type": "text/html"}, body)


HOSTILE = {
    "500": faults.status(500),
    "reset": faults.reset(),
    "reset within": faults.reset(after=100),
    "cut": faults.cut(100),
    "slow drip": faults.drip(20),
    "slow headers": faults.drip(20, head=True),
    "silence": faults.stall(30),
    "endless": faults.endless(b"<p>" * 20_000),
    "endless headers": faults.endless_headers(),
    "bomb": faults.bomb(8),
    "double bomb": faults.bomb(8, times=2),
    "noise": faults.noise(),
    "loop": faults.redirect("{path}"),
    "inside": faults.redirect("http://169.254.169.254/latest/meta-data"),
    "file": faults.redirect("file:///etc/passwd"),
    "archive": faults.headers(Content_Type="application/zip"),
    "forbidden": faults.status(403),
}


def test_hostile_pages_cost_themselves_alone(tmp_path: Path) -> None:
    site = Faulty(3 * len(HOSTILE))
    settings = WebSettings(allow_private_hosts=HERE, crawl_delay=0.0, deadline=1.0, timeout=0.5, sleep=Clock().sleep)
    for number, fault in enumerate(HOSTILE.values()):
        site.origin.script(f"/dataset/{3 * number + 1}", fault)
    started = time.monotonic()
    with site.origin, Registry.open(tmp_path / "r.db", create=True) as registry, Web(settings) as web:
        done = sync(registry, Harvester(), web, {"site": site.origin.url})
        outcomes = dict(registry.connection.execute("SELECT place, outcome FROM place WHERE kind = 'page'"))
    assert done.new == 2 * len(HOSTILE)
    assert done.skipped == len(HOSTILE)
    by_name = {name: outcomes[f"{site.origin.url}/dataset/{3 * number + 1}"] for number, name in enumerate(HOSTILE)}
    for name in ("endless", "bomb", "double bomb"):  # beyond its cap, or beyond its time
        assert by_name.pop(name) in ("refused", "failed")
    lasting = {"loop", "inside", "file", "archive", "forbidden"}
    assert {name for name, outcome in by_name.items() if outcome == "refused"} == lasting
    assert {outcome for name, outcome in by_name.items() if name not in lasting} == {"failed"}
    assert time.monotonic() - started < 60


def test_robots_by_the_letter_over_many_pages(bench: Bench) -> None:
    bench.site.robots = "User-agent: *\nDisallow: /dataset/1*5$\nAllow: /dataset/15\nSitemap: {base}/sitemap.xml\n"
    bench.run()
    bench.site.robots = "User-agent: *\nDisallow: /dataset/*1\nSitemap: {base}/sitemap.xml\n"
    bench.run({"site": bench.site.base(2)})
    paths = {each.path for each in bench.site.seen("/dataset", "127.0.0.2")}
    assert not {path for path in paths if "1" in path.partition("/dataset/")[2]}
    assert len(paths) == 20 - 11


# --- lists that mean harm ---------------------------------------------------------------------------------------------


def test_a_file_of_private_addresses_opens_no_socket(bench: Bench, tmp_path: Path) -> None:
    hosts = ["10.0.0.1", "127.1", "2130706433", "[::1]", "169.254.169.254", "localhost", "[::ffff:10.0.0.1]", "0"]
    places = [f"http://{host}/x" for host in hosts] + ["http://127.0.0.1:22/", "http://user:pw@127.0.0.1/"]
    file = tmp_path / "pages.txt"
    file.write_text("\n".join(places), "utf-8")
    with connections() as found:
        done = bench.run({"urls": str(file)}, allow_private_hosts=frozenset())
    assert found == []
    assert done.skipped == len(places)
    assert bench.outcomes() == {"refused": len(places) - 1}


def test_a_sitemap_leads_to_no_other_host(bench: Bench) -> None:
    rows = [(f"http://{host}/", "") for host in ("10.0.0.1", "127.0.0.1:22", "127.0.0.2", "[::1]", "localhost")]
    bench.site.mood = lambda asked: (
        Answer(200, {}, sitemap("urlset", "url", rows)) if asked.path == "/sitemap.xml" else None
    )
    with connections() as found, pytest.raises(CatalogError, match="5 addresses of other hosts"):
        bench.run()
    assert set(found) == {("127.0.0.1", bench.site.port)}


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate authority of our own and a certificate for localhost that it signed, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates")

    def made(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Our own authority")
    made("req", *key[:-2], "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=localhost")
    (tmp_path / "names").write_text("subjectAltName=DNS:localhost")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"]
    made("x509", "-req", "-in", "site.csr", *signed, "-out", "site.pem")
    return tmp_path


def test_a_certificate_nobody_vouches_for_closes_its_host_alone(
    bench: Bench, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "site.pem", authority / "site.key")
    with acts.serving(context) as server:
        secure = f"https://localhost:{server.port}"
        rows = [(f"{secure}/dataset/{number}", "") for number in range(3)]
        server.on("/robots.txt", answer(404))
        server.on("/sitemap.xml", answer(200, sitemap("urlset", "url", rows)))
        for number in range(3):
            body = html(f"{secure}/dataset/{number}", number, "2024-05-01", False, 500)
            server.on(f"/dataset/{number}", answer(200, body, content_type="text/html"))
        named = bench.site.hosts | {"localhost"}
        done = bench.run({"site": [secure, bench.site.base()]}, allow_private_hosts=named)
        assert done.new == 20
        (reason,) = bench.sql("SELECT reason FROM skip WHERE record = 'localhost'")[0]
        assert "certificate" in reason
        assert "SSL_CERT_FILE" in reason
        assert server.seen == []
        with pytest.raises(Retriable, match="certificate"):
            bench.run({"site": secure}, allow_private_hosts=named)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
        assert bench.run({"site": secure}, allow_private_hosts=named).new == 3
        monkeypatch.delenv("SSL_CERT_FILE")
        bench.make_due()
        with pytest.raises(Untrusted):
            bench.run({"url": f"{secure}/dataset/0"}, allow_private_hosts=named)


# --- memory -----------------------------------------------------------------------------------------------------------


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory as Linux does")
def test_memory_is_flat(tmp_path: Path) -> None:
    """Over 2,000 pages of 60 kB, the second half may add no more than a tenth of what it weighs."""
    held: list[tuple[int, int]] = []
    with WebSite(1000, 2, per_map=500, weight=60_000) as site:
        site.keep = False
        settings = WebSettings(allow_private_hosts=site.hosts, crawl_delay=0.0)
        with Registry.open(tmp_path / "r.db", create=True) as registry, Web(settings) as web:
            request = {"site": [site.base(1), site.base(2)]}
            done = sync(
                registry, Harvester(nothing), web, request, on_page=lambda p: held.append((p.records, resident()))
            )
    assert done.skipped == 2000
    half = next(memory for records, memory in held if records >= 1000)
    assert held[-1][1] - half < 1000 * 60_000 / 10


def test_every_line_of_a_harvest_is_said_once(bench: Bench) -> None:
    """Hosts, pages and sitemaps that fail leave one line each in the books of the run."""
    bench.site.mood = lambda asked: Answer(404) if asked.path in ("/dataset/3", "/sitemap-1.xml.gz") else None
    bench.run()
    told = Counter(record for (record,) in bench.sql("SELECT record FROM skip"))
    assert told == {f"{bench.site.base()}/dataset/3": 1, f"{bench.site.base()}/sitemap-1.xml.gz": 1}
