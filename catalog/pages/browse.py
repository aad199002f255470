"""Lists to browse: a page a term with its most popular datasets and what they are made of, readable without scripts.

Totals and counts come from the search itself, so they are those of the command line and of the search page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from catalog import vocabulary
from catalog.pages import figures
from catalog.pages.addresses import in_url, search_href
from catalog.pages.labels import Label, Labels
from catalog.search.hits import FacetCount, Hit
from catalog.search.query import Query
from catalog.search.run import run
from catalog.text import for_html as esc
from catalog.text import nearest_path

FACETS = ("domain", "task", "license", "language", "source", "genre")
"""The facets that have pages, in the order shown."""

LISTED = 100
"""Datasets of a list; the search page has the rest."""
MOST_TERMS = 200
"""Terms of a facet that have a page: of languages there are thousands."""
_CHARTS = ("commercial", "domain", "task", "language", "size")
_BARS = 8
_STAGES = "llm-stage"


class Page(NamedTuple):
    """A page of a list: its address from the root, title, description and content."""

    path: str
    title: str
    description: str
    content: str


class Listed(NamedTuple):
    """A term with its page and how many datasets it has."""

    facet: str
    term: str
    label: Label
    total: int
    path: str


Href = Callable[[str], str]


class Browser:
    """The lists of a registry. `href` is the address of the page of an entry, by key."""

    def __init__(self, connection: sqlite3.Connection, labels: Labels, href: Href, *, offline: bool) -> None:
        self._connection = connection
        self._index = "index.html" if offline else ""
        self._labels = labels
        self._href = href
        counted = run(connection, Query(limit=0), facets=FACETS).facets or {}
        self.total = run(connection, Query(limit=0)).total
        self.terms = {facet: list(self._listed(facet, counted.get(facet, ()))) for facet in FACETS}
        self._paths = {(each.facet, each.term): each.path for each in self._all()}
        self._hrefs: dict[tuple[str, str], str] = {}

    def term_href(self, facet: str, term: str) -> str:
        """The page of a term, or the search for it where it has none."""
        href = self._hrefs.get((facet, term))
        if href is None:
            path = self._paths.get((facet, term))
            href = self.at(path) if path else search_href([(facet, term)], self._index)
            self._hrefs[facet, term] = href
        return href

    def at(self, path: str) -> str:
        """A page of lists as an address from the root."""
        return f"{in_url(path)}{self._index}"

    def pages(self) -> Iterator[Page]:
        """All pages of lists."""
        yield self._overview()
        for facet in FACETS:
            if self.terms[facet]:
                yield self._facet_page(facet)
        for each in self._all():
            yield self._term_page(each)

    def count(self) -> int:
        """How many pages there are."""
        return 1 + sum(1 + len(terms) for terms in self.terms.values() if terms)

    def _all(self) -> Iterator[Listed]:
        for facet in FACETS:
            yield from self.terms[facet]

    def _listed(self, facet: str, counts: Iterable[FacetCount]) -> Iterator[Listed]:
        """The terms of a facet that have a page, those that most datasets have first; no two paths the same."""
        taken: set[str] = set()
        known = [each for each in counts if facet != "license" or vocabulary.load().has("license", each.term)]
        for each in known[:MOST_TERMS]:
            path = f"browse/{facet}/{nearest_path(each.term)}/"
            if path.casefold() not in taken:
                taken.add(path.casefold())
                yield Listed(facet, each.term, self._labels.of(facet, each.term), each.count, path)

    def _overview(self) -> Page:
        parts = [f"<h1>Browse {self.total:,} datasets</h1>"]
        for facet in FACETS:
            if self.terms[facet]:
                name = esc(self._labels.facet(facet).en)
                parts.append(
                    f'<h2><a href="../{self.at(f"browse/{facet}/")}">{name}</a></h2>{self._blocks(facet, "../", 24)}'
                )
        description = f"Lists of {self.total:,} datasets by domain, task and training stage, license, language, source."
        return Page("browse/", "Browse datasets", description, "".join(parts))

    def _facet_page(self, facet: str) -> Page:
        name = self._labels.facet(facet)
        title = f"Datasets by {name.en.lower()}"
        trail = _trail([("Browse", f"../../{self.at('browse/')}")])
        content = f"{trail}<h1>{esc(title)}</h1>{self._blocks(facet, '../../', None)}"
        return Page(f"browse/{facet}/", title, f"All of {self.total:,} datasets by {name.en.lower()}.", content)

    def _blocks(self, facet: str, root: str, limit: int | None) -> str:
        """The terms with their counts; the stages of training stand before the other tasks."""
        terms = self.terms[facet]
        if facet != "task":
            return self._bars(terms[:limit], root)
        stages = {each.id for each in vocabulary.load().terms("task") if each.group == _STAGES}
        first = [each for each in terms if each.term in stages]
        rest = [each for each in terms if each.term not in stages]
        return (
            f"<h3>Stage of training</h3>{self._bars(first, root)}<h3>Kind of task</h3>{self._bars(rest[:limit], root)}"
        )

    def _bars(self, terms: Sequence[Listed], root: str) -> str:
        most = max((each.total for each in terms), default=0)
        return _chart(((each.label, each.total, f"{root}{self.at(each.path)}") for each in terms), most)

    def _term_page(self, each: Listed) -> Page:
        root = "../../../"
        query = Query(filters={each.facet: (each.term,)}, sort="popularity", limit=LISTED)
        result = run(self._connection, query, facets=_CHARTS, top=_BARS)
        facet = self._labels.facet(each.facet).en
        search = f"{root}{esc(search_href([(each.facet, each.term)], self._index))}"
        chinese = f' <span lang="zh">{esc(each.label.zh)}</span>' if each.label.zh else ""
        charts = "".join(self._chart_of(name, result.facets or {}, each, root) for name in _CHARTS)
        trail = [("Browse", f"{root}{self.at('browse/')}"), (facet, f"{root}{self.at(f'browse/{each.facet}/')}")]
        more = "" if result.total <= LISTED else f'<p><a href="{search}">All {result.total:,} in the search</a></p>'
        content = (
            f"{_trail(trail)}"
            f"<h1>{esc(each.label.en)}{chinese}</h1>{self._about(each)}"
            f'<p><b>{result.total:,} datasets.</b> <a href="{search}">Search and filter them</a></p>'
            f'<div class="c-charts">{charts}</div><h2>The most used</h2>'
            f'<ol class="c-list">{"".join(self._row(hit, root) for hit in result.hits)}</ol>{more}'
        )
        description = f"{result.total:,} datasets: {facet.lower()} {each.label.en}. {self._told(each)}".strip()
        return Page(each.path, f"{each.label.en} datasets", description, content)

    @staticmethod
    def _told(each: Listed) -> str:
        known = vocabulary.load()
        return known.term(each.facet, each.term).description if known.has(each.facet, each.term) else ""

    def _about(self, each: Listed) -> str:
        told = self._told(each)
        return f"<p>{esc(told)}</p>" if told else ""

    def _chart_of(self, name: str, facets: Mapping[str, Sequence[FacetCount]], each: Listed, root: str) -> str:
        counts = facets.get(name, ())
        if not counts or name == each.facet:  # two terms of one facet are either in the search, so there is no link
            return ""
        most = max(one.count for one in counts)
        both = [[(each.facet, each.term), (name, one.term)] for one in counts]
        addresses = (f"{root}{search_href(pairs, self._index)}" for pairs in both)
        rows = ((Label(one.label, one.label_zh), one.count, at) for one, at in zip(counts, addresses, strict=True))
        return f"<section><h2>{esc(self._labels.facet(name).en)}</h2>{_chart(rows, most)}</section>"

    def _row(self, hit: Hit, root: str) -> str:
        return listed_row(hit, f"{root}{self._href(hit.key)}")


def listed_row(hit: Hit, href: str) -> str:
    """An entry in a list: name, what it is, verdict and size."""
    facts = [f'<span class="c-badge c-{hit.commercial}">{_VERDICTS[hit.commercial]}</span>']
    facts += [f"{figures.count(hit.rows)} rows"] if hit.rows is not None else []
    facts += [figures.size(hit.bytes)] if hit.bytes is not None else []
    facts += [f"{figures.count(hit.downloads)} downloads"] if hit.downloads is not None else []
    summary = f"<p>{esc(hit.summary[:200])}</p>" if hit.summary else ""
    return (
        f'<li><a href="{esc(href)}">{esc(hit.title or hit.name)}</a> <code>{esc(hit.key)}</code>{summary}'
        f"<small>{' · '.join(facts)}</small></li>"
    )


_VERDICTS = {
    "yes": "commercial use: yes", "no": "commercial use: no", "conditions": "commercial use: conditions",
    "unknown": "license unknown",
}  # fmt: skip


def _chart(rows: Iterable[tuple[Label, int, str]], most: int) -> str:
    """Counts as a list with bars: (label, count, address) each."""
    items = "".join(
        f'<li><a href="{esc(href)}"{titled(label)}>{esc(label.en)}</a>{figures.bar(count, most)}'
        f"<span>{count:,}</span></li>"
        for label, count, href in rows
    )
    return f'<ul class="c-bars">{items}</ul>'


def titled(label: Label) -> str:
    """The attribute that holds a Chinese label, for who reads it."""
    return f' title="{esc(label.zh)}"' if label.zh else ""


def _trail(steps: Sequence[tuple[str, str]]) -> str:
    links = " / ".join(f'<a href="{esc(href)}">{esc(name)}</a>' for name, href in steps)
    return f'<nav class="c-trail" aria-label="Where you are">{links}</nav>'
