"""Corpora on hubs and at plain addresses: each name leads to its places, its claims and its digests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.record import Distribution, Record, encode
from catalog.registry import Registry
from catalog.tagger import complete
from tests.conftest import Command
from tests.origin import Hub, Origin, Request, Response
from tests.origin.content import sliced

ADDRESSES = ("dl.fbaipublicfiles.com", "zenodo.org", "raw.githubusercontent.com", "data.deepai.org")


class Hosts:
    """Several hosts on one origin, each below a path of its own: `CATALOG_MIRRORS` leads there."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.origin = Origin(self._answer)
        pairs = [f"https://{host}/={self.origin.url}/{host}/" for host in ADDRESSES]
        self.environment = {"CATALOG_MIRRORS": " ".join(pairs), "NO_PROXY": "127.0.0.1"}

    def _answer(self, request: Request) -> Response:
        body = self.files.get(request.path.lstrip("/"))
        if body is None:
            return Response(404)
        part = sliced(body, '"1"', request.headers.get("range", ""), request.headers.get("if-range", ""))
        return Response(part.status, part.headers, part.body)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    hosts = Hosts()
    with hosts.origin:
        yield hosts


class Person:
    """Types commands with a registry, a Hub and plain hosts on the line."""

    def __init__(self, command: Command, hub: Hub, hosts: Hosts, registry: Path) -> None:
        self.command = command
        self.environment = {**hub.environment, **hosts.environment, "CATALOG_REGISTRY": str(registry)}

    def fetches(self, *arguments: str, code: int = 0) -> str:
        done = self.command("fetch", *arguments, env=self.environment)
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def plan(self, *arguments: str) -> dict[str, Any]:
        done = self.command("fetch", *arguments, "--dry-run", "--json", env=self.environment)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def person(catalog_command: Command, hub: Hub, hosts: Hosts, embedded: Path) -> Person:
    return Person(catalog_command, hub, hosts, embedded)


class TestPlaces:
    def test_openwebtext_at_the_hub_and_as_its_archive(self, person: Person, hub: Hub) -> None:
        parquet = {f"plain_text/train/{n:04}.parquet": b"PAR1" + bytes([n]) * 50 + b"PAR1" for n in range(3)}
        hub.add("Skylion007/openwebtext", {"openwebtext.py": b"raise SystemExit\n"}, parquet=parquet)
        plan = person.plan("openwebtext")
        assert [file["path"] for file in plan["files"]] == list(parquet)
        assert plan["elsewhere"] == ["zenodo.org: 1 file (--from zenodo.org)"]
        plan = person.plan("openwebtext", "--from", "zenodo.org")
        assert [(file["bytes"], file["digest"][:14]) for file in plan["files"]] == [(12880027468, "sha256:9fe39d1")]
        assert plan["over_cap"]
        assert plan["elsewhere"] == ["huggingface:Skylion007/openwebtext (--from huggingface)"]
        said = person.fetches("openwebtext", "--from", "example.org", code=2)
        assert "catalog:openwebtext is not at example.org." in said
        assert "It is at huggingface, huggingface:Skylion007/openwebtext, files, zenodo.org." in said

    def test_c4_means_its_english_part(self, person: Person, hub: Hub) -> None:
        shards = {f"en/c4-train.{n:05}-of-01024.json.gz": b"x" * 10 for n in range(6)}
        hub.add("allenai/c4", {**shards, "realnewslike/a.json.gz": b"r", "multilingual/b.json.gz": b"m"})
        assert [file["path"] for file in person.plan("c4")["files"]] == list(shards)
        plan = person.plan("c4", "--limit", "4")
        assert [file["path"] for file in plan["files"]] == list(shards)[:4]
        assert plan["asked"] == "--limit 4"
        plan = person.plan("c4", "--include", "realnewslike/*")
        assert [file["path"] for file in plan["files"]] == ["realnewslike/a.json.gz"]
        assert [file["path"] for file in person.plan("mc4")["files"]] == ["multilingual/b.json.gz"]
        assert len(person.plan("huggingface:allenai/c4")["files"]) == 8

    def test_tasks_of_glue_come_alone(self, person: Person, hub: Hub) -> None:
        names = ("ax", "cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli")
        hub.add("nyu-mll/glue", {f"{name}/train-00000.parquet": name.encode() for name in names})
        for name, folder in (("cola", "cola"), ("mrpc", "mrpc"), ("qqp", "qqp"), ("wnli", "wnli"), ("sts-b", "stsb")):
            plan = person.plan(name)
            assert [file["path"] for file in plan["files"]] == [f"{folder}/train-00000.parquet"]
            assert any("dl.fbaipublicfiles.com" in each for each in plan["elsewhere"])
        assert "commercial use: unknown" in person.plan("cola")["license"]
        assert len(person.plan("glue")["files"]) == 10
        shown = person.command("show", "cola", env=person.environment).stdout
        assert "repo  huggingface:nyu-mll/glue cola/*" in shown
        tasks = ("cb", "copa", "multirc", "record", "rte", "wic", "wsc")
        hub.add("aps/super_glue", {f"{name}/train-00000.parquet": name.encode() for name in tasks})
        for name in ("copa", "multirc", "record", "wic"):
            assert [file["path"] for file in person.plan(name)["files"]] == [f"{name}/train-00000.parquet"]
        assert "commercial use: yes" in person.plan("copa")["license"]

    def test_the_published_digests_are_those_of_the_plan(self, person: Person) -> None:
        plan = person.plan("cola", "--from", "dl.fbaipublicfiles.com")
        assert [(file["name"], file["bytes"], file["verified_by"]) for file in plan["files"]] == [
            ("CoLA.zip", 376971, "sha256")
        ]
        plan = person.plan("glue", "--from", "files")
        assert len(plan["files"]) == 12
        assert plan["unknown_sizes"] == 0
        assert {file["verified_by"] for file in plan["files"]} == {"sha256"}
        assert {file["verified_by"] for file in person.plan("superglue", "--from", "files")["files"]} == {"sha256"}
        for name in ("squad", "imdb", "ag-news", "wikitext", "wmt14", "wmt16", "wmt19"):
            assert {file["verified_by"] for file in person.plan(name, "--from", "files")["files"]} == {"sha256"}, name


