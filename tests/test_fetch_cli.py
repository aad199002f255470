"""`catalog fetch` and `catalog verify` as a person runs them: against the loopback Hub and plain origins."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from catalog.record import Distribution, Record, encode
from catalog.registry import Registry
from catalog.tagger import complete
from tests.conftest import Command
from tests.origin import Hub, Origin, Request, Response, faults
from tests.origin.content import Body, Pattern, chunks, size
from tests.origin.server import Wire
from tests.person import Person

SCRIPT = b"raise SystemExit('a loading script was run')\n"
FILES: Mapping[str, Body] = {
    "README.md": b"# Set\n",
    "data/train.parquet": b"PAR1" + bytes(range(256)) * 400 + b"PAR1",
    "data/test.csv": b"a,b\n1,2\n",
    "other/notes.txt": b"notes\n",
}


def content(body: Body) -> bytes:
    return b"".join(chunks(body))


@pytest.fixture
def person(catalog_command: Command, hub: Hub, embedded: Path) -> Person:
    return Person(catalog_command, hub, embedded)


class TestOpenWebText:
    """The name that everybody types, resolved through the embedded catalog to a repository with a loading script."""

    PARQUET: Mapping[str, Body] = {
        f"plain_text/train/{n:04}.parquet": b"PAR1" + Pattern(90_000, n).read(0, 90_000).__next__() for n in range(5)
    }

    @pytest.fixture(autouse=True)
    def _on_the_hub(self, hub: Hub) -> None:
        files = {"openwebtext.py": SCRIPT, "README.md": b"# OpenWebText\n", "subsets/a.tar": b"x" * 1000}
        self.repo = hub.add("Skylion007/openwebtext", files, parquet=self.PARQUET)

    def test_a_plan_first(self, person: Person) -> None:
        done = person.fetches("openwebtext", "--dry-run")
        lines = done.stdout.splitlines()
        assert [line.split()[0] for line in lines[1:6]] == list(self.PARQUET)
        assert all(line.endswith("sha256") for line in lines[1:6])
        said = {line[:11].strip(): line[11:] for line in lines[6:]}
        assert said["total"] == "450 kB in 5 files"
        assert said["into"].startswith("openwebtext (")
        assert re.match(r"commercial use: (unknown|no|conditions) - ", said["license"])
        assert said["revision"] == self.repo.refs["refs/convert/parquet"]
        assert said["note"] == "converted to Parquet by the Hub; the loading script is not run"
        plan = json.loads(person.fetches("openwebtext", "--dry-run", "--json").stdout)
        assert (plan["name"], plan["total_bytes"]) == ("openwebtext", sum(map(size, self.PARQUET.values())))
        assert [file["verified_by"] for file in plan["files"]] == ["sha256"] * 5
        assert plan["notes"] == [said["note"]]
        assert person.transfers() == []
        assert not (person.command.folder / "openwebtext").exists()

    def test_then_the_files(self, person: Person) -> None:
        done = person.fetches("openwebtext")
        assert "5 files in openwebtext. Check any time with: catalog verify openwebtext" in done.stderr
        assert person.holds("openwebtext") == {path: content(body) for path, body in self.PARQUET.items()}
        receipt = person.receipt("openwebtext")
        assert (receipt["name"], receipt["revision"]) == ("openwebtext", self.repo.refs["refs/convert/parquet"])
        assert {file["verified"] for file in receipt["files"]} == {"sha256"}
        assert "Signature=" not in json.dumps(receipt)
        assert len(person.transfers()) == 10  # the Hub, which sends on to its CDN

        done = person.fetches("openwebtext", "--json")
        assert json.loads(done.stdout)["files"] == receipt["files"]
        assert person.transfers() == []

        done = person.types("verify", "openwebtext")
        assert (done.returncode, done.stdout) == (0, "5 of 5 files are as they came.\n")
        folder = person.command.folder / "openwebtext" / "plain_text" / "train"
        (folder / "0002.parquet").unlink()
        damaged = bytearray((folder / "0003.parquet").read_bytes())
        damaged[40_000] ^= 1
        (folder / "0003.parquet").write_bytes(damaged)
        (folder / "mine.txt").write_text("mine")
        done = person.types("verify", "openwebtext")
        assert done.returncode == 1
        assert done.stdout.splitlines() == [
            "missing  plain_text/train/0002.parquet",
            "changed  plain_text/train/0003.parquet",
            "beside   plain_text/train/mine.txt",
            "3 of 5 files are as they came.",
        ]
        said = json.loads(person.types("verify", "openwebtext", "--json").stdout)
        assert (said["ok"], said["changed"]) == (False, ["plain_text/train/0003.parquet"])
        key = re.search(r"catalog fetch (\S+) --out", done.stderr)
        assert key is not None
        person.fetches(key[1], "--out", "openwebtext")
        assert person.types("verify", "openwebtext").returncode == 0
        assert len(person.transfers()) == 4  # the two, and nothing else

    def test_by_other_names(self, person: Person) -> None:
        names = ("catalog:openwebtext", "Open-Web-Text", "Skylion007/openwebtext", "huggingface:Skylion007/openwebtext")
        plans = [json.loads(person.fetches(each, "--dry-run", "--json", "--out", "x").stdout) for each in names]
        assert all(plan["files"] == plans[0]["files"] for plan in plans)
        assert all(plan["license"] == plans[0]["license"] != "not in the registry" for plan in plans)

    def test_a_registry_is_not_needed_for_an_address_on_the_hub(self, person: Person) -> None:
        done = person.fetches("huggingface:Skylion007/openwebtext", "--dry-run", CATALOG_REGISTRY="none.db")
        assert "license    not in the registry" in done.stdout
        person.is_told(
            3, r"there is no registry at none\.db\.", "Make one with: catalog init",
            "openwebtext", CATALOG_REGISTRY="none.db",
        )  # fmt: skip


class TestChoosing:
    def test_patterns(self, person: Person) -> None:
        person.hub.add("acme/set", FILES)
        person.fetches("huggingface:acme/set", "--include", "data/", "--exclude", "*.csv")
        assert person.holds("set") == {"data/train.parquet": FILES["data/train.parquet"]}
        person.fetches("huggingface:acme/set", "--include", "*.csv", "--include", "*.md")
        assert set(person.holds("set")) == {"data/train.parquet", "data/test.csv", "README.md"}
        assert len(person.receipt("set")["files"]) == 3
        person.is_told(
            3, "No file of huggingface:acme/set matches.", "It has README.md, data/test.csv, .*",
            "huggingface:acme/set", "--include", "*.zip",
        )  # fmt: skip

    def test_a_revision_and_a_folder(self, person: Person) -> None:
        repo = person.hub.add("acme/set", {"a.csv": b"old\n"})
        first = repo.refs["main"]
        person.hub.touch("acme/set", {"a.csv": b"new\n"})
        person.fetches("huggingface:acme/set", "--revision", first, "--out", "deep/er")
        assert person.holds("deep/er") == {"a.csv": b"old\n"}
        assert person.receipt("deep/er")["revision"] == first
        person.fetches("huggingface:acme/set")
        assert person.holds("set") == {"a.csv": b"new\n"}
        assert person.receipt("set")["revision"] == repo.refs["main"]
        person.is_told(
            3, "acme/set has no revision 'v9'.", "Its revisions are listed at https://.*",
            "huggingface:acme/set", "--revision", "v9",
        )  # fmt: skip

    def test_a_large_one_asks(self, person: Person) -> None:
        person.hub.add("acme/many", {f"{number}.txt": b"x" for number in range(1001)})
        done = person.fetches("huggingface:acme/many", "--dry-run")
        assert "Add --yes to fetch it all, or choose with --include." in done.stdout
        done = person.types("fetch", "huggingface:acme/many")
        assert (done.returncode, person.transfers()) == (2, [])
        assert "Add --yes" in done.stderr

    def test_names_of_many(self, person: Person, tmp_path: Path) -> None:
        person.registry = tmp_path / "own.db"
        with Registry.open(person.registry, create=True) as registry:
            made = [Record(source="huggingface", id=f"{owner}/wiki", name="wiki") for owner in ("ann", "bob", "cy")]
            registry.commit_page(registry.begin_run("test", "test"), [complete(record) for record in made])
        person.hub.add("bob/wiki", {"a.csv": b"bob\n"})
        done = person.types("fetch", "wiki")
        assert (done.returncode, done.stderr.splitlines()) == (
            2,
            [
                "Error: 'wiki' may be any of 3 datasets.",
                "Name one of them:",
                *(f"  huggingface:{owner}/wiki" for owner in ("ann", "bob", "cy")),
            ],
        )
        person.fetches("bob/wiki")
        assert person.holds("wiki") == {"a.csv": b"bob\n"}

    def test_a_name_of_nothing(self, person: Person) -> None:
        person.is_told(3, "nothing is named 'opnwebtext'.", r"Did you mean .*catalog:openwebtext.*\?", "opnwebtext")
        person.is_told(3, "nothing is named 'gsm'.", r"Did you mean catalog:gsm8k or .*\?", "gsm")
        person.is_told(2, "no connector for 'nohub' is installed .*", "See: catalog sources", "nohub:a/b")


class TestRefusals:
    """Each in one sentence with its next step and exit code, before any file comes."""

    def test_gated(self, person: Person) -> None:
        person.hub.add("acme/gated", FILES, gated="manual")
        person.hub.tokens.update(hf_stranger=set(), hf_friend={"acme/gated"})
        page = "https://huggingface.co/datasets/acme/gated"
        name = "huggingface:acme/gated"
        person.is_told(4, "acme/gated is gated: its files need a login.", f"Accept the terms at {page}, then .*", name)
        person.is_told(
            4, "acme/gated is gated, and your account has no access to it.",
            f"Accept the terms or ask for access at {page}, .*", name, HF_TOKEN="hf_stranger",
        )  # fmt: skip
        assert not (person.command.folder / "gated").exists()
        person.fetches(name, HF_TOKEN="hf_friend")
        assert person.holds("gated") == FILES

    def test_private_missing_and_disabled(self, person: Person) -> None:
        person.hub.add("me/mine", FILES, private=True)
        person.hub.add("bad/set", FILES, disabled=True)
        person.hub.tokens.update(hf_me={"me/mine"})
        step = "Check the name; if it is private, set HF_TOKEN .*"
        person.is_told(3, "The Hub has no dataset me/mine that you may see.", step, "huggingface:me/mine")
        person.is_told(3, "The Hub has no dataset no/one that you may see.", step, "huggingface:no/one")
        person.is_told(4, "bad/set has been disabled by the Hub.", "The reason may be .*", "huggingface:bad/set")
        person.fetches("huggingface:me/mine", HF_TOKEN="hf_me")
        assert person.holds("mine") == FILES

    def test_renamed(self, person: Person) -> None:
        person.hub.add("old/set", FILES)
        person.hub.rename("old/set", "new/set")
        done = person.fetches("huggingface:old/set")
        assert "note       old/set is now new/set" in done.stderr
        assert person.holds("set") == FILES

    def test_a_script_without_a_conversion(self, person: Person) -> None:
        person.hub.add("acme/scripted", {"scripted.py": SCRIPT, "README.md": b"#"})
        person.is_told(
            3, "acme/scripted holds only a loading script, which is never run, .*", "Its page may say .*",
            "huggingface:acme/scripted",
        )  # fmt: skip

    def test_offline(self, person: Person) -> None:
        person.is_told(1, "Offline mode: 127.0.0.1 was not asked.", ".+", "openwebtext", "--offline")
        person.is_told(1, "HF_HUB_OFFLINE is set, .*", ".+", "openwebtext", HF_HUB_OFFLINE="1")
        assert person.hub.requests == []

    def test_what_must_not_be_fetched(self, person: Person) -> None:
        for name in ("books3", "the_pile_books3"):
            for more in ([], ["--acknowledge"], ["--dry-run"]):
                person.is_told(
                    4, "catalog:books3 is not fetched: its content was taken without permission. .*",
                    "Look for another with: catalog search .*", name, *more,
                )  # fmt: skip
        person.is_told(4, "catalog:bookcorpus was withdrawn by its publisher. .*", ".* --acknowledge.", "bookcorpus")
        person.is_told(4, "catalog:conll-2003 needs a signed agreement.*", ".* --acknowledge.", "conll2003")
        person.is_told(4, "catalog:conll-2003 needs .*", ".* --acknowledge.", "huggingface:eriktks/conll2003")
        person.is_told(4, "catalog:jec-qa is given out on request.*", ".* --acknowledge.", "jec-qa")
        assert person.hub.requests == []

    def test_a_right_that_is_claimed(self, person: Person) -> None:
        person.hub.add("eriktks/conll2003", {"train.txt": b"EU B-ORG\n"})
        done = person.fetches("conll2003", "--acknowledge")
        assert "access     agreement" in done.stderr
        assert person.holds("conll2003") == {"train.txt": b"EU B-ORG\n"}
        assert person.receipt("conll2003")["access"].startswith("agreement")

    def test_nothing_but_a_page(self, person: Person) -> None:
        person.is_told(
            3, "nothing of catalog:aol-query-logs can be fetched by address.", "It is described at https://.*",
            "aol-query-logs", "--acknowledge",
        )  # fmt: skip


def plain(request: Request) -> Response:
    """A web server with two files."""
    found = {"/x.csv": b"a,b\n1,2\n", "/%E6%95%B0%E6%8D%AE.csv": "数据\n".encode()}.get(request.path)
    return Response(200, {"Content-Type": "text/csv"}, found) if found else Response(404)


class TestAddresses:
    def test_a_plain_file(self, person: Person) -> None:
        with Origin(plain) as origin:
            done = person.fetches(f"{origin.url}/x.csv", "--dry-run")
            assert "total      1 file of unknown size" in done.stdout
            done = person.fetches(f"{origin.url}/x.csv")
            assert "1 file in x.csv. Check any time with: catalog verify x.csv" in done.stderr
            person.fetches(f"{origin.url}/%E6%95%B0%E6%8D%AE.csv", "--out", "zh")
            done = person.types("fetch", f"{origin.url}/no.csv")
            assert done.returncode == 3
            assert "Error: no.csv is no longer at its address (404)." in done.stderr.splitlines()
            assert done.stderr.endswith("\nCheck the address, or sync the source and plan again.\n")
            assert not (person.command.folder / "no.csv").exists()
        assert person.holds("x.csv") == {"x.csv": b"a,b\n1,2\n"}
        assert person.holds("zh") == {"数据.csv": "数据\n".encode()}
        assert person.types("verify", "zh").stdout == "1 of 1 file is as it came.\n"

    def test_a_redirect_to_a_private_host_is_not_followed(self, person: Person) -> None:
        with Origin(plain) as named, Origin(plain) as inner:
            for target in (f"http://localhost:{inner.port}/x.csv", "http://169.254.169.254/latest/meta-data"):
                named.script("/x.csv", faults.redirect(target), on=1)
                done = person.types("fetch", f"{named.url}/x.csv")
                assert (done.returncode, done.stderr.count("Error: ")) == (1, 1)
                named.calm()
            assert inner.seen() == []
        assert person.holds("x.csv") == {}

    def test_an_address_in_the_registry_names_no_private_host(self, person: Person, tmp_path: Path) -> None:
        person.registry = tmp_path / "own.db"
        with Origin(plain) as origin:
            place = Distribution(url=f"{origin.url}/x.csv", path="x.csv")
            record = Record(source="test", id="trap", name="trap", distributions=(place,))
            (tmp_path / "trap.jsonl").write_bytes(encode(record) + b"\n")
            assert person.types("import", "records", "trap.jsonl").returncode == 0
            done = person.types("fetch", "trap")
            assert (done.returncode, done.stderr.count("Error: ")) == (1, 1)
            assert origin.seen() == []


def half(request: Request, response: Response, wire: Wire) -> None:
    """The first half of the body, then silence."""
    wire.write(wire.head(response, size(response.body)))
    for piece in chunks(response.body, 0, size(response.body) // 2):
        wire.write(piece)
    wire.wait(120)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_fetch_that_ends_goes_on_where_it_was(person: Person, sent: signal.Signals) -> None:
    body = Pattern(24_000_000, 5)
    person.hub.add("acme/big", {"train.parquet": body})
    person.hub.cdn.script("*", half, on=1)
    with subprocess.Popen(
        [sys.executable, "-m", "catalog", "fetch", "huggingface:acme/big"],
        cwd=person.command.folder, env=person.command.environment(person.environment),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        _wait_for(person.command.folder / "big", size(body) // 2 - 1_000_000)
        running.send_signal(sent)
        _, told = running.communicate(timeout=120)
    assert running.returncode == (130 if sent == signal.SIGINT else -sent)
    assert "Traceback" not in told
    assert "train.parquet" not in person.holds("big")
    person.hub.cdn.forget()
    person.fetches("huggingface:acme/big")
    start = re.fullmatch(r"bytes=(\d+)-", person.hub.cdn.seen()[0].headers["range"])
    assert start is not None
    assert int(start[1]) >= size(body) // 2 - (1 << 20)
    assert person.holds("big") == {"train.parquet": content(body)}
    assert person.types("verify", "big").returncode == 0


def _wait_for(folder: Path, bytes_: int) -> None:
    """Until so much of a file has come."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if folder.is_dir() and sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) >= bytes_:
            return
        time.sleep(0.02)
    raise AssertionError("the half did not come")


