"""The GNU licenses, read by rule: a family, a version, and whether later versions may be taken.

The versions are those of https://www.gnu.org/licenses/; a name without a version is a family and gets no SPDX id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from catalog.license.data import License

_FAMILIES: Final[dict[tuple[str, ...], str]] = {
    ("gnu", "affero", "general", "public"): "AGPL",
    ("affero", "general", "public"): "AGPL",
    ("gnu", "affero", "gpl"): "AGPL",
    ("affero", "gpl"): "AGPL",
    ("gnu", "affero"): "AGPL",
    ("gnu", "agpl"): "AGPL",
    ("gnu", "agplv"): "AGPL",
    ("agpl",): "AGPL",
    ("agplv",): "AGPL",
    ("gnu", "lesser", "general", "public"): "LGPL",
    ("gnu", "library", "general", "public"): "LGPL",
    ("lesser", "general", "public"): "LGPL",
    ("library", "general", "public"): "LGPL",
    ("gnu", "lesser", "gpl"): "LGPL",
    ("gnu", "lgpl"): "LGPL",
    ("gnu", "lgplv"): "LGPL",
    ("lgpl",): "LGPL",
    ("lgplv",): "LGPL",
    ("gnu", "general", "public"): "GPL",
    ("general", "public"): "GPL",
    ("gnu", "public"): "GPL",
    ("gnu", "gpl"): "GPL",
    ("gnu", "gplv"): "GPL",
    ("gpl",): "GPL",
    ("gplv",): "GPL",
    ("gnu", "free", "documentation"): "GFDL",
    ("free", "documentation"): "GFDL",
    ("gnu", "fdl"): "GFDL",
    ("gnu", "gfdl"): "GFDL",
    ("gnu", "gfdlv"): "GFDL",
    ("gfdl",): "GFDL",
    ("gfdlv",): "GFDL",
    ("fdl",): "GFDL",
}
_STARTS: Final = frozenset(name[0] for name in _FAMILIES)
_COMMON: Final = frozenset({("general", "public"), ("free", "documentation"), ("fdl",)})  # words of other texts too
_VERSIONS: Final = {
    "GPL": {"1": "1.0", "2": "2.0", "3": "3.0"},
    "LGPL": {"2": "2.0", "2.1": "2.1", "3": "3.0"},
    "AGPL": {"1": "1.0", "3": "3.0"},
    "GFDL": {"1.1": "1.1", "1.2": "1.2", "1.3": "1.3"},
}
_TITLES: Final = {
    "GPL": "GNU General Public License",
    "LGPL": "GNU Lesser General Public License",
    "AGPL": "GNU Affero General Public License",
    "GFDL": "GNU Free Documentation License",
}
_LATER: Final = (("or", "later"), ("and", "later"), ("or", "any", "later"), ("or", "newer"), ("or", "above"))


def read(tokens: Sequence[str], start: int) -> tuple[License, int] | None:
    """The GNU license written from `tokens[start]` on and where it ends, or None."""
    if tokens[start] not in _STARTS:
        return None
    name = next((name for name in _spans(tokens, start) if name in _FAMILIES), None)
    end = start + len(name) if name else start
    early = ""
    if name is None and tokens[start] == "gnu" and tuple(tokens[start + 2 : start + 3]) == ("public",):
        name, early, end = ("gnu", "public"), tokens[start + 1], start + 3  # "GNU V3 Public License"
    if name is None or tokens[end : end + 2] == ["for", "linguistic"] or tokens[end : end + 1] == ["lr"]:
        return None
    family = _FAMILIES[name]
    version = _VERSIONS[family].get(early or "".join(tokens[end : end + 1]), "")
    if name in _COMMON and not version:
        return None
    if version and not early:
        end += 1
    later = next((words for words in _LATER if tuple(tokens[end : end + len(words)]) == words), ())
    if tokens[end : end + 1] == ["only"]:
        end += 1
    return _license(family, version, bool(later)), end + len(later)


def _spans(tokens: Sequence[str], start: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[start : start + size]) for size in (4, 3, 2, 1)]


def _license(family: str, version: str, later: bool) -> License:
    if not version:
        return License(f"LicenseRef-{family.lower()}", f"A {_TITLES[family]} without a version", "share-alike")
    title = f"{_TITLES[family]} {version}{' or later' if later else ''}"
    return License(f"{family}-{version}-{'or-later' if later else 'only'}", title, "share-alike")
