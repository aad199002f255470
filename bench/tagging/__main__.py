"""Measure all tags, or predict for a scorer of one's own.

python -m bench.tagging                                   all facets; tags by cross-validation, mean of SEEDS (minutes)
python -m bench.tagging --docs                            the same, and write site/docs/accuracy.md
python -m bench.tagging --shipped                         the model as shipped: it has seen the annotated rows
python -m bench.tagging predict KIND TRUTH.jsonl OUT.jsonl    KIND: license | task | domain | format
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.tagging import examples as sets
from bench.tagging import license
from bench.tagging.page import PAGE, Line, page, table
from bench.tagging.predict import PREDICT, format_row, predict
from bench.tagging.score import Pair, Tagger, any_hit, first_domain, predicted, rates
from catalog import tagging
from catalog.tagging.model import Model

SEEDS = (0, 1, 2)
"""Cross-validations with other folds each; a figure is that of all their rows together."""

Held = list[tuple[Model, list[sets.Example]]]


def cross_validated() -> Held:
    """A model for each fold of each seed and the annotated rows that it has not seen."""
    from bench.tagging import train

    examples = train.everything()
    models = [each for seed in SEEDS for each in train.held_out(examples, seed)]
    return [(model, [row.example for row in held if row.example.source not in train.WEIGHT]) for model, held in models]


def shipped() -> Held:
    """The model of the package and all annotated rows without tags."""
    from catalog.tagging import model

    rows = [each for kind in ("domain", "task") for each in sets.truth(kind) if each.mode == "text"]
    return [(model.load(), rows)]


def pairs(held: Held, facet: str, rules: bool = False) -> list[Pair]:
    """Rows with what was predicted for them, by their fold's model or by the rules alone."""
    found = []
    for model, rows in held:
        tagger: Tagger = tagging.by_rules if rules else partial(tagging.tag, model=model)
        found += [(row, predicted(facet, row, tagger)) for row in rows if facet in row.labels]
    return found


def tag_lines(held: Held) -> list[Line]:
    """Domain, task and stage from text: rules alone, and rules with the model."""
    lines = []
    for facet in sets.FACETS:
        for name, rules in (("word lists alone", True), ("word lists and model", False)):
            found = pairs(held, facet, rules)
            count = len({row.id for row, _ in found})
            lines += [Line(facet, f"{what}, {name}", value, count) for what, value in _figures(facet, found)]
    return lines


def _figures(facet: str, found: list[Pair]) -> list[tuple[str, str]]:
    if facet == "domain":
        return [("first domain accepted", f"{first_domain(found):.3f}")]
    figures = [("F1 (precision / recall)", rates(found, facet).show()), ("any hit", f"{any_hit(found, facet):.3f}")]
    if facet == "task":
        figures.insert(1, ("F1 with parents", rates(found, facet, parents=True).show()))
    return figures


def from_tags() -> list[Line]:
    """Domain and task where the source has tags: no model is asked for a task then."""
    rows = [each for kind in ("domain", "task") for each in sets.truth(kind) if each.mode == "tags"]
    domains, tasks = (
        [(row, predicted(facet, row, tagging.tag)) for row in rows if facet in row.labels]
        for facet in ("domain", "task")
    )
    return [
        Line("domain", "first domain accepted, from source tags", f"{first_domain(domains):.3f}", len(domains)),
        Line("task", "F1 (precision / recall), from source tags", rates(tasks, "task").show(), len(tasks)),
        Line("task", "F1 with parents, from source tags", rates(tasks, "task", True).show(), len(tasks)),
    ]


def format_lines(folder: Path) -> list[Line]:
    """Training format and stage from columns alone."""
    rows = sets.json_lines(folder / "format_truth.jsonl")
    made = [(row, format_row(row)) for row in rows]
    stage = sum(said["stage"] in (row["expected"], *row["also_ok"]) for row, said in made) / len(rows)
    form = sum(said["format"] == row["format"] for row, said in made) / len(rows)
    return [
        Line("format", "stage accepted, from columns", f"{stage:.3f}", len(rows)),
        Line("format", "format exact, from columns", f"{form:.3f}", len(rows)),
    ]


def license_lines(folder: Path) -> list[Line]:
    """License strings to SPDX ids and commercial verdicts."""
    rows = sets.json_lines(folder / "license_strings.jsonl")
    found = license.score(rows)
    names = {"commercial": "verdict right", "false_permission": "false permission", "spdx_f1": "SPDX F1"}
    return [Line("license", name, f"{found[key]:.3f}", len(rows)) for key, name in names.items()]


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = list(sys.argv[1:] if given is None else given)
    if arguments[:1] == ["predict"]:
        parser = argparse.ArgumentParser(prog="python -m bench.tagging predict")
        parser.add_argument("kind", choices=sorted(PREDICT))
        parser.add_argument("truth", type=Path)
        parser.add_argument("predictions", type=Path)
        asked = parser.parse_args(arguments[1:])
        predict(asked.kind, asked.truth, asked.predictions)
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="write site/docs/accuracy.md")
    parser.add_argument("--shipped", action="store_true", help="the shipped model, which has seen these rows")
    asked = parser.parse_args(arguments)
    folder = sets.SHARED / "truth"
    held = shipped() if asked.shipped else cross_validated()
    lines = [*tag_lines(held), *from_tags(), *format_lines(folder), *license_lines(folder)]
    print(table(lines))
    if asked.docs:
        PAGE.write_text(page(lines, seen=asked.shipped), encoding="utf-8")


if __name__ == "__main__":
    main()
