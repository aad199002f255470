"""`catalog changes` and `catalog history`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import said
from catalog.errors import NotFound
from catalog.registry.history import KINDS
from catalog.text import for_terminal

if TYPE_CHECKING:
    import sqlite3

    from catalog.registry.history import Event

AMOUNTS = {"rows": output.count, "bytes": output.size}


@click.command("changes")
@click.option("--since", default="7d", show_default=True, metavar="DATE", help="2026-11, 2026-11-05, 7d, yesterday ...")
@click.option("--source", help="Only datasets of this source.")
@click.option(
    "--field", "fields", multiple=True, type=click.Choice(KINDS), help="Only changes of this kind (repeatable)."
)
@click.option("-n", "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many.")
@json_option
@registry_option
def changes_command(
    since: str, source: str | None, fields: tuple[str, ...], limit: int, as_json: bool, registry: str | None
) -> int:
    """List what changed since a date.

    What is new, gone (two complete walks in a row did not list it) or back, what was renamed, and what changed its
    license, access, rows, bytes or revision; the latest first. What the registry was made with is not new. The counts
    are of everything since then.

    \b
    Examples:
      catalog changes --since 2026-11
      catalog changes --since 30d --field license
      catalog changes --since yesterday --source huggingface --json
    """
    from catalog.registry.history import begun_with, count_events, events
    from catalog.when import moment

    start = moment(since, datetime.now(UTC))
    with open_for_reading(registry) as connection:
        found = events(connection, start, source=source or "", kinds=fields or KINDS, limit=limit + 1)
        counts = count_events(connection, start, source=source or "")
        made_with = begun_with(connection)
        _check_source(connection, source or "")
    shown, more = found[:limit], len(found) > limit
    counts = {kind: count for kind, count in counts.items() if not fields or kind in fields}
    if as_json:
        output.print_json(
            {"since": start, "counts": counts, "more": more, "changes": [event.to_dict() for event in shown]}
        )
        return 0
    if not shown:
        output.say(said("Nothing changed since {date}.", date=_minute(start)))
        if made_with and not source:
            output.say(said("The {count:,} datasets that the registry was made with are no change.", count=made_with))
        return 3
    rows = [[_when(event), said(event.kind), event.key, change_words(event)] for event in shown]
    grown = (
        output.Field("when", 16, rank=1), output.Field("change", 8), output.Field("dataset", 24, grow=2),
        output.Field("what", 20, grow=1),
    )  # fmt: skip
    print("\n".join(output.table(grown, rows, output.window_width())))
    told = ", ".join(f"{said(kind)} {count:,}" for kind, count in counts.items())
    output.say(said("Since {date}: {counts}.", date=_minute(start), counts=told))
    if more:
        output.say(said("There is more: --limit {limit}", limit=limit * 10))
    return 0


def _check_source(connection: sqlite3.Connection, source: str) -> None:
    """Raise `NotFound` for a source that the registry has nothing of, as a misspelt one."""
    from catalog.plugins import sources

    known = source in {each.name for each in sources()} or not source
    held = "SELECT 1 FROM dataset WHERE key >= ? AND key < ? LIMIT 1"
    if not known and connection.execute(held, (f"{source}:", f"{source};")).fetchone() is None:
        raise NotFound(f"the registry has nothing of a source {source[:80]!r}.", "See: catalog info")


def _when(event: Event) -> str:
    return _minute(event.at)


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def change_words(event: Event) -> str:
    """What an event changed, in a line: `MIT (yes) → CC-BY-NC-4.0 (no)`."""
    if event.kind == "new":
        return event.title
    if event.kind in ("gone", "back"):
        return ""
    if event.kind == "revision":
        return f"{event.old[:12] or said('none')} → {event.new[:12] or said('none')}"
    if event.kind in AMOUNTS:
        return f"{_amount(event.kind, event.old)} → {_amount(event.kind, event.new)}"
    if event.kind == "license":
        return f"{_license(event.old, event.old_commercial)} → {_license(event.new, event.new_commercial)}"
    return f"{event.old or said('none')} → {event.new or said('none')}"


def _license(expression: str, commercial: str) -> str:
    return f"{expression or said('none')} ({said(commercial)})" if commercial else expression or said("none")


def _amount(kind: str, text: str) -> str:
    return AMOUNTS[kind](int(text)) if text.isdecimal() else said("unknown")


@click.command("history")
@click.argument("name")
@json_option
@registry_option
def history_command(name: str, as_json: bool, registry: str | None) -> int:
    """Show how one dataset changed, from its first sight on.

    NAME is a key, an id, a short name or an alias, as for catalog show; an old id finds it after a rename.

    \b
    Examples:
      catalog history huggingface:openai/gsm8k
      catalog history gsm8k --json
    """
    from catalog.registry.history import history
    from catalog.search.named import one_named

    with open_for_reading(registry) as connection:
        named = one_named(connection, name)
        found = history(connection, named.id)
    if as_json:
        output.print_json({"key": named.key, "changes": [event.to_dict() for event in found]})
        return 0
    print(output.paint(for_terminal(named.key), "1"))
    fields = (output.Field("when", 16), output.Field("change", 8), output.Field("what", 24, grow=1))
    rows = [[_when(event), said(event.kind), change_words(event)] for event in found]
    print("\n".join(output.table(fields, rows, output.window_width())))
    return 0
