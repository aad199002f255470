"""Doubt about a record: trial uploads, empty templates, leavings of services and tag spam. They stay findable.

`doubt` says how little a record looks like a dataset made for others, and why. Ranking may put it down by that; no
tag and no license verdict depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from catalog.record import Record
from catalog.tagging import stated

FEW_ROWS: Final = 10
FEW_WORDS: Final = 8  # words of its own that a description needs
MANY_DOMAINS: Final = 4
USED: Final = 90  # popularity level from which people have voted with their feet; doubt is halved

_TRIAL: Final = frozenset(
    {
        "test", "tests", "testing", "tmp", "temp", "dummy", "demo", "foo", "bar", "foobar", "untitled", "trial", "asdf",
        "qwerty", "hello", "tryout", "playground", "debug", "scratch", "sandbox", "delete", "deleteme", "todelete",
        "temporary", "garbage", "junk", "placeholder",
    }
)  # fmt: skip
_EMPTY: Final = frozenset(
    {
        "my", "new", "a", "the", "first", "data", "dataset", "datasets", "set", "repo", "repository", "upload", "file",
        "files", "sample", "samples", "example", "examples", "toy", "small", "mini", "try", "check", "world", "private",
        "public", "final", "copy", "old", "some", "hf", "huggingface", "train", "training", "custom",
    }
)  # fmt: skip
_SERVICE: Final = re.compile(r"auto(?:train|nlp)-data-|-?raft-submission|^details_|submissions?/|^eval-?results?$")
_TEMPLATE: Final = re.compile(
    r"more information needed|dataset card for(?: dataset name)?|table of contents|"
    r"this dataset card aims to be a base template for new datasets|it has been generated using this raw template|"
    r"provide a quick summary of the dataset|dataset (?:details|description|summary|structure|sources|creation)|"
    r"supported tasks and leaderboards|curated by|funded by|shared by|languages? nlp|point of contact|"
    r"(?:annotations|data) (?:collection and )?process(?:ing)?|considerations for using the data|"
    r"additional information|licensing information|citation information|contributions?|homepage|repository|paper|"
    r"personal and sensitive information|source data|data (?:instances|fields|splits)|\[optional\]|uses|direct use",
    re.IGNORECASE,
)
_CUES: Final = ("more information needed", "dataset card", "table of contents", "base template", "quick summary")
HEAD: Final = 300  # characters of a text that is no template
_WORD: Final = re.compile(r"[^\W\d_]+")
_ENOUGH: Final = re.compile(rf"[\W\d_]*+(?:[^\W\d_]++[\W\d_]*+){{{FEW_WORDS}}}")
_WIDE: Final = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|[\W\d_]+")
_BETWEEN: Final = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """From 0 (none) to 1, and what it rests on, one phrase a ground."""

    value: float
    reason: str = ""


NONE: Final = Doubt(0.0)


def doubt(record: Record) -> Doubt:
    """How little a record looks like a dataset made for others. Pure."""
    if stated.CURATED in [statement.by for statement in record.statements]:
        return NONE
    grounds = list(_grounds(record))
    if not grounds:
        return NONE
    trust = 1.0
    for weight, _ in grounds:
        trust *= 1 - weight
    value = 1 - trust
    return Doubt(round(value / 2 if record.popularity >= USED else value, 2), "; ".join(why for _, why in grounds))


def own_words(text: str) -> int:
    """How many words a description has besides the template's; a sign of CJK counts half.

    A text without the template's own phrases is not searched for its headings: its first words are enough.
    """
    if not _has_cue(text):
        head = text[:HEAD]
        return len(_WORD.findall(head)) + (0 if head.isascii() else len(_WIDE.findall(head)) // 2)
    rest = _TEMPLATE.sub(" ", text[:3000])
    return len(_WORD.findall(rest)) + len(_WIDE.findall(rest)) // 2


def _has_cue(text: str) -> bool:
    lower = text[:3000].lower()
    return any(cue in lower for cue in _CUES)


def _says_something(text: str) -> bool:
    """Whether a text begins with enough words of its own: what nearly all descriptions do, found without counting."""
    return _ENOUGH.match(text, 0, HEAD) is not None and not _has_cue(text)


def _unwritten(text: str, words: int) -> tuple[float, str]:
    if not text:
        return 0.25, "no description"
    if _TEMPLATE.search(text):
        return 0.4, "the card is an empty template"
    return 0.15, f"a description of {words} words"


def _grounds(record: Record) -> Iterator[tuple[float, str]]:
    name = record.name.rpartition("/")[2]
    parts = [part.lower() for part in (_BETWEEN if name.islower() else _CAMEL).split(name) if part]
    trials = [part for part in parts if part in _TRIAL]
    text = f"{record.summary}\n{record.description[:3000]}"
    words = FEW_WORDS if _says_something(text) else own_words(text)
    if all(part in _TRIAL or part in _EMPTY for part in parts):
        yield (
            (0.8 if trials else 0.5),
            f"the name {name!r} says that it is a trial" if trials else "the name says nothing",
        )
    elif trials:
        yield (0.2 if words >= FEW_WORDS else 0.5), f"the name has {trials[0]!r} in it"
    if _SERVICE.search(record.name.lower() if "/" in record.name else name.lower()):
        yield 0.6, "a service made it by itself"
    if words < FEW_WORDS:
        yield _unwritten(record.summary or record.description, words)
    rows = record.rows
    if rows is not None and not rows.lower_bound and rows.value < FEW_ROWS:
        yield 0.5, f"{rows.value} rows"
    free = stated.free_tags(record, "domain") if len(record.keywords) >= MANY_DOMAINS else ()
    domains = {tag.term for tag in free}
    if len(domains) >= MANY_DOMAINS:
        yield 0.4, f"free tags of {len(domains)} domains"
