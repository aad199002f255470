"""Rows of one layout into rows of another: which conversions make sense, and one row at a time what comes of it.

The table of conversions is TRL's: nothing becomes a preference that was none, an answer that is called wrong is not
learnt from, and a pair gives its better answer, its prompt, or two judged rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from catalog.errors import Usage
from catalog.formats.targets import Style, Target
from catalog.formats.training import Example, Misfit, Row, assistant, said_something
from catalog.formats.training_read import Reader, reader_of
from catalog.formats.training_source import Source, settle
from catalog.formats.training_template import TEMPLATES, reader_by
from catalog.formats.values import detect_rows

GIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text",),
    "messages": ("text", "answer", "prompt"),
    "prompt-completion": ("text", "answer", "prompt"),
    "prompt-only": ("prompt",),
    "preference-pair": ("text", "answer", "prompt", "pair", "label", "score"),
    "ranking": ("text", "answer", "prompt", "pair", "label", "score"),
    "unpaired-preference": ("text", "answer", "prompt", "label", "score"),
    "scored-response": ("prompt", "score"),
    "stepwise-supervision": ("text", "answer", "prompt", "label", "steps", "score"),
}
"""What each format can give. Nothing gives steps but steps, nothing a pair but pairs and rankings."""


class Conversion:
    """From the rows of one file to those of a layout.

    `source` says what the rows are, `left_out` which columns are not carried. `convert` is the work.
    """

    def __init__(
        self, source: Source, target: Target, style: Style, keep: Sequence[str] = (), reader: Reader | None = None,
        threshold: float | None = None,
    ) -> None:  # fmt: skip
        self.source, self.target, self.style = source, target, style
        self._keep, self._threshold = tuple(keep), threshold
        self._read = reader or reader_of(source)
        self._shape = _SHAPES[target.needs if target.needs != "any" else _any(source, threshold)]
        held = dict.fromkeys(str(name) for row in source.sample for name in row)
        used = {*source.mapping.values(), *keep} if reader is None else set(held)
        self.left_out = tuple(name for name in held if name not in used)

    def convert(self, number: int, row: Row) -> list[dict[str, Any]]:
        """The rows that come of a row, which is the `number`th (from 1). Raises `Misfit` where none does."""
        try:
            found = self._read(row)
            if self._threshold is not None:
                found = [_judged(each, self._threshold) for each in found]
            made = [self.target.write(each, self.style, number) for one in found for each in self._shape(one)]
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise Misfit(f"it has another shape than the first rows ({type(error).__name__})") from error
        if not made:
            raise Misfit("nothing comes of it")
        if self._keep:
            for each in made:
                for name in self._keep:
                    each.setdefault(name, row.get(name))
        return made


def plan_conversion(
    sample: Sequence[Row],
    target: Target,
    *,
    named: str = "",
    mapping: Mapping[str, str] | None = None,
    template: str = "",
    chat: bool | None = None,
    keep: Sequence[str] = (),
    threshold: float | None = None,
    data_source: str = "unknown",
    split: str = "train",
) -> Conversion:
    """How the rows of a file, of which `sample` holds the first, become rows of `target`.

    `named` is the layout that the user says they have, `mapping` columns for roles, `template` the name or text of a
    template for task data, `chat` whether turns are kept (None: as the rows have them), `keep` columns to carry,
    `threshold` the score from which an answer counts as good. Raises `Usage` where it makes no sense.
    """
    if not sample:
        raise Usage("there is no row that can be read.", "Look at it with: catalog lint FILE")
    columns = dict.fromkeys(str(name) for row in sample for name in row)
    absent = next((name for name in keep if name not in columns), "")
    if absent:
        raise Usage(f"there is no column {absent[:60]!r} to keep.", f"Columns are {', '.join(list(columns)[:20])}.")
    if template:
        return _by_template(sample, target, template, mapping or {}, columns, keep, chat, data_source, split)
    detected = None if named or mapping else detect_rows(sample)
    if detected and detected.format not in GIVES:
        raise Usage(
            f"these rows are {detected.format} data, which become training rows only by a template.",
            f"Name one with --template: {', '.join(TEMPLATES)}, or your own.",
        )
    source = settle(sample, named, mapping, chat)
    _check(source, target, threshold)
    style = Style(source.chat, data_source, split)
    return Conversion(source, target, style, keep, threshold=threshold)


def _by_template(
    sample: Sequence[Row], target: Target, template: str, mapping: Mapping[str, str], columns: Mapping[str, None],
    keep: Sequence[str], chat: bool | None, data_source: str, split: str,
) -> Conversion:  # fmt: skip
    detected = detect_rows(sample)
    roles = {**(detected.mapping if detected else {}), **mapping}
    reader = reader_by(template, roles, columns)
    source = Source("prompt-completion", roles, (), bool(chat), (f"by the template {template[:60]}",), tuple(sample))
    _check(source, target, None)
    return Conversion(source, target, Style(bool(chat), data_source, split), keep, reader)


def gives(source: Source, threshold: float | None = None) -> set[str]:
    """What the rows of a layout can give."""
    found = set(GIVES[source.kind])
    if source.kind == "prompt-only" and "answer" in source.mapping:
        found |= {"truth", "text", "answer"} if "sft" in source.stage else {"truth"}
    if source.kind == "prompt-completion" and "rl" in source.stage:
        found.add("truth")
    if source.kind == "scored-response" and threshold is not None and "response" in source.mapping:
        found |= {"label", "answer", "text"}
    return found


def _check(source: Source, target: Target, threshold: float | None) -> None:
    found = gives(source, threshold)
    if target.needs == "any" or target.needs in found:
        return
    hint = f"They can become {', '.join(sorted(_NAMES[each] for each in found))}; see: catalog convert --list"
    if source.kind == "scored-response" and "response" in source.mapping and target.needs in ("label", "answer"):
        hint = "Say from which score on an answer is good with: --threshold X"
    raise Usage(f"{source.kind} rows cannot become {target.name}: they have no {_NAMES[target.needs]}.", hint)


_NAMES: Final = {
    "text": "running text", "answer": "answers to learn", "prompt": "prompts", "pair": "pairs of answers",
    "label": "judged answers", "score": "scored answers", "steps": "judged steps", "truth": "answers to check against",
}  # fmt: skip


def _any(source: Source, threshold: float | None) -> str:
    """What ms-swift's one layout is given: the most that rows have."""
    found = gives(source, threshold)
    if source.kind in ("messages", "prompt-completion", "text"):
        return "text" if source.kind == "text" else "answer"
    order = ("pair", "label", "prompt")
    return next(each for each in order if each in found)


