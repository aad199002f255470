"""A look at rows: files here, files on the web by their first bytes or by parts, datasets by name."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.cli.preview import record_lines
from catalog.datafile.remote import FIRST, Remote, remote_rows
from catalog.errors import Fatal
from catalog.text import display_width
from catalog.web import Web, WebSettings
from tests.conftest import Command
from tests.origin import Hub, Origin, Request, Response
from tests.origin.content import Body, size, sliced

ROWS = [{"n": n, "text": f"Row {n} 数\nmore", "lang": "zh" if n % 3 == 0 else "en"} for n in range(4000)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


class Files:
    """Serves files by path, with byte ranges unless `ranges` is off, and counts the bytes of bodies."""

    def __init__(self) -> None:
        self.files: dict[str, Body] = {}
        self.ranges = True
        self.sent = 0

    def __call__(self, request: Request) -> Response:
        body = self.files.get(request.path.lstrip("/"))
        if body is None:
            return Response(404)
        part = sliced(body, '"1"', request.headers.get("range", "") if self.ranges else "", "")
        self.sent += size(part.body)
        return Response(part.status, {"Content-Type": "application/octet-stream", **part.headers}, part.body)


@pytest.fixture
def files() -> Iterator[tuple[Files, str]]:
    app = Files()
    with Origin(app) as origin:
        yield app, origin.url


def _remote(url: str) -> tuple[Web, Remote]:
    web = Web(WebSettings(allow_private_hosts=frozenset(["127.0.0.1"])))
    return web, Remote(web, url)


def _parquet(path: Path, groups: int = 1) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{"n": n, "noise": random.Random(n).randbytes(3000), "text": f"Row {n}"} for n in range(4000)]
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(table, path, row_group_size=len(rows) // groups, compression="none", data_page_size=16_384,
                        write_batch_size=16, use_dictionary=False)  # fmt: skip
    return path


@pytest.mark.parametrize("groups", [1, 8])
def test_parquet_comes_in_parts(tmp_path: Path, files: tuple[Files, str], groups: int) -> None:
    app, url = files
    path = app.files["a.parquet"] = _parquet(tmp_path / "a.parquet", groups)
    whole = path.stat().st_size
    assert whole > 12_000_000
    web, remote = _remote(f"{url}/a.parquet")
    with web:
        total, rows = remote_rows(remote, "a.parquet")
        found = [next(rows) for _ in range(5)]
    assert total == 4000
    assert [row["text"] for row in found] == [f"Row {n}" for n in range(5)]
    assert remote.transferred == app.sent
    assert app.sent < 0.02 * whole
    app.sent = 0
    web, remote = _remote(f"{url}/a.parquet")
    with web:
        row = next(remote_rows(remote, "a.parquet", ["text"])[1])
    assert row == {"text": "Row 0"}
    assert app.sent < 0.01 * whole


def test_parquet_needs_parts(tmp_path: Path, files: tuple[Files, str]) -> None:
    app, url = files
    app.files["a.parquet"] = _parquet(tmp_path / "a.parquet")
    app.ranges = False
    web, remote = _remote(f"{url}/a.parquet")
    with web, pytest.raises(Fatal, match="does not come in parts"):
        remote_rows(remote, "a.parquet")


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", LINES),
        ("a.json", json.dumps(ROWS).encode()),
        ("a.jsonl.gz", gzip.compress(LINES)),
        ("a.jsonl.bz2", bz2.compress(LINES)),
        ("a.jsonl.xz", lzma.compress(LINES)),
        ("a.csv", b"n,text\n" + b"".join(f'{row["n"]},"{row["text"]}"\n'.encode() for row in ROWS)),
    ],
)
def test_first_bytes_are_enough(files: tuple[Files, str], name: str, data: bytes, ranges: bool) -> None:
    app, url = files
    app.files[name], app.ranges = data, ranges
    web, remote = _remote(f"{url}/{name}")
    with web:
        rows = remote_rows(remote, name)[1]
        first = [next(rows) for _ in range(5)]
        once = remote.transferred
        rest = list(rows)
    assert [int(row["n"]) for row in first] == [0, 1, 2, 3, 4]
    assert [row["text"] for row in [*first, *rest]] == [row["text"] for row in ROWS]
    if ranges:
        assert once == min(FIRST, len(data))
        assert remote.transferred == len(data)


def test_the_command_on_files(catalog_command: Command) -> None:
    (catalog_command.folder / "a.jsonl.gz").write_bytes(gzip.compress(LINES))
    done = catalog_command("preview", "a.jsonl.gz", "-n", "2", "--columns", "text,lang", "--where", "lang=en")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == ["row 1", "  text  Row 1 数 more", "  lang  en"]
    assert "transferred" not in done.stdout

    def drawn(seed: str) -> list[int]:
        done = catalog_command("preview", "a.jsonl.gz", "--sample", "4", "--seed", seed, "--json")
        told = json.loads(done.stdout)
        assert told["total_rows"] == 4000
        return [row["n"] for row in told["rows"]]

    assert drawn("1") == drawn("1") != drawn("2")
    assert len(set(drawn("1"))) == 4
    assert catalog_command("preview", "a.jsonl.gz", "--where", "lang=fr").returncode == 3
    assert "no column 'nothing'" in catalog_command("preview", "a.jsonl.gz", "--columns", "nothing").stderr
    assert catalog_command("preview", "a.jsonl.gz", "--where", "lang").returncode == 2


def test_the_command_on_an_address(catalog_command: Command, files: tuple[Files, str]) -> None:
    app, url = files
    app.files["a.jsonl"] = LINES
    done = catalog_command("preview", f"{url}/a.jsonl", "--json", "-n", "3")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["transferred"]) == (ROWS[:3], FIRST)
    assert catalog_command("preview", f"{url}/none.jsonl").returncode == 3
    assert "transferred 65.5 kB (65,536 bytes)" in catalog_command("preview", f"{url}/a.jsonl").stdout


def test_the_command_on_a_name(catalog_command: Command, hub: Hub) -> None:
    few = b'{"a": "few"}\n'
    hub.add("org/set", {"README.md": b"# Set\n", "data/train.jsonl": LINES, "data/test.jsonl": few, "notes.txt": b"x"})
    catalog_command("init")
    env = dict(hub.environment)
    told = json.loads(catalog_command("preview", "huggingface:org/set", "--json", env=env).stdout)
    assert (told["file"], told["rows"]) == ("data/test.jsonl", [{"a": "few"}])
    chosen = ("--include", "data/train*", "-n", "1", "--json")
    told = json.loads(catalog_command("preview", "huggingface:org/set", *chosen, env=env).stdout)
    assert (told["file"], told["rows"], told["bytes"]) == ("data/train.jsonl", ROWS[:1], len(LINES))
    assert told["transferred"] < len(LINES)


def test_a_hostile_row_is_only_shown() -> None:
    row: dict[str, Any] = {
        "\x1b[2Jname": "\x1b]0;title\x07red\u202e",
        "long": "数" * 5000,
        "nested": [{"a": "\x1b[31m"}],
    }
    for width in (60, 120):
        lines = list(record_lines(row, width))
        assert all(line.isprintable() and display_width(line) <= width for line in lines)
        assert len(lines) <= 9
        assert "…" in "".join(lines)
