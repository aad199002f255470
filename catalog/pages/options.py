"""What a build is asked for and what it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MAX_PAGES = 20_000
"""Entries with an HTML page of their own; the browser draws those of the rest."""

MAX_FILES = 20_000
"""The strictest of the free hosts takes so many."""

Tell = Callable[[str, int, int], None]
"""Told how far a build is: the name of the stage, how much of it is done, how much there is (0: unknown)."""


@dataclass(frozen=True)
class Options:
    """What to build: `registry` is the path of the file, `out` the folder that becomes the site.

    `base_url` is where the site will stand; without it no page has a canonical address, and there are no feeds and no
    sitemap, which need whole addresses. `offline` makes it work from file:// at a third more bytes. `project` is a
    `mkdocs.yml` with a page `datasets/index.md`, None for the one of this package. `with_registry` publishes the
    registry beside the pages, for `catalog pull`.
    """

    registry: str
    out: Path
    base_url: str = ""
    offline: bool = False
    max_pages: int = MAX_PAGES
    max_files: int = MAX_FILES
    project: Path | None = None
    with_registry: bool = False


@dataclass(frozen=True)
class Report:
    """What a build made: counts of entries, of their HTML pages, of files; `bytes` on disk, `written` files that
    are new or other than before, `removed` files of an earlier build."""

    out: str
    entries: int
    pages: int
    files: int
    bytes: int
    written: int
    removed: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as the object of `--json`."""
        return {**asdict(self), "notes": list(self.notes)}
