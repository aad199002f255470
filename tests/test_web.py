"""The web client against a server that misbehaves: bounds, retries, politeness, redirects, secrets."""

from __future__ import annotations

import contextlib
import gzip
import ipaddress
import json
import logging
import os
import shutil
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError, Fatal, Retriable, Usage
from catalog.web import (
    BudgetSpent,
    HttpStatus,
    OutOfTime,
    Refused,
    Stopped,
    Web,
    WebSettings,
    body,
    guard,
    pace,
    public_url,
    stored_url,
)
from tests import faults
from tests.faults import Act, FaultServer, answer

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
CANARY = "hf_CANARYcanary0123456789"


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
    """The waits that the client asked for, none of which lasts."""
    return []


@pytest.fixture
def web(waits: list[float]) -> Iterator[Web]:
    with Web(WebSettings(allow_private_hosts=LOOPBACK, sleep=waits.append)) as found:
        yield found


def a_web(**changes: Any) -> Web:
    return Web(WebSettings(allow_private_hosts=LOOPBACK, **changes))


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_reply_tells_everything(server: FaultServer, web: Web) -> None:
    url = server.on("/api/list", answer(200, b'{"a": [1]}', link='</api/list?c=2>; rel="next", <x>; rel=prev'))
    reply = web.get_json(url, params={"q": "数据 &", "full": True, "limit": 5, "none": None}, token="t0ken")
    assert reply.value == {"a": [1]}
    assert reply.links == {"next": f"{server.url}/api/list?c=2", "prev": f"{server.url}/api/x"}
    assert reply.url.startswith(url)
    seen = server.seen[0]
    assert seen.path == "/api/list?q=%E6%95%B0%E6%8D%AE+%26&full=true&limit=5"
    assert seen.headers["authorization"] == "Bearer t0ken"
    assert seen.headers["host"] == f"127.0.0.1:{server.port}"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers["user-agent"].startswith("dataset-catalog/")


def test_a_token_with_its_scheme_is_sent_as_it_is(server: FaultServer, web: Web) -> None:
    web.get_bytes(server.on("/", answer(200)), token="Basic dXNlcjprZXk=")
    assert server.seen[0].headers["authorization"] == "Basic dXNlcjprZXk="


def test_head_tells_a_redirect_without_following_it(server: FaultServer, other: FaultServer, web: Web) -> None:
    reply = web.head(server.on("/file", faults.redirect(f"{other.url}/there?Signature=s")))
    assert (reply.status, reply.location) == (302, f"{other.url}/there?Signature=s")
    assert other.connections == 0
    assert server.seen[0].method == "HEAD"


def test_a_connection_serves_many_requests(server: FaultServer, web: Web) -> None:
    url = server.on("/", answer(200, b"{}"))
    for _ in range(20):
        web.get_json(url)
    assert server.connections == 1


# --- retries ----------------------------------------------------------------------------------------------------------

