"""CONTRIBUTING.md kept true: its connector is installed and run, and connectors that are broken say so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from catalog.web import Web, WebSettings
from connectors.testing import CHECKS, check_files, check_mapping, check_pages
from tests.conftest import Command
from tests.origin import Origin, Request, Response
from tests.origin.protocol import as_json
from tests.test_house import CONNECTOR_MAY, LAYERS

GUIDE = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text("utf-8")
ITEMS: list[Any] = [
    {
        "slug": f"set-{number}",
        "title": f"Clinical notes, part {number}",
        "about": "Discharge letters of patients.",
        "license": "cc-by-4.0",
    }
    for number in range(25)
]
ITEMS[7:7] = [None, {"title": "no slug"}, "text"]


def blocks(language: str) -> list[str]:
    """The fenced blocks of the guide in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def install(folder: Path, name: str, source: str, value: str = "") -> None:
    """Lay a module and its entry point out as an installed distribution."""
    module = f"{name}_connector"
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-connector\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[catalog.connectors]\n{name} = {value or f'{module}:connector'}\n")
    (folder / f"{module}.py").write_text(source)


class Site(Origin):
    """Pages of ten `items`, and one file a dataset."""

    def __init__(self) -> None:
        self.items = list(ITEMS)
        super().__init__(self.page)

    def page(self, request: Request) -> Response:
        if request.path == "/datasets":
            start = 10 * (int(request.first("page")) - 1)
            return as_json(self.items[start : start + 10])
        return Response(200, {"Content-Type": "text/csv"}, f"from,{request.path}\n".encode())


@pytest.fixture
def origin() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def example(tmp_path: Path, origin: Site) -> dict[str, str]:
    """The environment in which the guide's connector is installed."""
    install(tmp_path / "installed", "example", blocks("python")[0])
    return {"PYTHONPATH": str(tmp_path / "installed"), "EXAMPLE_URL": origin.url, "NO_PROXY": "127.0.0.1"}


