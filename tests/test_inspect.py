"""`catalog inspect`, and `catalog fetch` of a page: what the markup of one page yields, and why not more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import NotFound
from catalog.record import Record
from catalog.tagger import complete
from catalog.web import HttpStatus, Web, WebSettings
from connectors.google import connector
from connectors.testing import Answer, Asked, LocalOrigin, check_files
from tests.conftest import Command

CSV = b"a,b\n1,2\n"
SET = {
    "@context": "https://schema.org",
    "@type": "Dataset",
    "name": "Ocean survey",
    "description": "Temperature and salinity of the ocean, measured on twenty cruises.",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "keywords": ["ocean"],
    "distribution": [
        {"@type": "DataDownload", "contentUrl": "/files/a.csv", "encodingFormat": "text/csv", "contentSize": len(CSV)},
        {"@type": "DataDownload", "contentUrl": "/files/b/download", "name": "b.csv"},
    ],
}


def html(*values: Any) -> bytes:
    blocks = (value if isinstance(value, str) else json.dumps(value) for value in values)
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    return f"<!DOCTYPE html><html><head>{scripts}</head><body>x</body></html>".encode()


HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGES: dict[str, Answer] = {
    "/robots.txt": Answer(200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private/\n"),
    "/set": Answer(200, HTML, html(SET)),
    "/set.html": Answer(200, HTML, html(SET)),
    "/private/set": Answer(200, HTML, html(SET)),
    "/kept-out": Answer(200, {**HTML, "X-Robots-Tag": "noindex"}, html(SET)),
    "/broken": Answer(200, HTML, html('{"@type": "Dataset",\n}', SET)),
    "/nothing": Answer(200, HTML, html()),
    "/software": Answer(200, HTML, html({"@type": "SoftwareSourceCode", "name": "x"})),
    "/several": Answer(200, HTML, html([{**SET, "url": "/several/1"}, {**SET, "name": "Soil", "url": "/several/2"}])),
    "/no-files": Answer(200, HTML, html({**SET, "distribution": [{"url": "https://portal.example/x"}]})),
    "/request": Answer(200, HTML, html({**SET, "conditionsOfAccess": "Available on request."})),
    "/large": Answer(200, HTML, b"x" * (6 << 20)),
    "/moved": Answer(302, {"Location": "/set"}, b""),
    "/away": Answer(302, {"Location": "http://127.0.0.2:1/"}, b""),
    "/linked": Answer(
        200, HTML, b'<html><head><link rel="describedby" type="application/ld+json" href="/set.jsonld"></head></html>'
    ),
    "/headed": Answer(200, {**HTML, "Link": '</set.jsonld>; rel="describedby"; type="application/ld+json"'}, html()),
    "/set.jsonld": Answer(200, {"Content-Type": "application/ld+json"}, json.dumps(SET).encode()),
    "/api/croissant": Answer(200, {"Content-Type": "application/json"}, json.dumps(SET).encode()),
    "/api/numbers": Answer(200, {"Content-Type": "application/json"}, b'{"a": [1, 2]}'),
    "/raw": Answer(200, {"Content-Type": "application/octet-stream"}, CSV),
    "/files/a.csv": Answer(200, {"Content-Type": "text/csv"}, CSV),
    "/files/b/download": Answer(200, {"Content-Type": "text/csv"}, b"c\n3\n"),
}


def plays(asked: Asked) -> Answer | None:
    return PAGES.get(asked.path)


@pytest.fixture
def site() -> Iterator[LocalOrigin]:
    with LocalOrigin(plays) as origin:
        yield origin


@pytest.fixture
def inspect(catalog_command: Command, site: LocalOrigin) -> Any:
    def run(path: str, *options: str) -> Any:
        return catalog_command("inspect", path if "://" in path else site.url + path, *options)

    return run


def test_a_page_with_a_dataset(inspect: Any, site: LocalOrigin) -> None:
    done = inspect("/set")
    assert done.returncode == 0, done.stderr
    for told in ("Ocean survey", "CC-BY-4.0", "read from JSON-LD", "1 dataset.", "/files/a.csv"):
        assert told in done.stdout
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/set"], "no context and no file is fetched"


def test_as_json(inspect: Any, site: LocalOrigin) -> None:
    found = json.loads(inspect("/set", "--json").stdout)
    (record,) = found["records"]
    assert (record["key"], record["syntax"]) == (f"google:{site.url}/set", "JSON-LD")
    assert record["verdict"]["commercial"] == "yes"
    assert (found["url"], found["final"]) == (f"{site.url}/set",) * 2
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/nothing", "no JSON-LD, microdata or RDFa"),
        ("/software", "no Dataset, only SoftwareSourceCode"),
        ("/private/set", "robots.txt"),
        ("/kept-out", "X-Robots-Tag: noindex"),
        ("/raw", "is no page"),
        ("/away", "127.0.0.2"),
        ("/large", "more than"),
        ("/absent", "404"),
    ],
)
def test_why_nothing_was_found(path: str, why: str, inspect: Any) -> None:
    done = inspect(path)
    assert done.returncode == 3, done.stdout + done.stderr
    assert why in done.stdout
    assert "0 datasets." in done.stdout
    assert json.loads(inspect(path, "--json").stdout)["records"] == []


def test_a_broken_block_is_told_beside_what_was_found(inspect: Any) -> None:
    done = inspect("/broken")
    assert done.returncode == 0
    assert "JSON-LD block 1 is broken at line 2" in done.stdout
    assert "1 dataset." in done.stdout


@pytest.mark.parametrize("path", ["/linked", "/headed"])
def test_jsonld_that_a_page_links_to_is_read(path: str, inspect: Any) -> None:
    done = inspect(path)
    assert done.returncode == 0, done.stdout
    assert "Ocean survey" in done.stdout
    assert "links to" in done.stdout


def test_redirects_are_followed(inspect: Any, site: LocalOrigin) -> None:
    found = json.loads(inspect("/moved", "--json").stdout)
    assert found["final"] == f"{site.url}/set"
    assert len(found["records"]) == 1


def test_files(catalog_command: Command, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(html(SET))
    done = catalog_command("inspect", str(path))
    assert done.returncode == 3
    assert "neither a DOI nor an address" in done.stdout
    done = catalog_command("inspect", str(path), "--base", "https://data.example.org/1", "--json")
    assert json.loads(done.stdout)["records"][0]["id"] == "https://data.example.org/1"
    document = tmp_path / "croissant.json"
    document.write_text(json.dumps({**SET, "identifier": "10.1234/abc"}), "utf-8")
    assert "google:10.1234/abc" in catalog_command("inspect", str(document)).stdout


@pytest.mark.parametrize(
    "arguments", [("none.html",), ("https://x.example/", "--base", "https://x.example/"), ("x.html", "--base", "x")]
)
def test_what_cannot_be_meant(arguments: tuple[str, ...], catalog_command: Command) -> None:
    done = catalog_command("inspect", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_saved_datasets_are_found(inspect: Any, catalog_command: Command) -> None:
    done = inspect("/set", "--save")
    assert done.returncode == 0, done.stderr
    assert "1 new" in done.stderr
    assert "Ocean survey" in catalog_command("search", "ocean survey").stdout
    assert "1 unchanged" in inspect("/set", "--save").stderr


def test_hostile_text_does_not_reach_the_terminal(inspect: Any, site: LocalOrigin) -> None:
    evil = {**SET, "name": "x\x1b]52;c;aGk=\x07\u202ey", "description": "\x1b[2J" + "d" * 60}
    site.fault = lambda asked: Answer(200, HTML, html(evil)) if asked.path == "/set" else None
    done = inspect("/set")
    assert done.returncode == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)


# -- what a synced record is asked for --------------------------------------------------------------------------------


@pytest.fixture
def web() -> Iterator[Web]:
    settings = WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}), crawl_delay=0.0, trust_env=False)
    with Web(settings) as web:
        yield web


def test_files_are_those_of_the_record(site: LocalOrigin, web: Web) -> None:
    (record,) = connector.read_page(web, f"{site.url}/set").records
    site.forget()
    assert [file.path for file in check_files(connector, web, record)] == ["a.csv", "b.csv"]
    assert site.asked == []


def test_files_of_a_bare_id_are_those_of_its_page(site: LocalOrigin, web: Web) -> None:
    for id in (f"{site.url}/set", f"{site.url}/several/1", f"{site.url}/nothing"):
        record = Record(source="google", id=id, name="x")
        if id.endswith("/set"):
            assert [file.path for file in check_files(connector, web, record)] == ["a.csv", "b.csv"]
        else:
            with pytest.raises((NotFound, HttpStatus)):
                connector.files(web, record)
    with pytest.raises(NotFound, match="no address"):
        connector.files(web, Record(source="google", id="ark:/1/2", name="x"))


def test_details_are_what_the_page_tells_now(site: LocalOrigin, web: Web) -> None:
    listed = Record(source="google", id="10.1234/abc", name="Old", url=f"{site.url}/set", downloads=7)
    record = connector.details(web, complete(listed))
    assert (record.key, record.name, record.downloads) == ("google:10.1234/abc", "Ocean survey", 7)
    assert len(record.distributions) == 2
    with pytest.raises(NotFound, match="catalog inspect"):
        connector.details(web, Record(source="google", id="x", name="x", url=f"{site.url}/nothing"))


# -- fetch of a page --------------------------------------------------------------------------------------------------


def plan(command: Command, url: str) -> dict[str, Any]:
    done = command("fetch", url, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("path", ["/set", "/moved", "/api/croissant", "/set.jsonld"])
def test_the_files_of_a_page_are_planned(path: str, catalog_command: Command, site: LocalOrigin) -> None:
    planned = plan(catalog_command, site.url + path)
    assert [file["path"] for file in planned["files"]] == ["a.csv", "b.csv"]
    assert planned["license"].startswith("commercial use: yes")
    assert planned["key"].startswith("google:")


def test_the_files_of_a_page_are_fetched(catalog_command: Command, site: LocalOrigin, tmp_path: Path) -> None:
    done = catalog_command("fetch", f"{site.url}/set")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "Ocean-survey" / "a.csv").read_bytes() == CSV
    assert (tmp_path / "Ocean-survey" / "b.csv").read_bytes() == b"c\n3\n"


def test_a_synced_dataset_is_fetched_by_its_key(catalog_command: Command, site: LocalOrigin, tmp_path: Path) -> None:
    assert catalog_command("inspect", f"{site.url}/set", "--save").returncode == 0
    done = catalog_command("fetch", f"google:{site.url}/set", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "a.csv").read_bytes() == CSV


@pytest.mark.parametrize("path", ["/files/a.csv", "/set.html"])
def test_an_address_that_ends_like_data_is_a_file(path: str, catalog_command: Command, site: LocalOrigin) -> None:
    planned = plan(catalog_command, site.url + path)
    assert [file["url"] for file in planned["files"]] == [site.url + path]
    assert site.asked == [], "the plan of a bare file asks nobody"


@pytest.mark.parametrize("path", ["/raw", "/api/numbers", "/absent"])
def test_what_is_no_page_is_a_file(path: str, catalog_command: Command, site: LocalOrigin) -> None:
    assert [file["url"] for file in plan(catalog_command, site.url + path)["files"]] == [site.url + path]


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("/several", 2, "describes 2 datasets"),
        ("/no-files", 3, "names no file to download"),
        ("/nothing", 3, "no dataset could be read"),
        ("/request", 4, "--acknowledge"),
        ("/private/set", 1, "robots.txt"),
    ],
)
def test_what_keeps_a_page_from_being_fetched(
    path: str, code: int, told: str, catalog_command: Command, site: LocalOrigin
) -> None:
    done = catalog_command("fetch", site.url + path, "--dry-run")
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_several_is_named_by_its_key(catalog_command: Command, site: LocalOrigin) -> None:
    done = catalog_command("fetch", f"{site.url}/several", "--dry-run")
    assert f"google:{site.url}/several/2" in done.stderr


def test_a_file_on_a_private_host_that_nobody_named_is_refused(catalog_command: Command, site: LocalOrigin) -> None:
    inside = {**SET, "distribution": [{"contentUrl": "http://127.0.0.2:1/secret.csv"}]}
    site.fault = lambda asked: Answer(200, HTML, html(inside)) if asked.path == "/set" else None
    done = catalog_command("fetch", f"{site.url}/set")
    assert done.returncode != 0
    assert "127.0.0.2" in done.stderr


def test_offline_asks_nobody(catalog_command: Command, site: LocalOrigin) -> None:
    done = catalog_command("fetch", f"{site.url}/set", "--offline", "--dry-run")
    assert done.returncode == 0
    assert site.asked == []


def test_an_address_in_a_key_may_hold_any_sign(catalog_command: Command, site: LocalOrigin) -> None:
    site.fault = lambda asked: Answer(200, HTML, html(SET)) if asked.path == "/@ada/set" else None
    planned = plan(catalog_command, f"google:{site.url}/@ada/set")
    assert [file["path"] for file in planned["files"]] == ["a.csv", "b.csv"]
