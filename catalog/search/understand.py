"""What free words mean: which of them name terms of the catalog, which say nothing, which are to be looked for.

`chinese medical sft data` is language zh, domain medical, task sft and a word that every dataset answers to. Pure: the
spellings of terms come in as a mapping. A part that names terms is still a part of text: nothing that only mentions
the word is lost, it comes later (`catalog.search.match`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from catalog.index.han import simplified
from catalog.index.keys import CJK, cjk_runs, name_norm
from catalog.search.query import Word

TEXT_FACETS = ("domain", "task", "genre", "modality", "language", "format", "license", "commercial")
"""Facets whose terms free words stand for, in the order in which they are said."""

LONGEST_ALIAS = 8
"""Characters of the longest CJK spelling of a term that is looked for inside a run."""

LONGEST_NAME = 4
"""Words of the longest spelling of a term that is looked for among free words."""

STOP_WORDS = frozenset(
    (
        "a", "an", "and", "by", "corpora", "corpus", "data", "database", "dataset", "datasets", "for", "format", "from",
        "in", "of", "on", "opensource", "or", "set", "sets", "the", "to", "train", "training", "use", "used", "using",
        "with", "数据", "数据集", "数据库", "语料", "语料库", "训练", "训练集", "训练数据", "的", "用于", "用来",
        "格式", "有关", "相关", "关于", "开源", "公开", "大模型", "资源", "资料集", "资料库",
    )
)  # fmt: skip
"""Words that say nothing here where others say something."""

COMMERCIAL = {
    "commercial": "commercial", "commercialuse": "commercial", "commercially": "commercial",
    "commercialusable": "commercial", "commerciallyusable": "commercial", "commercialsafe": "commercial",
    "commerciallysafe": "commercial", "safeforcommercialuse": "commercial", "商用": "commercial",
    "可商用": "commercial", "商业使用": "commercial", "noncommercial": "noncommercial", "非商用": "noncommercial",
    "不可商用": "noncommercial",
}  # fmt: skip
"""What is said of commercial use in passing, to the spelling of the verdict that it means."""

_SHORT = frozenset(
    (
        "qa", "rl", "rm", "mt", "ir", "ie", "ar", "de", "en", "es", "fr", "ja", "ko", "ru", "zh", "cn", "asr", "tts",
        "ner", "nli", "vqa", "ocr", "sft", "dpo", "ppo", "kto", "eng",
    )
)  # fmt: skip
"""Spellings of two or three letters that are meant as terms; the others are words far more often."""
_LOOSE = frozenset(("open", "attribution", "text", "general", "it", "classification", "labels", "lm", "features"))
"""Spellings that are terms only of a flag."""
_FORMATS = frozenset(
    (
        "chatml", "sharegpt", "chosenrejected", "promptcompletion", "promptcompletions", "preferencepair",
        "preferencepairs", "偏好对",
    )
)  # fmt: skip
_LICENSES = frozenset(("permissive", "noncommercial", "copyleft", "publicdomain"))
_LICENSE_FAMILIES = ("cc0", "ccby", "apache", "gpl", "odcby", "odbl")
_LICENSED = frozenset(("license", "licensed", "licence", "licenced", "许可", "许可证", "协议"))


class Term(NamedTuple):
    """A term of the registry with its number."""

    facet: str
    id: str
    number: int


Spellings = Mapping[str, tuple[Term, ...]]
"""A folded spelling to the terms of text facets that it stands for."""


class Part(NamedTuple):
    """Neighbouring words, or a piece of a CJK run. `terms` are what it names, `says` is whether it says anything,
    `near` are other spellings of a word that hardly occurs."""

    words: tuple[Word, ...]
    terms: tuple[Term, ...] = ()
    says: bool = True
    near: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The part as typed, or as it is best spelt."""
        typed = (f"{word.text}*" if word.kind == "prefix" else word.text for word in self.words)
        return self.near[0] if self.near else " ".join(typed)


class Unit(NamedTuple):
    """Parts that were typed as one: a CJK run, or one part of other words. `whole` is that run."""

    parts: tuple[Part, ...]
    whole: Word | None = None


class Reading(NamedTuple):
    """Free words as units."""

    units: tuple[Unit, ...]

    @property
    def parts(self) -> list[Part]:
        """The parts that say something; all where none does."""
        every = [part for unit in self.units for part in unit.parts]
        return [part for part in every if part.says] or every

    @property
    def text(self) -> str:
        """All that was typed, rare words as they are best spelt."""
        return " ".join(unit.whole.text if unit.whole else " ".join(p.text for p in unit.parts) for unit in self.units)

    @property
    def telling(self) -> str:
        """The parts that say something, as one text."""
        return " ".join(part.text for part in self.parts)

    @property
    def is_all_terms(self) -> bool:
        """Whether all that was said names terms."""
        return bool(self.units) and all(part.terms for part in self.parts)

    @property
    def terms(self) -> tuple[tuple[Term, ...], ...]:
        """The terms of each part that names any, in the order of the words."""
        return tuple(part.terms for part in self.parts if part.terms)

    def without(self, part: Part) -> Reading:
        """This reading with a part left out."""
        kept = (Unit(tuple(each for each in unit.parts if each is not part)) for unit in self.units)
        return Reading(tuple(unit for unit in kept if unit.parts))


def read(words: Sequence[Word], known: Spellings) -> Reading:
    """Read free words that are not excluded."""
    units: list[Unit] = []
    left = [word for word in words if not word.negated]
    while left:
        size = next((n for n in range(min(LONGEST_NAME, len(left)), 0, -1) if named(left[:n], known)), 1)
        units.extend(_units(left[:size], known))
        left = left[size:]
    return Reading(tuple(units))


