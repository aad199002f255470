"""AEDA: an easier data augmentation (A. Karimi et al., Findings of EMNLP 2021, arXiv:2108.13230).

From 1 to a third of the words of a text get a punctuation mark before them, each at another place, each mark drawn of
six; no word is changed or moved. Chinese and Japanese get their own marks, without a space.
"""

from __future__ import annotations

import random
from typing import Final

from catalog.augment.words import Words, is_wide

MARKS: Final = (".", ";", "?", ":", "!", ",")
WIDE_MARKS: Final = ("。", "；", "？", "：", "！", "，")


def aeda(words: Words, count: int, chance: random.Random) -> list[tuple[str, str]]:
    """At most `count` new texts as ("aeda", text), each another. Nothing is put into what is bound together."""
    openings = [place for place in words.openings if place < len(words)]
    found: dict[str, None] = {}
    for _ in range(3 * count if openings else 0):
        number = chance.randint(1, max(1, len(words) // 3))
        places = chance.sample(openings, min(number, len(openings)))
        found.setdefault(_marked(words, set(places), chance))
        if len(found) == count:
            break
    return [("aeda", text) for text in found]


def _marked(words: Words, places: set[int], chance: random.Random) -> str:
    parts = []
    for place, word in enumerate(words.words):
        parts.append(words.gaps[place])
        if place in places:
            parts.append(chance.choice(WIDE_MARKS) if is_wide(word) else chance.choice(MARKS) + " ")
        parts.append(word)
    return "".join([*parts, words.gaps[-1]])
