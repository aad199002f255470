"""`catalog tokens`."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import NotFound
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.datafile.counting import Counter
    from catalog.fetch import PlannedFile
    from catalog.tokens import Estimate, Tokenizer

FILES = 4
"""Files of a dataset on the web that are looked into."""
ROWS = 400
"""Rows of them that are counted unless --sample says otherwise."""
NO_FORMAT = "none is the text of a training format; name one with --column"


@dataclass
class Told:
    """What is said: `basis` is how the total was worked out, `tokens` None where nothing tells how many rows."""

    name: str
    tokenizer: Tokenizer
    columns: list[str]
    looked_at: int
    mean: float
    error: float
    tokens: Estimate | None
    rows: int | None
    basis: str
    notes: list[str] = field(default_factory=list)
    transferred: int | None = None


@click.command("tokens")
@click.argument("name", metavar="FILE|FOLDER|NAME|URL")
@click.option("--tokenizer", metavar="T", default="estimate", help="A tokenizer.json, its folder, or o200k_base ...")
@click.option("--sample", type=click.IntRange(1, 1_000_000), metavar="N", help="Rows that are counted.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed draws other rows and files.")
@click.option("--column", "columns", multiple=True, metavar="COLUMN", help="Count this column only (repeatable).")
@click.option("--include", multiple=True, metavar="PATTERN", help="Of a dataset's files those that match.")
@click.option("--revision", help="A commit, tag or branch of the source.")
@click.option("--acknowledge", is_flag=True, help="I have the right to data that was withdrawn or needs an agreement.")
@json_option
@registry_option
def tokens_command(name: str, as_json: bool, **options: Any) -> int:
    """Tell how many tokens a dataset holds, and how sure that is.

    Of files here every row is counted, or --sample rows drawn by chance. Of a dataset on the web the first rows of up
    to four of its files come (400 rows, at most 64 MiB a file), and the total follows from the number of rows that
    Parquet files tell, else from their size. Counted is the text that a model reads: the columns of the training
    format that rows show. Without --tokenizer tokens are estimated by script (see the guide How much data), within
    some 20% for most languages; a tokenizer.json of a model, or an encoding of tiktoken, counts exactly and needs the
    extra `tokens`. Nothing is downloaded for it. The range holds in 95 of 100 cases.

    \b
    Examples:
      catalog tokens train.jsonl
      catalog tokens train.parquet --tokenizer models/qwen/tokenizer.json --sample 5000 --seed 7
      catalog tokens gsm8k --column question --column answer --json
    """
    from catalog.tokens.tokenizers import tokenizer_named

    tokenizer = tokenizer_named(options["tokenizer"])
    path = Path(name)
    here = not name.startswith(("http://", "https://")) and path.exists()
    told = _here(path, tokenizer, options) if here else _there(name, tokenizer, options)
    if as_json:
        output.print_json(told_json(told))
    else:
        print("\n".join(told_lines(told)))
    return 0 if told.looked_at else 3


def _here(path: Path, tokenizer: Tokenizer, options: dict[str, Any]) -> Told:
    from catalog.datafile import first_rows, read_rows
    from catalog.datafile.counting import DETECT, count_rows, text_columns

    columns = text_columns(first_rows(path, DETECT), options["columns"])
    progress = _progress if sys.stderr.isatty() else None
    found = count_rows(read_rows(path), tokenizer, columns, options["sample"], options["seed"], progress)
    if not found.rows:
        raise NotFound(f"no row of {path} can be read.", "Look at it with: catalog lint FILE")
    notes = [f"left out {output.counted(found.unreadable, 'row')} that cannot be read"] if found.unreadable else []
    basis = "all rows" if found.looked_at == found.rows else "rows drawn by chance"
    return Told(
        str(path), tokenizer, columns, found.looked_at, found.sample.mean, found.error, found.tokens, found.rows, basis,
        notes,
    )  # fmt: skip


def _progress(number: int) -> None:
    print(f"\r{number:,} rows", end="", file=sys.stderr, flush=True)


# -- datasets on the web -----------------------------------------------------------------------------------------------


def _there(name: str, tokenizer: Tokenizer, options: dict[str, Any]) -> Told:
    """The first rows of some files, chosen by the seed; the total by the rows or bytes of all files of their form."""
    from catalog.cli.remote import form_of, planned_files, with_rows
    from catalog.datafile.remote import Remote

    with planned_files(name, options) as (web, target, planned):
        known = with_rows(planned, name)
        best = min(map(form_of, known))
        files = [file for file in known if form_of(file) == best]
        chosen = sorted(_drawn(files, options["seed"]), key=lambda file: file.name)
        share = -(-(options["sample"] or ROWS) // len(chosen))
        seen = _Seen(tokenizer, options["columns"])
        for file in chosen:
            remote = Remote(web, file.url, target.token(file.url))
            seen.look(remote, file, share)
    return _concluded(name, tokenizer, seen, files)


def _drawn(files: list[PlannedFile], seed: int) -> list[PlannedFile]:
    return random.Random(seed).sample(files, min(FILES, len(files)))  # noqa: S311 - a sample, no secret


class _Seen:
    """What the files showed: counts of tokens, rows and bytes where a file tells them."""

    def __init__(self, tokenizer: Tokenizer, asked: tuple[str, ...]) -> None:
        self._tokenizer, self._asked = tokenizer, asked
        self.counter: Counter | None = None
        self.files = self.rows_told = self.bytes_told = self.read = self.transferred = 0
        self.all_told = True
        self.held_bytes = 0
        """Bytes of rows that were read, as JSON: what a size is compared with where no file tells its rows."""

    def look(self, remote: Any, file: PlannedFile, count: int) -> None:
        """Take in the first rows of a file."""
        from catalog.datafile.counting import Counter, text_columns
        from catalog.datafile.remote import remote_rows
        from catalog.datafile.writing import encode

        total, rows = remote_rows(remote, file.name, list(self._asked) or None)
        found = list(islice(rows, count))
        self.files += 1
        if found and self.counter is None:
            self.counter = Counter(self._tokenizer, text_columns(found, self._asked))
        for row in found:
            assert self.counter is not None
            self.counter.add(row)
            self.held_bytes += len(encode(row))
        self.read += len(found)
        size = file.bytes if file.bytes is not None else remote.size
        if total is None or not size:
            self.all_told = False
        else:
            self.rows_told, self.bytes_told = self.rows_told + total, self.bytes_told + size
        self.transferred += remote.transferred


def _concluded(name: str, tokenizer: Tokenizer, seen: _Seen, files: list[PlannedFile]) -> Told:
    counter = seen.counter
    if counter is None:
        raise NotFound(f"no row of {name} can be read.", "Bring it whole with: catalog fetch")
    sizes = [file.bytes for file in files]
    whole = sum(size for size in sizes if size is not None) if None not in sizes else None
    rows: float | None = None
    basis = "how many rows there are is not told, so that only the mean is known"
    if seen.all_told and seen.files == len(files):
        rows, basis = seen.rows_told, f"the {output.counted(seen.rows_told, 'row')} that its files tell"
    elif seen.all_told and whole and seen.bytes_told:
        rows = seen.rows_told * whole / seen.bytes_told
        basis = f"the rows a byte of {seen.files} files, over the {output.size(whole)} of {len(files):,}"
    elif whole and seen.held_bytes and all(map(_is_plain, files)):
        rows = seen.read * whole / seen.held_bytes
        basis = f"the bytes a row, over the {output.size(whole)} of {_files(len(files))}"
    notes = [f"the first rows of {_files(seen.files)}, which need not be like the rest: ± is that of chance alone"]
    estimate = counter.of(rows) if rows is not None else None
    return Told(
        name, tokenizer, counter.columns, counter.sample.count, counter.sample.mean, counter.error, estimate,
        None if rows is None else round(rows), basis, notes, seen.transferred,
    )  # fmt: skip


def _is_plain(file: PlannedFile) -> bool:
    """Whether a file is not packed, so that its size is that of its text."""
    return Path(file.name).suffix.lower() in (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


# -- what is said ------------------------------------------------------------------------------------------------------


def told_json(told: Told) -> dict[str, Any]:
    """What was found, as the object of `--json`."""
    return {
        "name": told.name,
        "tokenizer": told.tokenizer.name,
        "exact": told.tokenizer.exact,
        "vocabulary": told.tokenizer.vocabulary,
        "columns": told.columns,
        "looked_at": told.looked_at,
        "mean": round(told.mean, 2),
        "method_error": round(told.error, 3),
        "rows": told.rows,
        "tokens": None if told.tokens is None else vars(told.tokens),
        "basis": told.basis,
        "notes": told.notes,
        "transferred": told.transferred,
    }


def told_lines(told: Told) -> Iterator[str]:
    """What was found, as text."""
    columns = ", ".join(for_terminal(name[:40]) for name in told.columns[:12])
    if told.tokens is None:
        yield "tokens     unknown in all"
    else:
        yield f"tokens     {about(told.tokens)}"
    yield f"a row      {told.mean:,.0f} in the mean of {output.counted(told.looked_at, 'row')}"
    yield f"rows       {'unknown' if told.rows is None else f'{told.rows:,}'} ({told.basis})"
    yield f"counted    columns {columns}" if columns else f"counted    no column: {NO_FORMAT}"
    off = f"; it may be off by {told.error:.0%}" if told.error else ""
    width = output.window_width()
    yield from output.labelled("tokenizer", f"{told.tokenizer.says}{off}", width, 11)
    for note in told.notes:
        yield from output.labelled("note", note, width, 11)
    if told.transferred is not None:
        yield f"transferred {output.size(told.transferred)} ({told.transferred:,} bytes)"


def about(tokens: Estimate) -> str:
    """A number of tokens with its range: `2.50M ± 15% (2.13M to 2.88M)`."""
    if tokens.low == tokens.high:
        return f"{tokens.value:,}"
    return (
        f"{output.count(tokens.value)} ± {tokens.share:.0%} ({output.count(tokens.low)} to {output.count(tokens.high)})"
    )
