"""The command group: names and help lines of all commands, each module imported only when its command runs."""

from __future__ import annotations

import os
from importlib import import_module

import click

from catalog.cli.words import LANGUAGES, VARIABLE

COMMANDS = {
    "init": ("catalog.cli.init", "Make the registry, or bring it up to date, from the embedded catalog."),
    "search": ("catalog.cli.search", "Find datasets by words and filters."),
    "show": ("catalog.cli.show", "Show everything known of a dataset, with the evidence."),
    "unmerge": ("catalog.cli.unmerge", "Tell a dataset apart from those it was joined with."),
    "tag": ("catalog.cli.tag", "Tell why a dataset has its tags, and correct them."),
    "retag": ("catalog.cli.tag", "Make all tags and license verdicts anew by the rules of today."),
    "facets": ("catalog.cli.facets", "List facets, their terms, aliases and counts."),
    "fetch": ("catalog.cli.fetch", "Download datasets: planned, resumable, verified."),
    "verify": ("catalog.cli.verify", "Check downloaded files against their receipt or the lock."),
    "cite": ("catalog.cli.cite", "Print references to datasets as BibTeX."),
    "preview": ("catalog.cli.preview", "Show the first rows of a dataset without the rest of it."),
    "lint": ("catalog.cli.lint", "Check the rows of a training set, and tell their format."),
    "convert": ("catalog.cli.convert", "Write rows in the format that a trainer reads."),
    "split": ("catalog.cli.split", "Write training, validation and test rows, copies on one side."),
    "augment": ("catalog.cli.augment", "Write more training rows out of those there are, by rule or by model."),
    "tokens": ("catalog.cli.tokens", "Tell how many tokens a dataset holds, and how sure that is."),
    "plan": ("catalog.cli.plan", "Tell how much data a model needs, and what a mix gives."),
    "sync": ("catalog.cli.sync", "Pull metadata from a source into the registry."),
    "pull": ("catalog.cli.pull", "Pull a registry that somebody published, instead of syncing it."),
    "sources": ("catalog.cli.sources", "List the sources that can be synced."),
    "runs": ("catalog.cli.runs", "List runs of sync and import, and what they skipped."),
    "changes": ("catalog.cli.changes", "List what changed since a date."),
    "history": ("catalog.cli.changes", "Show how one dataset changed."),
    "inspect": ("catalog.cli.inspect", "Say what datasets a page describes, and why not more."),
    "import": ("catalog.cli.records", "Read records or a published dump from a file or folder."),
    "export": ("catalog.cli.export", "Write the registry, or one dataset of it, in a form that others read."),
    "site": ("catalog.cli.site", "Build the static site of the registry, and look at it."),
    "info": ("catalog.cli.info", "Say where the registry is and what it holds."),
    "doctor": ("catalog.cli.doctor", "Say what is in order here, and what to do where it is not."),
    "check": ("catalog.cli.check", "Check the registry, and repair what can be repaired."),
    "backup": ("catalog.cli.check", "Write a consistent copy of the registry."),
}
"""Command name -> (module, help line). The module holds a click command named `<name>_command`."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_module, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else " `catalog --help` lists the commands."
            raise click.UsageError(f"There is no command {name[:40]!r}.{guess}", ctx)
        return super().resolve_command(ctx, args)


def _speak(_ctx: click.Context, _param: click.Parameter, language: str | None) -> None:
    if language:
        os.environ[VARIABLE] = language


EPILOG = """\b
Examples:
  catalog init                                   # the embedded catalog into ./registry.db
  catalog search --domain medical --task sft
  catalog search 医疗 对话 --lang zh --commercial yes
  catalog show gsm8k
  catalog fetch openwebtext --dry-run
"""


@click.command(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="dataset-catalog", prog_name="catalog")
@click.option(
    "--ui",
    type=click.Choice(LANGUAGES),
    expose_value=False,
    callback=_speak,
    help="Language of tables and notes; errors are in English.",
)
def app() -> None:
    """Find, judge and fetch datasets to train language models on.

    One offline registry over many sources: searched by domain, task and license, each tag with its evidence.
    """
