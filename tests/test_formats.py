"""Training formats by column names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.formats import detect_columns
from catalog.record import Column


def columns(text: str) -> list[Column]:
    """`name:type name` as columns."""
    return [Column(*part.split(":")) for part in text.split()]


@pytest.mark.parametrize(
    ("names", "format", "stage"),
    [
        ("prompt completions labels", "stepwise-supervision", ("preference",)),
        ("data_source prompt ability reward_model extra_info", "prompt-only", ("rl",)),
        ("messages ground_truth dataset", "prompt-only", ("rl",)),
        ("prompt chosen rejected", "preference-pair", ("preference",)),
        ("chosen rejected", "preference-pair", ("preference",)),
        ("instruction chosen_response rejected_response", "preference-pair", ("preference",)),
        ("messages rejected_response", "preference-pair", ("preference",)),
        ("question response_j response_k", "preference-pair", ("preference",)),
        ("history human_ref_A human_ref_B labels score_A score_B", "preference-pair", ("preference",)),
        ("question answer_0 answer_1 score_0 score_1", "preference-pair", ("preference",)),
        ("prompt response_0 response_1 better_response_id", "preference-pair", ("preference",)),
        ("model_a conversation_a conversation_b winner", "preference-pair", ("preference",)),
        ("info summaries choice", "preference-pair", ("preference",)),
        ("prompt answers", "ranking", ("preference",)),
        ("prompt responses ratings", "ranking", ("preference",)),
        ("prompt completion label:bool", "unpaired-preference", ("preference",)),
        ("prompt response helpfulness correctness coherence", "scored-response", ("preference",)),
        ("messages", "messages", ("sft",)),
        ("id conversations", "messages", ("sft",)),
        ("instruction input output", "prompt-completion", ("sft",)),
        ("INSTRUCTION RESPONSE SOURCE", "prompt-completion", ("sft",)),
        ("prompt completion", "prompt-completion", ("sft",)),
        ("question answer:string", "prompt-completion", ("sft",)),
        ("problem solution", "prompt-completion", ("sft", "rl")),
        ("prompt answer", "prompt-only", ("rl", "sft")),
        ("prompt id", "prompt-only", ("rl",)),
        ("text", "text", ("pretrain",)),
        ("url title text date", "text", ("pretrain",)),
        ("premise hypothesis label", "labelled", ()),
        ("sentence label:ClassLabel", "labelled", ()),
        ("id tokens ner_tags", "labelled", ()),
        ("context question answers", "labelled", ()),
        ("question choices answerKey", "labelled", ()),
        ("context question answerA answerB answerC label", "labelled", ()),
        ("image label", "labelled", ()),
        ("task_id prompt canonical_solution test entry_point", "labelled", ("eval",)),
        ("key prompt instruction_id_list kwargs", "labelled", ("eval",)),
        ("question_id category turns reference", "labelled", ("eval",)),
        ("id prompt outputs:list<model,output>", "prompt-completion", ("eval",)),
        ("message_id parent_id text role lang", "messages", ("sft", "preference")),
        ("Context Response", "prompt-completion", ("sft",)),
        ("instruction code", "prompt-completion", ("sft",)),
        ("instruction_zh output_zh", "prompt-completion", ("sft",)),
        ("问题 答案", "prompt-completion", ("sft",)),
        ("article summary", "prompt-completion", ("sft",)),
        ("document summary", "labelled", ()),
        ("id article summary", "labelled", ()),
        ("claim evidence label", "labelled", ()),
        ("docstring code", "labelled", ()),
        ("system_prompt topic model views", "messages", ("sft",)),
        ("translation", "parallel", ()),
        ("en fr", "parallel", ()),
        ("a:int64 b:float64 c:float64 d:int64", "tabular", ()),
    ],
)
def test_layouts(names: str, format: str, stage: tuple[str, ...]) -> None:
    found = detect_columns(columns(names))
    assert found is not None
    assert (found.format, found.stage) == (format, stage)
    assert found.reasons
    assert set(found.mapping.values()) <= {column.name for column in columns(names)}


@pytest.mark.parametrize("names", ["", "foo bar", "message_1 message_2 topic role", "anchor positive negative"])
def test_unknown_stays_unknown(names: str) -> None:
    assert detect_columns(columns(names)) is None


def test_messages_without_a_rejected_answer_are_no_pair() -> None:
    found = detect_columns(columns("messages rejected_reason_count:int64"))
    assert found is not None
    assert found.format == "messages"


def test_configurations_are_judged_apart() -> None:
    mixed = [
        Column("text", "string", "corpus"),
        Column("chosen", "string", "pairs"),
        Column("rejected", "string", "pairs"),
    ]
    found = detect_columns(mixed)
    assert found is not None
    assert found.format == "preference-pair"
    assert found.mapping == {"chosen": "chosen", "rejected": "rejected"}


@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "string", "int64", "list"])), max_size=12))
def test_any_columns_are_taken(pairs: list[tuple[str, str]]) -> None:
    found = detect_columns([Column(name, type) for name, type in pairs])
    assert found is None or 0 < found.confidence <= 1
