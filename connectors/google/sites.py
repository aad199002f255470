"""The built-in list of publishers whose sitemaps lead to pages with schema.org Dataset markup (sites.toml)."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from catalog.errors import Usage


@dataclass(frozen=True)
class Site:
    """A publisher: its short name, its title, where its sitemaps start, and what to know of licenses and robots."""

    name: str
    title: str
    start: str
    note: str


@cache
def built_in() -> dict[str, Site]:
    """The publishers by name."""
    text = files("connectors.google").joinpath("sites.toml").read_text("utf-8")
    return {name: Site(name, **row) for name, row in tomllib.loads(text).items()}


def listed() -> list[tuple[str, str, str]]:
    """Name, start and note of each publisher, by name: what `catalog sources google` shows."""
    return [(site.name, site.start, f"{site.title}: {site.note}") for _, site in sorted(built_in().items())]


def find(name: str) -> Site:
    """A publisher by its name. Raises `Usage` with the names that are near."""
    known = built_in()
    if name.lower() in known:
        return known[name.lower()]
    near = difflib.get_close_matches(name.lower(), known, 3)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    raise Usage(
        f"No publisher {name[:60]!r} is built in, and it is no web address.",
        f"{meant}See: catalog sources google",
    )
