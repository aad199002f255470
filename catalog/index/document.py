"""What of an entry the index holds: one pure function, so that the same entry always gives the same document."""

from __future__ import annotations

from collections.abc import Callable

from catalog.index.keys import EVERY, bigrams, cjk_runs, last_segment, plain
from catalog.record import Entry

Document = tuple[str, str, str, str, str, str]
"""name, title, body, extra, facets, cjk: the columns of `search_index`."""

Tokens = Callable[[str, str], tuple[str, ...]]
"""(facet, term) -> the token of the term and of each of its ancestors."""

VERSION = "1"
"""Changes with anything below: an index of another version is rebuilt."""


def document(entry: Entry, tokens: Tokens) -> Document:
    """The document of an entry. `tokens` names its facet terms."""
    name = entry.id if entry.name in (entry.id, last_segment(entry.id)) else f"{entry.id} {entry.name}"
    title = f"{entry.title} {entry.title_zh}" if entry.title_zh else entry.title
    body = f"{entry.summary}\n{entry.description}" if entry.summary else entry.description
    extra = _extra(entry)
    text = "\n".join((name, title, body, extra))
    if not text.isascii() or "\x00" in text:
        name, title, body, extra = plain(name), plain(title), plain(body), plain(extra)
        cjk = " ".join(bigrams(run) for run in cjk_runs(f"{name}\n{title}\n{body}\n{extra}"))
    else:
        cjk = ""
    return name, title, body, extra, _facets(entry, tokens), cjk


def _extra(entry: Entry) -> str:
    words = [*entry.aliases, *entry.keywords, *entry.creators]
    if entry.columns:
        words.extend(dict.fromkeys(column.name for column in entry.columns))
    return "\n".join(words)


def _facets(entry: Entry, tokens: Tokens) -> str:
    found = [EVERY]
    for facet, term in facet_terms(entry):
        found.extend(tokens(facet, term))
    return " ".join(dict.fromkeys(found))


def facet_terms(entry: Entry) -> list[tuple[str, str]]:
    """Every (facet, term) that an entry is found by: its tags, its verdict, its source and its access."""
    terms = [(tag.facet, tag.term) for tag in entry.tags or ()]
    terms.append(("source", entry.source))
    terms.append(("access", entry.access))
    if entry.verdict is not None:
        terms.append(("commercial", entry.verdict.commercial))
        terms.append(("license", entry.verdict.cls))
        if entry.verdict.expression:
            terms.append(("license", entry.verdict.expression))
    return terms
