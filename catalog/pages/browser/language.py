"""The words that the query language is made of, as the browser gets them: Python's own constants, defined once."""

from __future__ import annotations

from typing import Any

from catalog.index.keys import CJK
from catalog.pages.browser.store import Store
from catalog.pages.browser.unicode import table
from catalog.search import understand
from catalog.search.query import CLOSED, FACETS, RANGES
from catalog.search.terms import CLOSED_FACETS


def language(store: Store) -> dict[str, Any]:
    """Write the table of characters, and return what the manifest says of the language."""
    store.put_json("u", table())
    return {
        "cjk": [ord(each) for each in _ranges(CJK)],
        "facets": FACETS,
        "ranges": RANGES,
        "gated": CLOSED,
        "closed": list(CLOSED_FACETS),
        "text": list(understand.TEXT_FACETS),
        "stop": sorted(understand.STOP_WORDS),
        "commercial": understand.COMMERCIAL,
        "short": sorted(understand._SHORT),
        "loose": sorted(understand._LOOSE),
        "formats": sorted(understand._FORMATS),
        "licenses": sorted(understand._LICENSES),
        "families": list(understand._LICENSE_FAMILIES),
        "licensed": sorted(understand._LICENSED),
    }


def _ranges(characters: str) -> list[str]:
    """The ends of the ranges of a character class, in pairs."""
    found: list[str] = []
    for part in characters.replace("-", "").splitlines():
        found.extend(part)
    return found
