"""The frame of a page of the catalog: one page that mkdocs rendered, with holes for what differs.

The theme is rendered once; entries never pass through Markdown, Jinja or front matter, which would obey them. Relative
addresses of the frame are rewritten for each depth, and a Content-Security-Policy is put into each page that names the
hashes of its inline scripts: anything else that is no file of the site does not run.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from posixpath import normpath

from catalog.text import for_html

_ROOT = "\x01"
"""Stands for the way to the root of the site in a frame."""

_CONTENT = re.compile(r"<!--catalog:content-->.*?<!--/catalog:content-->", re.DOTALL)
_FIND = re.compile(r"\s*<!--catalog:find-->(.*?)<!--/catalog:find-->\s*", re.DOTALL)
_ADDRESS = re.compile(r'\b(href|src|action)="([^"]*)"')
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=)[^>]*>(.*?)</script>", re.DOTALL)
_SCOPE = re.compile(r'new URL\("[^"]*",location\)')
_EMPTY = re.compile(
    r'<input class="md-toggle"[^>]*>\n?|<label class="md-overlay"[^>]*></label>\n?|'
    r'<div data-md-component="(?:skip|announce)">\s*</div>\n?|'
    r'<div class="md-dialog".*?</div>\s*</div>\n?',
    re.DOTALL,
)
"""What only the scripts of the theme fill, which the pages of the catalog do without."""
_DONE = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\s*|(?<=<html )data-root="[^"]*" ')
"""What `with_policy` put into a page that a hook of mkdocs gave it already: it holds for that page alone."""
_CODE = re.compile(r"(<pre\b[^>]*>(?:<span></span>)?<code)>")
_STYLES = '<link rel="stylesheet"'
_HEAD = '<meta charset="utf-8">'
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'self'; form-action 'self'"
)


class Shell:
    """The frame. `page` puts a page into it."""

    def __init__(self, html: str, folder: str, *, offline: bool) -> None:
        """`html` is a page rendered by mkdocs for `folder` (its address, with a slash at the end)."""
        html = _DONE.sub("", html)
        html = re.sub(r">\s+<", ">\n<", _SCOPE.sub(f'new URL("{_ROOT}",location)', html))
        html = _ADDRESS.sub(lambda match: _rooted(match, folder, offline), html)
        html = html.replace(' md-tabs__item--active"', '"')
        html = _EMPTY.sub("", html)
        html = html.replace('<meta name="description" content="">', '<meta name="description" content="\x02">')
        html = re.sub(r"<title>.*?</title>", "<title>\x03</title>", html, count=1, flags=re.DOTALL)
        html = html.replace("<!--catalog:head-->", "\x04").replace("<!--catalog:scripts-->", "\x05")
        html = _CONTENT.sub("\x06", html)
        self._frames = {find: _FIND.sub(r"\n\1\n" if find else "\n", html) for find in (True, False)}
        self._cut: dict[tuple[str, bool, str], tuple[bytes, ...]] = {}

    def page(
        self,
        root: str,
        title: str,
        description: str,
        head: str,
        content: str,
        scripts: str = "",
        *,
        find: bool = True,
        early: str = "",
    ) -> bytes:
        """A whole page, as it is written to a file; the frame of those in one place is encoded once.

        `root` is the way to the root of the site ("../../"), `title` and `description` are text; `head`, `content` and
        `scripts` are HTML, and so is `early`, which stands before all styles. `find` is whether the search field of
        the header is there.
        """
        cut = self._cut.get((root, find, early))
        if cut is None:
            frame = self._frames[find].replace(_ROOT, root)
            framed = with_policy(frame.replace(_STYLES, f"{early}{_STYLES}", 1), root)
            cut = self._cut[root, find, early] = tuple(part.encode() for part in re.split("[\x02-\x06]", framed))
        before, name, links, body, tail, end = cut
        filled = (for_html(description), for_html(title), head, content, scripts)
        about, called, meta, main, code = [each.encode() for each in filled]
        return b"".join((before, about, name, called, links, meta, body, main, tail, code, end))


def _rooted(match: re.Match[str], folder: str, offline: bool) -> str:
    """An address of the frame, told from the root of the site."""
    name, address = match.groups()
    if _ELSEWHERE.match(address):
        return match[0]
    path, mark, rest = address.partition("#")
    whole = normpath(folder + path).removeprefix("./") if path else folder
    whole = "" if whole == "." else whole
    if path.endswith("/") or path in ("", ".", "..") or path.endswith(("/..", "/.")):
        whole = f"{whole.rstrip('/')}/" if whole else ""
        whole = f"{whole}index.html" if offline else whole
    return f'{name}="{_ROOT}{whole}{mark}{rest}"'


def with_policy(html: str, root: str) -> str:
    """A page with its Content-Security-Policy and the way to the root of the site; once done, it stays as it is.

    Two flaws of the theme are mended on the way: a dialog without a name, and code that scrolls but takes no focus.
    """
    if '<meta http-equiv="Content-Security-Policy"' in html:
        return html
    scripts = dict.fromkeys(_INLINE.findall(html))
    hashes = "".join(f" 'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in scripts)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(hashes=hashes)}">'
    html = html.replace("<html ", f'<html data-root="{root}" ', 1)
    html = html.replace('role="dialog">', 'role="dialog" aria-label="Search these pages">')
    html = _CODE.sub(r'\1 tabindex="0">', html)
    return html.replace(_HEAD, f"{_HEAD}\n{policy}", 1)


def harden_folder(folder: Path, but: Collection[str] = ()) -> None:
    """Give each page below a folder its Content-Security-Policy; what lies in the folders `but` of it has one."""
    for base, folders, names in os.walk(folder):
        below = Path(base).relative_to(folder).parts
        folders[:] = [name for name in folders if below or name not in but]
        root = "../" * len(below)
        for path in (Path(base, name) for name in names if name.endswith(".html")):
            html = path.read_text("utf-8")
            hardened = with_policy(html, root)
            if hardened != html:
                path.write_text(hardened, "utf-8")
