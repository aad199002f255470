"""Reading HTML as far as markup needs it: scripts, tags with their attributes, text without tags. Linear in its input.

The standard library's parser is quadratic on some hostile pages in releases that are still in use; this one looks at
each character a bounded number of times, and gives up on a page whose tags never end.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_TAGS: Final = 60_000  # tags of one page that are looked at
MAX_FAULTS: Final = 20  # tags with an open quote that are looked for to the end of the page

_RAW: Final = "script|style|textarea|title|xmp|iframe|noembed|noframes"
_START: Final = re.compile(
    r"<(?:!--|(s(?:cript|tyle)|t(?:extarea|itle)|xmp|iframe|no(?:embed|frames))(?=[\s/>]))", re.IGNORECASE
)
_ANY: Final = re.compile(r"<(?:!--|(/?[a-zA-Z][^\s/>]*))")
_REST: Final = re.compile(r"""((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE: Final = re.compile(r"""([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'<>]++))?""")
_CLOSING: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW.split("|")}
_BLOCKS: Final = frozenset(
    [
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2"),
        *(
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "td",
            "th",
        ),
        *("tr", "ul"),
    ]
)
_ABSURD: Final = re.compile(r"&#[0-9]{40,};?")
VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class Script(NamedTuple):
    """A script element: its attributes, its text, and where the text begins in the page."""

    attributes: dict[str, str]
    text: str
    start: int


@dataclass(frozen=True)
class Tag:
    """A start or end tag: `name` in lower case, `end` where the text after it begins, `start` where it begins."""

    name: str
    closes: bool
    attributes: dict[str, str]
    start: int
    end: int
    empty: bool = False


def unescape(text: str) -> str:
    """Text with its entities resolved. A number of so many digits that no letter has it, nor Python's `int` takes it,
    is the replacement character."""
    return html.unescape(_ABSURD.sub("\ufffd", text) if "&#" in text else text)


def attributes(source: str) -> dict[str, str]:
    """The attributes of a tag, names in lower case, values unescaped; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source):
        value = match[2] or ""
        if value[:1] in ("'", '"'):
            value = value[1:-1]
        found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return found


def scripts(page: str, *, xml: bool = False, until: int | None = None) -> Iterator[Script]:
    """The scripts of a page that say of what type they are; comments and other raw text are passed over. In XHTML
    (`xml`) a script may close itself. None is looked for that begins behind `until`."""
    at = faults = 0
    open_ended: set[str] = set()
    last = len(page) if until is None else until
    while mark := _START.search(page, at, last):
        if mark[1] is None:
            end = page.find("-->", mark.end())
            if end < 0:
                return
            at = end + 3
            continue
        source, start = _rest(page, mark.end())
        faults += source is None
        if start < 0 or faults > MAX_FAULTS:
            return
        name = mark[1].lower()
        if xml and (source or "").endswith("/"):
            at = start
            continue
        close = None if name in open_ended else _CLOSING[name].search(page, start)
        if close is None and name != "script":
            open_ended.add(name)
            at = start
            continue
        end = close.start() if close else len(page)
        if name == "script" and source and not source.isspace():
            yield Script(attributes(source), page[start:end], start)
        at = close.end() if close else len(page)


def _rest(page: str, at: int) -> tuple[str | None, int]:
    """The attributes of the tag whose name ends at `at`, None for a tag with an open quote, and where the text after
    it begins, -1 for a tag without an end."""
    match = _REST.match(page, at)
    if match:
        return match[1], match.end()
    end = page.find(">", at)
    return None, end + 1 if end >= 0 else -1


def tags(page: str) -> Iterator[Tag]:
    """The tags of a page in order, without those in comments, scripts and other raw text."""
    at = faults = count = 0
    open_ended: set[str] = set()
    while mark := _ANY.search(page, at):
        if mark[1] is None:
            end = page.find("-->", mark.end())
            at = end + 3 if end >= 0 else len(page)
            continue
        source, after = _rest(page, mark.end())
        faults += source is None
        count += 1
        if after < 0 or faults > MAX_FAULTS or count > MAX_TAGS:
            return
        name, closes = mark[1].lstrip("/").lower(), mark[1][0] == "/"
        empty = (source or "").endswith("/") or name in VOID
        yield Tag(name, closes, attributes(source or "") if source else {}, mark.start(), after, empty)
        at = after
        if name in _CLOSING and not closes and not empty and name not in open_ended:
            close = _CLOSING[name].search(page, after)
            at = close.start() if close else after
            if close is None:
                open_ended.add(name)


def plain(text: str) -> str:
    """The text of a fragment of HTML: tags gone, blocks and list items on lines of their own, entities resolved (twice
    where they were escaped twice), spaces folded. Text without markup stays as it is."""
    if "&" in text:
        once = unescape(text)
        text = unescape(once) if _ESCAPED.search(once) else once
    if "<" not in text or not _LIKE_TAG.search(text):
        return text.strip()
    parts = list(_pieces(text))
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    text = "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before).strip()
    return _ITEM.sub("\n- ", text)


_ESCAPED: Final = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,6});")
_ITEM: Final = re.compile(r"\n++- ")
_LIKE_TAG: Final = re.compile(r"<(?:/?[a-zA-Z!])")
_PIECE: Final = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])[^<>]*>|!--)")


def _pieces(text: str) -> Iterator[str]:
    at, hidden_until = 0, 0
    for match in _PIECE.finditer(text):
        if match.start() < hidden_until:
            continue
        yield text[at : match.start()]
        at = match.end()
        if match[2] is None:
            end = text.find("-->", match.end())
            at = hidden_until = end + 3 if end >= 0 else len(text)
            continue
        name = match[2].lower()
        if name in ("script", "style") and not match[1]:
            close = _CLOSING[name].search(text, at)
            at = hidden_until = close.start() if close else len(text)
        elif name in _BLOCKS:
            yield "\n" if name != "p" else "\n\n"
            if name == "li" and not match[1]:
                yield "- "
    yield text[at:]
