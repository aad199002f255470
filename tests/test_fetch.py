"""Fetching against a server that misbehaves: what is placed is whole, and nothing that came is lost."""

from __future__ import annotations

import hashlib
import json
import os
import random
import stat
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError, Fatal, Gated, NotFound, Retriable, Usage
from catalog.fetch import (
    CAP_BYTES,
    FetchPlan,
    Placed,
    PlannedFile,
    Progress,
    Receipt,
    fetch,
    make_plan,
    parts,
    resume,
    verify,
)
from catalog.fetch.parts import Note
from catalog.fetch.place import Folder
from catalog.fetch.plan import distinct_paths
from catalog.record import Distribution
from catalog.web import HttpStatus, OutOfTime, Web, WebSettings
from tests import faults
from tests.faults import Act, FaultServer, Ranged, answer

LOOPBACK = frozenset({"127.0.0.1"})
RECEIPT = ".catalog-receipt.json"
DATA = random.Random(7).randbytes(3_000_000)
OTHER = random.Random(8).randbytes(3_000_000)


def no_wait(seconds: float) -> None:
    """Waits that do not last."""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[FaultServer]:
    with faults.serving() as found:
        yield found


@pytest.fixture
def web() -> Iterator[Web]:
    """A client whose waits do not last."""
    with Web(WebSettings(allow_private_hosts=LOOPBACK, sleep=no_wait)) as found:
        yield found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def item(url: str, path: str = "data.bin", data: bytes | None = None, digest: str = "") -> Distribution:
    """A file; with `data`, its size and sha256 are known."""
    size = None if data is None else len(data)
    return Distribution(url=url, path=path, bytes=size, digest=digest or (sha256(data) if data is not None else ""))


def planned(*items: Distribution, **changes: Any) -> FetchPlan:
    return make_plan(items, **{"key": "test:set", "name": "set", "out": "out", **changes})


def content(out: Path) -> dict[str, bytes]:
    """Every file below `out` but the receipt."""
    found = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != RECEIPT}


# --- the plan ---------------------------------------------------------------------------------------------------------

NAMES = ["README.md", "data/a.csv", "data/b.parquet", "data/sub/c.csv", "run.py", "weights/model.pkl.gz", "w.pt"]


def names_of(*, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    items = [item(f"https://h.org/{name}", name) for name in NAMES]
    return [file.name for file in planned(*items, include=include, exclude=exclude).files]


def test_include_and_exclude() -> None:
    assert names_of() == sorted(NAMES)
    assert names_of(include=("data/",)) == ["data/a.csv", "data/b.parquet", "data/sub/c.csv"]
    assert names_of(include=("*.csv", "run.py")) == ["data/a.csv", "data/sub/c.csv", "run.py"]
    assert names_of(include=("data/",), exclude=("*.csv",)) == ["data/b.parquet"]
    with pytest.raises(NotFound, match="README"):
        names_of(include=("*.CSV",))
    with pytest.raises(NotFound, match="no files"):
        make_plan([], key="k:k", name="k", out="o")


def test_a_plan_says_what_should_be_known() -> None:
    items = [item(f"https://h.org/{name}?sig=abc", name) for name in NAMES]
    items.append(Distribution(url="https://h.org/x.bin", path="x.txt", bytes=CAP_BYTES, digest="md5:" + "A" * 32))
    items.append(Distribution(url="https://h.org/page", kind="page"))
    plan = planned(*items, revision="r1", license="unknown", free=1000)
    assert plan.executable == ("run.py", "w.pt", "weights/model.pkl.gz")
    assert (plan.total_bytes, plan.unknown_sizes, plan.over_cap, plan.too_large) == (CAP_BYTES, 7, "", True)
    told = json.loads(json.dumps(plan.to_dict()))
    assert told["files"][0]["url"] == "https://h.org/README.md?sig=***"
    assert told["files"][-1] == {
        "name": "x.txt", "path": "x.txt", "url": "https://h.org/x.bin", "bytes": CAP_BYTES,
        "digest": "md5:" + "a" * 32, "verified_by": "md5", "kind": "txt",
    }  # fmt: skip


def test_caps_are_asked_for(web: Web, out: Path) -> None:
    large = planned(Distribution(url="https://h.org/x", path="x", bytes=CAP_BYTES + 1))
    many = planned(*(item(f"https://h.org/{number}", str(number)) for number in range(1001)))
    for plan in (large, many):
        assert plan.over_cap
        with pytest.raises(Usage, match="--yes"):
            fetch(web, plan, out)
    assert not out.exists()


def test_a_full_disk_is_seen_before_the_first_byte(server: FaultServer, web: Web, out: Path) -> None:
    with pytest.raises(Fatal, match="free"):
        fetch(web, planned(Distribution(url=server.url, path="x", bytes=1 << 60)), out, yes=True)
    assert server.connections == 0


HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\windows\\x", "..\\x", "CON", "nul.txt", "a\x00b", "a\nb",
    "\u202egnp.exe", "-rf", ".git/config", ".bashrc", "a" * 300, "", ".", "..", "a//b", "~/.ssh/id", "x:stream",
    "é", unicodedata.normalize("NFD", "é"), "README", "readme", "a/b", "a", "A/B", RECEIPT, ".catalog-parts/x",
    "数据/训练.jsonl", "ﬁ.txt", "fi.txt", "ẞ", "ss", "trailing.", "space ", " lead", "aux/x", "\ud800",
]  # fmt: skip


