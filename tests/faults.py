"""A server on 127.0.0.1 that misbehaves on demand, for the tests of `catalog.web` and `catalog.fetch`.

A test gives each path a list of acts; every request takes the next one, and the last one stays. An act writes raw
bytes to the socket, so that any fault can be played. Every request is recorded.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    at: float


Act = Callable[[socket.socket, Seen], bool]


@dataclass
class FaultServer:
    """`acts` maps a path (without query) to what its requests meet, one after the other."""

    acts: dict[str, list[Act]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.inside = self.most_inside = 0
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, path: str, *acts: Act) -> str:
        """Script a path; returns its address."""
        self.acts[path] = list(acts)
        return self.url + path

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def close(self) -> None:
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError), accepted, self._secured(accepted) as connection:
            while (seen := _read_request(connection)) is not None:
                with self._lock:
                    self.seen.append(seen)
                    self.inside += 1
                    self.most_inside = max(self.most_inside, self.inside)
                    acts = self.acts.get(seen.path.partition("?")[0], [answer(404, b"no such path")])
                    act = acts.pop(0) if len(acts) > 1 else acts[0]
                try:
                    keep = act(connection, seen)
                finally:
                    with self._lock:
                        self.inside -= 1
                if not keep:
                    break
        with self._lock:
            self._open.discard(accepted)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(accepted, server_side=True) if self.tls else accepted


def _read_request(connection: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Seen(method, path, headers, time.monotonic())


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    server = FaultServer(tls=tls)
    try:
        yield server
    finally:
        server.close()


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(status: int, body: bytes = b"", *, length: int | None = None, **headers: str) -> Act:
    """A whole answer; keyword names become header names (`retry_after="1"`). `length` lies about the length."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(connection: socket.socket, seen: Seen) -> bool:
        told = {"content-length": str(len(body) if length is None else length), **named}
        connection.sendall(head(status, told) + (b"" if seen.method == "HEAD" else body))
        return length is None

    return act


def redirect(target: str, status: int = 302) -> Act:
    return answer(status, b"over there", location=target)


def cut(body: bytes, at: int, **headers: str) -> Act:
    """The right length, but only `at` bytes come before the connection closes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(connection: socket.socket, seen: Seen) -> bool:
        connection.sendall(head(200, {"content-length": str(len(body)), **named}) + body[:at])
        return False

    return act


def reset(body: bytes = b"", at: int = 0) -> Act:
    """The connection is reset: at once, or within the body."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        if at:
            connection.sendall(head(200, {"content-length": str(len(body))}) + body[:at])
            time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return act


def drip(data: bytes, pause: float, step: int = 1) -> Act:
    """Raw bytes (status line included), `step` at a time."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        for place in range(0, len(data), step):
            connection.sendall(data[place : place + step])
            time.sleep(pause)
        return False

    return act


def raw(data: bytes) -> Act:
    """Exactly these bytes, then the connection closes."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        connection.sendall(data)
        return False

    return act


def waiting(seconds: float, then: Act) -> Act:
    def act(connection: socket.socket, seen: Seen) -> bool:
        time.sleep(seconds)
        return then(connection, seen)

    return act


@dataclass
class Ranged:
    """A file as a good server gives it, with Range and If-Range; `starts` records where each answer began.

    Faults: `cut_at` closes the connection after so many bytes of the file (a list: one for each answer, None for
    none), `shift` begins a 206 elsewhere than asked, `whole` ignores Range, `total` lies about the size in a 206,
    `step` and `pause` slow it down, `before` is called with the place of each step in the file.
    """

    data: bytes
    etag: str = '"1"'
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: list[int | None] = field(default_factory=list)
    shift: int = 0
    whole: bool = False
    total: int | None = None
    step: int = 1 << 20
    pause: float = 0.0
    before: Callable[[int], None] | None = None
    starts: list[int] = field(default_factory=list)
    sent: int = 0

    def __call__(self, connection: socket.socket, seen: Seen) -> bool:
        size, told = len(self.data), {"etag": self.etag, **self.headers} if self.etag else dict(self.headers)
        start = self._start(seen)
        if start is not None and start >= size:
            return answer(416, b"", content_range=f"bytes */{size}")(connection, seen)
        begin = min(size, max(0, (start or 0) + (self.shift if start else 0)))
        if start is not None:
            told["content-range"] = f"bytes {begin}-{size - 1}/{self.total or size}"
        self.starts.append(begin)
        connection.sendall(head(206 if start is not None else 200, {"content-length": str(size - begin), **told}))
        end = self.cut_at.pop(0) if self.cut_at else None
        return self._send(connection, begin, size if end is None else max(begin, min(size, end)))

    def _start(self, seen: Seen) -> int | None:
        asked = seen.headers.get("range", "")
        if not asked or self.whole or seen.headers.get("if-range", self.etag) != self.etag:
            return None
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def _send(self, connection: socket.socket, begin: int, end: int) -> bool:
        for place in range(begin, end, self.step):
            if self.before:
                self.before(place)
            piece = self.data[place : min(end, place + self.step)]
            connection.sendall(piece)
            self.sent += len(piece)
            if self.pause:
                time.sleep(self.pause)
        return end == len(self.data)
