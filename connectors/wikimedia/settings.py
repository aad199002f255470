"""Where the dumps are: `CATALOG_WIKIMEDIA_ENDPOINT` names the site or a mirror of it."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit

from catalog.errors import Usage

HOME: Final = "https://dumps.wikimedia.org"
VARIABLE: Final = "CATALOG_WIKIMEDIA_ENDPOINT"


def endpoint() -> str:
    """The address, without a slash at its end. Raises `Usage` for a variable that is none."""
    value = os.environ.get(VARIABLE, "").strip().rstrip("/") or HOME
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        sound = False
    if not sound:
        raise Usage(f"{VARIABLE} is not a web address: {value[:80]!r}.", "Write it as https://host.")
    return value


def hosts() -> frozenset[str]:
    """The host that the user named in the environment, if any."""
    host = urlsplit(endpoint()).hostname
    return frozenset({host}) if host and os.environ.get(VARIABLE, "").strip() else frozenset()
