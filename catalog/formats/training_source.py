"""What rows are before they are converted: their layout, settled once for a file from names, a sample and what the
user says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.errors import Usage
from catalog.formats.columns import Detected, detect_columns
from catalog.formats.training import Row
from catalog.formats.training_pairs import spoken
from catalog.formats.turns import shape_of
from catalog.formats.values import columns_of, detect_rows
from catalog.text import for_terminal


@dataclass(frozen=True)
class Source:
    """The layout of a file's rows: a format term, which column plays which role, whether turns are kept as a chat."""

    kind: str
    mapping: Mapping[str, str]
    stage: tuple[str, ...] = ()
    chat: bool = False
    reasons: tuple[str, ...] = ()
    sample: Sequence[Row] = field(default=(), repr=False)


_SYSTEM: Final = {"system": "system system_prompt", "history": "history", "tools": "tools"}
LAYOUTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "language-modeling": ("text", {"text": "text content"}),
    "messages": ("messages", {"messages": "messages conversations", **_SYSTEM}),
    "prompt-completion": ("prompt-completion", {"prompt": "prompt", "completion": "completion response", **_SYSTEM}),
    "prompt-only": ("prompt-only", {"prompt": "prompt messages", "answer": "answer solution ground_truth label"}),
    "preference": ("preference-pair", {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected", **_SYSTEM}),
    "preference-implicit": ("preference-pair", {"chosen": "chosen", "rejected": "rejected"}),
    "unpaired-preference": (
        "unpaired-preference",
        {"prompt": "prompt", "response": "completion response", "label": "label", **_SYSTEM},
    ),
    "stepwise": ("stepwise-supervision", {"prompt": "prompt", "steps": "completions steps", "labels": "labels"}),
    "alpaca": (
        "prompt-completion",
        {"prompt": "instruction", "input": "input", "completion": "output response", **_SYSTEM},
    ),
    "sharegpt": ("messages", {"messages": "conversations messages", **_SYSTEM}),
    "ranking": (
        "preference-pair",
        {"prompt": "conversations instruction", "input": "input", "chosen": "chosen", "rejected": "rejected",
         **_SYSTEM},
    ),
    "kto": (
        "unpaired-preference",
        {"messages": "conversations messages", "prompt": "instruction", "input": "input", "response": "output",
         "label": "kto_tag label", **_SYSTEM},
    ),
    "openrlhf-sft": ("prompt-completion", {"prompt": "input", "completion": "output"}),
    "openrlhf-rm": ("preference-pair", {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}),
    "openrlhf-ppo": ("prompt-only", {"prompt": "input", "answer": "label"}),
    "verl": ("prompt-only", {"prompt": "prompt", "answer": "reward_model"}),
    "ms-swift": ("messages", {"messages": "messages", **_SYSTEM}),
    "sft-table": ("prompt-completion", {"prompt": "Input", "completion": "Label"}),
    "reward-table": ("scored-response", {"prompt": "Input", "score": "Reward"}),
    "ppo-table": ("scored-response", {"prompt": "Input", "response": "Action", "score": "Reward", "state": "State"}),
}  # fmt: skip
"""What `--from` may say: the format term of a layout, and the columns that may play each role, the likeliest first."""

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "messages": ("messages",), "prompt-completion": ("prompt", "completion"), "prompt-only": ("prompt",),
    "preference-pair": ("chosen", "rejected"), "unpaired-preference": ("label",), "text": ("text",),
    "stepwise-supervision": ("prompt", "steps", "labels"), "scored-response": ("prompt", "score"),
    "ranking": ("prompt", "answers"),
}  # fmt: skip
ROLES: Final = (
    "prompt", "input", "context", "completion", "response", "system", "history", "messages", "tools", "chosen",
    "rejected", "label", "score", "steps", "labels", "text", "answer", "state", "answers", "marks", "first", "second",
    "verdict",
)  # fmt: skip


def settle(
    sample: Sequence[Row], named: str = "", chosen: Mapping[str, str] | None = None, chat: bool | None = None
) -> Source:
    """The layout of rows. `named` is a layout or format that the user says they have, `chosen` columns for roles,
    `chat` whether turns are kept as messages (None: as the rows have them).

    Raises `Usage` where no layout fits or a column is not there.
    """
    columns = {str(name): None for row in sample for name in row}
    for role, column in (chosen or {}).items():
        if role not in ROLES:
            raise Usage(f"there is no role {role[:40]!r}.", f"Roles are {', '.join(ROLES)}.")
        if column not in columns:
            raise Usage(f"there is no column {for_terminal(column[:60])!r}.", f"Columns are {_listed(columns)}.")
    found = _named(named, columns) if named else _found(sample, columns)
    kind, mapping, stage, reasons = found
    taken = set((chosen or {}).values())
    mapping = {**{role: column for role, column in mapping.items() if column not in taken}, **(chosen or {})}
    kind = kind or _kind_of(mapping)
    missing = [role for role in NEEDED.get(kind, ()) if role not in mapping and not _compared(kind, mapping)]
    if not kind or missing:
        what = f"no column plays {' or '.join(missing)}" if missing else "no training format fits these columns"
        raise Usage(f"{what}: {_listed(columns)}.", "Name them with: --map prompt=COLUMN --map completion=COLUMN")
    source = Source(kind, mapping, stage, False, reasons, tuple(sample))
    return Source(kind, mapping, stage, _is_chat(source) if chat is None else chat, reasons, tuple(sample))


_Found = tuple[str, dict[str, str], tuple[str, ...], tuple[str, ...]]


