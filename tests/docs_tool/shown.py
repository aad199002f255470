"""Runs the commands that a page shows, on a terminal of 100 columns, with no network, and writes what they say.

A block keeps its elisions: a line of `…` stands for the lines left out, and as many lines are kept before and after it
as the page has now. What differs from machine to machine (folder, free disk, time, SQLite's version) is made the same.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLUMNS = 100
ELISION = "…"
HOME = "~/demo"
"""What a page shows for the folder that the commands run in."""

_BLOCK = re.compile(r"^```(console|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAME = (
    (re.compile(r"\(\d[\d.]* \w?B free\)"), "(… free)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-01-31T12:00:00Z"),
    (re.compile(r"SQLite \d+\.\d+\.\d+"), "SQLite 3"),
    (re.compile(r"^SQLite 3 can lose pages in WAL mode.*\n", re.MULTILINE), ""),
    (re.compile(r"(registry\.db) \(\d[\d.]* \w?B\)"), r"\1 (…)"),
    (re.compile(r"^(\S+\.db): \d[\d.]* \w?B\.$", re.MULTILINE), r"\1: … MB."),
)
_FAULTS = ("fault of catalog", "No such option", "command not found", "no command", "Traceback", "Warning:")

_DRIVER = """
import contextlib, doctest, io, json, sys
names, outputs = {}, []
for example in doctest.DocTestParser().get_examples(sys.stdin.read()):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example.source, "<page>", "single"), names)
    outputs.append([example.source, said.getvalue()])
sys.__stdout__.write(json.dumps(outputs))
"""


@dataclass(frozen=True)
class Stage:
    """Where commands run: `folder` holds a registry of the embedded catalog and `bin` with the command itself."""

    folder: Path

    @classmethod
    def build(cls, folder: Path) -> Stage:
        """Make a stage in an empty folder."""
        stage = cls(folder.resolve())
        bin = stage.folder / "bin"
        bin.mkdir()
        for name, call in (("catalog", f"{sys.executable} -m catalog"), ("python", sys.executable)):
            (bin / name).write_text(f'#!/bin/sh\nexec {call} "$@"\n')
            (bin / name).chmod(0o755)
        (stage.folder / "whole").mkdir()
        stage._run("catalog init", stage.folder / "whole")
        return stage

    def shown(self, text: str) -> str:
        """A page with the outputs of its blocks written anew. Its commands share one folder, with a registry in it
        unless the page starts by making one."""
        blocks = list(_BLOCK.finditer(text))
        if not blocks:
            return text
        folder = self.folder / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        if blocks[0][2].startswith("$ catalog init"):
            folder.mkdir()
        else:
            shutil.copytree(self.folder / "whole", folder)
        return _BLOCK.sub(lambda block: self._block(block[1], block[2], folder), text)

    def _block(self, kind: str, body: str, folder: Path) -> str:
        lines = self._console(body, folder) if kind == "console" else self._python(body, folder)
        return "\n".join([f"```{kind}", *lines, "```"])

    def _console(self, body: str, folder: Path) -> Iterator[str]:
        for command, old in parts(body):
            said = self._run(command, folder)
            if any(fault in said for fault in _FAULTS):
                raise AssertionError(f"$ {command}\n{said}")
            yield f"$ {command}"
            yield from elided(old, said.rstrip().splitlines())

    def _run(self, command: str, folder: Path) -> str:
        """What a command writes to a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=folder,
            env=self._environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        said = b"".join(_pieces(ours))
        os.close(ours)
        process.wait(timeout=60)
        return self._same(said.decode().replace("\r\n", "\n"))

    def _python(self, body: str, folder: Path) -> Iterator[str]:
        done = subprocess.run(
            [sys.executable, "-c", _DRIVER],
            cwd=folder,
            env=self._environment(folder),
            input=body,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        for source, said in json.loads(done.stdout):
            first, *rest = source.rstrip("\n").split("\n")
            yield f">>> {first}"
            yield from (f"... {line}".rstrip() for line in rest)
            yield from self._same(said).splitlines()

    def _environment(self, folder: Path) -> dict[str, str]:
        nowhere = "http://127.0.0.1:9"
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": str(COLUMNS),
            "PYTHONWARNINGS": "error",
            "HTTP_PROXY": nowhere,
            "HTTPS_PROXY": nowhere,
            "HF_HUB_OFFLINE": "1",
        }

    def _same(self, said: str) -> str:
        said = said.replace(str(self.folder / "demo"), HOME)
        for pattern, shown in _SAME:
            said = pattern.sub(shown, said)
        return "\n".join(line.rstrip() for line in said.split("\n"))


def parts(body: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a console block, each with the output that the page shows now."""
    command, output = "", list[str]()
    for line in body.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, output
            command, output = line[2:], []
        else:
            output.append(line)
    yield command, output


def elided(old: list[str], new: list[str]) -> list[str]:
    """The new output, cut where the old one is: as many lines before and after its `…`."""
    if ELISION not in old:
        return new
    before = old.index(ELISION)
    after = len(old) - before - 1
    if len(new) <= before + after:
        return new
    return [*new[:before], ELISION, *new[len(new) - after :]]


def _pieces(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the last writer is gone
            return
        if not piece:
            return
        yield piece
