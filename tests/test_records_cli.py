"""`catalog import` and `catalog export`: records, Hub snapshots, and every recorded payload in one registry."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from catalog.record import Entry, Record, encode
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.search.named import one_named
from catalog.search.names import resolve
from catalog.search.query import Query
from catalog.search.run import run
from catalog.sqlite import connect_for_reading
from catalog.tagger import complete
from connectors.huggingface import from_snapshot, parse_card, to_record
from tests.conftest import Command
from tests.origin.records import records

SNAPSHOT = "huggingface/list/emilrugenstein_top1000_2026-07-22.parquet"
MANY = 50_000


def made_up(count: int) -> list[Entry]:
    return [complete(to_record(payload)) for payload in records(count)]


def write(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    return path


def count(command: Command, registry: str = ".local/share/catalog/registry.db") -> int:
    with closing(sqlite3.connect(command.folder / registry)) as connection:
        return int(connection.execute("SELECT count(*) FROM dataset").fetchone()[0])


# -- records --------------------------------------------------------------------------------------------------------


def test_a_round_trip_is_lossless(catalog_command: Command, embedded: Path) -> None:
    """Export, import into another registry, export: the same bytes; a second import changes nothing."""
    here, there = {"CATALOG_REGISTRY": str(embedded)}, {"CATALOG_REGISTRY": "other.db"}
    done = catalog_command("export", "records", "a.jsonl", env=here)
    lines = (catalog_command.folder / "a.jsonl").read_bytes().splitlines()
    assert (done.returncode, done.stderr) == (0, f"{len(lines):,} records.\n")
    done = catalog_command("import", "records", "a.jsonl", env=there)
    assert (done.returncode, done.stderr) == (0, f"{len(lines):,} new, 0 changed, 0 unchanged, 0 skipped.\n")
    assert catalog_command("export", "records", "b.jsonl", env=there).returncode == 0
    assert (catalog_command.folder / "b.jsonl").read_bytes() == (catalog_command.folder / "a.jsonl").read_bytes()
    done = catalog_command("import", "records", "a.jsonl", env=there)
    assert done.stderr == f"0 new, 0 changed, {len(lines):,} unchanged, 0 skipped.\n"
    done = catalog_command("check", env=there)
    assert (done.returncode, done.stdout) == (0, f"{len(lines):,} entries: whole, and the index agrees.\n")


def test_by_pipe(catalog_command: Command, embedded: Path) -> None:
    done = catalog_command("export", "records", "--source", "catalog", env={"CATALOG_REGISTRY": str(embedded)})
    lines = done.stdout.splitlines()
    assert all(json.loads(line)["source"] == "catalog" for line in lines)
    done = catalog_command("import", "records", "-", stdin="\n".join(lines[:20]).encode())
    assert done.stderr.startswith("20 new, ")
    assert catalog_command("export", "records", "-").stdout.splitlines() == lines[:20]
    assert catalog_command("export", "records", "--source", "kaggle").stdout == ""


def test_bad_lines_are_told_and_cost_themselves_alone(catalog_command: Command) -> None:
    lines = [encode(entry) for entry in made_up(50)]
    lines[10:10] = [
        b"{",
        b"null",
        b"[" * 5000,
        b'{"source":"a","id":"\x1b[31m","name":"x","zz":1}',
        b"\xff",
        b"x" * 300_000,
    ]
    write(catalog_command.folder / "mixed.jsonl", lines)
    done = catalog_command("import", "records", "mixed.jsonl")
    told = done.stderr.splitlines()
    assert (done.returncode, told[0]) == (0, "50 new, 0 changed, 0 unchanged, 6 skipped.")
    assert [line.partition(":")[0] for line in told[1:]] == [f"  skipped line {number}" for number in range(11, 16)]
    assert all(len(line) > 25 and "\x1b" not in line for line in told[1:])
    assert count(catalog_command) == 50


@pytest.mark.parametrize("text", [b"not one record\nat all\n", b"\x89PNG\r\n\x1a\n", b"<html></html>"])
def test_a_file_of_something_else(catalog_command: Command, text: bytes) -> None:
    (catalog_command.folder / "other").write_bytes(text)
    done = catalog_command("import", "records", "other")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [
        "Error: nothing in it could be used.",
        "Records are JSON, one on a line, with source, id and name. Compare: catalog export records | head -1",
    ]  # fmt: skip


def test_files_that_cannot_be(catalog_command: Command, embedded: Path) -> None:
    done = catalog_command("import", "records", "nowhere.jsonl")
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)
    here = {"CATALOG_REGISTRY": str(embedded)}
    for target in ("no/such/folder.jsonl", "/dev/full"):
        done = catalog_command("export", "records", target, env=here)
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
        assert f"Error: {target} cannot be written" in done.stderr
    kept = catalog_command.folder / "kept.jsonl"
    kept.write_text("as it was")
    done = catalog_command("export", "records", "kept.jsonl", env={"CATALOG_REGISTRY": "none.db"})
    assert (done.returncode, kept.read_text()) == (3, "as it was")
    assert catalog_command("import", "nosuch", "kept.jsonl").returncode == 2
    assert sorted(path.name for path in catalog_command.folder.iterdir() if path.name.endswith("tmp")) == []


def test_a_reader_that_leaves_and_a_full_disk(catalog_command: Command, embedded: Path) -> None:
    """`catalog export records | head -1` is quiet; a full disk behind stdout is one sentence."""
    environment = catalog_command.environment({"CATALOG_REGISTRY": str(embedded)})
    export = f"{sys.executable} -m catalog export records"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{export} | head -1 | wc -l"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (141, "1", "")
    done = subprocess.run(["bash", "-c", f"{export} > /dev/full"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 2), done.stderr
    assert done.stderr.startswith("Error: stdout cannot be written (No space left on device).")


@pytest.mark.parametrize("arguments", ["--help", "search medical", "export records", "info"])
@pytest.mark.parametrize(("stdout", "code"), [("/dev/full", 1), ("&-", 0)])
def test_an_output_that_cannot_take_it(
    catalog_command: Command, embedded: Path, arguments: str, stdout: str, code: int
) -> None:
    environment = catalog_command.environment({"CATALOG_REGISTRY": str(embedded)})
    line = f"{sys.executable} -m catalog {arguments} >{stdout}"
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr or not code


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 50,000 different entries."""
    patterns = [encode(entry) for entry in made_up(500)]

    def lines() -> Iterator[bytes]:
        for number in range(MANY):
            line = json.loads(patterns[number % len(patterns)])
            line.update(id=f"{line['id']}-{number}", upstream_id="")
            yield json.dumps(line, ensure_ascii=False).encode()

    return write(tmp_path_factory.mktemp("many") / "many.jsonl", lines())


