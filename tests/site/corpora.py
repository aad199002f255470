"""A registry to search in a browser: the embedded catalog, made-up rows, recorded cards, copies and hostile entries."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.corpus import Corpus
from catalog import seed
from catalog.record import Entry, LicenseClaim, Record, Relation
from catalog.registry import Registry
from catalog.tagger import complete
from connectors.huggingface import parse_card, to_record

BLOCKS = 1
"""Thousands of made-up rows."""

HOSTILE = (
    "<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "../../etc/passwd", "a/../b", "%2e%2e%2f", "a b\tc",
    "'; DROP TABLE dataset; --", "\u202egnp.exe", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ﬁnance", "Straße", "İstanbul", "naïve-Bayes",
    "e\u0301tude", "x" * 400, "医疗问答", "日本語データ", "한국어-데이터", "नमस्ते", "النص", "𠮷野家", "🙂", "con",
    "nul.txt", "a:b:c", "__proto__", "constructor", "toString", "1,000", "c++", "C#", ".net", "-dash", "*star*", "a,b",
    'a"b', "ǅungla", "ßẞ", "ſeries",
)  # fmt: skip
"""Names and texts that something on the way may stumble over."""


def mixed(path: Path, fixtures: Path | None) -> Path:
    """Write the registry; recorded cards are in it where the folder of fixtures is given."""
    corpus = Corpus()
    with Registry.open(path, create=True) as registry:
        _store(registry, seed.SOURCE, [complete(record) for record in seed.load()])
        for block in range(BLOCKS):
            _store(registry, "bench", list(corpus.block(block)))
        if fixtures is not None:
            _store(registry, "huggingface", [complete(record) for record in recorded(fixtures)])
        _store(registry, "test", [complete(record) for record in (*copies(), *hostile())])
    return path


def _store(registry: Registry, source: str, entries: list[Entry]) -> None:
    run = registry.begin_run(source, "sync")
    registry.commit_page(run, entries)
    registry.finish_run(run, "done")


def recorded(fixtures: Path) -> Iterator[Record]:
    """Cards as people wrote them, in many languages, their text as the description."""
    folder = fixtures / "cards"
    listed = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    for card in listed[:400]:
        text = (folder / card["path"]).read_text("utf-8", "replace")
        record = to_record({"id": card["id"], "cardData": parse_card(text)})
        words = text.rpartition("\n---\n")[2].replace("\x00", "")
        yield msgspec.structs.replace(record, description=words[:3000], downloads=len(text), popularity=len(text) % 256)


def copies() -> Iterator[Record]:
    """Datasets on two or three hosts, one more popular than the other, under licenses that differ."""
    chance = random.Random("copies")
    licenses = ("mit", "cc-by-nc-4.0", "apache-2.0", "other", "")
    for number in range(120):
        words = " ".join(
            chance.choices(("medical", "legal", "dialogue", "question", "answering", "chinese", "code"), k=4)
        )
        for source in chance.sample(("huggingface", "kaggle", "uci"), chance.choice((2, 2, 3))):
            claim = chance.choice(licenses)
            yield Record(
                source=source,
                id=f"copier{chance.randrange(9)}/copied-{number}",
                name=f"copied-{number}",
                title=f"Copied {words}",
                description=f"{words} {chance.choice(('mirror', 'original', 'reupload'))}",
                popularity=chance.randrange(200),
                doi=f"10.5281/zenodo.{number + 1000}",
                rows=None,
                modified=chance.choice(("2024", "2024-02", "2023-05-06", "2022-01-01T10:00:00Z", "")),
                licenses=(LicenseClaim(raw=claim, by="test"),) if claim else (),
                relations=(Relation("derived-from", "huggingface:a/b"),),
            )


def hostile() -> Iterator[Record]:
    """Each hostile text as the name, the title and the description of a dataset."""
    for number, text in enumerate(HOSTILE):
        yield Record(
            source="huggingface",
            id=f"owner{number}/{text}" if number % 3 else text,
            name=text,
            title=f"{text} title {HOSTILE[number - 1][:50]}",
            title_zh="中文标题" if number % 4 == 0 else "",
            description=f"About {text}, and {HOSTILE[number - 2][:50]}. 使用BERT模型做{text[:20]}分类。",
            aliases=(f"alias-of-{number}", text[::-1]),
            popularity=number,
            modified=f"20{number % 25:02}-0{number % 9 + 1}-11T0{number % 10}:00:00.{number:03}Z",
        )
