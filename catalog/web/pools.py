"""Connection pools: one for each proxy of the environment and one without, each with the certificates to trust."""

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


class Pools:
    """Finds the pool for an address. Safe to share between threads."""

    def __init__(self, named: frozenset[str], trust_env: bool) -> None:
        self._named = named
        self._trust_env = trust_env
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, bool], httpcore.ConnectionPool] = {}
        self._proxies: dict[tuple[str, str, int | None], str] = {}

    def find(self, url: httpx.URL) -> httpcore.ConnectionPool:
        """The pool for `url`; behind a proxy the guard sees the name only."""
        proxy = self._known_proxy(url) if self._trust_env else ""
        if proxy:
            guard.check_name(guard.host_of(url), self._named)
        key = (proxy, url.scheme == "https")
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._build(*key)
            return self._pools[key]

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

    def _build(self, proxy: str, secure: bool) -> httpcore.ConnectionPool:
        context = trusted(self._trust_env) if secure else None
        if not proxy:
            return httpcore.ConnectionPool(
                ssl_context=context,
                max_connections=CONNECTIONS,
                keepalive_expiry=KEEP_ALIVE,
                network_backend=Backend(self._named),
            )
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
