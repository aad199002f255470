"""`catalog info`."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.location import registry_path

if TYPE_CHECKING:
    from catalog.registry.runs import Run


@click.command("info")
@json_option
@registry_option
def info_command(as_json: bool, registry: str | None) -> int:
    """Say where the registry is and what it holds.

    The file, its version, entries by source, when each source was last synced and what it could not use.

    \b
    Examples:
      catalog info
      catalog info --json
    """
    path = registry_path(registry)
    with open_for_reading(registry) as connection:
        facts = read_info(connection, path)
    if as_json:
        output.print_json(facts)
        return 0
    print(f"registry   {facts['path']} ({output.size(facts['bytes'])})")
    print(f"version    {facts['version']}, SQLite {facts['sqlite']}")
    print(f"datasets   {facts['datasets']:,}")
    print()
    fields = (
        output.Field("source", 10, grow=1),
        output.Field("datasets", 8, right=True),
        output.Field("missing", 7, rank=3, right=True),
        output.Field("last run", 20, grow=1),
        output.Field("status", 8, rank=1),
        output.Field("new", 4, rank=2, right=True),
        output.Field("changed", 7, rank=2, right=True),
        output.Field("skipped", 7, rank=2, right=True),
    )
    print("\n".join(output.table(fields, [_cells(row) for row in facts["sources"]], output.window_width())))
    return 0


def read_info(connection: sqlite3.Connection, path: str) -> dict[str, Any]:
    """What `catalog info` says, as JSON values."""
    from catalog.migrations import version_of
    from catalog.registry.runs import last_runs

    by_source = dict(connection.execute("SELECT source, count(*) FROM dataset GROUP BY source").fetchall())
    missing = dict(
        connection.execute("SELECT source, count(*) FROM dataset WHERE missing_since <> '' GROUP BY source").fetchall()
    )
    runs = last_runs(connection, path)
    names = sorted({*by_source, *runs}, key=lambda name: -by_source.get(name, 0))
    return {
        "path": os.path.abspath(path),  # noqa: PTH100
        "bytes": os.path.getsize(path),  # noqa: PTH202
        "version": version_of(connection),
        "sqlite": sqlite3.sqlite_version,
        "datasets": sum(by_source.values()),
        "sources": [_source(name, by_source.get(name, 0), missing.get(name, 0), runs.get(name)) for name in names],
    }


def _source(name: str, count: int, missing: int, run: Run | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"source": name, "datasets": count, "missing": missing, "last_run": None}
    if run is not None:
        keys = ("verb", "started", "finished", "status", "new", "changed", "same", "skipped", "message")
        facts["last_run"] = {key: getattr(run, key) for key in keys}
    return facts


def _cells(row: dict[str, Any]) -> list[str]:
    run = row["last_run"] or {}
    numbers = [str(run.get(name, "")) for name in ("new", "changed", "skipped")]
    when = f"{run['verb']} {run['finished'] or run['started']}" if run else "never"
    return [row["source"], f"{row['datasets']:,}", str(row["missing"] or ""), when, run.get("status", ""), *numbers]
