"""The client engine as one script."""

from __future__ import annotations

from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1] / "app" / "engine"


def engine() -> str:
    """The files of the engine in the order of their names, closed off: only `Catalog` is seen outside."""
    parts = "\n".join(path.read_text("utf-8") for path in sorted(ENGINE.glob("*.js")))
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'
