"""What a fetch from Common Crawl comes to: so many WET files, the pages of a site, or so many files of the news crawl.

Nobody gets a whole snapshot by accident. Files have no published checksums: the records in them have, and are checked
when they come. Sizes are asked of a few files, and the rest is estimated from them.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from catalog.connector import Asked, Selection
from catalog.errors import Fatal, NotFound, Retriable, Usage
from catalog.record import Distribution, Record
from catalog.web import HttpStatus, MiB, Web
from connectors.commoncrawl import settings, snapshots
from connectors.commoncrawl.index import MAX_CAPTURES, Capture, captures, site_of, urlsplit_host

SAMPLE: Final = 5  # files whose size is asked for
MAX_LIST: Final = 64 * MiB
MONTHS: Final = 3  # that are looked back for the newest of the news crawl
_LISTED: Final = re.compile(r"crawl-data/(?!.*\.\.)[A-Za-z0-9._/-]{1,400}\.gz\Z")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z")
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})\s*(%?)\Z")
_CHOOSE: Final = "Take some: --limit 10, --share 0.1%"


def select(web: Web, record: Record, revision: str | None, asked: Asked) -> Selection:
    """The files that are asked for, of the snapshot that is named or the newest. Raises `Usage` where nobody said how
    much, and what `Web` raises."""
    texts = {name: str(asked.get(name, "")) for name in ("snapshot", "share", "site", "lang")}
    limit = asked.get("limit")
    count = limit if isinstance(limit, int) else None
    if texts["site"] and texts["share"]:
        raise Usage("--share is for files, --site for pages.", "Use --limit with --site.")
    if record.id == settings.NEWS:
        return _news(web, _agreed(texts["snapshot"], revision, ""), texts, count)
    named = "" if record.id == settings.MAIN else record.id
    if named and not snapshots.NAME.match(named):
        raise NotFound(f"Common Crawl has no {named[:60]!r}.", "There are: commoncrawl:CC-MAIN and commoncrawl:CC-NEWS")
    snapshot, note = _agreed(texts["snapshot"], revision, named), ""
    if texts["lang"] and not texts["site"]:
        raise Usage("--lang needs --site: the index is by address.", "A country will do: --site cn --lang zh")
    if snapshot and not snapshots.NAME.match(snapshot):
        raise Usage(f"{snapshot[:60]!r} is no snapshot.", "They are called like CC-MAIN-2024-51.")
    if not snapshot:
        snapshot, note = snapshots.newest(web)
    if texts["site"]:
        return _pages(web, snapshot, texts["site"], texts["lang"], count, note)
    paths = _paths(web, f"crawl-data/{snapshot}/wet.paths.gz", snapshot)
    return _some(web, snapshot, paths, "wet", count, texts["share"], note)


def _news(web: Web, month: str, texts: dict[str, str], limit: int | None) -> Selection:
    for name in ("site", "lang"):
        if texts[name]:
            raise Usage(f"--{name} does not apply to CC-NEWS, which has no index.", "It takes --snapshot and --share.")
    if month and not _MONTH.match(month):
        raise Usage(f"{month[:40]!r} is no month.", "CC-NEWS is by month: --snapshot 2024-11")
    tried = [month] if month else list(_months(datetime.now(UTC)))
    for each in tried:
        path = f"crawl-data/CC-NEWS/{each.replace('-', '/')}/warc.paths.gz"
        try:
            paths = _paths(web, path, f"CC-NEWS {each}")
        except NotFound:
            if each == tried[-1]:
                raise
            continue
        return _some(web, f"{settings.NEWS}-{each}", paths, "warc", limit, texts["share"], "", settings.NEWS)
    raise AssertionError("no month was tried")


def _months(now: datetime) -> list[str]:
    """This month and those before it, newest first."""
    first = now.year * 12 + now.month - 1
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, first - MONTHS, -1)]


def _agreed(snapshot: str, revision: str | None, named: str) -> str:
    """The one snapshot that is named. Raises `Usage` for two."""
    words = list(dict.fromkeys(filter(None, (snapshot, revision or "", named))))
    if len(words) > 1:
        raise Usage(f"Two snapshots are named: {words[0][:40]} and {words[1][:40]}.", "Name one.")
    return words[0] if words else ""


def _paths(web: Web, path: str, name: str) -> list[str]:
    """The files that a list names."""
    try:
        body = web.get_bytes(f"{settings.data()}/{path}", max_bytes=MAX_LIST).body
    except HttpStatus as error:
        if error.status == 404:
            hint = "Those that are known: catalog sources commoncrawl"
            raise NotFound(f"Common Crawl has no files of {name}.", hint) from error
        raise (settings.explained(error) or error) from None
    try:
        lines = (_unpacked(body) if body.startswith(b"\x1f\x8b") else body).decode("ascii").split()
    except (zlib.error, EOFError, UnicodeDecodeError) as error:
        raise Retriable(f"The list of files of {name} came damaged.", "Try again later.") from error
    paths = [line for line in lines if _LISTED.match(line)]
    if not paths:
        raise Fatal(f"The list of files of {name} names none.", f"Check {settings.DATA_NAME}.")
    return paths


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(31)
    plain = unpacker.decompress(body, MAX_LIST)
    if not unpacker.eof:
        raise EOFError
    return plain


def _some(
    web: Web, name: str, paths: list[str], form: str, limit: int | None, share: str, note: str, id: str = settings.MAIN
) -> Selection:
    """The first files of a list: a larger choice holds the smaller one. Raises `Usage` where nobody said how many."""
    shared = math.ceil(_share(share) * len(paths)) if share else None
    counts = [count for count in (limit, shared) if count is not None]
    chosen = [f"{settings.data()}/{path}" for path in (paths[: min(counts)] if counts else paths)]
    sizes = _sizes(web, chosen)
    mean = sum(sizes.values()) / len(sizes) if sizes else 0
    if not counts:
        size = f", about {_size_text(mean * len(paths))}" if mean else ""
        pages = ", or the pages of a site: --site example.org" if form == "wet" else ""
        raise Usage(f"{name} has {len(paths):,} {form.upper()} files{size}.", f"{_CHOOSE}{pages}.")
    notes = [note, f"{len(chosen):,} of the {len(paths):,} {form.upper()} files of {name}"]
    if 0 < len(sizes) < len(chosen):
        notes.append(f"the size is estimated from {len(sizes)} of them")
    said = "; ".join(filter(None, notes))
    files = tuple(
        Distribution(url=url, path=url.rpartition("/")[2], format=form, bytes=sizes.get(url), note=said)
        for url in chosen
    )
    estimate = round(mean * len(chosen)) if 0 < len(sizes) < len(chosen) else None
    return Selection(files, Record(source="commoncrawl", id=id, name=name), estimate)


def _share(text: str) -> float:
    match = _SHARE.match(text.strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        raise Usage(f"--share {text[:40]!r} is no share.", "Say it as: --share 0.1%")
    return share


def _sizes(web: Web, urls: list[str]) -> dict[str, int]:
    """The sizes of a few files from all over a list, those that are told."""
    step = max(1, (len(urls) - 1) / max(1, SAMPLE - 1))
    picked = dict.fromkeys(urls[round(number * step)] for number in range(SAMPLE) if round(number * step) < len(urls))
    found: dict[str, int] = {}
    for url in picked:
        try:
            length = web.head(url).headers.get("content-length", "")
        except HttpStatus as error:
            if (blocked := settings.explained(error)) is not None:
                raise blocked from error
            continue
        if length.isascii() and length.isdigit() and len(length) < 16:
            found[url] = int(length)
    return found


def _pages(web: Web, snapshot: str, site: str, lang: str, limit: int | None, note: str) -> Selection:
    host, _path = site_of(site)
    found = list(islice(captures(web, snapshot, site, lang, limit), limit))
    if not found:
        other = f" in {lang}" if lang else ""
        raise NotFound(f"{snapshot} holds no page of {site[:80]}{other}.", "Try another snapshot with --snapshot.")
    notes = [note, "each file is the stored answer of one page (WARC); catalog convert reads its words"]
    if len(found) >= MAX_CAPTURES and limit is None:
        notes.append(f"these are the first {MAX_CAPTURES:,} pages")
    said = "; ".join(filter(None, notes))
    files = tuple(_file(capture, said) for capture in found)
    name = "-".join(filter(None, (snapshot, host, lang)))
    return Selection(files, Record(source="commoncrawl", id=settings.MAIN, name=name))


def _file(capture: Capture, note: str) -> Distribution:
    """The one gzip member that holds a page."""
    mark = hashlib.sha256(f"{capture.url} {capture.file} {capture.offset}".encode()).hexdigest()[:10]
    last = capture.offset + capture.length - 1
    return Distribution(
        url=f"{settings.data()}/{capture.file}#bytes={capture.offset}-{last}",
        path=f"{urlsplit_host(capture.url)}/{capture.timestamp}-{mark}.warc.gz",
        format="warc",
        bytes=capture.length,
        note=note,
    )


def _size_text(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
