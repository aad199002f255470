"""One HTTP/1.1 connection, for one request at a time.

An answer is taken apart here where its head comes in one piece and is plain: HTTP/1.1, without a body or with a counted
one, the connection kept. Every other answer goes through h11, the parser of httpcore, which alone takes more time than
all the rest of a visit that is answered 304.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import h11
import httpcore

from catalog.web.wire import SLICE, current, header_map

Headers = Sequence[tuple[bytes, bytes]]

PIECE: Final = 64 * 1024  # bytes asked of the network at a time
HEAD: Final = 100 * 1024  # bytes of a head, at most
_BODILESS: Final = (204, 304)
_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_VALUE: Final = rb"[^\x00-\x08\n-\x1f\x7f]*"
_SENT: Final = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(?:%b: %b\r\n)+\r\n" % (_TOKEN, _VALUE))
_PLAIN: Final = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: %b)?\r\n((?:%b:%b\r\n)*)\r\n" % (_VALUE, _TOKEN, _VALUE))


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes`; b"" at the end."""


class Received:
    """An answer whose head has come. `headers` have lower-case names, `pieces` is the body, one pass, `line` is where
    it is read from; `close` gives the connection back, or ends it where the body was not read to its end."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        pieces: Iterable[bytes],
        line: Readable,
        close: Callable[[], None],
    ) -> None:
        self.status = status
        self.headers = headers
        self.pieces = iter(pieces)
        self.line = line
        self.close = close


class Line:
    """A connected stream whose every operation ends with the exchange. Raises what httpcore's streams raise."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._wait = -1.0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes`; b"" at the end. Looks up from waiting now and then, so that a stop is heard."""
        try:
            return bytes(self._within(timeout, self._socket.recv, max_bytes))
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Send all of `data`."""
        try:
            while data:
                data = data[self._within(timeout, self._socket.send, data) :]
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def is_readable(self) -> bool:
        """Whether something came: between two requests, that the other side has hung up."""
        return bool(self._stream.get_extra_info("is_readable"))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def _within(self, timeout: float | None, operation: Callable[[Any], Any], argument: object) -> Any:
        patience = current()
        left = patience.left(timeout)
        quiet_until = time.monotonic() + left
        while True:
            wait = max(0.001, min(SLICE, left))
            if wait != self._wait:  # each setting is a call of the system
                self._socket.settimeout(wait)
                self._wait = wait
            try:
                return operation(argument)
            except TimeoutError:
                left = patience.left(timeout)
                if time.monotonic() >= quiet_until:
                    raise


class Connection:
    """A connection to an origin. `fit` says that nothing is under way and that it can serve again, `since` when it was
    last given back (`time.monotonic`)."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.fit = True
        self.since = time.monotonic()

    def ask(self, method: str, target: bytes, headers: Headers, silence: float, finish: Callable[[], None]) -> Received:
        """Send a request and read the head of its answer. Raises what httpcore raises; `finish` is for `Received`."""
        self.fit = False
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        sent = b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode("ascii"), target, lines)
        if lines.count(b"\r\n") != len(headers) or not _SENT.fullmatch(sent):
            raise httpcore.LocalProtocolError("The request has a sign that no request has.")
        try:
            self.line.write(sent, silence)
        except httpcore.WriteError:
            pass  # who hangs up early may have said why
        start = self.line.read(PIECE, silence)
        plain = _plain(start, method == "HEAD")
        if plain is None:
            return self._parsed(method, target, headers, start, silence, finish)
        status, found, place, length = plain
        pieces = self._counted(start[place:], length, silence) if length else ()
        self.fit = not length and place == len(start)
        return Received(status, found, pieces, self.line, finish)

    def _counted(self, piece: bytes, length: int, silence: float) -> Iterator[bytes]:
        """A body of `length` bytes that begins with `piece`."""
        while True:
            if piece:
                yield piece[:length]
            length -= len(piece)
            if length <= 0:
                break
            piece = self.line.read(min(length, PIECE), silence)
            if not piece:
                raise httpcore.RemoteProtocolError(f"The body ended {length} bytes too early.")
        self.fit = length == 0

    def _parsed(
        self, method: str, target: bytes, headers: Headers, start: bytes, silence: float, finish: Callable[[], None]
    ) -> Received:
        """The answer by h11."""
        state = h11.Connection(h11.CLIENT, HEAD)
        try:
            state.send(h11.Request(method=method, target=target, headers=list(headers)))
            state.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise httpcore.LocalProtocolError(str(error)) from error
        _take(state, start)
        event = self._event(state, silence)
        while isinstance(event, h11.InformationalResponse):
            event = self._event(state, silence)
        if not isinstance(event, h11.Response):
            raise httpcore.RemoteProtocolError("It speaks another protocol.")
        found = header_map(event.headers.raw_items())
        return Received(event.status_code, found, self._body(state, silence), self.line, finish)

    def _body(self, state: h11.Connection, silence: float) -> Iterator[bytes]:
        """What h11 reads to the end of the message."""
        while isinstance(event := self._event(state, silence), h11.Data):
            yield bytes(event.data)
        done = state.our_state is h11.DONE and state.their_state is h11.DONE
        self.fit = done and state.trailing_data == (b"", False)

    def _event(self, state: h11.Connection, silence: float) -> object:
        while True:
            try:
                event = state.next_event()
            except h11.RemoteProtocolError as error:
                raise httpcore.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            _take(state, self.line.read(PIECE, silence))


def _take(state: h11.Connection, data: bytes) -> None:
    if not data and state.their_state is h11.SEND_RESPONSE:
        raise httpcore.RemoteProtocolError("It hung up without an answer.")
    state.receive_data(data)


def _plain(start: bytes, head_only: bool) -> tuple[int, dict[str, str], int, int] | None:
    """Of an answer that is plain: status, headers, where its head ends and how many bytes its body has."""
    match = _PLAIN.match(start)
    if match is None:
        return None
    status = int(match[1])
    found: dict[str, str] = {}
    for line in match[2].decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        found[name] = f"{found[name]}, {value}" if name in found else value
    if "transfer-encoding" in found or "upgrade" in found or found.get("connection", "").lower() not in _KEPT:
        return None
    bodiless = head_only or status in _BODILESS
    length = found.get("content-length", "0" if bodiless else "")
    if not (length.isascii() and length.isdecimal() and len(length) <= _DIGITS):
        return None
    return status, found, match.end(), 0 if bodiless else int(length)


_KEPT: Final = ("", "keep-alive")
_DIGITS: Final = 15