def check_paths(names: list[str]) -> None:
    paths = distinct_paths(names)
    folded = [unicodedata.normalize("NFC", path).casefold() for path in paths]
    assert len(set(folded)) == len(names)
    folders = {str(parent) for path in folded for parent in PurePosixPath(path).parents}
    assert not folders & set(folded)
    for path in paths:
        assert not path.startswith(("/", ".", "-"))
        assert ".." not in path.split("/")
        assert all(0 < len(part.encode()) <= 255 for part in path.split("/"))


def test_hostile_names_stay_inside_and_apart() -> None:
    check_paths(HOSTILE)


@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from(HOSTILE)), unique=True, max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_names_stay_inside_and_apart(names: list[str]) -> None:
    check_paths(names)


def test_hostile_names_are_fetched(server: FaultServer, web: Web, out: Path) -> None:
    names = [name for name in HOSTILE if name]
    items = [item(server.on(f"/{number}", answer(200, b"%d" % number)), name) for number, name in enumerate(names)]
    result = fetch(web, planned(*items), out)
    assert sorted(content(out).values()) == sorted(b"%d" % number for number in range(len(names)))
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    assert len(result.files) == len(names)


# --- what comes -------------------------------------------------------------------------------------------------------


def git_sha1(data: bytes) -> str:
    return "git-sha1:" + hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.mark.parametrize(
    ("digest", "verified"),
    [
        (sha256(DATA), "sha256"),
        ("md5:" + hashlib.md5(DATA).hexdigest().upper(), "md5"),
        (git_sha1(DATA), "git-sha1"),
        ("", "size"),
    ],
)
@pytest.mark.parametrize("cut", [None, 1_200_000])
def test_every_digest_is_checked(
    digest: str, verified: str, cut: int | None, server: FaultServer, web: Web, out: Path
) -> None:
    url = server.on("/x", Ranged(DATA, cut_at=[cut]))
    result = fetch(web, planned(Distribution(url=url, path="x.bin", bytes=len(DATA), digest=digest)), out)
    assert result.files[0].verified == verified
    assert result.files[0].sha256 == sha256(DATA)[7:]
    if digest:
        bad = digest[:-1] + ("0" if digest[-1].lower() != "0" else "1")
        plan = planned(Distribution(url=url, path="y.bin", bytes=len(DATA), digest=bad))
        with pytest.raises(Fatal, match="differs"):
            fetch(web, plan, out)
        assert "y.bin" not in content(out)


