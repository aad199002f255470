"""What a license text says in plain words: no commercial use, research only, nothing stated, free of conditions.

Every reading comes with the words it rests on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from catalog.license import phrases

MAX_QUOTE: Final = 160  # characters of a quote
_REACH: Final = 400  # characters in which a sentence begins and ends
_END: Final = re.compile(r"[.;!?](?=\s|\Z)|[。；！？]")

Strength = Literal["strong", "weak"]

_LIMITS: Final[tuple[tuple[phrases.Phrases, str, Strength], ...]] = (
    (phrases.NON_COMMERCIAL, "non-commercial", "strong"),
    (phrases.RESEARCH_ONLY, "research-only", "strong"),
    (phrases.RESEARCH, "research-only", "weak"),
    (phrases.CLOSED, "custom", "strong"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What plain words state: a class (or `free`), how firmly, and the words."""

    cls: str
    quote: str
    strength: Strength = "strong"


def stated(text: str) -> Said | None:
    """The class that the plain words of a text (lower case) state, None when they state none.

    Restrictions first: non-commercial, research-only, then words that keep others from passing the data on (custom);
    last `free` for words that lift every restriction. "For research purposes" without "only" is a weak research-only,
    and none where the same sentence speaks of commercial use.
    """
    limited = phrases.BOTH.blanked(text)
    for said, cls, strength in _LIMITS:
        match = said.search(limited)
        if match and (strength == "strong" or "commercial" not in statement(text, match.start(), match.end())):
            return Said(cls, quote(text, match.start(), match.end()), strength)
    allowed = phrases.FREE.search(text) or phrases.BOTH.search(text)
    if allowed and not phrases.ASKED.search(phrases.FREE.blanked(statement(text, allowed.start(), allowed.end()))):
        return Said("free", quote(text, allowed.start(), allowed.end()))
    return None


def unstated(text: str) -> bool:
    """Whether the text says that no license is given or known."""
    return bool(phrases.UNSTATED.search(text))


def elsewhere(text: str) -> bool:
    """Whether the text only points to somebody else: the sources' terms, the authors, a site."""
    return bool(phrases.ELSEWHERE.search(text))


def mixed(text: str) -> bool:
    """Whether the text says that its parts have different licenses."""
    return bool(phrases.MIXED.search(text))


def statement(text: str, start: int, end: int) -> str:
    """The sentence around a place in a text."""
    first = max(0, start - _REACH)
    before = [match.end() for match in _END.finditer(text, first, start)]
    after = _END.search(text, end, end + _REACH)
    return text[before[-1] if before else first : after.start() if after else end + _REACH].strip()


def quote(text: str, start: int, end: int) -> str:
    """The sentence around a place, cut to `MAX_QUOTE` characters that hold the place."""
    whole = statement(text, start, end)
    if len(whole) <= MAX_QUOTE:
        return whole
    room = max(0, MAX_QUOTE - (end - start)) // 2
    place = max(0, whole.find(text[start:end].strip()) - room)
    cut = whole[place : place + MAX_QUOTE].strip()
    return f"{'…' if place else ''}{cut}{'…' if place + MAX_QUOTE < len(whole) else ''}"
