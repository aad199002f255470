"""Where Kaggle is, and to whom the user's login goes; read from the environment at each call.

`CATALOG_KAGGLE_ENDPOINT` names Kaggle, a mirror or a test server: the address of the site, below which `/api/v1` and
the pages of the datasets are.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from catalog.endpoints import named_endpoint, named_hosts, origin

HOME: Final = "https://www.kaggle.com"
VARIABLE: Final = "CATALOG_KAGGLE_ENDPOINT"
API: Final = "/api/v1/datasets"


def endpoint() -> str:
    """The address of the site, without a slash at its end. Raises `Usage` for what is no web address."""
    return named_endpoint(VARIABLE) or HOME


def api(verb: str, *parts: str) -> str:
    """The address of a call of the REST API: `api("view", "owner", "slug")`."""
    return "/".join((endpoint() + API, verb, *(quote(part, safe="") for part in parts)))


def stored(url: str) -> str:
    """An address of ours as a record keeps it: at Kaggle itself, whatever mirror was asked."""
    return HOME + url.removeprefix(endpoint()) if is_ours(url) else url


def hosts() -> frozenset[str]:
    """The host that the user named in the environment: for `WebSettings.allow_private_hosts`."""
    return named_hosts(VARIABLE)


def is_ours(url: str) -> bool:
    """Whether an address is Kaggle's own, so that the login may go to it."""
    return origin(url) == origin(endpoint())
