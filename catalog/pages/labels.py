"""Labels of facets and terms in English and Chinese, as the registry holds them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from catalog import vocabulary

HEADINGS = {
    "source": ("Source", "来源"),
    "library": ("Library", "库"),
    "license": ("License", "许可"),
    "commercial": ("Commercial use", "商业使用"),
}
"""Facets that the vocabulary has no word for, or another word."""


class Label(NamedTuple):
    """What a term is called."""

    en: str
    zh: str


class Labels:
    """A look-up from (facet, term) to its labels; a term without any is called by its own name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT facet, term, label, label_zh FROM term")
        self._terms = {(facet, term): Label(label or term, zh) for facet, term, label, zh in rows}
        self._terms |= {("source", name): Label(title, "") for name, title in _sources(connection).items()}

    def of(self, facet: str, term: str) -> Label:
        """The labels of a term."""
        return self._terms.get((facet, term)) or Label(term, "")

    @staticmethod
    def facet(facet: str) -> Label:
        """The labels of a facet."""
        known = vocabulary.load()
        if facet in HEADINGS:
            return Label(*HEADINGS[facet])
        if facet in known.facets:
            heading = known.heading(facet)
            return Label(heading.label, heading.label_zh)
        return Label(facet.capitalize(), "")


def _sources(connection: sqlite3.Connection) -> dict[str, str]:
    """The titles of the sources of a registry: what their connectors call them, where these are installed."""
    from catalog import plugins
    from catalog.errors import CatalogError

    titles = {"catalog": "Embedded catalog"}
    installed = {source.name for source in plugins.sources()}
    for (name,) in connection.execute("SELECT term FROM term WHERE facet = 'source'"):
        if name in installed:
            try:
                titles[name] = plugins.about_of(plugins.load(name)).title or name
            except CatalogError:
                continue
    return titles
