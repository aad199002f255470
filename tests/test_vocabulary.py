"""The vocabulary is whole, unambiguous and bilingual, and every map from a source leads to a term."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import vocabulary
from catalog.errors import Usage
from catalog.index.keys import name_norm
from catalog.record import Record
from catalog.vocabulary import fold

WORDS = vocabulary.load()
FACETS = ("domain", "task", "modality", "genre", "language", "format", "license", "commercial", "access", "size")
STAGES = "pretrain sft preference rl eval"
DOMAINS = """
    general medical biology chemistry physics math environment agriculture geospatial engineering energy
    transportation computing code cybersecurity finance economics ecommerce legal government social-science education
    news religion culture entertainment sports linguistics safety travel
"""
TASKS = {
    "text-classification": """
        text-classification sentiment-analysis emotion-classification topic-classification intent-classification
        hate-speech-detection fact-checking language-identification stance-detection acceptability spam-detection
    """,
    "text-pair": "natural-language-inference semantic-similarity paraphrase-identification",
    "token-classification": """
        token-classification named-entity-recognition part-of-speech parsing coreference-resolution
        word-sense-disambiguation slot-filling keyphrase-extraction
    """,
    "information-extraction": "relation-extraction event-extraction entity-linking",
    "question-answering": """
        question-answering extractive-qa open-domain-qa multiple-choice table-qa commonsense-reasoning math-reasoning
        reading-comprehension
    """,
    "generation": """
        text-generation language-modeling summarization translation paraphrasing text-simplification data-to-text
        dialogue dialogue-state-tracking grammar-correction transliteration question-generation
    """,
    "retrieval": "text-retrieval reranking",
    "code": "code-generation text-to-sql code-understanding",
    "assistant": "instruction-following preference-modeling tool-use reasoning safety-evaluation role-play",
    "speech": "automatic-speech-recognition text-to-speech audio-classification speech-translation",
    "vision": """
        image-classification object-detection image-segmentation image-captioning visual-question-answering
        text-to-image ocr video-classification sign-language-recognition
    """,
    "tabular": """
        tabular-classification tabular-regression clustering time-series-forecasting anomaly-detection recommendation
    """,
    "other": "reinforcement-learning robotics graph-learning",
}
GENRES = """
    web paper news report social-media dialogue book code encyclopedia legal-document clinical-record review
    subtitle-transcript qa-forum exam synthetic query-log government-document email patent
"""
MODALITIES = """
    text image audio video tabular timeseries geospatial graph 3d document multimodal
"""
FORMATS = """
    text prompt-only prompt-completion messages preference-pair ranking scored-response unpaired-preference
    stepwise-supervision labelled parallel tabular
"""
LICENSE_CLASSES = """
    public-domain permissive share-alike no-derivatives non-commercial research-only use-restricted model-terms
    custom mixed unspecified
