"""One pass over the text of a record: every listed phrase it holds, with what each phrase means in each facet.

English and other spaced text is cut into words, and runs of words are looked up in one table of all facets; Chinese
characters are looked up by a sliding window. Of phrases that start at one place the longest counts; what is inside it
counts only for facets that the long phrase says nothing of ("clinical question answering" is a task and still medical).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from catalog.tagging import reading
from catalog.tagging.reading import WIDE, Text

WEIGHTS: Final = {"strong": 3.0, "plain": 2.0, "weak": 1.0}
WEAK: Final = WEIGHTS["weak"]
TITLE: Final = 2.0  # a phrase in the name or title counts this much more
TITLE_WEAK: Final = 1.5  # a weak word there: one alone is not enough for a tag
LATER: Final = 0.5  # and one behind the lead of the description this much less
MAX_WEAK: Final = 1.5  # points that weak words outside the title bring together, at most
MAX_WORDS: Final = 120  # characters of the words kept as evidence
FILES: Final = {"domain": "domain.toml", "task": "task.toml", "stage": "stage.toml", "": "kind.toml"}

NOTHING: Final = "none"  # the list of phrases in which a listed word means nothing

Meaning = tuple[str, str, float]  # facet, term, weight


@dataclass(slots=True)
class Score:
    """What speaks for one term: points, and the phrases they rest on in order, "*" behind those of the title."""

    points: float = 0.0
    weak: float = 0.0
    words: list[str] = field(default_factory=list)

    @property
    def confidence(self) -> float:
        """Points as a number from 0 to 1: 2 points are 0.5, 3 are 0.6, 6 are 0.75."""
        return round(self.points / (self.points + 2), 2)

    @property
    def evidence(self) -> str:
        """The words, at most `MAX_WORDS` characters."""
        return ", ".join(self.words)[:MAX_WORDS]


Found = dict[str, dict[str, Score]]  # facet -> term -> score


@dataclass(frozen=True)
class Matcher:
    """The phrases of all facets.

    `first` maps a first word (or character) to the longest phrase that begins with it, and the first two words (or
    characters) of longer phrases likewise: most words need no closer look.
    """

    phrases: dict[str, tuple[Meaning, ...]]
    first: dict[str, int]

    def spaced(self, words: list[str], but: str = "") -> list[str]:
        """The phrases in a list of words, `but` the one left out."""
        first, phrases = self.first, self.phrases
        found: list[str] = []
        after, count = 0, len(words)
        for start in [place for place, word in enumerate(words) if word in first]:
            if start < after:
                continue
            word = words[start]
            if first[word] > 1 and start + 1 < count and (most := first.get(f"{word} {words[start + 1]}", 0)):
                for size in range(min(most, count - start), 1, -1):
                    phrase = " ".join(words[start : start + size])
                    if phrase in phrases and phrase != but:
                        found.append(phrase)
                        after = start + size
                        break
                if start < after:
                    continue
            if word in phrases and word != but:
                found.append(word)
        return found

    def unspaced(self, run: str, but: str = "") -> list[str]:
        """The phrases in a run of Chinese, Japanese or Korean characters, `but` the one left out."""
        first, phrases = self.first, self.phrases
        found: list[str] = []
        after, count = 0, len(run)
        for start in [place for place, sign in enumerate(run) if sign in first]:
            if start < after:
                continue
            for size in range(min(first.get(run[start : start + 2], 1), count - start), 0, -1):
                phrase = run[start : start + size]
                if phrase in phrases and phrase != but:
                    found.append(phrase)
                    after = start + size
                    break
        return found

    def find(self, words: list[str], wide: bool = True) -> list[str]:
        """The phrases in the words of a text; `wide` says whether it may hold runs without spaces."""
        if not wide or not words or max(words) < WIDE:
            return self.spaced(words)
        found: list[str] = []
        waiting: list[str] = []
        for word in words:
            if word < WIDE:
                waiting.append(word)
                continue
            if waiting:
                found += self.spaced(waiting)
                waiting = []
            found += self.unspaced(word)
        return found + self.spaced(waiting)


@cache
def matcher() -> Matcher:
    """The matcher over the word lists of this package; some 100 ms at first use."""
    import tomllib

    meanings: dict[str, list[Meaning]] = {}
    for facet, name in FILES.items():
        data = tomllib.loads(resources.files(__package__).joinpath("words", name).read_text(encoding="utf-8"))
        for each, terms in [(facet, data)] if facet else data.items():
            _add(meanings, each, terms)
    known = Matcher({phrase: tuple(each) for phrase, each in meanings.items()}, _heads(meanings))
    for phrase in sorted(meanings, key=len):
        known.phrases[phrase] = tuple(_with_inner(known, phrase))
    return Matcher({phrase: _meant(each) for phrase, each in known.phrases.items()}, known.first)


def _add(meanings: dict[str, list[Meaning]], facet: str, terms: dict[str, Any]) -> None:
    for term, lists in terms.items():
        for kind, written in lists.items():
            for phrase in dict.fromkeys(form for text in written for form in _forms(text)):
                known = meanings.setdefault(phrase, [])
                if not any(each[:2] == (facet, term) for each in known):
                    known.append((facet, term, WEIGHTS[kind]))


def _heads(phrases: Iterable[str]) -> dict[str, int]:
    first: dict[str, int] = {}
    for phrase in phrases:
        parts, space = (list(phrase), "") if phrase[0] >= WIDE else (phrase.split(), " ")
        for head in (parts[0], space.join(parts[:2])):
            first[head] = max(first.get(head, 0), len(parts))
    return first


def _with_inner(known: Matcher, phrase: str) -> Iterator[Meaning]:
    """What a phrase means, and what the shorter phrases inside it mean for the other facets."""
    own = known.phrases[phrase]
    yield from own
    facets = {facet for facet, _, _ in own}
    unspaced = phrase[0] >= WIDE
    parts = known.unspaced(phrase, but=phrase) if unspaced else known.spaced(phrase.split(), but=phrase)
    for inner in parts:
        yield from (meaning for meaning in known.phrases[inner] if meaning[0] not in facets)


def _meant(meanings: Iterable[Meaning]) -> tuple[Meaning, ...]:
    """Without what only says that nothing is meant, each term once."""
    kept: dict[tuple[str, str], Meaning] = {}
    for meaning in meanings:
        if meaning[1] != NOTHING:
            kept.setdefault(meaning[:2], meaning)
    return tuple(kept.values())


def _forms(text: str) -> Iterator[str]:
    """A listed phrase as it may be written: hyphens as spaces or left out, one or many."""
    if text[0] >= WIDE:
        yield text
        return
    for spelled in dict.fromkeys((text.replace("-", " "), text.replace("-", ""))):
        phrase = " ".join(reading.words(spelled.lower()))
        yield phrase
        if len(phrase) >= 4 and phrase[-1].isalpha() and phrase[-1] != "s":
            yield f"{phrase[:-1]}ies" if phrase[-1] == "y" and phrase[-2] not in "aeiou" else f"{phrase}s"


def scan(text: Text) -> Found:
    """Everything the name, title, summary and description of a record say, by facet and term."""
    known = matcher()
    found: Found = {}
    titles = dict.fromkeys([phrase for words in text.titles for phrase in known.find(words, text.titled_wide)])
    for phrase in titles:
        _count(found, known.phrases[phrase], phrase, TITLE)
    seen = titles
    for words, factor in ((text.lead, 1.0), (text.rest, LATER)):
        if words:
            fresh = dict.fromkeys([phrase for phrase in known.find(words, text.wide) if phrase not in seen])
            for phrase in fresh:
                _count(found, known.phrases[phrase], phrase, factor)
            seen = seen | fresh
    return found


def _count(found: Found, meanings: tuple[Meaning, ...], phrase: str, factor: float) -> None:
    title = factor > 1
    words = f"{phrase}*" if title else phrase
    for facet, term, weight in meanings:
        scores = found.get(facet)
        if scores is None:
            scores = found[facet] = {}
        score = scores.get(term)
        if score is None:
            score = scores[term] = Score()
        if weight != WEAK:
            score.points += weight * factor
        elif title:
            score.points += weight * TITLE_WEAK
        else:
            points = min(weight * factor, MAX_WEAK - score.weak)
            score.weak += points
            score.points += points
        score.words.append(words)
