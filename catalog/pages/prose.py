"""The hand-written pages and the theme: the one module that knows mkdocs.

It needs the extra `site`. Everything of the catalog is written after it, into the folder that it leaves.
"""

from __future__ import annotations

import os
from pathlib import Path

from catalog.errors import Fatal, Usage

PACKAGED = Path(__file__).with_name("theme") / "mkdocs.yml"
SHELL_PAGE = "datasets/index.html"
_LEFT_OUT = ("sitemap.xml", "sitemap.xml.gz")
"""Made by mkdocs with the date of the build; the site has a sitemap of its own."""


def project_here() -> Path | None:
    """The project in the current folder, if it is one of this site: it has a page for the datasets."""
    here = Path("mkdocs.yml")
    if not here.is_file():
        return None
    pages = (Path("site/docs/datasets/index.md"), Path("docs/datasets/index.md"))
    return here if any(page.is_file() for page in pages) else None


def render(project: Path | None, folder: Path, *, base_url: str, offline: bool) -> None:
    """Render a project into a folder; None is the one of this package.

    Raises `Fatal` without mkdocs-material, `Usage` for a project that cannot be built or has no page of datasets.
    """
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    try:
        import material  # noqa: F401
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        from mkdocs.exceptions import MkDocsException
    except ImportError as error:
        raise Fatal(
            f"building the site needs mkdocs-material ({error.name} is missing).",
            "Add it with: pip install 'dataset-catalog[site]'",
        ) from error
    try:
        config = load_config(
            str(project or PACKAGED),
            site_dir=str(folder.resolve()),
            site_url=base_url or None,
            use_directory_urls=not offline,
        )
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
        config.plugins.on_shutdown()
    except (MkDocsException, SystemExit) as error:
        raise Usage(f"mkdocs cannot build {project or PACKAGED}: {error}", "See: mkdocs build --strict") from error
    if not (folder / SHELL_PAGE).is_file():
        raise Usage(f"{project} has no page datasets/index.md.", "Build from another folder, or add that page.")
    _tidy(folder)


def addresses(folder: Path) -> list[str]:
    """The addresses of the pages that were rendered, as a search engine is told them."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    return sorted(name.removesuffix("index.html") for name in names if name not in ("404.html", "browse/index.html"))


def _tidy(folder: Path) -> None:
    """Take out what no reader loads, and what differs from build to build."""
    for name in _LEFT_OUT:
        (folder / name).unlink(missing_ok=True)
    for path in folder.rglob("*.map"):
        path.unlink()
