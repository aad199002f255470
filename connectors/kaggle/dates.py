"""Dates as Kaggle writes them, as ISO 8601 in UTC to the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?\Z")
_AMERICAN: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}:\d{2}:\d{2})(?: ?([AP]M))?)?\Z")


def moment(value: object) -> str:
    """A date of the API (1 to 7 fractional digits) or of Meta Kaggle (MM/DD/YYYY[ HH:MM:SS]); "" for what is none.

    A day stays a day; a time without a zone is UTC.
    """
    if not isinstance(value, str) or len(value) > 40:
        return ""
    text = value.strip()
    try:
        if len(text) == 19 and text[2] == text[5] == "/":  # most of Meta Kaggle's
            return _iso(f"{text[6:10]}-{text[:2]}-{text[3:5]}", text[11:], None)
        if match := _ISO.match(text):
            return _iso(*match.groups())
        if match := _AMERICAN.match(text):
            return _american(*match.groups())
    except (ValueError, OverflowError):
        pass
    return ""


def _iso(day: str, time: str | None, zone: str | None) -> str:
    at = datetime.fromisoformat(f"{day}T{time or '00:00:00'}{zone or 'Z'}")
    if zone not in (None, "Z"):
        at = at.astimezone(UTC)
    if at.year < 1000:
        return ""
    return f"{at.isoformat()[:19]}Z" if time else day


def _american(month: str, day: str, year: str, time: str | None, half: str | None) -> str:
    date = f"{year}-{int(month):02}-{int(day):02}"
    if time is None:
        return _iso(date, None, None)
    hour, rest = time.split(":", 1)
    number = int(hour) % 12 + (12 if half == "PM" else 0) if half else int(hour)
    return _iso(date, f"{number:02}:{rest}", None)
