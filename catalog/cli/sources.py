"""`catalog sources`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_reading, registry_option
from catalog.cli.words import said
from catalog.errors import CatalogError, Fatal
from catalog.location import registry_path
from catalog.text import display_width, for_terminal

if TYPE_CHECKING:
    from catalog.connector import Connector
    from catalog.plugins import Source

LISTED = 10_000
"""Rows that are read of a source's own list."""


@click.command("sources")
@click.argument("name", required=False)
@json_option
@registry_option
def sources_command(name: str | None, as_json: bool, registry: str | None) -> int:
    """List the sources that can be synced.

    Every connector that is installed: whether it works, whether a login was found (never what it is), its last run,
    its entries in the registry, the address that is asked, and its terms. With NAME: all that is known of one, its
    options, the variable that sets its address, and for a source that has a list of its own, that list. Third parties
    add theirs by the entry point "catalog.connectors".

    \b
    Examples:
      catalog sources
      catalog sources huggingface
      catalog sources google --json
    """
    from catalog import plugins

    path = registry_path(registry)
    known = registry_facts(path)
    installed = {source.name: source for source in plugins.sources()}
    if name is not None:
        if name not in installed:
            raise plugins.unknown(name)
        return _one(installed[name], known, as_json)
    rows = [facts_of(source, known) for source in installed.values()]
    if as_json:
        output.print_json(rows)
        return 0
    width = output.window_width()
    print("\n".join(output.table(_FIELDS, [_cells(row) for row in rows], width)))
    print()
    left = 2 + max((display_width(row["name"]) for row in rows), default=0)
    for row in rows:
        if row["terms"]:
            print("\n".join(output.labelled(for_terminal(row["name"]), row["terms"], width, left)))
    for row in rows:
        if row["problem"]:
            output.say(f"{for_terminal(row['name'])}: {for_terminal(row['problem'])}")
    output.say("More of one: catalog sources NAME. Pull one into the registry: catalog sync NAME")
    return 0


_FIELDS = (
    output.Field("source", 11),
    output.Field("status", 6),
    output.Field("login", 5, rank=3, grow=1),
    output.Field("datasets", 8, right=True),
    output.Field("last run", 20, rank=1, grow=1),
    output.Field("address", 16, rank=2, grow=1),
    output.Field("package", 12, rank=4, grow=1),
)


def facts_of(source: Source, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is known of a source, as JSON values; a connector that is broken has a `problem` and costs nothing else."""
    from catalog import plugins

    facts: dict[str, Any] = {**vars(source), "status": "ok", "problem": ""}
    facts |= dict.fromkeys(("title", "home", "terms", "variable", "address"), "")
    facts |= {
        "credentials": [],
        "options": [],
        "selectors": [],
        **known.get(source.name, {"datasets": 0, "last_run": None}),
    }
    try:
        connector = plugins.load(source.name)
        about = plugins.about_of(connector)
        facts |= {"title": about.title, "home": about.home, "terms": about.terms, "variable": about.variable}
        facts["options"] = [_option(option) for option in plugins.options_of(connector)]
        facts["selectors"] = [_option(option) for option in plugins.selectors_of(connector)]
        facts["address"] = address_of(connector)
        facts["credentials"] = [vars(each) for each in credentials_of(connector)]
    except CatalogError as error:
        facts |= {"status": "broken", "problem": str(error)}
    return facts


def _option(option: Any) -> dict[str, Any]:
    return {"name": option.name, "kind": option.kind, "many": option.many, "help": option.help}


def address_of(connector: Connector) -> str:
    """The address that is asked: what the connector says, else what its variable says, else its home."""
    from catalog.plugins import about_of

    about, own = about_of(connector), getattr(connector, "address", None)
    if callable(own):
        return str(_asked(connector, own))
    return (os.environ.get(about.variable, "") if about.variable else "") or about.home


def credentials_of(connector: Connector) -> tuple[Any, ...]:
    """The logins that a source knows, found or not."""
    from catalog.connector import Credentialed

    return tuple(_asked(connector, connector.credentials)) if isinstance(connector, Credentialed) else ()


def _asked(connector: Connector, call: Any) -> Any:
    """What a stranger's method says. Raises `Fatal` for whatever else it throws."""
    import sys
    from contextlib import redirect_stdout

    try:
        with redirect_stdout(sys.stderr):
            return call()
    except CatalogError:
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())[:200]
        raise Fatal(
            f"the connector {connector.name} failed ({type(error).__name__}: {said}).",
            "Tell the author of the connector.",
        ) from error


