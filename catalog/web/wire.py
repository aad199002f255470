"""The network under httpcore: connections to judged addresses, and a deadline that spans every read and write.

httpcore takes a time-out for each operation, so a server that sends a byte now and then is never late. Here the
thread that runs an exchange lays down its `Patience`, and each operation gets what is left of it.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from catalog.errors import CatalogError, Fatal, Retriable
from catalog.web import guard
from catalog.web.model import OutOfTime, Stopped, Untrusted, public_url

SLICE: Final = 0.25  # seconds between two looks at whether the caller has given up
PER_ADDRESS: Final = 5.0  # seconds for one address while others are left


@dataclass
class Patience:
    """How long the running exchange may last: until `deadline` (`time.monotonic`), or until `stop` is set."""

    deadline: float | None
    stop: threading.Event

    def left(self, wanted: float | None) -> float:
        """Seconds that an operation may take. Raises `OutOfTime` or `Stopped` where there are none."""
        if self.stop.is_set():
            raise Stopped("The transfer was stopped.", "What came is kept.")
        wanted = 60.0 if wanted is None else wanted
        if self.deadline is None:
            return wanted
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime("The answer did not come within its time.", "Try again later.")
        return min(wanted, left)

    def extend(self, seconds: float) -> None:
        """Time spent waiting on purpose does not count."""
        if self.deadline is not None:
            self.deadline += seconds


_current: ContextVar[Patience] = ContextVar("patience")
current: Final = _current.get
"""The patience of the exchange that this thread runs."""


@contextmanager
def patiently(patience: Patience) -> Iterator[Patience]:
    """Every read, write and connect of this thread keeps to `patience` inside the block."""
    mark = _current.set(patience)
    try:
        yield patience
    finally:
        _current.reset(mark)


class Wire(httpcore.NetworkStream):
    """A connection whose every operation ends with the exchange."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes`; b"" at the end. Looks up from waiting now and then, so that a stop is heard."""
        patience = _current.get()
        quiet_until = time.monotonic() + patience.left(timeout)
        while True:
            try:
                return self._inner.read(max_bytes, max(0.001, min(SLICE, patience.left(timeout))))
            except httpcore.ReadTimeout:
                if time.monotonic() >= quiet_until:
                    patience.left(timeout)
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _current.get().left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Wire(self._inner.start_tls(ssl_context, server_hostname, _current.get().left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Connects to what `guard.resolve` let through. `named` None is for the user's own proxy, which is not judged."""

    def __init__(self, named: frozenset[str] | None) -> None:
        self._named = named
        self._tcp = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first of the host's addresses that answers."""
        patience = _current.get()
        addresses = guard.resolve(host, port, self._named, patience.left(timeout))
        for place, address in enumerate(addresses, 1):
            left = patience.left(timeout)
            share = left if place == len(addresses) else min(left, PER_ADDRESS)
            try:
                return Wire(self._tcp.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise httpcore.ConnectError

    def sleep(self, seconds: float) -> None:
        self._tcp.sleep(seconds)


def header_map(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by lower-case name; values of a repeated one are joined with ", "."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what httpcore raises into our errors. Their texts never quote a request, which may hold a token."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        raise _meaning(error, public_url(url)) from error


def _meaning(error: Exception, shown: str) -> CatalogError:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Untrusted(
            f"The certificate of {shown} is not trusted ({cause.verify_message}).",
            "If your network has its own certificate authority, set SSL_CERT_FILE to its bundle.",
        )
    if isinstance(error, httpcore.LocalProtocolError):
        return Fatal(f"The request to {shown} cannot be written as HTTP.")
    if isinstance(error, httpcore.ProxyError):
        return Retriable(f"The proxy did not let the request to {shown} through.", "Check HTTPS_PROXY and NO_PROXY.")
    if isinstance(error, httpcore.TimeoutException):
        return Retriable(f"{shown} was silent for too long.", "Try again later.")
    if isinstance(error, httpcore.ConnectError):
        return Retriable(f"{shown} cannot be reached.", "Check the network, and try again.")
    return Retriable(f"{shown} broke off its answer.", "Try again.")
