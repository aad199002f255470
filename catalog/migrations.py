"""Numbered steps from an empty file to the tables of today, each in one transaction with its receipt.

`PRAGMA user_version` is the number of the last step. A step is never edited once it is released: a new shape is a new
step. Opening an older registry runs the missing steps after a backup; a newer one is refused with a sentence.
"""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from catalog.errors import Fatal
from catalog.sqlite import APPLICATION_ID, connect_for_reading

_TABLES = """
    CREATE TABLE meta (
        name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name)
    );
    CREATE TABLE term (
        id INTEGER NOT NULL, facet TEXT NOT NULL, term TEXT NOT NULL, label TEXT NOT NULL,
        label_zh TEXT NOT NULL, grouping TEXT NOT NULL, description TEXT NOT NULL, position INTEGER NOT NULL,
        aliases TEXT NOT NULL, parents TEXT NOT NULL, PRIMARY KEY (id)
    );
    CREATE UNIQUE INDEX term_name ON term (facet, term);
    CREATE TABLE term_alias (
        norm TEXT NOT NULL, facet TEXT NOT NULL, term_id INTEGER NOT NULL, PRIMARY KEY (norm, facet),
        FOREIGN KEY(term_id) REFERENCES term (id)
    ) WITHOUT ROWID;
    CREATE TABLE rule (
        id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (name)
    );
    CREATE TABLE dataset (
        id INTEGER NOT NULL, "key" TEXT NOT NULL, source TEXT NOT NULL, native_id TEXT NOT NULL,
        upstream_id TEXT NOT NULL, name TEXT NOT NULL, name_norm TEXT NOT NULL, title TEXT NOT NULL,
        title_zh TEXT NOT NULL, summary TEXT NOT NULL, description TEXT NOT NULL, url TEXT NOT NULL,
        creators TEXT NOT NULL, publisher TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL,
        year INTEGER, revision TEXT NOT NULL, access TEXT NOT NULL, access_note TEXT NOT NULL,
        popularity INTEGER NOT NULL, downloads INTEGER, likes INTEGER, votes INTEGER, rows INTEGER,
        rows_source TEXT NOT NULL, rows_lower_bound INTEGER NOT NULL, bytes INTEGER,
        bytes_source TEXT NOT NULL, bytes_lower_bound INTEGER NOT NULL, tokens INTEGER,
        tokens_source TEXT NOT NULL, tokens_lower_bound INTEGER NOT NULL, doi TEXT NOT NULL,
        arxiv TEXT NOT NULL, paper TEXT NOT NULL, citation TEXT NOT NULL, statements TEXT NOT NULL,
        keywords TEXT NOT NULL, evidence TEXT NOT NULL, notes TEXT NOT NULL, commercial TEXT NOT NULL,
        license TEXT NOT NULL, license_class TEXT NOT NULL, license_reason TEXT NOT NULL,
        license_conflicts TEXT NOT NULL, made_by TEXT NOT NULL, slot INTEGER NOT NULL, digest BLOB NOT NULL,
        first_seen TEXT NOT NULL, changed TEXT NOT NULL, missing_since TEXT NOT NULL, PRIMARY KEY (id),
        CONSTRAINT dataset_id_fits_slot CHECK (id BETWEEN 1 AND 16777215), UNIQUE ("key")
    );
    CREATE INDEX dataset_upstream ON dataset (upstream_id) WHERE upstream_id <> '';
    CREATE TABLE tag (
        dataset_id INTEGER NOT NULL, position INTEGER NOT NULL, term_id INTEGER NOT NULL,
        rule_id INTEGER NOT NULL, evidence TEXT NOT NULL, confidence REAL NOT NULL,
        PRIMARY KEY (dataset_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE license_claim (
        dataset_id INTEGER NOT NULL, position INTEGER NOT NULL, raw TEXT NOT NULL, "by" TEXT NOT NULL,
        scope TEXT NOT NULL, cls TEXT NOT NULL, evidence TEXT NOT NULL, note TEXT NOT NULL,
        revision TEXT NOT NULL, date TEXT NOT NULL, PRIMARY KEY (dataset_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE dataset_column (
        dataset_id INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
        config TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (dataset_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE distribution (
        dataset_id INTEGER NOT NULL, position INTEGER NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL,
        path TEXT NOT NULL, format TEXT NOT NULL, bytes INTEGER, digest TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (dataset_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE relation (
        dataset_id INTEGER NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
        note TEXT NOT NULL, PRIMARY KEY (dataset_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE alias (
        dataset_id INTEGER NOT NULL, kind TEXT NOT NULL, position INTEGER NOT NULL, alias TEXT NOT NULL,
        norm TEXT NOT NULL, PRIMARY KEY (dataset_id, kind, position)
    ) WITHOUT ROWID;
    CREATE TABLE change (
        id INTEGER NOT NULL, dataset_id INTEGER NOT NULL, at TEXT NOT NULL, field TEXT NOT NULL,
        old TEXT NOT NULL, new TEXT NOT NULL, PRIMARY KEY (id), FOREIGN KEY(dataset_id) REFERENCES dataset (id)
    );
    CREATE INDEX ix_change_dataset_id ON change (dataset_id);
    CREATE TABLE run (
        id INTEGER NOT NULL, source TEXT NOT NULL, verb TEXT NOT NULL, request TEXT NOT NULL,
        started TEXT NOT NULL, finished TEXT NOT NULL, status TEXT NOT NULL, pages INTEGER NOT NULL,
        new INTEGER NOT NULL, changed INTEGER NOT NULL, same INTEGER NOT NULL, skipped INTEGER NOT NULL,
        message TEXT NOT NULL, PRIMARY KEY (id)
    );
    CREATE TABLE skip (
        id INTEGER NOT NULL, run_id INTEGER NOT NULL, record TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (id), FOREIGN KEY(run_id) REFERENCES run (id)
    );
    CREATE INDEX ix_skip_run_id ON skip (run_id);
    CREATE TABLE walk (
        source TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, run_id INTEGER NOT NULL,
        complete_walks INTEGER NOT NULL, updated TEXT NOT NULL, PRIMARY KEY (source, request)
    );
    CREATE TABLE sighting (
        run_id INTEGER NOT NULL, page INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (run_id, page),
        FOREIGN KEY(run_id) REFERENCES run (id)
    ) WITHOUT ROWID;
"""

