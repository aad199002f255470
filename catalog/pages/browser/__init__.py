"""The search data for the browser: everything that the client engine needs to answer as the command line does.

`write` streams it from a registry: postings out of its full-text index, cards, facet columns, names, spellings. The
files are small and whole, so any static host serves them; a query loads a handful.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from catalog.index.keys import ID_BITS, ID_MASK
from catalog.pages.browser import cards, entries, facets, firsts, names
from catalog.pages.browser.entries import Row
from catalog.pages.browser.language import language
from catalog.pages.browser.numbers import varints
from catalog.pages.browser.postings import SIZES, Sizes, Term, write_postings
from catalog.pages.browser.store import Store

__all__ = ["Row", "Sizes", "Written", "write"]

VERSION = 3
"""Of the files: an engine of another version does not read them."""


class Written(NamedTuple):
    """What was written: files and bytes on disk, dataset ids in document order, the manifest, a name of the content."""

    files: int
    bytes: int
    order: array[int]
    manifest: dict[str, Any]
    digest: str
    by_kind: dict[str, int]


def write(
    connection: sqlite3.Connection,
    root: Path,
    *,
    offline: bool = False,
    max_files: int = 20_000,
    href: Callable[[Row], str] = lambda _row: "",
    progress: Callable[[str, int, int], None] = lambda _step, _done, _total: None,
    sizes: Sizes = SIZES,
) -> Written:
    """Write the search data of an open registry below `root`, and return the manifest for the caller to complete.

    `href` gives the address of an entry's page relative to the root of the site, "" for the page that the browser
    makes. `max_files` bounds the files (a script beside each file counts as one more with `offline`).
    """
    store = Store(root, offline=offline)
    order, docs, levels = _order(connection)
    total = len(order)
    terms = facets.Terms(connection)
    progress("facets", 0, total)
    clusters = entries.clusters_of(connection, docs)
    hidden = {doc for cluster in clusters for doc in cluster.members[1:]}
    facets.write_columns(connection, store, docs, total, terms, hidden)
    manifest: dict[str, Any] = {"version": VERSION, "entries": total, "head": sizes.head, "growth": sizes.growth}
    manifest["shown"] = total - len(hidden)
    manifest["order"] = terms.facets
    manifest["given"] = facets.GIVEN
    length = _mean_length(connection)
    manifest |= {"levels": levels, "length": length, "facets": facets.described(store, terms)}
    most = max_files // (2 if offline else 1)
    factor = times_as_large(total, length, most)
    apart = total > sizes.wide * chunks_about(total, length, most, factor)
    progress("names", 0, total)
    manifest["aliases"] = names.write_aliases(connection, store, terms.place)
    manifest["names"] = names.write_names(connection, store, docs, names.NAMES * factor)
    progress("words", 0, total)
    words = _Words(connection)
    beside = firsts.Firsts(total, length, levels, sizes) if apart else None

    def seen(term: Term, shard: int) -> None:
        words.note(term)
        if beside is not None:
            beside.note(term, shard)

    manifest["terms"] = write_postings(connection, store, docs, sizes.times(factor), seen).first
    shards = len(manifest["terms"])
    names.write_misspelt(store, words.found.items(), names.MISSPELT * factor)
    manifest["language"] = language(store)
    left = (
        most - store.files // (2 if offline else 1) - _COLUMNS * (total // entries.BLOCK + 1) - 2
    )  # the clusters, a chunk not full
    if beside is not None:
        manifest["firsts"] = beside.choose(shards)
        left -= firsts.files(shards)
    manifest["cards"] = cards.chunk_steps(total, max(left, 2), sizes.near)
    _write_entries(connection, store, order, clusters, terms, manifest, beside, href, progress)
    if beside is not None:
        beside.write(store)
    manifest["generated"] = None
    return Written(store.files, store.bytes, order, manifest, store.digest, store.by_kind)


_COLUMNS = len(entries.AMOUNTS) + len(entries.DATES) + 1
_TOKENS = 5_000
"""Tokens of the index for each file of lists and look-ups, about."""
_CARD = 110
_LOOK_UP = 36_000
"""Bytes of a card, and of the files that the look-up of two words loads where they are not larger than usual."""
_LARGEST = 64


def times_as_large(total: int, length: float, max_files: int) -> int:
    """How many times as large as usual the files of lists and look-ups have to be; cards get what files are left.

    Shared out so that a query loads least: the look-ups of its words, and ten cards that lie far apart.
    """

    def cost(factor: int) -> float:
        chunks = chunks_about(total, length, max_files, factor)
        return _LOOK_UP * factor + 10 * _CARD * max(total / chunks, cards.LARGE) if chunks > 0 else math.inf

    return min(range(1, _LARGEST + 1), key=cost)


def chunks_about(total: int, length: float, max_files: int, factor: int) -> int:
    """How many files about are left for cards, where those of lists and look-ups are so many times as large."""
    return max_files - (int(total * length / _TOKENS) + 20) // factor


def _order(connection: sqlite3.Connection) -> tuple[array[int], array[int], list[list[int]]]:
    """Dataset ids in document order, the document of each id, and [popularity step, its first document] pairs."""
    order, levels = array("I"), list[list[int]]()
    for doc, (slot,) in enumerate(connection.execute("SELECT slot FROM dataset ORDER BY slot")):
        order.append(slot & ID_MASK)
        if not levels or levels[-1][0] != slot >> ID_BITS:
            levels.append([slot >> ID_BITS, doc])
    docs = array("I", bytes(4 * (max(order, default=0) + 1)))
    for doc, number in enumerate(order):
        docs[number] = doc
    return order, docs, levels


def _mean_length(connection: sqlite3.Connection) -> float:
    """Tokens of a document of the full-text index, on average, as bm25 divides by it."""
    packed = connection.execute("SELECT block FROM search_index_data WHERE id = 1").fetchone()[0]
    numbers, value = list[int](), 0
    for byte in packed:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return sum(numbers[1:]) / numbers[0] if numbers and numbers[0] else 1.0


class _Words:
    """The words of names and titles that a misspelling may mean, with how many datasets hold each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._known = {word for (word,) in connection.execute("SELECT word FROM word")}
        self.found: dict[str, int] = {}

    def note(self, term: Term) -> None:
        """Take in a term of the index."""
        if term.name in self._known:
            self.found[term.name] = len(term.docs)


