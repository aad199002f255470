"""Limits that no license field states: what the description says, which model wrote the text, what it derives from.

Each limit is a claim with the words it rests on. Nothing here ever permits more than the declared license does, since
of several claims the strictest decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from catalog.license import audited, conditions, model_output, phrases
from catalog.license.classes import COMMERCIAL
from catalog.license.phrases import Phrases
from catalog.license.plain import plain
from catalog.license.recognise import recognise
from catalog.record import LicenseClaim, Record

MIN_TEXT: Final = 12  # characters of a text that may say anything
MAX_TEXT: Final = 8_000  # characters read of a description
_WORDS: Final = r"(?:\w+[ ,/&-]+){0,3}"
_FOR_STUDY: Final = r"(?:research|academic|educational)(?:[ ,/&]+(?:and |or )?\w+){0,3}? (?:purposes?|use)\b"
_LIMITED: Final = Phrases(
    rf"\bnon-?{phrases.COMMERCIAL} (?:{phrases.USE}|research|licen[sc]e|basis)|\bnot for {phrases.COMMERCIAL}",
    r"\b(?:not|never|cannot) (?:be )?(?:allowed|permitted|used?|intended)[^.;]{0,40}?"
    rf"\b{phrases.COMMERCIAL} {phrases.USE}",
    rf"\b{phrases.COMMERCIAL} {phrases.USE} (?:is|are) (?:strictly )?"
    r"(?:not (?:allowed|permitted)|prohibited|forbidden)",
    r"\b(?:only|solely|exclusively|strictly|restricted|limited)\b (?:be )?(?:used? |available |intended |permitted )?"
    rf"(?:for|to) {_WORDS}{_FOR_STUDY}",
    rf"\bfor {_WORDS}{_FOR_STUDY} only\b|\b(?:research|academic) use only\b",
    r"仅[供限用][^。；\n]{0,14}(?:研究|学术|科研)|(?:禁止|不得|不可)[^。；\n]{0,12}(?:商用|商业)",
    r"非商业(?:用途|使用|目的)",
)
_LICENSED: Final = re.compile(
    r"\b(?:licen[sc]ed?|released|distributed|published|available|shared|provided|open-?sourced)\b[^.;\n]{0,30}?"
    r"\b(?:under|with|by)\b[^;\n]{0,120}|(?:^|\n)\W{0,4}licen[sc]e\W{1,4}[^\n]{2,160}"
)
_OF_ANOTHER: Final = re.compile(r"\blicen[sc]e\W{1,4}[\w.-]+/[\w.-]+\s*:")  # "License Qwen/Qwen3-14B : apache-2.0"
_WRAPPED: Final = (
    (
        r"(?<!no )(?<!not )(?<!without )\bcommon ?crawl(?! (?:terms|foundation))|\bc4 corpus\b",
        "the pages belong to their authors",
    ),
    (
        r"(?:scraped|crawled) (?:\w+ ){0,3}?(?:from|off) (?:\w+ ){0,3}?(?:the )?(?:web|internet|websites?|web ?pages)\b"
        r"|\bweb[- ]?(?:crawl|scraped?)\b (?:corpus|dataset|data|text)",
        "the pages belong to their authors",
    ),
    (
        r"(?:scraped|crawled|collected|extracted|gathered) (?:\w+ ){0,4}?(?:from|off|of) (?:\w+ ){0,3}?"
        r"(?:twitter|x\.com|reddit|facebook|instagram|tiktok|youtube|weibo|quora|stocktwits)\b",
        "the posts belong to their authors, under the platform's terms",
    ),
    (
        r"(?:scraped|crawled|collected|extracted|gathered) (?:\w+ ){0,4}?(?:from|of) (?:\w+ ){0,4}?"
        r"(?:news (?:sites?|websites?|articles?|outlets?|portals?|agenc\w+)|newspapers?)\b",
        "the articles belong to their publishers",
    ),
    (
        r"(?:copyrighted|in-copyright|pirated) (?:books|novels)|\bbooks3\b|\bbookcorpus\b",
        "the books belong to their authors",
    ),
)
_CONTENT: Final = tuple((Phrases(pattern), note) for pattern, note in _WRAPPED)
_USES: Final = ("research", "commercial", "academic", "education", "商", "研究", "学术", "科研")
_DERIVING: Final = (
    *(
        "derived",
        "adapted",
        "sampled",
        "extracted",
        "filtered",
        "distilled",
        "converted",
        "translat",
        "created",
        "built",
    ),
    *("constructed", "compiled", "format", "cleaned", "based", "expanded", "subset", "version", "variant", "extension"),
    *("port of", "copy of", "mirror", "fork", "split", "sample", "part of", "conversion"),
)
_HINTS: Final = (
    "crawl",
    "scrape",
    "collected",
    "extracted",
    "gathered",
    "copyright",
    "pirated",
    "books3",
    "bookcorpus",
)
_DERIVED: Final = re.compile(
    r"\b(?:derived|adapted|sampled|extracted|filtered|distilled|converted|translated|created|built|constructed|compiled"
    r"|reformatted|cleaned|based|expanded)\b(?: \w+){0,3}? (?:from|on|of|using|upon) (?:the )?(?:original )?"
    r"|\b(?:subset|version|translation|variant|extension|port|copy|mirror|fork|split|sample|part|reformat\w*|conversion)s?"
    r" of (?:the )?(?:original )?"
)
_SOURCES: Final = ("source-dataset", "base-dataset")
_RELATION: Final = "derived-from"
_OWN: Final = "catalog"  # the embedded catalog's own entries are claims that somebody read


def inherited(record: Record) -> tuple[LicenseClaim, ...]:
    """The claims that a record's text, its bases and what is known of it add to its own; none for curated records."""
    if record.source == _OWN or any(claim.cls for claim in record.licenses):
        return ()
    found = [*_audited(record), *_parents(record)]
    text = f"{record.title}. {record.summary} {record.description}"[:MAX_TEXT]
    lower = text.lower()
    if len(lower) > MIN_TEXT and len(lower) == len(text):
        found += _described(text, lower)
    if not found:
        return ()
    return tuple({claim.raw: claim for claim in reversed(found)}.values())[::-1]


