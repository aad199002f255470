"""A third party's package: built, installed by unpacking its wheel, found by entry point, run and checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.testing import CHECKS, Answer, Asked, LocalOrigin
from tests.conftest import Command

HERE = Path(__file__).resolve().parent / "sample_connector"
CODE = HERE / "src" / "catalog_sample" / "__init__.py"
SETS: list[Any] = [
    {"slug": f"tide-{number}", "title": f"Tides of harbour {number}", "about": "Hourly.", "license": "cc-by-4.0"}
    for number in range(25)
]


def plays(asked: Asked) -> Any:
    if asked.path == "/datasets":
        start = 10 * (int(asked.query["page"]) - 1)
        return [*SETS, None][start : start + 10]
    return Answer(200, {"Content-Type": "text/csv"}, f"from,{asked.path}\n".encode())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip leaves it, with the package's metadata."""
    work = tmp_path_factory.mktemp("sample")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = work.glob("catalog_sample-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "site")
    return work / "site"


@contextmanager
def sample(installed: Path) -> Iterator[tuple[dict[str, str], LocalOrigin]]:
    with LocalOrigin(plays) as origin:
        yield {"PYTHONPATH": str(installed), "SAMPLE_ENDPOINT": origin.url, "NO_PROXY": "127.0.0.1"}, origin


def test_the_page_shows_the_package_as_it_is() -> None:
    page = (HERE.parents[1] / "site" / "docs" / "guide" / "connectors.md").read_text("utf-8")
    for path in (HERE / "pyproject.toml", CODE, HERE / "tests" / "test_sample.py"):
        assert f"\n{path.read_text('utf-8').strip()}\n```" in page, f"{path.name} is another one than the page shows"


def test_the_page_names_every_check() -> None:
    page = (HERE.parents[1] / "site" / "docs" / "guide" / "connectors.md").read_text("utf-8")
    assert all(f"| `{check.__name__}` |" in page for check in CHECKS)


def test_the_connector_is_about_forty_lines() -> None:
    lines = [line for line in CODE.read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= 45


def test_it_is_listed_synced_searched_and_fetched(catalog_command: Command, installed: Path) -> None:
    with sample(installed) as (environment, origin):
        listed = json.loads(catalog_command("sources", "--json", env=environment).stdout)
        assert {"huggingface", "sample", "uci"} <= {each["name"] for each in listed}
        (ours,) = [each for each in listed if each["name"] == "sample"]
        assert (ours["module"], ours["distribution"]) == ("catalog_sample", "catalog-sample")
        done = catalog_command("sync", "sample", env=environment)
        assert (done.returncode, "25 new, 0 changed, 0 unchanged, 1 skipped" in done.stderr) == (0, True), done.stderr
        assert [asked.query["page"] for asked in origin.asked] == ["1", "2", "3", "4"]
        found = catalog_command(
            "search", "harbour", "--source", "sample", "--license", "CC-BY-4.0", "-q", env=environment
        )
        assert len(found.stdout.splitlines()) == 20
        done = catalog_command("fetch", "sample:tide-3", "--out", "three", env=environment)
        assert done.returncode == 0, done.stderr
    assert (catalog_command.folder / "three" / "data.csv").read_text() == "from,/files/tide-3.csv\n"


def test_its_own_tests_run_the_suite(installed: Path) -> None:
    """As its author would: pytest in the package's own folder, with nothing of our tests."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(HERE),
            "-c",
            os.devnull,
            "tests",
        ],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "8 passed" in done.stdout
