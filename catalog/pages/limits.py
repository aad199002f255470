"""What a site will take, told before it is built, against what hosts take."""

from __future__ import annotations

from typing import NamedTuple

from catalog.errors import Usage
from catalog.pages.figures import size
from catalog.publishing import piece_of

HOST_BYTES = 1_000_000_000
"""GitHub Pages publishes no more; other hosts take more."""

_PAGE = 14_500  # bytes of the page of an entry, the frame included
_DATA = 850  # bytes an entry of search data and details
_FIXED = 5_000_000  # the theme, the hand-written pages, the lists
_RESERVED = 900
"""Files of the theme, the hand-written pages, the lists and the feeds."""
DETAILS = 32
"""Entries that share a file of details, where files are not scarce."""
_LEAST_DATA = 1_500
"""Files that search data and details get at least."""
_ENTRIES_A_FILE = 20
"""Entries for each of these files, so that a query loads little; they may take `_MOST_DATA` of all files for it."""
_MOST_DATA = 0.95
_DETAILS_SHARE = 0.22
"""Of these files, those of the details."""


class Plan(NamedTuple):
    """How many entries get a page, how many files the search data may be, how many entries share a file of details, and
    what the whole comes to."""

    entries: int
    pages: int
    data_files: int
    details: int
    bytes: int
    notes: tuple[str, ...]


def plan(entries: int, *, max_pages: int, max_files: int, offline: bool, registry: int = 0) -> Plan:
    """Share out the files that a host takes; `registry` is the bytes of one that is published too.

    Raises `Usage` where they are too few for any site.
    """
    reserved = _RESERVED + (registry // piece_of(registry) + 2 if registry else 0)
    least = reserved + _LEAST_DATA
    if max_files < least:
        raise Usage(f"a site takes at least {least:,} files.", f"Give it more: --max-files {least}")
    if max_pages < 0:
        raise Usage("there cannot be fewer than 0 pages.", "Leave --max-pages out, or give 0 or more.")
    room = max_files - reserved
    wanted = min(entries, max_pages)
    pages = min(wanted, room - max(_LEAST_DATA, min(entries // _ENTRIES_A_FILE, int(room * _MOST_DATA))))
    estimate = _FIXED + pages * _PAGE + int(entries * _DATA * (2.4 if offline else 1)) + registry // 3
    notes = []
    if pages < entries:
        notes.append(
            f"{pages:,} of {entries:,} entries get a page of their own, the most popular; the browser draws the rest."
        )
    if estimate > HOST_BYTES:
        notes.append(f"The site will take about {size(estimate)}; GitHub Pages takes 1 GB. --max-pages makes it less.")
    copies = 2 if offline else 1
    details = max(DETAILS, -(-entries * copies // int((room - pages) * _DETAILS_SHARE)))
    data_files = room - pages - -(-entries // details) * copies
    return Plan(entries, pages, data_files, details, estimate, tuple(notes))