class TestTokens:
    def test_it_goes_to_the_hub_alone(self, person: Person) -> None:
        person.hub.add("acme/gated", FILES, gated="auto")
        person.hub.tokens["hf_canary"] = {"acme/gated"}
        done = person.fetches("huggingface:acme/gated", HF_TOKEN="hf_canary")
        assert {request.token for request in person.hub.requests} == {"hf_canary"}
        assert person.hub.cdn.seen()
        assert all("authorization" not in request.headers for request in person.hub.cdn.seen())
        assert "canary" not in done.stderr + done.stdout
        everything = [path for path in person.command.folder.rglob("*") if path.is_file()]
        assert all(b"canary" not in path.read_bytes() for path in everything)

    def test_each_address_gets_its_own(self, person: Person) -> None:
        """A source whose files lie on two hosts, of which only one is its own."""
        folder = person.command.folder / "third"
        (folder / "mixed-1.0.dist-info").mkdir(parents=True)
        (folder / "mixed-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mixed\nVersion: 1.0\n")
        (folder / "mixed-1.0.dist-info" / "entry_points.txt").write_text("[catalog.connectors]\nmixed = mixed:source\n")
        (folder / "mixed.py").write_text(MIXED)
        with Origin(plain) as own, Origin(plain) as foreign:
            places = {"OWN": own.url, "FOREIGN": foreign.url, "PYTHONPATH": str(folder)}
            person.fetches("mixed:set", **places)
            assert [request.token for request in own.seen()] == ["secret"]
            assert [request.token for request in foreign.seen()] == [""]
        assert set(person.holds("set")) == {"a.csv", "b.csv"}


