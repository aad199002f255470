"""The linear model over words: for each term of a facet a score, and the words that speak for it.

`model.bin` holds, beside a JSON head, the numbers of the features in order, where each one's weights end, and for each
weight the place of its term and the weight in 1/127 of the head's scale. It is made by `python -m bench.tagging.train`
and read when the first record is tagged. Text of the training data is not in it.
"""

from __future__ import annotations

import json
import math
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
REMEMBERED: Final = 200_000  # words whose weights are kept at hand

ABOUT: Final = "about"
TASK: Final = "task"
PARTS: Final = {"domain": ABOUT, "stage": ABOUT, "task": TASK}
"""Facets that are scored together: tasks are many, and need no guess where the source names them."""


class Entry:
    """The weights of a word by part and place, and how many features it has."""

    __slots__ = ("count", "parts")

    def __init__(self, count: int, about: dict[int, float], task: dict[int, float]) -> None:
        self.count = count
        self.parts = {ABOUT: about, TASK: task} if about or task else NOTHING


Parts = dict[str, dict[int, float]]  # part -> place of a term -> weight
NOTHING: Final[Parts] = {}


Line = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Facet:
    """How the scores of a facet are read.

    `terms` are in order of place, `start` is the place of the first; `rules` is what a rule of confidence 1 adds to a
    score. `first` and `more` are slope and offset from score to confidence, for the best term of a text and the others.
    """

    name: str
    terms: tuple[str, ...]
    start: int
    rules: float
    first: Line
    more: Line


def confidence(score: float, line: Line) -> float:
    """The share of right answers among those of a score, as measured by cross-validation."""
    slope, offset = line
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * score + offset))))


class Reading:
    """A text as the model sees it; the scores of a part are added up when they are first asked for."""

    __slots__ = ("_bias", "_scores", "_words")

    def __init__(self, bias: Mapping[str, Sequence[float]], words: list[tuple[str, float, Parts]]) -> None:
        self._bias, self._words = bias, words
        self._scores: dict[str, list[float]] = {}

    def scores(self, facet: Facet) -> list[float]:
        """The score of every term of a facet."""
        part = PARTS[facet.name]
        scores = self._scores.get(part)
        if scores is None:
            scores = self._scores[part] = [*self._bias[part]]
            for _, value, parts in self._words:
                for place, weight in parts[part].items():
                    scores[place] += value * weight
        return scores[facet.start : facet.start + len(facet.terms)]

    def reasons(self, facet: Facet, place: int) -> list[tuple[float, str]]:
        """What each word adds to the score of a term, the most first; no more than speak for it."""
        part, at = PARTS[facet.name], facet.start + place
        found = [(value * weight, word) for word, value, parts in self._words if (weight := parts[part].get(at, 0)) > 0]
        return sorted(found, key=lambda pair: (-pair[0], pair[1]))


class Model:
    """The weights of `model.bin`."""

    def __init__(self, head: Mapping[str, Any], numbers: array[int], ends: array[int], at: bytes, by: array[int]):
        self.head = head
        self._numbers, self._ends, self._at, self._by = numbers, ends, at, by
        self._unit = head["scale"] / 127
        self._bias = {part: [float(each) for each in values] for part, values in head["bias"].items()}
        self._split = len(self._bias[ABOUT])
        self._title: dict[str, Entry] = {}
        self._body: dict[str, Entry] = {}
        self._listed: dict[str, Entry] = {}
        self.facets = {name: _facet(name, each) for name, each in head["facets"].items()}

    def read(self, text: Text, found: Found, source: str) -> Reading:
        """Score every term for a text; `found` is what the word lists found in it."""
        titled = features.title_words(text)
        seen = [(word, self._title.get(word) or self._remember(self._title, word, True)) for word in titled]
        seen += [
            (word, self._body.get(word) or self._remember(self._body, word, False))
            for word in features.body_words(text)
            if word not in titled
        ]
        share = features.share(sum([entry.count for _, entry in seen]))
        words = [(word, share, entry.parts) for word, entry in seen if entry.parts]
        listed = [(word, value, self._entry(key).parts) for key, value, word in features.of_found(found)]
        listed.append(("", 0.5, self._entry(f"s {source}").parts))
        words += [each for each in listed if each[2]]
        return Reading(self._bias, words)

    def _entry(self, key: str) -> Entry:
        known = self._listed.get(key)
        if known is None:
            known = self._listed[key] = self._together((key,))
        return known

    def _remember(self, kept: dict[str, Entry], word: str, titled: bool) -> Entry:
        if len(kept) >= REMEMBERED:
            kept.clear()
        entry = kept[word] = self._together(features.of_title_word(word) if titled else features.of_body_word(word))
        return entry

    def _together(self, keys: Iterable[str]) -> Entry:
        """The weights of some features together, by part, and how many features they are."""
        about: dict[int, float] = {}
        task: dict[int, float] = {}
        read = list(keys)
        for key in read:
            for place, weight in self._find(features.number(key)):
                part, at = (about, place) if place < self._split else (task, place - self._split)
                part[at] = part.get(at, 0.0) + weight
        return Entry(len(read), about, task)

    def _find(self, number: int) -> tuple[tuple[int, float], ...]:
        numbers = self._numbers
        where = bisect_left(numbers, number)
        if where == len(numbers) or numbers[where] != number:
            return ()
        span = range(self._ends[where - 1] if where else 0, self._ends[where])
        return tuple((self._at[each], self._by[each] * self._unit) for each in span)


def _facet(name: str, given: Mapping[str, Any]) -> Facet:
    first, more = given["first"], given["more"]
    lines = (first[0], first[1]), (more[0], more[1])
    return Facet(name, tuple(given["terms"]), given["start"], given["rules"], *lines)


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
