"""The static site: the whole registry as plain files on any host, searched in the browser.

`build` is the only door. The hand-written pages come from mkdocs; everything of the catalog is written behind it, so
that a change of generator touches one module (`prose`). The same registry gives the same bytes: there is no clock.
"""

from __future__ import annotations

from catalog.pages.options import MAX_FILES, MAX_PAGES, Options, Report, Tell
from catalog.pages.shell import harden_folder

__all__ = ["MAX_FILES", "MAX_PAGES", "Options", "Report", "Tell", "build", "harden_folder"]


def _quiet(_stage: str, _done: int, _total: int) -> None:
    pass


def build(options: Options, tell: Tell = _quiet) -> Report:
    """Build the site of a registry; the folder `out` gets its new files when all of them are there.

    Raises `NotFound` without a registry, `Usage` for options that cannot be, `Fatal` without mkdocs-material or where
    a file cannot be written; the site that was there stays as it is then.
    """
    from catalog.pages.building import build_site

    return build_site(options, tell)
