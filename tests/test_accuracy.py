"""Least figures of the tags against what others annotated, and a page of accuracy that tells of the model as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.tagging import __main__ as report
from bench.tagging import examples as sets
from bench.tagging.page import PAGE, Line
from bench.tagging.score import first_domain, predicted, rates
from catalog import tagging
from catalog.record import Record
from catalog.tagging import model

LEAST = {
    ("domain", "first domain accepted, word lists and model"): 0.78,
    ("task", "F1 (precision / recall), word lists and model"): 0.62,
    ("task", "F1 with parents, word lists and model"): 0.69,
    ("task", "any hit, word lists and model"): 0.80,
    ("stage", "F1 (precision / recall), word lists and model"): 0.82,
    ("stage", "any hit, word lists and model"): 0.81,
    ("domain", "first domain accepted, from source tags"): 0.88,
    ("task", "F1 (precision / recall), from source tags"): 0.95,
    ("format", "stage accepted, from columns"): 0.95,
    ("format", "format exact, from columns"): 0.90,
    ("license", "verdict right"): 0.98,
    ("license", "SPDX F1"): 0.96,
}


def figure(text: str) -> float:
    """The number that a cell begins with."""
    found = re.match(r"\d\.\d+", text)
    assert found, text
    return float(found[0])


def measured(lines: list[Line]) -> dict[tuple[str, str], float]:
    """Each figure by its facet and name."""
    return {(line.facet, line.figure): figure(line.value) for line in lines}


@pytest.fixture(scope="module")
def truth(shared_fixtures: Path) -> Path:
    folder = shared_fixtures.parent / "truth"
    if not folder.is_dir():
        pytest.skip("no annotated rows here")
    return folder


def test_the_page_tells_of_these_rules_and_this_model() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"rules `{tagging.RULES}`" in text
    assert str(model.load().head["about"]) in text


def test_the_page_shows_least_figures_of_cross_validation() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "five-fold cross-validation" in text
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in text.splitlines() if line.startswith("| ")]
    shown = {(facet, name): figure(value) for facet, name, value in rows if (facet, name) in LEAST}
    assert set(shown) == set(LEAST)
    for name, value in shown.items():
        assert value >= LEAST[name], (name, value)
    assert next(figure(value) for _, name, value in rows if name == "false permission") == 0


def test_source_tags_columns_and_licenses_reach_their_least_figures(truth: Path) -> None:
    found = measured([*report.from_tags(), *report.format_lines(truth), *report.license_lines(truth)])
    for name, value in found.items():
        if name in LEAST:
            assert value >= LEAST[name], name
    assert found["license", "false permission"] == 0


def listed(*names: str, tasks: tuple[str, ...] = ()) -> sets.Example:
    """An example of that name and the others that it goes by."""
    labels = {"task": tasks} if tasks else {}
    return sets.Example(Record(source="huggingface", id=names[0], name=names[0]), labels, "masader", names=names)


def test_groups_are_named_by_their_datasets_not_by_place() -> None:
    rows = [("owner/Sent-Corpus", "sentiment corpus"), ("Sentiment_Corpus",), ("a", "treebank"), ("b",)]
    found = [{each.names: each.group for each in sets.grouped([listed(*row) for row in order])}
             for order in (rows, rows[::-1], [("novel",), *rows])]  # fmt: skip
    assert found[0] == found[1]
    assert found[0].items() <= found[2].items()
    assert found[0][rows[0]] == found[0][rows[1]] == "sentcorpus"
    assert len(set(found[0].values())) == 3


def test_what_is_listed_for_classic_tasks_alone_serves_no_stage() -> None:
    rows = [listed("one", tasks=("parsing",)), listed("two", tasks=("parsing", "language-modeling")), listed("three")]
    assert [(each.record.name, each.labels) for each in sets.stageless(rows)] == [("one", {"stage": ()})]


def test_word_lists_alone_and_the_whole_reach_their_least_figures(truth: Path) -> None:
    """The shipped model has seen these rows: its figures here only show that the file fits the code that reads it."""
    rows = [each for kind in ("domain", "task") for each in sets.truth(kind, truth) if each.mode == "text"]
    for tagger, task, domain in ((tagging.by_rules, 0.53, 0.77), (tagging.tag, 0.75, 0.88)):
        tasks = [(row, predicted("task", row, tagger)) for row in rows if "task" in row.labels]
        domains = [(row, predicted("domain", row, tagger)) for row in rows if "domain" in row.labels]
        assert rates(tasks, "task").f1 >= task
        assert first_domain(domains) >= domain
