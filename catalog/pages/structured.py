"""What machines read of a page: canonical address, and the dataset as JSON-LD."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from catalog.export.croissant import CONTEXT, croissant
from catalog.record import Entry
from catalog.text import for_html

_UNSAFE = tuple((each, f"\\u{ord(each):04x}") for each in "<>&\u2028\u2029")
_CONTEXT = json.dumps(CONTEXT, separators=(",", ":"))
_LD = '<script type="application/ld+json">'


def head(entry: Entry, address: str, base_url: str, citation: str = "") -> str:
    """The lines of a page's head: `address` is that of the page below `base_url`, which may be ""."""
    page = f"{base_url}{address}" if base_url else ""
    made = croissant(entry, page=page, catalog=base_url, citation=citation)
    del made["@context"]  # the same in all documents, and half of a small one
    return f'{canonical(page)}{_LD}{{"@context":{_CONTEXT},{_safe(made)[1:]}</script>'


def canonical(page: str) -> str:
    """The link to the one address of a page; "" where it is not known."""
    return f'<link rel="canonical" href="{for_html(page)}">' if page else ""


def json_ld(value: dict[str, Any]) -> str:
    """A value as a block of JSON-LD that no text in it can leave."""
    return f"{_LD}{_safe(value)}</script>"


def _safe(value: dict[str, Any]) -> str:
    """JSON that holds nothing that HTML or a script would take for its own."""
    text = msgspec.json.encode(value).decode()
    for character, escape in _UNSAFE:
        text = text.replace(character, escape)
    return text


def in_short(entry: Entry, limit: int = 160) -> str:
    """What a search engine shows of a page: the summary, cut at a word."""
    text = " ".join((entry.summary or entry.description or f"Dataset {entry.key}").split())
    return text if len(text) <= limit else f"{text[: limit - 1].rpartition(' ')[0] or text[: limit - 1]}…"
