"""Fetching a dataset: plan, transfer, verify, place; a receipt beside the data.

`make_plan` says what would come, `fetch` brings it (resumable at any byte, placed only when verified), `verify` checks
a folder against its receipt. Nothing that comes is ever executed, unpickled or unpacked.
"""

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