def _named(named: str, columns: Mapping[str, None]) -> _Found:
    if named == "ms-swift":
        return _swift(columns)
    kind, roles = LAYOUTS[named]
    mapping = {}
    for role, candidates in roles.items():
        column = next((name for name in candidates.split() if name in columns), "")
        if column:
            mapping[role] = column
    return kind, mapping, ("rl",) if kind == "prompt-only" else (), (f"said to be {named}",)


def _swift(columns: Mapping[str, None]) -> _Found:
    said = ("said to be ms-swift",)
    beside = {role: role for role in ("system", "tools") if role in columns}
    rejected = next((name for name in ("rejected_response", "rejected_messages") if name in columns), "")
    if rejected:
        return "preference-pair", {"chosen": "messages", "rejected": rejected, **beside}, (), said
    if "label" in columns:
        return "unpaired-preference", {"messages": "messages", "label": "label", **beside}, (), said
    return "messages", {"messages": "messages", **beside}, (), said


def _found(sample: Sequence[Row], columns: Mapping[str, None]) -> _Found:
    table = next((name for name in _TABLES if set(columns) == set(LAYOUTS[name][1].values())), "")
    if table:
        kind, mapping = LAYOUTS[table]
        return kind, dict(mapping), (), (f"columns {_listed(columns)}",)
    detected = _detected(sample)
    if detected is None:
        return "", {}, (), ()
    mapping = {role: name for role, name in detected.mapping.items() if role != "form"}
    if detected.format == "messages" and (tag := _yes_or_no(sample, columns)):
        mapping["label"] = tag
        return "unpaired-preference", mapping, detected.stage, (*detected.reasons, f"{tag} is a yes or no")
    _add_neighbours(mapping, detected.format, columns)
    if "history" in mapping and any(isinstance(said := row.get("history"), str) and said[:1] != "[" for row in sample):
        history = mapping.pop("history")  # the prompt itself (SHP), not the turns before it
        if detected.format == "preference-pair":
            mapping.setdefault("prompt", history)
    return detected.format, mapping, detected.stage, detected.reasons


_TABLES: Final = ("sft-table", "reward-table", "ppo-table")


def _detected(sample: Sequence[Row]) -> Detected | None:
    """What rows show; a prompt that is a chat beside a completion of its own is no chat alone."""
    detected, by_names = detect_rows(sample), detect_columns(columns_of(sample))
    if detected and by_names and detected.format != by_names.format == "prompt-completion":
        return by_names
    return detected


def _yes_or_no(sample: Sequence[Row], columns: Mapping[str, None]) -> str:
    """The column that calls a whole chat good or bad (LLaMA-Factory, ms-swift)."""
    for name in ("kto_tag", "label"):
        if name in columns and all(isinstance(row.get(name), bool) for row in sample):
            return name
    return ""


def _add_neighbours(mapping: dict[str, str], kind: str, columns: Mapping[str, None]) -> None:
    """Columns that belong to a role that was found: a second half of the prompt, what stood before it, a system."""
    used = set(mapping.values())
    if kind == "preference-pair" and "prompt" not in mapping and "chosen" in mapping:
        for name in ("conversations", "messages"):
            if name in columns and name not in used:
                mapping["prompt"] = name
    if mapping.get("prompt", "").lower() == "instruction" and "input" in columns and "input" not in used:
        mapping["input"] = "input"
    if kind == "prompt-completion" and "context" in columns and "context" not in used:
        mapping.setdefault("context", "context")
    if kind in NEEDED and kind != "text":
        for role, candidates in _SYSTEM.items():
            column = next((name for name in candidates.split() if name in columns and name not in used), "")
            if column and role not in mapping:
                mapping[role] = column


def _compared(kind: str, mapping: Mapping[str, str]) -> bool:
    """Two answers with a verdict, or several in a list, stand for chosen and rejected."""
    return kind == "preference-pair" and (
        {"first", "second", "verdict"} <= set(mapping) or {"answers", "verdict"} <= set(mapping)
    )


def _kind_of(mapping: Mapping[str, str]) -> str:
    """The format that roles given by hand make, the most telling first."""
    has = set(mapping)
    rules = (
        ("preference-pair", {"chosen", "rejected"}), ("stepwise-supervision", {"prompt", "steps", "labels"}),
        ("unpaired-preference", {"prompt", "response", "label"}), ("scored-response", {"prompt", "score"}),
        ("prompt-completion", {"prompt", "completion"}), ("messages", {"messages"}), ("text", {"text"}),
        ("prompt-only", {"prompt"}),
    )  # fmt: skip
    return next((kind for kind, roles in rules if roles <= has), "")


def _is_chat(source: Source) -> bool:
    """Whether rows hold more than one plain prompt and answer: turns, a system message, earlier turns."""
    mapping, sample = source.mapping, source.sample
    if "messages" in mapping or any(row.get(mapping.get("system", "")) for row in sample):
        return True
    if any(row.get(mapping.get("history", "")) for row in sample):
        return True
    values: list[Any] = [
        row.get(mapping.get(role, "")) for role in ("prompt", "chosen", "completion") for row in sample
    ]
    if any(shape_of(value) is not None for value in values):
        return True
    answers = [value for row in sample if isinstance(value := row.get(mapping.get("chosen", "")), str)]
    return "prompt" not in mapping and bool(answers) and sum(bool(spoken(each)) for each in answers) > len(answers) / 2


def _listed(columns: Mapping[str, None]) -> str:
    names = [for_terminal(name[:40]) for name in list(columns)[:20]]
    return ", ".join(names) + (" …" if len(columns) > 20 else "")
