"""`catalog preview`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import NotFound, Usage
from catalog.text import display_width, fit, for_terminal

if TYPE_CHECKING:
    from catalog.datafile.remote import Remote
    from catalog.fetch import PlannedFile
    from catalog.fetch.target import Target
    from catalog.web import Web

Row = Mapping[str, Any]
NAME_WIDTH = 24
LINES = 3
"""Lines that a value may take."""


@dataclass
class Opened:
    """A file whose rows can be read: what it is called, how many rows it tells, its bytes, what has come so far, and
    where the rows stand that a sample is drawn from."""

    name: str
    rows: Iterator[Row]
    total: int | None = None
    bytes: int | None = None
    transferred: Callable[[], int | None] = lambda: None
    note: str = ""


@click.command("preview")
@click.argument("name", metavar="FILE|NAME|URL")
@click.option("-n", "--rows", type=click.IntRange(1, 1000), default=5, show_default=True, help="Rows to show.")
@click.option("--columns", metavar="A,B", help="Only these columns.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows with this value (repeatable).")
@click.option("--sample", type=click.IntRange(1, 1000), metavar="N", help="Rows drawn by chance instead of the first.")
@click.option("--seed", type=int, default=0, show_default=True, help="With --sample: another seed draws others.")
@click.option("--split", metavar="NAME", help="A file of this split (train, validation, test …).")
@click.option("--config", metavar="NAME", help="A file of this config (subset) of a dataset.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Of a dataset's files one that matches.")
@click.option("--revision", help="A commit, tag or branch of the source.")
@click.option("--acknowledge", is_flag=True, help="I have the right to data that was withdrawn or needs an agreement.")
@json_option
@registry_option
def preview_command(name: str, as_json: bool, **options: Any) -> int:
    """Show the first rows of a dataset without the rest of it.

    Reads a file or folder on this machine, a file at an http(s) address, or the smallest data file of a dataset that
    the registry or a source knows; of a dataset without one the Parquet copy that its source keeps. Of a file on the
    web only the bytes that rows need come (at most 64 MiB): parts of Parquet, a member of a ZIP archive, the beginning
    of JSON Lines, CSV and text, packed or not. How many came is said. A sample is drawn from row groups or places that
    chance chooses, where a file has any, else from its beginning; which, is said too.

    \b
    Examples:
      catalog preview gsm8k -n 3
      catalog preview huggingface:openai/gsm8k --config main --split test --columns question
      catalog preview train.jsonl.gz --where lang=zh --sample 10 --seed 7
      catalog preview https://example.org/data.parquet
    """
    columns = [each.strip() for each in (options["columns"] or "").split(",") if each.strip()]
    where = [_condition(each) for each in options["where"]]
    needed = [*columns, *(column for column, _value in where)]
    with _opened(name, needed if columns else [], options) as opened:
        shown, read, ended = _chosen(opened, where, options)
        if not shown and not read:
            local = opened.transferred() is None
            step = "Look at it with: catalog lint FILE" if local else f"Bring it whole with: catalog fetch {name}"
            raise NotFound(f"no row of {opened.name} can be read.", step)
        held = dict.fromkeys(str(each) for row in (*shown, *read) for each in row)
        if missing := next((each for each in needed if each not in held), ""):
            listed = ", ".join(list(held)[:20])
            raise Usage(f"there is no column {missing[:60]!r}.", f"Columns are {listed}.")
        rows = [{each: row.get(each) for each in columns} if columns else dict(row) for row in shown]
        total = opened.total if opened.total is not None else ended
        _print(opened, rows, total, as_json)
    return 0 if rows else 3


def _condition(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column:
        raise Usage(f"--where does not understand {text[:60]!r}.", "Say it as: --where lang=zh")
    return column, value


def _fits(row: Row, where: Iterable[tuple[str, str]]) -> bool:
    return all(_told(row.get(column)) == value for column, value in where)


def _told(value: object) -> str:
    """A value as one text, as it is compared and shown."""
    import json

    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _chosen(
    opened: Opened, where: list[tuple[str, str]], options: dict[str, Any]
) -> tuple[list[Row], list[Row], int | None]:
    """The rows to show, the first one that was read, and how many there are where all were read."""
    seen: list[Row] = []
    count, done = 0, False

    def told() -> Iterator[Row]:
        nonlocal count, done
        for row in opened.rows:
            seen[:] = seen or [row]
            count += 1
            if _fits(row, where):
                yield row
        done = True

    rows = list(islice(told(), options["rows"])) if options["sample"] is None else _drawn(told(), options)
    return rows, seen, count if done and opened.transferred() is None else None


def _drawn(rows: Iterator[Row], options: dict[str, Any]) -> list[Row]:
    """A sample of rows in their order, each as likely as any other (reservoir, Vitter's algorithm R)."""
    size, chance = options["sample"], random.Random(options["seed"])  # noqa: S311 - to look at, not to hide
    kept: list[tuple[int, Row]] = []
    for number, row in enumerate(rows):
        if number < size:
            kept.append((number, row))
        elif (place := chance.randrange(number + 1)) < size:
            kept[place] = (number, row)
    return [row for _number, row in sorted(kept, key=lambda each: each[0])]


@contextmanager
def _opened(name: str, columns: list[str], options: dict[str, Any]) -> Iterator[Opened]:
    path = Path(name)
    if not name.startswith(("http://", "https://")) and path.exists():
        yield _local(path, options)
        return
    from catalog.cli.remote import planned_files
    from catalog.datafile.remote import Remote

    with planned_files(name, options) as (web, target, files):
        file = _chosen_file(web, target, files, name, options)
        remote = Remote(web, file.url, target.token(file.url))
        total, rows, note = _rows_of(remote, file.name, columns or None, options)
        size = file.bytes if file.bytes is not None else remote.size
        yield Opened(file.name, rows, total, size, lambda: remote.transferred, note)


def _rows_of(
    remote: Remote, name: str, columns: list[str] | None, options: dict[str, Any]
) -> tuple[int | None, Iterator[Row], str]:
    from catalog.datafile.drawn import rows_to_draw_from
    from catalog.datafile.remote import remote_rows

    if options["sample"] is not None:
        return rows_to_draw_from(remote, name, options["sample"], options["seed"], columns)
    return (*remote_rows(remote, name, columns), "")


def _chosen_file(web: Web, target: Target, files: list[PlannedFile], name: str, options: dict[str, Any]) -> PlannedFile:
    """The file to look into: of the split and config asked for, of the source's Parquet copy where no other has rows or
    is of them. Raises `NotFound`."""
    from catalog.cli.remote import converted_files
    from catalog.fetch.splits import of_split

    asked = (options["split"], options["config"])
    try:
        return _best(of_split(files, name, *asked), name)
    except NotFound:
        if options["revision"] or options["include"]:
            raise
        copy = converted_files(web, target)
        if not copy:
            raise
        return _best(of_split(copy, name, *asked), name)


def _local(path: Path, options: dict[str, Any]) -> Opened:
    from catalog.datafile import BadRow, data_files, read_rows

    files = data_files(path) if path.is_dir() else [path]
    if options["split"] or options["config"]:
        files = _local_split(path, files, options)
    rows = (row for file in files for row in read_rows(file) if not isinstance(row, BadRow))
    total = _rows_told(files[0]) if len(files) == 1 else None
    return Opened(str(path), rows, total, sum(file.stat().st_size for file in files))


def _local_split(path: Path, files: list[Path], options: dict[str, Any]) -> list[Path]:
    """Those of the files of a folder that are of the split and config asked for. Raises `NotFound`."""
    from catalog.fetch import PlannedFile
    from catalog.fetch.splits import of_split

    names = {file.relative_to(path).as_posix() if path.is_dir() else file.name: file for file in files}
    planned = [PlannedFile("", name, name) for name in names]
    return [names[each.name] for each in of_split(planned, str(path), options["split"], options["config"])]


def _rows_told(path: Path) -> int | None:
    """The number of rows that a Parquet file tells."""
    from catalog.datafile.unpacked import packing_of

    if packing_of(path) != "parquet":
        return None
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        return None
    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError):  # reading its rows will tell
        return None


