"""The tables of licenses, read once and indexed by name, id and address.

licenses.toml is ours: what people call the licenses of datasets. spdx.tsv is the SPDX License List with a class for
each id, so that a license that no dataset of ours has named yet is still read by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from catalog.license.classes import strictness

_WORD: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_PLUS: Final = re.compile(r"(?<=\d)\+")
_SPLIT_VERSION: Final = re.compile(r"(?<=[a-z_-])(\d)[p_-](\d)(?!\d|\.\d|[a-z])")  # 4p0, 4_0 and 4-0 are versions too
_BRACKETS: Final = re.compile(r"\([^)]*\)")
_STOP: Final = frozenset(
    [
        *("the", "a", "an", "of", "v", "ver", "version", "under", "family"),
        *("license", "licenses", "licence", "licences", "licensed", "licensing"),
        *("international", "unported", "generic", "universal"),
    ]
)


@dataclass(frozen=True, slots=True)
class License:
    """One license: SPDX id or `LicenseRef-...`, title, class, and a sentence where the class's own does not fit."""

    id: str
    title: str
    cls: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Licenses by what people write: `names` by words, `weak` the names that are common words too, `whole` the names
    that count only where they are the whole text, `urls` sorted by length."""

    names: dict[tuple[str, ...], License] = field(default_factory=dict)
    weak: set[tuple[str, ...]] = field(default_factory=set)
    whole: dict[tuple[str, ...], License] = field(default_factory=dict)
    urls: list[tuple[str, License]] = field(default_factory=list)
    longest: int = 1


def words(text: str) -> list[str]:
    """The words that tell licenses apart: lower case, versions without a closing `.0`, filler words left out."""
    plain = _PLUS.sub(" or later ", text.lower().replace("++", " plusplus "))
    plain = _SPLIT_VERSION.sub(r"\1.\2", plain)
    found = (number(word) for word in _WORD.findall(plain))
    return [word for word in found if word not in _STOP]


def number(word: str) -> str:
    """`4.0` as `4`: versions are written both ways."""
    return re.sub(r"(?:\.0)+\Z", "", word) if word[0].isdigit() else word


@cache
def table() -> Table:
    """The tables of this package as one; about 15 ms at first use."""
    import tomllib

    made = Table()
    rows = tomllib.loads(_text("licenses.toml"))["license"]
    for row in rows:
        _add(made, row)
    listed = [line.split("\t") for line in _text("spdx.tsv").splitlines() if not line.startswith("#")]
    ours = {row["id"] for row in rows}
    for id, cls, name in listed:
        if id not in ours:
            _add_listed(made, License(id, name, cls))
    _add_families(made)
    made.urls.sort(key=lambda pair: -len(pair[0]))
    return Table(made.names, made.weak, made.whole, made.urls, max(map(len, made.names)))


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _add(made: Table, row: dict[str, Any]) -> None:
    license = License(row["id"], row["title"], row["class"], row.get("note", ""))
    bare = license.id.removeprefix("LicenseRef-")
    for name in (license.id, bare, row["title"], *row.get("names", ())):
        if key := tuple(words(name)):
            made.names.setdefault(key, license)
    for name in row.get("weak", ()):
        key = tuple(words(name))
        made.names.setdefault(key, license)
        made.weak.add(key)
    made.urls.extend((url, license) for url in row.get("urls", ()))


def _add_listed(made: Table, license: License) -> None:
    """A license of the SPDX list, by its id and name. Short names without a version must be the whole text."""
    for name in (license.id, license.title, _BRACKETS.sub(" ", license.title)):
        key = tuple(words(name))
        if len(key) >= 3 or (len(key) == 2 and key[1][0].isdigit()):
            made.names.setdefault(key, license)
        elif key:
            made.whole.setdefault(key, license)


def _add_families(made: Table) -> None:
    """Names without their version: the only version there is, else a reference that names the family alone."""
    for name, licenses in _by_family(made).items():
        first = licenses[0]
        if len({license.id for license in licenses}) > 1:
            strictest = max(licenses, key=lambda license: strictness(license.cls))
            title = re.sub(r"[\s,]*(?:version )?v?[\d.]+\Z", "", first.title)
            first = License(f"LicenseRef-{'-'.join(name)}", f"{title} (no version named)", strictest.cls)
        made.names.setdefault(name, first)


def _by_family(made: Table) -> dict[tuple[str, ...], list[License]]:
    found: dict[tuple[str, ...], list[License]] = {}
    for name, license in _versioned(made):
        found.setdefault(name, []).append(license)
    return found


def _versioned(made: Table) -> Iterator[tuple[tuple[str, ...], License]]:
    for name, license in made.names.items():
        if len(name) > 2 and name[-1][0].isdigit() and not license.id.startswith("LicenseRef-"):
            yield name[:-1], license
