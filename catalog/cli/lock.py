"""Writing and following `catalog.lock`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from catalog.cli import output
from catalog.cli.options import open_for_reading
from catalog.errors import CatalogError, NotFound, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    import sqlite3

    from catalog.fetch import FetchPlan, Receipt
    from catalog.fetch.locked import Brought, Known
    from catalog.fetch.lockfile import Locked
    from catalog.fetch.target import Target

T = TypeVar("T")


def lock_of(options: dict[str, Any]) -> Path | None:
    """The lock that a fetch writes, None for none. One that was named must be writable; where no lock can be in the
    current folder that is said, and the fetch goes on."""
    from catalog.fetch.lockfile import check_place, lock_path

    if options["no_lock"]:
        if options["lock"]:
            raise Usage("--lock and --no-lock contradict each other.", "Leave out one of them.")
        return None
    path = lock_path(options["lock"])
    try:
        check_place(path)
    except Usage as error:
        if options["lock"]:
            raise
        output.say(f"note       no lock is written: {for_terminal(error.message)}")
        return None
    return path


def write_lock(path: Path, plan: FetchPlan, receipt: Receipt, name: str, target: Target) -> dict[str, Any]:
    """Enter what came into the lock, and say where."""
    from catalog.fetch.lockfile import enter

    entry = enter(path, plan, receipt, name, target.entry)
    files, digest = output.files(len(entry.files)), entry.fingerprint[:19] or "no data"
    output.say(f"lock       {for_terminal(str(path))}: {files}, {digest}…")
    return {"lock": str(path), "fingerprint": entry.fingerprint}


def known_of(registry: str | None) -> Known:
    """What the registry has to say of locked datasets; without a registry nothing is known."""
    from catalog.fetch.locked import Known
    from catalog.registry.clusters import copies_of
    from catalog.registry.reader import entries_listing, read_entries, terms_of

    def asked(otherwise: T, look: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with open_for_reading(registry) as connection:
                return look(connection)
        except NotFound:
            return otherwise

    def number_of(connection: sqlite3.Connection, key: str) -> int | None:
        row = connection.execute("SELECT id FROM dataset WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def entry(key: str) -> Any:
        def look(connection: sqlite3.Connection) -> Any:
            number = number_of(connection, key)
            return None if number is None else read_entries(connection, [number], terms_of(connection))[number]

        return asked(None, look)

    def copies(key: str) -> Any:
        def look(connection: sqlite3.Connection) -> Any:
            number = number_of(connection, key)
            return [] if number is None else copies_of(connection, number)

        return asked([], look)

    return Known(entry, copies, lambda key: asked([], lambda connection: entries_listing(connection, key)))


def fetch_all_locked(names: tuple[str, ...], options: dict[str, Any]) -> int:
    """Bring what the lock says of these datasets, or of all. One that fails does not keep the others; the exit code is
    that of the first that did."""
    from catalog.fetch.lockfile import chosen, lock_path, read_lock

    chosen_by = {"from": "place", **{name: name for name in ("include", "exclude", "revision", "limit", "no_lock")}}
    for flag in (*(flag for flag, option in chosen_by.items() if options[option]), *options["own"]):
        raise Usage(f"--{flag.replace('_', '-')} has no meaning with --locked.", "The lock says what comes.")
    path = lock_path(options["lock"])
    entries = chosen(read_lock(path), names, path)
    if not entries:
        raise NotFound(f"{path} is empty.", "catalog fetch NAME fills it.")
    if options["out"] and len(entries) > 1:
        raise Usage("--out is for one dataset.", "Name one, or leave it out.")
    known = known_of(options["registry"])
    codes, found = [], []
    for each in entries:
        code, told = _one_locked(path, each, names, known, options)
        codes.append(code)
        found.append(told)
    if options["as_json"]:
        output.print_json({"lock": str(path), "datasets": found})
    elif len(entries) > 1:
        output.say(f"{codes.count(0):,} of {len(codes):,} datasets are as {path} says.")
    return next((code for code in codes if code), 0)


def _one_locked(
    path: Path, each: Locked, names: tuple[str, ...], known: Known, options: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    from catalog.cli.fetching import finish, plan_lines, print_plan
    from catalog.fetch.locked import changed_verdict, check_allowed, fault_of, locked_plan

    told: dict[str, Any] = {"name": each.name, "key": each.key, "revision": each.revision, "folder": each.folder}
    try:
        out = _place(path, each, options["out"])
        check_allowed(each, known, acknowledged=options["acknowledge"])
        plan = locked_plan(each, out, [], known.entry(each.key), anywhere=True)
        note = changed_verdict(each, known.entry(each.key))
        notes = [note] if note else []
        if options["dry_run"]:
            if not options["as_json"]:
                print_plan(plan, notes)
            return 0, {**told, **plan.to_dict(), "notes": notes}
        output.say(f"{for_terminal(each.name)}, as {path} says:")
        for line in plan_lines(plan, notes):
            output.say(line)
        brought = _bring(each, out, names, known, options)
        code, found = finish(plan, brought.receipt, options)
    except CatalogError as error:
        if not options["as_json"] and len(names) == 1:
            raise
        output.say(f"Error: {for_terminal(error.message)}\n{for_terminal(error.hint, newlines=True)}".rstrip())
        return error.exit_code, {
            **told,
            "ok": False,
            "fault": fault_of(error),
            "error": error.message,
            "hint": error.hint,
        }
    via = {"mirrors": list(brought.mirrors), "notes": notes}
    return code, {**told, "ok": True, **via, **found}


def _bring(each: Locked, out: Path, names: tuple[str, ...], known: Known, options: dict[str, Any]) -> Brought:
    from catalog.cli.fetching import progress_bar, tell_wait
    from catalog.fetch.locked import fetch_locked

    with progress_bar() as on_progress:
        return fetch_locked(
            each,
            out,
            known,
            named=each.name in names,
            offline=options["offline"],
            jobs=options["jobs"],
            yes=options["yes"],
            acknowledged=options["acknowledge"],
            on_progress=on_progress,
            on_wait=tell_wait,
            say=lambda line: output.say(for_terminal(line)),
        )


def _place(path: Path, each: Locked, named: str | None) -> Path:
    """The folder of a locked dataset. Raises `Usage` where the lock names one that is outside of its own."""
    from catalog.fetch.lockfile import place_of

    if named:
        return Path(named)
    found = place_of(path, each)
    if found is None:
        raise Usage(
            f"{path} puts {each.name} into {each.folder}, outside of its own folder.",
            f"Say where it goes with: catalog fetch --locked {each.name} --out FOLDER",
        )
    return found
