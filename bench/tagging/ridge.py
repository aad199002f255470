"""Learn the tasks: ridge regression over all terms at once, and the judge that reads its scores.

The scores that the judge learns from are those of examples left out with their whole group, which ridge regression has
in closed form: with the kernel K over examples, the noise N and C = K + N, the score of a group left out is what was
wanted less the solution of (C^-1 restricted to the group) x = C^-1 wanted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.tagging.examples import Example
from catalog.tagging import judge, phrases, reading, task

NOISE: Final = 1.0  # of an example of weight one
OFFSET: Final = 0.5  # the value of the feature that every example has
INVERSE: Final = 10.0  # inverse strength of the regularisation of the judge


@dataclass
class Ridge:
    """Weights by feature column and term, each term's bias, and the scores of every example left out with its group."""

    weights: Any
    bias: Any
    left_out: Any


def fit(matrix: Any, wanted: Any, weight: Any, groups: Sequence[str]) -> Ridge:
    """Learn; `matrix` is sparse, examples by features, `wanted` examples by terms, one where a term is given."""
    import numpy as np
    from scipy.linalg import lapack

    kernel = (matrix @ matrix.T).toarray() + OFFSET**2
    kernel[np.diag_indices(len(groups))] += NOISE / weight
    factor, _ = lapack.dpotrf(kernel, lower=1, overwrite_a=1)
    half, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(half) + np.tril(half, -1).T
    wanted = wanted * judge.SPREAD
    dual = inverse @ wanted
    places: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        places[group].append(place)
    left_out = np.zeros_like(wanted)
    for at in places.values():
        left_out[at] = wanted[at] - np.linalg.solve(inverse[np.ix_(at, at)], dual[at])
    return Ridge(matrix.T @ dual, OFFSET**2 * dual.sum(axis=0), left_out)


def judged(rows: Sequence[tuple[Example, set[str], Sequence[float], float]], places: Mapping[str, int]) -> list[float]:
    """The weights of the judge, from examples with their terms, scores left out, and what each counts."""
    from sklearn.linear_model import LogisticRegression

    terms = sorted(places, key=lambda term: places[term])
    inputs, right, weight = [], [], []
    for example, given, scores, counts in rows:
        found = phrases.scan(reading.read(example.record))
        guessed = task.guesses(found)
        sure = {tag.term: tag.confidence for tag in guessed}
        points = found.get("task", {})
        for term, known in judge.candidates(scores, places, terms, sure, points, task.above(guessed)):
            inputs.append(known)
            right.append(term in given)
            weight.append(counts)
    learner = LogisticRegression(C=INVERSE, max_iter=1_000).fit(inputs, right, sample_weight=weight)
    return [round(float(each), 4) for each in (*learner.coef_[0], learner.intercept_[0])]
