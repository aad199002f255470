"""What of an entry the index holds: one pure function, so that the same entry always gives the same document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from catalog.index.keys import EVERY, TAGS_END, apart, bigrams, cjk_runs, last_segment, plain
from catalog.record import Entry, Verdict

Document = tuple[str, str, str, str, str, str]
"""name, title, body, extra, facets, cjk: the columns of `search_index`."""

FACETS = 4
"""Where the facet tokens stand in a document."""

Texts = tuple[str, str, str, str, str]
"""name, title, body, extra, cjk: what an entry says in words."""

Tokens = Mapping[tuple[str, str], tuple[str, ...]]
"""(facet, term) -> the token of the term and of each of its ancestors."""

VERSION = "3"
"""Changes with anything below: an index of another version is rebuilt."""


def document(entry: Entry, tokens: Tokens) -> Document:
    """The document of an entry. `tokens` names its facet terms."""
    found = [tokens[pair] for pair in facet_terms(entry)]
    tags = len(entry.tags or ())
    return assembled(texts(entry), found[:tags], chain.from_iterable(found[tags:]))


def assembled(parts: Texts, own: Iterable[tuple[str, ...]], others: Iterable[str]) -> Document:
    """The document of these texts, of the tokens of each of its `own` tags, and of what else it is found by.

    The facets are written as the token that all hold, the tags in order, `TAGS_END` and the rest.
    """
    found, above = [EVERY], [TAGS_END]
    for each in own:
        found.append(each[0])
        if len(each) > 1:
            above += each[1:]
    found += above
    found += others
    name, title, body, extra, cjk = parts
    return name, title, body, extra, " ".join(dict.fromkeys(found)), cjk


def texts(entry: Entry) -> Texts:
    """What of an entry is indexed as text."""
    name = entry.id if entry.name in (entry.id, last_segment(entry.id)) else f"{entry.id} {entry.name}"
    title = f"{entry.title} {entry.title_zh}" if entry.title_zh else entry.title
    body = f"{entry.summary}\n{entry.description}" if entry.summary else entry.description
    extra = _extra(entry)
    parts = (name, title, body, extra)
    if all(map(str.isascii, parts)) and not any(map(_holds_nul, parts)):
        return name, title, body, extra, ""
    name, title, body, extra = plain(name), plain(title), plain(body), plain(extra)
    cjk = " ".join(bigrams(run) for run in cjk_runs(f"{name}\n{title}\n{body}\n{extra}"))
    if not cjk:
        return name, title, body, extra, cjk
    return apart(name), apart(title), apart(body), apart(extra), cjk


def _holds_nul(text: str) -> bool:
    return "\x00" in text


def _extra(entry: Entry) -> str:
    words = [*entry.aliases, *entry.keywords, *entry.creators]
    if entry.columns:
        words.extend(dict.fromkeys(column.name for column in entry.columns))
    return "\n".join(words)


def facet_terms(entry: Entry) -> list[tuple[str, str]]:
    """Every (facet, term) that an entry is found by, its tags first."""
    verdict = entry.verdict or Verdict()
    others = other_terms(entry.source, entry.access, verdict.commercial, verdict.cls, verdict.expression)
    return [*((tag.facet, tag.term) for tag in entry.tags or ()), *others]


def other_terms(
    source: str, access: str, commercial: str, license_class: str, expression: str
) -> tuple[tuple[str, str], ...]:
    """The (facet, term) pairs that an entry is found by besides its tags."""
    terms = (("source", source), ("access", access), ("commercial", commercial), ("license", license_class))
    return (*terms, ("license", expression)) if expression else terms
