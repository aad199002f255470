"""The loopback Hub, proved against the real huggingface_hub client and, fault by fault, on a bare socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.origin import Hub, Origin, Request, Response, faults
from tests.origin.content import Part, Pattern, chunks, sha256, size
from tests.origin.protocol import Quota
from tests.origin.records import records

ROOT = Path(__file__).resolve().parents[1]
DATA = bytes(range(256)) * 400


@pytest.fixture
def api(hub: Hub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=False)


def ask(origin: Origin | Hub, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request by the standard library's client."""
    port = origin.port if isinstance(origin, Origin) else origin.origin.port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def as_json(hub: Hub, target: str) -> list[dict[str, object]]:
    status, _, body = ask(hub, target)
    assert status == 200, body
    value = json.loads(body)
    assert isinstance(value, list)
    return value


class TestRealClient:
    """huggingface_hub believes it talks to the Hub."""

    def test_walks_every_page(self, hub: Hub, api: HfApi) -> None:
        hub.load(records(2500))
        found = list(api.list_datasets(full=True))
        assert len({info.id for info in found}) == 2500
        assert len(hub.origin.seen("/api/datasets")) == 3
        assert all(info.card_data is not None and info.created_at is not None for info in found)

    def test_filters_search_sort_and_expand(self, hub: Hub, api: HfApi) -> None:
        hub.add("a/helm-medical", tags=["language:zh", "task_categories:question-answering", "medical"], downloads=5)
        hub.add("a/other", tags=["language:zh"], downloads=9, gated="auto")
        hub.add("b/Helmet", tags=["language:en"], downloads=7)
        assert [info.id for info in api.list_datasets(language="zh", sort="downloads")] == ["a/other", "a/helm-medical"]
        both = api.list_datasets(filter=["language:zh", "medical"])
        assert [info.id for info in both] == ["a/helm-medical"]
        assert {info.id for info in api.list_datasets(search="helm")} == {"a/helm-medical", "b/Helmet"}
        assert [info.id for info in api.list_datasets(author="b")] == ["b/Helmet"]
        assert [info.id for info in api.list_datasets(gated=True)] == ["a/other"]
        (info,) = api.list_datasets(author="b", expand=["downloads", "cardData"])
        assert (info.downloads, info.likes) == (7, None)

    def test_reads_info_tree_and_files(self, hub: Hub, api: HfApi, tmp_path: Path) -> None:
        files = {"README.md": b"# hi\n", "data/train 1+é.parquet": DATA, "data/empty.txt": b""}
        repo = hub.add("openai/gsm8k", files, downloads=3)
        info = api.dataset_info("openai/gsm8k", files_metadata=False)
        assert info.sha == repo.record["sha"]
        assert sorted(sibling.rfilename for sibling in info.siblings or []) == sorted(files)
        tree = {row.path: row for row in api.list_repo_tree("openai/gsm8k", repo_type="dataset", recursive=True)}
        assert set(tree) == {*files, "data"}
        assert tree["data/train 1+é.parquet"].lfs.sha256 == sha256(DATA)  # type: ignore[union-attr]
        for path, content in files.items():
            local = hf_hub_download(
                "openai/gsm8k", path, repo_type="dataset", endpoint=hub.endpoint, cache_dir=tmp_path, token=False
            )
            assert Path(local).read_bytes() == content

    def test_downloads_a_snapshot_through_both_origins(self, hub: Hub, tmp_path: Path) -> None:
        hub.tree_page = 7
        files = {f"part-{number:02}.parquet": DATA + bytes([number]) for number in range(20)}
        hub.add("a/many", {**files, "README.md": b"x"})
        hub.tokens["secret-token"] = set()
        local = snapshot_download(
            "a/many", repo_type="dataset", endpoint=hub.endpoint, cache_dir=tmp_path, token="secret-token"
        )
        assert {path.name: path.read_bytes() for path in Path(local).iterdir()} == {**files, "README.md": b"x"}
        assert len(hub.cdn.requests) == 20
        assert all(not request.token for request in hub.cdn.requests)
        assert all(request.token == "secret-token" for request in hub.origin.seen("/datasets/*"))

    def test_follows_a_rename(self, hub: Hub, api: HfApi, tmp_path: Path) -> None:
        hub.add("openwebtext", {"README.md": b"moved"})
        hub.rename("openwebtext", "Skylion007/openwebtext")
        assert api.dataset_info("openwebtext").id == "Skylion007/openwebtext"
        local = hf_hub_download(
            "openwebtext", "README.md", repo_type="dataset", endpoint=hub.endpoint, cache_dir=tmp_path, token=False
        )
        assert Path(local).read_bytes() == b"moved"

    def test_meets_every_refusal(self, hub: Hub, api: HfApi, tmp_path: Path) -> None:
        hub.add("a/gated", {"x.csv": b"1"}, gated="manual")
        hub.add("a/private", {"x.csv": b"1"}, private=True)
        hub.add("a/gone", {"x.csv": b"1"}, disabled=True)
        hub.add("a/open", {"x.csv": b"1"})
        hub.tokens["stranger"] = set()
        hub.tokens["friend"] = {"a/gated", "a/private"}

        def get(id: str, path: str = "x.csv", token: str | bool = False, revision: str = "main") -> str:
            return hf_hub_download(
                id,
                path,
                repo_type="dataset",
                endpoint=hub.endpoint,
                cache_dir=tmp_path,
                token=token,
                revision=revision,
            )

        for token in (False, "stranger"):
            with pytest.raises(GatedRepoError):
                get("a/gated", token=token)
            with pytest.raises(RepositoryNotFoundError):
                api.dataset_info("a/private", token=token)
        assert Path(get("a/gated", token="friend")).read_bytes() == b"1"
        assert api.dataset_info("a/private", token="friend").private
        with pytest.raises((DisabledRepoError, LocalEntryNotFoundError)):
            get("a/gone")
        with pytest.raises(RevisionNotFoundError):
            get("a/open", revision="nowhere")
        with pytest.raises(EntryNotFoundError):
            get("a/open", "y.csv")
        with pytest.raises(RepositoryNotFoundError):
            api.dataset_info("a/nothing")
        with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
            api.dataset_info("a/open", token="wrong")

    def test_reads_the_converted_branch(self, hub: Hub, api: HfApi) -> None:
        hub.add("a/script", {"script.py": b"raise SystemExit"}, parquet={"default/train/0000.parquet": DATA})
        rows = api.list_repo_tree("a/script", repo_type="dataset", revision="refs/convert/parquet", recursive=True)
        assert [row.path for row in rows][-1] == "default/train/0000.parquet"

    def test_obeys_the_quota_it_is_told(self, hub: Hub, api: HfApi) -> None:
        hub.load(records(3000))
        hub.quotas["api"] = Quota("api", limit=2, window=1)
        began = time.monotonic()
        assert len(list(api.list_datasets())) == 3000
        assert time.monotonic() - began >= 1
        assert hub.origin.seen("/api/datasets")[0].number == 1

    def test_retries_a_listing_after_503(self, hub: Hub, api: HfApi) -> None:
        hub.load(records(10))
        rule = hub.script("/api/datasets", faults.status(503), on=1)
        assert len(list(api.list_datasets())) == 10
        assert (rule.matched, rule.fired) == (2, 1)

    def test_in_another_process_by_its_address(self, hub: Hub) -> None:
        hub.load(records(30))
        code = "from huggingface_hub import HfApi; print(len(list(HfApi().list_datasets())))"
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **hub.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert run.stdout.strip() == "30"


