"""`catalog check` and `catalog backup`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_writing, registry_option
from catalog.errors import Usage
from catalog.location import registry_path
from catalog.sqlite import RESTORE


@click.command("check")
@click.option("--repair", is_flag=True, help="Rebuild the index from the tables where the index is at fault.")
@json_option
@registry_option
def check_command(repair: bool, as_json: bool, registry: str | None) -> int:
    """Check the registry, and repair what can be repaired.

    Reads every entry back against its digest, runs SQLite's own checks, and compares the search index with the tables.
    Exit code 0 says clean, 1 damaged.

    \b
    Examples:
      catalog check
      catalog check --repair
    """
    from catalog.registry.check import check

    def tell(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,} entries read", end="", file=sys.stderr)

    report = check(registry_path(registry), repair=repair, on_progress=tell)
    if as_json:
        output.print_json({"clean": report.clean, **vars(report)})
        return 0 if report.clean else 1
    for line in [*report.repaired, *report.faults, *report.index_faults]:
        print(line)
    for line in report.notes:
        output.say(line)
    if report.clean:
        print(f"{report.entries:,} entries: whole, and the index agrees.")
        return 0
    if report.faults:
        output.say(RESTORE)
    else:
        output.say("Only the index is at fault. Mend it with: catalog check --repair")
    return 1


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite TARGET.")
@registry_option
def backup_command(target: str, force: bool, registry: str | None) -> int:
    """Write a consistent copy of the registry.

    The copy is checked before it gets its name; a sync may be waiting meanwhile, but never spoils it.

    \b
    Example:
      catalog backup registry-2026-01.db
    """
    if Path(target).exists() and not force:
        raise Usage(f"{target} is already there.", "Name another file, or give --force.")
    with open_for_writing(registry, "backup") as opened:
        path = opened.backup(target)
    output.say(f"{path}: {output.size(path.stat().st_size)}.")
    return 0
