"""Personal data in text, by kind, found by form and, where there is one, by its check digit; shown masked.

Forms: RFC 5322 in its everyday part for mail, E.164 for telephones, GB 11643-1999 for Chinese resident ids (18 digits,
ISO 7064 MOD 11-2), the rules of the SSA for US social security numbers, ISO/IEC 7812 (Luhn) for cards, ISO 13616
(MOD 97-10) for IBANs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Personal(NamedTuple):
    """A place that looks like personal data: its kind, and the text with all but its ends masked."""

    kind: str
    masked: str


def personal_data(text: str) -> Iterator[Personal]:
    """What in a text looks like personal data. What is taken for one kind is not looked at for another."""
    if not _MAYBE.search(text):
        return
    taken: list[tuple[int, int]] = []
    for kind, pattern, holds in _KINDS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < b and a < end for a, b in taken) or not holds(match[0]):
                continue
            taken.append((start, end))
            yield Personal(kind, masked(match[0]))


def masked(value: str) -> str:
    """A value with its middle hidden: `jo***om`."""
    return f"{value[:2]}***{value[-2:]}" if len(value) > 6 else "***"


def _luhn(text: str) -> bool:
    digits = [int(each) for each in text if each.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (2 * digit - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _resident_id(text: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper() and 1 <= int(text[10:12]) <= 12 and 1 <= int(text[12:14]) <= 31


def _social_security(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _iban(text: str) -> bool:
    bare = re.sub(r"\s", "", text).upper()
    moved = bare[4:] + bare[:4]
    return 15 <= len(bare) <= 34 and int("".join(str(int(each, 36)) for each in moved)) % 97 == 1


def _address(text: str) -> bool:
    parts = [int(part) for part in text.split(".")]
    return all(part <= 255 for part in parts) and parts[0] not in (0, 10, 127, 255) and text.count("0") < 6


def _telephone(text: str) -> bool:
    return 9 <= sum(map(str.isdigit, text)) <= 15


def _always(_text: str) -> bool:
    return True


_MAYBE: Final = re.compile(r"@|\d{2}")
_KINDS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("e-mail", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b", re.ASCII), _always),
    ("resident id", re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{9}[\dXx](?!\d)"), _resident_id),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _iban),
    ("US social security number", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), _social_security),
    ("card number", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])"), _luhn),
    ("Chinese mobile number", re.compile(r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)"), _always),
    ("telephone number", re.compile(r"(?<![\w.])\+\d{1,3}[ (-]{1,2}\d{1,4}\)?(?:[ -]?\d{2,4}){2,4}(?!\d)"), _telephone),
    ("telephone number", re.compile(r"(?<![\w.])\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)"), _telephone),
    ("IP address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), _address),
)
