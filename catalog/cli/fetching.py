"""What `catalog fetch` and its kin say: the plan, the progress, the waits, and what follows the last byte."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.cli import output
from catalog.cli.lint import detected_json, format_lines
from catalog.cli.options import open_for_reading
from catalog.errors import CatalogError
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.fetch import FetchPlan, Progress, Receipt
    from catalog.formats import Detected

FILES_SHOWN = 12
NOTES_SHOWN = 3


def finish(plan: FetchPlan, receipt: Receipt, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What follows the last byte: unpack and convert where that is asked for, tell the format."""
    unpacked = _unpack(plan, receipt) if options["unpack"] else {}
    shape = _format_of(Path(plan.out))
    converted = _convert(plan, receipt, options) if options["form"] else {}
    for line in format_lines(shape, output.window_width()) if shape else ():
        output.say(line)
    output.say(f"{output.files(len(plan.files))} in {plan.out}. Check any time with: catalog verify {plan.out}")
    code = 0 if not converted or any(each["rows"] for each in converted["converted"].values()) else 1
    return code, {**receipt.to_dict(), **unpacked, **converted, "format": detected_json(shape)}


def _convert(plan: FetchPlan, receipt: Receipt, options: dict[str, Any]) -> dict[str, Any]:
    """Convert the data files that are there, and tell of each."""
    from catalog.cli.convert import convert_folder

    made = {}
    own = {file.path for file in receipt.files}
    wanted = {"template": options["template"], "data_source": plan.name}
    for path, said, counts in convert_folder(Path(plan.out), options["form"], options["suffix"], wanted, own):
        made[str(path)] = {"rows": counts.written if counts else 0, "says": said}
        output.say(f"{for_terminal(str(path))}: {said}")
    return {"converted": made}


def _format_of(folder: Path) -> Detected | None:
    """The training format that the first rows of a folder show; None where no file of it can be read as rows."""
    from catalog.datafile import data_files, first_rows
    from catalog.formats import detect_rows
    from catalog.formats.values import SAMPLE

    try:
        return detect_rows(first_rows(data_files(folder)[0], SAMPLE))
    except CatalogError:
        return None


def _unpack(plan: FetchPlan, receipt: Receipt) -> dict[str, Any]:
    """Unpack what this fetch brought, and tell of it."""
    from catalog.fetch.unpack import unpack_all

    planned = {path for file in plan.files for path in (file.path, f"{file.path}.zip")}
    found = {}
    for path, done in unpack_all(Path(plan.out), [file for file in receipt.files if file.path in planned]):
        found[path] = vars(done)
        was = "was unpacked already" if done.already else "unpacked"
        size = output.size(done.bytes)
        output.say(f"{for_terminal(path)} {was}: {output.files(done.files)}, {size} in {for_terminal(done.folder)}")
        for name, reason in done.left_out[:NOTES_SHOWN]:
            output.say(f"  left out {for_terminal(name)}: {reason}")
        if len(done.left_out) > NOTES_SHOWN:
            output.say(f"  left out {len(done.left_out) - NOTES_SHOWN:,} more")
    if not found:
        output.say("Nothing that came is an archive that can be unpacked (ZIP, tar, tar.gz).")
    return {"unpacked": found}


def entry_named(name: str, registry: str | None) -> Any:
    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    with open_for_reading(registry) as connection:
        named = one_named(connection, name)
        return read_entries(connection, [named.id], terms_of(connection))[named.id]


def listing_of(key: str, registry: str | None) -> Any:
    from catalog.registry.reader import entries_listing

    with open_for_reading(registry) as connection:
        return entries_listing(connection, key)


def print_plan(plan: FetchPlan, notes: Sequence[str] = ()) -> None:
    """The plan as a person reads it: the first files, then what should be known."""
    fields = (
        output.Field("file", 30, grow=1),
        output.Field("size", 8, right=True),
        output.Field("verified by", 11, rank=1),
    )
    shown = plan.files[:FILES_SHOWN]
    rows = [[file.path, output.size(file.bytes) or "unknown", file.verified_by] for file in shown]
    print("\n".join(output.table(fields, rows, output.window_width())))
    if len(plan.files) > len(shown):
        print(f"… and {len(plan.files) - len(shown):,} more")
    print("\n".join(plan_lines(plan, notes)))


def plan_lines(plan: FetchPlan, notes: Sequence[str] = ()) -> Iterator[str]:
    """What a person should know before the first byte; `notes` are the source's own words on its files."""
    yield f"total      {total_of(plan)}"
    yield f"into       {for_terminal(plan.out)} ({output.size(plan.free) or 'unknown'} free)"
    yield from output.labelled("license", plan.license, output.window_width(), 11)
    if plan.access:
        yield f"access     {for_terminal(plan.access)}"
    if plan.revision:
        yield f"revision   {for_terminal(plan.revision)}"
    if plan.asked:
        yield f"asked for  {for_terminal(plan.asked)}"
    yield from (f"note       {for_terminal(note)}" for note in notes[:NOTES_SHOWN])
    yield from (f"also at    {for_terminal(each)}" for each in plan.elsewhere[:NOTES_SHOWN])
    if plan.executable:
        names = ", ".join(for_terminal(each) for each in plan.executable[:3])
        yield f"warning    {len(plan.executable)} files can hold code ({names}); they are only stored"
    if plan.over_cap:
        yield f"note       {plan.over_cap} Add --yes to fetch it all, or choose with --include."
    if plan.too_large:
        yield "note       This is more than the free disk space."


def total_of(plan: FetchPlan) -> str:
    """How much would come: `450 kB in 5 files`, `1 file of unknown size`."""
    count, unknown = len(plan.files), plan.unknown_sizes
    files = output.files(count)
    if unknown and plan.estimate:
        return f"about {output.size(plan.expected_bytes)} in {files}"
    if unknown == count:
        return f"{files} of unknown size"
    return f"{output.size(plan.total_bytes)} in {files}{f', {unknown:,} of unknown size' if unknown else ''}"


def tell_wait(seconds: float, reason: str) -> None:
    if seconds >= 1:
        output.say(f"Waiting {seconds:.0f} s: {reason}")


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """What shows how far a fetch is: a bar with rate and time left on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("files", total=None)

        def show(progress: Progress) -> None:
            files = f"{progress.files}/{progress.total_files} files"
            bar.update(task, completed=progress.bytes, total=progress.total_bytes, description=files)

        yield show


class _Lines:
    """Progress as a line every ten seconds, for logs."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.seconds - self._told >= 10:
            self._told = progress.seconds
            rate = output.size(int(progress.received / max(progress.seconds, 0.001)))
            output.say(f"{progress.files}/{progress.total_files} files, {output.size(progress.bytes)}, {rate}/s")
