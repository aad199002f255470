"""The connections that are kept: to each origin, and to each proxy of the environment."""

from __future__ import annotations

import os
import ssl
import threading
import time
import urllib.request

import certifi
import httpcore
import httpx

from catalog.errors import Fatal
from catalog.web import guard
from catalog.web.connection import Connection, Headers, Line, Received
from catalog.web.wire import Backend, header_map

KEEP_ALIVE = 30.0  # seconds that an unused connection is kept
CONNECTIONS = 64
ORIGINS = 10_000  # whose proxy is remembered
POOLS = 64  # beyond which those that nobody uses are closed

Key = tuple[str, str, str, int | None]


class Connections:
    """The connections to one origin. Safe to share between threads."""

    def __init__(self, url: httpx.URL, context: ssl.SSLContext | None, backend: Backend) -> None:
        self._host = guard.host_of(url)
        self._port = url.port or (80 if context is None else 443)
        self._context = context
        self._backend = backend
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    def ask(self, method: str, url: httpx.URL, headers: Headers, silence: float) -> Received:
        """Send a request on a connection that nobody uses. Raises what httpcore raises."""
        connection = self._free() or self._opened(silence)
        try:
            return connection.ask(method, url.raw_path, headers, silence, lambda: self._give_back(connection))
        except BaseException:
            self._give_back(connection)
            raise

    def is_idle(self) -> bool:
        """Whether no request is under way."""
        with self._lock:
            return not self._busy

    def close(self) -> None:
        """End every connection; another request would open a new one."""
        with self._lock:
            every, self._idle = [*self._idle, *self._busy], []
            self._busy.clear()
        for each in every:
            each.line.close()

    def _free(self) -> Connection | None:
        """The connection that was used last, where it still stands."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
                self._busy.add(connection)
            if time.monotonic() - connection.since <= KEEP_ALIVE and not connection.line.is_readable():
                return connection
            connection.fit = False
            self._give_back(connection)

    def _opened(self, silence: float) -> Connection:
        stream = self._backend.connect_tcp(self._host, self._port, silence)
        if self._context is not None:
            stream = stream.start_tls(self._context, self._host, silence)
        connection = Connection(Line(stream))
        with self._lock:
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if connection not in self._busy:
                return  # given back before, or ended by `close`
            self._busy.remove(connection)
            if connection.fit:
                connection.since = time.monotonic()
                self._idle.append(connection)
                return
        connection.line.close()


class Proxied:
    """The connections through a proxy, kept by httpcore."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool
        self.close = pool.close

    def ask(self, method: str, url: httpx.URL, headers: Headers, silence: float) -> Received:
        """Send a request. Raises what httpcore raises."""
        message = httpcore.Request(
            method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=headers,
            extensions={"timeout": {"connect": silence, "read": silence, "write": silence, "pool": None}},
        )
        answer = self._pool.handle_request(message)
        line = answer.extensions["network_stream"]
        return Received(answer.status, header_map(answer.headers), answer.iter_stream(), line, answer.close)


class Pools:
    """Finds the pool for an address. Safe to share between threads."""

    def __init__(self, named: frozenset[str], trust_env: bool) -> None:
        self._named = named
        self._trust_env = trust_env
        self._lock = threading.Lock()
        self._pools: dict[Key, Connections | Proxied] = {}
        self._context: ssl.SSLContext | None = None
        self._proxies: dict[tuple[str, str, int | None], str] = {}

    def find(self, url: httpx.URL) -> Connections | Proxied:
        """The pool for `url`; behind a proxy the guard sees the name only."""
        proxy = self._known_proxy(url) if self._trust_env else ""
        if proxy:
            guard.check_name(guard.host_of(url), self._named)
        key = (proxy, url.scheme) + (("", None) if proxy else (url.host, url.port))
        with self._lock:
            found = self._pools.get(key)
            if found is None:
                self._thin_out()
                found = self._pools[key] = self._build(proxy, url)
            return found

    def _thin_out(self) -> None:
        """Close the pools that have no request under way, where there are too many. A closed one could go on."""
        if len(self._pools) < POOLS:
            return
        for key, pool in list(self._pools.items()):
            if isinstance(pool, Connections) and pool.is_idle():
                self._pools.pop(key).close()

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _known_proxy(self, url: httpx.URL) -> str:
        """The proxy for an address, looked up once an origin: reading the environment costs as much as a request."""
        key = (url.scheme, url.host, url.port)
        found = self._proxies.get(key)
        if found is None:
            if len(self._proxies) >= ORIGINS:
                self._proxies.clear()
            found = self._proxies[key] = self._proxy(url)
        return found

    def _proxy(self, url: httpx.URL) -> str:
        """The proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY mean for this address."""
        proxies = urllib.request.getproxies()
        proxy = proxies.get(url.scheme) or proxies.get("all") or ""
        host = guard.host_of(url)
        netloc = f"{host}:{url.port}" if url.port else host
        if not proxy or urllib.request.proxy_bypass(netloc):
            return ""
        return proxy if "://" in proxy else f"http://{proxy}"

    def _build(self, proxy: str, url: httpx.URL) -> Connections | Proxied:
        secure = url.scheme == "https"
        if secure and self._context is None:
            self._context = trusted(self._trust_env)
            self._context.set_alpn_protocols(["http/1.1"])
        context = self._context if secure else None
        if not proxy:
            return Connections(url, context, Backend(self._named))
        settings = httpx.Proxy(proxy) if proxy.startswith(("http://", "https://")) else None
        if settings is None:
            raise Fatal(f"The proxy {proxy.partition('://')[0]!r} is of a kind that is not served.", "Use an HTTP one.")
        pool = httpcore.HTTPProxy(
            proxy_url=httpcore.URL(str(settings.url)),
            proxy_auth=settings.raw_auth,
            ssl_context=context,
            max_connections=CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE,
            network_backend=Backend(None),
        )
        return Proxied(pool)


def trusted(trust_env: bool) -> ssl.SSLContext:
    """The certificates to trust: SSL_CERT_FILE and SSL_CERT_DIR where set, else certifi's and the system's."""
    file = os.environ.get("SSL_CERT_FILE") if trust_env else None
    folder = os.environ.get("SSL_CERT_DIR") if trust_env else None
    try:
        if file or folder:
            return ssl.create_default_context(cafile=file or None, capath=folder or None)
        context = ssl.create_default_context(cafile=certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise Fatal(
            f"The certificates named by SSL_CERT_FILE or SSL_CERT_DIR cannot be read ({error.strerror or 'bad file'}).",
            "Correct the variable, or unset it.",
        ) from error
    context.load_default_certs()
    return context
