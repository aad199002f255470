"""The generated corpus, a thousand rows at a time: what a registry of real hubs looks like, with known word counts.

A block depends on nothing but its number and the vocabulary of this package, so that the first N rows are the same
whatever the total. Names, sizes, dates and downloads follow the shapes of the hubs: a few datasets have nearly all
downloads, most have a name of one to three words, a few sentences of description and five or six tags.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isqrt
from typing import Any, Final

from bench.words import chinese_words, latin_words, listed, planted_in
from catalog import vocabulary
from catalog.license import resolve
from catalog.record import (
    Amount,
    Column,
    Distribution,
    Entry,
    LicenseClaim,
    Statement,
    Tag,
    Verdict,
    popularity_level,
)

BLOCK: Final = 1000
CHINESE: Final = 0.03
MIRRORS: Final = 0.04
OWNERS: Final = 60_000
MAX_TERMS: Final = 220
"""Terms of one facet that are used; only languages have more."""

SOURCES: Final = (("huggingface", 0.72), ("kaggle", 0.20), ("google", 0.07), ("uci", 0.01))

# Chance that a row has a first, a second ... term of the facet, and the rule that is said to have given it.
_FACETS: Final[dict[str, tuple[tuple[float, ...], str]]] = {
    "domain": ((1.0, 0.2), "text rule"),
    "task": ((0.75, 0.25), "source tag"),
    "language": ((0.9, 0.08), "source tag"),
    "modality": ((0.75,), "source tag"),
    "genre": ((0.3,), "text rule"),
    "format": ((0.3,), "columns"),
    "size": ((0.45,), "source tag"),
    "library": ((0.4,), "source tag"),
}
_LIBRARIES: Final = ("datasets", "pandas", "polars", "mlcroissant", "dask", "webdataset")
"""Values that sources state and the vocabulary does not list."""

_RAW_LICENSES: Final = listed(
    "mit apache-2.0 cc-by-4.0 cc-by-sa-4.0 other cc-by-nc-4.0 unknown openrail cc0-1.0 cc-by-nc-sa-4.0 cc afl-3.0 "
    "odc-by gpl-3.0 cc-by-nc-nd-4.0 cc-by-sa-3.0 cc-by-3.0 bsd-3-clause odbl cdla-permissive-2.0 llama2 gpl agpl-3.0 "
    "pddl bsd-2-clause lgpl-3.0 llama3 unlicense ms-pl gemma eupl-1.1 cc-by-nd-4.0 wtfpl mpl-2.0 zlib isc gfdl"
)
_SUFFIXES: Final = listed("v1 v2 v3 zh en 10k 100k 1M mini full raw instruct sft dpo eval test train clean filtered qa")
_KINDS: Final = listed("Dataset Corpus Benchmark Collection Instructions Dialogues Questions Images Records")
_COLUMNS: Final = listed(
    "text label id question answer prompt completion messages chosen rejected context image audio title url "
    "instruction input output source target score category date language tokens ner_tags premise hypothesis summary"
)
_TYPES: Final = ("string", "string", "string", "int64", "float32", "list<string>", "bool")


@dataclass(frozen=True)
class _Text:
    """The words of a row before anything is planted: what a mirror copies."""

    name: str
    title: str
    words: tuple[str, ...]
    chinese: bool


class Corpus:
    """Makes rows; loading words and vocabulary takes about a second."""

    def __init__(self) -> None:
        self._words = latin_words()
        self._chinese = chinese_words()
        known = vocabulary.load()
        self._tags = {facet: _pool(known, facet, rule) for facet, (_, rule) in _FACETS.items()}
        self._labels = {
            (facet, term.id): (term.label, term.label_zh) for facet in ("domain", "task") for term in known.terms(facet)
        }
        self._licenses = [LicenseClaim(raw=raw, by="cardData.license") for raw in _RAW_LICENSES]
        self._verdicts: dict[tuple[LicenseClaim, ...], Verdict] = {}
        self._owners = [_owner(self._words, number) for number in range(OWNERS)]
        self._sources = ([name for name, _ in SOURCES], list(accumulate(share for _, share in SOURCES)))

    def block(self, number: int, touch: float = 0.0) -> Iterator[Entry]:
        """The rows of a block; with `touch`, that share of them as a later harvest would find them."""
        chance = random.Random(f"catalog bench block {number}")
        touched = set(random.Random(f"touched {number}").sample(range(BLOCK), round(touch * BLOCK)))
        texts: list[_Text] = []
        for row, planted in enumerate(planted_in(number)):
            mirror = bool(texts) and chance.random() < MIRRORS
            text = texts[int(chance.random() * len(texts))] if mirror else self._text(chance)
            texts.append(text)
            entry = self._entry(chance, text, planted)
            yield self._touched(entry, number * BLOCK + row) if row in touched else entry

    def _pick(self, random_: Callable[[], float], rarer: float = 0.0) -> str:
        """A word by Zipf's law; `rarer`, 0 to 1, keeps to the rarer end."""
        return self._words[int(len(self._words) ** (rarer + (1 - rarer) * random_())) - 1]

    def _text(self, chance: random.Random) -> _Text:
        name = self._name(chance)
        if chance.random() < CHINESE:
            return _Text(name, *self._chinese_text(chance), chinese=True)
        title = ""
        if chance.random() < 0.6:
            title = name.replace("-", " ").replace("_", " ").title()
            if chance.random() < 0.5:
                title = f"{title} {chance.choice(_KINDS)}"
        words, size, draw = self._words, len(self._words), chance.random
        count = min(400, max(4, round(chance.lognormvariate(3.08, 0.75))))
        return _Text(name, title, tuple([words[int(size ** draw()) - 1] for _ in range(count)]), chinese=False)

    def _name(self, chance: random.Random) -> str:
        draw = chance.random
        shape = draw()
        if shape < 0.15:
            name = self._pick(draw, 0.6)
        elif shape < 0.23:
            name = self._pick(draw, 0.4) + self._pick(draw, 0.3)
        else:
            parts = [self._pick(draw, 0.4) for _ in range(2 if shape < 0.78 else 3)]
            if shape > 0.98:
                return "".join(part.title() for part in parts)
            name = ("-" if draw() < 0.6 else "_").join(parts)
        return f"{name}-{chance.choice(_SUFFIXES)}" if draw() < 0.25 else name

    def _chinese_text(self, chance: random.Random) -> tuple[str, tuple[str, ...]]:
        words, size, draw = self._chinese, len(self._chinese), chance.random
        title = "".join(words[int(size ** draw()) - 1] for _ in range(chance.randint(2, 4))) + "数据集"
        clauses = []
        for _ in range(max(2, round(chance.lognormvariate(1.7, 0.5)))):
            clauses.append("".join(words[int(size ** draw()) - 1] for _ in range(chance.randint(3, 8))))
        return title, tuple(clauses)

    def _entry(self, chance: random.Random, text: _Text, planted: Sequence[str]) -> Entry:
        draw = chance.random
        source = chance.choices(self._sources[0], cum_weights=self._sources[1])[0]
        owner = self._owners[int(OWNERS ** draw()) - 1]
        tags = self._tags_of(chance, text.chinese)
        title, description = self._planted(chance, text, planted, tags)
        claims = self._claims(chance)
        downloads = min(1_000_000_000, int(20 * ((1 - draw()) ** -0.9 - 1)))
        rows, size = _sizes(chance)
        year = int(19 + 7 * draw())
        changed = int(year + (26 - year) * draw())
        day = f"{int(1 + 12 * draw()):02d}-{int(1 + 28 * draw()):02d}"
        return Entry(
            source=source, id=f"{owner}/{text.name}", name=text.name, title=title, description=description,
            upstream_id=f"{chance.getrandbits(96):024x}", url=f"https://{source}.example.org/{owner}/{text.name}",
            creators=(owner,), created=f"20{year}-{day}", modified=f"20{changed}-{day}T12:00:00Z",
            revision=f"{chance.getrandbits(160):040x}" if source == "huggingface" else "",
            access="open" if draw() < 0.9 else "gated", popularity=popularity_level(downloads), downloads=downloads,
            likes=int(downloads * draw() * 0.03), rows=rows, bytes=size,
            statements=tuple([Statement(tag.facet, tag.term, "tag") for tag in tags if tag.rule == "source tag"][:2]),
            licenses=claims, columns=_columns(chance) if draw() < 1 / 3 else (),
            distributions=_distributions(chance, source, owner, text.name) if draw() < 0.4 else (),
            tags=tags, verdict=self._verdict(claims), made_by="bench",
        )  # fmt: skip

    def _planted(
        self, chance: random.Random, text: _Text, planted: Sequence[str], tags: Sequence[Tag]
    ) -> tuple[str, str]:
        """Title and description with the planted words put in, and in every second one what the tags say."""
        title, words = text.title, list(text.words)
        if chance.random() < 0.5:
            labels = [self._labels[tag.facet, tag.term] for tag in tags if (tag.facet, tag.term) in self._labels]
            words.extend(zh if text.chinese else english.lower() for english, zh in labels[:2])
        for word in planted:
            if title and chance.random() < 0.125:
                title = f"{title} {word}"
            else:
                words.insert(int(chance.random() * (len(words) + 1)), f" {word} " if text.chinese else word)
        if text.chinese:
            return title, "，".join(words) + "。"
        words[0] = words[0].capitalize()
        for end in range(11, len(words), 12):
            words[end] += "."
        return title, " ".join(words) + "."

    def _tags_of(self, chance: random.Random, chinese: bool) -> tuple[Tag, ...]:
        draw = chance.random
        tags: dict[Tag, None] = {}
        for facet, (shares, _) in _FACETS.items():
            pool = self._tags[facet]
            for share in shares:
                if draw() < share:
                    tags[pool[int(len(pool) ** draw()) - 1]] = None
        if chinese:
            tags = {tag: None for tag in tags if tag.facet != "language"}
            tags[_tag("language", "zh", "source tag")] = None
        return tuple(tags)

    def _claims(self, chance: random.Random) -> tuple[LicenseClaim, ...]:
        first = self._licenses[int(len(self._licenses) ** chance.random()) - 1]
        if chance.random() < 0.8:
            return (first,)
        raw = first.raw if chance.random() < 0.85 else chance.choice(_RAW_LICENSES[:4])
        return first, LicenseClaim(raw=raw, by="card section License", scope="content")

    def _verdict(self, claims: tuple[LicenseClaim, ...]) -> Verdict:
        known = self._verdicts.get(claims)
        if known is None:
            known = self._verdicts[claims] = resolve(claims)
        return known

    def _touched(self, entry: Entry, number: int) -> Entry:
        chance = random.Random(f"touch {number}")
        fields: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__struct_fields__}
        sentence = " ".join(self._pick(chance.random) for _ in range(8)).capitalize()
        fields["description"] = f"{entry.description} {sentence}."
        fields["modified"] = "2026-12-01T00:00:00Z"
        fields["downloads"] = (entry.downloads or 0) + chance.randint(0, 50)
        return Entry(**fields)


