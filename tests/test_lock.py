"""`catalog.lock` as a person meets it: written by fetch, followed by --locked, checked by verify."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError, Fatal
from catalog.fetch.lockfile import Locked, LockedFile, fingerprint, is_data, parsed, place_of, written
from catalog.record import Distribution, Record, encode
from tests.conftest import Command
from tests.origin import Hub, Origin, Request, Response, faults
from tests.origin.content import Body
from tests.person import Person

GSM8K: Mapping[str, Body] = {
    "README.md": b"# GSM8K\n",
    "main/train.parquet": b"PAR1" + bytes(range(256)) * 40 + b"PAR1",
    "main/test.csv": b"question,answer\n1+1?,2\n",
}


@pytest.fixture
def person(catalog_command: Command, hub: Hub, embedded: Path) -> Person:
    return Person(catalog_command, hub, embedded)


def lock(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((person.command.folder / "catalog.lock").read_text("utf-8"))
    return found


def entry(person: Person) -> dict[str, Any]:
    (found,) = lock(person)["datasets"]
    assert isinstance(found, dict)
    return found


def forget(person: Person, folder: str = "gsm8k") -> None:
    """Delete the data, as a clone of the project has none."""
    for path in sorted((person.command.folder / folder).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (person.command.folder / folder).rmdir()


class TestWriting:
    def test_what_it_says(self, person: Person) -> None:
        repo = person.hub.add("openai/gsm8k", GSM8K)
        done = person.fetches("gsm8k")
        assert "lock       catalog.lock: 3 files" in done.stderr
        found = entry(person)
        files = found.pop("files")
        assert [(file["path"], file["bytes"]) for file in files] == [
            (path, len(GSM8K[path]))
            for path in sorted(GSM8K)  # type: ignore[arg-type]
        ]
        assert all(len(file["sha256"]) == 64 and file["url"].startswith(person.hub.endpoint) for file in files)
        assert {file["digest"].partition(":")[0] for file in files if "digest" in file} == {"git-sha1"}
        assert found.pop("fetched")[:2] == "20"
        assert found.pop("reason")
        assert found.pop("fingerprint").startswith("sha256:")
        assert found == {
            "name": "gsm8k", "key": "catalog:gsm8k", "source": "huggingface:openai/gsm8k", "host": "127.0.0.1",
            "revision": repo.refs["main"], "folder": "gsm8k", "title": "GSM8K",
            "license": "MIT", "commercial": "yes",
        }  # fmt: skip

    def test_the_same_fetch_writes_the_same_bytes(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        before = (person.command.folder / "catalog.lock").read_bytes()
        person.fetches("gsm8k")
        assert (person.command.folder / "catalog.lock").read_bytes() == before
        forget(person)
        person.fetches("gsm8k")
        assert (person.command.folder / "catalog.lock").read_bytes() == before

    def test_a_readme_edit_changes_the_revision_and_not_the_fingerprint(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        first = entry(person)
        person.hub.touch("openai/gsm8k", {**GSM8K, "README.md": b"# Now with a typo less\n", "LICENSE": b"MIT\n"})
        person.fetches("gsm8k")
        second = entry(person)
        person.hub.touch("openai/gsm8k", {**GSM8K, "main/test.csv": b"question,answer\n1+1?,3\n"})
        person.fetches("gsm8k")
        third = entry(person)
        assert first["revision"] != second["revision"] != third["revision"]
        assert first["fingerprint"] == second["fingerprint"] != third["fingerprint"]

    def test_the_fingerprint_is_that_of_sha256sum(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        command = "sha256sum main/* | LC_ALL=C sort | sha256sum"
        done = subprocess.run(
            ["sh", "-c", command], cwd=person.command.folder / "gsm8k", capture_output=True, text=True, check=True
        )
        assert entry(person)["fingerprint"] == f"sha256:{done.stdout.split()[0]}"

    def test_parts_of_one_revision_add_up(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k", "--include", "main/*.csv")
        person.fetches("gsm8k", "--include", "main/*.parquet")
        assert [file["path"] for file in entry(person)["files"]] == ["main/test.csv", "main/train.parquet"]

    def test_several_datasets_and_folders(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.hub.add("a/b", {"x.csv": b"1\n"})
        done = person.fetches("gsm8k", "huggingface:a/b", "--json")
        assert [each["key"] for each in json.loads(done.stdout)["datasets"]] == [
            "huggingface:openai/gsm8k", "huggingface:a/b",
        ]  # fmt: skip
        person.fetches("gsm8k", "--out", "data/again")
        assert [each["folder"] for each in lock(person)["datasets"]] == ["b", "data/again", "gsm8k"]

    def test_one_that_fails_does_not_keep_the_others(self, person: Person) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        done = person.types("fetch", "huggingface:a/none", "books3", "huggingface:a/b", "--json")
        assert done.returncode == 3
        told = json.loads(done.stdout)["datasets"]
        assert ["error" in each for each in told] == [True, True, False]
        assert person.holds("b") == {"x.csv": b"1\n"}

    def test_where_it_goes(self, person: Person) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        person.fetches("huggingface:a/b", "--no-lock")
        assert not (person.command.folder / "catalog.lock").exists()
        (person.command.folder / "locks").mkdir()
        person.fetches("huggingface:a/b", "--lock", "locks/mine.lock")
        assert json.loads((person.command.folder / "locks" / "mine.lock").read_text())["datasets"][0]["folder"] == str(
            person.command.folder / "b"
        )
        assert not (person.command.folder / "catalog.lock").exists()
        person.is_told(2, "there is no folder .*", "Name another with --lock, .*", "huggingface:a/b", "--lock", "no/x")
        person.is_told(2, "--lock and --no-lock .*", ".+", "huggingface:a/b", "--lock", "x", "--no-lock")
        assert not person.types("fetch", "huggingface:a/b", "--dry-run").stderr
        assert not (person.command.folder / "catalog.lock").exists()

    def test_in_a_repository_it_is_found_from_below(self, person: Person) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        person.fetches("huggingface:a/b")
        (person.command.folder / ".git").mkdir()
        below = person.command.folder / "src" / "deep"
        below.mkdir(parents=True)
        person.command = Command(below)
        person.fetches("huggingface:a/b", "--out", "c")
        assert not (below / "catalog.lock").exists()
        person.command = Command(below.parents[1])
        assert [each["folder"] for each in lock(person)["datasets"]] == ["b", "src/deep/c"]

    def test_json_says_it(self, person: Person) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        told = json.loads(person.fetches("huggingface:a/b", "--json").stdout)
        assert (told["lock"], told["fingerprint"]) == ("catalog.lock", entry(person)["fingerprint"])


class TestFollowing:
    def test_the_pinned_revision_comes(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        before = (person.command.folder / "catalog.lock").read_bytes()
        forget(person)
        person.hub.touch("openai/gsm8k", {"other.csv": b"x\n"})
        done = person.fetches("--locked")
        assert "gsm8k, as catalog.lock says:" in done.stderr
        assert person.holds("gsm8k") == GSM8K
        assert (person.command.folder / "catalog.lock").read_bytes() == before
        assert person.types("verify").returncode == 0
        person.transfers()
        person.fetches("--locked", "gsm8k")
        assert person.transfers() == []

    def test_by_any_of_its_names(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.hub.add("a/b", {"x.csv": b"1\n"})
        person.fetches("gsm8k", "huggingface:a/b")
        for name in ("gsm8k", "catalog:gsm8k", "huggingface:openai/gsm8k"):
            forget(person)
            told = json.loads(person.fetches("--locked", name, "--json").stdout)
            assert [(each["key"], each["ok"], each["mirrors"]) for each in told["datasets"]] == [
                ("huggingface:openai/gsm8k", True, [])
            ]
        person.fetches("--locked", "gsm8k", "--out", "elsewhere")
        assert person.holds("elsewhere") == GSM8K
        person.is_told(3, "catalog.lock does not have 'x'.", "It has huggingface:a/b, gsm8k.", "--locked", "x")
        person.is_told(2, "--out is for one dataset.", ".+", "--locked", "--out", "x")
        person.is_told(2, "--include has no meaning with --locked.", ".+", "--locked", "--include", "*")

    def test_a_dry_run_says_what_would_come(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        person.hub.origin.forget()
        done = person.fetches("--locked", "--dry-run")
        assert "in 3 files" in done.stdout
        assert "sha256" in done.stdout
        assert person.hub.requests == []

    def test_without_a_registry(self, person: Person, tmp_path: Path) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        forget(person)
        person.registry = tmp_path / "none.db"
        person.fetches("--locked")
        assert person.holds("gsm8k") == GSM8K

    def test_without_a_lock(self, person: Person) -> None:
        person.is_told(3, "there is no lock catalog.lock.", "catalog fetch NAME writes one.", "--locked")
        person.is_told(2, "a fetch needs the name of a dataset.", ".* --locked")

    def test_what_was_withdrawn_since_is_refused(self, person: Person, tmp_path: Path) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        person.registry = tmp_path / "own.db"
        remember(person, Record(source="huggingface", id="a/b", name="a/b", access="open"))
        person.fetches("huggingface:a/b")
        remember(person, Record(source="huggingface", id="a/b", name="a/b", access="withdrawn"))
        person.is_told(4, "huggingface:a/b was withdrawn .*", ".*--acknowledge.", "--locked", "huggingface:a/b")


def remember(person: Person, *records: Record) -> None:
    """Put records into the person's own registry."""
    path = person.command.folder / "records.jsonl"
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    done = person.types("import", "records", path.name)
    assert done.returncode == 0, done.stderr


