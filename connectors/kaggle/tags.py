"""Kaggle's tags: what the branches of its tree say of a dataset.

A tag is known by its full path (`subject > health and fitness > health > health conditions > cancer`); names change and
the address of a tag's page differs from its name. Tags come as objects of either wire shape, as objects written as JSON
in strings (the Python client's `str(tag)`), or as bare paths (Croissant keywords).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from catalog.record import Statement, clean

MAX_TAGS: Final = 100
VALUE: Final = 120  # characters of a name
PATH: Final = 300  # characters of a full path
BRANCHES: Final = {
    "subject": "domain",
    "task": "task",
    "technique": "task",
    "analysis": "task",
    "data type": "modality",
    "language": "language",
}
"""The first part of a path to the facet it speaks of. Places, packages, audiences and the like stay keywords."""
AUTOMATIC: Final = ("admin", "audience", "architecture")
"""Branches that Kaggle or its templates fill in; the first is put on hundreds of thousands of datasets."""
CATCH_ALL: Final = frozenset(
    (
        "subject > people and society > business",
        "subject > arts and entertainment",
        "subject > earth and nature",
        "subject > people and society",
        "subject > science and technology",
        "subject > health and fitness",
    )
)
"""Subjects that say next to nothing: they are kept as keywords, not as statements."""
BRANCH_HEADS: Final = (
    "subject > health and fitness > health",
    "subject > people and society > business > finance",
    "subject > people and society > education",
    "subject > people and society > news",
    "subject > arts and entertainment > movies and tv shows",
    "subject > arts and entertainment > music",
    "subject > arts and entertainment > literature",
    "subject > earth and nature > biology",
    "subject > earth and nature > environment > weather and climate",
    "subject > earth and nature > environment > agriculture",
    "subject > science and technology > computer science > programming",
    "subject > science and technology > transportation",
    "subject > health and fitness > exercise > sports",
)
"""Subjects all of whose branches are of one domain, so that a tag below them says the head as well."""


@dataclass(frozen=True)
class Tag:
    """One tag: its name and its full path ("" where only the name came)."""

    name: str
    path: str = ""

    @property
    def branch(self) -> str:
        return self.path.partition(">")[0].strip()


def read(value: object) -> tuple[Tag, ...]:
    """The distinct tags of a payload; whatever has another shape is passed over."""
    items = value if isinstance(value, list) else []
    found = (_tag(item) for item in items[:MAX_TAGS])
    return tuple(dict.fromkeys(tag for tag in found if tag is not None))


def keywords(found: tuple[Tag, ...]) -> tuple[str, ...]:
    """The names of the tags that people gave."""
    return tuple(dict.fromkeys(tag.name for tag in found if tag.branch not in AUTOMATIC))


def statements(found: tuple[Tag, ...]) -> tuple[Statement, ...]:
    """What the tags state of domain, task, modality and language, each with its full path."""
    return tuple(dict.fromkeys(each for tag in found for each in _stated(tag)))


@lru_cache(maxsize=16384)
def _stated(tag: Tag) -> tuple[Statement, ...]:
    if not tag.path or tag.branch in AUTOMATIC or tag.path in CATCH_ALL:
        return ()
    known = ">" in tag.path and tag.branch in ("health and fitness", "people and society")
    facet = BRANCHES.get(tag.branch, "domain" if known else "")
    if not facet:
        return ()
    by = f"tag {tag.branch}"
    if facet in ("modality", "language"):
        return (Statement(facet, tag.name, by),)
    heads = [head for head in BRANCH_HEADS if tag.path.startswith(f"{head} > ")]
    return tuple(Statement(facet, path, by) for path in (tag.path, *heads))


def _tag(item: object) -> Tag | None:
    if isinstance(item, str):
        return _of_text(item)
    return _of_object(item) if isinstance(item, dict) else None


def _of_text(text: str) -> Tag | None:
    """A path, a name, or an object as JSON."""
    if text.lstrip().startswith("{"):
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return _of_object(inner) if isinstance(inner, dict) else None
    path = _path(text)
    name = clean(path.rpartition(">")[2], VALUE)
    return Tag(name, path if ">" in path else "") if name else None


def _of_object(item: dict[str, Any]) -> Tag | None:
    path = _path(item.get("fullPath") or item.get("fullPathNullable"))
    name = clean(item.get("name") or item.get("nameNullable") or item.get("ref"), VALUE)
    name = name or clean(path.rpartition(">")[2], VALUE)
    return Tag(name, path) if name else None


def _path(value: object) -> str:
    return " > ".join(part for part in (part.strip() for part in clean(value, PATH).split(">")) if part)


def number_of(name: str) -> str:
    """The number of a tag, by its name or its full path; "" for one that was not recorded (in December 2025)."""
    return _numbers().get(plain(name), "")


def plain(text: str) -> str:
    """A name or path for comparing: hyphens are spaces, as Kaggle writes the same tag both ways."""
    return " ".join(text.replace("-", " ").casefold().split())


@cache
def _numbers() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in files("connectors.kaggle").joinpath("tags.tsv").read_text("utf-8").splitlines():
        number, name, path = line.split("\t")
        found.setdefault(plain(name), number)
        found.setdefault(plain(path), number)
    return found
