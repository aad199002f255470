"""The Hugging Face Hub on loopback: what it holds. How it answers is in `tests.origin.protocol`.

Two origins: the Hub itself, and the CDN on another port that holds the bytes of LFS files.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.origin import listing
from tests.origin.content import Body
from tests.origin.protocol import Protocol, Quota
from tests.origin.repo import PARQUET, Json, Repo
from tests.origin.server import Fault, Origin, Request, Rule


class Hub:
    """A Hub with no datasets. `endpoint` is what HF_ENDPOINT takes; `cdn` is the origin of the large files.

    `now` is the server's clock (Date header, lastModified of commits); None follows the real one. `tokens` maps a
    token to the ids of gated or private datasets it may read. `links` is the base of Link headers, as a mirror
    writes it. `page_size` caps `limit`, `tree_page` the rows of a tree listing. `quotas` are off until set.
    """

    def __init__(self, port: int = 0) -> None:
        self.repos: dict[str, Repo] = {}
        self.renamed: dict[str, str] = {}
        self.tokens: dict[str, set[str]] = {}
        self.viewer_info: dict[str, object] = {}
        self.quotas: dict[str, Quota] = {}
        self.now: datetime | None = None
        self.page_size = 1000
        self.tree_page = 1000
        self.signature = 1
        self.lock = threading.RLock()
        self._views: dict[tuple[object, ...], list[Json]] = {}
        protocol = Protocol(self)
        self.origin = Origin(protocol.answer, port)
        self.cdn = Origin(protocol.serve_store)
        self.origin.clock = self.clock
        self.endpoint = self.links = self.origin.url

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop both origins."""
        self.origin.close()
        self.cdn.close()

    @property
    def requests(self) -> list[Request]:
        """What the Hub (not the CDN) was asked."""
        return self.origin.requests

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a subprocess at this Hub."""
        return {"HF_ENDPOINT": self.endpoint, "CATALOG_HF_VIEWER": self.endpoint, "NO_PROXY": "127.0.0.1"}

    def clock(self) -> datetime:
        """The server's time."""
        return self.now or datetime.now(UTC)

    def script(
        self, pattern: str, fault: Fault, *, on: int | Iterable[int] | None = None, every: int = 1, method: str = ""
    ) -> Rule:
        """A fault on the Hub's own origin; see `Origin.script`, and `hub.cdn.script` for the CDN."""
        return self.origin.script(pattern, fault, on=on, every=every, method=method)

    # What the Hub holds

    def add(
        self,
        id: str,
        files: Mapping[str, Body] | None = None,
        *,
        parquet: Mapping[str, Body] | None = None,
        lfs: set[str] | None = None,
        **record: Any,
    ) -> Repo:
        """Make a dataset. `record` sets payload keys (gated, cardData, tags ...), `parquet` the converted branch."""
        number = int.from_bytes(hashlib.sha256(id.encode()).digest()[:11], "big")
        stamp = iso(self.clock())
        payload: Json = {
            "_id": f"{number:024x}",
            "id": id,
            **({"author": id.partition("/")[0]} if "/" in id else {}),
            "disabled": False,
            "gated": False,
            "private": False,
            "lastModified": stamp,
            "createdAt": stamp,
            "likes": 0,
            "downloads": 0,
            "trendingScore": 0,
            "tags": ["region:us"],
            **record,
        }
        repo = Repo(payload)
        repo.commit(files or {}, lfs=lfs)
        if parquet is not None:
            repo.commit(parquet, ref=PARQUET)
        with self.lock:
            self.repos[id] = repo
            self._views.clear()
        return repo

    def load(self, records: Iterable[Json]) -> None:
        """Put payloads in the listing as they are, without files."""
        with self.lock:
            self.repos.update((str(record["id"]), Repo(record)) for record in records)
            self._views.clear()

    def touch(self, id: str, files: Mapping[str, Body] | None = None, **changes: Any) -> Repo:
        """Commit to a dataset (its lastModified becomes now) or only change its record when `files` is None."""
        with self.lock:
            repo = self.repos[id]
            if files is not None:
                repo.commit(files)
                repo.record["lastModified"] = iso(self.clock())
            repo.record.update(changes)
            self._views.clear()
            return repo

    def rename(self, old: str, new: str) -> None:
        """Move a dataset: the old id answers 307."""
        with self.lock:
            repo = self.repos.pop(old)
            repo.record.update(id=new, author=new.partition("/")[0])
            self.repos[new] = repo
            self.renamed[old] = new
            self._views.clear()

    def remove(self, id: str) -> None:
        """Delete a dataset."""
        with self.lock:
            del self.repos[id]
            self._views.clear()

    def expire_links(self) -> None:
        """Make every CDN address handed out so far answer 403."""
        self.signature += 1

    def view(self, request: Request, key: str) -> list[Json]:
        """The matching records in order, kept until something changes."""
        wanted = [pair for pair in request.query if pair[0] in ("filter", "search", "author", "gated")]
        name = (key, *wanted, request.token)
        with self.lock:
            if name not in self._views:
                seen = [repo.record for repo in self.repos.values() if self.may_see(repo, request)]
                found = [record for record in seen if listing.matches(record, request)]
                self._views[name] = listing.ordered(found, key)
            return self._views[name]

    def may_see(self, repo: Repo, request: Request) -> bool:
        """Private datasets show themselves to tokens that hold them only."""
        return not repo.private or repo.id in self.tokens.get(request.token, ())


def iso(moment: datetime) -> str:
    """A moment as the Hub writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
