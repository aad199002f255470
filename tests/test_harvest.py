"""Harvesting a site on loopback into a registry: what is asked, what is stored, what the next sync sends."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from catalog.connector import Cursor, Findings, Lead, Page, Visit
from catalog.errors import CatalogError, Fatal, NotFound, Usage
from catalog.record import Distribution, Record, encode
from catalog.registry import Registry
from catalog.sync import Progress, sync
from catalog.web import Web, WebSettings
from connectors.google import extract, sites
from connectors.google.estimate import estimate
from connectors.google.harvest import harvest, named_hosts
from connectors.google.plan import plan
from connectors.google.sitemaps import MOST_FILES
from connectors.google.visits import DAY, HOUR, LONGEST, NOTHING, READ, again, host_of
from tests.origin.web_site import Answer, Asked, WebSite, sitemap

LATE = "2020-01-01T00:00:00Z"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Harvester:
    """The connector as far as a sync needs it, with any reader of pages."""

    name = "google"

    def __init__(self, read: Callable[[bytes, str, str], Findings] = extract.read) -> None:
        self._read = read

    def pages(self, web: Web, cursor: Cursor) -> Iterator[Page]:
        return harvest(web, cursor, self._read)

    def files(self, web: Web, record: Record, revision: str | None) -> list[Distribution]:
        return []


class Bench:
    """A registry, and harvests into it."""

    def __init__(self, folder: Path, site: WebSite) -> None:
        self.path = folder / "registry.db"
        self.site = site
        self.requests = 0

    def run(self, request: Mapping[str, Any] | None = None, read: Any = extract.read, **settings: Any) -> Progress:
        """One sync; of the first host where nothing is asked for."""
        asked = {"site": self.site.base()} if request is None else dict(request)
        chosen = WebSettings(**{"allow_private_hosts": self.site.hosts, "crawl_delay": 0.0, **settings})
        self.site.forget()
        with Registry.open(self.path, create=True) as registry, Web(chosen) as web:
            try:
                return sync(registry, Harvester(read), web, asked)
            finally:
                self.requests = web.requests

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    def make_due(self) -> None:
        """As if a month had passed."""
        self.sql("UPDATE place SET due = ? WHERE kind = 'page' AND due <> ''", LATE)

    def outcomes(self) -> Counter[str]:
        rows = self.sql("SELECT outcome, count(*) FROM place WHERE kind LIKE 'page%' OR kind LIKE 'list%' GROUP BY 1")
        return Counter(dict(rows))

    def keys(self) -> set[str]:
        return {key for (key,) in self.sql("SELECT key FROM dataset")}

    def records(self) -> list[bytes]:
        with Registry.open(self.path) as registry:
            return sorted(encode(entry) for entry in registry.entries())

    def asked(self) -> Counter[str]:
        """How often what was asked, by the first part of its path."""
        return Counter(each.path.split("/")[1].split("-")[0].split(".")[0] for each in self.site.asked)


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite(30, 3, per_map=10, plain_every=10, weight=500) as found:
        yield found


@pytest.fixture
def bench(tmp_path: Path, site: WebSite) -> Bench:
    return Bench(tmp_path, site)


def nothing(body: bytes, content_type: str, url: str) -> Findings:
    return Findings(url, url)


def never(body: bytes, content_type: str, url: str) -> Findings:
    raise AssertionError("a page was read")


# --- the first walk ---------------------------------------------------------------------------------------------------


def test_a_site_comes_whole(bench: Bench) -> None:
    done = bench.run()
    assert (done.new, done.skipped, done.stopped) == (27, 3, False)
    assert bench.asked() == {"robots": 1, "sitemap": 4, "dataset": 30}
    assert bench.site.asked[0].path == "/robots.txt"
    assert bench.outcomes() == {"read": 30}
    assert done.reasons[0][0] == f"{bench.site.base()}/dataset/0"
    assert "JSON-LD" in done.reasons[0][1]
    keys = bench.sql("SELECT keys FROM place WHERE place LIKE '%/dataset/7'")[0][0]
    assert set(json.loads(keys)) <= bench.keys()
    assert done.total == 27


def test_several_hosts_at_once(bench: Bench) -> None:
    request = {"site": [bench.site.base(host) for host in (1, 2, 3)]}
    started = time.monotonic()
    done = bench.run(request, crawl_delay=0.15)
    took = time.monotonic() - started
    assert done.new == 81
    assert took < 81 * 0.15
    for address in bench.site.addresses:
        times = [each.at for each in bench.site.seen(host=address)]
        assert min(b - a for a, b in pairwise(times)) >= 0.05


def test_the_user_chooses_the_delay_for_hosts_named(bench: Bench) -> None:
    waits: list[float] = []
    assert bench.run({"site": bench.site.base(), "crawl_delay": "0"}, crawl_delay=1.0, sleep=waits.append).new == 27
    assert waits == []
    bench.make_due()
    bench.run({"site": bench.site.base(), "crawl_delay": "2.5"}, sleep=waits.append)
    assert len(waits) == 33
    assert max(waits) == pytest.approx(2.5, abs=0.1)


def test_the_site_of_any_page_will_do(bench: Bench) -> None:
    assert bench.run({"site": f"{bench.site.base()}/dataset/3"}).new == 27
    assert bench.run({"site": bench.site.base() + "/"}).new == 0


def test_without_sitemap_lines_the_usual_place_is_asked(bench: Bench) -> None:
    bench.site.robots = "User-agent: *\nDisallow:\n"
    assert bench.run().new == 27


def test_one_sitemap(bench: Bench) -> None:
    assert bench.run({"sitemap": f"{bench.site.base()}/sitemap-1.xml.gz"}).new == 9
    assert bench.asked() == {"robots": 1, "sitemap": 1, "dataset": 10}
    assert bench.run({"site": f"{bench.site.base()}/sitemap-1.xml.gz"}).new == 0
    assert bench.asked() == {"sitemap": 1}


# --- what a sync that finds nothing new sends -------------------------------------------------------------------------


def test_nothing_new_costs_the_sitemaps_alone(bench: Bench) -> None:
    bench.run()
    before = bench.records()
    done = bench.run(read=never)
    assert (done.new, done.changed, done.same, done.skipped) == (0, 0, 0, 0)
    assert bench.asked() == {"sitemap": 4} == {"sitemap": bench.requests}
    assert all("if-none-match" in each.headers for each in bench.site.asked)
    assert bench.records() == before


def test_robots_are_asked_again_after_a_day(bench: Bench) -> None:
    bench.run()
    card = json.loads(bench.sql("SELECT digest FROM place WHERE kind = 'host'")[0][0])
    bench.sql("UPDATE place SET digest = ? WHERE kind = 'host'", json.dumps({**card, "fetched": time.time() - 90_000}))
    bench.run(read=never)
    assert bench.asked() == {"robots": 1, "sitemap": 4}


def test_rules_that_were_kept_hold(bench: Bench) -> None:
    bench.site.robots = "User-agent: *\nDisallow: /dataset/1\nSitemap: {base}/sitemap.xml\n"
    bench.run()
    assert bench.outcomes() == {"read": 19, "refused": 11}
    bench.site.robots = WebSite.robots
    bench.make_due()
    bench.run()
    assert bench.asked() == {"sitemap": 4, "dataset": 19}


def test_an_index_that_dates_its_sitemaps_spares_them(bench: Bench) -> None:
    days = dict.fromkeys(range(3), "2024-01-01")

    def mood(asked: Asked) -> Answer | None:
        if asked.path != "/sitemap.xml":
            return None
        rows = [(f"{bench.site.base()}/sitemap-{part}.xml.gz", day) for part, day in days.items()]
        return Answer(200, {"Content-Type": "text/xml"}, sitemap("sitemapindex", "sitemap", rows))

    bench.site.mood = mood
    bench.run()
    bench.run(read=never)
    assert [each.path for each in bench.site.asked] == ["/sitemap.xml"]
    days[1] = "2999-01-01"
    bench.site.touch(15)
    done = bench.run()
    assert [each.path for each in bench.site.asked] == ["/sitemap.xml", "/sitemap-1.xml.gz", "/dataset/15"]
    assert done.changed == 1


def test_due_pages_are_asked_by_etag_and_not_read(bench: Bench) -> None:
    bench.run()
    bench.make_due()
    done = bench.run(read=never)
    assert bench.asked() == {"sitemap": 4, "dataset": 30}
    assert all("if-none-match" in each.headers for each in bench.site.seen("/dataset"))
    assert (done.new, done.skipped) == (0, 0)
    assert bench.outcomes() == {"same": 30}
    assert bench.run(read=never).records == 0
    assert bench.asked() == {"sitemap": 4}


def test_news_are_what_the_sitemap_dates_later(bench: Bench) -> None:
    bench.run()
    bench.site.touch(7)
    bench.site.touch(11)
    done = bench.run()
    assert done.changed == 2
    assert {each.path for each in bench.site.seen("/dataset")} == {"/dataset/7", "/dataset/11"}


def test_last_modified_does_as_well(bench: Bench) -> None:
    stamp = "Wed, 01 May 2024 00:00:00 GMT"

    def mood(asked: Asked) -> Answer | None:
        if not asked.path.startswith("/dataset"):
            return None
        if asked.headers.get("if-modified-since") == stamp:
            return Answer(304)
        return Answer(200, {"Content-Type": "text/html", "Last-Modified": stamp}, b"<title>nothing</title>")

    bench.site.mood = mood
    bench.run()
    bench.make_due()
    bench.run(read=never)
    assert bench.outcomes() == {"same": 30}
    assert "if-none-match" not in bench.site.seen("/dataset")[0].headers


def test_the_same_bytes_are_not_read_again(bench: Bench) -> None:
    def mood(asked: Asked) -> Answer | None:
        answer = bench.site._page(replace(asked, headers={}), asked.path.rpartition("/")[2])
        kept = {name: value for name, value in answer.headers.items() if name != "ETag"}
        return replace(answer, headers=kept) if asked.path.startswith("/dataset") else None

    bench.site.mood = mood
    bench.run()
    bench.make_due()
    bench.run(read=never)
    assert bench.outcomes() == {"same": 30}


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_limit_is_exact_and_the_next_run_goes_on(bench: Bench) -> None:
    for expected in (10, 10, 7, 0):
        done = bench.run({"site": bench.site.base(), "limit": 10})
        assert done.new == expected
    assert len(bench.keys()) == 27


def test_a_limit_over_many_hosts(bench: Bench) -> None:
    done = bench.run({"site": [bench.site.base(host) for host in (1, 2, 3)], "limit": 7})
    assert done.new == 7
    assert len(bench.site.seen("/dataset")) <= 7 + done.skipped


def test_a_limited_walk_reads_no_more_sitemaps_than_it_needs(bench: Bench) -> None:
    bench.run({"site": bench.site.base(), "limit": 2})
    assert bench.asked()["sitemap"] < 4
    assert bench.run().new == 25


def test_leads_serve_every_request_for_the_site(bench: Bench) -> None:
    bench.run({"site": bench.site.base(), "limit": 5})
    seen = len(bench.site.seen("/dataset"))
    bench.run({"site": bench.site.base(), "since": "2020-01-01"})
    assert len(bench.site.seen("/dataset")) == 30 - seen


def test_since_leaves_out_what_is_known_to_be_older(bench: Bench) -> None:
    for page in (3, 4, 5):
        bench.site.touch(page, day="2026-01-02")
    assert bench.run({"site": bench.site.base(), "since": "2026-01-01"}).new == 3
    assert bench.run({"site": bench.site.base(), "since": "2026-01-01"}).records == 0
    assert bench.run().new == 24


def test_a_full_walk_asks_for_every_page_anew(bench: Bench) -> None:
    bench.run()
    done = bench.run({"site": bench.site.base(), "full": True})
    assert bench.asked() == {"sitemap": 4, "dataset": 30}
    assert not any("if-none-match" in each.headers for each in bench.site.asked)
    assert done.same == 27
    assert bench.run(read=never).records == 0


def test_an_unfinished_full_walk_goes_on(bench: Bench) -> None:
    bench.run()
    stopped = bench.run({"site": bench.site.base(), "full": True}, max_requests=14)
    assert stopped.stopped
    first = {each.path for each in bench.site.seen("/dataset")}
    done = bench.run({"site": bench.site.base(), "full": True})
    assert done.resumed
    second = [each.path for each in bench.site.seen("/dataset")]
    assert len(first) == 10
    assert len(second) == 20
    assert not first & set(second)


def test_pages_that_the_user_lists(bench: Bench, tmp_path: Path) -> None:
    base = bench.site.base()
    done = bench.run({"url": [f"{base}/dataset/1", f"{base}/dataset/2#top"]})
    assert (done.new, bench.asked()) == (2, {"robots": 1, "dataset": 2})
    lines = [f"{base}/dataset/{number}" for number in range(1, 6)]
    file = tmp_path / "pages.txt"
    file.write_text("\ufeff# ours\n" + "\r\n".join(lines) + "\n\nno address\nftp://x/\n", "utf-8")
    done = bench.run({"urls": str(file)})
    assert (done.new, done.skipped) == (3, 2)
    assert done.reasons[0] == ("line 8 of pages.txt", "'no address' is no web address.")
    assert bench.asked() == {"dataset": 3}
    assert bench.run({"urls": str(file)}, read=never).new == 0
    assert bench.asked() == {}
    file.write_text(lines[0] + f"\n{base}/dataset/9\n", "utf-8")
    bench.make_due()
    bench.sql("UPDATE place SET due = ?  WHERE scope = 'urls'", LATE)
    bench.run({"urls": str(file)})
    assert {each.path for each in bench.site.asked} == {"/dataset/1", "/dataset/9"}


def test_one_page_that_is_not_there_says_so(bench: Bench) -> None:
    done = bench.run({"url": f"{bench.site.base()}/dataset/99"})
    assert done.reasons == [
        (f"{bench.site.base()}/dataset/99", f"{bench.site.base()}/dataset/99 answered 404 Not Found.")
    ]


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ({}, "Nothing to harvest"),
        ({"site": "dryaad"}, "Did you mean dryad"),
        ({"sitemap": "sitemap.xml"}, "no web address"),
        ({"site": "ftp://a.org/"}, "no web address"),
        ({"urls": "/nowhere/at/all"}, "cannot be read"),
        ({"site": "https://a.org", "since": "yesterday"}, "no date"),
        ({"site": "https://a.org", "crawl_delay": "fast"}, "no crawl delay"),
        ({"site": "https://a.org", "crawl_delay": "-1"}, "no crawl delay"),
    ],
)
def test_a_request_without_sense_is_said(request_: dict[str, Any], word: str, bench: Bench) -> None:
    with pytest.raises(Usage, match=word):
        bench.run(request_)
    assert bench.requests == 0


def test_built_in_publishers() -> None:
    assert len(sites.listed()) >= 20
    for name, start, note in sites.listed():
        assert plan({"site": name}).parts[0].start == start
        assert start.startswith(("https://", "http://"))
        assert note
    kinds = {lead.kind for name, *_ in sites.listed() for lead in plan({"site": name}).starts()}
    assert kinds == {"site", "sitemap"}
    assert plan({"site": "Dryad"}).parts == plan({"site": "dryad"}).parts
    assert plan({"site": "data.example.org"}).parts[0].start == "https://data.example.org/"


def test_hosts_that_the_user_wrote() -> None:
    request = {"site": ["dryad", "http://10.0.0.1:8000/x"], "url": "http://[::1]/", "urls": "file", "sitemap": "x"}
    assert named_hosts(request) == {"10.0.0.1", "::1"}
    assert host_of("http://[::1]:80/x") == "::1"


def test_an_estimate(bench: Bench) -> None:
    def told(request: dict[str, Any]) -> Any:
        with Registry.open(bench.path, create=True) as registry:
            return estimate(Cursor(request, {}, registry.queue("google")))

    request = {"site": bench.site.base()}
    assert told(request).at_least == 2
    bench.run()
    sent = told(request)
    bench.run(read=never)
    assert sent.at_least == bench.requests == 4
    assert "sitemaps" in sent.says
    bench.make_due()
    assert told(request).at_least == 34
    assert told({**request, "limit": 5}).at_least == 9
    assert told({**request, "full": True}).at_least == 34
    urls = {"url": [f"{bench.site.base(2)}/dataset/{number}" for number in range(4)]}
    assert (told(urls).at_least, told(urls).at_most) == (5, 5)
    bench.run(urls)
    assert bench.requests == 5
    assert told(urls).at_least == 0
    assert estimate(Cursor(request)).at_least == 2


# --- what sites list --------------------------------------------------------------------------------------------------


def answering(site: WebSite, answers: Mapping[str, Answer]) -> None:
    """Put answers in the place of the site's own."""
    site.mood = lambda asked: answers.get(asked.path)


