"""Where the page of an entry stands: a path that any host and file system holds, the same at every build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from catalog.text import nearest_path

_PLAIN = re.compile(r"[a-z]+:[\w./-]+", re.ASCII)
_RESERVED = ("index.html", "entry.html", "compare.html")


class Addresses:
    """Gives each key a folder below `dataset/`, no two the same where case does not count.

    Of keys that differ in case alone the one asked for first has the plain name, so ask in a fixed order.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def folder(self, key: str) -> str:
        """The folder of a key's page, with forward slashes and without one at the end."""
        source, _, native = key.partition(":")
        folder = f"dataset/{source}/{nearest_path(native)}"
        if any(part.casefold() in _RESERVED for part in folder.split("/")):
            folder = _marked(folder, key)
        if folder.casefold() in self._taken:
            folder = _marked(folder, key)
        self._taken.add(folder.casefold())
        return folder


def _marked(folder: str, key: str) -> str:
    return f"{folder}-{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def in_url(path: str) -> str:
    """A path as a part of an address."""
    return quote(path, safe="/-._~")


def told_href(key: str, href: str) -> str | int:
    """The address of a page in short: 1 where it is the usual one of the key, else itself."""
    return 1 if _PLAIN.fullmatch(key) and href == _usual(key) else href


def page_href(key: str, told: str | int) -> str:
    """The address of a page as `told_href` tells it; "" is the page that the browser draws."""
    return _usual(key) if isinstance(told, int) else told or client_href(key)


def _usual(key: str) -> str:
    return f"dataset/{key.replace(':', '/', 1)}/"


def client_href(key: str) -> str:
    """The address of an entry that the browser draws."""
    return f"datasets/entry.html?id={quote(key, safe='')}"


def search_href(filters: Sequence[tuple[str, str]], index: str = "") -> str:
    """The search page with filters, (facet, term) pairs; two of one facet become one that holds either."""
    by_facet: dict[str, list[str]] = {}
    for facet, term in filters:
        by_facet.setdefault(facet, []).append(term)
    asked = "&".join(f"{quote(facet, safe='')}={quote(','.join(terms), safe=',')}" for facet, terms in by_facet.items())
    return f"datasets/{index}?{asked}"
