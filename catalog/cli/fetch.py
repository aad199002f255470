"""`catalog fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from catalog.cli import output
from catalog.cli.fetch_options import OWN, SelectiveCommand
from catalog.cli.fetching import entry_named, finish, listing_of, plan_lines, print_plan, progress_bar, tell_wait
from catalog.cli.options import json_option, registry_option
from catalog.errors import CatalogError, Usage
from catalog.text import for_terminal


@click.command("fetch", cls=SelectiveCommand)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("-o", "--out", type=click.Path(file_okay=False), help="Folder (default: ./ and its name at the source).")
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
@click.option("--file", "suffix", type=click.Choice(["jsonl", "csv", "parquet"]), default="jsonl", show_default=True,
              help="With --as: the kind of file.")  # fmt: skip
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
      catalog fetch gsm8k --as prompt-completion --file parquet
      catalog fetch kaggle:uciml/iris@2 --unpack
      catalog fetch wikipedia:zh --dry-run
      catalog fetch common-crawl --limit 2
      catalog fetch https://example.org/data.csv
      catalog fetch --locked
    """
    if options["form"]:
        _check_format(options["form"], options["suffix"])
    elif options["suffix"] != "jsonl" or options["template"]:
        raise Usage("--file and --template tell how --as writes the rows.", "Add the format: --as messages")
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
        lambda known: entry_named(known, options["registry"]),
        lambda key: listing_of(key, options["registry"]),
        acknowledged=options["acknowledge"],
        given=options[OWN],
        place=options["place"] or "",
    )
    settings = WebSettings(offline=options["offline"], allow_private_hosts=target.hosts, on_wait=tell_wait)
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


def _check_format(form: str, suffix: str) -> None:
    """Raise `Usage` for a format that is not known or cannot be written, before anything comes."""
    from catalog.datafile.writing import check_suffix
    from catalog.formats.targets import target_named

    target_named(form)
    check_suffix(Path(f"rows.{suffix}"))