GOOD = b'{"whole": true}'
PASSING: dict[str, Act] = {
    "429": answer(429, retry_after="1"),
    "408": answer(408),
    "500": answer(500),
    "503": answer(503, b"x" * 100_000),
    "403 with a wait": answer(403, retry_after="1"),
    "reset at once": faults.reset(),
    "reset within": faults.reset(GOOD, 4),
    "cut": faults.cut(GOOD, 4),
    "closed without an answer": faults.raw(b""),
    "half a status line": faults.raw(b"HTTP/1.1 20"),
    "no http": faults.raw(b"SSH-2.0-OpenSSH_9.0\r\n"),
    "truncated JSON": answer(200, GOOD[:-3]),
    "truncated JSON, closed": faults.raw(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD[:-3]),
    "a portal's page": answer(200, b"<html>Please log in</html>", content_type="text/html"),
    "empty": answer(200),
    "cut gzip": answer(200, gzip.compress(GOOD)[:-9], content_encoding="gzip"),
    "damaged gzip": answer(200, b"\x1f\x8b\x08" + b"\xff" * 40, content_encoding="gzip"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_passing_fault_is_tried_again(fault: Act, server: FaultServer, web: Web, waits: list[float]) -> None:
    reply = web.get_json(server.on("/", fault, fault, answer(200, GOOD)))
    assert reply.value == {"whole": True}
    assert len(server.seen) == 3
    assert len(waits) >= 2


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_five_tries_are_enough(fault: Act, server: FaultServer, web: Web) -> None:
    with pytest.raises(Retriable) as caught:
        web.get_json(server.on("/", fault))
    assert len(server.seen) == 5 == web.requests
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 422, 451, 501])
def test_an_error_that_stays_is_not_tried_again(status: int, server: FaultServer, web: Web) -> None:
    url = server.on("/d", answer(status, b"why" * 3000, x_error_code="GatedRepo", set_cookie="a=b"))
    with pytest.raises(HttpStatus) as caught:
        web.get_json(url, params={"signature": "s3cret"})
    error = caught.value
    assert (error.status, error.url, len(error.body)) == (status, url, 4096)
    assert error.headers["x-error-code"] == "GatedRepo"
    assert "set-cookie" not in error.headers
    assert error.exit_code == {401: 4, 403: 4, 404: 3, 410: 3, 451: 4}.get(status, 1)
    assert "s3cret" not in str(error)
    assert len(server.seen) == 1


def test_backoff_grows_and_is_not_in_step(server: FaultServer, web: Web, waits: list[float]) -> None:
    with pytest.raises(Retriable):
        web.get_json(server.on("/", answer(503)))
    for wait, full in zip(waits, (0.5, 1.0, 2.0, 4.0), strict=True):
        assert full / 2 <= wait <= full
    assert len({pace.backoff(4) for _ in range(20)}) > 10


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("0", 0, 0),
        ("3", 3, 3),
        ("@40", 20, 41),
        ("@-40", 0, 0),
        ("1000000000", 120, 120),
        ("@10000000", 120, 120),
        ("-5", 0.25, 0.5),
        ("soon", 0.25, 0.5),
        ("1.5", 0.25, 0.5),
        ("٣", 0.25, 0.5),
        ("", 0.25, 0.5),
        ("9" * 400, 0.25, 0.5),
    ],
)
def test_retry_after(value: str, least: float, most: float, server: FaultServer, web: Web, waits: list[float]) -> None:
    value = in_seconds(int(value[1:])) if value.startswith("@") else value
    assert web.get_json(server.on("/", answer(429, retry_after=value), answer(200, b"1"))).value == 1
    assert least <= sum(waits) <= most + 0.1


def test_a_storm_of_429_never_sees_an_early_try(server: FaultServer) -> None:
    asked = []
    with a_web(on_wait=lambda seconds, reason: asked.append((seconds, reason))) as web:
        url = server.on("/", answer(429, retry_after="1"), answer(200, b"1"), answer(429, retry_after="1"), answer(200))
        web.get_json(url)
        web.get_bytes(url)
    gaps = [later.at - seen.at for seen, later in zip(server.seen, server.seen[1:], strict=False)]
    assert gaps[0] >= 1
    assert gaps[2] >= 1
    assert asked[0][0] == 1
    assert "429" in asked[0][1]


# --- quotas, ahead of time --------------------------------------------------------------------------------------------


def test_a_spent_window_is_waited_for(server: FaultServer, web: Web, waits: list[float]) -> None:
    url = server.on("/api/x", answer(200, b"1", ratelimit='"api";r=0;t=280'))
    free = server.on("/files/x", answer(200, b"1", ratelimit='"resolvers";r=2990;t=280'))
    web.get_json(url)
    web.get_json(free)
    assert waits == []
    web.get_json(url)
    assert waits == [pytest.approx(280, abs=1)]
    web.get_json(free)
    assert len(waits) == 1


def test_requests_of_our_own_count(server: FaultServer, web: Web, waits: list[float]) -> None:
    url = server.on("/api/x", answer(200, b"1", ratelimit='"api";r=2;t=60'), answer(200, b"1"))
    for _ in range(3):
        web.get_json(url)
    assert waits == []
    web.get_json(url)
    assert waits == [pytest.approx(60, abs=1)]


