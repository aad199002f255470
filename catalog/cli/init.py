"""`catalog init`."""

from __future__ import annotations

import click

from catalog.cli import output
from catalog.cli.options import registry_option
from catalog.location import FILE, chosen_path


@click.command("init")
@click.option("--empty", is_flag=True, help="Leave the embedded catalog out.")
@registry_option
def init_command(empty: bool, registry: str | None) -> int:
    """Make the registry, or bring it up to date, from the embedded catalog.

    Without --registry the file is ./registry.db. Running it again is safe: what was synced stays, embedded entries are
    brought to this version, and a registry of an older version is migrated after a backup.

    \b
    Examples:
      catalog init
      catalog init --registry ~/data/registry.db
    """
    from catalog import seed
    from catalog.registry import Registry
    from catalog.tagger import complete

    path = chosen_path(registry) or FILE
    with Registry.open(path, create=True, verb="init", wait=60.0, on_wait=_tell) as opened:
        if not empty:
            run = opened.begin_run(seed.SOURCE, "init")
            counts = opened.commit_page(run, [complete(record) for record in seed.load()])
            opened.finish_run(run, "done")
            output.say(
                f"The embedded catalog: {counts.new:,} new, {counts.changed:,} changed, {counts.same:,} unchanged."
            )
        total = len(opened)
    output.say(f"{path}: {total:,} datasets. Try: catalog search --domain medical --task sft")
    return 0


def _tell(holder: str) -> None:
    output.say(f"Waiting for {holder}, which is writing to the registry …")
