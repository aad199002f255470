"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """The folder of recorded payloads; a test that needs it is skipped where it is absent, but never under CI."""
    folder = SHARED / "fixtures"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the recorded payloads are missing: {folder}")
        pytest.skip("the recorded payloads are not here")
    return folder