# -- an example as each need has it ------------------------------------------------------------------------------------


def _judged(example: Example, threshold: float) -> Example:
    return example if example.score is None else replace(example, label=example.score >= threshold)


def _learnt(example: Example) -> list[Example]:
    """An answer to learn: the better of a pair, and none that is called wrong."""
    if example.label is False:
        raise Misfit("a step of it is wrong" if example.steps else "its answer is marked as bad")
    found = _walked(example)
    if not found.chosen and not found.text:
        raise Misfit("its last turn is not the assistant's")
    _filled(found)
    return [Example(found.turns, found.chosen, text=found.text, truth=found.truth, tools=found.tools)]


def _walked(example: Example) -> Example:
    """Steps as the one answer that they make."""
    if not example.steps:
        return example
    text = ""
    for step in example.steps:
        text = joined_steps(text, step)
    return replace(example, chosen=[assistant(text)])


def joined_steps(text: str, step: str) -> str:
    """Steps one after the other, a line each unless they bring their own space."""
    return f"{text}\n{step}" if text and not text[-1].isspace() and not step[:1].isspace() else text + step


def _asked(example: Example) -> list[Example]:
    if not example.turns:
        raise Misfit("its prompt is empty")
    if example.turns[-1]["role"] in ("assistant", "system"):
        raise Misfit("its prompt does not end with the user")
    return [Example(example.turns, truth=example.truth, tools=example.tools)]


def _paired(example: Example) -> list[Example]:
    _filled(example)
    return [example]


def _labelled(example: Example) -> list[Example]:
    found = _walked(example)
    _filled(found)
    if not found.turns:
        raise Misfit("its answers do not share a prompt")
    if found.rejected:
        good = Example(found.turns, found.chosen, label=True, tools=found.tools)
        return [good, Example(found.turns, found.rejected, label=False, tools=found.tools)]
    if not found.chosen:
        raise Misfit("its last turn is not the assistant's")
    if found.label is None:
        raise Misfit("its label is missing")
    return [replace(found, steps=[], labels=[])]


def _scored(example: Example) -> list[Example]:
    if example.score is not None:
        return [example]
    return [replace(each, score=float(bool(each.label))) for each in _labelled(example)]


def _stepped(example: Example) -> list[Example]:
    if any(not step.strip() for step in example.steps):
        raise Misfit("a step is empty")
    return [example]


def _checkable(example: Example) -> list[Example]:
    if not example.truth.strip():
        raise Misfit("it has nothing that an answer is checked against")
    return _asked(example)


def _filled(example: Example) -> None:
    for answers in (example.chosen, example.rejected):
        if answers and not said_something(answers[-1]):
            raise Misfit("an answer is empty")


_SHAPES: Final = {
    "text": _learnt, "answer": _learnt, "prompt": _asked, "pair": _paired, "label": _labelled, "score": _scored,
    "steps": _stepped, "truth": _checkable,
}  # fmt: skip
