"""What somebody types who has only the README and `--help`, and what must come of it: the right rows, a next step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
