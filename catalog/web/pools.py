"""The connections that are kept: to each origin, and to each proxy of the environment."""

from __future__ import annotations

import os
import ssl
import threading
import urllib.request

import certifi
import httpcore
import httpx

from catalog.errors import Fatal
from catalog.web import guard
from catalog.web.wire import Backend

KEEP_ALIVE = 30.0  # seconds that an unused connection is kept
CONNECTIONS = 64
ORIGINS = 10_000  # whose proxy is remembered
POOLS = 64  # beyond which those that nobody uses are closed

Key = tuple[str, str, str, int | None]


class Connections:
    """The connections to one origin. httpcore's own pool looks at each of its connections several times a request,
    which costs as much as the request; here the first free one is taken. Safe to share between threads."""

    def __init__(
        self, origin: httpcore.Origin, context: ssl.SSLContext | None, backend: httpcore.NetworkBackend
    ) -> None:
        self._origin = origin
        self._context = context
        self._backend = backend
        self._lock = threading.Lock()
        self._kept: list[httpcore.HTTPConnection] = []

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request on a connection that nobody uses. Raises what httpcore raises."""
        while True:
            connection = self._free()
            try:
                return connection.handle_request(request)
            except httpcore.ConnectionNotAvailable:  # another thread was faster
                pass

    def is_idle(self) -> bool:
        """Whether no request is under way."""
        with self._lock:
            return all(each.is_idle() or each.is_closed() for each in self._kept)

    def close(self) -> None:
        """End every connection; another request would open a new one."""
        with self._lock:
            kept, self._kept = self._kept, []
        for each in kept:
            each.close()

    def _free(self) -> httpcore.HTTPConnection:
        with self._lock:
            for each in list(self._kept):
                if each.is_closed():
                    self._kept.remove(each)
                elif each.has_expired():
                    self._kept.remove(each)
                    each.close()
                elif each.is_available():
                    return each
            fresh = httpcore.HTTPConnection(
                self._origin,
                ssl_context=self._context,
                keepalive_expiry=KEEP_ALIVE,
                network_backend=self._backend,
            )
            self._kept.append(fresh)
            return fresh


class Pools:
    """Finds the pool for an address. Safe to share between threads."""

    def __init__(self, named: frozenset[str], trust_env: bool) -> None:
        self._named = named
        self._trust_env = trust_env
        self._lock = threading.Lock()
        self._pools: dict[Key, Connections | httpcore.ConnectionPool] = {}
        self._context: ssl.SSLContext | None = None
        self._proxies: dict[tuple[str, str, int | None], str] = {}

    def find(self, url: httpx.URL) -> Connections | httpcore.ConnectionPool:
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

    def _build(self, proxy: str, url: httpx.URL) -> Connections | httpcore.ConnectionPool:
        secure = url.scheme == "https"
        if secure and self._context is None:
            self._context = trusted(self._trust_env)
        context = self._context if secure else None
        if not proxy:
            origin = httpcore.Origin(url.raw_scheme, url.raw_host, url.port or (443 if secure else 80))
            return Connections(origin, context, Backend(self._named))
        settings = httpx.Proxy(proxy) if proxy.startswith(("http://", "https://")) else None
        if settings is None:
            raise Fatal(f"The proxy {proxy.partition('://')[0]!r} is of a kind that is not served.", "Use an HTTP one.")
        return httpcore.HTTPProxy(
            proxy_url=httpcore.URL(str(settings.url)),
            proxy_auth=settings.raw_auth,
            ssl_context=context,
            max_connections=CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE,
            network_backend=Backend(None),
        )


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
