"""Amounts as people write them: `1.1B`, `350M`, `7e9`, `15 T`, `1,100,000,000`."""

from __future__ import annotations

import math
import re
from typing import Final

from catalog.errors import Usage

_AMOUNT: Final = re.compile(r"\s*([\d,_]*\.?\d+(?:e[+-]?\d{1,3})?)\s*([kmbgt]?)\s*", re.IGNORECASE)
_UNITS: Final = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
MOST: Final = 1e18


def amount(text: str, what: str) -> float:
    """The number that a text means, above 0; `what` names it in the error. Raises `Usage`."""
    match = _AMOUNT.fullmatch(text)
    try:
        value = float(match[1].replace(",", "").replace("_", "")) * _UNITS[match[2].lower()] if match else math.nan
    except ValueError:
        value = math.nan
    if value > MOST:
        raise Usage(f"{what} is beyond {MOST:.0e}: {text[:40]!r}.", "Say it as: 1.1B, 350M or 7e9")
    if not value > 0:
        raise Usage(f"{what} does not understand {text[:40]!r}.", "Say it as: 1.1B, 350M or 7e9")
    return value
