"""Train the model of the tags: `python -m bench.tagging.train` writes catalog/tagging/model.bin.

One logistic regression a domain and stage and a ridge regression of all tasks, over the features of
`catalog.tagging.features`, on annotated rows (which count more) and on what authors and hubs say. Needs scikit-learn
(`pip install scikit-learn`), which nothing else here needs. The weights are cut to 8 bits, and those that hardly matter
are left out.
"""

from __future__ import annotations

import argparse
import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.tagging import examples as sets
from bench.tagging import ridge
from bench.tagging.examples import Example
from catalog import tagging, vocabulary
from catalog.tagging import features, phrases, reading
from catalog.tagging.model import FILE, Model, parse, write

WEIGHT = {
    "sorted list": 0.3,
    "named list": 0.3,
    "embedded catalog": 1.0,
    "hub listing": 0.5,
    "uci area": 0.5,
    "kaggle tags": 0.7,
    "card": 0.7,
    "reviewed card": 0.7,
    "classic task": 0.7,
}
"""How much an example of each origin counts; one of an annotator counts `ANNOTATED`."""
ANNOTATED = 4.0
TASK_WEIGHT = {"embedded catalog": 0.4, "hub listing": 1.0, "named list": 0.5, "reviewed card": 2.0}
"""The same for tasks, which the embedded catalog names more of than annotators do."""
JUDGED = 0.7  # what a reviewed card counts for the judge, an annotated row counting one
INVERSE = {"domain": 15.0, "stage": 15.0}  # inverse strength of the regularisation
RULES = {"domain": 6.0, "task": 0.0, "stage": 2.5}  # what a rule of confidence 1 adds to a score
LEAST = 2  # examples in which a feature must occur
PAIRED = 2  # and in which a pair of words must
POSITIVE = 8  # examples that a term needs; rarer ones are left to the word lists
LARGEST = 6.0  # weights are cut here
SMALL = 0.03  # those below this share of it are left out
FOLDS = 5


@dataclass(slots=True)
class Seen:
    """An example as numbers."""

    example: Example
    values: dict[int, float]
    pairs: dict[str, float]
    weight: float


def seen(example: Example) -> Seen:
    """The features of an example, as the model reads them."""
    text = reading.read(example.record)
    found = phrases.scan(text)
    title = features.title_words(text)
    keys = [key for word in title for key in features.of_title_word(word)]
    body = [word for word in features.body_words(text) if word not in set(title)]
    keys += [key for word in body for key in features.of_body_word(word)]
    share = features.share(len(keys))
    values: dict[int, float] = {}
    for key in keys:
        place = features.number(key)
        values[place] = values.get(place, 0.0) + share
    for key, steps, _ in features.of_found(found):
        values[features.number(key)] = steps / features.STEPS
    values[features.number(f"s {example.record.source}")] = 0.5
    pairs = dict.fromkeys(features.pairs(text), share)
    return Seen(example, values, pairs, WEIGHT.get(example.source, ANNOTATED))


def labels(example: Example, facet: str) -> set[str]:
    """The terms of an example; of a task and one above it the closer alone."""
    given = set(example.labels[facet])
    if facet == "domain":
        return set(example.labels[facet][:1]) if example.source != "embedded catalog" else given
    if facet == "task":
        words = vocabulary.load()
        return given - {above for term in given for above in words.ancestors("task", term)}
    return given


@dataclass
class Weights:
    """Weights of all facets by feature number, and each term's bias; places count through the facets in order."""

    terms: dict[str, list[str]] = field(default_factory=dict)
    bias: list[float] = field(default_factory=list)
    by: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    pairs: list[str] = field(default_factory=list)
    judge: list[float] = field(default_factory=list)

    def add(self, place: int, numbers: Sequence[int], row: Any) -> None:
        """The weights of one term that are not small, by the numbers of their features."""
        for number, value in zip(numbers, row.tolist(), strict=True):
            if abs(value) >= SMALL * LARGEST:
                self.by.setdefault(number, []).append((place, value))


