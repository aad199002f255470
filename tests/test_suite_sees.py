"""The suite tells authors what is wrong: the sample with one thing spoilt, and the sentence that it gets."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.testing import (
    CHECKS,
    Asked,
    Source,
    check_discovery,
    check_nonsense,
    check_politeness,
    check_quiet,
    check_records,
    check_resume,
    check_tokens,
    check_walk,
)

SAMPLE = (Path(__file__).parent / "sample_connector" / "src" / "catalog_sample" / "__init__.py").read_text("utf-8")
SETS: list[Any] = [{"slug": f"tide-{number}", "title": "Tides", "license": "cc-by-4.0"} for number in range(25)]
ASKS = 'web.get_json(f"{base()}/datasets", params={"page": number}).value'
OWN_CLIENT = '__import__("json").load(__import__("urllib.request").request.urlopen(f"{base()}/datasets?page={number}"))'
IN_QUERY = 'web.get_json(f"{base()}/datasets", params={"page": number, "key": os.environ.get("SAMPLE_KEY")}).value'
SWALLOWS = """[]
            try:
                items = web.get_json(f"{base()}/datasets", params={"page": number}).value
            except Exception:
                pass"""
Spoilt = tuple[str, str, Callable[[Source], Any], str]


def plays(asked: Asked) -> Any:
    start = 10 * (int(asked.query["page"]) - 1) if asked.path == "/datasets" else 0
    return [*SETS, None][start : start + 10] if asked.path == "/datasets" else None


@pytest.fixture
def spoil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Source]:
    """Installs the sample with one text in place of another, and tells the suite of it."""

    def spoil(old: str, new: str) -> Source:
        assert old in SAMPLE
        info = tmp_path / "catalog_sample-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: catalog-sample\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[catalog.connectors]\nsample = catalog_sample:connector\n")
        (tmp_path / "catalog_sample.py").write_text(SAMPLE.replace(old, new))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delitem(sys.modules, "catalog_sample", raising=False)
        importlib.invalidate_caches()
        module = importlib.import_module("catalog_sample")
        monkeypatch.delitem(sys.modules, "catalog_sample")
        return Source("sample", "SAMPLE_ENDPOINT", plays, module.to_record, SETS, secrets=("SAMPLE_KEY",), quiet=4)

    return spoil


SPOILT: dict[str, Spoilt] = {
    "another name": ('name = "sample"', 'name = "tides"', check_discovery, "its entry point 'sample'"),
    "no files": ("def files(", "def file(", check_discovery, "lacks name, pages or files"),
    "talks at import": ("connector = Sample()", "connector = Sample(); print(1)", check_discovery, "loading it prints"),
    "trusts items": ("if not isinstance(item, dict):", "if False:", check_records, "raises"),
    "changes items": ("id, title, text =", "item['x'] = 1; id, title, text =", check_records, "changed by the mapping"),
    "loses a page": ('else {"page": number}', 'else {"page": number + 1}', check_walk, "10 records are lost"),
    "two last pages": ("last=last,", "last=True,", check_walk, "last=True must stand on the last page alone"),
    "no reason": ("reason.message)", "'')", check_walk, "without a reason"),
    "path leads out": ('path="data.csv"', 'path="../data.csv"', check_walk, "leaves the folder"),
    "takes anything for a list": ("if not isinstance(items, list)", "if False", check_nonsense, "TypeError"),
    "own client": (ASKS, OWN_CLIENT, check_politeness, "does not name us"),
    "errors are the end": (ASKS, SWALLOWS, check_politeness, "says complete"),
    "never quiet": (ASKS, f"[{ASKS}, {ASKS}][1]", check_quiet, "sends 8 requests, 4 should do"),
    "key in the address": (ASKS, IN_QUERY, check_tokens, "goes to another origin"),
    "key for anyone": ("return None", 'return os.environ.get("SAMPLE_KEY")', check_tokens, "for any address"),
    "by the clock": ("title=title", 'title=str(__import__("time").time_ns())', check_resume, "ends with other data"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_wrong_is_said(spoil: Callable[[str, str], Source], name: str) -> None:
    old, new, check, sentence = SPOILT[name]
    with pytest.raises(AssertionError) as caught:
        check(spoil(old, new))
    assert sentence in str(caught.value)


def test_each_check_has_something_to_see() -> None:
    assert {check for _old, _new, check, _sentence in SPOILT.values()} == set(CHECKS)
