"""`catalog fetch`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.fetch_options import OWN, SelectiveCommand
from catalog.cli.lint import detected_json, format_lines
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.errors import CatalogError, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.fetch import FetchPlan, Progress, Receipt
    from catalog.formats import Detected

FILES_SHOWN = 12
NOTES_SHOWN = 3


@click.command("fetch", cls=SelectiveCommand)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("-o", "--out", type=click.Path(file_okay=False), help="Folder (default: ./<name>).")
@click.option("--dry-run", is_flag=True, help="Only say what would come.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Only files that match (data/*.parquet, data/).")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="No files that match.")
@click.option("--revision", help="A commit, tag or branch of the source.")
@click.option("--limit", type=click.IntRange(1), help="At most this many files, the first ones.")
@click.option("--from", "place", metavar="PLACE", help="Of its places this one: a source, a host, or files.")
@click.option("-j", "--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="Files at a time.")
@click.option("-y", "--yes", is_flag=True, help="Fetch more than 5 GB or 1,000 files.")
@click.option("--acknowledge", is_flag=True, help="I have the right to data that was withdrawn or needs an agreement.")
@click.option("--unpack", is_flag=True, help="Unpack ZIP and tar archives that came, each into a folder beside it.")
@click.option("--as", "form", metavar="FORMAT", help="Also write the rows in this format, into FOLDER/FORMAT/.")
@click.option("--template", metavar="T", help="With --as: how task data become prompt and completion.")
@click.option("--locked", is_flag=True, help="Bring exactly what catalog.lock says, of all or of the named datasets.")
@click.option("--lock", metavar="FILE", help="The lock to write or follow (default: catalog.lock of this project).")
@click.option("--no-lock", is_flag=True, help="Write no lock.")
@click.option("--offline", is_flag=True, help="Use no network (then only a registry look-up is done).")
@json_option
@registry_option
def fetch_command(names: tuple[str, ...], **options: Any) -> int:
    """Download datasets: planned, resumable, verified.

    NAME is a key, an id, a short name or alias, source:id (or source:id@revision), or an http(s) address: of a file,
    or of a page whose markup describes a dataset with its files. Some sources give parts of what they have: their
    options are listed below, and NAME:PART is short for the usual one (wikipedia:zh). Files are hashed while they come
    and get their name only when they are right; a stop at any moment, even a kill, costs nothing that came. Nothing is
    executed, and nothing unpacked unless --unpack asks for it. A receipt is written beside the data, and catalog.lock
    in this folder says what came, from which revision, under which license; --locked brings just that again, with
    every byte checked, from a mirror where the first host fails. With --as the data files are converted as well, as by
    catalog convert, whose --list names the formats.

    \b
    Examples:
      catalog fetch openwebtext --dry-run
      catalog fetch huggingface:openai/gsm8k --include "main/*" --out gsm8k
      catalog fetch gsm8k --as alpaca
      catalog fetch kaggle:uciml/iris@2 --unpack
      catalog fetch wikipedia:zh --dry-run
      catalog fetch common-crawl --limit 2
      catalog fetch https://example.org/data.csv
      catalog fetch --locked
    """
    if options["form"]:
        _check_format(options["form"])
    if options["locked"]:
        from catalog.cli.lock import fetch_all_locked

        return fetch_all_locked(names, options)
    if not names:
        raise Usage(
            "a fetch needs the name of a dataset.", "Or bring what catalog.lock says with: catalog fetch --locked"
        )
    if len(names) == 1:
        code, found = _fetch_one(names[0], options)
        if options["as_json"]:
            output.print_json(found)
        return code
    return _fetch_several(names, options)


def _fetch_several(names: tuple[str, ...], options: dict[str, Any]) -> int:
    """Every dataset in turn: one that fails does not keep the others. The exit code is that of the first that did."""
    if options["out"]:
        raise Usage("--out is for one dataset.", "Name one, or leave it out.")
    codes, found = [], []
    for name in names:
        output.say(f"{for_terminal(name)}:")
        try:
            code, told = _fetch_one(name, options)
        except CatalogError as error:
            output.say(f"Error: {for_terminal(error.message)}\n{for_terminal(error.hint, newlines=True)}".rstrip())
            code, told = error.exit_code, {"name": name, "error": error.message, "hint": error.hint}
        codes.append(code)
        found.append(told)
    if options["as_json"]:
        output.print_json({"datasets": found})
    return next((code for code in codes if code), 0)


def _fetch_one(name: str, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Plan and fetch one dataset; the exit code, and what there is to tell as JSON."""
    from catalog.cli.lock import lock_of, write_lock
    from catalog.fetch import fetch
    from catalog.fetch.named import plan_of, target_named
    from catalog.fetch.page import settled
    from catalog.web import Web, WebSettings

    target = target_named(
        name,
        lambda known: _entry_named(known, options["registry"]),
        lambda key: _listing(key, options["registry"]),
        acknowledged=options["acknowledge"],
        given=options[OWN],
        place=options["place"] or "",
    )
    settings = WebSettings(offline=options["offline"], allow_private_hosts=target.hosts, on_wait=_tell_wait)
    with Web(settings) as web:
        target = settled(web, target, acknowledged=options["acknowledge"])
        chosen = bool(options["include"] or options["exclude"])
        target, found = target.selected(web, options["revision"], chosen=chosen, limit=options["limit"])
        plan = plan_of(
            target,
            found.files,
            options["out"],
            revision=options["revision"] or "",
            include=options["include"],
            exclude=options["exclude"],
            limit=options["limit"],
            estimate=found.estimate,
        )
        notes = list(dict.fromkeys(place.note for place in found.files if place.note))
        if options["dry_run"]:
            if not options["as_json"]:
                print_plan(plan, notes)
            return 0, {**plan.to_dict(), "notes": notes}
        lock = lock_of(options)
        for line in plan_lines(plan, notes):
            output.say(line)
        with progress_bar() as on_progress:
            receipt = fetch(
                web,
                plan,
                Path(plan.out),
                token=target.token,
                explain=target.explain,
                jobs=target.connections(options["jobs"]),
                yes=options["yes"],
                on_progress=on_progress,
            )
    locked = write_lock(lock, plan, receipt, name, target) if lock else {}
    code, told = finish(plan, receipt, options)
    return code, {**told, **locked}


