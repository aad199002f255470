"""Rows of an archived page: its text where the archive holds text, the words of its HTML where it holds the page."""

from __future__ import annotations

import http.client
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import IO, Any, Final

from catalog.datafile.warc import MAX_BLOCK, Record, records

_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_MARKUP: Final = ("text/html", "application/xhtml+xml")
_UNSEEN: Final = frozenset(["head", "script", "style", "noscript", "template", "svg", "iframe", "select"])
_INLINE: Final = frozenset(
    ["a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "em", "font", "i", "kbd", "mark", "q", "s", "samp",
     "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "img", "input", "label"]
)  # fmt: skip
START: Final = 2048  # bytes in which a page names its charset

Row = Mapping[str, Any]


def page_rows(file: io.BufferedReader) -> Iterator[Row | str]:
    """The rows of the pages in a WARC or WET file, or why one has none; other records are passed over.

    A row has the `text`, the `url`, the `date` of the visit and the `languages` that the crawl found, of a WARC file
    also the `title`. Raises what `catalog.datafile.warc.records` raises.
    """
    for record in records(file):
        if record.kind not in ("conversion", "response"):
            continue
        if record.same is False:
            yield "its digest is another one than it names"
        elif record.cut:
            yield f"the page is longer than {MAX_BLOCK >> 20} MiB"
        elif record.kind == "conversion":
            yield _row(record, record.block.decode("utf-8", "replace").strip())
        else:
            yield _response_row(record)


def _row(record: Record, text: str, **more: str) -> Row:
    date = record.headers.get("warc-date", "")
    languages = record.headers.get("warc-identified-content-language", "")
    return {"text": text, "url": record.url, "date": date, "languages": languages, **more}


def _response_row(record: Record) -> Row | str:
    if not record.headers.get("content-type", "").replace(" ", "").lower().startswith("application/http"):
        return "it is no answer of a web server"
    try:
        kind, body = answer_of(record.block)
    except (http.client.HTTPException, ValueError, OSError, zlib.error) as error:
        return f"its answer cannot be read ({' '.join(str(error).split())[:100]})"
    plain = kind.partition(";")[0].strip().lower()
    if plain in _MARKUP:
        title, text = visible(decoded(body, kind))
        return _row(record, text, title=title)
    if plain.startswith("text/"):
        return _row(record, decoded(body, kind).strip(), title="")
    return f"it is no text ({plain[:60]})"


def answer_of(block: bytes) -> tuple[str, bytes]:
    """The content type and the body of a stored HTTP answer, unchunked and unpacked."""
    answer = http.client.HTTPResponse(_Stored(block))  # type: ignore[arg-type]
    answer.begin()
    try:
        body = answer.read()
    except http.client.IncompleteRead as broken:
        body = broken.partial
        if answer.chunked or not body:  # a crawl takes the chunks off and may leave their header
            body = block.partition(b"\r\n\r\n")[2]
    coding = answer.headers.get("content-encoding", "").strip().lower()
    if coding in ("gzip", "x-gzip") and body.startswith(b"\x1f\x8b"):
        body = zlib.decompressobj(31).decompress(body, MAX_BLOCK)
    elif coding == "deflate" and body[:1] == b"\x78":
        body = zlib.decompressobj().decompress(body, MAX_BLOCK)
    return answer.headers.get("content-type", ""), body


class _Stored:
    """What `http.client` takes for a socket."""

    def __init__(self, block: bytes) -> None:
        self._block = block

    def makefile(self, *_: object) -> IO[bytes]:
        return io.BytesIO(self._block)


def decoded(body: bytes, kind: str) -> str:
    """A page as text: by the charset of its header, else the one that it names itself, else UTF-8."""
    for place in (kind.encode("ascii", "replace"), body[:START]):
        if match := _CHARSET.search(place):
            try:
                return body.decode(match[1].decode("ascii"), "replace")
            except (LookupError, ValueError):
                continue
    return body.decode("utf-8-sig", "replace")


def visible(page: str) -> tuple[str, str]:
    """The title of a page and the words that a reader sees, a line for each block. Menus are not told from the text:
    that needs an extractor made for it."""
    reader = _Words()
    reader.feed(page)
    reader.close()
    return " ".join(reader.title.split()), "\n".join(reader.lines())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._parts: list[str] = []
        self._unseen: list[str] = []
        self._in_title = False

    def lines(self) -> Iterator[str]:
        """The lines that hold words."""
        for line in "".join(self._parts).split("\n"):
            if words := " ".join(line.split()):
                yield words

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        if tag == "body":
            self._unseen.clear()
        self._in_title = tag == "title" and not self.title
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag not in _INLINE:
            self._parts.append("\n")

    def handle_startendtag(self, tag: str, _attributes: object) -> None:
        if tag not in _INLINE:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif tag not in _INLINE:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._unseen:
            self._parts.append(data.replace("\n", " "))
