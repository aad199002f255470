"""`catalog split`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import output
from catalog.cli.options import json_option
from catalog.errors import Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.formats.split import Split

SHARE = click.FloatRange(0, 1)


@click.command("split")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE|FOLDER")
@click.option("--train", type=SHARE, default=0.9, show_default=True, help="The share of training rows.")
@click.option("--valid", type=SHARE, default=0.05, show_default=True, help="The share of validation rows.")
@click.option("--test", type=SHARE, default=0.05, show_default=True, help="The share of test rows.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed gives other sides.")
@click.option("--group", default="", metavar="COLUMN", help="Rows with the same value here stand on one side.")
@click.option("--stratify", default="", metavar="COLUMN", help="Share out the rows of each value here for itself.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The folder (default: that of FILE).")
@json_option
def split_command(
    path: Path, train: float, valid: float, test: float, seed: int, group: str, stratify: str, out: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Write training, validation and test rows, copies on one side.

    The side of a row is told by the hash of what it says (case, spaces and ids make no difference), so that it does
    not hang on the order of rows, and a copy of a training row is never tested with. With --group the rows of a group
    stand together, and so do groups that share a copy; with --stratify each value gets its share of every side.
    Writes NAME.train, NAME.valid and NAME.test in the form of the file.

    \b
    Examples:
      catalog split rows.jsonl --train 0.9 --valid 0.05 --test 0.05 --seed 7
      catalog split chats.parquet --train 0.8 --valid 0 --test 0.2 --group user --out parts
    """
    from catalog.datafile import first_rows
    from catalog.formats.split import Split, missing_column
    from catalog.formats.values import SAMPLE

    shares = {"train": train, "valid": valid, "test": test}
    split = Split(shares, seed, group, stratify)
    sample = first_rows(path, SAMPLE)
    if not sample:
        raise Usage(f"there is no row in {path} that can be read.", "Look at it with: catalog lint FILE")
    if missing := missing_column([group, stratify], sample):
        listed = ", ".join(for_terminal(str(name)[:40]) for name in list(sample[0])[:20])
        raise Usage(f"there is no column {for_terminal(missing[:60])!r}.", f"Columns are {listed}.")
    files = _files(path, out, [name for name, share in shares.items() if share])
    counts, bad = _written(path, split, files)
    _tell(counts, bad, files, shares, as_json)
    return 0 if any(counts.values()) else 1


def _files(path: Path, out: Path | None, sides: list[str]) -> dict[str, Path]:
    """The file of each side: JSON Lines, CSV or Parquet as the one that is read, else JSON Lines."""
    from catalog.datafile.reading import suffix_of
    from catalog.datafile.writing import SUFFIXES

    folder = out or (path.resolve() if path.name in ("", "..") else path).parent
    folder.mkdir(parents=True, exist_ok=True)
    suffix = suffix_of(path) if path.is_file() and suffix_of(path) in SUFFIXES else ".jsonl"
    return {side: folder / f"{path.resolve().name.partition('.')[0]}.{side}{suffix}" for side in sides}


def _written(path: Path, split: Split, files: dict[str, Path]) -> tuple[dict[str, int], int]:
    """Write the rows; how many stand on each side, and how many could not be read or held."""
    from catalog.datafile import BadRow, read_rows
    from catalog.datafile.writing import opened_sink
    from catalog.formats.training import Misfit

    counts, bad = dict.fromkeys(files, 0), 0
    if split.looks_first:
        for row in read_rows(path):
            if not isinstance(row, BadRow):
                split.see(row)
    with ExitStack() as stack:
        sinks = {side: stack.enter_context(opened_sink(file)) for side, file in files.items()}
        for row in read_rows(path):
            if isinstance(row, BadRow):
                bad += 1
                continue
            side = split.side(row)
            try:
                sinks[side].write(row)
            except Misfit:
                bad += 1
            else:
                counts[side] += 1
    return counts, bad


def _tell(counts: dict[str, int], bad: int, files: dict[str, Path], shares: dict[str, float], as_json: bool) -> None:
    total = sum(counts.values())
    if as_json:
        sides = {side: {"rows": number, "file": str(files[side])} for side, number in counts.items()}
        output.print_json({"rows": total, "unreadable": bad, "sides": sides})
        return
    wide = max(len(f"{number:,}") for number in counts.values())
    for side, number in counts.items():
        share = f"{number / total:.1%}" if total else "none"
        rows = f"{number:>{wide},} {'row' if number == 1 else 'rows':<4}"
        print(f"{side:<6} {rows}  {share:>6} of {shares[side]:.1%}  {for_terminal(str(files[side]))}")
    for side in [side for side, number in counts.items() if not number and total]:
        print(f"{side} is empty: copies and groups stand together, and the rows are few; try another --seed")
    if bad:
        print(f"left out {output.counted(bad, 'row')} that cannot be read; see them with: catalog lint")
