"""Dates as people type them: `2026-11`, `7d`, `yesterday`. Pure; every moment is UTC, ISO 8601, to the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from catalog.errors import Usage

_AGO = re.compile(r"(\d{1,5}) ?(h|d|w|m|y|hours?|days?|weeks?|months?|years?)(?: ago)?")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_DAYS = {"today": 0, "yesterday": 1}
_FORMS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def moment(text: str, now: datetime) -> str:
    """The moment that a text means, `now` being the present one: the start of a year, month or day that is named.

    Takes `2026`, `2026-11`, `2026-11-05`, `2026-11-05T14:30`, `7d` (also h, w, m of 30 and y of 365 days), `today` and
    `yesterday`. Raises `Usage` for anything else.
    """
    words = " ".join(text.lower().split())
    found = _relative(words, now.astimezone(UTC)) or _named(words.upper().removesuffix("Z").replace(" ", "T"))
    if found is None:
        raise Usage(f"{text[:40]!r} is no date.", "Write it as 2026, 2026-11, 2026-11-05, 7d, 3w, today or yesterday.")
    return found.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _relative(words: str, now: datetime) -> datetime | None:
    if words in _DAYS:
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS[words])
    ago = _AGO.fullmatch(words)
    try:
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2][0]]) if ago else None
    except OverflowError:
        return None


def _named(words: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(words, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