def finish(plan: FetchPlan, receipt: Receipt, options: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What follows the last byte: unpack and convert where that is asked for, tell the format."""
    unpacked = _unpack(plan, receipt) if options["unpack"] else {}
    shape = _format_of(Path(plan.out))
    converted = _convert(plan, receipt, options["form"], options["template"]) if options["form"] else {}
    for line in format_lines(shape, output.window_width()) if shape else ():
        output.say(line)
    output.say(f"{len(plan.files):,} files in {plan.out}. Check them any time with: catalog verify {plan.out}")
    code = 0 if not converted or any(each["rows"] for each in converted["converted"].values()) else 1
    return code, {**receipt.to_dict(), **unpacked, **converted, "format": detected_json(shape)}


def _check_format(form: str) -> None:
    """Raise `Usage` for a format that is not known, before anything comes."""
    from catalog.formats.targets import target_named

    target_named(form)


def _convert(plan: FetchPlan, receipt: Receipt, form: str, template: str | None) -> dict[str, Any]:
    """Convert the data files that are there, and tell of each."""
    from catalog.cli.convert import convert_folder

    made = {}
    own = {file.path for file in receipt.files}
    for path, said, counts in convert_folder(Path(plan.out), form, template, own, plan.name):
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
        output.say(f"{for_terminal(path)} {was}: {done.files:,} files, {size} in {for_terminal(done.folder)}")
        for name, reason in done.left_out[:NOTES_SHOWN]:
            output.say(f"  left out {for_terminal(name)}: {reason}")
        if len(done.left_out) > NOTES_SHOWN:
            output.say(f"  left out {len(done.left_out) - NOTES_SHOWN:,} more")
    if not found:
        output.say("Nothing that came is an archive that can be unpacked (ZIP, tar, tar.gz).")
    return {"unpacked": found}


def _entry_named(name: str, registry: str | None) -> Any:
    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    with open_for_reading(registry) as connection:
        named = one_named(connection, name)
        return read_entries(connection, [named.id], terms_of(connection))[named.id]


def _listing(key: str, registry: str | None) -> Any:
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
    yield f"license    {for_terminal(plan.license)}"
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
    files = f"{count:,} file{'' if count == 1 else 's'}"
    if unknown and plan.estimate:
        return f"about {output.size(plan.expected_bytes)} in {files}"
    if unknown == count:
        return f"{files} of unknown size"
    return f"{output.size(plan.total_bytes)} in {files}{f', {unknown:,} of unknown size' if unknown else ''}"


def _tell_wait(seconds: float, reason: str) -> None:
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
