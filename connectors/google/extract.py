"""What one page yields: the Datasets of its markup as records, and why there are not more. Pure, no network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from catalog.connector import Findings
from catalog.errors import Skipped
from catalog.record import Record, clean
from connectors.google import croissant, jsonld, microdata
from connectors.google.html import Script, attributes, scripts
from connectors.google.links import address, canonical, host_of
from connectors.google.mapping import to_record

Json = dict[str, Any]

MAX_PAGE: Final = 5 << 20  # bytes of a page that are read
MAX_RECORDS: Final = 1_000  # records of one page
MAX_PROBLEMS: Final = 100  # of one page that are told
MAX_LINKS: Final = 2_000  # link and meta tags of one page that are looked at, of each kind
LEAST: Final = 50  # characters that Google asks a description to have

_TYPE: Final = re.compile(r"application/(?:[a-z0-9.-]+\+)?ld\+json\Z")
_JSON: Final = re.compile(r"(?:application|text)/(?:[a-z0-9.-]+\+)?json\Z")
_CHARSET: Final = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{2,30})", re.IGNORECASE)
_PROLOG: Final = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,30})")
_EAST: Final = re.compile(r"(?:gb\d|gbk|big5|euc|shift|sjis|iso-2022|utf-16|utf-32|koi8|ks_c)")
_KNOWN: Final = re.compile(
    r"(?:utf-?8|utf-?16(?:le|be)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?125\d|cp125\d|macintosh|koi8-[ru]|"
    r"gb2312|gbk|gb18030|big5|euc-jp|euc-kr|shift_jis|sjis|iso-2022-jp|ks_c_5601-1987)\Z"
)
_META: Final = re.compile(r"<meta\b[^<>]{0,1000}>", re.IGNORECASE)
_LINK: Final = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)


@dataclass
class Reading:
    """What was read of a page so far: Dataset nodes with the syntax they came in, and what is to be told."""

    nodes: list[tuple[Json, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    blocks: int = 0


def read(body: bytes, content_type: str, url: str) -> Findings:
    """The Datasets that a page describes, as records.

    `content_type` is the header as it came, `url` the address of the page, redirects followed. JSON-LD first, wherever
    it stands; microdata and RDFa where it tells of no Dataset. Never raises.
    """
    if len(body) > MAX_PAGE:
        return Findings(url, url, problems=(f"The page has {len(body):,} bytes, more than {MAX_PAGE:,}.",))
    reading = Reading()
    kind = content_type.partition(";")[0].strip().lower()
    page = decode(body, content_type)
    canonical_page = ""
    if _JSON.match(kind) or page.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        _read_block(page, 0, page, reading)
    else:
        lower = page.lower()
        if ("noindex" in lower or "robots" in lower) and (word := _keeps_out(page)):
            return Findings(url, url, problems=(f"The page asks not to be kept (meta robots: {word}).",))
        _read_page(page, lower, kind == "application/xhtml+xml", reading)
        canonical_page = _canonical_link(page, url) if reading.nodes and "canonical" in lower else ""
        if not reading.nodes:
            reading.notes += [f"JSON-LD is linked at {link}" for link in linked(page, url)]
    return _findings(reading, url, canonical_page)


def decode(body: bytes, content_type: str = "") -> str:
    """A page as text: by its byte order mark, as UTF-8 where it is that, else as it declares, else windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _declared(body, content_type)
    if declared.startswith("utf-16") and b"\x00" not in body[:256]:
        declared = "utf-8"
    if not _EAST.match(declared):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if declared in ("utf-8", "utf8"):
        return body.decode("utf-8", "replace")
    if declared in ("", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        declared = "windows-1252"
    return body.decode({"ks_c_5601-1987": "cp949", "macintosh": "mac-roman"}.get(declared, declared), "replace")


def _declared(body: bytes, content_type: str) -> str:
    """The encoding that the header or the page names, "" for none that is known."""
    start = body[:2048]
    for found in (
        _CHARSET.search(content_type.encode("ascii", "replace")),
        _PROLOG.match(start),
        _CHARSET.search(start),
    ):
        if found:
            name = found[1].decode("ascii").lower()
            if _KNOWN.match(name):
                return name
    return ""


def _read_page(page: str, lower: str, xml: bool, reading: Reading) -> None:
    last = max(
        lower.rfind("ld+json"), lower.rfind("ld&#")
    )  # small letters may be more, so it stands no later in `page`
    if last >= 0:
        for script in scripts(page, xml=xml, until=last):
            if _is_jsonld(script):
                _read_block(script.text, script.start, page, reading)
    if reading.nodes:
        return
    if "itemtype" in lower:
        _take(reading, microdata.nodes(page), "microdata")
    if not reading.nodes and "typeof" in lower:
        _take(reading, microdata.rdfa_nodes(page), "RDFa")


def _is_jsonld(script: Script) -> bool:
    kind = script.attributes.get("type", "").partition(";")[0].strip().lower()
    return _TYPE.match(kind) is not None


def _read_block(text: str, start: int, page: str, reading: Reading) -> None:
    """Take the Datasets of one JSON-LD text; a broken one is told with its line in the page."""
    reading.blocks += 1
    try:
        document = jsonld.parse(text)
    except jsonld.Broken as error:
        if len(reading.problems) < MAX_PROBLEMS:
            line = page.count("\n", 0, start) + error.line
            reading.problems.append(f"JSON-LD block {reading.blocks} is broken at line {line}: {error.reason}.")
        return
    found = jsonld.datasets(document, text)
    reading.others += found.others
    _take(reading, found.nodes, "JSON-LD")


def _take(reading: Reading, nodes: list[Json], syntax: str) -> None:
    for node in nodes:
        name = syntax
        if syntax == "JSON-LD" and croissant.is_croissant(node):
            name = f"Croissant {croissant.version(node)}".strip()
        elif syntax == "JSON-LD" and "name" not in node and "title" in node:
            name = "DCAT"
        reading.nodes.append((node, name))


def _findings(reading: Reading, url: str, canonical_page: str) -> Findings:
    made: list[tuple[Record, str]] = []
    for node, name in reading.nodes[:MAX_RECORDS]:
        try:
            made.append((to_record(node, url, name, canonical_page), name))
        except Skipped as error:
            reading.problems.append(f"{name}: {error.message}")
    records, syntax = _told_apart(made, canonical(canonical_page or url, url))
    for record in records.values():
        reading.notes += _wanting(record)
    if len(reading.nodes) > MAX_RECORDS:
        reading.problems.append(f"The page has {len(reading.nodes):,} Datasets; {MAX_RECORDS:,} are read.")
    if not reading.nodes:
        reading.problems.append(_why_none(reading))
    notes, problems = tuple(reading.notes), tuple(reading.problems[:MAX_PROBLEMS])
    return Findings(url, url, tuple(records.values()), tuple(syntax.values()), notes, problems)


def _told_apart(made: list[tuple[Record, str]], page: str) -> tuple[dict[str, Record], dict[str, str]]:
    """The records of a page and their syntax by id. Those that are one are joined: of one DOI, or of one name where
    not each has an address of its own. Several that have none are told apart by their names."""
    records: dict[str, Record] = {}
    syntax: dict[str, str] = {}
    order: dict[str, int] = {}
    for number in sorted(range(len(made)), key=lambda number: made[number][0].id == page):
        record, name = made[number]
        record = _placed(record, records, page, alone=len(made) == 1)
        known = syntax.get(record.id, "")
        records[record.id] = record
        syntax[record.id] = f"{known}, {name}" if known and name not in known else known or name
        order[record.id] = min(number, order.get(record.id, number))
    ordered = sorted(order, key=order.__getitem__)
    return {id: records[id] for id in ordered}, {id: syntax[id] for id in ordered}


def _placed(record: Record, records: dict[str, Record], page: str, *, alone: bool) -> Record:
    """A record beside those of the same page that are known already."""
    if alone:
        return record
    folded = record.name.casefold()
    known = records.get(record.id)
    if known is not None and (known.doi or known.name.casefold() == folded):
        return joined_records(known, record)
    if record.id == page:
        named = next((each for each in records.values() if each.name.casefold() == folded), None)
        if named is not None:
            return joined_records(named, record)
    elif known is None:
        return record
    if not records:
        return record
    return _with(record, id=f"{record.id[:400]}#{_slug(folded)}")


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name).strip("-")[:60]