"""
CHILDREN = {
    "text-classification": """
        sentiment-analysis emotion-classification topic-classification intent-classification hate-speech-detection
        fact-checking language-identification stance-detection acceptability spam-detection
        natural-language-inference semantic-similarity paraphrase-identification
    """,
    "token-classification": """
        named-entity-recognition part-of-speech parsing coreference-resolution word-sense-disambiguation slot-filling
        keyphrase-extraction
    """,
    "question-answering": """
        extractive-qa open-domain-qa multiple-choice table-qa commonsense-reasoning math-reasoning
        reading-comprehension
    """,
    "text-generation": """
        language-modeling dialogue data-to-text paraphrasing text-simplification grammar-correction
        question-generation
    """,
    "dialogue": "dialogue-state-tracking",
    "text-retrieval": "reranking",
}
COMMERCIAL = "yes no conditions unknown"
ACCESS = "open gated agreement request disabled withdrawn refused unknown"


def _ids(facet: str) -> list[str]:
    return [term.id for term in WORDS.terms(facet)]


# --- the terms ------------------------------------------------------------------------------------------------------


def test_the_facets_stand_in_their_order() -> None:
    assert WORDS.facets == FACETS
    assert all(WORDS.heading(facet).label and WORDS.heading(facet).label_zh for facet in FACETS)


@pytest.mark.parametrize(
    ("facet", "ids", "count"),
    [
        ("domain", DOMAINS, 30),
        ("genre", GENRES, 20),
        ("modality", MODALITIES, 11),
        ("format", FORMATS, 12),
        ("license", LICENSE_CLASSES, 11),
        ("commercial", COMMERCIAL, 4),
        ("access", ACCESS, 8),
    ],
)
def test_a_facet_has_just_its_terms(facet: str, ids: str, count: int) -> None:
    assert sorted(_ids(facet)) == sorted(ids.split())
    assert len(_ids(facet)) == count


def test_78_tasks_stand_in_13_groups_beside_5_stages() -> None:
    grouped = {group.id: [t.id for t in WORDS.terms("task") if t.group == group.id] for group in WORDS.groups("task")}
    assert grouped == {"llm-stage": STAGES.split()} | {group: tasks.split() for group, tasks in TASKS.items()}
    assert len(grouped) == 13 + 1
    assert sum(map(len, grouped.values())) == 78 + 5
    assert all(group.label and group.label_zh for group in WORDS.groups("task"))


def test_parents_of_tasks() -> None:
    expected = {child: (parent,) for parent, children in CHILDREN.items() for child in children.split()}
    expected["preference-modeling"] = ("preference",)
    assert {term.id: term.parents for term in WORDS.terms("task") if term.parents} == expected


def test_sizes_cover_every_count_once() -> None:
    bounds = [id.split("-") for id in _ids("size")]
    assert [bound[0] for bound in bounds[1:]] == [bound[1] for bound in bounds[:-1]]
    assert bounds[0][0] == "0"
    assert bounds[-1] == ["1t", "plus"]


def test_languages_cover_iso_639_1() -> None:
    two = [id for id in _ids("language") if len(id) == 2]
    assert len(two) == 183 + 2  # and the two that it had: sh, bh
    for term in WORDS.terms("language"):
        if len(term.id) == 2 and term.id != "bh":
            assert any(len(alias) == 3 and alias.isascii() for alias in (term.label, *term.aliases)), term.id


@pytest.mark.parametrize("facet", FACETS)
def test_every_term_is_whole(facet: str) -> None:
    for term in WORDS.terms(facet):
        assert term.label.strip() == term.label != ""
        assert any("\u4e00" <= character <= "\u9fff" for character in term.label_zh), term.id
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", term.id)
        assert WORDS.term(facet, term.id) is term
        for name in term.names:
            assert WORDS.resolve(facet, name) == term.id
            assert WORDS.resolve(facet, name.upper().replace(" ", "_")) == term.id
        if facet not in ("language", "size"):
            assert term.description.endswith("."), term.id
            assert {alias.isascii() for alias in term.aliases} == {True, False}, term.id


@pytest.mark.parametrize("facet", FACETS)
def test_a_name_means_one_term_of_its_facet(facet: str) -> None:
    owners: dict[str, str] = {}
    for term in WORDS.terms(facet):
        assert len({fold(alias) for alias in term.aliases}) == len(term.aliases), term.id
        for name in term.names:
            assert fold(name)
            assert fold(name) == name_norm(name)  # the registry looks names up in the same way
            assert owners.setdefault(fold(name), term.id) == term.id


@pytest.mark.parametrize("facet", FACETS)
def test_parents_exist_and_never_meet_themselves(facet: str) -> None:
    for term in WORDS.terms(facet):
        above = WORDS.ancestors(facet, term.id)
        assert term.id not in above
        assert set(term.parents) <= set(above)
        assert all(WORDS.has(facet, parent) for parent in above)
        assert len(set(above)) == len(above)


def test_orders_count_up() -> None:
    for facet in FACETS:
        assert [term.order for term in WORDS.terms(facet)] == list(range(len(_ids(facet))))


def test_what_a_record_may_say_of_access_is_a_term() -> None:
    for access in _ids("access"):
        record = Record(source="test", id="x", name="x", access=access)  # type: ignore[arg-type]
        assert record.access == access


# --- looking up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facet", "text", "id"),
    [
        ("domain", "医疗", "medical"),
        ("domain", "临床", "medical"),
        ("domain", "Healthcare", "medical"),
        ("domain", "SOCIAL_SCIENCE", "social-science"),
        ("domain", "E-Commerce", "ecommerce"),
        ("domain", "法律", "legal"),
        ("task", "SFT", "sft"),
        ("task", "instruction tuning", "sft"),
        ("task", "指令微调", "sft"),
        ("task", "微调", "sft"),
        ("task", "rm", "preference"),
        ("task", "reward-model", "preference"),
        ("task", "DPO", "preference"),
        ("task", "orpo", "preference"),
        ("task", "kto", "preference"),
        ("task", "rlhf", "preference"),
        ("task", "奖励模型", "preference"),
        ("task", "ppo", "rl"),
        ("task", "grpo", "rl"),
        ("task", "prompt-only", "rl"),
        ("task", "强化学习", "rl"),
        ("task", "reinforcement learning", "reinforcement-learning"),
        ("task", "Pre-Training", "pretrain"),
        ("task", "语料", "pretrain"),
        ("task", "benchmark", "eval"),
        ("task", "评测", "eval"),
        ("task", "sentiment", "sentiment-analysis"),
        ("task", "情感分析", "sentiment-analysis"),
        ("task", "ＮＥＲ", "named-entity-recognition"),
        ("task", "text2sql", "text-to-sql"),
        ("format", "ShareGPT", "messages"),
        ("format", "alpaca", "prompt-completion"),
        ("format", "对话格式", "messages"),
        ("license", "nc", "non-commercial"),
        ("license", "非商用", "non-commercial"),
        ("license", "copyleft", "share-alike"),
        ("commercial", "可商用", "yes"),
        ("commercial", "否", "no"),
        ("access", "gate", "gated"),
        ("size", "1K<n<10K", "1k-10k"),
        ("size", "n<1K", "0-1k"),
        ("size", "n>1T", "1t-plus"),
        ("modality", "time series", "timeseries"),
        ("genre", "微博", "social-media"),
        ("language", "zh-CN", "zh"),
        ("language", "zh_Hans", "zh"),
        ("language", "Mandarin", "zh"),
        ("language", "汉语", "zh"),
        ("language", "zh-TW", "zh-hant"),
        ("language", "eng", "en"),
        ("language", "英文", "en"),
        ("language", "Español", "es"),
        ("language", "iw", "he"),
        ("language", "粤语", "yue"),
        ("language", "multilingual", "mul"),
        ("language", "eng_Latn", "en"),
        ("language", "sr-Cyrl", "sr"),
        ("language", "zho_Hant", "zh-hant"),
        ("language", "PT_br", "pt-br"),
        ("language", "en-US", "en-us"),
        ("language", "spa_Latn_MX", "es-mx"),
        ("language", " fr-CA ", "fr-ca"),
    ],
)
def test_what_people_type(facet: str, text: str, id: str) -> None:
    assert WORDS.resolve(facet, text) == id
    assert WORDS.require(facet, text) == id


def test_no_license_has_its_name_taken_by_its_class() -> None:
    for name in ("mit", "apache-2.0", "cc-by-4.0", "cc0-1.0", "gpl", "odbl"):
        assert WORDS.resolve("license", name) is None


def test_a_search_for_a_parent_finds_its_children() -> None:
    assert WORDS.ancestors("task", "dialogue-state-tracking") == ("dialogue", "text-generation")
    assert WORDS.ancestors("task", "preference-modeling") == ("preference",)
    assert WORDS.ancestors("task", "instruction-following") == ()
    assert WORDS.ancestors("task", "reinforcement-learning") == ()
    assert WORDS.ancestors("language", "yue") == ("zh",)
    assert WORDS.ancestors("language", "gom") == ("kok",)


def test_a_region_that_is_not_listed_stands_under_its_language() -> None:
    term = WORDS.term("language", "es-mx")
    assert (term.label, term.label_zh, term.parents) == ("Spanish (MX)", "西班牙语（MX）", ("es",))
    assert WORDS.ancestors("language", "en-us") == ("en",)
    assert not WORDS.has("language", "en-us")
    assert WORDS.resolve("language", "qq-US") is None


def test_unknown_names_are_answered_with_the_nearest() -> None:
    assert WORDS.resolve("task", "sfft") is None
    assert WORDS.suggest("task", "sfft")[0] == "sft"
    assert WORDS.suggest("task", "summarisatoin")[0] == "summarization"
    assert WORDS.suggest("domain", "medicl")[0] == "medical"
    assert WORDS.suggest("domain", "医疗领域")[0] == "medical"
    assert WORDS.suggest("task", "qqqqqqqq") == []
    with pytest.raises(Usage, match="There is no task 'sfft'; did you mean sft") as caught:
        WORDS.require("task", "sfft")
    assert caught.value.hint == "`catalog facets task` lists them all."
    with pytest.raises(Usage, match="There is no genre 'qqqqqqqq'\\."):
        WORDS.term("genre", "qqqqqqqq")
    with pytest.raises(Usage, match="There is no facet 'colour'"):
        WORDS.terms("colour")
    assert not WORDS.has("colour", "red")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FACETS), st.text(st.characters(), max_size=40))
def test_any_text_can_be_looked_up(facet: str, text: str) -> None:
    found = WORDS.resolve(facet, text)
    if found is not None:
        assert WORDS.term(facet, found).id == found
    assert all(WORDS.has(facet, id) for id in WORDS.suggest(facet, text))
    for table in WORDS.tables:
        WORDS.mapped(table, text)


@given(st.text(max_size=30), st.text(st.sampled_from(" -_./\t　"), max_size=5))
def test_spacing_does_not_count(text: str, gap: str) -> None:
    assert fold(text + gap) == fold(gap + text) == fold(text)


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_case_and_width_do_not_count(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert fold(text.upper()) == fold(text.lower()) == fold(wide)


def test_load_reads_once() -> None:
    assert vocabulary.load() is WORDS


# --- source terms ---------------------------------------------------------------------------------------------------


def _entries(table: str) -> list[str]:
    data = tomllib.loads(Path(vocabulary.__file__).with_name("mappings.toml").read_text())[table]
    return [
        *data.get("none", ()),
        *data.get("several", ()),
        *(raw for raws in data.get("to", {}).values() for raw in raws),
    ]


@pytest.mark.parametrize("table", WORDS.tables)
def test_a_table_leads_to_terms_and_holds_each_source_term_once(table: str) -> None:
    entries = _entries(table)
    assert entries
    assert [raw for raw, count in Counter(map(fold, entries)).items() if count > 1 or not raw] == []
    facet = WORDS.target(table)
    for raw in entries:
        assert WORDS.knows(table, raw)
        assert all(WORDS.has(facet, id) for id in WORDS.mapped(table, raw)), raw


@pytest.mark.parametrize(
    ("table", "raw", "ids"),
    [
        ("huggingface_task", "text2text-generation", ("text-generation",)),
        ("huggingface_task", "fill-mask", ("language-modeling",)),
        ("huggingface_task", "table-question-answering", ("table-qa",)),
        ("huggingface_task", "other", ()),
        ("huggingface_task_id", "multiple-choice-qa", ("multiple-choice",)),
        ("huggingface_task_id", "fact-checking-retrieval", ("fact-checking", "text-retrieval")),
        ("domain_tag", "Clinical", ("medical",)),
        ("domain_tag", "医疗", ("medical",)),
        ("domain_tag", "not-for-all-audiences", ()),
        ("stage_tag", "DPO", ("preference",)),
        ("stage_tag", "instruction tuning", ("sft",)),
        ("stage_tag", "rlhf", ("preference",)),
        ("stage_tag", "grpo", ("rl",)),
        ("stage_tag", "指令微调", ("sft",)),
        ("stage_tag", "reinforcement-learning", ()),
        ("genre_tag", "wikipedia", ("encyclopedia",)),
        ("task_tag", "NER", ("named-entity-recognition",)),
        ("modality_tag", "Time-Series", ("timeseries",)),
        ("kaggle_tag", "weather and climate", ("environment",)),
        ("uci_area", "Physics and Chemistry", ("physics", "chemistry")),
        ("uci_area", "Health and Medicine", ("medical",)),
        ("uci_task", "Classification", ("tabular-classification",)),
        ("masader_stage", "preference optimization", ("preference",)),
        ("bigbio_task", "NAMED_ENTITY_DISAMBIGUATION", ("entity-linking",)),
        ("seacrowd_task", "POS_TAGGING", ("part-of-speech",)),
        ("clue_task", "阅读理解", ("question-answering",)),
        ("size_category", "100K<n<1M", ("100k-1m",)),
    ],
)
def test_source_terms(table: str, raw: str, ids: tuple[str, ...]) -> None:
    assert WORDS.mapped(table, raw) == ids


def test_only_a_known_permission_permits() -> None:
    default = {license: WORDS.mapped("license_commercial", license) for license in _ids("license")}
    assert {license for license, verdict in default.items() if verdict == ("yes",)} == {
        "public-domain",
        "permissive",
        "share-alike",
        "no-derivatives",
    }
    assert default["non-commercial"] == default["research-only"] == ("no",)
    assert default["unspecified"] == default["custom"] == default["mixed"] == ("unknown",)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(Usage, match="no mapping table 'nope'"):
        WORDS.mapped("nope", "x")


def test_every_recorded_term_is_here(shared_fixtures: Path) -> None:
    file = shared_fixtures.parent / "vocabulary" / "vocab.json"
    if not file.is_file():
        pytest.skip("the recorded vocabulary is not here")
    recorded = json.loads(file.read_text())
    for facet, name in [("domain", "domains"), ("genre", "genres"), ("modality", "modalities"), ("format", "formats")]:
        assert set(recorded[name]) <= set(_ids(facet))
    assert set(recorded["license_classes"]) <= set(_ids("license"))
    assert {task for tasks in recorded["tasks"].values() for task in tasks} <= set(_ids("task"))
    assert set(recorded["stages"]) - {"classic"} <= set(_ids("task"))


# --- cost -----------------------------------------------------------------------------------------------------------


def test_importing_reads_nothing_and_parses_nothing() -> None:
    code = "import sys, catalog.vocabulary as v; v.load().facets; print(*sys.modules)"
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {"tomllib", "difflib", "msgspec", "json", "sqlite3"}
