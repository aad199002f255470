"""From a row of a known layout to examples. A reader a format term; what does not fit raises `Misfit`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from catalog.formats.roles import fold
from catalog.formats.training import Example, Message, Misfit, Row, assistant, chat_of, said_something, user
from catalog.formats.training_pairs import Tie, Verdict, answers_of, ordered, shared_text, shared_turns, spoken
from catalog.formats.training_source import Source

Reader = Callable[[Row], list[Example]]

_TRUE: Final = frozenset(("true", "good", "yes", "1", "thumbs_up", "like", "chosen", "1.0"))
_FALSE: Final = frozenset(("false", "bad", "no", "0", "-1", "thumbs_down", "dislike", "rejected", "0.0", "-1.0"))
_BOXED: Final = re.compile(r"\\boxed\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_MARKED: Final = re.compile(r"####\s*(\S[^\n]*)")


def reader_of(source: Source) -> Reader:
    """What makes examples of the rows of a layout. A reader raises `Misfit`, or `Tie` for answers that are equal."""
    made = _MAKERS[source.kind]
    return made(source)


# -- parts of a row ----------------------------------------------------------------------------------------------------


def _prompt_of(mapping: Mapping[str, str]) -> Callable[[Row], list[Message]]:
    prompt, second = mapping.get("prompt", ""), mapping.get("input", "")
    system, history, context = (mapping.get(role, "") for role in ("system", "history", "context"))

    def turns(row: Row) -> list[Message]:
        asked = row.get(prompt)
        if not isinstance(asked, str):
            found = chat_of(asked) if asked is not None else []
        else:
            more = row.get(second) if second else None
            if isinstance(more, str) and more.strip():
                asked = f"{asked}\n{more}" if asked else more
            about = row.get(context) if context else None
            if isinstance(about, str) and about.strip():
                asked = f"{about}\n\n{asked}"
            found = [user(asked)]
        if not found or not said_something(found[-1]):
            raise Misfit("its prompt is empty")
        if history and row.get(history):
            found = [*_earlier(row[history]), *found]
        return _with_system(found, row, system) if system else found

    return turns


def _with_system(turns: list[Message], row: Row, column: str) -> list[Message]:
    said = row.get(column)
    if isinstance(said, str) and said.strip() and not (turns and turns[0]["role"] == "system"):
        return [{"role": "system", "content": said}, *turns]
    return turns


def _earlier(value: object) -> list[Message]:
    """Alpaca's `history`: pairs of what was asked and answered."""
    found: list[Message] = []
    for pair in _unpacked(value) if isinstance(value, (list, str)) else []:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(each, str) for each in pair):
            raise Misfit("its history is no list of pairs")
        found += [user(pair[0]), assistant(pair[1])]
    return found


def _unpacked(value: object) -> Any:
    """A list, also where it is written as JSON in a cell of a table."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def truth(value: object) -> bool:
    """A yes or no as it is written in labels. Raises `Misfit` for what is neither."""
    if isinstance(value, bool):
        return value
    written = str(value).strip().lower()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    raise Misfit("its label is no yes or no" if value not in (None, "") else "its label is missing")


def checkable(text: str) -> str:
    """The result that an answer ends with, behind `####` or in `\\boxed{}`; else the whole answer."""
    boxed = _BOXED.findall(text)
    if boxed:
        return str(boxed[-1]).strip()
    marked = _MARKED.findall(text)
    return str(marked[-1]).strip() if marked else text.strip()


def _truth_in(value: object) -> str:
    """The truth in a column of it: text, a number, or verl's object that holds it."""
    if isinstance(value, Mapping) and "ground_truth" in value:
        value = value["ground_truth"]
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


# -- a reader a format -------------------------------------------------------------------------------------------------


def _chats(source: Source) -> Reader:
    mapping = source.mapping
    column, system, tools = mapping["messages"], mapping.get("system", ""), mapping.get("tools", "")

    def read(row: Row) -> list[Example]:
        chat = chat_of(_unpacked(row.get(column)))
        chat = _with_system(chat, row, system) if system else chat
        if not all(map(said_something, chat)):
            raise Misfit("a turn is empty")
        answered = bool(chat) and chat[-1]["role"] == "assistant"
        turns, chosen = (chat[:-1], chat[-1:]) if answered else (chat, [])
        return [Example(turns, chosen, tools=row.get(tools) or None if tools else None)]

    return read


