"""Datasets in microdata and RDFa Lite, as nodes of the shape that JSON-LD gives. Pure; linear in the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.google.html import Tag, plain, tags
from connectors.google.jsonld import is_dataset, local

Json = dict[str, Any]

MAX_DEPTH: Final = 200  # open elements that are kept
MAX_ITEMS: Final = 5_000  # items of a page
MAX_TEXT: Final = 60_000  # characters of one value
_LINKS: Final = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src", "img": "src",
    "source": "src", "track": "src", "video": "src", "object": "data",
}  # fmt: skip
_IMPLIED: Final = frozenset(["p", "li", "dt", "dd", "option", "tr", "td", "th"])


@dataclass
class _Open:
    """An open element: the item it begins (if any), the property it is, and where its text begins."""

    name: str
    item: Json | None
    owner: Json | None
    properties: list[str] = field(default_factory=list)
    text_at: int = -1


class _Words:
    """What one syntax calls its attributes."""

    def __init__(self, scope: str, kind: str, prop: str, about: tuple[str, ...]) -> None:
        self.scope, self.kind, self.prop, self.about = scope, kind, prop, about


_MICRODATA: Final = _Words("itemscope", "itemtype", "itemprop", ("itemid",))
_RDFA: Final = _Words("typeof", "typeof", "property", ("resource", "about"))


def nodes(page: str) -> list[Json]:
    """The Dataset items of a page's microdata that are no property of another one."""
    return _nodes(page, _MICRODATA)


def rdfa_nodes(page: str) -> list[Json]:
    """The Datasets of a page's RDFa Lite."""
    return _nodes(page, _RDFA)


def _nodes(page: str, words: _Words) -> list[Json]:
    reader = _Reader(page, words)
    for tag in tags(page):
        reader.take(tag)
        if reader.items > MAX_ITEMS:
            break
    reader.close()
    return [node for node in reader.top if is_dataset(node)]


class _Reader:
    def __init__(self, page: str, words: _Words) -> None:
        self.page, self.words = page, words
        self.top: list[Json] = []
        self.items = 0
        self._open: list[_Open] = []

    def take(self, tag: Tag) -> None:
        """Take the next tag of the page."""
        if tag.closes:
            self._end(tag.name, tag.start)
            return
        if tag.name in _IMPLIED and self._open and self._open[-1].name == tag.name:
            self._end(tag.name, tag.start)
        self._start(tag)

    def close(self) -> None:
        """End what the page left open."""
        while self._open:
            self._pop(len(self.page))

    def _start(self, tag: Tag) -> None:
        given = tag.attributes
        owner = self._item()
        item = self._new_item(given) if self.words.scope in given else None
        names = [local(each) for each in given.get(self.words.prop, "").split()[:10]]
        if item is not None:
            _put(owner, names, item) if owner is not None and names else self.top.append(item)
        names = names if item is None and owner is not None else []
        value = self._attribute(tag) if names else None
        if value is not None and owner is not None:
            _put(owner, names, value)
            names = []
        if not tag.empty and len(self._open) < MAX_DEPTH:
            self._open.append(_Open(tag.name, item, owner, names, tag.end if names else -1))

    def _new_item(self, given: dict[str, str]) -> Json:
        self.items += 1
        item: Json = {}
        kinds = [local(each) for each in given.get(self.words.kind, "").split()[:10]]
        if kinds:
            item["@type"] = kinds
        about = next((given[name] for name in self.words.about if given.get(name)), "")
        if about:
            item["@id"] = about
        return item

    def _attribute(self, tag: Tag) -> str | None:
        """The value that stands in an attribute; None where it is the text of the element."""
        given = tag.attributes
        if "content" in given:
            return given["content"]
        if tag.name in _LINKS and _LINKS[tag.name] in given:
            return given[_LINKS[tag.name]]
        if self.words is _RDFA and "resource" in given:
            return given["resource"]
        if tag.name == "time" and "datetime" in given:
            return given["datetime"]
        return given.get("value") if tag.name in ("data", "meter") else None

    def _item(self) -> Json | None:
        for element in reversed(self._open):
            if element.item is not None:
                return element.item
        return None

    def _end(self, name: str, at: int) -> None:
        if not any(element.name == name for element in self._open):
            return
        while self._open:
            if self._pop(at) == name:
                return

    def _pop(self, at: int) -> str:
        element = self._open.pop()
        if element.properties and element.owner is not None:
            text = self.page[element.text_at : min(at, element.text_at + MAX_TEXT)]
            _put(element.owner, element.properties, re.sub(r"[ \t\r\n]+", " ", plain(text)) or plain(text))
        return element.name


def _put(owner: Json, names: list[str], value: Any) -> None:
    for name in names:
        known = owner.get(name)
        if known is None:
            owner[name] = value
        elif isinstance(known, list) and name != "@type":
            known.append(value)
        else:
            owner[name] = [known, value]
