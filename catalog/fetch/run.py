"""Running a plan: files side by side, one clean end."""

from __future__ import annotations

import errno
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from catalog.errors import Fatal, NotFound, Usage
from catalog.fetch import parts, receipt
from catalog.fetch.place import Folder, usual_mode
from catalog.fetch.plan import CAP_BYTES, FetchPlan, PlannedFile, size_text
from catalog.fetch.receipt import Receipt, ReceiptFile
from catalog.fetch.receive import Explain, Line, TokenFor
from catalog.fetch.transfer import Placed, Site, transfer
from catalog.web import Web

LOOK: Final = 0.1  # seconds between two looks at the progress
PATIENCE: Final = 5.0  # seconds for the others to leave their parts in order after an error
MAX_JOBS: Final = 32

Event = Placed | BaseException | None


@dataclass(frozen=True)
class Progress:
    """How far a fetch is. `bytes` is what is there (resumed parts and kept files too), `received` what came over the
    network in this run; `total_bytes` is None where a file does not say its size. `seconds` since the start."""

    files: int
    total_files: int
    bytes: int
    total_bytes: int | None
    received: int
    seconds: float


def fetch(
    web: Web,
    plan: FetchPlan,
    out: Path,
    *,
    token: str | TokenFor | None = None,
    explain: Explain = lambda error: None,  # noqa: ARG005
    jobs: int = 4,
    yes: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_file: Callable[[Placed], None] | None = None,
) -> Receipt:
    """Bring the files of `plan` to the folder `out`; files that are there and right stay. Returns the receipt that it
    writes beside them. Both callbacks run in the calling thread.

    `token` is a function that gives the token for an address, or one token, which then goes to the origin of the first
    file alone. `explain` says what a refusal means at this source, None for what it means anywhere. `yes` allows what
    is above the caps. The first error stops the other files and is raised: `Usage` (caps, a folder of another dataset),
    `Gated`, `NotFound`, `Retriable`, `Fatal`. After any of them, and after a kill, the same call goes on where it
    stopped.
    """
    if not plan.files:
        raise NotFound(f"{plan.key} has no files to fetch.", "Its page may tell how to get it.")
    if plan.over_cap and not yes:
        raise Usage(plan.over_cap, "Add --yes to fetch it all, or choose with --include.")
    mode = usual_mode()
    with told_disk(out), _without_trace(out), Folder.at(out) as root, _parts_of(root) as held:
        before = receipt.read(root)
        if before is not None:
            receipt.check_owner(before, plan.key, str(out))
        _check_room(plan, out)
        line = Line(web, bound(token, plan.files[0].url), limit=None if yes else CAP_BYTES, explain=explain)
        site = Site(root, held, mode, plan.revision, _known(before, held))
        placed = _run(line, site, plan.files, jobs, _teller(plan, line, on_progress), on_file)
        result = receipt.merged(before, _receipt(plan, [each.entry for each in placed]))
        receipt.write(root, held, result, mode)
        held.remove(receipt.JOURNAL)
        parts.tidy(held)
    return result


def bound(token: str | TokenFor | None, url: str) -> TokenFor:
    """A token for the addresses that have the origin of `url`, and for no other."""
    if callable(token):
        return token
    home = urlsplit(url)[:2]
    return lambda other: token if urlsplit(other)[:2] == home else None


