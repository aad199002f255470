"""Queries with what is relevant to each, and how good an answer is: nDCG, recall and reciprocal rank at 10."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.relevance.corpus import Corpus, Known, facet_of
from catalog.index.keys import last_segment, name_norm

QUERIES: Final = Path(__file__).with_name("queries")
DEPTH: Final = 10
SEED: Final = 20261124
RECORDED: Final = 60
"""Known items that are drawn from the recorded payloads, and misspelt ones that are made."""


@dataclass(frozen=True)
class Case:
    """A query of a class; `grades` holds the grade (1 to 3) of each relevant key, `judged` whether a key counts at
    all: what nobody annotated is passed over in an answer, neither right nor wrong."""

    kind: str
    text: str
    grades: Mapping[str, int]
    judged: Callable[[str], bool]


@dataclass(frozen=True)
class Figures:
    """Of one answer, or the means of several."""

    ndcg: float
    recall: float
    mrr: float


def figures(answer: Sequence[Sequence[str]], case: Case) -> Figures:
    """How good an answer is: hits, best first, each as its key and those of its copies.

    Recall counts the relevant among the first ten, of ten at most. A dataset counts once, in whatever copy.
    """
    gains, seen = [], set[str]()
    for keys in answer:
        fresh = [key for key in keys if key not in seen]
        seen.update(keys)
        if any(map(case.judged, keys)):
            gains.append(max((case.grades.get(key, 0) for key in fresh), default=0))
    gains = gains[:DEPTH]
    ideal = sorted(case.grades.values(), reverse=True)[:DEPTH]
    first = next((place for place, gain in enumerate(gains, 1) if gain), 0)
    found = sum(1 for gain in gains if gain)
    return Figures(_dcg(gains) / _dcg(ideal), found / len(ideal), 1 / first if first else 0.0)


def mean(of: Sequence[Figures]) -> Figures:
    """The means of some figures."""
    return Figures(*(sum(getattr(each, name) for each in of) / len(of) for name in ("ndcg", "recall", "mrr")))


def _dcg(gains: Iterable[int]) -> float:
    return sum((2**gain - 1) / math.log2(place + 1) for place, gain in enumerate(gains, 1))


# -- the queries -----------------------------------------------------------------------------------------------------


def cases(corpus: Corpus) -> list[Case]:
    """All queries that the corpus has an answer for."""
    known = [(text, f"catalog:{id}") for text, id in _lines("known")]
    drawn = recorded(corpus)
    made = [_item("known item", text, key) for text, key in known]
    made += [_item("known item, recorded", text, key) for text, key in drawn]
    made += [_item("misspelt", slip, key) for slip, key in misspelt(known, RECORDED)]
    made += [_item("misspelt, recorded", slip, key) for slip, key in misspelt(drawn, RECORDED)]
    for kind, name in (("faceted", "faceted"), ("natural", "natural"), ("chinese", "chinese")):
        made += [_ruled(kind, text, rule, corpus) for text, rule in _lines(name)]
    wrong = [case.text for case in made if not set(case.grades) <= set(corpus.known)]
    if wrong:
        raise ValueError(f"queries for entries that are not there: {wrong}")
    return [case for case in made if case.grades]


def _lines(name: str) -> Iterator[tuple[str, str]]:
    for line in (QUERIES / f"{name}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            text, answer = line.split("\t")
            yield text, answer


def _item(kind: str, text: str, key: str) -> Case:
    return Case(kind, text, {key: 3}, lambda _key: True)


def _ruled(kind: str, text: str, rule: str, corpus: Corpus) -> Case:
    """A query judged by a rule: `@id` names entries, `facet=a|b` parts each of which must hold."""
    if rule.startswith("@"):
        return Case(kind, text, {f"catalog:{id[1:]}": 3 for id in rule.split()}, lambda _key: True)
    given = (part.partition("=") for part in rule.split())
    parts = [(facet_of(facet, terms), frozenset(terms.split("|"))) for facet, _, terms in given]
    facets = {facet for facet, _terms in parts}
    graded = {key: grade(known, parts) for key, known in corpus.known.items() if facets <= known.keys()}
    return Case(kind, text, {key: value for key, value in graded.items() if value}, graded.__contains__)


def grade(known: Known, parts: Sequence[tuple[str, frozenset[str]]]) -> int:
    """3 where every part holds, 1 where all but one of three or more do, else 0."""
    held = sum(bool(known[facet] & terms) for facet, terms in parts)
    if held == len(parts):
        return 3
    return 1 if len(parts) > 2 and held == len(parts) - 1 else 0


def recorded(corpus: Corpus) -> list[tuple[str, str]]:
    """Known items of the recorded payloads: names and titles that only one dataset has, as people type them."""
    chance = random.Random(SEED)
    norms = {key: name_norm(last_segment(id) or id) for key, (id, _title) in corpus.named.items()}
    titles = {key: name_norm(title) for key, (_id, title) in corpus.named.items()}
    count = Counter(norm for key in norms for norm in {norms[key], titles[key]})
    keys = [key for key in sorted(norms) if key.startswith(("huggingface:", "kaggle:", "uci:"))]
    chance.shuffle(keys)
    found: list[tuple[str, str]] = []
    for key in keys:
        id, title = corpus.named[key]
        text = title if key.startswith("uci:") or (title and len(found) % 3 == 0) else last_segment(id)
        norm = name_norm(text)
        if 6 <= len(norm) <= 40 and count[norm] == 1 and text.isascii():
            found.append((typed(text, chance), key))
        if len(found) == RECORDED:
            break
    return found


def typed(name: str, chance: random.Random) -> str:
    """A name as somebody may type it: as it is, in small letters, with spaces, with "dataset" behind."""
    spaced = re.sub(r"[-_./]+", " ", name).strip()
    return chance.choice([name, name.lower(), spaced, spaced.lower(), f"{spaced.lower()} dataset"])


def misspelt(items: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """Known items with one seeded slip in a word of five letters or more."""
    chance = random.Random(SEED)
    fit = [(text, key) for text, key in items if _long_words(text)]
    chosen = chance.sample(fit, min(count, len(fit)))
    return [(slipped(text, chance), key) for text, key in chosen]


def slipped(text: str, chance: random.Random) -> str:
    """The text with one letter of a word left out, doubled, changed or swapped with the next; never the first."""
    word = chance.choice(_long_words(text))
    at = word.start() + chance.randrange(1, len(word[0]) - 1)
    kind = chance.choice(["left out", "doubled", "changed", "swapped"])
    if kind == "left out":
        return text[:at] + text[at + 1 :]
    if kind == "doubled":
        return text[:at] + text[at] + text[at:]
    if kind == "changed":
        other = chance.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != text[at].lower()])
        return text[:at] + other + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _long_words(text: str) -> list[re.Match[str]]:
    return [word for word in re.finditer(r"[A-Za-z]{5,}", text) if word[0].lower() != "dataset"]
