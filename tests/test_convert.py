"""Rows from one training format into another: what each layout gives, what does not fit, round trips, files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.datafile import BadRow, first_rows, read_rows
from catalog.datafile.writing import rejects_of, write_converted
from catalog.errors import Usage
from catalog.formats.convert import Conversion, plan_conversion
from catalog.formats.targets import ALIASES, TARGETS, target_named
from catalog.formats.targets_factory import dataset_info
from catalog.formats.training import Misfit
from catalog.formats.training_pairs import Tie, shared_text
from catalog.formats.training_read import checkable
from catalog.formats.training_source import LAYOUTS
from tests.conftest import Command
from tests.origin import Hub

Rows = list[dict[str, Any]]


def planned(rows: Rows, to: str, **more: Any) -> Conversion:
    return plan_conversion(rows, target_named(to), **more)


def converted(rows: Rows, to: str, **more: Any) -> Rows:
    """What comes of rows that all fit."""
    conversion = planned(rows, to, **more)
    return [made for number, row in enumerate(rows, 1) for made in conversion.convert(number, row)]


def refused(rows: Rows, to: str, row: dict[str, Any], **more: Any) -> str:
    """Why one more row does not fit."""
    with pytest.raises(Misfit) as caught:
        planned(rows, to, **more).convert(1, row)
    return str(caught.value)


def chat(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in turns]


SFT: Rows = [{"prompt": f"Why {n}?", "completion": f"Because {n}."} for n in range(5)]
CHATS: Rows = [
    {"messages": chat(("system", "Be brief."), ("user", f"Why {n}?"), ("assistant", "So."), ("user", "Oh?"),
                      ("assistant", f"Yes {n}."))}
    for n in range(5)
]  # fmt: skip
PAIRS: Rows = [{"prompt": f"Why {n}?", "chosen": f"Because {n}.", "rejected": "No idea."} for n in range(5)]
CHAT_PAIRS: Rows = [
    {
        "chosen": chat(("user", f"Why {n}?"), ("assistant", f"Because {n}.")),
        "rejected": chat(("user", f"Why {n}?"), ("assistant", "No idea.")),
    }
    for n in range(5)
]
KTO: Rows = [{"prompt": f"Why {n}?", "completion": f"Because {n}.", "label": n % 2 == 0} for n in range(6)]
STEPS: Rows = [
    {"prompt": f"{n} + 2?", "completions": ["Add.", f"It is {n + 2}."], "labels": [True, n % 2 == 0]} for n in range(6)
]
SCORED: Rows = [{"prompt": f"Why {n}?", "response": f"Because {n}.", "score": n / 4} for n in range(5)]
TEXTS: Rows = [{"text": " ".join(f"word{n}{m}" for m in range(130))} for n in range(5)]
MATHS: Rows = [{"question": f"{n} + 2?", "answer": f"Add them.\n#### {n + 2}"} for n in range(5)]
ASKED: Rows = [{"prompt": f"Why {n}?"} for n in range(5)]


# -- what each format gives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "to", "first"),
    [
        (SFT, "language-modeling", {"text": "Why 0?\nBecause 0."}),
        (SFT, "messages", {"messages": chat(("user", "Why 0?"), ("assistant", "Because 0."))}),
        (SFT, "prompt-only", {"prompt": "Why 0?"}),
        (SFT, "alpaca", {"instruction": "Why 0?", "input": "", "output": "Because 0."}),
        (SFT, "sft-table", {"Input": "Why 0?", "Label": "Because 0."}),
        (SFT, "openrlhf-sft", {"input": "Why 0?", "output": "Because 0."}),
        (CHATS, "language-modeling", CHATS[0]),
        (CHATS, "prompt-completion",
         {"prompt": CHATS[0]["messages"][:-1], "completion": CHATS[0]["messages"][-1:]}),
        (CHATS, "alpaca", {"instruction": "Oh?", "input": "", "output": "Yes 0.", "system": "Be brief.",
                           "history": [["Why 0?", "So."]]}),
        (CHATS, "sharegpt", {"conversations": [
            {"from": "human", "value": "Why 0?"}, {"from": "gpt", "value": "So."},
            {"from": "human", "value": "Oh?"}, {"from": "gpt", "value": "Yes 0."}], "system": "Be brief."}),
        (CHATS, "sft-table",
         {"Input": "System: Be brief.\nUser: Why 0?\nAssistant: So.\nUser: Oh?", "Label": "Yes 0."}),
        (PAIRS, "preference", PAIRS[0]),
        (PAIRS, "preference-implicit", {"chosen": "Why 0?\nBecause 0.", "rejected": "Why 0?\nNo idea."}),
        (PAIRS, "prompt-completion", {"prompt": "Why 0?", "completion": "Because 0."}),
        (PAIRS, "language-modeling", {"text": "Why 0?\nBecause 0."}),
        (PAIRS, "unpaired-preference", {"prompt": "Why 0?", "completion": "Because 0.", "label": True}),
        (PAIRS, "ranking", {"instruction": "Why 0?", "input": "", "chosen": "Because 0.", "rejected": "No idea."}),
        (PAIRS, "kto", {"instruction": "Why 0?", "input": "", "output": "Because 0.", "kto_tag": True}),
        (PAIRS, "reward-table", {"Input": "Why 0?\nBecause 0.", "Reward": 1.0}),
        (PAIRS, "ms-swift", {"messages": chat(("user", "Why 0?"), ("assistant", "Because 0.")),
                             "rejected_response": "No idea."}),
        (PAIRS, "openrlhf-rm", PAIRS[0]),
        (CHAT_PAIRS, "preference", {"prompt": chat(("user", "Why 0?")), "chosen": chat(("assistant", "Because 0.")),
                                    "rejected": chat(("assistant", "No idea."))}),
        (CHAT_PAIRS, "preference-implicit", CHAT_PAIRS[0]),
        (CHAT_PAIRS, "ranking", {"conversations": [{"from": "human", "value": "Why 0?"}], "system": "",
                                 "chosen": {"from": "gpt", "value": "Because 0."},
                                 "rejected": {"from": "gpt", "value": "No idea."}}),
        (KTO, "unpaired-preference", KTO[0]),
        (KTO, "ms-swift", {"messages": chat(("user", "Why 0?"), ("assistant", "Because 0.")), "label": True}),
        (KTO, "ppo-table", {"Input": "Why 0?", "Reward": 1.0, "Action": "Because 0.", "State": "Why 0?"}),
        (STEPS, "stepwise", STEPS[0]),
        (STEPS, "unpaired-preference", {"prompt": "0 + 2?", "completion": "Add.\nIt is 2.", "label": True}),
        (SCORED, "reward-table", {"Input": "Why 0?\nBecause 0.", "Reward": 0.0}),
        (SCORED, "ppo-table", {"Input": "Why 0?", "Reward": 0.0, "Action": "Because 0.", "State": "Why 0?"}),
        (TEXTS, "language-modeling", TEXTS[0]),
        (TEXTS, "ms-swift", {"messages": chat(("assistant", TEXTS[0]["text"]))}),
        (MATHS, "openrlhf-ppo", {"input": "0 + 2?", "label": "2"}),
        (ASKED, "ms-swift", {"messages": chat(("user", "Why 0?"))}),
    ],
)  # fmt: skip
def test_what_a_row_becomes(rows: Rows, to: str, first: dict[str, Any]) -> None:
    conversion = planned(rows, to)
    assert conversion.convert(1, rows[0])[0] == first


def test_a_pair_gives_two_judged_rows() -> None:
    rows = converted(PAIRS, "kto")
    assert [row["kto_tag"] for row in rows] == [True, False] * 5
    assert all(type(row["kto_tag"]) is bool for row in rows)
    assert rows[1]["output"] == "No idea."


def test_verl_has_its_five_columns() -> None:
    row = planned(MATHS, "verl", data_source="openai/gsm8k", split="test").convert(3, MATHS[2])[0]
    assert row == {
        "data_source": "openai/gsm8k",
        "prompt": chat(("user", "2 + 2?")),
        "ability": "unknown",
        "reward_model": {"style": "rule", "ground_truth": "4"},
        "extra_info": {"split": "test", "index": 2},
    }
    assert converted([row], "openrlhf-ppo")[0] == {"input": row["prompt"], "label": "4"}


@pytest.mark.parametrize(
    ("rows", "to"),
    [
        (TEXTS, "preference"), (TEXTS, "prompt-completion"), (SFT, "preference"), (SFT, "kto"), (CHATS, "ranking"),
        (KTO, "preference"), (SFT, "stepwise"), (PAIRS, "stepwise"), (ASKED, "alpaca"), (SCORED, "kto"),
        (SFT, "reward-table"), (TEXTS, "verl"), (SFT, "verl"), (SCORED, "alpaca"),
    ],
)  # fmt: skip
def test_nothing_becomes_what_it_never_was(rows: Rows, to: str) -> None:
    with pytest.raises(Usage, match="cannot become"):
        planned(rows, to)


def test_a_threshold_makes_scores_labels() -> None:
    assert [row["kto_tag"] for row in converted(SCORED, "kto", threshold=0.5)] == [False, False, True, True, True]
    assert refused(SCORED, "alpaca", SCORED[0], threshold=0.5) == "its answer is marked as bad"


@pytest.mark.parametrize(
    ("rows", "to", "row", "why"),
    [
        (SFT, "alpaca", {"prompt": " ", "completion": "a"}, "its prompt is empty"),
        (SFT, "alpaca", {"prompt": "a", "completion": None}, "an answer is empty"),
        (KTO, "alpaca", KTO[1], "its answer is marked as bad"),
        (KTO, "kto", {**KTO[1], "label": "maybe"}, "its label is no yes or no"),
        (STEPS, "messages", STEPS[1], "a step of it is wrong"),
        (STEPS, "stepwise", {**STEPS[0], "labels": [True]}, "it has not one label for each step"),
        (CHATS, "alpaca", {"messages": chat(("user", "a"))}, "its last turn is not the assistant's"),
        (CHATS, "alpaca", {"messages": chat(("user", "a"), ("narrator", "b"))}, "the role 'narrator' is unknown"),
        (CHATS, "sharegpt", {"messages": chat(("user", "a"), ("user", "b"), ("assistant", "c"))},
         "its turns do not alternate between user and assistant"),
        (CHATS, "sharegpt", {"messages": chat(("user", ""), ("assistant", "c"))}, "a turn is empty"),
        (CHATS, "alpaca", {"messages": 7}, "it has no list of turns"),
        (CHAT_PAIRS, "preference", {"chosen": chat(("user", "a"), ("assistant", "b")),
                                    "rejected": chat(("user", "x"), ("assistant", "y"))},
         "its answers do not share a prompt"),
    ],
)  # fmt: skip
def test_why_a_row_does_not_fit(rows: Rows, to: str, row: dict[str, Any], why: str) -> None:
    assert refused(rows, to, row) == why


def test_plain_form_refuses_what_it_would_lose() -> None:
    assert "several turns" in refused(CHATS, "prompt-completion", {"messages": CHATS[0]["messages"][1:]}, chat=False)
    assert "system message" in refused(CHATS, "prompt-completion", CHATS[0], chat=False)


# -- the traps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two", "prompt"),
    [
        ("The sky is blue.", "The sky is black.", "The sky is"),
        ("The sky is blue", "The sky is blue and wide", "The sky is"),
        ("天空是蓝色的。", "天空是黑色的。", "天空是"),
        ("can't stop", "can't stay", "can't"),
        ("cafe\u0301 one", "cafe\u0302 two", ""),
        ("12345 a", "12399 b", ""),
        ("abc", "xyz", ""),
    ],
)
def test_a_prompt_ends_at_the_border_of_a_word(one: str, two: str, prompt: str) -> None:
    assert one[: shared_text(one, two)] == prompt


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_shared_prompt_leaves_something_of_both(start: str, one: str, two: str) -> None:
    size = shared_text(start + one, start + two)
    assert (start + one)[:size] == (start + two)[:size]
    if size:
        assert (start + one)[size:].strip()
        assert (start + two)[size:].strip()
        assert not (start + one)[size - 1].isspace()


def test_a_long_shared_text_is_quick() -> None:
    assert shared_text("a" * 500_000 + "b", "a" * 500_000 + "c") == 0


def test_a_context_goes_before_the_question() -> None:
    rows: Rows = [{"instruction": "Who?", "context": "Ann ran." if n else "", "response": "Ann."} for n in range(5)]
    assert [row["prompt"] for row in converted(rows, "prompt-completion")[:2]] == ["Who?", "Ann ran.\n\nWho?"]


def test_role_values_are_mapped_both_ways() -> None:
    rows: Rows = [{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}] * 3
    assert converted(rows, "messages")[0] == {"messages": chat(("user", "a"), ("assistant", "b"))}
    pairs: Rows = [{"human": "a", "assistant": "b"}]
    exchanges: Rows = [{"input": "a", "output": "b"}]
    asked: Rows = [{"prompt": "a", "response": "b"}]
    for turns in (pairs, exchanges, asked):
        assert converted([{"conversation": turns}] * 3, "sharegpt")[0]["conversations"] == rows[0]["conversations"]


def test_tool_calls_are_carried_or_refused() -> None:
    call = {"role": "assistant", "content": None, "tool_calls": [
        {"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}]}  # fmt: skip
    turns = [
        *chat(("user", "1 + 1?")),
        call,
        {"role": "tool", "name": "add", "content": "2"},
        *chat(("assistant", "2")),
    ]
    rows: Rows = [{"messages": turns, "tools": [{"name": "add"}]}] * 3
    made = converted(rows, "sharegpt")[0]
    assert [turn["from"] for turn in made["conversations"]] == ["human", "function_call", "observation", "gpt"]
    assert json.loads(made["conversations"][1]["value"]) == {"name": "add", "arguments": {"a": 1}}
    assert json.loads(made["tools"]) == [{"name": "add"}]
    back = converted([made] * 3, "messages")[0]["messages"]
    assert back[1]["tool_calls"] == call["tool_calls"]
    assert "tool" in refused(rows, "alpaca", rows[0])


@pytest.mark.parametrize(
    ("to", "rows", "entry"),
    [
        ("alpaca", SFT, {"columns": {"prompt": "instruction", "query": "input", "response": "output"}}),
        ("ranking", PAIRS, {"ranking": True, "columns": {
            "prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"}}),
        ("kto", KTO, {"columns": {
            "prompt": "instruction", "query": "input", "response": "output", "kto_tag": "kto_tag"}}),
        ("sharegpt", CHATS, {"columns": {"messages": "conversations", "system": "system"}}),
    ],
)  # fmt: skip
def test_the_entry_lists_every_column(to: str, rows: Rows, entry: dict[str, Any]) -> None:
    columns = list(converted(rows, to)[0])
    found = dataset_info(to, "x.jsonl", columns)
    assert {key: found[key] for key in entry} == entry
    assert sorted(found["columns"].values()) == sorted(columns)
    assert found["formatting"] == ("sharegpt" if to == "sharegpt" else "alpaca")
    assert "format" not in found


def test_hh_transcripts_become_turns() -> None:
    rows: Rows = [
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi\n\nAssistant: Go away."}
    ] * 3
    assert converted(rows, "preference")[0] == {
        "prompt": chat(("user", "Hi")),
        "chosen": chat(("assistant", "Hello!")),
        "rejected": chat(("assistant", "Go away.")),
    }


def test_a_prompt_that_its_answers_repeat_is_cut_off() -> None:
    rows: Rows = [{"prompt": "The sky is", "chosen": "The sky is blue.", "rejected": "The sky is black."}] * 3
    assert converted(rows, "preference")[0] == {"prompt": "The sky is", "chosen": " blue.", "rejected": " black."}
    listed: Rows = [{"prompt": f"Why {n}?", **row} for n, row in enumerate(CHAT_PAIRS)]
    assert converted(listed, "preference") == converted(CHAT_PAIRS, "preference")


# -- comparisons and rankings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "better", "worse"),
    [("a", "x", "y"), ("model_b", "y", "x"), ("B", "y", "x"), ("response_a", "x", "y")],
)
def test_a_winner_is_named(verdict: str, better: str, worse: str) -> None:
    rows: Rows = [{"prompt": "p", "response_a": "x", "response_b": "y", "winner": verdict}] * 3
    assert converted(rows, "preference")[0] == {"prompt": "p", "chosen": better, "rejected": worse}
    with pytest.raises(Tie):
        planned(rows, "preference").convert(1, {**rows[0], "winner": "tie"})


def test_numbers_name_the_winner() -> None:
    safer: Rows = [{"prompt": "p", "response_0": "x", "response_1": "y", "better_response_id": n} for n in (0, 1)]
    assert [row["chosen"] for row in converted(safer, "preference")] == ["x", "y"]
    shp: Rows = [{"history": "p", "human_ref_A": "x", "human_ref_B": "y", "labels": n} for n in (0, 1)]
    assert [row["chosen"] for row in converted(shp, "preference", mapping=_shp())] == ["y", "x"]
    assert converted(shp, "preference") == converted(shp, "preference", mapping=_shp())


def _shp() -> dict[str, str]:
    return {"prompt": "history", "first": "human_ref_A", "second": "human_ref_B", "verdict": "labels"}


def test_rankings_give_the_best_with_each_worse() -> None:
    rows: Rows = [{"prompt": "p", "responses": ["x", "y", "z"], "scores": [1, 3, 2]}] * 3
    assert [(row["chosen"], row["rejected"]) for row in converted(rows[:1], "preference")] == [("y", "z"), ("y", "x")]
    with pytest.raises(Tie):
        planned(rows, "preference").convert(1, {**rows[0], "scores": [2, 2, 2]})


@pytest.mark.parametrize(
    ("text", "result"), [("so\n#### 1,200", "1,200"), (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"), ("7", "7")]
)
def test_the_result_of_an_answer(text: str, result: str) -> None:
    assert checkable(text) == result


# -- layouts that are read, round trips --------------------------------------------------------------------------------

TEXT = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5))
def test_plain_answers_come_back(texts: list[tuple[str, str]]) -> None:
    rows: Rows = [{"prompt": prompt, "completion": answer} for prompt, answer in texts]
    for between in ("alpaca", "sft-table", "openrlhf-sft", "messages", "sharegpt", "ms-swift"):
        there = converted(rows, between, named="prompt-completion")
        assert converted(there, "prompt-completion", named=between, chat=False) == rows


@given(st.lists(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), min_size=1, max_size=4), st.booleans())
def test_chats_come_back(chats: list[list[tuple[str, str]]], system: bool) -> None:
    first = chat(("system", "Be kind.")) if system else []
    rows: Rows = [
        {"messages": first + [turn for one, two in each for turn in chat(("user", one), ("assistant", two))]}
        for each in chats
    ]
    for between in ("sharegpt", "alpaca", "prompt-completion", "ms-swift", "language-modeling"):
        there = converted(rows, between, named="messages")
        named = "messages" if between == "language-modeling" else between
        assert converted(there, "messages", named=named) == rows


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5))
def test_pairs_come_back(texts: list[tuple[str, str, str]]) -> None:
    rows: Rows = [{"prompt": f"{p}?", "chosen": f"+{one}", "rejected": f"-{two}"} for p, one, two in texts]
    for between in ("ranking", "openrlhf-rm", "ms-swift"):
        there = converted(rows, between, named="preference", chat=False)
        assert converted(there, "preference", named=between, chat=False) == rows
    judged = converted(rows, "kto", named="preference", chat=False)
    assert len(judged) == 2 * len(rows)
    assert converted(judged, "kto", named="kto", chat=False) == judged


@pytest.mark.parametrize(
    ("rows", "between", "back"),
    [
        (SFT, "alpaca", "prompt-completion"), (SFT, "sft-table", "prompt-completion"), (PAIRS, "ranking", "preference"),
        (KTO, "kto", "unpaired-preference"), (CHAT_PAIRS, "ranking", "preference-implicit"),
        (CHATS, "sharegpt", "messages"),
        (CHATS, "alpaca", "messages"), (STEPS, "stepwise", "stepwise"), (SCORED, "ppo-table", "ppo-table"),
        (CHATS, "prompt-completion", "messages"),
    ],
)  # fmt: skip
def test_what_we_write_is_known_again(rows: Rows, between: str, back: str) -> None:
    there = converted(rows, between)
    assert converted(there, back) == (there if back == between else rows)


def test_judged_chats_are_not_taken_for_chats_to_learn() -> None:
    rows: Rows = [{**row, "kto_tag": False} for row in CHATS]
    assert planned(rows, "kto").source.kind == "unpaired-preference"
    assert refused(rows, "alpaca", rows[0]) == "its answer is marked as bad"


@given(st.dictionaries(st.sampled_from(["messages", "prompt", "chosen", "rejected", "label", "completion", "text"]),
                       st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                                        st.sampled_from(["role", "content", "from", "value"]), inner, max_size=3),
                                    max_leaves=8)),
       st.sampled_from(sorted(TARGETS)),
       st.sampled_from([SFT, CHATS, PAIRS, CHAT_PAIRS, KTO, STEPS, SCORED]))  # fmt: skip
def test_any_row_fits_or_is_refused(row: dict[str, Any], to: str, rows: Rows) -> None:
    try:
        planned(rows, to).convert(1, row)
    except (Misfit, Usage):
        pass


def test_every_name_leads_to_a_format() -> None:
    assert set(ALIASES.values()) <= set(TARGETS)
    assert set(LAYOUTS) == set(TARGETS)
    assert target_named("TRL:Prompt_Completion").name == "prompt-completion"
    with pytest.raises(Usage, match="no format"):
        target_named("nonsense")


# -- templates, roles --------------------------------------------------------------------------------------------------


def test_task_data_need_a_template() -> None:
    rows: Rows = [{"text": f"It is {n}.", "label": n % 2} for n in range(5)]
    with pytest.raises(Usage, match="only by a template"):
        planned(rows, "alpaca")
    made = converted(rows, "prompt-completion", template="Odd? {text} => {label}")
    assert made[1] == {"prompt": "Odd? It is 1.", "completion": "1"}
    assert converted(rows, "prompt-completion", template="classify")[0]["prompt"].endswith("It is 0.")
    with pytest.raises(Usage, match="no such column"):
        planned(rows, "alpaca", template="{nothing} => {label}")
    with pytest.raises(Usage, match="no template"):
        planned(rows, "alpaca", template="nonsense")


def test_a_template_obeys_no_format_string() -> None:
    rows: Rows = [{"text": "{label.__class__} {0}", "label": "a"}] * 3
    assert converted(rows, "prompt-completion", template="{text} => {label}")[0]["prompt"] == "{label.__class__} {0}"


def test_columns_can_be_named_and_kept() -> None:
    rows: Rows = [{"f1": f"Why {n}?", "f2": f"So {n}.", "id": n} for n in range(5)]
    with pytest.raises(Usage, match="--map"):
        planned(rows, "alpaca")
    conversion = planned(rows, "prompt-completion", mapping={"prompt": "f1", "completion": "f2"}, keep=["id"])
    assert conversion.convert(1, rows[0]) == [{"prompt": "Why 0?", "completion": "So 0.", "id": 0}]
    assert planned(rows, "alpaca", mapping={"prompt": "f1", "completion": "f2"}).left_out == ("id",)
    for wrong in ({"prompt": "nothing"}, {"nothing": "f1"}):
        with pytest.raises(Usage, match="there is no"):
            planned(rows, "alpaca", mapping=wrong)


# -- files -------------------------------------------------------------------------------------------------------------


def _write(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_every_form_holds_the_rows(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / f"out{suffix}"
    counts = write_converted(iter(PAIRS), planned(PAIRS, "preference").convert, out)
    assert (counts.read, counts.written) == (5, 5)
    assert list(read_rows(out)) == PAIRS
    assert [each.name for each in tmp_path.iterdir()] == [out.name]


def test_parquet_joins_the_types_of_all_rows(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    rows = [CHATS[0]] * 6000 + [{"messages": [*CHATS[0]["messages"][:-1], {
        "role": "assistant", "content": "x", "name": "helper"}]}]  # fmt: skip
    out = tmp_path / "out.parquet"
    assert write_converted(iter(rows), planned(rows, "messages").convert, out).written == 6001
    found = list(read_rows(out))
    assert found[-1]["messages"][-1]["name"] == "helper"  # type: ignore[union-attr, call-overload]


def test_nothing_appears_that_is_not_whole(tmp_path: Path) -> None:
    def rows() -> Any:
        yield from SFT
        raise KeyboardInterrupt

    for suffix in (".jsonl", ".csv", ".parquet"):
        with pytest.raises(KeyboardInterrupt):
            write_converted(rows(), planned(SFT, "alpaca").convert, tmp_path / f"out{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_no_row_goes_missing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    rows = [*PAIRS, {"prompt": "p", "chosen": "same", "rejected": "same"}, {"prompt": "p", "chosen": None},
            BadRow(8, "it is no JSON"), {"prompt": "\ud800", "chosen": "a", "rejected": "b"}]  # fmt: skip
    counts = write_converted(iter(rows), planned(PAIRS, "preference").convert, out)
    assert (counts.read, counts.written, counts.ties, counts.rejected.total()) == (9, 6, 1, 2)
    rejects = [json.loads(line) for line in rejects_of(out).read_text("utf-8").splitlines()]
    assert [each["row"] for each in rejects] == [6, 7, 8]
    assert rejects[0]["data"] == rows[5]
    assert first_rows(out, 9)[-1]["prompt"] == "\ud800"
    write_converted(iter(PAIRS), planned(PAIRS, "preference").convert, out)
    assert not rejects_of(out).exists()


def test_the_command(catalog_command: Command) -> None:
    folder = catalog_command.folder
    _write(folder / "pairs.jsonl", [*PAIRS, {"prompt": "\x1b[31mred", "chosen": "x", "rejected": "x"}])
    done = catalog_command("convert", "pairs.jsonl", "--to", "ranking")
    assert done.returncode == 0, done.stderr
    assert "6 read, 5 written" in done.stdout
    assert "ties     1" in done.stdout
    info = json.loads((folder / "dataset_info.json").read_text())
    assert info["pairs.ranking"]["file_name"] == "pairs.ranking.jsonl"
    again = catalog_command("convert", "pairs.ranking.jsonl", "--to", "kto", "--out", "k.csv", "--json")
    assert json.loads(again.stdout)["written"] == 10
    assert set(json.loads((folder / "dataset_info.json").read_text())) == {"pairs.ranking", "k"}
    with (folder / "k.csv").open(encoding="utf-8", newline="") as file:
        assert [row["kto_tag"] for row in csv.DictReader(file)][:2] == ["true", "false"]
    assert "ppo-table" in catalog_command("convert", "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("convert",), "--list"),
        (("convert", "a.jsonl", "--to", "alpacca"), "Did you mean alpaca"),
        (("convert", "a.jsonl", "--to", "preference"), "cannot become"),
        (("convert", "a.jsonl", "--to", "alpaca", "--out", "a.jsonl"), "over what they are read from"),
        (("convert", "a.jsonl", "--to", "alpaca", "--out", "a.xlsx"), "Names end with"),
        (("convert", "a.jsonl", "--to", "alpaca", "--map", "prompt"), "--map prompt=question"),
    ],
)
def test_what_is_wrong_is_told(catalog_command: Command, arguments: tuple[str, ...], said: str) -> None:
    _write(catalog_command.folder / "a.jsonl", SFT)
    done = catalog_command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


EVERY = {
    "sft": SFT, "chats": CHATS, "pairs": PAIRS, "chat pairs": CHAT_PAIRS, "kto": KTO, "steps": STEPS, "scored": SCORED,
    "texts": TEXTS, "maths": MATHS, "asked": ASKED,
    "ranked": [{"prompt": f"Why {n}?", "responses": ["a", "b", "c"], "scores": [1, 3, 2]} for n in range(5)],
    "compared": [{"prompt": f"Why {n}?", "response_a": "a", "response_b": "b", "winner": "a"} for n in range(5)],
}  # fmt: skip
FITS = {
    "language-modeling": "sft chats pairs kto steps texts maths ranked compared",
    "messages": "sft chats pairs kto steps maths ranked compared",
    "prompt-completion": "sft chats pairs kto steps maths ranked compared",
    "prompt-only": "sft chats pairs kto steps scored maths asked ranked compared",
    "preference": "pairs ranked compared",
    "unpaired-preference": "pairs kto steps ranked compared",
    "stepwise": "steps",
    "reward-table": "pairs kto steps scored ranked compared",
    "verl": "maths",
}
"""What becomes what: nothing becomes a pair that was none, a wrong answer is not learnt from."""
LIKE = {
    "messages": "alpaca sharegpt openrlhf-sft sft-table", "preference": "preference-implicit ranking openrlhf-rm",
    "unpaired-preference": "kto", "prompt-only": "openrlhf-ppo",
}  # fmt: skip


def _chat_of(rows: Rows, to: str) -> list[dict[str, Any]]:
    conversion = planned(rows, to)
    return [made for number, row in enumerate(rows, 1) for made in _tried(conversion, number, row)]


def _tried(conversion: Any, number: int, row: Any) -> list[dict[str, Any]]:
    try:
        made: list[dict[str, Any]] = conversion.convert(number, row)
    except Misfit:
        return []
    return made


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("to", TARGETS)
def test_every_format_becomes_every_target_that_makes_sense(kind: str, to: str) -> None:
    like = next((name for name, others in LIKE.items() if to in others.split()), to)
    if to == "ms-swift":
        fits = True
    elif to == "ppo-table":
        fits = kind.removeprefix("chat ") in FITS["reward-table"].split()
    else:
        fits = kind.removeprefix("chat ") in FITS[like].split()
    if not fits:
        with pytest.raises(Usage):
            planned(EVERY[kind], to)
        return
    made = _chat_of(EVERY[kind], to)
    assert made
    told = {name.strip(" ()") for part in TARGETS[to].columns.split("|") for name in part.replace("(", "").split(",")}
    assert set(made[0]) <= told


def test_the_datasets_library_reads_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    for number, to in enumerate(TARGETS):
        kind = next(kind for kind in ("sft", "pairs", "kto", "steps", "maths") if _fits(EVERY[kind], to))
        for suffix, form in ((".jsonl", "json"), (".parquet", "parquet"), (".csv", "csv")):
            if suffix == ".csv" and to in ("messages", "stepwise", "verl", "sharegpt", "ms-swift"):
                continue  # lists and objects are JSON in a cell
            out = tmp_path / f"{number}{suffix}"
            counts = write_converted(iter(EVERY[kind]), planned(EVERY[kind], to).convert, out)
            loaded = datasets.load_dataset(form, data_files=str(out), cache_dir=str(tmp_path / "cache"))["train"]
            assert loaded.num_rows == counts.written > 0
            assert loaded.column_names == counts.columns
            if suffix != ".csv":
                assert loaded.to_list() == list(read_rows(out))


def _fits(rows: Rows, to: str) -> bool:
    try:
        return bool(_chat_of(rows, to))
    except Usage:
        return False


@pytest.mark.slow
def test_trl_takes_what_is_written_for_it(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    done = subprocess.run(
        [sys.executable, "-c", "from tests.trl_formats import run; run()"], cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "HF_HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "whole"


def test_a_fetch_converts_what_came(catalog_command: Command, hub: Hub) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in PAIRS).encode()
    hub.add("org/pairs", {"data/train.jsonl": lines, "data/test.csv": b"a,b\n1,2\n", "README.md": b"# Pairs\n"})
    arguments = ("fetch", "huggingface:org/pairs", "--as", "kto", "--out", "pairs")
    catalog_command("init")
    for _again in range(2):
        done = catalog_command(*arguments, "--json", env=dict(hub.environment))
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)["converted"]
        assert {name: each["rows"] for name, each in made.items()} == {
            "pairs/kto/data-test.jsonl": 0,
            "pairs/kto/data-train.jsonl": 10,
        }
    assert len(list(read_rows(catalog_command.folder / "pairs/kto/data-train.jsonl"))) == 10
    assert catalog_command("verify", "pairs").returncode == 0
    done = catalog_command(*arguments, "--file", "parquet", "--include", "data/train.*", env=dict(hub.environment))
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(catalog_command.folder / "pairs/kto/data-train.parquet"))
    assert rows == list(read_rows(catalog_command.folder / "pairs/kto/data-train.jsonl"))
    hub.origin.forget()
    assert catalog_command("fetch", "huggingface:org/pairs", "--as", "nonsense").returncode == 2
    alone = catalog_command("fetch", "huggingface:org/pairs", "--file", "parquet")
    assert (alone.returncode, "--as messages" in alone.stderr) == (2, True)
    assert hub.origin.seen() == []