WATCHED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints its peak memory. A small process of its own: Linux counts the memory that a process had
before its exec, so a child of this large one would be charged with all that the tests hold."""


def test_memory_is_bounded_and_a_kill_costs_a_batch(catalog_command: Command, many: Path) -> None:
    """50,000 entries: killed after the first batch, imported again within 600 MB."""
    arguments = [sys.executable, "-m", "catalog", "import", "records", str(many), "--registry", "r.db"]
    environment, folder = catalog_command.environment(), catalog_command.folder
    with subprocess.Popen(arguments, env=environment, cwd=folder, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not _stored(folder / "r.db") and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    report = check(str(folder / "r.db"))
    assert report.clean
    assert report.entries % 20_000 == 0

    command = [sys.executable, "-c", WATCHED, *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, check=True)
    assert int(done.stdout) < 600_000  # KiB
    assert count(catalog_command, "r.db") == MANY


def _stored(registry: Path) -> int:
    """How many entries are committed, as another process sees it."""
    if not registry.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{registry}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM dataset").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


# -- snapshots of the Hub -------------------------------------------------------------------------------------------


def test_a_recorded_snapshot(catalog_command: Command, shared_fixtures: Path) -> None:
    pytest.importorskip("pyarrow")
    path = shared_fixtures / SNAPSHOT
    done = catalog_command("import", "huggingface", str(path))
    assert (done.returncode, done.stderr) == (0, "1,000 new, 0 changed, 0 unchanged, 0 skipped.\n")
    done = catalog_command("import", "huggingface", str(path))
    assert done.stderr == "0 new, 0 changed, 1,000 unchanged, 0 skipped.\n"
    done = catalog_command("check")
    assert (done.returncode, done.stdout) == (0, "1,000 entries: whole, and the index agrees.\n")
    assert '"huggingface:openai/gsm8k"' in catalog_command("search", "gsm8k", "--json").stdout


def test_a_snapshot_as_json_lines(catalog_command: Command) -> None:
    rows: list[Any] = [
        {**payload, "cardData": json.dumps(payload["cardData"]), "tags": json.dumps(payload["tags"])}
        for payload in records(2100)
    ]
    rows[700:700] = [None, {"id": "../x"}]
    write(catalog_command.folder / "hub.jsonl", [*(json.dumps(row).encode() for row in rows), b"{broken"])
    done = catalog_command("import", "huggingface", "hub.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "2,100 new, 0 changed, 0 unchanged, 3 skipped.",
        "  skipped row 701: the row is no object.",
        "  skipped row 702: the payload has no usable id: '../x'.",
        "  skipped row 2103: the row is no object.",
    ]
    with Registry.open(catalog_command.folder / ".local/share/catalog/registry.db") as registry:
        assert {encode(entry) for entry in registry.entries()} == {encode(entry) for entry in made_up(2100)}


def test_snapshots_that_cannot_be_read(catalog_command: Command, shared_fixtures: Path) -> None:
    pytest.importorskip("pyarrow")
    whole = (shared_fixtures / SNAPSHOT).read_bytes()
    noise = bytearray(whole)
    noise[2000:30_000] = random.Random(3).randbytes(28_000)
    for name, content in (
        ("short", whole[:20_000]),
        ("noise", bytes(noise)),
        ("mark", b"PAR1"),
        ("empty", b"PAR1" * 9),
    ):
        (catalog_command.folder / f"{name}.parquet").write_bytes(content)
        done = catalog_command("import", "huggingface", f"{name}.parquet")
        assert (done.returncode, done.stderr.count("\n")) == (1, 2), (name, done.stderr)
        assert done.stderr.startswith(f"Error: {name}.parquet cannot be read as Parquet (")
        assert done.stderr.endswith("Download it again.\n")
    assert check(str(catalog_command.folder / ".local/share/catalog/registry.db")).clean


def test_snapshots_of_another_form(catalog_command: Command) -> None:
    (catalog_command.folder / "array.json").write_text('[{"id": "a/b"}]')
    done = catalog_command("import", "huggingface", "array.json")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "Error: array.json is one JSON array, not JSON Lines.",
    )  # fmt: skip
    done = catalog_command("import", "huggingface", "nowhere.parquet")
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)
    (catalog_command.folder / "text").write_bytes(b"x" * 10_000_000)
    assert catalog_command("import", "huggingface", "text").returncode == 2


def test_pyarrow_is_an_extra(catalog_command: Command, shared_fixtures: Path) -> None:
    broken = catalog_command.folder / "broken" / "pyarrow"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libarrow.so.2500: cannot open shared object file')\n")
    done = catalog_command(
        "import", "huggingface", str(shared_fixtures / SNAPSHOT), env={"PYTHONPATH": str(broken.parent)}
    )
    assert (done.returncode, done.stderr) == (
        1, "Error: reading Parquet needs pyarrow.\nAdd it with: pip install 'dataset-catalog[parquet]'\n",
    )  # fmt: skip


# -- every recorded payload -----------------------------------------------------------------------------------------


def recorded(folder: Path) -> Iterator[Any]:
    """Every payload of the Hub that was recorded: listings, single datasets, a snapshot, cards, ids."""
    from pyarrow import parquet

    hub = folder / "huggingface"
    for path in sorted((hub / "list").glob("*.json")):
        found = json.loads(path.read_text("utf-8"))
        yield from found["datasets"] if isinstance(found, dict) else found
    for path in sorted((hub / "dataset_info").glob("*.json")):
        if "tree-main" not in path.name:
            yield json.loads(path.read_text("utf-8"))
    yield from map(from_snapshot, parquet.read_table(folder / SNAPSHOT).to_pylist())
    for path in sorted((hub / "cards").glob("*.md")):
        yield {"id": path.stem.replace("_", "/", 1), "cardData": parse_card(path.read_text("utf-8", "replace"))}
    for path in sorted((hub / "catalogs").glob("*.js")):
        text = path.read_text("utf-8")
        for each in json.loads(text[text.index("[") :].rstrip().rstrip(";")):
            yield {"id": each["url"].removeprefix("https://huggingface.co/datasets/")}


def test_every_recorded_payload_is_stored_and_found(tmp_path: Path, shared_fixtures: Path) -> None:
    pytest.importorskip("pyarrow")
    made = map(to_record, recorded(shared_fixtures))
    latest: dict[str, Record] = {}
    with Registry.open(tmp_path / "r.db", create=True) as registry:
        number = registry.begin_run("huggingface", "test")
        while page := list(islice(made, 1000)):
            registry.commit_page(number, [complete(record) for record in page])
            latest.update((record.key, record) for record in page)
        stored = {entry.key: entry for entry in registry.entries()}
    assert len(latest) > 6000
    renamed = latest.keys() - stored.keys()
    assert check(str(tmp_path / "r.db")).clean

    connection = connect_for_reading(tmp_path / "r.db")
    for key, record in latest.items():
        found = resolve(connection, record.id)
        assert found, key
        assert found[0].how == "id"
        if key not in renamed:
            assert one_named(connection, key).key == key
    sample = random.Random(0).sample(sorted(stored), 500)
    for key in sample:
        hits = run(connection, Query.parse(stored[key].id, limit=20)).hits
        assert key in [hit.key for hit in hits]
    connection.close()