def test_a_fetch_leaves_files_and_a_receipt(server: FaultServer, web: Web, out: Path) -> None:
    items = [
        item(server.on("/a", Ranged(DATA)), "train/a.bin", DATA),
        item(server.on("/b", answer(200, b"")), "b.txt", b""),
        item(server.on("/c", faults.raw(b"HTTP/1.1 200 OK\r\n\r\nno length")), "c.txt"),
    ]
    plan = planned(*items, revision="abc", license="CC BY 4.0: yes", access="open")
    told: list[Progress] = []
    files: list[Placed] = []
    threads: set[int] = set()

    def on_file(placed: Placed) -> None:
        files.append(placed)
        threads.add(threading.get_ident())

    result = fetch(web, plan, out, on_progress=told.append, on_file=on_file)
    assert content(out) == {"train/a.bin": DATA, "b.txt": b"", "c.txt": b"no length"}
    assert [(file.path, file.verified) for file in result.files] == [
        ("b.txt", "sha256"), ("c.txt", "none"), ("train/a.bin", "sha256"),
    ]  # fmt: skip
    stored = json.loads((out / RECEIPT).read_text())
    assert stored == json.loads(json.dumps(result.to_dict()))
    assert (stored["key"], stored["revision"], stored["license"]) == ("test:set", "abc", "CC BY 4.0: yes")
    assert sorted(path.name for path in out.iterdir()) == [RECEIPT, "b.txt", "c.txt", "train"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((out / "b.txt").stat().st_mode) == 0o666 & ~umask
    assert told[-1].files == 3 == len(files)
    assert told[-1].bytes == len(DATA) + 9 == told[-1].received
    assert threads == {threading.get_ident()}


def test_a_second_fetch_transfers_nothing(server: FaultServer, web: Web, out: Path) -> None:
    items = [
        item(server.on("/a", Ranged(DATA)), "a.bin", DATA),
        item(server.on("/b", answer(200, b"words")), "b.txt"),
        Distribution(url=server.on("/c", answer(200, b"12345")), path="c.txt", bytes=5),
    ]
    first = fetch(web, planned(*items, revision="r"), out)
    kept: list[Placed] = []
    again = fetch(web, planned(*items, revision="r"), out, on_file=kept.append)
    assert len(server.seen) == 3
    assert again.files == first.files
    assert all(placed.kept for placed in kept)
    fetch(web, planned(*items, revision="another"), out)
    assert server.paths()[3:] == ["/b"]


def test_damage_is_mended_and_what_was_there_is_set_aside(server: FaultServer, web: Web, out: Path) -> None:
    plan = planned(item(server.on("/a", Ranged(DATA)), "a.bin", DATA))
    fetch(web, plan, out)
    (out / "a.bin").write_bytes(b"my own notes")
    placed: list[Placed] = []
    fetch(web, plan, out, on_file=placed.append)
    assert content(out) == {"a.bin": DATA, "a.bin.kept-1": b"my own notes"}
    assert placed[0].set_aside == "a.bin.kept-1"


def test_a_newer_revision_replaces_the_older(server: FaultServer, web: Web, out: Path) -> None:
    fetch(web, planned(item(server.on("/1/a", answer(200, b"old")), "a.txt", b"old"), revision="1"), out)
    result = fetch(web, planned(item(server.on("/2/a", answer(200, b"newer")), "a.txt", b"newer"), revision="2"), out)
    assert content(out) == {"a.txt": b"newer"}
    assert (result.revision, len(result.files)) == ("2", 1)


def test_parts_of_one_revision_add_up_in_the_receipt(server: FaultServer, web: Web, out: Path) -> None:
    items = [item(server.on(f"/{name}", answer(200, name.encode())), name, name.encode()) for name in ("a", "b")]
    fetch(web, planned(*items, include=("a",)), out)
    result = fetch(web, planned(*items, include=("b",)), out)
    assert [file.path for file in result.files] == ["a", "b"]
    assert verify(out).ok


def test_a_folder_of_another_dataset_is_refused(server: FaultServer, web: Web, out: Path) -> None:
    plan = planned(item(server.on("/a", answer(200, b"a")), "a"))
    fetch(web, plan, out)
    with pytest.raises(Usage, match="test:set"):
        fetch(web, planned(*[item(server.url + "/a", "a")], key="test:another"), out)


def test_files_come_side_by_side(server: FaultServer, web: Web, out: Path) -> None:
    act = faults.waiting(0.1, answer(200, b"x"))
    items = [item(server.on(f"/{number}", act), f"{number}.txt") for number in range(12)]
    fetch(web, planned(*items), out, jobs=4)
    assert 2 <= server.most_inside <= 4
    assert server.connections <= 4


def test_many_files(server: FaultServer, web: Web, out: Path) -> None:
    bodies = {f"part/{number:04}.txt": b"%d" % number for number in range(400)}
    items = [item(server.on(f"/{name}", answer(200, body)), name, body) for name, body in bodies.items()]
    fetch(web, planned(*items), out, jobs=8)
    assert content(out) == bodies


# --- faults that pass -------------------------------------------------------------------------------------------------


def passing_faults() -> dict[str, list[Act]]:
    good = Ranged(DATA)
    return {
        "429 with seconds": [answer(429, retry_after="3"), good],
        "429 with a date": [answer(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), good],
        "429 with rubbish": [answer(429, retry_after="soon"), answer(429, retry_after="-1"), answer(429), good],
        "503 and 500": [answer(503), answer(500), good],
        "reset at once": [faults.reset(), good],
        "reset within": [faults.reset(DATA, 1_000_000), good],
        "cut": [Ranged(DATA, cut_at=[700_000]), good],
        "cut again and again": [Ranged(DATA, cut_at=[100_000, 200_000, 300_000, 400_000])],
        "cut, then Range is ignored": [Ranged(DATA, cut_at=[700_000]), Ranged(DATA, whole=True)],
        "cut, then another start": [Ranged(DATA, cut_at=[700_000]), Ranged(DATA, shift=5), good],
        "cut, then an earlier start": [Ranged(DATA, cut_at=[700_000]), Ranged(DATA, shift=-5), good],
        "cut, then another total": [Ranged(DATA, cut_at=[700_000]), Ranged(DATA, total=len(DATA) + 9), good],
        "cut, then another ETag in a 206": [
            Ranged(OTHER, etag='"0"', cut_at=[700_000]),
            lambda connection, seen: Ranged(DATA)(
                connection, faults.Seen(seen.method, seen.path, {"range": seen.headers["range"]}, seen.at)
            ),
            good,
        ],
        "cut, then changed": [Ranged(OTHER, etag='"0"', cut_at=[700_000]), good],
        "cut, then gone for a while": [Ranged(DATA, cut_at=[700_000]), answer(503), faults.reset(), good],
        "cut, then 416": [Ranged(DATA, cut_at=[700_000]), answer(416), good],
        "wrong bytes once": [Ranged(OTHER), good],
        "wrong bytes once, of another size": [answer(200, DATA + b"more"), good],
        "a shorter file once": [answer(200, DATA[:-1]), good],
        "a lying length": [answer(200, DATA, length=len(DATA) + 5), good],
        "no length, short": [faults.raw(b"HTTP/1.1 200 OK\r\n\r\n" + DATA[:-1]), good],
        "no length, long": [faults.raw(b"HTTP/1.1 200 OK\r\n\r\n" + DATA + b"x"), good],
        "no length, whole": [faults.raw(b"HTTP/1.1 200 OK\r\n\r\n" + DATA)],
        "no ETag": [Ranged(DATA, etag="", cut_at=[700_000]), Ranged(DATA, etag="")],
        "weak ETag": [Ranged(DATA, etag='W/"1"', cut_at=[700_000]), Ranged(DATA, etag='W/"1"')],
    }


@pytest.mark.parametrize("acts", passing_faults().values(), ids=passing_faults().keys())
def test_a_passing_fault_leaves_the_right_file(acts: list[Act], server: FaultServer, web: Web, out: Path) -> None:
    result = fetch(web, planned(item(server.on("/x", *acts), data=DATA)), out)
    assert content(out) == {"data.bin": DATA}
    assert result.files[0].verified == "sha256"
    assert not (out / parts.FOLDER).exists()


@pytest.mark.parametrize("seed", range(8))
def test_any_cut_resumes_where_it_was(seed: int, server: FaultServer, web: Web, out: Path) -> None:
    cuts: list[int | None] = sorted(random.Random(seed).sample(range(1, len(DATA)), 4))
    act = Ranged(DATA, cut_at=list(cuts))
    fetch(web, planned(Distribution(url=server.on("/x", act), path="x.bin")), out)
    assert content(out) == {"x.bin": DATA}
    assert act.starts == [0, *cuts]
    assert act.sent == len(DATA)
    assert {seen.headers.get("if-range") for seen in server.seen[1:]} == {'"1"'}


@pytest.mark.parametrize("etag", ["", 'W/"1"'])
def test_nothing_is_spliced_on_trust(etag: str, server: FaultServer, web: Web, out: Path) -> None:
    """Without a strong validator and without a digest, the rest may be of another file."""
    url = server.on("/x", Ranged(OTHER, etag=etag, cut_at=[700_000]), Ranged(DATA, etag=etag))
    fetch(web, planned(Distribution(url=url, path="x.bin", bytes=len(DATA))), out)
    assert content(out) == {"x.bin": DATA}


def test_an_expired_address_is_signed_anew_and_nothing_is_lost(
    server: FaultServer, other: FaultServer, web: Web, out: Path
) -> None:
    act = Ranged(DATA, cut_at=[1_500_000])
    url = server.on("/resolve", *(faults.redirect(f"{other.url}/cdn?Signature={number}") for number in (1, 2, 3)))
    other.on("/cdn", act, answer(403, b"<Error>Request has expired</Error>"), act)
    result = fetch(web, planned(item(url, data=DATA)), out, token="t0ken")
    assert content(out) == {"data.bin": DATA}
    assert act.starts == [0, 1_500_000]
    assert [seen.path[-1] for seen in other.seen] == ["1", "2", "3"]
    assert all("authorization" in seen.headers for seen in server.seen)
    assert not any("authorization" in seen.headers for seen in other.seen)
    assert "Signature" not in json.dumps(result.to_dict())


def test_a_token_goes_to_the_origin_it_is_for(server: FaultServer, other: FaultServer, web: Web, out: Path) -> None:
    items = [item(server.on("/a", answer(200, b"a")), "a"), item(other.on("/b", answer(200, b"b")), "b")]
    fetch(web, planned(*items), out, token="t0ken")
    fetch(web, planned(*items), out.parent / "2", token=lambda url: "second" if url.startswith(other.url) else None)
    assert [seen.headers.get("authorization") for seen in server.seen] == ["Bearer t0ken", None]
    assert [seen.headers.get("authorization") for seen in other.seen] == [None, "Bearer second"]


def test_a_file_that_changed_between_two_runs_is_begun_again(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", Ranged(OTHER, etag='"0"', cut_at=[700_000] * 9))
    plan = planned(Distribution(url=url, path="x.bin"))
    with pytest.raises(Retriable):
        fetch(web, plan, out)
    act = Ranged(DATA, etag='"2"')
    server.on("/x", act)
    fetch(web, plan, out)
    assert content(out) == {"x.bin": DATA}
    assert server.seen[-1].headers["if-range"] == '"0"'
    assert act.starts == [0]


def test_a_whole_part_of_an_unknown_size_is_recognised(server: FaultServer, web: Web, out: Path) -> None:
    """Every byte had come when it was killed; the server's 416 says that there are no more."""
    chunked = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
    act = Ranged(b"hello")
    url = server.on("/x", faults.raw(chunked), act)
    fetch(web, planned(Distribution(url=url, path="x.txt")), out)
    assert content(out) == {"x.txt": b"hello"}
    assert act.starts == []


# --- faults that stay -------------------------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (answer(200, PAGE, content_type="text/html; charset=utf-8"), Fatal, "web page"),
        (answer(200, OTHER), Fatal, "sha256 differs"),
        (answer(200, DATA[:-9]), Fatal, "2,999,991 bytes at its source"),
        (answer(200, DATA + b"x"), Fatal, "3,000,001 bytes at its source"),
        (answer(404), NotFound, "no longer"),
        (answer(410), NotFound, "no longer"),
        (answer(401), Gated, "permission"),
        (answer(403), Gated, "permission"),
        (answer(400), Fatal, "400"),
        (answer(204), Fatal, "204"),
        (answer(503), Retriable, "503"),
        (faults.reset(DATA, 1000), Retriable, "broke off"),
        (answer(200, b"x", content_encoding="gzip"), Fatal, "coding"),
        (faults.raw(b"HTTP/1.1 200 OK\r\n\r\n" + DATA + b"x"), Fatal, "more than"),
    ],
)
def test_a_fault_that_stays_is_one_sentence(
    act: Act, kind: type[CatalogError], words: str, server: FaultServer, web: Web, out: Path
) -> None:
    with pytest.raises(kind, match=words) as caught:
        fetch(web, planned(item(server.on("/x", act), "data.parquet", DATA)), out)
    assert caught.value.hint
    assert "data.parquet" not in content(out)
    assert not (out / RECEIPT).exists()