CSV = b"a,b\n" + b"1,2\n" * 5000


class Site:
    """A web server with one file, which changes."""

    def __init__(self) -> None:
        self.body = CSV
        self.kind = "text/csv"
        self.status = 200

    def __call__(self, request: Request) -> Response:
        return Response(self.status, {"Content-Type": self.kind}, self.body if self.status == 200 else b"")


class TestWhatIsToldApart:
    @pytest.mark.parametrize(
        ("body", "kind", "status", "fault", "code", "sentence"),
        [
            (CSV[:-4], "text/csv", 200, "changed", 1, r"x.csv has 20,000 bytes at its source, not the locked 20,004\."),
            (CSV[:-2] + b"3\n", "text/csv", 200, "changed", 1, r"x.csv is not the locked file: its sha256 differs\."),
            (faults.PORTAL, "text/html", 200, "page", 1, r"A web page came instead of x.csv\."),
            (faults.PORTAL, "application/octet-stream", 200, "page", 1, r"A web page came instead of x.csv\."),
            (b"", "text/csv", 404, "gone", 3, r"x.csv is no longer at its address \(404\)\."),
            (b"", "text/csv", 403, "gated", 4, r"x.csv is not given out without permission \(403\)\."),
        ],
    )  # fmt: skip
    def test_a_fault_at_the_source(
        self, person: Person, body: bytes, kind: str, status: int, fault: str, code: int, sentence: str
    ) -> None:
        site = Site()
        with Origin(site) as origin:
            url = f"{origin.url}/x.csv"
            person.fetches(url)
            forget(person, "x.csv")
            site.body, site.kind, site.status = body, kind, status
            person_told = person.types("fetch", "--locked", url)
            told = json.loads(person.types("fetch", "--locked", url, "--json").stdout)
            assert person_told.returncode == code, person_told.stderr
            said = [line for line in person_told.stderr.splitlines() if line.startswith("Error: ")]
            assert len(said) == 1
            assert re.fullmatch(f"Error: {sentence}", said[0])
            assert [(each["ok"], each["fault"]) for each in told["datasets"]] == [(False, fault)]
            assert person.holds("x.csv") == {}

    def test_a_body_that_always_breaks_off(self, person: Person) -> None:
        site = Site()
        with Origin(site) as origin:
            url = f"{origin.url}/x.csv"
            person.fetches(url)
            forget(person, "x.csv")
            origin.script("/x.csv", faults.no_length(0.5))
            told = json.loads(person.types("fetch", "--locked", url, "--json").stdout)
            assert [each["fault"] for each in told["datasets"]] == ["truncated"]
            assert "broke off" in told["datasets"][0]["error"]
            origin.calm()
            person.fetches("--locked", url)
        assert person.holds("x.csv") == {"x.csv": CSV}

    def test_a_private_host_counts_only_where_it_is_typed(self, person: Person) -> None:
        with Origin(Site()) as origin:
            url = f"{origin.url}/x.csv"
            person.fetches(url)
            forget(person, "x.csv")
            done = person.types("fetch", "--locked")
            assert (done.returncode, person.holds("x.csv")) == (1, {})
            person.fetches("--locked", url)


