"""One example of LLM training, whatever layout its row had: what stands between a reader and a writer.

A message is `{"role": system|user|assistant|tool, "content": str}`, with more keys where the source had them
(tool_calls, name, thinking, and content as a list of parts).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.formats.turns import PAIRS, ROLES, role_of, shape_of

Message = dict[str, Any]
Row = Mapping[str, Any]

CARRIED: Final = ("tool_calls", "tool_call_id", "name", "thinking", "reasoning_content")
"""Keys of a message that go along with its text."""


class Misfit(Exception):
    """A row that cannot become what is asked for; the text says why."""


@dataclass(slots=True)
class Example:
    """`turns` is what the model is shown (a system message first), `chosen` what it is to say, `rejected` what it is
    not to; `label`, `score`, `steps` with `labels`, `truth` (what an answer is checked against) where the row has them.
    """

    turns: list[Message] = field(default_factory=list)
    chosen: list[Message] = field(default_factory=list)
    rejected: list[Message] = field(default_factory=list)
    label: bool | None = None
    score: float | None = None
    steps: list[str] = field(default_factory=list)
    labels: list[bool] = field(default_factory=list)
    text: str = ""
    truth: str = ""
    tools: Any = None
    kept: dict[str, Any] = field(default_factory=dict)


def user(text: str) -> Message:
    """A message of the user."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    """A message of the assistant."""
    return {"role": "assistant", "content": text}


def chat_of(value: object) -> list[Message]:
    """The messages of a chat in any of its shapes, with roles as ours. Raises `Misfit` for what is no chat."""
    shape = shape_of(value) or _exchanges(value)
    if shape is None or not isinstance(value, list):
        raise Misfit("it has no list of turns")
    if shape in PAIRS or shape == _EXCHANGE:
        sides = [(ROLES.get(side) or _SIDES[side], turn.get(side)) for turn in value for side in shape]
        return [{"role": role, "content": _content(said)} for role, said in sides if said not in (None, "")]
    who, what = shape
    return [_message(turn, who, what) for turn in value]


def _exchanges(value: object) -> tuple[str, str] | None:
    """A list of what went in and what came out, a turn each (Capybara)."""
    fits = (
        isinstance(value, list) and value and all(isinstance(each, dict) and {*_EXCHANGE} <= {*each} for each in value)
    )
    return _EXCHANGE if fits else None


_EXCHANGE: Final = ("input", "output")
_SIDES: Final = {"input": "user", "output": "assistant", "prompt": "user", "response": "assistant"}


def _message(turn: Mapping[str, Any], who: str, what: str) -> Message:
    written = turn[who]
    role = written if written in _OURS else role_of(written)
    if role not in _OURS:
        raise Misfit(f"the role {str(written)[:40]!r} is unknown")
    said = turn.get(what)
    message: Message = {"role": role, "content": said if isinstance(said, str) else _content(said)}
    if len(turn) > 2:
        for key in CARRIED:
            if turn.get(key) not in (None, "", []):
                message[key] = turn[key]
    if written == "function_call":
        return _called(message)
    return message


_OURS: Final = frozenset(["system", "user", "assistant", "tool"])


def _content(said: object) -> Any:
    if said is None:
        return ""
    if isinstance(said, (str, list)):
        return said
    raise Misfit(f"a turn is a {type(said).__name__}, not text")


def _called(message: Message) -> Message:
    """A ShareGPT `function_call` turn, whose text is JSON of the calls, as tool calls."""
    try:
        calls = json.loads(message["content"])
    except (ValueError, TypeError, RecursionError):
        return message
    calls = calls if isinstance(calls, list) else [calls]
    if not calls or not all(isinstance(call, dict) and "name" in call for call in calls):
        return message
    return {**message, "content": "", "tool_calls": [{"type": "function", "function": call} for call in calls]}


def plain(message: Message) -> str:
    """The text of a message. Raises `Misfit` where it holds more than text."""
    said = message["content"]
    if isinstance(said, str) and "tool_calls" not in message:
        return said
    if "tool_calls" in message:
        raise Misfit("a turn calls a tool, which plain text has no place for")
    texts = [part.get("text") for part in said if isinstance(part, Mapping)]
    if len(texts) != len(said) or not all(isinstance(text, str) for text in texts):
        raise Misfit("a turn holds more than text")
    return "\n".join(str(text) for text in texts)


def said_something(message: Message) -> bool:
    """Whether a message has content: text that is not blank, parts, or calls of a tool."""
    said = message["content"]
    return bool(said.strip() if isinstance(said, str) else said) or "tool_calls" in message


def one_prompt(turns: list[Message]) -> str:
    """The one user message that a plain prompt can hold. Raises `Misfit` for more turns or a system message."""
    if len(turns) == 1 and turns[0]["role"] == "user":
        return plain(turns[0])
    if any(turn["role"] == "system" for turn in turns):
        raise Misfit("it has a system message, which a plain prompt has no place for (try --form chat)")
    raise Misfit("it has several turns, and a plain prompt holds one (try --form chat)")


def one_answer(answers: list[Message]) -> str:
    """The one assistant message that a plain answer can hold. Raises `Misfit` for more."""
    if len(answers) != 1:
        raise Misfit("its answer has several turns, and a plain answer holds one (try --form chat)")
    return plain(answers[0])


def joined(prompt: str, answer: str) -> str:
    """A prompt and what follows it as one text: parted by a line end where neither brings space of its own."""
    if not prompt or not answer or prompt[-1].isspace() or answer[0].isspace():
        return prompt + answer
    return f"{prompt}\n{answer}"


def transcript(turns: Iterable[Message]) -> str:
    """Turns as one text: a single user message as it is, several with their roles before them."""
    turns = list(turns)
    if len(turns) == 1 and turns[0]["role"] == "user":
        return plain(turns[0])
    return "\n".join(f"{turn['role'].capitalize()}: {plain(turn)}" for turn in turns)
