"""`catalog doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.cli.words import said
from catalog.location import registry_path
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.doctor import Finding

COLOURS = {"ok": "32", "warn": "33", "fail": "31"}
PATIENCE = 8.0
"""Seconds that a source may take to answer at all."""


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Do not try to reach the sources.")
@json_option
@registry_option
def doctor_command(offline: bool, as_json: bool, registry: str | None) -> int:
    """Say what is in order here, and what to do where it is not.

    The registry and its disk, the configuration, logins (found or not, never what they are), the terms of each source
    and whether it can be reached (one request each), Python and SQLite, optional packages, proxies and certificates.
    Exit code 1 says that something fails.

    \b
    Examples:
      catalog doctor
      catalog doctor --offline --json
    """
    from catalog import doctor

    path = registry_path(registry)
    findings = [
        *doctor.registry_findings(path),
        *doctor.configuration_findings(path),
        *doctor.program_findings(),
        *doctor.network_findings(),
        *_source_findings(path, offline),
    ]
    fine = all(each.state != "fail" for each in findings)
    if as_json:
        output.print_json({"ok": fine, "checks": [vars(each) for each in findings]})
        return int(not fine)
    for each in findings:
        _print(each)
    counts = {state: sum(each.state == state for each in findings) for state in ("warn", "fail")}
    if counts["warn"] or counts["fail"]:
        output.say(f"{counts['fail']} to mend, {counts['warn']} to know of.")
    return int(not fine)


def _print(finding: Finding) -> None:
    head = f"{output.pad(said(finding.state), 5)} {output.pad(for_terminal(finding.name), 24)} "
    lines = list(output.wrap(for_terminal(finding.text), max(30, output.window_width() - 31)))
    if finding.hint:
        lines += output.wrap(f"→ {for_terminal(finding.hint)}", max(30, output.window_width() - 31))
    print(head.replace(said(finding.state), output.paint(said(finding.state), COLOURS[finding.state]), 1) + lines[0])
    for line in lines[1:]:
        print(f"{'':31}{line}")


def _source_findings(path: str, offline: bool) -> Iterator[Finding]:
    """Each source: whether it works, its terms, its logins, and whether it answers. All are asked at once."""
    from catalog import config, plugins
    from catalog.cli.sources import facts_of, registry_facts
    from catalog.errors import CatalogError

    known = registry_facts(path)
    rows = [facts_of(source, known) for source in plugins.sources()]
    used = {name for name, facts in known.items() if facts["last_run"]}
    try:
        found = config.find(None, path)
        used |= {job.source for job in config.load(found).jobs} if found else set()
    except CatalogError:
        pass  # the configuration has a finding of its own
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda row: None if offline else _answer(row), rows))
    for row, answer in zip(rows, answers, strict=True):
        yield from _of_source(row, answer, row["name"] in used)


def _of_source(row: dict[str, Any], answer: Finding | None, used: bool) -> Iterator[Finding]:
    from catalog.doctor import Finding

    name = row["name"]
    if row["problem"]:
        message, _, todo = row["problem"].partition(". ")
        yield Finding(name, "fail" if used else "warn", message, todo)
        return
    yield Finding(name, "ok", row["terms"] or "it states no terms")
    for each in row["credentials"]:
        place = f"found in {each['where']}" if each["where"] else "not found; what is public needs none"
        problem = each["problem"]
        yield Finding(f"{name} {each['name']}", "warn" if problem else "ok", problem or place)
    if answer is not None:
        yield answer if used or answer.state == "ok" else Finding(answer.name, "warn", answer.text, answer.hint)


def _answer(row: dict[str, Any]) -> Finding | None:
    """Whether a source answers at all, whatever it says; None where its address is not known."""
    from catalog import plugins
    from catalog.connector import hosts_of
    from catalog.doctor import Finding
    from catalog.errors import CatalogError, Retriable
    from catalog.web import HttpStatus, Web, WebSettings, public_url

    if row["problem"] or not row["address"]:
        return None
    name, shown = f"{row['name']} address", public_url(row["address"])
    set_by = f" (set by {row['variable']})" if row["variable"] and os.environ.get(row["variable"]) else ""
    try:
        hosts = hosts_of(plugins.load(row["name"]))
        with Web(WebSettings(tries=1, timeout=PATIENCE, deadline=PATIENCE, allow_private_hosts=hosts)) as web:
            web.head(row["address"])
    except HttpStatus:
        pass
    except CatalogError as error:
        hint = error.hint if not isinstance(error, Retriable) else "Look at your network, or come back later."
        change = f" {row['variable']} names another address." if row["variable"] else ""
        return Finding(name, "fail", error.message, f"{hint}{change}".strip())
    return Finding(name, "ok", f"{shown} answers{set_by}")