def _write_entries(
    connection: sqlite3.Connection,
    store: Store,
    order: array[int],
    clusters: list[entries.Cluster],
    terms: facets.Terms,
    manifest: dict[str, Any],
    beside: firsts.Firsts | None,
    href: Callable[[Row], str],
    progress: Callable[[str, int, int], None],
) -> None:
    """Write cards, clusters and columns in one walk over the entries."""
    total = len(order)
    cluster_of = {doc: cluster for cluster in clusters for doc in cluster.members}
    written = cards.Cards(store, terms, manifest["cards"])
    columns = entries.Columns(total)
    folded = []
    for doc, row in enumerate(entries.rows_of(connection, order)):
        address = href(Row(doc, row["id"], row["key"], row["source"], row["native_id"]))
        card = written.add(row, cluster_of.get(doc), address)
        if beside is not None:
            beside.keep(doc, card)
        columns.add(doc, row)
        folded.append(row["name_norm"])
        if doc % 1000 == 0:
            progress("cards", doc, total)
    written.flush()
    manifest["units"] = columns.write(store)
    places = entries.name_order(folded)
    for block in range(0, total, entries.BLOCK):
        store.put(f"v/name/{block // entries.BLOCK}", varints(places[block : block + entries.BLOCK]))
    manifest["clusters"] = len(clusters)
    if clusters:
        store.put_json("clusters", [[list(cluster.members), cluster.commercial] for cluster in clusters])
