"""One build, from the registry to the folder: the stages in their order, each in a module of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from catalog.errors import Usage
from catalog.migrations import connect_current
from catalog.pages import limits, prose
from catalog.pages.addresses import client_href, in_url
from catalog.pages.assembly import stamp, write_app
from catalog.pages.browse import Browser
from catalog.pages.detail import View, detail
from catalog.pages.entry import entry_html
from catalog.pages.feeds import write_feeds
from catalog.pages.home import HOLE, home_html
from catalog.pages.labels import Labels
from catalog.pages.options import Options, Report, Tell
from catalog.pages.packing import as_json, pack
from catalog.pages.placing import check_place, put_in_place, temporary
from catalog.pages.reading import read_in_order
from catalog.pages.searching import Asked, Ordered, begun, make
from catalog.pages.shell import Shell, harden_folder
from catalog.pages.similar import Neighbours
from catalog.pages.sitemap import write_sitemap
from catalog.pages.structured import canonical, head, in_short
from catalog.publishing import FOLDER, publish
from catalog.record import Entry

_STEP = 200
"""Entries between two words of progress."""


def build_site(options: Options, tell: Tell) -> Report:
    """See `catalog.pages.build`."""
    check_place(options.out)
    with closing(connect_current(options.registry, deadline=None)) as connection:
        connection.execute("BEGIN")  # all pages are of one moment, whoever writes meanwhile
        build = _Build.begin(connection, options, tell)
        try:
            build.run()
            placed = put_in_place(build.root, options.out)
        finally:
            shutil.rmtree(build.root, ignore_errors=True)  # of a build that failed or was stopped
    return Report(
        out=str(options.out), entries=build.plan.entries, pages=build.plan.pages, files=placed.files,
        bytes=placed.bytes, written=placed.written, removed=placed.removed, notes=build.plan.notes,
    )  # fmt: skip


@dataclass
class _Build:
    """The state of a build: `root` is the folder that becomes the site, `hrefs` the address of each page by key."""

    connection: sqlite3.Connection
    options: Options
    tell: Tell
    plan: limits.Plan
    root: Path
    labels: Labels
    base_url: str
    hrefs: dict[str, str] = field(default_factory=dict)
    dated: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def begin(cls, connection: sqlite3.Connection, options: Options, tell: Tell) -> _Build:
        entries = connection.execute("SELECT count(*) FROM dataset").fetchone()[0]
        if not entries:
            raise Usage("the registry holds no datasets.", "Fill it with: catalog init")
        plan = limits.plan(entries, max_pages=options.max_pages, max_files=options.max_files, offline=options.offline)
        for note in plan.notes:
            tell(note, 0, 0)
        base_url = f"{options.base_url.rstrip('/')}/" if options.base_url else ""
        labels = Labels(connection)
        return cls(connection, options, tell, plan, temporary(options.out), labels, base_url)

    def run(self) -> None:
        """Write everything below `root`; the manifest, which names all else, comes last."""
        offline = self.options.offline
        self.tell("pages", 0, 0)
        prose.render(self.options.project, self.root, base_url=self.base_url, offline=offline)
        self.dated += [(in_url(address), "") for address in prose.addresses(self.root)]
        mark = stamp(self.root)
        shell = Shell((self.root / prose.SHELL_PAGE).read_text("utf-8"), "datasets/", offline=offline)
        data = self.root / "catalog" / "data"
        data.mkdir(parents=True)
        ordered = Ordered(self.connection, self.plan.pages, offline=offline)
        self.hrefs = ordered.hrefs
        asked = Asked(self.options.registry, str(data), self.plan.pages, self.plan.data_files, offline)
        with begun(asked, self.plan.entries) as ended:
            lists = Browser(self.connection, self.labels, self.href, offline=offline)
            digest = self._entries(shell, lists, data, ordered.order)
            self._lists(shell, lists)
            self.tell("search", 0, 0)
            written = ended() or make(self.connection, asked, self.hrefs, self.tell)
        build = hashlib.blake2b(f"{written.digest}{digest}".encode(), digest_size=6).hexdigest()
        data.rename(data.with_name(build))
        write_app(self.root, shell, mark, offline=offline)
        harden_folder(self.root, but=("dataset",))  # these have their policy from the frame
        if self.base_url:
            write_feeds(self.connection, self.root, self.base_url, self.labels, self.href)
            write_sitemap(self.root, self.base_url, self.dated)
        if self.options.with_registry:
            self.tell("registry", 0, 0)
            publish(self.connection, self.root / FOLDER)
        manifest: dict[str, Any] = {
            **written.manifest,
            "build": build,
            "details": {"size": self.plan.details},
            "pages": {"cap": self.plan.pages},
        }
        pack(self.root / "catalog", "manifest", as_json(manifest), offline=offline)
        (self.root / ".nojekyll").touch()

    def href(self, key: str) -> str:
        """The address of the page of an entry, from the root of the site."""
        return self.hrefs.get(key) or client_href(key)

    def _has(self, key: str) -> bool:
        """Whether the registry has an entry."""
        return self.connection.execute("SELECT 1 FROM dataset WHERE key = ?", (key,)).fetchone() is not None

    def _entries(self, shell: Shell, lists: Browser, data: Path, order: array[int]) -> str:
        """Write details of all entries and the pages of the first; returns a digest of the details."""
        digest = hashlib.blake2b(digest_size=6)
        pending: list[dict[str, Any]] = []
        for doc, made in enumerate(self._made(shell, lists, order)):
            pending.append(made)
            if len(pending) == self.plan.details or doc + 1 == len(order):
                content = msgspec.json.encode(pending)
                digest.update(content)
                pack(data, f"e/{doc // self.plan.details}", content, offline=self.options.offline)
                pending = []
            if doc % _STEP == 0:
                self.tell("entries", doc, len(order))
        self.tell("entries", len(order), len(order))
        return digest.hexdigest()

    def _made(self, shell: Shell, lists: Browser, order: array[int]) -> Iterator[dict[str, Any]]:
        """The details of all entries, in order; the pages of the first are written on the way."""
        neighbours = Neighbours(self.connection, order, self.labels)
        view = View(self.labels, self.hrefs, self._has)
        for doc, (number, entry, beside) in enumerate(read_in_order(self.connection, order)):
            terms = neighbours.terms_named((tag.facet, tag.term) for tag in entry.tags or ())
            similar = neighbours.of(number, terms)
            made = detail(entry, beside, similar, view)
            if doc < self.plan.pages:
                others = [view.other(each.key, each.title, each.because) for each in similar]
                self._entry_page(shell, lists, entry, made, others)
            yield made

    def _entry_page(
        self, shell: Shell, lists: Browser, entry: Entry, made: dict[str, Any], similar: Sequence[dict[str, Any]]
    ) -> None:
        address = self.hrefs[entry.key]
        root = "../" * address.removesuffix("index.html").count("/")
        links = head(entry, address, self.base_url, made["citation"])
        content = entry_html(made, similar, root, lists.term_href)
        html = shell.page(root, f"{made['title']} - dataset", in_short(entry), links, content)
        self._write(address, html, entry.modified[:10])

    def _lists(self, shell: Shell, lists: Browser) -> None:
        for done, page in enumerate(lists.pages()):
            root = "../" * page.path.count("/")
            address = f"{in_url(page.path)}{'index.html' if self.options.offline else ''}"
            content = shell.page(root, page.title, page.description, canonical(self._whole(address)), page.content)
            self._write(address, content, "", page.path)
            self.tell("lists", done + 1, lists.count())
        home = self.root / "index.html"
        html = home.read_text("utf-8")
        home.write_text(html.replace(HOLE, home_html(lists, offline=self.options.offline), 1), "utf-8")

    def _whole(self, address: str) -> str:
        return f"{self.base_url}{address}" if self.base_url else ""

    def _write(self, address: str, html: bytes, modified: str, path: str = "") -> None:
        folder = f"{self.root}/{(path or unquote(address.removesuffix('index.html'))).rstrip('/')}"
        # Three paths a page would cost as much as half of its HTML.
        try:
            os.mkdir(folder)  # noqa: PTH102
        except OSError:  # it is there, or what it stands in is not
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        with open(f"{folder}/index.html", "wb") as file:  # noqa: PTH123
            file.write(html)
        self.dated.append((address, modified if len(modified) == 10 else ""))