def _best(files: Iterable[PlannedFile], name: str) -> PlannedFile:
    """The smallest data file, those first that hold nothing but rows. A bare address is taken for what it is."""
    from catalog.cli.remote import form_of, with_rows

    known = with_rows(files, name)
    unknown = 1 << 62
    return min(known, key=lambda file: (form_of(file), unknown if file.bytes is None else file.bytes, file.name))


def _print(opened: Opened, rows: list[dict[str, Any]], total: int | None, as_json: bool) -> None:
    came = opened.transferred()
    if as_json:
        import json

        from catalog.datafile.writing import encode

        told = {
            "file": opened.name,
            "bytes": opened.bytes,
            "total_rows": total,
            "transferred": came,
            "note": opened.note,
            "rows": rows,
        }
        output.print_json(json.loads(encode(told)))
        return
    width = output.window_width()
    for number, row in enumerate(rows, 1):
        print(output.paint(f"row {number}", "1"))
        print("\n".join(record_lines(row, width)))
    if not rows:
        output.say("No row fits.")
    count = "" if total is None else f" of {total:,}"
    size = f", {output.size(opened.bytes)}" if opened.bytes is not None else ""
    note = f", {opened.note}" if opened.note else ""
    print(f"\n{output.counted(len(rows), 'row')}{count} from {for_terminal(opened.name)}{size}{note}")
    if came is not None:
        print(f"transferred {output.size(came)} ({came:,} bytes)")


def record_lines(row: Mapping[str, Any], width: int) -> Iterator[str]:
    """A row as lines of a column and its value; a long value is cut after a few lines. Safe for a terminal."""
    names = {str(name): fit(for_terminal(str(name)), NAME_WIDTH) for name in row}
    wide = max(map(display_width, names.values()), default=0)
    room = width - wide - 4
    for name, value in row.items():
        told = for_terminal(_told(value)[: LINES * width + 1])
        lines = list(output.wrap(fit(told, LINES * room), room))[:LINES] or [""]
        yield f"  {output.pad(names[str(name)], wide)}  {lines[0]}".rstrip()
        yield from (f"  {' ' * wide}  {line}" for line in lines[1:])
