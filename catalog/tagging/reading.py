"""The text of a record cut into words, once for every rule: titles, the lead of the description, and what follows.

Words are runs of Latin letters and digits in lower case; a run of Chinese, Japanese or Korean characters is one word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from catalog.record import Record

LEAD: Final = 400  # characters of the summary and description that count in full
MAX_BODY: Final = 1_500  # characters read of them
WIDE: Final = "\u3040"  # from here on no spaces stand between words

_WORD: Final = re.compile(r"[a-z0-9]+(?:\+\+|#)?|[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]+")
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+(?:\+\+|#)?")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-zA-Z])(?=\d)|(?<=\d)(?=[a-zA-Z])")
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = re.compile(r"\d+\Z")


@dataclass(slots=True)
class Text:
    """The words of a record: each way to read its name and titles, the lead of the body, the rest of the body.

    `titled_wide` and `wide` tell whether any of the titles or the body may hold Chinese, Japanese or Korean characters.
    """

    titles: tuple[list[str], ...]
    lead: list[str]
    rest: list[str]
    titled_wide: bool = True
    wide: bool = True


def read(record: Record) -> Text:
    """The words of a record."""
    body = _body(record)
    cut = body.find(" ", LEAD) if len(body) > LEAD else -1
    lead, rest = (body[:cut], body[cut:]) if cut > 0 else (body, "")
    titled_wide = not (record.name.isascii() and record.title.isascii() and record.title_zh.isascii())
    return Text(tuple(_titles(record)), words(lead), words(rest) if rest else [], titled_wide, not body.isascii())


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    if text.isascii():
        return _ASCII_WORD.findall(text)
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def _titles(record: Record) -> list[list[str]]:
    """The name as written, cut at capitals and digits, and without closing digits; then the titles."""
    name = record.name.rpartition("/")[2]
    found = [words(name.lower())]
    cut = _CAMEL.sub(" ", name)
    if cut != name:
        found.append(words(cut.lower()))
        if _DIGIT.search(name):
            found.append([_DIGITS.sub("", word) for word in _ASCII_WORD.findall(name.lower())])
    found += [words(title.lower()) for title in (record.title, record.title_zh) if title and title != name]
    return found


def _body(record: Record) -> str:
    text = f"{record.summary}\n{record.description[:MAX_BODY]}"[:MAX_BODY].lower()
    return _ADDRESS.sub(" ", text) if "http" in text or "www." in text else text
