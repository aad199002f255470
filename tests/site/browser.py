"""The Chromium that the tests drive: `python -m tests.site.browser FILE` finds or installs one and touches FILE.

It is the one that CATALOG_CHROMIUM names, else one on PATH, else Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""No profile, no service of the vendor, and no name but this machine's number resolves."""

PATIENCE = 300  # seconds that one way to install may take


def found() -> str:
    """The path of a browser, or ""."""
    named = os.environ.get("CATALOG_CHROMIUM")
    if named:
        return named if Path(named).is_file() else ""
    return next(filter(None, map(shutil.which, NAMES)), None) or _own()


def _own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else ""


def install() -> str:
    """Try each way to get a browser; the path of what came of it, or ""."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (
        [sys.executable, "-m", "playwright", "install", "chromium"],
        [*root, "apt-get", "update", "-qq"],
        [*root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        try:
            subprocess.run(command, timeout=PATIENCE, check=False, capture_output=True)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if path := found():
            return path
    return ""


def main(mark: str) -> int:
    """Touch the mark where there is a browser; without one only CI fails."""
    if found() or install():
        Path(mark).touch()
        return 0
    print("There is no Chromium: the tests of the site are skipped. Install one, or set CATALOG_CHROMIUM to its path.")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
