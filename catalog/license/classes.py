"""The license classes: what each means for commercial use, how strict that is, and how it is said.

What a class means is the table `license_commercial` of the vocabulary, and nowhere else.
"""

from __future__ import annotations

from typing import Final, cast

from catalog import vocabulary
from catalog.record import Commercial


def _commercial() -> dict[str, Commercial]:
    words = vocabulary.load()
    classes = [term.id for term in words.terms("license")]
    return {cls: cast("Commercial", words.mapped("license_commercial", cls)[0]) for cls in classes}


STRICTNESS: Final[dict[Commercial, int]] = {"yes": 0, "conditions": 1, "unknown": 2, "no": 3}
COMMERCIAL: Final[dict[str, Commercial]] = _commercial()
SENTENCES: Final = {
    "public-domain": "{} places no condition on commercial use.",
    "permissive": "{} permits commercial use; attribution or its notice must be kept.",
    "share-alike": "{} permits commercial use; what is adapted from it must be shared alike.",
    "no-derivatives": "{} permits commercial use of unchanged copies; adapted versions must not be shared.",
    "non-commercial": "{} forbids commercial use.",
    "research-only": "{} permits research use only.",
    "use-restricted": "{} permits commercial use within its use restrictions.",
    "model-terms": "{}: outputs of a commercial model, whose terms may forbid training competing models.",
    "custom": "{}: terms of their own, to be read before commercial use.",
    "mixed": "{}: its parts have different licenses.",
    "unspecified": "{}: no license is stated.",
}
CLAUSES: Final = {
    "public-domain": "no condition on commercial use",
    "permissive": "commercial use is permitted; attribution or its notice must be kept",
    "share-alike": "commercial use is permitted; what is adapted must be shared alike",
    "no-derivatives": "commercial use of unchanged copies is permitted; adapted versions must not be shared",
    "non-commercial": "commercial use is forbidden",
    "research-only": "research use only",
    "use-restricted": "commercial use is permitted within its use restrictions",
    "model-terms": "outputs of a commercial model, whose terms may forbid training competing models",
    "custom": "terms of their own, to be read before commercial use",
    "mixed": "the parts have different licenses",
    "unspecified": "no license is stated",
}
_ORDER: Final = ("public-domain", "permissive", "no-derivatives", "share-alike")  # among those that permit


def strictness(cls: str) -> tuple[int, int]:
    """How much a class limits, for comparing: first by the verdict, then among those that permit."""
    return STRICTNESS[COMMERCIAL[cls]], _ORDER.index(cls) if cls in _ORDER else 0
