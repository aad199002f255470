"""A file as its bytes, whatever it is packed with; what it is, is told by its first bytes, not by its name."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import IO, Final, cast

from catalog.errors import Fatal, Usage

_MAGIC: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"SQLite format 3\x00": "sqlite",
}


def packing_of(path: Path) -> str:
    """gzip, bzip2, xz, zstd, parquet, zip, sqlite, or "" for plain bytes. Raises `Usage` for no readable file."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise Usage(f"{path} cannot be read ({error.strerror}).", _where_else(path)) from error
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def _where_else(path: Path) -> str:
    """A hint for a path that cannot be read: where the lock says that a dataset of this name is, if it does."""
    from catalog.errors import CatalogError
    from catalog.fetch.lockfile import chosen, lock_path, place_of, read_lock

    try:
        lock = lock_path()
        places = [place_of(lock, each) for each in chosen(read_lock(lock), [str(path)], lock)]
    except CatalogError:
        places = []
    folders = [str(each) for each in places if each is not None and each.is_dir()]
    if folders and not path.exists():
        return f"Its files were fetched to another folder; name that one: {folders[0]}"
    return "Name a data file, or a folder of them; those of a dataset are brought by: catalog fetch NAME"


def opened(path: Path, packing: str) -> IO[bytes]:
    """The bytes of a file, unpacked while they are read. Raises `Fatal` where the means to unpack are missing."""
    if packing == "gzip":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if packing == "bzip2":
        return bz2.open(path, "rb")
    if packing == "xz":
        return lzma.open(path, "rb")
    if packing == "zstd":
        return _zstd(path)
    return path.open("rb")


def _zstd(path: Path) -> IO[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise Fatal(f"{path.name} is packed with zstd.", "Add its reader with: pip install zstandard") from error
    return cast(IO[bytes], zstandard.open(path, "rb"))
