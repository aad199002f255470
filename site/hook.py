"""What mkdocs calls: each page gets its Content-Security-Policy, whoever builds it.

Everything of the catalog is put beside these pages by `catalog site build`, which runs mkdocs itself.
"""

from pathlib import Path
from typing import Any


def on_post_build(config: Any) -> None:
    """Called by mkdocs once all pages are written."""
    from catalog.pages import harden_folder

    harden_folder(Path(config.site_dir))
