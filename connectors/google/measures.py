"""Dates, sizes and digests of schema.org markup, which publishers write in many ways. Pure, and safe for any input."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, Final

from catalog.record import MAX_INT, clean_count
from connectors.google.values import text

Json = dict[str, Any]

_DATE: Final = re.compile(
    r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?\Z"
)
_SIZE: Final = re.compile(r"([0-9][0-9.,\s]*)\s*([KMGTPE]?i?)(?:B|bytes?|octets?)?\Z", re.IGNORECASE)
_HEX: Final = {32: "md5", 64: "sha256"}


def date(value: object) -> str:
    """A date as ISO 8601, in UTC to the second where it has a time and a zone; "" for what is no date."""
    given = text(value, 60)
    match = _DATE.match(given)
    if not match:
        return ""
    year, month, day, time, seconds, zone = match.groups()
    if not 1000 <= int(year) <= 9999 or not 1 <= int(month or 1) <= 12:
        return ""
    whole = f"{year}-{int(month):02}" if month else year
    if not day:
        return whole
    return _moment(f"{whole}-{int(day):02}", time, seconds, zone)


def _moment(day: str, time: str | None, seconds: str | None, zone: str | None) -> str:
    try:
        at = datetime.fromisoformat(f"{day}T{time or '00:00'}{seconds or ':00'}{zone or ''}")
        if not time or not zone:
            return at.isoformat()[:10]
        return f"{at.astimezone(UTC).isoformat()[:19]}Z"
    except (ValueError, OverflowError):
        return ""


def year(value: str) -> int | None:
    """The year of an ISO date."""
    return int(value[:4]) if value else None


def size(value: object) -> int | None:
    """Bytes of a size: a number, or a text with a unit ("134.607 KB", "1,5 GiB", "25007924"); None when unknown."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        unit = text(value.get("unitText") or value.get("unitCode"), 20)
        value = f"{text(value.get('value') or value.get('@value'), 40)} {'' if unit.lower() in _BYTES else unit}"
    number = clean_count(value)
    if number is not None:
        return number
    match = _SIZE.match(value.strip()[:60]) if isinstance(value, str) else None
    return _bytes(match[1], match[2]) if match else None


_BYTES: Final = ("e34", "ad", "byte", "bytes", "b", "octet", "")


def _bytes(digits: str, unit: str) -> int | None:
    digits = re.sub(r"\s", "", digits)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    digits = digits.replace(",", ".")
    if not re.fullmatch(r"\d{1,19}(\.\d{1,9})?\.?", digits):
        return None
    base = 1024 if unit.lower().endswith("i") else 1000
    power = " KMGTPE".index(unit[0].upper()) if unit else 0
    found = round(float(digits) * base**power) if power or "." in digits else int(digits)
    return found if found <= MAX_INT else None


def digest(node: Json) -> str:
    """`sha256:<hex>` or `md5:<hex>` of a file's node where it is well formed, else ""; a base64 MD5 is read too."""
    for name in ("sha256", "md5", "checksum", "spdx:checksum", "contentHash"):
        if found := _digest(node.get(name), name):
            return found
    return ""


def _digest(value: object, name: str) -> str:
    if isinstance(value, dict):
        algorithm = text(value.get("algorithm") or value.get("checksumAlgorithm") or value.get("@type"), 100).lower()
        value = value.get("value") or value.get("checksumValue") or value.get("@value")
        name = next((known for known in _HEX.values() if known in algorithm.replace("-", "")), name)
    if not isinstance(value, str):
        return ""
    given = value.strip()
    label, colon, rest = given.partition(":")
    if colon and label.lower().replace("-", "") in _HEX.values():
        name, given = label.lower().replace("-", ""), rest.strip()
    kind = _HEX.get(len(given), "") if re.fullmatch(r"[0-9a-fA-F]+", given) else ""
    if kind:
        return f"{kind}:{given.lower()}" if name == kind or name not in _HEX.values() else ""
    if name == "md5" and re.fullmatch(r"[A-Za-z0-9+/]{22}==", given):
        try:
            return f"md5:{base64.b64decode(given, validate=True).hex()}"
        except (ValueError, binascii.Error):
            return ""
    return ""