def test_the_last_hundredth_of_a_quota_is_left_to_others(server: FaultServer, web: Web, waits: list[float]) -> None:
    policy = '"fixed window";"api";q=500;w=300'
    url = server.on("/api/x", answer(200, b"1", ratelimit='"api";r=5;t=30', ratelimit_policy=policy))
    web.get_json(url)
    web.get_json(url)
    assert waits == [pytest.approx(30, abs=1)]


def test_a_pause_beyond_reason_ends_the_call(server: FaultServer, web: Web) -> None:
    url = server.on("/api/x", answer(200, b"1", ratelimit='"day";r=0;t=80000'))
    web.get_json(url)
    with pytest.raises(Retriable) as caught:
        web.get_json(url)
    assert caught.value.wait == pytest.approx(80000, abs=1)
    assert len(server.seen) == 1


@pytest.mark.parametrize("value", ['"api"', "api;r=0;t=9", '"a";r=x;t=9', '"a";t=9', ";;;", '"' * 999, '"a";r=0'])
def test_an_odd_quota_is_passed_over(value: str, server: FaultServer, web: Web, waits: list[float]) -> None:
    url = server.on("/", answer(200, b"1", ratelimit=value))
    web.get_json(url)
    web.get_json(url)
    assert waits == []


@given(st.text(max_size=200))
def test_any_header_is_readable(value: str) -> None:
    wait = pace.retry_after(value, 1.7e9)
    assert wait is None or wait >= 0
    assert all(quota.remaining >= 0 and quota.reset >= 0 for quota in pace.quotas(value))
    assert pace.reserve(value, "api") >= 0
    assert all(isinstance(target, str) for target in body.links({"link": value}, "https://h.org/a").values())


def test_several_quotas_are_read() -> None:
    found = pace.quotas('"a";r=1;t=2, "b" ; t=4 ; r=3;pk=1')
    assert [(quota.bucket, quota.remaining, quota.reset) for quota in found][:1] == [("a", 1, 2.0)]
    assert len(pace.quotas('"a";r=1;t=2,"b";t=4;r=3')) == 2


# --- bounds -----------------------------------------------------------------------------------------------------------


SOON = 30
"""Seconds within which something ends that would else last a minute or for ever: a loaded machine is slow as well."""


def slow_faults() -> dict[str, Act]:
    whole = faults.head(200, {"content-length": "100000"}) + b"x" * 100_000

    def endless(connection: Any, seen: Any) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)

    def silent(connection: Any, seen: Any) -> bool:
        time.sleep(60)
        return False

    return {
        "dripped headers": faults.drip(whole, 0.05),
        "dripped body": faults.drip(whole, 0.05, 90),
        "endless body": endless,
        "silence": silent,
    }


@pytest.mark.parametrize("fault", slow_faults().values(), ids=slow_faults().keys())
def test_the_deadline_spans_the_exchange(fault: Act, server: FaultServer) -> None:
    with a_web(deadline=0.8, timeout=0.5) as web:
        started = time.monotonic()
        with pytest.raises(Retriable):
            web.get_bytes(server.on("/", fault))
        assert time.monotonic() - started < SOON


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(bytes(size)) + packer.flush()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = b"some words, " * 500


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("X-GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
    ],
)
def test_codings_are_unpacked(coding: str, packed: bytes, server: FaultServer, web: Web) -> None:
    assert web.get_bytes(server.on("/", answer(200, packed, content_encoding=coding))).body == TEXT


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (answer(200, bytes(2001)), "2,000"),
        (answer(200, gzip.compress(os.urandom(1500) * 2), content_encoding="gzip"), "2,000"),
        (answer(200, bomb(1 << 20), content_encoding="gzip"), "2,000"),
        (answer(200, gzip.compress(bomb(1 << 20)), content_encoding="gzip, gzip"), "gzip, gzip"),
        (answer(200, b"x", content_encoding="br"), "'br'"),
        (answer(200, b"x", content_encoding="compress"), "compress"),
    ],
)
def test_a_body_beyond_its_bounds_is_refused(fault: Act, word: str, server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal) as caught:
        web.get_bytes(server.on("/", fault), max_bytes=2000)
    assert word in str(caught.value)
    assert len(server.seen) == 1


