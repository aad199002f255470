"""`catalog fetch kaggle:owner/slug`: the bundle and single files, signed addresses that expire, checksums, logins."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import Fatal, Gated, Usage
from catalog.fetch import fetch, verify
from catalog.fetch.named import plan_of, split_revision, target_named
from catalog.fetch.receipt import Receipt
from catalog.fetch.resume import comes_packed, told_digest
from catalog.web import Web, WebSettings
from tests.conftest import Command
from tests.origin import Request, Response, faults
from tests.origin.kaggle import Kaggle

TOKEN = "KGAT_canary0123456789abcdef"
BIG = os.urandom(300_000)


def unknown(name: str) -> Any:
    from catalog.errors import NotFound

    raise NotFound(f"nothing is named {name!r}.")


class Fetcher:
    """`catalog.fetch` as the command line drives it, in this process."""

    def __init__(self, kaggle: Kaggle, folder: Path) -> None:
        self.kaggle = kaggle
        self.folder = folder
        self.notes: list[str] = []

    def __call__(self, name: str, *include: str, revision: str | None = None, out: str = "out") -> Receipt:
        target = target_named(name, unknown, lambda _: [], acknowledged=False)
        settings = WebSettings(allow_private_hosts=target.hosts, tries=3, sleep=lambda _: None)
        with Web(settings) as web:
            files = target.distributions(web, revision, chosen=bool(include))
            self.notes = [file.note for file in files if file.note]
            plan = plan_of(target, files, str(self.folder / out), revision=revision or "", include=include)
            return fetch(web, plan, self.folder / out, token=target.token)

    def read(self, path: str, out: str = "out") -> bytes:
        return (self.folder / out / path).read_bytes()


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kaggle]:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Kaggle() as kaggle:
        monkeypatch.setenv("CATALOG_KAGGLE_ENDPOINT", kaggle.endpoint)
        yield kaggle


@pytest.fixture
def bring(kaggle: Kaggle, tmp_path: Path) -> Fetcher:
    return Fetcher(kaggle, tmp_path)


class TestWhatComes:
    def test_the_bundle_by_default(self, kaggle: Kaggle, bring: Fetcher) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": BIG, "b.csv": b"2"})
        receipt = bring("kaggle:acme/set")
        (file,) = receipt.files
        assert (file.path, file.verified, receipt.revision, receipt.key) == (
            "archive.zip",
            "md5",
            "1",
            "kaggle:acme/set",
        )
        assert bring.read("archive.zip") == shelf.bundle(1)
        assert "Signature" not in json.dumps(receipt.to_dict())
        assert verify(bring.folder / "out").ok
        kaggle.storage.forget()
        bring("kaggle:acme/set")
        assert len(kaggle.storage.requests) == 1  # the first byte, to learn the size

    def test_single_files_where_they_are_chosen(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"a.csv": b"1", "deep/ü b.csv": BIG, "c.json": b"3"})
        receipt = bring("kaggle:acme/set", "*.csv")
        assert [file.path for file in receipt.files] == ["a.csv", "deep/ü b.csv"]
        assert bring.read("deep/ü b.csv") == BIG
        assert {file.verified for file in receipt.files} == {"md5"}  # by what the storage says

    def test_a_version_in_the_name(self, kaggle: Kaggle, bring: Fetcher) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": b"old"})
        kaggle.release("acme/set", {"a.csv": b"new"})
        assert bring("kaggle:acme/set@1").revision == "1"
        assert bring.read("archive.zip") == shelf.bundle(1)
        assert bring("kaggle:acme/set", out="new").revision == "2"
        assert bring("kaggle:acme/set", revision="1", out="old").revision == "1"
        assert bring("kaggle:acme/set@1", "a.csv", out="one").revision == "1"
        assert bring.read("a.csv", "one") == b"old"
        with pytest.raises(Usage, match="Name one"):
            bring("kaggle:acme/set@1", revision="2")

    def test_names_with_revisions(self) -> None:
        assert split_revision("kaggle:a/b@3") == ("kaggle:a/b", "3")
        assert split_revision("huggingface:a/b@refs/pr/1") == ("huggingface:a/b", "refs/pr/1")
        for plain in ("kaggle:a/b", "a@b", "kaggle:a/b@", "@x", "kaggle:@x"):
            assert split_revision(plain) == (plain, "")

    def test_a_file_that_comes_packed(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"deep/big.csv": BIG, "a.csv": b"1"}, packs=frozenset(["deep/big.csv"]))
        receipt = bring("kaggle:acme/set", "*.csv")
        assert [file.path for file in receipt.files] == ["a.csv", "deep/big.csv.zip"]
        with zipfile.ZipFile(io.BytesIO(bring.read("deep/big.csv.zip"))) as archive:
            assert archive.read("big.csv") == BIG
        kaggle.storage.forget()
        assert [file.path for file in bring("kaggle:acme/set", "*.csv").files] == ["a.csv", "deep/big.csv.zip"]
        assert kaggle.storage.requests == []

    def test_a_version_without_its_zip(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"a.csv": b"1", "b.csv": b"2"}).unpacked = frozenset([1])
        assert [file.path for file in bring("kaggle:acme/set").files] == ["a.csv", "b.csv"]
        assert "not packed" in bring.notes[0]


class TestSignedAddresses:
    def test_an_expired_one_is_signed_anew_and_nothing_is_lost(self, kaggle: Kaggle, bring: Fetcher) -> None:
        """The storage hangs up half-way, and the address has run out when it is asked again."""
        shelf = kaggle.add("acme/set", {"a.csv": BIG})
        whole = shelf.bundle(1)

        def cut_and_expire(request: Request, response: Response, wire: Any) -> None:
            kaggle.expire_links()
            faults.cut(150_000)(request, response, wire)

        rule = kaggle.storage.script("*archive.zip", cut_and_expire, on=2)  # 1 is the look at the first byte
        bring("kaggle:acme/set")
        assert rule.fired == 1
        assert bring.read("archive.zip") == whole
        last = kaggle.storage.requests[-1]
        assert last.headers["range"] == "bytes=150000-"
        assert last.headers["if-range"].strip('"') == base64.b64encode(hashlib.md5(whole).digest()).decode()
        assert last.first("X-Goog-Signature") == "2"
        assert len(kaggle.site.seen("*/download/acme/set")) == 3

    @pytest.mark.parametrize("status", [400, 403])
    def test_a_refusal_of_the_storage_is_asked_anew(self, kaggle: Kaggle, bring: Fetcher, status: int) -> None:
        """The answer of an expired address is never taken for data."""
        shelf = kaggle.add("acme/set", {"a.csv": BIG})
        kaggle.storage.script("*archive.zip", faults.cut(100_000), on=2)
        kaggle.storage.script("*archive.zip", faults.status(status, b"<Error><Code>ExpiredToken</Code></Error>"), on=3)
        bring("kaggle:acme/set")
        assert bring.read("archive.zip") == shelf.bundle(1)
        assert kaggle.storage.requests[-1].headers["range"] == "bytes=100000-"

    def test_another_run_goes_on(self, kaggle: Kaggle, bring: Fetcher) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": BIG})
        rule = kaggle.storage.script("*archive.zip", faults.cut(120_000), on=2)
        kaggle.storage.script("*archive.zip", faults.status(404), on=range(3, 10))
        with pytest.raises(Exception, match=r"archive\.zip"):
            bring("kaggle:acme/set")
        assert rule.fired == 1
        kaggle.storage.calm()
        kaggle.expire_links()
        bring("kaggle:acme/set")
        assert bring.read("archive.zip") == shelf.bundle(1)
        assert kaggle.storage.requests[-1].headers["range"] == "bytes=120000-"

    def test_a_new_version_is_never_spliced(self, kaggle: Kaggle, bring: Fetcher) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": BIG})
        kaggle.storage.script("*archive.zip", faults.cut(100_000), on=2)

        def replaced(request: Request, response: Response, wire: Any) -> None:
            shelf.versions[1] = {"a.csv": BIG[::-1]}
            wire.send(Response(503))

        kaggle.storage.script("*archive.zip", replaced, on=3)
        with pytest.raises(Fatal, match=r"changed|not the planned|differs|damaged"):
            bring("kaggle:acme/set")
        assert not (bring.folder / "out" / "archive.zip").exists()


class TestChecksums:
    def test_the_storage_s_own(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"a.csv": BIG})
        wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        kaggle.storage.script("*a.csv", faults.headers(x_goog_hash=f"crc32c=AAAAAA==,md5={wrong}"))
        with pytest.raises(Fatal, match="came damaged"):
            bring("kaggle:acme/set", "a.csv")
        assert not (bring.folder / "out" / "a.csv").exists()

    def test_that_of_croissant_where_the_storage_names_none(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"a.csv": BIG})
        kaggle.storage.script("*archive.zip", faults.headers(x_goog_hash=""))
        assert bring("kaggle:acme/set").files[0].verified == "md5"
        shelf = kaggle.add("acme/other", {"a.csv": BIG})
        document = {"version": 1, "distribution": [{"name": "archive.zip", "md5": "xnQ+q8WLj9aPCvhTsG+L6A=="}]}
        shelf.document = {**document, "url": "https://www.kaggle.com/datasets/acme/other/versions/1"}
        with pytest.raises(Fatal, match="md5 differs"):
            bring("kaggle:acme/other", out="other")

    def test_a_resumed_file_is_checked_whole(self, kaggle: Kaggle, bring: Fetcher) -> None:
        kaggle.add("acme/set", {"a.csv": BIG})
        kaggle.storage.script("*a.csv", faults.cut(100_000), on=1)
        assert bring("kaggle:acme/set", "a.csv").files[0].verified == "md5"
        assert bring.read("a.csv") == BIG

    def test_headers(self) -> None:
        told = "md5:" + base64.b64decode("xnQ+q8WLj9aPCvhTsG+L6A==").hex()
        for value in ("crc32c=AAAAAA==,md5=xnQ+q8WLj9aPCvhTsG+L6A==", "md5=xnQ+q8WLj9aPCvhTsG+L6A==, crc32c=AAAAAA=="):
            assert told_digest({"x-goog-hash": value}) == told
        for value in ("", "crc32c=AAAAAA==", "md5=short", "xmd5=xnQ+q8WLj9aPCvhTsG+L6A=="):
            assert told_digest({"x-goog-hash": value}) == ""
        coded = {"x-goog-hash": "md5=xnQ+q8WLj9aPCvhTsG+L6A==", "x-goog-stored-content-encoding": "gzip"}
        assert told_digest(coded) == ""

    def test_packed_names(self) -> None:
        assert comes_packed("deep/a b.csv", "https://x.example/y/a%20b.csv.zip?sig=1")
        for other in ("https://x.example/a.csv", "https://x.example/", "http://[", "https://x.example/b.csv.zip"):
            assert not comes_packed("a.csv", other)


class TestLogins:
    def test_consent(self, kaggle: Kaggle, bring: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
        shelf = kaggle.add("acme/set", {"a.csv": BIG}, consent=True)
        with pytest.raises(Gated, match="does not give out its files") as told:
            bring("kaggle:acme/set")
        assert "https://www.kaggle.com/datasets/acme/set" in told.value.hint
        monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
        kaggle.logins[f"Bearer {TOKEN}"] = set()
        with pytest.raises(Gated, match="does not give out its files"):
            bring("kaggle:acme/set")
        kaggle.logins[f"Bearer {TOKEN}"] = {"acme/set"}
        bring("kaggle:acme/set")
        assert bring.read("archive.zip") == shelf.bundle(1)

    def test_private(self, kaggle: Kaggle, bring: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
        kaggle.add("acme/mine", private=True)
        monkeypatch.setenv("KAGGLE_USERNAME", "ann")
        monkeypatch.setenv("KAGGLE_KEY", "secret-key")
        kaggle.logins["Basic " + base64.b64encode(b"ann:secret-key").decode()] = {"acme/mine"}
        assert bring("kaggle:acme/mine").files[0].path == "archive.zip"

    def test_the_login_stays_at_kaggle_and_in_no_log(
        self, kaggle: Kaggle, bring: Fetcher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        kaggle.add("acme/set", {"a.csv": BIG})
        monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
        with caplog.at_level(logging.DEBUG), pytest.raises(Gated, match="does not take the API token") as told:
            bring("kaggle:acme/set")
        assert "KAGGLE_API_TOKEN" in told.value.message
        kaggle.logins[f"Bearer {TOKEN}"] = set()
        with caplog.at_level(logging.DEBUG):
            bring("kaggle:acme/set")
        assert all("authorization" not in request.headers for request in kaggle.storage.requests)
        assert any(request.headers.get("authorization") == f"Bearer {TOKEN}" for request in kaggle.site.requests)
        texts = [caplog.text, str(told.value), repr(told.value)]
        texts += [path.read_text("latin-1") for path in (bring.folder / "out").rglob("*") if path.is_file()]
        assert not any(TOKEN in text for text in texts)


class TestCommand:
    def test_fetch_and_unpack(self, kaggle: Kaggle, catalog_command: Command) -> None:
        kaggle.add("acme/set", {"a.csv": b"a,b\n1,2\n", "deep/b.csv": b"3"})
        environment = {**kaggle.environment, "KAGGLE_API_TOKEN": ""}
        plan = catalog_command("fetch", "kaggle:acme/set@1", "--dry-run", env=environment)
        assert plan.returncode == 0, plan.stderr
        assert "archive.zip" in plan.stdout
        assert "md5" in plan.stdout
        done = catalog_command("fetch", "kaggle:acme/set@1", "--unpack", env=environment)
        assert done.returncode == 0, done.stderr
        assert "2 files" in done.stderr
        assert (catalog_command.folder / "set" / "archive" / "deep" / "b.csv").read_bytes() == b"3"
        again = catalog_command("fetch", "kaggle:acme/set@1", "--unpack", "--json", env=environment)
        assert again.returncode == 0, again.stderr
        shown = json.loads(again.stdout)
        assert (shown["revision"], shown["unpacked"]["archive.zip"]["already"]) == ("1", True)
        refused = catalog_command("fetch", "kaggle:acme/set@9", env=environment)
        assert refused.returncode == 3
        assert "Its versions are 1 to 1." in refused.stderr
