"""Is everything in order here? Registry, configuration, programs, network settings; each finding says what to do.

What concerns the sources is asked by `catalog.cli.doctor`, which knows how they are shown.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from catalog.errors import CatalogError
from catalog.lock import holder_of
from catalog.sqlite import connect_for_reading, has_wal_reset_bug

State = Literal["ok", "warn", "fail"]

LEAST_FREE = 100 * 10**6
"""Bytes of free disk below which nothing can be relied on."""
LITTLE_FREE = 2 * 10**9
QUICK = 20.0
"""Seconds that the quick check of a registry may take."""
OPTIONAL = {
    "pyarrow": "reads and writes Parquet; add it with: pip install 'dataset-catalog[parquet]'",
    "kaggle": "downloads from Kaggle with an account; add it with: pip install kaggle six",
}
"""Packages that nothing but the named use needs."""


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis: what was looked at, how it is, and what to do where it is not in order."""

    name: str
    state: State
    text: str
    hint: str = ""


def registry_findings(path: str) -> Iterator[Finding]:
    """The file, its version, whether it is whole, its index, its journal, the disk that it is on."""
    if not Path(path).is_file():
        yield Finding("registry", "fail", f"there is none at {path}", "Make one with: catalog init")
        yield _disk(Path(path).absolute().parent, 0)
        return
    size = Path(path).stat().st_size
    try:
        with closing(connect_for_reading(path, deadline=QUICK)) as connection:
            inside = list(_inside(connection))
        yield Finding("registry", "ok", f"{os.path.abspath(path)}, {size / 1e6:,.1f} MB")  # noqa: PTH100
        yield from inside
    except CatalogError as error:
        yield Finding("registry", "fail", error.message, error.hint)
    except sqlite3.Error as error:
        yield Finding("registry", "fail", f"it cannot be read ({error})", "Look at it with: catalog check")
    yield _writable(path)
    yield _disk(Path(path).absolute().parent, size)


def _inside(connection: sqlite3.Connection) -> Iterator[Finding]:
    from catalog.migrations import VERSION, version_of

    version = version_of(connection)
    if version != VERSION:
        newer = version > VERSION
        todo = "Upgrade with: pip install -U dataset-catalog" if newer else "Bring it up to date with: catalog init"
        text = f"version {version}; this catalog knows {VERSION}"
        yield Finding("version", "fail", text, todo)
        return
    yield Finding("version", "ok", f"{version}")
    yield _quick_check(connection)
    yield _index(connection)
    yield _journal(connection)


def _quick_check(connection: sqlite3.Connection) -> Finding:
    try:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return Finding("quick check", "warn", f"not done within {QUICK:.0f} s", "Take the time for: catalog check")
    if answer == "ok":
        return Finding("quick check", "ok", "whole")
    return Finding("quick check", "fail", str(answer), "Restore a backup, or see: catalog check")


def _index(connection: sqlite3.Connection) -> Finding:
    from catalog.index.maintain import is_fresh

    if is_fresh(connection):
        return Finding("index", "ok", "up to date")
    todo = "Any command that writes brings it up to date, such as: catalog init"
    return Finding("index", "warn", "counts and spelling help are behind the entries, so searches are slower", todo)


def _journal(connection: sqlite3.Connection) -> Finding:
    mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    if mode != "wal":
        return Finding("journal", "ok", mode)
    if has_wal_reset_bug():
        text = f"write-ahead log, in which SQLite {sqlite3.sqlite_version} can lose committed pages"
        return Finding("journal", "fail", text, "Any command that writes sets it right, such as: catalog init")
    return Finding("journal", "warn", "write-ahead log, set by another program", "catalog sets it back when it writes.")


def _writable(path: str) -> Finding:
    holder = holder_of(path)
    if holder is not None:
        return Finding("writer", "ok", f"{holder} is writing just now")
    folder = Path(path).absolute().parent
    if os.access(path, os.W_OK) and os.access(folder, os.W_OK):
        return Finding("writer", "ok", "nobody is writing, and you may")
    return Finding("writer", "warn", "you may read it, but not write", f"Change the permissions of {folder}.")


def _disk(folder: Path, size: int) -> Finding:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:,.1f} GB free"
    if free < LEAST_FREE:
        return Finding("disk", "fail", text, "Free some space: nothing can be stored.")
    if free < max(LITTLE_FREE, 2 * size):
        return Finding("disk", "warn", text, "Free some space: a full sync and a backup need more than twice its size.")
    return Finding("disk", "ok", text)


def configuration_findings(path: str) -> Iterator[Finding]:
    """The configuration, if there is one, every key of it checked."""
    from catalog import config

    try:
        found = config.find(None, path)
        if not found:
            yield Finding("configuration", "ok", "no catalog.toml; catalog sync repeats what was last synced")
            return
        jobs = config.load(found).jobs
    except CatalogError as error:
        yield Finding("configuration", "fail", error.message, error.hint)
        return
    names = ", ".join(dict.fromkeys(job.source for job in jobs)) or "no source"
    yield Finding("configuration", "ok", f"{found} names {names}")


def program_findings() -> Iterator[Finding]:
    """Python, SQLite and the packages that only some uses need."""
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.system()}")
    yield _sqlite()
    for name, use in OPTIONAL.items():
        if importlib.util.find_spec(name) is None:
            yield Finding(name, "ok", f"not installed; it {use}")
        elif name == "kaggle" and importlib.util.find_spec("six") is None:
            yield Finding(name, "warn", "installed, but it lacks six, which it does not declare", "pip install six")
        else:
            yield Finding(name, "ok", _version(name))


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5 (text)")
    except sqlite3.Error:
        return Finding("sqlite", "fail", f"{version} without full-text search", "Use a Python whose SQLite has FTS5.")
    if sqlite3.sqlite_version_info < (3, 40):
        return Finding("sqlite", "fail", f"{version}, older than 3.40", "Use a Python with a newer SQLite.")
    return Finding("sqlite", "ok", version)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "installed"


def network_findings() -> Iterator[Finding]:
    """Proxies and certificates that the environment names."""
    from catalog.web.pools import trusted

    proxies = {scheme: proxy for scheme, proxy in urllib.request.getproxies().items() if scheme != "no"}
    odd = [scheme for scheme, proxy in proxies.items() if "://" in proxy and not proxy.startswith(("http:", "https:"))]
    shown = ", ".join(f"{scheme} by {_proxy(proxy)}" for scheme, proxy in sorted(proxies.items())) or "none"
    except_for = f", but not for {os.environ[name]}" if (name := _no_proxy()) and proxies else ""
    if odd:
        yield Finding("proxy", "fail", shown, f"Only HTTP proxies are served; change {', '.join(odd)}.")
    else:
        yield Finding("proxy", "ok", shown + except_for)
    named = [f"{name}={os.environ[name]}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    try:
        trusted(True)
    except CatalogError as error:
        yield Finding("certificates", "fail", f"{error.message} {' '.join(named)}", error.hint)
        return
    yield Finding("certificates", "ok", " ".join(named) or "those of certifi and of the system")


def _proxy(proxy: str) -> str:
    """A proxy's address without user and password."""
    from catalog.web.model import public_url

    return public_url(proxy if "://" in proxy else f"http://{proxy}")


def _no_proxy() -> str:
    return next((name for name in ("no_proxy", "NO_PROXY") if os.environ.get(name)), "")