def xml(body: bytes) -> Answer:
    return Answer(200, {"Content-Type": "application/xml", "X-Robots-Tag": "noindex"}, body)


def test_only_addresses_of_the_site_are_taken(bench: Bench) -> None:
    base = bench.site.base()
    rows = [(f"{base}/dataset/1", ""), (f"{bench.site.base(2)}/dataset/1", ""), ("http://127.0.0.1:22/", "")]
    rows += [("https://evil.example/", ""), ("file:///etc/passwd", ""), (f"{base}/dataset/2#frag", "")]
    answering(bench.site, {"/sitemap.xml": xml(sitemap("urlset", "url", rows))})
    done = bench.run()
    assert done.new == 2
    assert [reason for _, reason in done.reasons] == ["4 addresses of other hosts, or unusable ones, were passed over"]
    assert not bench.site.seen(host="127.0.0.2")


def test_robots_may_name_a_sitemap_on_another_host_of_the_user(bench: Bench) -> None:
    bench.site.robots = f"Sitemap: {bench.site.base(2)}/elsewhere.xml\n"
    rows = [(f"{bench.site.base()}/dataset/1", ""), (f"{bench.site.base(3)}/dataset/1", "")]
    answering(bench.site, {"/elsewhere.xml": xml(sitemap("urlset", "url", rows))})
    assert bench.run().new == 1


