"""A mix as it is written, `wikipedia:zh=0.3,fineweb=0.7`: names with their shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from catalog.errors import Usage

HINT: Final = 'Say it as: --mix "wikipedia:zh=0.3,fineweb=0.7"'


@dataclass(frozen=True)
class Pick:
    """A member of a mix: what it is called (a name, key, `name:language` or a file), and its share of all tokens."""

    name: str
    share: float


def read_mix(text: str) -> tuple[list[Pick], str]:
    """The members of a mix, and a sentence where their shares were brought to a sum of 1 ("" where they had it).

    A share is a number or a percentage; names without one share what is left, equally. Raises `Usage`.
    """
    picks: list[Pick] = []
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, written = part.rpartition("=")
        name, share = (name.strip(), _share(written, part)) if equals else (part, math.nan)
        if not name:
            raise Usage(f"--mix does not understand {part[:60]!r}.", HINT)
        if any(pick.name == name for pick in picks):
            raise Usage(f"--mix names {name[:60]!r} twice.", "Add its shares up.")
        picks.append(Pick(name, share))
    if not picks:
        raise Usage("--mix names no dataset.", HINT)
    return _whole(picks)


def _share(written: str, part: str) -> float:
    text = written.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 < share < math.inf:
        raise Usage(f"--mix does not understand the share in {part[:60]!r}.", f"A share is above 0. {HINT}")
    return share


def _whole(picks: list[Pick]) -> tuple[list[Pick], str]:
    told = sum(pick.share for pick in picks if not math.isnan(pick.share))
    silent = sum(math.isnan(pick.share) for pick in picks)
    if silent:
        left = 1 - told
        if left <= 0:
            raise Usage(f"the shares of --mix sum to {told:g}, which leaves nothing for the others.", HINT)
        picks = [replace(pick, share=left / silent) if math.isnan(pick.share) else pick for pick in picks]
        return picks, "" if told == 0 and silent == 1 else f"each without a share gets {left / silent:.3g}"
    if abs(told - 1) <= 1e-6:
        return picks, ""
    return [
        replace(pick, share=pick.share / told) for pick in picks
    ], f"the shares sum to {told:g}; taken as parts of it"
