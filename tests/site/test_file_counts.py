"""A site takes no more files than its host, at any size: pages, details, cards and lists share them out."""

from __future__ import annotations

import pytest

from catalog.pages import limits
from catalog.pages.browser import shared_out
from catalog.pages.browser.cards import chunk_steps


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("entries", [1, 300, 20_000, 100_000, 1_000_000])
def test_files_are_shared_out(entries: int, offline: bool) -> None:
    copies = 2 if offline else 1
    for max_files in (5_000, 20_000, 200_000):
        plan = limits.plan(entries, max_pages=20_000, max_files=max_files, offline=offline)
        details = -(-entries // plan.details) * copies
        assert plan.pages + plan.data_files + details <= max_files
        _factor, chunks = shared_out(entries, 50.0, plan.data_files // copies)
        assert cards(entries, chunks) * copies <= plan.data_files + 4


def cards(entries: int, most: int) -> int:
    """How many chunks of cards there are."""
    steps = chunk_steps(entries, most)
    ends = [*(start for start, _size in steps[1:]), entries]
    return sum(-(-(end - start) // size) for (start, size), end in zip(steps, ends, strict=True))
