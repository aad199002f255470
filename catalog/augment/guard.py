"""What must not change so that a label stays true: negations with the word after them, names, numbers, addresses,
quoted code and placeholders, the words of the labels, and what the user names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from catalog.augment.words import WIDE, Words, is_wide
from catalog.errors import Usage

NEGATIONS: Final = frozenset(
    ("no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "nowhere", "cannot", "without", "hardly",
     "scarcely", "barely", "rarely", "seldom", "lack", "lacks", "lacked", "lacking", "fail", "fails", "failed",
     "unless", "dont", "doesnt", "didnt", "isnt", "wasnt", "arent", "werent", "wont", "cant", "couldnt", "shouldnt",
     "wouldnt", "aint")
)  # fmt: skip
WIDE_NEGATIONS: Final = re.compile(
    f"(?:毫无|毫無|并非|從未|从未|没有|沒有|[不没沒無无非未别別勿莫否])[{WIDE}]?|ない|ません"
)
"""With the character after them."""
_SPANS: Final = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|`[^`\n]+`|\$[^$\n]+\$|\{[^{}\n]*\}|<[^<>\n]+>|\[[A-Z_]+\]|[@#]\w+"
)
_DIGIT: Final = re.compile(r"\d")


class Guard:
    """Marks the words of a text that must not change. `phrases` are texts, or regular expressions between slashes;
    `labels` are labels whose words are kept in every text; `label_safe` off leaves the phrases alone to be kept.
    Raises `Usage` for a broken pattern."""

    def __init__(self, phrases: Sequence[str] = (), labels: Iterable[str] = (), *, label_safe: bool = True) -> None:
        self._patterns = [_pattern(phrase) for phrase in phrases if phrase]
        self._labels = _folded(labels)
        self._safe = label_safe

    def marked(self, words: Words, labels: Iterable[str] = ()) -> Words:
        """The words with what is kept and bound; `labels` are those of this text."""
        text, places = str(words), _places(words)
        kept, bound = [False] * len(words), [False] * len(words)
        spans = [match.span() for pattern in self._patterns for match in pattern.finditer(text)]
        if self._safe:
            spans += [match.span() for match in _SPANS.finditer(text)]
            spans += [match.span() for match in WIDE_NEGATIONS.finditer(text)]
        for start, end in spans:
            inside = [n for n, (first, last) in enumerate(places) if first < end and last > start]
            for n in inside:
                kept[n] = True
            for n in inside[1:]:
                bound[n] = True
        if self._safe:
            for n in self._told_by(words, self._labels | _folded(labels)):
                kept[n] = True
        return replace(words, kept=tuple(kept), bound=tuple(bound))

    def _told_by(self, words: Words, labels: frozenset[str]) -> list[int]:
        """The places of words that a label may rest on."""
        found = []
        denied = False
        for n, word in enumerate(words.words):
            folded = word.casefold().replace("’", "'")
            starts = n == 0 or bool(re.search(r"[.!?:\n\"“]\s*$", words.gaps[n]))
            negation = folded in NEGATIONS or folded.endswith("n't")
            if negation or denied or folded in labels or _is_name(word, starts):
                found.append(n)
            denied = negation or (denied and folded in _SMALL)
        return found

    def missing(self, words: Words, text: str) -> str:
        """The first word that had to be kept and that a text has not as often, "" for none."""
        folded = text.casefold()
        for n, word in enumerate(words.words):
            if words.kept[n]:
                pattern = re.escape(word.casefold())
                pattern = pattern if is_wide(word) else rf"(?<!\w){pattern}(?!\w)"
                if not re.search(pattern, folded):
                    return word
        return ""


_SMALL: Final = frozenset(("a", "an", "the", "be", "been", "being", "so", "very", "really", "too", "at", "all", "to"))
"""Words after a negation that do not yet say what is denied."""


def _folded(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for label in labels for word in re.findall(r"[^\W_]+", label))


def _is_name(word: str, starts: bool) -> bool:
    """Numbers, words in capitals, and words with a capital that do not begin a sentence."""
    if _DIGIT.search(word):
        return True
    if len(word) > 1 and not word.islower() and (word.isupper() or any(letter.isupper() for letter in word[1:])):
        return True
    return word[:1].isupper() and not starts and word not in ("I",)


def _places(words: Words) -> list[tuple[int, int]]:
    found, at = [], 0
    for gap, word in zip(words.gaps, words.words, strict=False):
        at += len(gap)
        found.append((at, at + len(word)))
        at += len(word)
    return found


def _pattern(phrase: str) -> re.Pattern[str]:
    if len(phrase) > 2 and phrase.startswith("/") and phrase.endswith("/"):
        try:
            return re.compile(phrase[1:-1])
        except re.error as error:
            raise Usage(f"--protect does not understand {phrase[:60]!r} ({error}).", "Check the pattern.") from error
    ends = r"(?<!\w)", r"(?!\w)"
    left = "" if is_wide(phrase[0]) else ends[0]
    right = "" if is_wide(phrase[-1]) else ends[1]
    return re.compile(f"{left}{re.escape(phrase)}{right}", re.IGNORECASE)
