"""Slots, facet tokens and folded names: the small arithmetic that writer and reader of the index share.

A slot is the rowid of a dataset in the full-text index. It grows as popularity falls, so that a walk of any posting
list meets the most popular datasets first and may stop early: `(255 - level) << 24 | id`. Level 255 is a billion
uses, one step about 8% (`record.popularity_level`); the id of the dataset is the low 24 bits.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import cache

ID_BITS = 24
ID_MASK = (1 << ID_BITS) - 1
TOP_LEVEL = 255
SPELLING_PREFIX = 8
WORD_BITS = 31

TERM_MARK = "\ue000"
"""Starts the token of a facet term. Private-use characters never come from a text: `plain` takes them out."""
EVERY = "\ue001"
"""The token that every document holds."""
TAGS_END = ","
"""Stands after the tags in a document's facets; the tokenizer passes over it."""

_SEPARATORS = re.compile(r"[\W_]+")
CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u309f\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
)
"""Character class of the scripts that are indexed by overlapping pairs: Han, kana, Hangul syllables."""


def slot_of(level: int, dataset_id: int) -> int:
    """The slot of a dataset of this popularity level (0 to 255)."""
    return (TOP_LEVEL - level) << ID_BITS | dataset_id


def level_of(slot: int) -> int:
    """The popularity level that a slot was given for."""
    return TOP_LEVEL - (slot >> ID_BITS)


def token_of(term_id: int) -> str:
    """The token that stands for a facet term in the index."""
    return f"{TERM_MARK}{term_id:x}"


def packed(facets: str) -> str:
    """The facets of a document as `dataset_terms` keeps them: the numbers of its terms, tags first, `TAGS_END`, the
    others, in hexadecimal with spaces between."""
    return facets.removeprefix(f"{EVERY} ").replace(TERM_MARK, "")


def plain(text: str) -> str:
    """Text as it is indexed and asked for: NFKC, without private-use characters and NUL."""
    if text.isascii():
        return text.replace("\x00", " ") if "\x00" in text else text
    return _private().sub(" ", unicodedata.normalize("NFKC", text))


@cache
def _private() -> re.Pattern[str]:
    return re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff\x00]")  # compiled when first needed: start-up counts


def name_norm(name: str) -> str:
    """A name folded for look-up: `Open-Web_Text` and `openwebtext` are the same; "" for a name without letters."""
    if name.isascii() and name.isalnum():
        return name.lower()
    return _SEPARATORS.sub("", plain(name).casefold())


def last_segment(native_id: str) -> str:
    """The short name of an id: what follows the last slash."""
    return native_id.rstrip("/").rpartition("/")[2]


def cjk_runs(text: str) -> list[str]:
    """The runs of CJK characters in a text."""
    return [] if text.isascii() else _cjk_run().findall(text)


@cache
def _cjk_run() -> re.Pattern[str]:
    return re.compile(f"[{CJK}]+")


def apart(text: str) -> str:
    """A text with spaces around its CJK runs: the tokenizer would take 使用BERT模型 for one word."""
    return _cjk_run().sub(r" \g<0> ", text)


def bigrams(run: str) -> str:
    """A run as overlapping pairs, then its last character: 医疗问答 is `医疗 疗问 问答 答`."""
    return " ".join([run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]])


def forms_of(word: str, word_id: int = 0) -> list[int]:
    """The beginning of an ASCII word and each form of it that lacks one letter, as the table keeps them: two words one
    edit apart share a form.

    Only the first `SPELLING_PREFIX` letters count, as in W. Garbe's SymSpell: it halves the table, and a slip further
    on leaves the beginning as it is. A form is its CRC-32 above 31 bits of the word's id: a collision of hashes only
    brings a candidate that is looked at once more.
    """
    head = word[:SPELLING_PREFIX].encode()
    crc = zlib.crc32
    forms = [crc(head) << WORD_BITS | word_id]
    before = 0
    for i, letter in enumerate(head):
        if letter != before:  # of two letters that are the same it does not matter which one lacks
            forms.append(crc(head[:i] + head[i + 1 :]) << WORD_BITS | word_id)
        before = letter
    return forms
