"""The measure of relevance: its arithmetic, its queries, and least figures on the embedded catalog alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.relevance import __main__ as report
from bench.relevance.corpus import Corpus, build
from bench.relevance.judge import Case, cases, figures, grade, mean, slipped
from catalog.search.suggest import distance


def case(**grades: int) -> Case:
    return Case("test", "words", grades, lambda key: not key.startswith("unjudged"))


def test_the_ideal_answer_has_every_figure_at_one() -> None:
    found = figures([["a"], ["b"], ["x"]], case(a=3, b=1))
    assert (found.ndcg, found.recall, found.mrr) == (1.0, 1.0, 1.0)


def test_a_later_hit_gains_less() -> None:
    found = figures([["x"], ["a"]], case(a=3))
    assert found.ndcg == pytest.approx(0.6309, abs=1e-4)  # 1 / log2(3)
    assert (found.recall, found.mrr) == (1.0, 0.5)
    assert figures([["x"]] * 10 + [["a"]], case(a=3)).ndcg == 0
    assert figures([], case(a=3)).mrr == 0


def test_what_nobody_judged_is_passed_over_and_a_copy_counts_once() -> None:
    assert figures([["unjudged-1"], ["a"]], case(a=3)).ndcg == 1
    assert figures([["b", "a"], ["a"], ["c"]], case(a=3, c=3)).recall == 1
    assert figures([["a"], ["a"]], case(a=3, c=3)).recall == 0.5


def test_grades_follow_the_parts_that_hold() -> None:
    parts = [("domain", frozenset({"legal", "medical"})), ("task", frozenset({"sft"})), ("language", frozenset({"zh"}))]
    known = {"domain": frozenset({"medical"}), "task": frozenset({"sft"}), "language": frozenset({"zh"})}
    assert grade(known, parts) == 3
    assert grade({**known, "language": frozenset({"en"})}, parts) == 1
    assert grade({**known, "language": frozenset(), "task": frozenset()}, parts) == 0
    assert grade({**known, "language": frozenset({"en"})}, parts[1:]) == 0


def test_a_slip_is_one_edit_and_never_of_the_first_letter() -> None:
    chance = random.Random(1)
    for _ in range(200):
        text = slipped("stanford natural language dataset", chance)
        assert distance(text, "stanford natural language dataset") <= 1
        assert [word[0] for word in text.split()] == ["s", "n", "l", "d"]
        assert text.endswith(" dataset")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The embedded catalog alone, as where no recorded payloads are."""
    folder = tmp_path_factory.mktemp("relevance")
    return build(folder / "absent", folder / "registry.db")


def test_the_figures_on_the_embedded_catalog(corpus: Corpus) -> None:
    asked = cases(corpus)
    found = report.answers(corpus.registry, asked)
    least = {"known item": 0.95, "misspelt": 0.90, "faceted": 0.90, "natural": 0.75, "chinese": 0.80}
    for kind, figure in least.items():
        of = [each for case, each, _keys in found if case.kind == kind]
        assert len(of) >= 50, kind
        assert mean(of).ndcg >= figure, (kind, mean(of))
    tuned = [case for case in asked if report.is_tuned(case)]
    assert 0.4 < len(tuned) / len(asked) < 0.6


def test_every_class_is_a_line_of_the_table(corpus: Corpus) -> None:
    asked = [case for case in cases(corpus) if case.text.startswith("g")]
    lines = report.lines(report.answers(corpus.registry, asked))
    assert [line[0] for line in lines] == [*dict.fromkeys(case.kind for case in asked), "all"]
    assert int(lines[-1][1]) == len(asked)


def test_a_query_for_an_entry_that_is_not_there_is_an_error(corpus: Corpus) -> None:
    without = {key: known for key, known in corpus.known.items() if key != "catalog:gsm8k"}
    with pytest.raises(ValueError, match="gsm 8k"):
        cases(Corpus(Path("unused"), without, corpus.named))
