"""SPDX license expressions: AND, OR, WITH and brackets, as Annex D of the SPDX specification has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from catalog.license.classes import strictness
from catalog.license.data import License

MAX_TERMS: Final = 40
_TOKEN: Final = re.compile(r"\s*(?:(\(|\))|([A-Za-z0-9][A-Za-z0-9.+:-]*))")
_OPERATOR: Final = re.compile(r"\b(?:AND|OR|WITH)\b")


@dataclass(frozen=True, slots=True)
class Terms:
    """An expression that was read: its canonical text, and the license that decides what it permits."""

    text: str
    decides: License
    joined: Literal["", "AND", "OR"] = ""


class _NotOne(Exception):
    """The text is no expression."""


def read(text: str, license_of: Callable[[str], License | None]) -> Terms | None:
    """A text that is an SPDX expression with at least one operator, or None. `license_of` knows the ids.

    Of an AND the strictest license decides, of an OR the mildest, since the user chooses; an exception (WITH) only
    adds permissions.
    """
    if len(text) > 1000 or not _OPERATOR.search(text):
        return None
    try:
        parser = _Parser(_tokens(text), license_of)
        found = parser.either()
        return found if not parser.left else None
    except _NotOne:
        return None


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(found) > MAX_TERMS * 2:
            raise _NotOne
        found.append(match[1] or match[2])
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str], license_of: Callable[[str], License | None]) -> None:
        self.left = tokens[::-1]
        self._license_of = license_of

    def either(self) -> Terms:
        return self._chain("OR", self._both, min)

    def _both(self) -> Terms:
        return self._chain("AND", self._one, max)

    def _chain(self, operator: Literal["AND", "OR"], part: Callable[[], Terms], choose: Callable[..., Terms]) -> Terms:
        parts = [part()]
        while self.left and self.left[-1] == operator:
            self.left.pop()
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        decides = choose(parts, key=lambda each: strictness(each.decides.cls)).decides
        inner = [f"({each.text})" if each.joined not in ("", operator) else each.text for each in parts]
        return Terms(f" {operator} ".join(inner), decides, operator)

    def _one(self) -> Terms:
        term = self.left.pop() if self.left else ")"
        if term == "(":
            inside = self.either()
            if not self.left or self.left.pop() != ")":
                raise _NotOne
            return inside
        license = None if term in (")", "AND", "OR", "WITH") else self._license_of(term)
        if license is None:
            raise _NotOne
        if self.left and self.left[-1] == "WITH":
            self.left.pop()
            exception = self.left.pop() if self.left else ""
            if not re.fullmatch(r"[A-Za-z0-9.-]+-exception[A-Za-z0-9.-]*", exception):
                raise _NotOne
            return Terms(f"{license.id} WITH {exception}", license)
        return Terms(license.id, license)
