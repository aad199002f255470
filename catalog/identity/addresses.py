"""Web addresses of datasets as the keys that they stand for."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from catalog.record import Relation

_SCHEME = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)


class _Page(NamedTuple):
    pattern: re.Pattern[str]
    target: str
    never: frozenset[str]


def key_of_page(url: str) -> str:
    """The key (`source:id`), `doi:...` or `arxiv:...` that an address stands for; "" for any other address.

    DOIs are folded to lower case, as they do not distinguish case.
    """
    if not _SCHEME.match(url):
        return ""
    bare = bare_address(url)
    for page in _pages():
        match = page.pattern.fullmatch(bare)
        if match and match[1].casefold() not in page.never:
            target = page.target.format(*match.groups())
            return target.casefold() if target.startswith("doi:") else target
    return ""


def bare_address(url: str) -> str:
    """An address without scheme, "www.", query, fragment and closing slash, its host in lower case: what tells two
    spellings of one page to be the same."""
    rest = _SCHEME.sub("", url.strip(), count=1).partition("#")[0]
    host, slash, path = rest.partition("/")
    return f"{host.lower()}{slash}{path.partition('?')[0]}".rstrip("/")


def is_home(url: str) -> bool:
    """Whether an address is that of a site as a whole: no path, no query."""
    return bool(_SCHEME.match(url)) and "?" not in url and "/" not in bare_address(url)


def canonical(relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Relations whose targets are keys where their address is that of a known hub; the address stays in the note."""
    return tuple(map(_canonical, relations))


def _canonical(relation: Relation) -> Relation:
    key = key_of_page(relation.target)
    return Relation(relation.kind, key, relation.note or relation.target) if key else relation


@cache
def _pages() -> tuple[_Page, ...]:
    import tomllib

    data = tomllib.loads(resources.files(__package__).joinpath("addresses.toml").read_text(encoding="utf-8"))
    return tuple(
        _Page(re.compile(page["pattern"], re.IGNORECASE), page["target"], frozenset(page.get("never", ())))
        for page in data["page"]
    )
