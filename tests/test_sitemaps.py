"""Sitemaps as sites serve them: every kind, every damage, every bound."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.google import sitemaps
from connectors.google.sitemaps import MOST_ADDRESSES, Listed, Sitemap, address, home, moment
from tests.origin.web_site import sitemap

URL = "https://data.example.org/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
ROWS = [("https://data.example.org/1", "2024-05-01"), ("https://data.example.org/2?a=1&amp;b=2", "")]
FOUND = [Listed("https://data.example.org/1", "2024-05-01"), Listed("https://data.example.org/2?a=1&b=2")]


def read(body: bytes | str) -> tuple[list[Listed], list[str]]:
    found = Sitemap(body.encode() if isinstance(body, str) else body, URL)
    return list(found), found.problems


def urlset(inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SPACE}>{inner}</urlset>'


# --- kinds ------------------------------------------------------------------------------------------------------------

PLAIN = sitemap("urlset", "url", ROWS)
KINDS: dict[str, bytes] = {
    "plain": PLAIN,
    "gzip": gzip.compress(PLAIN),
    "gzip in two members": gzip.compress(PLAIN[:90]) + gzip.compress(PLAIN[90:]),
    "gzip with padding": gzip.compress(PLAIN) + bytes(100),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "blank lines first": b"\n\n  " + PLAIN,
    "utf-16": PLAIN.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "latin-1": PLAIN.replace(b"UTF-8", b"ISO-8859-1"),
    "no namespace": PLAIN.replace(b' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"', b""),
    "prefix": PLAIN.replace(b"xmlns=", b"xmlns:s=")
    .replace(b"<", b"<s:")
    .replace(b"<s:/", b"</s:")
    .replace(b"<s:?", b"<?"),
    "google's old namespace": PLAIN.replace(b"http://www.sitemaps.org/schemas/sitemap/0.9", b"http://www.google.com/schemas/sitemap/0.84"),
    "blanks within": PLAIN.replace(b"<loc>", b"<loc>\n   ").replace(b"</loc>", b"\n  </loc>"),
    "CDATA": PLAIN.replace(b"2?a=1&amp;b=2", b"2?a=1<![CDATA[&]]>b=2"),
    "text": b"https://data.example.org/1\nhttps://data.example.org/2?a=1&b=2\n",
    "text with CR": b"https://data.example.org/1\r\n\r\nhttps://data.example.org/2?a=1&b=2",
    "text packed": gzip.compress(b"\xef\xbb\xbfhttps://data.example.org/1\nhttps://data.example.org/2?a=1&b=2\n"),
}  # fmt: skip


@pytest.mark.parametrize("body", KINDS.values(), ids=KINDS.keys())
def test_kinds(body: bytes) -> None:
    found, problems = read(body)
    assert [each.url for each in found] == [each.url for each in FOUND]
    assert problems == []
    if body.lstrip()[:1] == b"<":
        assert found == FOUND


def test_an_index_lists_sitemaps() -> None:
    found, problems = read(sitemap("sitemapindex", "sitemap", [("https://a.org/1.xml", "2024-05-01T10:00:00+02:00")]))
    assert (found, problems) == ([Listed("https://a.org/1.xml", "2024-05-01T08:00:00Z", nested=True)], [])


def test_images_and_other_languages_are_no_pages() -> None:
    body = urlset(
        "<url><loc>https://a.org/1</loc><image:image xmlns:image='i'><image:loc>https://a.org/x.png</image:loc>"
        "</image:image><xhtml:link xmlns:xhtml='x' href='https://a.org/de'/><lastmod>2024</lastmod></url>"
        "<url><lastmod>2024</lastmod></url><url/><other><loc>https://a.org/2</loc></other>"
    )
    assert read(body) == ([Listed("https://a.org/1", "2024")], [])


RSS = b"""<rss version="2.0"><channel><link>https://a.org/</link><item><title>1</title><link> https://a.org/1 </link>
<pubDate>Mon, 01 Jan 2024 12:00:00 +0100</pubDate></item><item><link>https://a.org/2</link></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.org/"/><updated>2024-01-01</updated>
<entry><link rel="edit" href="https://a.org/edit"/><link href="https://a.org/1"/><updated>2024-01-02</updated>
<published>2023-01-01</published></entry><entry><link rel="alternate" href="https://a.org/2"/></entry></feed>"""


def test_a_feed_may_stand_for_a_sitemap() -> None:
    found, problems = read(RSS)
    assert found == [Listed("https://a.org/1", "2024-01-01T11:00:00Z"), Listed("https://a.org/2")]
    assert problems == []
    assert read(ATOM) == ([Listed("https://a.org/1", "2024-01-02"), Listed("https://a.org/2")], [])


RECORDED = {
    "geocodes_headless.xml": 19,
    "harvard_dataverse_excerpt.xml": 3,
    "usap_dc.xml": 2,
    "usp_atom1.0.xml": 2,
    "usp_google-news.xml": 2,
    "usp_hreflang.xml": 2,
    "usp_rss2.0.xml": 2,
    "usp_simple-index.xml": 2,
    "usp_simple-urlset.xml": 2,
}


def test_recorded_sitemaps_are_read(shared_fixtures: Path) -> None:
    files = sorted((shared_fixtures / "schema_org" / "sitemaps").iterdir())
    assert {file.name for file in files} >= set(RECORDED)
    for file in files:
        found, problems = read(file.read_bytes())
        assert (len(found), problems) == (RECORDED.get(file.name, len(found)), []), file.name
        assert all(address(each.url) and each.modified for each in found), file.name
        assert {each.nested for each in found} == {file.name == "usp_simple-index.xml"}


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", range(150, len(PLAIN) - 2, 7))
def test_a_cut_file_gives_what_came_and_says_so(keep: int) -> None:
    found, problems = read(PLAIN[:keep])
    assert found == FOUND[: PLAIN[:keep].count(b"</url>")]
    assert len(problems) == 1
    assert "line" in problems[0]


@pytest.mark.parametrize("keep", [12, 60, 100, 130])
def test_a_cut_packed_file_says_so(keep: int) -> None:
    rows = [(f"https://a.org/{number * 7919}", "") for number in range(9)]
    packed = gzip.compress(sitemap("urlset", "url", rows))
    assert keep < len(packed) - 8
    found, problems = read(packed[:keep])
    assert len(found) < 9
    assert any("packed data" in each for each in problems), problems
    assert "packed data" in read(packed[:-4])[1][0]
    assert len(read(packed[:-4])[0]) == 9


def test_a_damaged_packed_file_gives_what_came() -> None:
    rows = [(f"https://a.org/{number * 7919}", "") for number in range(20_000)]
    packed = bytearray(gzip.compress(sitemap("urlset", "url", rows)))
    middle = len(packed) // 2
    packed[middle : middle + 500] = b"\xff" * 500
    found, problems = read(bytes(packed))
    assert 1000 < len(found) < 20_000
    assert "damaged" in problems[0]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "no address"),
        (b"   ", "no address"),
        (urlset("").encode(), "no address"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b"<html><body>Not found</body></html>", "'html'"),
        (b"<rss><channel/></rss>", "no address"),
        (b"<rdf><channel/></rdf>", "'rdf'"),
        (b"<a><urlset/></a>", "'a'"),
        (b'{"error": "not found"}', "no sitemap"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no sitemap"),
        (gzip.compress(gzip.compress(PLAIN)), "no sitemap"),
        (b"<?xml version='1.0' encoding='x-none'?><urlset/>", "encoding"),
        (("<urlset>" + "<url>" * 100_000).encode(), "nested"),
    ],
)
def test_what_is_no_sitemap_says_what_it_is(body: bytes, word: str) -> None:
    found, problems = read(body)
    assert found == []
    assert word in " ".join(problems)


# --- bounds -----------------------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
NO_PAGE = "<urlset><url><loc>&{};</loc></url></urlset>"
HOSTILE = {
    "laughs": f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY l0 "ha">{LAUGHS}]>' + NO_PAGE.format("l9"),
    "quadratic": f'<!DOCTYPE urlset [<!ENTITY a "{"a" * 100_000}">]>' + NO_PAGE.format("a;&" * 9_999 + "a"),
    "file": '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset><url><loc>&x;</loc></url></urlset>',
    "network": '<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd"><urlset><url><loc>https://a.org/</loc></url></urlset>',
    "parameter": '<!DOCTYPE urlset [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><urlset/>',
    "bare": "<!DOCTYPE urlset><urlset><url><loc>https://a.org/</loc></url></urlset>",
    "undeclared": urlset("<url><loc>&x;</loc></url>"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_entities_are_refused_at_once(body: str) -> None:
    started = time.thread_time()
    found, problems = read(body)
    assert time.thread_time() - started < 0.1
    assert found == []
    assert len(problems) == 1


def test_the_fifty_thousandth_address_is_the_last() -> None:
    found, problems = read(sitemap("urlset", "url", [(f"https://a.org/{n}", "") for n in range(MOST_ADDRESSES + 1)]))
    assert len(found) == MOST_ADDRESSES
    assert "50,000" in problems[0]
    text = "".join(f"https://a.org/{n}\n" for n in range(MOST_ADDRESSES + 1))
    assert len(read(text)[0]) == MOST_ADDRESSES


def test_a_bomb_is_cut_in_little_memory() -> None:
    packed = gzip.compress(urlset("<url><loc>https://a.org/</loc></url>" + " " * (60 << 20)).encode(), 1)
    tracemalloc.start()
    found, problems = read(packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 1
    assert "50 MiB" in problems[0]
    assert peak < 4 << 20


def test_an_absurd_address_costs_itself_alone() -> None:
    body = urlset(f"<url><loc>https://a.org/{'x' * 5_000_000}</loc></url><url><loc>https://a.org/2</loc></url>")
    found, _ = read(body)
    assert [address(each.url) for each in found] == ["", "https://a.org/2"]


@pytest.mark.parametrize("start", [b'<urlset a="', b"<urlset><!--", b"<urlset><", b"<?xml "])
def test_an_element_without_end_is_not_read_over_and_over(start: bytes) -> None:
    found, problems = read(gzip.compress(start + b"A" * (50 << 20), 1))
    assert not found
    assert problems == ["one of its elements has no end"]


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_end_well(data: bytes) -> None:
    for body in (data, gzip.compress(data), b"\x1f\x8b" + data, PLAIN[:200] + data, urlset("").encode()[:-9] + data):
        found, problems = read(body)
        assert all(isinstance(each, Listed) for each in found)
        assert found or problems


# --- dates and addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024", "2024"),
        ("2024-05", "2024-05"),
        ("2024-05-01", "2024-05-01"),
        (" 2024-05-01\n", "2024-05-01"),
        ("2024-05-01T10:00Z", "2024-05-01T10:00:00Z"),
        ("2024-05-01T10:00:05Z", "2024-05-01T10:00:05Z"),
        ("2024-05-01T10:00:05.123456789+00:00", "2024-05-01T10:00:05Z"),
        ("2024-05-01T01:00:00+05:30", "2024-04-30T19:30:00Z"),
        ("2024-05-01T23:00:00-0800", "2024-05-02T07:00:00Z"),
        ("2024-05-01 10:00:05", "2024-05-01T10:00:05Z"),
        ("2024-06-30T23:59:60Z", "2024-06-30T23:59:59Z"),
        ("2024-13-01", ""),
        ("2024-02-30", ""),
        ("0000-01-01", ""),
        ("2024-05-01T25:00Z", ""),
        ("0001-01-01T00:00:00+10:00", ""),
        ("9999-12-31T23:59:59-10:00", ""),
        ("01/05/2024", ""),
        ("yesterday", ""),
        ("", ""),
        ("٢٠٢٤", ""),
    ],
)
def test_dates(text: str, meant: str) -> None:
    assert moment(text) == meant


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))
def test_every_date_is_read(when: datetime) -> None:
    exact = when.replace(tzinfo=UTC, microsecond=0)
    assert datetime.fromisoformat(moment(exact.isoformat())) == exact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://a.org/x#part", "https://a.org/x"),
        ("HTTPS://A.org", "https://a.org/"),
        (" https://a.org/x?b=1&c=2 ", "https://a.org/x?b=1&c=2"),
        ("/x", "https://data.example.org/x"),
        ("http://a.org:8080/x", "http://a.org:8080/x"),
        ("http://[::1]/x", "http://[::1]/x"),
        ("ftp://a.org/x", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("http://user:pw@a.org/", ""),
        ("http://", ""),
        ("http://[", ""),
        ("http://a.org:99999/", ""),
        ("http://a.org/a b", ""),
        ("https://a.org/" + "x" * 2048, ""),
    ],
)
def test_addresses(text: str, kept: str) -> None:
    assert address(text, URL) == kept


_PIECES = st.sampled_from(
    [
        *(
            "http://",
            "https://",
            "HTTP://",
            "a.org",
            "A.org",
            "[::1]",
            "user@",
            ":80",
            ":99999",
            ":0",
            "/",
            "/x;y",
            "?",
        ),
        *("?", "?b=1", "#part", " ", "\t", "\\", "..", "\u2003", "\xa0", "\ud800", "ä", "%20", "//"),
    ]
)


@settings(max_examples=2_000)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=8).map("".join))
def test_a_plain_address_is_kept_as_the_long_way_would(text: str) -> None:
    for each in (text, f"https://a.org/{text}"):
        assert address(each, URL) == sitemaps._made(each, URL)


def test_the_home_of_an_address() -> None:
    assert home("https://www.a.org/x") == home("http://a.org:80/") == ("a.org", None)
    assert home("http://a.org:22/") != home("http://a.org/")
    assert home("https://a.org.evil.example/") != home("https://a.org/")
