"""What is wrong with the rows of a training set, counted in bounded memory as they pass by.

`Linter` is told of each row once; what it can say depends on the format that the first rows showed.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal

from catalog.formats.columns import Detected
from catalog.formats.lengths import Lengths
from catalog.formats.near import Sketches, units_of
from catalog.formats.pii import personal_data
from catalog.formats.turns import ROLES, shape_of, turns_of
from catalog.formats.values import text_of
from catalog.tokens.tokenizers import ESTIMATE, Tokenizer

Row = Mapping[str, Any]
Severity = Literal["error", "warning", "note"]

EXAMPLES: Final = 3
MAX_HASHES: Final = 5_000_000
"""Rows whose texts are remembered to find duplicates; beyond it they are not looked for."""
LONG: Final = 200_000  # characters of a row that are searched for personal data
UNEVEN: Final = 0.9
"""The share of one label from which labels are called unbalanced."""

_CHECKS: Final[dict[str, tuple[Severity, str]]] = {
    "unreadable": ("error", "rows cannot be read"),
    "missing": ("error", "rows lack a column of the format, or it is empty"),
    "empty turn": ("error", "rows have a turn without text"),
    "unknown role": ("error", "rows have a role that no chat template knows"),
    "order of turns": ("warning", "rows do not alternate between user and assistant"),
    "no answer": ("warning", "rows do not end with the assistant"),
    "equal pair": ("error", "rows have the same text chosen and rejected"),
    "prompt repeated": ("warning", "rows repeat the prompt at the start of the answer"),
    "score": ("error", "rows have a score that is no number"),
    "answers": ("error", "rows have fewer than two answers, or not one mark for each"),
    "label": ("error", "rows have a label that is no yes or no"),
    "steps": ("error", "rows have not one label for each step"),
    "duplicate": ("warning", "rows are exact copies of an earlier one"),
    "near duplicate": ("warning", "rows are nearly the same as an earlier one"),
    "mixed types": ("warning", "columns hold values of several types"),
    "unbalanced": ("warning", "of the labels are the same"),
    "length ratio": ("warning", "is how long the chosen answers are beside the rejected ones, in the middle"),
    "personal data": ("warning", "places look like personal data"),
    "overlap": ("error", "rows share a run of 13 words, or a whole short text, with an evaluation set"),
}
"""What is looked for: how grave it is, and what is said after the number."""
_OF_ONE: Final = {
    "rows cannot": "row cannot", "rows lack": "row lacks", "rows have": "row has", "rows do": "row does",
    "rows repeat": "row repeats", "rows are exact copies": "row is an exact copy", "rows are": "row is",
    "rows share": "row shares", "columns hold": "column holds", "places look": "place looks", "of the": "of the",
    "is how": "is how",
}  # fmt: skip
"""How what is said begins, and how it begins after the number one."""


@dataclass
class Finding:
    """Something found: how often, the numbers of the first few rows and whether there are more, and words on it."""

    check: str
    count: int = 0
    rows: list[int] = field(default_factory=list)
    detail: str = ""
    more: bool = False

    @property
    def severity(self) -> Severity:
        """error, warning or note."""
        return _CHECKS[self.check][0]

    @property
    def says(self) -> str:
        """What is wrong, in words that follow the number."""
        said = _CHECKS[self.check][1]
        if self.count != 1:
            return said
        begins = next(begin for begin in _OF_ONE if said.startswith(begin))
        return _OF_ONE[begins] + said.removeprefix(begins)


@dataclass
class Report:
    """What a file holds: rows, its format, how long its texts are, and what was found."""

    rows: int
    detected: Detected | None
    findings: list[Finding]
    lengths: dict[str, int]
    scripts: dict[str, float]
    languages: dict[str, float]
    labels: dict[str, int]
    personal: dict[str, int]
    masked: dict[str, list[str]]
    """The first few places of each kind of personal data, masked."""
    overlaps: dict[str, int]
    """Rows that are in each of the evaluation sets."""
    ratio: float | None
    """How long the chosen answers are beside the rejected ones, in the middle of all pairs."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found that is an error or a warning."""
        return not any(finding.severity != "note" for finding in self.findings)