def test_sitemaps_go_three_deep(bench: Bench) -> None:
    base = bench.site.base()
    maps = {
        "/sitemap.xml": sitemap("sitemapindex", "sitemap", [(f"{base}/b.xml", "")]),
        "/b.xml": sitemap("sitemapindex", "sitemap", [(f"{base}/c.xml", ""), (f"{base}/sitemap.xml", "")]),
        "/c.xml": sitemap("sitemapindex", "sitemap", [(f"{base}/d.xml", "")]),
        "/d.xml": sitemap("urlset", "url", [(f"{base}/dataset/1", "")]),
    }
    answering(bench.site, {path: xml(body) for path, body in maps.items()})
    with pytest.raises(NotFound, match="deeper than 3"):
        bench.run()
    assert [each.path for each in bench.site.asked] == ["/robots.txt", "/sitemap.xml", "/b.xml", "/c.xml"]


def test_sitemaps_end_at_their_number(bench: Bench) -> None:
    rows = [(f"{bench.site.base()}/m{number}.xml", "") for number in range(MOST_FILES + 50)]
    page = xml(sitemap("urlset", "url", [(f"{bench.site.base()}/dataset/1", "")]))
    answers = {f"/m{number}.xml": page for number in range(MOST_FILES + 50)}
    answering(bench.site, {**answers, "/sitemap.xml": xml(sitemap("sitemapindex", "sitemap", rows))})
    assert bench.run().new == 1
    assert len(bench.site.seen("/m")) + 1 == MOST_FILES


