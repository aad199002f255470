"""Where Kaggle is, and to whom the user's login goes; read from the environment at each call.

`CATALOG_KAGGLE_ENDPOINT` names Kaggle, a mirror or a test server: the address of the site, below which `/api/v1` and
the pages of the datasets are.
"""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import quote, urlsplit

from catalog.errors import Usage

HOME: Final = "https://www.kaggle.com"
VARIABLE: Final = "CATALOG_KAGGLE_ENDPOINT"
API: Final = "/api/v1/datasets"


def endpoint() -> str:
    """The address of the site, without a slash at its end. Raises `Usage` for what is no web address."""
    value = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if not value:
        return HOME
    scheme, host, _ = origin(value)
    if scheme not in ("http", "https") or not host:
        raise Usage(f"{VARIABLE} is not a web address: {value[:80]!r}.", "Write it as https://host.")
    return value


def api(verb: str, *parts: str) -> str:
    """The address of a call of the REST API: `api("view", "owner", "slug")`."""
    return "/".join((endpoint() + API, verb, *(quote(part, safe="") for part in parts)))


def stored(url: str) -> str:
    """An address of ours as a record keeps it: at Kaggle itself, whatever mirror was asked."""
    return HOME + url.removeprefix(endpoint()) if is_ours(url) else url


def hosts() -> frozenset[str]:
    """The host that the user named in the environment: for `WebSettings.allow_private_hosts`."""
    host = urlsplit(endpoint()).hostname if os.environ.get(VARIABLE, "").strip() else None
    return frozenset([host] if host else ())


def is_ours(url: str) -> bool:
    """Whether an address is Kaggle's own, so that the login may go to it."""
    return origin(url) == origin(endpoint())


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address; an unreadable one has none of them."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", "", None
