"""Look-ups by text, each in alphabetical shards of JSON: names of datasets, spellings of terms, words misspelt."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import Any

from catalog.index.keys import SPELLING_PREFIX
from catalog.pages.browser.postings import between
from catalog.pages.browser.store import Store

ALIASES = 8_000
"""Characters of a shard of spellings of terms."""
NAMES = 16_000
"""The same of names."""
MISSPELT = 64_000
"""The same of the deletion neighbourhood."""

KINDS = ("whole", "name", "alias", "old-id", "location")
"""How a dataset comes to a name: its whole id, the end of its id, another name, an id it had, a place it is at."""


def sharded(store: Store, folder: str, items: Iterable[tuple[str, list[Any]]], size: int) -> list[str]:
    """Write (key, rest) pairs, sorted by key, as JSON lists; equal keys stay together.

    Returns for each shard what its keys do not stand before.
    """
    first: list[str] = []
    held: list[Any] = []
    length = 0
    last = ""
    for key, rest in items:
        if held and length > size and key != last:
            store.put_json(f"{folder}/{len(first) - 1}", held)
            held, length = [], 0
        if not held:
            first.append(between(last, key))
        held.append([key, *rest])
        length += len(key) + 6 + 7 * len(rest)
        last = key
    if held:
        store.put_json(f"{folder}/{len(first) - 1}", held)
    return first


def write_aliases(
    connection: sqlite3.Connection, store: Store, place: dict[str, int], size: int = ALIASES
) -> list[str]:
    """Write all spellings of terms: folded, then for each term the place of its facet, the term, its number."""
    rows = connection.execute(
        "SELECT a.norm, a.facet, t.term, t.id FROM term_alias a JOIN term t ON t.id = a.term_id "
        "ORDER BY a.norm, a.facet"
    )
    grouped = (
        (norm, [value for _norm, facet, term, number in each for value in (place[facet], term, number)])
        for norm, each in groupby(rows, key=lambda row: row[0])
    )
    return sharded(store, "a", grouped, size)


def write_names(connection: sqlite3.Connection, store: Store, docs: Sequence[int], size: int = NAMES) -> list[str]:
    """Write all names: folded name (an id without letters or digits as it is), then for each way to a dataset its
    document times 8 plus the place of the way in `KINDS`, followed by the id or location itself where that has an owner
    or a source."""
    rows = connection.execute(
        "SELECT norm, id, kind, alias FROM ("
        "SELECT iif(name_norm = '', native_id, name_norm) AS norm, id, "
        "iif(instr(native_id, '/'), 'name', 'whole') AS kind, '' AS alias, slot "
        "FROM dataset UNION ALL "
        "SELECT a.norm, d.id, a.kind, a.alias, d.slot FROM alias a JOIN dataset d ON d.id = a.dataset_id) "
        "WHERE norm <> '' ORDER BY norm, slot, kind, alias"
    )
    grouped = ((norm, _named(each, docs)) for norm, each in groupby(rows, key=lambda row: row[0]))
    return sharded(store, "n", grouped, size)


_KIND = {name: number for number, name in enumerate(KINDS)}


def _named(rows: Iterable[tuple[str, int, str, str]], docs: Sequence[int]) -> list[Any]:
    found: list[Any] = []
    for _norm, number, kind, alias in rows:
        mark = docs[number] * 8 + _KIND[kind]
        text = alias.casefold() if "/" in alias or ":" in alias else ""
        if text:
            found += [mark, text]
        elif mark not in found:
            found.append(mark)
    return found


def write_misspelt(store: Store, words: Iterable[tuple[str, int]], size: int = MISSPELT) -> None:
    """Write the deletion neighbourhood: each form of a word's beginning (itself, or less one letter), then where a
    letter was left out, what follows there, and how many datasets hold the word.

    The forms are gathered in a file of their own, as memory would not hold them. Few queries need any of it, so what
    the shards begin with stands in `w/first`.
    """
    with tempfile.NamedTemporaryFile(suffix=".db") as file, closing(sqlite3.connect(file.name)) as forms:
        forms.execute("PRAGMA journal_mode = off")
        forms.execute("PRAGMA synchronous = off")
        forms.execute("CREATE TABLE form (form TEXT, word TEXT, total INTEGER)")
        forms.executemany(
            "INSERT INTO form VALUES (?, ?, ?)",
            ((form, word, total) for word, total in words for form in forms_of(word)),
        )
        rows = forms.execute("SELECT form, word, total FROM form ORDER BY form, word")
        grouped = (
            (form, [value for _form, word, total in each for value in (word, total)])
            for form, each in groupby(rows, key=lambda row: row[0])
        )
        store.put_json("w/first", sharded(store, "w", grouped, size))


def forms_of(word: str) -> Iterator[str]:
    """The beginning of a word and each form of it that lacks one letter, each once (`index.keys.forms_of` in clear)."""
    head = word[:SPELLING_PREFIX]
    yield from dict.fromkeys([head, *(head[:i] + head[i + 1 :] for i in range(len(head)))])