def test_a_cut_sitemap_gives_what_came_and_says_so(bench: Bench) -> None:
    rows = [(f"{bench.site.base()}/dataset/{number}", "") for number in range(1, 9)]
    packed = gzip.compress(sitemap("urlset", "url", rows))
    answering(bench.site, {"/sitemap.xml": xml(packed[:-8])})
    done = bench.run()
    assert done.new == 8
    assert done.reasons == [(f"{bench.site.base()}/sitemap.xml", "it ends in the middle of its packed data")]


def test_a_site_without_sitemaps_is_said(bench: Bench) -> None:
    bench.site.robots = ""
    answering(bench.site, {"/sitemap.xml": Answer(404)})
    with pytest.raises(NotFound, match="--sitemap"):
        bench.run()


# --- what pages do ----------------------------------------------------------------------------------------------------


def test_gone_pages_are_missing_once_two_runs_say_so(bench: Bench) -> None:
    bench.run()
    bench.site.remove(3)
    bench.site.remove(4, status=410)
    missing = "SELECT count(*) FROM dataset WHERE missing_since <> ''"
    for expected in (0, 2):
        bench.make_due()
        bench.run()
        assert bench.outcomes() == {"same": 28, "gone": 2}
        assert bench.sql(missing) == [(expected,)]
    bench.site.removed.clear()
    bench.make_due()
    bench.run()
    assert bench.sql(missing) == [(0,)]


