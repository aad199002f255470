"""Folders held open, so that no name and no symbolic link leads out of them.

Every step goes from an open folder to a name in it, and links are never followed: what another process puts in the
way between a check and its use changes nothing. Where the system has no such calls (Windows), paths are joined.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from catalog.errors import Fatal

_BY_FD: Final = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd and os.listdir in os.supports_fd
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | os.O_RDONLY | _BINARY


class Folder:
    """An open folder. A context manager."""

    def __init__(self, path: Path, fd: int | None) -> None:
        self.path = path
        self._fd = fd

    @classmethod
    def at(cls, path: Path, create: bool = True) -> Folder:
        """Open `path`, made with its parents where it is missing. Raises `Fatal` where it is no folder of ours."""
        try:
            if create:
                path.mkdir(parents=True, exist_ok=True)
            elif not path.is_dir():
                raise NotADirectoryError(20, "Not a directory")
            return cls(path, os.open(path, _FOLDER) if _BY_FD else None)
        except OSError as error:
            raise Fatal(
                f"The folder {path} cannot be used ({error.strerror}).", "Choose another with --out."
            ) from error

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def sub(self, name: str, mode: int = 0o777) -> Folder:
        """The folder `name` in this one, made where it is missing. Raises `Fatal` for a link or a file,
        `OSError` where it cannot be opened."""
        try:
            if self.stat(name) is None:
                os.mkdir(self._name(name), mode, dir_fd=self._fd)
        except FileExistsError:
            pass
        if not stat.S_ISDIR(os.stat(self._name(name), dir_fd=self._fd, follow_symlinks=False).st_mode):
            raise Fatal(f"{self.path / name} is not a folder.", "Move it away, or choose another folder with --out.")
        fd = None if self._fd is None else os.open(name, _FOLDER | _NO_LINK, dir_fd=self._fd)
        return Folder(self.path / name, fd)

    def reach(self, path: str) -> tuple[Folder, str]:
        """The open folder that holds the file `path` (safe, with slashes), and the file's name in it."""
        *parents, name = path.split("/")
        if any(part in ("", ".", "..") for part in (*parents, name)):
            raise Fatal(f"{path[:100]!r} is not a path below the folder.")
        folder = self._again()
        for parent in parents:
            deeper = folder.sub(parent)
            folder.close()
            folder = deeper
        return folder, name

    def _again(self) -> Folder:
        return Folder(self.path, None if self._fd is None else os.dup(self._fd))

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """A descriptor of the file `name`; a link is not followed (`OSError`)."""
        return os.open(self._name(name), flags | _NO_LINK | _BINARY, mode, dir_fd=self._fd)

    def stat(self, name: str) -> os.stat_result | None:
        """What `name` is, links not followed; None where it is not."""
        try:
            return os.stat(self._name(name), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """The names in the folder. Read through a descriptor of its own: a shared one has one position for all
        threads, and they would skip each other's entries."""
        if self._fd is None:
            return sorted(os.listdir(self.path))  # noqa: PTH208 - as below
        fd = os.open(".", _FOLDER, dir_fd=self._fd)
        try:
            return sorted(os.listdir(fd))  # noqa: PTH208 - by descriptor
        finally:
            os.close(fd)

    def rename(self, name: str, to: Folder, new_name: str) -> None:
        """Move a file; the new name is taken over at once, whatever it was."""
        os.replace(self._name(name), to._name(new_name), src_dir_fd=self._fd, dst_dir_fd=to._fd)

    def claim(self, name: str, new_name: str) -> bool:
        """Rename within the folder; False where somebody else was first."""
        try:
            os.rename(self._name(name), self._name(new_name), src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except FileNotFoundError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Delete a file that may be gone already."""
        try:
            os.unlink(self._name(name), dir_fd=self._fd)
        except FileNotFoundError:
            pass

    def remove_folder(self, name: str) -> None:
        """Delete an empty folder; a full one stays."""
        try:
            os.rmdir(self._name(name), dir_fd=self._fd)
        except OSError:
            pass

    def write_to(self, folder: Folder, name: str, data: bytes, mode: int, fresh: str) -> None:
        """Put a whole file in place in another folder: written here as `fresh`, synced, then renamed."""
        fd = self.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            write_all(fd, data)
            set_mode(fd, mode)
            os.fsync(fd)
        except BaseException:
            self.remove(fresh)
            raise
        finally:
            os.close(fd)
        self.rename(fresh, folder, name)
        folder.sync()

    def read(self, name: str, limit: int) -> bytes | None:
        """A regular file's bytes, None where there is none or it is larger than `limit`."""
        found = self.stat(name)
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            return None
        fd = self.open(name, os.O_RDONLY)
        with os.fdopen(fd, "rb") as file:
            return file.read(limit)

    def sync(self) -> None:
        """Make the names in this folder last."""
        if self._fd is not None:
            os.fsync(self._fd)

    def _name(self, name: str) -> str:
        return name if self._fd is not None else str(self.path / name)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write every byte; the system may take fewer at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def start_writing(fd: int, start: int, end: int) -> int:
    """Have the system begin to write these bytes to the disk, so that the sync at the end finds little left to do.
    Returns `end`. (On Linux the advice that they are not needed starts their writing and waits for nothing.)"""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)
    return end


def set_mode(fd: int, mode: int) -> None:
    """Give an open file its permissions, where the system has them."""
    if hasattr(os, "fchmod"):
        os.fchmod(fd, mode)


def usual_mode() -> int:
    """The permissions that a new file gets here. Reads the process's umask, so call it before threads start."""
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