_INDEX = """
    CREATE TABLE facet_bitmap (
        term_id INTEGER NOT NULL, total INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (term_id)
    );
    CREATE TABLE word (
        id INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (word)
    );
    CREATE TABLE word_deletion (form INTEGER NOT NULL, PRIMARY KEY (form));
    CREATE VIRTUAL TABLE search_index USING fts5 (
        name, title, body, extra, facets, cjk, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab(search_index, row);
"""

_PLACES = """
    CREATE TABLE place (
        id INTEGER NOT NULL, source TEXT NOT NULL, scope TEXT NOT NULL, place TEXT NOT NULL, kind TEXT NOT NULL,
        host TEXT NOT NULL, modified TEXT NOT NULL, depth INTEGER NOT NULL, etag TEXT NOT NULL,
        last_modified TEXT NOT NULL, digest TEXT NOT NULL, failures INTEGER NOT NULL, visited TEXT NOT NULL,
        keys TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, due TEXT NOT NULL, run_id INTEGER NOT NULL,
        PRIMARY KEY (id)
    );
    CREATE INDEX place_due ON place (source, scope, host, due) WHERE due <> '';
    CREATE UNIQUE INDEX place_name ON place (source, scope, place);
"""

_TERMS_IN_ONE_ROW = """
    CREATE TABLE dataset_terms (id INTEGER NOT NULL, terms TEXT NOT NULL, PRIMARY KEY (id));
"""

_CLUSTERS = """
    CREATE TABLE cluster_member (
        dataset_id INTEGER NOT NULL, cluster_id INTEGER NOT NULL, rank INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (dataset_id)
    );
    CREATE INDEX cluster_of ON cluster_member (cluster_id);
    CREATE TABLE cluster_map (
        id INTEGER NOT NULL, members BLOB NOT NULL, places BLOB NOT NULL, PRIMARY KEY (id)
    );
    CREATE TABLE apart (
        key_a TEXT NOT NULL, key_b TEXT NOT NULL, because TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (key_a, key_b)
    ) WITHOUT ROWID;
"""

