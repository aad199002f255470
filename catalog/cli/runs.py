"""`catalog runs` and `catalog runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import said
from catalog.errors import NotFound, Usage
from catalog.location import registry_path
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.registry.runs import Run

FIELDS = (
    output.Field("run", 4, right=True),
    output.Field("source", 11, grow=1),
    output.Field("verb", 7, rank=4),
    output.Field("started", 16, rank=1),
    output.Field("took", 6, rank=4, right=True),
    output.Field("status", 11),
    output.Field("new", 4, right=True),
    output.Field("changed", 7, rank=2, right=True),
    output.Field("unchanged", 9, rank=3, right=True),
    output.Field("skipped", 7, rank=2, right=True),
    output.Field("asked for", 12, rank=5, grow=1),
    output.Field("message", 16, rank=6, grow=1),
)


class RunsGroup(click.Group):
    """`catalog runs 7` is what people type for `catalog runs show 7`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, ["show", *args] if args[0].isdecimal() else args)


@click.command("runs", cls=RunsGroup, invoke_without_command=True, subcommand_metavar="[show NUMBER]")
@click.option("--source", help="Only runs of this source.")
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@json_option
@registry_option
@click.pass_context
def runs_command(
    ctx: click.Context, /, source: str | None, limit: int, as_json: bool, registry: str | None
) -> int | None:
    """List runs of sync and import, the last one first.

    A run that is over is done, stopped (it said why) or interrupted: its process was killed, and the same command goes
    on from there.

    \b
    Examples:
      catalog runs
      catalog runs --source huggingface -n 5
      catalog runs show 12
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = registry
        return None
    from catalog.registry.runs import runs

    path = registry_path(registry)
    with open_for_reading(path) as connection:
        found = runs(connection, path, source=source or "", limit=limit)
    if as_json:
        output.print_json([run.to_dict() for run in found])
        return 0
    if not found:
        raise NotFound(f"there was no run{f' of {source}' if source else ''} yet.", "Make one with: catalog sync")
    print("\n".join(output.table(FIELDS, [_cells(run) for run in found], output.window_width())))
    output.say(said("What one of them skipped, and why: catalog runs show {run}", run=found[0].id))
    return 0


def _cells(run: Run) -> list[str]:
    from catalog.cli.syncing import flags_of

    started = run.started[:16].replace("T", " ")
    counts = [f"{count:,}" for count in (run.new, run.changed, run.same, run.skipped)]
    took, asked = duration(run.seconds), flags_of(run.request)
    return [str(run.id), run.source, run.verb, started, took, said(run.status), *counts, asked, run.message]


def duration(seconds: int | None) -> str:
    """`45 s`, `12 min`, `3.5 h`; "" where it is not known."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@runs_command.command("show")
@click.argument("number", type=click.IntRange(1))
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Skips on a page.")
@click.option("--page", type=click.IntRange(1), default=1, help="Which page of skips.")
@json_option
@registry_option
@click.pass_context
def show_command(ctx: click.Context, /, number: int, limit: int, page: int, as_json: bool, registry: str | None) -> int:
    """Show one run: its counts, what was asked for, and what it skipped with the reason.

    \b
    Examples:
      catalog runs show 12
      catalog runs show 12 --page 2
    """
    from catalog.registry.runs import reasons, run_numbered, skips

    path = registry_path(registry or ctx.obj)
    with open_for_reading(path) as connection:
        run = run_numbered(connection, path, number)
        if run is None:
            raise NotFound(f"there is no run {number}.", "List them with: catalog runs")
        why = reasons(connection, number)
        rows = skips(connection, number, limit=limit + 1, after=(page - 1) * limit)
    if page > 1 and not rows:
        raise Usage(f"run {number} has no page {page} of skips.", f"See: catalog runs show {number}")
    shown, more = rows[:limit], len(rows) > limit
    if as_json:
        listed = [{"record": record, "reason": reason} for record, reason in shown]
        output.print_json(
            {**run.to_dict(), "seconds": run.seconds, "reasons": dict(why), "skips": listed, "more": more}
        )
        return 0
    _print_run(run)
    _print_skips(why, shown)
    if more:
        output.say(said("Next: --page {page}", page=page + 1))
    return 0


def _print_run(run: Run) -> None:
    asked = " ".join(f"{name}={_words(value)}" for name, value in run.request.items())
    pairs = {
        "run": f"{run.id} ({run.verb} {run.source})",
        "asked for": asked,
        "started": run.started,
        "finished": f"{run.finished} ({duration(run.seconds)})" if run.finished else "",
        "status": said(run.status),
        "message": run.message,
        "pages": f"{run.pages:,}",
        "new": f"{run.new:,}",
        "changed": f"{run.changed:,}",
        "unchanged": f"{run.same:,}",
        "skipped": f"{run.skipped:,}",
    }
    for name, value in pairs.items():
        if value:
            print(f"{output.pad(said(name), 12)}{for_terminal(value)}")


def _words(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_skips(why: list[tuple[str, int]], shown: list[tuple[str, str]]) -> None:
    """How often each reason was given, then what was skipped, each with its reason below it, nothing cut."""
    width = output.window_width()
    if len(why) > 1:
        print()
    for reason, count in why if len(why) > 1 else []:
        print("\n".join(output.labelled(f"{count:>9,}", reason, width, 11)))
    if shown:
        print()
    for record, reason in shown:
        print(for_terminal(record))
        print("\n".join(output.labelled("", reason, width, 4)))
