"""What somebody types who has only the README and `--help`, and what must come of it: the right rows, a next step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from catalog import count_tokens, fetch, lint, plan, read_lock, verify
from catalog.errors import Usage
from tests.conftest import Command
from tests.origin import Hub
from tests.person import Person

ROWS = [{"question": f"What is {n} and {n}?", "answer": f"It is {2 * n}."} for n in range(40)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture
def person(catalog_command: Command, hub: Hub, embedded: Path) -> Person:
    return Person(catalog_command, hub, embedded)


def rows_in(done_json: str) -> int:
    return int(json.loads(done_json)["rows"])


class TestAFetchedFolder:
    """It is one dataset, whatever was made of its files beside them."""

    @pytest.fixture(autouse=True)
    def _on_the_hub(self, hub: Hub) -> None:
        hub.add("openai/gsm8k", {"README.md": b"# Set\n", "main/train.jsonl": LINES.encode()})

    def test_what_was_made_of_it_is_not_counted_again(self, person: Person) -> None:
        person.fetches("gsm8k", "--as", "alpaca")
        assert person.types("split", "gsm8k/main/train.jsonl").returncode == 0
        folder = person.command.folder / "gsm8k"
        assert (folder / "alpaca" / "main-train.jsonl").is_file()
        assert (folder / "main" / "train.train.jsonl").is_file()
        for command in ("tokens", "lint"):
            assert rows_in(person.types(command, "gsm8k", "--json").stdout) == len(ROWS), command
        shown = person.types("preview", "gsm8k", "-n", "100", "--json").stdout
        assert len(json.loads(shown)["rows"]) == len(ROWS)
        assert rows_in(person.types("lint", "gsm8k/alpaca", "--json").stdout) == len(ROWS)

    def test_what_is_no_dataset_counts_where_the_receipt_names_no_data(self, person: Person, hub: Hub) -> None:
        hub.add("org/papers", {"README.md": b"# Set\n", "papers.bin": b"x"})
        person.fetches("huggingface:org/papers")
        (person.command.folder / "papers" / "mine.jsonl").write_text(LINES)
        assert rows_in(person.types("lint", "papers", "--json").stdout) == len(ROWS)


class TestANameThatIsNotFound:
    def test_of_the_hub_is_told_how_to_say_so(self, person: Person, hub: Hub) -> None:
        hub.add("org/unheard-of", {"train.jsonl": LINES.encode()})
        for command in ("fetch", "preview", "tokens"):
            done = person.types(command, "org/unheard-of")
            assert done.returncode == 3
            assert done.stderr.splitlines()[-1] == "Of the Hub itself it is: huggingface:org/unheard-of"
        assert person.types("preview", "huggingface:org/unheard-of", "-n", "1").returncode == 0
        assert "huggingface:" not in person.types("fetch", "unheard-of-anywhere").stderr

    def test_of_a_dataset_that_was_fetched_leads_to_its_folder(self, person: Person, hub: Hub) -> None:
        hub.add("TsinghuaC3I/UltraMedical", {"train.jsonl": LINES.encode()})
        person.fetches("ultramedical")
        for name in ("ultramedical", "catalog:ultramedical"):
            done = person.types("lint", name)
            assert done.returncode == 2
            assert done.stderr.splitlines()[1].endswith("name that one: UltraMedical")
        assert "catalog fetch NAME" in person.types("lint", "another").stderr

    def test_of_a_genre_is_told_where_its_datasets_are(self, person: Person) -> None:
        done = person.types("plan", "--params", "1B", "--mix", "web=0.5,fineweb=0.5")
        assert done.returncode == 3
        assert "'web' is a genre" in done.stderr
        assert "catalog search --genre web --task pretrain" in done.stderr


class TestWhatContradicts:
    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("plan", "--params", "1B", "--tokens", "1T", "--ratio", "5"), 2, "--tokens and --ratio both"),
            (("plan", "--params", "1B", "--mix", ""), 2, "--mix names no dataset"),
            (("plan", "--params", "1e30"), 2, "is beyond 1e+18"),
            (("split", "empty.jsonl"), 2, "no row in empty.jsonl"),
            (("preview", "empty.jsonl"), 3, "Look at it with: catalog lint FILE"),
            (("import", "mine.jsonl"), 2, "Say it as: catalog import records mine.jsonl"),
            (("import", "records", "mine.yaml"), 2, "Records are JSON, one on a line"),
            (("search", "--updated", "2024-13"), 2, "updated does not understand '2024-13'"),
            (("search", "medical", "--ui", "zh"), 2, "Say it as: catalog --ui zh search"),
            (("backup", "nowhere/registry.db"), 1, "(No such file or directory).\n"),
            (("tag", "unset", "gsm8k"), 3, "List them with: catalog tag list"),
        ],
    )
    def test_is_said_with_the_next_step(
        self, arguments: tuple[str, ...], code: int, said: str, person: Person, tmp_path: Path
    ) -> None:
        (tmp_path / "empty.jsonl").touch()
        (tmp_path / "mine.yaml").write_text("- id: mine\n")
        registry = shutil.copy(person.registry, tmp_path / "copy.db")
        done = person.types(*arguments, CATALOG_REGISTRY=str(registry))
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        assert not [*tmp_path.glob("empty.*.jsonl")]


def test_no_dataset_for_commercial_use_but_some_under_conditions(person: Person) -> None:
    asked = ("search", "medical", "--task", "sft", "--lang", "en", "--commercial")
    done = person.types(*asked, "yes")
    assert done.returncode == 3
    told = done.stderr.splitlines()[-1]
    found = json.loads(person.types(*asked, "yes,conditions", "--json").stdout)
    assert told == f"  with --commercial conditions as well: {found['total']}"
    assert "as well" not in person.types(*asked, "no", "--rows", "1T..").stderr


def test_one_of_a_thing_is_no_plural(catalog_command: Command, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"prompt": "Why?", "completion": "So it is."}\n[\n')
    assert "\n1 row of 1 from one.jsonl" in catalog_command("preview", "one.jsonl").stdout
    told = catalog_command("tokens", "one.jsonl").stdout
    assert "in the mean of 1 row\n" in told
    assert "left out 1 row that cannot be read" in told
    made = catalog_command("augment", "one.jsonl", "--column", "completion", "--method", "aeda", "--n", "1").stdout
    assert "up to 1 new text a row" in made


class TestADamagedRegistry:
    """One page of the table of datasets is gone; all other pages are as they were."""

    @pytest.fixture
    def damaged(self, person: Person, tmp_path: Path) -> Path:
        path = Path(shutil.copy(person.registry, tmp_path / "damaged.db"))
        data = bytearray(path.read_bytes())
        size = int.from_bytes(data[16:18], "big")
        start = data.index(b"Twenty-six million Chinese medical") // size * size
        data[start : start + size] = bytes(size)
        path.write_bytes(data)
        return path

    def test_gives_what_is_whole(self, person: Person, damaged: Path, tmp_path: Path) -> None:
        checked = person.types("check", "--registry", str(damaged))
        assert checked.returncode == 1
        assert "catalog export records saved.jsonl" in checked.stderr
        whole = person.types("export", "records").stdout.splitlines()
        done = person.types("export", "records", "saved.jsonl", "--registry", str(damaged))
        assert done.returncode == 1
        saved = (tmp_path / "saved.jsonl").read_text().splitlines()
        lost = len(whole) - len(saved)
        assert 1 <= lost < 40
        assert set(saved) < set(whole)
        assert f"{lost} more could not be read" in done.stderr
        assert person.types("import", "records", "saved.jsonl", "--registry", "new.db").returncode == 0
        assert person.types("check", "--registry", "new.db").returncode == 0

    def test_that_ends_too_early_leads_to_no_circle(self, person: Person, damaged: Path) -> None:
        damaged.write_bytes(damaged.read_bytes()[:500_000])
        for command in (("check",), ("search", "medical")):
            done = person.types(*command, "--registry", str(damaged))
            assert done.returncode == 1
            assert "Restore a backup" in done.stderr
            assert "See: catalog check" not in done.stderr


@pytest.mark.parametrize("words", ["medical commercial-safe", "medical safe for commercial use"])
def test_safe_for_commercial_use_is_a_verdict(words: str, person: Person) -> None:
    found = json.loads(person.types("search", *words.split(), "--json").stdout)
    assert found["read_as"] == ["domain:medical", "commercial:yes"]
    assert {hit["commercial"] for hit in found["hits"]} == {"yes"}


class TestTraditionalChinese:
    @pytest.mark.parametrize(
        ("typed", "simple"),
        [("醫療 對話", "医疗 对话"), ("獎勵模型", "奖励模型"), ("預訓練語料 繁體中文", "预训练语料 繁体中文"),
         ("法律 -問答", "法律 -问答"), ("可商用 資料集", "可商用 数据集"),
         ("domain:醫療 task:微調", "domain:医疗 task:微调")],
    )  # fmt: skip
    def test_finds_what_simplified_finds(self, typed: str, simple: str, person: Person) -> None:
        found, wanted = (json.loads(person.types("search", text, "--json").stdout) for text in (typed, simple))
        assert wanted["total"] > 0
        assert found["total"] >= wanted["total"]
        assert [hit["key"] for hit in found["hits"]] == [hit["key"] for hit in wanted["hits"]]
        assert found["read_as"] == wanted["read_as"]

    def test_of_flags_names_and_facets(self, person: Person) -> None:
        one, other = (person.types("search", "--domain", text, "-q").stdout for text in ("醫療", "医疗"))
        assert one == other != ""
        assert person.types("show", "華佗").stdout.startswith("catalog:huatuo-26m")
        one, other = (person.types("facets", text).stdout for text in ("領域", "domain"))
        assert one == other != ""

    def test_in_a_title_is_found_as_it_stands(self, person: Person, tmp_path: Path) -> None:
        record = {"source": "mine", "id": "tw/a", "name": "a", "title": "臺灣鐵路時刻表"}
        (tmp_path / "mine.jsonl").write_text(json.dumps(record) + "\n")
        registry = {"CATALOG_REGISTRY": "mine.db"}
        assert person.types("import", "records", "mine.jsonl", **registry).returncode == 0
        assert person.types("search", "鐵路時刻", "-q", **registry).stdout == "mine:tw/a\n"


class TestThePythonTwins:
    """What the functions give is what the commands print as JSON."""

    @pytest.fixture(autouse=True)
    def _here(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(person.command.folder)
        for name, value in person.environment.items():
            monkeypatch.setenv(name, value)
        (person.command.folder / "rows.jsonl").write_text(LINES)

    def test_plan(self, person: Person) -> None:
        told = json.loads(person.types("plan", "--params", "1.3B", "--mix", "c4=0.9,rows.jsonl=0.1", "--json").stdout)
        assert plan("1.3B", "c4=0.9,rows.jsonl=0.1").to_dict() == told
        assert plan(1.3e9, {"c4": 0.9, "rows.jsonl": 0.1}).to_dict() == told
        assert plan("1B", tokens=5e9).need.ratio == 5
        assert plan("1B").to_dict()["mix"] is None
        with pytest.raises(Usage):
            plan("1B", ratio=5, tokens="1T")

    def test_tokens_and_lint(self, person: Person) -> None:
        counted, told = count_tokens("rows.jsonl"), json.loads(person.types("tokens", "rows.jsonl", "--json").stdout)
        assert (counted.rows, vars(counted.tokens), counted.columns) == (told["rows"], told["tokens"], told["columns"])
        report, told = lint("rows.jsonl", rows=30), json.loads(person.types("lint", "rows.jsonl", "--json").stdout)
        assert (report.rows, told["rows"]) == (30, len(ROWS))
        assert report.detected is not None
        assert report.detected.format == told["format"]["format"]

    def test_lock(self, person: Person, hub: Hub) -> None:
        hub.add("openai/gsm8k", {"main/train.jsonl": LINES.encode()})
        fetch("gsm8k", lock="catalog.lock")
        (entry,) = read_lock()
        assert (entry.key, entry.folder, entry.commercial) == ("catalog:gsm8k", "gsm8k", "yes")
        assert verify("gsm8k").ok
        assert person.types("verify").returncode == 0
        Path("gsm8k/main/train.jsonl").write_text("changed\n")
        assert verify("gsm8k").changed == ("main/train.jsonl",)
        assert person.types("verify").returncode == 1


class TestWhereThingsAreWritten:
    def test_a_folder_that_takes_nothing_is_named(self, catalog_command: Command, tmp_path: Path) -> None:
        (tmp_path / "rows.jsonl").write_text(LINES)
        for command in (
            ("convert", "rows.jsonl", "--to", "alpaca", "--out", "/proc/rows.jsonl"),
            ("convert", "rows.jsonl", "--to", "alpaca", "--out", "/proc/rows.parquet"),
            ("augment", "rows.jsonl", "--column", "answer", "--out", "/proc/rows.csv"),
            ("split", "rows.jsonl", "--out", "/proc"),
        ):
            done = catalog_command(*command)
            assert done.returncode == 1
            said, step = done.stderr.splitlines()
            assert said.startswith("Error: /proc/rows.")
            assert " cannot be written (" in said
            assert step.startswith("Name another with --out")

    def test_turns_are_no_text_to_augment(self, catalog_command: Command, tmp_path: Path) -> None:
        turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So it is."}]
        (tmp_path / "chat.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
        done = catalog_command("augment", "chat.jsonl", "--column", "messages")
        assert done.returncode == 2
        step = done.stderr.splitlines()[1].partition(": catalog ")[2]
        assert catalog_command(*step.split()).returncode == 0
        made = catalog_command("augment", "chat.prompt-completion.jsonl", "--column", "completion")
        assert made.returncode == 0

    def test_an_export_takes_the_file_as_an_option_too(self, person: Person, tmp_path: Path) -> None:
        assert person.types("export", "csv", "--out", "all.csv").returncode == 0
        assert person.types("export", "dcat", "gsm8k", "-o", "gsm8k.json").returncode == 0
        assert (tmp_path / "all.csv").read_text().startswith("key,")
        assert json.loads((tmp_path / "gsm8k.json").read_text())


def test_rows_with_personal_data_are_each_named_once(catalog_command: Command, tmp_path: Path) -> None:
    texts = ["a@example.org, b@example.org, c@example.org and 219-09-9999", "nothing", "d@example.org"]
    rows = [{"prompt": f"Who is number {n}?", "completion": text} for n, text in enumerate(texts)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = catalog_command("lint", "rows.jsonl").stdout.splitlines()[-2:]
    assert " ".join(told).startswith("warning 5 places look like personal data: e-mail 4 (")
    assert told[-1].endswith("(rows 1, 3)")


def test_an_empty_registry_says_so(person: Person, tmp_path: Path) -> None:
    registry = {"CATALOG_REGISTRY": str(tmp_path / "empty.db")}
    (tmp_path / "mine.jsonl").write_text("{}\n")
    assert person.types("import", "records", "mine.jsonl", **registry).returncode == 2
    done = person.types("search", "medical", "--commercial", "yes", **registry)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "The registry holds no datasets yet. Fill it with: catalog init"
    assert "no datasets yet" not in person.types("search", "xyzzyx").stderr


@pytest.mark.parametrize("width", [60, 80])
def test_long_lines_keep_to_the_window(width: int, person: Person, hub: Hub, tmp_path: Path) -> None:
    hub.add("TsinghuaC3I/UltraMedical", {"train.jsonl": LINES.encode()})
    (tmp_path / "rows.jsonl").write_text(LINES)
    for command in (
        ("fetch", "ultramedical", "--dry-run"),
        ("lint", "rows.jsonl"),
        ("tokens", "rows.jsonl"),
        ("plan", "--stage", "sft"),
        ("plan", "--params", "1B", "--mix", "fineweb,c4"),
    ):
        lines = person.types(*command, COLUMNS=str(width)).stdout.splitlines()
        assert [line for line in lines if len(line) > width] == [], command
