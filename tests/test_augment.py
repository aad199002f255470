"""More rows out of those there are: EDA and AEDA as published, what is kept, files, evaluation splits, local models."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.augment import Guard, Synonyms, Words, aeda, eda, settings, words_of
from catalog.augment.aeda import MARKS, WIDE_MARKS
from catalog.augment.eda import STOP, Settings
from catalog.augment.models import alike
from catalog.augment.rows import refuse_evaluation
from catalog.errors import Usage
from tests.conftest import Command

TEXT = "The big dogs of the old town quickly crossed a wide river, and nobody saw them."
CHINESE = "这部电影非常精彩，演员的表演也很好。"
WORDNET = Synonyms()
assert WORDNET.of("big")  # its table is read before anything is timed


def _chance(seed: int = 7) -> random.Random:
    return random.Random(seed)


def _plain(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.casefold())


# -- words -------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_text_is_the_same_when_put_together(text: str) -> None:
    words = words_of(text)
    assert str(words) == text
    assert len(words.gaps) == len(words) + 1 == len(words.kept) + 1 == len(words.bound) + 1


@given(st.text(min_size=1), st.integers(0, 40))
def test_no_operation_loses_punctuation(text: str, seed: int) -> None:
    """Every character that is no part of a word and no space is still there after each operation of EDA."""
    words = words_of(text)
    marks = "".join(words.gaps)
    for name, made in eda(words, 0.3, 8, _chance(seed), WORDNET):
        left = "".join(words_of(made).gaps) if name != "rd" else made
        for mark in marks:
            if not mark.isspace() and mark not in ",;":
                assert mark in left


def test_chinese_is_cut_by_characters_or_by_a_segmenter() -> None:
    assert words_of("我爱北京。").words == ("我", "爱", "北", "京")
    assert words_of("我爱北京。", lambda run: [run[:1], run[1:2], run[2:]]).words == ("我", "爱", "北京")
    assert words_of("我爱北京。", lambda _run: ["lost"]).words == ("我", "爱", "北", "京")


def test_what_a_label_rests_on_is_kept() -> None:
    guard = Guard(["black box"], ["very good"])
    text = "I do not like Anna's NLP black box 42 at https://a.example/x?y=1, {name}; the good one isn't cheap."
    marked = guard.marked(words_of(text))
    kept = {word for word, held in zip(marked.words, marked.kept, strict=True) if held}
    assert {"not", "like", "Anna's", "NLP", "black", "box", "42", "name", "good", "isn't", "cheap"} <= kept
    assert not {"do", "at", "the", "one"} & kept
    assert [marked.bound[marked.words.index(word)] for word in ("black", "box")] == [False, True]
    free = Guard(["black box"], ["good"], label_safe=False).marked(words_of(text))
    assert {word for word, held in zip(free.words, free.kept, strict=True) if held} == {"black", "box"}
    chinese = guard.marked(words_of("我不后悔去看"))
    assert [chinese.words[n] for n, held in enumerate(chinese.kept) if held] == ["不", "后"]
    with pytest.raises(Usage, match="--protect does not understand"):
        Guard(["/(/"])


# -- EDA ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "told"),
    [(1, (0.05, 16)), (500, (0.05, 16)), (501, (0.05, 8)), (2000, (0.05, 8)), (5000, (0.1, 4)), (10**6, (0.1, 4))],
)
def test_settings_follow_table_3_of_the_paper(rows: int, told: tuple[float, int]) -> None:
    assert settings(rows) == Settings(*told)


def _made(operation: str, text: str = TEXT, alpha: float = 0.1, count: int = 40) -> list[str]:
    found = eda(words_of(text), alpha, count, _chance(), WORDNET)
    made = [new for name, new in found if name == operation]
    assert made
    return made


def test_synonym_replacement() -> None:
    """n = max(1, int(0.2 * 16)) = 3 words, none a stop word, each by a synonym of its own."""
    before = _plain(TEXT)
    for new in _made("sr", alpha=0.2):
        gone = [word for word in set(before) if word not in _plain(new)]
        assert 1 <= len(gone) <= 3
        assert not set(gone) & STOP
        assert all(any(other in new.casefold() for other in WORDNET.of(word)) for word in gone)


def test_a_word_is_replaced_wherever_it_stands() -> None:
    for new in _made("sr", "Big, big BIG"):
        first, _, rest = new.partition(", ")
        second = rest[: len(rest) // 2]
        assert rest == f"{second} {second.upper()}"
        assert first == second[:1].upper() + second[1:]
        assert second in WORDNET.of("big")


def test_random_insertion_adds_synonyms_of_words_that_are_no_stop_words() -> None:
    known = {form for word in set(_plain(TEXT)) - STOP for form in WORDNET.of(word)}
    for new in _made("ri", alpha=0.2):
        rest = _plain(new)
        for word in _plain(TEXT):
            rest.remove(word)
        assert len(rest) >= 1
        assert set(rest) <= {word for form in known for word in _plain(form)}


def test_random_swap_keeps_all_words() -> None:
    for new in _made("rs"):
        assert sorted(_plain(new)) == sorted(_plain(TEXT))
        assert new[0].isupper()


def test_random_deletion_only_deletes_and_keeps_one() -> None:
    for new in _made("rd", alpha=0.3):
        rest = iter(_plain(TEXT))
        assert all(word in rest for word in _plain(new))
        assert new.endswith(".")
    made = eda(words_of("one two"), 1.0, 4, _chance(), WORDNET)
    assert {new.casefold() for name, new in made if name == "rd"} <= {"one", "two"}


def test_the_share_of_deleted_words_is_alpha() -> None:
    words = words_of(" ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)))
    lengths = [len(words_of(new)) for name, new in eda(words, 0.1, 160, _chance(), WORDNET) if name == "rd"]
    assert len(lengths) >= 20
    assert sum(lengths) / len(lengths) == pytest.approx(360, abs=5)


def test_count_and_mix_of_operations() -> None:
    """count // 4 + 1 texts of each operation, shuffled and cut to count: as in the authors' program."""
    found = eda(words_of(TEXT), 0.2, 9, _chance(), WORDNET)
    assert len(found) == len({new for _name, new in found}) == 9
    assert all(sum(name == each for name, _new in found) <= 3 for each in ("sr", "ri", "rs", "rd"))


