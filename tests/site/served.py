"""A folder served on 127.0.0.1 as a plain host of static files does it: whole files, no listing, nothing in front."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Origin:
    """A running server: its address, and (path, status, bytes of the body) of each request."""

    url: str
    requests: list[tuple[str, int, int]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _status, _size in self.requests]


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".bin": "application/octet-stream"}  # noqa: RUF012

    def __init__(self, *arguments: object, origin: Origin, **more: object) -> None:
        self.origin = origin
        self.answered = (0, 0)
        super().__init__(*arguments, **more)  # type: ignore[arg-type]

    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def send_response(self, code: int, message: str | None = None) -> None:
        self.answered = (code, 0)
        super().send_response(code, message)

    def send_header(self, keyword: str, value: str) -> None:
        if keyword.lower() == "content-length":
            self.answered = (self.answered[0], int(value))
        super().send_header(keyword, value)

    def do_GET(self) -> None:
        try:
            super().do_GET()
        except (BrokenPipeError, ConnectionResetError):  # the page was left
            self.close_connection = True
        self.origin.requests.append((self.path, *self.answered))

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a browser drops connections as it likes


@contextmanager
def serve(folder: Path) -> Iterator[Origin]:
    """Serve a folder for as long as the context lasts."""
    origin = Origin("")
    handler = functools.partial(_Handler, origin=origin, directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        origin.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield origin
        finally:
            server.shutdown()
            thread.join()