def _completions(source: Source) -> Reader:
    turns, column = _prompt_of(source.mapping), source.mapping["completion"]
    checked = "rl" in source.stage

    def read(row: Row) -> list[Example]:
        said = row.get(column)
        if isinstance(said, (int, float)):
            said = str(said)
        chosen = answers_of("" if said is None else said)
        result = checkable(said) if checked and isinstance(said, str) else ""
        return [Example(turns(row), chosen, truth=result)]

    return read


def _prompts(source: Source) -> Reader:
    turns, column = _prompt_of(source.mapping), source.mapping.get("answer", "")
    learnt = "sft" in source.stage

    def read(row: Row) -> list[Example]:
        value = row.get(column) if column else None
        chosen = [assistant(value)] if learnt and isinstance(value, str) and value.strip() else []
        known = _truth_in(value)
        return [Example(turns(row), chosen, truth=checkable(known) if chosen else known)]

    return read


def _pairs(source: Source) -> Reader:
    if "chosen" not in source.mapping:
        return _compared(source)
    mapping = source.mapping
    best, worst = mapping["chosen"], mapping["rejected"]
    turns = _prompt_of(mapping) if "prompt" in mapping else None

    def read(row: Row) -> list[Example]:
        chosen, rejected = row.get(best), row.get(worst)
        if chosen in (None, "") or rejected in (None, ""):
            raise Misfit("one of its answers is missing")
        asked = turns(row) if turns else []
        return [_pair(asked, chosen, rejected)]

    return read


def _pair(asked: list[Message], chosen: Any, rejected: Any) -> Example:
    """A pair of answers beside their prompt, or of texts or chats that begin with it."""
    if isinstance(chosen, str) and isinstance(rejected, str):
        one, two = (spoken(chosen), spoken(rejected)) if not asked else ([], [])
        if not one or not two:
            return _plain_pair(asked, chosen, rejected)
    else:
        one, two = answers_of(chosen), answers_of(rejected)
        if len(two) == 1 and len(one) > 1 and two[0]["role"] == "assistant":
            two = [*one[:-1], *two]  # ms-swift: the chat holds the chosen answer, a column beside it the other one
    if one == two:
        raise Tie("both answers are equal")
    if asked and one[0]["role"] == two[0]["role"] == "assistant":
        return Example(asked, one, two)
    size = shared_turns(one, two)
    if not size:
        raise Misfit("its answers do not share a prompt")
    shared = one[:size]
    if asked and asked[0]["role"] == "system" and shared[0]["role"] != "system":
        shared = [asked[0], *shared]
    return Example(shared, one[size:], two[size:])


def _plain_pair(asked: list[Message], chosen: str, rejected: str) -> Example:
    if chosen == rejected:
        raise Tie("both answers are equal")
    if not chosen.strip() or not rejected.strip():
        raise Misfit("one of its answers is empty")
    if not asked:
        size = shared_text(chosen, rejected)
        shared = [user(chosen[:size])] if size else []
        return Example(shared, [assistant(chosen[size:])], [assistant(rejected[size:])])
    prompt = asked[-1]["content"]
    if isinstance(prompt, str) and chosen.startswith(prompt) and rejected.startswith(prompt):
        cut = chosen[len(prompt) :], rejected[len(prompt) :]
        if cut[0].strip() and cut[1].strip():
            chosen, rejected = cut
    return Example(asked, [assistant(chosen)], [assistant(rejected)])


def _compared(source: Source) -> Reader:
    """Two answers with a verdict: columns of their own, or a list of two."""
    mapping = source.mapping
    verdict = mapping["verdict"]
    turns = _prompt_of(mapping) if "prompt" in mapping else None
    listed = mapping.get("answers", "")
    first, second = mapping.get("first", ""), mapping.get("second", "")
    scores = _score_columns(source, first, second)
    sides = ("0", "1") if listed else (fold(first)[-1:], fold(second)[-1:])
    sides = sides if listed or sides[0].isdigit() or sides[0] == "a" else ("a", "b")
    judge = Verdict(verdict, sides, [row.get(verdict) for row in source.sample])

    def read(row: Row) -> list[Example]:
        one, two = _two(row.get(listed)) if listed else (row.get(first), row.get(second))
        wins = _by_scores(row, *scores) if scores else judge.first_wins(row.get(verdict))
        if one in (None, "") or two in (None, ""):
            raise Misfit("one of its answers is missing")
        return [_pair(turns(row) if turns else [], one if wins else two, two if wins else one)]

    return read


