"""The options that sources bring to `catalog fetch`: known by their connectors, read when they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from catalog.cli.words import said
from catalog.text import for_terminal

OWN = "own"
"""The parameter in which a command finds them: the values of each, by its name."""


class SelectiveCommand(click.Command):
    """A command that takes what any installed source may be asked for, beside its own options.

    Connectors are imported for an option that the command does not know, and for the help. Whether an option applies
    is found out once it is clear which source is meant.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest, own = self._taken(list(args))
        left = super().parse_args(ctx, rest)
        ctx.params[OWN] = own
        return left

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        for source, rows in self._by_source().items():
            with formatter.section(said("Options of {source}", source=source)):
                formatter.write_dl(rows)

    def _taken(self, args: list[str]) -> tuple[list[str], dict[str, list[str]]]:
        """The arguments without the options of sources, and these."""
        own: dict[str, list[str]] = {}
        rest: list[str] = []
        mine = {name for param in self.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
        while args:
            word = args.pop(0)
            if word == "--":
                return [*rest, word, *args], own
            flag, equals, value = word.partition("=")
            if not flag.startswith("--") or flag in mine:
                rest.append(word)
                if flag in mine and not equals and args and self._takes_value(flag):
                    rest.append(args.pop(0))
                continue
            kinds = self._kinds(flag[2:].replace("-", "_"))
            if not kinds:
                rest.append(word)  # click says what is wrong with it
                continue
            values = own.setdefault(flag[2:].replace("-", "_"), [])
            if equals:
                values.append(value)
            elif kinds != {"flag"} and args:
                values.append(args.pop(0))
        return rest, own

    def _takes_value(self, flag: str) -> bool:
        found = next((param for param in self.params if flag in param.opts), None)
        return isinstance(found, click.Option) and not found.is_flag

    def _kinds(self, name: str) -> set[str]:
        from catalog.fetch.asked import owners

        return {option.kind for _source, option in owners().get(name, [])}

    def _by_source(self) -> dict[str, list[tuple[str, str]]]:
        from catalog.fetch.asked import owners

        found: dict[str, list[tuple[str, str]]] = {}
        for source, option in _flat(owners()):
            metavar = "" if option.kind == "flag" else f" {option.metavar or option.kind.upper()}"
            flag = f"--{option.name.replace('_', '-')}{metavar}"
            found.setdefault(source, []).append((for_terminal(flag), for_terminal(option.help)))
        return dict(sorted(found.items()))


def _flat(owned: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for pairs in owned.values():
        yield from pairs
