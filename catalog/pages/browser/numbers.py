"""Whole numbers as bytes: seven bits each, the low ones first, the high bit set but in the last (LEB128)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import sub

_SMALL = 1 << 14


def _encode(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


_KNOWN = [_encode(number) for number in range(_SMALL)]


def varint(number: int) -> bytes:
    """A number from 0 on."""
    return _KNOWN[number] if number < _SMALL else _encode(number)


def varints(numbers: Iterable[int]) -> bytes:
    """Numbers from 0 on, one after the other."""
    return b"".join([_KNOWN[number] if number < _SMALL else _encode(number) for number in numbers])


def rising(numbers: Sequence[int]) -> bytes:
    """Rising numbers as the first and the steps from each to the next."""
    return varints([numbers[0], *map(sub, numbers[1:], numbers)]) if numbers else b""


def text(value: str) -> bytes:
    """A text as its length in bytes and its UTF-8."""
    encoded = value.encode("utf-8", "surrogatepass")
    return varint(len(encoded)) + encoded
