"""`pull`: a registry that somebody published beside a site, in the place of one's own.

Pieces that the registry here holds already, or that a pull that was cut off has brought, are not loaded. The new file
is put together beside the old one, checked whole, given what a person said here (corrections of tags, what was told
apart) and what only the old one holds, and then takes its place under the writer's lock. The old file is kept.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from catalog.errors import CatalogError, Fatal, NotFound, Retriable
from catalog.lock import writer_lock
from catalog.migrations import connect_current, version_of
from catalog.publishing import FOLDER, MANIFEST, Manifest, name_of, opened, read_manifest
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.registry.clusters import again
from catalog.registry.corrections import load_corrections
from catalog.registry.reader import all_entries, terms_of
from catalog.retag import retag_one
from catalog.sqlite import connect_for_reading, connect_for_writing

if TYPE_CHECKING:
    from catalog.record import Entry
    from catalog.web import Web

MANIFEST_LIMIT = 16 * 1024 * 1024
PAGE = 1_000
"""Entries in one transaction."""
_TRIES = 3

Tell = Callable[[str, int, int], None]
"""Told how far a pull is: the stage, how much of it is done, how much there is (0: unknown)."""


@dataclass
class Pulled:
    """What a pull did. `pieces` of the file, `loaded` of them over the network in `bytes`; `changed` is False where the
    registry here is that one already. `kept` entries of the old registry are not in the published one, `corrections`
    and `apart` are what a person said here. `before` is where the old file lies, "" where there was none; `taken_over`
    says that it could be read."""

    url: str
    changed: bool
    datasets: int
    pieces: int = 0
    loaded: int = 0
    bytes: int = 0
    kept: int = 0
    corrections: int = 0
    apart: int = 0
    before: str = ""
    taken_over: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result as the object of `--json`."""
        return asdict(self)


def pull(web: Web, url: str, path: str, tell: Tell) -> Pulled:
    """Bring the registry published at `url` (a site, or its manifest) to `path`.

    Raises `NotFound` where none is published, `Retriable` where the network fails, and the same call goes on from
    there; `Fatal` for what is no registry, or is damaged, or comes from a newer version. The registry here
    stays as it is then.
    """
    source = url if url.endswith(".json") else urljoin(f"{url.rstrip('/')}/", f"{FOLDER}/{MANIFEST}")
    tell("manifest", 0, 0)
    try:
        manifest = read_manifest(web.get_bytes(source, max_bytes=MANIFEST_LIMIT).body, source)
    except NotFound as error:
        step = "A site publishes one when it is built by: catalog site build --with-registry"
        raise NotFound(f"no registry is published at {url}.", step) from error
    target = Path(path)
    if _mark_of(target) == manifest.sha256:
        return Pulled(source, False, manifest.datasets, len(manifest.pieces))
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True)
    done = Pulled(source, True, manifest.datasets, len(manifest.pieces))
    work = target.with_name(f".{target.name}.pull")
    work.mkdir(exist_ok=True)
    with writer_lock(str(work / "pull"), "pull"):
        fresh = _put_together(web, source, manifest, target, work, done, tell)
        _accept(fresh, manifest, source, tell)
        with writer_lock(path, "pull", wait=60.0):
            if target.is_file():
                _take_over(target, fresh, work, done, tell)
            _swap(fresh, target, manifest, done)
    shutil.rmtree(work, ignore_errors=True)
    return done


def _mark_of(target: Path) -> str:
    """The digest of what was pulled into this place last; "" where nothing was, or the registry is gone."""
    try:
        return _mark_file(target).read_text("ascii").strip() if target.is_file() else ""
    except (OSError, UnicodeError):
        return ""


def _mark_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.pulled")


def _put_together(
    web: Web, source: str, manifest: Manifest, target: Path, work: Path, done: Pulled, tell: Tell
) -> Path:
    """The published file, out of pieces that are here and pieces that come; verified whole."""
    _room_for(manifest, work)
    here = _pieces_here(target, manifest, set(manifest.pieces))
    fresh = work / "registry.db"
    whole = hashlib.sha256()
    with fresh.open("wb") as file:
        for number, digest in enumerate(manifest.pieces):
            length = manifest.length_of(number)
            piece = _read_piece(target, here.get(digest), length) or _kept_piece(work / digest, digest, length)
            if piece is None:
                packed, piece = _load(web, urljoin(source, name_of(digest)), digest, length)
                (work / digest).write_bytes(packed)
                done.loaded += 1
                done.bytes += len(packed)
            whole.update(piece)
            file.write(piece)
            tell("pieces", number + 1, len(manifest.pieces))
        file.flush()
        os.fsync(file.fileno())
    if whole.hexdigest() != manifest.sha256:
        raise Fatal(f"{source} does not tell the digest of its own pieces.", "Tell who publishes it.")
    return fresh


def _room_for(manifest: Manifest, work: Path) -> None:
    free = shutil.disk_usage(work).free
    if free < 2 * manifest.bytes:
        raise Fatal(
            f"the registry takes {manifest.bytes:,} bytes, and twice that while it is put together; {free:,} are free.",
            "Make room, or name another place with --registry.",
        )


