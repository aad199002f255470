"""Search over a registry file: read-only, plain stdlib `sqlite3`, nothing heavy to import.

from catalog import Query, search
result = search(Query.parse("medical task:sft"), "registry.db")
"""

from __future__ import annotations

from catalog.search.hits import FacetCount, Hit, Result
from catalog.search.query import Query
from catalog.search.run import run

__all__ = ["FacetCount", "Hit", "Query", "Result", "run"]