class TestRights:
    def test_news_is_told_apart(self, person: Person, hub: Hub) -> None:
        hub.add("fancyzhx/ag_news", {"data/train.parquet": b"PAR1"})
        assert "commercial use: no" in person.plan("ag-news")["license"]
        hub.add("vblagoje/cc_news", {"plain_text/train.parquet": b"PAR1"})
        plan = person.plan("cc-news")
        assert "commercial use: unknown" in plan["license"]
        assert "commoncrawl:CC-NEWS (--from commoncrawl)" in plan["elsewhere"]

    def test_an_agreement_stands_before_each_place(self, person: Person) -> None:
        said = person.fetches("conll2003", "--from", "data.deepai.org", code=4)
        assert "needs a signed agreement" in said
        plan = person.plan("conll2003", "--from", "data.deepai.org", "--acknowledge")
        assert plan["files"][0]["digest"].startswith("sha256:96a104d174ddae")
        assert "books3 is not fetched" in person.fetches("books3", "--acknowledge", code=4)
        said = person.fetches("bookcorpus", code=4)
        assert "PG-19, Project Gutenberg" in said
        assert "--acknowledge" in said


class TestMirrors:
    BODY = b"id\tsentence\n1\tx\n"

    @pytest.fixture
    def own(self, person: Person, tmp_path: Path) -> Person:
        """A registry with one dataset of two bare files, one of which has a digest."""
        path = tmp_path / "own.db"
        base = "https://dl.fbaipublicfiles.com/set"
        digest = f"sha256:{hashlib.sha256(self.BODY).hexdigest()}"
        places = (
            Distribution(url=f"{base}/known.tsv", kind="file", path="known.tsv", digest=digest),
            Distribution(url=f"{base}/open.tsv", kind="file", path="open.tsv"),
        )
        record = Record(source="catalog", id="set", name="set", distributions=places)
        assert encode(record)
        with Registry.open(path, create=True) as registry:
            registry.commit_page(registry.begin_run("test", "test"), [complete(record)])
        person.environment["CATALOG_REGISTRY"] = str(path)
        return person

    def test_one_serves_what_has_a_digest(self, own: Person, hosts: Hosts) -> None:
        hosts.files["dl.fbaipublicfiles.com/set/known.tsv"] = self.BODY
        own.fetches("set", "--include", "known.tsv")
        assert (own.command.folder / "set" / "known.tsv").read_bytes() == self.BODY
        assert "no longer at its address" not in own.fetches("set", "--include", "known.tsv")
        urls = {file["name"]: file["url"] for file in own.plan("set")["files"]}
        assert urls["known.tsv"].startswith("http://127.0.0.1:")
        assert urls["open.tsv"].startswith("https://dl.fbaipublicfiles.com/")

    def test_other_content_is_refused(self, own: Person, hosts: Hosts) -> None:
        hosts.files["dl.fbaipublicfiles.com/set/known.tsv"] = b"other"
        assert "its sha256 differs" in own.fetches("set", "--include", "known.tsv", code=1)
        assert not (own.command.folder / "set" / "known.tsv").exists()

    def test_a_variable_that_makes_no_sense(self, own: Person) -> None:
        own.environment["CATALOG_MIRRORS"] = "dl.fbaipublicfiles.com=mirror"
        said = own.fetches("set", code=2)
        assert re.search(r"CATALOG_MIRRORS holds 'dl.fbaipublicfiles.com=mirror'.\n.*https://host/=", said)
