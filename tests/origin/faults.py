"""What can go wrong between a client and an origin, each as a fault for `Origin.script`.

A fault gets the request, the honest response and the wire, and sends what it likes. Every one ends by itself: bodies
without end stop when the client leaves, when the server closes, or at `ENOUGH` bytes.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import islice

from tests.origin.content import Body, Part, chunks, size
from tests.origin.server import Fault, Request, Response, Wire

ENOUGH = 1 << 30

PORTAL = b"<!DOCTYPE html><html><head><title>Log in to the network</title></head><body>Please accept.</body></html>"


def status(code: int, body: Body = b"", **headers: str) -> Fault:
    """Another status; header names are written with _ for -: `status(503, Retry_After="3")`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.send(Response(code, named, body))

    return fault


def too_many(retry_after: str | None = None, *, ratelimit: str | None = None) -> Fault:
    """429. `retry_after` is sent as it is: "2", "-5", "9999999999", "soon"; `ratelimit` is the RateLimit header."""
    headers = {"Retry-After": retry_after, "RateLimit": ratelimit}
    present = {name: value for name, value in headers.items() if value is not None}

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.send(Response(429, present, b'{"error":"Too Many Requests"}'))

    return fault


def too_many_until(seconds: float) -> Fault:
    """429 with Retry-After as an HTTP date so many seconds ahead."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        moment = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        wire.send(Response(429, {"Retry-After": moment}, b'{"error":"Too Many Requests"}'))

    return fault


def portal(code: int = 200) -> Fault:
    """The log-in page of a captive network in place of the answer."""
    return status(code, PORTAL, Content_Type="text/html; charset=utf-8")


def redirect(location: str, code: int = 302) -> Fault:
    """A redirect; `{path}` in the location becomes the path that was asked for."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.send(Response(code, {"Location": location.replace("{path}", request.path)}))

    return fault


def headers(**changed: str) -> Fault:
    """The honest answer with other headers; an empty value takes the header away."""
    named = {name.replace("_", "-"): value for name, value in changed.items()}

    def fault(request: Request, response: Response, wire: Wire) -> None:
        merged = {**response.headers, **named}
        wire.send(Response(response.status, {k: v for k, v in merged.items() if v}, response.body))

    return fault


def body(replacement: Body) -> Fault:
    """The honest status and headers around another body."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.send(Response(response.status, response.headers, replacement))

    return fault


def truncated(keep: float = 0.5) -> Fault:
    """A body cut in the middle whose Content-Length agrees: only a parser or a digest can tell."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        cut = Part(response.body, 0, int(size(response.body) * keep))
        wire.send(Response(response.status, response.headers, cut))

    return fault


def reset(after: int | None = None) -> Fault:
    """A TCP reset: before any answer, or after so many bytes of the body."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        if after is not None:
            _begin(response, wire, after)
        wire.reset()

    return fault


def cut(after: int) -> Fault:
    """An ordinary hang-up after so many bytes of the body, Content-Length as promised."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        _begin(response, wire, after)
        wire.close()

    return fault


def no_length(keep: float = 1.0) -> Fault:
    """A body without Content-Length that ends when the connection does, whole or cut."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        plain = Response(response.status, {**response.headers, "Connection": "close"}, response.body)
        wire.write(wire.head(plain, None))
        if not wire.head_only:
            _pieces(response.body, int(size(response.body) * keep), wire)
        wire.close()

    return fault


def lying_length(more: int) -> Fault:
    """Content-Length off by `more` bytes, either way."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        total = size(response.body)
        wire.write(wire.head(response, max(0, total + more)))
        if not wire.head_only:
            _pieces(response.body, total, wire)
        wire.close()

    return fault


def stall(seconds: float) -> Fault:
    """Nothing at all for a while, then the honest answer."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.wait(seconds)
        wire.send(response)

    return fault


def drip(bytes_a_second: float, *, head: bool = False) -> Fault:
    """The answer a byte at a time; with `head`, the status line and headers too."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        start = wire.head(response, size(response.body))
        if not head:
            wire.write(start)
        text = (start if head else b"") + b"".join(islice(chunks(response.body), 4))
        for index in range(len(text)):
            wire.write(text[index : index + 1])
            wire.wait(1 / bytes_a_second)

    return fault


def endless(piece: bytes = b"[" * 65536) -> Fault:
    """A chunked body that does not end."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        endless_head = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        wire.write(wire.head(Response(200, endless_head), None))
        for _ in range(ENOUGH // len(piece)):
            wire.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        wire.close()

    return fault


def endless_headers() -> Fault:
    """A header block that does not end."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.write(b"HTTP/1.1 200 Answer\r\n")
        for number in range(ENOUGH // 1024):
            wire.write(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        wire.close()

    return fault


def bomb(megabytes: int = 256, times: int = 1) -> Fault:
    """A small body that gzip unfolds to `megabytes`; `times=2` folds it twice and names two codings."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        packed = _gzip_zeros(megabytes)
        for _ in range(times - 1):
            packed = _gzip(packed)
        wire.send(Response(200, {"Content-Encoding": ", ".join(["gzip"] * times)}, packed))

    return fault


def noise() -> Fault:
    """Bytes that are no HTTP."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        wire.write(b"\x16\x03\x01\x02\x00 this is not a status line\r\n\r\n")
        wire.close()

    return fault


def whole(code: int = 200) -> Fault:
    """Deaf to Range: the entire body with 200."""

    def fault(request: Request, response: Response, wire: Wire) -> None:
        entire = response.body.whole if isinstance(response.body, Part) else response.body
        kept = {name: value for name, value in response.headers.items() if name != "Content-Range"}
        wire.send(Response(code, kept, entire))

    return fault


def _begin(response: Response, wire: Wire, after: int) -> None:
    wire.write(wire.head(response, size(response.body)))
    _pieces(response.body, min(after, size(response.body)), wire)


def _pieces(content: Body, stop: int, wire: Wire) -> None:
    for piece in chunks(content, 0, stop):
        wire.write(piece)


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _gzip_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(bytes(1 << 20)) for _ in range(megabytes)]) + packer.flush()
