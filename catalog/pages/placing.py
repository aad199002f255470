"""Putting a finished site in its place: files that did not change stay the very files they were."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from catalog.errors import Fatal, Usage

MARK = "catalog/manifest.bin"
"""A folder that holds this file is a site that may be replaced."""


class Placed(NamedTuple):
    """What was put in place: files and bytes in all, files that are new or other, files that are gone."""

    files: int
    bytes: int
    written: int
    removed: int


def check_place(out: Path) -> None:
    """Raise `Usage` where a folder holds something that no build of a site made."""
    if out.is_file():
        raise Usage(f"{out} is a file.", "Name a folder with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise Usage(f"{out} holds files that are no site of ours.", "Name another folder with --out, or empty it.")


def temporary(out: Path) -> Path:
    """An empty folder beside the site, to build in; one that a killed build left is emptied."""
    folder = out.resolve().with_name(f".{out.resolve().name}.building")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise Fatal(f"{folder} cannot be made ({error.strerror}).", "Name another folder with --out.") from error
    return folder


def put_in_place(folder: Path, out: Path) -> Placed:
    """Let a built folder become the site. A file with the same bytes as before is the old file, time and all."""
    out = out.resolve()
    size = written = 0
    made = _files(folder)
    for name in made:
        new = f"{folder}/{name}"
        length = os.stat(new).st_size  # noqa: PTH116 - a path for each of 20,000 files is slow
        size += length
        written += not _kept(f"{out}/{name}", new, length)
    gone = len(set(_files(out)).difference(made))
    last = out.with_name(f".{out.name}.before")
    shutil.rmtree(last, ignore_errors=True)
    if out.exists():
        out.rename(last)
    folder.rename(out)
    shutil.rmtree(last, ignore_errors=True)
    return Placed(len(made), size, written, gone)


def _files(folder: Path) -> list[str]:
    """The names of all files below a folder, from there, with slashes."""
    start = len(str(folder)) + 1
    return [f"{base}/{name}"[start:] for base, _folders, names in os.walk(folder) for name in names]


def _kept(old: str, new: str, size: int) -> bool:
    """Put the old file in the place of a new one with the same bytes. Returns whether it was the same."""
    try:
        stat = os.stat(old)  # noqa: PTH116
        if stat.st_size != size or Path(old).read_bytes() != Path(new).read_bytes():
            return False
    except OSError:
        return False
    try:
        link = Path(f"{new}.link")
        os.link(old, link)
        link.replace(new)
    except OSError:  # a file system without links: the time of the old file is what a mirror compares
        os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return True