def test_what_asks_not_to_be_kept_is_not(bench: Bench) -> None:
    honest = bench.site._page

    def mood(asked: Asked) -> Answer | None:
        if asked.path not in ("/dataset/5", "/dataset/6"):
            return None
        answer = honest(asked, asked.path.rpartition("/")[2])
        if asked.path == "/dataset/5":
            return replace(answer, headers={**answer.headers, "X-Robots-Tag": "noindex"})
        return replace(answer, body=answer.body.replace(b"<head>", b'<head><meta name="robots" content="noindex">'))

    bench.site.mood = mood
    done = bench.run()
    assert done.new == 25
    assert bench.outcomes() == {"read": 29, "refused": 1}
    assert {name.rpartition("/")[2]: reason for name, reason in done.reasons}["5"].endswith("(X-Robots-Tag: noindex).")


def test_a_page_that_no_reader_survives_costs_itself_alone(bench: Bench) -> None:
    def read(body: bytes, content_type: str, url: str) -> Findings:
        if url.endswith("/7"):
            raise RecursionError("too deep\nto read")
        return extract.read(body, content_type, url)

    done = bench.run(read=read)
    assert done.new == 26
    assert "RecursionError: too deep to read" in dict(done.reasons)[f"{bench.site.base()}/dataset/7"]


