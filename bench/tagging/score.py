"""Figures of tags against what annotators said: precision, recall, F1, and whether the first domain is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.tagging.examples import STAGES, Example
from catalog import vocabulary
from catalog.record import Record, Tag

Tagger = Callable[[Record], Iterable[Tag]]
Pair = tuple[Example, list[str]]


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and F1 over all labels of all rows (micro average)."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def show(self) -> str:
        return f"{self.f1:.3f} ({self.precision:.2f} / {self.recall:.2f})"


def predicted(facet: str, example: Example, tagger: Tagger) -> list[str]:
    """The terms that a tagger gives for a facet, best first; tasks and stages are told apart."""
    terms = [tag.term for tag in tagger(example.record) if tag.facet == ("domain" if facet == "domain" else "task")]
    if facet == "domain":
        return terms or ["general"]
    return [term for term in terms if (term in STAGES) == (facet == "stage")]


def rates(pairs: Sequence[Pair], facet: str, parents: bool = False) -> Rates:
    """Micro precision and recall; with `parents`, a term stands for all above it too."""
    right = given = wanted = 0
    for example, terms in pairs:
        expected, found = set(example.labels[facet]), set(terms)
        if parents:
            expected, found = widened(expected), widened(found)
        right, given, wanted = right + len(expected & found), given + len(found), wanted + len(expected)
    return Rates(right / given if given else 0.0, right / wanted if wanted else 0.0)


def any_hit(pairs: Sequence[Pair], facet: str) -> float:
    """The share of rows with at least one right term; none is right where none is expected."""
    hits = sum(
        bool(widened(example.labels[facet]) & widened(terms)) or not (example.labels[facet] or terms)
        for example, terms in pairs
    )
    return hits / len(pairs)


def first_domain(pairs: Sequence[Pair], lenient: bool = True) -> float:
    """The share of rows whose first domain is the annotator's, or one that its hierarchy allows."""
    hits = 0
    for example, terms in pairs:
        accepted = (example.labels["domain"][0], *(example.accepted if lenient else ()))
        hits += terms[0] in accepted
    return hits / len(pairs)


def widened(terms: Iterable[str]) -> set[str]:
    """Task terms with all terms above them."""
    words = vocabulary.load()
    found = set(terms)
    known = [term for term in found if words.has("task", term)]
    return found | {above for term in known for above in words.ancestors("task", term)}
