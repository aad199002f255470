"""`catalog.lock`: what exactly was fetched, so that it can be fetched, checked and cited again.

JSON, sorted, a line a file: it is made to be read, compared and committed. An entry is a folder with the dataset in it:
where it came from, the pinned revision, every file with its size and SHA-256, and the license verdict of that day. The
file is replaced in one step under a lock, so that processes which update it side by side lose nothing of each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from catalog.errors import Fatal, NotFound, Retriable, Usage
from catalog.fetch import parts
from catalog.fetch.place import Folder, usual_mode
from catalog.fetch.plan import FetchPlan
from catalog.fetch.receipt import Receipt
from catalog.record import Entry, Verdict

NAME: Final = "catalog.lock"
VERSION: Final = 1
LIMIT: Final = 512 << 20  # bytes of a lock that is read
WAIT: Final = 60.0  # seconds for other processes that update the same lock

Text = Annotated[str, Meta(max_length=20_000)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]

_ABOUT: Final = re.compile(
    r"(?:readme|licen[sc]es?|notice|citation|changelog|contributing|authors|copying|code_of_conduct)"
    r"(?:[-_ ][^.]*)?(?:\.(?:txt|html?|pdf))?\Z"
)
_ABOUT_SUFFIXES: Final = (".md", ".rst", ".cff", ".bib", ".py")
_ABOUT_FILES: Final = frozenset(
    ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "croissant.json", "dataset-metadata.json",
     "datapackage.json", "requirements.txt", "package.json")
)  # fmt: skip


class LockedFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a dataset. `digest` is the one that its source names, where that is no SHA-256 (`git-sha1:`, `md5:`);
    `url` is the address it came from, signatures masked."""

    path: Text
    bytes: Count
    sha256: Sha256
    digest: Text = ""
    url: Text = ""


class Locked(Struct, frozen=True, kw_only=True):
    """A dataset in its folder. `name` is what was asked for, `key` the registry's entry (`catalog:gsm8k`), `source` the
    place it came from (`huggingface:openai/gsm8k`, or an address), `host` who sent it. `license` is an SPDX expression,
    `commercial` and `reason` are the verdict; `fetched` is UTC. `fingerprint` covers the data files alone."""

    name: Text
    key: Text
    source: Text
    host: Text
    revision: Text
    folder: Text
    title: Text
    license: Text
    commercial: Text
    reason: Text
    fetched: Text
    fingerprint: Text
    files: tuple[LockedFile, ...]
    asked: Text = ""

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files)


class _Document(Struct, frozen=True):
    version: int
    datasets: tuple[Locked, ...]


class _Version(Struct):
    version: int


def lock_path(named: str | None = None) -> Path:
    """Where the lock is: the one named, else `catalog.lock` in the current folder, else, within a git repository, the
    nearest one above; a new one is made in the current folder."""
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / NAME).is_file():
            return Path(NAME) if folder == here else folder / NAME
        if (folder / ".git").exists():
            break
    else:
        return Path(NAME)
    return Path(NAME)


def fingerprint(files: Iterable[LockedFile]) -> str:
    """A digest of the contents and names of the data files, in whatever order they come; "" where there is none.

    It is the SHA-256 of what `sha256sum` prints of them, sorted by bytes. README, license and metadata files are left
    out, so that an edit of a dataset's card changes nothing.
    """
    lines = sorted(f"{file.sha256}  {file.path}\n".encode() for file in files if is_data(file.path))
    return f"sha256:{hashlib.sha256(b''.join(lines)).hexdigest()}" if lines else ""


def is_data(path: str) -> bool:
    """Whether a file is data, and no card, license or description of them."""
    name = path.rpartition("/")[2].lower()
    told = name.startswith(".") or name.endswith(_ABOUT_SUFFIXES) or name in _ABOUT_FILES
    return not told and _ABOUT.match(name) is None


def locked(
    plan: FetchPlan, receipt: Receipt, name: str, *, entry: Entry | None, folder: str, old: Locked | None
) -> Locked:
    """The entry for a folder after a fetch into it; `old` is the one that stood for it before."""
    told = {file.path: file.digest for file in old.files if file.digest} if old and old.source == plan.key else {}
    told.update({file.path: file.digest for file in plan.files if not file.digest.startswith("sha256:")})
    files = tuple(
        LockedFile(path=each.path, bytes=each.bytes, sha256=each.sha256, digest=told.get(each.path, ""), url=each.url)
        for each in sorted(receipt.files, key=lambda each: each.path)
    )
    verdict = (entry.verdict if entry else None) or Verdict()
    made = Locked(
        name=name,
        key=entry.key if entry else plan.key,
        source=plan.key,
        host=_host(plan),
        revision=plan.revision,
        folder=folder,
        title=entry.title if entry else "",
        license=verdict.expression,
        commercial=verdict.commercial,
        reason=verdict.reason,
        fetched=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        fingerprint=fingerprint(files),
        files=files,
        asked=getattr(receipt, "asked", ""),
    )
    return old if old and replace(made, fetched=old.fetched) == old else made


def _host(plan: FetchPlan) -> str:
    try:
        return urlsplit(plan.files[0].url).hostname or ""
    except (ValueError, IndexError):
        return ""


def folder_in(path: Path, out: Path) -> str:
    """How a lock names a folder: relative to itself where the folder is beside or below it, else whole."""
    home, there = path.resolve().parent, out.resolve()
    return there.relative_to(home).as_posix() if there.is_relative_to(home) else str(there)


