"""`catalog cite`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.errors import NotFound, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.export.bibtex import Reference
    from catalog.fetch.lockfile import Locked
    from catalog.record import Entry


@click.command("cite")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--lock",
    metavar="FILE",
    is_flag=False,
    flag_value="",
    help="Cite what this lock names, with its revisions (default: catalog.lock of this project).",
)
@click.option("--members/--no-members", default=True, help="With the members of a collection, each (default), or not.")
@json_option
@registry_option
def cite_command(names: tuple[str, ...], lock: str | None, members: bool, as_json: bool, registry: str | None) -> int:
    """Print references to datasets as BibTeX.

    What a source states as its reference is taken as it is; else the entry holds what is known of the dataset, with the
    arXiv id or DOI of its paper. Nothing is guessed. Of a collection such as GLUE every member is cited as well. Keys
    come from the dataset alone and stay as they are; with --lock the revision and the date stand in the entry.

    \b
    Examples:
      catalog cite gsm8k >> references.bib
      catalog cite glue --no-members
      catalog cite --lock
    """
    from catalog.export.bibtex import distinct, render

    if lock is None and not names:
        raise Usage(
            "a citation needs the name of a dataset.", "Or cite what catalog.lock names with: catalog cite --lock"
        )
    if lock is None:
        with open_for_reading(registry) as connection:
            found = [each for name in names for each in _named(connection, name, members)]
    else:
        found = _locked(lock, names, members, registry)
    if as_json:
        output.print_json({"references": [each.to_dict() for each in distinct(found)]})
    else:
        print(render(found), end="")
    return 0


def _named(connection: sqlite3.Connection, name: str, members: bool, **told: str) -> Iterator[Reference]:
    """The references of a dataset that the registry knows, then those of its members."""
    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    number = one_named(connection, name).id
    entry = read_entries(connection, [number], terms_of(connection))[number]
    yield from _of(connection, number, entry, members, told)


def _of(
    connection: sqlite3.Connection, number: int, entry: Entry, members: bool, told: dict[str, str]
) -> Iterator[Reference]:
    from catalog.export.bibtex import references
    from catalog.registry.clusters import copies_of
    from catalog.registry.reader import members_of

    copies = copies_of(connection, number)
    yield from references(entry, copies, **told)
    keys = dict.fromkeys([entry.key, *(copy.key for copy in copies)])
    for member in members_of(connection, list(keys)) if members else []:
        if member.key not in keys:
            yield from references(member, _copies_of_key(connection, member.key), part_of=entry.key)


def _copies_of_key(connection: sqlite3.Connection, key: str) -> list[Entry]:
    from catalog.registry.clusters import copies_of

    row = connection.execute("SELECT id FROM dataset WHERE key = ?", (key,)).fetchone()
    return copies_of(connection, row[0]) if row else []


def _locked(lock: str, names: tuple[str, ...], members: bool, registry: str | None) -> list[Reference]:
    """The references of what a lock names. A dataset that the registry does not know is cited from the lock alone."""
    from catalog.fetch.lockfile import chosen, lock_path, read_lock

    if lock and not Path(lock).is_file() and not lock.endswith((".lock", ".json")):
        names, lock = (lock, *names), ""  # --lock NAME: the lock of this project, of which one dataset
    path = lock_path(lock or None)
    entries = chosen(read_lock(path), names, path)
    if not entries:
        raise NotFound(f"{path} is empty.", "catalog fetch NAME fills it.")
    found: list[Reference] = []
    for each in entries:
        known = list(_known(each, members, registry))
        if not known:
            output.say(f"{for_terminal(each.key)} is not in the registry; it is cited from the lock alone.")
        found += known or list(_from_lock(each))
    return found


def _known(each: Locked, members: bool, registry: str | None) -> Iterable[Reference]:
    told = {"source": each.source, "revision": each.revision, "accessed": each.fetched[:10]}
    try:
        with open_for_reading(registry) as connection:
            row = connection.execute("SELECT id FROM dataset WHERE key = ?", (each.key,)).fetchone()
            return list(_named(connection, each.key, members, **told)) if row else []
    except NotFound:
        return []


def _from_lock(each: Locked) -> Iterator[Reference]:
    from catalog.export.bibtex import references
    from catalog.record import Record

    source, _, native_id = each.key.partition(":")
    address = each.key if each.key.startswith(("http://", "https://")) else ""
    entry = Record(
        source="web" if address else source,
        id=each.key if address else native_id,
        name=each.name,
        title=each.title,
        url=address,
    )
    yield from references(entry, source=each.source, revision=each.revision, accessed=each.fetched[:10])
