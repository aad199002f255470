"""The command line as people and scripts meet it: real processes, real terminals, hostile names."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from string import Formatter

import click
import pytest

from catalog.cli.app import COMMANDS, app
from catalog.cli.output import wrap
from catalog.cli.words import CHINESE
from catalog.record import Column, Entry, Tag, Verdict
from catalog.registry import Registry
from catalog.text import display_width
from tests.conftest import Command

WIDTHS = (60, 80, 120, 200)
HELP_FILE = Path(sys.modules["catalog.cli"].__file__ or "").with_name("help.txt")


@pytest.fixture
def command(catalog_command: Command, embedded: Path) -> Command:
    """Runs commands in an empty folder whose `registry.db` is the embedded catalog."""
    (catalog_command.folder / "registry.db").symlink_to(embedded)
    return catalog_command


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose every text tries something."""
    evil = "\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u2066 \x9b2J a\nb\r\tc \u200b=cmd|' /C calc'!A0"
    path = tmp_path_factory.mktemp("hostile") / "registry.db"
    made = [
        Entry(
            source="test", id=f"{start}evil/{number}", name=evil, title=f"{start}{evil}", title_zh=evil, summary=evil,
            description=f"evil {evil}", aliases=(evil,), creators=(evil,), columns=(Column(evil, evil),),
            url="javascript:alert(1)", access_note=evil, tags=(Tag("task", "sft", "test", evil),),
            verdict=Verdict("no", evil, "custom", evil, (evil,)), made_by="test",
        )
        for number, start in enumerate(["=", "+", "-", "@", "\x1b[2J", "\u202e", "a\nb", "中"])
    ]  # fmt: skip
    with Registry.open(path, create=True) as registry:
        registry.commit_page(registry.begin_run("test", "test"), made)
    return path


