"""How much data: the rule, mixes, what datasets give, the strictest license, the counts of other stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.budget import amount, epochs_say, need, read_mix, supply_of
from catalog.errors import Usage
from catalog.fetch.receipt import NAME, VERSION
from catalog.record import Amount, Entry, Tag
from tests.conftest import Command


@pytest.fixture
def command(catalog_command: Command, embedded: Path) -> Command:
    (catalog_command.folder / "registry.db").symlink_to(embedded)
    return catalog_command


def _plan(command: Command, *arguments: str) -> dict[str, Any]:
    done = command("plan", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.1B", 1.1e9), ("350m", 350e6), ("7e9", 7e9), ("1,100,000,000", 1.1e9), (" 15 T ", 15e12), (".5k", 500)],
)
def test_amounts(text: str, number: float) -> None:
    assert amount(text, "--params") == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "B", "-1B", "0", "1.1X", "nan", "1e999", "1..1B", "1.1B parameters", ",", "1e30"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Usage):
        amount(text, "--params")


@given(st.text(max_size=40))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        assert amount(text, "it") > 0
    except Usage:
        pass


def test_the_rule() -> None:
    """Chinchilla: 70B parameters, 1.4T tokens, 5.88e23 FLOPs."""
    needed = need(70e9)
    assert (needed.tokens, needed.flops) == (pytest.approx(1.4e12), pytest.approx(5.88e23))
    assert epochs_say(0.5) == epochs_say(1) == ""
    assert "cost little" in epochs_say(3.9)
    assert "each brings less" in epochs_say(5)
    assert "hardly anything" in epochs_say(40)


def test_mixes() -> None:
    picks, note = read_mix("wikipedia:zh=0.3, fineweb=70%")
    assert [(pick.name, pick.share) for pick in picks] == [("wikipedia:zh", 0.3), ("fineweb", 0.7)]
    assert note == ""
    picks, note = read_mix("a=1,b=3")
    assert [pick.share for pick in picks] == [0.25, 0.75]
    assert "sum to 4" in note
    assert [pick.share for pick in read_mix("a,b")[0]] == [0.5, 0.5]
    assert [pick.share for pick in read_mix("a=0.4,b,c")[0]] == [0.4, pytest.approx(0.3), pytest.approx(0.3)]


@pytest.mark.parametrize("text", ["", ",", "a=x", "a=-1,b=2", "a=0", "=1", "a=1,a=2", "a=1,b", "a=nan", "a=inf"])
def test_what_is_no_mix(text: str) -> None:
    with pytest.raises(Usage):
        read_mix(text)


@given(st.text(max_size=60))
def test_any_text_is_a_mix_or_refused(text: str) -> None:
    try:
        assert sum(pick.share for pick in read_mix(text)[0]) == pytest.approx(1)
    except Usage:
        pass


def _entry(languages: tuple[str, ...] = ("en",), **more: Any) -> Entry:
    tags = [Tag("language", each, "test") for each in languages] + [Tag("task", "pretrain", "test")]
    return Entry(source="test", id="set", name="set", tags=(*tags, *more.pop("tags", ())), **more)


def test_what_a_dataset_gives() -> None:
    published = supply_of(_entry(tokens=Amount(10**9, "paper"), bytes=Amount(4 * 10**9, "card")))
    assert (published.tokens, published.basis, published.bytes) == (1e9, "published: paper", 4 * 10**9)
    assert published.share == pytest.approx(0.15)
    text = supply_of(_entry(bytes=Amount(43 * 10**8, "dataset_infos")))
    assert (text.tokens, text.share) == (pytest.approx(1e9), pytest.approx(0.25))
    packed = supply_of(_entry(bytes=Amount(43 * 10**8, "size of the hub repository")))
    assert packed.share == pytest.approx(0.5)
    chinese = supply_of(_entry(("zh",), bytes=Amount(36 * 10**8, "dataset_infos")))
    assert chinese.tokens == pytest.approx(1e9)
    rows = supply_of(_entry(rows=Amount(10**6, "card")))
    assert (rows.tokens, rows.low, rows.high) == (1e9, 0.4e9, 2.5e9)
    nothing = supply_of(_entry())
    assert (nothing.tokens, nothing.high, nothing.basis) == (None, None, "no size is published")
    pictures = supply_of(_entry(bytes=Amount(10**9, "card"), tags=(Tag("modality", "image", "test"),)))
    assert pictures.tokens is None


def test_one_language_of_several_is_not_guessed() -> None:
    many = _entry(("mul", "en", "zh"), tokens=Amount(10**9, "paper"))
    part = supply_of(many, "zh")
    assert (part.tokens, part.high) == (None, pytest.approx(1.3e9))
    assert supply_of(_entry(("zh",), tokens=Amount(10**9, "paper")), "zh").tokens == 1e9


def test_the_example_of_the_help(command: Command) -> None:
    told = _plan(command, "--params", "1.1B", "--mix", "wikipedia:zh=0.3,fineweb=0.7")
    assert (told["tokens"], told["flops"]) == (pytest.approx(22e9), pytest.approx(1.452e20))
    assert "compute-optimal" in told["rule"]
    assert told["practice"][-1] == {"model": "TinyLlama 1.1B", "tokens_per_parameter": 2727.3}
    wiki, web = told["mix"]["members"]
    assert (wiki["key"], wiki["tokens"], wiki["epochs"]) == ("catalog:wikipedia", None, None)
    assert wiki["epochs_least"] == pytest.approx(6.6e9 / wiki["high"])
    assert (web["wanted"], web["tokens"]) == (pytest.approx(15.4e9), 15 * 10**12)
    assert web["epochs"] == pytest.approx(15.4e9 / 15e12)
    assert web["bytes_needed"] == pytest.approx(web["bytes"] * 15.4e9 / 15e12, rel=1e-6)
    assert told["mix"]["license"] == {
        "commercial": "unknown", "reason": web["license"]["reason"], "member": "fineweb",
    }  # fmt: skip


def test_the_strictest_license_is_that_of_the_mix(command: Command) -> None:
    told = _plan(command, "--params", "1B", "--mix", "gsm8k,alpaca")
    assert told["mix"]["license"]["commercial"] == "no"
    assert told["mix"]["license"]["member"] == "alpaca"
    assert "hardly anything" in told["mix"]["members"][0]["note"]


def test_of_licenses_that_permit_share_alike_is_strictest(command: Command) -> None:
    told = _plan(command, "--params", "1B", "--mix", "gsm8k,databricks-dolly-15k")
    assert (told["mix"]["license"]["commercial"], told["mix"]["license"]["member"]) == ("yes", "databricks-dolly-15k")


def test_the_receipt_tells_the_license_of_files(command: Command) -> None:
    file = {
        "path": "a.jsonl",
        "bytes": 1,
        "sha256": "0",
        "url": "https://example.org",
        "verified": "none",
        "source": "",
    }
    receipt = {"version": VERSION, "key": "test:set", "name": "set", "revision": "", "access": "", "fetched": "",
               "license": "commercial use: no - It forbids commercial use.", "files": [file]}  # fmt: skip
    (command.folder / "set").mkdir()
    (command.folder / "set" / "a.jsonl").write_text('{"text": "a b c"}\n')
    (command.folder / "set" / NAME).write_text(json.dumps(receipt))
    license = _plan(command, "--params", "1B", "--mix", "set/a.jsonl")["mix"]["license"]
    assert (license["commercial"], license["reason"]) == (
        "no", "It forbids commercial use. (the receipt of test:set)",
    )  # fmt: skip


def test_files_are_counted(command: Command) -> None:
    text = "Everyone has the right to freedom of thought, conscience and religion. " * 20
    rows = [{"text": text} for _ in range(50)]
    (command.folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = _plan(command, "--params", "1k", "--mix", "mine.jsonl")
    (mine,) = told["mix"]["members"]
    assert (mine["rows"], mine["key"]) == (50, None)
    assert mine["tokens"] == pytest.approx(50 * len(text) / 5, rel=0.2)
    assert mine["license"]["commercial"] == "unknown"
    assert "for you to know" in told["mix"]["license"]["reason"]


def test_what_is_shown(command: Command) -> None:
    shown = command("plan", "--params", "8B", "--ratio", "1875", "--mix", "openwebtext=2,skypile-150b=2").stdout
    assert "15.0T" in shown
    assert "compute-optimal rule for pre-training" in shown
    assert "the shares sum to 4" in shown
    assert "nanoGPT" in shown
    assert command("plan", "--params", "8B", "--tokens", "1T", "--json").stdout.startswith('{"params": 8000000000.0')


@pytest.mark.parametrize("stage", ["sft", "reward", "preference", "rl"])
def test_other_stages_count_examples(command: Command, stage: str) -> None:
    told = _plan(command, "--stage", stage)
    assert told["registry"]["datasets"] >= told["registry"]["of_usual_size"] > 0
    assert all(each["low"] < each["high"] for each in told["usual"])
    shown = command("plan", "--stage", stage, "--mix", "gsm8k").stdout
    assert "rule of 20 tokens a parameter is one of pre-training" in shown
    assert "8,792 in all" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "needs the size of the model"),
        (("--params", "big"), 2, "does not understand 'big'"),
        (("--params", "1B", "--mix", "fineweb:zh"), 2, "not said to hold the language zh"),
        (("--params", "1B", "--mix", "fineweb:nothing-at-all"), 3, "nothing is named"),
        (("--params", "1B", "--mix", "data/none.jsonl"), 3, "neither a file nor a dataset"),
        (("--params", "1B", "--mix", "a=0"), 2, "does not understand the share"),
        (("--params", "1B", "--ratio", "0"), 2, "--ratio"),
    ],
)
def test_what_cannot_be_planned_is_told(command: Command, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = command("plan", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
