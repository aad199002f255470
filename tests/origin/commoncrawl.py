"""Common Crawl on loopback: its files and its index, each at a host of its own, in their layout."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from tests.origin import warc
from tests.origin.content import sliced
from tests.origin.server import Origin, Request, Response

SNAPSHOT = "CC-MAIN-2024-51"
OLDER = "CC-MAIN-2024-46"
PAGE_SIZE = 3  # rows of a page of the index


class CommonCrawl:
    """`files` by path below /, `rows` of the index by snapshot, `snapshots` newest first."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {SNAPSHOT: [], OLDER: []}
        self.snapshots = [SNAPSHOT, OLDER]
        self.data = Origin(self._file)
        self.index = Origin(self._index)
        self.environment = {
            "CATALOG_COMMONCRAWL_ENDPOINT": self.data.url,
            "CATALOG_COMMONCRAWL_INDEX": self.index.url,
            "NO_PROXY": "127.0.0.1",
        }

    def __enter__(self) -> CommonCrawl:
        return self

    def __exit__(self, *_: object) -> None:
        self.data.close()
        self.index.close()

    def wet(self, count: int, snapshot: str = SNAPSHOT, pages: int = 3, size: int = 0) -> list[str]:
        """Put so many WET files and their list in; their names."""
        stem = f"crawl-data/{snapshot}/segments/1733.1/wet"
        paths = [f"{stem}/CC-MAIN-20241201-{number:05}.warc.wet.gz" for number in range(count)]
        for number, path in enumerate(paths):
            self.files[path] = warc.wet(number, pages, size)
        self.files[f"crawl-data/{snapshot}/wet.paths.gz"] = gzip.compress("".join(f"{p}\n" for p in paths).encode())
        return [path.rpartition("/")[2] for path in paths]

    def news(self, month: str, count: int) -> list[str]:
        """Put so many files of the news crawl and their list in; their names."""
        folder = f"crawl-data/CC-NEWS/{month.replace('-', '/')}"
        paths = [f"{folder}/CC-NEWS-{month.replace('-', '')}01-{number:05}.warc.gz" for number in range(count)]
        for number, path in enumerate(paths):
            page = f"<html><head><title>News {number}</title></head><body><p>Story {number}</p></body></html>".encode()
            self.files[path] = warc.packed(warc.response(f"https://news.example/{number}", page))
        self.files[f"{folder}/warc.paths.gz"] = gzip.compress("".join(f"{p}\n" for p in paths).encode())
        return [path.rpartition("/")[2] for path in paths]

    def page(self, url: str, page: bytes, languages: str = "eng", snapshot: str = SNAPSHOT, **changes: Any) -> None:
        """Put a page into a WARC file and its row into the index."""
        path = f"crawl-data/{snapshot}/segments/1733.1/warc/CC-MAIN-20241201-00000.warc.gz"
        member = warc.packed(warc.response(url, page))
        before = self.files.get(path, warc.packed(warc.record("warcinfo", b"software: test\r\n")))
        self.files[path] = before + member
        row = {
            "urlkey": "", "timestamp": "20241201100000", "url": url, "mime": "text/html", "mime-detected": "text/html",
            "status": "200", "digest": hashlib.sha1(page, usedforsecurity=False).hexdigest(),
            "length": str(len(member)), "offset": str(len(before)), "filename": path, "languages": languages,
        }  # fmt: skip
        self.rows[snapshot].append({**row, **changes})

    def _file(self, request: Request) -> Response:
        body = self.files.get(request.path.lstrip("/"))
        if body is None:
            return Response(404, {"Content-Type": "application/xml"}, b"<Error><Code>NoSuchKey</Code></Error>")
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        part = sliced(body, etag, request.headers.get("range", ""), request.headers.get("if-range", ""))
        return Response(part.status, {**part.headers, "Content-Type": "application/octet-stream"}, part.body)

    def _index(self, request: Request) -> Response:
        if request.path == "/collinfo.json":
            return _json([{"id": id, "name": f"{id} Index", "cdx-api": f"/{id}-index"} for id in self.snapshots])
        rows = self.rows.get(request.path.strip("/").removesuffix("-index"))
        if rows is None:
            return Response(404, {"Content-Type": "text/html"}, b"<!doctype html><title>Not found</title>")
        found = [row for row in rows if _matches(row, request)]
        if not found:
            return _json({"message": f"No Captures found for: {request.first('url')}"}, 404)
        pages = -(-len(found) // PAGE_SIZE)
        if request.first("showNumPages") == "true":
            return _json({"pages": pages, "pageSize": 5, "blocks": pages})
        start = int(request.first("page", "0")) * PAGE_SIZE
        body = "".join(json.dumps(row) + "\n" for row in found[start : start + PAGE_SIZE])
        return Response(200, {"Content-Type": "text/x-ndjson"}, body.encode())


def _matches(row: dict[str, Any], request: Request) -> bool:
    wanted, parts = request.first("url"), urlsplit(str(row["url"]))
    host = parts.hostname or ""
    if "=status:200" in request.every("filter") and row["status"] != "200":
        return False
    if request.first("matchType") == "prefix":
        return f"{host}{parts.path}".startswith(wanted)
    return host == wanted or host.endswith(f".{wanted}")


def _json(value: object, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