def test_a_bomb_within_the_cap_is_stopped_by_its_ratio(server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal, match="200 times"):
        web.get_bytes(server.on("/", answer(200, bomb(30 << 20), content_encoding="gzip")))


def test_numbers_and_text_that_no_database_holds_cost_themselves_alone() -> None:
    text = b"[1, " + b"9" * 5000 + b', NaN, "\\ud800", 9223372036854775808, "\xff"]'
    value = body.parse_json(text, "https://h.org")
    assert isinstance(value, list)
    assert value[0] == 1
    assert value[1] == float("inf")


def test_json_without_a_bottom_is_fatal(server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal, match="nested"):
        web.get_json(server.on("/", answer(200, b"[" * 200_000)))


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_body_is_json_or_says_why_not(data: bytes) -> None:
    with contextlib.suppress(Retriable, Fatal):
        body.parse_json(data, "https://h.org/x")


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "", "identity"]))
@settings(max_examples=300)
def test_any_coded_body_ends_well(data: bytes, coding: str) -> None:
    with contextlib.suppress(Retriable, Fatal):
        assert len(body.read([data[:50], data[50:]], coding, 100_000, "https://h.org/x")) <= 100_000


def test_the_budget_ends_the_walk(server: FaultServer) -> None:
    with a_web(max_requests=3) as web:
        url = server.on("/", answer(200, b"1"))
        for _ in range(3):
            web.get_json(url)
        with pytest.raises(BudgetSpent):
            web.get_json(url)
    assert len(server.seen) == 3 == web.requests


def test_redirects_count_in_the_budget(server: FaultServer) -> None:
    server.on("/b", answer(200, b"1"))
    with a_web(max_requests=1) as web, pytest.raises(BudgetSpent):
        web.get_json(server.on("/a", faults.redirect("/b")))


def test_offline_sends_nothing(server: FaultServer) -> None:
    with a_web(offline=True) as web:
        for call in (web.get_json, web.get_bytes, web.head):
            with pytest.raises(Fatal, match="Offline"):
                call(server.url)
        with pytest.raises(Fatal, match="Offline"), web.stream(server.url):
            pass
    assert server.connections == 0


# --- redirects and tokens ---------------------------------------------------------------------------------------------


def chain(server: FaultServer, hops: int) -> str:
    for number in range(hops):
        server.on(f"/{number}", faults.redirect(f"/{number + 1}", (301, 302, 303, 307, 308)[number % 5]))
    server.on(f"/{hops}", answer(200, b'"end"'))
    return f"{server.url}/0"


def test_five_redirects_are_followed_and_six_are_not(server: FaultServer, web: Web) -> None:
    assert web.get_json(chain(server, 5), token="t").value == "end"
    assert all("authorization" in seen.headers for seen in server.seen)
    with pytest.raises(Fatal, match="redirects more than 5"):
        web.get_json(chain(server, 6))


def test_a_redirect_loop_ends(server: FaultServer, web: Web) -> None:
    with pytest.raises(Fatal, match="redirects"):
        web.get_json(server.on("/a", faults.redirect("/a")))


def test_secrets_stay_at_their_origin(server: FaultServer, other: FaultServer, web: Web) -> None:
    other.on("/there", answer(200, b"1"))
    url = server.on("/here", faults.redirect(f"{other.url}/there"))
    web.get_json(url, headers={"Cookie": "a=b", "X-Own": "kept"}, token=CANARY)
    with web.stream(url, headers={"Range": "bytes=3-"}, token=CANARY) as stream:
        list(stream.chunks())
    assert [seen.headers.get("authorization") for seen in server.seen] == [f"Bearer {CANARY}"] * 2
    assert len(other.seen) == 2
    for seen in other.seen:
        assert "authorization" not in seen.headers
        assert "cookie" not in seen.headers
        assert CANARY not in str(seen)
    assert other.seen[0].headers["x-own"] == "kept"
    assert other.seen[1].headers["range"] == "bytes=3-"