class TestMirrors:
    @pytest.fixture(autouse=True)
    def _two_places(self, person: Person, tmp_path: Path) -> None:
        person.registry = tmp_path / "own.db"
        places = tuple(Distribution(url=f"huggingface:{id}", kind="repo") for id in ("first/set", "second/set"))
        remember(person, Record(source="catalog", id="set", name="set", distributions=places))
        person.hub.add("first/set", GSM8K)
        person.fetches("set")
        forget(person, "set")
        person.hub.remove("first/set")

    def test_equal_bytes_are_taken(self, person: Person) -> None:
        person.hub.add("second/set", {"data/train.parquet": GSM8K["main/train.parquet"], "README.md": b"# GSM8K\n",
                                      "test.csv": GSM8K["main/test.csv"], "more.csv": b"more\n"})  # fmt: skip
        done = person.fetches("--locked", "--json")
        assert "first/set" in done.stderr
        assert "Taking the same files from huggingface:second/set." in done.stderr
        assert json.loads(done.stdout)["datasets"][0]["mirrors"] == ["huggingface:second/set"]
        assert person.holds("set") == GSM8K
        assert entry(person)["source"] == "huggingface:first/set"

    @pytest.mark.parametrize(
        "files",
        [
            {},
            {**GSM8K, "main/test.csv": b"question,answer\n1+1?,3\n"},
            {**GSM8K, "main/test.csv": b"question,answer\n1+1?,11\n"},
            {name: body for name, body in GSM8K.items() if name != "README.md"},
        ],
    )
    def test_others_are_not(self, person: Person, files: Mapping[str, Body]) -> None:
        person.hub.add("second/set", files)
        done = person.types("fetch", "--locked")
        assert done.returncode == 3
        assert "first/set" in done.stderr
        assert person.holds("set").get("main/test.csv") in (None, GSM8K["main/test.csv"])

    def test_a_source_that_fails_is_taken_for_what_is_missing_alone(self, person: Person) -> None:
        person.hub.add("second/set", GSM8K)
        (person.command.folder / "set").mkdir()
        (person.command.folder / "set" / "README.md").write_bytes(b"# GSM8K\n")
        person.fetches("--locked")
        assert person.holds("set") == GSM8K


