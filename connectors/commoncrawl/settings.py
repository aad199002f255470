"""Where Common Crawl is, from the environment, and what its answers mean.

`CATALOG_COMMONCRAWL_ENDPOINT` names the host of the files or a mirror of it, `CATALOG_COMMONCRAWL_INDEX` that of the
index and of the list of snapshots.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from catalog.endpoints import named_endpoint, named_hosts
from catalog.errors import CatalogError, Fatal
from catalog.web import HttpStatus

DATA: Final = "https://data.commoncrawl.org"
INDEX: Final = "https://index.commoncrawl.org"
DATA_NAME: Final = "CATALOG_COMMONCRAWL_ENDPOINT"
INDEX_NAME: Final = "CATALOG_COMMONCRAWL_INDEX"
MAIN: Final = "CC-MAIN"
NEWS: Final = "CC-NEWS"

_IN_URL: Final = re.compile(r"/crawl-data/(CC-MAIN-\d{4}(?:-\d{2,4})?)/|/crawl-data/CC-NEWS/(\d{4})/(\d{2})/")


def data() -> str:
    """The address of the files, without a slash at its end."""
    return named_endpoint(DATA_NAME) or DATA


def index() -> str:
    """The address of the index, without a slash at its end."""
    return named_endpoint(INDEX_NAME) or INDEX


def hosts() -> frozenset[str]:
    """The hosts that the user named in the environment."""
    return named_hosts(DATA_NAME, INDEX_NAME)


def snapshot_in(url: str) -> str:
    """The snapshot, or the month of the news crawl, in the address of a file; "" for none."""
    match = _IN_URL.search(urlsplit(url).path)
    return (match[1] or f"{match[2]}-{match[3]}") if match else ""


def explained(error: HttpStatus) -> CatalogError | None:
    """What a refusal means: these hosts answer 403 to who asks too much, and more requests make it last."""
    ours = {urlsplit(address).netloc for address in (data(), index())}
    host = urlsplit(error.url).netloc
    if error.status != 403 or host not in ours:
        return None
    return Fatal(
        f"{host} has blocked this address (403), so nothing more is asked of it.",
        "Wait a day, then go on with fewer connections (--jobs 2); what came is kept.",
    )
