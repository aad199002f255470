"""Values of schema.org markup in every shape that publishers write, as plain text.

Pure, and safe for any input: what cannot be read is "" or None. Lists are cut, and nothing is followed deeper than
`DEPTH`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from catalog.record import MAX_ITEMS, MAX_TEXT, clean, clean_count

Json = dict[str, Any]

DEPTH: Final = 6  # levels of lists and nodes that a value is searched to
VALUE: Final = 120  # characters of a keyword or facet value
_NAMES: Final = ("name", "legalName", "alternateName", "termCode", "title", "label", "prefLabel", "fn")


def texts(value: object, limit: int = MAX_TEXT) -> list[str]:
    """The texts in a value: itself, `@value`, a node's name, the items of a list; distinct, in order. A map from
    languages to texts gives the one text that the reader understands best."""
    if isinstance(value, str):
        text = clean(value, limit)
        return [text] if text else []
    return list(dict.fromkeys(_texts(value, limit, 0)))[:MAX_ITEMS]


def text(value: object, limit: int = MAX_TEXT) -> str:
    """The one text of a value: of several languages the reader's, else English, else the first."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, list) and len(value) > 1 and (chosen := _best_of(value)) is not None:
        value = chosen
    return next(_texts(value, limit, 0), "")


def joined(value: object, limit: int) -> str:
    """The texts of a value as paragraphs; of the same text in several languages, one."""
    if isinstance(value, list) and len(value) > 1 and _best_of(value) is None:
        return clean("\n\n".join(texts(value, limit)), limit)
    return text(value, limit)


def in_language(value: object, language: str) -> str:
    """The text of a value that is marked as of this language, "" where none is."""
    for item in as_list(value):
        if isinstance(item, dict):
            if _code(item.get("@language")) == language:
                return clean(item.get("@value"))
            if language in item and _is_language_map(item):
                return next(_texts(item[language], MAX_TEXT, 0), "")
    return ""


def _texts(value: object, limit: int, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if found := clean(value, limit):
            yield found
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        number = clean_count(value)
        if number is not None or (isinstance(value, float) and abs(value) < 1e15):
            yield str(value if number is None else number)
    elif depth < DEPTH:
        if isinstance(value, list):
            for item in value[:MAX_ITEMS]:
                yield from _texts(item, limit, depth + 1)
        elif isinstance(value, dict):
            yield from _of_node(value, limit, depth)


def _of_node(node: Json, limit: int, depth: int) -> Iterator[str]:
    if "@value" in node:
        yield from _texts(node["@value"], limit, depth + 1)
    elif "@list" in node or "@set" in node:
        yield from _texts(node.get("@list", node.get("@set")), limit, depth + 1)
    elif _is_language_map(node):
        yield from _texts(_by_language({_code(name): each for name, each in node.items()}), limit, depth + 1)
    else:
        for name in _NAMES:
            if found := next(_texts(node.get(name), limit, depth + 1), ""):
                yield found
                return
        given, family = text(node.get("givenName"), limit), text(node.get("familyName"), limit)
        if found := f"{given} {family}".strip():
            yield found


def _is_language_map(node: Json) -> bool:
    return 0 < len(node) < 100 and all(_is_language(name) for name in node)


def _is_language(name: object) -> bool:
    return isinstance(name, str) and (
        name == "@none" or re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name) is not None
    )


def _best_of(items: list[Any]) -> object | None:
    """The best of texts that are each marked with another language; None where they are not."""
    tagged: dict[str, Any] = {}
    for item in items[:MAX_ITEMS]:
        if not isinstance(item, dict) or "@language" not in item:
            return None
        tagged.setdefault(_code(item["@language"]), item)
    return _by_language(tagged) if len(tagged) > 1 else None


def _by_language(found: dict[str, Any]) -> object:
    for language in (*reader_languages(), "en"):
        if language in found:
            return found[language]
    return next(iter(found.values()))


def _code(language: object) -> str:
    return language.partition("-")[0].lower() if isinstance(language, str) else ""


@cache
def reader_languages() -> tuple[str, ...]:
    """The reader's language as its ISO 639 code: of `CATALOG_UI`, else of the locale; none for C and POSIX."""
    for name in ("CATALOG_UI", "LC_ALL", "LC_MESSAGES", "LANG"):
        if given := os.environ.get(name, ""):
            code = re.split(r"[_.@-]", given)[0].lower()
            return (code,) if re.fullmatch(r"[a-z]{2,3}", code) else ()
    return ()


def as_list(value: object) -> list[Any]:
    """The items of a value: of a list (cut at 500), of `@list` and `@set`, the value itself, none for None."""
    if isinstance(value, dict) and ("@list" in value or "@set" in value):
        value = value.get("@list", value.get("@set"))
    if isinstance(value, list):
        return value[:MAX_ITEMS]
    return [] if value is None or value == "" else [value]


def words(value: object, most: int = 100) -> tuple[str, ...]:
    """Keywords: a list of texts or defined terms, or one string with commas, semicolons or lines."""
    found: dict[str, None] = {}
    for item in as_list(value)[: 5 * most]:
        for each in _split(item) if isinstance(item, str) else texts(item, VALUE):
            found.setdefault(each)
        if len(found) >= most:
            break
    return tuple(found)[:most]


def _split(item: str) -> Iterator[str]:
    item = item[:20_000]
    if item.startswith(("http://", "https://")):
        return
    for part in re.split(r"[,;\n|，；、]", item) if len(item) > 1 else (item,):
        if found := clean(re.sub(r"<[^<>]{0,200}>", "", part), VALUE):
            yield found
