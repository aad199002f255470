"""Search over a registry file: read-only, plain stdlib `sqlite3`, nothing heavy to import.

The package itself can be called, so that `from catalog import search; search("medical task:sft")` works whether or
not a module of it was imported before; the function is `catalog.api.search`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Search(ModuleType):
    def __call__(self, *query: Any, **options: Any) -> Any:
        from catalog.api import search

        return search(*query, **options)


sys.modules[__name__].__class__ = _Search
