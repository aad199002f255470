"""`catalog runs`, `catalog sources`: what was done, and what there is."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from catalog.registry import Registry
from catalog.text import display_width
from tests.conftest import Command
from tests.shelf import Person, items


@pytest.fixture
def person(catalog_command: Command) -> Person:
    return Person(catalog_command)


def skipped(count: int, reason: str) -> list[dict[str, str]]:
    return [{"id": f"bad-{number}\x1b[31m", "skip": reason} for number in range(count)]


class TestRuns:
    def test_what_is_kept_of_a_run(self, person: Person) -> None:
        person.shelf.tells([*items(4), *skipped(30, "no \x1b[2Jtitle"), *skipped(2, "too old")])
        person.types("sync", "shelf", "--colour", "red", "--limit", "9")
        person.types("sync", "other")
        listed = person.types("runs")
        rows = [line.split() for line in listed.stdout.splitlines()]
        assert [row[:3] for row in rows] == [["run", "source", "verb"], ["2", "other", "sync"], ["1", "shelf", "sync"]]
        assert "catalog runs show 2" in listed.stderr
        assert rows[0][-3:] == ["asked", "for", "message"]
        assert "--colour red --limit 9" in listed.stdout
        shown = person.types("runs", "show", "1")
        assert "colour=red limit=9" in shown.stdout
        assert re.search(r"^skipped +32$", shown.stdout, re.MULTILINE)
        assert re.search(r"^ +30 +no title$", shown.stdout, re.MULTILINE)
        assert "\x1b" not in shown.stdout
        assert "Next: --page 2" in shown.stderr
        assert "too old" in person.types("runs", "show", "1", "--page", "2").stdout
        assert person.types("runs", "1").stdout == shown.stdout
        assert "\nbad-0\n    no title\n" in person.types("runs", "show", "1", COLUMNS="20").stdout
        said = person.json("runs", "show", "1", "-n", "3")
        assert (len(said["skips"]), said["more"], said["skipped"], said["status"]) == (3, True, 32, "done")
        assert said["skips"][0] == {"record": "bad-0\x1b[31m", "reason": "no \x1b[2Jtitle"}
        assert said["reasons"] == {"no \x1b[2Jtitle": 30, "too old": 2}
        assert said["request"] == {"colour": ["red"], "limit": 9}
        assert [run["source"] for run in person.json("runs", "--source", "shelf")] == ["shelf"]
        assert [run["id"] for run in person.json("runs", "-n", "1")] == [2]

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("runs", "show", "9"), 3, "there is no run 9. "),
            (("runs", "show", "1", "--page", "2"), 2, "run 1 has no page 2 of skips."),
            (("runs", "--source", "none"), 3, "there was no run of none yet."),
            (("runs", "sho"), 2, "No such command"),
        ],
    )
    def test_what_there_is_not(self, person: Person, arguments: tuple[str, ...], code: int, said: str) -> None:
        person.types("sync", "shelf")
        assert said.strip() in person.types(*arguments, code=code).stderr.replace("\n", " ")

    def test_a_killed_run_is_interrupted_and_one_under_way_is_not(self, person: Person) -> None:
        person.shelf.tells(items(3), fail="wait")
        with subprocess.Popen(
            [sys.executable, "-m", "catalog", "sync", "shelf"], cwd=person.command.folder, stderr=subprocess.DEVNULL,
            env=person.command.environment(person.environment),
        ) as running:  # fmt: skip
            deadline = time.monotonic() + 120
            while not (person.installed / "shelf.waits").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            assert person.json("runs")[0]["status"] == "running"
            assert "is writing just now" in person.types("doctor", "--offline").stdout
            running.send_signal(signal.SIGKILL)
        assert person.json("runs")[0]["status"] == "interrupted"
        assert person.json("info")["sources"][0]["last_run"]["status"] == "interrupted"
        assert "interrupted" in person.types("sources").stdout
        person.types("sync", "other")
        with Registry.open(person.command.folder / "registry.db") as registry:
            rows = registry.connection.execute("SELECT status FROM run ORDER BY id").fetchall()
        assert rows == [("interrupted",), ("done",)]
        person.shelf.tells(items(3), items(2, 3))
        said = person.json("sync", "shelf")
        assert (said["run"], said["resumed"], said["new"]) == (1, True, 2)
        assert [run["status"] for run in person.json("runs")] == ["done", "done"]

    def test_in_chinese(self, person: Person) -> None:
        person.types("sync", "shelf")
        assert person.types("runs", CATALOG_UI="zh").stdout.split()[:2] == ["运行", "来源"]
        assert "完成" in person.types("runs", "show", "1", CATALOG_UI="zh").stdout


class TestSources:
    def test_all_of_them(self, person: Person) -> None:
        person.shelf.tells(items(3))
        person.types("sync", "shelf")
        person.other.breaks()
        done = person.types("sources", SHELF_KEY="secret-canary", CATALOG_SHELF_ENDPOINT="http://127.0.0.1:1")
        table, _, terms = done.stdout.partition("\n\n")
        assert re.search(r"^shelf +Take what you like\.$", terms, re.MULTILINE)
        rows = {line.split()[0]: line for line in table.splitlines()}
        assert {"google", "huggingface", "kaggle", "uci", "shelf", "other"} < rows.keys()
        assert rows["shelf"].split()[1:4] == ["ok", "found", "3"]
        assert "http://127.0.0.1:1" in rows["shelf"]
        assert rows["other"].split()[1] == "broken"
        assert "other: the connector 'other' cannot be loaded" in done.stderr
        assert "Reinstall other-connector." in done.stderr
        assert "canary" not in done.stdout + done.stderr
        assert max(map(display_width, person.types("sources", COLUMNS="80").stdout.splitlines())) <= 80
        said = {each["name"]: each for each in person.json("sources")}
        assert said["shelf"]["credentials"] == [{"name": "key", "where": "", "problem": ""}]
        assert (said["shelf"]["datasets"], said["shelf"]["last_run"]["new"]) == (3, 3)
        assert (said["other"]["status"], said["other"]["terms"]) == ("broken", "")
        assert said["huggingface"]["variable"] == "CATALOG_HUGGINGFACE_ENDPOINT"

    def test_one_of_them(self, person: Person) -> None:
        done = person.types("sources", "shelf")
        for words in (
            "The shelf of shelf",
            "Take what you like.",
            "CATALOG_SHELF_ENDPOINT",
            "key: not found",
            "--deep-down",
        ):
            assert words in done.stdout
        assert re.search(r"^Left board +https://left\.example/ +low$", done.stdout, re.MULTILINE)
        assert "\x1b" not in done.stdout
        assert person.json("sources", "shelf")["listed"][1] == {
            "name": "Right board", "start": "https://right.example/", "note": "",
        }  # fmt: skip
        assert "Did you mean 'shelf'?" in person.types("sources", "shlf", code=2).stderr
        person.shelf.breaks()
        assert "cannot be loaded" in person.types("sources", "shelf", code=1).stderr

    def test_a_method_that_fails_breaks_its_source_alone(self, person: Person) -> None:
        text = person.shelf.module.read_text()
        person.shelf.breaks(text.replace("return (Credential(", "print('x'); return 1 / 0, (Credential("))
        said = {each["name"]: each for each in person.json("sources")}
        assert said["shelf"]["problem"].startswith("the connector shelf failed (ZeroDivisionError: division by zero).")
        assert said["other"]["status"] == "ok"
