"""Dataset cards: the front matter of README.md and its licensing section, read within caps since anyone may write it.

A YAML of 289 bytes with aliases upon aliases unfolds to 250 MB, and deep nesting exhausts a parser's stack; so the
events are counted first, aliases at the size of what they repeat, and only then is anything built.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from catalog.errors import Skipped
from catalog.record import LicenseClaim, Scope, clean

MAX_CARD: Final = 1 << 20  # characters
MAX_ALIASES: Final = 100
MAX_DEPTH: Final = 50
MAX_NODES: Final = 200_000
MAX_DIGITS: Final = 300
MAX_READ: Final = 20_000  # characters read of a licensing section
MAX_SECTION: Final = 4_000  # characters kept of a licensing section
MAX_SECTIONS: Final = 4
MAX_HEADING: Final = 80
MAX_HEADINGS: Final = 1_000
_FENCE: Final = re.compile(r"---[ \t]*\r?\n")
_END: Final = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(#{1,6})[ \t]+(\S.{0,200}?)[ \t]*$", re.MULTILINE)
_FENCED_HASH: Final = re.compile(r"^#(?=[ \t]*(?:!|import |from |coding|-\*-))", re.MULTILINE)  # comments of code
_ON_LICENSE: Final = re.compile(
    r"\blicen[sc](?:e|es|ing)\b|\bcopyright|\bterms (?:of|and|&)|\busage (?:terms|rights|restrictions)"
    r"|许可|授权|版权|使用限制|使用协议|ライセンス|라이선스|\blicencias?\b|\blizenz",
    re.IGNORECASE,
)
_ON_CODE: Final = re.compile(r"\b(?:code|software|models?|weights)\b|代码|模型", re.IGNORECASE)
_ON_SOURCE: Final = re.compile(
    r"\b(?:source|underlying|original|language) (?:data|text|licen[sc]e|content)|原始", re.IGNORECASE
)
_ON_DATA: Final = re.compile(r"\b(?:data|datasets?|corpus|annotations?)\b|数据", re.IGNORECASE)
_TEMPLATE: Final = re.compile(
    r"<!--.{0,1000}?-->|```\w{0,20}\s{0,20}@.{0,2000}?(?:```|\Z)"
    r"|\[?\b(?:more information needed|needs more information)\b\]?(?:\([^)]{0,200}\))?",
    re.IGNORECASE | re.DOTALL,
)
_EMPTY: Final = re.compile(r"(?:[\W_]|n/?a|not applicable|tbd|todo)*", re.IGNORECASE)
_MAY_LIMIT: Final = re.compile(r"comm?er|research|academic|licen[sc]|商|研究|学术", re.IGNORECASE)
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


# --- the licensing section ------------------------------------------------------------------------------------------


def license_claims(text: str, revision: str = "") -> tuple[LicenseClaim, ...]:
    """What the body of a card says of its license, one claim a section; empty and templated sections say nothing.

    A section on the code or the model is a claim on the code, one on the source data a claim on the content. The
    headings are those of the Hub's template (Licensing Information) and what people write instead, in English or
    Chinese.
    """
    found = []
    for heading, section in licensing_sections(text):
        by = f"card section {clean(heading, MAX_HEADING)!r}"
        scope = _scope(heading)
        found.append(LicenseClaim(raw=section, by=by, scope=scope, revision=revision))
    return tuple(found[:MAX_SECTIONS])


def licensing_sections(text: str) -> list[tuple[str, str]]:
    """Headings about the license with their text, up to the next heading of the same or a higher level."""
    body = _FENCED_HASH.sub(" ", text[len(front_matter(text)) :][:MAX_CARD])
    headings = list(islice(_HEADING.finditer(body), MAX_HEADINGS))
    found = []
    for place, heading in enumerate(headings):
        title = heading[2].strip(" #*_`:")
        if not _ON_LICENSE.search(title):
            continue
        level = len(heading[1])
        ends = (after.start() for after in headings[place + 1 :] if len(after[1]) <= level)
        section = _TEMPLATE.sub(" ", body[heading.end() : next(ends, len(body))][:MAX_READ]).strip()
        if not _EMPTY.fullmatch(section[:MAX_SECTION]):
            found.append((title, clean(_shortened(section), MAX_SECTION)))
    return found


def _shortened(section: str) -> str:
    """A section within `MAX_SECTION`: its beginning, then the lines that may limit the use."""
    if len(section) <= MAX_SECTION:
        return section
    head = MAX_SECTION // 2
    limits = [line.strip()[:400] for line in section[head:].splitlines() if _MAY_LIMIT.search(line)]
    return "\n".join([section[:head], *limits])


def _scope(heading: str) -> Scope:
    if _ON_SOURCE.search(heading):
        return "content"
    return "code" if _ON_CODE.search(heading) and not _ON_DATA.search(heading) else "dataset"