def fit(examples: Sequence[Seen]) -> Weights:
    """Learn every term of every facet."""
    made = Weights()
    for facet in sets.FACETS:
        learn = _fit_tasks if facet == "task" else _fit_facet
        learn(facet, [each for each in examples if facet in each.example.labels], made)
    return made


def _fit_facet(facet: str, rows: Sequence[Seen], made: Weights) -> None:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    matrix, numbers = _matrix([row.values for row in rows])
    given, terms = _given(facet, rows)
    start = len(made.bias)
    made.terms[facet] = terms
    weight = np.array([row.weight for row in rows])
    for offset, term in enumerate(terms):
        wanted = np.array([term in each for each in given])
        learner = LogisticRegression(C=INVERSE[facet], solver="liblinear", random_state=0)
        learner.fit(matrix, wanted, sample_weight=weight)
        made.bias.append(float(learner.intercept_[0]))
        made.add(start + offset, numbers, learner.coef_[0])


def _fit_tasks(facet: str, rows: Sequence[Seen], made: Weights) -> None:
    import numpy as np

    often = Counter(pair for row in rows for pair in row.pairs)
    named = {pair: features.number(features.of_pair(pair)) for pair, count in often.items() if count >= PAIRED}
    paired = [{named[pair]: value for pair, value in row.pairs.items() if pair in named} for row in rows]
    matrix, numbers = _matrix([row.values | more for row, more in zip(rows, paired, strict=True)])
    given, terms = _given(facet, rows)
    wanted = np.array([[float(term in each) for term in terms] for each in given])
    weight = np.array([TASK_WEIGHT.get(row.example.source, row.weight) for row in rows])
    learned = ridge.fit(matrix, wanted, weight, [row.example.group for row in rows])
    start = len(made.bias)
    made.terms[facet] = terms
    made.bias += learned.bias.tolist()
    for offset in range(len(terms)):
        made.add(start + offset, numbers, learned.weights[:, offset])
    made.pairs = sorted(pair for pair, number in named.items() if number in made.by)
    counts = [JUDGED if row.example.source == "reviewed card" else 1.0 for row in rows]
    of = zip([row.example for row in rows], given, learned.left_out.tolist(), counts, strict=True)
    annotated = [each for each in of if each[0].source not in WEIGHT or each[0].source == "reviewed card"]
    made.judge = ridge.judged(annotated, {term: place for place, term in enumerate(terms)})


def _matrix(rows: Sequence[dict[int, float]]) -> tuple[Any, list[int]]:
    """Examples by features as a sparse matrix, and the number of each feature that occurs often enough."""
    from scipy.sparse import csr_matrix

    often = Counter(number for row in rows for number in row)
    numbers = sorted(number for number, count in often.items() if count >= LEAST)
    place = {number: at for at, number in enumerate(numbers)}
    cells = [(at, place[n], value) for at, row in enumerate(rows) for n, value in row.items() if n in place]
    at, to, values = zip(*cells, strict=True)
    return csr_matrix((values, (at, to)), shape=(len(rows), len(numbers))), numbers


def _given(facet: str, rows: Sequence[Seen]) -> tuple[list[set[str]], list[str]]:
    """The terms of each example, and those that enough examples have."""
    given = [labels(row.example, facet) for row in rows]
    counts = Counter(term for each in given for term in each)
    stages = sets.STAGES if facet == "task" else ()
    return given, sorted(term for term, count in counts.items() if count >= POSITIVE and term not in stages)


def pack(weights: Weights, lines: Lines, about: str) -> bytes:
    """The file of the weights; `lines` turn scores into confidences."""
    kept: dict[int, list[tuple[int, int]]] = {}
    for number, row in weights.by.items():
        kept[number] = [(at, max(-127, min(127, round(value / LARGEST * 127)))) for at, value in row]
    facets: dict[str, dict[str, Any]] = {}
    start = 0
    for facet, terms in weights.terms.items():
        facets[facet] = {"terms": terms, "start": start, "rules": RULES[facet], **lines[facet]}
        if facet == "task":
            facets[facet]["judge"] = weights.judge
        start += len(terms)
    bias = [round(each, 4) for each in weights.bias]
    head = {"scale": LARGEST, "bias": bias, "facets": facets, "pairs": weights.pairs, "about": about}
    return write(head, kept)


