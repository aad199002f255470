"""Entries as rows of a table: CSV that no spreadsheet takes a formula from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from catalog.record import Amount, Entry
from catalog.text import for_csv

FACETS = ("domain", "task", "language", "genre", "modality", "format")
COLUMNS = (
    "key", "title", "title_zh", "summary", "url", "access", "commercial", "license", "license_class", "license_reason",
    *FACETS, "rows", "bytes", "tokens", "downloads", "likes", "year", "created", "modified", "creators", "doi", "arxiv",
)  # fmt: skip


def csv_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The head, then a line an entry, each without its line end. Terms of one facet stand in one cell, with spaces."""
    yield ",".join(COLUMNS).encode()
    for entry in entries:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([for_csv(cell) for cell in _row(entry)])
        yield text.getvalue().encode("utf-8", "replace")


def _row(entry: Entry) -> Iterator[object]:
    verdict = entry.verdict
    yield from (entry.key, entry.title or entry.name, entry.title_zh, entry.summary, entry.url, entry.access)
    yield from (verdict.commercial, verdict.expression, verdict.cls, verdict.reason) if verdict else ("",) * 4
    for facet in FACETS:
        yield " ".join(tag.term for tag in entry.tags or () if tag.facet == facet)
    yield from map(_value, (entry.rows, entry.bytes, entry.tokens))
    yield from (entry.downloads, entry.likes, entry.year, entry.created, entry.modified)
    yield from ("; ".join(entry.creators), entry.doi, entry.arxiv)


def _value(amount: Amount | None) -> int | None:
    return None if amount is None else amount.value
