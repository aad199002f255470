"""What LLaMA-Factory reads: alpaca and ShareGPT rows for SFT, ranking and KTO, and the `dataset_info.json` entry.

Its reader drops what it does not expect with one line in a log, so that here nothing is written but what it takes:
turns that alternate, answers as text in alpaca and as one turn in ShareGPT, a `kto_tag` that is a real bool, and an
entry that lists every column (a column that `columns` does not list counts as absent).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from catalog.formats.training import Example, Message, Misfit, one_answer, one_prompt, plain

if TYPE_CHECKING:
    from catalog.formats.targets import Style

_FROM: Final = {"user": "human", "assistant": "gpt", "tool": "observation"}


def alpaca(example: Example, style: Style, _number: int) -> dict[str, Any]:
    """instruction, input, output; with `system` and `history` where turns are kept."""
    return {**_asked(example, style), "output": one_answer(example.chosen)}


def _asked(example: Example, style: Style) -> dict[str, Any]:
    if not style.chat:
        return {"instruction": one_prompt(example.turns), "input": ""}
    system, turns = _apart(example.turns)
    _check_order(turns)
    texts = [plain(turn) for turn in turns]
    if any(turn["role"] == "tool" for turn in turns):
        raise Misfit("it has a turn of a tool, which alpaca has no place for")
    history = [[texts[n], texts[n + 1]] for n in range(0, len(texts) - 1, 2)]
    return {"instruction": texts[-1], "input": "", "system": system, "history": history}


def sharegpt(example: Example, _style: Style, _number: int) -> dict[str, Any]:
    """conversations and system; `tools` as JSON text where there are any."""
    row = _conversation(example, [*example.turns, *example.chosen])
    if len(row["conversations"]) % 2:
        raise Misfit("its turns do not come in pairs")
    return row


def ranking(example: Example, style: Style, _number: int) -> dict[str, Any]:
    """Alpaca rows with two texts, or a conversation that ends with the user and two turns."""
    if not example.turns:
        raise Misfit("its answers do not share a prompt")
    sides = (("chosen", example.chosen), ("rejected", example.rejected))
    if not style.chat:
        return {**_asked(example, style), **{side: one_answer(answers) for side, answers in sides}}
    row = _conversation(example, example.turns)
    return {**row, **{side: {"from": "gpt", "value": one_answer(answers)} for side, answers in sides}}


def kto(example: Example, style: Style, _number: int) -> dict[str, Any]:
    """One answer with `kto_tag`."""
    made = sharegpt if style.chat else alpaca
    return {**made(example, style, _number), "kto_tag": bool(example.label)}


def _apart(turns: list[Message]) -> tuple[str, list[Message]]:
    """The system message, "" for none, and the other turns."""
    if turns and turns[0]["role"] == "system":
        return plain(turns[0]), turns[1:]
    return "", turns


def _check_order(turns: list[Message]) -> None:
    """Raise `Misfit` unless user (or tool) and assistant take turns, the user first."""
    for number, turn in enumerate(turns):
        if (turn["role"] == "assistant") != bool(number % 2) or turn["role"] == "system":
            raise Misfit("its turns do not alternate between user and assistant")


def _conversation(example: Example, turns: list[Message]) -> dict[str, Any]:
    system, turns = _apart(turns)
    _check_order(turns)
    row: dict[str, Any] = {"conversations": [_turn(turn) for turn in turns], "system": system}
    if example.tools is not None:
        row["tools"] = example.tools if isinstance(example.tools, str) else _json(example.tools)
    return row


def _turn(turn: Message) -> dict[str, str]:
    calls = turn.get("tool_calls")
    if calls is None:
        return {"from": _FROM[turn["role"]], "value": plain(turn)}
    if turn["content"] or not isinstance(calls, list):
        raise Misfit("a turn both speaks and calls a tool, which ShareGPT has no place for")
    functions = [call.get("function", call) if isinstance(call, dict) else call for call in calls]
    return {"from": "function_call", "value": _json(functions[0] if len(functions) == 1 else functions)}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def dataset_info(target: str, file_name: str, columns: list[str]) -> dict[str, Any]:
    """The entry of `dataset_info.json` for a file that was written in a layout of this module."""
    chat = "conversations" in columns
    roles = _CHAT_ROLES if chat else _ALPACA_ROLES
    entry: dict[str, Any] = {"file_name": file_name, "formatting": "sharegpt" if chat else "alpaca"}
    if target == "ranking":
        entry["ranking"] = True
    entry["columns"] = {role: column for role, column in roles.items() if column in columns}
    if chat:
        entry["tags"] = dict(_TAGS)
    return entry


_BOTH: Final = {"system": "system", "chosen": "chosen", "rejected": "rejected", "kto_tag": "kto_tag"}
_CHAT_ROLES: Final = {"messages": "conversations", "tools": "tools", **_BOTH}
_ALPACA_ROLES: Final = {
    "prompt": "instruction", "query": "input", "response": "output", "history": "history", **_BOTH,
}  # fmt: skip
_TAGS: Final = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
    "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system",
}  # fmt: skip
