"""Sides of rows: copies and groups together, stable under order, shares kept."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.datafile import read_rows
from catalog.errors import Usage
from catalog.formats.split import Split, content_of
from tests.conftest import Command

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}
ROWS: list[dict[str, Any]] = [
    {"id": n, "text": f"Row {n % 1500}", "label": n % 1500 % 10 == 0, "user": n % 1500 % 90} for n in range(3000)
]


def sides(rows: list[dict[str, Any]], **more: Any) -> dict[int, str]:
    split = Split(SHARES, **more)
    if split.looks_first:
        for row in rows:
            split.see(row)
    return {row["id"]: split.side(row) for row in rows}


def test_shares_are_kept_about() -> None:
    counts = Counter(sides(ROWS).values())
    assert abs(counts["train"] - 2400) < 150
    assert abs(counts["test"] - 300) < 100


@pytest.mark.parametrize("more", [{}, {"stratify": "label"}, {"group": "user"}, {"group": "user", "stratify": "label"}])
def test_the_order_of_rows_is_nothing(more: dict[str, str]) -> None:
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    assert sides(ROWS, **more) == sides(shuffled, **more)
    assert sides(ROWS, **more) != sides(ROWS, seed=1, **more)


@pytest.mark.parametrize("stratify", ["", "label"])
def test_copies_stand_together(stratify: str) -> None:
    found = sides(ROWS, stratify=stratify)
    assert all(found[n] == found[n + 1500] for n in range(1500))
    twins: list[dict[str, Any]] = [{"id": 1, "text": "One  Row"}, {"id": 2, "text": "one\nrow"}]
    assert len({Split(SHARES, 5).side(row) for row in twins}) == 1


@pytest.mark.parametrize("stratify", ["", "label"])
def test_groups_stand_together(stratify: str) -> None:
    found = sides(ROWS, group="user", stratify=stratify)
    assert all(len({found[row["id"]] for row in ROWS if row["user"] == user}) == 1 for user in range(90))
    assert len(set(found.values())) == 3


@pytest.mark.parametrize("stratify", ["", "label"])
def test_groups_that_share_a_copy_stand_together(stratify: str) -> None:
    """Two people sent the same text, and a third sent another text of the second's: all three are on one side."""
    rows: list[dict[str, Any]] = []
    for n in range(400):
        told = [(f"a{n}", "x"), (f"b{n}", "X "), (f"b{n}", "y"), (f"c{n}", "y")]
        rows += [{"user": user, "text": f"{text} {n}", "label": n % 2} for user, text in told]
    numbered = [{"id": number, **row} for number, row in enumerate(rows)]
    found = sides(numbered, group="user", stratify=stratify)
    assert all(len({found[4 * n + each] for each in range(4)}) == 1 for n in range(400))
    assert len(set(found.values())) == 3
    assert sides(random.Random(1).sample(numbered, len(numbered)), group="user", stratify=stratify) == found


def test_a_text_with_two_labels_is_on_one_side() -> None:
    rows = [{"id": n, "text": f"t {n // 2}", "label": n % 2} for n in range(600)]
    found = sides(rows, stratify="label")
    assert all(found[n] == found[n + 1] for n in range(0, 600, 2))


def test_strata_are_shared_out_each() -> None:
    found = sides(ROWS, stratify="label")
    for label, total in ((True, 300), (False, 2700)):
        counts = Counter(found[row["id"]] for row in ROWS if row["label"] is label)
        for side, share in SHARES.items():
            assert abs(counts[side] - share * total) <= 2


@pytest.mark.parametrize("shares", [{"train": 0.9, "test": 0.2}, {"train": 0.5}, {"train": 1.5, "test": -0.5}])
def test_shares_sum_to_one(shares: dict[str, float]) -> None:
    with pytest.raises(Usage, match="do not sum to 1"):
        Split(shares)


@given(st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.text(max_size=5) | st.floats(), max_size=4))
def test_any_row_has_a_side(row: dict[str, Any]) -> None:
    assert Split(SHARES).side(row) in SHARES
    assert Split({"train": 1.0, "valid": 0.0}).side(row) == "train"
    assert content_of(row) == content_of(dict(reversed(row.items())))


def _write(path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + "nonsense\n", "utf-8")
    return path


def test_the_command(catalog_command: Command) -> None:
    folder = catalog_command.folder
    _write(folder / "rows.jsonl")
    arguments = ("split", "rows.jsonl", "--train", "0.8", "--valid", "0", "--test", "0.2", "--out", "parts")
    done = catalog_command(*arguments)
    assert done.returncode == 0, done.stderr
    assert "left out 1 row " in done.stdout
    first = {path.name: path.read_bytes() for path in (folder / "parts").iterdir()}
    assert set(first) == {"rows.train.jsonl", "rows.test.jsonl"}
    rows = [row for name in first for row in read_rows(folder / "parts" / name)]
    assert sorted(rows, key=lambda row: row["id"]) == ROWS  # type: ignore[call-overload]
    told = json.loads(catalog_command(*arguments, "--json").stdout)
    assert told["rows"] == 3000
    assert {path.name: path.read_bytes() for path in (folder / "parts").iterdir()} == first
    (folder / "one.jsonl").write_text('{"text": "alone"}\n', "utf-8")
    assert catalog_command("split", "one.jsonl").stdout.count(" is empty: ") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--train", "0.9", "--test", "0.5"), "do not sum to 1"), (("--group", "nothing"), "no column 'nothing'")],
)
def test_what_is_wrong_is_told(catalog_command: Command, arguments: tuple[str, ...], said: str) -> None:
    _write(catalog_command.folder / "rows.jsonl")
    done = catalog_command("split", "rows.jsonl", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(list(catalog_command.folder.iterdir())) == 1