@given(st.text(max_size=200), st.integers(0, 10**6), st.floats(0.01, 1))
def test_any_text_may_be_augmented(text: str, seed: int, alpha: float) -> None:
    marked = Guard().marked(words_of(text))
    for _name, new in eda(marked, alpha, 4, _chance(seed), WORDNET):
        assert new.strip()
        assert new != text
        assert all(
            word.casefold() in new.casefold() for word, held in zip(marked.words, marked.kept, strict=True) if held
        )


def test_negations_and_names_are_in_every_text() -> None:
    text = "I do not like the 3 old films of Hitchcock, and https://a.example/b never helped me."
    marked = Guard().marked(words_of(text))
    made = eda(marked, 0.5, 60, _chance(), WORDNET)
    assert len(made) > 30
    for _name, new in made:
        for word in ("not", "like", "3", "hitchcock", "https://a.example/b", "never"):
            assert word in new.casefold()


# -- AEDA --------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
def test_aeda_only_puts_marks_before_words(seed: int) -> None:
    words = words_of(TEXT)
    for name, new in aeda(words, 4, _chance(seed)):
        assert name == "aeda"
        assert _plain(new) == _plain(TEXT)
        assert re.sub(r"(?<=\s)[.;?:!,] |\A[.;?:!,] ", "", new) == TEXT
        added = len(new) - len(TEXT)
        assert added % 2 == 0
        assert 1 <= added // 2 <= len(words) // 3


def test_aeda_draws_numbers_and_marks_evenly() -> None:
    words = words_of("a b c d e f g h i j k l m n o")
    counts: dict[int, int] = {}
    marks: dict[str, int] = {}
    for seed in range(2000):
        ((_name, new),) = aeda(words, 1, _chance(seed))
        found = [each for each in new if each in MARKS]
        counts[len(found)] = counts.get(len(found), 0) + 1
        for mark in found:
            marks[mark] = marks.get(mark, 0) + 1
    assert sorted(counts) == [1, 2, 3, 4, 5]
    assert all(320 < count < 480 for count in counts.values())
    assert sorted(marks) == sorted(MARKS)
    assert max(marks.values()) < 1.2 * min(marks.values())


def test_aeda_in_chinese() -> None:
    for _name, new in aeda(words_of(CHINESE), 8, _chance()):
        assert re.sub(f"[{''.join(WIDE_MARKS)}]", "", new) == re.sub(f"[{''.join(WIDE_MARKS)}]", "", CHINESE)
        assert not re.search(r"[.;?:!, ]", new)


# -- synonyms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "other"),
    [("big", "large"), ("dogs", "hounds"), ("quickly", "speedily"), ("lazy", "indolent"), ("helping", "assisting"),
     ("jumped", "bounded"), ("children", "kids"), ("buys", "purchases")],
)  # fmt: skip
def test_wordnet_knows_words_in_their_forms(word: str, other: str) -> None:
    assert other in WORDNET.of(word)