def _pool(known: vocabulary.Vocabulary, facet: str, rule: str) -> list[Tag]:
    """The tags of a facet, most frequent first; about half of the rows are English, and text."""
    terms = [term.id for term in known.terms(facet)] if facet in known.facets else list(_LIBRARIES)
    leader = {"language": "en", "modality": "text"}.get(facet, terms[0])
    rest = [term for term in terms if term != leader]
    random.Random(f"order of {facet}").shuffle(rest)
    del rest[MAX_TERMS:]
    share = isqrt(len(terms)) if facet in ("language", "modality") else 1
    return [_tag(facet, term, rule) for term in [leader] * share + rest]


def _tag(facet: str, term: str, rule: str) -> Tag:
    return Tag(facet, term, rule, f"{facet}:{term}" if rule == "source tag" else term)


def _owner(words: Sequence[str], number: int) -> str:
    chance = random.Random(f"owner {number}")
    first = words[int(len(words) ** (0.4 + 0.6 * chance.random())) - 1]
    shape = chance.random()
    if shape < 0.4:
        return first
    return f"{first}{chance.randint(1, 99)}" if shape < 0.7 else f"{first}-{chance.choice(words)}"


def _sizes(chance: random.Random) -> tuple[Amount, Amount] | tuple[None, None]:
    """Rows and bytes, where they are known."""
    if chance.random() > 0.45:
        return None, None
    rows = round(10 ** (2 + 5 * chance.random()))
    return Amount(rows, "card"), Amount(rows * chance.randint(50, 5000), "card")


def _columns(chance: random.Random) -> tuple[Column, ...]:
    names = dict.fromkeys(_COLUMNS[int(len(_COLUMNS) ** chance.random()) - 1] for _ in range(chance.randint(2, 6)))
    return tuple([Column(name, _TYPES[int(chance.random() * len(_TYPES))]) for name in names])


def _distributions(chance: random.Random, source: str, owner: str, name: str) -> tuple[Distribution, ...]:
    host = f"https://{source}.example.org/{owner}/{name}"
    count = chance.randint(1, 3)
    return tuple(
        Distribution(
            url=f"{host}/{part}.parquet",
            path=f"{part}.parquet",
            format="parquet",
            bytes=chance.getrandbits(28),
            digest=f"sha256:{chance.getrandbits(256):064x}" if chance.random() < 0.3 else "",
        )
        for part in range(count)
    )
