"""The pure parts of a build: addresses, limits, numbers, the frame, sitemaps, what takes the place of what."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Usage
from catalog.pages import figures, limits
from catalog.pages.addresses import Addresses, client_href, in_url, search_href
from catalog.pages.placing import check_place, put_in_place, temporary
from catalog.pages.shell import Shell, with_policy
from catalog.pages.sitemap import write_sitemap

NATIVE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)


@given(st.lists(NATIVE, min_size=1, max_size=12, unique=True))
def test_every_key_has_a_folder_of_its_own(names: list[str]) -> None:
    addresses = Addresses()
    folders = [addresses.folder(f"shelf:{name}") for name in names]
    assert len({folder.casefold() for folder in folders}) == len(names)
    for folder in folders:
        parts = PurePosixPath(folder).parts
        assert parts[:2] == ("dataset", "shelf")
        assert not {"..", ".", "index.html"} & {part.casefold() for part in parts}
        assert unquote(in_url(folder)) == folder


def test_names_that_differ_in_case_alone_stay_apart() -> None:
    addresses = Addresses()
    plain, marked = addresses.folder("hub:A/Set"), addresses.folder("hub:a/set")
    assert plain == "dataset/hub/A/Set"
    assert marked.startswith("dataset/hub/a/set-")
    assert Addresses().folder("hub:a/index.html").startswith("dataset/hub/a/index.html-")


@given(NATIVE, NATIVE)
def test_what_an_address_asks_for_is_what_was_meant(facet: str, term: str) -> None:
    plain = term.replace(",", "")
    if plain and facet:
        assert parse_qs(urlsplit(search_href([(facet, plain)])).query) == {facet: [plain]}
        assert parse_qs(urlsplit(client_href(plain)).query) == {"id": [plain]}


def test_files_are_shared_out_and_what_does_not_fit_is_said() -> None:
    small = limits.plan(800, max_pages=20_000, max_files=20_000, offline=False)
    assert (small.pages, small.notes) == (800, ())
    large = limits.plan(1_000_000, max_pages=20_000, max_files=20_000, offline=False)
    assert large.pages + large.data_files < 20_000
    assert large.data_files >= 4_000
    assert "of 1,000,000 entries get a page" in large.notes[0]
    assert large.bytes < limits.HOST_BYTES
    larger = limits.plan(1_300_000, max_pages=20_000, max_files=20_000, offline=False)
    assert "GitHub Pages takes 1 GB" in larger.notes[1]
    assert limits.plan(800, max_pages=5, max_files=20_000, offline=True).pages == 5
    fewer = limits.plan(30_000, max_pages=20_000, max_files=20_000, offline=False, registry=60_000_000)
    assert fewer.pages < limits.plan(30_000, max_pages=20_000, max_files=20_000, offline=False).pages
    with pytest.raises(Usage, match="at least"):
        limits.plan(800, max_pages=5, max_files=1_000, offline=False)


@pytest.mark.parametrize(
    ("value", "count", "size"),
    [(0, "0", "0 bytes"), (999, "999", "999 bytes"), (7_500, "7.5k", "7.5 kB"), (123_456, "123k", "123 kB"),
     (1_200_000, "1.2M", "1.2 MB"), (39_800_000_000, "39.8B", "39.8 GB")],
)  # fmt: skip
def test_numbers_are_short(value: int, count: str, size: str) -> None:
    assert (figures.count(value), figures.size(value)) == (count, size)


FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="description" content="">
<title>Any</title><link rel="stylesheet" href="../assets/a.css"><script>here(new URL("..",location))</script>
<!--catalog:head--></head><body><a href="..">Home</a><a href="./">Here</a><a href="https://a.example/">There</a>
<!--catalog:find--><form action="./"></form><!--/catalog:find--><article id="content"><!--catalog:content-->old
<!--/catalog:content--></article><!--catalog:scripts--></body></html>"""


@pytest.mark.parametrize("hardened", [False, True])
def test_a_frame_is_cut_for_each_depth(hardened: bool) -> None:
    html = with_policy(FRAME, "../") if hardened else FRAME
    shell = Shell(html, "datasets/", offline=False)
    page = shell.page("../../../", "A <b>", 'Say "so"', "<!--h-->", "<p>new</p>", "<!--s-->").decode()
    for said in ("<title>A &lt;b&gt;</title>", 'content="Say &quot;so&quot;"', 'href="../../../assets/a.css"',
                 '<a href="../../../">', '<a href="../../../datasets/">', 'href="https://a.example/"', "<!--h-->",
                 "<p>new</p>", "<!--s-->", 'data-root="../../../"', 'action="../../../datasets/"'):  # fmt: skip
        assert page.count(said) == 1, said
    assert "old" not in page
    assert page.count("Content-Security-Policy") == 1
    assert with_policy(page, "../") == page
    assert b"<form" not in shell.page("../", "", "", "", "", find=False)
    offline = Shell(html, "datasets/", offline=True).page("../", "", "", "", "").decode()
    assert '<a href="../index.html">' in offline
    assert 'action="../datasets/index.html"' in offline


def test_a_sitemap_has_parts(tmp_path: Path) -> None:
    pages = [(f"dataset/a&b/{number}/", "2024-01-02" if number % 2 else "") for number in range(90_001)]
    assert write_sitemap(tmp_path, "https://a.example/", pages) == 4
    sizes = [len(ElementTree.parse(tmp_path / f"sitemap-{number}.xml").getroot()) for number in (1, 2, 3)]
    assert sizes == [40_000, 40_000, 10_001]
    assert len(ElementTree.parse(tmp_path / "sitemap.xml").getroot()) == 3


def test_a_site_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    out = tmp_path / "site"
    for number, names in enumerate((("same", "other", "gone"), ("same", "other", "new"))):
        folder = temporary(out)
        for name in (*names, "catalog/manifest.bin"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(f"{number}" if name in ("other", "catalog/manifest.bin") else "the same")
        before = (out / "same").stat() if number else None
        check_place(out)
        placed = put_in_place(folder, out)
        if before is not None:
            assert (out / "same").stat().st_ino == before.st_ino
            assert (out / "same").stat().st_mtime_ns == before.st_mtime_ns
            assert (placed.files, placed.written, placed.removed) == (4, 3, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]
    assert not (out / "gone").exists()
    (out / "catalog/manifest.bin").unlink()
    with pytest.raises(Usage, match="no site of ours"):
        check_place(out)