def test_a_form_that_is_not_sure_is_left_out() -> None:
    assert not {"gived", "goed", "taked", "leapt ", "childs"} & set(WORDNET.of("provided"))
    assert WORDNET.of("zzzz") == WORDNET.of("数据") == WORDNET.of("") == ()


def test_synonyms_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "zh.txt"
    path.write_text("# mine\n高兴 快乐,开心\nAa01A01= 人 士 人物\nAa01B02# 人民 国民\nAa01C01@ 众人\n", "utf-8")
    own = Synonyms(path)
    assert list(own.of("高兴")) == ["快乐", "开心"]
    assert list(own.of("人")) == ["士", "人物"]
    assert own.of("人民") == own.of("众人") == ()
    assert "large" in own.of("big")
    cut = own.segmenter()
    assert cut is not None
    assert list(cut("我很高兴")) == ["我", "很", "高兴"]
    made = {new for name, new in eda(words_of("我很高兴", cut), 0.1, 20, _chance(), own) if name == "sr"}
    assert made == {"我很快乐", "我很开心"}
    (tmp_path / "b.json").write_text(json.dumps({"好": ["棒", "佳"]}), "utf-8")
    assert list(Synonyms(tmp_path / "b.json").of("棒")) == ["好", "佳"]
    (tmp_path / "none.txt").write_text("alone\n", "utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfa")
    for name in ("none.txt", "bad.txt", "missing.txt"):
        with pytest.raises(Usage):
            Synonyms(tmp_path / name)


def test_the_notice_of_wordnet_travels_with_it() -> None:
    import catalog.augment

    folder = Path(catalog.augment.__file__).parent
    assert "Princeton University" in (folder / "WORDNET-LICENSE").read_text("utf-8")
    assert (folder / "wordnet.tsv.xz").stat().st_size < 700_000


# -- the command -------------------------------------------------------------------------------------------------------

ROWS: list[dict[str, Any]] = [
    {"text": TEXT, "label": "travel", "id": 1},
    {"text": CHINESE, "label": "positive", "id": 2},
    {"text": "", "label": "x", "id": 3},
    {"text": None, "label": "x", "id": 4},
    {"text": "!!!", "label": "x", "id": 5},
]


