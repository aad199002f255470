"""The one dataset that a name means, or a sentence that says why there is none."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

from catalog.errors import NotFound, Usage
from catalog.identity.addresses import bare_address, key_of_page
from catalog.index.han import simplified
from catalog.index.keys import last_segment, name_norm
from catalog.search.names import Named, resolve
from catalog.search.query import Query
from catalog.search.run import run

_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_DOI: Final = re.compile(r"(?:doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV: Final = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_FOUND: Final = (
    "SELECT DISTINCT d.id, d.key, d.title, 'id' FROM dataset s LEFT JOIN cluster_member m ON m.dataset_id = s.id "
    "JOIN dataset d ON d.id = coalesce(m.cluster_id, s.id) WHERE "
)
"""Of copies the dataset that speaks for them."""


def one_named(connection: sqlite3.Connection, name: str) -> Named:
    """The one dataset that a name means: of the surest reading, the embedded catalog's entry where several tie. A web
    address, a DOI and an arXiv id (`arxiv:2110.14168`) are names as well.

    Raises `NotFound` with the nearest names, `Usage` for no name, and with the choices for an ambiguous one.
    """
    if not name.strip():
        raise Usage("no dataset is named.", "Look for one with: catalog search")
    found = resolve(connection, name) or resolve(connection, simplified(name)) or _identified(connection, name.strip())
    if not found and _ADDRESS.match(name.strip()):
        raise NotFound(
            f"no dataset in the registry has the address {name.strip()[:200]!r}.",
            "See what it describes, and store it, with: catalog inspect URL --save",
        )
    if not found:
        raise NotFound(f"nothing is named {name[:80]!r}.", near_names(connection, name))
    best = [each for each in found if each.how == found[0].how]
    embedded = [each for each in best if each.key.startswith("catalog:")]
    if len(best) == 1 or len(embedded) == 1:
        return (embedded or best)[0]
    choices = "".join(f"\n  {each.key}" for each in best[:10])
    raise Usage(f"{name[:80]!r} may be any of {len(best)} datasets.", f"Name one of them:{choices}")


def _identified(connection: sqlite3.Connection, name: str) -> list[Named]:
    """The datasets with an identifier, or with a page at an address."""
    if _ADDRESS.match(name):
        key = key_of_page(name)
        known = (resolve(connection, key) or _identified(connection, key)) if key else []
        return known or _at(connection, name)
    if doi := _DOI.fullmatch(name):
        return _rows(connection, "s.doi <> '' AND lower(s.doi) = ?", doi[1].lower())
    if arxiv := _ARXIV.fullmatch(name):
        return _rows(connection, "s.arxiv <> '' AND s.arxiv = ?", arxiv[1])
    return []


def _at(connection: sqlite3.Connection, address: str) -> list[Named]:
    """The datasets whose page is at an address, however it is spelt."""
    bare = bare_address(address)
    starts = ("https://", "http://", "https://www.", "http://www.")
    spelt = [address, *(f"{start}{bare}{end}" for start in starts for end in ("", "/"))]
    return _rows(connection, f"s.url IN ({','.join('?' * len(spelt))})", *spelt)


def _rows(connection: sqlite3.Connection, where: str, *values: str) -> list[Named]:
    return [Named(*row) for row in connection.execute(f"{_FOUND}{where} ORDER BY d.slot LIMIT 50", values)]


def near_names(connection: sqlite3.Connection, name: str) -> str:
    """A hint with the datasets that a search for a name finds."""
    words = " ".join(part for part in name.replace("/", " ").replace(":", " ").split())
    hits = run(connection, Query.parse(words, limit=10)).hits
    if not hits:
        return "Look for it with: catalog search"
    norm = name_norm(last_segment(name))
    names = {hit.key: name_norm(last_segment(hit.key.partition(":")[2])) for hit in hits}
    nearest = sorted(hits, key=lambda hit: not names[hit.key].startswith(norm))
    return f"Did you mean {' or '.join(hit.key for hit in nearest[:3])}?"