def test_a_token_is_kept_from_plain_http_and_from_headers() -> None:
    with Web() as web:
        with pytest.raises(Usage, match="plain http"):
            web.get_json("http://example.org/", token=CANARY)
        for bad in (f"{CANARY}\r\nX: y", f"{CANARY}\x00", "é"):
            with pytest.raises(Usage) as caught:
                web.get_json("https://example.org/", token=bad)
            assert CANARY not in str(caught.value)


def echo(connection: Any, seen: faults.Seen) -> bool:
    """An error page that repeats the request."""
    return answer(400, str(seen.headers).encode(), x_echo=seen.headers.get("authorization", ""))(connection, seen)


def test_the_token_appears_nowhere(
    server: FaultServer, other: FaultServer, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other.on("/x", answer(404, b"gone"))
    scripts: dict[str, Act] = {**PASSING, "echo": echo, "elsewhere": faults.redirect(f"{other.url}/x")}
    texts: list[str] = [repr(web), repr(web.settings)]
    for number, fault in enumerate(scripts.values()):
        for call in (web.get_json, web.head):
            try:
                texts.append(repr(call(server.on(f"/{number}", fault), token=CANARY)))
            except CatalogError as error:
                texts += [str(error), repr(error), repr(vars(error)), repr(error.__cause__)]
    assert any("400" in text for text in texts)
    assert CANARY not in "\n".join(texts)
    assert CANARY not in caplog.text
    assert logging.getLogger("httpx").level == logging.WARNING


def test_addresses_are_shown_without_their_secrets() -> None:
    url = "https://user:pw@cdn.org/a%20b/f.parquet?X-Amz-Signature=abc&Expires=9&download=1&sig=x&id=7#frag"
    assert public_url(url) == "https://cdn.org/a%20b/f.parquet"
    assert stored_url(url) == (
        "https://cdn.org/a%20b/f.parquet?X-Amz-Signature=***&Expires=***&download=1&sig=***&id=7"
    )
    assert public_url("http://[") == "an unreadable address"


# --- the address guard ------------------------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "0.0.0.0", "10.0.0.1", "172.16.9.9",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[fe80::1]", "[fc00::1]",
    "[fd12::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "[fec0::1]", "localhost",
    "①②⑦.⓪.⓪.①", "127。0。0。1",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_refused_however_it_is_written(host: str, server: FaultServer) -> None:
    with Web() as web, pytest.raises(Refused):
        web.get_json(f"http://{host}/latest/meta-data")
    with Web(WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}))) as web:
        hop = server.on("/", faults.redirect(f"http://{host}:{server.port}/inside"))
        if host != "127.0.0.1":
            with pytest.raises(Refused):
                web.get_json(hop)
    assert all(path == "/" for path in server.paths())


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/x", "file:///etc/passwd", "//example.org", "gopher://x/", "javascript:1", "", "http://",
     "https://example.org:8443/", "http://example.org:22/", "https://user:pw@example.org/", "http://[::1",
     "https://" + "a" * 9000, "http://a b/", "https://exa\x00mple.org/"],
)  # fmt: skip
def test_what_is_no_public_web_address_is_refused(url: str) -> None:
    with Web() as web, pytest.raises(Refused) as caught:
        web.get_json(url)
    assert "pw" not in str(caught.value)
    assert web.requests == 0


@pytest.mark.parametrize("target", ["ftp://example.org/", "file:///etc/passwd", "http://[", "http://169.254.169.254/"])
def test_every_hop_is_judged(target: str, server: FaultServer, web: Web) -> None:
    with pytest.raises(Refused):
        web.get_json(server.on("/", faults.redirect(target)))


@given(st.ip_addresses())
def test_public_means_public(address: Any) -> None:
    if guard.is_public(address):
        assert address.is_global
        assert not address.is_multicast
    else:
        assert str(address) not in ("8.8.8.8", "2606:4700::1111")


