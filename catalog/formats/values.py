"""The training format that rows show: columns propose, sampled values decide.

Names come first, as in `formats.columns`; values then tell a chat that ends with the user from one that ends with the
answer, a yes or no from a score, an answer that can be checked from one that cannot, and running text from phrases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from catalog.formats.columns import Detected, detect_columns
from catalog.formats.turns import last_role, turns_of
from catalog.record import Column

SAMPLE: Final = 200
"""Rows that are looked at."""
MOST: Final = 0.9
"""The share of rows that must agree."""
LONG_WORDS: Final = 100
LONG_CJK: Final = 200
SHORT_ANSWER: Final = 12
"""Words up to which an answer can be compared with another."""

Row = Mapping[str, Any]

_CHECKABLE: Final = re.compile(r"####\s*\S|\\boxed\s*\{")
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_TABLES: Final[tuple[tuple[str, tuple[str, ...], Mapping[str, str]], ...]] = (
    ("prompt-completion", ("sft",), {"prompt": "Input", "completion": "Label"}),
    ("scored-response", ("preference",), {"prompt": "Input", "score": "Reward"}),
    ("scored-response", ("preference",),
     {"prompt": "Input", "score": "Reward", "response": "Action", "state": "State"}),
)  # fmt: skip
_TRUE: Final = (True, 1, "true", "good", "yes", "1", "thumbs_up", "like")
_FALSE: Final = (False, 0, -1, "false", "bad", "no", "0", "-1", "thumbs_down", "dislike")


def detect_rows(rows: Iterable[Row]) -> Detected | None:
    """The format of rows, of which at most `SAMPLE` are read; None where nothing fits. Never raises for JSON values."""
    sample = [row for _number, row in zip(range(SAMPLE), rows, strict=False) if isinstance(row, Mapping)]
    if not sample:
        return None
    table = _table(sample)
    if table is not None:
        return table
    found = detect_columns(columns_of(sample))
    for rule in _RULES:
        made = rule(sample, found)
        if made is not None:
            return made
    return found


def _table(rows: Sequence[Row]) -> Detected | None:
    """The plain tables that `catalog convert` writes, by all their names just as it writes them."""
    held = {str(name) for row in rows for name in row}
    for format, stage, mapping in _TABLES:
        if held == set(mapping.values()):
            return Detected(format, stage, 0.9, (f"columns {', '.join(mapping.values())} and no other",), mapping)
    return None


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """The columns of rows with the type of their values: string, bool, int64, float64, list<...>, struct, mixed."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            kinds.setdefault(str(name), set()).add(_kind(value))
    return [Column(name, _joined(found - {"null"})) for name, found in kinds.items()]


def _kind(value: object) -> str:
    if isinstance(value, list):
        inner = {_kind(item) for item in value[:5]} - {"null"}
        return f"list<{_joined(inner)}>"
    if isinstance(value, Mapping):
        return "struct"
    kinds: dict[type, str] = {bool: "bool", int: "int64", float: "float64", str: "string", type(None): "null"}
    return kinds.get(type(value), "mixed")


def _joined(kinds: set[str]) -> str:
    if kinds == {"int64", "float64"}:
        return "float64"
    return next(iter(kinds)) if len(kinds) == 1 else "mixed" if kinds else ""


# -- rules: each gives the format that values show, or None where columns may have their way -----------------------


