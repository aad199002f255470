"""How the Hub answers for datasets, enough for our connector and for huggingface_hub.

Sources: huggingface_hub 2.4.0, the Hub's documentation (rate limits, dataset cards) and recorded payloads.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

from tests.origin import listing
from tests.origin.content import sliced
from tests.origin.repo import File, Repo, entries
from tests.origin.server import Request, Response

if TYPE_CHECKING:
    from tests.origin.hub import Hub

VERBS = ("revision", "tree", "resolve", "parquet")


@dataclass
class Quota:
    """A fixed window of requests, told in the RateLimit headers of every answer of its bucket."""

    bucket: str
    limit: int
    window: float = 300.0
    used: int = 0
    began: float = field(default_factory=time.monotonic)

    def take(self) -> tuple[bool, dict[str, str]]:
        """Count one request; whether it is allowed, and what to say about it."""
        now = time.monotonic()
        if now - self.began >= self.window:
            self.began, self.used = now, 0
        self.used += 1
        left = max(0, math.ceil(self.window - (now - self.began)))
        remaining = max(0, self.limit - self.used)
        policy = f'"fixed window";"{self.bucket}";q={self.limit};w={int(self.window)}'
        told = {"RateLimit": f'"{self.bucket}";r={remaining};t={left}', "RateLimit-Policy": policy}
        return self.used <= self.limit, told


class Refusal(Exception):
    """An answer of 4xx with the Hub's headers for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Error-Message": message}
        if code:
            headers["X-Error-Code"] = code
        self.response = Response(status, headers, json.dumps({"error": message}).encode())


