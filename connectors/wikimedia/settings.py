"""Where the dumps are: `CATALOG_WIKIMEDIA_ENDPOINT` names the site or a mirror of it."""

from __future__ import annotations

from typing import Final

from catalog.endpoints import named_endpoint, named_hosts

HOME: Final = "https://dumps.wikimedia.org"
VARIABLE: Final = "CATALOG_WIKIMEDIA_ENDPOINT"


def endpoint() -> str:
    """The address, without a slash at its end. Raises `Usage` for a variable that is none."""
    return named_endpoint(VARIABLE) or HOME


def hosts() -> frozenset[str]:
    """The host that the user named in the environment, if any."""
    return named_hosts(VARIABLE)
