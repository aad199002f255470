"""`catalog import`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import open_for_writing, registry_option
from catalog.errors import Usage

if TYPE_CHECKING:
    from catalog.connector import Connector, Page
    from catalog.registry.lines import Imported
    from catalog.sync import Progress

RECORDS = "records"
CORRECTIONS = "corrections"
ONE_A_LINE = "Records are JSON, one on a line, with source, id and name. Compare: catalog export records | head -1"


@click.command("import")
@click.argument("kind", metavar="KIND")
@click.argument("file", metavar="FILE|FOLDER", type=click.Path(allow_dash=True), required=False)
@registry_option
def import_command(kind: str, file: str | None, registry: str | None) -> int:
    """Read records or a published dump from a file or folder.

    KIND is `records` or `corrections` for JSON Lines as `catalog export` writes them (- reads stdin), or the name of a
    source for a published dump of it: a table of the Hub as Parquet or JSON Lines, the folder of Kaggle's own tables,
    the CSV of Google's corpus of 2020. Lines that the registry holds already are passed over unparsed; a bad line costs
    itself alone. Exit code 2 says that no line could be used. A record of your own needs source, id and name; the page
    Records lists the other fields.

    \b
    Examples:
      echo '{"source": "mine", "id": "us/tickets", "name": "tickets"}' | catalog import records -
      catalog import records shared-registry.jsonl
      catalog import huggingface datasets.parquet
      catalog import kaggle meta-kaggle/
      catalog import google dataset_metadata.csv
    """
    if file is None:
        raise Usage(f"import needs to know what {kind} holds.", f"Say it as: catalog import records {kind}")
    if kind == RECORDS:
        return _import_records(file, registry)
    if kind == CORRECTIONS:
        return _import_corrections(file, registry)
    return _import_dump(kind, Path(file), registry)


def _import_records(file: str, registry: str | None) -> int:
    from catalog.registry.lines import import_lines, read_lines
    from catalog.workers import Workers

    def tell(done: Imported) -> None:
        if sys.stderr.isatty():
            print(f"\r{done.lines:,} lines", end="", file=sys.stderr, flush=True)

    with (
        Workers.of_this_machine() as workers,
        _opened(file) as lines,
        open_for_writing(registry, "import records", create=True) as opened,
    ):
        done = import_lines(opened, read_lines(lines), origin=file, workers=workers, on_progress=tell)
        reasons = _first_skips(opened.connection, done.run)
    return _report(done, reasons, ONE_A_LINE)


def _import_corrections(file: str, registry: str | None) -> int:
    from catalog.errors import Skipped
    from catalog.registry.corrections import read_correction
    from catalog.registry.lines import read_lines
    from catalog.retag import retag_one

    said, skipped = [], []
    with _opened(file) as lines, open_for_writing(registry, "import corrections", create=True) as opened:
        for number, line in enumerate(read_lines(lines), 1):
            try:
                said.append(read_correction(line))
            except Skipped as error:
                skipped.append((f"line {number}", error.message))
        opened.correct(said)
        for key in sorted({each.key for each in said}):
            retag_one(opened, key)
    output.say(f"{output.counted(len(said), 'correction')}, {len(skipped):,} skipped.")
    _tell_skips(skipped[:5])
    if skipped and not said:
        raise Usage("nothing in it could be used.", "Write one with: catalog export corrections")
    return 0


def _opened(file: str) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise Usage(f"{file} cannot be read ({error.strerror}).", "Name a file of records, or - for stdin.") from error


def _import_dump(kind: str, path: Path, registry: str | None) -> int:
    from catalog import plugins
    from catalog.cli.progress import progress_bar
    from catalog.sync import import_pages
    from catalog.workers import Workers

    connector = plugins.load(kind)
    pages = _pages_of(connector, path)
    with (
        Workers.of_this_machine() as workers,
        open_for_writing(registry, f"import {kind}", create=True) as opened,
        progress_bar(None, soon=False) as tell,
    ):
        done = import_pages(opened, connector, pages, {"file": path.name}, workers=workers, on_page=tell)
    return _report(done, done.reasons, "Check that it is a file of that kind.")


def _pages_of(connector: Connector, path: Path) -> Callable[[], Iterator[Page]]:
    """How a source reads a dump of itself. Raises `Usage` where it cannot, or nothing is there."""
    from catalog.connector import FromFiles, FromSnapshot
    from catalog.snapshot import pages_of

    if not path.exists():
        raise Usage(f"there is no file {path}.", "Name the dump that you downloaded.")
    if isinstance(connector, FromFiles):
        return lambda: connector.imported(path)
    if isinstance(connector, FromSnapshot):
        return lambda: pages_of(connector, path)
    raise Usage(f"the source {connector.name} has no dump.", f"Walk it with: catalog sync {connector.name}")


def _first_skips(connection: Any, run: int) -> list[tuple[str, str]]:
    return list(connection.execute("SELECT record, reason FROM skip WHERE run_id = ? ORDER BY id LIMIT 5", (run,)))


def _report(done: Imported | Progress, reasons: list[tuple[str, str]], hint: str) -> int:
    """Tell what an import did; its exit code. `hint` is the next step where nothing could be used."""
    output.say(f"{done.new:,} new, {done.changed:,} changed, {done.same:,} unchanged, {done.skipped:,} skipped.")
    _tell_skips(reasons)
    if done.skipped and not (done.new or done.changed or done.same):
        raise Usage("nothing in it could be used.", hint)
    return 0


def _tell_skips(reasons: list[tuple[str, str]]) -> None:
    from catalog.text import for_terminal

    for name, reason in reasons:
        output.say(f"  skipped {for_terminal(name)}: {for_terminal(reason)}")