class Linter:
    """Counts over rows. `evaluation` holds the runs of words of evaluation sets by the name of the set (`runs_of`);
    `tokenizer` counts tokens."""

    def __init__(
        self,
        detected: Detected | None,
        evaluation: Mapping[str, frozenset[int]] | None = None,
        tokenizer: Tokenizer = ESTIMATE,
    ) -> None:
        self.detected = detected
        self._evaluation = dict(evaluation or {})
        self._overlaps: Counter[str] = Counter()
        self._near = Sketches()
        self._found: dict[str, Finding] = {}
        self._rows = 0
        self._seen: set[int] = set()
        self._folded: set[int] = set()
        self._types: dict[str, set[str]] = {}
        self._labels: Counter[str] = Counter()
        self._personal: Counter[str] = Counter()
        self._masked: dict[str, list[str]] = {}
        self._ratios: list[float] = []
        self._lengths = Lengths(tokenizer)

    def row(self, row: Row) -> None:
        """Take in a row."""
        self._rows += 1
        said = {str(name): text_of(value) for name, value in row.items()}
        text = "\n".join(said.values())
        self._lengths.add(text)
        if self._evaluation:
            self._find_overlap(said.values())
        self._repeats(row, said)
        self._find_personal(text)
        for name, value in row.items():
            if value is not None:
                self._types.setdefault(str(name), set()).add(_kind(value))
        check = _BY_FORMAT.get(self.detected.format if self.detected else "")
        if check is not None and self.detected is not None:
            for name in dict.fromkeys(check(self, row, self.detected.mapping)):
                self._note(name)

    def bad(self, number: int) -> None:
        """Take in a row that could not be read."""
        self._rows += 1
        self._note("unreadable", number)

    def report(self) -> Report:
        """What was found, the gravest first."""
        self._conclude()
        order = list(_CHECKS)
        grave = {"error": 0, "warning": 1, "note": 2}
        findings = sorted(self._found.values(), key=lambda each: (grave[each.severity], order.index(each.check)))
        return Report(
            self._rows,
            self.detected,
            findings,
            self._lengths.summary(),
            self._lengths.scripts(),
            self._lengths.languages(),
            dict(self._labels.most_common(20)),
            dict(self._personal),
            self._masked,
            dict(self._overlaps),
            self._ratio(),
        )

    # -- what every row is asked ------------------------------------------------------------------------------------

    def _note(self, check: str, number: int | None = None, count: int = 1, detail: str = "") -> None:
        finding = self._found.setdefault(check, Finding(check))
        finding.count += count
        finding.detail = finding.detail or detail
        row = self._rows if number is None else number
        if row not in finding.rows:
            finding.more = len(finding.rows) == EXAMPLES
            finding.rows += [] if finding.more else [row]

    def _repeats(self, row: Row, said: Mapping[str, str]) -> None:
        """Look for earlier rows of the same values, then for those that say the same and differ in nothing else."""
        if len(self._seen) >= MAX_HASHES:
            return
        told = {str(name): value for name, value in row.items() if not _is_id(name)}
        exact = _hash(json.dumps(told, sort_keys=True, default=str))
        if exact in self._seen:
            self._note("duplicate")
            return
        self._seen.add(exact)
        text = "\n".join(said[name] for name in told)
        rest = {name: value for name, value in told.items() if not said[name]}
        bare = _FOLDED.sub("", unicodedata.normalize("NFKC", text).casefold())
        if not bare:
            return
        apart = json.dumps(rest, sort_keys=True, default=str) if rest else ""
        folded = _hash(f"{bare}\n{apart}")
        if folded in self._folded or self._near.is_near(text, apart):
            self._note("near duplicate")
        self._folded.add(folded)

    def _find_overlap(self, texts: Iterable[str]) -> None:
        found = {run for text in texts for run in runs_of(text)}
        held = [name for name, runs in self._evaluation.items() if not found.isdisjoint(runs)]
        if held:
            self._overlaps.update(held)
            self._note("overlap")

    def _find_personal(self, text: str) -> None:
        for kind, masked in personal_data(text[:LONG]):
            self._personal[kind] += 1
            if len(shown := self._masked.setdefault(kind, [])) < EXAMPLES:
                shown.append(masked)
            self._note("personal data")

    def _conclude(self) -> None:
        mixed = sorted(name for name, kinds in self._types.items() if len(kinds) > 1)
        if mixed and "mixed types" not in self._found:
            self._found["mixed types"] = Finding("mixed types", len(mixed), [], ", ".join(mixed[:8]))
        total = self._labels.total()
        if total >= 20 and (top := self._labels.most_common(1)[0])[1] >= UNEVEN * total:
            share = round(100 * top[1] / total)
            self._found["unbalanced"] = Finding("unbalanced", share, [], f"% are {top[0][:40]!r}")
        middle = self._ratio()
        if middle is not None and (middle > 1.5 or middle < 0.67):
            self._found["length ratio"] = Finding("length ratio", 1, [], f"{middle:.2f}")
        if "overlap" in self._found:
            told = ", ".join(f"{name} {count:,}" for name, count in self._overlaps.most_common())
            self._found["overlap"].detail = told
        if "personal data" in self._found:
            kinds = (f"{kind} {count:,} ({', '.join(self._masked[kind])})" for kind, count in self._personal.items())
            self._found["personal data"].detail = "; ".join(kinds)

    def _ratio(self) -> float | None:
        return sorted(self._ratios)[len(self._ratios) // 2] if self._ratios else None

    # -- what a format asks -----------------------------------------------------------------------------------------

    def _chat(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        value = row.get(mapping.get("messages") or mapping.get("prompt") or "")
        turns = turns_of(value)
        if not turns:
            yield "missing"
            return
        roles = [role for role, _text in turns]
        if any(role not in ROLES.values() for role in roles):
            yield "unknown role"
        if any(not text.strip() for text in (text for role, text in turns if role != "tool")) and not _calls(value):
            yield "empty turn"
        spoken = [role for role in roles if role in ("user", "assistant")]
        if spoken[:1] == ["assistant"] or any(one == two for one, two in pairwise(spoken)):
            yield "order of turns"
        if "messages" in mapping and spoken[-1:] != ["assistant"]:
            yield "no answer"
        said = [text.strip() for role, text in turns if role in ("user", "assistant")]
        pairs = zip(spoken, said, said[1:], strict=False)
        if any(role == "user" and len(asked) > 20 and told.startswith(asked) for role, asked, told in pairs):
            yield "prompt repeated"

    def _prompt(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        value = row.get(mapping.get("prompt", ""))
        if isinstance(value, list):
            yield from self._chat(row, mapping)
        elif not text_of(value).strip():
            yield "missing"

    def _completion(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        prompt, answer = (text_of(row.get(mapping.get(role, ""))).strip() for role in ("prompt", "completion"))
        if not prompt or not answer:
            yield "missing"
        elif len(prompt) > 20 and answer.startswith(prompt):
            yield "prompt repeated"

    def _pair(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        sides = ("chosen", "rejected") if "chosen" in mapping else ("first", "second")
        if not set(sides) <= set(mapping):
            return
        chosen, rejected = (text_of(row.get(mapping[side])).strip() for side in sides)
        if not chosen or not rejected:
            yield "missing"
            return
        if chosen == rejected:
            yield "equal pair"
        prompt = text_of(row.get(mapping.get("prompt", ""))).strip()
        if mapping.get("form") != "implicit" and len(prompt) > 20 and chosen.startswith(prompt):
            yield "prompt repeated"
        if "chosen" in mapping and len(self._ratios) < 100_000:
            self._ratios.append(len(chosen) / len(rejected))

    def _flag(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        sides = {"prompt": mapping.get("prompt", ""), "completion": mapping.get("response", "")}
        yield from self._completion(row, sides)
        label = row.get(mapping.get("label", ""))
        self._labels[str(label)[:60]] += 1
        if not (isinstance(label, bool) or label in (0, 1, -1)) and str(label).lower() not in _YES_OR_NO:
            yield "label"

    def _steps(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        steps, labels = row.get(mapping.get("steps", "")), row.get(mapping.get("labels", ""))
        if not isinstance(steps, list) or not isinstance(labels, list) or len(steps) != len(labels):
            yield "steps"

    def _scored(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        if "response" in mapping:
            sides = {"prompt": mapping.get("prompt", ""), "completion": mapping["response"]}
            yield from self._completion(row, sides)
        score = row.get(mapping.get("score", ""))
        try:
            whole = math.isfinite(float(score))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            whole = False
        if not whole:
            yield "score"

    def _ranking(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        answers, marks = row.get(mapping.get("answers", "")), row.get(mapping.get("marks", ""))
        if not text_of(row.get(mapping.get("prompt", ""))).strip():
            yield "missing"
        if (
            not isinstance(answers, list)
            or len(answers) < 2
            or ("marks" in mapping and (not isinstance(marks, list) or len(marks) != len(answers)))
        ):
            yield "answers"

    def _labelled(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        if label := mapping.get("label"):
            if row.get(label) is None:
                yield "missing"
            self._labels[str(row.get(label))[:60]] += 1

    def _running(self, row: Row, mapping: Mapping[str, str]) -> Iterator[str]:
        if not text_of(row.get(mapping.get("text", ""))).strip():
            yield "missing"


_BY_FORMAT: Final[Mapping[str, Callable[[Linter, Row, Mapping[str, str]], Iterable[str]]]] = {
    "messages": Linter._chat,
    "prompt-only": Linter._prompt,
    "prompt-completion": Linter._completion,
    "preference-pair": Linter._pair,
    "unpaired-preference": Linter._flag,
    "stepwise-supervision": Linter._steps,
    "scored-response": Linter._scored,
    "ranking": Linter._ranking,
    "labelled": Linter._labelled,
    "text": Linter._running,
}
_YES_OR_NO: Final = ("true", "false", "good", "bad", "yes", "no", "0", "1", "-1")
_FOLDED: Final = re.compile(r"[\W_]+")
RUN: Final = 13
"""Words in a row that two texts share only where one was copied (Brown et al. 2020, appendix C)."""
WIDE_RUN: Final = 25
"""The same in characters of Chinese and Japanese."""
WHOLE: Final = 6
"""Words of a shorter text from which it counts when it is the same as a whole."""


def runs_of(text: str) -> Iterator[int]:
    """Hashes of all runs of `RUN` words in a text, of `WIDE_RUN` characters where it is Chinese or Japanese; of a
    shorter text that of the whole."""
    units = units_of(text)
    wide = sum(len(unit) == 1 and unit >= "\u3040" for unit in units) * 2 > len(units)
    size = WIDE_RUN if wide else RUN
    if WHOLE * (1 + wide) <= len(units) < size:
        yield _hash(f"whole {' '.join(units)}")
    yield from (_hash(" ".join(units[start : start + size])) for start in range(len(units) - size + 1))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _is_id(name: object) -> bool:
    folded = re.sub(r"[\W_]+", "", str(name).lower())
    return folded in ("id", "uid", "uuid", "idx", "index", "rowid", "questionid", "promptid", "conversationid")


def _kind(value: object) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def _calls(value: object) -> bool:
    return shape_of(value) is not None and any("tool_calls" in turn for turn in value)  # type: ignore[attr-defined]
