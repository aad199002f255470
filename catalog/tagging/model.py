"""The linear model over words: for each term of a facet a score, and the words that speak for it.

`model.bin` holds, beside a JSON head, the numbers of the features in order, where each one's weights end, and for each
weight the place of its term and the weight in 1/127 of the head's scale. It is made by `python -m bench.tagging.train`
and read when the first record is tagged. Text of the training data is not in it.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from catalog.tagging import features
from catalog.tagging.phrases import Found
from catalog.tagging.reading import Text

FILE: Final = "model.bin"
MAGIC: Final = b"catalog tags 1\n"
REMEMBERED: Final = 100_000  # words whose weights are kept at hand
LANE: Final = 32  # bits of a term in a packed number
FULL: Final = (1 << LANE) - 1
ZERO: Final = 4096  # what stands for no weight, so that none is below nothing

Told = tuple[str, dict[str, int]]  # a word, and its weights packed by part

ABOUT: Final = "about"
TASK: Final = "task"
PARTS: Final = {"domain": ABOUT, "stage": ABOUT, "task": TASK}
"""Facets that are scored together: tasks are many, and need no guess where the source names them."""


class Entry:
    """The weights of a word, packed by part, and how many features it has; `packed` is empty where nothing weighs."""

    __slots__ = ("count", "packed")

    def __init__(self, count: int, packed: dict[str, int]) -> None:
        self.count = count
        self.packed = packed


Line = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Facet:
    """How the scores of a facet are read.

    `terms` are in order of place, `places` the other way; `start` is the place of the first in its part. `rules` is
    what a rule of confidence 1 adds to a score. `first` and `more` are slope and offset from score to confidence, for
    the best term of a text and for the others.
    """

    name: str
    terms: tuple[str, ...]
    places: Mapping[str, int]
    start: int
    rules: float
    first: Line
    more: Line


def confidence(score: float, line: Line) -> float:
    """The share of right answers among those of a score, as measured by cross-validation."""
    slope, offset = line
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * score + offset))))


class Reading:
    """A text as the model sees it; the scores of a part are added up when they are first asked for.

    The weights of a word lie side by side in one whole number, 32 bits for each term: adding such numbers adds all
    terms at once, and exactly, so that every machine comes to the same scores.
    """

    __slots__ = ("_bias", "_listed", "_scores", "_unit", "_words", "_worth")

    def __init__(self, model: Model, words: list[Told], listed: list[tuple[Told, int]], worth: float) -> None:
        self._bias, self._unit = model.bias, model.unit
        self._words, self._listed, self._worth = words, listed, worth
        self._scores: dict[str, list[float]] = {}

    def scores(self, facet: Facet) -> list[float]:
        """The score of every term of a facet."""
        part = PARTS[facet.name]
        scores = self._scores.get(part)
        if scores is None:
            scores = self._scores[part] = self._added(part)
        return scores[facet.start : facet.start + len(facet.terms)]

    def _added(self, part: str) -> list[float]:
        bias = self._bias[part]
        words = _lanes(sum([packed[part] for _, packed in self._words]), len(bias))
        listed = _lanes(sum([packed[part] * times for (_, packed), times in self._listed]), len(bias))
        one, other = self._worth * self._unit, self._unit / features.STEPS
        less = one * ZERO * len(self._words) + other * ZERO * sum([times for _, times in self._listed])
        return [each + one * a + other * b - less for each, a, b in zip(bias, words, listed, strict=True)]

    def reasons(self, facet: Facet, place: int) -> list[tuple[float, str]]:
        """What each word adds to the score of a term, the most first; no more than speak for it."""
        part, shift = PARTS[facet.name], LANE * (facet.start + place)
        told = [(self._worth, word, packed) for word, packed in self._words]
        told += [(times / features.STEPS, word, packed) for (word, packed), times in self._listed]
        found = [(worth * self._unit * ((packed[part] >> shift & FULL) - ZERO), word) for worth, word, packed in told]
        return sorted([pair for pair in found if pair[0] > 0], key=lambda pair: (-pair[0], pair[1]))


class Model:
    """The weights of `model.bin`."""

    def __init__(self, head: Mapping[str, Any], numbers: array[int], ends: array[int], at: bytes, by: array[int]):
        self.head = head
        self._numbers, self._ends, self._at, self._by = numbers, ends, at, by
        self.unit = head["scale"] / 127
        self.bias = {part: [float(each) for each in values] for part, values in head["bias"].items()}
        self._title: dict[str, Entry] = {}
        self._body: dict[str, Entry] = {}
        self._listed: dict[str, Entry] = {}
        self.facets = {name: _facet(name, each) for name, each in head["facets"].items()}

    def read(self, text: Text, found: Found, source: str) -> Reading:
        """Score every term for a text; `found` is what the word lists found in it."""
        titled = features.title_words(text)
        first, body = self._title, self._body
        seen = [(word, first.get(word) or self._remember(first, word, True)) for word in titled]
        known = set(titled)
        others = [word for word in features.body_words(text) if word not in known]
        seen += [(word, body.get(word) or self._remember(body, word, False)) for word in others]
        worth = features.share(sum([entry.count for _, entry in seen]))
        words = [(word, entry.packed) for word, entry in seen if entry.packed]
        listed = [((word, self._entry(key)), times) for key, times, word in features.of_found(found)]
        listed.append((("", self._entry(f"s {source}")), features.STEPS // 2))
        return Reading(self, words, [each for each in listed if each[0][1]], worth)

    def _entry(self, key: str) -> dict[str, int]:
        known = self._listed.get(key)
        if known is None:
            known = self._listed[key] = self._together((key,))
        return known.packed

    def _remember(self, kept: dict[str, Entry], word: str, titled: bool) -> Entry:
        if len(kept) >= REMEMBERED:
            kept.clear()
        entry = kept[word] = self._together(features.of_title_word(word) if titled else features.of_body_word(word))
        return entry

    def _together(self, keys: Iterable[str]) -> Entry:
        """The weights of some features added up, and how many features they are."""
        read = list(keys)
        found = [pair for key in read for pair in self._find(features.number(key))]
        if not found:
            return Entry(len(read), {})
        total = [ZERO] * sum(map(len, self.bias.values()))
        for place, weight in found:
            total[place] += weight
        split = len(self.bias[ABOUT])
        return Entry(len(read), {ABOUT: _packed(total[:split]), TASK: _packed(total[split:])})

    def _find(self, number: int) -> list[tuple[int, int]]:
        numbers = self._numbers
        where = bisect_left(numbers, number)
        if where == len(numbers) or numbers[where] != number:
            return []
        span = range(self._ends[where - 1] if where else 0, self._ends[where])
        return [(self._at[each], self._by[each]) for each in span]


def _packed(weights: Sequence[int]) -> int:
    return int.from_bytes(struct.pack(f"<{len(weights)}I", *weights), "little")


def _lanes(packed: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", packed.to_bytes(4 * count, "little"))


def _facet(name: str, given: Mapping[str, Any]) -> Facet:
    first, more = given["first"], given["more"]
    lines = (first[0], first[1]), (more[0], more[1])
    places = {term: place for place, term in enumerate(given["terms"])}
    return Facet(name, tuple(given["terms"]), places, given["start"], given["rules"], *lines)


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
