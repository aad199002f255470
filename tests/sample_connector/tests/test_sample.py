"""The whole suite over the sample, in an environment where it is installed."""

import pytest
from catalog_sample import to_record

from connectors.testing import CHECKS, Source

SETS = [
    {"slug": f"tide-{number}", "title": f"Tides of harbour {number}", "about": "Hourly.", "license": "cc-by-4.0"}
    for number in range(25)
]


def plays(asked):
    if asked.path == "/datasets":
        start = 10 * (int(asked.query["page"]) - 1)
        return SETS[start : start + 10]
    return None


SOURCE = Source("sample", "SAMPLE_ENDPOINT", plays, to_record, payloads=SETS, quiet=4)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conforms(check):
    check(SOURCE)
