"""Which split and config a file belongs to, by its path: pure, as the hubs lay files out.

`data/train-00000-of-00003.parquet`, `main/test/0000.parquet`, `en/validation.jsonl`, `train.csv`, `en_train.csv.gz`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from catalog.errors import NotFound
from catalog.fetch.plan import PlannedFile

_SAME: Final = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "eval": ("eval", "evaluation"),
}
_ALIASES: Final = {alias: split for split, aliases in _SAME.items() for alias in aliases}
_SHARD: Final = re.compile(r"(.+?)[-_.]\d{3,}(?:[-_.]of[-_.]\d{3,})?\Z")
_NUMBER: Final = re.compile(r"\d+\Z")
_WORD: Final = re.compile(r"[-_. ]+")
_PLAIN: Final = frozenset(("data", "default", "dataset", "raw"))


def split_of(path: str) -> str:
    """The split that a path names, folded (`val`, `dev` and `valid` are `validation`); "" where it names none."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    if shard := _SHARD.match(stem):
        return folded(shard[1].removeprefix("partial-"))
    for text in (stem, *reversed(folders)):
        told = folded(text.removeprefix("partial-"))
        if told in _SAME:
            return told
        if word := next((word for word in reversed(_words(text)) if word in _ALIASES), ""):
            return _ALIASES[word]
    return folders[-1].removeprefix("partial-") if _NUMBER.match(stem) and folders else ""


def _words(text: str) -> list[str]:
    return _WORD.split(text.lower())


def folded(split: str) -> str:
    """A split as it is compared."""
    return _ALIASES.get(split.lower(), split)


def config_of(path: str) -> str:
    """The config that a path names: its first folder that is no split and no plain `data`; else what stands before the
    split in its name; "" where it names none."""
    *folders, name = path.split("/")
    for folder in folders:
        if folder.lower() not in _PLAIN and folded(folder.removeprefix("partial-")) not in _SAME:
            return folder
    stem = name.partition(".")[0]
    words = _WORD.split(stem)
    place = next((n for n, word in enumerate(words) if word.lower() in _ALIASES), 0)
    return "_".join(words[:place]) if not _SHARD.match(stem) else ""


def of_split(files: Sequence[PlannedFile], name: str, split: str | None, config: str | None) -> list[PlannedFile]:
    """The files of a split and of a config, where they are asked for. Raises `NotFound` with those that there are."""
    found = list(files)
    for word, wanted, told in (("config", config, config_of), ("split", split, split_of)):
        if not wanted:
            continue
        fits = [file for file in found if _is(told(file.name), wanted)]
        if not fits:
            known = sorted({each for file in found if (each := told(file.name))})
            there = ", ".join(known[:20])
            hint = f"Its files name {there}." if there else "Its files name none; choose with --include."
            raise NotFound(f"no file of {name} is of the {word} {wanted[:60]!r}.", hint)
        found = fits
    return found


def _is(told: str, wanted: str) -> bool:
    """Whether a path is of what is asked for: `train` means `train_sft` too."""
    asked = folded(wanted).casefold()
    return bool(told) and (folded(told).casefold() == asked or asked in {folded(word) for word in _words(told)})
