"""Connectors by entry point: the built-in ones come through the same door as a stranger's."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from catalog.connector import About, Connector, Described, Option, Selective
from catalog.errors import Fatal, Usage

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "catalog.connectors"


@dataclass(frozen=True)
class Source:
    """A connector that is installed: its name, the module it lives in and the distribution that brought it."""

    name: str
    module: str
    distribution: str


def sources() -> list[Source]:
    """The installed connectors, by name; none is imported."""
    return [
        Source(point.name, point.value.partition(":")[0], point.dist.name if point.dist else "")
        for point in sorted(_points(), key=lambda point: point.name)
    ]


def load(name: str) -> Connector:
    """The connector of a source.

    Raises `Usage` when no such connector is installed, `Fatal` when it cannot be imported or is no connector.
    """
    found = [point for point in _points() if point.name == name]
    if not found:
        raise unknown(name)
    try:
        with redirect_stdout(sys.stderr):  # stdout is for data, whatever a module prints
            connector = found[0].load()
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise Fatal(
            f"the connector {name!r} cannot be loaded ({type(error).__name__}: {error}).",
            f"Reinstall {_dist(found[0])}.",
        ) from error
    if not isinstance(connector, Connector):
        raise Fatal(f"{found[0].value} is no connector: it lacks name, pages or files.", f"Upgrade {_dist(found[0])}.")
    return connector


def unknown(name: str) -> Usage:
    """That no connector has this name, with the nearest one that is installed."""
    names = sorted({point.name for point in _points()})
    near = get_close_matches(name.lower(), names, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    known = ", ".join(names) or "none"
    return Usage(f"no connector for {name[:60]!r} is installed (there are: {known}).", f"{guess}See: catalog sources")


def about_of(connector: Connector) -> About:
    """What a connector says of itself; its name where it says nothing."""
    about = getattr(connector, "about", None)
    return about if isinstance(about, About) else About(connector.name)


def options_of(connector: Connector) -> tuple[Option, ...]:
    """What a source may be asked for beside what every source may. Raises `Fatal` for what can be no option."""
    if not isinstance(connector, Described):
        return ()
    return _sound(connector, connector.options)


def selectors_of(connector: object) -> tuple[Option, ...]:
    """What a fetch from a source may be asked for. Raises `Fatal` for what can be no option."""
    return _sound(connector, connector.selectors) if isinstance(connector, Selective) else ()


def _sound(connector: Connector | Selective, options: tuple[Option, ...]) -> tuple[Option, ...]:
    options = tuple(option for option in options if getattr(option, "name", "") not in COMMON)
    for option in options:
        if not (isinstance(option, Option) and _WORD.fullmatch(option.name) and option.kind in _KINDS):
            name = getattr(connector, "name", "")
            raise Fatal(f"the connector {name} has an option that cannot be one: {str(option)[:80]}.")
    return options


COMMON = ("limit", "since", "full")
"""What every source may be asked for."""

_WORD = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_KINDS = ("text", "count", "flag", "file")


def _points() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


def _dist(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "the package that brings it"