def as_typed(words: Sequence[Word]) -> Reading:
    """Free words that are not excluded as nothing but words, each of which counts."""
    return Reading(tuple(Unit((Part((word,)),)) for word in words if not word.negated))


def named(words: Sequence[Word], known: Spellings) -> tuple[Term, ...]:
    """The terms that neighbouring words name together."""
    if any(word.kind != "word" for word in words):
        return ()
    *rest, last = words
    licensed = bool(rest) and spelling(last.text) in _LICENSED
    norm = spelling("".join(word.text for word in (rest if licensed else words)))
    return terms_of(norm, known, licensed)


def spelling(text: str) -> str:
    """A text as spellings of terms are looked up: folded as names are, in simplified characters."""
    return simplified(name_norm(text))


def terms_of(norm: str, known: Spellings, licensed: bool = False) -> tuple[Term, ...]:
    """The terms that a folded spelling names, in the singular or the plural. `licensed`: as a license alone."""
    if norm in STOP_WORDS:
        return ()
    if norm in COMMERCIAL and not licensed:
        return tuple(term for term in known.get(COMMERCIAL[norm], ()) if term.facet == "commercial")
    for form in forms(norm):
        meant = tuple(term for term in known.get(form, ()) if is_meant(form, term.facet, licensed))
        if meant:
            return meant
    return ()


def forms(norm: str) -> tuple[str, ...]:
    """A folded spelling, and what it is in the other number."""
    if len(norm) < 4 or not norm.isascii():
        return (norm,)
    return (norm, norm[:-1]) if norm.endswith("s") else (norm, f"{norm}s")


def is_meant(norm: str, facet: str, licensed: bool) -> bool:
    """Whether a spelling in running text is meant as a term of a facet."""
    if facet == "license":
        return licensed or norm in _LICENSES or norm.startswith(_LICENSE_FAMILIES)
    if licensed or facet == "commercial":
        return False
    if facet == "format":
        return norm in _FORMATS or (norm.endswith(("format", "格式")) and norm not in ("format", "格式"))
    return norm not in _LOOSE and (len(norm) > 3 or not norm.isascii() or norm in _SHORT or facet == "domain")


def looked_up(words: Sequence[Word]) -> list[str]:
    """Every spelling that reading these words may ask for."""
    starts = range(len(words))
    spans = [words[at : at + size] for at in starts for size in range(1, LONGEST_NAME + 1) if at + size <= len(words)]
    asked = [spelling("".join(word.text for word in span)) for span in spans]
    asked += [run[at : at + size] for run in _runs(words) for at in range(len(run)) for size in _sizes(run, at)]
    wanted = [form for norm in asked for form in (*forms(norm), COMMERCIAL.get(norm, ""))]
    return [norm for norm in dict.fromkeys(wanted) if norm]


def _runs(words: Iterable[Word]) -> list[str]:
    return [run for word in words for run in cjk_runs(simplified(word.text))]


def _sizes(run: str, start: int) -> range:
    return range(1, min(LONGEST_ALIAS, len(run) - start) + 1)


def _units(words: Sequence[Word], known: Spellings) -> list[Unit]:
    """The units of words that were read together."""
    found = named(words, known)
    if found or len(words) > 1 or words[0].kind != "word" or not cjk_runs(words[0].text):
        says = spelling(words[0].text) not in STOP_WORDS or len(words) > 1 or words[0].kind != "word"
        return [Unit((Part(tuple(words), found, says),))]
    units = []
    for piece in _pieces().findall(words[0].text):
        word = Word(piece)
        if not cjk_runs(piece):
            units.extend(_units([word], known) if any(map(str.isalnum, piece)) else [])
        else:
            units.append(Unit(tuple(cut(piece, lambda text: _piece(text, known))), word))
    return units


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(f"[{CJK}]+|[^{CJK}]+")  # compiled when first needed: start-up counts


def _piece(text: str, known: Spellings) -> Part:
    simple = simplified(text)
    return Part((Word(text),), terms_of(simple, known), simple not in STOP_WORDS)


def cut(run: str, part: Callable[[str], Part]) -> list[Part]:
    """A CJK run cut into parts so that the fewest characters say nothing known, then into the fewest parts.

    Characters between known parts are parts of their own; a single one says something only beside nothing else.
    """
    best: list[tuple[int, int, list[tuple[int, Part | None]]]] = [(0, 0, [])]
    for end in range(1, len(run) + 1):
        unknown, count, before = best[end - 1]
        ways = [(unknown + 1, count + (not before or before[-1][1] is not None), [*before, (end - 1, None)])]
        for start in range(max(0, end - LONGEST_ALIAS), end):
            piece = part(run[start:end])
            if (piece.terms and end - start > 1) or not piece.says:
                unknown, count, before = best[start]
                ways.append((unknown, count + 1, [*before, (start, piece)]))
        best.append(min(ways, key=lambda way: way[:2]))
    return _filled(run, best[-1][2], part)


def _filled(run: str, pieces: Sequence[tuple[int, Part | None]], part: Callable[[str], Part]) -> list[Part]:
    """The parts of a cut, the characters between known ones put together."""
    found: list[Part] = []
    for unknown, group in groupby(pieces, key=lambda piece: piece[1] is None):
        each = list(group)
        if not unknown:
            found.extend(piece for _start, piece in each if piece is not None)
            continue
        text = run[each[0][0] : each[-1][0] + 1]
        tongues = [part(character) for character in text]
        if len(text) == 2 and all(any(term.facet == "language" for term in tongue.terms) for tongue in tongues):
            found.extend(tongues)  # 中英 is Chinese and English
        else:
            found.append(Part((Word(text),), says=len(text) > 1 or len(pieces) == 1))
    return found
