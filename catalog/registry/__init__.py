"""The registry: one SQLite file, one writer. Names are loaded when they are used, so that reading stays light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.registry.pages import Counts as Counts
    from catalog.registry.registry import Registry as Registry

__all__ = ["Counts", "Registry"]


def __getattr__(name: str) -> Any:
    if name == "Registry":
        from catalog.registry.registry import Registry

        return Registry
    if name == "Counts":
        from catalog.registry.pages import Counts

        return Counts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
