"""Cards: what a result shows of an entry, in chunks of neighbours.

A chunk is JSON by column, the column of a field that no entry of it has is 0: what is alike stands together, which
deflates best. Terms are told by their place among the terms of their facet that the manifest names, others by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.index.keys import TAGS_END
from catalog.pages.addresses import told_href
from catalog.pages.browser.entries import FIELDS, Cluster
from catalog.pages.browser.facets import SHOWN, Terms
from catalog.pages.browser.postings import FIRST_CARDS
from catalog.pages.browser.store import Store
from catalog.text import fit

SUMMARY = 120
"""Columns of text, as a terminal counts them, that a card keeps of a summary."""
SMALL = 32
LARGE = 48
"""Cards of a small chunk, and at least of a large one."""

_DAY = 10  # characters of a date without its time
Tag = int | str
"""The place of a term plus one, or its name."""
Card = tuple[list[Any], list[Any]]
"""The tags by facet, and the other columns."""


class Cards:
    """Writes cards in chunks that are small where most hits are."""

    def __init__(self, store: Store, terms: Terms, steps: list[tuple[int, int]]) -> None:
        self._store = store
        self._tags = {token: (facet, _tag(terms, token, name)) for token, (facet, name) in terms.names.items()}
        self._facets = len(terms.facets)
        self.steps = steps
        self._number, self._held = 0, list[Card]()
        self._doc, self._left = 0, self.steps[0][1]

    def add(self, row: Mapping[str, Any], cluster: Cluster | None, href: str) -> Card:
        """Take the card of the next document."""
        card = self._tags_of(row["terms"]), card_of(row, cluster, href)
        self._held.append(card)
        self._doc += 1
        self._left -= 1
        if not self._left:
            self.flush()
        return card

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self._store.put_json(f"c/{self._number}", as_columns(self._held))
            self._number += 1
            self._held = []
        self._left = next(size for end, size in reversed(self.steps) if self._doc >= end)

    def _tags_of(self, terms: str) -> list[Any]:
        """The tags of a dataset by facet: nothing, a tag, or several."""
        found: list[Any] = [0] * self._facets
        for token in terms.partition(TAGS_END)[0].split():
            facet, tag = self._tags[token]
            before = found[facet]
            found[facet] = [*before, tag] if isinstance(before, list) else [before, tag] if before else tag
        return found


def _tag(terms: Terms, token: str, name: str) -> Tag:
    place = terms.ordered_place.get(int(token, 16), SHOWN)
    return place + 1 if place < SHOWN else name


def as_columns(cards: Sequence[Card]) -> list[Any]:
    """Cards by column, the tags of all facets as the first; 0 stands for a column that holds nothing."""
    tags = [list(column) if any(column) else 0 for column in zip(*(card[0] for card in cards), strict=True)]
    columns = zip(*(card[1] for card in cards), strict=True)
    return [tags, *(list(each) if any(one not in ("", None) for one in each) else 0 for each in columns)]


def chunk_steps(total: int, most: int, near: int = FIRST_CARDS) -> list[tuple[int, int]]:
    """How cards are cut: (document from which on, cards of a chunk); at most about `most` chunks.

    `near` is a multiple of the size of a small chunk, so that a large one begins where a small one ends.
    """
    first, small = min(total, near), SMALL
    while first > small * max(most, 2) / 2:
        small *= 2
    left = max(most - first // small, 1)
    large = max(LARGE, -(-(total - first) // left))
    return [(0, small), (first, large)] if total > first else [(0, small)]


def card_of(row: Mapping[str, Any], cluster: Cluster | None, href: str) -> list[Any]:
    """A card: the fields of a hit, its cluster, the address of its page, and since when it is missing."""
    summary = row["summary"] or row["description"].partition("\n\n")[0]
    card = [row[name] for name in FIELDS]
    card[3] = fit(" ".join(summary.split()), SUMMARY)
    card[9] = card[9][:_DAY]
    return [*card, [list(cluster.members), cluster.commercial] if cluster else None, told_href(row["key"], href),
            row["missing_since"]]  # fmt: skip