@pytest.mark.parametrize(
    "address",
    [
        *("192.0.0.8", "192.0.0.170", "192.88.99.1", "100.64.1.1", "64:ff9b:1::7f00:1", "64:ff9b::7f00:1"),
        *("::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2001:0:53aa::1", "2001:db8::1", "3fff::1"),
        *("fec0::1", "fd00::1", "fe80::1"),
    ],
)
def test_no_special_network_is_public(address: str) -> None:
    assert not guard.is_public(ipaddress.ip_address(address))


def test_well_known_public_addresses_pass() -> None:
    assert guard.resolve("8.8.8.8", 443, frozenset(), 1) == ["8.8.8.8"]
    assert guard.resolve("2606:4700::1111", 443, frozenset(), 1) == ["2606:4700::1111"]


def test_a_name_that_is_not_found_is_said(waits: list[float]) -> None:
    with Web(WebSettings(sleep=waits.append)) as web, pytest.raises(Retriable, match=r"'no-such-host\.invalid'"):
        web.get_json("https://no-such-host.invalid/")


# --- politeness between threads ---------------------------------------------------------------------------------------


def in_threads(number: int, action: Callable[[], object]) -> None:
    threads = [threading.Thread(target=action) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_request_a_host_at_once(server: FaultServer, web: Web) -> None:
    url = server.on("/", faults.waiting(0.02, answer(200, b"1")))
    in_threads(6, lambda: web.get_json(url))
    assert len(server.seen) == 6
    assert server.most_inside == 1


def test_downloads_run_side_by_side(server: FaultServer, web: Web) -> None:
    url = server.on("/", faults.waiting(0.2, answer(200, b"x" * 3_000_000)))
    sizes: list[int] = []

    def download() -> None:
        with web.stream(url) as stream:
            sizes.append(sum(map(len, stream.chunks())))

    in_threads(4, download)
    assert sizes == [3_000_000] * 4
    assert server.most_inside > 1


# --- streams ----------------------------------------------------------------------------------------------------------

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"


@pytest.mark.parametrize("size", [0, 1, 65_537, 2_000_000, 9_000_001])
def test_a_stream_brings_every_byte(size: int, server: FaultServer, web: Web) -> None:
    data = os.urandom(size)
    with web.stream(server.on("/", answer(200, data, etag='"1"')), token="t") as stream:
        assert (stream.status, stream.length, stream.headers["etag"]) == (200, size, '"1"')
        assert b"".join(stream.chunks()) == data
    assert server.seen[0].headers["accept-encoding"] == "identity"


def test_a_chunked_stream_has_no_length(server: FaultServer, web: Web) -> None:
    with web.stream(server.on("/", faults.raw(CHUNKED))) as stream:
        assert stream.length is None
        assert b"".join(stream.chunks()) == b"abcdefg"


@pytest.mark.parametrize("at", [0, 10, 1_500_000, 4_999_999])
@pytest.mark.parametrize("how", [faults.cut, lambda data, at: faults.reset(data, max(1, at))], ids=["cut", "reset"])
def test_a_stream_that_breaks_off_says_so(at: int, how: Any, server: FaultServer, web: Web) -> None:
    with web.stream(server.on("/", how(bytes(5_000_000), at))) as stream, pytest.raises(Retriable):
        list(stream.chunks())


def test_a_chunked_stream_that_breaks_off_says_so(server: FaultServer, web: Web) -> None:
    with web.stream(server.on("/", faults.raw(CHUNKED[:-9]))) as stream, pytest.raises(Retriable):
        list(stream.chunks())


def test_a_stream_below_the_least_rate_ends(server: FaultServer) -> None:
    whole = faults.head(200, {"content-length": "9000000"}) + bytes(4000)
    with a_web(slow_after=0.6) as web, web.stream(server.on("/", faults.drip(whole, 0.02, 5))) as stream:
        started = time.monotonic()
        with pytest.raises(OutOfTime, match="slower"):
            list(stream.chunks())
        assert time.monotonic() - started < SOON


def test_a_slow_reader_is_not_a_slow_server(server: FaultServer) -> None:
    with a_web(slow_after=1.0) as web, web.stream(server.on("/", answer(200, bytes(4_000_000)))) as stream:
        total, rests = 0, [1.2, 1.2, 1.2]
        for piece in stream.chunks():
            total += len(piece)
            if rests:
                time.sleep(rests.pop())
    assert total == 4_000_000


def test_a_stream_is_stopped_from_outside(server: FaultServer, web: Web) -> None:
    stop = threading.Event()
    whole = faults.head(200, {"content-length": "9000000"}) + bytes(2_000_000)
    url = server.on("/", lambda connection, seen: faults.raw(whole)(connection, seen) or time.sleep(60) or False)
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped), web.stream(url, stop=stop) as stream:
        list(stream.chunks())
    assert time.monotonic() - started < SOON


