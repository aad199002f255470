"""`catalog pull`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import Usage
from catalog.location import registry_path
from catalog.text import for_terminal, for_url

if TYPE_CHECKING:
    from catalog.pull import Pulled


@click.command("pull")
@click.argument("url", metavar="URL")
@json_option
@registry_option
def pull_command(url: str, as_json: bool, registry: str | None) -> int:
    """Pull a registry that somebody published, instead of syncing it.

    URL is a site made by `catalog site build --with-registry`. Only pieces that are not here yet are loaded, each is
    verified, and a pull that was cut off goes on where it stopped. The new registry is checked whole before it takes
    the place of the old one, which is kept beside it. Corrections made here stay, and so does what only the old one
    holds.

    \b
    Examples:
      catalog pull https://data.example.org/
      catalog pull https://data.example.org/ --registry shared.db
    """
    from catalog.pull import host_of, pull
    from catalog.web import Web, WebSettings

    address = for_url(url)
    if not address:
        raise Usage(f"{url[:80]!r} is no address.", "Name a site: catalog pull https://data.example.org/")
    path = registry_path(registry)
    with Web(WebSettings(allow_private_hosts=frozenset({host_of(address)}))) as web:
        done = pull(web, address, path, _tell)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if as_json:
        output.print_json({**done.to_dict(), "registry": path})
    else:
        print("\n".join(_lines(done, path)))
    return 0


def _tell(stage: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        count = f" {done:,}{f' of {total:,}' if total else ''}" if done else ""
        print(f"\r\x1b[K{stage}{count}", end="", file=sys.stderr, flush=True)


def _lines(done: Pulled, path: str) -> list[str]:
    if not done.changed:
        return [f"{for_terminal(path)} is what is published there: nothing was loaded."]
    said = [
        f"{for_terminal(path)}: {done.datasets:,} datasets.",
        f"{done.loaded:,} of {done.pieces:,} pieces were loaded ({output.size(done.bytes)}); the others were here.",
    ]
    if done.kept:
        said.append(f"{done.kept:,} datasets that only the old registry had were kept.")
    if done.corrections or done.apart:
        said.append(f"{done.corrections:,} corrections and {done.apart:,} pairs told apart here still count.")
    if done.before and not done.taken_over:
        said.append("The old registry could not be read, so nothing of it was taken over.")
    if done.before:
        said.append(f"The old registry is {for_terminal(done.before)}.")
    return said
