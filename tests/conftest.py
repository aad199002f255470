"""Fixtures that every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest_plugins = ["tests.origin.plugin"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


@dataclass(frozen=True)
class Command:
    """`command("search", "medical")` runs `catalog search medical` in `folder` and gives the finished process."""

    folder: Path

    def __call__(
        self, *arguments: str, env: dict[str, str] | None = None, stdin: bytes | None = None, text: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "catalog", *arguments],
            cwd=self.folder,
            env=self.environment(env),
            input=stdin if not text or stdin is None else stdin.decode(),
            capture_output=True,
            text=text,
            timeout=240,
            check=False,
        )

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a command: this Python, this folder as home, nothing else of this machine."""
        home = {"HOME": str(self.folder), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "COLUMNS": "120"}
        return {**home, "PYTHONWARNINGS": "error", **(more or {})}


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: packed ones hold the hour, and workers that run side by side must agree on the names."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """The folder of recorded payloads; a test that needs it is skipped where it is absent, but never under CI."""
    folder = SHARED / "fixtures"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the recorded payloads are missing: {folder}")
        pytest.skip("the recorded payloads are not here")
    return folder


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of the embedded catalog; read it only."""
    from catalog import seed
    from catalog.registry import Registry
    from catalog.tagger import complete

    path = tmp_path_factory.mktemp("embedded") / "registry.db"
    with Registry.open(path, create=True) as registry:
        run = registry.begin_run(seed.SOURCE, "init")
        registry.commit_page(run, [complete(record) for record in seed.load()])
        registry.finish_run(run, "done")
    return path


@pytest.fixture
def catalog_command(tmp_path: Path) -> Command:
    """Runs the real command line in a process of its own, in an empty folder, with no network settings of this user."""
    return Command(tmp_path)
