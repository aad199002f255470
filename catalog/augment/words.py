"""A text as its words and what stands between them, so that words can change while case and punctuation stay.

Words are runs of letters (with inner apostrophes and hyphens) and numbers; in Chinese and Japanese every character, or
what a segmenter makes of a run of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

WIDE: Final = "\u3040-\u30ff\u3400-\u9fff"
_WORD: Final = re.compile(
    rf"(?P<wide>[{WIDE}]+)|[^\W\d_{WIDE}]+(?:['’\-][^\W\d_{WIDE}]+)*|\d+(?:[.,:/]\d+)*%?", re.UNICODE
)
_IS_WIDE: Final = re.compile(f"[{WIDE}]")

Segmenter = Callable[[str], Sequence[str]]
"""Cuts a run of Chinese or Japanese characters into words that make up the run."""


@dataclass(frozen=True)
class Words:
    """Words with the gaps before, between and behind them (one more than words). `kept` marks words that must not
    change, `bound` those between which and the word before nothing may be put."""

    words: tuple[str, ...]
    gaps: tuple[str, ...]
    kept: tuple[bool, ...]
    bound: tuple[bool, ...]

    def __str__(self) -> str:
        return "".join(part for pair in zip(self.gaps, (*self.words, ""), strict=True) for part in pair)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def free(self) -> list[int]:
        """The places of words that may change."""
        return [place for place, kept in enumerate(self.kept) if not kept]

    @property
    def openings(self) -> list[int]:
        """The places before which something may be put; that behind the last word is among them."""
        return [place for place, bound in enumerate(self.bound) if not bound] + [len(self.words)]

    def replaced(self, place: int, word: str) -> Words:
        """With another word at a place."""
        return replace(self, words=(*self.words[:place], word, *self.words[place + 1 :]))

    def inserted(self, place: int, word: str) -> Words:
        """With a word more before a place, parted from its neighbour by a space where they are written with spaces."""
        near = self.words[min(place, len(self.words) - 1)] if self.words else ""
        space = "" if is_wide(near) or is_wide(word) else " "
        cut = place + 1 if place < len(self.words) else place
        return Words(
            (*self.words[:place], word, *self.words[place:]),
            (*self.gaps[:cut], space, *self.gaps[cut:]),
            (*self.kept[:place], False, *self.kept[place:]),
            (*self.bound[:place], False, *self.bound[place:]),
        )

    def deleted(self, place: int) -> Words:
        """Without the word at a place; the punctuation around it stays."""
        before, behind = self.gaps[place], self.gaps[place + 1]
        if place == 0:
            behind = behind.lstrip(" ,;")
        elif behind or place == len(self.words) - 1:
            before = before.rstrip(" ")
        gap = before + behind
        return Words(
            (*self.words[:place], *self.words[place + 1 :]),
            (*self.gaps[:place], gap, *self.gaps[place + 2 :]),
            (*self.kept[:place], *self.kept[place + 1 :]),
            (*self.bound[:place], *self.bound[place + 1 :]),
        )

    def swapped(self, one: int, two: int) -> Words:
        """With two words in each other's place; a sentence's first letter keeps its case."""
        words = list(self.words)
        words[one], words[two] = words[two], words[one]
        first = min(one, two)
        if first == 0 and starts_sentence(self.words[0]):
            words[0] = words[0][:1].upper() + words[0][1:]
            other = max(one, two)
            words[other] = words[other][:1].lower() + words[other][1:]
        return replace(self, words=tuple(words))


def is_wide(word: str) -> bool:
    """Whether a word is written without spaces around it."""
    return bool(_IS_WIDE.search(word))


def starts_sentence(word: str) -> bool:
    """Whether a word has a capital letter as the first of a sentence has, and no other: `The`, but not `USA` or `I`."""
    return len(word) > 1 and word[0].isupper() and word[1:].islower()


def words_of(text: str, segmenter: Segmenter = tuple) -> Words:
    """The words of a text, none of them kept yet. A text is the same when it is put together again."""
    words: list[str] = []
    gaps: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        gaps.append(text[end : match.start()])
        parts = _segmented(match[0], segmenter) if match["wide"] else [match[0]]
        words.extend(parts)
        gaps.extend([""] * (len(parts) - 1))
        end = match.end()
    gaps.append(text[end:])
    return Words(tuple(words), tuple(gaps), (False,) * len(words), (False,) * len(words))


def _segmented(run: str, segmenter: Segmenter) -> list[str]:
    """What a segmenter makes of a run, by characters where it loses or adds any."""
    parts = [part for part in segmenter(run) if part]
    return parts if "".join(parts) == run else list(run)


def like(word: str, model: str) -> str:
    """A word in the case of another: `Big` for `Large`, `BIG` for `LARGE`."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def as_sentence(text: str, model: str) -> str:
    """A text that begins as another does: with a capital letter where that has one."""
    first, other = (re.search(r"[^\W\d_]", each) for each in (text, model))
    if not first or not other or not other[0].isupper() or not first[0].islower():
        return text
    place = first.start()
    return text[:place] + text[place].upper() + text[place + 1 :]