class TestListing:
    """What the client does not show: links, cursors, shapes, refusals."""

    def test_link_repeats_the_question(self, hub: Hub) -> None:
        hub.load(records(50))
        _, headers, body = ask(hub, "/api/datasets?limit=20&sort=lastModified&filter=language%3Aen&expand=sha")
        link = headers["link"]
        assert link.endswith('>; rel="next"')
        url = urllib.parse.urlsplit(link[1:].partition(">")[0])
        query = urllib.parse.parse_qs(url.query)
        assert f"{url.scheme}://{url.netloc}" == hub.endpoint
        assert {**query, "cursor": ["?"]} == {
            "limit": ["20"],
            "sort": ["lastModified"],
            "filter": ["language:en"],
            "expand": ["sha"],
            "cursor": ["?"],
        }
        assert set(json.loads(body)[0]) == {"_id", "id", "sha"}

    @pytest.mark.parametrize("sort", ["lastModified", "createdAt", "downloads", "trendingScore", "mainSize"])
    def test_every_order_gives_each_record_once(self, hub: Hub, sort: str) -> None:
        hub.load(records(95))
        seen: list[dict[str, object]] = []
        target = f"/api/datasets?limit=10&sort={sort}&full=true"
        while target:
            _, headers, body = ask(hub, target)
            seen.extend(json.loads(body))
            target = headers.get("link", "").partition(">")[0].removeprefix("<" + hub.endpoint)
        assert len({record["_id"] for record in seen}) == len(seen) == 95
        values = [record.get(sort) for record in seen if record.get(sort) is not None]
        assert values == sorted(values, reverse=True)  # type: ignore[type-var]

    def test_a_record_changed_in_the_walk_is_missed_by_it(self, hub: Hub) -> None:
        """The trap of a keyset over lastModified, which the connector's overlap answers."""
        hub.load(records(30))
        _, headers, body = ask(hub, "/api/datasets?limit=10&sort=lastModified")
        first = {record["id"] for record in json.loads(body)}
        late = next(id for id in hub.repos if id not in first)
        hub.touch(late, {"x.csv": b"1"})
        rest: set[object] = set()
        while "link" in headers:
            _, headers, body = ask(hub, headers["link"].partition(">")[0].removeprefix("<" + hub.endpoint))
            rest |= {record["id"] for record in json.loads(body)}
        assert late not in first | rest

    def test_no_card_data_unless_asked_for(self, hub: Hub) -> None:
        hub.load(records(1))
        assert "cardData" not in as_json(hub, "/api/datasets")[0]
        assert "cardData" in as_json(hub, "/api/datasets?full=true")[0]

    @pytest.mark.parametrize("query", ["expand=secrets", "sort=beauty", "cursor=e30=", "cursor=%25", "limit=x"])
    def test_refuses_what_the_hub_refuses(self, hub: Hub, query: str) -> None:
        status, headers, _ = ask(hub, f"/api/datasets?{query}")
        assert status == 400
        assert headers["x-error-message"]

    def test_private_is_for_its_own_token(self, hub: Hub) -> None:
        hub.add("a/private", private=True)
        hub.tokens["mine"] = {"a/private"}
        assert as_json(hub, "/api/datasets") == []
        status, _, body = ask(hub, "/api/datasets", Authorization="Bearer mine")
        assert (status, len(json.loads(body))) == (200, 1)

    def test_records_are_the_same_for_the_same_seed(self) -> None:
        assert list(records(200, seed=7)) == list(records(200, seed=7))
        assert list(records(200, seed=7)) != list(records(200, seed=8))
        chinese = sum("language:zh" in record["tags"] for record in records(5000))
        assert 100 <= chinese <= 200


