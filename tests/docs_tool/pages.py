"""The pages, and how one is made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs_tool.fields import license_classes, license_classes_zh, record_fields
from tests.docs_tool.reference import command_reference, python_reference

if TYPE_CHECKING:
    from tests.docs_tool.shown import Stage

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "site" / "docs"

MAKERS = {
    "commands": command_reference,
    "python": python_reference,
    "record fields": record_fields,
    "license classes": license_classes,
    "license classes zh": license_classes_zh,
}
_MADE = re.compile(r"<!-- made: ([a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)


def pages() -> list[Path]:
    """Every page whose shown output is made: README and what is below site/docs."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def made(text: str, stage: Stage) -> str:
    """The page as it should be: its made parts and its outputs anew."""
    return stage.shown(_MADE.sub(_part, text))


def _part(match: re.Match[str]) -> str:
    name = match[1]
    return f"<!-- made: {name} -->\n\n{MAKERS[name]().strip()}\n\n<!-- end -->"