@contextmanager
def told_disk(out: Path) -> Iterator[None]:
    """Say what the disk says in one sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Free some space and run it again; what came is kept." if full else "Choose another folder with --out."
        raise Fatal(f"Writing to {out} failed ({error.strerror or error}).", hint) from error


@contextmanager
def _without_trace(out: Path) -> Iterator[None]:
    """Take away the folder that a failure left empty, where it was not there before."""
    made = not out.exists()
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                out.rmdir()
        raise


@contextmanager
def _parts_of(root: Folder) -> Iterator[Folder]:
    """The folder of partial files, held as long as the fetch runs; it goes when it is empty."""
    held, hold = _held_parts(root)
    try:
        with held:
            try:
                yield held
            finally:
                hold.release()
    finally:
        root.remove_folder(parts.FOLDER)


def _held_parts(root: Folder, tries: int = 20) -> tuple[Folder, parts.Part]:
    """Open and hold the folder; another fetch that ends may delete it in between."""
    while True:
        tries -= 1
        try:
            held = root.sub(parts.FOLDER, 0o700)
        except FileNotFoundError:
            if not tries:
                raise
            continue
        try:
            return held, parts.hold(held)
        except FileNotFoundError:
            held.close()
            if not tries:
                raise


def _known(before: Receipt | None, held: Folder) -> dict[str, ReceiptFile]:
    """What earlier fetches placed here, by path; what a killed one noted last counts most."""
    known = {file.path: file for file in before.files} if before else {}
    known.update((file.path, file) for file in receipt.journaled(held))
    return known


def _check_room(plan: FetchPlan, out: Path) -> None:
    """Refuse before the first byte what the disk cannot hold."""
    free = shutil.disk_usage(out).free
    if plan.expected_bytes <= free:
        return
    here = sum(file.stat().st_size for file in out.rglob("*") if file.is_file() and not file.is_symlink())
    if plan.expected_bytes - here > free:
        raise Fatal(
            f"{size_text(plan.expected_bytes)} are to come, but {out} has {size_text(free)} free.",
            "Free some space, choose another folder with --out, or fewer files with --include.",
        )


def _teller(plan: FetchPlan, line: Line, on_progress: Callable[[Progress], None] | None) -> Callable[[int], None]:
    """What tells the progress, given how many files are in place."""
    started = time.monotonic()
    total = None if plan.unknown_sizes else plan.total_bytes

    def tell(files: int) -> None:
        if on_progress is not None:
            count = line.count
            seconds = time.monotonic() - started
            on_progress(Progress(files, len(plan.files), count.there, total, count.came, seconds))

    return tell


def _run(
    line: Line,
    site: Site,
    files: Sequence[PlannedFile],
    jobs: int,
    tell: Callable[[int], None],
    on_file: Callable[[Placed], None] | None,
) -> list[Placed]:
    """Every file, `jobs` at a time. The first error ends the others, which leave their parts in order."""
    waiting: queue.SimpleQueue[PlannedFile] = queue.SimpleQueue()
    for file in files:
        waiting.put(file)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    number = max(1, min(jobs, MAX_JOBS, len(files)))
    threads = [threading.Thread(target=_work, args=(line, site, waiting, events), daemon=True) for _ in range(number)]
    placed: list[Placed] = []
    for thread in threads:
        thread.start()
    try:
        for event in _until_idle(events, number):
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, Placed):
                placed.append(event)
                if on_file is not None:
                    on_file(event)
            tell(len(placed))
    finally:
        line.stop.set()
        limit = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, limit - time.monotonic()))
    return placed


def _until_idle(events: queue.SimpleQueue[Event], workers: int) -> Iterator[Event]:
    """What the workers report, and None now and then, until the last of them has nothing left to do."""
    while workers:
        try:
            event = events.get(timeout=LOOK)
        except queue.Empty:
            yield None
            continue
        workers -= event is None
        yield event


def _work(line: Line, site: Site, waiting: queue.SimpleQueue[PlannedFile], events: queue.SimpleQueue[Event]) -> None:
    """One worker: reports each file or its error, and None at its end."""
    while not line.stop.is_set():
        try:
            file = waiting.get_nowait()
        except queue.Empty:
            break
        try:
            events.put(transfer(line, site, file))
        except BaseException as error:
            events.put(error)
            line.stop.set()  # at once: a host that refused one file is not asked for the next
    events.put(None)


def _receipt(plan: FetchPlan, entries: list[ReceiptFile]) -> Receipt:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    files = tuple(sorted(entries, key=lambda entry: entry.path))
    return Receipt(plan.key, plan.name, plan.revision, plan.license, plan.access, now, files, plan.asked)