def place_of(path: Path, each: Locked) -> Path | None:
    """Where an entry of a lock goes; None where that is outside of the lock's own folder: a lock may come from
    somebody else, and decides nothing there."""
    inner = PurePosixPath(each.folder)
    home = path.resolve().parent
    if inner.is_absolute() or ".." in inner.parts or Path(each.folder).is_absolute():
        return None
    there = (home / each.folder).resolve()
    if not there.is_relative_to(home):
        return None
    return path.parent / each.folder


def read_lock(path: Path) -> tuple[Locked, ...]:
    """The entries of a lock. Raises `NotFound` where there is none, `Fatal` for one that cannot be read."""
    try:
        if path.stat().st_size > LIMIT:
            raise Fatal(f"{path} is larger than any lock.", "Name another with --lock.")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no lock {path}.", "catalog fetch NAME writes one.") from error
    except OSError as error:
        raise Fatal(f"{path} cannot be read ({error.strerror}).", "Name another with --lock.") from error
    return parsed(data, path)


def parsed(data: bytes, path: Path) -> tuple[Locked, ...]:
    """The entries of a lock's text. Raises `Fatal`."""
    if not data.strip():
        return ()
    hint = "Take it from version control, or delete it and fetch anew."
    if b"\n<<<<<<< " in data or data.startswith(b"<<<<<<< "):
        raise Fatal(f"{path} holds both sides of a merge.", "Settle it, or take one side and fetch the other anew.")
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version != VERSION:
            raise Fatal(f"{path} is of version {version}, and this is read: {VERSION}.", "Update catalog.")
        found = msgspec.json.decode(data, type=_Document).datasets
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Fatal(f"{path} is no lock ({' '.join(str(error).split())[:200]}).", hint) from error
    return found


def written(entries: Iterable[Locked]) -> bytes:
    """A lock as text: entries by folder, a line a file. The same entries give the same bytes."""
    blocks = [_block(each) for each in sorted(entries, key=lambda each: (each.folder, each.key))]
    body = ",\n".join(blocks)
    return f'{{\n "version": {VERSION},\n "datasets": [\n{body}\n ]\n}}\n'.encode("utf-8", "replace")


def _block(each: Locked) -> str:
    fields = asdict(each)
    del fields["files"]
    if not each.asked:
        del fields["asked"]
    lines = [f"   {_json(name)}: {_json(value)}" for name, value in fields.items()]
    files = ",\n".join(f"    {_json(msgspec.to_builtins(file))}" for file in sorted(each.files, key=lambda f: f.path))
    lines.append(f'   "files": [\n{files}\n   ]')
    return "  {\n" + ",\n".join(lines) + "\n  }"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def chosen(entries: Iterable[Locked], names: Iterable[str], path: Path) -> list[Locked]:
    """The entries of a lock that are named (by the name asked for, key, source, or folder); all for no name.

    Raises `NotFound` for a name that the lock does not have.
    """
    entries, names = list(entries), list(names)
    if not names:
        return entries
    found: dict[str, Locked] = {}
    for name in names:
        fits = [each for each in entries if name in (each.name, each.key, each.source, each.folder)]
        if not fits:
            listed = ", ".join(dict.fromkeys(each.name for each in entries)) or "nothing"
            raise NotFound(f"{path} does not have {name[:80]!r}.", f"It has {listed[:500]}.")
        found.update({each.folder: each for each in fits})
    return list(found.values())


def update(path: Path, make: Any) -> Locked:
    """Put an entry into a lock, in the place of the one for its folder. `make` is given the entries as they stand and
    returns the new one. Raises `Fatal`, `Usage`, and `Retriable` where another process holds the lock too long."""
    check_place(path)
    with _held(path.parent):
        before = path.read_bytes() if path.exists() else b""
        entries = parsed(before, path)
        entry: Locked = make(entries)
        after = written([entry, *(each for each in entries if each.folder != entry.folder)])
        if after != before:
            with Folder.at(path.parent, create=False) as folder:
                try:
                    folder.write_to(folder, path.name, after, usual_mode(), f".{path.name}.{parts.scratch_name()}")
                except OSError as error:
                    hint = "Name another with --lock, or fetch with --no-lock."
                    raise Fatal(f"{path} cannot be written ({error.strerror}).", hint) from error
    return entry


def enter(path: Path, plan: FetchPlan, receipt: Receipt, name: str, entry: Entry | None) -> Locked:
    """Enter what a fetch of `name` brought, in the place of what stood there for its folder. Raises as `update`."""
    folder = folder_in(path, Path(plan.out))

    def make(entries: Iterable[Locked]) -> Locked:
        old = next((each for each in entries if each.folder == folder), None)
        return locked(plan, receipt, name, entry=entry, folder=folder, old=old)

    return update(path, make)


def check_place(path: Path) -> None:
    """Raise `Usage` where a lock cannot be: a folder of its name, no folder to hold it, or one that is not writable."""
    hint = "Name another with --lock, or fetch with --no-lock."
    if path.is_dir():
        raise Usage(f"{path} is a folder.", hint)
    if not path.parent.is_dir():
        raise Usage(f"there is no folder {path.parent}.", hint)
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK)):
        raise Usage(f"{path} cannot be written.", hint)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes that update a lock in it. The hold goes with the process."""
    if sys.platform == "win32":  # pragma: no cover - a folder cannot be locked there
        from catalog.lock import writer_lock

        with writer_lock(str(folder / NAME), "fetch", wait=WAIT):
            yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        give_up = time.monotonic() + WAIT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise Retriable(
                        f"another process holds the lock in {folder}.", "Try again when it is done."
                    ) from None
                time.sleep(0.01)
            except OSError:  # a file system without locks
                break
        yield
    finally:
        os.close(handle)
