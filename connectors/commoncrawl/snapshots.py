"""The list of snapshots. It changes about once a month and its server is small, so a copy is kept for a day."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from catalog.errors import CatalogError, Fatal, Retriable
from catalog.record import clean
from catalog.web import HttpStatus, Web
from connectors.commoncrawl import settings

FRESH: Final = 86_400.0  # seconds
MAX_LIST: Final = 1 << 20
NAME: Final = re.compile(r"CC-MAIN-\d{4}(?:-\d{2,4})?\Z")
_WEEKLY: Final = re.compile(r"CC-MAIN-\d{4}-\d{2}\Z")

Row = dict[str, str]


def newest(web: Web) -> tuple[str, str]:
    """The newest snapshot, and what the user should be told of how it was found. Raises `Retriable` where the list
    does not come and none is kept, `Fatal` for what is no list."""
    rows, note = _rows(web)
    names = [row["id"] for row in rows if _WEEKLY.match(row["id"])]
    if not names:
        raise Fatal("Common Crawl's list names no snapshot.", _NAME_ONE)
    return max(names), note


def listed() -> Iterator[tuple[str, str, str]]:
    """The crawls, and the snapshots of the copy that is kept; no network."""
    yield settings.MAIN, settings.data(), "the web crawl: --snapshot chooses"
    yield settings.NEWS, settings.data(), "the news crawl, by month: --snapshot 2024-11"
    for row in _kept() or []:
        yield row["id"], f"{settings.index()}/{row['id']}-index", row["name"]


def _rows(web: Web) -> tuple[list[Row], str]:
    if (kept := _kept(FRESH)) is not None:
        return kept, ""
    try:
        rows = _sound(web.get_json(f"{settings.index()}/collinfo.json", max_bytes=MAX_LIST).value)
    except HttpStatus as error:
        raise (settings.explained(error) or error) from None
    except Retriable as error:
        if (kept := _kept()) is not None:
            return kept, "the list of snapshots does not come; this is the newest of the copy that is kept"
        raise Retriable(f"The list of snapshots does not come: {error.message}", _NAME_ONE) from error
    if not rows:
        raise Fatal("Common Crawl sent something else than its list of snapshots.", _NAME_ONE)
    _keep(rows)
    return rows, ""


_NAME_ONE: Final = "Name one: --snapshot CC-MAIN-2024-51"


def _sound(value: Any) -> list[Row]:
    rows = value if isinstance(value, list) else []
    named = ((clean(row.get("id"), 40), clean(row.get("name"), 80)) for row in rows[:2000] if isinstance(row, dict))
    return [{"id": id, "name": name} for id, name in named if NAME.match(id)]


def _path() -> Path:
    import platformdirs

    mark = hashlib.sha256(settings.index().encode()).hexdigest()[:10]
    return Path(platformdirs.user_cache_dir("catalog", appauthor=False)) / f"commoncrawl-{mark}.json"


def _kept(fresh: float | None = None) -> list[Row] | None:
    """The copy that is kept, None where there is none or it is older than `fresh` seconds."""
    try:
        path = _path()
        age = time.time() - path.stat().st_mtime
        if fresh is not None and not 0 <= age < fresh:
            return None
        return _sound(json.loads(path.read_bytes()[:MAX_LIST])) or None
    except (OSError, ValueError, RecursionError, CatalogError):
        return None


def _keep(rows: list[Row]) -> None:
    """Write the copy in one step; where that cannot be, it is read again next time."""
    try:
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(rows).encode())
        Path(name).replace(path)
    except OSError:
        pass