def test_opening_a_stream_is_retried(server: FaultServer, web: Web) -> None:
    with web.stream(server.on("/", answer(503), faults.reset(), answer(200, b"ok"))) as stream:
        assert b"".join(stream.chunks()) == b"ok"


def test_closing_ends_a_wait(server: FaultServer) -> None:
    web = a_web()
    threading.Timer(0.2, web.close).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        web.get_json(server.on("/", answer(429, retry_after="60")))
    assert time.monotonic() - started < SOON


# --- proxies and certificates -----------------------------------------------------------------------------------------


def test_a_proxy_of_the_environment_is_used(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.acts["http://data.example.org/x"] = [answer(200, b"7")]
    with Web() as web:
        assert web.get_json("http://data.example.org/x").value == 7
        for host in ("127.0.0.1", "127.1", "localhost", "printer.local", "intranet", "169.254.169.254"):
            with pytest.raises(Refused):
                web.get_json(f"http://{host}/x")
    assert server.paths() == ["http://data.example.org/x"]
    assert server.seen[0].headers["host"] == "data.example.org"


def test_no_proxy_and_trust_env_are_honoured(
    server: FaultServer, other: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    url = server.on("/", answer(200, b"7"))
    with a_web() as web:
        assert web.get_json(url).value == 7
    monkeypatch.delenv("no_proxy")
    with a_web(trust_env=False) as web:
        assert web.get_json(url).value == 7
    assert other.connections == 0


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate with its key for localhost that nobody signed but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path / "own.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *key, "-keyout", str(file) + ".key", "-out", str(file), "-days", "2", *name]
    subprocess.run(command, check=True, capture_output=True)
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[FaultServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with faults.serving(context) as found:
        yield found


def test_an_untrusted_certificate_is_fatal_and_names_the_remedy(
    secure: FaultServer, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(Fatal, match="not trusted") as caught:
        web.get_json(f"https://localhost:{secure.port}/")
    assert "SSL_CERT_FILE" in caught.value.hint
    assert web.requests == 1
    assert secure.seen == []


def test_the_certificates_of_the_environment_are_trusted(
    secure: FaultServer, server: FaultServer, web: Web, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.on("/", answer(200, json.dumps([1]).encode()))
    assert web.get_json(f"https://localhost:{secure.port}/", token="t").value == [1]
    data = os.urandom(3_000_000)
    secure.on("/big", answer(200, data))
    with web.stream(f"https://localhost:{secure.port}/big") as stream:
        assert b"".join(stream.chunks()) == data
    secure.on("/down", faults.redirect(server.on("/plain", answer(200, b"1"))))
    with pytest.raises(Refused, match="plain http"):
        web.get_json(f"https://localhost:{secure.port}/down")
    assert server.connections == 0


def test_a_certificate_file_that_is_missing_is_said(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(Fatal, match="SSL_CERT_FILE"):
        web.get_json("https://localhost:1/")


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_an_unknown_host_is_told_whatever_the_tries(tries: int) -> None:
    settings = WebSettings(tries=tries, sleep=lambda _seconds: None)
    with Web(settings) as web, pytest.raises(Retriable, match="not found"):
        web.head("https://no-such-host.invalid/")
