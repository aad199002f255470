"""The inverted index as files: terms in alphabetical shards, the beginning of each list beside its term.

Read from the registry's own full-text index, term by term (`fts5vocab` of kind instance), so the browser knows the
very tokens that the command line knows, and memory stays flat. Documents are numbered in the order of slots: the
beginning of a list is its most popular part, and a first page seldom needs more.

    t/<shard>   terms, how many hold each, and the first postings of each
    h/<file>    positions of these postings, those of `PLACES` shards in a file: only phrases need them
    p/<file>    the further postings of long lists, in segments
    q/<file>    the positions of these
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from catalog.index.keys import EVERY, ID_MASK, TERM_MARK
from catalog.pages.browser.numbers import rising, varint
from catalog.pages.browser.store import Store

HEAD = 1024
"""Postings that stand beside their term."""
GROWTH = 8
"""How many times longer a list has become after each further segment."""
SHARD = 16_384
"""Bytes, before they are deflated, after which a shard is full."""
FACETS_SHARD = 4_096
"""The same of shards of facet terms: few queries ask for two that stand together."""
PLACES = 4
"""Shards whose positions share a file."""
SEGMENTS = 32_768
"""Bytes after which a file of segments is full."""

FIRST_CARDS = 32_768
"""Documents whose cards stand in small chunks, as most hits are among them."""
WIDE = 80
"""Cards of a large chunk from which on first pages are written (`firsts`),"""
LEAST = 64
"""of words that so many datasets hold at least,"""
FEW = 5
"""and that have so many cards at least in large chunks."""

COLUMNS = ("body", "name", "title", "extra", "cjk", "facets")
_BITS = {"body": 0, "name": 16, "title": 28, "extra": 40, "cjk": 60, "facets": 80}
_STEP = {name: 1 << bits for name, bits in _BITS.items()}
_MASK = {"body": 0xFFFF, "name": 0xFFF, "title": 0xFFF, "extra": 0xFFFFF, "cjk": 0xFFFFF, "facets": 1}
NAMING = _MASK["name"] << _BITS["name"] | _MASK["title"] << _BITS["title"]
"""The bits of counts that say that name or title hold a term."""


class Sizes(NamedTuple):
    """How lists and files are cut; a test cuts them small."""

    head: int = HEAD
    growth: int = GROWTH
    shard: int = SHARD
    facets_shard: int = FACETS_SHARD
    segments: int = SEGMENTS
    near: int = FIRST_CARDS
    wide: int = WIDE
    least: int = LEAST
    few: int = FEW

    def times(self, factor: int) -> Sizes:
        """The same with files so many times as large."""
        shard, facets_shard, segments = (each * factor for each in (self.shard, self.facets_shard, self.segments))
        return self._replace(shard=shard, facets_shard=facets_shard, segments=segments)


SIZES = Sizes()


class Lists(NamedTuple):
    """What a manifest says of the lists: for each shard what its terms do not stand before (`between`)."""

    first: list[str]


class Term(NamedTuple):
    """The postings of a term: documents, how often each column holds it, and positions (b"" for facet terms)."""

    name: str
    docs: list[int]
    counts: list[int]
    places: list[bytes]


def write_postings(
    connection: sqlite3.Connection, store: Store, docs: Sequence[int], sizes: Sizes, seen: Callable[[Term, int], None]
) -> Lists:
    """Write all lists. `docs` gives the document number by dataset id; `seen` is told of every term and its shard."""
    shards = _Shards(store, sizes)
    for term in terms(connection, docs):
        shards.add(term)
        seen(term, shards.last)
    return shards.end()


def terms(connection: sqlite3.Connection, docs: Sequence[int]) -> Iterator[Term]:
    """The terms of the full-text index in the order of their code points, each with its postings."""
    (query_only,) = connection.execute("PRAGMA query_only").fetchone()
    connection.execute("PRAGMA query_only = 0")  # which also forbids a temporary view of the index
    connection.execute("CREATE VIRTUAL TABLE temp.site_instance USING fts5vocab(main, search_index, instance)")
    connection.execute(f"PRAGMA query_only = {query_only}")
    yield from _gathered(connection.execute("SELECT term, doc, col, offset FROM temp.site_instance"), docs)
    connection.execute("PRAGMA query_only = 0")
    connection.execute("DROP TABLE temp.site_instance")
    connection.execute(f"PRAGMA query_only = {query_only}")


def _gathered(rows: Iterator[tuple[str, int, str, int]], docs: Sequence[int]) -> Iterator[Term]:
    """Instances put together by term; this loop runs once a token of the registry, so it does little."""
    step, steps, small = _STEP, [varint(number) for number in range(2048)], 2048
    name, slot, column, last = "", -1, "", 0
    term = Term("", [], [], [])
    for word, place, where, offset in rows:
        if word != name:
            if term.docs:
                yield term
            name, slot = word, -1
            term = Term(word, [], [], [])
            numbers, counts, places = term.docs, term.counts, term.places
        if place != slot:
            slot, column = place, where
            numbers.append(docs[place & ID_MASK])
            counts.append(step[where])
            places.append(steps[offset] if offset < small else varint(offset))
        else:
            gap = offset - last if where == column else offset
            column = where
            counts[-1] += step[where]
            places[-1] += steps[gap] if gap < small else varint(gap)
        last = offset
    if term.docs:
        yield term


def counts_of(packed: int) -> list[int]:
    """How often each of `COLUMNS` holds a term, of the counts of a posting."""
    return [packed >> _BITS[name] & _MASK[name] for name in COLUMNS]


class _Counts(dict[int, bytes]):
    """How often the columns hold a term, as bytes: 1 to 127 is the body alone; else bit 7 with a bit for each column
    that holds it, and bit 6 where each holds it once, else their counts follow."""

    def __missing__(self, packed: int) -> bytes:
        counts = counts_of(packed)
        if counts[0] < 128 and not any(counts[1:]):
            found = bytes([counts[0]])
        else:
            bits = 0x80 | sum(1 << n for n, count in enumerate(counts) if count)
            once = all(count < 2 for count in counts)
            found = bytes([bits | 0x40]) if once else bytes([bits]) + b"".join(varint(c) for c in counts if c)
        self[packed] = found
        return found


class _Files:
    """Segments put one after the other into files of some size."""

    def __init__(self, store: Store, folder: str, full: int) -> None:
        self._store, self._folder, self._full = store, folder, full
        self._number, self._held = 0, bytearray()

    def add(self, segment: bytes) -> bytes:
        """Take a segment; returns where it is: file, first byte, length."""
        if self._held and len(self._held) + len(segment) > self._full:
            self.flush()
        place = varint(self._number) + varint(len(self._held)) + varint(len(segment))
        self._held += segment
        return place

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self._store.put(f"{self._folder}/{self._number}", bytes(self._held))
            self._number += 1
            self._held = bytearray()


class _Shards:
    def __init__(self, store: Store, sizes: Sizes) -> None:
        self._store, self._sizes = store, sizes
        self._tails, self._tail_places = _Files(store, "p", sizes.segments), _Files(store, "q", sizes.segments)
        self._counts = _Counts()
        self._first: list[str] = []
        self._last = ""
        self._places = bytearray()
        self._begin("")

    def _begin(self, name: str) -> None:
        self._before, self._number = b"", 0
        self._names, self._heads = bytearray(), bytearray()
        self._places_at = len(self._places)
        self._of_facets = name.startswith(TERM_MARK)

    def add(self, term: Term) -> None:
        """Take the next term."""
        if term.name == EVERY:
            return
        full = self._sizes.facets_shard if self._of_facets else self._sizes.shard
        size = len(self._names) + len(self._heads)
        if self._number and (size > full or self._of_facets != term.name.startswith(TERM_MARK)):
            self._flush()
        if not self._number:
            self._begin(term.name)
            self._first.append(between(self._last, term.name))
        self._put(term)
        self._last = term.name

    @property
    def last(self) -> int:
        """The shard that holds the last term."""
        return len(self._first) - 1

    def _put(self, term: Term) -> None:
        name = term.name.encode("utf-8", "surrogatepass")
        shared = _shared(self._before, name)
        self._before = name
        head = self._sizes.head
        segment, places = self._segment(term, 0, head)
        self._names += varint(shared) + varint(len(name) - shared) + name[shared:]
        self._names += varint(len(term.docs)) + varint(len(segment)) + varint(len(places))
        self._heads += segment
        self._places += places
        self._number += 1
        if len(term.docs) > head:
            self._names += varint(sum(1 for packed in term.counts if packed & NAMING))
            start, end = head, head * self._sizes.growth
            while start < len(term.docs):
                segment, places = self._segment(term, start, end)
                self._names += self._tails.add(segment)
                self._names += self._tail_places.add(places) if places else b""
                start, end = end, end * self._sizes.growth

    def _segment(self, term: Term, start: int, end: int) -> tuple[bytes, bytes]:
        """Some of the postings: steps from one document to the next, then counts; and the positions in each."""
        steps = rising(term.docs[start:end])
        if self._of_facets:
            return steps, b""
        counts = self._counts
        return steps + b"".join([counts[packed] for packed in islice(term.counts, start, end)]), b"".join(
            term.places[start:end]
        )

    def _flush(self) -> None:
        number = len(self._first) - 1
        start = varint(self._number) + varint(self._places_at) + varint(len(self._names))
        self._store.put(f"t/{number}", start + bytes(self._names) + bytes(self._heads))
        self._number = 0
        if number % PLACES == PLACES - 1:
            self._put_places(number)

    def _put_places(self, number: int) -> None:
        if self._places:
            self._store.put(f"h/{number // PLACES}", bytes(self._places))
            self._places = bytearray()

    def end(self) -> Lists:
        """Write what is left."""
        if self._number:
            self._flush()
        self._put_places(len(self._first) - 1)
        self._tails.flush()
        self._tail_places.flush()
        return Lists(self._first)


def between(last: str, first: str) -> str:
    """The shortest text that is behind `last` and not behind `first`, which is behind it."""
    shared = next((n for n, (a, b) in enumerate(zip(last, first, strict=False)) if a != b), len(last))
    return first[: shared + 1]


def _shared(one: bytes, other: bytes) -> int:
    size = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        size += 1
    return size
