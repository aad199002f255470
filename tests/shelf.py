"""Connectors of strangers for the tests of commands: each reads a JSON file, is installed by entry point, and obeys it.

The file holds `pages` (lists of records as mappings), and may hold `complete`, `fail` (an error's name, raised behind
the pages), `details`, `estimate`, `ignore_end` (the last page does not say that it is the last).
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import Command

SOURCE = """
import json, os, signal
from pathlib import Path
from catalog import errors
from catalog.connector import About, Credential, Cursor, Estimate, Option, Page, Visit
from catalog.record import Amount, LicenseClaim, Record, Distribution

HERE = Path(__file__).with_name("{name}.json")
print("an import that talks")


def to_record(item):
    item = dict(item)
    for key in ("rows", "bytes"):
        if key in item:
            item[key] = Amount(item[key], "shelf")
    claims = tuple(LicenseClaim(raw=raw, by="shelf license") for raw in item.pop("license", ()))
    return Record(source="{name}", name=item["id"], licenses=claims, **item)


class Shelf:
    name = "{name}"
    about = About("The shelf of {name}", "https://{name}.example", "Take what you like.", "{variable}",
                  "The shelf of {name} is a file.")
    options = (
        Option("colour", "Only of this colour.", many=True, metavar="COLOUR"),
        Option("depth", "How deep to look.", "count"),
        Option("deep_down", "Look below.", "flag"),
        Option("titles", "Only what this file names.", "file"),
    )

    def pages(self, web, cursor):
        told = json.loads(HERE.read_text())
        HERE.with_suffix(".asked").write_text(json.dumps(dict(cursor.request)))
        start = cursor.state.get("page", 0)
        for number, items in list(enumerate(told["pages"]))[start:]:
            last = number == len(told["pages"]) - 1 and not told.get("fail") and not told.get("ignore_end")
            skipped = tuple((item["id"], item["skip"]) for item in items if "skip" in item)
            records = tuple(to_record(item) for item in items if "skip" not in item)
            following = Cursor(cursor.request, {{}} if last else {{"page": number + 1}})
            yield Page(records, following, skipped, last=last, complete=last and told.get("complete", False))
        if told.get("fail") == "wait":
            HERE.with_suffix(".waits").touch()
            signal.pause()
        if told.get("fail"):
            raise getattr(errors, told["fail"])("the shelf fell over.", "Put it up again.")

    def files(self, web, record, revision):
        return []

    def estimate(self, cursor):
        pages = json.loads(HERE.read_text())["pages"]
        return Estimate(1, len(pages) - cursor.state.get("page", 0), "One for each board.")

    def details(self, web, record):
        return to_record(json.loads(HERE.read_text())["details"][record.id])

    def credentials(self):
        return (Credential("key", "SHELF_KEY" if os.environ.get("SHELF_KEY") else ""),)

    def imported(self, path):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            yield Page(tuple(to_record(item) for item in json.loads(file.read_text())), Cursor())

    def listed(self):
        return [("Left \\x1b[31mboard", "https://left.example/", "low"), ("Right board", "https://right.example/", "")]

    def hosts(self):
        return frozenset({{"127.0.0.1"}})

    def token(self, url):
        return None


connector = Shelf()
"""


@dataclass
class Shelf:
    """An installed connector and the file that it obeys."""

    folder: Path
    name: str = "shelf"
    told: dict[str, Any] = field(default_factory=lambda: {"pages": [[]]})

    def __post_init__(self) -> None:
        info = self.folder / f"{self.name}_connector-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {self.name}-connector\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[catalog.connectors]\n{self.name} = {self.name}_connector:connector\n")
        variable = f"CATALOG_{self.name.upper()}_ENDPOINT"
        self.module.write_text(SOURCE.format(name=self.name, variable=variable))
        self.tells()

    @property
    def module(self) -> Path:
        return self.folder / f"{self.name}_connector.py"

    def tells(self, *pages: list[dict[str, Any]], **more: Any) -> None:
        """What the source says from now on."""
        self.told = {"pages": list(pages) or [[]], **more}
        (self.folder / f"{self.name}.json").write_text(json.dumps(self.told))

    def asked(self) -> dict[str, Any]:
        """What it was asked for last."""
        value: dict[str, Any] = json.loads((self.folder / f"{self.name}.asked").read_text())
        return value

    def breaks(self, source: str = "import nothing_of_the_kind\n") -> None:
        """From now on it cannot be imported."""
        self.module.write_text(source)


def items(count: int, start: int = 0, **more: Any) -> list[dict[str, Any]]:
    """So many records of a shelf."""
    return [{"id": f"set-{number}", "title": f"Set {number}", **more} for number in range(start, start + count)]


class Person:
    """Types commands in a folder where two strangers' connectors are installed."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.installed = command.folder / "installed"
        self.shelf = Shelf(self.installed)
        self.other = Shelf(self.installed, "other")
        self.environment = {
            "PYTHONPATH": str(self.installed), "CATALOG_REGISTRY": "registry.db", "HF_HUB_OFFLINE": "1",
        }  # fmt: skip

    def types(self, *arguments: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = self.command(*arguments, env={**self.environment, **more})
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str, code: int = 0, **more: str) -> Any:
        return json.loads(self.types(*arguments, "--json", code=code, **more).stdout)

    def keys(self) -> list[str]:
        return sorted(self.types("search", "", "-qn", "1000").stdout.split())

    def config(self, text: str, folder: str = ".") -> None:
        path = self.command.folder / folder / "catalog.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
