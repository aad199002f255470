"""Queries as people type them and as nobody should: drawn with a seed from what a registry holds."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from typing import Any

RANGES = (
    "rows:10k..", "rows:..1k", "size:..2GB", "year:2019..2023", "updated:2023..", "updated:2022..2022-06",
    "tokens:1B..", "downloads:1000..", "size:1MB..", "rows:100..1,000", "updated:2024", "year:2020", "likes:5..",
    "updated:2024-13",
    "created:2021..", "rows:abc", "updated:..2023-05-06", "updated:2022-01-01..2024-02",
)  # fmt: skip
COMMON = (
    "lang:en", "lang:zh", "domain:medical", "task:sft", "commercial:yes", "license:nc", "license:permissive",
    "modality:text", "source:catalog", "commercial:no", "access:open", "commercial:unknown", "-commercial:no",
)  # fmt: skip
ODD = (
    "", "-", '"', '""', "a", "the data", "dataset", "-foo", "*", "x*", "::", "task:", "domain:nothing",
    "domain:medcal", "source:zzz", "library:pandsa", "gated:yes", "gated:no sft", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ﬁnance", "ＧＰＴ",
    "naïve Bayes", "Straße", "STRASSE", "İstanbul", "数据集", "的", "e-mail", "c++", "rows:", "lang:xx",
    "lang:klingon medical", "size:1..zzz", "\"open's\" task:\"x'y\"", "medical\x00sft", "\ud800x medical", "100",
    "1,000", "2.5", "nc license", "mit license", "commercial use", "non commercial", "可商用 医疗", "中英", "英中对照",
    "好数据 Votic", "🙂", "constructor", "__proto__ data", "toString", "task:constructor", "한국어", "데이터", "𠮷野家",
    "醫療 對話", "數據集 獎勵模型", "domain:醫療", "lang:繁體中文 問答", "閱讀理解 -法律", "可商用醫療問答",
    "domain:醫瘵",
    "étude", "e\u0301tude", "copied-7", "copier1/copied-7", "huggingface:copier2/copied-9",
    " ".join(f"w{n}" for n in range(40)), "domain:" + ",".join(f"v{n}" for n in range(70)),
)  # fmt: skip
KINDS = {
    "word": 4, "words": 7, "label": 4, "chinese": 3, "chinese label": 3, "phrase": 3, "prefix": 2, "slip": 4,
    "without": 3, "filters": 3, "range": 3, "name": 2, "key": 1, "mixed": 5, "compound": 1, "odd": 2, "copied": 2,
}  # fmt: skip


class Questions:
    """`views(n)` draws views for the engine: a query with, now and then, an order, a page, or words taken alone."""

    def __init__(self, connection: sqlite3.Connection, seed: str) -> None:
        self._chance = random.Random(seed)
        rows = connection.execute(
            "SELECT key, native_id, title, title_zh, summary || ' ' || description FROM dataset ORDER BY id"
        ).fetchall()
        self._texts = self._chance.sample(rows, min(1500, len(rows)))
        used = "FROM term WHERE id IN (SELECT term_id FROM facet_bitmap) ORDER BY facet, term"
        self._terms = connection.execute(f"SELECT facet, term, label, label_zh {used}").fetchall()
        self._draw: dict[str, Callable[[], str]] = {
            "word": self.word,
            "words": lambda: " ".join(self.word() for _ in range(self._chance.choice((2, 2, 3)))),
            "label": lambda: self._one(("{0}", "{0} {1}", "{0} {2}", "{0} dataset")).format(
                self._label(), self._label().lower(), self.word()
            ),
            "chinese": lambda: " ".join(self._run() for _ in range(self._chance.choice((1, 1, 2)))),
            "chinese label": lambda: self._zh() + self._one(("", self._zh(), "数据集", f" {self._zh()}", self._run())),
            "phrase": self._phrase,
            "prefix": lambda: f"{self.word()[: self._chance.choice((2, 3, 4, 5))]}*",
            "slip": lambda: (
                self._slip(self.word()) + self._one(("", f" {self._label()}", f" {self._slip(self.word())}"))
            ),
            "without": lambda: (
                f"{self.word()} -" + self._one((self.word(), self._filter(), self._phrase(), self._run()))
            ),
            "filters": lambda: " ".join(
                self._one(("", "-")) + self._one((self._filter(), self._one(COMMON))).removeprefix("-")
                for _ in range(2)
            ),
            "range": lambda: (
                self._one(RANGES) + self._one(("", f" {self._one(COMMON)}", f" {self._label()}", " year:2020"))
            ),
            "name": lambda: self._name().replace("-", self._one(("-", " ", "_", ""))),
            "key": lambda: str(self._one(self._texts)[self._chance.choice((0, 1))]),
            "mixed": lambda: " ".join(
                self._chance.sample(
                    (self.word(), self._label(), self._one(COMMON), self._filter(), self._one(RANGES), self._run()),
                    self._chance.choice((2, 3)),
                )
            ),
            "compound": lambda: self._name().replace("-", "").replace("_", ""),
            "odd": lambda: self._one(ODD),
            "copied": lambda: (
                "copied " + self._one(("medical", "legal code", "mirror", self._one(COMMON), "-chinese", ""))
            ),
        }

    def views(self, count: int) -> list[dict[str, Any]]:
        """So many views."""
        return [self._view() for _ in range(count)]

    def _view(self) -> dict[str, Any]:
        kind = self._chance.choices(list(KINDS), weights=list(KINDS.values()))[0]
        view: dict[str, Any] = {"search": self._draw[kind]()}
        if self._chance.random() < 0.1:
            view["sort"] = self._one(("popularity", "updated", "size", "rows", "name"))
        if self._chance.random() < 0.07:
            view["page"] = self._one((2, 3, 20))
        if self._chance.random() < 0.05:
            view["exact"] = True
        if self._chance.random() < 0.05:
            view["merge"] = False
        return view

    def _one(self, among: Any) -> Any:
        return self._chance.choice(among)

    def word(self) -> str:
        """A word of an id, a title or a description."""
        text = self._one(self._texts)[self._chance.choice((1, 2, 2, 3, 4, 4, 4))]
        return self._one(text.split() or ["data"])[:60]

    def _label(self) -> str:
        return str(self._one(self._terms)[2])

    def _zh(self) -> str:
        return str(self._one([term for term in self._terms if term[3]])[3])

    def _name(self) -> str:
        return str(self._one(self._texts)[1].rpartition("/")[2])

    def _run(self) -> str:
        for _ in range(60):
            row = self._one(self._texts)
            runs = re.findall("[\u3040-\u30ff\u4e00-\u9fff]+", row[3] + row[4])
            if runs:
                run = self._one(runs)
                start = self._chance.randrange(len(run))
                return str(run[start : start + self._chance.choice((1, 2, 2, 3, 4, 6))])
        return "医疗"

    def _phrase(self) -> str:
        words = self._one(self._texts)[4].split()
        start = self._chance.randrange(max(1, len(words) - 2))
        return '"' + " ".join(words[start : start + self._chance.choice((2, 2, 3))]).replace('"', "") + '"'

    def _filter(self) -> str:
        facet, term, *_labels = self._one(self._terms)
        others = [each[1] for each in self._terms if each[0] == facet]
        value = self._one((term, term, f"{term},{self._one(others)}", self._slip(term)))
        key = {"language": "lang", "size": "band"}.get(facet, facet)
        return f'{key}:"{value}"' if " " in value else f"{key}:{value}"

    def _slip(self, word: str) -> str:
        if len(word) < 4:
            return word
        at = self._chance.randrange(len(word) - 1)
        changed = (
            word[at + 1 :],
            self._one("abcxyz") + word[at:],
            word[at + 1] + word[at] + word[at + 2 :],
            "q" + word[at + 1 :],
        )
        return word[:at] + str(self._one(changed))
