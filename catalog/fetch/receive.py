"""Filling a part: one or more connections, each going on where the last one broke off, hashing on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from catalog.errors import CatalogError, Fatal, Retriable, Usage
from catalog.fetch.hashing import Digests, digests_of
from catalog.fetch.parts import Note, Part, source_id
from catalog.fetch.plan import CAP_BYTES, PlannedFile, size_text
from catalog.fetch.resume import (
    Resume,
    can_go_on,
    comes_packed,
    explained,
    is_coded,
    is_web_page,
    looks_like_page,
    range_headers,
    resume_at,
    resume_in,
    span_of,
    told_digest,
    unsatisfied_total,
)
from catalog.web import BudgetSpent, Busy, HttpStatus, MiB, Stopped, Stream, Web, stored_url

TRIES: Final = 5  # in a row that bring nothing new
NEWS: Final = 1 * MiB  # bytes that make a broken try worth while
NO_LIMIT: Final = 1 << 62

TokenFor = Callable[[str], str | None]
Explain = Callable[[HttpStatus], CatalogError | None]


class Mismatch(Fatal):
    """What came is not what was planned."""


class Changed(Mismatch):
    """The server says at once that it has something else; what came earlier is untouched."""


class WebPage(Fatal):
    """A page for people came where data were expected."""


class Truncated(Retriable):
    """The bytes end before they should."""


class Packed(Fatal):
    """The file comes as a ZIP of itself, under another name."""


class Count:
    """Bytes and files, counted by every thread: `there` in all, `came` over the network in this run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.there = self.came = 0

    def add(self, size: int, came: bool = False) -> None:
        """`size` is negative where bytes are taken back."""
        with self._lock:
            self.there += size
            if came:
                self.came += size


@dataclass(frozen=True)
class Line:
    """How to reach the files of one fetch: `token` gives the token for an address, `limit` caps a file whose size the
    plan does not know (None: no cap), `explain` says what a refusal of this source means."""

    web: Web
    token: TokenFor = field(default=lambda url: None, repr=False)  # noqa: ARG005
    stop: threading.Event = field(default_factory=threading.Event)
    limit: int | None = CAP_BYTES
    count: Count = field(default_factory=Count)
    explain: Explain = field(default=lambda error: None, repr=False)  # noqa: ARG005


