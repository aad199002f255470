"""The cards of the first page of a word, beside each other, where they lie far apart among the documents.

In a large registry a chunk holds more cards than a page shows, so a word whose best matches are spread over all
documents loads a chunk for each. Of words that many datasets hold, the cards of the first page that are in large chunks
stand a second time, those of the words of some shards in a file: `b/<file>` holds the documents, then their columns as
a chunk does. They are copies and no more: which documents are shown is for the lists alone to say.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from heapq import nsmallest

import msgspec

from catalog.index.keys import TERM_MARK
from catalog.pages.browser.cards import Card, as_columns
from catalog.pages.browser.postings import COLUMNS, Sizes, Term, counts_of
from catalog.pages.browser.store import Store
from catalog.search.rank import POPULARITY, TIER, WEIGHTS, scorer

PAGE = 10
"""Hits of a page."""
SHARDS = 2
"""Shards whose words share a file."""
_MOST = 0.4
"""Cards that are written a second time, for each entry."""


class Firsts:
    """Finds the first pages of words, takes the cards of their entries, writes them."""

    def __init__(self, total: int, tokens: float, levels: Sequence[Sequence[int]], sizes: Sizes) -> None:
        """`tokens` is the length of a document on average, `levels` are [popularity step, its first document] pairs."""
        self._total, self._tokens, self._sizes = total, tokens, sizes
        ends = [*(first for _level, first in levels[1:]), total]
        self._popular = array("f")
        for (level, first), end in zip(levels, ends, strict=True):
            self._popular.extend(array("f", [POPULARITY * level]) * (end - first))
        self._weights = _Weights()
        self._held, self._shards, self._ends = array("I"), array("I"), array("I")
        self._docs = array("I")

    def note(self, term: Term, shard: int) -> None:
        """Take in a term of the index, with the shard that holds it."""
        held, far = len(term.docs), self._sizes.near
        docs = term.docs[:TIER]
        if held < self._sizes.least or docs[-1] < far or term.name.startswith(TERM_MARK):
            return
        score, weights, popular = scorer(held, self._total, self._tokens * self._total), self._weights, self._popular
        known = {counts: score(weights[counts]) for counts in set(term.counts[:TIER])}
        scores = [popular[doc] + known[counts] for doc, counts in zip(docs, term.counts, strict=False)]
        best = sorted(doc for _score, doc in nsmallest(PAGE, zip(scores, docs, strict=True)) if doc >= far)
        if len(best) >= self._sizes.few:
            self._docs.extend(best)
            self._held.append(held)
            self._shards.append(shard)
            self._ends.append(len(self._docs))

    def choose(self, shards: int) -> dict[str, int]:
        """Settle whose cards are written, those of the words that most datasets hold; what a manifest says of it.

        `shards` is how many there are; they take `files` of these.
        """
        cards = Counter[int]()
        for held, start, end in zip(self._held, [0, *self._ends], self._ends, strict=False):
            cards[held] += end - start
        room, least = int(self._total * _MOST), self._total
        for held in sorted(cards, reverse=True):
            room -= cards[held]
            if room < 0:
                break
            least = held
        self._files = [array("I") for _ in range(files(shards))]
        self._places = array("Q", bytes(8 * self._total))
        for held, shard, start, end in zip(self._held, self._shards, [0, *self._ends], self._ends, strict=False):
            if held >= least:
                self._files[shard // SHARDS].extend(self._docs[start:end])
        for docs in self._files:
            for doc in docs:
                self._places[doc] = 1
        self._popular = array("f")  # no longer needed
        self._docs = array("I")
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - it lives until `write`
        self._kept.write(b"\n\n")
        return {"least": least, "few": self._sizes.few, "shards": SHARDS}

    def keep(self, doc: int, card: Card) -> None:
        """Take the card of a document."""
        if self._places[doc]:
            self._places[doc] = self._kept.tell()
            self._kept.write(msgspec.json.encode(card) + b"\n")

    def write(self, store: Store) -> None:
        """Write all files."""
        with self._kept as kept:
            for number, found in enumerate(self._files):
                docs, cards = sorted(set(found)), list[Card]()
                for doc in docs:
                    kept.seek(self._places[doc])
                    cards.append(msgspec.json.decode(kept.readline(), type=Card))
                store.put_json(f"b/{number}", [docs, *(as_columns(cards) if cards else [])])


def files(shards: int) -> int:
    """How many files the first pages take."""
    return -(-shards // SHARDS)


class _Weights(dict[int, float]):
    """The weighted sum of the columns that hold a term, by its counts."""

    def __missing__(self, packed: int) -> float:
        counts = zip(COLUMNS, counts_of(packed), strict=True)
        self[packed] = found = sum((WEIGHTS[name] * count for name, count in counts), 0.0)
        return found
