"""What mkdocs calls: each page gets its Content-Security-Policy, whoever builds it; Chinese pages are told as such.

Everything of the catalog is put beside these pages by `catalog site build`, which runs mkdocs itself.
"""

import re
from pathlib import Path
from typing import Any

_WIDE = r"[\u2018-\u201d\u3000-\u9fff\uff00-\uffef]"
_BROKEN = re.compile(rf"(?<={_WIDE})\n(?={_WIDE})")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of a page: between Chinese signs the end of a line is no space."""
    return _BROKEN.sub("", markdown)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Called by mkdocs with the content of a page: readers aloud and browsers are told which language it is in."""
    return f'<div lang="zh-CN">{html}</div>' if page.file.src_uri.startswith("zh/") else html


def on_post_build(config: Any) -> None:
    """Called by mkdocs once all pages are written."""
    from catalog.pages import harden_folder

    harden_folder(Path(config.site_dir))
