"""All license claims on a dataset as one verdict: the strictest wins, and unknown never permits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from catalog.license.classes import CLAUSES, COMMERCIAL, STRICTNESS
from catalog.license.recognise import Recognised, recognise
from catalog.record import Commercial, LicenseClaim, Scope, Verdict

MAX_EXPRESSION: Final = 4  # licenses joined in one expression
MAX_NAME: Final = 6  # words of a curated claim that may still be the name of a license
MAX_QUOTE: Final = 100  # characters of a claim quoted in a reason
_PARTIAL: Final = {"packaging": "packaging", "annotations": "annotations"}
_NAMES: Final = re.compile(r"licen[sc]e|agreement|terms|protocol|rules", re.IGNORECASE)
_FAMILY: Final = "LicenseRef-cc"
_VAGUE: Final = frozenset({"LicenseRef-other", "LicenseRef-custom", "LicenseRef-linked", _FAMILY})
_POINTERS: Final = _VAGUE - {"LicenseRef-custom"}
_CLOSED: Final = {
    "withdrawn": "Withdrawn by its authors.",
    "refused": "Refused by this catalog: its content was shared without the consent of its authors.",
}
_AGREEMENT: Final = {
    "agreement": "access needs a signed agreement, whose terms decide",
    "request": "access is granted on request, and its terms decide",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    claim: LicenseClaim
    said: Recognised

    @property
    def curated(self) -> bool:
        return bool(self.claim.cls)

    @property
    def words(self) -> str:
        raw = " ".join(self.claim.raw.split())
        if not raw or (self.curated and self.said.cls in ("non-commercial", "research-only", "unspecified")):
            return raw or f"its license is {self.said.cls}"
        return raw if len(raw) <= 60 else raw[:59].rstrip() + "…"


def resolve(claims: Sequence[LicenseClaim], access: str = "unknown") -> Verdict:
    """The verdict over all claims on one dataset.

    Strictness: no, unknown, conditions, yes. A claim on the code never decides. A claim that permits, but covers the
    packaging only, permits nothing unless there is one on the content, or somebody else's on the whole dataset; one on
    the annotations needs a claim on the content or the dataset beside it. `access` is `Record.access`: withdrawn and
    refused data are a "no", and data under an agreement is "conditions" at best. The verdict does not depend on a
    claim's evidence, revision or date, so that of the few wordings that most datasets carry is made once.
    """
    return _resolved(tuple((claim.raw, claim.by, claim.scope, claim.cls, claim.note) for claim in claims), access)


@lru_cache(maxsize=8192)
def _resolved(words: tuple[tuple[str, str, Scope, str, str], ...], access: str) -> Verdict:
    claims = [LicenseClaim(raw=raw, by=by, scope=scope, cls=cls, note=note) for raw, by, scope, cls, note in words]
    readings = [_read(claim) for claim in claims if claim.raw.strip() or claim.cls]
    deciding = _closer([reading for reading in readings if reading.claim.scope != "code"])
    expression = _expression(deciding)
    conflicts = _conflicts(deciding)
    if access in _CLOSED:
        cls = max(deciding, key=_strictness).said.cls if deciding else "unspecified"
        return Verdict("no", expression, cls, _CLOSED[access], conflicts)
    if not deciding:
        return Verdict(reason=_nothing(readings, access))
    winner = max(deciding, key=_strictness)
    commercial, reason, cls = _partial(deciding, winner) or (
        winner.said.commercial,
        _reason(deciding, winner),
        winner.said.cls,
    )
    if commercial == "yes" and access in _AGREEMENT:
        commercial, reason = "conditions", f"{reason.rstrip('.')}; {_AGREEMENT[access]}."
    return Verdict(commercial, expression, cls, reason, conflicts)


def _closer(readings: Sequence[_Reading]) -> list[_Reading]:
    """Without labels that only point on ("other", "cc", a link) where another claim names what they point to, and
    without wrappers of which nothing is known where the data have a license of their own."""
    named = [each for each in readings if each.said.expression and each.said.expression not in _VAGUE]

    def plain_now(reading: _Reading) -> bool:
        name = reading.said.expression
        if reading.said.cls == "unspecified" and reading.claim.scope == "packaging":
            return any(each.claim.scope in ("dataset", "content") for each in named)
        if reading.curated or reading.said.commercial != "unknown" or reading in named:
            return False
        kin = "cc" if name == _FAMILY else ""
        others = [each for each in named if each.claim.scope == reading.claim.scope]
        return name in _POINTERS and any(each.said.expression.lower().startswith(kin) for each in others)

    return [reading for reading in readings if not plain_now(reading)]


def _read(claim: LicenseClaim) -> _Reading:
    """What a claim says; the class that a curator gave beats the one read from the text."""
    raw = " ".join(claim.raw.split())
    said = recognise(raw)
    if not claim.cls or claim.cls not in COMMERCIAL:
        return _Reading(claim, said)
    named = said.cls != "custom" or (len(raw.split()) <= MAX_NAME and bool(_NAMES.search(raw)))
    expression = said.expression if named and not _names_nothing(claim, said) else ""
    reason = said.reason if claim.cls == said.cls and named else _quoted(raw, CLAUSES[claim.cls])
    return _Reading(claim, Recognised(expression, claim.cls, COMMERCIAL[claim.cls], reason))


def _names_nothing(claim: LicenseClaim, said: Recognised) -> bool:
    return claim.cls == "unspecified" or (claim.cls == "mixed" and said.cls == "custom")


def _quoted(raw: str, clause: str) -> str:
    """A curator's words with what they mean for commercial use."""
    if not raw:
        return _sentence(clause)
    return _sentence(f"{raw if len(raw) <= MAX_QUOTE else raw[: MAX_QUOTE - 1].rstrip() + '…'}: {clause}")


