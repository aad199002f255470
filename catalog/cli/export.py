"""`catalog export`: the registry, or one of its entries, in a form that others read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import open_for_reading, registry_option
from catalog.errors import Fatal, Usage

if TYPE_CHECKING:
    import sqlite3

    from catalog.record import Entry

WHOLE = ("records", "corrections", "csv")
ONE = ("croissant", "dcat")


@click.command("export")
@click.argument("kind", type=click.Choice([*WHOLE, *ONE]))
@click.argument("names", nargs=-1, metavar="[NAME] [FILE]")
@click.option("--source", help="Only entries of this source; not with NAME.")
@click.option("-o", "--out", metavar="FILE", help="The file, as FILE behind the others.")
@registry_option
def export_command(kind: str, names: tuple[str, ...], source: str | None, out: str | None, registry: str | None) -> int:
    """Write the registry, or one dataset of it, in a form that others read.

    `records` is one entry a line as JSON, with its tags and verdict; `catalog import records` reads it back unchanged.
    `corrections` are what people said of tags. `csv` is a table for a spreadsheet, a row an entry. `croissant` (1.1)
    and `dcat` are JSON-LD of the one dataset that NAME means. Without FILE it goes to stdout. Of a damaged registry
    `records` and `csv` hold every entry that is whole; the exit code is 1 then.

    \b
    Examples:
      catalog export records records.jsonl
      catalog export records --source catalog | head -1
      catalog export csv datasets.csv
      catalog export croissant gsm8k
      catalog export dcat gsm8k gsm8k.jsonld
    """
    names = (*names, out) if out else names
    if kind in ONE:
        return _export_one(kind, names, source, registry)
    if len(names) > 1:
        raise Usage(f"{kind} takes a FILE and nothing else.", f"Try: catalog export {kind} FILE")
    count, lost = 0, list[int]()
    with open_for_reading(registry, deadline=None) as connection, _written(names[0] if names else "-") as target:
        for count, line in enumerate(_lines(connection, kind, source, lost), 1):  # noqa: B007 - the last one is told
            target.write(line + b"\n")
    output.say(f"{count - (kind == 'csv'):,} {'entries' if kind == 'csv' else kind}.")
    if lost:
        output.say(f"The registry is damaged: {len(lost):,} more could not be read. See: catalog check")
    return 1 if lost else 0


def _export_one(kind: str, names: tuple[str, ...], source: str | None, registry: str | None) -> int:
    import json

    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    if not 1 <= len(names) <= 2 or source:
        raise Usage(f"{kind} is of one dataset.", f"Name it: catalog export {kind} gsm8k")
    with open_for_reading(registry) as connection:
        number = one_named(connection, names[0]).id
        entry = read_entries(connection, [number], terms_of(connection))[number]
    document, lacking = _document(kind, entry)
    with _written(names[1] if len(names) == 2 else "-") as target:
        target.write(json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n")
    if lacking:
        output.say(f"Not known, so not in it: {', '.join(lacking)}.")
    return 0


def _document(kind: str, entry: Entry) -> tuple[dict[str, Any], list[str]]:
    """An entry as JSON-LD, and what the form asks for that is not known of it."""
    if kind == "dcat":
        from catalog.export.dcat import dcat

        return dcat(entry), []
    from catalog.export.croissant import croissant, missing

    document = croissant(entry)
    return document, missing(document)


def _lines(connection: sqlite3.Connection, kind: str, source: str | None, lost: list[int]) -> Iterator[bytes]:
    """The lines of a form; `lost` takes the numbers of entries that a damaged registry no longer gives."""
    from catalog.record import encode
    from catalog.registry.corrections import load_corrections
    from catalog.registry.salvage import readable_entries

    if kind == "corrections":
        for key, said in load_corrections(connection).items():
            yield from (each.line() for each in said if source in (None, key.partition(":")[0]))
        return
    entries = readable_entries(connection, lost)
    chosen = (entry for entry in entries if source in (None, entry.source))
    if kind == "csv":
        from catalog.export.table import csv_lines

        yield from csv_lines(chosen)
    else:
        yield from map(encode, chosen)


@contextmanager
def _written(file: str) -> Iterator[IO[bytes]]:
    """Stdout, a pipe or device, or a file that gets its name when it is whole."""
    path = Path(file)
    try:
        if file == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif path.exists() and not path.is_file():
            with path.open("wb") as target:
                yield target
        else:
            with _placed(path) as target:
                yield target
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "stdout" if file == "-" else file
        raise Fatal(f"{name} cannot be written ({error.strerror}).", "Name another, or free some space.") from error


@contextmanager
def _placed(path: Path) -> Iterator[IO[bytes]]:
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temp.open("xb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        temp.replace(path)
    finally:
        temp.unlink(missing_ok=True)
