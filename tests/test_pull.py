"""A registry published beside a site and pulled by others: whole or not at all, and nothing of one's own is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Fatal
from catalog.publishing import FOLDER, MANIFEST, Manifest, name_of, opened, piece_of, publish, read_manifest
from catalog.sqlite import connect_for_reading
from tests.conftest import Command
from tests.site.served import Origin, serve


class Publisher:
    """Somebody who publishes a registry of their own on 127.0.0.1."""

    def __init__(self, folder: Path, registry: Path, origin: Origin) -> None:
        self.folder = folder
        self.registry = registry
        self.origin = origin

    @property
    def url(self) -> str:
        return f"{self.origin.url}/"

    def publishes(self) -> Manifest:
        with closing(connect_for_reading(self.registry)) as connection:
            return publish(connection, self.folder / FOLDER)

    def manifest(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.folder / FOLDER / MANIFEST).read_text())
        return value

    def piece(self, number: int) -> Path:
        return self.folder / FOLDER / name_of(self.manifest()["pieces"][number])


@pytest.fixture
def publisher(tmp_path: Path, embedded: Path) -> Iterator[Publisher]:
    site = tmp_path / "site"
    site.mkdir()
    registry = tmp_path / "theirs.db"
    shutil.copy(embedded, registry)
    with serve(site) as origin:
        found = Publisher(site, registry, origin)
        found.publishes()
        yield found


def _pull(command: Command, publisher: Publisher, code: int = 0) -> dict[str, Any]:
    done = command("pull", publisher.url, "--registry", "mine.db", "--json")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout) if code == 0 else {"said": done.stderr}


def _records(command: Command, registry: Path | str) -> set[str]:
    return set(command("export", "records", "--registry", str(registry)).stdout.splitlines())


def test_a_registry_arrives_whole(publisher: Publisher, catalog_command: Command) -> None:
    done = _pull(catalog_command, publisher)
    assert done["loaded"] == done["pieces"] > 5
    assert catalog_command("check", "--registry", "mine.db").returncode == 0
    assert _records(catalog_command, "mine.db") == _records(catalog_command, publisher.registry)
    assert catalog_command("search", "medical sft", "-q", "--registry", "mine.db").stdout
    assert sorted(path.name for path in catalog_command.folder.glob("*mine*")) == [
        "mine.db", "mine.db.lock", "mine.db.pulled",
    ]  # fmt: skip


def test_what_is_here_already_is_not_loaded(publisher: Publisher, catalog_command: Command) -> None:
    whole = _pull(catalog_command, publisher)["loaded"]
    publisher.origin.requests.clear()
    assert _pull(catalog_command, publisher)["changed"] is False
    assert publisher.origin.paths() == [f"/{FOLDER}/{MANIFEST}"]
    said = catalog_command("tag", "set", "medqa", "domain=legal", "--registry", str(publisher.registry))
    assert said.returncode == 0, said.stderr
    publisher.publishes()
    again = _pull(catalog_command, publisher)
    assert again["changed"]
    assert 0 < again["loaded"] < whole / 2
    assert _records(catalog_command, "mine.db") == _records(catalog_command, publisher.registry)


def test_what_a_person_said_and_has_stays(publisher: Publisher, catalog_command: Command) -> None:
    _pull(catalog_command, publisher)
    mine = ("--registry", "mine.db")
    own = b'{"source":"shelf","id":"letters","name":"letters","title":"Letters of mine"}\n'
    assert catalog_command("import", "records", "-", *mine, stdin=own).returncode == 0
    assert catalog_command("tag", "set", "medqa", "domain=legal", "--because", "I read it", *mine).returncode == 0
    with sqlite3.connect(catalog_command.folder / "mine.db") as connection:
        connection.execute("INSERT INTO apart VALUES ('catalog:a', 'catalog:b', 'no', '2026-01-01T00:00:00Z')")
    connection.close()
    catalog_command("tag", "set", "gsm8k", "genre=exam", "--registry", str(publisher.registry))
    publisher.publishes()
    done = _pull(catalog_command, publisher)
    assert (done["kept"], done["corrections"], done["apart"], done["taken_over"]) == (1, 1, 1, True)
    assert json.loads(catalog_command("show", "shelf:letters", "--json", *mine).stdout)["title"] == "Letters of mine"
    tags = json.loads(catalog_command("show", "medqa", "--json", *mine).stdout)["tags"]
    assert [tag["term"] for tag in tags if tag["facet"] == "domain"] == ["legal"]
    assert "catalog:medqa" in catalog_command("search", "domain:legal medqa", "-q", *mine).stdout
    tags = json.loads(catalog_command("show", "gsm8k", "--json", *mine).stdout)["tags"]
    assert [tag["term"] for tag in tags if tag["facet"] == "genre"] == ["exam"]
    assert catalog_command("check", *mine).returncode == 0
    assert catalog_command("check", "--registry", done["before"]).returncode == 0


def test_a_pull_that_is_cut_off_goes_on(publisher: Publisher, catalog_command: Command) -> None:
    gone = publisher.piece(4)
    kept = gone.rename(gone.with_suffix(".kept"))
    _pull(catalog_command, publisher, code=1)
    assert not (catalog_command.folder / "mine.db").exists()
    kept.rename(gone)
    publisher.origin.requests.clear()
    done = _pull(catalog_command, publisher)
    assert done["loaded"] == done["pieces"] - 4
    assert len(publisher.origin.requests) == done["loaded"] + 1


def test_damaged_pieces_change_nothing_here(publisher: Publisher, catalog_command: Command) -> None:
    _pull(catalog_command, publisher)
    before = (catalog_command.folder / "mine.db").read_bytes()
    catalog_command("tag", "set", "gsm8k", "genre=exam", "--registry", str(publisher.registry))
    publisher.publishes()
    pieces = {path: path.read_bytes() for path in (publisher.folder / FOLDER).rglob("*.bin")}
    for damaged in (
        lambda packed: packed[:-20],
        lambda packed: packed[:50] + bytes([packed[50] ^ 1]) + packed[51:],
        lambda packed: zlib.compress(zlib.decompress(packed) + b"more"),
        lambda _packed: zlib.compress(bytes(20_000_000)),
        lambda _packed: b"",
    ):
        for path, packed in pieces.items():
            path.write_bytes(damaged(packed))
        assert "not what its manifest says" in _pull(catalog_command, publisher, code=1)["said"]
        assert (catalog_command.folder / "mine.db").read_bytes() == before


def test_a_registry_that_is_damaged_is_refused(publisher: Publisher, catalog_command: Command) -> None:
    with sqlite3.connect(publisher.registry) as connection:
        connection.execute("UPDATE dataset SET title = 'changed by a fault' WHERE id = 5")
    connection.close()
    publisher.publishes()
    said = _pull(catalog_command, publisher, code=1)["said"]
    assert "is damaged" in said
    assert not (catalog_command.folder / "mine.db").exists()


def test_what_is_no_registry_is_refused(publisher: Publisher, catalog_command: Command) -> None:
    path = publisher.folder / FOLDER / MANIFEST
    for value in (b"{}", b"[]", b"<html>", json.dumps({**publisher.manifest(), "format": 9}).encode()):
        path.write_bytes(value)
        _pull(catalog_command, publisher, code=1)
    assert catalog_command("pull", "javascript:alert(1)").returncode == 2
    assert catalog_command("pull", f"{publisher.url}nothing/", "--registry", "mine.db").returncode in (1, 3)
    assert not (catalog_command.folder / "mine.db").exists()


def test_a_broken_registry_here_is_kept_and_said(publisher: Publisher, catalog_command: Command) -> None:
    (catalog_command.folder / "mine.db").write_bytes(b"no database" * 1000)
    done = _pull(catalog_command, publisher)
    assert (done["taken_over"], done["kept"]) == (False, 0)
    assert Path(catalog_command.folder / done["before"]).read_bytes().startswith(b"no database")
    assert catalog_command("check", "--registry", "mine.db").returncode == 0


def test_publishing_twice_gives_the_same_files(publisher: Publisher) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in publisher.folder.rglob("*.bin")}

    before = state()
    manifest = publisher.manifest()
    publisher.publishes()
    assert state() == before
    assert publisher.manifest() == manifest


def test_pieces_of_a_large_registry_are_few() -> None:
    for size in (1, 4_000_000, 262_144_000, 262_144_001, 5_000_000_000, 60_000_000_000):
        assert size / piece_of(size) <= 1000


GOOD = {
    "format": 1, "version": 3, "datasets": 2, "bytes": 100_000, "piece": 65_536, "sha256": "0" * 64,
    "pieces": ["1" * 64, "2" * 64],
}  # fmt: skip


def test_a_manifest_is_read_back() -> None:
    manifest = read_manifest(json.dumps(GOOD).encode(), "here")
    assert [manifest.length_of(number) for number in (0, 1)] == [65_536, 34_464]
    assert read_manifest(manifest.to_json(), "here") == manifest


@given(
    st.sampled_from(sorted(GOOD)),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70) | st.lists(st.text(), max_size=3),
)
def test_manifests_of_strangers_are_read_or_refused(name: str, value: object) -> None:
    try:
        manifest = read_manifest(json.dumps({**GOOD, name: value}).encode(), "here")
    except Fatal:
        return
    assert sum(manifest.length_of(number) for number in range(len(manifest.pieces))) == manifest.bytes


@given(st.binary(max_size=2000))
def test_pieces_of_strangers_are_taken_or_not(packed: bytes) -> None:
    assert opened(packed, "0" * 64, 100) is None
