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
    from catalog.api import count_tokens as count_tokens
    from catalog.api import fetch as fetch
    from catalog.api import lint as lint
    from catalog.api import plan as plan
    from catalog.api import read_lock as read_lock
    from catalog.api import search as search
    from catalog.api import show as show
    from catalog.api import verify as verify
    from catalog.record import Entry as Entry
    from catalog.record import Record as Record
    from catalog.registry import Registry as Registry
    from catalog.search.query import Query as Query

__all__ = [
    "Entry", "Query", "Record", "Registry", "count_tokens", "fetch", "lint", "plan", "read_lock", "search", "show",
    "verify",
]  # fmt: skip

_HOMES = {
    "Entry": "catalog.record",
    "Query": "catalog.search.query",
    "Record": "catalog.record",
    "Registry": "catalog.registry",
    "count_tokens": "catalog.api",
    "fetch": "catalog.api",
    "lint": "catalog.api",
    "plan": "catalog.api",
    "read_lock": "catalog.api",
    "search": "catalog.api",
    "show": "catalog.api",
    "verify": "catalog.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
