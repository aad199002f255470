"""`catalog unmerge`."""

from __future__ import annotations

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_writing, registry_option
from catalog.search.named import one_named
from catalog.text import for_terminal


@click.command("unmerge")
@click.argument("name")
@click.option("--because", default="", metavar="TEXT", help="Why it is another dataset.")
@click.option("--undo", is_flag=True, help="Let it be joined again.")
@json_option
@registry_option
def unmerge_command(name: str, because: str, undo: bool, as_json: bool, registry: str | None) -> int:
    """Tell a dataset apart from those it was joined with.

    Datasets on several hosts become one result when they share a DOI, a link to their origin, all their files, or a
    paper and nearly the name; `catalog show` says which. Where that is wrong, this takes NAME out, and it stays out
    whatever later syncs bring.

    \b
    Examples:
      catalog unmerge kaggle:someone/gsm8k --because "only its test split"
      catalog unmerge kaggle:someone/gsm8k --undo
    """
    from catalog.registry.clusters import again, put_together, tell_apart
    from catalog.registry.registry import now

    with open_for_writing(registry, "unmerge") as opened:
        named = one_named(opened.connection, name)
        with opened.transaction() as connection:
            others = [] if undo else tell_apart(connection, named.id, because, now())
            freed = put_together(connection, named.id) if undo else 0
            again(connection)
    if as_json:
        output.print_json({"key": named.key, "apart_from": others, "freed": freed})
    elif undo and not freed:
        output.say(f"{for_terminal(named.key)} was told apart from nothing.")
    elif undo:
        output.say(f"{for_terminal(named.key)} may be joined again with {freed:,} it was told apart from.")
    elif others:
        output.say(f"{for_terminal(named.key)} is told apart from {for_terminal(', '.join(others))}.")
    else:
        output.say(f"{for_terminal(named.key)} is joined with nothing.")
    return 0 if others or freed else 3
