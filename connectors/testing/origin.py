"""A small HTTP server on 127.0.0.1 that plays a source: it answers by a function, records every request, and can be
told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came: `path` is undecoded and without the query, header names are lower-case, `at` is the
    server's `clock` in seconds, `number` counts from 1, `base` is the server's own address."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    base: str
    target: str = ""


@dataclass(frozen=True)
class Answer:
    """What is sent back. `Content-Length` comes from the body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Plays = Callable[[Asked], Any]
"""Answers a request: an `Answer`, None for 404, or any other value, which is sent as JSON."""


class LocalOrigin:
    """Plays a source at `url`. Use as a context manager.

    `fault` may answer in the source's place, None leaves it to the source. `asked` holds all requests, `most_at_once`
    how many were being answered at the same time. Each answer takes `slow` seconds, so that haste can be seen.
    """

    def __init__(self, plays: Plays, clock: Callable[[], float] = time.monotonic, slow: float = 0.0) -> None:
        self.plays = plays
        self.fault: Callable[[Asked], Any] = _none
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._clock = clock
        self._slow = slow
        self._inside = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> LocalOrigin:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def forget(self) -> None:
        """Begin the record of requests anew, and misbehave no more."""
        with self._lock:
            self.asked, self.most_at_once = [], 0
            self.fault = _none

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Record a request and answer it."""
        parts = urlsplit(target)
        with self._lock:
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            number, at = len(self.asked) + 1, self._clock()
            asked = Asked(number, method, parts.path, query, headers, at, self.url, target)
            self.asked.append(asked)
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
        try:
            if self._slow:
                time.sleep(self._slow)
            given = self.fault(asked)
            return as_answer(self.plays(asked) if given is None else given)
        finally:
            with self._lock:
                self._inside -= 1


def _none(_asked: Asked) -> None:
    """No fault."""


def as_answer(given: Any) -> Answer:
    """What a function that plays a source meant."""
    if isinstance(given, Answer):
        return given
    if given is None:
        return Answer(404, {"Content-Type": "text/plain"}, b"not found\n")
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(given).encode())


def _handler(origin: LocalOrigin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        wbufsize = -1  # head and body in one piece, else each answer waits for an acknowledgement
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            answer = origin.answer(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
            try:
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)
            except ConnectionError:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = _serve

        def log_message(self, format: str, *_: object) -> None:
            """Silence: the requests are in `LocalOrigin.asked`."""

    return Handler
