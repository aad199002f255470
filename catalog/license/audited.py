"""Known datasets whose licenses limit them and what is derived from them (audited.tsv, read once)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from typing import Final, cast

from catalog.record import LicenseClaim, Scope

_MIN_NAME: Final = 6  # letters of a name that is looked for in running text
_PARTS: Final = re.compile(r"[a-z0-9]+|[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Audited:
    """A dataset that the embedded catalog knows, and the claim on it that limits most."""

    key: str
    title: str
    cls: str
    scope: Scope
    raw: str
    by: str
    evidence: str

    def claim(self, inherited: str = "") -> LicenseClaim:
        """The claim as one on the dataset itself, or on one derived from it, as the words `inherited` say."""
        if not inherited:
            note = f"{self.title} in the embedded catalog"
            return LicenseClaim(
                raw=self.raw, by=self.by, scope=self.scope, cls=self.cls, evidence=self.evidence, note=note
            )
        return LicenseClaim(
            raw=self.raw,
            by=f"{self.by}, of {self.title}",
            scope="content",
            cls=self.cls,
            evidence=self.evidence,
            note=f"derived from it: {inherited}",
        )


@cache
def _rows() -> tuple[dict[str, Audited], dict[str, Audited]]:
    """The datasets by key and by name; about 4 ms at first use."""
    text = resources.files(__package__).joinpath("audited.tsv").read_text(encoding="utf-8")
    keys: dict[str, Audited] = {}
    names: dict[str, Audited] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        listed, title, aliases, cls, scope, raw, by, evidence = line.split("\t")
        own = listed.split("|")
        row = Audited(own[0], title, cls, cast("Scope", scope), raw, by, evidence)
        for key in own:
            keys.setdefault(key.lower(), row)
        ids = [key.partition(":")[2] for key in own]
        for name in (title, *ids, *aliases.split("|")):
            names.setdefault(_name(name), row)
    return keys, {name: row for name, row in names.items() if len(name.replace(" ", "")) >= _MIN_NAME}


def _name(text: str) -> str:
    return " ".join(_PARTS.findall(text.lower()))


def by_key(key: str) -> Audited | None:
    """The dataset of a key (`huggingface:openai/gsm8k`), None where nothing is held against it."""
    return _rows()[0].get(key.lower())


def named(text: str) -> Audited | None:
    """The dataset that a text names as a whole (a title, an id, an alias)."""
    return _rows()[1].get(_name(text))


def within(text: str) -> Iterator[Audited]:
    """The datasets that a text names at its beginning, the longest name first."""
    parts = list(islice(_PARTS.finditer(text.lower()), 8))
    for size in range(len(parts), 0, -1):
        owner = text[parts[size - 1].end() :].startswith("/")  # of another dataset
        row = _rows()[1].get(" ".join(part[0] for part in parts[:size]))
        if row and not owner:
            yield row
