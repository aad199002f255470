"""The one dataset that a name means, or a sentence that says why there is none."""

from __future__ import annotations

import sqlite3

from catalog.errors import NotFound, Usage
from catalog.index.han import simplified
from catalog.index.keys import last_segment, name_norm
from catalog.search.names import Named, resolve
from catalog.search.query import Query
from catalog.search.run import run


def one_named(connection: sqlite3.Connection, name: str) -> Named:
    """The one dataset that a name means: of the surest reading, the embedded catalog's entry where several tie.

    Raises `NotFound` with the nearest names, `Usage` listing the choices of an ambiguous name.
    """
    found = resolve(connection, name) or resolve(connection, simplified(name))
    if not found:
        raise NotFound(f"nothing is named {name[:80]!r}.", near_names(connection, name))
    best = [each for each in found if each.how == found[0].how]
    embedded = [each for each in best if each.key.startswith("catalog:")]
    if len(best) == 1 or len(embedded) == 1:
        return (embedded or best)[0]
    choices = "".join(f"\n  {each.key}" for each in best[:10])
    raise Usage(f"{name[:80]!r} may be any of {len(best)} datasets.", f"Name one of them:{choices}")


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
