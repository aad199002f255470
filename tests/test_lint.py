"""Rows of data files read and checked: forms, packings, formats, faults, personal data."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.datafile import BadRow, data_files, first_rows, read_rows
from catalog.errors import Fatal, Usage
from catalog.formats import detect_rows
from catalog.formats.lint import Linter, Report, runs_of
from catalog.formats.pii import personal_data
from catalog.tokens import tokens_in
from tests.conftest import Command

ROWS = [{"question": f"What is {n}?", "answer": f"It is {n}, 数 {n}."} for n in range(30)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", LINES),
        ("a.JSONL", LINES),
        ("a.json", json.dumps(ROWS).encode()),
        ("a.json", json.dumps(ROWS, indent=2).encode()),
        ("a.json", LINES),
        ("a.json", b"\xef\xbb\xbf" + json.dumps(ROWS, indent=2).encode()),
        ("a.json", json.dumps({"version": "1.1", "data": ROWS}, indent=1).encode()),
        ("a.jsonl.gz", gzip.compress(LINES)),
        ("a.jsonl.bz2", bz2.compress(LINES)),
        ("a.jsonl.xz", lzma.compress(LINES)),
        ("misnamed.jsonl", gzip.compress(LINES)),
    ],
)
def test_rows_come_out_of_every_form(tmp_path: Path, name: str, data: bytes) -> None:
    assert list(read_rows(_write(tmp_path, name, data))) == ROWS


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_tables_have_a_heading(tmp_path: Path, suffix: str, delimiter: str) -> None:
    path = tmp_path / f"a{suffix}"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)
        file.write(delimiter.join("abcd") + "\n")
    *rows, bad = read_rows(path)
    assert rows == ROWS
    assert isinstance(bad, BadRow)


def test_parquet_and_text(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert list(read_rows(tmp_path / "a.parquet")) == ROWS
    assert list(read_rows(_write(tmp_path, "b.txt", b"one\n\ntwo\n"))) == [{"text": "one"}, {"text": "two"}]


def test_a_bad_row_costs_itself_alone(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.jsonl", LINES + b'nonsense\n[1]\n{"a": 1}\n')
    bad = [row for row in read_rows(path) if isinstance(row, BadRow)]
    assert [row.number for row in bad] == [31, 32]
    assert len(list(read_rows(path))) == 33
    assert len(first_rows(path, 5)) == 5


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    _write(tmp_path, "b.jsonl", b'{"a": 2}\n')
    (tmp_path / "in").mkdir()
    _write(tmp_path / "in", "a.jsonl", b'{"a": 3}\n')
    _write(tmp_path, ".catalog-receipt.json", b"{}")
    _write(tmp_path, "README.md", b"# nothing")
    assert [each.name for each in data_files(tmp_path)] == ["b.jsonl", "a.jsonl"]
    assert list(read_rows(tmp_path)) == [{"a": 2}, {"a": 3}]


@pytest.mark.parametrize(
    ("name", "data"), [("a.zip", b"PK\x03\x04x"), ("a.bin", b"x"), ("a.jsonl.gz", gzip.compress(LINES)[:-40])]
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises((Usage, Fatal)):
        list(read_rows(_write(tmp_path, name, data)))


@given(st.binary(max_size=300))
def test_any_bytes_may_be_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("a.jsonl", "a.json", "a.csv", "a.txt"):
        try:
            list(read_rows(_write(folder, name, data)))
        except (Usage, Fatal):
            pass


def test_what_is_cut_short_or_nested_without_end_is_told(tmp_path: Path) -> None:
    (_row, cut) = read_rows(_write(tmp_path, "a.json", b'[{"a": 1}, {"a": 2'))
    assert isinstance(cut, BadRow)
    (_row, cut) = read_rows(_write(tmp_path, "a.json", b'[{"a": 1},'))
    assert isinstance(cut, BadRow)
    deep = b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}"
    for name, data in (("a.jsonl", deep), ("a.json", b"[" + deep + b"]"), ("b.json", b"[" * 100_000)):
        (bad,) = read_rows(_write(tmp_path, name, data))
        assert isinstance(bad, BadRow)


def test_a_quote_that_never_ends_is_told(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.csv", b'a,b\n1,"' + (b"x" * 999 + b"\n") * 70_000)
    with pytest.raises(Fatal, match="field"):
        list(read_rows(path))


def test_small_items_of_a_long_array_cost_what_they_are_long(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.json", json.dumps([{"n": n} for n in range(200_000)]).encode())
    begun = time.process_time()
    assert sum(1 for _row in read_rows(path)) == 200_000
    assert time.process_time() - begun < 3


# -- lint -----------------------------------------------------------------------------------------------------------


def _linted(rows: list[dict[str, Any]], **more: Any) -> Report:
    linter = Linter(detect_rows(rows), **more)
    for row in rows:
        linter.row(row)
    return linter.report()


def _checks(report: Report) -> dict[str, int]:
    return {finding.check: finding.count for finding in report.findings}


def _chat(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


GOOD = [_chat(("user", f"Why {n}?"), ("assistant", f"Because of {n}.")) for n in range(40)]


def test_good_rows_are_clean() -> None:
    report = _linted(GOOD)
    assert report.is_clean
    assert report.findings == []
    assert report.rows == 40
    assert report.scripts == {"Latin": 1.0}


@pytest.mark.parametrize(
    ("row", "check"),
    [
        (_chat(("user", "a"), ("assistant", " ")), "empty turn"),
        (_chat(("narrator", "a"), ("assistant", "b")), "unknown role"),
        (_chat(("user", "a"), ("user", "b"), ("assistant", "c")), "order of turns"),
        (_chat(("user", "a")), "no answer"),
        ({"messages": None}, "missing"),
        (_chat(("user", "write to jane.doe@example.org"), ("assistant", "b")), "personal data"),
        (GOOD[3], "duplicate"),
        (_chat(("user", "why  3!"), ("assistant", "BECAUSE of 3")), "near duplicate"),
    ],
)
def test_a_fault_in_a_chat_is_found(row: dict[str, Any], check: str) -> None:
    report = _linted([*GOOD, row])
    assert _checks(report)[check] == 1
    assert next(each.rows for each in report.findings if each.check == check) == [41]
    assert not report.is_clean


def test_faults_of_pairs_are_found() -> None:
    rows = [{"prompt": f"Q{n}", "chosen": f"good {n} " * 9, "rejected": f"bad {n}"} for n in range(30)]
    rows += [{"prompt": "Q", "chosen": "same", "rejected": "same"}, {"prompt": "Q", "chosen": "", "rejected": "x"}]
    checks = _checks(_linted(rows))
    assert (checks["equal pair"], checks["missing"]) == (1, 1)
    assert "length ratio" in checks


def test_labels_are_counted_and_judged() -> None:
    rows: list[dict[str, Any]] = [{"prompt": f"Q{n}", "completion": f"A{n}", "label": n != 3} for n in range(60)]
    report = _linted(rows)
    assert report.labels == {"True": 59, "False": 1}
    assert "unbalanced" in _checks(report)
    steps = [{"prompt": f"Q{n}", "completions": ["a"], "labels": [True]} for n in range(20)]
    assert _checks(_linted([*steps, {"prompt": "Q", "completions": ["a"], "labels": []}]))["steps"] == 1


def test_an_evaluation_set_is_recognised() -> None:
    words = " ".join(f"word{n}" for n in range(20))
    runs = frozenset(runs_of(f"Question: {words}"))
    rows = [*GOOD, _chat(("user", f"so {words}"), ("assistant", "yes"))]
    report = _linted(rows, evaluation={"exam": runs, "other": frozenset()})
    assert _checks(report)["overlap"] == 1
    assert report.overlaps == {"exam": 1}
    assert "exam 1" in next(each.detail for each in report.findings if each.check == "overlap")
    assert "overlap" not in _checks(_linted(GOOD, evaluation={"exam": runs}))


def test_short_and_chinese_questions_are_recognised() -> None:
    chinese = "中国古代四大发明之一的造纸术是由东汉时期的哪一位宦官改进并推广的"
    exam = ["Who wrote the play about a Danish prince?", chinese, "Why?"]
    runs = {"exam": frozenset(run for text in exam for run in runs_of(text))}

    def found(text: str) -> bool:
        return "overlap" in _checks(_linted([{"prompt": text, "completion": "x"}], evaluation=runs))

    assert found("who wrote the play about a danish prince")
    assert found(f"请回答：{chinese}？")
    assert not found("Who wrote the play about a Scottish king, and who wrote the music?")
    assert not found("中国古代四大发明之一的指南针最早出现在什么时候，又是由什么人带到欧洲去的")
    assert not found("Why?")


def test_rows_that_differ_in_more_than_spelling_are_no_copies() -> None:
    numbers = [{"a": 1}, {"a": 2}]
    marks = [{"text": "a good film", "label": 0}, {"text": "a good film", "label": 1}]
    assert "near duplicate" not in _checks(_linted(numbers + marks))
    same = [{"id": "x", "text": "A good film!", "label": 1}, {"id": "y", "text": "a good  film", "label": 1}]
    assert _checks(_linted(same))["near duplicate"] == 1


def _words(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("abcdefgh", k=6)) for _ in range(count)]


def test_near_copies_are_found_and_others_are_not() -> None:
    """One word of sixty is another: nine in ten are found; half of the words are others: hardly any."""
    found = strangers = 0
    for seed in range(60):
        words = _words(seed, 60)
        near, far = list(words), [*words[:30], *_words(1000 + seed, 30)]
        near[seed] = "another"
        rows = [{"text": " ".join(words)}, {"text": " ".join(near)}]
        found += _checks(_linted(rows)).get("near duplicate", 0)
        strangers += _checks(_linted([rows[0], {"text": " ".join(far)}])).get("near duplicate", 0)
    assert found >= 48
    assert strangers <= 3
    chinese = "这部电影非常精彩演员的表演也很好我不后悔去看而且我还想再看一遍如果有时间的话我会带朋友一起去"
    assert _checks(_linted([{"text": chinese}, {"text": f"{chinese}看"}]))["near duplicate"] == 1
    marks = [{"text": " ".join(_words(1, 60)), "label": 0}, {"text": " ".join([*_words(1, 59), "x"]), "label": 1}]
    assert "near duplicate" not in _checks(_linted(marks))


def test_languages_and_lengths_are_told() -> None:
    english = "This is what the cat did on the mat with a rat in the hall, and that is all."
    rows = [{"prompt": f"{english} {n}", "chosen": "y" * 30, "rejected": "z" * 20} for n in range(30)]
    report = _linted(rows)
    assert report.languages == {"en": 1.0}
    assert report.ratio == 1.5
    assert set(_linted([{"text": "这部电影非常精彩，演员的表演也很好。"}]).languages) == {"zh"}


def test_scores_rankings_and_echoes_are_checked() -> None:
    scored: list[dict[str, Any]] = [{"prompt": f"Q{n}", "response": f"A{n}", "score": n / 7} for n in range(200)]
    assert _checks(_linted([*scored, {"prompt": "Q", "response": "A", "score": "good"}]))["score"] == 1
    ranked = [{"prompt": f"Q{n}", "responses": ["a", "b"], "scores": [1, 2]} for n in range(20)]
    bad = [{"prompt": "Q", "responses": ["a"], "scores": [1]}, {"prompt": "Q", "responses": ["a", "b"], "scores": [1]}]
    assert _checks(_linted([*ranked, *bad]))["answers"] == 2
    asked = "What is the capital of France, please?"
    assert _checks(_linted([*GOOD, _chat(("user", asked), ("assistant", f"{asked} Paris."))]))["prompt repeated"] == 1


def test_mixed_types_are_told() -> None:
    report = _linted([{"text": "a b c", "label": n if n % 2 else str(n)} for n in range(20)])
    assert next(each.detail for each in report.findings if each.check == "mixed types") == "label"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mail jane.doe@example.co.uk now", ["e-mail"]),
        ("身份证 11010519491231002X。", ["resident id"]),
        ("身份证 110105194912310021。", []),
        ("call 138-1234-5678 or +86 13912345678", ["Chinese mobile number", "Chinese mobile number"]),
        ("card 4111 1111 1111 1111", ["card number"]),
        ("card 4111 1111 1111 1112", []),
        ("IBAN DE89 3704 0044 0532 0130 00", ["IBAN"]),
        ("her SSN is 219-09-9999.", ["US social security number"]),
        ("part 666-12-3456, 000-12-3456, 912-12-3456, 219-00-1234, 219-09-0000 or 1219-09-9999-2", []),
        ("call +44 20 7946 0958 or (212) 555-0123", ["telephone number", "telephone number"]),
        ("server 8.8.4.4, not 127.0.0.1 nor 1.2.3.999", ["IP address"]),
        ("in 2019 there were 1234567890123 of 3.14159265358979", []),
    ],
)
def test_personal_data_is_found_by_form_and_check_digit(text: str, kinds: list[str]) -> None:
    found = list(personal_data(text))
    assert [each.kind for each in found] == kinds
    assert all("***" in each.masked for each in found)


@given(st.text())
def test_any_text_may_be_searched_for_personal_data(text: str) -> None:
    assert all(each.masked for each in personal_data(text))
    assert tokens_in(text) >= 0


def test_the_command_reports_and_its_exit_code_says_so(tmp_path: Path, catalog_command: Command) -> None:
    good = _write(tmp_path, "good.jsonl", "".join(json.dumps(row) + "\n" for row in GOOD).encode())
    done = catalog_command("lint", str(good))
    assert done.returncode == 0
    assert "messages for sft" in done.stdout
    assert done.stdout.endswith("\nNothing is wrong with these rows.\n")
    named = catalog_command("lint", "gsm8k")
    assert (named.returncode, named.stderr.endswith(" brought by: catalog fetch NAME\n")) == (2, True)
    hostile = _chat(("\x1b]52;c;AAAA\x07evil", "x" * 50), ("assistant", "y"))
    _write(tmp_path, "bad.jsonl", good.read_bytes() + json.dumps(hostile).encode() + b"\nnonsense\n")
    done = catalog_command("lint", "bad.jsonl")
    assert done.returncode == 1
    assert f"1 row cannot be read (row {len(GOOD) + 2})" in done.stdout
    assert "\x1b]" not in done.stdout
    report = json.loads(catalog_command("lint", "bad.jsonl", "--json").stdout)
    assert report["clean"] is False
    assert {each["check"] for each in report["findings"]} >= {"unreadable", "unknown role"}
    done = catalog_command("lint", "good.jsonl", "--against", "good.jsonl", "-n", "5")
    assert done.returncode == 1
    assert "with an evaluation set: good.jsonl 5" in done.stdout
    _write(tmp_path, "other.jsonl", b'{"question": "What is the third word of the fourth line?", "answer": "none"}\n')
    done = catalog_command("lint", "good.jsonl", "--against", "other.jsonl", "-n", "5")
    assert done.returncode == 0, done.stdout
    assert catalog_command("lint", "nowhere.jsonl").returncode == 2


def test_an_empty_file_is_not_called_clean(tmp_path: Path, catalog_command: Command) -> None:
    _write(tmp_path, "empty.jsonl", b"")
    assert catalog_command("lint", "empty.jsonl").returncode == 2