def test_wrong_bytes_are_not_kept(server: FaultServer, web: Web, out: Path) -> None:
    with pytest.raises(Fatal):
        fetch(web, planned(item(server.on("/x", answer(200, OTHER)), data=DATA)), out)
    assert content(out) == {}
    assert len(server.seen) == 2


def test_a_page_that_was_asked_for_is_no_fault(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", answer(200, PAGE, content_type="text/html"))
    fetch(web, planned(item(url, "index.html"), item(url, "same-size.csv", PAGE)), out)
    assert content(out) == {"index.html": PAGE, "same-size.csv": PAGE}


def test_a_packed_file_that_is_called_coded_comes_as_it_is(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", answer(200, DATA, content_encoding="x-gzip"))
    fetch(web, planned(item(url, "d.csv.gz")), out)
    assert content(out) == {"d.csv.gz": DATA}


def test_an_unknown_size_has_a_cap_too(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", answer(200, b"x" * 10, length=CAP_BYTES + 1))
    with pytest.raises(Usage, match="--yes"):
        fetch(web, planned(item(url)), out)


def test_a_drip_ends(server: FaultServer, out: Path) -> None:
    whole = faults.head(200, {"content-length": str(len(DATA))}) + DATA[:5000]
    url = server.on("/x", faults.drip(whole, 0.02, 5))
    settings_ = WebSettings(allow_private_hosts=LOOPBACK, slow_after=0.3, sleep=no_wait)
    started = time.monotonic()
    with Web(settings_) as web, pytest.raises(OutOfTime, match="slower"):
        fetch(web, planned(item(url, data=DATA)), out)
    assert time.monotonic() - started < 60


def test_the_first_error_stops_the_others_and_keeps_what_came(server: FaultServer, web: Web, out: Path) -> None:
    slow = Ranged(DATA, step=1 << 16, pause=1.0)
    items = [
        item(server.on("/slow", slow), "a-slow.bin", DATA),
        item(server.on("/gone", faults.waiting(0.5, answer(404))), "b.bin", DATA),
        *(item(server.on(f"/{number}", faults.waiting(0.1, answer(200, b"x"))), f"c{number}") for number in range(40)),
    ]
    started = time.monotonic()
    with pytest.raises(NotFound, match=r"b\.bin"):
        fetch(web, planned(*items), out, jobs=3)
    assert time.monotonic() - started < 25  # the slow one alone takes 46
    kept = [path for path in (out / parts.FOLDER).iterdir() if path.name.endswith(".part")]
    assert len(kept) == 1
    size = kept[0].stat().st_size
    assert 0 < size < len(DATA)
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    slow.pause = 0
    placed: list[Placed] = []
    fetch(web, planned(*items[:1], *items[2:]), out, on_file=placed.append)
    assert slow.starts == [0, size]
    assert content(out)["a-slow.bin"] == DATA
    assert sum(entry.kept for entry in placed) >= 1


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["link", "dead link", "folder"])
def test_what_is_in_the_way_is_set_aside(how: str, server: FaultServer, web: Web, out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    out.mkdir()
    if how == "folder":
        (out / "data.bin").mkdir()
    else:
        (out / "data.bin").symlink_to(outside)
    if how == "link":
        outside.write_bytes(DATA)
    fetch(web, planned(item(server.on("/x", Ranged(DATA)), data=DATA)), out)
    assert (out / "data.bin").read_bytes() == DATA
    assert not (out / "data.bin").is_symlink()
    assert (out / "data.bin.kept-1").exists() == (how != "dead link")
    assert outside.exists() == (how == "link")


def test_a_linked_folder_is_not_entered(server: FaultServer, web: Web, out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    out.mkdir()
    (out / "sub").symlink_to(outside)
    with pytest.raises(Fatal, match="not a folder"):
        fetch(web, planned(item(server.on("/x", Ranged(DATA)), "sub/x.bin", DATA)), out)
    assert list(outside.iterdir()) == []


def test_a_planned_path_that_leads_out_is_refused(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", answer(200, b"x"))
    for path in ("../x", "a/../../x", "/x", ""):
        plan = FetchPlan("t:t", "t", "out", (PlannedFile(url, "x", path),))
        with pytest.raises(Fatal):
            fetch(web, plan, out)
    assert not (out.parent / "x").exists()


def test_an_output_folder_that_cannot_be_is_said(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fatal, match="--out"):
        fetch(web, planned(item("https://h.org/x")), tmp_path / "file" / "out")


def a_part(out: Path, name: str, data: bytes, url: str, owner: str) -> Path:
    """A part as an earlier run may have left it."""
    folder = out / parts.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{parts.part_id(name)}.{os.urandom(6).hex()}"
    (folder / f"{stem}.json").write_text(json.dumps({"source": parts.source_id(url), "etag": '"1"', "size": len(DATA)}))
    part = folder / f"{stem}.part{owner}"
    part.write_bytes(data)
    return part


def owner_of(pid: int) -> str:
    return f".{pid}-{parts._start(pid)}-{parts._place()}-{os.urandom(4).hex()}"


def test_parts_of_dead_processes_are_taken_over(server: FaultServer, web: Web, out: Path) -> None:
    act = Ranged(DATA)
    url = server.on("/x", act)
    a_part(out, "data.bin", DATA[:900_000], url, f".999999999-5-{parts._place()}-{os.urandom(4).hex()}")
    a_part(out, "data.bin", DATA[:800_000], url, f".1-5-{parts._place()}-{os.urandom(4).hex()}")
    a_part(out, "data.bin", DATA[:950_000], url, f".{os.getpid()}-5-{parts._place()}-{os.urandom(4).hex()}")
    a_part(out, "data.bin", DATA[:100_000], url, "")
    fetch(web, planned(item(url, data=DATA)), out)
    assert act.starts == [950_000]
    assert content(out) == {"data.bin": DATA}


def test_a_part_that_a_process_works_on_is_left_alone(server: FaultServer, web: Web, out: Path) -> None:
    act = Ranged(DATA)
    url = server.on("/x", act)
    held = [
        a_part(out, "data.bin", DATA[:900_000], url, owner_of(os.getppid())),
        a_part(out, "data.bin", DATA[:900_000], url, f".{os.getpid()}-1-00000000-00000000"),
    ]
    fetch(web, planned(item(url, data=DATA)), out)
    assert act.starts == [0]
    assert all(part.read_bytes() == DATA[:900_000] for part in held)
    old = time.time() - 700
    os.utime(held[1], (old, old))
    with Folder.at(out / parts.FOLDER) as folder:
        parts.sweep(folder, "data.bin")
    assert [part.exists() for part in held] == [True, False]


def test_threads_find_every_part(out: Path) -> None:
    """They list the folder at the same time, through one open folder."""
    names = [f"{number}.bin" for number in range(60)]
    for name in names:
        a_part(out, name, DATA[:1000], name, "")
    sizes: list[int] = []

    def take(some: list[str]) -> None:
        for name in some:
            part = parts.claim(folder, name, parts.source_id(name))
            sizes.append(part.size)
            part.release()

    with Folder.at(out / parts.FOLDER) as folder:
        threads = [threading.Thread(target=take, args=(names[place::6] * 5,)) for place in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sizes == [1000] * 300


def test_a_part_of_another_address_or_without_a_note_is_not_used(server: FaultServer, web: Web, out: Path) -> None:
    act = Ranged(DATA)
    url = server.on("/x", act)
    a_part(out, "data.bin", OTHER[:900_000], url + "?v=1", "")
    part = a_part(out, "data.bin", OTHER[:900_000], url, "")
    part.with_suffix(".json").write_text('{"source": 1}')
    fetch(web, planned(item(url, data=DATA)), out)
    assert act.starts == [0]
    assert content(out) == {"data.bin": DATA}


def test_a_part_that_is_a_link_is_not_followed(server: FaultServer, web: Web, out: Path, tmp_path: Path) -> None:
    url = server.on("/x", Ranged(DATA))
    part = a_part(out, "data.bin", b"", url, "")
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"mine")
    part.unlink()
    part.symlink_to(outside)
    fetch(web, planned(item(url, data=DATA)), out)
    assert outside.read_bytes() == b"mine"
    assert content(out) == {"data.bin": DATA}


def test_a_damaged_part_is_found_out_by_its_digest(server: FaultServer, web: Web, out: Path) -> None:
    act = Ranged(DATA)
    url = server.on("/x", act)
    a_part(out, "data.bin", OTHER[:900_000], url, "")
    fetch(web, planned(item(url, data=DATA)), out)
    assert act.starts == [900_000, 0]
    assert content(out) == {"data.bin": DATA}


def test_two_fetches_at_once_leave_one_right_file(server: FaultServer, web: Web, out: Path) -> None:
    url = server.on("/x", Ranged(DATA, step=1 << 16, pause=0.005))
    results: list[Receipt | BaseException] = []

    def run() -> None:
        try:
            results.append(fetch(web, planned(item(url, data=DATA)), out))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(result, Receipt) for result in results), results
    assert content(out) == {"data.bin": DATA}
    assert verify(out).ok


# --- the check --------------------------------------------------------------------------------------------------------


def test_verify_tells_missing_changed_and_extra(server: FaultServer, web: Web, out: Path) -> None:
    items = [item(server.on(f"/{name}", answer(200, b"12345")), f"d/{name}") for name in ("a", "b", "c", "e")]
    fetch(web, planned(*items), out)
    assert verify(out).ok
    (out / "d/a").write_bytes(b"12354")
    (out / "d/b").unlink()
    (out / "d/e").unlink()
    (out / "d/e").symlink_to("c")
    (out / "notes.txt").write_text("mine")
    report = verify(out)
    assert not report.ok
    assert (report.whole, report.missing, report.changed, report.extra) == (
        ("d/c",), ("d/b",), ("d/a", "d/e"), ("notes.txt",),
    )  # fmt: skip
    assert json.loads(json.dumps(report.to_dict()))["missing"] == ["d/b"]


def test_verify_without_a_receipt_or_with_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        verify(tmp_path)
    for text in ("", "{", "[]", '{"version": 9}', '{"version": 1, "files": [{}]}', "[" * 100_000):
        (tmp_path / RECEIPT).write_text(text)
        with pytest.raises(Fatal, match="receipt"):
            verify(tmp_path)


def test_a_hostile_receipt_leads_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"s")
    (folder / "link").symlink_to(tmp_path)
    paths = ["../secret", "/etc/passwd", "link/secret", "a/../../secret", "", "a\x00b"]
    files = [{"path": path, "bytes": 1, "sha256": hashlib.sha256(b"s").hexdigest(), "url": ""} for path in paths]
    receipt = {"key": "k:k", "name": "", "revision": "", "license": "", "access": "", "fetched": "", "files": files}
    (folder / RECEIPT).write_text(json.dumps({"version": 1, **receipt}))
    report = verify(folder)
    assert report.whole == ()
    assert sorted(report.changed + report.missing) == sorted(paths)
    assert [path.name for path in folder.iterdir() if path.name == "a"] == []


# --- pure rules -------------------------------------------------------------------------------------------------------

NOTE = Note("s", '"1"', "", 100)


@pytest.mark.parametrize(
    ("status", "headers", "asked", "start"),
    [
        (200, {}, 50, 0),
        (206, {"content-range": "bytes 50-99/100"}, 50, 50),
        (206, {"content-range": "bytes 50-99/*"}, 50, 50),
        (206, {"content-range": "bytes 50-99/100", "etag": '"1"'}, 50, 50),
        (206, {"content-range": "bytes 50-99/100", "etag": '"2"'}, 50, None),
        (206, {"content-range": "bytes 49-99/100"}, 50, None),
        (206, {"content-range": "bytes 50-99/101"}, 50, None),
        (206, {"content-range": "bytes 50-100/100"}, 50, None),
        (206, {"content-range": "bytes 0-99/100"}, 0, None),
        (206, {"content-range": "lines 50-99/100"}, 50, None),
        (206, {}, 50, None),
    ],
)
def test_where_an_answer_goes_on(status: int, headers: dict[str, str], asked: int, start: int | None) -> None:
    found = resume.resume_at(status, headers, 100, asked, NOTE)
    assert (None if found is None else found.start) == start


@given(st.text(max_size=60), st.integers(0, 10**6))
def test_any_content_range_is_readable(value: str, asked: int) -> None:
    found = resume.resume_at(206, {"content-range": value}, None, asked, NOTE)
    assert found is None or found.start == asked
    resume.unsatisfied_total({"content-range": value})


@pytest.mark.parametrize("status", [401, 403, 404, 410, 400, 418])
def test_a_refusal_names_the_file_and_no_secret(status: int) -> None:
    file = PlannedFile("https://h.org/a.csv?sig=s3cret", "a.csv", "a.csv")
    error = resume.explained(HttpStatus(file.url, status, {}), file)
    assert "a.csv" in error.message
    assert "s3cret" not in str(error)


def test_range_needs_something_to_trust() -> None:
    ask: Callable[..., dict[str, str]] = resume.range_headers
    assert ask(0, NOTE, True) == {}
    assert ask(5, None, True) == {}
    assert ask(5, NOTE, False) == {"Range": "bytes=5-", "If-Range": '"1"'}
    assert ask(5, Note("s", 'W/"1"', "Tue, 01 Jan 2030 00:00:00 GMT"), False)["If-Range"].startswith("Tue")
    assert ask(5, Note("s", 'W/"1"'), False) == {}
    assert ask(5, Note("s", 'W/"1"'), True) == {"Range": "bytes=5-"}
