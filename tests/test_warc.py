"""Web archives: records and their digests, cut and damaged files, and the rows of pages."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.datafile import BadRow, data_files, read_rows
from catalog.datafile.archived import decoded, page_rows, visible
from catalog.datafile.warc import check, records
from catalog.errors import Fatal
from tests.origin import warc

BROKEN = (ValueError, EOFError, OSError, zlib.error)


def opened(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]


class TestRecords:
    @pytest.mark.parametrize(
        "pack", [warc.packed, lambda *parts: b"".join(parts), lambda *p: gzip.compress(b"".join(p))]
    )
    def test_packed_by_record_plain_or_whole(self, pack: object) -> None:
        made = [warc.record("warcinfo", b"software: x\r\n"), warc.conversion("https://a.example/", "text 文")]
        found = list(records(opened(pack(*made))))  # type: ignore[operator]
        assert [(each.kind, each.same) for each in found] == [("warcinfo", True), ("conversion", True)]
        assert (found[1].url, found[1].block.decode()) == ("https://a.example/", "text 文")

    def test_headers_are_found_by_name(self) -> None:
        """Their order changed between crawls; a folded line goes on; the case of a name does not matter."""
        block = (
            b"WARC/1.1\r\ncontent-LENGTH:  5\r\nWARC-Target-URI: <https://b.example/>\r\nX: a\r\n  b\r\n"
            b"WARC-Type: Conversion\r\nX: second\r\n\r\nhello\r\n\r\n"
        )
        (found,) = records(opened(block))
        assert (found.kind, found.url, found.block, found.same) == ("conversion", "https://b.example/", b"hello", None)
        assert found.headers["x"] == "a b"

    def test_digests(self) -> None:
        block = b"content"
        for name in ("", "crc32:00", "sha1:", "sha1:AAAA", "md5:9a0364b9e99bb480dd25e1f0284c8555",
                     "sha-1:040f06fd774092478d450774f5ba30c5da78acc8"):  # fmt: skip
            (found,) = records(opened(warc.record("resource", block, WARC_Block_Digest=name)))
            assert found.same is (None if name in ("", "crc32:00") else len(name) > 20), name
        wrong = warc.record("conversion", block, WARC_Block_Digest="sha1:" + "A" * 32)
        with pytest.raises(ValueError, match="the digest of record 2"):
            check(opened(warc.packed(warc.record("warcinfo", b"x"), wrong)))
        assert check(opened(warc.packed(warc.record("warcinfo", b"x"), warc.record("conversion", b"y")))) == 2

    def test_cut_anywhere_it_is_seen(self) -> None:
        """At the end of a member nothing is missing that the file could tell of."""
        members = [warc.packed(warc.conversion(f"https://c.example/{n}", "text " * n)) for n in range(1, 4)]
        whole, ends, place = b"".join(members), set(), 0
        for each in members:
            place += len(each)
            ends.add(place)
        for stop in range(1, len(whole)):
            if stop in ends:
                assert check(opened(whole[:stop])) < 3
                continue
            with pytest.raises(BROKEN):
                check(opened(whole[:stop]))

    def test_a_flipped_bit_is_seen(self) -> None:
        whole = warc.packed(*(warc.conversion(f"https://d.example/{n}", "some text " * 9) for n in range(3)))
        chance = random.Random(5)
        unseen = 0
        for _ in range(300):
            damaged = bytearray(whole)
            damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            try:
                check(opened(bytes(damaged)))
                unseen += 1
            except BROKEN:
                pass
        assert unseen < 20  # bytes of gzip's own header that mean nothing (date, system)

    @pytest.mark.parametrize(
        "data",
        [
            b"<html>", b"WARC/1.0\r\n", b"WARC/1.0\r\nContent-Length: 5\r\n\r\nabc",
            b"WARC/1.0\r\nContent-Length: -5\r\n\r\n",
            b"WARC/1.0\r\nContent-Length: 9\xb2\r\n\r\n", b"WARC/1.0\r\nno header\r\n\r\n", b"WARC/2.0\r\n\r\n",
            b"WARC/1.0\r\n" + b"A: b\r\n" * 999 + b"\r\n",
        ],
    )  # fmt: skip
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="record"):
            list(records(opened(data)))

    @given(st.binary(max_size=400))
    def test_anything_ends(self, data: bytes) -> None:
        for start in (b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08"):
            try:
                list(page_rows(opened(start + data)))
            except BROKEN:
                pass


class TestRows:
    def test_of_pages_that_are_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.warc.gz"
        chunked = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )
        zipped = gzip.compress(b"<p>zipped</p>")
        coded = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: %d\r\n\r\n" % len(zipped)
        ) + zipped
        kind = {"Content_Type": "application/http; msgtype=response"}
        path.write_bytes(
            warc.packed(
                warc.record("warcinfo", b"x"),
                warc.record("request", b"GET / HTTP/1.1\r\n\r\n", "https://e.example/"),
                warc.response("https://e.example/1", "<p>caf\xe9</p>".encode("latin-1"), "text/html; charset=latin-1"),
                warc.record("response", chunked, "https://e.example/2", **kind),
                warc.record("response", coded, "https://e.example/3", **kind),
                warc.response("https://e.example/4", b"\x89PNG", "image/png"),
                warc.record("response", b"nonsense", "https://e.example/5", **kind),
                warc.record("response", b"x", "dns:e.example", Content_Type="text/dns"),
            )
        )
        rows = list(read_rows(path))
        assert [row["text"] for row in rows if not isinstance(row, BadRow)] == ["café", "hello", "zipped"]
        assert [row.reason.partition(" (")[0] for row in rows if isinstance(row, BadRow)] == [
            "it is no text", "its answer cannot be read", "it is no answer of a web server",
        ]  # fmt: skip
        assert data_files(tmp_path) == [path]

    def test_a_record_with_another_digest_costs_itself_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "b.warc.wet.gz"
        wrong = warc.conversion("https://f.example/1", "wrong", WARC_Block_Digest="sha1:" + "A" * 32)
        path.write_bytes(warc.packed(wrong, warc.conversion("https://f.example/2", "right")))
        bad, good = read_rows(path)
        assert isinstance(bad, BadRow)
        assert not isinstance(good, BadRow)
        assert good["text"] == "right"
        path.write_bytes(path.read_bytes()[:-5])
        with pytest.raises(Fatal, match="cannot be read to its end"):
            list(read_rows(path))

    def test_the_words_of_a_page(self) -> None:
        page = (
            "<!doctype html><html><head><title>A &amp; B</title><style>no</style><meta charset=utf-8></head><body>"
            "<nav>Menu</nav><h1>Head</h1><p>one <b>two</b>\nthree<br>four</p><script>if (a < b) no()</script>"
            "<ul><li>x<li>y</ul><noscript>no</noscript><p>end &lt;"
        )
        assert visible(page) == ("A & B", "Menu\nHead\none two three\nfour\nx\ny\nend <")
        assert visible("") == ("", "")
        assert visible("plain words") == ("", "plain words")

    def test_the_charset_of_a_page(self) -> None:
        assert decoded("中文".encode("gbk"), "text/html; charset=GBK") == "中文"
        assert decoded("<meta charset='gb2312'>中文".encode("gb2312"), "text/html").endswith("中文")
        assert decoded("é".encode(), "text/html; charset=no-such") == "é"
        assert decoded(b"\xff", "") == "�"

    @given(st.text(max_size=300))
    def test_any_page_can_be_read(self, page: str) -> None:
        title, text = visible(page)
        assert "\n" not in title
        assert all(line == line.strip() for line in text.split("\n") if line)
