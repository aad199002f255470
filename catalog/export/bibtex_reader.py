"""BibTeX that a source states, read strictly and made harmless: known types and fields, balanced braces, no macros."""

from __future__ import annotations

import re
from typing import Final

from catalog.export.latex import kept_latex, kept_names, one_line, plain_url

LONGEST: Final = 20_000  # characters that are read
LONGEST_VALUE: Final = 4_000
_START: Final = re.compile(r"@\s*([A-Za-z]+)\s*\{\s*([^\s,{}\"#%]{0,200})\s*,")
_FIELD: Final = re.compile(r"[\s,]*([A-Za-z][A-Za-z0-9_+-]{0,40})\s*=\s*")
_BARE: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_NAMES: Final = ("author", "editor")
_VERBATIM: Final = ("url", "doi", "eprint")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_KNOWN = """
address archiveprefix author booktitle chapter date doi edition editor eprint eprinttype howpublished institution isbn
issn journal journaltitle location month note number organization pages primaryclass publisher school series title url
urldate version volume year
"""
_FIELDS: Final = frozenset(_KNOWN.split())
_TYPES: Final = {
    "conference": "inproceedings", "dataset": "misc", "online": "misc", "electronic": "misc", "software": "misc",
    "www": "misc", "report": "techreport", "thesis": "phdthesis", "preprint": "misc",
}  # fmt: skip
_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "article": ("author", "journal", "year"),
    "book": ("author", "publisher", "year"),
    "booklet": (),
    "inbook": ("author", "publisher", "year"),
    "incollection": ("author", "booktitle", "publisher", "year"),
    "inproceedings": ("author", "booktitle", "year"),
    "manual": (),
    "mastersthesis": ("author", "school", "year"),
    "misc": (),
    "phdthesis": ("author", "school", "year"),
    "proceedings": ("year",),
    "techreport": ("author", "institution", "year"),
    "unpublished": ("author", "note"),
}
"""The types of BibTeX, and the fields without which an entry is a `misc`."""

Fields = tuple[tuple[str, str], ...]


def read_bibtex(text: str) -> list[tuple[str, Fields]]:
    """The entries of a text that have a title, as (type, fields). Never raises: what cannot be read is passed over."""
    text = text[:LONGEST]
    found: list[tuple[str, Fields]] = []
    place = 0
    while match := _START.search(text, place):
        place = match.end()
        raw, end = _fields(text, place)
        if end is None:
            continue
        place = end
        fields = _usable(raw)
        if fields.get("title"):
            found.append((_type(match[1].lower(), fields), tuple(fields.items())))
    return found


def _fields(text: str, place: int) -> tuple[dict[str, str], int | None]:
    """The raw fields of an entry whose key ends at `place`, and where the entry ends; None where it is broken."""
    found: dict[str, str] = {}
    while match := _FIELD.match(text, place):
        value, end = _value(text, match.end())
        if end is None:
            return found, None
        found.setdefault(match[1].lower(), value)
        place = end
    closing = re.compile(r"[\s,]*\}").match(text, place)
    return found, closing.end() if closing else None


def _value(text: str, place: int) -> tuple[str, int | None]:
    """One value in braces, in quotation marks or bare, and where it ends."""
    opening = text[place : place + 1]
    if opening not in ("{", '"'):
        bare = _BARE.match(text, place)
        return ("", None) if bare is None else (bare[0] if _is_plain(bare[0]) else "", bare.end())
    depth, start = 0, place + 1
    for at in range(start, len(text)):
        character = text[at]
        if depth == 0 and character == ("}" if opening == "{" else '"'):
            after = text[at + 1 : at + 50].lstrip()
            return ("" if after.startswith("#") else text[start:at]), None if after.startswith("#") else at + 1
        depth += (character == "{") - (character == "}")
        if depth < 0:
            break
    return "", None


def _is_plain(word: str) -> bool:
    """Whether a bare value stands for itself: a number, or the name of a month."""
    return word.isdigit() or word.lower()[:3] in _MONTHS


def _usable(raw: dict[str, str]) -> dict[str, str]:
    """The known fields, harmless, in their order."""
    found = {}
    for name, value in raw.items():
        if name not in _FIELDS or len(value) > LONGEST_VALUE or not one_line(value):
            continue
        if name in _VERBATIM:
            told = plain_url(_bare_address(one_line(value)))
        elif name in _NAMES:
            told = kept_names(kept_latex(value))
        else:
            told = kept_latex(value)
        if told:
            found[name] = told
    return found


def _bare_address(value: str) -> str:
    r"""An address without the `\url{}` around it and the escapes in it."""
    inner = re.fullmatch(r"\\url\s*\{(.*)\}", value)
    return re.sub(r"\\([_&%#~])", r"\1", inner[1] if inner else value)


def _type(stated: str, fields: dict[str, str]) -> str:
    kind = _TYPES.get(stated, stated)
    needs = _NEEDS.get(kind)
    has = {"journal" if name == "journaltitle" else "year" if name == "date" else name for name in fields}
    has |= {"author"} if "editor" in has else set()
    return kind if needs is not None and set(needs) <= has else "misc"
