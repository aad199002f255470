"""Synonyms: of WordNet for English, of files that the user names for Chinese and anything else.

The table wordnet.tsv.xz is made by bench/wordnet.py from WordNet 3.0 (Princeton University; its notice is at the top of
the table and in WORDNET-LICENSE). A file of the user has a group of synonyms a line, parted by tabs, commas or spaces,
or is JSON: an object of lists, or a list of lists. Lines of Tongyici Cilin are read as such: `Aa01A01= 人 士 人物` is a
group, `#` marks words that are only related, and `@` a word alone.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from catalog.augment.words import Segmenter, is_wide
from catalog.errors import Usage

MAX_FILE: Final = 64 << 20
LONGEST: Final = 12
"""Characters of the longest word that is looked for in a run of Chinese."""
_CILIN: Final = re.compile(r"[A-Z][a-z]\d\d[A-Z]\d\d([=#@])\s+")
_PARTS: Final = re.compile(r"[\t,，;；|=]+|\s+")

_Groups = dict[str, list[tuple[str, ...]]]


class _Table(NamedTuple):
    """WordNet: groups by part of speech and word; irregular forms to their bases; the forms of a base."""

    groups: dict[str, _Groups]
    bases: dict[str, dict[str, str]]
    forms: dict[str, dict[str, list[str]]]


@cache
def _wordnet() -> _Table:
    packed = files("catalog.augment").joinpath("wordnet.tsv.xz").read_bytes()
    groups: dict[str, _Groups] = {part: {} for part in "nvar"}
    bases: dict[str, dict[str, str]] = {"n": {}, "v": {}}
    forms: dict[str, dict[str, list[str]]] = {"n": {}, "v": {}}
    for line in lzma.decompress(packed).decode().splitlines():
        part, *words = line.split("\t")
        if part in groups:
            for word in words:
                groups[part].setdefault(word, []).append(tuple(words))
        elif part[:1] == "x":
            bases[part[1]].setdefault(words[0], words[1])
            forms[part[1]].setdefault(words[1], []).append(words[0])
    return _Table(groups, bases, forms)


class Synonyms:
    """Looks up synonyms. `path` is a file of the user, whose words are looked up first; `english` whether WordNet is
    asked as well. Raises `Usage` for a file that holds none."""

    def __init__(self, path: Path | None = None, *, english: bool = True) -> None:
        self._english = english
        self._own: dict[str, list[str]] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        if path is not None:
            for group in _groups_in(path):
                for word in group:
                    others = self._own.setdefault(word.casefold(), [])
                    others.extend(other for other in group if other != word and other not in others)
            if not any(self._own.values()):
                raise Usage(f"{path} holds no synonyms.", "Write a group of them a line: 高兴 快乐 开心")

    def of(self, word: str) -> Sequence[str]:
        """The synonyms of a word in small letters, always in the same order, () for none. English inflected forms are
        led back to their base, and the synonyms inflected as they are; those that cannot be are left out."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = tuple(self._own.get(word, ())) or self._in_english(word)
        return found

    def _in_english(self, word: str) -> tuple[str, ...]:
        if not self._english or not word.isascii() or not word.isalpha():
            return ()
        table = _wordnet()
        found: dict[str, None] = {}
        for part in "nvar":
            for base, ending in _bases(word, part, table):
                for group in table.groups[part].get(base, ()):
                    for other in group:
                        form = _inflected(other, part, ending, table)
                        if form and other != base and form != word:
                            found.setdefault(form)
                if base in table.groups[part]:
                    break
        return tuple(sorted(found))

    def segmenter(self) -> Segmenter | None:
        """What cuts Chinese into the words of the user's file and single characters, by the longest match; None where
        that file has no such words."""
        words = frozenset(word for word in self._own if is_wide(word) and len(word) > 1)
        if not words and not any(map(is_wide, self._own)):
            return None
        longest = min(LONGEST, max(map(len, words), default=1))

        def cut(run: str) -> list[str]:
            parts, at = [], 0
            while at < len(run):
                size = next((n for n in range(min(longest, len(run) - at), 1, -1) if run[at : at + n] in words), 1)
                parts.append(run[at : at + size])
                at += size
            return parts

        return cut


