"""`detail`: everything of an entry as plain JSON. The static page, the one that the browser draws, and the comparison
show this same mapping.

What is unknown or empty is left out. Labels come as `label` (English) and `zh`. Addresses are http(s) or left out;
`href` is the address of a page of this site, from its root, in short (`addresses.told_href`) and left out for one that
the browser draws; `similar` are documents of the search data, whose cards tell the rest. All texts are as their source
wrote them: escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from catalog.export.bibtex import bibtex
from catalog.pages.addresses import client_href, told_href
from catalog.pages.labels import Labels
from catalog.pages.reading import Beside
from catalog.record import Amount, Column, Distribution, Entry, LicenseClaim, Relation, Tag
from catalog.text import for_url

MAX_DESCRIPTION = 5_000  # characters
MAX_COLUMNS = 60
MAX_LIST = 40
"""Of locations, claims, ties and addresses of evidence."""


class Similar(NamedTuple):
    """Another entry, its document in the search data, and why it is taken for similar."""

    doc: int
    key: str
    title: str
    because: str


_KNOWN = 65_536
"""Addresses, and tags, that are kept: what is similar to many is asked for again and again."""


class View:
    """What `detail` needs of the site: `labels`; `page`, the address of an entry's page in short; `href`, the address
    of any page by key, None where the registry has no such entry; and `tag`, what is shown of a tag."""

    def __init__(self, labels: Labels, pages: Mapping[str, str], has: Callable[[str], bool]) -> None:
        self.labels = labels
        self.page = lru_cache(_KNOWN)(lambda key: told_href(key, pages.get(key, "")))
        self.href = lru_cache(_KNOWN)(lambda key: pages.get(key) or (client_href(key) if has(key) else None))
        self.tag = lru_cache(_KNOWN)(lambda tag: _tag(tag, labels))

    def other(self, key: str, title: str, because: str) -> dict[str, Any]:
        """What is shown of another entry."""
        made: dict[str, Any] = {"key": key, "title": title, "because": because}
        if page := self.page(key):
            made["href"] = page
        return made


def detail(entry: Entry, beside: Beside, similar: Sequence[Similar], view: View) -> dict[str, Any]:
    """Everything of an entry as plain JSON."""
    labels = view.labels
    text = entry.description
    made = {
        "key": entry.key,
        "name": entry.name,
        "title": entry.title or entry.name,
        "titleZh": entry.title_zh,
        "summary": entry.summary,
        "description": text if len(text) <= MAX_DESCRIPTION else f"{text[:MAX_DESCRIPTION].rstrip()} …",
        "url": for_url(entry.url),
        "source": entry.source,
        "sourceLabel": labels.of("source", entry.source).en,
        "creators": list(entry.creators[:MAX_LIST]),
        "publisher": entry.publisher,
        "created": entry.created,
        "modified": entry.modified,
        "year": entry.year,
        "firstSeen": beside.first_seen[:10],
        "missingSince": beside.missing_since[:10],
        "revision": entry.revision,
        "access": "" if entry.access == "unknown" else entry.access,
        "accessLabel": "" if entry.access == "unknown" else labels.of("access", entry.access).en,
        "accessNote": entry.access_note,
        "downloads": entry.downloads,
        "likes": entry.likes,
        "votes": entry.votes,
        "rows": _amount(entry.rows),
        "bytes": _amount(entry.bytes),
        "tokens": _amount(entry.tokens),
        "doi": entry.doi,
        "arxiv": entry.arxiv,
        "paper": for_url(entry.paper),
        "aliases": list(entry.aliases[:MAX_LIST]),
        "tags": list(map(view.tag, entry.tags or ())),
        "license": _license(entry, labels),
        "columns": [_column(column) for column in entry.columns[:MAX_COLUMNS]],
        "moreColumns": max(0, len(entry.columns) - MAX_COLUMNS) or None,
        "locations": [_location(place) for place in entry.distributions[:MAX_LIST]],
        "relations": [_relation(tie, view) for tie in entry.relations[:MAX_LIST] if tie.kind != "same-as"],
        "mirrors": [_less(view.other(each.key, each.title, each.because)) for each in beside.mirrors],
        "changes": [_less(each._asdict()) for each in beside.changes],
        "similar": [each.doc for each in similar],
        "evidence": [url for each in entry.evidence[:MAX_LIST] if (url := for_url(each))],
        "notes": entry.notes,
        "citation": bibtex(entry),
    }
    return _less(made)


def _less(made: dict[str, Any]) -> dict[str, Any]:
    """A mapping without what is unknown or empty; 0 stays."""
    return {name: value for name, value in made.items() if value or value == 0}


def _amount(amount: Amount | None) -> dict[str, Any] | None:
    if amount is None:
        return None
    made: dict[str, Any] = {"value": amount.value, "by": amount.source}
    if amount.lower_bound:
        made["atLeast"] = True
    return made


def _tag(tag: Tag, labels: Labels) -> dict[str, Any]:
    label = labels.of(tag.facet, tag.term)
    made = {"facet": tag.facet, "term": tag.term, "label": label.en, "rule": tag.rule, "sure": round(tag.confidence, 2)}
    if label.zh:
        made["zh"] = label.zh
    if tag.evidence:
        made["evidence"] = tag.evidence
    return made


def _license(entry: Entry, labels: Labels) -> dict[str, Any]:
    verdict = entry.verdict
    if verdict is None:
        return {}
    label, cls = labels.of("commercial", verdict.commercial), labels.of("license", verdict.cls)
    return _less(
        {
            "commercial": verdict.commercial, "label": label.en, "zh": label.zh, "expression": verdict.expression,
            "class": verdict.cls, "classLabel": cls.en, "classZh": cls.zh, "reason": verdict.reason,
            "conflicts": list(verdict.conflicts), "claims": [_claim(claim) for claim in entry.licenses[:MAX_LIST]],
        }
    )  # fmt: skip


def _claim(claim: LicenseClaim) -> dict[str, Any]:
    url = for_url(claim.evidence)
    return _less(
        {
            "raw": claim.raw, "by": claim.by, "scope": claim.scope, "note": claim.note, "date": claim.date,
            "url": url, "quote": "" if url else claim.evidence,
        }
    )  # fmt: skip


def _column(column: Column) -> dict[str, Any]:
    return _less({"name": column.name, "type": column.type, "config": column.config, "role": column.role})


def _location(place: Distribution) -> dict[str, Any]:
    return _less(
        {
            "at": place.url, "url": for_url(place.url), "kind": place.kind, "path": place.path, "format": place.format,
            "bytes": place.bytes, "digest": place.digest, "verified": place.verified, "note": place.note,
        }
    )  # fmt: skip


def _relation(tie: Relation, view: View) -> dict[str, Any]:
    href = view.href(tie.target)
    return _less({"kind": tie.kind, "target": tie.target, "url": for_url(tie.target), "href": href, "note": tie.note})
