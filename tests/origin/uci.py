"""The UCI repository on loopback: the API of today, the announced one, and the files.

The shapes are those of recorded answers and of the announced API's published schema.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from typing import Any

from tests.origin.server import Fault, Origin, Request, Response, Rule

Json = dict[str, Any]
MAX_TAKE = 100


def record(id: int, **changes: Any) -> Json:
    """A made-up record as /api/dataset gives it."""
    name = changes.pop("name", f"Harbour Measurements {id}")
    slug = re.sub(r"[^a-z0-9]+", "+", name.lower()).strip("+")
    return {
        "uci_id": id,
        "name": name,
        "repository_url": f"https://archive.ics.uci.edu/dataset/{id}/{slug}",
        "data_url": f"https://archive.ics.uci.edu/static/public/{id}/data.csv",
        "abstract": f"Tides and winds of harbour {id}.",
        "area": "Climate and Environment",
        "tasks": ["Regression"],
        "characteristics": ["Multivariate"],
        "num_instances": 100 + id,
        "num_features": 2,
        "feature_types": ["Real"],
        "demographics": [],
        "target_col": ["tide"],
        "index_col": None,
        "has_missing_values": "no",
        "missing_values_symbol": None,
        "year_of_dataset_creation": 2001,
        "last_updated": "Fri Mar 08 2024",
        "dataset_doi": f"10.24432/C5{id:04d}",
        "creators": ["A. Pilot"],
        "intro_paper": None,
        "additional_info": {"summary": "Read each hour."},
        "variables": [
            {"name": "wind", "role": "Feature", "type": "Continuous", "missing_values": "no"},
            {"name": "tide", "role": "Target", "type": "Continuous", "missing_values": "no"},
        ],
        **changes,
    }


def announced(old: Json) -> Json:
    """The same record as the announced API would give it."""
    return {
        "id": old["uci_id"],
        "title": old["name"],
        "url": old["repository_url"],
        "doi": old["dataset_doi"],
        "yearCreated": old["year_of_dataset_creation"],
        "description": old["additional_info"]["summary"],
        "subjectArea": old["area"],
        "instanceCount": old["num_instances"],
        "featureCount": old["num_features"],
        "externalLink": old.get("external_url"),
        "dataTypes": old["characteristics"],
        "tasks": old["tasks"],
        "featureTypes": old["feature_types"],
        "keywords": ["tide"],
        "features": [
            {"name": each["name"], "role": each["role"], "type": each["type"], "missingValues": False}
            for each in old["variables"]
        ],
        "authors": [{"firstName": "A.", "lastName": "Pilot", "institution": None}],
        "paper": None,
        "fileCount": 2,
        "size": 4096,
    }


def quick(origin: Origin) -> Origin:
    """An origin whose answers do not wait for the client's acknowledgement of their head (40 ms each)."""
    server = origin._server
    server.RequestHandlerClass = type("Quick", (server.RequestHandlerClass,), {"disable_nagle_algorithm": True})
    return origin


class Uci:
    """A repository of `records` by id; `speaks` holds the APIs it answers, `unlisted` ids that only the list lacks."""

    def __init__(self, speaks: Iterable[str] = ("current",), port: int = 0) -> None:
        self.records: dict[int, Json] = {}
        self.speaks = set(speaks)
        self.unlisted: set[int] = set()
        self.lock = threading.Lock()
        self.origin = quick(Origin(self.answer, port))
        self.url = self.origin.url
        self.environment = {"CATALOG_UCI_ENDPOINT": self.url, "NO_PROXY": "127.0.0.1"}

    def __enter__(self) -> Uci:
        return self

    def __exit__(self, *_: object) -> None:
        self.origin.close()

    def fill(self, ids: Iterable[int]) -> None:
        """Put made-up records in."""
        with self.lock:
            self.records.update((id, record(id)) for id in ids)

    def script(self, pattern: str, fault: Fault, **which: Any) -> Rule:
        return self.origin.script(pattern, fault, **which)

    def asked(self) -> list[str]:
        """What was asked for since the last call: "list", or the id of a record."""
        found = [_asked(request) for request in self.origin.seen("/api/*") + self.origin.seen("/v1/*")]
        self.origin.forget()
        return found

    def answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        with self.lock:
            if parts[0] == "api" and "current" in self.speaks:
                return self._current(request, parts[1:])
            if parts[:2] == ["v1", "datasets"] and "next" in self.speaks:
                return self._next(request, parts[2:])
            if parts[:2] == ["static", "public"] and len(parts) == 4:
                return self._file(parts[2], parts[3])
        return Response(404, {"Content-Type": "text/html"}, b"<!doctype html><title>Not found</title>")

    def _listed(self) -> list[Json]:
        return [self.records[id] for id in sorted(self.records) if id not in self.unlisted]

    def _current(self, request: Request, parts: list[str]) -> Response:
        if parts == ["datasets", "list"]:
            rows = [{"id": each["uci_id"], "name": each["name"]} for each in self._listed() if _matches(each, request)]
            return _json({"status": 200, "statusText": "OK", "data": rows})
        found = self.records.get(int(request.first("id", "0")))
        if parts != ["dataset"] or found is None:
            return _json({"status": 404, "statusText": "Not Found", "message": "No such dataset."})
        return _json({"status": 200, "statusText": "OK", "data": found})

    def _next(self, request: Request, parts: list[str]) -> Response:
        if parts:
            found = self.records.get(int(parts[0]))
            if found is None:
                return _json({"ok": False, "message": "Dataset not found"}, 404)
            return _json({"ok": True, "data": announced(found)})
        take, skip = int(request.first("take", "100")), int(request.first("skip", "0"))
        if take > MAX_TAKE:
            return _json({"ok": False, "message": "take is at most 100"}, 422)
        area = request.first("subjectAreas")
        rows = [announced(each) for each in self._listed() if area in ("", each["area"])][skip : skip + take]
        for row in rows:
            row["features"] = [each["name"] for each in row["features"]]
            del row["description"], row["keywords"], row["authors"], row["paper"]
        return _json({"ok": True, "data": rows})

    def _file(self, id: str, name: str) -> Response:
        found = self.records.get(int(id))
        if found is None or (found.get("external_url") and name.endswith(".zip")):
            return Response(404)
        slug = found["repository_url"].rpartition("/")[2]
        if name not in ("data.csv", f"{slug}.zip"):
            return Response(404)
        return Response(200, {"Content-Type": "application/octet-stream"}, f"{name} of {id}\n".encode() * 3)


def _matches(each: Json, request: Request) -> bool:
    return request.first("search") in each["name"].lower() and request.first("area") in ("", each["area"])


def _asked(request: Request) -> str:
    last = request.path.rpartition("/")[2]
    return "list" if last in ("list", "datasets") else request.first("id") or last


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
