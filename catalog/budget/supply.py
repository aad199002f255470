"""The tokens that a dataset gives, with how sure that is: published, or estimated from bytes or rows, or unknown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from catalog.record import Amount, Entry

TOKENIZERS: Final = 0.15
TOKENIZERS_OTHER: Final = 0.3
"""How far a published count may be from that of another tokenizer with 100,000 pieces or more (bench/README.md): in
Latin script, and in others."""
TEXT_BYTES: Final = 0.25
PACKED_BYTES: Final = 0.5
"""How far estimates from bytes may be off: of text, and of repositories whose files are packed and hold more than text.
Sets of the embedded catalog that publish both have 3.65 to 4.5 bytes of their repository a token."""
DOCUMENT: Final = 1000
DOCUMENT_LOW: Final = 400
DOCUMENT_HIGH: Final = 2500
"""Tokens of a document for pre-training: sets of web pages and papers that publish both have 620 to 2,330."""
BYTES: Final = {
    "zh": 3.6, "ja": 3.8, "ko": 4.1, "ru": 6.5, "uk": 6.0, "bg": 6.0, "el": 4.6, "he": 4.2, "ar": 5.5, "fa": 5.5,
    "ur": 5.2, "hi": 7.5, "bn": 7.0, "ta": 7.0, "th": 6.5,
}  # fmt: skip
"""UTF-8 bytes a token by language; `PLAIN` for those in Latin script. From the same texts as `tokens.estimate`."""
PLAIN: Final = 4.3
_REPOSITORY: Final = re.compile(
    r"repositor|download|listing|page|zip|packed|compress|length of the file", re.IGNORECASE
)


@dataclass(frozen=True)
class Supply:
    """Tokens of a dataset: `tokens` from `low` to `high`, None where nothing tells; `high` alone where only the whole
    that it is a part of is known. `basis` says in words where the number comes from, `bytes` is what a download takes.
    """

    tokens: float | None
    low: float
    high: float | None
    basis: str
    bytes: int | None = None
    rows: int | None = None

    @property
    def share(self) -> float | None:
        """The half width as a share of the number, None where it is unknown."""
        if not self.tokens or self.high is None:
            return None
        return (self.high - self.low) / (2 * self.tokens)


def whole_of(tokens: float, low: float, high: float, basis: str, size: int | None, rows: int | None) -> Supply:
    """What was counted in files that are here."""
    return Supply(tokens, low, high, basis, size, rows)


def languages_of(entry: Entry) -> list[str]:
    """The languages that an entry is tagged with."""
    return [tag.term for tag in entry.tags or () if tag.facet == "language"]


def supply_of(entry: Entry, language: str = "") -> Supply:
    """The tokens of a dataset, or of its part in one language. What is told of several languages together is no more
    than a limit for one of them."""
    spoken = languages_of(entry)
    whole = _whole(entry, language or next((each for each in spoken if each != "mul"), ""))
    if not language or spoken == [language]:
        return whole
    several = "its languages are told together only"
    if whole.high is None:
        return Supply(None, 0, None, f"{several}, and no size of them", None)
    return Supply(None, 0, whole.high, f"{several}: {whole.basis}", None)


def _whole(entry: Entry, language: str) -> Supply:
    size, rows = _value(entry.bytes), _value(entry.rows)
    if entry.tokens is not None:
        at_least = "at least, " if entry.tokens.lower_bound else ""
        value = float(entry.tokens.value)
        error = TOKENIZERS_OTHER if language in BYTES else TOKENIZERS
        low, high = value * (1 - error), value * (1 + error)
        return Supply(value, low, high, f"published: {at_least}{entry.tokens.source}", size, rows)
    kinds = {tag.term for tag in entry.tags or () if tag.facet == "modality"}
    if kinds & {"image", "audio", "video", "multimodal", "3d"}:
        return Supply(None, 0, None, "no count of tokens is published, and its bytes are not those of text", size, rows)
    if entry.bytes is not None:
        return _by_bytes(entry.bytes, language, size, rows)
    if rows is not None and any(tag.facet == "task" and tag.term == "pretrain" for tag in entry.tags or ()):
        basis = f"estimated: {rows:,} rows at {DOCUMENT:,} tokens a document"
        return Supply(rows * DOCUMENT, rows * DOCUMENT_LOW, rows * DOCUMENT_HIGH, basis, size, rows)
    reason = "no size is published" if rows is None else "only rows are published, and how long they are is not"
    return Supply(None, 0, None, reason, size, rows)


def _by_bytes(amount: Amount, language: str, size: int | None, rows: int | None) -> Supply:
    factor = BYTES.get(language, PLAIN)
    packed = bool(_REPOSITORY.search(amount.source))
    error = PACKED_BYTES if packed else TEXT_BYTES
    value = amount.value / factor
    what = f"bytes a token in {language or 'Latin script'}"
    basis = f"estimated: {factor:g} {what}, {amount.source}"
    return Supply(value, value * (1 - error), value * (1 + error), basis, size, rows)


def _value(amount: Amount | None) -> int | None:
    return None if amount is None else amount.value