def _write(folder: Path, name: str = "train.jsonl", rows: list[dict[str, Any]] | None = None) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in (ROWS if rows is None else rows)]
    (folder / name).write_text("".join(lines), "utf-8")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_rows_with_what_made_them(catalog_command: Command) -> None:
    folder = catalog_command.folder
    _write(folder)
    done = catalog_command("augment", "train.jsonl", "--column", "text", "--label", "label", "--n", "4", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rows = _lines(folder / "train.eda.jsonl")
    assert (told["read"], told["written"], told["alpha"], told["n"]) == (5, len(rows), 0.05, 4)
    assert told["without_new_text"] == 1
    assert told["rejected"] == {"its text holds no text": 2}
    assert [each["row"] for each in _lines(folder / "train.eda.jsonl.rejects.jsonl")] == [3, 4]
    assert rows[0] == {**ROWS[0], "aug_op": "original", "aug_row": 1}
    assert {row["aug_op"] for row in rows} <= {"original", "sr", "ri", "rs", "rd"}
    assert all(row["id"] == row["aug_row"] and row["label"] == ROWS[row["aug_row"] - 1]["label"] for row in rows)
    assert sum(told["made"].values()) == sum(row["aug_op"] != "original" for row in rows) == 8
    again = catalog_command("augment", "train.eda.jsonl", "--column", "text")
    assert again.returncode == 2
    assert "augmented before" in again.stderr


def test_the_same_seed_gives_the_same_bytes_in_every_process(catalog_command: Command) -> None:
    _write(catalog_command.folder)

    def made(seed: str, hashes: str, method: str) -> bytes:
        done = catalog_command(
            "augment", "train.jsonl", "--column", "text", "--seed", seed, "--method", method, "--n", "6",
            env={"PYTHONHASHSEED": hashes},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return (catalog_command.folder / f"train.{method}.jsonl").read_bytes()

    for method in ("eda", "aeda"):
        assert made("7", "1", method) == made("7", "2", method) != made("8", "1", method)


def test_tables_and_parquet_go_through(catalog_command: Command) -> None:
    folder = catalog_command.folder
    with (folder / "train.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerow({"text": TEXT, "label": "a"})
    ours = ("augment", "train.csv", "--method", "aeda", "--column", "text", "--n", "2")
    done = catalog_command(*ours, "--no-original", "--out", "more.csv")
    assert done.returncode == 0, done.stderr
    with (folder / "more.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [["text", "label", "aug_op", "aug_row"]] * 2
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    assert catalog_command(*ours, "--out", "more.parquet").returncode == 0
    assert parquet.read_table(folder / "more.parquet").num_rows == 3
    done = catalog_command("augment", "more.parquet", "--column", "label", "--out", "again.jsonl")
    assert "augmented before" in done.stderr


@pytest.mark.parametrize(
    "name", ["test.jsonl", "my-test-set", "gsm8k.validation.parquet", "dev", "x_eval.csv", "VAL.csv"]
)
def test_evaluation_splits_are_refused(name: str) -> None:
    with pytest.raises(Usage, match="evaluation split"):
        refuse_evaluation(name)


@pytest.mark.parametrize("name", ["train.jsonl", "latest.jsonl", "devices.csv", "contest.jsonl", "evaluated.csv"])
def test_other_names_are_not(name: str) -> None:
    refuse_evaluation(name)


def test_chinese_is_cut_by_jieba_where_it_is_asked(catalog_command: Command) -> None:
    pytest.importorskip("rjieba")
    from catalog.datafile import read_rows

    text = "这部电影非常好看，我很喜欢它的音乐和演员的表演。"
    _write(catalog_command.folder, "zh.jsonl", [{"text": text}])
    ours = ("augment", "zh.jsonl", "--method", "aeda", "--column", "text", "--n", "8", "--no-original")
    cuts = {}
    for way in ("jieba", "characters"):
        done = catalog_command(*ours, "--segment", way, "--out", f"{way}.jsonl")
        assert done.returncode == 0, done.stderr
        cuts[way] = [row["text"] for row in read_rows(catalog_command.folder / f"{way}.jsonl")]
    words = ("电影", "喜欢", "音乐", "演员", "表演")
    assert all(word in made for made in cuts["jieba"] for word in words)
    assert not all(word in made for made in cuts["characters"] for word in words)


def test_rows_of_an_evaluation_split_are_rejected(catalog_command: Command) -> None:
    _write(catalog_command.folder, "all.jsonl", [{"text": TEXT, "split": "train"}, {"text": TEXT, "split": "test"}])
    done = catalog_command("augment", "all.jsonl", "--column", "text", "--json")
    assert json.loads(done.stdout)["rejected"] == {"it is of the split 'test', which is not trained on": 1}
    _write(catalog_command.folder, "test.jsonl")
    done = catalog_command("augment", "test.jsonl", "--column", "text")
    assert (done.returncode, done.stdout) == (2, "")
    assert "evaluation split" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--column", "none"), 2, "no column 'none'"),
        (("--column", "text", "--label", "none"), 2, "no column 'none'"),
        (("--column", "text", "--out", "train.jsonl"), 2, "written over"),
        (("--column", "text", "--out", "a.txt"), 2, "no form that can be written"),
        (("--column", "text", "--alpha", "0"), 2, "--alpha"),
        (("--column", "text", "--method", "mlm"), 2, "needs a model"),
        (("--column", "text", "--method", "mlm", "--model", "."), 2, "no model in"),
        (("--column", "text", "--method", "backtranslate", "--model", "."), 2, "needs a second model"),
        (("--column", "text", "--synonyms", "none.txt"), 2, "cannot be read as synonyms"),
    ],
)
def test_what_cannot_be_done_is_told(
    catalog_command: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    _write(catalog_command.folder)
    done = catalog_command("augment", "train.jsonl", *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_extra_is_one_sentence(catalog_command: Command) -> None:
    if importlib.util.find_spec("transformers") and importlib.util.find_spec("torch"):
        pytest.skip("the extra is installed")
    _write(catalog_command.folder)
    (catalog_command.folder / "config.json").write_text("{}")
    done = catalog_command("augment", "train.jsonl", "--column", "text", "--method", "mlm", "--model", ".")
    assert done.returncode == 1
    assert "needs transformers and torch" in done.stderr
    assert "dataset-catalog[augment]" in done.stderr


def test_how_alike_texts_are() -> None:
    assert alike("a b c d", "a b c d") == 1
    assert alike("a b c d", "a b x d") == 0.75
    assert alike("我很高兴", "我很快乐") == 0.5


# -- local models: needs the extra, and is run where it is installed ---------------------------------------------------

CASES = "import sys; from tests.augment_models import run; run(sys.argv[1])"


@pytest.mark.slow
def test_models_in_folders(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", CASES, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "whole"


def test_words_are_frozen() -> None:
    words = words_of("a b")
    assert isinstance(words, Words)
    assert str(words.replaced(0, "c")) == "c b"
    assert str(words) == "a b"
    assert str(words.deleted(0)) == "b"
    assert str(words_of("One, two three.").deleted(0)) == "two three."
    assert str(words_of("the big, dog").deleted(1)) == "the, dog"
    assert str(words_of("one two.").inserted(2, "three")) == "one two three."
