"""The facet terms of a registry: the vocabulary written into its tables, and terms that only sources use."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from catalog.index.document import other_terms
from catalog.index.keys import name_norm, token_of
from catalog.vocabulary import Term, Vocabulary

VOCABULARY_MARK = "vocabulary"
FREE_PARENTS = {"language"}
"""Facets whose free terms have the part before the first hyphen as parent (zh-CN is zh)."""


Pair = tuple[str, str]
"""A facet and a term of it."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Made(dict[Key, Value]):
    """A dictionary that makes what it is asked for and does not hold: millions of look-ups find it there."""

    def __init__(self, make: Callable[[Key], Value], known: Iterable[tuple[Key, Value]] = ()) -> None:
        super().__init__(known)
        self._make = make

    def __missing__(self, key: Key) -> Value:
        made = self[key] = self._make(key)
        return made


class Terms:
    """Numbers terms and rules, adding those not met before, inside the caller's transaction.

    `ids` maps (facet, term) to its number, `rules` the name of a rule to its number, `tokens` (facet, term) to the
    index tokens of the term and of all its ancestors, and `others` what `document.other_terms` takes to the tokens of
    these terms.
    """

    def __init__(self, connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
        self._connection = connection
        self._vocabulary = vocabulary
        self.reload()

    def reload(self) -> None:
        """Read the numbers from the tables again (after a rollback)."""
        rows = self._connection.execute("SELECT id, facet, term FROM term")
        self._names: dict[int, Pair] = {number: (facet, term) for number, facet, term in rows}
        self.ids = _Made(self._add, ((pair, number) for number, pair in self._names.items()))
        self.rules = _Made(self._add_rule, self._connection.execute("SELECT name, id FROM rule"))
        self.tokens = _Made(self._tokens_of)
        self.others = _Made(self._other_tokens)

    def name(self, number: int) -> Pair:
        """The (facet, term) of a number."""
        return self._names[number]

    def _add_rule(self, name: str) -> int:
        row = self._connection.execute("INSERT INTO rule (name) VALUES (?) RETURNING id", (name,)).fetchone()
        return int(row[0])

    def _tokens_of(self, pair: Pair) -> tuple[str, ...]:
        facet, term = pair
        return tuple(token_of(self.ids[facet, each]) for each in (term, *self._ancestors(facet, term)))

    def _other_tokens(self, stated: tuple[str, str, str, str, str]) -> tuple[str, ...]:
        return tuple(token for pair in other_terms(*stated) for token in self.tokens[pair])

    def _ancestors(self, facet: str, term: str) -> tuple[str, ...]:
        if self._vocabulary.has(facet, term):
            return self._vocabulary.ancestors(facet, term)
        if facet in FREE_PARENTS and "-" in term:
            parent = term.partition("-")[0]
            return (parent, *self._ancestors(facet, parent))
        return ()

    def _add(self, pair: Pair) -> int:
        facet, term = pair
        row = (facet, term, term, "", "", "", 1_000_000, "[]", "[]")
        number: int = self._connection.execute(f"{_INSERT} RETURNING id", row).fetchone()[0]
        self._connection.execute(_INSERT_ALIAS, (name_norm(term), facet, number))
        self._names[number] = pair
        return number


_INSERT = (
    "INSERT INTO term (facet, term, label, label_zh, grouping, description, position, aliases, parents) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_ALIAS = "INSERT OR IGNORE INTO term_alias (norm, facet, term_id) VALUES (?, ?, ?)"


def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """Names a vocabulary: changes with any term, label, alias or parent."""
    rows = [_row(term) for facet in vocabulary.facets for term in vocabulary.terms(facet)]
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=12).hexdigest()


def write_vocabulary(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    """Bring the term tables to this vocabulary, keeping the number of every term. The caller holds a transaction."""
    connection.execute("DELETE FROM term_alias")
    for facet in vocabulary.facets:
        for term in vocabulary.terms(facet):
            connection.execute(f"{_INSERT} {_UPSERT}", _row(term))
    for facet in vocabulary.facets:
        for term in vocabulary.terms(facet):
            number = _number(connection, facet, term.id)
            for alias in (term.id, term.label, term.label_zh, *term.aliases):
                connection.execute(_INSERT_ALIAS, (name_norm(alias), facet, number))
    for number, facet, name in connection.execute("SELECT id, facet, term FROM term").fetchall():
        connection.execute(_INSERT_ALIAS, (name_norm(name), facet, number))
    mark = (VOCABULARY_MARK, vocabulary_digest(vocabulary))
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", mark)


_UPSERT = (
    "ON CONFLICT (facet, term) DO UPDATE SET label = excluded.label, label_zh = excluded.label_zh, "
    "grouping = excluded.grouping, description = excluded.description, position = excluded.position, "
    "aliases = excluded.aliases, parents = excluded.parents"
)


_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make an encoder for each list


def _row(term: Term) -> tuple[str | int, ...]:
    aliases, parents = (_json(list(names)) for names in (term.aliases, term.parents))
    label = (term.label, term.label_zh, term.group, term.description)
    return (term.facet, term.id, *label, term.order, aliases, parents)


def _number(connection: sqlite3.Connection, facet: str, name: str) -> int:
    row = connection.execute("SELECT id FROM term WHERE facet = ? AND term = ?", (facet, name)).fetchone()
    return int(row[0])
