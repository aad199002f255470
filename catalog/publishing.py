"""A registry as files that others pull: equal pieces, deflated, each named by its digest, and a manifest.

A piece is so many bytes of the file at a fixed place. As SQLite changes only the pages that it must, most pieces of a
registry stay the same from one day to the next: a mirror sends the new ones, and who pulls again loads only these.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import tempfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from catalog.errors import Fatal
from catalog.migrations import version_of
from catalog.registry.backup import back_up

FOLDER = "registry"
MANIFEST = "manifest.json"
FORMAT = 1
PIECE = 64 * 1024
"""Bytes of a piece before it is deflated, of a registry that has no more than `MOST_PIECES` of it; else a multiple."""
MOST_PIECES = 1_000
MOST_BYTES = 64 * 1024**3
_LEVEL = 6
_Bytes = bytes
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Manifest(NamedTuple):
    """What is published: `version` of the tables, `datasets` in it, the whole file's `bytes` and SHA-256, the size of a
    piece, and the SHA-256 of each."""

    version: int
    datasets: int
    bytes: int
    sha256: str
    piece: int
    pieces: tuple[str, ...]

    def to_json(self) -> _Bytes:
        """The manifest as it is published; the same registry gives the same bytes."""
        return json.dumps({"format": FORMAT, **self._asdict()}, sort_keys=True, separators=(",", ":")).encode()

    def length_of(self, number: int) -> int:
        """The bytes of a piece."""
        return min(self.piece, self.bytes - number * self.piece)


def publish(connection: sqlite3.Connection, folder: Path) -> Manifest:
    """Write an open registry below `folder`. A piece that is there is left alone, one that is no part of it is removed.

    Raises `Fatal` when a file cannot be written, or the copy is not whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        copy = back_up(connection, Path(temporary) / "registry.db")
        manifest = _write_pieces(connection, copy, folder)
    wanted = {name_of(digest) for digest in manifest.pieces} | {MANIFEST}
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
    (folder / MANIFEST).write_bytes(manifest.to_json())
    return manifest


def _write_pieces(connection: sqlite3.Connection, copy: Path, folder: Path) -> Manifest:
    whole, size, pieces = hashlib.sha256(), 0, list[str]()
    length = piece_of(copy.stat().st_size)
    with copy.open("rb") as file:
        while piece := file.read(length):
            whole.update(piece)
            size += len(piece)
            pieces.append(hashlib.sha256(piece).hexdigest())
            path = folder / name_of(pieces[-1])
            if not path.is_file():
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(zlib.compress(piece, _LEVEL))
    datasets = connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
    return Manifest(version_of(connection), datasets, size, whole.hexdigest(), length, tuple(pieces))


def piece_of(size: int) -> int:
    """The bytes of a piece of a registry of this size: doubled until the pieces are few enough."""
    length = PIECE
    while size > length * MOST_PIECES:
        length *= 2
    return length


def name_of(digest: str) -> str:
    """The path of a piece below the folder."""
    return f"{digest[:2]}/{digest}.bin"


def read_manifest(content: bytes, origin: str) -> Manifest:
    """A manifest as a stranger published it. Raises `Fatal` for anything that is none."""
    try:
        value: Any = json.loads(content)
        if value["format"] != FORMAT:
            raise Fatal(f"{origin} was published in another form.", "Upgrade with: pip install -U dataset-catalog")
        counts = [value[name] for name in ("version", "datasets", "bytes", "piece")]
        digests = [value["sha256"], *value["pieces"]]
        size, piece = counts[2:]
        whole = all(type(each) is int and each >= 0 for each in counts)
        whole = whole and all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in digests)
        if not whole or not 0 < size <= MOST_BYTES or not 4096 <= piece <= 2048 * PIECE:
            raise ValueError
        if len(value["pieces"]) != -(-size // piece):
            raise ValueError
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Fatal(f"{origin} is no manifest of a registry.", "Name the address of a site of catalog.") from None
    return Manifest(counts[0], counts[1], size, digests[0], piece, tuple(digests[1:]))


def opened(packed: bytes, digest: str, length: int) -> bytes | None:
    """A piece out of what came for it; None where that is not the piece of this digest."""
    inflate = zlib.decompressobj()
    try:
        piece = inflate.decompress(packed, length + 1)
    except zlib.error:
        return None
    return piece if len(piece) == length and hashlib.sha256(piece).hexdigest() == digest else None
