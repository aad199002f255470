"""Stage of training a language model (a term of the task facet): source, free tags, columns, then words."""

from __future__ import annotations

import re
from typing import Final

from catalog.formats import Detected
from catalog.record import Record, Tag
from catalog.tagging import stated, task
from catalog.tagging.merge import best, from_text
from catalog.tagging.phrases import Found
from catalog.tagging.weigh import Weighed

POINTS: Final = 3.0
SHARE: Final = 0.55
LIMIT: Final = 2
LEARNED: Final = ("huggingface", "catalog")
"""The sources whose descriptions the stages were learned from; to those of others the model is a stranger."""
ELSEWHERE: Final = 2.0  # points of the word lists that its tags need there
_TABLE_TASKS: Final = frozenset({"classification", "regression", "clustering"})
_MEASURED: Final = frozenset({"tabular", "timeseries", "geospatial", "graph"})
_BENCHMARK: Final = re.compile(r"(?:bench|eval)(?:mark)?\d*(?=[-_.\s]|\Z)", re.IGNORECASE)


def tags(record: Record, found: Found, detected: Detected | None, weighed: Weighed | None) -> list[Tag]:
    """The stages a record serves."""
    given = [tag for tag in stated.tags(record, "task") if tag.term in task.stages()]
    if stated.curated(record, "task") or _tabular(record, detected):
        return best(given)
    free = stated.free_tags(record, "task", "stage")
    guessed = from_text("task", found.get("stage", {}), POINTS, SHARE, LIMIT)
    sure = [*given, *free, *_from_columns(detected), *_from_name(record)]
    if weighed is not None:
        known = {tag.term for tag in sure}
        home = record.source in LEARNED
        said = {term for term, score in found.get("stage", {}).items() if score.points >= ELSEWHERE}
        guessed = weighed.tags("stage", best([*sure, *guessed]), LIMIT) if home or said else []
        guessed = [tag for tag in guessed if tag.term not in known and (home or tag.term in said)]
    return best([*sure, *guessed])


def _tabular(record: Record, detected: Detected | None) -> bool:
    """Whether these are tables of measurements, which no word in their text makes food for language models."""
    if detected is not None:
        return detected.format == "tabular"
    kinds = {tag.term for tag in stated.tags(record, "modality")}
    tasks = [each.value.lower() for each in record.statements if each.facet == "task"]
    return (bool(kinds) and kinds <= _MEASURED) or any(
        each in _TABLE_TASKS or each.startswith("tabular-") for each in tasks
    )


def _from_columns(detected: Detected | None) -> list[Tag]:
    if detected is None:
        return []
    reason = "; ".join(detected.reasons)[: stated.MAX_EVIDENCE]
    steps = enumerate(detected.stage)
    return [Tag("task", term, "columns", reason, round(detected.confidence - 0.1 * step, 2)) for step, term in steps]


def _from_name(record: Record) -> list[Tag]:
    """A name that ends in bench or eval is a benchmark's (SysBench, AlpacaEval)."""
    name = record.name.rpartition("/")[2]
    lower = name.lower()
    named = _BENCHMARK.search(name) if "bench" in lower or "eval" in lower else None
    return [Tag("task", "eval", "name", named[0], 0.8)] if named else []
