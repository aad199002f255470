"""`catalog verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import NotFound, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.fetch import VerifyReport
    from catalog.fetch.lockfile import Locked


@click.command("verify")
@click.argument("places", metavar="[FOLDER|LOCK|NAME]...", type=click.Path(), nargs=-1)
@click.option("--lock", metavar="FILE", help="Check what this lock says (default: catalog.lock of this project).")
@json_option
@registry_option
def verify_command(places: tuple[str, ...], lock: str | None, as_json: bool, registry: str | None) -> int:
    """Check downloaded files against their receipt, or against catalog.lock.

    Every file is hashed again. A folder is held against the receipt in it; a lock, or the named datasets of a lock,
    against what the lock says; without a name everything in catalog.lock is checked. Where a license verdict has
    changed since, that is noted. Exit code 0 says that all are as they came, 1 that some are missing or changed.

    \b
    Examples:
      catalog verify openwebtext
      catalog verify
      catalog verify --lock data/catalog.lock gsm8k
    """
    folders = [] if lock else [place for place in places if Path(place).is_dir()]
    if folders and len(folders) == len(places):
        return _verify_folders(folders, as_json, registry)
    if folders:
        raise Usage("folders and datasets of a lock are checked apart.", "Name one kind.")
    if len(places) == 1 and not lock and Path(places[0]).is_file():
        return _verify_lock(places[0], (), as_json, registry)
    if places and not lock and not _is_locked(places):
        raise Usage(f"{places[0]} is no folder.", "Name the folder that catalog fetch wrote to.")
    return _verify_lock(lock, places, as_json, registry)


def _is_locked(names: tuple[str, ...]) -> bool:
    """Whether the lock of this project has these names."""
    from catalog.fetch.lockfile import chosen, lock_path, read_lock

    path = lock_path()
    try:
        return bool(chosen(read_lock(path), names, path))
    except NotFound:
        return False


def _verify_folders(folders: list[str], as_json: bool, registry: str | None) -> int:
    from catalog.cli.lock import known_of
    from catalog.fetch import verify

    known = known_of(registry)
    codes = []
    for folder in folders:
        report = verify(Path(folder))
        key = report.receipt.key
        entry = known.entry(key) or next(iter(known.listing(key)), None)
        then, now = report.receipt.license, entry.verdict if entry else None
        was = then.removeprefix("commercial use: ").partition(" - ")[0]
        is_other = now is not None and then.startswith("commercial use: ") and was != now.commercial
        note = (
            f"commercial use of {report.receipt.key} was {was}; it is now {now.commercial} ({now.reason})"
            if (is_other and now is not None)
            else ""
        )
        if as_json:
            output.print_json({**report.to_dict(), "note": note})
        else:
            _print_report(report, note)
            if not report.ok:
                said = " ".join(filter(None, (report.receipt.key, report.receipt.asked)))
                output.say(f"Mend them with: catalog fetch {for_terminal(said)} --out {folder}")
        codes.append(0 if report.ok else 1)
    return max(codes)


def _verify_lock(named: str | None, names: tuple[str, ...], as_json: bool, registry: str | None) -> int:
    from catalog.cli.lock import known_of
    from catalog.fetch.locked import changed_verdict
    from catalog.fetch.lockfile import chosen, lock_path, place_of, read_lock
    from catalog.fetch.receipt import compare

    path = lock_path(named)
    entries = chosen(read_lock(path), names, path)
    known = known_of(registry)
    found: list[dict[str, Any]] = []
    for each in entries:
        out = place_of(path, each) or Path(each.folder)
        report = compare(out, _as_receipt(each))
        note = changed_verdict(each, known.entry(each.key))
        found.append(
            {"name": each.name, "folder": each.folder, **report.to_dict(), "key": each.key, **_license(each, note)}
        )
        if not as_json:
            print(f"{for_terminal(each.name)} in {for_terminal(str(out))}")
            _print_report(report, note)
    ok = all(each["ok"] for each in found)
    if as_json:
        output.print_json({"lock": str(path), "ok": ok, "datasets": found})
    elif not ok:
        output.say("Mend them with: catalog fetch --locked")
    return 0 if ok else 1


def _license(each: Locked, note: str) -> dict[str, Any]:
    return {"fingerprint": each.fingerprint, "license": each.license, "commercial": each.commercial, "note": note}


def _as_receipt(each: Locked) -> Any:
    """What a lock says of a folder, in the form of the receipt in it."""
    from catalog.fetch import Receipt, ReceiptFile

    files = tuple(ReceiptFile(file.path, file.bytes, file.sha256, file.url, "sha256") for file in each.files)
    return Receipt(each.key, each.name, each.revision, each.reason, "", each.fetched, files)


def _print_report(report: VerifyReport, note: str = "") -> None:
    for name, paths in (("missing", report.missing), ("changed", report.changed), ("beside", report.extra)):
        for path in paths:
            print(f"{name:<8} {for_terminal(path)}")
    count = len(report.receipt.files)
    print(f"{len(report.whole):,} of {output.files(count)} {'is as it' if count == 1 else 'are as they'} came.")
    if note:
        output.say(f"note: {for_terminal(note)}")