def _pieces_here(target: Path, manifest: Manifest, wanted: set[str]) -> dict[str, int]:
    """Where pieces that are wanted lie in the registry here, by digest."""
    found: dict[str, int] = {}
    if not target.is_file():
        return found
    with target.open("rb") as file:
        place = 0
        while piece := file.read(manifest.piece):
            digest = hashlib.sha256(piece).hexdigest()
            if digest in wanted:
                found.setdefault(digest, place)
            place += len(piece)
    return found


def _read_piece(target: Path, place: int | None, length: int) -> bytes | None:
    if place is None:
        return None
    with target.open("rb") as file:
        file.seek(place)
        return file.read(length)


def _kept_piece(path: Path, digest: str, length: int) -> bytes | None:
    """A piece that an earlier try brought; a damaged one is as good as none."""
    return opened(path.read_bytes(), digest, length) if path.is_file() else None


def _load(web: Web, url: str, digest: str, length: int) -> tuple[bytes, bytes]:
    """A piece as it came and as it is. What does not verify is asked for again."""
    from catalog.web import HttpStatus

    for _try in range(_TRIES):
        try:
            packed = web.get_bytes(url, max_bytes=length + length // 100 + 4096).body
        except HttpStatus as error:
            raise Retriable(error.message, "It may have been published anew; the same command goes on.") from error
        piece = opened(packed, digest, length)
        if piece is not None:
            return packed, piece
    raise Retriable(
        f"{url} is not what its manifest says.", "It may be changing just now; the same command goes on from there."
    )


def _accept(fresh: Path, manifest: Manifest, source: str, tell: Tell) -> None:
    """Raise `Fatal` for a file that is no whole registry of this version or an older one."""
    tell("check", 0, 0)
    with closing(connect_for_reading(fresh)) as connection:
        try:
            version = version_of(connection)
        except sqlite3.Error as error:
            raise Fatal(f"{source} holds no registry ({error}).", "Tell who publishes it.") from error
    if version != manifest.version:
        raise Fatal(f"{source} tells another version than its registry has.", "Tell who publishes it.")
    report = check(str(fresh), on_progress=lambda entries: tell("check", entries, manifest.datasets))
    if not report.clean:
        fault = (report.faults + report.index_faults)[0]
        raise Fatal(f"the registry at {source} is damaged ({fault}).", "Tell who publishes it.")


def _take_over(target: Path, fresh: Path, work: Path, done: Pulled, tell: Tell) -> None:
    """Give the new registry what a person said here and what only the old one has, where the old one can be read."""
    try:
        with closing(connect_for_writing(target)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # plays back a journal that was left
    except (sqlite3.Error, CatalogError):
        return
    try:
        _carry_over(connect_current(str(target)), fresh, done, tell)
    except Fatal:  # of an older version: a copy of it is brought up to date, and read
        copy = work / "old.db"
        shutil.copyfile(target, copy)
        try:
            Registry.open(copy, verb="pull").close()
            _carry_over(connect_current(str(copy)), fresh, done, tell)
        except (Fatal, sqlite3.Error):
            return


def _carry_over(old: sqlite3.Connection, fresh: Path, done: Pulled, tell: Tell) -> None:
    with closing(old), Registry.open(fresh, verb="pull") as registry:
        corrections = [each for said in load_corrections(old).values() for each in said]
        told = old.execute("SELECT key_a, key_b, because, at FROM apart").fetchall()
        registry.correct(corrections)
        with registry.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO apart (key_a, key_b, because, at) VALUES (?, ?, ?, ?)", told)
            if told:
                again(connection)
        for key in sorted({each.key for each in corrections}):
            retag_one(registry, key)
        done.taken_over = True
        done.corrections, done.apart = len(corrections), len(told)
        done.kept = _keep_entries(registry, _missing(old, registry.connection), tell)


def _missing(old: sqlite3.Connection, new: sqlite3.Connection) -> Iterator[Entry]:
    """The entries of the old registry whose key the new one has not."""
    known = "SELECT 1 FROM dataset WHERE key = ?"
    for _number, entry in all_entries(old, terms_of(old)):
        if new.execute(known, (entry.key,)).fetchone() is None:
            yield entry


def _keep_entries(registry: Registry, entries: Iterator[Entry], tell: Tell) -> int:
    kept, run = 0, 0
    while page := list(islice(entries, PAGE)):
        run = run or registry.begin_run("all", "pull")
        registry.commit_page(run, page)
        kept += len(page)
        tell("kept", kept, 0)
    if run:
        registry.finish_run(run, "done")
    return kept


def _swap(fresh: Path, target: Path, manifest: Manifest, done: Pulled) -> None:
    """Let the new file take the place of the old one, which is kept; the caller holds the lock of the place."""
    if Path(f"{target}-journal").exists():
        raise Retriable(
            f"a writer of {target} was cut off, and its journal is not yet played back.", "Run: catalog check"
        )
    try:
        _mark_file(target).unlink(missing_ok=True)
        if target.is_file():
            before = target.with_name(f"{target.name}.before-pull")
            before.unlink(missing_ok=True)
            os.link(target, before)
            done.before = str(before)
        fresh.replace(target)
        _mark_file(target).write_text(f"{manifest.sha256}\n", "ascii")
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Fatal(f"{target} could not be replaced ({error.strerror}).", "Check the folder.") from error


def host_of(url: str) -> str:
    """The host of an address."""
    return urlsplit(url).hostname or ""
