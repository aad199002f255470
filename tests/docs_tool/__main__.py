"""Write every page anew: `python -m tests.docs_tool`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs_tool.pages import ROOT, made, pages
from tests.docs_tool.shown import Stage


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage.build(Path(folder))
        for path in pages():
            text = path.read_text("utf-8")
            fresh = made(text, stage)
            if fresh != text:
                path.write_text(fresh, "utf-8")
                print(f"written: {path.relative_to(ROOT)}")
    return 0


sys.exit(main())
