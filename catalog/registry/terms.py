"""The facet terms of a registry: the vocabulary written into its tables, and terms that only sources use."""

from __future__ import annotations

import hashlib
import json
import sqlite3

from catalog.index.keys import name_norm, token_of
from catalog.vocabulary import Term, Vocabulary

VOCABULARY_MARK = "vocabulary"
FREE_PARENTS = {"language"}
"""Facets whose free terms have the part before the first hyphen as parent (zh-CN is zh)."""


class Terms:
    """Numbers terms and rules, adding those not met before, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
        self._connection = connection
        self._vocabulary = vocabulary
        self.reload()

    def reload(self) -> None:
        """Read the numbers from the tables again (after a rollback)."""
        self._ids: dict[tuple[str, str], int] = {}
        self._names: dict[int, tuple[str, str]] = {}
        for number, facet, term in self._connection.execute("SELECT id, facet, term FROM term"):
            self._ids[facet, term] = number
            self._names[number] = (facet, term)
        self._rules: dict[str, int] = dict(self._connection.execute("SELECT name, id FROM rule"))
        self._tokens: dict[tuple[str, str], tuple[str, ...]] = {}

    def id(self, facet: str, term: str) -> int:
        """The number of a term."""
        found = self._ids.get((facet, term))
        return self._add(facet, term) if found is None else found

    def name(self, number: int) -> tuple[str, str]:
        """The (facet, term) of a number."""
        return self._names[number]

    def rule(self, name: str) -> int:
        """The number of a rule."""
        found = self._rules.get(name)
        if found is None:
            row = self._connection.execute("INSERT INTO rule (name) VALUES (?) RETURNING id", (name,)).fetchone()
            found = self._rules[name] = row[0]
        return found

    def tokens(self, facet: str, term: str) -> tuple[str, ...]:
        """The index tokens of a term and of all its ancestors."""
        found = self._tokens.get((facet, term))
        if found is None:
            terms = (term, *self._ancestors(facet, term))
            found = self._tokens[facet, term] = tuple(token_of(self.id(facet, each)) for each in terms)
        return found

    def _ancestors(self, facet: str, term: str) -> tuple[str, ...]:
        if self._vocabulary.has(facet, term):
            return self._vocabulary.ancestors(facet, term)
        if facet in FREE_PARENTS and "-" in term:
            parent = term.partition("-")[0]
            return (parent, *self._ancestors(facet, parent))
        return ()

    def _add(self, facet: str, term: str) -> int:
        row = (facet, term, term, "", "", "", 1_000_000, "[]", "[]")
        number: int = self._connection.execute(f"{_INSERT} RETURNING id", row).fetchone()[0]
        self._connection.execute(_INSERT_ALIAS, (name_norm(term), facet, number))
        self._ids[facet, term] = number
        self._names[number] = (facet, term)
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


def _row(term: Term) -> tuple[str | int, ...]:
    aliases, parents = (json.dumps(list(names), ensure_ascii=False) for names in (term.aliases, term.parents))
    label = (term.label, term.label_zh, term.group, term.description)
    return (term.facet, term.id, *label, term.order, aliases, parents)


def _number(connection: sqlite3.Connection, facet: str, name: str) -> int:
    row = connection.execute("SELECT id FROM term WHERE facet = ? AND term = ?", (facet, name)).fetchone()
    return int(row[0])
