"""The query set of a corpus file: what people type, with what they should get.

One JSON object a line: `kind`, `q` (what is typed), `targets` (keys) and `count` (how many rows answer it). Any target
answers a known-item, typo or prefix query; for Chinese substrings the targets are all rows that hold the text.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from bench.measure import say
from bench.words import PLANTED, latin_words
from catalog import vocabulary
from catalog.record import Entry, decode

KNOWN_ITEMS: Final = 200
TYPOS: Final = 200
PREFIXES: Final = 60
PAIRS: Final = 60
SUBSTRINGS: Final = 60
"""Of each length, 2, 3 and 4 characters."""
FACETS: Final = 20
SAMPLE: Final = 1_500

_FACETS: Final = ("domain", "task", "language", "modality", "genre", "format")
_HAN: Final = re.compile("[\u4e00-\u9fff]{4,}")
_WORD: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """One query with its answer."""

    kind: str
    q: str
    targets: tuple[str, ...] = ()
    count: int = 0


@dataclass
class _Asked:
    """A query whose answer a scan collects; `keep` says whether the keys are wanted beside the count."""

    kind: str
    q: str
    keep: bool = True
    keys: list[str] = field(default_factory=list)
    count: int = 0

    def found(self, entry: Entry) -> None:
        self.count += 1
        if self.keep:
            self.keys.append(entry.key)


def read_queries(path: Path) -> dict[str, list[Case]]:
    """The queries of a file by kind."""
    found: dict[str, list[Case]] = defaultdict(list)
    for line in path.read_bytes().splitlines():
        case = msgspec.json.decode(line, type=Case)
        found[case.kind].append(case)
    return found


def write_queries(corpus: Path, target: Path) -> None:
    """Draw queries from a corpus file and find their answers by scanning it."""
    chance = random.Random("catalog bench queries")
    sample = _sample(corpus)
    scan = _Scan()
    _ask_names(scan, [entry for entry in sample if entry.description.isascii()], chance)
    _ask_pairs(scan, [entry for entry in sample if entry.description.isascii()], chance)
    _ask_substrings(scan, [entry for entry in sample if not entry.description.isascii()], chance)
    _ask_facets(scan, sample, chance)
    rows = 0
    for rows, entry in enumerate(_read(corpus), start=1):  # noqa: B007
        scan.see(entry)
    target.parent.mkdir(parents=True, exist_ok=True)
    cases = [Case(asked.kind, asked.q, tuple(asked.keys), asked.count) for asked in scan.asked]
    target.write_bytes(b"".join(msgspec.json.encode(case) + b"\n" for case in cases))
    say(f"{target.name}: {len(cases)} queries answered by a scan of {rows:,} rows")


class _Scan:
    """The open queries, arranged so that one pass over the rows answers all of them."""

    def __init__(self) -> None:
        self.asked: list[_Asked] = []
        self._names: dict[str, list[_Asked]] = defaultdict(list)
        self._words: dict[str, list[tuple[str, _Asked]]] = defaultdict(list)
        self._substrings: list[_Asked] = []
        self._facets: list[tuple[frozenset[tuple[str, str]], str, _Asked]] = []
        self._vocabulary = vocabulary.load()

    def name(self, asked: _Asked, name: str) -> None:
        """Answered by rows of this name."""
        self.asked.append(asked)
        self._names[name].append(asked)

    def pair(self, asked: _Asked, first: str, second: str) -> None:
        """Answered by rows that hold both words."""
        self.asked.append(asked)
        self._words[first].append((second, asked))

    def substring(self, asked: _Asked) -> None:
        """Answered by rows that hold the text, within a longer one or not."""
        self.asked.append(asked)
        self._substrings.append(asked)

    def facets(self, asked: _Asked, terms: Iterable[tuple[str, str]], word: str = "") -> None:
        """Answered by rows that have all terms (or terms below them), and the word."""
        self.asked.append(asked)
        self._facets.append((frozenset(terms), word, asked))

    def see(self, entry: Entry) -> None:
        for asked in self._names.get(entry.name, ()):
            asked.found(entry)
        words = set(_WORD.findall(f"{entry.id} {entry.title} {entry.description}".lower()))
        for word in words & self._words.keys():
            for other, asked in self._words[word]:
                if other in words:
                    asked.found(entry)
        terms = self._closure(entry)
        for wanted, word, asked in self._facets:
            if wanted <= terms and (not word or word in words):
                asked.found(entry)
        if not entry.description.isascii():
            text = f"{entry.name}\n{entry.title}\n{entry.title_zh}\n{entry.description}"
            for asked in self._substrings:
                if asked.q in text:
                    asked.found(entry)

    def _closure(self, entry: Entry) -> set[tuple[str, str]]:
        terms: set[tuple[str, str]] = set()
        for tag in entry.tags or ():
            terms.add((tag.facet, tag.term))
            if self._vocabulary.has(tag.facet, tag.term):
                terms.update((tag.facet, above) for above in self._vocabulary.ancestors(tag.facet, tag.term))
        return terms


def _read(corpus: Path) -> Iterator[Entry]:
    with corpus.open("rb") as file:
        yield from map(decode, file)


def _sample(corpus: Path) -> list[Entry]:
    """Rows spread evenly over the file, and as many Chinese ones again."""
    with corpus.open("rb") as file:
        rows = sum(1 for _ in file)
    step = max(1, rows // SAMPLE)
    latin: list[Entry] = []
    chinese: list[Entry] = []
    for number, entry in enumerate(_read(corpus)):
        if entry.description.isascii():
            if number % step == 0:
                latin.append(entry)
        elif len(chinese) < SAMPLE and number % max(1, step // 25) == 0:
            chinese.append(entry)
    return [*latin, *chinese]


def _typed(entry: Entry) -> str:
    """A name as people type it: words without separators between them."""
    return re.sub(r"[\W_]+", " ", entry.name)


def _leading(entry: Entry) -> str:
    return _typed(entry).split()[0]


def _ask_names(scan: _Scan, sample: Sequence[Entry], chance: random.Random) -> None:
    for entry in chance.sample(sample, min(len(sample), KNOWN_ITEMS)):
        scan.name(_Asked("known-item", _typed(entry)), entry.name)
    long = [entry for entry in sample if len(_leading(entry)) >= 5]
    for entry in chance.sample(long, min(len(long), TYPOS)):
        first, _, rest = _typed(entry).partition(" ")
        scan.name(_Asked("typo", f"{misspelt(first, chance)} {rest}".strip()), entry.name)
    for entry in chance.sample(long, min(len(long), PREFIXES)):
        scan.name(_Asked("prefix", f"{_leading(entry)[: chance.randint(4, 5)]}*"), entry.name)


def misspelt(word: str, chance: random.Random) -> str:
    """The word with one edit: a letter dropped, added, changed, or two neighbours swapped."""
    while True:
        at = chance.randrange(len(word))
        letter = chance.choice(_LETTERS)
        edited = chance.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )
        if edited.lower() != word.lower():
            return edited


def _ask_pairs(scan: _Scan, sample: Sequence[Entry], chance: random.Random) -> None:
    """Two words of one description; the hundred most frequent words of all are left out."""
    common = {*latin_words()[:100], *(word for words in PLANTED.values() for word in words)}
    for entry in chance.sample(sample, min(len(sample), PAIRS)):
        words = sorted(set(_WORD.findall(entry.description.lower())) - common)
        if len(words) >= 2:
            first, second = chance.sample(words, 2)
            scan.pair(_Asked("two words", f"{first} {second}"), first, second)


def _ask_substrings(scan: _Scan, sample: Sequence[Entry], chance: random.Random) -> None:
    runs = [run for entry in sample for run in _HAN.findall(f"{entry.title} {entry.description}")]
    for length in (2, 3, 4):
        for run in chance.sample(runs, min(len(runs), SUBSTRINGS)):
            at = chance.randrange(len(run) - length + 1)
            scan.substring(_Asked(f"chinese {length}", run[at : at + length]))


def _ask_facets(scan: _Scan, sample: Sequence[Entry], chance: random.Random) -> None:
    """One term, two terms of one row, and a planted word with a term."""
    tagged = [[(tag.facet, tag.term) for tag in entry.tags or () if tag.facet in _FACETS] for entry in sample]
    rich = [terms for terms in tagged if len({facet for facet, _ in terms}) >= 2]
    for terms in chance.sample(rich, min(len(rich), FACETS)):
        scan.facets(_Asked("facet", _filter(terms[0]), keep=False), terms[:1])
        first, second = terms[0], next(term for term in terms if term[0] != terms[0][0])
        scan.facets(_Asked("two facets", f"{_filter(first)} {_filter(second)}", keep=False), (first, second))
        word = chance.choice(PLANTED[chance.choice((500, 100))])
        scan.facets(_Asked("word and facet", f"{word} {_filter(second)}", keep=False), (second,), word)


def _filter(term: tuple[str, str]) -> str:
    return f"{term[0]}:{term[1]}"
