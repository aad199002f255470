"""How sure a task is, by what the model scores it, what the word lists say, and how it stands among the others.

A score alone says less: a task with half the score of the best one is a passenger, a guess of the lists that the model
does not share is often a word in passing. A logistic curve over a dozen such inputs tells them apart; its weights are
learned with the model, from examples that the scores were not learned from.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from operator import mul
from typing import Final

from catalog.tagging.features import FULL
from catalog.tagging.phrases import Score

SPREAD: Final = 4.0  # the score of a task that is there for certain
LOW: Final = 0.03  # shares of it below this are no candidates
MOST: Final = 4  # tasks by score that come into question, beside those that the lists guess
INPUTS: Final = 12

Inputs = tuple[float, ...]


def candidates(
    scores: Sequence[float],
    places: Mapping[str, int],
    terms: Sequence[str],
    guessed: Mapping[str, float],
    points: Mapping[str, Score],
    above: Collection[str],
) -> list[tuple[str, Inputs]]:
    """The tasks that come into question, each with what is known of it.

    `scores` are the model's, by place; `guessed` are confidences of the lists' guesses, `points` all that the lists
    found, `above` the tasks that stand above a guessed one.
    """
    least = LOW * SPREAD
    ranked = sorted([(score, place) for place, score in enumerate(scores) if score > least], reverse=True)[:MOST]
    best = ranked[0][0] / SPREAD if ranked else 0.0
    found = {terms[place]: (score / SPREAD, rank) for rank, (score, place) in enumerate(ranked)}
    for term in guessed:
        if term not in found:
            found[term] = (scores[places[term]] / SPREAD if term in places else 0.0, len(ranked))
    made: list[tuple[str, Inputs]] = []
    for term, (share, rank) in found.items():
        listed = guessed.get(term, 0.0)
        own = min(points[term].points, FULL) / FULL if term in points else 0.0
        made.append(
            (
                term,
                (
                    share, share * share, math.sqrt(max(share, 0.0)), listed, 1.0 if listed else 0.0, own,
                    0.0 if rank else 1.0, 1 / (1 + rank), 1.0 if term in places else 0.0,
                    1.0 if term in above else 0.0, share * listed, best,
                ),
            )
        )  # fmt: skip
    return made


def confidence(inputs: Inputs, weights: Sequence[float]) -> float:
    """The share of right answers among candidates like this one; the last weight is the offset."""
    total = sum(map(mul, inputs, weights), weights[INPUTS])
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