def _audited(record: Record) -> Iterator[LicenseClaim]:
    if known := audited.by_key(record.key):
        yield known.claim()


def _parents(record: Record) -> Iterator[LicenseClaim]:
    """What the datasets that the source names as its base pass on."""
    for relation in record.relations:
        if relation.kind == _RELATION and (parent := _lookup(relation.target)):
            yield parent.claim(f"{relation.kind} {relation.target}")
    for statement in record.statements:
        if statement.facet in _SOURCES:
            name = statement.value.removeprefix("extended|").removeprefix("other-")
            parent = audited.by_key(f"huggingface:{name}") or audited.named(name)
            if parent and parent.key.partition(":")[2] != record.id:
                yield parent.claim(f"{statement.by} {statement.value}")


def _lookup(target: str) -> audited.Audited | None:
    page = re.sub(r"^https?://(?:www\.)?huggingface\.co/datasets/", "huggingface:", target)
    return audited.by_key(re.sub(r"^https?://(?:www\.)?kaggle\.com/datasets/", "kaggle:", page))


def _described(text: str, lower: str) -> Iterator[LicenseClaim]:
    if _holds(lower, _USES):
        yield from _limits(text, lower)
    if "licen" in lower:
        yield from _stated(text, lower)
    if generated := model_output.find(lower):
        words = conditions.quote(text, generated.start, generated.end)
        yield LicenseClaim(raw=plain(words), by="description", scope="content", note=f"{generated.title} bind it")
    if _holds(lower, _HINTS):
        yield from _content(text, lower)
    if not _holds(lower, _DERIVING):
        return
    for match in _DERIVED.finditer(lower):
        if parent := next(audited.within(lower[match.end() : match.end() + 80]), None):
            yield parent.claim(f"“{plain(text[match.start() : match.end() + 60]).strip()}”")
            return


def _holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of some words: told before a pattern with all of them walks it."""
    for word in words:  # noqa: SIM110, a generator would cost more than the search
        if word in text:
            return True
    return False


def _limits(text: str, lower: str) -> Iterator[LicenseClaim]:
    """The first sentence that limits the use of the data."""
    if "commercial" in lower:
        lower = phrases.BOTH.blanked(lower)
    match = _LIMITED.search(lower)
    if match:
        yield LicenseClaim(raw=plain(conditions.quote(text, match.start(), match.end())), by="description")


def _stated(text: str, lower: str) -> Iterator[LicenseClaim]:
    """The first sentence that names a license, where it permits no more than a license field would."""
    for match in _LICENSED.finditer(lower):
        words = plain(text[match.start() : match.end()]).strip()
        said = recognise(words)
        if _OF_ANOTHER.search(words.lower()) or conditions.mixed(words.lower()):
            continue
        if said.expression and said.cls != "custom" and COMMERCIAL[said.cls] != "unknown":
            code = re.search(
                r"\b(?:code|software|model|weights)\b", conditions.statement(lower, match.start(), match.end())
            )
            yield LicenseClaim(raw=words, by="description", scope="code" if code else "dataset")
            return


def _content(text: str, lower: str) -> Iterator[LicenseClaim]:
    """A collection of what others wrote: the license of the collection is not theirs."""
    for phrase, note in _CONTENT:
        if match := phrase.search(lower):
            words = plain(conditions.quote(text, match.start(), match.end()))
            yield LicenseClaim(raw=words, by="description", scope="content", cls="unspecified", note=note)
            return
