"""A look at rows: files here, files on the web by their first bytes or by parts, datasets by name."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.cli.preview import record_lines
from catalog.datafile.drawn import rows_to_draw_from
from catalog.datafile.remote import FIRST, Remote, remote_rows
from catalog.errors import CatalogError, Fatal
from catalog.fetch.splits import config_of, split_of
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


def _zip(members: dict[str, bytes], **how: Any) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


MANY = b"".join(
    b'{"n": %d, "noise": "%s"}\n' % (n, random.Random(n).randbytes(20).hex().encode()) for n in range(200_000)
)


def test_a_member_of_an_archive_comes_by_its_first_bytes(files: tuple[Files, str]) -> None:
    app, url = files
    padding = random.Random(1).randbytes(3_000_000)
    app.files["b.zip"] = _zip({"data/train.jsonl": MANY, "img/a.png": padding, "README.md": b"# Set\n"})
    whole = size(app.files["b.zip"])
    web, remote = _remote(f"{url}/b.zip")
    with web:
        rows = remote_rows(remote, "b.zip")[1]
        assert [next(rows)["n"] for _ in range(5)] == [0, 1, 2, 3, 4]
        rows.close()  # type: ignore[attr-defined]
    assert remote.transferred == app.sent < 0.05 * whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_zip({"img/a.png": b"x", "README.txt": b"x"}), "no member of .* has rows that can be read"),
        (_zip({"a.jsonl": b'{"n": 1}\n'})[:-30], "broken ZIP archive"),
        (b"PK\x03\x04" + b"x" * 500, "broken ZIP archive"),
        (_zip({"a.jsonl": b'{"n": 1}\n'}).replace(b"\x00\x00\x08\x00", b"\x01\x00\x08\x00"), "is encrypted"),
        (_zip({"a.jsonl": b'{"n": 1}\n'}).replace(b"\x00\x00\x08\x00", b"\x00\x00\x63\x00"), "that is not read"),
    ],
)
def test_archives_that_cannot_be_looked_into(files: tuple[Files, str], data: bytes, said: str) -> None:
    app, url = files
    app.files["a.zip"] = data
    web, remote = _remote(f"{url}/a.zip")
    with web, pytest.raises(CatalogError, match=said):
        list(remote_rows(remote, "a.zip")[1])


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "jsonl.gz"])
def test_archives_hold_any_form(files: tuple[Files, str], suffix: str, tmp_path: Path) -> None:
    app, url = files
    data = {
        "csv": b"n,a\n0,x\n1,y\n",
        "json": b'[{"n": "0"}, {"n": "1"}]',
        "jsonl.gz": gzip.compress(b'{"n": "0"}\n{"n": "1"}\n'),
    }
    if suffix == "parquet":
        data["parquet"] = _parquet(tmp_path / "a.parquet").read_bytes()
    app.files["a.zip"] = _zip({f"a.{suffix}": data[suffix]})
    web, remote = _remote(f"{url}/a.zip")
    with web:
        rows = remote_rows(remote, "a.zip")[1]
        assert [str(next(rows)["n"]) for _ in range(2)] == ["0", "1"]


class TestSamples:
    def drawn(self, command: Command, *arguments: str) -> dict[str, Any]:
        done = command("preview", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def test_lines_are_entered_anywhere(self, catalog_command: Command, files: tuple[Files, str]) -> None:
        app, url = files
        app.files["a.jsonl"] = MANY
        found = [self.drawn(catalog_command, f"{url}/a.jsonl", "--sample", "20", "--seed", seed) for seed in "112"]
        numbers = [[row["n"] for row in each["rows"]] for each in found]
        assert numbers[0] == numbers[1] != numbers[2]
        assert len(set(numbers[0])) == 20
        assert numbers[0] == sorted(numbers[0])
        assert max(numbers[0]) > 100_000 > min(numbers[0])
        assert found[0]["note"] == "drawn from places chosen by chance"
        assert found[0]["transferred"] < 0.15 * len(MANY)

    def test_row_groups_are_chosen(self, catalog_command: Command, files: tuple[Files, str], tmp_path: Path) -> None:
        app, url = files
        app.files["a.parquet"] = _parquet(tmp_path / "a.parquet", 8)
        told = self.drawn(catalog_command, f"{url}/a.parquet", "--sample", "20", "--columns", "n")
        assert (told["total_rows"], told["note"], len(told["rows"])) == (4000, "drawn from all rows", 20)
        assert told["transferred"] < 300_000
        web, remote = _remote(f"{url}/a.parquet")
        with web:
            _total, rows, note = rows_to_draw_from(remote, "a.parquet", 20, 3, budget=4_000_000)
            assert note == "drawn from 2 of 8 row groups"
            assert len(list(rows)) == 1000
        assert remote.transferred < 4_500_000

    def test_packed_lines_give_their_beginning(self, catalog_command: Command, files: tuple[Files, str]) -> None:
        app, url = files
        app.files["a.jsonl.gz"] = gzip.compress(MANY, 1)
        told = self.drawn(catalog_command, f"{url}/a.jsonl.gz", "--sample", "5")
        assert (told["note"], len(told["rows"])) == ("drawn from its beginning", 5)
        done = catalog_command("preview", f"{url}/a.jsonl.gz", "--sample", "5")
        assert ", drawn from its beginning" in done.stdout


class TestSplits:
    FILES: Mapping[str, Body] = {
        "README.md": b"# Set\n",
        "main/train-00000-of-00001.jsonl": b'{"a": "main train"}\n' * 9,
        "main/test-00000-of-00001.jsonl": b'{"a": "main test"}\n' * 9,
        "socratic/train-00000-of-00001.jsonl": b'{"a": "socratic train"}\n',
    }

    def shown(self, command: Command, hub: Hub, *arguments: str) -> str:
        done = command("preview", "huggingface:org/set", "-n", "1", "--json", *arguments, env=dict(hub.environment))
        assert done.returncode == 0, done.stderr
        found: str = json.loads(done.stdout)["rows"][0]["a"]
        return found

    def test_on_the_hub(self, catalog_command: Command, hub: Hub) -> None:
        hub.add("org/set", self.FILES)
        assert self.shown(catalog_command, hub) == "socratic train"
        assert self.shown(catalog_command, hub, "--config", "main") == "main test"
        assert self.shown(catalog_command, hub, "--config", "main", "--split", "train") == "main train"
        assert self.shown(catalog_command, hub, "--split", "test") == "main test"
        done = catalog_command("preview", "huggingface:org/set", "--split", "dev", env=dict(hub.environment))
        assert done.returncode == 3
        assert (
            "no file of huggingface:org/set is of the split 'dev'. Its files name test, train."
            in done.stderr.replace("\n", " ")
        )

    def test_the_copy_as_parquet_has_what_the_files_do_not_name(
        self, catalog_command: Command, hub: Hub, tmp_path: Path
    ) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist([{"a": "converted"}]), tmp_path / "x.parquet")
        copy = {"default/validation/0000.parquet": (tmp_path / "x.parquet").read_bytes()}
        hub.add("org/set", self.FILES, parquet=copy)
        assert self.shown(catalog_command, hub, "--split", "dev") == "converted"
        hub.add("org/set", {"images.tar": b"x" * 2000}, parquet=copy)
        assert self.shown(catalog_command, hub) == "converted"

    def test_a_split_of_another_name(self, catalog_command: Command, hub: Hub) -> None:
        names = ("train_sft", "train_gen", "test_sft")
        hub.add("org/set", {f"data/{each}-00000-of-00001.jsonl": f'{{"a": "{each}"}}\n'.encode() for each in names})
        for asked in names:
            assert self.shown(catalog_command, hub, "--split", asked) == asked
        assert self.shown(catalog_command, hub, "--split", "test") == "test_sft"

    def test_in_a_folder(self, catalog_command: Command) -> None:
        for path, data in self.FILES.items():
            place = catalog_command.folder / "set" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)  # type: ignore[arg-type]
        done = catalog_command("preview", "set", "--split", "test", "-n", "1", "--json")
        assert json.loads(done.stdout)["rows"] == [{"a": "main test"}]


@pytest.mark.parametrize(
    ("path", "config", "split"),
    [
        ("main/train-00000-of-00003.parquet", "main", "train"),
        ("data/validation-00000-of-00001-abc.parquet", "", "validation"),
        ("data/val.jsonl", "", "validation"),
        ("en/dev.jsonl.gz", "en", "validation"),
        ("main/partial-train/0000.parquet", "main", "train"),
        ("default/test/0000.parquet", "", "test"),
        ("en_train.csv", "en", "train"),
        ("train/en.csv", "", "train"),
        ("data/train_sft-00000-of-00012.parquet", "", "train_sft"),
        ("all/harmless-00001-of-00002.parquet", "all", "harmless"),
        ("cfg/gen/0001.parquet", "cfg", "gen"),
        ("latest.csv", "", ""),
        ("data.csv", "", ""),
    ],
)
def test_what_a_path_says(path: str, config: str, split: str) -> None:
    assert (config_of(path), split_of(path)) == (config, split)


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
