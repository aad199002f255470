"""`catalog inspect`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from catalog.cli import output
from catalog.cli.options import json_option, open_for_writing, registry_option
from catalog.cli.words import said
from catalog.errors import CatalogError, Fatal, Retriable, Usage
from catalog.text import for_terminal

if TYPE_CHECKING:
    from catalog.connector import Findings
    from catalog.record import Entry

MOST_BYTES: Final = 32 << 20  # bytes of a file that are read
KINDS: Final = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
}
Read = list[tuple[str, "Findings"]]


@click.command("inspect")
@click.argument("page", metavar="URL|FILE")
@click.option("--base", metavar="URL", help="Where a FILE stands on the web: its links are read against it.")
@click.option("--save", is_flag=True, help="Store what was found in the registry.")
@click.option("--full", is_flag=True, help="Whole descriptions and every column.")
@json_option
@registry_option
def inspect_command(page: str, base: str | None, save: bool, full: bool, as_json: bool, registry: str | None) -> int:
    """Say what datasets a page describes, and why not more.

    The page, or a file of it (HTML, JSON-LD, Croissant), is read as a harvest reads it: its datasets come with the
    markup they stand in, their tags and the license verdict, then what kept more from being found. Robots rules hold.
    Exit code 3 says that nothing was found.

    \b
    Examples:
      catalog inspect https://zenodo.org/records/1196821
      catalog inspect croissant.json --base https://example.org/croissant.json
      catalog inspect https://example.org/data --save
    """
    is_web = page.startswith(("http://", "https://"))
    if base and (is_web or not base.startswith(("http://", "https://"))):
        raise Usage("--base says where a FILE stands on the web.", "Write it as https://host/path.")
    if "://" in page and not is_web:
        raise Usage(f"{page[:100]!r} is no address of the web.", "Write it as https://host/path, or name a file.")
    read = _read_web(page) if is_web else _read_file(Path(page), base or "")
    entries = _entries(read)
    if as_json:
        output.print_json(_as_json(read, entries))
    else:
        print("\n".join(_lines(read, entries, full=full)))
    if save and entries:
        _save(read, page, registry)
    return 0 if entries else 3


def _read_web(url: str) -> Read:
    """What every connector that reads pages says of it; a refusal is told like any other reason."""
    from catalog.connector import Findings
    from catalog.fetch.page import read_page
    from catalog.web import Web, WebSettings

    host = _host(url)
    with Web(WebSettings(allow_private_hosts=frozenset({host}), crawl_delay=0.0)) as web:
        try:
            return read_page(web, url)
        except (Retriable, Usage):
            raise
        except CatalogError as error:
            return [("", Findings(url, url, problems=(str(error),)))]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise Usage(f"{url[:100]!r} is no web address.", "Write it as https://host/path.") from error


def _read_file(path: Path, base: str) -> Read:
    """What every connector that reads documents says of a file."""
    from catalog import plugins
    from catalog.connector import ReadsDocuments

    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES)
    except OSError as error:
        hint = "Name a file, or an address that begins with https://"
        raise Usage(f"{path} cannot be read ({error.strerror}).", hint) from error
    read: Read = []
    for source in plugins.sources():
        try:
            connector = plugins.load(source.name)
        except Fatal:  # a connector that does not load is told where it is named
            continue
        if isinstance(connector, ReadsDocuments):
            found = connector.read_document(body, KINDS.get(path.suffix.lower(), ""), base)
            read.append((connector.name, found))
            if found.records:
                return read[-1:]
    if not read:
        raise Fatal("no installed connector reads web pages.", "See: catalog sources")
    return read


def _entries(read: Read) -> list[tuple[Entry, str]]:
    """The records, tagged and judged, each with its syntax."""
    from catalog.tagger import complete

    return [
        (complete(record), syntax)
        for _, found in read
        for record, syntax in zip(found.records, found.syntax, strict=False)
    ]


def _lines(read: Read, entries: list[tuple[Entry, str]], *, full: bool) -> Iterator[str]:
    from catalog.cli.show import lines_of

    unseen = {"first_seen": "", "changed": "", "missing_since": ""}
    for entry, syntax in entries:
        yield from lines_of(entry, unseen, [], full=full)
        yield output.paint(said("read from {syntax}", syntax=for_terminal(syntax)), "2")
        yield ""
    yield from _told(said("Noted:"), (note for _, found in read for note in found.notes))
    yield from _told(said("Why not more:"), (problem for _, found in read for problem in found.problems))
    count = len(entries)
    yield said("1 dataset.") if count == 1 else said("{total:,} datasets.", total=count)


def _told(heading: str, texts: Iterable[str]) -> Iterator[str]:
    told = [for_terminal(text) for text in texts]
    if told:
        yield heading
        yield from (f"  {text}" for text in told)


def _as_json(read: Read, entries: list[tuple[Entry, str]]) -> dict[str, Any]:
    import json

    from catalog.record import encode

    shown = [{"key": entry.key, "syntax": syntax, **json.loads(encode(entry))} for entry, syntax in entries]
    return {
        "url": read[0][1].url,
        "final": read[0][1].final,
        "records": shown,
        "notes": [note for _, found in read for note in found.notes],
        "problems": [problem for _, found in read for problem in found.problems],
    }


def _save(read: Read, page: str, registry: str | None) -> None:
    from catalog import plugins
    from catalog.connector import Cursor, Page
    from catalog.sync import import_pages

    for name, found in read:
        if found.records:
            stored = Page(found.records, Cursor(), last=True)
            with open_for_writing(registry, f"inspect {name}", create=True) as opened:
                done = import_pages(opened, plugins.load(name), partial(iter, (stored,)), {"page": page[:500]})
            output.say(f"Stored: {done.new:,} new, {done.changed:,} changed, {done.same:,} unchanged.")
