"""Runs and what they skipped, and where walks stand, read back from a registry."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from catalog.lock import holder_of

INTERRUPTED = "interrupted"
_COLUMNS = "id, source, verb, request, started, finished, status, pages, new, changed, same, skipped, message"


@dataclass(frozen=True)
class Run:
    """One run of sync, import, init or refresh with its counts. Times are UTC, `finished` is "" for one under way.

    `status` is running, done, stopped (it said why), failed, or interrupted: its process was killed.
    """

    id: int
    source: str
    verb: str
    request: dict[str, Any]
    started: str
    finished: str
    status: str
    pages: int
    new: int
    changed: int
    same: int
    skipped: int
    message: str

    @property
    def seconds(self) -> int | None:
        """How long it took, several goes and the time between them together; None where that is not known."""
        try:
            return int((_time(self.finished) - _time(self.started)).total_seconds())
        except ValueError:
            return None

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON values."""
        return asdict(self)


def runs(connection: sqlite3.Connection, path: str, *, source: str = "", limit: int = 20) -> list[Run]:
    """The latest runs, the last one first; of one source if it is given. `path` is the registry's file."""
    where, values = ("WHERE source = ?", [source]) if source else ("", [])
    rows = connection.execute(f"SELECT {_COLUMNS} FROM run {where} ORDER BY id DESC LIMIT ?", [*values, limit])
    return _runs(rows.fetchall(), path)


def run_numbered(connection: sqlite3.Connection, path: str, number: int) -> Run | None:
    """The run of a number, or None."""
    found = _runs(connection.execute(f"SELECT {_COLUMNS} FROM run WHERE id = ?", (number,)).fetchall(), path)
    return found[0] if found else None


def last_runs(connection: sqlite3.Connection, path: str, *, verb: str = "") -> dict[str, Run]:
    """The last run of each source, of a verb if it is given; else of any but refresh, which is of one dataset."""
    where, values = ("WHERE verb = ?", [verb]) if verb else ("WHERE verb <> 'refresh'", [])
    last = f"SELECT max(id) FROM run {where} GROUP BY source"
    rows = connection.execute(f"SELECT {_COLUMNS} FROM run WHERE id IN ({last}) ORDER BY id", values)
    return {run.source: run for run in _runs(rows.fetchall(), path)}


def skips(connection: sqlite3.Connection, run: int, *, limit: int, after: int = 0) -> list[tuple[str, str]]:
    """What a run could not use, in order: (record, reason), at most `limit` of them `after` the first ones."""
    statement = "SELECT record, reason FROM skip WHERE run_id = ? ORDER BY id LIMIT ? OFFSET ?"
    return connection.execute(statement, (run, limit, after)).fetchall()


def reasons(connection: sqlite3.Connection, run: int, *, limit: int = 10) -> list[tuple[str, int]]:
    """Why records of a run were skipped, the most frequent reasons first: (reason, how many)."""
    statement = (
        "SELECT reason, count(*) AS n FROM skip WHERE run_id = ? GROUP BY reason ORDER BY n DESC, reason LIMIT ?"
    )
    return connection.execute(statement, (run, limit)).fetchall()


def walk_state(connection: sqlite3.Connection, source: str, request: str) -> tuple[dict[str, Any], int] | None:
    """Where the walk of a source for a request stands: (state, run it belongs to), or None."""
    row = connection.execute(
        "SELECT state, run_id FROM walk WHERE source = ? AND request = ?", (source, request)
    ).fetchone()
    return None if row is None else (json.loads(row[0]), row[1])


def _runs(rows: Sequence[Sequence[Any]], path: str) -> list[Run]:
    """The runs of rows. One that was never closed is interrupted, unless somebody is writing."""
    found = [
        Run(**{**dict(zip(_COLUMNS.split(", "), row, strict=True)), "request": json.loads(row[3])}) for row in rows
    ]
    if any(run.status == "running" for run in found) and holder_of(path) is None:
        return [_ended(run) if run.status == "running" else run for run in found]
    return found


def _ended(run: Run) -> Run:
    return replace(run, status=INTERRUPTED)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
