"""What opening the datasets page loads, as a host sends it that deflates text: it is the same at any size but for the
manifest, whose part that grows with the registry is bounded apart."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from catalog.pages.packing import unpack
from tests.site.datasets import Datasets
from tests.site.served import Origin
from tests.site.watched import Tab

OPENED = 100_000
"""Bytes of the page with theme, scripts, words and first results; a manifest of a million entries has 15,000 more."""
REQUESTS = 14
PER_SHARD = 8
"""Bytes of a manifest for each shard that it names, on the average, deflated: this is what grows."""


def test_the_page_opens_with_few_bytes(built: Path, served: Callable[[Path], Origin], tab: Callable[..., Tab]) -> None:
    origin = served(built)
    page = Datasets(tab(), f"{origin.url}/").open()
    paths = [unquote(urlsplit(path).path).lstrip("/") for path, status, _size in origin.requests if status == 200]
    sizes = {path: _sent(built / path) for path in paths}
    assert page.tab.errors == []
    assert len(paths) <= REQUESTS, paths
    assert sum(sizes[path] for path in paths) <= OPENED, sizes


def _sent(path: Path) -> int:
    content = path.read_bytes()
    return len(content) if path.suffix == ".bin" else len(gzip.compress(content, 6))


def test_what_grows_of_the_manifest_is_short(built: Path) -> None:
    manifest = json.loads(unpack(built / "catalog", "manifest"))
    grown = [name for part in ("terms", "names", "aliases") for name in manifest[part]]
    assert sum(len(json.dumps(name, ensure_ascii=False).encode()) + 1 for name in grown) / len(grown) <= 2 * PER_SHARD
