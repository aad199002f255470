"""Sitemaps: an index and its parts, of addresses alone. Dates of the build would make each build another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.text import for_html

PART = 40_000
"""Addresses of a part; the protocol allows 50,000."""
_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def write_sitemap(root: Path, base_url: str, pages: Sequence[tuple[str, str]]) -> int:
    """Write `sitemap.xml` and its parts for pages given as (address below the base, date or ""). Returns the files."""
    parts = list(_parts(pages))
    for number, part in enumerate(parts, 1):
        urls = "".join(
            f"<url><loc>{for_html(base_url + address)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>\n"
            for address, day in part
        )
        _write(root / f"sitemap-{number}.xml", f"<urlset {_XMLNS}>\n{urls}</urlset>\n")
    names = "".join(
        f"<sitemap><loc>{for_html(base_url)}sitemap-{number}.xml</loc></sitemap>\n"
        for number in range(1, len(parts) + 1)
    )
    _write(root / "sitemap.xml", f"<sitemapindex {_XMLNS}>\n{names}</sitemapindex>\n")
    return len(parts) + 1


def _parts(pages: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(pages), PART):
        yield pages[start : start + PART]


def _write(path: Path, body: str) -> None:
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', "utf-8")