# -- forms of English words (after WordNet's morphy) -------------------------------------------------------------------

_ENDINGS: Final = {
    "n": (("ies", "y", "s"), ("ches", "ch", "s"), ("shes", "sh", "s"), ("xes", "x", "s"), ("sses", "ss", "s"),
          ("s", "", "s")),
    "v": (("ies", "y", "s"), ("es", "e", "s"), ("es", "", "s"), ("s", "", "s"), ("ied", "y", "ed"), ("ed", "e", "ed"),
          ("ed", "", "ed"), ("ing", "e", "ing"), ("ing", "", "ing")),
    "a": (), "r": (),
}  # fmt: skip


def _bases(word: str, part: str, table: _Table) -> Iterator[tuple[str, str]]:
    """What a word may be a form of, with the kind of its ending: itself, an irregular base, a regular one."""
    yield word, ""
    irregular = table.bases.get(part, {}).get(word)
    if irregular:
        ending = "s" if part == "n" else next((end for end in ("ing", "ed", "s") if word.endswith(end)), "")
        if ending:
            yield irregular, ending
    for end, base, ending in _ENDINGS[part]:
        if word.endswith(end) and len(word) > len(end) + 2:
            yield word.removesuffix(end) + base, ending


def _inflected(word: str, part: str, ending: str, table: _Table) -> str:
    """A word with an ending, "" where it has irregular forms of which it is not sure which one it is."""
    if not ending:
        return word
    if not word.isalpha():
        return ""
    forms = table.forms[part].get(word, [])
    if forms:
        fitting = [form for form in forms if ending == "s" or form.endswith(ending)]
        if ending == "ed" and len(fitting) != len(forms) and not all(form.endswith(("ed", "ing")) for form in forms):
            return ""
        if fitting:
            return fitting[0]
        if ending != "ing":
            return _regular(word, ending) if part == "v" and ending == "s" else ""
    return _regular(word, ending)


def _regular(word: str, ending: str) -> str:
    consonant_y = word.endswith("y") and word[-2:-1] not in "aeiou"
    if ending == "s":
        if consonant_y:
            return word[:-1] + "ies"
        return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
    if ending == "ed":
        return word[:-1] + "ied" if consonant_y else word + ("d" if word.endswith("e") else "ed")
    silent = word.endswith("e") and not word.endswith(("ee", "oe", "ye"))
    return (word[:-2] + "y" if word.endswith("ie") else word[:-1] if silent else word) + "ing"


# -- files of the user -------------------------------------------------------------------------------------------------


def _groups_in(path: Path) -> Iterator[list[str]]:
    try:
        if path.stat().st_size > MAX_FILE:
            raise Usage(f"{path} is larger than {MAX_FILE >> 20} MiB.", "Name a list of synonyms.")
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() == ".json":
            yield from _groups_of(json.loads(text))
            return
    except (OSError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:100]
        raise Usage(f"{path} cannot be read as synonyms ({said}).", "Write a group of them a line.") from error
    for line in text.splitlines():
        cilin = _CILIN.match(line)
        if line.startswith("#") or (cilin and cilin[1] != "="):
            continue
        yield _clean(_PARTS.split(line[cilin.end() :] if cilin else line))


def _groups_of(value: object) -> Iterator[list[str]]:
    if isinstance(value, dict):
        for word, others in value.items():
            yield _clean([str(word), *(others if isinstance(others, list) else _PARTS.split(str(others)))])
    elif isinstance(value, list):
        for group in value:
            yield _clean(group if isinstance(group, list) else [])


def _clean(words: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in words if isinstance(word, str) and word.strip()))
