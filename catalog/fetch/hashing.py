"""Digests of a file while it streams, in a second thread once it is long: hashing and the network share the time."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Iterator
from typing import Any, Final

PIECE: Final = 1 << 20
INLINE: Final = 4 << 20  # bytes hashed in the caller's thread before a second one pays
BATCH: Final = 256 << 10  # bytes that are handed over at a time
DEPTH: Final = 8  # batches that may wait


class Digests:
    """sha256, and md5, sha1 or git's blob sha1 where `wanted` (`md5:...`, several with a space) asks for it.

    git's hash begins with the file's size, so without one it is left out.
    """

    def __init__(self, wanted: str = "", size: int | None = None) -> None:
        self._hashes: dict[str, Any] = {"sha256": hashlib.sha256()}
        kinds = {each.partition(":")[0] for each in wanted.split()}
        if "md5" in kinds:
            self._hashes["md5"] = hashlib.md5(usedforsecurity=False)
        if "sha1" in kinds:
            self._hashes["sha1"] = hashlib.sha1(usedforsecurity=False)
        if "git-sha1" in kinds and size is not None:
            self._hashes["git-sha1"] = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self._seen = self._batched = 0
        self._batch: list[bytes] = []
        self._queue: queue.Queue[list[bytes]] | None = None
        self._thread: threading.Thread | None = None

    @property
    def kinds(self) -> frozenset[str]:
        """The names of the digests that are made."""
        return frozenset(self._hashes)

    def update(self, piece: bytes) -> None:
        """Take in the next piece. It must not change afterwards."""
        self._seen += len(piece)
        if self._queue is None and self._seen <= INLINE:
            self._add(piece)
            return
        self._batch.append(piece)
        self._batched += len(piece)
        if self._batched >= BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._queue is None:
            self._queue = queue.Queue(DEPTH)
            self._thread = threading.Thread(target=self._work, args=(self._queue,), daemon=True, name="hash")
            self._thread.start()
        self._queue.put(self._batch)
        self._batch, self._batched = [], 0

    def finish(self) -> dict[str, str]:
        """The hex digests by name. Nothing can be added afterwards."""
        self.close()
        return {name: value.hexdigest() for name, value in self._hashes.items()}

    def close(self) -> None:
        """Hash what waits, and end the thread."""
        if self._queue is not None and self._thread is not None:
            self._queue.put([])
            self._thread.join()
            self._queue = self._thread = None
        for piece in self._batch:
            self._add(piece)
        self._batch, self._batched = [], 0

    def _work(self, batches: queue.Queue[list[bytes]]) -> None:
        while batch := batches.get():
            for piece in batch:
                self._add(piece)

    def _add(self, piece: bytes) -> None:
        for value in self._hashes.values():
            value.update(piece)


def file_pieces(fd: int, size: int) -> Iterator[bytes]:
    """The first `size` bytes of an open file."""
    place = 0
    while place < size:
        piece = os.pread(fd, min(PIECE, size - place), place)
        if not piece:
            return
        place += len(piece)
        yield piece


def digests_of(fd: int, size: int, wanted: str = "", whole: int | None = None) -> Digests:
    """Digests of the first `size` bytes of an open file, ready to go on with what follows."""
    digests = Digests(wanted, whole)
    for piece in file_pieces(fd, size):
        digests.update(piece)
    return digests


def agrees(found: dict[str, str], wanted: str) -> bool | None:
    """Whether the digest that was wanted is the one found; None where none was wanted or it could not be made."""
    kind, _, value = wanted.partition(":")
    return None if kind not in found or not value else found[kind] == value.lower()
