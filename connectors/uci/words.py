"""UCI's words: cells that are terms, tasks with the kind of data they are for, dates, and limits of use in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from catalog.record import Statement, clean, clean_list

MAX_LIMITS: Final = 3
SENTENCE: Final = 300  # characters quoted of a sentence
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TERM: Final = re.compile(r"[A-Za-z][A-Za-z/&() -]{1,39}\Z")
NOTHING: Final = frozenset({"null", "none", "n/a", "na", "nan", "undefined"})
_DAY: Final = re.compile(r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}),? (\d{4})\Z")
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|\Z)")
_LIMIT: Final = re.compile(
    r"\bnon[- ]?commercial|\bnot (?:be used )?for (?:any )?commercial|\bno commercial (?:use|usage|purpose)"
    r"|\bcommercial (?:use|usage|purposes?)\b[^.]{0,40}\b(?:prohibited|forbidden|not)\b"
    r"|\b(?:research|academic|educational|scientific)(?: and [a-z]+)?(?: use| usage| purposes?)?[ -]only\b"
    r"|\b(?:only|solely|exclusively|restricted|strictly)\b(?: be| to| used| for| the| available| use| of){0,5}"
    r" (?:research|academic|educational|non-?profit)\b(?= (?:and|or|use|purposes?|usage)\b)"
    r"|\bimagenet (?:terms|licen[sc]e)|\bterms of (?:access|use) of imagenet",
    re.IGNORECASE,
)
_ON_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|[\r\n]+")
_KINDS: Final = {"text": "text-classification", "image": "image-classification"}
_SERIES: Final = frozenset({"time-series", "sequential", "spatio-temporal", "spatiotemporal"})
_OF_TABLES: Final = frozenset({"classification", "regression"})


def listed(value: object) -> tuple[str, ...]:
    """The values of a cell: a list, or one text with commas; what stands for nothing is left out."""
    items = value.split(",") if isinstance(value, str) else value
    return tuple(text for text in clean_list(items, 200) if text.lower() not in NOTHING)


def stated(facet: str, values: Sequence[str], by: str) -> Iterator[Statement]:
    """Statements of a facet; a cell that is no term (parts of sentences got into the table) is kept as it stands."""
    for value in values:
        yield Statement(facet if _TERM.match(value) else by, value, by)


def task(value: str, characteristics: Sequence[str]) -> Iterator[Statement]:
    """A task. UCI's are those of tables: for texts and images it is another one of ours, for series there is none."""
    kinds = {each.lower() for each in characteristics}
    if value.lower() not in _OF_TABLES or not kinds & {*_KINDS, *_SERIES}:
        yield from stated("task", (value,), "UCI tasks")
        return
    yield Statement("UCI tasks", value, "UCI tasks")
    kind = next((kind for kind in _KINDS if kind in kinds), "")
    if kind and value.lower() == "classification":
        yield Statement("task", _KINDS[kind], f"UCI tasks {value}, of {kind}")


def day(value: object) -> str:
    """The day of "Fri Mar 08 2024" or of an ISO date, as ISO 8601; "" for what is none."""
    text = " ".join(clean(value, 40).split())
    try:
        if found := _DAY.match(text):
            return date(int(found[3]), MONTHS.index(found[1]) + 1, int(found[2])).isoformat()
        return date.fromisoformat(found[0]).isoformat() if (found := _ISO_DAY.match(text)) else ""
    except ValueError:
        return ""


def limits(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The sentences that limit the use of the data to research or forbid commercial use.

    Each with its license class where its words do not tell: ImageNet's terms, which are for non-commercial research.
    """
    found: dict[str, str] = {}
    for text in texts:
        for sentence in _ON_SENTENCES.split(text):
            if place := _LIMIT.search(sentence):
                cls = "non-commercial" if "imagenet" in place[0].lower() else ""
                found.setdefault(_quoted(" ".join(sentence.split()), place.start()), cls)
    return list(found.items())[:MAX_LIMITS]


def _quoted(sentence: str, start: int) -> str:
    """A sentence, or the part of a long one around what was found."""
    if len(sentence) <= SENTENCE:
        return sentence
    first = max(0, min(start - SENTENCE // 2, len(sentence) - SENTENCE))
    return clean(sentence[first : first + SENTENCE], SENTENCE)
