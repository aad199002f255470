"""The application in the browser: its scripts as one file, its style, its words, and the three pages it draws.

The scripts are classic ones, so that file:// works. Their address carries a hash of their content, so that a host may
let browsers keep them; a page says in its `data-` attributes where those are that come later.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from catalog.errors import Fatal
from catalog.pages.browser.scripts import scripts, words
from catalog.pages.shell import Shell

APP = Path(__file__).with_name("app")
STYLES = Path(__file__).with_name("theme") / "overrides" / "assets"
_FRAME_ENDS = "/* What entries, lists"
VIEWS = {"index": "Datasets", "entry": "Dataset", "compare": "Compare datasets"}
"""The pages below `datasets/` with their titles; what differs between two views of one is in its address."""

SCRIPT = "application/javascript"
STYLE = "text/css"
_DESCRIPTION = "Search datasets for training language models by words, domain, task, license, language and size."
_EARLY = '<script>globalThis.early=fetch("../catalog/manifest.bin",{cache:"no-cache"});early.catch(()=>0)</script>'
"""Begins what the page needs first while its styles load, which hold up all scripts behind them."""
_WAIT = '<p>The search needs JavaScript. Without it, <a href="{lists}">browse the lists</a>.</p>'


def stamp(root: Path) -> str:
    """Make the scripts and styles small that all rendered pages name, and put a hash of these into their addresses, so
    that no page runs with what a browser kept of an earlier site. Returns the hash."""
    made = styles()
    texts = {f"{name}.css": made[name] for name in ("pages", "dark")}
    texts |= {path.name: small(SCRIPT, path.read_text("utf-8")) for path in sorted((root / "assets").glob("*.js"))}
    for name, text in texts.items():
        _write(root / "assets" / name, text)
    mark = _hash("".join(texts.values()))
    named = re.compile(rf'(assets/(?:{"|".join(map(re.escape, texts))}))(?=")')
    for page in root.rglob("*.html"):
        page.write_text(named.sub(rf"\1?{mark}", page.read_text("utf-8")), "utf-8")
    return mark


def write_app(root: Path, shell: Shell, mark: str, *, offline: bool) -> None:
    """Write scripts, styles, words and pages below the root of the site; `mark` is what `stamp` returned."""
    assets = root / "assets"
    placed = {name: _write_script(assets, name, texts) for name, texts in client_scripts().items()}
    style = f"assets/datasets.css?{_write(assets / 'datasets.css', styles()['datasets'])}"
    marks = "".join(f' data-{name}="{placed[name]}"' for name in ("words", "more", "entry"))
    marks += " data-offline" if offline else ""
    early = "" if offline else _EARLY
    early += "".join(
        f'<link rel="preload" as="script" href="../{each}">' for each in (f"assets/shell.js?{mark}", placed["catalog"])
    )
    lists = f"../browse/{'index.html' if offline else ''}"
    for view, title in VIEWS.items():
        content = (
            f'<h1 class="c-app">{title}</h1><div id="catalog-app" data-view="{view}">'
            f"<noscript>{_WAIT.format(lists=lists)}</noscript></div>"
        )
        tail = f'<script src="../{placed["catalog"]}"></script>'
        page = shell.page("../", title, _DESCRIPTION, "", content, tail, find=view != "index", early=early).decode()
        if view == "index":
            page = page.replace(f"assets/pages.css?{mark}", style, 1)
        (root / "datasets" / f"{view}.html").write_text(page.replace("<html ", f"<html{marks} ", 1), "utf-8")


def styles() -> dict[str, str]:
    """The style of most pages and that of the datasets page, made small: both have the frame of a page in common."""
    texts = {name: (STYLES / f"{name}.css").read_text("utf-8") for name in ("pages", "dark")}
    frame = texts["pages"].partition(_FRAME_ENDS)[0]
    texts["datasets"] = frame + (APP / "datasets.css").read_text("utf-8")
    return {name: small(STYLE, text) for name, text in texts.items()}


def client_scripts() -> dict[str, dict[str, str]]:
    """The scripts of the pages, made small: by name, then by language, "" for one that says nothing itself."""
    code = {name: small(SCRIPT, text) for name, text in scripts().items()}
    found: dict[str, dict[str, str]] = {"catalog": {"": code.pop("catalog")}, "words": {}}
    for name, by_language in words().items():
        made = found.setdefault("words" if name == "catalog" else name, {})
        for language, each in by_language.items():
            made[language] = f"Catalog.words({each});{code.get(name, '')}"
    return found


def _write_script(assets: Path, name: str, texts: dict[str, str]) -> str:
    """Write a script in its languages; its address, with {} for the language where it has several."""
    for language, text in texts.items():
        _write(assets / f"{name}{language and '-'}{language}.js", text)
    return f"assets/{name}{'' if '' in texts else '-{}'}.js?{_hash(''.join(texts.values()))}"


def small(kind: str, text: str) -> str:
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


def _write(path: Path, content: str) -> str:
    """Write a file; the hash of its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return _hash(content)


def _hash(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
