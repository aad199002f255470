"""One connection: what is taken apart here is what h11 makes of it, and only a sound connection serves again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import h11
import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import Fatal, Retriable
from catalog.web import Web, WebSettings
from catalog.web.connection import Connection, Line, Received
from catalog.web.wire import Patience, patiently
from tests import faults
from tests.faults import FaultServer

ASKED = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*")]
HEADS = [
    "ETag: x",
    "X-Empty:",
    "X-Wide:   a  b  ",
    "Link: <a>; rel=next",
    "link: <b>; rel=prev",
    "Content-Length: 5",
    "content-length: 0",
    "Content-Length: 12",
    "Content-Length: -1",
    "Content-Length: 5, 5",
    "Transfer-Encoding: chunked",
    "Connection: close",
    "Connection: Keep-Alive",
    "X-Umlaut: \xe9",
    "X-Tab: a\tb",
    "X-Odd: a\x01b",
    "X Space: 1",
    " folded",
    "no colon",
]
BODIES = [b"", b"hello", b"hello world!", b"5\r\nhello\r\n0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]


def asked(answer: bytes, method: str) -> tuple[object, ...]:
    """What a connection makes of an answer after which the other side hangs up."""
    near, far = socket.socketpair()
    with near, far:
        far.sendall(answer)
        far.shutdown(socket.SHUT_WR)
        connection = Connection(Line(httpcore._backends.sync.SyncStream(near)))
        with patiently(Patience(time.monotonic() + 5, threading.Event())):
            try:
                found: Received = connection.ask(method, b"/", ASKED, 5.0, lambda: None)
                told = (found.status, dict(found.headers), b"".join(found.pieces))
            except httpcore.RemoteProtocolError:
                return ("no answer",)
        return (*told, connection.fit)


def by_h11(answer: bytes, method: str) -> tuple[object, ...]:
    """What h11 makes of it."""
    state = h11.Connection(h11.CLIENT)
    state.send(h11.Request(method=method, target="/", headers=ASKED))
    state.send(h11.EndOfMessage())
    state.receive_data(answer)
    status, headers, body = 0, {}, b""
    try:
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                if not status:
                    return ("no answer",)
                state.receive_data(b"")
            elif isinstance(event, h11.Response):
                status, headers = event.status_code, event.headers
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
    except h11.RemoteProtocolError:
        return ("no answer",)
    found: dict[str, str] = {}
    for name, value in headers:
        name, value = name.decode("latin-1"), value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    fit = state.their_state is h11.DONE and state.our_state is h11.DONE and state.trailing_data == (b"", False)
    return status, found, body, fit


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 304", "HTTP/1.1 204 ", "HTTP/1.1 404 No \xe9", "HTTP/1.0 200 OK"]),
    st.lists(st.sampled_from(HEADS), max_size=5),
    st.sampled_from(BODIES),
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_an_answer_is_what_h11_makes_of_it(line: str, heads: list[str], body: bytes, method: str, end: str) -> None:
    answer = end.join([line, *heads, "", ""]).encode("latin-1") + body
    assert asked(answer, method) == by_h11(answer, method)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}), tries=1)) as found:
        yield found


def staying(data: bytes, pause: float = 0.0, step: int = 1 << 20) -> faults.Act:
    """These bytes, `step` at a time, and the connection stays open."""

    def act(connection: socket.socket, seen: faults.Seen) -> bool:
        faults.drip(data, pause, step)(connection, seen)
        return True

    return act


COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (COUNTED, b"hello"),
        (CHUNKED, b"hello"),
        (UNCHANGED, b""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + COUNTED, b"hello"),
    ],
)
@pytest.mark.parametrize("step", [1 << 20, 7])
def test_a_sound_answer_keeps_its_connection(
    data: bytes, body: bytes, step: int, server: FaultServer, web: Web
) -> None:
    url = server.on("/", staying(data, 0.001, step))
    assert [web.get_bytes(url).body for _ in range(3)] == [body] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        COUNTED + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        UNCHANGED + COUNTED,
        COUNTED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        COUNTED.replace(b"1.1", b"1.0"),
    ],
)
def test_no_other_connection_serves_again(data: bytes, server: FaultServer, web: Web) -> None:
    url = server.on("/", staying(data))
    body = b"" if data.startswith(UNCHANGED) else b"hello"
    assert [web.get_bytes(url).body for _ in range(3)] == [body] * 3
    assert server.connections == 3


def test_a_connection_that_was_hung_up_is_replaced(server: FaultServer, web: Web) -> None:
    url = server.on("/", faults.raw(COUNTED))
    for _ in range(5):
        assert web.get_bytes(url).body == b"hello"
        time.sleep(0.02)
    assert server.connections == 5


def test_a_head_without_end_is_refused(server: FaultServer, web: Web) -> None:
    url = server.on("/", staying(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: a\r\n" * 20_000))
    with pytest.raises(Retriable):
        web.get_bytes(url)


def test_no_header_ends_another(server: FaultServer, web: Web) -> None:
    url = server.on("/", staying(COUNTED))
    with pytest.raises(Fatal, match="cannot be written as HTTP"):
        web.get_bytes(url, headers={"X-Mark": "a\r\nX-Evil: b"})
    assert server.seen == []
