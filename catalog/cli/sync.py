"""`catalog sync` and `catalog sources`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_writing, registry_option
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.sync import Progress

Tell = Callable[["Progress"], None]


@click.command("sync")
@click.argument("source")
@click.option("--limit", type=click.IntRange(1), help="Stop after this many records.")
@click.option("--query", help="Only what the source finds for these words.")
@click.option("--author", help="Only this owner's datasets.")
@click.option(
    "--filter", "filters", multiple=True, metavar="TAG", help="Only with this tag of the source (repeatable)."
)
@click.option("--max-requests", type=click.IntRange(1), help="Send at most this many requests, then stop and keep all.")
@click.option("--full", is_flag=True, help="Walk everything, not only what changed since the last walk.")
@click.option("--restart", is_flag=True, help="Begin an unfinished walk anew.")
@click.option("--offline", is_flag=True, help="Use no network.")
@json_option
@registry_option
def sync_command(source: str, registry: str | None, as_json: bool, **options: Any) -> int:
    """Pull metadata from a source into the registry.

    Page by page, each stored whole with where to go on, so that a stop or a kill costs at most the page under way: the
    same command goes on from there. After the first full walk only what changed is asked for. The source's rate limits
    are obeyed ahead of time. A budget of requests that is spent is no failure: the exit code is 0, and --json says
    "stopped": true.

    \b
    Examples:
      catalog sync huggingface --limit 50000
      catalog sync huggingface --query medical
      catalog sync huggingface --max-requests 400
    """
    from catalog import plugins
    from catalog.connector import hosts_of
    from catalog.sync import sync
    from catalog.web import Web, WebSettings

    connector = plugins.load(source)
    settings = WebSettings(
        max_requests=options["max_requests"],
        offline=options["offline"],
        allow_private_hosts=hosts_of(connector),
        on_wait=_tell_wait,
    )
    with open_for_writing(registry, f"sync {source}", create=True) as opened, Web(settings) as web:
        with progress_bar(options["limit"]) as tell:
            progress = sync(opened, connector, web, request_of(options), restart=options["restart"], on_page=tell)
        total = len(opened)
    if as_json:
        output.print_json({**vars(progress), "datasets": total})
    else:
        _report(progress, total)
    return 0


def request_of(options: dict[str, Any]) -> dict[str, Any]:
    """What the user asked a source for, as the cursor keeps it; what was not given is left out."""
    asked = {name: options[name] for name in ("limit", "query", "author") if options[name]}
    if options["filters"]:
        asked["filter"] = sorted(options["filters"])
    if options["full"]:
        asked["full"] = True
    return asked


def _report(progress: Progress, total: int) -> None:
    resumed = " (went on from where it stopped)" if progress.resumed else ""
    output.say(
        f"{progress.source}: {progress.new:,} new, {progress.changed:,} changed, {progress.same:,} unchanged, "
        f"{progress.skipped:,} skipped{resumed}. The registry holds {total:,} datasets."
    )
    for name, reason in progress.reasons:
        output.say(f"  skipped {for_terminal(name)}: {for_terminal(reason)}")
    if progress.missing:
        output.say(f"{progress.missing:,} datasets are gone from the source; they are kept and marked.")
    if progress.message:
        output.say(for_terminal(progress.message))


def _tell_wait(seconds: float, reason: str) -> None:
    if seconds >= 1:
        output.say(f"Waiting {seconds:.0f} s: {reason}")


@contextmanager
def progress_bar(limit: int | None) -> Iterator[Tell]:
    """What shows how far a sync is: a bar with rate and time left on a terminal, else a line every ten seconds."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Bar(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("records", total=limit, rate="")
        started = time.monotonic()

        def show(progress: Progress) -> None:
            rate = progress.records / max(time.monotonic() - started, 0.001)
            total = progress.total if progress.total is not None else limit
            if progress.pages == 1:
                bar.reset(task, completed=progress.before, total=total)
            bar.update(task, completed=progress.before + progress.records, total=total, rate=f"{rate:,.0f}/s")

        yield show


class _Lines:
    """Progress as a line for the first page and every ten seconds, for logs."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._due = self._started

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + 10
            output.say(progress_line(progress, now - self._started))


def progress_line(progress: Progress, seconds: float) -> str:
    """How far a sync is after so many seconds: `2,000 of 6,000 records, 812/s, about 5 s left`."""
    rate = progress.records / max(seconds, 0.001)
    done = progress.before + progress.records
    if progress.total is None or rate < 0.001:
        return f"{done:,} records, {rate:,.0f}/s"
    left = max(0, progress.total - done) / rate
    near = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
    return f"{done:,} of {progress.total:,} records, {rate:,.0f}/s, about {near} left"


@click.command("sources")
@json_option
def sources_command(as_json: bool) -> int:
    """List the sources that can be synced.

    Every connector that is installed, its module and the package that brought it. Third parties add theirs by the
    entry point "catalog.connectors".

    \b
    Example:
      catalog sources
    """
    from catalog import plugins

    found = plugins.sources()
    if as_json:
        output.print_json([vars(source) for source in found])
        return 0
    fields = (output.Field("source", 12), output.Field("module", 24, grow=1), output.Field("package", 16, rank=1))
    rows = [[source.name, source.module, source.distribution] for source in found]
    print("\n".join(output.table(fields, rows, output.window_width())))
    output.say("Pull one into the registry with: catalog sync huggingface --limit 10000")
    return 0
