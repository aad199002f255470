"""Options that several commands share, and the doors to the registry."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import click

from catalog.errors import Fatal
from catalog.location import registry_path
from catalog.sqlite import connect_for_reading

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
    from catalog.migrations import require_current, version_of

    path = registry_path(named)
    connection = connect_for_reading(path, deadline=deadline)
    try:
        require_current(version_of(connection), path)
    except sqlite3.Error as error:
        connection.close()
        raise Fatal(f"the registry {path} cannot be read ({error}).", "Look at it with: catalog check") from error
    except BaseException:
        connection.close()
        raise
    return closing(connection)


def open_for_writing(named: str | None, verb: str, *, create: bool = False) -> Registry:
    """The registry that the user means, opened for writing; waits for another writer and says for whom."""
    from catalog.registry import Registry

    def tell(holder: str) -> None:
        click.echo(f"Waiting for {holder}, which is writing to the registry …", err=True)

    return Registry.open(registry_path(named), create=create, verb=verb, on_wait=tell, wait=60.0)
