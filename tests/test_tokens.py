"""Tokens counted and estimated: by script, by real tokenizers, in samples, of files and of datasets on the web."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import Fatal, Usage
from catalog.tokens import Sample, tokenizer_named, tokens_in
from catalog.tokens.estimate import ERROR, OTHER_ERROR, error_of
from tests.conftest import Command
from tests.origin import Hub

KNOWN = [
    # a text, and the median of o200k_base, DeepSeek V3 and Mistral Tekken (bench.tokens)
    ("Everyone has the right to freedom of thought, conscience and religion; this right includes freedom to change his "
     "religion or belief, and freedom, either alone or in community with others and in public or private.", 40),
    ("人人有思想、良心和宗教自由的权利；此项权利包括改变他的宗教或信仰的自由，以及单独或集体、公开或秘密地以教义、实践、"
     "礼拜和戒律表示他的宗教或信仰的自由。", 62),
    ("Jeder hat das Recht auf Gedanken-, Gewissens- und Religionsfreiheit; dieses Recht schließt die Freiheit ein, "
     "seine Religion oder Überzeugung zu wechseln.", 34),
    ("def add(first, second):\n    return first + second\n\n\nprint(add(1, 2))\n", 20),
]  # fmt: skip


@pytest.mark.parametrize(("text", "count"), KNOWN)
def test_the_estimate_is_near_real_tokenizers(text: str, count: int) -> None:
    assert tokens_in(text) == pytest.approx(count, rel=0.3)


@given(st.text())
def test_any_text_has_an_estimate(text: str) -> None:
    assert tokens_in(text) == 0 if not text else tokens_in(text) >= 1
    assert error_of(text) in (ERROR, OTHER_ERROR)


def test_halves_of_characters_are_counted() -> None:
    assert tokens_in("\ud83d") >= 1
    assert error_of("Все люди рождаются свободными") == OTHER_ERROR
    assert error_of("人人生而自由") == ERROR


def test_a_sample_says_how_sure_it_is() -> None:
    """In 95 of 100 samples the truth lies within the interval."""
    chance = random.Random(7)
    rows = [round(chance.lognormvariate(4, 0.8)) for _ in range(5000)]
    within = 0
    for _ in range(200):
        sample = Sample()
        for tokens in chance.sample(rows, 200):
            sample.add(tokens)
        found = sample.of(len(rows))
        within += found.low <= sum(rows) <= found.high
    assert within >= 180
    whole = Sample()
    for tokens in rows:
        whole.add(tokens)
    found = whole.of(len(rows))
    assert found.low == found.value == found.high == sum(rows)
    assert found.widened(0.15).low == pytest.approx(0.85 * sum(rows), abs=1)


def _tokenizer_file(folder: Path) -> Path:
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    folder.mkdir()
    made.save(str(folder / "tokenizer.json"))
    return folder


def _ranks_file(path: Path) -> Path:
    pytest.importorskip("tiktoken")
    pieces = [bytes([byte]) for byte in range(256)] + [b"ab", b"abab"]
    path.write_bytes(b"".join(base64.b64encode(piece) + f" {n}\n".encode() for n, piece in enumerate(pieces)))
    return path


def test_real_tokenizers_count(tmp_path: Path) -> None:
    from_json = tokenizer_named(str(_tokenizer_file(tmp_path / "tiny")))
    assert (from_json.name, from_json.exact, from_json.vocabulary, from_json.count("a b a c")) == ("tiny", True, 3, 4)
    from_ranks = tokenizer_named(str(_ranks_file(tmp_path / "small.tiktoken")))
    assert (from_ranks.name, from_ranks.count("abab"), from_ranks.count("人")) == ("small", 1, 3)
    assert from_ranks.count("\ud83d <|endoftext|>") > 0


def test_a_tokenizer_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Usage, match="no tokenizer 'gpt-99'"):
        tokenizer_named("gpt-99")
    (tmp_path / "tokenizer.json").write_text("{}")
    pytest.importorskip("tokenizers")
    with pytest.raises(Usage, match="is no tokenizer"):
        tokenizer_named(str(tmp_path))
    pytest.importorskip("tiktoken")
    (tmp_path / "a.tiktoken").write_text("nonsense")
    with pytest.raises(Usage, match="no list of tiktoken ranks"):
        tokenizer_named(str(tmp_path / "a.tiktoken"))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(Fatal, match="not in tiktoken's cache"):
        tokenizer_named("o200k_base")


ROWS = [{"id": n, "question": "What is it? " * (1 + n % 5), "answer": f"It is {n}."} for n in range(600)]


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _told(command: Command, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    done = command("tokens", *arguments, "--json", env=env)
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def test_the_command_on_files(catalog_command: Command) -> None:
    folder = catalog_command.folder
    (folder / "rows.jsonl").write_bytes(_lines(ROWS) + b"nonsense\n")
    whole = _told(catalog_command, "rows.jsonl")
    truth = sum(tokens_in(str(row["question"])) + tokens_in(str(row["answer"])) for row in ROWS)
    assert (whole["rows"], whole["looked_at"], whole["tokens"]["value"]) == (600, 600, truth)
    assert (whole["columns"], whole["exact"], whole["method_error"]) == (["question", "answer"], False, 0.2)
    assert whole["tokens"]["low"] == pytest.approx(0.8 * truth, rel=0.01)
    assert whole["notes"] == ["left out 1 row that cannot be read"]

    drawn = _told(catalog_command, "rows.jsonl", "--sample", "100", "--seed", "7")
    assert drawn == _told(catalog_command, "rows.jsonl", "--sample", "100", "--seed", "7")
    assert drawn["tokens"] != _told(catalog_command, "rows.jsonl", "--sample", "100", "--seed", "8")["tokens"]
    assert drawn["tokens"]["low"] <= truth <= drawn["tokens"]["high"]
    assert _told(catalog_command, "rows.jsonl", "--column", "answer")["columns"] == ["answer"]
    assert catalog_command("tokens", "rows.jsonl", "--column", "none").returncode == 2
    shown = catalog_command("tokens", "rows.jsonl").stdout
    assert "± 20%" in shown
    assert "estimate by script" in shown

    _tokenizer_file(folder / "tiny")
    exact = _told(catalog_command, "rows.jsonl", "--tokenizer", "tiny", "--column", "answer")
    assert (exact["tokenizer"], exact["exact"], exact["method_error"]) == ("tiny", True, 0)
    assert exact["tokens"]["low"] == exact["tokens"]["high"] == 600 * 4
    lint = json.loads(catalog_command("lint", "rows.jsonl", "--tokenizer", "tiny", "--json").stdout)
    assert lint["tokens"]["tokenizer"] == "tiny"


def test_the_command_on_a_name(catalog_command: Command, hub: Hub) -> None:
    parts = {f"data/part-{n}.jsonl": _lines(ROWS[100 * n : 100 * n + 100]) for n in range(6)}
    hub.add("org/set", {"README.md": b"# Set\n", **parts})
    catalog_command("init")
    env = dict(hub.environment)
    told = _told(catalog_command, "huggingface:org/set", "--sample", "200", "--seed", "3", env=env)
    truth = sum(tokens_in(str(row["question"])) + tokens_in(str(row["answer"])) for row in ROWS)
    assert told["looked_at"] == 200
    assert told["tokens"]["value"] == pytest.approx(truth, rel=0.15)
    assert 0 < told["transferred"] <= sum(map(len, parts.values()))
    assert "bytes a row" in told["basis"]
    assert "first rows of 4 files" in told["notes"][0]


def test_parquet_on_the_web_tells_its_rows(catalog_command: Command, hub: Hub, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    hub.add("org/set", {"README.md": b"# Set\n", "data/train.parquet": (tmp_path / "a.parquet").read_bytes()})
    catalog_command("init")
    told = _told(catalog_command, "huggingface:org/set", "--sample", "100", env=dict(hub.environment))
    assert (told["rows"], told["looked_at"]) == (600, 100)
    assert "600 rows that its files tell" in told["basis"]
