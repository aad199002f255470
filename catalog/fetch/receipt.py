"""The receipt beside the data: what came, from where, checked by what; and the check of a folder against it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from catalog.errors import Fatal, NotFound, Usage
from catalog.fetch import parts
from catalog.fetch.hashing import digests_of
from catalog.fetch.place import Folder, write_all

NAME: Final = ".catalog-receipt.json"
JOURNAL: Final = "journal.jsonl"
LIMIT: Final = 256 << 20  # bytes of a receipt
VERSION: Final = 1

T = TypeVar("T")


@dataclass(frozen=True)
class ReceiptFile:
    """One file as it was placed. `verified` says what it was checked against: sha256, sha1, md5, git-sha1, records (the
    digests that the records of a web archive have), size or none; `source` is a hash of the whole address, of which
    `url` shows what is no secret."""

    path: str
    bytes: int
    sha256: str
    url: str
    verified: str = "none"
    source: str = ""


@dataclass(frozen=True)
class Receipt:
    """What a folder holds of a dataset. `license` and `access` are as they stood then; `fetched` is UTC, ISO 8601;
    `asked` is what was asked of the source, as it is typed (`--lang zh`)."""

    key: str
    name: str
    revision: str
    license: str
    access: str
    fetched: str
    files: tuple[ReceiptFile, ...]
    asked: str = ""

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """JSON values; files in the order of their paths."""
        found = {"version": VERSION, **asdict(self)}
        found["files"] = [asdict(file) for file in sorted(self.files, key=lambda file: file.path)]
        return found


@dataclass(frozen=True)
class VerifyReport:
    """A folder against its receipt: paths that are whole, missing, changed, and extra (not in the receipt)."""

    receipt: Receipt
    whole: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every file of the receipt is there, unchanged; files beside them do not matter."""
        return not self.missing and not self.changed

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": self.receipt.key,
            "revision": self.receipt.revision,
            "ok": self.ok,
            "whole": list(self.whole),
            "missing": list(self.missing),
            "changed": list(self.changed),
            "extra": list(self.extra),
        }


def read(folder: Folder) -> Receipt | None:
    """The receipt of a folder, None where there is none. Raises `Fatal` for one that cannot be read."""
    if folder.stat(NAME) is None:
        return None
    try:
        found = json.loads(folder.read(NAME, LIMIT) or b"")
        if found.pop("version") != VERSION:
            raise ValueError("another version")
        files = tuple(_built(ReceiptFile, entry) for entry in found.pop("files"))
        return _built(Receipt, {**found, "files": files})
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError) as error:
        raise Fatal(
            f"The receipt {folder.path / NAME} cannot be read.", "Delete it to fetch anew; the files stay."
        ) from error


def _built(shape: type[T], values: dict[str, Any]) -> T:
    """A record of the receipt with every field of its kind. Raises `TypeError`."""
    made = shape(**values)
    for field in fields(made):  # type: ignore[arg-type]
        wanted = {"int": int, "str": str}.get(str(field.type), tuple)
        if not isinstance(getattr(made, field.name), wanted):
            raise TypeError(field.name)
    return made


def write(folder: Folder, scratch: Folder, receipt: Receipt, mode: int) -> None:
    """Put the receipt in place in one step, by way of the folder of parts."""
    text = json.dumps(receipt.to_dict(), indent=1, ensure_ascii=False) + "\n"
    scratch.write_to(folder, NAME, text.encode("utf-8", "replace"), mode, parts.scratch_name())