def test_a_budget_keeps_what_came(bench: Bench) -> None:
    done = bench.run(max_requests=15)
    assert done.stopped
    assert bench.requests == 15
    assert len(bench.keys()) == done.new == 15 - 5 - done.skipped
    rest = bench.run()
    assert rest.resumed
    assert len(bench.keys()) == 27
    assert len(bench.site.seen("/dataset")) == 20


def test_offline_asks_nobody(bench: Bench) -> None:
    with pytest.raises(Fatal, match="Offline"):
        bench.run(offline=True)
    assert bench.site.asked == []
    bench.run()
    bench.make_due()
    with pytest.raises(CatalogError):
        bench.run(offline=True)
    assert bench.outcomes() == {"read": 30}


# --- when a page is due again -----------------------------------------------------------------------------------------


def lead(days: float, failures: int = 0, keys: tuple[str, ...] = ("google:1",)) -> Lead:
    visited = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Lead("https://a.org/", failures=failures, visited=visited, keys=keys)


def test_the_longer_nothing_changes_the_longer_the_wait() -> None:
    assert again("read", lead(0), NOW) == READ == 7 * DAY
    assert again("read", lead(0), NOW, found=False) == NOTHING == 30 * DAY
    assert [again("same", lead(days), NOW) / DAY for days in (1, 7, 14, 28, 90)] == [7, 14, 28, 56, 90]
    assert again("same", lead(1, keys=()), NOW) == NOTHING
    assert again("same", Lead("https://a.org/", keys=("a",)), NOW) == READ


def test_failures_wait_longer_each_time() -> None:
    waits = [again("failed", lead(0, failures), NOW) for failures in range(8)]
    assert waits == sorted(waits)
    assert (waits[0], waits[1], waits[-1]) == (HOUR, 4 * HOUR, READ)
    gone = [again("gone", lead(0, failures), NOW) for failures in range(12)]
    assert (gone[0], gone[1], gone[-1]) == (DAY, 3 * DAY, LONGEST)


def test_the_queue_knows_when(bench: Bench) -> None:
    bench.run()
    due = bench.sql("SELECT julianday(due) - julianday(visited), keys FROM place WHERE kind = 'page'")
    assert {(round(days), keys == "[]") for days, keys in due} == {(7, False), (30, True)}


def test_a_visit_without_a_lead_is_no_harm(bench: Bench) -> None:
    bench.run()
    with Registry.open(bench.path) as registry:
        from catalog.registry.places import Places

        run = registry.begin_run("google", "sync")
        unknown = Visit(Lead("https://a.org/", "nowhere"), "read", 1.0)
        registry.commit_page(run, [], places=Places("google", (), (unknown,)))
    assert bench.sql("SELECT count(*) FROM place WHERE scope = 'nowhere'") == [(0,)]


def test_a_reason_that_is_no_text_ends_no_harvest(bench: Bench) -> None:
    """What a reader says of a page may quote half a character; it is stored as far as it is text."""

    def read(body: bytes, content_type: str, url: str) -> Findings:
        found = extract.read(body, content_type, url)
        return replace(found, problems=("\ud800 is no letter",)) if url.endswith("/dataset/3") else found

    done = bench.run(read=read)
    assert (done.new, done.skipped) == (27, 4)
    assert bench.sql("SELECT reason FROM place WHERE place LIKE '%/dataset/3'") == [("\ufffd is no letter",)]
    assert ("\ufffd is no letter",) in bench.sql("SELECT reason FROM skip")
