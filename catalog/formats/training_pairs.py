"""Two answers of which one is better: the prompt that they share, verdicts, and rankings taken apart into pairs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from catalog.formats.training import Message, Misfit, assistant, chat_of, said_something, user

_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SPOKEN: Final = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")
_TIES: Final = frozenset(
    ("tie", "ties", "same", "equal", "both", "neither", "none", "draw", "bothbad", "tiebothbad", "bothgood", "05")
)
_FIRST: Final = frozenset(("a", "first", "left"))
_SECOND: Final = frozenset(("b", "second", "right"))


class Tie(Misfit):
    """Neither answer is better."""


# -- the prompt that two answers share ---------------------------------------------------------------------------------


def shared_text(one: str, two: str) -> int:
    """How many characters of two texts are their prompt: the longest shared beginning that ends at a border of words
    in both, before the space there, and leaves something of each. 0 where there is none."""
    size = min(_shared(one, two), len(one.rstrip()) - 1, len(two.rstrip()) - 1)
    while size > 0 and not (_border(one, size) and _border(two, size)):
        size -= 1
    return len(one[: max(size, 0)].rstrip())


def _shared(one: str, two: str) -> int:
    """The length of the longest beginning that two texts share."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _border(text: str, at: int) -> bool:
    """Whether a word may end before this place: never within a word, a number, or a character of several parts."""
    before, after = text[at - 1], text[at]
    if after == "\u200d" or before == "\u200d" or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return False
    if _CJK.match(before) or _CJK.match(after):
        return True
    return not (_in_word(before) and _in_word(after))


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_'’-" or unicodedata.category(character) in ("Mn", "Mc")


def shared_turns(one: Sequence[Message], two: Sequence[Message]) -> int:
    """How many leading messages of two chats are their prompt: shared, and an answer of the assistant follows in both.
    0 where there are none."""
    size = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    while size > 0:
        if size < min(len(one), len(two)) and one[size]["role"] == two[size]["role"] == "assistant":
            return size
        size -= 1
    return 0


def spoken(text: str) -> list[Message]:
    """The turns of a text in which `Human:` and `Assistant:` speak, each after an empty line; [] for another text."""
    if not text.lstrip("\n").startswith(("Human:", "Assistant:")):
        return []
    parts = _SPOKEN.split(text)
    return [
        user(said.strip()) if who == "Human" else assistant(said.strip())
        for who, said in zip(parts[1::2], parts[2::2], strict=True)
    ]


def answers_of(value: object) -> list[Message]:
    """Answers as messages: from a string, one message, or a chat. Raises `Misfit` for an empty or other value."""
    if isinstance(value, str):
        found = [assistant(value)]
    elif isinstance(value, Mapping):
        found = chat_of([value])
    else:
        found = chat_of(value)
    if not any(map(said_something, found)):
        raise Misfit("an answer is empty")
    return found


# -- which of two is better --------------------------------------------------------------------------------------------


class Verdict:
    """Reads the column that says which of two answers is better, by the values that a sample of it holds.

    `sides` are the ends of the two answers' names (`a` and `b`, `0` and `1`, `1` and `2`), `name` is the column's.
    """

    def __init__(self, name: str, sides: tuple[str, str], sample: Sequence[object]) -> None:
        self._name = re.sub(r"[\W_]+", "", name.lower())
        self._sides = sides
        numbers = {float(value) for value in sample if isinstance(value, (int, float))}
        self._signed = any(number < 0 for number in numbers)
        # SHP marks the first answer with 1 in a column called `labels`; every other layout counts answers from 0 or 1.
        self._first_is_one = self._name in ("label", "labels") and sides == ("a", "b") and numbers <= {0.0, 1.0}
        self._from_one = sides == ("1", "2") or (2.0 in numbers and 0.0 not in numbers)

    def first_wins(self, value: object) -> bool:
        """Whether the first answer is better. Raises `Tie`, and `Misfit` for a value that says nothing."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._by_number(float(value))
        if isinstance(value, bool):
            return value == ("modela" in self._name or self._first_is_one or self._name.endswith(self._sides[0]))
        if isinstance(value, str):
            return self._by_word(value)
        raise Misfit("no verdict says which answer is better")

    def _by_number(self, value: float) -> bool:
        if self._signed:
            if value == 0:
                raise Tie("neither answer is better")
            return value < 0
        if value == 0.5:
            raise Tie("neither answer is better")
        if self._first_is_one:
            return value == 1
        index = value - 1 if self._from_one else value
        if index not in (0, 1):
            raise Misfit(f"the verdict {value:g} names neither answer")
        return index == 0

    def _by_word(self, value: str) -> bool:
        folded = re.sub(r"[\W_]+", "", value.lower())
        if folded in _TIES or folded.startswith("tie"):
            raise Tie("neither answer is better")
        number = re.fullmatch(r"[+-]?\d+(?:\.\d+)?", value.strip())
        if number:
            return self._by_number(float(number[0]))
        for wins, side, words in ((True, self._sides[0], _FIRST), (False, self._sides[1], _SECOND)):
            if folded in words or folded == side or (len(folded) > len(side) and folded.endswith(f"{side}")):
                return wins
        raise Misfit(f"the verdict {value[:40]!r} names neither answer")


def ordered(answers: object, marks: object, *, lower_is_better: bool) -> list[tuple[Any, float]]:
    """Answers with their marks, best first. Answers may be texts beside a list of marks, or objects that hold both.
    Raises `Misfit`."""
    if not isinstance(answers, list) or len(answers) < 2:
        raise Misfit("it has fewer than two answers")
    if isinstance(marks, list):
        if len(marks) != len(answers):
            raise Misfit("it has not one mark for each answer")
        found = [(_answer(answer), _number(mark)) for answer, mark in zip(answers, marks, strict=True)]
    else:
        marked = [_marked(answer) for answer in answers]
        lower_is_better = all(name.endswith(("rank", "ranking")) for _answer, _mark, name in marked)
        found = [(answer, mark) for answer, mark, _name in marked]
    return sorted(found, key=lambda each: each[1], reverse=not lower_is_better)


def _answer(value: object) -> Any:
    if isinstance(value, Mapping):
        return next((value[key] for key in _TEXTS if value.get(key)), value)
    return value


_TEXTS: Final = ("answer", "response", "text", "completion", "content", "output")
_MARKS: Final = (
    "rank",
    "overall_score",
    "score",
    "fine_grained_score",
    "rating",
    "reward",
    "overall_rating",
    "ranking",
)


def _marked(value: object) -> tuple[Any, float, str]:
    if isinstance(value, Mapping):
        for name in _MARKS:
            if value.get(name) is not None:
                return _answer(value), _number(value[name]), name
    raise Misfit("an answer has no mark")


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Misfit("a mark is no number") from None
