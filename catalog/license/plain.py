"""License text without its markup: one line, links beside their words, plain hyphens and quotes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MARKUP: Final = re.compile(r"<!--.*?-->|<[^<>]{0,300}>", re.DOTALL)
_LINK: Final = re.compile(r"https?://[^\s\"'>]+")
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("‘’`´", "'"),
        **dict.fromkeys("“”„", '"'),
        "\\": " ",
        "\xad": None,
    }
)


def plain(raw: str) -> str:
    """The text of a raw string: no comments and tags, but the addresses of tags; NFKC, single spaces."""
    text = raw
    if "<" in text:
        text = _MARKUP.sub(_link_of, text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.translate(_PLAIN).split())


def _link_of(match: re.Match[str]) -> str:
    link = None if match[0].startswith("<!--") else _LINK.search(match[0])
    return f" {link[0]} " if link else " "
