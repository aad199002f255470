"""`catalog sync`: a command for each source, made from the options that its connector names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.cli.syncing import Manner
    from catalog.config import Job
    from catalog.connector import Option

Command = TypeVar("Command", bound=Callable[..., Any])

SHARED = ("limit", "since", "full")
"""Options that go to the source with the request."""
FLAGS = ("restart", "offline", "confirm_loss", "dry_run", "as_json")


def common_options(command: Command) -> Command:
    """What may be said of every source."""
    command = json_option(registry_option(command))
    for option in reversed(
        [
            click.option("--limit", type=click.IntRange(1), help="Stop after this many records."),
            click.option(
                "--max-requests",
                type=click.IntRange(1),
                help="Send at most this many requests, then stop and keep all.",
            ),
            click.option("--since", metavar="DATE", help="Only what changed since then (2026-11, 2026-11-05, 7d)."),
            click.option("--full", is_flag=True, help="Walk everything, not only what changed since the last walk."),
            click.option("--restart", is_flag=True, help="Begin an unfinished walk anew."),
            click.option(
                "--confirm-loss",
                is_flag=True,
                help="Walk everything, and believe that what two walks no longer list is gone, however much it is.",
            ),
            click.option("--offline", is_flag=True, help="Use no network."),
            click.option("--dry-run", is_flag=True, help="Only say how many requests would be sent."),
        ]
    ):
        command = option(command)
    return command


class SourceGroup(click.Group):
    """The sources as commands: their names are those of the installed connectors, and only the one that is named is
    imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click names it
        from catalog import plugins

        return [source.name for source in plugins.sources()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return source_command(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Sources"):
            formatter.write_dl([(name, f"catalog sync {name} --help") for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from catalog import plugins

        if args[0] not in self.list_commands(ctx):
            raise plugins.unknown(args[0])
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.command("sync", cls=SourceGroup, invoke_without_command=True, subcommand_metavar="[SOURCE [OPTIONS]]")
@click.option("--config", metavar="FILE", help="The configuration (default: a catalog.toml; see below).")
@common_options
@click.pass_context
def sync_command(ctx: click.Context, /, config: str | None, **options: Any) -> int | None:
    """Pull metadata from a source into the registry.

    Page by page, each stored whole with where to go on, so that a stop or a kill costs at most the page under way: the
    same command goes on from there. After the first full walk only what changed is asked for. The source's rate limits
    are obeyed ahead of time. A budget of requests that is spent is no failure: the exit code is 0, and --json says
    "stopped": true.

    Each source has options of its own. Without SOURCE everything that catalog.toml names is synced, one source after
    the other; each fails alone, and the exit code is 1 if one did. catalog.toml is looked for beside the registry, in
    the current folder and in the user's configuration folder; without one, the last sync of each source is repeated.

    \b
    Examples:
      catalog sync huggingface --limit 50000
      catalog sync huggingface --query medical
      catalog sync uci --dry-run
      catalog sync
    """
    if ctx.invoked_subcommand is not None:
        if config:
            raise Usage("--config is for a sync of all sources.", f"Leave out {ctx.invoked_subcommand}, or --config.")
        ctx.obj = options
        return None
    return _sync_all(config, options)


def source_command(name: str) -> click.Command:
    """The command of one source. Raises `Fatal` for a connector that cannot be loaded."""
    from catalog import plugins

    connector = plugins.load(name)
    own, about = plugins.options_of(connector), plugins.about_of(connector)

    @common_options
    @click.pass_context
    def run(ctx: click.Context, /, **options: Any) -> int:
        given = {key: options[key] or (ctx.obj or {}).get(key) for key in (*SHARED, *FLAGS, "max_requests", "registry")}
        asked = {option.name: options[_parameter(option)] for option in own}
        return _sync_one(name, asked, given)

    command = click.command(name, help=_help(about.title, about.terms, about.home))(run)
    command.params[:0] = [_click_option(option) for option in own]
    return command


def _help(title: str, terms: str, home: str) -> str:
    told = f"Pull metadata of {for_terminal(title)} into the registry."
    where = f"{for_terminal(home)} – " if home else ""
    return f"{told}\n\n{where}{for_terminal(terms)}\n\nWhat is common to all sources is told by: catalog sync --help"


def _parameter(option: Option) -> str:
    return f"own_{option.name.replace('-', '_')}"


def _click_option(option: Option) -> click.Option:
    kinds: dict[str, Any] = {
        "count": {"type": click.IntRange(1)},
        "flag": {"is_flag": True},
        "file": {"type": click.Path(exists=True, dir_okay=False)},
    }
    settings = kinds.get(option.kind, {})
    if option.many and option.kind != "flag":
        settings["multiple"] = True
    flag = f"--{option.name.replace('_', '-')}"
    repeats = " (Repeatable.)" if option.many else ""
    told = f"{for_terminal(option.help)}{repeats}"
    return click.Option([flag, _parameter(option)], help=told, metavar=for_terminal(option.metavar) or None, **settings)


def _sync_one(name: str, own: dict[str, Any], given: dict[str, Any]) -> int:
    from catalog.cli.syncing import print_estimates, report, run_job
    from catalog.config import Job, asked_for

    job = _with_flags(Job(name, asked_for(own)), given)
    manner = _manner(given, given["registry"])
    if given["dry_run"]:
        return print_estimates([job], manner, given["as_json"])
    outcome = run_job(job, manner)
    if given["as_json"]:
        output.print_json({**vars(outcome.progress), "requests": outcome.requests, "datasets": outcome.datasets})
    else:
        report(outcome)
    return 0


def _with_flags(job: Job, given: dict[str, Any]) -> Job:
    """A job with what the flags of the command say of every source."""
    from dataclasses import replace

    from catalog.config import asked_for
    from catalog.when import moment

    flags = {key: given[key] for key in SHARED}
    if flags["since"]:
        flags["since"] = moment(flags["since"], datetime.now(UTC))
    flags["full"] = flags["full"] or given["confirm_loss"]
    request = {**job.request, **asked_for(flags)}
    return replace(job, request=request, max_requests=given["max_requests"] or job.max_requests)


def _manner(given: dict[str, Any], registry: str | None) -> Manner:
    from catalog.cli.syncing import Manner
    from catalog.location import registry_path

    flags = {name: bool(given[name]) for name in ("restart", "offline", "confirm_loss")}
    return Manner(registry_path(registry), **flags)


def _sync_all(named: str | None, given: dict[str, Any]) -> int:
    from catalog.cli.syncing import print_estimates, print_outcomes, report, run_jobs

    registry, jobs = _what_to_sync(named, given["registry"])
    jobs = [_with_flags(job, given) for job in jobs]
    manner = _manner(given, registry)
    if given["dry_run"]:
        return print_estimates(jobs, manner, given["as_json"])
    outcomes = []
    for outcome in run_jobs(jobs, manner):
        outcomes.append(outcome)
        if not given["as_json"]:
            report(outcome)
    print_outcomes(outcomes, given["as_json"])
    if any(each.interrupted for each in outcomes):
        raise KeyboardInterrupt
    return int(any(each.status == "failed" for each in outcomes))


def _what_to_sync(named: str | None, registry: str | None) -> tuple[str, list[Job]]:
    """The registry and the jobs of the configuration, else the last sync of each source. Raises `Usage` for neither."""
    from catalog import config
    from catalog.cli.syncing import synced_before, words_of
    from catalog.location import chosen_path, registry_path

    path = registry_path(registry)
    found = config.find(named, path)
    if found:
        read = config.load(found)
        path = chosen_path(registry) or read.registry or path
        if read.jobs:
            output.say(f"{for_terminal(found)}: {words_of(read.jobs)}.")
            return path, list(read.jobs)
    if jobs := synced_before(path):
        output.say(f"No catalog.toml names sources, so the last sync of each is repeated: {words_of(jobs)}.")
        return path, jobs
    raise Usage(
        "no source is named, none is configured, and none was synced before.",
        "Name one (catalog sync huggingface --limit 1000), or write a catalog.toml. See: catalog sources",
    )
