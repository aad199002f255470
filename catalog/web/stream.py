"""A body as it comes, for downloads: large pieces, no deadline, but a least rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping
from functools import cache
from typing import Final

from catalog.errors import Retriable
from catalog.web.connection import Received
from catalog.web.model import KiB, MiB, OutOfTime, WebSettings, public_url
from catalog.web.wire import Patience, patiently, told

LEAST_RATE: Final = 1 * KiB  # bytes a second
DIRECT: Final = 1 * MiB  # bytes still to come from which reading past the HTTP parser pays
PIECE: Final = 1 * MiB  # bytes asked of a plain connection at a time
TLS_PIECE: Final = 64 * KiB  # of a TLS one, which gives a record (16 KiB) at a time however many are asked for


class Stream:
    """An open answer. `url` is where it comes from in the end, `headers` have lower-case names.

    `length` is how many bytes the answer says it has, None where it does not say. The bytes are as they cross the
    network: a Content-Encoding, which was not asked for, is left to the caller.
    """

    def __init__(self, response: Received, url: str, settings: WebSettings, stop: threading.Event) -> None:
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.length = _length(self.headers)
        self._response = response
        self._settings = settings
        self._stop = stop

    def __repr__(self) -> str:
        return f"Stream({self.status}, {public_url(self.url)})"

    def chunks(self) -> Iterator[bytes]:
        """The pieces of the body, 1 byte to 1 MiB each, one pass.

        Raises `Retriable` where the connection breaks or ends early, `OutOfTime` below 1 KiB a second over half a
        minute, `Stopped` where the caller's event is set.
        """
        rate = _Rate(self._settings.slow_after)
        patience = Patience(None, self._stop)
        pieces = self._pieces()
        try:
            while True:
                patience.deadline = rate.deadline()
                with patiently(patience), told(self.url):
                    piece = next(pieces, b"")
                if not piece:
                    return
                rate.count(len(piece))
                yield piece
                rate.resume()
        except OutOfTime:
            raise OutOfTime(f"{public_url(self.url)} came slower than 1 KiB a second.", "Try again later.") from None
        finally:
            pieces.close()

    def _pieces(self) -> Generator[bytes, None, None]:
        """Small and chunked bodies through the parser, so that the connection can serve again; long ones directly."""
        left = self.length
        parsed = iter(self._response.pieces)
        for piece in parsed:
            yield piece
            if left is not None:
                left -= len(piece)
                if left > DIRECT:
                    break
        else:
            return
        wire = self._response.line
        _keep_memory()
        most = TLS_PIECE if self.url.startswith("https:") else PIECE
        while left:
            piece = wire.read(min(most, left), self._settings.timeout)
            if not piece:
                raise Retriable(f"{public_url(self.url)} broke off {left:,} bytes before its end.", "Try again.")
            left -= len(piece)
            yield piece


class _Rate:
    """The least rate, over spans of `span` seconds; time that the consumer takes does not count."""

    def __init__(self, span: float) -> None:
        self._span = span
        self._start = self._yielded = time.monotonic()
        self._bytes = 0

    def deadline(self) -> float:
        """When the next piece must be there: in a span that has its bytes, at the end of the following one."""
        return self._start + self._span * (2 if self._bytes >= LEAST_RATE * self._span else 1)

    def count(self, size: int) -> None:
        self._bytes += size
        self._yielded = time.monotonic()
        if self._yielded - self._start >= self._span:
            if self._bytes < LEAST_RATE * self._span:
                raise OutOfTime("too slow")
            self._start, self._bytes = self._yielded, 0

    def resume(self) -> None:
        self._start += time.monotonic() - self._yielded


@cache
def _keep_memory() -> None:
    """Have the C library use the memory of one piece for the next, where it would give each back to the system.

    glibc keeps blocks up to the size of the largest it has seen freed (mallopt(3), M_MMAP_THRESHOLD, at most 32 MiB);
    this one is never touched, so it costs nothing. It halves the system time of a long download.
    """
    block = bytes(32 * MiB - 64 * KiB)
    del block


def _length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and text.isascii() and "transfer-encoding" not in headers else None
