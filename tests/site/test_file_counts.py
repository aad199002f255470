"""A site takes no more files than its host, at any size: pages, details, cards and lists share them out."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from catalog.pages import limits
from catalog.pages.browser import write
from catalog.pages.browser.cards import chunk_steps
from catalog.sqlite import connect_for_reading


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("entries", [1, 300, 20_000, 100_000, 1_000_000])
def test_files_are_shared_out(entries: int, offline: bool) -> None:
    copies = 2 if offline else 1
    for max_files in (5_000, 20_000, 200_000):
        plan = limits.plan(entries, max_pages=20_000, max_files=max_files, offline=offline)
        details = -(-entries // plan.details) * copies
        assert plan.pages + plan.data_files + details <= max_files


@pytest.mark.parametrize("entries", [1, 300, 20_000, 100_000, 1_000_000])
def test_cards_take_no_more_files_than_are_left(entries: int) -> None:
    for most in (2, 50, 3_000, 100_000):
        steps = chunk_steps(entries, most)
        ends = [*(start for start, _size in steps[1:]), entries]
        assert sum(-(-(end - start) // size) for (start, size), end in zip(steps, ends, strict=True)) <= most + 1


@pytest.mark.parametrize("offline", [False, True])
def test_an_index_takes_the_files_that_it_is_given(embedded: Path, tmp_path: Path, offline: bool) -> None:
    counts = []
    for max_files in (260, 2_000) if offline else (130, 1_000):
        with closing(connect_for_reading(embedded)) as connection:
            written = write(connection, tmp_path / f"{max_files}", offline=offline, max_files=max_files)
        assert written.files == sum(1 for path in (tmp_path / f"{max_files}").rglob("*") if path.is_file())
        assert written.files <= max_files
        counts.append(written.files)
    assert counts[0] < counts[1]
