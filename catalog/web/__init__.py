"""The web client: the only importer of httpx, httpcore and h11.

`Web` asks politely and within bounds: a deadline over the whole exchange, caps on raw and unpacked bytes, retries,
Retry-After and RateLimit obeyed, redirects judged hop by hop, public addresses only, a token bound to its origin.
"""

from catalog.web.client import Web
from catalog.web.model import (
    BudgetSpent,
    Busy,
    Disallowed,
    HostClosed,
    HttpStatus,
    KiB,
    MiB,
    NoSuchHost,
    OutOfTime,
    Refused,
    Reply,
    Stopped,
    Untrusted,
    WebSettings,
    public_url,
    stored_url,
)
from catalog.web.robots import Rules
from catalog.web.stream import Stream

__all__ = [
    "BudgetSpent",
    "Busy",
    "Disallowed",
    "HostClosed",
    "HttpStatus",
    "KiB",
    "MiB",
    "NoSuchHost",
    "OutOfTime",
    "Refused",
    "Reply",
    "Rules",
    "Stopped",
    "Stream",
    "Untrusted",
    "Web",
    "WebSettings",
    "public_url",
    "stored_url",
]
