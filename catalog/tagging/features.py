"""What the model sees of a text: hashed words, pieces of the words of a title, and what the word lists found.

A feature is a 32-bit number, CRC-32 of a short text: `w word` for a word anywhere, `t word` for a word of the name or
title, `c abcd` for four letters in a row inside a title word, `b one two` for two words in a row, `s source`. Training
and tagging call the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from zlib import crc32

from catalog.tagging.phrases import Found
from catalog.tagging.reading import WIDE, Text

MAX_WORDS: Final = 90  # words of the body that are read
FEW: Final = 20  # texts of fewer features are read as if they had so many
MAX_PAIRS: Final = 150  # of them and pairs of Chinese, Japanese or Korean characters together
PIECE: Final = 4  # letters of a piece of a title word
LONGEST: Final = 24  # letters of a title word that are cut into pieces
FULL: Final = 8.0  # points of the word lists that count as one
STEPS: Final = 32  # steps in which they count

_STOP: Final = (
    "a an the of and or in to for with on by is are was were be been this that these those it its from as at which we"
    " our you your their they has have had can may not no all any each more most other than also such only into over"
    " between both but if when where who how what there here dataset datasets data set card summary description"
    " information needed using used use based contains containing consists include includes including"
)
STOP: Final = frozenset(_STOP.split())


def number(key: str) -> int:
    """The number of a feature."""
    return crc32(key.encode())


def title_words(text: Text) -> list[str]:
    """The distinct words of name and titles."""
    words = dict.fromkeys([word for words in text.titles for word in words if word])
    if text.titled_wide and words and max(words) >= WIDE:
        return list(dict.fromkeys([each for word in words for each in _parts(word)]))
    return list(words)


def body_words(text: Text) -> list[str]:
    """The distinct words of the body, at most `MAX_WORDS` of them read."""
    words = read_words(text)
    if text.wide and words and max(words) >= WIDE:
        words = [each for word in words for each in ((word,) if word < WIDE else _parts(word))][:MAX_PAIRS]
    return list(dict.fromkeys(words))


def read_words(text: Text) -> list[str]:
    """The words of the body as far as it is read."""
    lead = text.lead
    return lead[:MAX_WORDS] if len(lead) >= MAX_WORDS or not text.rest else [*lead, *text.rest[: MAX_WORDS - len(lead)]]


def runs(text: Text) -> list[Sequence[str]]:
    """The words in which pairs are looked for: each reading of name and titles, and the body as far as it is read."""
    return [*text.titles, read_words(text)]


def pairs(text: Text) -> list[str]:
    """The distinct pairs of words in a row, as "one two"."""
    found = [
        f"{one} {two}" for words in runs(text) for one, two in pairwise(words) if one not in STOP and two not in STOP
    ]
    return list(dict.fromkeys(found))


def of_pair(pair: str) -> str:
    """The key of a pair of words."""
    return f"b {pair}"


def of_title_word(word: str) -> Iterator[str]:
    """The keys of a word of the name or title."""
    yield f"w {word}"
    yield f"t {word}"
    if len(word) > PIECE and word.isascii():
        for start in range(min(len(word), LONGEST) - PIECE + 1):
            yield f"c {word[start : start + PIECE]}"


def of_body_word(word: str) -> Iterator[str]:
    """The keys of a word of the body."""
    if word not in STOP:
        yield f"w {word}"


def of_found(found: Found) -> list[tuple[str, int, str]]:
    """What the word lists found: each term, points in `STEPS` of `FULL`, a phrase; the best of a facet once more."""
    listed = []
    for facet, terms in found.items():
        most = max([score.points for score in terms.values()])
        for term, score in terms.items():
            points = score.points
            listed.append(
                (f"r {facet} {term}", STEPS if points >= FULL else int(points * STEPS / FULL), score.words[0])
            )
            if points == most and most >= 2:
                listed.append((f"R {facet} {term}", STEPS // 2, score.words[0]))
    return listed


def share(count: int) -> float:
    """What each of so many features counts: a long text does not count more than a short one, a word does not shout."""
    return 1 / math.sqrt(max(FEW, count))


def _parts(word: str) -> list[str]:
    """A word as it is; a run of characters without spaces as its overlapping pairs."""
    if word < WIDE or len(word) < 3:
        return [word]
    return [word[start : start + 2] for start in range(len(word) - 1)]
