"""The search data of a site, made by a process of its own beside the pages where there is a core for it.

Both read the same moment of the registry: nobody can write to it while either reads. What the second process cannot
do, for whatever reason, the first one does: `python -m catalog.pages.searching` is no promise to anybody.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from catalog.index.keys import ID_MASK
from catalog.migrations import connect_current
from catalog.pages import browser
from catalog.pages.addresses import Addresses, in_url
from catalog.workers import cores

LEAST = 500
"""Entries from which on a second process saves more than its start takes."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Asked:
    """What search data are made of: a registry, how many entries have a page, how many files there may be."""

    registry: str
    folder: str
    pages: int
    max_files: int
    offline: bool


class Made(msgspec.Struct):
    """What came of it: the manifest, and what names the content of all files."""

    manifest: dict[str, Any]
    digest: str


class Ordered:
    """The entries in document order: their dataset ids, and the addresses of the pages of the first, by key."""

    def __init__(self, connection: sqlite3.Connection, pages: int, *, offline: bool) -> None:
        rows = connection.execute("SELECT slot, key FROM dataset ORDER BY slot")
        addresses, index = Addresses(), "index.html" if offline else ""
        self.order = array("I")
        self.hrefs: dict[str, str] = {}
        for doc, (slot, key) in enumerate(rows):
            self.order.append(slot & ID_MASK)
            if doc < pages:
                self.hrefs[key] = f"{in_url(addresses.folder(key))}/{index}"


def make(connection: sqlite3.Connection, asked: Asked, hrefs: dict[str, str], progress: Progress) -> Made:
    """Write the search data in this process."""
    written = browser.write(
        connection,
        Path(asked.folder),
        offline=asked.offline,
        max_files=asked.max_files,
        href=lambda row: hrefs.get(row.key, ""),
        progress=progress,
    )
    return Made(written.manifest, written.digest)


@contextmanager
def begun(asked: Asked, entries: int) -> Iterator[Callable[[], Made | None]]:
    """Begin the search data in a second process; what is given waits for them and tells what was made, or None where
    there is no such process or it failed."""
    if entries < LEAST or cores() < 2:
        yield lambda: None
        return
    command = [sys.executable, "-m", __name__, msgspec.json.encode(asdict(asked)).decode()]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:

        def ended() -> Made | None:
            said, _ = process.communicate()
            return msgspec.json.decode(said, type=Made) if process.returncode == 0 else None

        try:
            yield ended
        finally:
            process.kill()


def main(given: str) -> None:
    """Make what is asked for and say what was made, both in JSON."""
    asked = msgspec.json.decode(given, type=Asked)
    with closing(connect_current(asked.registry, deadline=None)) as connection:
        connection.execute("BEGIN")
        hrefs = Ordered(connection, asked.pages, offline=asked.offline).hrefs
        made = make(connection, asked, hrefs, lambda _step, _done, _total: None)
    sys.stdout.buffer.write(msgspec.json.encode(made))


if __name__ == "__main__":
    main(sys.argv[1])
