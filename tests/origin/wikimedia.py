"""The dumps of Wikimedia on loopback: the dates of a wiki, the status of a dump, and its files."""

from __future__ import annotations

import bz2
import hashlib
import json
from typing import Any

from tests.origin.content import sliced
from tests.origin.server import Origin, Request, Response

Json = dict[str, Any]


def sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


class Wikimedia:
    """`jobs` by wiki and date, `files` by path below /. Without a User-Agent that names a client it answers 403."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Json]] = {}
        self.files: dict[str, bytes] = {}
        self.origin = Origin(self._answer)
        self.url = self.origin.url
        self.environment = {"CATALOG_WIKIMEDIA_ENDPOINT": self.url, "NO_PROXY": "127.0.0.1"}

    def __enter__(self) -> Wikimedia:
        return self

    def __exit__(self, *_: object) -> None:
        self.origin.close()

    def dump(self, wiki: str, date: str, status: str = "done", parts: int = 1, size: int = 0) -> list[str]:
        """Put a dump of so many parts in; the names of its article files."""
        stem = f"{wiki}-{date}-pages-articles-multistream"
        marks = [""] if parts == 1 else [f"{number + 1}" for number in range(parts)]
        ends = [""] if parts == 1 else [f"-p{number * 100 + 1}p{number * 100 + 100}" for number in range(parts)]
        names = [f"{stem}{mark}.xml{end}.bz2" for mark, end in zip(marks, ends, strict=True)]
        found: Json = {}
        for number, name in enumerate(names):
            body = bz2.compress(f"<page>{name}</page>".encode()) + bytes([number]) * size
            self._put(wiki, date, name, body, found)
        for mark, end in zip(marks, ends, strict=True):
            self._put(wiki, date, f"{stem}-index{mark}.txt{end}.bz2", bz2.compress(b"0:1:A\n"), found)
        sql: Json = {}
        self._put(wiki, date, f"{wiki}-{date}-site_stats.sql.gz", b"\x1f\x8bsql", sql)
        self.jobs.setdefault(wiki, {})[date] = {
            "articlesmultistreamdump": {"status": status, "updated": "2026-11-02 10:00:00", "files": found},
            "sitestatstable": {"status": "done", "updated": "2026-11-01 10:00:00", "files": sql},
        }
        return names

    def _put(self, wiki: str, date: str, name: str, body: bytes, files: Json) -> None:
        path = f"/{wiki}/{date}/{name}"
        self.files[path] = body
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        files[name] = {"size": len(body), "url": path, "md5": md5, "sha1": sha1(body)}

    def _answer(self, request: Request) -> Response:
        if not request.headers.get("user-agent", "").startswith("dataset-catalog/"):
            return Response(403, {"Content-Type": "text/html"}, b"Please set a user-agent that names your client.")
        wiki, _, rest = request.path.strip("/").partition("/")
        dumps = self.jobs.get(wiki)
        if dumps is None:
            return Response(404, {"Content-Type": "text/html"}, b"<h1>404 Not Found</h1>")
        if not rest:
            rows = "".join(
                f'<a href="{date}/">{date}/</a>  02-Nov-2026 10:00  -\n' for date in (*sorted(dumps), "latest")
            )
            page = f'<html><body><pre><a href="../">../</a>\n{rows}</pre></body></html>'
            return Response(200, {"Content-Type": "text/html"}, page.encode())
        date, _, name = rest.partition("/")
        if name == "dumpstatus.json" and date in dumps:
            body = json.dumps({"version": "0.8", "jobs": dumps[date]}).encode()
            return Response(200, {"Content-Type": "application/json"}, body)
        found = self.files.get(request.path)
        if found is None:
            return Response(404, {"Content-Type": "text/html"}, b"<h1>404 Not Found</h1>")
        part = sliced(
            found, f'"{sha1(found)[:16]}"', request.headers.get("range", ""), request.headers.get("if-range", "")
        )
        return Response(part.status, {**part.headers, "Content-Type": "application/octet-stream"}, part.body)
