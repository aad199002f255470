"""Traditional characters as simplified ones: names of terms are in simplified Chinese, and so is most of what is told.

`simplified.txt` holds pairs, the traditional character first: those of the commoner half of Big5, and other forms of
Hong Kong and Taiwan, each with the one simplified character that it is written as nearly always.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


def simplified(text: str) -> str:
    """A text with each traditional character in its simplified form; other text is given back as it is."""
    return text if text.isascii() else text.translate(_table())


def pairs() -> list[str]:
    """Each traditional character with its simplified form behind it."""
    return Path(__file__).with_name("simplified.txt").read_text("utf-8").split()


@cache
def _table() -> dict[int, int]:
    return {ord(pair[0]): ord(pair[1]) for pair in pairs()}
