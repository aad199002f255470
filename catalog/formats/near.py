"""Texts that are nearly the same as an earlier one, found by sketches of fixed size.

Each run of three words (or of three Chinese or Japanese characters) is hashed, and of the hashes the least of each of
`PARTS` parts is kept: one-permutation minwise hashing (P. Li, A. Owen, C.-H. Zhang, 2012). Two texts whose runs agree
in a share s agree in each part with probability s. Those that agree in all parts of one band are compared, and are near
where `AGREE` of the parts agree: of texts that share nine tenths of their runs (one word of sixty is another) nine in
ten are found, of those that share half of them one in twenty.
"""

from __future__ import annotations

import re
from array import array
from typing import Final
from zlib import crc32

PARTS: Final = 8
BANDS: Final = ((0, 1), (2, 3))
AGREE: Final = 6
LEAST: Final = 24
"""Runs of words below which a text is too short to be compared in this way."""
MOST: Final = 4000
"""Words of a text that are looked at."""
MAX_TEXTS: Final = 1_500_000
"""Texts that are remembered, some 300 bytes each."""
_UNIT: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_MASK: Final = (1 << 64) - 1
_ODD: Final = 0x9E3779B97F4A7C15


def units_of(text: str) -> list[str]:
    """The words of a text in small letters; in Chinese and Japanese its characters."""
    return _UNIT.findall(text.lower())


class Sketches:
    """Remembers texts by their sketches; `is_near` is asked once for each."""

    def __init__(self) -> None:
        self._bands: list[dict[int, int]] = [{} for _ in BANDS]
        self._kept = array("I")

    @property
    def full(self) -> bool:
        """Whether no more texts are remembered."""
        return len(self._kept) >= PARTS * MAX_TEXTS

    def is_near(self, text: str, apart: str = "") -> bool:
        """Whether an earlier text is nearly the same; it is remembered for later ones. Texts are compared with those
        that stand `apart` in the same way: what else their rows hold."""
        parts = sketch(text)
        if not parts or self.full:
            return False
        number = len(self._kept) // PARTS
        near, salt = False, crc32(apart.encode("utf-8", "surrogatepass"))
        for band, seen in zip(BANDS, self._bands, strict=True):
            key = salt
            for part in band:
                key = (key * _ODD ^ parts[part]) & _MASK
            other = seen.setdefault(key, number)
            near = near or (other != number and self._agree(other, parts))
        self._kept.extend(parts)
        return near

    def _agree(self, number: int, parts: list[int]) -> bool:
        start = number * PARTS
        return sum(self._kept[start + n] == part for n, part in enumerate(parts)) >= AGREE


def sketch(text: str) -> list[int]:
    """The least hash of each part, [] for a text that is too short."""
    units = units_of(text[: 12 * MOST])[:MOST]
    if len(units) < LEAST + 2:
        return []
    hashes = [crc32(unit.encode("utf-8", "surrogatepass")) for unit in units]
    least = [0xFFFFFFFF] * PARTS
    for one, two, three in zip(hashes, hashes[1:], hashes[2:], strict=False):
        mixed = ((one * 31 + two) * 0x1000193 + three) * _ODD & _MASK
        part, value = mixed >> 61, mixed >> 29 & 0xFFFFFFFF
        if value < least[part]:
            least[part] = value
    return least
