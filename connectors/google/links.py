"""Addresses and identifiers of schema.org markup: http(s) alone, absolute, with nothing in them that a sink could obey.

Pure, and safe for any input: what is none is "".
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from catalog.record import MAX_TEXT
from connectors.google.values import DEPTH, as_list, text

MAX_URL: Final = 2_000
_DOI: Final = re.compile(
    r"10\.\d{4,9}(?:\.\d+)*/[^\x00-\x20\x7f-\xa0\s\"'<>\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]{1,200}"
)
_DOI_AT: Final = re.compile(
    r"(?:doi:|https?://(?:dx\.|www\.)?doi\.org/(?:doi:)?|info:doi/|https?://identifiers\.org/doi[:/])\s*", re.IGNORECASE
)
_ARXIV: Final = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|[:\s]+|\.)((?:\d{4}\.\d{4,5})|[a-z][a-z.-]{1,20}/\d{7})", re.IGNORECASE
)


def address(value: object, base: str = "") -> str:
    """The http(s) address of a text or node, made absolute against `base`; "" for anything else."""
    for each in as_list(value)[:20]:
        given = (each.get("@id") or each.get("url") or each.get("@value")) if isinstance(each, dict) else each
        if isinstance(given, list):
            given = given[0] if given else ""
        if isinstance(given, dict):
            given = given.get("@id") or given.get("@value")
        if isinstance(given, str) and (found := _absolute(given, base)):
            return found
    return ""


def addresses(value: object, base: str = "") -> list[str]:
    """Every http(s) address of a value of texts or nodes."""
    return list(dict.fromkeys(found for item in as_list(value) if (found := address(item, base))))


@cache
def _unwanted() -> re.Pattern[str]:
    return re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\\\"<>^`{|}]")


def _absolute(given: str, base: str) -> str:
    given = given.strip()
    if not given or len(given) > MAX_URL:
        return ""
    try:
        if given.startswith("www.") and "/" in given:
            given = f"https://{given}"
        if not given.startswith(("http://", "https://")):
            if not base or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|_:", given) or re.search(r"\s", given):
                return "" if not given[:8].lower().startswith("http") else _checked(given)
            given = urljoin(base, given)
        return _checked(given)
    except ValueError:
        return ""


def _checked(url: str) -> str:
    """The address with what may not stand in it percent-encoded; "" without a plain host."""
    url = _unwanted().sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    good = (
        parts.scheme in ("http", "https")
        and re.fullmatch(r"[\w.-]{1,253}|[0-9a-f:.]+", host)
        and "@" not in parts.netloc
    )
    if not good:
        return ""
    _ = parts.port  # raises ValueError for a port that is none
    return url[:MAX_URL]


def canonical(url: str, page: str) -> str:
    """An address as an identity: without fragment and tracking, the host in lower case and without a default port; on
    the page's own host with the scheme of the page."""
    try:
        parts, own = urlsplit(url), urlsplit(page)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    scheme = own.scheme if own.hostname == host and own.scheme in ("http", "https") else parts.scheme
    named = f"[{host}]" if ":" in host else host
    port_text = "" if port in (None, 80, 443) else f":{port}"
    query = "&".join(part for part in parts.query.split("&") if part and not part.lower().startswith(_TRACKING))
    return f"{scheme}://{named}{port_text}{parts.path or '/'}{f'?{query}' if query else ''}"


_TRACKING: Final = ("utm_", "fbclid=", "gclid=", "mc_cid=", "mc_eid=", "jsessionid=", "phpsessid=")


def is_home(url: str) -> bool:
    """Whether an address names a whole site and not one of its pages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return parts.path.strip("/").lower() in ("", "index.html", "index.php", "home") and not parts.query


@lru_cache(maxsize=4096)
def host_of(url: str) -> str:
    """The host of an address, "" where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def doi(value: object, *, bare: bool = True, depth: int = 0) -> str:
    """The DOI in a text or node (`doi:10.1/x`, an address of doi.org, PropertyValue), in lower case; "" for none.
    Without `bare` a DOI must be marked as one."""
    for each in as_list(value)[:50]:
        if isinstance(each, str):
            found = _doi_in(each, bare)
        elif isinstance(each, dict) and depth < DEPTH:
            kind = text(each.get("propertyID") or each.get("name") or each.get("type"), 100).lower()
            inner = [each.get(name) for name in ("value", "@value", "@id", "identifier", "url")]
            found = doi(inner, bare=bare or "doi" in kind, depth=depth + 1)
        else:
            continue
        if found:
            return found
    return ""


def _doi_in(given: str, bare: bool) -> str:
    given = given.strip()[:500]
    start = _DOI_AT.match(given)
    if start:
        given = unquote(given[start.end() :])
    elif not bare or not given.startswith("10."):
        return ""
    match = _DOI.match(given)
    return match[0].partition("?")[0].rstrip(".,;)/").lower() if match else ""


def arxiv(value: object) -> str:
    """The arXiv id that a text names, without its version; "" for none."""
    found = _ARXIV.search(value[:MAX_TEXT]) if isinstance(value, str) else None
    return found[1] if found else ""
