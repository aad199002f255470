"""A consistent copy of a registry, checked before it gets its name."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from catalog.errors import Fatal


def back_up(source: sqlite3.Connection, target: str | os.PathLike[str]) -> Path:
    """Copy an open registry to `target` with SQLite's backup API: temp file, check, fsync, rename, fsync the folder.

    Raises `Fatal` when the copy cannot be written or does not pass the check; nothing is left behind then.
    """
    path = Path(target)
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temp.unlink(missing_ok=True)
        os.close(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, temp)
        _publish(temp, path)
    except (OSError, sqlite3.Error) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise Fatal(
            f"the backup {path} could not be written ({said}).", "Check the folder and its free space."
        ) from error
    finally:
        temp.unlink(missing_ok=True)
    return path


def _copy(source: sqlite3.Connection, temp: Path) -> None:
    copy = sqlite3.connect(temp)
    try:
        source.backup(copy, pages=4096)
        answer = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        copy.close()
    if answer != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {answer}")


def _publish(temp: Path, path: Path) -> None:
    with temp.open("rb") as file:
        os.fsync(file.fileno())
    temp.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
