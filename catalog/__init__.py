"""Catalog: find, judge and fetch datasets to train language models on.

    from catalog import Query, Registry, search, show
    for hit in search("medical task:sft"):
        print(hit.key, hit.commercial)

The names below are the command line's twins: same objects, same JSON. They are loaded when used, so that importing
this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.api import fetch as fetch
    from catalog.api import search as search
    from catalog.api import show as show
    from catalog.record import Entry as Entry
    from catalog.record import Record as Record
    from catalog.registry import Registry as Registry
    from catalog.search.query import Query as Query

__all__ = ["Entry", "Query", "Record", "Registry", "fetch", "search", "show"]

_HOMES = {
    "Entry": "catalog.record",
    "Query": "catalog.search.query",
    "Record": "catalog.record",
    "Registry": "catalog.registry",
    "fetch": "catalog.api",
    "search": "catalog.api",
    "show": "catalog.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
