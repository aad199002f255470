"""The table of licenses (licenses.toml), read once and indexed by name, id and address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

_WORD: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_PLUS: Final = re.compile(r"(?<=\d)\+")
_STOP: Final = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "v",
        "ver",
        "version",
        "license",
        "licenses",
        "licence",
        "licences",
        "licensed",
        "licensing",
        "international",
        "unported",
        "generic",
        "universal",
        "family",
        "under",
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
    """Licenses by what people write: `names` by words, `weak` the names that are common words too, `urls` sorted."""

    names: dict[tuple[str, ...], License] = field(default_factory=dict)
    weak: set[tuple[str, ...]] = field(default_factory=set)
    urls: list[tuple[str, License]] = field(default_factory=list)
    longest: int = 1


def words(text: str) -> list[str]:
    """The words that tell licenses apart: lower case, versions without a closing `.0`, filler words left out."""
    plain = _PLUS.sub(" or later ", text.lower().replace("++", " plusplus "))
    found = (number(word) for word in _WORD.findall(plain))
    return [word for word in found if word not in _STOP]


def number(word: str) -> str:
    """`4.0` as `4`: versions are written both ways."""
    return re.sub(r"(?:\.0)+\Z", "", word) if word[0].isdigit() else word


@cache
def table() -> Table:
    """The table of this package; about 3 ms at first use."""
    import tomllib

    text = resources.files(__package__).joinpath("licenses.toml").read_text(encoding="utf-8")
    made = Table()
    for row in tomllib.loads(text)["license"]:
        _add(made, row)
    made.urls.sort(key=lambda pair: -len(pair[0]))
    return Table(made.names, made.weak, made.urls, max(map(len, made.names)))


def _add(made: Table, row: dict[str, Any]) -> None:
    license = License(row["id"], row["title"], row["class"], row.get("note", ""))
    bare = license.id.removeprefix("LicenseRef-").removesuffix("-only")
    for name in (license.id.removesuffix("-only"), bare, row["title"], *row.get("names", ())):
        if key := tuple(words(name)):
            made.names.setdefault(key, license)
    for name in row.get("weak", ()):
        key = tuple(words(name))
        made.names.setdefault(key, license)
        made.weak.add(key)
    made.urls.extend((url, license) for url in row.get("urls", ()))
