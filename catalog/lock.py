"""The writer lock: one process writes a registry at a time, and the others know who.

A `flock` on `<registry>.lock` goes with the process, so a lock left by a dead one is free at once. The file holds the
pid and the verb of the holder for the message only; nothing is decided by it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalog.errors import Fatal, Retriable

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def writer_lock(
    path: str, verb: str, *, wait: float = 10.0, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold `<path>.lock` for the length of the block; `wait` is how many seconds to wait for another writer.

    `on_wait` is told once who holds it. Raises `Retriable` naming the holder when the wait is over, and `Fatal` when
    the lock file cannot be made.
    """
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise Fatal(
            f"the registry {path} cannot be locked ({error.strerror}).", "Check that its folder is writable."
        ) from error
    try:
        _acquire(handle, path, wait, on_wait)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "verb": verb}).encode(), 0)
        yield
    finally:
        os.close(handle)


def holder_of(path: str) -> str | None:
    """Who writes to the registry at this moment, as far as it can be told; None for nobody."""
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        _try_lock(handle)
    except OSError:
        return _holder(handle)
    finally:
        os.close(handle)
    return None


def _acquire(handle: int, path: str, wait: float, on_wait: Callable[[str], None] | None) -> None:
    give_up = time.monotonic() + wait
    told = False
    while True:
        try:
            _try_lock(handle)
            return
        except OSError:
            holder = _holder(handle)
        if time.monotonic() >= give_up:
            raise Retriable(f"{holder} is writing to the registry {path}.", "Try again when it is done.")
        if on_wait is not None and not told:
            on_wait(holder)
            told = True
        time.sleep(0.05)


def _holder(handle: int) -> str:
    try:
        said = json.loads(os.pread(handle, 200, 0))
        return f"`catalog {said['verb']}` (process {int(said['pid'])})"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"