def _chats(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """A column of turns: a chat to learn from, or, where it always ends with the user, prompts."""
    if found is not None and found.format not in ("messages", "labelled", "text", "prompt-completion", "tabular"):
        return None
    named = (found.mapping.get("messages") or found.mapping.get("turns") or "") if found else ""
    for name in dict.fromkeys([named, *map(str, rows[0])]):
        chats = [turns for row in rows if (turns := turns_of(row.get(name)))] if name else []
        if chats and len(chats) >= MOST * len(rows):
            return _chat_of(name, chats, found)
    return None


def _chat_of(name: str, chats: Sequence[list[tuple[str, str]]], found: Detected | None) -> Detected:
    waiting = sum(last_role(turns) == "user" for turns in chats)
    mapping = {"messages": name} | ({"system": found.mapping["system"]} if found and "system" in found.mapping else {})
    if waiting >= MOST * len(chats):
        reason = f"{name} holds turns, of which the last is the user's in {waiting} of {len(chats)} rows"
        return Detected("prompt-only", ("rl",), 0.9, (reason,), {"prompt": name})
    answered = sum(last_role(turns) == "assistant" for turns in chats)
    reason = f"{name} holds turns, of which the last is the assistant's in {answered} of {len(chats)} rows"
    return Detected("messages", ("sft",), 0.97 if answered >= MOST * len(chats) else 0.7, (reason,), mapping)


def _pairs(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """Chosen and rejected: explicit with a prompt of its own, implicit where both hold it."""
    if found is None or found.format != "preference-pair" or "chosen" not in found.mapping:
        return None
    chosen, rejected = (_texts(rows, found.mapping[side]) for side in ("chosen", "rejected"))
    reasons = list(found.reasons)
    prompt = found.mapping.get("prompt", "")
    mapping = dict(found.mapping)
    if prompt and _holds_prompt(rows, prompt, mapping["chosen"]):
        reasons.append("both answers begin with the prompt")
        mapping["form"] = "implicit"
    else:
        mapping["form"] = "explicit" if prompt else "implicit"
    same = sum(one == two for one, two in zip(chosen, rejected, strict=True))
    if same:
        reasons.append(f"chosen and rejected are equal in {same} of {len(rows)} rows")
    return replace(found, reasons=tuple(reasons), mapping=mapping)


def _holds_prompt(rows: Sequence[Row], prompt: str, chosen: str) -> bool:
    begins = [text_of(row.get(chosen)).startswith(asked) for row in rows if (asked := text_of(row.get(prompt)))]
    return bool(begins) and sum(begins) >= MOST * len(begins)


def _marks(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """One answer with a mark: two values are a yes or no, more of them or fractions are a score."""
    if found is None or found.format not in ("unpaired-preference", "scored-response"):
        return None
    column = found.mapping.get("label") or found.mapping.get("score") or ""
    values = [value for row in rows if (value := row.get(column)) is not None]
    if not values or any(isinstance(value, (list, Mapping)) for value in values):
        return None
    distinct = {value.lower() if isinstance(value, str) else value for value in values}
    shared = {role: name for role, name in found.mapping.items() if role not in ("label", "score")}
    if all(value in _TRUE or value in _FALSE for value in distinct) and len(distinct) <= 2:
        reason = f"{column} is a yes or no ({', '.join(sorted(map(str, distinct)))})"
        mapping = shared | {"label": column}
        return Detected("unpaired-preference", ("preference",), 0.95, (*found.reasons, reason), mapping)
    if all(isinstance(value, (int, float)) for value in distinct):
        reason = f"{column} holds {len(distinct)} numbers from {min(distinct)} to {max(distinct)}"
        return Detected("scored-response", ("preference",), 0.85, (*found.reasons, reason), shared | {"score": column})
    reason = f"{column} names {len(distinct)} classes"
    return Detected("labelled", (), 0.7, (*found.reasons, reason), shared | {"label": column})


def _steps(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """Steps with a label each."""
    if found is None or found.format != "stepwise-supervision":
        return None
    steps, labels = found.mapping["steps"], found.mapping["labels"]
    fits = sum(_equal_lists(row.get(steps), row.get(labels)) for row in rows)
    if fits >= MOST * len(rows):
        return replace(found, confidence=0.98)
    reason = f"only {fits} of {len(rows)} rows have a label for each step"
    return replace(found, confidence=0.5, reasons=(*found.reasons, reason))


def _equal_lists(one: object, two: object) -> bool:
    return isinstance(one, list) and isinstance(two, list) and len(one) == len(two)


def _answers(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """Answers that can be checked make a question good for reinforcement as well."""
    if found is None or found.format != "prompt-completion" or "rl" in found.stage:
        return None
    name = found.mapping.get("completion", "")
    texts = [text for text in _texts(rows, name) if text]
    if not texts or _fold(name) not in ("answer", "solution", "groundtruth", "finalanswer", "expectedanswer"):
        return None
    marked = sum(bool(_CHECKABLE.search(text)) for text in texts)
    if marked >= 0.5 * len(texts):
        reason = f"{name} ends with a result that can be checked in {marked} of {len(texts)} rows"
    elif _middle(len(text.split()) for text in texts) <= SHORT_ANSWER and not _CJK.search("".join(texts[:20])):
        reason = f"{name} has {_middle(len(text.split()) for text in texts)} words in the middle"
    else:
        return None
    return replace(found, stage=(*found.stage, "rl"), reasons=(*found.reasons, reason))


def _running(rows: Sequence[Row], found: Detected | None) -> Detected | None:
    """One long text a row is for pre-training; short ones are not."""
    if found is not None and found.format != "text":
        return None
    strings = [column.name for column in columns_of(rows) if column.type == "string"]
    name = found.mapping.get("text", "") if found else max(strings, key=lambda each: _length(rows, each), default="")
    texts = [text for text in _texts(rows, name) if text] if name else []
    if not texts or (found and found.mapping.get("tokens")):
        return None
    words, cjk = _middle(len(text.split()) for text in texts), _middle(len(_CJK.findall(text)) for text in texts)
    if words >= LONG_WORDS or cjk >= LONG_CJK:
        reason = f"{name} has {words} words in the middle"
        reason = reason if words >= LONG_WORDS else f"{name} is long text without spaces"
        return Detected("text", ("pretrain",), max(0.75, found.confidence if found else 0), (reason,), {"text": name})
    if found is None:
        return None
    reason = f"{name} is short: {words} word{'' if words == 1 else 's'}"
    return replace(found, stage=(), confidence=0.5, reasons=(*found.reasons, reason))


_RULES: Final[tuple[Callable[[Sequence[Row], Detected | None], Detected | None], ...]] = (
    _chats, _pairs, _marks, _steps, _answers, _running,
)  # fmt: skip


def _length(rows: Sequence[Row], name: str) -> int:
    return sum(len(text) for text in _texts(rows, name))


def _texts(rows: Sequence[Row], name: str) -> list[str]:
    return [text_of(row.get(name)) for row in rows]


def text_of(value: object) -> str:
    """A value as one text: a chat as its turns one after the other, "" for what is neither text nor chat."""
    if isinstance(value, str):
        return value
    turns = turns_of(value)
    return "\n".join(f"{role}: {text}" for role, text in turns) if turns else ""


def _middle(numbers: Iterable[int]) -> int:
    ordered = sorted(numbers)
    return ordered[len(ordered) // 2]


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
