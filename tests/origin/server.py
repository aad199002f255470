"""A threaded HTTP/1.1 origin on 127.0.0.1 that records what it is asked and misbehaves by script.

An origin answers through one function, `app(request) -> Response`. `script` puts a fault (see `tests.origin.faults`)
in the way of the n-th request to a path. Everything a client sent is kept in `requests`.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl

from tests.origin.content import Body, chunks, size


@dataclass(frozen=True)
class Request:
    """What a client sent: `path` is undecoded and without the query, header names are lower-case."""

    number: int
    method: str
    target: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def every(self, name: str) -> list[str]:
        """All values of a query parameter, in order."""
        return [value for key, value in self.query if key == name]

    @property
    def token(self) -> str:
        """The bearer token, "" where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass
class Response:
    """An answer; `Content-Length` comes from the body unless `headers` names one."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = b""


class Gone(Exception):
    """The connection is over, by us or by the client."""


class Wire:
    """One connection as a fault sees it: raw writes, waits that end with the server, and ways to hang up."""

    def __init__(self, connection: socket.socket, origin: Origin, head_only: bool) -> None:
        self.connection = connection
        self.origin = origin
        self.head_only = head_only

    def write(self, data: bytes) -> None:
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise Gone from error

    def head(self, response: Response, length: int | None) -> bytes:
        """The status line and headers as bytes; `length` None leaves Content-Length out."""
        headers = {"Date": format_datetime(self.origin.clock(), usegmt=True), **response.headers}
        if length is not None:
            headers.setdefault("Content-Length", str(length))
        lines = [f"HTTP/1.1 {response.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send(self, response: Response) -> None:
        """The honest way."""
        self.write(self.head(response, size(response.body)))
        if not self.head_only:
            for piece in chunks(response.body):
                self.write(piece)

    def wait(self, seconds: float) -> None:
        """Sleep, unless the server closes meanwhile."""
        if self.origin.closing.wait(seconds):
            raise Gone

    def reset(self) -> None:
        """Hang up with a TCP reset; what was written before has had time to arrive."""
        self.wait(0.05)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        raise Gone

    def close(self) -> None:
        """Hang up in the ordinary way."""
        raise Gone


Fault = Callable[[Request, Response, Wire], None]
App = Callable[[Request], Response]


@dataclass
class Rule:
    """A fault for some of the requests that match."""

    pattern: str
    fault: Fault
    on: frozenset[int] | None
    every: int
    method: str
    matched: int = 0
    fired: int = 0

    def wants(self, request: Request) -> bool:
        """Count a matching request and say whether it is this rule's turn."""
        if self.method not in ("", request.method) or not fnmatchcase(request.path, self.pattern):
            return False
        self.matched += 1
        return self.matched in self.on if self.on is not None else self.matched % self.every == 0


class Origin:
    """An HTTP server in a thread. Use as a context manager, or `close()` it."""

    def __init__(self, app: App, port: int = 0) -> None:
        self.app = app
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.requests: list[Request] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.closing = threading.Event()
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._server = _Server(self, port)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Origin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering and end every connection."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._thread.join(5)

    def script(
        self, pattern: str, fault: Fault, *, on: int | Iterable[int] | None = None, every: int = 1, method: str = ""
    ) -> Rule:
        """Put `fault` in the way of requests whose path matches the shell pattern.

        `on` names which matching requests (1 is the first from now on), else each `every`-th one. Each rule counts all
        requests that match it; where several want the same one, the first wins. The rule tells what it matched and
        fired.
        """
        chosen = frozenset([on] if isinstance(on, int) else on) if on is not None else None
        rule = Rule(pattern, fault, chosen, every, method)
        with self._lock:
            self._rules.append(rule)
        return rule

    def calm(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._rules.clear()

    def seen(self, pattern: str = "*", method: str = "") -> list[Request]:
        """The requests so far whose path matches."""
        with self._lock:
            return [r for r in self.requests if method in ("", r.method) and fnmatchcase(r.path, pattern)]

    def forget(self) -> None:
        """Empty the record of requests."""
        with self._lock:
            self.requests.clear()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes, wire: Wire) -> None:
        """Record a request and send its answer, through the fault whose turn it is."""
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        with self._lock:
            request = Request(len(self.requests) + 1, method, target, path, pairs, headers, body)
            self.requests.append(request)
            rule = next(iter([rule for rule in self._rules if rule.wants(request)]), None)
            if rule:
                rule.fired += 1
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            response = self.app(request)
            if rule is None:
                wire.send(response)
            else:
                rule.fault(request, response, wire)
        finally:
            with self._lock:
                self.in_flight -= 1


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, origin: Origin, port: int) -> None:
        self.origin = origin
        self._live: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._live.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._live.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep alive, so that their threads end too."""
        for connection in list(self._live):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error here; anything else is printed by the base class."""
        import sys

        if not isinstance(sys.exception(), (Gone, ConnectionError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # else each small answer waits 40 ms for the client's acknowledgement
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        wire = Wire(self.connection, self.server.origin, self.command == "HEAD")
        try:
            self.server.origin.answer(self.command, self.path, headers, body, wire)
        except Gone:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the requests are in `Origin.requests`."""
