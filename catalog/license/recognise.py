"""A raw license string as an SPDX expression, a class and what it means for commercial use."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from catalog.license import conditions, expression, model_output
from catalog.license.classes import COMMERCIAL, SENTENCES, strictness
from catalog.license.conditions import Said
from catalog.license.data import License
from catalog.license.names import by_id, licenses
from catalog.license.plain import plain
from catalog.record import Commercial

__all__ = ["Recognised", "recognise"]

MAX_RAW: Final = 20_000  # characters read of a license text
MAX_PARTS: Final = 6  # licenses kept in one expression
_PHRASES: Final = {"non-commercial": "for non-commercial use", "research-only": "for research"}
_OTHER: Final = frozenset(
    [
        *("other", "custom", "other specified in description", "see description", "proprietary", "other license"),
        *("other not open", "other closed", "closed", "all rights reserved", "eula", "copyright", "copyrighted"),
    ]
)
_REFERENCE: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]{1,60}\Z")
_LINK: Final = re.compile(r"(?:(?:see|at)[ :]+)?(?:\[[^\]]{0,40}\]\()?(https?://[^\s()]{1,300})\)?[.]?", re.IGNORECASE)
_CODE: Final = re.compile(
    r"\b(?:code|software|scripts?|toolkit|librar(?:y|ies)|models?|weights|checkpoints?)\b"
    r"(?! distributed under the license)[^.;,:]{0,50}?"
    r"\b(?:is|are|was|were|has been|have been)(?: \w+)? "
    r"(?:licen[sc]ed|released|available|distributed|under|published|open)\b"
)
_DATA: Final = re.compile(
    r"\b(?:data|datasets?|corpus|corpora|annotations?|texts?|images?|content|everything|both|all)\b"
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a raw license string says: `expression` is "" where it names no license, `reason` one sentence, `quote`
    the words of the string that decide."""

    expression: str
    cls: str
    commercial: Commercial
    reason: str
    quote: str = ""


@lru_cache(maxsize=8192)
def recognise(raw: str) -> Recognised:
    """Read one raw license string: an id, a long name, an address or free text.

    Of a text longer than `MAX_RAW` characters the beginning is read; it may forbid, but never permits.
    """
    said = _read(plain(raw[:MAX_RAW]))
    if len(raw) > MAX_RAW and COMMERCIAL[said.cls] != "no":
        return replace(said, cls="custom", commercial="unknown", reason="The text is too long to be read as a whole.")
    return said


def _read(text: str) -> Recognised:
    lower = text.lower()
    if " " not in text and "/" not in text and (alone := by_id(lower)):
        return _decided(alone, alone.id, alone.cls, text)
    if (terms := expression.read(text, by_id)) and terms.joined:
        return _decided(terms.decides, terms.text, terms.decides.cls, text[: conditions.MAX_QUOTE])
    said = conditions.stated(lower.replace("_", " "))
    found = _with_model(licenses(lower), lower)
    if not found:
        return _without_license(text, lower.replace("_", " "), said)
    if len(found) == 1 and _of_code(lower):
        reason = f"{found[0].title} is named for the code; it does not cover the data."
        return Recognised(found[0].id, "unspecified", "unknown", reason, text[: conditions.MAX_QUOTE])
    return _combine(found, said, _cited(text, lower, said))


def _with_model(found: list[License], lower: str) -> list[License]:
    generated = model_output.find(lower)
    if generated and all(item.id != generated.id for item in found):
        return [*found, License(generated.id, generated.title, "model-terms")]
    return found


def _of_code(lower: str) -> bool:
    """Whether the license is that of the code, while the data are not spoken of or said to have none."""
    match = _CODE.search(lower)
    if match is None:
        return False
    sentence = conditions.statement(lower, match.start(), match.end())
    about_data = _DATA.search(lower) is not None and not conditions.unstated(lower)
    return not about_data and bool(licenses(sentence))