class TestChecking:
    def test_from_the_lock(self, person: Person) -> None:
        person.hub.add("openai/gsm8k", GSM8K)
        person.fetches("gsm8k")
        done = person.types("verify")
        assert (done.returncode, done.stdout) == (0, "gsm8k in gsm8k\n3 of 3 files are as they came.\n")
        (person.command.folder / "gsm8k" / "main" / "test.csv").write_bytes(b"question,answer\n1+1?,3\n")
        (person.command.folder / "gsm8k" / "README.md").unlink()
        (person.command.folder / "gsm8k" / ".catalog-receipt.json").unlink()
        done = person.types("verify", "catalog.lock")
        assert done.returncode == 1
        assert done.stdout.splitlines()[1:3] == ["missing  README.md", "changed  main/test.csv"]
        assert "Mend them with: catalog fetch --locked" in done.stderr
        told = json.loads(person.types("verify", "gsm8k", "--lock", "catalog.lock", "--json").stdout)
        assert (told["ok"], told["datasets"][0]["missing"]) == (False, ["README.md"])
        person.fetches("--locked")
        assert person.types("verify").returncode == 0
        forget(person)
        assert person.types("verify").stdout.count("missing") == 3

    def test_a_changed_verdict_is_noted(self, person: Person, tmp_path: Path) -> None:
        person.hub.add("a/b", {"x.csv": b"1\n"})
        person.registry = tmp_path / "own.db"
        told = {"source": "huggingface", "id": "a/b", "name": "b", "access": "open"}
        for license in ("mit", "cc-by-nc-4.0"):
            line = {**told, "licenses": [{"raw": license, "by": "the card"}]}
            (person.command.folder / "one.jsonl").write_text(json.dumps(line) + "\n")
            assert person.types("import", "records", "one.jsonl").returncode == 0
            if license == "mit":
                person.fetches("huggingface:a/b")
                assert "note" not in person.types("verify").stderr
        for place in ((), ("b",)):
            done = person.types("verify", *place)
            assert done.returncode == 0
            assert "note: " in done.stderr
            assert "it is now" in done.stderr
            assert "note" in json.loads(person.types("verify", *place, "--json").stdout) or not place
        note = json.loads(person.types("verify", "--json").stdout)["datasets"][0]["note"]
        assert note.startswith(
            "the license of huggingface:a/b was MIT, commercial use: yes; it is now CC-BY-NC-4.0, commercial use: no ("
        )
        assert "note       the license of" in person.fetches("--locked").stderr


def a_locked(folder: str = "x", **fields: Any) -> Locked:
    file = LockedFile(path="x.csv", bytes=1, sha256="0" * 64)
    told = dict.fromkeys(
        ("name", "key", "source", "host", "revision", "title", "license", "commercial", "reason", "fetched",
         "fingerprint"),
        "x",
    )  # fmt: skip
    return Locked(**{**told, "folder": folder, "files": (file,), **fields})


