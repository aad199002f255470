"""Connectors by entry point: the built-in ones come through the same door as a stranger's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.connector import Connector
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
        known = ", ".join(sorted(point.name for point in _points())) or "none"
        raise Usage(f"no connector for {name[:60]!r} is installed (there are: {known}).", "See: catalog sources")
    try:
        connector = found[0].load()
    except Exception as error:  # a stranger's module may raise anything
        raise Fatal(
            f"the connector {name!r} cannot be loaded ({type(error).__name__}: {error}).",
            f"Reinstall {_dist(found[0])}.",
        ) from error
    if not isinstance(connector, Connector):
        raise Fatal(f"{found[0].value} is no connector: it lacks name, pages or files.", f"Upgrade {_dist(found[0])}.")
    return connector


def _points() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


def _dist(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "the package that brings it"
