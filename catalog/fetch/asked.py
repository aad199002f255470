"""What a user asks a source for in a fetch (`--lang zh`), checked against what its connector says it can be asked."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from catalog import plugins
from catalog.connector import Asked, Option, Selective
from catalog.errors import Fatal, Usage

Given = Mapping[str, Sequence[str]]
"""Options as they were typed: the values of each, by its name; a flag has none."""


def asked_of(connector: object, key: str, given: Given) -> dict[str, str | int | bool | list[str]]:
    """The values of the options that were given, as the connector wants them. Raises `Usage` for one that this source
    does not know or that has no such value."""
    known = {option.name: option for option in plugins.selectors_of(connector)}
    for name in given:
        if name not in known:
            raise _unknown(name, key, list(known))
    return {name: _value(known[name], list(values)) for name, values in given.items()}


def typed(asked: Asked) -> str:
    """What was asked for, as it is typed: `--lang zh --limit 10`."""
    return " ".join(_words(asked))


def part_of(connector: object, value: str) -> dict[str, list[str]]:
    """What the second half of `NAME:VALUE` means to a connector; nothing where it means nothing."""
    name = connector.part if isinstance(connector, Selective) else ""
    return {name: [value]} if name else {}


def owners() -> dict[str, list[tuple[str, Option]]]:
    """The options of every installed source, by name, each with the sources that know it; a connector that is broken
    has none."""
    found: dict[str, list[tuple[str, Option]]] = {}
    for source in plugins.sources():
        try:
            options = plugins.selectors_of(plugins.load(source.name))
        except Fatal:
            continue
        for option in options:
            found.setdefault(option.name, []).append((source.name, option))
    return found


def _unknown(name: str, key: str, known: list[str]) -> Usage:
    flag = f"--{name.replace('_', '-')}"
    takes = ", ".join(f"--{each.replace('_', '-')}" for each in known)
    if not takes:
        places = ", ".join(source for source, _ in owners().get(name, []))
        takes = f"It is an option of {places}." if places else "Its files are chosen with --include and --limit."
        return Usage(f"{flag} does not apply to {key}.", takes)
    near = get_close_matches(name, known, n=1)
    guess = f"Did you mean --{near[0].replace('_', '-')}? " if near else ""
    return Usage(f"{flag} does not apply to {key}.", f"{guess}It takes {takes}.")


def _value(option: Option, values: list[str]) -> str | int | bool | list[str]:
    flag = f"--{option.name.replace('_', '-')}"
    if option.kind == "flag":
        return True
    if not values or not all(value.strip() for value in values):
        raise Usage(f"{flag} has no value.", f"Say it as: {flag} {option.metavar or 'VALUE'}")
    if len(values) > 1 and not option.many:
        raise Usage(f"{flag} is given {len(values)} times.", "Give it once.")
    if option.kind == "count":
        if not (values[0].isascii() and values[0].isdigit() and 0 < int(values[0]) < 1 << 53):
            raise Usage(f"{flag} {values[0][:40]!r} is not a whole number from 1.", f"Say it as: {flag} 10")
        return int(values[0])
    return values if option.many else values[0]


def _words(asked: Asked) -> Iterator[str]:
    for name, value in asked.items():
        flag = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list) else [value]:
            yield flag if each is True else f"{flag} {shlex.quote(str(each))}"
