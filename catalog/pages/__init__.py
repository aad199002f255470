"""The static site: the whole registry as plain files on any host, searched in the browser.

`build` is the only door. The hand-written pages come from mkdocs; everything of the catalog is written behind it, so
that a change of generator touches one module. The same registry gives the same bytes: there is no clock in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MAX_PAGES = 20_000
"""Entries with an HTML page of their own; the browser draws those of the rest."""

MAX_FILES = 20_000
"""The strictest of the free hosts takes so many."""

Tell = Callable[[str, int, int], None]
"""Told how far a build is: the name of the stage, how much of it is done, how much there is (0: unknown)."""


@dataclass(frozen=True)
class Options:
    """What to build: `registry` is the path of the file, `out` the folder that becomes the site.

    `base_url` is where the site will stand ("" leaves out what needs it: canonical addresses, sitemap, feeds);
    `offline` makes it work from file:// at a third more bytes.
    """

    registry: str
    out: Path
    base_url: str = ""
    offline: bool = False
    max_pages: int = MAX_PAGES
    max_files: int = MAX_FILES


@dataclass(frozen=True)
class Report:
    """What a build made: counts of entries, of their HTML pages, of files; `bytes` on disk, `written` files that
    are new or other than before."""

    entries: int
    pages: int
    files: int
    bytes: int
    written: int
