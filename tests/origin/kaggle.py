"""Kaggle on loopback: what it holds and how it answers, over REST and (for Kaggle's own client) RPC.

Two origins: the site, and the storage on another port that holds the bundles and files behind signed addresses.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from tests.origin.content import Body, chunks, size, sliced
from tests.origin.server import Origin, Request, Response

Json = dict[str, Any]

NULLABLE = (
    *("title", "subtitle", "creatorName", "creatorUrl", "totalBytes", "url", "licenseName", "description"),
    *("ownerName", "ownerRef", "currentVersionNumber", "usabilityRating", "thumbnailImageUrl"),
)
SORTS = {"votes": "voteCount", "updated": "lastUpdated", "published": "id", "hottest": "downloadCount"}
TOO_MANY_REST = b'{"code":429,"message":"TooManyRequests"}'
TOO_MANY_RPC = b'{"error":{"code":429,"message":"Too many requests","status":"RESOURCE_EXHAUSTED"}}'


@dataclass
class Shelf:
    """One dataset: `fields` as a list shows it, the files of each version, and who may have them.

    `packs` are files that come as `<name>.zip`; `unpacked` are versions that have no ZIP yet; `document` replaces the
    Croissant document.
    """

    ref: str
    fields: Json
    versions: dict[int, dict[str, Body]] = field(default_factory=dict)
    consent: bool = False
    private: bool = False
    packs: frozenset[str] = frozenset()
    unpacked: frozenset[int] = frozenset()
    document: Any = None

    @property
    def current(self) -> int:
        return max(self.versions, default=1)

    def bundle(self, version: int) -> bytes:
        return zipped({name: b"".join(chunks(body)) for name, body in self.versions[version].items()})


class Kaggle:
    """A Kaggle with no datasets. `endpoint` is what CATALOG_KAGGLE_ENDPOINT takes.

    `shape` is the wire shape of lists: "rest" (a bare array of triples) or "rpc", which names the next page where
    `gives_tokens` is set. `page_size` is given whatever is asked for, unless `honours` is set; `cap` ends every list,
    with `end` (200 and no rows, or 404). `logins` maps the value of an Authorization header to the refs it may have and
    any other is refused with 401. `tags_by` says how `tagids` is understood: "name", "number", or "nothing" (ignored).
    """

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.logins: dict[str, set[str]] = {}
        self.tokens: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.shape, self.page_size, self.honours = "rest", 20, False
        self.cap, self.end, self.tags_by = 10_000, 200, "name"
        self.gives_tokens = False
        self.file_page = 200
        self.signature = 1
        self.now: datetime | None = None
        self.lock = threading.RLock()
        self._stored: dict[str, tuple[Body, str]] = {}
        self.site = Origin(self._answer)
        self.storage = Origin(self._serve)
        self.site.clock = self.clock
        self.endpoint = self.site.url

    def __enter__(self) -> Kaggle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.site.close()
        self.storage.close()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a subprocess at this Kaggle."""
        return {"CATALOG_KAGGLE_ENDPOINT": self.endpoint, "NO_PROXY": "127.0.0.1"}

    def clock(self) -> datetime:
        return self.now or datetime.now(UTC)

    def add(self, ref: str, files: Mapping[str, Body] | None = None, **options: Any) -> Shelf:
        """Put a dataset in place. Options: `consent`, `private`, `packs`, `document`, `tags` (full paths), and any
        field of a list row."""
        own = {name: options.pop(name) for name in ("consent", "private", "packs", "document") if name in options}
        paths = options.pop("tags", [])
        number = int.from_bytes(hashlib.sha256(ref.encode()).digest()[:3], "big")
        owner, _, slug = ref.partition("/")
        fields: Json = {
            "id": number,
            "ref": ref,
            "subtitle": "",
            "creatorName": owner.title(),
            "creatorUrl": owner,
            "url": f"https://www.kaggle.com/datasets/{ref}",
            "lastUpdated": stamp(self.clock()),
            "downloadCount": 10,
            "isPrivate": own.get("private", False),
            "isFeatured": False,
            "licenseName": "CC0: Public Domain",
            "ownerName": owner.title(),
            "ownerRef": owner,
            "kernelCount": 0,
            "title": slug.replace("-", " ").title(),
            "topicCount": 0,
            "viewCount": 100,
            "voteCount": 1,
            "usabilityRating": 0.875,
            "tags": [tag(path) for path in paths],
            **options,
        }
        shelf = Shelf(ref, fields, {1: dict(files or {"data.csv": b"a,b\n1,2\n"})}, **own)
        with self.lock:
            self.shelves[ref] = shelf
        return shelf

    def load(self, count: int, owner: str = "acme") -> list[str]:
        """Many datasets at once, each voted for more than the next."""
        return [self.add(f"{owner}/set-{n:05}", voteCount=count - n, description="").ref for n in range(count)]

    def release(self, ref: str, files: Mapping[str, Body]) -> int:
        """A new version of a dataset."""
        shelf = self.shelves[ref]
        shelf.versions[shelf.current + 1] = dict(files)
        shelf.fields["lastUpdated"] = stamp(self.clock())
        return shelf.current

    def expire_links(self) -> None:
        """Make every signed address handed out so far answer 400, as the storage does."""
        self.signature += 1

    # The site

    def _answer(self, request: Request) -> Response:
        authorization = request.headers.get("authorization", "")
        if authorization and authorization not in self.logins:
            return as_json({"code": 401, "message": "Unauthenticated"}, 401)
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        if parts[:3] == ["api", "v1", "datasets"] and len(parts) > 3:
            return self._rest(request, parts[3], parts[4:])
        if parts[0] == "v1" and len(parts) == 3 and request.method == "POST":
            return self._rpc(request, parts[1], parts[2])
        if parts[0] == "datasets" and parts[3:] == ["croissant", "download"]:
            return self._croissant(request, "/".join(parts[1:3]))
        return as_json({"code": 404, "message": "Not found"}, 404)

    def _rest(self, request: Request, verb: str, parts: list[str]) -> Response:
        if request.method == "HEAD":
            return Response(404)
        if verb == "list" and not parts:
            return self._list(dict(request.query), self.shape)
        shelf = self._shelf(request, "/".join(parts[:2]))
        if shelf is None:
            return as_json({"code": 403, "message": "Permission 'datasets.get' was denied"}, 403)
        if verb == "view":
            return as_json(triples(self._view(shelf)) if self.shape == "rest" else self._view(shelf))
        if verb == "list":
            return self._files(shelf, dict(request.query))
        if verb == "download":
            return self._download(request, shelf, "/".join(parts[2:]), request.first("datasetVersionNumber"))
        return as_json({"code": 404, "message": "Not found"}, 404)

    def _shelf(self, request: Request, ref: str) -> Shelf | None:
        shelf = self.shelves.get(ref)
        allowed = self.logins.get(request.headers.get("authorization", ""), set())
        return None if shelf is None or (shelf.private and ref not in allowed) else shelf

    def _list(self, asked: Mapping[str, str], shape: str) -> Response:
        rows = self._matching(asked)
        step = min(int(asked.get("pageSize") or 20), 100) if self.honours else self.page_size
        start = (int(asked.get("pageToken") or asked.get("page") or 1) - 1) * step
        if start >= min(len(rows), self.cap) and start and self.end == 404:
            return as_json({"code": 404, "message": "Not found"}, 404)
        page = [self._row(shelf) for shelf in rows[start : min(start + step, self.cap)]]
        if shape == "rest":
            return as_json([triples(row) for row in page])
        following = str(start // step + 2) if self.gives_tokens and start + step < len(rows) else ""
        return as_json({"datasets": page, "nextPageToken": following})

    def _matching(self, asked: Mapping[str, str]) -> list[Shelf]:
        words = asked.get("search", "").casefold().split()
        wanted = [part for part in asked.get("tagids", "").casefold().split(",") if part]
        found = [
            shelf
            for shelf in self.shelves.values()
            if not shelf.private
            and asked.get("user", "") in ("", shelf.ref.partition("/")[0])
            and all(word in f"{shelf.ref} {shelf.fields['title']}".casefold() for word in words)
            and (self.tags_by == "nothing" or all(self._tagged(shelf, part) for part in wanted))
        ]
        key = SORTS[asked.get("sortBy", "hottest")]
        return sorted(found, key=lambda shelf: (shelf.fields[key], shelf.ref), reverse=True)

    def _tagged(self, shelf: Shelf, wanted: str) -> bool:
        names = {str(each["name"]) for each in shelf.fields["tags"]}
        return wanted in ({self.numbers.get(name, "") for name in names} if self.tags_by == "number" else names)

    def _row(self, shelf: Shelf) -> Json:
        packed = shelf.fields.get("totalBytes") or len(shelf.bundle(shelf.current))
        shown = {name: value for name, value in shelf.fields.items() if name != "description"}
        return {**shown, "totalBytes": packed, "currentVersionNumber": shelf.current, "files": [], "versions": []}

    def _view(self, shelf: Shelf) -> Json:
        unpacked = sum(size(body) for body in shelf.versions[shelf.current].values())
        versions = [
            {"versionNumber": number, "creationDate": stamp(self.clock()), "versionNotes": "", "status": "Ready"}
            for number in sorted(shelf.versions, reverse=True)
        ]
        about = shelf.fields.get("description") or f"All about {shelf.ref}."
        changed = {"totalBytes": 0 if shelf.consent else unpacked, "versions": versions, "description": about}
        return {**{k: v for k, v in self._row(shelf).items() if k not in ("url", "creatorUrl")}, **changed}

    def _files(self, shelf: Shelf, asked: Mapping[str, str]) -> Response:
        version = int(asked.get("datasetVersionNumber") or shelf.current)
        files = sorted(shelf.versions.get(version, {}).items())
        start = int(asked.get("pageToken") or 0)
        stop = start + min(int(asked.get("pageSize") or 20), self.file_page)
        rows = [
            {"ref": name, "name": name, "datasetRef": shelf.ref, "totalBytes": size(body), "columns": []}
            for name, body in files[start:stop]
        ]
        token = str(stop) if stop < len(files) else ""
        return as_json({"datasetFiles": rows, "errorMessage": "", "nextPageToken": token})

    def _croissant(self, request: Request, ref: str) -> Response:
        shelf = self._shelf(request, ref)
        if shelf is None:
            return Response(404, {"Content-Type": "text/html"}, b"<html>404</html>")
        return as_json(shelf.document if shelf.document is not None else croissant(shelf))

    def _download(self, request: Request, shelf: Shelf, name: str, version: str) -> Response:
        """The redirect to the storage; consent is asked for here and nowhere else."""
        number = int(version or shelf.current)
        allowed = self.logins.get(request.headers.get("authorization", ""), set())
        if shelf.consent and shelf.ref not in allowed:
            return as_json({"code": 403, "message": "Permission 'datasets.get' was denied"}, 403)
        if number not in shelf.versions or (not name and number in shelf.unpacked):
            return as_json({"code": 404, "message": "Not found"}, 404)
        files = shelf.versions[number]
        if name and name not in files:
            return as_json({"code": 404, "message": "Not found"}, 404)
        last = name.rpartition("/")[2]
        body: Body = files[name] if name else shelf.bundle(number)
        path = f"kaggle-data-sets/{shelf.fields['id']}/{number}/{f'upload/{name}' if name else 'bundle/archive.zip'}"
        if name in shelf.packs:
            body, path = zipped({last: b"".join(chunks(body))}), f"{path}.zip"
        return Response(302, {"Location": self._signed(path, body)})

    def _signed(self, path: str, body: Body) -> str:
        md5 = hashlib.md5(b"".join(chunks(body))).digest()
        self._stored[f"/{path}"] = (body, base64.b64encode(md5).decode())
        query = {"X-Goog-Algorithm": "GOOG4-RSA-SHA256", "X-Goog-Expires": "259200", "X-Goog-Signature": self.signature}
        return f"{self.storage.url}/{path}?{urlencode(query)}"

    # The storage

    def _serve(self, request: Request) -> Response:
        stored = self._stored.get(unquote(request.path))
        if stored is None:
            return Response(404, {"Content-Type": "application/xml"}, b"<Error><Code>NoSuchKey</Code></Error>")
        if request.first("X-Goog-Signature") != str(self.signature):
            return Response(400, {"Content-Type": "application/xml"}, b"<Error><Code>ExpiredToken</Code></Error>")
        body, md5 = stored
        part = sliced(body, f'"{md5}"', request.headers.get("range", ""), request.headers.get("if-range", ""))
        return Response(part.status, {**part.headers, "x-goog-hash": f"crc32c=AAAAAA==,md5={md5}"}, part.body)

    # RPC, as Kaggle's own client calls it

    def _rpc(self, request: Request, service: str, method: str) -> Response:
        asked: Json = json.loads(request.body or b"{}")
        calls: dict[str, Callable[[], Response]] = {
            "ListDatasets": lambda: self._list(_query_of(asked), "rpc"),
            "GetDataset": lambda: self._named(request, asked, lambda shelf: as_json(self._view(shelf))),
            "ListDatasetFiles": lambda: self._named(request, asked, lambda shelf: self._files(shelf, _query_of(asked))),
            "DownloadDataset": lambda: self._named(
                request,
                asked,
                lambda shelf: self._download(
                    request, shelf, str(asked.get("fileName") or ""), str(asked.get("datasetVersionNumber") or "")
                ),
            ),
            "GenerateAccessToken": lambda: self._token(asked),
        }
        return calls[method]() if method in calls else as_json({"code": 404, "message": "Not found"}, 404)

    def _named(self, request: Request, asked: Json, then: Callable[[Shelf], Response]) -> Response:
        shelf = self._shelf(request, f"{asked.get('ownerSlug')}/{asked.get('datasetSlug')}")
        return then(shelf) if shelf else as_json({"code": 403, "message": "Permission denied"}, 403)

    def _token(self, asked: Json) -> Response:
        """Trade a refresh token of `tokens` for the access token behind it."""
        token = self.tokens.get(str(asked.get("refreshToken")))
        if token is None:
            return as_json({"code": 401, "message": "Unauthenticated"}, 401)
        return as_json({"token": token, "expiresIn": 43200, "userName": "ann", "userId": 7})


def tag(path: str) -> Json:
    """A tag by its full path."""
    name = path.rpartition(">")[2].strip()
    return {"ref": name, "name": name, "description": None, "fullPath": path, "datasetCount": 5, "totalCount": 9}


def triples(row: Json) -> Json:
    """A row as REST writes it: each optional field with its Nullable and its has twin."""
    shown = dict(row)
    for name in NULLABLE:
        value = row.get(name)
        empty: object = 0 if name in ("totalBytes", "currentVersionNumber", "usabilityRating") else ""
        if value is not None:
            shown[f"{name}Nullable"] = value
        shown[name] = empty if value is None else value
        shown[f"has{name[0].upper()}{name[1:]}"] = value is not None
    return shown


def croissant(shelf: Shelf) -> Json:
    """The Croissant document of a dataset's current version."""
    bundle = shelf.bundle(shelf.current)
    md5 = base64.b64encode(hashlib.md5(bundle).digest()).decode()
    names = list(shelf.versions[shelf.current])
    return {
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": shelf.fields["title"],
        "url": f"https://www.kaggle.com/datasets/{shelf.ref}/versions/{shelf.current}",
        "version": shelf.current,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "name": "archive.zip",
                "md5": md5,
                "contentSize": f"{len(bundle) / 1024:.3f} KB",
            },
            *({"@type": "cr:FileObject", "name": name, "containedIn": {"@id": "archive.zip"}} for name in names),
        ],
        "recordSet": [{"name": name, "field": [{"name": "a", "dataType": ["sc:Integer"]}]} for name in names],
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of files, the same bytes each time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def stamp(moment: datetime) -> str:
    """A date with as many fractional digits as it needs, one to seven, as Kaggle writes it."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0")
    return f"{text}0Z" if text.endswith(".") else f"{text}Z"


def days_ago(moment: datetime, days: float) -> str:
    """The stamp of a moment so many days before another."""
    return stamp(moment - timedelta(days=days))


def as_json(value: object, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode())


def _query_of(asked: Json) -> dict[str, str]:
    """An RPC message as the query of the same call in REST."""
    sort = str(asked.get("sortBy") or "hottest").rpartition("_")[2].lower()
    named = {"tagids": asked.get("tagIds"), "sortBy": sort}
    rest = {name: asked[name] for name in ("search", "user", "page", "pageToken", "pageSize") if asked.get(name)}
    return {name: str(value) for name, value in {**named, **rest}.items() if value}
