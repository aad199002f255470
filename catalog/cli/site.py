"""`catalog site build` and `catalog site serve`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import output
from catalog.cli.options import json_option, registry_option
from catalog.errors import Fatal, NotFound, Usage
from catalog.location import registry_path

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

    from catalog.pages import Report, Tell

OUT = "site/public"


@click.group("site")
def site_command() -> None:
    """Build the static site of the registry, and look at it.

    The whole registry becomes plain files for any host: a search that runs in the browser, a page an entry, lists to
    browse, feeds. No server is needed, and nothing is loaded from elsewhere.

    \b
    Examples:
      catalog site build --base-url https://data.example.org/
      catalog site serve
    """


@site_command.command("build")
@click.option("--out", default=OUT, show_default=True, metavar="FOLDER", help="The folder that becomes the site.")
@click.option("--base-url", default="", metavar="URL", help="Where the site will stand; needed for sitemap and feeds.")
@click.option("--offline", is_flag=True, help="Make it work from file:// too, at a third more bytes.")
@click.option("--max-pages", default=20_000, show_default=True, metavar="N", help="Entries with a page of their own.")
@click.option("--max-files", default=20_000, show_default=True, metavar="N", help="Files that the host takes.")
@click.option("--with-registry", is_flag=True, help="Put the registry beside the pages, for: catalog pull")
@json_option
@registry_option
def build_command(
    out: str,
    base_url: str,
    offline: bool,
    max_pages: int,
    max_files: int,
    with_registry: bool,
    as_json: bool,
    registry: str | None,
) -> int:
    """Build the static site of the registry.

    The site that is there is replaced once the new one is whole; files that did not change stay untouched, so a mirror
    sends only what is new. The same registry gives the same bytes. A mkdocs.yml here with a page datasets/index.md adds
    its hand-written pages; without one the site has those of this package. Needs the extra `site`
    (pip install 'dataset-catalog[site]').

    \b
    Examples:
      catalog site build
      catalog site build --base-url https://data.example.org/ --with-registry
      catalog site build --offline --out /media/stick/catalog
    """
    from catalog.pages import Options, build
    from catalog.pages.prose import project_here

    options = Options(
        registry=registry_path(registry), out=Path(out), base_url=_checked(base_url), offline=offline,
        max_pages=max_pages, max_files=max_files, project=project_here(), with_registry=with_registry,
    )  # fmt: skip
    with _progress() as tell:
        report = build(options, tell)
    if as_json:
        output.print_json(report.to_dict())
    else:
        print("\n".join(_lines(report, base_url)))
    return 0


def _checked(base_url: str) -> str:
    from catalog.text import for_url

    if base_url and (for_url(base_url) != base_url or "?" in base_url or "#" in base_url):
        raise Usage(f"{base_url!r} is no address of a site.", "Write it whole: --base-url https://data.example.org/")
    return base_url


def _lines(report: Report, base_url: str) -> Iterator[str]:
    yield f"{report.out}: {report.entries:,} datasets, {report.pages:,} with a page of their own."
    changed = f"{report.written:,} of them new or changed, {report.removed:,} gone"
    yield f"{report.files:,} files, {output.size(report.bytes)}; {changed}."
    if not base_url:
        yield "No sitemap and no feeds, as these need the address of the site: --base-url URL"
    yield "Look at it with: catalog site serve"


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar a stage on a terminal, else a line a stage; remarks as they come."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, object] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if " " in stage:
                bar.console.print(stage, highlight=False)
                return
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)  # type: ignore[arg-type]

        yield tell


class _Lines:
    """Progress for a log: each stage once, and how far a long one is every ten seconds."""

    def __init__(self) -> None:
        self._stage = ""
        self._due = time.monotonic() + 10

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if " " in stage:
            output.say(stage)
        elif now >= self._due and total:
            output.say(f"{stage}: {done:,} of {total:,}")
            self._due = now + 10


@site_command.command("serve")
@click.option("--out", default=OUT, show_default=True, metavar="FOLDER", help="The folder of the site.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535), help="0 takes a free one.")
def serve_command(out: str, port: int) -> int:
    """Show a built site on this machine.

    Only this machine sees it (127.0.0.1). Stop it with Ctrl-C.

    \b
    Examples:
      catalog site serve
      catalog site serve --port 8080
    """
    folder = Path(out)
    if not (folder / "index.html").is_file():
        raise NotFound(f"there is no site in {out}.", "Make one with: catalog site build")
    try:
        server = _server(folder, port)
    except OSError as error:
        raise Fatal(f"port {port} cannot be had ({error.strerror}).", "Take another: --port 0") from error
    with server:
        print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
        server.serve_forever()
    return 0


def _server(folder: Path, port: int) -> ThreadingHTTPServer:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            page = folder / "404.html"
            if code != 404 or not page.is_file():
                super().send_error(code, message, explain)
                return
            body = page.read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(folder)))
