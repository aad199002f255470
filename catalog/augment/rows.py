"""Rows with new texts in one column: the row itself, then a row for each new text, with what made it."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from catalog.augment.guard import Guard
from catalog.augment.words import Segmenter, Words, words_of
from catalog.errors import Usage
from catalog.formats.training import Misfit

Row = Mapping[str, Any]
Maker = Callable[[Words, random.Random], list[tuple[str, str]]]
"""Makes new texts of words: (operation, text)."""

OP: Final = "aug_op"
SOURCE: Final = "aug_row"
"""The audit columns: what made the text, and the number of the row that it comes from, from 1."""
ORIGINAL: Final = "original"
EVALUATION: Final = re.compile(
    r"(?:\A|[\W_])(?:test|tests|testing|dev|val|valid|validation|eval|evaluation|heldout|holdout|benchmark)(?:\Z|[\W_])",
    re.IGNORECASE,
)


class Augmenter:
    """Makes rows of a row. `labels` names the column of the label, whose words are kept; `original` whether the row
    itself is written as well. `counts` tells how many texts each operation made, `silent` of how many rows none came.
    """

    def __init__(
        self, column: str, make: Maker, guard: Guard, seed: int, *, segmenter: Segmenter | None = None,
        label: str = "", original: bool = True, checked: bool = False,
    ) -> None:  # fmt: skip
        self._column, self._make, self._guard, self._seed = column, make, guard, seed
        self._segmenter, self._label, self._original = segmenter or tuple, label, original
        self._checked = checked
        self.counts: Counter[str] = Counter()
        self.silent = self.lost = 0

    def rows(self, number: int, row: Row) -> list[dict[str, Any]]:
        """The rows that come of a row, which is the `number`th (from 1). Raises `Misfit` where it is no row to train
        on, or holds no text."""
        split = row.get("split")
        if isinstance(split, str) and EVALUATION.search(split):
            raise Misfit(f"it is of the split {split[:40]!r}, which is not trained on")
        text = row.get(self._column)
        if not isinstance(text, str) or not text.strip():
            raise Misfit(f"its {self._column[:40]} holds no text")
        found = self._texts(number, text, row)
        if not found:
            self.silent += 1
            if not self._original:
                raise Misfit("no new text comes of it")
        self.counts.update(name for name, _text in found)
        made = [(ORIGINAL, text), *found] if self._original else found
        return [{**row, self._column: new, OP: name, SOURCE: number} for name, new in made]

    def _texts(self, number: int, text: str, row: Row) -> list[tuple[str, str]]:
        words = self._guard.marked(words_of(text, self._segmenter), _label_words(row.get(self._label)))
        if not words.words:
            return []
        found = self._make(words, chance_of(self._seed, number, self._column, text))
        if not self._checked:
            return found
        whole = [(name, new) for name, new in found if not self._guard.missing(words, new)]
        self.lost += len(found) - len(whole)
        return whole


def _label_words(label: object) -> list[str]:
    if isinstance(label, list):
        return [each for each in label if isinstance(each, str)]
    return [label] if isinstance(label, str) else []


def chance_of(seed: int, number: int, column: str, text: str) -> random.Random:
    """The draws for a row: the same in every process for the same seed, place and text."""
    told = f"{seed}\0{number}\0{column}\0{text}".encode("utf-8", "surrogatepass")
    return random.Random(int.from_bytes(hashlib.blake2b(told, digest_size=16).digest(), "big"))  # noqa: S311


def refuse_evaluation(name: str) -> None:
    """Raise `Usage` for the name of a file or folder that is an evaluation split."""
    if EVALUATION.search(name):
        raise Usage(
            f"{name} is an evaluation split by its name, and those are not augmented: a score on made-up rows says "
            "nothing.",
            "Give the file another name if its rows are for training.",
        )


def check_columns(columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise `Usage` for a column that is not there, or rows that were augmented before."""
    missing = next((name for name in wanted if name and name not in columns), "")
    if missing:
        raise Usage(f"there is no column {missing[:60]!r}.", f"Columns are {', '.join(columns[:20])}.")
    if taken := next((name for name in (OP, SOURCE) if name in columns), ""):
        raise Usage(
            f"there is a column {taken} already: these rows were augmented before.", "Start from the first rows."
        )
