"""The browser tests see what they are there to see: a page that misbehaves in every way is told so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.site.served import Origin
from tests.site.watched import Tab

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'nonce-a'; img-src *"></head>
<body><main><h1>A page</h1><img src="missing.png"><img src="http://known.example/a.png" alt="">
<p style="color: red">Styled.</p><script>alert(1)</script>
<script nonce="a">alert("two"); console.error("three"); setTimeout(() => { throw new Error("four") })</script>
</main></body></html>"""


def test_everything_bad_is_noted(tmp_path: Path, served: Callable[[Path], Origin], tab: Callable[..., Tab]) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    origin = served(tmp_path)
    seen = tab().goto(f"{origin.url}/index.html", wait="networkidle")
    assert seen.dialogs == ["two"]
    assert seen.errors == ["four"]
    assert "error: three" in seen.console
    assert any(report.startswith("style-src") for report in seen.csp)
    assert any(report.startswith("script-src") for report in seen.csp)
    assert seen.foreign(origin.url) == ["http://known.example/a.png"]
    assert any(line.startswith("http://known.example/a.png") for line in seen.failed)
    assert any(line.startswith("image-alt") for line in seen.axe())
    assert ("/missing.png", 404) in [request[:2] for request in origin.requests]


def test_a_plain_page_is_quiet(tmp_path: Path, served: Callable[[Path], Origin], tab: Callable[..., Tab]) -> None:
    (tmp_path / "index.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A</title>'
        '<link rel="icon" href="data:,"></head><body><main><h1>A</h1></main></body></html>'
    )
    origin = served(tmp_path)
    for settings in ({}, {"phone": True}, {"color_scheme": "dark"}, {"javascript": False}):
        tab(**settings).goto(f"{origin.url}/index.html").assert_quiet(origin.url)
    assert tab().goto(f"{origin.url}/index.html").axe() == []
