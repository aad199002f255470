"""Modality: what the source says, then the words of the text, then what the tasks need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from catalog.record import Record, Tag
from catalog.tagging import stated
from catalog.tagging.merge import best, from_text
from catalog.tagging.phrases import Found

POINTS: Final = 3.0
SHARE: Final = 0.6
LIMIT: Final = 2
IMPLIED: Final = 0.6
_NEEDS: Final = {
    "image": (
        "image-classification",
        "object-detection",
        "image-segmentation",
        "image-captioning",
        "text-to-image",
        "ocr",
    ),
    "audio": ("automatic-speech-recognition", "text-to-speech", "audio-classification", "speech-translation"),
    "video": ("video-classification", "sign-language-recognition"),
    "multimodal": ("visual-question-answering",),
    "tabular": ("tabular-classification", "tabular-regression"),
    "timeseries": ("time-series-forecasting",),
    "graph": ("graph-learning",),
}
_NOT_TEXT: Final = {task: modality for modality, tasks in _NEEDS.items() for task in tasks}
_SILENT: Final = frozenset(
    {"robotics", "reinforcement-learning", "clustering", "anomaly-detection", "recommendation", "eval"}
)


def tags(record: Record, found: Found, tasks: Sequence[Tag]) -> list[Tag]:
    """The modalities of a record; nothing is guessed where the source names one."""
    given = best([*stated.tags(record, "modality"), *stated.free_tags(record, "modality")])
    if given:
        return given
    guessed = from_text("modality", found.get("modality", {}), POINTS, SHARE, LIMIT)
    implied = [_implied(tag) for tag in tasks if tag.term not in _SILENT]
    return best([*guessed, *implied])


def _implied(tag: Tag) -> Tag:
    term = _NOT_TEXT.get(tag.term, "text")
    return Tag("modality", term, "task", tag.term, min(IMPLIED, tag.confidence))
