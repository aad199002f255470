"""The rows of a file or folder, linted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from catalog.datafile.reading import BadRow, first_rows, read_rows
from catalog.formats import detect_rows
from catalog.formats.lint import Linter, Report, runs_of
from catalog.formats.values import SAMPLE, text_of
from catalog.tokens.tokenizers import Tokenizer


def linted(
    path: Path,
    tokenizer: Tokenizer,
    limit: int | None = None,
    evaluation: Iterable[Path] = (),
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """What there is to say of the rows of a file or folder, or of its first `limit`; `evaluation` are sets that must
    not be in it. Raises `Usage` for what is no data, `Fatal` for a broken file."""
    held = {each.name or str(each): _runs(each) for each in evaluation}
    linter = Linter(detect_rows(first_rows(path, SAMPLE)), held, tokenizer)
    for number, row in enumerate(read_rows(path), 1):
        linter.bad(row.number) if isinstance(row, BadRow) else linter.row(row)
        if on_progress is not None and number % 10_000 == 0:
            on_progress(number)
        if number == limit:
            break
    return linter.report()


def _runs(path: Path) -> frozenset[int]:
    """The runs of words of an evaluation set."""
    rows = (row for row in read_rows(path) if not isinstance(row, BadRow))
    return frozenset(run for row in rows for value in row.values() for run in runs_of(text_of(value)))
