"""Fixtures: `hub`, and an environment in which no test meets the user's own Hub account or network settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

from tests.origin.hub import Hub

QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "NO_PROXY": "127.0.0.1",
}
OWN = ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_TOKEN_PATH", "HF_OIDC_RESOURCE", "TRANSFORMERS_OFFLINE")


def pytest_configure(config: pytest.Config) -> None:
    """Before huggingface_hub is imported anywhere: it reads these once."""
    for name in OWN:
        os.environ.pop(name, None)
    os.environ.update(QUIET)
    folder = tempfile.TemporaryDirectory(prefix="hf-home-", ignore_cleanup_errors=True)
    os.environ["HF_HOME"] = folder.name
    config.add_cleanup(folder.cleanup)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """An empty Hub on loopback, closed after the test."""
    with Hub() as hub:
        yield hub
