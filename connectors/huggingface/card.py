"""Dataset cards: the front matter of README.md, read within caps since anyone may write it.

A YAML of 289 bytes with aliases upon aliases unfolds to 250 MB, and deep nesting exhausts a parser's stack; so the
events are counted first, aliases at the size of what they repeat, and only then is anything built.
"""

from __future__ import annotations

import re
from typing import Any, Final

from catalog.errors import Skipped

MAX_CARD: Final = 1 << 20  # characters
MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 50
MAX_NODES: Final = 200_000
MAX_DIGITS: Final = 300
_FENCE: Final = re.compile(r"---[ \t]*\r?\n")
_END: Final = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_NUMBER: Final = re.compile(r"[-+0-9.:_eExXoOa-fA-F]*\Z")


def front_matter(text: str) -> str:
    """The YAML between the first two lines of three dashes, "" where a card has none."""
    text = text.removeprefix("\ufeff")
    start = _FENCE.match(text)
    end = _END.search(text, start.end()) if start else None
    return text[start.end() : end.start()] if start and end else ""


def parse_card(text: str) -> dict[str, Any]:
    """The front matter of a card as a mapping, empty where it has none: what the Hub calls cardData.

    Values are whatever YAML makes of them (`no` is False, a date is a date). Raises `Skipped` for YAML that is
    broken, is no mapping, or goes beyond 1 MiB, 100 aliases, 50 levels, 200,000 values or numbers of 300 digits.
    """
    import yaml

    matter = front_matter(text)
    if len(matter) > MAX_CARD:
        raise Skipped(f"the card's front matter has more than {MAX_CARD:,} characters.")
    try:
        _weigh(matter)
        value = yaml.load(matter, Loader=_loader())  # noqa: S506 - a SafeLoader
    except Skipped:
        raise
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise Skipped(f"the card's front matter is not YAML: {' '.join(str(error).split())[:200]}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Skipped("the card's front matter is not a mapping.")
    return value


def _loader() -> Any:
    """libyaml's safe loader where it is there, without merge keys (`<<`), which multiply what they merge."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def flatten_mapping(self, node: object) -> None:
            """A merge key stays a key."""

    Loader.add_constructor("tag:yaml.org,2002:merge", yaml.SafeLoader.construct_yaml_str)
    return Loader


def _weigh(text: str) -> None:
    """Walk the events, building nothing. Raises `Skipped` where a cap is passed."""
    import yaml

    scale = _Scale()
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            scale.open(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            scale.close()
        elif isinstance(event, yaml.AliasEvent):
            scale.repeat(event.anchor)
        elif isinstance(event, yaml.ScalarEvent):
            scale.scalar(event.anchor, event.value)


class _Scale:
    """How many values a document unfolds to, anchors and aliases included."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []
        self._weights: dict[str, int] = {}
        self._aliases = 0
        self._total = 0

    def open(self, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise Skipped(f"the card's front matter is nested more than {MAX_DEPTH} levels deep.")
        if anchor:
            self._weights.pop(anchor, None)
        self._add(1)
        self._open.append((anchor, self._total - 1))

    def close(self) -> None:
        anchor, before = self._open.pop()
        if anchor:
            self._weights[anchor] = self._total - before

    def repeat(self, anchor: str | None) -> None:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Skipped(f"the card's front matter has more than {MAX_ALIASES} aliases.")
        if not anchor or anchor not in self._weights:
            raise Skipped("the card's front matter holds itself.")
        self._add(self._weights[anchor])

    def scalar(self, anchor: str | None, value: str) -> None:
        if len(value) > MAX_DIGITS and _NUMBER.match(value):
            raise Skipped(f"the card's front matter has a number of more than {MAX_DIGITS} digits.")
        self._add(1)
        if anchor:
            self._weights[anchor] = 1

    def _add(self, weight: int) -> None:
        self._total += weight
        if self._total > MAX_NODES:
            raise Skipped(f"the card's front matter unfolds to more than {MAX_NODES:,} values.")