def journal(folder: Folder, file: ReceiptFile) -> None:
    """Note in the parts folder that a file is about to be placed, so that a killed fetch knows its own files."""
    fd = folder.open(JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        write_all(fd, json.dumps(asdict(file)).encode() + b"\n")
    finally:
        os.close(fd)


def journaled(folder: Folder) -> Iterator[ReceiptFile]:
    """What a fetch that did not end noted; unfinished lines are passed over."""
    for line in (folder.read(JOURNAL, LIMIT) or b"").splitlines():
        try:
            yield _built(ReceiptFile, json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue


def merged(old: Receipt | None, new: Receipt) -> Receipt:
    """The receipt after another fetch into the same folder: of one revision, files of earlier fetches stay listed.

    Raises `Usage` where the folder is another dataset's.
    """
    if old is None:
        return new
    check_owner(old, new.key, "the folder")
    kept = {file.path: file for file in old.files} if old.revision == new.revision else {}
    kept.update({file.path: file for file in new.files})
    return replace(new, files=tuple(kept[path] for path in sorted(kept)))


def check_owner(receipt: Receipt, key: str, where: str) -> None:
    """Refuse to mix two datasets in one folder."""
    if receipt.key != key:
        raise Usage(f"{where[:1].upper()}{where[1:]} holds {receipt.key}.", "Choose another with --out.")


def verify(path: Path, on_bytes: Callable[[int], None] | None = None) -> VerifyReport:
    """Read every file that the receipt in `path` names and compare; `on_bytes` hears how far it is.

    Raises `NotFound` without a receipt, `Fatal` for an unreadable one.
    """
    with Folder.at(path, create=False) as root:
        receipt = read(root)
        if receipt is None:
            raise NotFound(f"{path} holds no receipt of a fetch.", "Name the folder that catalog fetch wrote to.")
        return _compared(root, receipt, on_bytes)


def compare(path: Path, wanted: Receipt, on_bytes: Callable[[int], None] | None = None) -> VerifyReport:
    """As `verify`, against a receipt that is at hand; a folder that is not there has nothing of it."""
    if not path.is_dir():
        missing = tuple(sorted(file.path for file in wanted.files))
        return VerifyReport(wanted, (), missing, (), ())
    with Folder.at(path, create=False) as root:
        return _compared(root, wanted, on_bytes)


def _compared(root: Folder, receipt: Receipt, on_bytes: Callable[[int], None] | None) -> VerifyReport:
    states = {file.path: _state(root, file, on_bytes) for file in receipt.files}
    extra = sorted(name for name in _walk(root.path) if name not in states)
    listed = {
        state: tuple(sorted(p for p, s in states.items() if s == state)) for state in ("ok", "missing", "changed")
    }
    return VerifyReport(receipt, listed["ok"], listed["missing"], listed["changed"], tuple(extra))


def _state(root: Folder, file: ReceiptFile, on_bytes: Callable[[int], None] | None) -> str:
    """ok, missing or changed. A path that leads out, and a link, count as changed."""
    try:
        if not (root.path / file.path).parent.is_dir():
            return "missing"
        folder, name = root.reach(file.path)
        with folder:
            found = folder.stat(name)
            if found is None:
                return "missing"
            same = matches(folder, name, found, file.bytes, f"sha256:{file.sha256}")
    except (Fatal, ValueError, OSError):
        return "changed"
    if on_bytes:
        on_bytes(found.st_size)
    return "ok" if same else "changed"


def matches(folder: Folder, name: str, found: os.stat_result, size: int | None, digest: str) -> bool:
    """Whether the file in place has this size (None: any) and this digest ("": any)."""
    if not stat.S_ISREG(found.st_mode) or size not in (None, found.st_size):
        return False
    kind, _, value = digest.partition(":")
    if not value:
        return True
    try:
        fd = folder.open(name, os.O_RDONLY)
    except OSError:
        return False
    try:
        return digests_of(fd, found.st_size, digest, found.st_size).finish().get(kind) == value
    finally:
        os.close(fd)


def _walk(path: Path) -> Iterable[str]:
    """Files and links below a folder, but for the receipt and the parts."""
    for folder, folders, names in os.walk(path):
        inner = Path(folder).relative_to(path)
        if folder == str(path):
            folders[:] = [name for name in folders if name != parts.FOLDER]
            names = [name for name in names if name != NAME]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        yield from ((inner / name).as_posix() for name in (*names, *links))
