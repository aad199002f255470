"""`catalog.fetch(...)` against a Hub on loopback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import catalog
import catalog.api
import catalog.fetch as package
from catalog.errors import NotFound, Usage
from tests.origin import Hub

FILES = {"main/train.csv": b"a,b\n1,2\n", "main/test.csv": b"a,b\n3,4\n", "README.md": b"# Card\n"}


@pytest.fixture
def name(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    hub.add("acme/set", FILES)
    return "huggingface:acme/set"


def test_it_brings_what_is_asked_for(name: str, tmp_path: Path, embedded: Path) -> None:
    out = tmp_path / "out"
    receipt = catalog.api.fetch(name, out, embedded, include=["main/"], exclude=["*test*"])
    assert (receipt.key, [file.path for file in receipt.files]) == (name, ["main/train.csv"])
    assert (out / "main" / "train.csv").read_bytes() == FILES["main/train.csv"]
    assert not (out / "README.md").exists()
    assert package.verify(out).ok


def test_the_package_can_be_called(name: str, tmp_path: Path) -> None:
    """Also without a registry; the second call finds every file in place."""
    call = getattr(package, "__call__")  # noqa: B004, B009 - to mypy a module is none
    first = call(name, out=tmp_path / "out", registry=tmp_path / "none.db")
    second = call(name, out=tmp_path / "out", registry=tmp_path / "none.db")
    assert {file.path for file in first.files} == set(FILES)
    assert first.files == second.files


@pytest.mark.parametrize("before", ["", "import catalog.fetch; "])
def test_the_name_is_a_function_in_any_order(before: str, tmp_path: Path) -> None:
    code = (
        f"{before}from catalog import fetch\n"
        "try: fetch('nothing', registry='none.db')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "NotFound\n"


def test_a_name_of_nothing(tmp_path: Path, embedded: Path) -> None:
    with pytest.raises(NotFound, match="nothing is named"):
        catalog.api.fetch("no-such-dataset-at-all", tmp_path / "out", embedded)
    with pytest.raises(Usage):
        catalog.api.fetch("nosuchhub:a/b", tmp_path / "out", embedded)
    assert not (tmp_path / "out").exists()
