"""Predict tasks, domains, formats and licenses for annotated rows, in the shape a scorer reads.

A truth row has `id` and, by kind, `raw` (a license string), `name`, `text` and `raw_tags` (task, domain) or `name`,
`columns` and `features` (format). Nothing else of a row is read: the expected labels never reach the rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.tagging import license
from bench.tagging.examples import STAGES, truth_record
from catalog import tagging
from catalog.formats import detect_columns
from catalog.record import Column

Row = dict[str, Any]


def license_row(row: Row) -> Row:
    """One license string."""
    return license.predicted(row["raw"])


def format_row(row: Row) -> Row:
    """One list of columns; no stage is what the scorer calls other."""
    types = row.get("features") or {}
    found = detect_columns([Column(name, str(types.get(name, ""))) for name in row["columns"]])
    return {"stage": found.stage[0] if found and found.stage else "other", "format": found.format if found else None}


def task_row(row: Row) -> Row:
    """Tasks and stages of one dataset."""
    terms = [tag.term for tag in tagging.tag(truth_record(row)) if tag.facet == "task"]
    return {
        "tasks": [term for term in terms if term not in STAGES],
        "stage": [term for term in terms if term in STAGES],
    }


def domain_row(row: Row) -> Row:
    """The domains of one dataset, best first."""
    return {"domain": [tag.term for tag in tagging.tag(truth_record(row)) if tag.facet == "domain"]}


PREDICT: dict[str, Callable[[Row], Row]] = {
    "license": license_row,
    "format": format_row,
    "task": task_row,
    "domain": domain_row,
}


def predict(kind: str, truth: Path, predictions: Path) -> None:
    """Write one prediction a truth row."""
    with truth.open(encoding="utf-8") as rows, predictions.open("w", encoding="utf-8") as out:
        for line in rows:
            row = json.loads(line)
            out.write(json.dumps({"id": row["id"], **PREDICT[kind](row)}, ensure_ascii=False) + "\n")
