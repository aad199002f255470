"""EDA: easy data augmentation (J. Wei and K. Zou, EMNLP 2019, arXiv:1901.11196).

Four operations on a text of l words, with n = max(1, int(alpha * l)): synonym replacement of n words, random insertion
of n synonyms, n random swaps, and deletion of each word with probability alpha. As in the authors' program a replaced
word is replaced wherever it stands, a synonym is sought for an insertion ten times, a text keeps at least one word, and
of each operation count // 4 + 1 texts are made, shuffled, and cut to `count`. What differs from that program is what
it gets wrong: case, punctuation and letters beyond a to z stay; an inserted synonym is drawn by chance, of words that
are no stop words; the same seed gives the same texts in every process; and words that a label may rest on are kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, NamedTuple

from catalog.augment.synonyms import Synonyms
from catalog.augment.words import Words, as_sentence, like

STOP: Final = frozenset(
    ("i", "me", "my", "myself", "we", "our", "ours", "ourselves", "you", "your", "yours", "yourself", "yourselves",
     "he", "him", "his", "himself", "she", "her", "hers", "herself", "it", "its", "itself", "they", "them", "their",
     "theirs", "themselves", "what", "which", "who", "whom", "this", "that", "these", "those", "am", "is", "are",
     "was", "were", "be", "been", "being", "have", "has", "had", "having", "do", "does", "did", "doing", "a", "an",
     "the", "and", "but", "if", "or", "because", "as", "until", "while", "of", "at", "by", "for", "with", "about",
     "against", "between", "into", "through", "during", "before", "after", "above", "below", "to", "from", "up",
     "down", "in", "out", "on", "off", "over", "under", "again", "further", "then", "once", "here", "there", "when",
     "where", "why", "how", "all", "any", "both", "each", "few", "more", "most", "other", "some", "such", "no",
     "nor", "not", "only", "own", "same", "so", "than", "too", "very", "s", "t", "can", "will", "just", "don",
     "should", "now")
)  # fmt: skip
"""The stop words of the authors' program."""
TRIES: Final = 10  # words that are tried for one insertion
SWAPS: Final = 3  # draws of a second place
BY_SIZE: Final = ((500, 0.05, 16), (2_000, 0.05, 8), (5_000, 0.1, 4))
MORE: Final = (0.1, 4)


class Settings(NamedTuple):
    """How strongly texts are changed, and how many are made of each."""

    alpha: float
    texts: int


def settings(rows: int) -> Settings:
    """Alpha and the number of new texts by the number of training rows, as table 3 of the paper recommends them."""
    return next((Settings(alpha, texts) for most, alpha, texts in BY_SIZE if rows <= most), Settings(*MORE))


def eda(words: Words, alpha: float, count: int, chance: random.Random, synonyms: Synonyms) -> list[tuple[str, str]]:
    """At most `count` new texts as (operation, text), none of them equal to another or to the text itself."""
    if not words.words or not words.free:
        return []
    number = max(1, int(alpha * len(words)))
    made: list[tuple[str, str]] = []
    for name, operation in _OPERATIONS.items():
        for _ in range(count // 4 + 1):
            changed = operation(words, alpha, number, chance, synonyms)
            made.append((name, as_sentence(str(changed), str(words))))
    chance.shuffle(made)
    found: dict[str, str] = {}
    for name, text in made:
        if text != str(words) and text.strip():
            found.setdefault(text, name)
    return [(name, text) for text, name in found.items()][:count]


def _replaced(words: Words, _alpha: float, number: int, chance: random.Random, synonyms: Synonyms) -> Words:
    """Synonym replacement: of `number` distinct words, each wherever it stands."""
    candidates = sorted({words.words[place].casefold() for place in words.free} - STOP)
    chance.shuffle(candidates)
    done = 0
    for word in candidates:
        others = synonyms.of(word)
        if not others:
            continue
        other = chance.choice(others)
        for place in words.free:
            if words.words[place].casefold() == word:
                words = words.replaced(place, like(other, words.words[place]))
        done += 1
        if done >= number:
            break
    return words


def _inserted(words: Words, _alpha: float, number: int, chance: random.Random, synonyms: Synonyms) -> Words:
    """Random insertion: a synonym of a word that is no stop word, anywhere; `number` times."""
    known = sorted({words.words[place].casefold() for place in words.free} - STOP)
    for _ in range(number if known else 0):
        for _try in range(TRIES):
            others = synonyms.of(chance.choice(known))
            if others:
                words = _put(words, chance.choice(words.openings), chance.choice(others))
                break
    return words


def _put(words: Words, place: int, word: str) -> Words:
    """Insert; the word that was first goes on in small letters, unless it is kept."""
    if place == 0 and words.words[0][1:].islower() and not words.kept[0]:
        words = words.replaced(0, words.words[0].lower())
    return words.inserted(place, word)


def _swapped(words: Words, _alpha: float, number: int, chance: random.Random, _synonyms: Synonyms) -> Words:
    """Random swap of two words, `number` times."""
    free = words.free
    for _ in range(number if len(free) > 1 else 0):
        one = chance.choice(free)
        two = next((place for _ in range(SWAPS + 1) if (place := chance.choice(free)) != one), None)
        if two is not None:
            words = words.swapped(one, two)
    return words


def _deleted(words: Words, alpha: float, _number: int, chance: random.Random, _synonyms: Synonyms) -> Words:
    """Random deletion with probability alpha; at least one word stays."""
    gone = [place for place in words.free if chance.random() < alpha]
    if len(gone) == len(words):
        gone.remove(chance.choice(gone))
    for place in reversed(gone):
        words = words.deleted(place)
    return words


_OPERATIONS: Final[dict[str, Callable[[Words, float, int, random.Random, Synonyms], Words]]] = {
    "sr": _replaced, "ri": _inserted, "rs": _swapped, "rd": _deleted,
}  # fmt: skip