def _two(value: object) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise Misfit("it has not two answers")
    one, two = (each.get("text") or each.get("content") if isinstance(each, Mapping) else each for each in value)
    return one, two


def _score_columns(source: Source, first: str, second: str) -> tuple[str, str] | None:
    """The columns of a score for each answer, where the verdict's column is one of two such."""
    verdict = source.mapping["verdict"]
    if not first or fold(verdict)[-1:] != fold(first)[-1:] or fold(verdict)[:-1] == "":
        return None
    twin = verdict[:-1] + second[-1:]
    held = {str(name) for row in source.sample for name in row}
    return (verdict, twin) if twin in held and twin != verdict else None


def _by_scores(row: Row, one: str, two: str) -> bool:
    try:
        first, second = float(row[one]), float(row[two])
    except (KeyError, TypeError, ValueError):
        raise Misfit("an answer has no mark") from None
    if first == second:
        raise Tie("neither answer is better")
    return first > second


def _rankings(source: Source) -> Reader:
    """The best answer with each that is worse, as a pair."""
    mapping = source.mapping
    turns, answers, marks = _prompt_of(mapping), mapping["answers"], mapping.get("marks", "")
    lower = "rank" in fold(marks)

    def read(row: Row) -> list[Example]:
        ranked = ordered(row.get(answers), row.get(marks) if marks else None, lower_is_better=lower)
        (best, top), rest = ranked[0], ranked[1:]
        worse = [answer for answer, mark in rest if mark != top]
        if not worse:
            raise Tie("all its answers are marked the same")
        asked = turns(row)
        return [_pair(asked, best, answer) for answer in worse if answer != best]

    return read


def _judged(source: Source) -> Reader:
    mapping, label = source.mapping, source.mapping["label"]
    if "messages" in mapping:
        chats = _chats(source)
        return lambda row: [replace(each, label=truth(row.get(label))) for each in chats(row)]
    turns, column = _prompt_of(mapping), mapping["response"]

    def read(row: Row) -> list[Example]:
        return [Example(turns(row), answers_of(row.get(column) or ""), label=truth(row.get(label)))]

    return read


def _scored(source: Source) -> Reader:
    mapping, column = source.mapping, source.mapping["score"]
    turns, response, state = _prompt_of(mapping), mapping.get("response", ""), mapping.get("state", "")

    def read(row: Row) -> list[Example]:
        try:
            score = float(row[column])
        except (KeyError, TypeError, ValueError):
            raise Misfit("its score is no number") from None
        if score != score or score in (float("inf"), float("-inf")):
            raise Misfit("its score is no number")
        chosen = answers_of(row.get(response) or "") if response else []
        return [Example(turns(row), chosen, score=score, text=str(row.get(state) or "") if state else "")]

    return read


def _stepwise(source: Source) -> Reader:
    mapping = source.mapping
    turns, steps, labels = _prompt_of(mapping), mapping["steps"], mapping["labels"]

    def read(row: Row) -> list[Example]:
        said, marks = _unpacked(row.get(steps)), _unpacked(row.get(labels))
        if not isinstance(said, list) or not isinstance(marks, list) or len(said) != len(marks) or not said:
            raise Misfit("it has not one label for each step")
        if not all(isinstance(step, str) for step in said):
            raise Misfit("a step is no text")
        right = [truth(mark) for mark in marks]
        return [Example(turns(row), steps=said, labels=right, label=all(right))]

    return read


def _texts(source: Source) -> Reader:
    column = source.mapping["text"]

    def read(row: Row) -> list[Example]:
        text = row.get(column)
        if not isinstance(text, str) or not text.strip():
            raise Misfit("its text is empty")
        return [Example(text=text)]

    return read


_MAKERS: Final[Mapping[str, Callable[[Source], Reader]]] = {
    "messages": _chats, "prompt-completion": _completions, "prompt-only": _prompts, "preference-pair": _pairs,
    "ranking": _rankings, "unpaired-preference": _judged, "scored-response": _scored,
    "stepwise-supervision": _stepwise, "text": _texts,
}  # fmt: skip