class TestExample:
    def test_it_is_about_thirty_lines(self) -> None:
        body = blocks("python")[0].partition("def to_record")[2]
        assert sum(1 for line in body.splitlines() if line.strip()) <= 30

    def test_its_entry_point_is_the_one_shown(self) -> None:
        shown = tomllib.loads(blocks("toml")[1])["project"]["entry-points"]
        assert shown == {"catalog.connectors": {"example": "example_connector:connector"}}

    def test_it_is_listed_synced_searched_and_fetched(
        self, catalog_command: Command, example: dict[str, str], origin: Site
    ) -> None:
        listed = json.loads(catalog_command("sources", "--json", env=example).stdout)
        ours = next(each for each in listed if each["name"] == "example")
        assert (ours["module"], ours["distribution"]) == ("example_connector", "example-connector")
        assert "example-connector" in catalog_command("sources", env=example).stdout

        done = catalog_command("sync", "example", "--max-requests", "2", env=example)
        assert done.returncode == 0, done.stderr
        done = catalog_command("sync", "example", env=example)
        assert "8 new, 0 changed, 0 unchanged, 0 skipped (went on from where it stopped)" in done.stderr
        assert [request.first("page") for request in origin.seen()] == ["1", "2", "3", "4"]

        found = json.loads(catalog_command("search", "--source", "example", "--json", env=example).stdout)
        assert found["total"] == 25
        done = catalog_command("search", "discharge", "domain:medical", "--license", "CC-BY-4.0", "-q", env=example)
        assert len(done.stdout.splitlines()) == 20
        done = catalog_command("check", env=example)
        assert (done.returncode, done.stdout) == (0, "25 entries: whole, and the index agrees.\n")

        done = catalog_command("fetch", "example:set-3", "--out", "three", env=example)
        assert done.returncode == 0, done.stderr
        assert (catalog_command.folder / "three" / "data.csv").read_text() == "from,/files/set-3.csv\n"

    def test_what_it_skips_is_told(self, catalog_command: Command, example: dict[str, str]) -> None:
        done = catalog_command("sync", "example", env=example)
        assert "25 new, 0 changed, 0 unchanged, 3 skipped" in done.stderr
        assert "skipped None: the item is not an object." in done.stderr
        assert "skipped {'title': 'no slug'}: the record has no usable id" in done.stderr

    def test_two_whole_walks_mark_what_is_gone(
        self, catalog_command: Command, example: dict[str, str], origin: Site
    ) -> None:
        catalog_command("sync", "example", env=example)
        del origin.items[-1]
        assert "gone" not in catalog_command("sync", "example", env=example).stderr
        done = catalog_command("sync", "example", env=example)
        assert "1 dataset is gone from the source; it is kept and marked." in done.stderr

    def test_it_passes_the_checks(self, example: dict[str, str], origin: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EXAMPLE_URL", origin.url)
        monkeypatch.syspath_prepend(example["PYTHONPATH"])
        module: ModuleType = import_module("example_connector")
        monkeypatch.delitem(sys.modules, "example_connector")
        check_mapping(module.to_record, ITEMS)
        with Web(WebSettings(allow_private_hosts=module.connector.hosts())) as web:
            pages = check_pages(module.connector, web)
            check_files(module.connector, web, pages[0].records[0])


STRAY = """
from catalog.connector import Cursor, Page
from catalog.errors import Fatal
from catalog.record import Record

class Stray:
    name = "stray"
    def pages(self, web, cursor):
        {pages}
    def files(self, web, record, revision):
        return []

def record(**fields):
    return Record(**dict(dict(source="stray", id="a", name="a"), **fields))

connector = Stray()
"""


class TestBroken:
    @pytest.mark.parametrize(
        ("source", "value", "sentence", "step"),
        [
            (
                "import six_of_it\n",
                "",
                "cannot be loaded (ModuleNotFoundError: No module named 'six_of_it').",
                "Reinst",
            ),
            ("raise SystemError('bad\\nbuild')\n", "", "cannot be loaded (SystemError: bad build).", "Reinstall"),
            ("def broken(:\n", "", "cannot be loaded (SyntaxError: ", "Reinstall"),
            ("connector = object()\n", "", "stray_connector:connector is no connector: it lacks", "Upgrade"),
            ("", "", "cannot be loaded (AttributeError: ", "Reinstall"),
            ("", "nowhere:connector", "cannot be loaded (ModuleNotFoundError: ", "Reinstall"),
        ],
    )
    def test_one_that_cannot_be_loaded(
        self, catalog_command: Command, source: str, value: str, sentence: str, step: str
    ) -> None:
        install(catalog_command.folder / "installed", "stray", source, value)
        environment = {"PYTHONPATH": str(catalog_command.folder / "installed")}
        commands = [["sync", "stray"], ["fetch", "stray:a"], ["import", "stray", "x"]]
        for arguments in commands if value else commands[:1]:
            done = catalog_command(*arguments, env=environment)
            assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
            assert sentence in done.stderr
            assert done.stderr.splitlines()[1] == f"{done.stderr.splitlines()[1].split()[0]} stray-connector."
            assert done.stderr.splitlines()[1].startswith(step)
        if value:
            listed = json.loads(catalog_command("sources", "--json", env=environment).stdout)
            assert {"huggingface", "stray"} <= {each["name"] for each in listed}

    @pytest.mark.parametrize(
        ("pages", "sentence"),
        [
            ("return {}['next']", "the connector stray failed (KeyError: 'next')."),
            ("return None", "the connector stray failed (TypeError: "),
            ("yield 'page'", "the connector stray failed (TypeError: a str came for a page)."),
            ("yield Page((record(),), Cursor({}, {'at': object()}))", "the connector stray failed (TypeError: "),
            ("yield Page((record(),), Cursor({}, {'at': float('nan')}))", "the connector stray failed (ValueError: "),
            ("raise Fatal('the site is closed.', 'Come back tomorrow.')", "the site is closed."),
        ],
    )
    def test_one_that_fails(self, catalog_command: Command, pages: str, sentence: str) -> None:
        install(catalog_command.folder / "installed", "stray", STRAY.format(pages=pages))
        done = catalog_command("sync", "stray", env={"PYTHONPATH": str(catalog_command.folder / "installed")})
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
        assert done.stderr.startswith(f"Error: {sentence}")

    def test_what_came_before_it_failed_is_kept(self, catalog_command: Command) -> None:
        pages = "yield Page((record(),), Cursor({}, {'at': 1})); raise ZeroDivisionError('division by zero')"
        install(catalog_command.folder / "installed", "stray", STRAY.format(pages=pages))
        environment = {"PYTHONPATH": str(catalog_command.folder / "installed")}
        done = catalog_command("sync", "stray", env=environment)
        assert done.returncode == 1
        assert "failed (ZeroDivisionError: division by zero)." in done.stderr
        assert "1 record came and is stored." in done.stderr
        assert catalog_command("search", "--source", "stray", "-q", env=environment).stdout == "stray:a\n"

    def test_records_of_no_use_cost_themselves_alone(self, catalog_command: Command) -> None:
        """Of another source, with values that cannot be stored, or no record at all."""
        bad = [
            'record(source="catalog", id="glue")', 'record(id="b", title=5)', 'record(id="c", downloads=2**70)',
            'record(id="d", description="\\ud800")', "7", 'record(id="e", keywords=[object()])',
        ]  # fmt: skip
        pages = f"yield Page((record(), {', '.join(bad)}, record(id='z')), Cursor(), last=True)"
        install(catalog_command.folder / "installed", "stray", STRAY.format(pages=pages))
        environment = {"PYTHONPATH": str(catalog_command.folder / "installed")}
        done = catalog_command("sync", "stray", env=environment)
        assert (done.returncode, "2 new, 0 changed, 0 unchanged, 6 skipped" in done.stderr) == (0, True), done.stderr
        assert "skipped glue: it is of the source catalog, not of stray." in done.stderr
        assert catalog_command("check", env=environment).returncode == 0


class TestGuide:
    def test_the_layers_are_those_of_the_house(self) -> None:
        drawing = re.search(r"there are no cycles:\n\n((?:    .+\n)+)", GUIDE)
        assert drawing is not None
        assert [set(line.split()) for line in drawing[1].splitlines()] == [layer - {"__main__"} for layer in LAYERS]
        said = re.search(r"Connectors use (.+?),\s+and import", GUIDE, re.DOTALL)
        assert said is not None
        named = {name.removeprefix("catalog.") for name in re.findall(r"`([\w.]+)`", said[1])}
        assert named == CONNECTOR_MAY

    def test_the_term_shown_has_the_form_of_the_vocabulary(self) -> None:
        shown = tomllib.loads(blocks("toml")[0])["terms"]
        domains = Path(__file__).resolve().parents[1] / "catalog" / "vocabulary" / "domains.toml"
        real = tomllib.loads(domains.read_text("utf-8"))["terms"]
        for term in shown.values():
            assert term.keys() == set().union(*real.values())
        assert not shown.keys() & real.keys()

    def test_the_test_shown_passes(self, tmp_path: Path) -> None:
        """The guide's test, in the environment in which its connector is installed."""
        install(tmp_path, "example", blocks("python")[0])
        (tmp_path / "test_example.py").write_text(f"from example_connector import to_record\n{blocks('python')[1]}")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "test_example.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, f"{len(CHECKS)} passed" in done.stdout) == (0, True), done.stdout[-3000:]