def joined_records(first: Record, second: Record) -> Record:
    """What two descriptions of one dataset say together: the first one's words, the second one's where it has none."""
    fields = {name: getattr(first, name) or getattr(second, name) for name in first.__struct_fields__}
    if first.access == "unknown":
        fields.update(access=second.access, access_note=second.access_note)
    if not first.columns or len(second.columns) > len(first.columns):
        fields["columns"] = second.columns or first.columns
    for name in ("licenses", "distributions", "relations", "keywords", "evidence"):
        fields[name] = tuple(dict.fromkeys([*getattr(first, name), *getattr(second, name)]))[:500]
    return Record(**fields)


def _with(record: Record, **changed: Any) -> Record:
    return Record(**{name: getattr(record, name) for name in record.__struct_fields__} | changed)


def _wanting(record: Record) -> list[str]:
    """What a Dataset lacks of what Google asks for."""
    length, name = len(record.description), record.name[:60]
    if not length:
        return [f"{name!r} has no description, which Google requires."]
    if length < LEAST:
        return [f"The description of {name!r} has {length} characters; Google requires {LEAST}."]
    return []


def _why_none(reading: Reading) -> str:
    """Why a page yields nothing, in one sentence."""
    if reading.others:
        kinds = ", ".join(list(dict.fromkeys(clean(each, 80) for each in reading.others))[:8])
        return f"The markup describes no Dataset, only {kinds}."
    if reading.problems:
        return "No other markup of a Dataset stands in the page."
    if reading.blocks:
        return "The JSON-LD of the page describes no Dataset."
    return "The page has no JSON-LD, microdata or RDFa of a Dataset; it may be put there by a script only."


def _keeps_out(page: str) -> str:
    """The word by which the page's own robots tag forbids to keep it, "" for none."""
    for match in islice(_META.finditer(page), MAX_LINKS):
        given = attributes(match[0][5:-1])
        if given.get("name", "").strip().lower() in ("robots", "dataset-catalog"):
            said = {word.strip() for word in given.get("content", "").lower().split(",")}
            if found := said & {"noindex", "none"}:
                return min(found)
    return ""


def linked(page: str, url: str) -> tuple[str, ...]:
    """The addresses of JSON-LD that a page links to on its own host (rel describedby, alternate), at most five."""
    found = []
    for match in islice(_LINK.finditer(page), MAX_LINKS):
        given = attributes(match[0][5:-1])
        named = {*given.get("rel", "").lower().split()} & {"describedby", "alternate"}
        if named and _TYPE.match(given.get("type", "").partition(";")[0].strip().lower()):
            place = address(given.get("href"), url)
            if place and host_of(place) == host_of(url):
                found.append(place)
    return tuple(dict.fromkeys(found))[:5]


def _canonical_link(page: str, url: str) -> str:
    for match in islice(_LINK.finditer(page), MAX_LINKS):
        given = attributes(match[0][5:-1])
        if "canonical" in given.get("rel", "").lower().split():
            place = address(given.get("href"), url)
            return place if host_of(place) == host_of(url) else ""
    return ""