class TestHostileLocks:
    @pytest.mark.parametrize("folder", ["../up", "/etc", "a/../../b", "~/x/../..", "C:\\x"])
    def test_a_folder_outside_is_not_written_to(self, person: Person, folder: str, tmp_path: Path) -> None:
        (person.command.folder / "catalog.lock").write_bytes(written([a_locked(folder)]))
        inside = place_of(person.command.folder / "catalog.lock", a_locked(folder))
        assert inside is None or inside.resolve().is_relative_to(person.command.folder)
        if inside is None:
            person.is_told(2, ".*outside of its own folder.", "Say where it goes with: .*", "--locked", "x")

    def test_a_linked_folder_leads_nowhere(self, person: Person, tmp_path_factory: pytest.TempPathFactory) -> None:
        outside = tmp_path_factory.mktemp("outside")
        (person.command.folder / "x").symlink_to(outside)
        (person.command.folder / "catalog.lock").write_bytes(written([a_locked()]))
        person.is_told(2, ".*outside of its own folder.", ".*", "--locked", "x")

    @pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ""])
    def test_a_path_outside_is_not_written_to(self, person: Person, path: str) -> None:
        file = LockedFile(path=path, bytes=1, sha256="0" * 64, url=f"{person.hub.endpoint}/x")
        (person.command.folder / "catalog.lock").write_bytes(written([a_locked(files=(file,))]))
        done = person.types("fetch", "--locked", "x")
        assert done.returncode == 1
        assert person.hub.requests == []
        assert person.types("verify").returncode == 1

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "is no lock"),
            ('{"version": 2, "datasets": []}', "is of version 2, and this is read: 1"),
            ('{"version": 1, "datasets": [{"name": 1}]}', "is no lock"),
            ('{"version": 1}', "is no lock"),
            ("{\n<<<<<<< HEAD\n", "holds both sides of a merge"),
            ("[" * 100_000, "is no lock"),
        ],
    )
    def test_a_broken_lock_is_one_sentence(self, person: Person, text: str, said: str) -> None:
        (person.command.folder / "catalog.lock").write_text(text)
        person.is_told(1, f"catalog.lock {said}.*", ".+", "--locked")
        person.hub.add("a/b", {"x.csv": b"1\n"})
        assert person.types("fetch", "huggingface:a/b").returncode == 1
        assert (person.command.folder / "catalog.lock").read_text() == text


texts = st.text(max_size=20).filter(lambda text: text.isprintable() or True)


@settings(deadline=None)
@given(st.lists(st.builds(a_locked, folder=texts, name=texts, title=texts), max_size=4))
def test_a_lock_reads_back(entries: list[Locked]) -> None:
    try:
        data = written(entries)
        found = parsed(data, Path("catalog.lock"))
    except CatalogError:
        assert any("\ud800" <= c <= "\udfff" for each in entries for c in each.folder + each.name + each.title)
        return
    assert written(found) == data
    assert {each.folder for each in found} == {each.folder for each in entries} or b"?" in data
    assert json.loads(data)["version"] == 1


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_no_lock_or_a_lock(data: bytes) -> None:
    try:
        parsed(data, Path("catalog.lock"))
    except Fatal:
        pass


def test_the_fingerprint_knows_no_order_and_no_cards() -> None:
    files = [LockedFile(path=f"d/{n}.csv", bytes=1, sha256=f"{n:064x}") for n in range(5)]
    about = [LockedFile(path=each, bytes=1, sha256="f" * 64) for each in ("README.md", "LICENSE", ".gitattributes")]
    assert fingerprint(files) == fingerprint([*about, *reversed(files)])
    swapped = [
        msgspec.structs.replace(file, path=other.path) for file, other in zip(files, reversed(files), strict=True)
    ]
    assert fingerprint(files) != fingerprint(swapped)
    assert fingerprint(about) == ""


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("README.md", False), ("a/readme_en.txt", False), ("LICENSE", False), ("license-MIT.txt", False),
        (".gitignore", False), ("licenses.csv", True), ("notice_board.jsonl", True), ("readme.parquet", True),
        ("data.txt", True), ("load.py", False), ("dataset_infos.json", False), ("data/train.json", True),
        ("README", False), ("CITATION.cff", False),
    ],
)  # fmt: skip
def test_what_counts_as_data(path: str, data: bool) -> None:
    assert is_data(path) == data


WRITER = """
import pathlib, sys
from catalog.fetch.lockfile import Locked, LockedFile, update
from tests.test_lock import a_locked
for n in range(int(sys.argv[2])):
    update(pathlib.Path("catalog.lock"), lambda entries, n=n: a_locked(f"{sys.argv[1]}-{n}"))
"""


def test_processes_side_by_side_lose_no_entry(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(each), "10"], cwd=tmp_path, env={"PYTHONPATH": str(root)})
        for each in range(4)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    found = parsed((tmp_path / "catalog.lock").read_bytes(), tmp_path)
    assert len(found) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.lock"]