def _strictness(reading: _Reading) -> tuple[int, bool, int]:
    copyleft = reading.said.cls in ("share-alike", "no-derivatives")
    return STRICTNESS[reading.said.commercial], reading.curated, copyleft


def _nothing(readings: Sequence[_Reading], access: str) -> str:
    if readings:
        first = readings[0]
        return f"Only the code has a license ({first.words}, says {first.claim.by}); it does not cover the data."
    suffix = f" ({_AGREEMENT[access]})" if access in _AGREEMENT else ""
    return f"No license is stated{suffix}."


def _partial(deciding: Sequence[_Reading], winner: _Reading) -> tuple[Commercial, str, str] | None:
    """The verdict where nothing forbids, but no permitting claim reaches the content; None where that is no matter."""
    if winner.said.commercial == "no":
        return None
    wrappers = [r for r in deciding if r.claim.scope in _PARTIAL and r.said.commercial in ("yes", "conditions")]
    if not wrappers:
        return None
    others = [r for r in deciding if r.claim.scope not in _PARTIAL and r.said.commercial == "unknown"]
    wrapper = wrappers[0]
    covers = f"the {wrapper.words} label covers the {_PARTIAL[wrapper.claim.scope]}"
    if others:
        silent = max(others, key=_strictness)
        return "unknown", _sentence(f"{covers}; {_owner(silent)}"), silent.said.cls
    if any(_reaches(reading, wrappers) for reading in deciding):
        return None
    return "unknown", _sentence(f"{covers}; what the content's license is, nobody says"), "unspecified"


def _reaches(reading: _Reading, wrappers: Sequence[_Reading]) -> bool:
    """Whether a permitting claim covers the content: one on the content, or on the whole dataset by somebody else."""
    if reading.said.commercial not in ("yes", "conditions"):
        return False
    apart = all(each.claim.scope == "annotations" or each.claim.by != reading.claim.by for each in wrappers)
    return reading.claim.scope == "content" or (reading.claim.scope == "dataset" and apart)


def _owner(silent: _Reading) -> str:
    if silent.claim.note:
        return silent.claim.note
    if silent.said.cls == "unspecified" and len(silent.words) <= 12:
        return "the content belongs to its authors, and no license for it is stated"
    if silent.curated and silent.said.cls != "unspecified":
        return f"{silent.words}: {CLAUSES[silent.said.cls]}"
    return silent.words if silent.said.cls == "unspecified" else silent.said.reason


def _reason(deciding: Sequence[_Reading], winner: _Reading) -> str:
    by = winner.claim.by or "the source"
    words = _cited(winner)
    if winner.said.commercial == "yes" and not any(reading.curated for reading in deciding):
        return f"{winner.said.reason.rstrip('.')} ({words}declared by {by}, not verified)."
    note = f"; {winner.claim.note.rstrip('.')}" if winner.claim.note and winner.said.commercial != "yes" else ""
    return f"{winner.said.reason.rstrip('.')} ({words}says {by}){note}."


def _cited(winner: _Reading) -> str:
    """The words of the claim that decide, quoted, where the reason does not hold them already."""
    words = winner.said.quote or " ".join(winner.claim.raw.split())
    if not words or words.lower()[: MAX_QUOTE // 2] in winner.said.reason.lower():
        return ""
    return f"“{words if len(words) <= MAX_QUOTE else words[: MAX_QUOTE - 1].rstrip() + '…'}”, "


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + "."


def _expression(deciding: Sequence[_Reading]) -> str:
    """Every license that is named, joined by AND: all of them must be kept."""
    names: dict[str, None] = {}
    for reading in deciding:
        names.update(dict.fromkeys(filter(None, reading.said.expression.split(" AND "))))
    for name in [name for name in names if name.startswith("LicenseRef-")]:
        start = name.lower().removeprefix("licenseref-") + "-"
        vague = name in _VAGUE and len(names) > 1
        if vague or any(other.lower().startswith(start) for other in names):
            del names[name]
    kept = list(names)[:MAX_EXPRESSION]
    return " AND ".join(f"({name})" if " OR " in name and len(kept) > 1 else name for name in kept)


def _conflicts(deciding: Sequence[_Reading]) -> tuple[str, ...]:
    """The claims that say something else of commercial use than the first; a scope of its own is no contradiction."""
    found: list[str] = []
    for scope in ("dataset", "content", "packaging", "annotations"):
        readings = [reading for reading in deciding if reading.claim.scope in (scope, "dataset")]
        first = next((reading for reading in readings if reading.claim.scope == scope), None)
        for other in readings:
            if first and other.claim is not first.claim and _disagree(first, other):
                found.append(f"{_says(first)}; {_says(other)}")
    return tuple(dict.fromkeys(found))


def _disagree(one: _Reading, other: _Reading) -> bool:
    if one.said.commercial != other.said.commercial:
        return all(each.said.commercial != "unknown" or each.curated for each in (one, other))
    specific = [e for e in (one.said.expression, other.said.expression) if e and not e.startswith("LicenseRef-")]
    return len(specific) == 2 and specific[0] != specific[1]


def _says(reading: _Reading) -> str:
    by = reading.claim.by or "the source"
    return f"{by} says {reading.words}"