def on_terminal(command: Command, *arguments: str, columns: int = 100, env: dict[str, str] | None = None) -> str:
    """What a command shows on a terminal of that many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = command.environment({"TERM": "xterm-256color", **(env or {})})
    del environment["COLUMNS"]
    process = subprocess.Popen(
        [sys.executable, "-m", "catalog", *arguments], cwd=command.folder, env=environment, stdin=theirs, stdout=theirs,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(120) == 0
    return shown.decode().replace("\r\n", "\n")


# -- tables and colour ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", WIDTHS)
def test_tables_fit_the_window(command: Command, columns: int) -> None:
    for arguments in (("search", "医疗", "--facets"), ("search", "--lang", "zh"), ("facets", "domain"), ("info",)):
        done = command(*arguments, env={"COLUMNS": str(columns)})
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if not line.startswith("registry ")]  # a path is never cut
        assert len(lines) > 2
        assert max(map(display_width, lines)) <= columns
        assert max(map(display_width, lines)) > columns - 40 or columns == 200
        assert any(word in lines[0] for word in ("dataset", "term", "version"))


def test_a_terminal_gets_its_width_colour_and_counts(command: Command) -> None:
    for columns in (60, 100):
        shown = on_terminal(command, "search", "医疗", "-n", "5", columns=columns)
        assert "\x1b[1m" in shown
        assert re.search(r"^(\x1b\[2m)?domain +medical", shown, re.MULTILINE)
        plain = re.sub(r"\x1b\[\d*m", "", shown)
        assert "\x1b" not in plain
        assert max(map(display_width, plain.splitlines())) <= columns


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(command: Command, env: dict[str, str]) -> None:
    assert "\x1b" not in on_terminal(command, "search", "medical", "-n", "2", env=env)


def test_a_pipe_gets_no_colour(command: Command) -> None:
    for arguments in (("search", "medical"), ("show", "gsm8k"), ("facets",), ("--help",)):
        assert "\x1b" not in command(*arguments, env={"TERM": "xterm-256color"}).stdout


# -- for programs ---------------------------------------------------------------------------------------------------


def test_json_csv_and_keys_agree(command: Command) -> None:
    query = ("search", "medical", "--task", "sft", "-n", "7")
    value = json.loads(command(*query, "--json", "--facets").stdout)
    rows = list(csv.DictReader(io.StringIO(command(*query, "--csv").stdout)))
    keys = command(*query, "-q").stdout.splitlines()
    assert len(keys) == 7
    assert [hit["key"] for hit in value["hits"]] == [row["key"] for row in rows] == keys
    assert value["total"] > 7
    assert value["facets"]["task"]["sft"] == value["total"]
    assert json.loads(command("show", keys[0], "--json").stdout)["key"] == keys[0]
    assert {"medical"} <= {term["term"] for term in json.loads(command("facets", "domain", "--json").stdout)["terms"]}
    assert json.loads(command("info", "--json").stdout)["datasets"] > 300


def test_pages(command: Command) -> None:
    first = command("search", "medical", "-n", "2")
    said, here = first.stderr.splitlines()
    assert said == "Read as: domain medical. Search the words alone with --exact."
    assert re.fullmatch(r"1-2 of \d+\. Next: --page 2", here)
    total = int(here.split()[2].strip("."))
    last = command("search", "medical", "-n", "2", "--page", str((total + 1) // 2))
    assert last.returncode == 0
    assert "Next" not in last.stderr
    beyond = command("search", "medical", "-n", "2", "--page", "5000")
    assert (beyond.returncode, beyond.stdout) == (3, "\n")
    assert "No more hits" in beyond.stderr


def test_hostile_names_come_out_clean(command: Command, hostile: Path) -> None:
    keys = [
        hit["key"] for hit in json.loads(command("search", "evil", "--json", "--registry", str(hostile)).stdout)["hits"]
    ]
    assert len(keys) == 8
    for arguments in (
        ("search", "evil"), ("search", "evil", "--csv"), ("search", "evil", "-q"), ("facets",), ("info",),
        ("show", keys[0], "--full"), ("show", "\x1b[31m\u202enothing"), ("search", "--task", "\x1b[31m\u202e"),
        ("search", "\x1b[2J", "--license", "\x1b[31m"),
    ):  # fmt: skip
        done = command(*arguments, "--registry", str(hostile))
        for stream in (done.stdout, done.stderr):
            bad = re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", stream)
            assert not bad, (arguments, stream)
            assert "Traceback" not in stream
    quiet = command("search", "evil", "-q", "--registry", str(hostile)).stdout
    assert len(quiet.splitlines()) == 8
    rows = list(csv.reader(io.StringIO(command("search", "evil", "--csv", "--registry", str(hostile)).stdout)))
    assert len(rows) == 9
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "javascript:" not in command("show", keys[0], "--registry", str(hostile)).stdout


# -- exit codes and errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("search", "medical"), 0, "Next: --page 2"),
        (("search", "nosuchwordatall"), 3, "Nothing found."),
        (("search", "medical", "--license", "nosuch"), 3, "without --license nosuch: "),
        (("search", "--license", "nosuch"), 3, "without --license nosuch: "),
        (("search", "opnwebtext"), 0, "showing 'openwebtext'"),
        (("search", "--task", "sfft"), 2, "no task 'sfft'; did you mean sft"),
        (("search", "--rows", "many"), 2, "rows does not understand 'many'"),
        (("search", "--sort", "best"), 2, "--sort"),
        (("serch",), 2, "Did you mean 'search'?"),
        (("show", "gsm8kk"), 3, "catalog:gsm8k"),
        (("show",), 2, "NAME"),
        (("facets", "domian"), 2, "no facet 'domian'"),
        (("search", "x", "--registry", "absent.db"), 3, "catalog init"),
    ],
)
def test_exit_codes_and_what_is_said(command: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = command(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_any_bytes_are_a_query(command: Command) -> None:
    for raw in (b"\xff\xfe", b"medical\x80", b"\xed\xa0\x80", b'"\xf0', b"NEAR(", b"task:\xff"):
        for arguments in ((b"search",), (b"show",), (b"facets",), (b"search", b"--domain"), (b"search", b"--license")):
            if raw not in (b"\xff\xfe", b"task:\xff") and arguments != (b"search",):
                continue
            done = subprocess.run(
                [sys.executable, "-m", "catalog", *arguments, raw], cwd=command.folder, env=command.environment(),
                capture_output=True, check=False,
            )  # fmt: skip
            assert done.returncode in (0, 2, 3), done.stderr
            assert b"fault of catalog" not in done.stderr


def test_a_minus_excludes_on_the_command_line_too(command: Command) -> None:
    def keys(*arguments: str) -> list[str]:
        return command("search", "-qn", "1000", *arguments).stdout.splitlines()

    whole, without = keys("dialogue"), keys("dialogue", "-medical", "-license:nc", "-q")
    assert set(without) < set(whole)
    assert without == keys("dialogue -medical -license:nc") == keys("--", "dialogue", "-medical", "-license:nc")
    assert command("search", "dialogue", "-json").returncode == 2
    assert command("search", "dialogue", "-n5", "-q").stdout.count("\n") == 5


def test_a_reader_that_leaves_is_no_error(command: Command) -> None:
    for arguments in ("search '' -n 1000 --json", "search '' -n 1000", "--help", "facets language --all"):
        done = subprocess.run(
            f"{sys.executable} -m catalog {arguments} | head -c 20", shell=True, cwd=command.folder,
            env=command.environment(), capture_output=True, check=False,
        )  # fmt: skip
        assert len(done.stdout) == 20
        assert b"rror" not in done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        ("init", "What was stored is whole; the same command goes on from there."),
        ("--ui zh init", "What was stored is whole; the same command goes on from there."),
        ("tag set gsm8k domain=legal --because init", "The same command starts anew."),
    ],
)
def test_an_interrupt_ends_in_a_sentence(catalog_command: Command, typed: str, then: str) -> None:
    """The command waits for the lock that this process holds; Ctrl-C ends it."""
    path = catalog_command.folder / "registry.db"
    with Registry.open(path, create=True, verb="sync"):
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "catalog", *typed.split()], cwd=catalog_command.folder,
            env=catalog_command.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr is not None
        assert "Waiting for" in process.stderr.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert said.splitlines()[-1] == f"Stopped. {then}"
    assert "Traceback" not in said


@pytest.mark.parametrize("env", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}])
def test_a_plain_locale_is_enough(command: Command, env: dict[str, str]) -> None:
    for arguments in (("search", "医疗", "-n", "3"), ("--help",), ("show", "huatuo-26m"), ("search", "医疗", "--json")):
        done = command(*arguments, env=env)
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_no_home_is_needed(command: Command) -> None:
    environment = command.environment()
    del environment["HOME"]
    for arguments in (["search", "gsm8k", "-q"], ["info"]):
        done = subprocess.run(
            [sys.executable, "-m", "catalog", *arguments], cwd=command.folder, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "gsm8k" in done.stdout or "datasets" in done.stdout


# -- Chinese --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", WIDTHS)
def test_chinese_tables_fit_the_window(command: Command, columns: int) -> None:
    for arguments in (("search", "医疗", "--facets"), ("facets",), ("facets", "task"), ("info",)):
        done = command(*arguments, env={"COLUMNS": str(columns), "CATALOG_UI": "zh"})
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if not line.startswith("registry ")]
        assert max(map(display_width, lines)) <= columns


def test_chinese_is_spoken_where_it_is_asked_for(command: Command) -> None:
    asked: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("--ui", "zh"), {}),
        ((), {"CATALOG_UI": "zh"}),
        ((), {"LANG": "zh_CN.UTF-8"}),
        (("--ui", "zh"), {"CATALOG_UI": "en"}),
    ]
    for before, env in asked:
        done = command(*before, "search", "gsm8k", "--facets", "-n", "2", env=env)
        assert "数据集" in done.stdout.splitlines()[0]
        assert re.search(r"^任务 +.*数学推理 \d", done.stdout, re.MULTILINE)
        assert re.fullmatch(r"第 1-2 条，共 \d+ 条。 下一页：--page 2\n", done.stderr)
    shown = command("show", "gsm8k", env={"CATALOG_UI": "zh"}).stdout
    assert "商业使用: 可商用" in shown
    assert "下载：catalog fetch catalog:gsm8k" in shown
    for env in ({"CATALOG_UI": "en", "LANG": "zh_CN.UTF-8"}, {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}):
        assert command("search", "gsm8k", env=env).stdout.startswith("dataset ")


def test_what_programs_read_is_the_same_in_every_language(command: Command) -> None:
    for form in ("--json", "--csv", "-q"):
        ours = [command("search", "医疗", form, env={"CATALOG_UI": each}).stdout for each in ("en", "zh")]
        assert ours[0] == ours[1]


def test_the_chinese_words_are_those_that_are_said() -> None:
    sources = "".join(path.read_text("utf-8") for path in HELP_FILE.parent.glob("*.py") if path.name != "words.py")
    from_data = {"yes", "no", "conditions", "unknown", "refused", "withdrawn", "running", "renamed"}
    for english, chinese in CHINESE.items():
        assert english in from_data or f'"{english}"' in sources or f"'{english}'" in sources, english
        fields = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in (english, chinese)]
        assert fields[0] == fields[1], english


@pytest.mark.parametrize(
    "text", ["", "one", "one two three four five six", "医疗对话" * 60, f"BELLE {'中文' * 50} end"]
)
@pytest.mark.parametrize("width", [7, 10, 61])
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(0 < display_width(line) <= width for line in lines)
    assert len(lines) <= 1 + 2 * display_width(text) / width


# -- help -----------------------------------------------------------------------------------------------------------


def test_the_kept_help_is_what_click_says() -> None:
    context = click.Context(app, info_name="catalog", terminal_width=80, **app.context_settings)
    assert HELP_FILE.read_text(encoding="utf-8").strip() == app.get_help(context).strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    found = app.get_command(click.Context(app), name)
    assert found is not None
    text = found.help or ""
    first = text.split("\n")[0]
    assert first.endswith(".")
    assert re.match(r"(Build|Print|Make|Find|Show|List|Download|Check|Pull|Read|Write|Say|Tell) ", first)
    assert re.search(r"^ *(catalog )+" + name, text.partition("Example")[2], re.MULTILINE)
    assert found.get_help(click.Context(found, info_name=name))
    for parameter in found.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


def test_the_examples_of_search_are_true(command: Command) -> None:
    for arguments in (
        ("search", "--domain", "medical", "--task", "sft"),
        ("search", "preference pairs", "--commercial", "yes", "--lang", "en"),
        ("search", "医疗", "对话", "--not-license", "nc"),
        ("search", "--task", "sft", "--rows", "10k..1M", "--sort", "size", "-q"),
        ("search", "medical task:sft -license:nc lang:zh,en rows:10k..1M"),
        ("show", "gsm8k"),
    ):
        done = command(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "text" not in done.stderr
