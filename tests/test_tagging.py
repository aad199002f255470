"""Tags by facet: what the source says, columns, and words of the text."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog.tagging
from catalog import tagging, vocabulary
from catalog.errors import Skipped
from catalog.record import Amount, Column, Record, Statement, Tag
from catalog.tagging import detect, features, junk, model, reading, weigh
from catalog.tagging.size import band
from connectors.huggingface import to_record

WORDS = Path(catalog.tagging.__file__).parent / "words"


def tags(name: str = "thing", **fields: Any) -> dict[tuple[str, str], Tag]:
    """The tags of a record by facet and term."""
    record = Record(source=fields.pop("source", "huggingface"), id=name, name=name, **fields)
    return {(tag.facet, tag.term): tag for tag in tagging.tag(record)}


def terms(facet: str, name: str = "thing", **fields: Any) -> list[str]:
    """The terms of one facet, in order."""
    return [term for each, term in tags(name, **fields) if each == facet]


def lists() -> Iterator[tuple[str, str, str, list[str]]]:
    """Facet, term, kind and phrases of every list of the package."""
    for path in sorted(WORDS.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = data.items() if path.stem == "kind" else [(path.stem.replace("stage", "task"), data)]
        for facet, each in tables:
            for term, kinds in each.items():
                for kind, phrases in kinds.items():
                    yield facet, term, kind, phrases


def test_every_list_names_a_term_of_the_vocabulary() -> None:
    known = vocabulary.load()
    seen = 0
    for facet, term, kind, phrases in lists():
        assert kind in ("strong", "plain", "weak")
        assert term == "none" or known.has(facet, term), (facet, term)
        assert all(phrases)
        seen += len(phrases)
    assert seen > 2_000


def test_no_phrase_means_a_term_and_nothing_at_once() -> None:
    for path in sorted(WORDS.glob("*.toml")):
        if path.stem == "kind":
            continue
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        nothing = {phrase for phrases in data.pop("none").values() for phrase in phrases}
        for term, kinds in data.items():
            listed = [phrase for phrases in kinds.values() for phrase in phrases]
            assert len(listed) == len(set(listed)), (path.stem, term)
            assert not nothing & set(listed), (path.stem, term)


def test_the_embedded_catalog_is_taken_as_given() -> None:
    given = (Statement("domain", "medical", "catalog"), Statement("task", "sft", "catalog"))
    found = tags("bank-loans", source="catalog", description="A benchmark of legal contracts.", statements=given)
    assert found["domain", "medical"].confidence == 1.0
    assert found["task", "sft"].rule == "catalog"
    assert [term for facet, term in found if facet in ("domain", "task")] == ["medical", "sft"]


def test_source_terms_go_through_the_maps() -> None:
    stated = (
        Statement("task", "text2text-generation", "tag task_categories"),
        Statement("task", "sentiment-classification", "tag task_ids"),
        Statement("task", "text-classification-other-hate-speech-detection", "tag task_ids"),
        Statement("size", "10K<n<100K", "tag size_categories"),
        Statement("modality", "text", "tag modality"),
        Statement("library", "Datasets", "tag library"),
    )
    found = tags(statements=stated)
    assert found["task", "text-generation"].evidence == "tag task_categories: text2text-generation"
    assert ("task", "sentiment-analysis") in found
    assert ("task", "hate-speech-detection") in found
    assert ("size", "10k-100k") in found
    assert ("modality", "text") in found
    assert ("library", "datasets") in found
    assert all(tag.rule == "source tag" for tag in found.values())


def test_a_free_tag_names_domain_and_stage() -> None:
    found = tags(keywords=("finance", "dpo", "arbitrary"))
    assert found["domain", "finance"].evidence == "finance"
    assert found["task", "preference"].rule == "free tag"
    assert found["format", "preference-pair"].rule == "free tag"


def test_many_domain_tags_are_spam_unless_the_text_agrees() -> None:
    spam = ("medical", "finance", "legal", "biology", "chemistry")
    assert terms("domain", keywords=spam) == []
    assert terms("domain", "court-decisions", keywords=spam) == ["legal"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("zh-CN",), ["zh"]),
        (("eng_Latn", "pt_BR"), ["en", "pt-br"]),
        (("no",), ["no"]),
        (("False",), ["no"]),
        (("klingonese",), []),
    ],
)
def test_languages_are_normalised(values: tuple[str, ...], expected: list[str]) -> None:
    assert (
        terms("language", statements=tuple(Statement("language", each, "card language") for each in values)) == expected
    )


def test_language_from_the_title_or_the_script() -> None:
    assert terms("language", "turkish-news-corpus") == ["tr"]
    assert tags(description="这是一个用于训练大模型的数据集，包含多轮对话。")["language", "zh"].rule == "detected"
    assert terms("language", "thing", description="plain words") == []
    stated = (Statement("language", "en", "tag language"),)
    assert terms("language", "turkish-news-corpus", statements=stated) == ["en"]


def test_columns_give_format_and_stage() -> None:
    found = tags(columns=(Column("prompt"), Column("chosen"), Column("rejected")))
    assert found["format", "preference-pair"].rule == "columns"
    assert found["task", "preference"].evidence == "columns prompt, chosen, rejected"


def test_rows_give_the_size_band() -> None:
    assert band(999) == "0-1k"
    assert band(1_000) == "1k-10k"
    assert band(10**12) == "1t-plus"
    found = tags(rows=Amount(8_792, "card"), statements=(Statement("size", "n<1K", "tag size_categories"),))
    assert found["size", "1k-10k"].evidence == "8792 rows, card"
    assert ("size", "0-1k") not in found
    assert tags(rows=Amount(5, "card", lower_bound=True))["size", "0-1k"].confidence < 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("MedQA-SFT", "", {("domain", "medical"), ("task", "sft"), ("task", "question-answering")}),
        ("SysBench", "", {("task", "eval")}),
        ("pairs", "Human preference pairs for reward modeling of chat assistants.", {("task", "preference")}),
        ("corpus", "A pre-training corpus crawled from Common Crawl.", {("task", "pretrain"), ("domain", "general")}),
        ("rewards", "Maths problems for GRPO with verifiable rewards.", {("task", "rl"), ("domain", "math")}),
        (
            "ner",
            "Named entity recognition on court decisions.",
            {("task", "named-entity-recognition"), ("domain", "legal")},
        ),
        ("中文医疗对话数据集", "", {("domain", "medical"), ("task", "dialogue")}),
        ("数据", "金融领域的指令微调数据，由新闻和财报生成。", {("domain", "finance"), ("task", "sft")}),
        ("法律", "裁判文书上的阅读理解。", {("domain", "legal"), ("task", "question-answering")}),
        ("speech", "Ten hours of transcribed speech for speech recognition.", {("modality", "audio")}),
        ("chirps", "Tweets labelled for stance.", {("genre", "social-media"), ("task", "stance-detection")}),
    ],
)
def test_words_of_the_text(name: str, text: str, expected: set[tuple[str, str]]) -> None:
    found = tags(name, description=text)
    assert expected <= set(found)
    assert all(tag.evidence for tag in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "The code of conduct applies. See our code repository for the licensing information.",
        "See https://github.com/medical-finance/legal-benchmark for more.",
        "Please cite the paper of the university of somewhere.",
        "Supported Tasks and Leaderboards: more information needed.",
        "Wall Street Journal.",
        "",
    ],
)
def test_words_in_passing_mean_nothing(text: str) -> None:
    assert {facet for facet, _ in tags(description=text)} <= {"language"}


def test_a_closer_task_stands_for_the_one_above() -> None:
    found = terms("task", description="Question answering with reading comprehension passages.")
    assert len(found) == 1


def test_a_long_phrase_still_says_what_is_inside_it_for_other_facets() -> None:
    found = tags("quran-reciters")
    assert ("domain", "religion") in found
    assert ("task", "audio-classification") in found


def test_the_lead_counts_more_than_what_follows() -> None:
    late = "x " * 300 + "court decisions"
    assert ("domain", "legal") not in tags(description=late)
    assert ("domain", "legal") in tags(description="court decisions " + "x " * 300)


def test_words_inside_other_words_mean_nothing() -> None:
    assert terms("domain", "强化学习数据") == []
    assert "audio" not in terms("modality", "tagged", description="Part-of-speech tags for hate speech.")


def test_weak_words_alone_are_not_enough() -> None:
    assert terms("domain", "corpus") == []
    assert terms("domain", "thing", description="Words, sentences, a corpus and its annotation.") == []
    assert terms("domain", "words-corpus") == ["linguistics"]


def test_evidence_marks_the_title() -> None:
    assert (
        tags("court-decisions", description="Supreme court opinions.")["domain", "legal"].evidence
        == "court decisions*, supreme court"
    )


@given(st.text(max_size=200), st.text(max_size=400), st.lists(st.text(max_size=20), max_size=5))
def test_any_record_is_tagged(name: str, text: str, keywords: list[str]) -> None:
    record = Record(source="x", id="1", name=name or "n", description=text, keywords=tuple(keywords))
    known = vocabulary.load()
    found = tagging.tag(record)
    tasks = [tag for tag in found if tag.facet == "task"]
    for tag in found:
        least = weigh.ALONE if tag.facet == "task" else tagging.SHOWN
        assert least <= tag.confidence <= 1
        assert len(tag.evidence) <= 120
        assert known.has(tag.facet, tag.term)
    assert sum(tag.confidence < tagging.SHOWN for tag in tasks) <= 1
    assert len({(tag.facet, tag.term) for tag in found}) == len(found)


def test_a_model_goes_to_its_file_and_back() -> None:
    line = (1.0, 0.0)
    facet = {"terms": ["medical", "legal"], "start": 0, "rules": 1.0, "first": line, "more": line}
    head = {"scale": 2.0, "bias": [0.5, -0.5], "facets": {"domain": facet}}
    made = model.parse(
        model.write(head, {features.number("w court"): [(1, 127)], features.number("w drug"): [(0, -64)]})
    )
    text = reading.Text((["court"],), ["drug"], [])
    scores = made.read(text, {}, "x").scores(made.facets["domain"])
    share = features.share(len([*features.of_title_word("court"), *features.of_body_word("drug")]))
    assert scores == pytest.approx([0.5 - share * 128 / 127, -0.5 + share * 2.0])


@pytest.mark.parametrize("cut", [0, 5, 40, 5_000, -1])
def test_a_broken_model_file_is_refused(cut: int) -> None:
    data = (Path(catalog.tagging.__file__).parent / model.FILE).read_bytes()
    with pytest.raises(ValueError, match=r"weights|buffer|bytes|Unterminated|Expecting|char"):
        model.parse(data[:cut])


def test_the_model_knows_only_terms_of_the_vocabulary() -> None:
    known = vocabulary.load()
    loaded = model.load()
    assert set(loaded.facets) == {"domain", "task", "stage"}
    for name, facet in loaded.facets.items():
        assert all(known.has("domain" if name == "domain" else "task", term) for term in facet.terms)
        assert facet.first[0] > 0
        assert facet.more[0] > 0


def test_a_learned_tag_names_its_words() -> None:
    texts = [
        "Nuggets of multilingual utterance pairs in Wolof and Bambara, aligned sentence by sentence for translating.",
        "Photographs of plants, each with the name of its species, to tell them apart.",
        "Patients' notes with labelled spans of drug names and dosages.",
    ]
    learned = [tag for text in texts for tag in tags(description=text).values() if tag.rule == "model"]
    assert all(tag.evidence and tag.confidence >= tagging.SHOWN for tag in learned)
    assert {tag.facet for tag in learned} <= {"domain", "task"}


def test_tags_do_not_hang_on_the_hash_seed() -> None:
    code = (
        "from catalog import tagging; from catalog.record import Record; "
        "print(tagging.tag(Record(source='x', id='1', name='clinical-notes-sft', "
        "description='Questions of patients about drugs, answered by doctors, to train chat models. 医疗问答。')))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert "medical" in runs[0]


def test_tabular_data_have_no_stage_of_language_models() -> None:
    table = (Statement("modality", "tabular", "tag modality"),)
    text = "ChatGPT reviews and instructions of shoppers, for fine-tuning prices."
    assert "sft" not in terms("task", "chatgpt-reviews", source="kaggle", description=text, statements=table)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("train", "train.csv and test.csv of the competition"),
        ("Titanic Training Data", "Passengers, for training a classifier."),
        ("House prices test set", "The test set with predictions."),
        ("Breast Cancer Wisconsin (Diagnostic) Data Set", "Predict whether the cancer is benign or malignant"),
    ],
)
def test_training_and_test_files_elsewhere_are_no_stage(title: str, text: str) -> None:
    found = terms("task", title.lower().replace(" ", "-"), source="kaggle", title=title, description=text)
    assert not {"sft", "eval", "rl", "preference", "pretrain"} & set(found)


def test_two_words_together_say_more_than_each() -> None:
    line = (1.0, 0.0)
    facet = {"terms": ["medical"], "start": 0, "rules": 1.0, "first": line, "more": line}
    head = {"scale": 1.0, "bias": [0.0], "facets": {"domain": facet}, "pairs": ["court case"]}
    made = model.parse(model.write(head, {features.number(features.of_pair("court case")): [(0, 127)]}))
    both, apart = (
        made.read(reading.Text(([],), words, []), {}, "x").with_pairs().scores(made.facets["domain"])[0]
        for words in (["court", "case"], ["case", "court"])
    )
    assert both == pytest.approx(features.share(2))
    assert apart == 0


def test_the_best_task_stands_alone_where_none_is_sure() -> None:
    weights = (40.0, *[0.0] * 11, -8.0)
    facet = {"terms": ["translation", "parsing"], "start": 0, "rules": 0.0, "first": (1, 0), "more": (1, 0)}
    head = {"scale": 4.0, "bias": [0.0, 0.0], "facets": {"task": {**facet, "judge": weights}}}
    found = []
    for strength in (60, 100, 127):
        made = model.parse(model.write(head, {features.number("w rosetta"): [(0, strength), (1, strength // 2)]}))
        text = reading.Text(([],), ["rosetta", *(f"word{each}" for each in range(19))], [])
        tags = weigh.Weighed(made, made.read(text, {}, "x")).judged("task", [], {}, (), 4)
        found.append([(tag.term, tag.confidence, tag.evidence) for tag in tags])
    assert found[0] == []
    assert [(term, evidence) for term, _, evidence in found[1]] == [("translation", "rosetta")]
    assert weigh.ALONE <= found[1][0][1] < tagging.SHOWN
    assert [term for term, _, _ in found[2]] == ["translation"]
    assert found[2][0][1] > 0.7


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Dieser Datensatz enthält Nachrichten und ist für die Forschung mit Texten aus den Zeitungen gedacht.", "de"),
        ("Ce jeu de données est une collection de textes pour la recherche dans le domaine des langues.", "fr"),
        ("Этот набор данных содержит новостные тексты.", "ru"),
        ("Цей набір даних містить українські тексти і їхні переклади.", "uk"),
        ("この日本語データセットは会話からなる。", "ja"),
        ("이 데이터셋은 한국어 대화를 담고 있다.", "ko"),
        ("ชุดข้อมูลนี้รวบรวมข้อความภาษาไทย", "th"),
        ("این مجموعه داده شامل پرسش و پاسخ است و گزارش‌ها را چاپ می‌کند.", "fa"),
        ("id name value 12 34 56", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text(text: str, code: str) -> None:
    assert detect.language(text)[0] == code


@given(st.text(max_size=300))
def test_any_text_has_a_known_language_or_none(text: str) -> None:
    code, signs = detect.language(text)
    assert bool(code) == bool(signs)
    assert not code or vocabulary.load().has("language", code)


OWN = "Twelve thousand questions of patients with the answers of their doctors, checked by hand in three rounds."


@pytest.mark.parametrize(
    ("name", "text", "fields", "reason"),
    [
        ("someone/test", "", {}, "trial"),
        ("someone/my-dataset", "", {}, "says nothing"),
        ("someone/autotrain-data-abcd", OWN, {}, "service"),
        ("someone/patients", "Dataset Card for Dataset Name. More Information Needed", {}, "template"),
        ("someone/patients", "", {}, "no description"),
        ("someone/patients", OWN, {"rows": Amount(3, "card")}, "3 rows"),
        ("someone/patients", OWN, {"keywords": ("medical", "finance", "legal", "biology")}, "4 domains"),
    ],
)
def test_doubt_says_why(name: str, text: str, fields: dict[str, Any], reason: str) -> None:
    found = junk.doubt(Record(source="x", id="1", name=name, description=text, **fields))
    assert 0.2 <= found.value <= 1
    assert reason in found.reason


def test_no_doubt_about_what_is_described_or_curated() -> None:
    assert junk.doubt(Record(source="x", id="1", name="a/patient-questions", description=OWN)) == junk.NONE
    curated = (Statement("domain", "medical", "catalog"),)
    assert junk.doubt(Record(source="catalog", id="test", name="test", statements=curated)) == junk.NONE


def test_use_takes_half_of_the_doubt() -> None:
    plain = junk.doubt(Record(source="x", id="1", name="a/test"))
    used = junk.doubt(Record(source="x", id="1", name="a/test", popularity=120))
    assert used.value == pytest.approx(plain.value / 2, abs=0.01)


def test_recorded_listings_are_tagged(shared_fixtures: Path) -> None:
    known = vocabulary.load()
    count = tagged = 0
    for path in sorted((shared_fixtures / "huggingface" / "list").glob("*.json")):
        payloads = json.loads(path.read_text(encoding="utf-8"))
        for payload in payloads if isinstance(payloads, list) else []:
            try:
                record = to_record(payload)
            except Skipped:
                continue
            found = tagging.tag(record)
            count += 1
            tagged += bool(found)
            for tag in found:
                assert tag.rule
                assert tag.facet in ("library", "language") or known.has(tag.facet, tag.term)
    assert count > 1_000
    assert tagged > 0.7 * count
