"""Tokens of a text by the scripts that it is written in, without a tokenizer.

The factors are fitted to the median of three tokenizers of 128,000 to 200,000 pieces (o200k_base, DeepSeek V3, Mistral
Tekken) over prose in 34 languages, manual pages in four, dataset cards and Python; `bench.tokens` measures them anew
and bench/README.md has the table. Of a text of some pages the estimate is within 10% of that median in English, code,
Chinese, Japanese and Korean, within 22% in the other languages measured; scripts without a factor here (Georgian,
Khmer, Ethiopic ...) may be off by a factor of three. One tokenizer differs from the median by up to 5% in English, a
sixth in the languages of Western Europe, 30% in Chinese; one of 32,000 pieces needs 13 to 26% more for English, 20 to
40% more for the languages of Western Europe and Chinese, and two to three times as many for Arabic or Hindi.
"""

from __future__ import annotations

from typing import Final

METHOD: Final = "estimate by script: 4.4 letters a token, 1.2 Chinese characters"
"""What the estimate is, in words that stand behind its numbers."""
NAME: Final = "estimate"
ERROR: Final = 0.2
"""How far the estimate of a text may be from a tokenizer's count, as a share; see above for where it is more."""
OTHER_ERROR: Final = 0.35
"""The same for texts of which a tenth or more is in other scripts than Latin, Chinese, Japanese and Korean."""

_LETTER: Final = 1 / 4.4
_MARK: Final = 0.87  # a digit or an ASCII punctuation mark
_FACTORS: Final = (
    # tokens a character, by the high byte of its UTF-16 code unit
    (0.8, ()),
    (1.6, (0x00, 0x01, 0x02, 0x1E)),  # Latin with marks
    (0.46, (0x03, 0x1F)),  # Greek
    (0.34, (0x04,)),  # Cyrillic
    (0.52, (0x05,)),  # Hebrew, Armenian
    (0.39, (0x06, 0x07)),  # Arabic
    (0.43, tuple(range(0x09, 0x0E))),  # the scripts of India
    (0.42, (0x0E, 0x17)),  # Thai, Lao, Khmer
    (0.5, tuple(range(0x20, 0x30))),  # dashes, quotes, symbols
    (0.74, (0x30,)),  # Kana and ideographic punctuation
    (0.83, (*range(0x31, 0xA0), 0xFF)),  # Han, fullwidth forms
    (0.75, tuple(range(0xAC, 0xD8))),  # Hangul
    (1.2, tuple(range(0xD8, 0xE0))),  # half an emoji
)
_WIDE: Final = (9, 10, 11)
_FOREIGN: Final = (0, 2, 3, 4, 5, 6, 7)


def _table() -> bytes:
    table = bytearray(256)
    for number, (_factor, high) in enumerate(_FACTORS):
        for byte in high:
            table[byte] = number
    return bytes(table)


_CLASSES: Final = _table()
_LETTERS: Final = bytes([*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)])
_BLANK: Final = b" \n"


def tokens_in(text: str) -> int:
    """The estimated tokens of a text, at least 1 for one that is not empty; see `METHOD`."""
    if not text:
        return 0
    if text.isascii():
        return max(1, round(_ascii(text.encode())))
    plain = text.encode("ascii", "ignore")
    return max(1, round(_ascii(plain) + sum(_FACTORS[n][0] * count for n, count in enumerate(_counts(text, plain)))))


def _ascii(text: bytes) -> float:
    rest = text.translate(None, _LETTERS)
    return (len(text) - len(rest)) * _LETTER + len(rest.translate(None, _BLANK)) * _MARK


def _counts(text: str, plain: bytes) -> list[int]:
    """Characters beyond ASCII by class."""
    high = text.encode("utf-16-le", "surrogatepass")[1::2].translate(_CLASSES)
    counts = [high.count(number) for number in range(len(_FACTORS))]
    counts[1] -= len(plain)
    return counts


def error_of(text: str) -> float:
    """How far the estimate of a text may be off, as a share of it."""
    if text.isascii():
        return ERROR
    plain = text.encode("ascii", "ignore")
    counts = _counts(text, plain)
    letters = len(plain) + sum(counts)
    return OTHER_ERROR if sum(counts[number] for number in _FOREIGN) >= 0.1 * letters else ERROR
