"""Options that several commands share, and the doors to the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catalog.location import registry_path

if TYPE_CHECKING:
    from catalog.registry import Registry

Command = TypeVar("Command", bound=Callable[..., Any])


def registry_option(command: Command) -> Command:
    """`--registry PATH`."""
    return click.option(
        "--registry",
        metavar="PATH",
        help="The registry file (default: CATALOG_REGISTRY, ./registry.db, the user's data folder).",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def open_for_reading(named: str | None, *, deadline: float | None = 30.0) -> closing[sqlite3.Connection]:
    """A read-only connection to the registry that the user means, as a context manager.

    Raises `NotFound` without a registry, `Fatal` for a file of another version or one whose index is being rebuilt.
    """
    from catalog.migrations import connect_current

    return closing(connect_current(registry_path(named), deadline=deadline))


def open_for_writing(named: str | None, verb: str, *, create: bool = False) -> Registry:
    """The registry that the user means, opened for writing; waits for another writer and says for whom."""
    from catalog.registry import Registry

    def tell(holder: str) -> None:
        click.echo(f"Waiting for {holder}, which is writing to the registry …", err=True)

    return Registry.open(registry_path(named), create=create, verb=verb, on_wait=tell, wait=60.0)
