"""Addresses of sources that the user sets in the environment: a mirror, a closed network's copy, a test server."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from catalog.errors import Usage


def named_endpoint(*variables: str) -> str:
    """The address in the first of these variables that is set, without a slash at its end; "" where none is.

    Raises `Usage` for one that is no http(s) address.
    """
    for variable in variables:
        value = os.environ.get(variable, "").strip().rstrip("/")
        if value:
            scheme, host, _port = origin(value)
            if scheme not in ("http", "https") or not host:
                raise Usage(f"{variable} is not a web address: {value[:80]!r}.", "Write it as https://host.")
            return value
    return ""


def named_hosts(*variables: str) -> frozenset[str]:
    """The hosts in those of these variables that are set: for `WebSettings.allow_private_hosts`."""
    return frozenset(host for each in variables if (host := urlsplit(named_endpoint(each)).hostname))


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address; an unreadable one has none of them."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", "", None
