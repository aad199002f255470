"""The application in the browser: its scripts as one file, its style, its words, and the three pages it draws.

The scripts are classic ones in the order of their names, engine first, so that file:// works. Their address carries a
hash of their content, so that a host may let browsers keep them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from catalog.errors import Fatal
from catalog.pages.shell import Shell

APP = Path(__file__).with_name("app")
VIEWS = {"index": "Datasets", "entry": "Dataset", "compare": "Compare datasets"}
"""The pages below `datasets/` with their titles; what differs between two views of one is in its address."""

_SCRIPT = "application/javascript"
_DESCRIPTION = "Search datasets for training language models by words, domain, task, license, language and size."
_WAIT = '<p>The search needs JavaScript. Without it, <a href="{lists}">browse the lists</a>.</p>'


def write_app(root: Path, shell: Shell, *, offline: bool) -> None:
    """Write scripts, style, words and pages below the root of the site."""
    assets = root / "assets"
    for name, kind in (("shell.js", _SCRIPT), ("prose.js", _SCRIPT), ("pages.css", "text/css")):
        _write(assets / name, _small(kind, (assets / name).read_text("utf-8")))
    script = f"assets/catalog.js?{_write(assets / 'catalog.js', script_of())}"
    style = f"assets/catalog.css?{_write(assets / 'catalog.css', _small('text/css', _joined(APP, '*.css')))}"
    words = [
        _write(assets / f"locale-{path.stem}.js", f"Catalog.words({path.read_text('utf-8')})")
        for path in sorted((APP / "locale").glob("*.json"))
    ]
    marks = f' data-locale="assets/locale-{{}}.js?{_hash("".join(words))}"' + (" data-offline" if offline else "")
    lists = f"../browse/{'index.html' if offline else ''}"
    for view, title in VIEWS.items():
        content = (
            f'<h1 class="c-app">{title}</h1><div id="catalog-app" data-view="{view}">'
            f"<noscript>{_WAIT.format(lists=lists)}</noscript></div>"
        )
        head = f'<link rel="stylesheet" href="../{style}">'
        scripts = f'<script src="../{script}"></script>'
        page = shell.page("../", title, _DESCRIPTION, head, content, scripts, find=view != "index")
        (root / "datasets" / f"{view}.html").write_text(page.replace("<html ", f"<html{marks} ", 1), "utf-8")


def script_of() -> str:
    """All scripts of the application as one, made small."""
    engine, interface = (_joined(APP / part, "*.js") for part in ("engine", "ui"))
    return _small(
        _SCRIPT,
        f'(() => {{\n"use strict";\n{engine}\nglobalThis.Catalog = Catalog;\n{interface}\n}})();\n',
    )


def _small(kind: str, text: str) -> str:
    """Text of a media type without what a browser does not need: comments, spaces, long names.

    Raises `Fatal` where the library is missing that does it.
    """
    try:
        from minify import string
    except ImportError as error:
        raise Fatal(
            "building the site needs tdewolff-minify, which is not installed.",
            "Add it with: pip install 'dataset-catalog[site]'",
        ) from error
    made: str = string(kind, text)
    return made


def _joined(folder: Path, pattern: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob(pattern)))


def _write(path: Path, content: str) -> str:
    """Write a file; the hash of its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return _hash(content)


def _hash(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
