"""Formats by sampled rows: what values say beyond the names of columns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.formats import columns_of, detect_rows
from catalog.formats.turns import shape_of, turns_of

LONG = "word " * 150
USER = {"role": "user", "content": "Why is the sky blue?"}
ANSWER = {"role": "assistant", "content": "Because of scattering."}
GPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]

CASES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("openai chat", {"messages": [USER, ANSWER]}, "messages", ("sft",)),
    ("sharegpt", {"conversations": GPT}, "messages", ("sft",)),
    ("a chat in an odd column", {"uid": "1", "talk": GPT}, "messages", ("sft",)),
    ("ms-swift pairs", {"conversation": [{"human": "Hi", "assistant": "Hello."}]}, "messages", ("sft",)),
    ("chat ending with the user", {"messages": [USER]}, "prompt-only", ("rl",)),
    ("alpaca", {"instruction": "Add.", "input": "1 1", "output": "2"}, "prompt-completion", ("sft",)),
    ("a checkable answer", {"question": "1+1?", "answer": "Two. #### 2"}, "prompt-completion", ("sft", "rl")),
    ("a short answer", {"problem": "1+1?", "solution": "2"}, "prompt-completion", ("sft", "rl")),
    ("explicit pairs", {"prompt": "Q", "chosen": "A", "rejected": "B"}, "preference-pair", ("preference",)),
    ("implicit pairs", {"chosen": [USER, ANSWER], "rejected": [USER, ANSWER]}, "preference-pair", ("preference",)),
    ("yes or no", {"prompt": "Q", "completion": "A", "label": True}, "unpaired-preference", ("preference",)),
    ("a score", {"prompt": "Q", "response": "A", "score": 0.5}, "scored-response", ("preference",)),
    ("long text", {"text": LONG}, "text", ("pretrain",)),
    ("long Chinese text", {"text": "天地玄黄" * 80}, "text", ("pretrain",)),
    ("long text under an odd name", {"id": "7", "rawtextofpage": LONG}, "text", ("pretrain",)),
    ("short text", {"text": "just a phrase"}, "text", ()),
    (
        "steps",
        {"prompt": "Q", "completions": ["a", "b"], "labels": [True, False]},
        "stepwise-supervision",
        ("preference",),
    ),
    ("classes", {"text": "good film", "label": 1}, "labelled", ()),
]  # fmt: skip


@pytest.mark.parametrize(("row", "format", "stage"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rows_show_their_format(row: dict[str, Any], format: str, stage: tuple[str, ...]) -> None:
    found = detect_rows([row] * 20)
    assert found is not None
    assert (found.format, found.stage) == (format, stage), found
    assert found.reasons
    assert 0 < found.confidence <= 1


def test_marks_with_several_values_are_scores() -> None:
    rows = [{"prompt": "Q", "completion": "A", "label": number % 3} for number in range(30)]
    assert detect_rows(rows).format == "scored-response"  # type: ignore[union-attr]
    named = [{"prompt": "Q", "completion": "A", "label": f"class {number % 3}"} for number in range(30)]
    assert detect_rows(named).format == "prompt-completion"  # type: ignore[union-attr]


def test_a_prompt_inside_both_answers_makes_pairs_implicit() -> None:
    row = {"prompt": "Q: why?", "chosen": "Q: why? So.", "rejected": "Q: why? No."}
    found = detect_rows([row] * 5)
    assert found is not None
    assert found.mapping["form"] == "implicit"
    assert detect_rows([{**row, "chosen": "So.", "rejected": "So."}]).mapping["form"] == "explicit"  # type: ignore[union-attr]


def test_columns_have_the_types_of_their_values() -> None:
    rows = [{"a": 1, "b": None, "c": [1, 2], "d": {"x": 1}, "e": "t", "f": True}, {"a": 2.5, "b": "x", "g": [[1]]}]
    types = {column.name: column.type for column in columns_of(rows)}
    assert types == {
        "a": "float64", "b": "string", "c": "list<int64>", "d": "struct", "e": "string", "f": "bool",
        "g": "list<list<int64>>",
    }  # fmt: skip


def test_roles_are_read_in_every_shape() -> None:
    assert turns_of(GPT) == [("user", "Hi"), ("assistant", "Hello.")]
    assert turns_of([{"human": "Hi", "assistant": "Hello."}]) == [("user", "Hi"), ("assistant", "Hello.")]
    parts = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
    assert turns_of(parts) == [("user", "What?")]
    assert shape_of([{"x": 1}]) is None
    assert turns_of("no chat") == []


NAMES = (
    "messages",
    "prompt",
    "completion",
    "label",
    "chosen",
    "rejected",
    "text",
    "role",
    "content",
    "answer",
    "score",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=5), max_size=5))
def test_any_rows_may_be_asked(rows: list[dict[str, Any]]) -> None:
    found = detect_rows(rows)
    assert found is None or found.format


@pytest.mark.parametrize(
    ("row", "format", "mapping"),
    [
        ({"Input": "q", "Label": "a"}, "prompt-completion", {"prompt": "Input", "completion": "Label"}),
        ({"Input": "q", "Reward": "0.5"}, "scored-response", {"prompt": "Input", "score": "Reward"}),
        ({"Input": "q", "Reward": 1, "Action": "a", "State": "s"}, "scored-response",
         {"prompt": "Input", "score": "Reward", "response": "Action", "state": "State"}),
    ],
)  # fmt: skip
def test_plain_tables_are_known_by_all_their_names(row: dict[str, Any], format: str, mapping: dict[str, str]) -> None:
    found = detect_rows([row] * 3)
    assert found is not None
    assert (found.format, found.mapping) == (format, mapping)
    other = detect_rows([{**row, "Note": "x"}] * 3)
    assert other is None or other.mapping != mapping