class Protocol:
    """The routes of a Hub and of its CDN."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._stores: dict[str, File] = {}

    def answer(self, request: Request) -> Response:
        """One request to the Hub."""
        bucket = "resolvers" if "/resolve" in request.path else "api" if request.path.startswith("/api/") else "pages"
        told: dict[str, str] = {}
        if quota := self.hub.quotas.get(bucket):
            with self.hub.lock:
                allowed, told = quota.take()
            if not allowed:
                return Response(429, told, b'{"error":"Too Many Requests"}')
        try:
            response = self._route(request)
        except Refusal as refusal:
            response = refusal.response
        except listing.BadQuery as error:
            response = Refusal(400, "", str(error)).response
        response.headers.update(told)
        return response

    def _route(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if request.token and request.token not in self.hub.tokens:
            raise Refusal(401, "", "Invalid credentials in Authorization header")
        if parts[:2] == ["api", "datasets"]:
            return self._list(request) if len(parts) == 2 else self._api(request, parts[2:])
        if parts[:3] == ["api", "resolve-cache", "datasets"]:
            return self._cached(request, parts[3:])
        if parts[0] == "datasets" and "resolve" in parts:
            return self._resolve(request, parts[1:])
        if parts == ["info"]:
            return self._viewer(request)
        raise Refusal(404, "", "Sorry, we can't find the page you are looking for.")

    def _list(self, request: Request) -> Response:
        names = listing.fields(request)
        key = listing.sort_key(request)
        records = self.hub.view(request, key)
        limit = request.first("limit", "1000")
        if not limit.isdigit() or limit == "0":
            raise listing.BadQuery('"limit" must be a positive number')
        start = listing.start_of(request.first("cursor"), key, records)
        page = records[start : start + min(int(limit), self.hub.page_size)]
        response = as_json([listing.shape(record, names) for record in page])
        if page and start + len(page) < len(records):
            response.headers["Link"] = listing.next_link(request, self.hub.links, listing.encode_cursor(key, page[-1]))
        return response

    def _api(self, request: Request, parts: list[str]) -> Response:
        id, rest = split_id(parts)
        repo = self._repo(request, id)
        if isinstance(repo, Response):
            return repo
        revision = unquote(rest[1]) if len(rest) > 1 else "main"
        sha, files = self._commit(repo, revision)
        if not rest or (rest[0] == "revision" and len(rest) == 2):
            return self._info(request, repo, sha, files)
        if rest[0] == "tree" and len(rest) > 1:
            return self._tree(request, files, "/".join(unquote(part) for part in rest[2:]))
        raise Refusal(404, "", "Not found")

    def _info(self, request: Request, repo: Repo, sha: str, files: Mapping[str, File]) -> Response:
        siblings = [{"rfilename": path} for path in sorted(files)]
        payload = {**repo.record, "sha": sha, "siblings": siblings}
        names = listing.fields(request)
        return as_json(listing.shape(payload, names) if request.every("expand") else payload)

    def _tree(self, request: Request, files: Mapping[str, File], under: str) -> Response:
        rows = list(entries(files, under, request.first("recursive").lower() in ("true", "1")))
        if under and not rows:
            raise Refusal(404, "EntryNotFound", f"{under} does not exist")
        start = int(request.first("cursor") or 0)
        stop = start + self.hub.tree_page
        response = as_json(rows[start:stop])
        if stop < len(rows):
            response.headers["Link"] = listing.next_link(request, self.hub.links, str(stop))
        return response

    def _repo(self, request: Request, id: str) -> Repo | Response:
        """The dataset, or the redirect to its new name. Raises `Refusal` where the client may not know of it."""
        if id in self.hub.renamed:
            return Response(
                307, {"Location": request.target.replace(f"/datasets/{id}", f"/datasets/{self.hub.renamed[id]}", 1)}
            )
        repo = self.hub.repos.get(id)
        if repo is None or not self.hub.may_see(repo, request):
            raise Refusal(404 if request.token else 401, "RepoNotFound", "Repository not found")
        return repo

    def _commit(self, repo: Repo, revision: str) -> tuple[str, dict[str, File]]:
        found = repo.at(revision)
        if found is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def _resolve(self, request: Request, parts: list[str]) -> Response:
        id, rest = split_id(parts)
        repo = self._repo(request, id)
        if isinstance(repo, Response):
            return repo
        self._admit(request, repo)
        sha, files = self._commit(repo, unquote(rest[1]))
        path = "/".join(unquote(part) for part in rest[2:])
        file = files.get(path)
        if file is None:
            raise Refusal(404, "EntryNotFound", f"{path} does not exist on {unquote(rest[1])}")
        if file.lfs:
            return self._to_store(repo, sha, file)
        if repo.gated or repo.private or not file.size or "/" not in id:
            return self._send(request, file, sha)
        etag = f'"{file.oid}"'
        query = urlencode([(request.target, ""), ("etag", etag)])
        location = f"/api/resolve-cache/datasets/{id}/{sha}/{quote(path)}?{query}"
        return Response(307, {"Location": location, "X-Repo-Commit": sha, "X-Linked-Etag": etag})

    def _admit(self, request: Request, repo: Repo) -> None:
        """Who may have the files."""
        if repo.disabled:
            raise Refusal(403, "", "Access to this resource is disabled.")
        if repo.gated and repo.id not in self.hub.tokens.get(request.token, ()):
            text = f"Access to dataset {repo.id} is restricted"
            raise Refusal(403 if request.token else 401, "GatedRepo", text)

    def _cached(self, request: Request, parts: list[str]) -> Response:
        id = "/".join(parts[:2])
        repo = self._repo(request, id)
        if isinstance(repo, Response):
            return repo
        sha, files = self._commit(repo, parts[2])
        return self._send(request, files["/".join(unquote(part) for part in parts[3:])], sha)

    def _send(self, request: Request, file: File, sha: str) -> Response:
        part = sliced(file.body, f'"{file.oid}"', request.headers.get("range", ""), request.headers.get("if-range", ""))
        return Response(part.status, {**part.headers, "X-Repo-Commit": sha}, part.body)

    def _to_store(self, repo: Repo, sha: str, file: File) -> Response:
        """An LFS file: the metadata on the redirect, the bytes elsewhere for an hour."""
        self._stores[file.store] = file
        expires = int((self.hub.clock() + timedelta(hours=1)).timestamp())
        query = urlencode({"Expires": expires, "Signature": self.hub.signature, "Key-Pair-Id": "K1"})
        headers = {
            "Location": f"{self.hub.cdn.url}/xet-bridge-us/{repo.record['_id']}/{file.store}?{query}",
            "X-Linked-Size": str(file.size),
            "X-Linked-Etag": f'"{file.sha256}"',
            "X-Repo-Commit": sha,
            "Accept-Ranges": "bytes",
        }
        return Response(302, headers)

    def serve_store(self, request: Request) -> Response:
        """One request to the CDN."""
        file = self._stores.get(request.path.rpartition("/")[2])
        if file is None or request.first("Signature") != str(self.hub.signature):
            return Response(403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
        etag = f'"{file.store}"'
        part = sliced(file.body, etag, request.headers.get("range", ""), request.headers.get("if-range", ""))
        return Response(part.status, part.headers, part.body)

    def _viewer(self, request: Request) -> Response:
        """GET /info of the dataset viewer, from what a test put in `viewer_info`."""
        answer = self.hub.viewer_info.get(request.first("dataset"))
        if answer is None:
            raise Refusal(404, "DatasetNotFoundError", "The dataset does not exist, or is not accessible.")
        return as_json(answer)


def split_id(parts: list[str]) -> tuple[str, list[str]]:
    """`owner/name` (or an old name without owner) and what follows it."""
    length = 1 if len(parts) == 1 or parts[1] in VERBS else 2
    return "/".join(unquote(part) for part in parts[:length]), parts[length:]


def as_json(value: object) -> Response:
    """A JSON answer."""
    return Response(200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode())
