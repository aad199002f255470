"""What the word lists guess and what the model has learned, weighed together into tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from catalog.record import Tag
from catalog.tagging.merge import SHOWN
from catalog.tagging.model import Facet, Model, Reading, confidence

MODEL: Final = "model"
MAX_WORDS: Final = 5
CERTAIN: Final = 0.75  # a rule this sure is shown whatever the model thinks
LEAST: Final = 1.5  # what the words alone must add to a score
FLOOR: Final = -3.0  # scores below this are never shown
MOST: Final = 0.97
MAX_EVIDENCE: Final = 120


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

    def _ranked(self, facet: Facet, by: dict[str, Tag]) -> list[tuple[float, int]]:
        """Score and place of what could be shown, best first."""
        scores = self.reading.scores(facet)
        for term, tag in by.items():
            if term in facet.places:
                scores[facet.places[term]] += facet.rules * tag.confidence
        found = [(score, place) for place, score in enumerate(scores) if score > FLOOR]
        return sorted(found, reverse=True)

    def _learned(self, facet: Facet, place: int, sure: float) -> list[Tag]:
        """A tag that no rule gives, where the words themselves speak for it: a source or a habit is no reason."""
        reasons = self.reading.reasons(facet, place)
        words = list(dict.fromkeys(word for _, word in reasons if word))
        if not words or -sum([points for points, word in reasons if word]) < LEAST:
            return []
        name = "task" if facet.name == "stage" else facet.name
        return [Tag(name, facet.terms[place], MODEL, ", ".join(words[:MAX_WORDS])[:MAX_EVIDENCE], sure)]
