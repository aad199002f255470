"""Registries and peer stores over a corpus, built once and kept in bench/data."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.generate import ensure
from bench.measure import DATA, process, python, say
from catalog import migrations
from catalog.index import document
from catalog.migrations import version_of

BUILDERS: Final[dict[str, tuple[str, str]]] = {
    "registry": ("bench.ours", "load"),
    "bare": ("bench.peers", "bare"),
    "upsert": ("bench.peers", "upsert"),
    "sqlite-utils": ("bench.peers", "sqlite-utils"),
    "tantivy": ("bench.peers", "tantivy"),
    "orm": ("bench.peers", "orm"),
}
"""Store -> the module and the word that builds it from a corpus file."""


def builder(name: str, source: Path, target: Path) -> list[str]:
    """The command that builds a store."""
    module, word = BUILDERS[name]
    return python("-m", module, word, str(source), str(target))


def store(name: str, rows: int) -> Path:
    """A store over the corpus of so many rows; built unless it is newer than the corpus, and of today's version."""
    source = ensure(rows)
    target = DATA / f"{name}-{rows}.db"
    built = target.stat().st_mtime if target.exists() else 0.0
    if built < source.stat().st_mtime or (name == "registry" and not _is_of_today(target)):
        remove(target)
        ended = process(builder(name, source, target))
        say(f"{target.name}: {ended.wall:.1f} s, {ended.memory / 1e6:,.0f} MB of memory, {size(target) / 1e6:,.0f} MB")
    return target


def _is_of_today(registry: Path) -> bool:
    """Whether tables and index documents of a registry have the version that the code writes."""
    with closing(sqlite3.connect(f"file:{registry}?mode=ro", uri=True)) as connection:
        marks = dict(connection.execute("SELECT name, value FROM meta"))
        return (version_of(connection), marks.get("document")) == (migrations.VERSION, document.VERSION)


def remove(target: Path) -> None:
    """Take a store away with what lies beside it."""
    for path in target.parent.glob(f"{target.name}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def size(target: Path) -> int:
    """The bytes of a store on disk."""
    if target.is_dir():
        return sum(path.stat().st_size for path in target.iterdir())
    return sum(path.stat().st_size for path in target.parent.glob(f"{target.name}*") if path.is_file())


def queries_file(rows: int) -> Path:
    """The query set of the corpus, made if it is not there."""
    from bench.queries import write_queries

    target = DATA / f"queries-{rows}.jsonl"
    source = ensure(rows)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        write_queries(source, target)
    return target


def copy_of(name: str, rows: int, target: Path) -> Path:
    """A copy of a store that is one file, to be changed and thrown away."""
    shutil.copy(store(name, rows), target)
    return target


def scratch(name: str) -> Path:
    """A place for a store that one round builds and throws away."""
    target = DATA / f"scratch-{name}.db"
    remove(target)
    return target


def catalog_command(*arguments: str) -> list[str]:
    """The installed `catalog` program of this interpreter."""
    return [str(Path(sys.executable).with_name("catalog")), *arguments]


def all_of(names: Sequence[str], rows: int) -> dict[str, Path]:
    """Several stores."""
    return {name: store(name, rows) for name in names}
