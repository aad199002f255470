"""Where the builder's files go, and what they add up to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from catalog.pages.packing import as_json, pack


class Store:
    """Writes files below a folder and counts them."""

    def __init__(self, root: Path, *, offline: bool) -> None:
        self.root = root
        self.offline = offline
        self.files = self.bytes = 0
        self.by_kind: dict[str, int] = {}
        self._digest = hashlib.blake2b(digest_size=6)

    def put(self, name: str, content: bytes, *, repeats: bool = True) -> None:
        """Write a file (`packing.pack`)."""
        packed = pack(self.root, name, content, offline=self.offline, repeats=repeats)
        self.files += packed.files
        self.bytes += packed.bytes
        kind = name.partition("/")[0]
        self.by_kind[kind] = self.by_kind.get(kind, 0) + packed.loaded
        self._digest.update(name.encode() + b"\0" + len(content).to_bytes(8, "big") + content)

    def put_json(self, name: str, value: object) -> None:
        """Write a value as JSON."""
        self.put(name, as_json(value))

    @property
    def digest(self) -> str:
        """Names the content of all files."""
        return self._digest.hexdigest()