def registry_facts(path: str) -> dict[str, dict[str, Any]]:
    """Entries and last run of each source; nothing where there is no registry, or one that cannot be read."""
    if not Path(path).is_file():
        return {}
    try:
        with open_for_reading(path) as connection:
            return _facts(connection, path)
    except (CatalogError, sqlite3.Error):
        return {}


def _facts(connection: sqlite3.Connection, path: str) -> dict[str, dict[str, Any]]:
    from catalog.registry.runs import last_runs

    counts = dict(connection.execute("SELECT source, count(*) FROM dataset GROUP BY source").fetchall())
    last = last_runs(connection, path)
    return {
        name: {"datasets": counts.get(name, 0), "last_run": last[name].to_dict() if name in last else None}
        for name in {*counts, *last}
    }


def _cells(row: dict[str, Any]) -> list[str]:
    run = row["last_run"]
    when = f"{run['started'][:10]} {said(run['status'])}" if run else said("never")
    return [
        row["name"], said(row["status"]), login_words(row["credentials"]), f"{row['datasets']:,}", when,
        row["address"], row["distribution"],
    ]  # fmt: skip


def login_words(credentials: list[dict[str, Any]]) -> str:
    """Whether a login was found: `yes`, `no`, `faulty`; "" for a source that knows none."""
    if any(each["problem"] for each in credentials):
        return said("faulty")
    if not credentials:
        return ""
    return said("found") if any(each["where"] for each in credentials) else said("none")


def _one(source: Source, known: dict[str, dict[str, Any]], as_json: bool) -> int:
    """All that is known of one source, and the list that it brings. Raises `Fatal` for one that is broken."""
    from catalog import plugins

    connector = plugins.load(source.name)
    facts = facts_of(source, known)
    listed = _listed(connector)
    if as_json:
        output.print_json({**facts, **({} if listed is None else {"listed": listed})})
        return 0
    for line in _lines(facts):
        print(line)
    if listed is not None:
        print()
        fields = (
            output.Field("name", 20, grow=2),
            output.Field("start", 24, grow=1),
            output.Field("note", 16, 1, grow=1),
        )
        rows = [[each["name"], each["start"], each["note"]] for each in listed]
        print("\n".join(output.table(fields, rows, output.window_width())))
    return 0


def _listed(connector: Connector) -> list[dict[str, str]] | None:
    """The list of (name, start, note) that a source brings; None for one that has none."""
    listed = getattr(connector, "listed", None)
    if not callable(listed):
        return None
    rows = [[*map(str, row), "", "", ""][:3] for row in _asked(connector, lambda: list(listed())[:LISTED])]
    return [dict(zip(("name", "start", "note"), row, strict=True)) for row in rows]


def _lines(facts: dict[str, Any]) -> list[str]:
    run = facts["last_run"]
    logins = [
        f"{each['name']}: {each['where'] or said('not found')}{'; ' if each['problem'] else ''}{each['problem']}"
        for each in facts["credentials"]
    ]
    pairs = [
        ("source", f"{facts['name']} ({facts['title']})" if facts["title"] else facts["name"]),
        ("status", said(facts["status"]) + (f": {facts['problem']}" if facts["problem"] else "")),
        ("package", f"{facts['distribution']} ({facts['module']})"),
        ("home", facts["home"]),
        ("address", facts["address"]),
        ("set by", facts["variable"]),
        ("terms", facts["terms"]),
        *(("login", each) for each in logins),
        ("datasets", f"{facts['datasets']:,}"),
        ("last run", f"{run['verb']} {run['started']} {said(run['status'])}" if run else said("never")),
    ]
    width = output.window_width() - 12
    lines = []
    for name, value in pairs:
        for number, part in enumerate(output.wrap(for_terminal(value), width)):
            lines.append(f"{output.pad(said(name) if not number else '', 12)}{part}")
    for label, options in (("option", facts["options"]), ("of fetch", facts["selectors"])):
        for option in options:
            told = f"--{option['name'].replace('_', '-')}: {option['help']}"
            lines += output.labelled(said(label), told, width + 12, 12)
    return lines