Lines = dict[str, dict[str, tuple[float, float]]]
PLAIN: Lines = {facet: {"first": (1.0, 0.0), "more": (1.0, 0.0)} for facet in sets.FACETS}


def folds(examples: Sequence[Seen], seed: int = 0) -> Iterable[tuple[list[Seen], list[Seen]]]:
    """Training and held-out parts by the names of groups; a group is never in both. Another seed parts them anew."""
    of = [features.number(f"{seed} {each.example.group}") % FOLDS for each in examples]
    for fold in range(FOLDS):
        held = [each for each, at in zip(examples, of, strict=True) if at == fold]
        yield [each for each, at in zip(examples, of, strict=True) if at != fold], held


def held_out(examples: Sequence[Seen], seed: int = 0) -> list[tuple[Model, list[Seen]]]:
    """A model for each fold, with the examples that it has not seen under any name."""
    made = [(fit(known), held) for known, held in folds(examples, seed)]
    plain = [(parse(pack(weights, PLAIN, "one fold")), held) for weights, held in made]
    lines = calibrated(plain)
    return [(parse(pack(weights, lines, "one fold")), held) for weights, held in made]


def everything() -> list[Seen]:
    """All examples whose text is all there is, in groups."""
    found = sets.grouped([*sets.truth("domain"), *sets.truth("task"), *sets.weak()])
    return [seen(each) for each in (*found, *sets.stageless(found)) if each.mode == "text"]


def calibrated(models: Sequence[tuple[Model, Sequence[Seen]]]) -> Lines:
    """How sure a score is: a logistic curve through the annotated examples that each model has not seen."""
    lines: Lines = {}
    lines["task"] = PLAIN["task"]
    for facet in ("domain", "stage"):
        first: list[tuple[float, bool]] = []
        more: list[tuple[float, bool]] = []
        for model, held in models:
            for row in held:
                if row.example.source not in WEIGHT and facet in row.example.labels:
                    best, *others = ranked(model, row, facet)[:5]
                    first.append(best)
                    more += [each for each in others if each[0] > -4]
        lines[facet] = {"first": _curve(first), "more": _curve(more)}
    return lines


def ranked(model: Model, row: Seen, facet: str) -> list[tuple[float, bool]]:
    """The scores of a facet with what rules add, best first, each with whether it is right."""
    example = row.example
    text = reading.read(example.record)
    of = model.facets[facet]
    scores = model.read(text, phrases.scan(text), example.record.source).scores(of)
    name = "domain" if facet == "domain" else "task"
    by = {tag.term: tag.confidence for tag in tagging.by_rules(example.record) if tag.facet == name}
    pairs = [(score + of.rules * by.get(term, 0.0), term) for term, score in zip(of.terms, scores, strict=False)]
    right = {*example.labels[facet], *example.accepted}
    return [(score, term in right) for score, term in sorted(pairs, reverse=True)]


def _curve(pairs: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    learner = LogisticRegression(C=100).fit([[score] for score, _ in pairs], [right for _, right in pairs])
    return round(float(learner.coef_[0][0]), 3), round(float(learner.intercept_[0]), 3)


def main(given: Sequence[str] | None = None) -> None:
    """Measure the confidences by cross-validation, then learn from all examples and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(tagging.__file__).with_name(FILE))
    options = parser.parse_args(given)
    examples = everything()
    plain = [(parse(pack(fit(known), PLAIN, "one fold")), held) for known, held in folds(examples)]
    lines = calibrated(plain)
    about = f"{len(examples)} examples, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    data = pack(fit(examples), lines, about)
    part = options.out.with_suffix(".part")
    part.write_bytes(data)
    part.replace(options.out)
    print(f"{options.out.name}: {len(data):,} bytes, {parse(data).head['weights']:,} weights, {about}")


if __name__ == "__main__":
    main()
