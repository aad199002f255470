"""Language: BCP 47 tags from what the source says; else language names in the title, else what the
text itself is written in, marked as detected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from catalog import vocabulary
from catalog.record import Record, Tag
from catalog.tagging import detect, stated
from catalog.tagging.merge import best

NAMED: Final = 0.65  # confidence of a language that the title or the first line names
DETECTED: Final = 0.55  # confidence of the language that the description is written in
PLAIN: Final = 0.5  # and of English, in which data of any language are described
READ: Final = 300  # characters of the description read for language names
_WORD: Final = re.compile(r"[a-z]{4,}")
_YAML_NO: Final = frozenset({"false", "False"})  # the code of Norwegian, read by YAML 1.1 as false
_NO_LANGUAGE: Final = frozenset({"multilingual", "undetermined", "code", "latin", "even", "made", "fang", "logo"})


def tags(record: Record) -> list[Tag]:
    """The languages of a record."""
    given = best(_stated(record))
    return given or best(_named(record)) or best(_detected(record))


def _stated(record: Record) -> Iterator[Tag]:
    yield from stated.tags(record, "language")
    for statement in record.statements:
        if statement.facet == "language" and statement.value in _YAML_NO:
            yield Tag("language", "no", "source tag", f"{statement.by}: {statement.value}", 0.7)


def _named(record: Record) -> Iterator[Tag]:
    names = _names()
    short = record.name.rpartition("/")[2]
    text = f"{short} {record.title} {record.summary} {record.description[:READ]}".lower()
    for word in dict.fromkeys(_WORD.findall(text)):
        if word in names:
            yield Tag("language", names[word], "text", word, NAMED)


def _detected(record: Record) -> Iterator[Tag]:
    code, signs = detect.language(f"{record.title} {record.summary} {record.description[: detect.READ]}")
    if code:
        yield Tag("language", code, "detected", signs, PLAIN if code == "en" else DETECTED)


@cache
def _names() -> dict[str, str]:
    """English names of languages of one word and at least five letters; shorter ones mean other things too often."""
    found: dict[str, str] = {}
    for term in vocabulary.load().terms("language"):
        name = term.label.lower()
        if len(name) >= 5 and name.isalpha() and name not in _NO_LANGUAGE:
            found.setdefault(name, term.id)
    return found