class TestFiles:
    """Bytes, ranges and the way to the CDN."""

    @pytest.fixture
    def store(self, hub: Hub) -> str:
        """The target of an LFS file on the CDN."""
        hub.add("a/b", {"x.parquet": DATA})
        status, headers, body = ask(hub, "/datasets/a/b/resolve/main/x.parquet")
        assert (status, body) == (302, b"")
        assert headers["x-linked-size"] == str(len(DATA))
        assert headers["x-linked-etag"] == f'"{sha256(DATA)}"'
        return headers["location"].removeprefix(hub.cdn.url)

    def test_ranges(self, hub: Hub, store: str) -> None:
        status, headers, body = ask(hub.cdn, store, Range="bytes=100-")
        assert (status, body) == (206, DATA[100:])
        assert headers["content-range"] == f"bytes 100-{len(DATA) - 1}/{len(DATA)}"
        assert sha256(DATA) not in headers["etag"]
        assert ask(hub.cdn, store, Range="bytes=10-19")[2] == DATA[10:20]
        assert ask(hub.cdn, store, Range="bytes=-5")[2] == DATA[-5:]
        assert ask(hub.cdn, store, Range=f"bytes={len(DATA)}-")[0] == 416
        assert ask(hub.cdn, store, Range="rows=1-2")[0] == 200

    def test_if_range(self, hub: Hub, store: str) -> None:
        etag = ask(hub.cdn, store, "HEAD")[1]["etag"]
        assert ask(hub.cdn, store, Range="bytes=5-", If_Range=etag)[0] == 206
        status, _, body = ask(hub.cdn, store, Range="bytes=5-", If_Range='"another"')
        assert (status, body) == (200, DATA)

    def test_links_die(self, hub: Hub, store: str) -> None:
        hub.expire_links()
        assert ask(hub.cdn, store)[0] == 403

    def test_head_has_no_body(self, hub: Hub) -> None:
        hub.add("a/b", {"x.csv": b"1,2"}, gated=False)
        status, headers, body = ask(hub, "/datasets/a/b/resolve/main/x.csv", "HEAD")
        assert (status, body) == (307, b"")
        status, headers, body = ask(hub, headers["location"], "HEAD")
        assert (status, body, headers["content-length"]) == (200, b"", "3")

    def test_large_bodies_are_made_as_they_go(self) -> None:
        whole = Pattern(1_000_003, seed=3)
        content = b"".join(chunks(whole))
        assert len(content) == size(whole) == 1_000_003
        assert b"".join(chunks(Part(whole, 262_100, 700_000))) == content[262_100:700_000]
        assert content[:262_144] != content[262_144:524_288]