class Receiver:
    """Fills one part. `told` is the digest of the whole that the server names, "" where it names none."""

    def __init__(self, line: Line, file: PlannedFile, part: Part) -> None:
        self._line = line
        self._file = file
        self._part = part
        self.told = part.note.digest if part.note else ""
        self._span = span_of(file.url)
        self._digests: Digests | None = None
        self._opened = self._came = False
        self._refusals = 0

    def run(self) -> dict[str, str]:
        """Receive until the file is whole; its hex digests by name.

        Gives up after `TRIES` tries in a row that brought nothing. Raises `Mismatch` for bytes beyond the planned
        size, `Changed` where the size announced is another, `Packed` where a ZIP of the file comes, `Gated`,
        `NotFound`, `Fatal`, `Retriable`, `Usage`.
        """
        fruitless = 0
        try:
            while True:
                size = self._part.size
                error = self._try()
                if error is None:
                    return self._hashing(self._part.size).finish()
                fruitless = 0 if self._part.size - size >= NEWS else fruitless + 1
                if fruitless >= TRIES:
                    raise error
                self._line.web.pause(max(1, fruitless), error.message, self._line.stop)
        finally:
            self._forget_digests()

    def _try(self) -> CatalogError | None:
        """One connection; None when the file is whole, else why it must be tried again."""
        self._opened = False
        try:
            whole = self._was_whole() or self._attempt()
            return None if whole else Retriable(f"{self._file.name} had to be begun again.", "Try again later.")
        except (BudgetSpent, Stopped):
            raise
        except Retriable as broken:
            if not self._opened and not self._came and not isinstance(broken, Busy):
                raise
            return broken
        except HttpStatus as refused:
            return self._refused(refused)

    def _was_whole(self) -> bool:
        """Whether every byte came in an earlier run that ended before its check."""
        return bool(self._file.digest) and 0 < self._part.size == self._file.bytes

    def _attempt(self) -> bool:
        """Ask for what is missing. True when the file is whole, false when it must be asked for again."""
        if self._part.size and not can_go_on(self._part.size, self._part.note, bool(self._file.digest)):
            self._restart()
        asked = self._part.size
        headers = range_headers(asked, self._part.note, bool(self._file.digest), self._span)
        if asked and self._part.note:
            self._hashing(self._part.note.size)
        line = self._line
        try:
            token = line.token(self._file.url)
            with line.web.stream(self._file.url, headers=headers, token=token, stop=line.stop) as stream:
                self._opened = True
                return self._receive(stream, asked)
        except HttpStatus as error:
            if error.status != 416 or not asked or self._span:
                raise
            if unsatisfied_total(error.headers) == asked == (self._file.bytes or asked):
                return True
            self._restart()
            return False

    def _receive(self, stream: Stream, asked: int) -> bool:
        if comes_packed(self._file.name, stream.url):
            raise Packed(f"{self._file.name} comes packed.", "Its ZIP can be fetched.")
        if self._span:
            resume = resume_in(stream.status, stream.headers, asked, self._part.note, self._span)
        else:
            resume = resume_at(stream.status, stream.headers, stream.length, asked, self._part.note)
        if resume is None:
            self._restart()
            return False
        pieces = self._planned(stream, resume)
        if resume.start < self._part.size:
            self._restart()
        told = "" if self._span else told_digest(stream.headers)
        self._hear(told)
        if self._part.size == 0:
            self._part.describe(_note(self._file.url, stream, resume.total, told))
        self._store(pieces, self._hashing(resume.total), self._most(resume))
        wanted = self._file.bytes if self._file.bytes is not None else resume.total
        if wanted is not None and self._part.size < wanted:
            raise Truncated(f"{self._file.name} broke off at {self._part.size:,} of {wanted:,} bytes.", "Try again.")
        return True

    def _hear(self, told: str) -> None:
        """Take note of the digest that an answer names; what came is hashed once more where its kind is new."""
        if told:
            self.told = told
            if self._digests and told.partition(":")[0] not in self._digests.kinds:
                self._forget_digests()

    def _store(self, pieces: Iterator[bytes], digests: Digests, most: int) -> None:
        for piece in pieces:
            if self._part.size + len(piece) > most:
                raise self._beyond(most)
            self._part.append(piece)
            self._came = True
            digests.update(piece)
            self._line.count.add(len(piece), came=True)

    def _planned(self, stream: Stream, resume: Resume) -> Iterator[bytes]:
        """The pieces, once it is clear that they are of the planned file: not of a web page, not of another size."""
        file = self._file
        if is_coded(file.name, stream.headers):
            raise Fatal(f"{file.name} comes in a coding that was not asked for.", "Its server cannot be used as it is.")
        pieces = stream.chunks()
        first = next(pieces, b"")
        as_planned = resume.total is not None and resume.total == file.bytes
        is_other = resume.total is not None and file.bytes is not None and not as_planned
        is_page = is_web_page(file.kind, stream.headers, first) or (is_other and looks_like_page(first))
        if resume.start == 0 and not as_planned and is_page:
            raise WebPage(
                f"A web page came instead of {file.name}.",
                f"Open {stored_url(file.url)} in a browser: it may ask for a login, or have moved.",
            )
        if resume.total is not None and file.bytes is not None and not as_planned:
            raise Changed(
                f"{file.name} has {resume.total:,} bytes at its source, not the planned {file.bytes:,}.",
                "It changed there: sync and plan again.",
            )
        return _chained(first, pieces)

    def _most(self, resume: Resume) -> int:
        """The bytes that the part may hold at most."""
        if self._file.bytes is not None:
            return self._file.bytes
        limit = NO_LIMIT if self._line.limit is None else self._line.limit
        if (resume.total or 0) > limit:
            raise self._beyond(limit)
        return limit if resume.total is None else resume.total

    def _beyond(self, most: int) -> CatalogError:
        if self._file.bytes is None and most == self._line.limit:
            return Usage(f"{self._file.name} is larger than {size_text(most)}.", "Add --yes to fetch it all the same.")
        return Mismatch(
            f"{self._file.name} has more than the {most:,} bytes it should have.",
            "It changed at its source: sync and plan again.",
        )

    def _restart(self) -> None:
        self._line.count.add(-self._part.size)
        self._part.restart()
        self._forget_digests()

    def _forget_digests(self) -> None:
        if self._digests:
            self._digests.close()
        self._digests = None

    def _hashing(self, total: int | None) -> Digests:
        """The digests so far; those of a part from an earlier run are made by reading it again."""
        if self._digests is None:
            whole = self._file.bytes if self._file.bytes is not None else total
            self._digests = digests_of(self._part.fd, self._part.size, f"{self._file.digest} {self.told}", whole)
        return self._digests

    def _refused(self, error: HttpStatus) -> CatalogError:
        """A refusal by another host than the planned one is first tried anew from the planned address: what it signed
        may have expired. Else the refusal is raised as the user should read it."""
        if (meant := self._line.explain(error)) is not None:
            raise meant from error
        elsewhere = urlsplit(error.url).netloc != urlsplit(self._file.url).netloc
        self._refusals += 1
        if elsewhere and error.status in (400, 401, 403, 404, 410) and self._refusals <= 2:
            return Retriable(error.message, error.hint)
        raise explained(error, self._file) from error


def _note(url: str, stream: Stream, total: int | None, told: str) -> Note:
    headers = stream.headers
    etag, modified = headers.get("etag", "")[:500], headers.get("last-modified", "")[:100]
    return Note(source_id(url), etag, modified, total, told)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
