"""The linear model over words: for each term of a facet a score, and the words that speak for it.

`model.bin` holds, beside a JSON head, the numbers of the features in order, where each one's weights end, and for each
weight the place of its term and the weight in 1/127 of the head's scale. It is made by `python -m bench.tagging.train`
and read when the first record is tagged. Of the text of the training data it holds only the pairs of words that many
examples share ("machine translation").
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from operator import add
from typing import Any, Final

from catalog.tagging import features
from catalog.tagging.phrases import Found
from catalog.tagging.reading import Text

FILE: Final = "model.bin"
MAGIC: Final = b"catalog tags 1\n"
REMEMBERED: Final = 100_000  # words whose weights are kept at hand
LANE: Final = 32  # bits of a term in a packed number
FULL: Final = (1 << LANE) - 1
COUNT, WEIGHING = 0, 1  # the lanes before the terms: features, and whether any of them weighs
ZERO: Final = 4096  # what stands for no weight, so that none is below nothing

Line = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Facet:
    """How the scores of a facet are read.

    `terms` are in order of place, `places` the other way; `bias` are the scores of an empty text; `lane` is where the
    first lies in a packed number. `rules` is what a rule of confidence 1 adds to a score. `first` and `more` are slope
    and offset from score to confidence, for the best term of a text and for the others. `judge` are the weights of
    `catalog.tagging.judge`, which stands for those three where there are any.
    """

    name: str
    terms: tuple[str, ...]
    places: Mapping[str, int]
    bias: tuple[float, ...]
    lane: int
    rules: float
    first: Line
    more: Line
    judge: tuple[float, ...] = ()


def confidence(score: float, line: Line) -> float:
    """The share of right answers among those of a score, as measured by cross-validation."""
    slope, offset = line
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * score + offset))))


def score_of(share: float, line: Line) -> float:
    """The score that comes to a confidence; endlessly low where confidence does not grow with it."""
    slope, offset = line
    return (math.log(share / (1 - share)) - offset) / slope if slope > 0 else -math.inf


class Reading:
    """A text as the model sees it: its words, the packed weights of them all, and what the word lists give."""

    __slots__ = ("_lanes", "_listed", "_model", "_paired", "_text", "_titled", "_words", "_worth", "size")

    def __init__(
        self, model: Model, text: Text, titled: list[str], words: list[str], listed: list[tuple[str, int, int]]
    ) -> None:
        self._model, self._text, self._titled, self._words, self._listed = model, text, titled, words, listed
        self._paired: dict[str, int] = {}
        own = model.lanes(model.added(titled, words))
        lists = model.lanes(sum([packed * times for _, times, packed in listed]))
        self.size = own[COUNT]
        self._worth = features.share(self.size)
        self._lanes = own, lists

    def with_pairs(self) -> Reading:
        """The same reading with the pairs of words, which only a judged facet asks for."""
        if not self._paired:
            self._paired = self._model.pairs(self._text)
            if self._paired:
                own, lists = self._lanes
                more = self._model.lanes(sum(self._paired.values()))
                self._lanes = array("I", map(add, own, more)), lists
        return self

    def scores(self, facet: Facet) -> list[float]:
        """The score of every term of a facet."""
        own, lists = self._lanes
        one, other = self._worth * self._model.unit, self._model.unit / features.STEPS
        less = ZERO * (one * own[WEIGHING] + other * lists[WEIGHING])
        span = slice(facet.lane, facet.lane + len(facet.terms))
        each = zip(facet.bias, own[span], lists[span], strict=True)
        return [bias + one * a + other * b - less for bias, a, b in each]

    def reasons(self, facet: Facet, place: int) -> list[tuple[float, str]]:
        """The words that speak for a term, the most telling first, each with minus what it adds to the score."""
        shift, unit = LANE * (facet.lane + place), self._model.unit
        own, (title, body) = -self._worth * unit, (self._model.title, self._model.body)
        found = [
            (-(times / features.STEPS) * unit * each, word)
            for word, times, packed in self._listed
            if packed > FULL and (each := (packed >> shift & FULL) - ZERO) > 0
        ]
        for kept, words in ((title, self._titled), (body, self._words), (self._paired, self._paired)):
            found += [
                (own * each, word)
                for word in words
                if (packed := kept.get(word, 0)) > FULL and (each := (packed >> shift & FULL) - ZERO) > 0
            ]
        return sorted(found)


class Words(dict[str, int]):
    """The packed weights of words, each made at first use; of at most `REMEMBERED` words at a time."""

    def __init__(self, made: Callable[[str], int]) -> None:
        super().__init__()
        self._made = made

    def __missing__(self, word: str) -> int:
        if len(self) >= REMEMBERED:
            self.clear()
        known = self[word] = self._made(word)
        return known


class Model:
    """The weights of `model.bin`.

    The weights of a word lie side by side in one whole number, 32 bits for each term, behind the number of its features
    and a one for a word that weighs at all: adding such numbers adds all terms at once, and exactly, so that every
    machine comes to the same scores.
    """

    def __init__(self, head: Mapping[str, Any], numbers: array[int], ends: array[int], at: bytes, by: array[int]):
        self.head = head
        self._place = dict(zip(numbers, range(len(numbers)), strict=True))
        self._ends, self._at, self._by = ends, at, by
        self.unit = head["scale"] / 127
        self._count = len(head["bias"]) + 2
        self._struct = struct.Struct(f"<{self._count}I")
        self.title = Words(lambda word: self._together(features.of_title_word(word)))
        self.body = Words(lambda word: self._together(features.of_body_word(word)))
        self._listed = Words(lambda key: self._together((key,)))
        self._after: dict[str, set[str]] = {}
        for pair in head.get("pairs", ()):
            one, _, two = pair.partition(" ")
            self._after.setdefault(one, set()).add(two)
        self.facets = {name: _facet(name, each, head["bias"]) for name, each in head["facets"].items()}

    def read(self, text: Text, found: Found, source: str) -> Reading:
        """Score every term for a text; `found` is what the word lists found in it."""
        titled = features.title_words(text)
        known = set(titled)
        words = [word for word in features.body_words(text) if word not in known]
        listed = [(word, times, self._listed[key]) for key, times, word in features.of_found(found)]
        listed.append(("", features.STEPS // 2, self._listed[f"s {source}"]))
        return Reading(self, text, titled, words, listed)

    def pairs(self, text: Text) -> dict[str, int]:
        """The known pairs of words of a text, with their packed weights; they do not count as features."""
        after = self._after
        found = [
            f"{one} {two}"
            for words in features.runs(text)
            for one, two in pairwise(words)
            if one in after and two in after[one]
        ]
        return {pair: self._listed[features.of_pair(pair)] & ~FULL for pair in found}

    def added(self, titled: list[str], words: list[str]) -> int:
        """The packed weights of title words and words of the body, added up."""
        return sum(map(self.title.__getitem__, titled)) + sum(map(self.body.__getitem__, words))

    def lanes(self, packed: int) -> array[int]:
        """A packed number taken apart."""
        taken = array("I", packed.to_bytes(4 * self._count, "little"))
        if sys.byteorder == "big":
            taken.byteswap()
        return taken

    def _together(self, keys: Iterable[str]) -> int:
        """The weights of some features added up and packed."""
        read = [features.number(key) for key in keys]
        known = [place for number in read if (place := self._place.get(number)) is not None]
        if not known:
            return len(read)
        total = [len(read), 1, *[ZERO] * (self._count - 2)]
        for place in known:
            for each in range(self._ends[place - 1] if place else 0, self._ends[place]):
                total[self._at[each] + 2] += self._by[each]
        return int.from_bytes(self._struct.pack(*total), "little")


def _facet(name: str, given: Mapping[str, Any], bias: Sequence[float]) -> Facet:
    first, more = given["first"], given["more"]
    lines = (first[0], first[1]), (more[0], more[1])
    terms, start = tuple(given["terms"]), given["start"]
    places = {term: place for place, term in enumerate(terms)}
    judge = tuple(given.get("judge", ()))
    return Facet(name, terms, places, tuple(bias[start : start + len(terms)]), start + 2, given["rules"], *lines, judge)


def write(head: Mapping[str, Any], weights: Mapping[int, Iterable[tuple[int, int]]]) -> bytes:
    """The file of a model: for each feature number the places and the weights from -127 to 127."""
    numbers, ends, by = array("I"), array("I"), array("b")
    at = bytearray()
    for number in sorted(weights):
        for place, weight in weights[number]:
            at.append(place)
            by.append(weight)
        numbers.append(number)
        ends.append(len(at))
    text = json.dumps({**head, "features": len(numbers), "weights": len(at)}, sort_keys=True).encode()
    body = [_little(numbers), _little(ends), bytes(at), by.tobytes()]
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *body])


def parse(data: bytes) -> Model:
    """A model from its file. Raises `ValueError` for anything else."""
    if not data.startswith(MAGIC):
        raise ValueError("not a file of tag weights")
    start = len(MAGIC) + 4
    size = int.from_bytes(data[len(MAGIC) : start], "little")
    head = json.loads(data[start : start + size])
    view = memoryview(data)[start + size :]
    many, wide = head["features"], 4 * head["features"]
    numbers, ends, by = array("I"), array("I"), array("b")
    numbers.frombytes(view[:wide])
    ends.frombytes(view[wide : 2 * wide])
    at = bytes(view[2 * wide : 2 * wide + head["weights"]])
    by.frombytes(view[2 * wide + head["weights"] :])
    if sys.byteorder == "big":
        numbers.byteswap()
        ends.byteswap()
    if not len(numbers) == len(ends) == many or not len(at) == len(by) == head["weights"]:
        raise ValueError("the file of tag weights is cut short")
    return Model(head, numbers, ends, at, by)


def _little(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


@cache
def load() -> Model:
    """The model of this package, read once."""
    return parse(resources.files(__package__).joinpath(FILE).read_bytes())