_CORRECTIONS = """
    CREATE TABLE correction (
        "key" TEXT NOT NULL, facet TEXT NOT NULL, act TEXT NOT NULL, terms TEXT NOT NULL, because TEXT NOT NULL,
        at TEXT NOT NULL, PRIMARY KEY ("key", facet, act)
    ) WITHOUT ROWID;
"""

_COMMON_WORDS = """
    CREATE TABLE common_word (
        word TEXT NOT NULL, total INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (word)
    );
    CREATE INDEX facet_total ON facet_bitmap (term_id, total);
    CREATE VIRTUAL TABLE search_instance USING fts5vocab(search_index, instance);
    DELETE FROM meta WHERE name = 'derived';
"""


class Step(NamedTuple):
    """One migration: its number, what it does, and the statements (each ended by a semicolon)."""

    number: int
    title: str
    statements: str


STEPS = (
    Step(1, "tables of datasets, tags, licenses, runs and walks", _TABLES),
    Step(2, "the search index and its spelling words", _INDEX),
    Step(3, "the places that a source is read from", _PLACES),
    Step(4, "the terms of a dataset in one row", _TERMS_IN_ONE_ROW),
    Step(5, "which datasets are one", _CLUSTERS),
    Step(6, "what people said of tags", _CORRECTIONS),
    Step(7, "which datasets hold a common word", _COMMON_WORDS),
)
VERSION = STEPS[-1].number
"""The registry version that this code reads and writes."""

_RECEIPTS = """
    CREATE TABLE IF NOT EXISTS migration (
        number INTEGER NOT NULL, title TEXT NOT NULL, applied TEXT NOT NULL, sqlite TEXT NOT NULL, PRIMARY KEY (number))
"""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a registry file, 0 for an empty file.

    Raises `Fatal` when the file is another program's database.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if mark != APPLICATION_ID and not empty:
        raise Fatal("this SQLite file was not made by catalog.", "Name another with --registry, or move it away.")
    return version


def require_current(version: int, path: str) -> None:
    """Raise `Fatal` unless a registry of this version can be read by this code."""
    if version > VERSION:
        raise Fatal(
            f"the registry {path} has version {version}, this catalog knows up to {VERSION}.",
            "Upgrade with: pip install -U dataset-catalog",
        )
    if version < VERSION:
        raise Fatal(
            f"the registry {path} has version {version}, this catalog needs {VERSION}.",
            f"Bring it up to date (a backup is made first) with: catalog init --registry {shlex.quote(path)}",
        )


def connect_current(path: str, *, deadline: float | None = 30.0) -> sqlite3.Connection:
    """A read-only connection to a registry of this very version; `deadline` in seconds for each statement.

    Raises `NotFound` without a file, `Fatal` for one of another version or one that cannot be read.
    """
    connection = connect_for_reading(path, deadline=deadline)
    try:
        require_current(version_of(connection), path)
    except sqlite3.Error as error:
        connection.close()
        raise Fatal(f"the registry {path} cannot be read ({error}).", "Look at it with: catalog check") from error
    except BaseException:
        connection.close()
        raise
    return connection


def pending(version: int) -> list[Step]:
    """The steps that a registry of this version still needs."""
    return [step for step in STEPS if step.number > version]


def migrate(connection: sqlite3.Connection, *, after: Callable[[Step], None] | None = None) -> list[Step]:
    """Run the pending steps, each in one transaction with its receipt; `after` is called inside each transaction.

    Returns the steps that ran. A failing step is rolled back, so the version says what the file holds. Raises `Fatal`.
    """
    done = []
    for step in pending(version_of(connection)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            _run(connection, step)
            if after is not None:
                after(step)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.execute("ROLLBACK")
            raise Fatal(
                f"migration {step.number} ({step.title}) failed and was undone ({error}).",
                "The registry is as it was; a backup lies beside it.",
            ) from error
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        done.append(step)
    return done


def _run(connection: sqlite3.Connection, step: Step) -> None:
    connection.execute(_RECEIPTS)
    for statement in split_statements(step.statements):
        connection.execute(statement)
    from datetime import UTC, datetime

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    receipt = (step.number, step.title, now, sqlite3.sqlite_version)
    connection.execute("INSERT INTO migration VALUES (?, ?, ?, ?)", receipt)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {step.number}")


def split_statements(script: str) -> list[str]:
    """The statements of a script that holds no semicolon inside one."""
    return [statement.strip() for statement in script.split(";") if statement.strip()]
