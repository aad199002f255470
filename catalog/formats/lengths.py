"""How long texts are, in tokens, and in which scripts they are written; by a sample of fixed size."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from typing import Final

from catalog.tagging.detect import language
from catalog.tokens.tokenizers import ESTIMATE, Tokenizer

SAMPLE: Final = 20_000
"""Texts that are kept as lengths for the percentiles; of more, a random part that is the same each time."""
LOOKED_AT: Final = 300  # characters of a text whose script is looked at
EVERY: Final = 7  # rows between two texts whose script is looked at, after the first hundred

_SCRIPTS: Final = ("HANGUL", "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "THAI", "GREEK", "HEBREW", "BENGALI", "TAMIL")


class Lengths:
    """Lengths and scripts of texts as they pass by."""

    def __init__(self, tokenizer: Tokenizer = ESTIMATE) -> None:
        self._tokens_in = tokenizer.count
        self._kept: list[int] = []
        self._count = self._total = 0
        self._random = random.Random(0)  # noqa: S311 - the same sample each time
        self._scripts: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Take in a text."""
        length = self._tokens_in(text)
        self._count += 1
        self._total += length
        if len(self._kept) < SAMPLE:
            self._kept.append(length)
        elif (place := self._random.randrange(self._count)) < SAMPLE:
            self._kept[place] = length
        if self._count <= 100 or self._count % EVERY == 0:
            self._scripts.update(_script(text[:LOOKED_AT]))
            self._languages[language(text)[0] or "unclear"] += 1

    def summary(self) -> dict[str, int]:
        """Tokens in all, and the 50th, 95th and 100th percentile of a row."""
        ordered = sorted(self._kept)
        if not ordered:
            return {}
        last = len(ordered) - 1
        return {
            "total": self._total,
            "p50": ordered[last // 2],
            "p95": ordered[round(last * 0.95)],
            "max": ordered[last],
        }

    def scripts(self) -> dict[str, float]:
        """The share of each script among the letters that were looked at, most first; those under 1% are left out."""
        return _shares(self._scripts)

    def languages(self) -> dict[str, float]:
        """The share of each language among the texts that were looked at, most first; `unclear` for what is too short
        or in none that is known. Those under 1% are left out."""
        return _shares(self._languages)


def _shares(counts: Counter[str]) -> dict[str, float]:
    total = counts.total() or 1
    return {name: round(count / total, 3) for name, count in counts.most_common() if count >= 0.01 * total}


def _script(text: str) -> Counter[str]:
    if text.isascii():
        return Counter({"Latin": sum(map(str.isalpha, text))})
    found: Counter[str] = Counter()
    for letter in text:
        if letter.isalpha():
            name = unicodedata.name(letter, "").partition(" ")[0]
            found[_NAMES.get(name, "other")] += 1
    return found


_NAMES: Final = {name: name.capitalize() for name in _SCRIPTS} | {
    "CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
}  # fmt: skip
