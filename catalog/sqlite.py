"""How a registry file is opened: one place for journal, limits and the read-only door of search.

The rollback journal with `synchronous=EXTRA` is the default because SQLite before 3.51.3 (backports 3.44.6, 3.50.7)
can lose committed pages when two connections use a write-ahead log (https://www.sqlite.org/wal.html, "the WAL-reset
bug"). Plain stdlib `sqlite3`: everything here must work with SQLite 3.40.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from catalog.errors import Fatal, NotFound

APPLICATION_ID = 0x0CA7A106
"""Marks a file as a registry (`PRAGMA application_id`)."""

PAGE_SIZE = 8192
"""Bytes of a page of a new registry: a dataset's row has 1 to 2 kB, so fewer pages of it are left half empty."""

WRITE_SETTINGS: dict[str, int | str] = {
    "journal_mode": "delete",
    "synchronous": 3,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
    "busy_timeout": 10_000,
}
READ_SETTINGS: dict[str, int | str] = {
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
    "busy_timeout": 10_000,
    "query_only": 1,
}

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 512 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * 1024 * 1024,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 2,
}


RESTORE = (
    "Restore a backup. Without one: catalog export records saved.jsonl writes what can still be read; then move the\n"
    "file away, and run catalog init and catalog import records saved.jsonl."
)
"""The next step for a file whose tables are damaged."""


class Reading(sqlite3.Connection):
    """A connection for reading that keeps what was read of the small tables for as long as nobody writes."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._version, self._kept = 0, dict[str, Any]()

    @property
    def kept(self) -> dict[str, Any]:
        """What was kept of the file as it is now; empty after anybody wrote to it."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self._kept = version, {}
        return self._kept


def kept_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """What a connection keeps of what was read of it; on a connection that writes nothing is kept."""
    return connection.kept if isinstance(connection, Reading) else {}


def connect_for_writing(path: str | os.PathLike[str], *, cache_mib: int = 64) -> sqlite3.Connection:
    """Open (or create) the file for writing, in autocommit mode, with the settings of `WRITE_SETTINGS`.

    Raises `Fatal` when the file cannot be opened or is no database.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # of a file that is only now made
        _apply(connection, WRITE_SETTINGS)
        connection.execute(f"PRAGMA cache_size = -{cache_mib * 1024}")
    except sqlite3.Error as error:
        raise _cannot_open(path, error) from error
    return connection


def connect_for_reading(path: str | os.PathLike[str], *, deadline: float | None = None) -> sqlite3.Connection:
    """Open the file read-only; `deadline` is how many seconds all statements together may take.

    Raises `NotFound` when there is no file and `Fatal` when it is no database.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):  # noqa: PTH113 - pathlib would cost a third of this function
        raise NotFound(f"there is no registry at {name}.", "Make one with: catalog init")
    try:
        connection = sqlite3.connect(
            _read_only_uri(name), uri=True, isolation_level=None, check_same_thread=False, factory=Reading
        )
        _apply(connection, READ_SETTINGS)
        connection.execute("PRAGMA cache_size = -65536")
    except sqlite3.Error as error:
        raise _cannot_open(path, error) from error
    if deadline is not None:
        give_up = time.monotonic() + deadline
        connection.set_progress_handler(lambda: time.monotonic() > give_up, 100_000)
    return connection


def _read_only_uri(name: str) -> str:
    escaped = os.path.abspath(name).replace("%", "%25").replace("?", "%3f").replace("#", "%23")  # noqa: PTH100
    return f"file:{escaped}?mode=ro"


def _apply(connection: sqlite3.Connection, settings: Mapping[str, int | str]) -> None:
    for limit, ceiling in _LIMITS.items():
        connection.setlimit(limit, ceiling)
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}")


VALUES = 500
"""Values that one statement inserts."""


def insert_rows(connection: sqlite3.Connection, into: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of one width; `into` is the statement up to VALUES.

    Small rows go in many at a time: `executemany` would take twice as long, five times for a single number. And it
    would let the other threads of the process in at each row, which makes the writer wait for them.
    """
    if rows:
        insert_values(connection, into, len(rows[0]), list(chain.from_iterable(rows)))


def insert_values(connection: sqlite3.Connection, into: str, width: int, values: Sequence[Any]) -> None:
    """Insert rows of so many columns, given as their values one after the other."""
    marks, step = f"({', '.join('?' * width)})", max(1, VALUES // width) * width
    for start in range(0, len(values), step):
        chunk = values[start : start + step]
        connection.execute(f"{into} VALUES {', '.join([marks] * (len(chunk) // width))}", chunk)


def settings_of(connection: sqlite3.Connection, names: Mapping[str, int | str]) -> dict[str, int | str]:
    """The settings in force on a connection, for `catalog check` and the tests."""
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def _cannot_open(path: str | os.PathLike[str], error: sqlite3.Error) -> Fatal:
    name = os.fspath(path)
    if "not a database" in str(error):
        return Fatal(f"{name} is no SQLite file, so no registry.", "Name another with --registry, or move it away.")
    if "malformed" in str(error):
        return Fatal(f"the registry {name} is damaged ({error}).", RESTORE)
    return Fatal(f"the registry {name} cannot be opened ({error}).", "Check that it is a file that you may read.")


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite can lose pages in WAL mode (3.7.0 up to 3.51.2, but for 3.44.6+ and 3.50.7+)."""
    if version[:2] == (3, 44):
        return version < (3, 44, 6)
    if version[:2] == (3, 50):
        return version < (3, 50, 7)
    return version < (3, 51, 3)
