"""What the word lists guess and what the model has learned, weighed together into tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from msgspec.structs import replace

from catalog.record import Tag
from catalog.tagging import judge
from catalog.tagging.merge import SHOWN
from catalog.tagging.model import Facet, Line, Model, Reading, confidence, score_of
from catalog.tagging.phrases import Score

MODEL: Final = "model"
MAX_WORDS: Final = 5
CERTAIN: Final = 0.75  # a rule this sure is shown whatever the model thinks
LEAST: Final = 1.5  # what the words alone must add to a score
LEAST_JUDGED: Final = 0.4  # the same where a judge weighs, of `judge.SPREAD`
ALONE: Final = 0.2  # from here on the best term is shown where no other is
LEAST_ALONE: Final = 0.6  # what the words must add to its score then
SHORT: Final = 12  # features of a text that hardly says anything
LEAST_SHORT: Final = 1.0  # what its words must add
FLOOR: Final = -3.0  # scores below this are never shown
MOST: Final = 0.97
MAX_EVIDENCE: Final = 120


@cache
def _floor(*lines: Line) -> float:
    """A score too low for any term to be shown, the best or another; a rounding below the one that is not."""
    return max(FLOOR, min(score_of(SHOWN - 0.01, line) for line in lines))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The model's reading of one record, asked facet by facet."""

    model: Model
    reading: Reading

    def tags(self, name: str, guessed: Sequence[Tag], limit: int) -> list[Tag]:
        """The terms of a facet of the model that are sure enough, the surest first, at most `limit`.

        A term that the word lists guessed keeps its rule and words; one that only the model gives names the words that
        weighed most. A term that the model does not know stays as it was guessed.
        """
        facet = self.model.facets[name]
        by = {tag.term: tag for tag in guessed}
        found = []
        for rank, (score, place) in enumerate(self._ranked(facet, by)[:limit]):
            sure = round(min(confidence(score, facet.more if rank else facet.first), MOST), 2)
            guess = by.get(facet.terms[place])
            if guess is not None and guess.confidence >= CERTAIN:
                sure = max(sure, SHOWN)
            if sure >= SHOWN:
                found += [replace(guess, confidence=sure)] if guess else self._learned(facet, place, sure)
        found += [tag for tag in guessed if tag.term not in facet.places]
        return sorted(found, key=lambda tag: -tag.confidence)

    def judged(
        self, name: str, guessed: Sequence[Tag], points: Mapping[str, Score], above: Collection[str], limit: int
    ) -> list[Tag]:
        """The same for a facet that has a judge: `points` are all that the word lists found."""
        facet = self.model.facets[name]
        by = {tag.term: tag for tag in guessed}
        sure = {term: tag.confidence for term, tag in by.items()}
        scores = self.reading.with_pairs().scores(facet)
        known = judge.candidates(scores, facet.places, facet.terms, sure, points, above)
        ranked = sorted([(judge.confidence(inputs, facet.judge), term) for term, inputs in known], reverse=True)
        found: list[Tag] = []
        for share, term in ranked[:limit]:
            if share < (SHOWN if found else ALONE):
                break
            shown = round(min(share, MOST), 2)
            if term in by:
                found.append(replace(by[term], confidence=shown))
            else:
                enough = LEAST_JUDGED if share >= SHOWN else LEAST_ALONE
                least = LEAST_SHORT if self.reading.size < SHORT else enough
                found += self._learned(facet, facet.places[term], shown, least)
        return found

    def _ranked(self, facet: Facet, by: dict[str, Tag]) -> list[tuple[float, int]]:
        """Score and place of what could be shown, best first."""
        scores = self.reading.scores(facet)
        floor = _floor(facet.first, facet.more)
        for term, tag in by.items():
            if term in facet.places:
                scores[facet.places[term]] += facet.rules * tag.confidence
                if tag.confidence >= CERTAIN:
                    floor = FLOOR  # it is shown with any score, unless others stand before it
        if max(scores) <= floor:
            return []
        found = [(score, place) for place, score in enumerate(scores) if score > floor]
        return sorted(found, reverse=True)

    def _learned(self, facet: Facet, place: int, sure: float, least: float = LEAST) -> list[Tag]:
        """A tag that no rule gives, where the words themselves speak for it: a source or a habit is no reason."""
        reasons = self.reading.reasons(facet, place)
        words = list(dict.fromkeys(word for _, word in reasons if word))
        if not words or -sum([points for points, word in reasons if word]) < least:
            return []
        name = "task" if facet.name == "stage" else facet.name
        return [Tag(name, facet.terms[place], MODEL, ", ".join(words[:MAX_WORDS])[:MAX_EVIDENCE], sure)]
