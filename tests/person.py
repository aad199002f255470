"""Somebody who types commands, with a registry at hand and a Hub on loopback."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Command
from tests.origin import Hub, Request

Done = subprocess.CompletedProcess[str]


@dataclass
class Person:
    """Types commands with a registry at hand and a Hub on the line."""

    command: Command
    hub: Hub
    registry: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**self.hub.environment, "CATALOG_REGISTRY": str(self.registry)}

    def types(self, *arguments: str, **more: str) -> Done:
        done = self.command(*arguments, env={**self.environment, **more})
        assert "Traceback" not in done.stderr
        return done

    def fetches(self, *arguments: str, **more: str) -> Done:
        done = self.types("fetch", *arguments, **more)
        assert done.returncode == 0, done.stderr
        return done

    def is_told(self, code: int, sentence: str, step: str, *arguments: str, **more: str) -> None:
        """The command ends with this exit code, one sentence and one next step."""
        done = self.types("fetch", *arguments, **more)
        said = done.stderr.splitlines()
        assert (done.returncode, len(said)) == (code, 2), done.stderr
        assert re.fullmatch(f"Error: {sentence}", said[0])
        assert re.fullmatch(step, said[1])

    def holds(self, folder: str) -> dict[str, bytes]:
        """The files of a folder, the receipt left out."""
        top = self.command.folder / folder
        found = {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        found.pop(".catalog-receipt.json", None)
        return found

    def receipt(self, folder: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.command.folder / folder / ".catalog-receipt.json").read_text("utf-8"))
        return found

    def transfers(self) -> list[Request]:
        """Requests for bytes of files since the last time."""
        seen = [each for each in self.hub.origin.seen(method="GET") if "/resolve" in each.path] + self.hub.cdn.seen()
        self.hub.origin.forget()
        self.hub.cdn.forget()
        return seen
