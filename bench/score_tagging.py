"""Predict tasks, domains, formats and licenses for annotated rows, in the shape a scorer reads.

    python bench/score_tagging.py KIND TRUTH.jsonl PREDICTIONS.jsonl       KIND: license | task | domain | format

A truth row has `id` and, by kind, `raw` (a license string), `name`, `text` and `raw_tags` (task, domain) or `name`,
`columns` and `features` (format). Nothing else of a row is read: the expected labels never reach the rules.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from catalog import tagging
from catalog.formats import detect_columns
from catalog.license import recognise
from catalog.record import Column, Record, Statement

Row = dict[str, Any]
STAGES = ("pretrain", "sft", "preference", "rl", "eval")


def license_row(row: Row) -> Row:
    """One license string. The scorer knows no "conditions": model terms count as no, use restrictions as yes."""
    said = recognise(row["raw"])
    ids = [part for part in said.expression.split(" AND ") if part and not part.startswith("LicenseRef-")]
    folded = {"unknown": "unspecified", "conditions": "no" if said.cls == "model-terms" else "yes"}
    return {
        "spdx": ids[0] if ids else None,
        "class": said.cls,
        "commercial": folded.get(said.commercial, said.commercial),
    }


def format_row(row: Row) -> Row:
    """One list of columns; no stage is what the scorer calls other."""
    types = row.get("features") or {}
    found = detect_columns([Column(name, str(types.get(name, ""))) for name in row["columns"]])
    return {"stage": found.stage[0] if found and found.stage else "other", "format": found.format if found else None}


def _record(row: Row) -> Record:
    """A truth row as the record a connector would have made: prefixed tags are statements, the others free tags."""
    statements, keywords = [], []
    for tag in row["raw_tags"]:
        prefix, colon, value = tag.partition(":")
        facet = {"task_categories": "task", "task_ids": "task", "language": "language", "modality": "modality"}.get(
            prefix
        )
        if facet:
            statements.append(Statement(facet, value, f"tag {prefix}"))
        elif not colon:
            keywords.append(tag)
    source = {"kaggle-2024": "kaggle", "uci": "uci"}.get(row["source"], "huggingface")
    return Record(
        source=source,
        id=row["id"],
        name=row["name"] or row["id"],
        description=row["text"],
        statements=tuple(statements),
        keywords=tuple(keywords),
    )


def task_row(row: Row) -> Row:
    """Tasks and stages of one dataset."""
    terms = [tag.term for tag in tagging.tag(_record(row)) if tag.facet == "task"]
    return {
        "tasks": [term for term in terms if term not in STAGES],
        "stage": [term for term in terms if term in STAGES],
    }


def domain_row(row: Row) -> Row:
    """The domains of one dataset, best first."""
    return {"domain": [tag.term for tag in tagging.tag(_record(row)) if tag.facet == "domain"]}


PREDICT: dict[str, Callable[[Row], Row]] = {
    "license": license_row,
    "format": format_row,
    "task": task_row,
    "domain": domain_row,
}


def main(kind: str, truth: str, predictions: str) -> None:
    """Write one prediction a truth row."""
    with Path(truth).open(encoding="utf-8") as rows, Path(predictions).open("w", encoding="utf-8") as out:
        for line in rows:
            row = json.loads(line)
            out.write(json.dumps({"id": row["id"], **PREDICT[kind](row)}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