ANSWER = b'{"answer": [1, 2, 3, 4, 5]}'


def plain(request: Request) -> Response:
    return Response(200, {"Content-Type": "application/json"}, ANSWER)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(plain) as origin:
        yield origin


def raw(origin: Origin, seconds: float = 2, limit: int = 200_000) -> bytes:
    """Whatever comes over the wire within some seconds; a reset is told as b"RESET" at the end."""
    got = b""
    with socket.create_connection(("127.0.0.1", origin.port), timeout=seconds) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            while len(got) < limit and (piece := connection.recv(65536)):
                got += piece
        except ConnectionResetError:
            return got + b"RESET"
        except TimeoutError:
            return got + b"TIMEOUT"
    return got


class TestFaults:
    """Each fault is on the wire what its name says."""

    def test_statuses_and_retry_after(self, origin: Origin) -> None:
        origin.script("/", faults.too_many("-5"), on=1)
        origin.script("/", faults.too_many_until(60), on=2)
        origin.script("/", faults.too_many(ratelimit='"api";r=0;t=7'), on=3)
        origin.script("/", faults.status(502, Retry_After="soon"), on=4)
        status, headers, _ = ask(origin, "/")
        assert (status, headers["retry-after"]) == (429, "-5")
        date = parsedate_to_datetime(ask(origin, "/")[1]["retry-after"])
        assert 50 < date.timestamp() - time.time() < 70
        status, headers, _ = ask(origin, "/")
        assert (status, headers["ratelimit"], "retry-after" in headers) == (429, '"api";r=0;t=7', False)
        assert ask(origin, "/")[1]["retry-after"] == "soon"
        assert ask(origin, "/")[0] == 200

    def test_broken_bodies(self, origin: Origin) -> None:
        cases = {
            "cut": faults.cut(5),
            "reset": faults.reset(5),
            "lying": faults.lying_length(10),
            "truncated": faults.truncated(),
        }
        for number, fault in enumerate(cases.values(), 1):
            origin.script("/", fault, on=number)
        got = {name: raw(origin) for name in cases}
        assert got["cut"].endswith(b"\r\n\r\n" + ANSWER[:5])
        assert got["reset"].endswith(b"RESET")
        assert b"Content-Length: 37" in got["lying"]
        assert got["lying"].endswith(ANSWER)
        assert b"Content-Length: 13" in got["truncated"]
        assert got["truncated"].endswith(ANSWER[:13])

    def test_strange_answers(self, origin: Origin) -> None:
        strange = (faults.portal(), faults.noise(), faults.no_length(), faults.reset(), faults.headers(Content_Type=""))
        for number, fault in enumerate(strange, 1):
            origin.script("/", fault, on=number)
        assert b"<!DOCTYPE html>" in raw(origin)
        assert not raw(origin).startswith(b"HTTP")
        assert b"Content-Length" not in raw(origin)
        assert raw(origin) == b"RESET"
        assert b"Content-Type" not in raw(origin)

    def test_slow_and_endless_answers_end_with_the_server(self, origin: Origin) -> None:
        slow = (
            faults.drip(100),
            faults.drip(500, head=True),
            faults.stall(30),
            faults.endless(),
            faults.endless_headers(),
        )
        for number, fault in enumerate(slow, 1):
            origin.script("/", fault, on=number)
        began = time.monotonic()
        dripped = raw(origin, 0.2)
        assert b"\r\n\r\n{" in dripped
        assert dripped.endswith(ANSWER[-5:])
        assert raw(origin).startswith(b"HTTP/1.1 200")
        assert raw(origin, 0.2) == b"TIMEOUT"
        assert len(raw(origin)) >= 200_000
        assert len(raw(origin)) >= 200_000
        origin.close()
        assert time.monotonic() - began < 60

    def test_bomb_is_small_on_the_wire(self, origin: Origin) -> None:
        origin.script("/", faults.bomb(64, times=2), on=1)
        _, headers, body = ask(origin, "/")
        assert headers["content-encoding"] == "gzip, gzip"
        assert len(body) < 2000

    def test_redirects_and_deaf_servers(self, hub: Hub) -> None:
        hub.add("a/b", {"x.csv": b"0123456789"}, gated="auto")
        hub.tokens["t"] = {"a/b"}
        target = "/datasets/a/b/resolve/main/x.csv"
        hub.script(target, faults.whole(), on=1)
        hub.script(target, faults.redirect("https://example.org{path}"), on=2)
        assert ask(hub, target, Range="bytes=5-", Authorization="Bearer t")[2] == b"0123456789"
        assert ask(hub, target)[1]["location"] == f"https://example.org{target}"
        assert ask(hub, target, Range="bytes=5-", Authorization="Bearer t")[2] == b"56789"

    def test_scripts_by_method_pattern_and_turn(self, origin: Origin) -> None:
        rule = origin.script("/a/*", faults.status(500), every=2, method="GET")
        answers = [ask(origin, "/a/x")[0] for _ in range(4)]
        assert answers == [200, 500, 200, 500]
        assert ask(origin, "/a/x", "HEAD")[0] == 200
        assert ask(origin, "/b")[0] == 200
        assert (rule.matched, rule.fired) == (4, 2)
        origin.calm()
        assert ask(origin, "/a/x")[0] == 200

    def test_requests_are_kept(self, origin: Origin) -> None:
        ask(origin, "/p%20q?a=1&a=2&b=", X_Thing="Value")
        (request,) = origin.seen("/p*")
        assert (request.method, request.path, request.every("a"), request.first("b", "?")) == (
            "GET",
            "/p%20q",
            ["1", "2"],
            "",
        )
        assert request.headers["x-thing"] == "Value"
        origin.forget()
        assert origin.requests == []


def test_served_from_the_command_line() -> None:
    command = [sys.executable, "-m", "tests.origin", "--records", "25"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            endpoint = server.stdout.readline().strip()
            api = HfApi(endpoint=endpoint, token=False)
            assert len(list(api.list_datasets())) == 25
        finally:
            server.terminate()
            server.wait(10)


def test_no_test_meets_the_users_own_account() -> None:
    assert huggingface_hub.get_token() is None
