"""Conformance checks for connectors, for the tests of whoever writes one.

The whole suite, with a source that is played on 127.0.0.1:

    from connectors.testing import CHECKS, Source

    def plays(asked):  # what the source would answer: JSON, or None for 404
        return SETS if asked.path == "/datasets" else None

    SOURCE = Source("example", "EXAMPLE_URL", plays, to_record, payloads=SETS)

    @pytest.mark.parametrize("check", CHECKS)
    def test_conforms(check): check(SOURCE)

Single checks, with a server of your own behind `web`:

    def test_mapping(): check_mapping(to_record, payloads)
    def test_listing(web): check_pages(connector, web)
    def test_files(web): check_files(connector, web, record)

Each raises `AssertionError` that names everything found wrong. Nothing here needs pytest.
"""

from __future__ import annotations

from connectors.testing.manners import check_nonsense, check_politeness, check_quiet, check_tokens
from connectors.testing.mapping import HOSTILE, check_mapping, damaged
from connectors.testing.origin import Answer, Asked, LocalOrigin
from connectors.testing.process import check_discovery, check_resume
from connectors.testing.queue import MemoryQueue
from connectors.testing.source import CANARY, Source, bench
from connectors.testing.walks import check_files, check_pages, walked

__all__ = [
    "CANARY",
    "CHECKS",
    "HOSTILE",
    "Answer",
    "Asked",
    "LocalOrigin",
    "MemoryQueue",
    "Source",
    "check_discovery",
    "check_files",
    "check_mapping",
    "check_nonsense",
    "check_pages",
    "check_politeness",
    "check_quiet",
    "check_records",
    "check_resume",
    "check_tokens",
    "check_walk",
    "damaged",
    "walked",
]


def check_records(source: Source) -> None:
    """`check_mapping` over the payloads of a source, hostile and damaged ones beside them."""
    check_mapping(source.to_record, source.payloads, rounds=500)


def check_walk(source: Source) -> None:
    """`check_pages`, then `check_files` of the first record that came."""
    with bench(source) as at:
        pages = check_pages(at.connector, at.web, source.asked(at.origin.url))
        record = next(record for page in pages for record in page.records)
        check_files(at.connector, at.web, record)


CHECKS = (
    check_discovery,
    check_records,
    check_walk,
    check_quiet,
    check_politeness,
    check_nonsense,
    check_tokens,
    check_resume,
)
"""All of them, each to be called with a `Source`."""
