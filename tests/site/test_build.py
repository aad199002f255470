"""What a build leaves: the same bytes each time, untouched files, pages for machines and for people without scripts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest

from catalog.pages import Options, build
from catalog.pages.packing import unpack
from tests.conftest import Command
from tests.site.conftest import BASE_URL

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class _Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.meta: dict[str, str] = {}
        self.canonical = self.title = self.text = ""
        self.documents: list[str] = []
        self._in = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in = "ld" if given.get("type") == "application/ld+json" else tag
        self.addresses += [given[name] for name in ("href", "src", "action") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        if tag == "meta":
            self.meta[given.get("name") or given.get("http-equiv", "")] = given.get("content", "")
        if tag == "link" and given.get("rel") == "canonical":
            self.canonical = given["href"]

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "ld":
            self.documents.append(data)
        elif self._in == "title":
            self.title += data
        elif self._in not in ("script", "style"):
            self.text += f"{data} "


def _pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def _entry_pages(site: Path) -> list[Path]:
    return sorted((site / "dataset").rglob("index.html"))


def _state(site: Path) -> dict[str, tuple[str, int, int]]:
    """Each file with its digest, its inode and its time."""
    found = {}
    for path in site.rglob("*"):
        if path.is_file():
            stat = path.stat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(site))] = digest, stat.st_ino, stat.st_mtime_ns
    return found


def test_every_entry_has_a_page_that_says_all_of_it(built: Path, embedded: Path, catalog_command: Command) -> None:
    told = json.loads(catalog_command("show", "medqa", "--json", "--registry", str(embedded)).stdout)
    page = _Page(built / "dataset/catalog/medqa/index.html")
    text = " ".join(page.text.split())
    for said in (told["title"], told["title_zh"], told["summary"], told["description"], told["verdict"]["reason"]):
        assert said in text
    for claim in told["licenses"]:
        assert claim["raw"] in text
        assert claim["by"] in text
    for tag in told["tags"]:
        assert tag["evidence"] in text
    for place in told["distributions"]:
        assert place["url"] in text
    assert "Medicine and health" in text
    assert "catalog fetch catalog:medqa" in text
    assert "@misc{" in text
    assert page.canonical == f"{BASE_URL}dataset/catalog/medqa/"
    assert page.meta["description"] == told["summary"]
    assert page.title == "MedQA (USMLE) - dataset"


def test_every_page_is_complete(built: Path) -> None:
    pages = _pages(built)
    assert len(_entry_pages(built)) == 802
    titles = {path: _Page(path) for path in pages}
    for path, page in titles.items():
        assert page.title, path
        assert "script-src 'self'" in page.meta["Content-Security-Policy"], path
        assert len(page.ids) == len(set(page.ids)), path
        if path.parent.name not in ("datasets", "search") and path.name != "404.html":
            assert page.meta["description"], path
        if path.is_relative_to(built / "dataset") or path.is_relative_to(built / "browse"):
            assert page.canonical == BASE_URL + str(path.relative_to(built)).removesuffix("index.html"), path


def test_every_link_leads_somewhere(built: Path) -> None:
    for path in _pages(built):
        if path.name == "404.html":  # served at any address; its links are absolute
            continue
        here = f"http://site/{path.relative_to(built)}"
        for address in _Page(path).addresses:
            whole = urldefrag(urljoin(here, address))[0]
            if whole.startswith("http://site/"):
                target = built / unquote(urlsplit(whole).path.lstrip("/"))
                target = target / "index.html" if whole.partition("?")[0].endswith("/") else target
                assert target.is_file(), (path, address)


def test_structured_data_of_every_entry(built: Path) -> None:
    for path in _entry_pages(built):
        page = _Page(path)
        (document,) = map(json.loads, page.documents)
        assert document["@type"] == "sc:Dataset"
        assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
        assert 50 <= len(document["description"]) <= 5_000
        assert document["name"]
        assert document["url"] == page.canonical
        assert document["identifier"][0].startswith("catalog:")
        for name in ("datePublished", "dateModified"):
            assert re.fullmatch(r"\d{4}(-\d\d(-\d\d.*)?)?", document.get(name, "2000"))


def test_feeds_and_sitemaps_are_what_they_ought_to_be(built: Path) -> None:
    feeds = sorted((built / "feeds").rglob("*.xml"))
    assert {path.relative_to(built / "feeds").as_posix() for path in feeds} >= {
        "new.xml", "relicensed.xml", "domain/medical.xml",
    }  # fmt: skip
    for path in feeds:
        root = ElementTree.parse(path).getroot()
        assert root.tag == f"{ATOM}feed"
        assert root.findtext(f"{ATOM}id") == BASE_URL + path.relative_to(built).as_posix()
        ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
        assert len(ids) == len(set(ids))
        for entry in root.iter(f"{ATOM}entry"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.findtext(f"{ATOM}updated") or "")
            link = entry.find(f"{ATOM}link")
            assert link is not None
            assert (built / link.attrib["href"].removeprefix(BASE_URL) / "index.html").is_file()
    index = ElementTree.parse(built / "sitemap.xml").getroot()
    listed = []
    for part in index.iter(f"{SITEMAP}loc"):
        inside = ElementTree.parse(built / (part.text or "").removeprefix(BASE_URL)).getroot()
        listed += [loc.text or "" for loc in inside.iter(f"{SITEMAP}loc")]
    assert len(listed) == len(set(listed))
    assert {BASE_URL, f"{BASE_URL}datasets/", f"{BASE_URL}browse/", f"{BASE_URL}dataset/catalog/medqa/"} <= set(listed)
    for address in listed:
        assert (built / unquote(address.removeprefix(BASE_URL)) / "index.html").is_file(), address


def test_details_are_in_the_order_of_the_search(built: Path, embedded: Path) -> None:
    import sqlite3

    manifest = json.loads(unpack(built / "catalog", "manifest"))
    data = built / "catalog" / manifest["build"]
    size = manifest["details"]["size"]
    keys = []
    for number in range(-(-manifest["entries"] // size)):
        keys += [made["key"] for made in json.loads(unpack(data, f"e/{number}"))]
    with sqlite3.connect(embedded) as connection:
        assert keys == [key for (key,) in connection.execute("SELECT key FROM dataset ORDER BY slot")]
    assert manifest["pages"] == {"cap": 802}


@pytest.mark.slow
def test_the_same_registry_gives_the_same_bytes_and_leaves_files_alone(
    built: Path, embedded: Path, catalog_command: Command
) -> None:
    arguments = ("site", "build", "--out", "other", "--base-url", BASE_URL, "--registry", str(embedded), "--json")
    elsewhere = {"TZ": "Asia/Shanghai", "LANG": "C", "PYTHONHASHSEED": "7"}
    assert catalog_command(*arguments, env=elsewhere).returncode == 0
    first = _state(catalog_command.folder / "other")
    assert {name: each[0] for name, each in first.items()} == {name: each[0] for name, each in _state(built).items()}
    report = json.loads(catalog_command(*arguments).stdout)
    assert (report["written"], report["removed"]) == (0, 0)
    assert _state(catalog_command.folder / "other") == first
    assert not [path for path in catalog_command.folder.iterdir() if path.name.startswith(".other")]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away here")
def test_one_process_makes_what_two_make(built: Path, embedded: Path, tmp_path: Path) -> None:
    alone = tmp_path / "site"
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        build(Options(str(embedded), alone, base_url=BASE_URL))
    finally:
        os.sched_setaffinity(0, usual)
    names = sorted(path.relative_to(built) for path in built.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(alone) for path in alone.rglob("*") if path.is_file())
    assert [name for name in names if (built / name).read_bytes() != (alone / name).read_bytes()] == []


def test_a_folder_of_other_files_is_left_alone(embedded: Path, catalog_command: Command) -> None:
    kept = catalog_command.folder / "home" / "letter.txt"
    kept.parent.mkdir()
    kept.write_text("Dear reader")
    done = catalog_command("site", "build", "--out", "home", "--registry", str(embedded))
    assert done.returncode == 2
    assert "no site of ours" in done.stderr
    assert kept.read_text() == "Dear reader"


def test_what_cannot_be_built_is_said_first(embedded: Path, catalog_command: Command) -> None:
    for arguments, code, said in (
        (("--max-files", "100"), 2, "at least"),
        (("--max-pages", "-1"), 2, "fewer than 0"),
        (("--base-url", "javascript:alert(1)"), 2, "no address of a site"),
        (("--registry", "absent.db"), 3, "no registry"),
    ):
        done = catalog_command("site", "build", "--registry", str(embedded), *arguments)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert catalog_command("site", "serve").returncode == 3
    assert list(catalog_command.folder.iterdir()) == []


def test_a_page_that_is_missing_is_told_by_the_site_itself(built: Path, catalog_command: Command) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "catalog", "site", "serve", "--port", "0", "--out", str(built)],
        env=catalog_command.environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        with running.stdout as said, pytest.raises(HTTPError) as missing:
            urlopen(said.readline().strip() + "absent/", timeout=30)
        with missing.value as answer:
            assert (answer.code, answer.read()) == (404, (built / "404.html").read_bytes())
    finally:
        running.terminate()
        running.wait(30)


def test_a_build_that_is_stopped_leaves_the_old_site(embedded: Path, catalog_command: Command) -> None:
    folder = catalog_command.folder
    old = folder / "site" / "catalog" / "manifest.bin"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    running = subprocess.Popen(
        [sys.executable, "-m", "catalog", "site", "build", "--out", "site", "--registry", str(embedded)],
        cwd=folder, env=catalog_command.environment(), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not (folder / ".site.building" / "datasets" / "index.html").exists():
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 130
    assert old.read_bytes() == b"old"
    assert [path.name for path in folder.iterdir()] == ["site"]


def test_what_a_browser_may_keep_is_named_by_its_content(built: Path) -> None:
    for page in (
        "index.html",
        "404.html",
        "datasets/index.html",
        "datasets/entry.html",
        "dataset/catalog/gsm8k/index.html",
    ):
        html = (built / page).read_text("utf-8")
        named = re.findall(
            r'(?:src|href)="[^"]*assets/(?:shell|prose|pages|datasets|dark|catalog)\.(?:css|js)([^"]*)"', html
        )
        assert len(named) >= 3, page
        assert all(re.fullmatch(r"\?[0-9a-f]{8}", mark) for mark in named), (page, named)
