"""Task data (a text with its label, a pair of sentences, a document with its summary) as prompt and completion, by a
template that the user names: never silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from catalog.errors import Usage
from catalog.formats.training import Example, Misfit, Row, assistant, user

TEMPLATES: Final[Mapping[str, str]] = {
    "classify": "Which label fits this text?\n\n{text} => {label}",
    "entail": "Premise: {first}\nHypothesis: {second}\n\nHow does the hypothesis relate to the premise? => {label}",
    "compare": "First: {first}\nSecond: {second}\n\nHow do the two relate? => {label}",
    "summarize": "Summarize this text.\n\n{text} => {summary}",
    "translate": "Translate this text.\n\n{source} => {target}",
    "answer": "{question} => {answers}",
    "read": "{context}\n\nQuestion: {question} => {answers}",
    "choose": "{question}\n\n{options} => {label}",
}
"""Prompt, ` => `, completion; a name in braces is a role that detection found, or a column."""
_NAME: Final = re.compile(r"\{([^{}\n]{1,80})\}")


def reader_by(template: str, mapping: Mapping[str, str], columns: Mapping[str, None]) -> Callable[[Row], list[Example]]:
    """What makes prompt and completion of a row by a template: a name of `TEMPLATES`, or text of the same form with
    columns in braces (`{answers.text}` looks into an object). Raises `Usage` for one that does not fit the columns."""
    written = TEMPLATES.get(template, template)
    prompt, arrow, completion = written.partition("=>")
    if not arrow or not _NAME.search(prompt) or not _NAME.search(completion):
        names = ", ".join(TEMPLATES)
        raise Usage(
            f"there is no template {template[:60]!r}.",
            f"Templates are {names}, or your own: --template 'Is it good? {{text}} => {{label}}'",
        )
    for name in _NAME.findall(written):
        if mapping.get(name, name) not in columns and name.partition(".")[0] not in columns:
            listed = ", ".join(list(columns)[:20])
            raise Usage(
                f"the template asks for {name!r}, and there is no such column.",
                f"Columns are {listed}; name one with: --map {name}=COLUMN",
            )
    parts = prompt.strip(), completion.strip()

    def read(row: Row) -> list[Example]:
        asked, said = (_NAME.sub(lambda match: _value(row, match[1], mapping), part) for part in parts)
        return [Example([user(asked)], [assistant(said)])]

    return read


def _value(row: Row, name: str, mapping: Mapping[str, str]) -> str:
    column = mapping.get(name, name)
    value: Any = row.get(column)
    if column not in row and "." in column:
        value = row
        for part in column.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    text = _text(value)
    if not text.strip():
        raise Misfit(f"{name[:40]} is empty")
    return text


def _text(value: Any) -> str:
    """A value in a sentence: the first of the answers to a question, options a line each."""
    if isinstance(value, Mapping):
        inner = value.get("text") or value.get("label")
        if isinstance(inner, list) and len(inner) == len(value.get("label") or []):
            return "\n".join(f"{mark}. {text}" for mark, text in zip(value["label"], inner, strict=True))
        return _text(inner[0] if isinstance(inner, list) and inner else inner) if inner else ""
    if isinstance(value, list):
        return "\n".join(_text(each) for each in value)
    return "" if value is None else str(value)