def _cited(text: str, lower: str, said: Said | None) -> str:
    if said:
        start = lower.find(said.quote.strip("…"))
        return text[start : start + len(said.quote)] if start >= 0 and len(text) == len(lower) else said.quote
    return text if len(text) <= conditions.MAX_QUOTE else f"{text[: conditions.MAX_QUOTE - 1].rstrip()}…"


def _join(found: list[License]) -> str:
    """An AND of at most `MAX_PARTS` ids, in the order of the text; the strictest is never left out."""
    kept = found[:MAX_PARTS]
    strictest = max(found, key=lambda item: strictness(item.cls))
    if strictest not in kept:
        kept[-1] = strictest
    return " AND ".join(item.id for item in kept)


def _decided(license: License, text: str, cls: str, quote: str) -> Recognised:
    sentence = license.note or SENTENCES[cls].format(license.title)
    return Recognised(text, cls, COMMERCIAL[cls], sentence, quote)


def _combine(found: list[License], said: Said | None, quote: str) -> Recognised:
    """What is named and what is said besides: a limit in words overrides a license that permits."""
    strictest = max(found, key=lambda item: strictness(item.cls))
    name, joined = strictest.title, _join(found)
    if said is None or said.cls == "free" or COMMERCIAL[strictest.cls] == "no":
        return _decided(strictest, joined, strictest.cls, quote)
    if said.cls in _PHRASES and said.strength == "strong":
        reason = f"{name} is named, but the text limits the data to use {_PHRASES[said.cls]}."
        return Recognised(joined, said.cls, "no", reason, quote)
    if COMMERCIAL[strictest.cls] == "yes":
        limit = "the data are meant for research" if said.cls == "research-only" else "passing the data on is limited"
        return Recognised(
            joined, strictest.cls, "conditions", f"{name} is named, but the text says that {limit}.", quote
        )
    return _decided(strictest, joined, strictest.cls, quote)


def _without_license(text: str, lower: str, said: Said | None) -> Recognised:
    quote = _cited(text, lower, said)
    if said and said.cls == "non-commercial":
        return Recognised("LicenseRef-non-commercial", said.cls, "no", "The terms forbid commercial use.", quote)
    if said and said.cls == "research-only":
        return Recognised("LicenseRef-research-only", said.cls, "no", "The terms permit research use only.", quote)
    if said and said.cls == "free" and not conditions.unstated(lower):
        permitted = "The terms place no restriction on use."
        return Recognised("LicenseRef-no-restrictions", "permissive", "yes", permitted, quote)
    if _REFERENCE.match(text):
        return Recognised(text, "custom", "unknown", f"Terms not known to the catalog: {text}", quote)
    if conditions.unstated(lower):
        return Recognised("", "unspecified", "unknown", "No license is stated.", quote)
    return _unread(text, lower, said, quote)


def _unread(text: str, lower: str, said: Said | None, quote: str) -> Recognised:
    """A text that names no license and states no class."""
    bare = " ".join(re.findall(r"\w+", lower))
    if bare in _OTHER:
        unnamed = "The license text is not named; read it at the source."
        return Recognised(f"LicenseRef-{bare.split()[0]}", "custom", "unknown", unnamed, quote)
    if address := _LINK.fullmatch(text):
        return Recognised("LicenseRef-linked", "custom", "unknown", f"The terms are at {address[1]}", quote)
    if said is None and conditions.elsewhere(lower):
        return Recognised("", "unspecified", "unknown", "No license is stated here; others are referred to.", quote)
    if conditions.mixed(lower):
        return Recognised("", "mixed", "unknown", "Its parts have different licenses.", quote)
    slug = "-".join(re.findall(r"[a-z0-9.]+", lower)[:8]).strip(".-")
    reference = f"LicenseRef-{slug}" if slug and len(slug) <= 48 and len(bare.split()) <= 8 else "LicenseRef-custom"
    return Recognised(reference, "custom", "unknown", f"Terms not known to the catalog: {_short(text)}", quote)


def _short(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
