"""What commands print: tables that fit the window, numbers for people, CSV and JSON.

Data goes to stdout, talk to stderr. Colour only on a terminal, never with NO_COLOR. No table library: this is on the
start-up path of `search`, and a table is little work once widths of Chinese text are right (`text.fit`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from catalog.cli.words import said
from catalog.text import display_width, fit, for_csv, for_terminal

MIN_WIDTH, MAX_WIDTH = 60, 200


class Field(NamedTuple):
    """A table column: its heading, how narrow it may get, whether it is a number, and who gives way first.

    Columns with a higher `rank` are dropped first when the window is narrow; `grow` columns share what is left.
    """

    heading: str
    least: int
    rank: int = 0
    right: bool = False
    grow: int = 0


def window_width() -> int:
    """The width to fill: of `COLUMNS` or the terminal, from 60 to 200 columns; 120 for a pipe.

    As `shutil.get_terminal_size`, which brings the archive modules along and costs a tenth of a start.
    """
    told = os.environ.get("COLUMNS", "")
    try:
        width = int(told) if told.isdecimal() and int(told) else os.get_terminal_size(1).columns
    except OSError:
        width = 120
    return max(MIN_WIDTH, min(MAX_WIDTH, width or 120))


def use_colour() -> bool:
    """Whether stdout is a terminal that wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, code: str) -> str:
    """Text in an SGR style ("1" bold, "2" faint, "32" green ...) where colour is wanted."""
    return f"\033[{code}m{text}\033[0m" if use_colour() else text


def table(fields: Sequence[Field], rows: Sequence[Sequence[str]], width: int) -> Iterable[str]:
    """Lines of a table of at most `width` columns: cells cut with an ellipsis, columns dropped from a narrow window.

    Cells are untrusted text and come out safe for a terminal.
    """
    headings = [said(field.heading) for field in fields]
    cells = [[for_terminal(cell) for cell in row] for row in rows]
    wanted = [max(display_width(row[n]) for row in (headings, *cells)) for n in range(len(fields))]
    widths = column_widths(fields, wanted, width)
    shown = [n for n, each in enumerate(widths) if each]
    yield paint(_line(fields, headings, widths, shown), "1")
    for row in cells:
        yield _line(fields, row, widths, shown)


def column_widths(fields: Sequence[Field], wanted: Sequence[int], width: int) -> list[int]:
    """How wide each column gets, 0 for one that is dropped; two spaces stand between columns."""
    shown = list(range(len(fields)))
    while len(shown) > 1 and sum(min(fields[n].least, wanted[n]) + 2 for n in shown) - 2 > width:
        shown.remove(max(shown, key=lambda n: (fields[n].rank, n)))
    widths = [min(fields[n].least, wanted[n]) if n in shown else 0 for n in range(len(fields))]
    spare = width - sum(widths) - 2 * (len(shown) - 1)
    for grow in sorted({fields[n].grow for n in shown}, reverse=True):
        for n in shown:
            if fields[n].grow == grow and spare > 0:
                more = min(spare, wanted[n] - widths[n])
                widths[n] += more
                spare -= more
    return widths


def _line(fields: Sequence[Field], cells: Sequence[str], widths: Sequence[int], shown: Sequence[int]) -> str:
    parts = []
    for n in shown:
        cell = fit(cells[n], widths[n])
        parts.append(" " * (widths[n] - display_width(cell)) + cell if fields[n].right else pad(cell, widths[n]))
    return "  ".join(parts).rstrip()


def pad(text: str, width: int) -> str:
    """A text filled up to a number of columns."""
    return text + " " * (width - display_width(text))


def wrap(text: str, width: int) -> Iterable[str]:
    """A text as lines of at most `width` columns, broken at spaces, and within what has none (Chinese)."""
    line = ""
    for word in text.split():
        more, wide = f"{line} {word}".lstrip(), display_width(word)
        if display_width(more) > width >= wide:
            yield line
            more = word
        while display_width(more) > width:
            end = len(fit(more, width + 1)) - 1
            yield more[:end]
            more = more[end:].lstrip()
        line = more
    if line:
        yield line


def labelled(label: str, text: str, width: int, left: int = 9) -> Iterable[str]:
    """Lines of a text behind a label of `left` columns, as many as the window asks for; safe for a terminal."""
    for number, line in enumerate(wrap(for_terminal(text), width - left)):
        yield pad("" if number else label, left) + line


def count(number: int | None) -> str:
    """A count for people: 8.0M, 7.5k, 512; "" when unknown."""
    return "" if number is None else _scaled(number, 1000, ("", "k", "M", "B", "T"))


def counted(number: int, thing: str) -> str:
    """How many of a thing: 1 row, 1,024 rows."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def files(number: int) -> str:
    """How many files: 1 file, 1,024 files."""
    return counted(number, "file")


def size(number: int | None) -> str:
    """Bytes for people: 39.8 GB, 512 B; "" when unknown."""
    return "" if number is None else _scaled(number, 1000, (" B", " kB", " MB", " GB", " TB", " PB"))


def _scaled(number: int, base: int, units: Sequence[str]) -> str:
    value, step = float(number), 0
    while value >= base and step < len(units) - 1:
        value, step = value / base, step + 1
    text = f"{value:.0f}" if value >= 100 or step == 0 else f"{value:.1f}"
    return f"{text}{units[step]}"


def csv_lines(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[str]:
    """Rows as CSV lines (RFC 4180) whose cells no spreadsheet takes for a formula."""
    import csv
    import io

    for row in (heading, *rows):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([for_csv(cell) for cell in row])  # only cells with its line ends are quoted
        yield buffer.getvalue().removesuffix("\r\n")


def print_json(value: object) -> None:
    """One JSON value, readable on a terminal and on one line in a pipe."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def say(text: str) -> None:
    """Talk to the person: stderr."""
    print(text, file=sys.stderr)
