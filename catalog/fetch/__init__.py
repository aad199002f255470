"""Fetching a dataset: plan, transfer, verify, place; a receipt beside the data.

`make_plan` says what would come, `fetch` brings it (resumable at any byte, placed only when verified), `verify` checks
a folder against its receipt. Nothing that comes is ever executed or unpickled; `catalog.fetch.unpack` opens archives on
request alone.

The package itself can be called, so that `from catalog import fetch; fetch("gsm8k")` works whether or not a module of
it was imported before; that function is `catalog.api.fetch`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from catalog.fetch.plan import CAP_BYTES, CAP_FILES, FetchPlan, PlannedFile, make_plan
from catalog.fetch.receipt import Receipt, ReceiptFile, VerifyReport, verify
from catalog.fetch.run import Progress, fetch
from catalog.fetch.transfer import Placed

__all__ = [
    "CAP_BYTES",
    "CAP_FILES",
    "FetchPlan",
    "Placed",
    "PlannedFile",
    "Progress",
    "Receipt",
    "ReceiptFile",
    "VerifyReport",
    "fetch",
    "make_plan",
    "verify",
]


class _Fetch(ModuleType):
    def __call__(self, *name: Any, **options: Any) -> Any:
        from catalog.api import fetch

        return fetch(*name, **options)


sys.modules[__name__].__class__ = _Fetch
