"""Training, validation and test rows by the hash of what they say: a row stands on one side whatever its order, and so
do its copies and the rows of its group."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from catalog.errors import Usage
from catalog.formats.roles import fold

Row = Mapping[str, Any]

_IDS: Final = frozenset(("id", "uid", "uuid", "idx", "index", "rowid", "questionid", "promptid", "conversationid"))
_SPACE: Final = re.compile(r"(?:\s|\\[ntr])+")
_WHOLE: Final = 2**64


class Split:
    """Tells the side of each row. `shares` are the sides' names with their shares, which sum to 1.

    Rows with the same value in the `group` column stand together, copies do, whatever group they are of, and so do
    all that hang together in this way. With `stratify` every value of that column is shared out for itself. Where
    `looks_first` is set, `see` is told of all rows before the first `side`. Raises `Usage` for shares that do not sum
    to 1.
    """

    def __init__(self, shares: Mapping[str, float], seed: int = 0, group: str = "", stratify: str = "") -> None:
        if any(not share >= 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
            told = " + ".join(f"{share:g}" for share in shares.values())
            raise Usage(f"the shares {told} do not sum to 1.", "Say them as: --train 0.9 --valid 0.05 --test 0.05")
        self._names = [name for name, share in shares.items() if share > 0]
        self._ends = [round(end * _WHOLE) for end in accumulate(shares[name] for name in self._names)]
        self._key = hashlib.blake2b(str(seed).encode()).digest()
        self._group, self._stratify = group, stratify
        self._apart = frozenset(name for name in (group, stratify) if name)
        self._parents: dict[int, int] = {}
        self._seen: dict[int, Counter[str]] = {}
        self._sides: dict[int, str] = {}

    @property
    def looks_first(self) -> bool:
        """Whether the side of a row hangs on the other rows, though not on their order."""
        return bool(self._group or self._stratify)

    def see(self, row: Row) -> None:
        """Take in a row."""
        content, group = self._places(row)
        if group is not None:
            self._join(content, group)
        if self._stratify:
            self._seen.setdefault(content, Counter())[_folded(row.get(self._stratify))] += 1

    def side(self, row: Row) -> str:
        """The side of a row: the same for the same rows, seed and shares, whatever its place in the file."""
        place = self._root(self._places(row)[0])
        if not self._stratify:
            return self._at(self._drawn(place))
        if not self._sides:
            self._share_out()
        return self._sides[place]

    def _places(self, row: Row) -> tuple[int, int | None]:
        """The hash of what a row says, apart from group and stratum, and that of its group where it has one."""
        told = {name: value for name, value in row.items() if name not in self._apart}
        content = self._hashed(f"row {content_of(told)}")
        grouped = bool(self._group) and row.get(self._group) not in (None, "")
        return content, self._hashed(f"group {_folded(row[self._group])}") if grouped else None

    def _hashed(self, told: str) -> int:
        digest = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key)
        return int.from_bytes(digest.digest(), "big")

    def _root(self, place: int) -> int:
        """The least hash of all that stand together with a place."""
        root = place
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(place, place)) != root:
            self._parents[place], place = root, parent
        return root

    def _join(self, one: int, two: int) -> None:
        one, two = self._root(one), self._root(two)
        if one != two:
            self._parents[max(one, two)] = min(one, two)

    def _drawn(self, place: int) -> int:
        """Where a place stands among all: the least hash of many is small, and hashed anew it is not."""
        return self._hashed(f"together {place}") if self._group else place

    def _at(self, place: int) -> str:
        return self._names[min(bisect_right(self._ends, place), len(self._names) - 1)]

    def _share_out(self) -> None:
        """Each stratum in the order of hashes, its rows dealt out by their shares. A group has its commonest one."""
        together: dict[int, Counter[str]] = {}
        for place, values in self._seen.items():
            together.setdefault(self._root(place), Counter()).update(values)
        strata: dict[str, list[int]] = {}
        for place, values in together.items():
            strata.setdefault(min(values, key=lambda value: (-values[value], value)), []).append(place)
        for places in strata.values():
            total = sum(together[place].total() for place in places)
            before = 0
            for place in sorted(places, key=self._drawn):
                size = together[place].total()
                self._sides[place] = self._at((2 * before + size) * _WHOLE // (2 * total))
                before += size


def content_of(row: Row) -> str:
    """What a row says, without its ids: case, spaces and forms of one character make no difference."""
    return _folded({str(name): value for name, value in row.items() if fold(str(name)) not in _IDS})


def _folded(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _SPACE.sub(" ", text).casefold()


def missing_column(columns: Sequence[str], sample: Sequence[Row]) -> str:
    """The first of the columns that no row of a sample has, or ""."""
    held = {str(name) for row in sample for name in row}
    return next((name for name in columns if name and name not in held), "")
