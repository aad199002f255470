"""Tokens of the rows of a file: all of them, or a random part with what it says of the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.datafile.reading import BadRow
from catalog.errors import Usage
from catalog.formats.values import detect_rows, text_of
from catalog.tokens.estimate import error_of
from catalog.tokens.sample import Estimate, Sample
from catalog.tokens.tokenizers import Tokenizer

DETECT: Final = 200
"""Rows by which the columns that hold text are told."""
_NO_TEXT: Final = frozenset(("label", "score", "form", "tokens", "marks", "verdict", "tools"))

Row = Mapping[str, Any]


@dataclass
class Counted:
    """Tokens of rows. `rows` is how many there are, `looked_at` how many were counted, `tokens` the estimate of all,
    `error` what of its width is the method's (0 for a real tokenizer), `columns` what was counted."""

    rows: int
    looked_at: int
    tokens: Estimate
    error: float
    columns: list[str]
    unreadable: int = 0
    sample: Sample = field(default_factory=Sample)


def text_columns(sample: Sequence[Row], asked: Sequence[str] = ()) -> list[str]:
    """The columns whose text a model reads: those that are asked for, else those of the training format that the rows
    show, else all that hold text. Raises `Usage` for one that is not there."""
    held = dict.fromkeys(str(name) for row in sample for name in row)
    if missing := next((name for name in asked if name not in held), ""):
        raise Usage(f"there is no column {missing[:60]!r}.", f"Columns are {', '.join(list(held)[:20])}.")
    if asked:
        return list(asked)
    detected = detect_rows(sample)
    roles = detected.mapping if detected else {}
    named = [name for role, name in roles.items() if role not in _NO_TEXT and _has_text(sample, name)]
    return list(dict.fromkeys(named)) or [name for name in held if _has_text(sample, name)]


def _has_text(sample: Sequence[Row], name: str) -> bool:
    return any(_said(row.get(name)) for row in sample)


def _said(value: object) -> str:
    """The text of a value: a string, the turns of a chat, a list of strings."""
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return text_of(value)


class Counter:
    """Counts tokens of rows in some columns, an `add` a row."""

    def __init__(self, tokenizer: Tokenizer, columns: Sequence[str]) -> None:
        self._tokenizer, self.columns = tokenizer, list(columns)
        self.sample = Sample()
        self._off = 0.0

    def add(self, row: Row) -> None:
        """Take in a row."""
        total = 0
        for name in self.columns:
            if said := _said(row.get(name)):
                tokens = self._tokenizer.count(said)
                total += tokens
                if not self._tokenizer.exact:
                    self._off += tokens * error_of(said)
        self.sample.add(total)

    @property
    def error(self) -> float:
        """The error of the method, as a share: 0 for a real tokenizer."""
        return self._off / self.sample.total if self.sample.total else 0.0

    def of(self, rows: float) -> Estimate:
        """The tokens of so many rows: the error of chance and that of the method."""
        return self.sample.of(rows).widened(self.error)


def count_rows(
    rows: Iterable[Row | BadRow],
    tokenizer: Tokenizer,
    columns: Sequence[str],
    size: int | None = None,
    seed: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> Counted:
    """The tokens of rows in these columns: of all, or of `size` that are drawn by chance, each as likely as any other
    (reservoir, Vitter's algorithm R); all rows are read for it, and counted."""
    counter, drawn = Counter(tokenizer, columns), _Drawn(size, seed)
    read = bad = 0
    for row in rows:
        if isinstance(row, BadRow):
            bad += 1
            continue
        read += 1
        if size is None:
            counter.add(row)
        else:
            drawn.see(row)
        if on_progress is not None and read % 10_000 == 0:
            on_progress(read)
    for row in drawn.kept:
        counter.add(row)
    return Counted(read, counter.sample.count, counter.of(read), counter.error, list(columns), bad, counter.sample)


class _Drawn:
    def __init__(self, size: int | None, seed: int) -> None:
        self._size, self._chance, self._seen = size or 0, random.Random(seed), 0  # noqa: S311 - a sample, no secret
        self.kept: list[Row] = []

    def see(self, row: Row) -> None:
        self._seen += 1
        if len(self.kept) < self._size:
            self.kept.append(row)
        elif (place := self._chance.randrange(self._seen)) < self._size:
            self.kept[place] = row
