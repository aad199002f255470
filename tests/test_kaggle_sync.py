"""`catalog sync kaggle` and `catalog import kaggle` as commands: what is said, and kills that cost nothing."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.connector import Page
from catalog.errors import Skipped
from catalog.record import Record
from catalog.registry import Registry
from catalog.registry.check import check
from catalog.sync import import_pages
from connectors.kaggle import connector, croissant, to_record
from tests.conftest import Command
from tests.origin import Request, Response, faults
from tests.origin.kaggle import Kaggle
from tests.origin.server import Wire
from tests.test_kaggle import scraped_payload, site_payload

LIST = "/api/v1/datasets/list"
SEED = int(os.environ.get("TORTURE_SEED") or time.time_ns() % 1_000_000)
KILLS = int(os.environ.get("TORTURE_KILLS") or 3)


@pytest.fixture
def kaggle() -> Iterator[Kaggle]:
    with Kaggle() as kaggle:
        yield kaggle


def exported(command: Command, registry: str) -> bytes:
    done = command("export", "records", env={"CATALOG_REGISTRY": registry}, text=False)
    assert done.returncode == 0, done.stderr
    lines: list[bytes] = done.stdout.splitlines()  # type: ignore[assignment]
    return b"\n".join(sorted(lines))


class TestCommand:
    def test_nothing_asked_for(self, kaggle: Kaggle, catalog_command: Command) -> None:
        done = catalog_command("sync", "kaggle", env=kaggle.environment)
        assert done.returncode == 2
        for word in ("--query", "--tag", "--user", "--top", "catalog import kaggle"):
            assert word in done.stderr
        assert kaggle.site.requests == []

    def test_what_is_asked_for_and_no_more(self, kaggle: Kaggle, catalog_command: Command) -> None:
        kaggle.load(70)
        env = {**kaggle.environment, "CATALOG_REGISTRY": "k.db"}
        done = catalog_command("sync", "kaggle", "--top", "30", "--json", env=env)
        assert done.returncode == 0, done.stderr
        assert len(kaggle.site.seen(LIST)) == 2
        listed = catalog_command("search", "--source", "kaggle", "-q", "-n", "100", env=env)
        assert len(listed.stdout.split()) == 30, listed.stderr
        again = catalog_command("sync", "kaggle", "--user", "acme", env=env)
        assert again.returncode == 0, again.stderr
        assert "40 new" in again.stderr

    def test_the_cap_is_said_aloud(self, kaggle: Kaggle, catalog_command: Command) -> None:
        rows = [{"ref": f"acme/set-{n:05}", "title": "t", "totalBytes": 1, "isPrivate": False} for n in range(9_990)]

        def page(request: Request, response: Response, wire: Wire) -> None:
            start = (int(request.first("page")) - 1) * 5_000
            wire.send(Response(200, {}, json.dumps(rows[start : start + 5_000]).encode()))

        kaggle.site.script(LIST, page)
        done = catalog_command(
            "sync", "kaggle", "--query", "set", env={**kaggle.environment, "CATALOG_REGISTRY": "k.db"}
        )
        assert done.returncode == 0, done.stderr
        assert "at most 10,000 datasets for one request" in done.stderr
        assert "9,990 new" in done.stderr

    def test_what_a_sync_that_finds_nothing_new_sends(self, kaggle: Kaggle, catalog_command: Command) -> None:
        kaggle.load(45)
        for shelf in kaggle.shelves.values():
            shelf.fields["lastUpdated"] = "2024-01-01T00:00:00.5Z"
        env = {**kaggle.environment, "CATALOG_REGISTRY": "k.db"}
        assert catalog_command("sync", "kaggle", "--query", "set", env=env).returncode == 0
        kaggle.site.forget()
        again = catalog_command("sync", "kaggle", "--query", "set", env=env)
        assert again.returncode == 0, again.stderr
        assert len(kaggle.site.requests) == 1

    def test_kills_at_random_moments(self, kaggle: Kaggle, catalog_command: Command) -> None:
        """kill -9 while pages come; the same command goes on, and the end is that of an undisturbed run."""
        print(f"TORTURE_SEED={SEED}")
        rng = random.Random(SEED)
        kaggle.load(160)
        for shelf in kaggle.shelves.values():
            shelf.fields["lastUpdated"] = "2024-01-01T00:00:00.5Z"
        assert sync(kaggle, catalog_command, "whole.db").wait(120) == 0
        wanted = exported(catalog_command, "whole.db")
        kaggle.site.script(LIST, faults.stall(0.02))
        kaggle.site.forget()
        for _ in range(KILLS):
            before = len(kaggle.site.requests)
            running = sync(kaggle, catalog_command, "killed.db")
            deadline = time.monotonic() + 120
            while len(kaggle.site.requests) == before and running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.15))
            running.kill()
            running.wait(120)
            assert check(str(catalog_command.folder / "killed.db")).clean
        assert sync(kaggle, catalog_command, "killed.db").wait(120) == 0
        assert exported(catalog_command, "killed.db") == wanted, SEED
        walked = [request for request in kaggle.site.seen(LIST) if request.first("sortBy") == "votes"]
        assert len(walked) <= 9 + KILLS


def sync(kaggle: Kaggle, command: Command, registry: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "catalog", "sync", "kaggle", "--query", "set"],
        cwd=command.folder,
        env=command.environment({**kaggle.environment, "CATALOG_REGISTRY": registry}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def recorded(folder: Path) -> list[Record]:
    """Every recorded payload as a record; the one that was no dataset is left out."""
    payloads = []
    for path in sorted([*folder.glob("rest_api/*.json"), *folder.glob("meta_json/*.json")]):
        value = json.loads(path.read_text("utf-8"))
        payloads.extend(value if isinstance(value, list) else [value])
    for path in sorted(folder.glob("web_internal_api/*.csv")):
        with path.open(encoding="utf-8") as file:
            payloads.extend(site_payload(row) for row in csv.DictReader(file))
    with next(folder.glob("scraped/*.csv")).open(encoding="utf-8") as file:
        payloads.extend(scraped_payload(row) for row in csv.DictReader(file) if int(row["downloads"]) > 300)
    made = []
    for payload in payloads:
        try:
            made.append(to_record(payload))
        except Skipped:
            continue
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("croissant/*.json"))]
    return made + [croissant.to_record(document) for document in documents]


def test_every_recorded_dataset_is_found(shared_fixtures: Path, catalog_command: Command) -> None:
    records = {record.key: record for record in recorded(shared_fixtures / "kaggle")}
    assert len(records) > 800
    with Registry.open(catalog_command.folder / "k.db", create=True) as registry:
        done = import_pages(registry, connector, lambda: iter([Page(tuple(records.values()), _cursor())]), {})
        assert (done.new, done.skipped) == (len(records), 0)
    from catalog import search, show

    path = catalog_command.folder / "k.db"
    for key, record in random.Random(3).sample(sorted(records.items()), 40):
        assert show(key, path).title == record.title
        assert key in [hit.key for hit in search(record.title or record.name, path, limit=50).hits], key
    medical = [hit.key for hit in search("domain:medical source:kaggle", path, limit=200).hits]
    assert "kaggle:uciml/breast-cancer-wisconsin-data" in medical
    assert "kaggle:neuromusic/avocado-prices" not in medical


def _cursor() -> object:
    from catalog.connector import Cursor

    return Cursor()