MIXED = """
import os
from catalog.record import Distribution

class Source:
    name = "mixed"

    def pages(self, web, cursor):
        return iter(())

    def files(self, web, record, revision):
        return [Distribution(url=os.environ[name] + "/x.csv", path=path)
                for name, path in (("OWN", "a.csv"), ("FOREIGN", "b.csv"))]

    def hosts(self):
        return frozenset({"127.0.0.1"})

    def token(self, url):
        return "secret" if url.startswith(os.environ["OWN"]) else None

source = Source()
"""


def test_verify_needs_a_receipt(person: Person) -> None:
    (person.command.folder / "plain").mkdir()
    for name, code in (("plain", 3), ("nowhere", 2)):
        done = person.types("verify", name)
        assert (done.returncode, done.stderr.count("\n")) == (code, 2)


def test_a_synced_copy_of_what_was_withdrawn_is_refused_too(catalog_command: Command) -> None:
    assert catalog_command("init").returncode == 0
    line = '{"source":"huggingface","id":"bookcorpus/bookcorpus","name":"bookcorpus/bookcorpus","access":"open"}'
    assert catalog_command("import", "records", "-", stdin=line.encode()).returncode == 0
    done = catalog_command("fetch", "huggingface:bookcorpus/bookcorpus", "--dry-run")
    assert done.returncode == 4, done.stderr
    assert "withdrawn" in done.stderr
