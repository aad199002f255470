"""Chats as they are written: four shapes of a list of turns, read into (role, text).

Shapes: `role`/`content` (OpenAI, TRL), `from`/`value` (ShareGPT), `speaker`/`text`, and one `human`/`assistant` pair a
turn (ms-swift). Roles come out as system, user, assistant, tool, or as they were written where they are none of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

ROLES: Final = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user", "instruction": "user", "question": "user", "patient": "user",
    "client": "user", "customer": "user", "seeker": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "chatgpt": "assistant", "model": "assistant",
    "ai": "assistant", "bing": "assistant", "bard": "assistant", "chatbot": "assistant", "answer": "assistant",
    "doctor": "assistant", "agent": "assistant", "function_call": "assistant", "supporter": "assistant",
    "tool": "tool", "observation": "tool", "function": "tool", "ipython": "tool",
}  # fmt: skip
"""Roles as they are written, in lower case, to ours."""

SHAPES: Final = (("role", "content"), ("from", "value"), ("speaker", "text"), ("speaker", "utterance"))
PAIRS: Final = (("human", "assistant"), ("user", "assistant"), ("question", "answer"), ("prompt", "response"))


def turns_of(value: object) -> list[tuple[str, str]]:
    """The turns of a chat as (role, text); [] for what is no chat."""
    shape = shape_of(value)
    if not shape or not isinstance(value, list):
        return []
    who, what = shape
    if shape in PAIRS:
        return [(ROLES.get(side, side), _said(turn.get(side))) for turn in value for side in shape if turn.get(side)]
    return [(role_of(turn.get(who)), _said(turn.get(what))) for turn in value]


def shape_of(value: object) -> tuple[str, str] | None:
    """The two keys that a list of turns is written with, None for what is no such list."""
    if not isinstance(value, list) or not value or not all(isinstance(turn, Mapping) for turn in value):
        return None
    for shape in SHAPES:
        if all(shape[0] in turn and (shape[1] in turn or "tool_calls" in turn) for turn in value):
            return shape
    return next((pair for pair in PAIRS if all(set(pair) <= set(turn) for turn in value)), None)


def role_of(written: object) -> str:
    """A role as we call it; one that we do not know comes back as it was written."""
    text = str(written or "").strip()
    return ROLES.get(text.lower(), text)


def last_role(turns: Sequence[tuple[str, str]]) -> str:
    """Who spoke last, "" for nobody."""
    return turns[-1][0] if turns else ""


def _said(content: Any) -> str:
    """The text of a turn: a string, or the text parts of a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, Mapping))
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""
