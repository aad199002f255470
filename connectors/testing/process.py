"""Checks with the real command in processes of its own: discovery, and going on after a stop or a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connectors.testing.origin import Asked, LocalOrigin
from connectors.testing.report import Problems
from connectors.testing.source import Source, environment, loaded

PATIENCE: Final = 120.0  # seconds for one command
MAX_CALLS: Final = 20
_WITHOUT_NETWORK: Final = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError("the network was used at import")
sys.addaudithook(refuse)
from connectors.testing.source import loaded
print(loaded(sys.argv[1]).name)
"""


def check_discovery(source: Source) -> None:
    """The entry point gives a connector of its own name, and loading it uses no network and prints nothing."""
    problems = Problems()
    connector = loaded(source.name)
    problems.expect(
        connector.name == source.name, f"the connector is called {connector.name!r}, its entry point {source.name!r}"
    )
    done = _python(["-c", _WITHOUT_NETWORK, source.name], {**os.environ})
    problems.expect(done.returncode == 0, f"it cannot be loaded in a process of its own: {done.stderr[-300:]}")
    problems.expect(done.stdout in (f"{connector.name}\n", ""), f"loading it prints {done.stdout[:100]!r}")
    problems.report()


def check_resume(source: Source) -> None:
    """`catalog sync` in several calls with a budget of requests each, or killed in the middle, ends with what an
    undisturbed one brings, byte for byte."""
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder, LocalOrigin(source.plays) as origin:
        command = _Sync(source, origin, Path(folder))
        command.run("undisturbed")
        wanted, asked = command.exported("undisturbed"), len(origin.asked)
        problems.expect(bool(wanted), "an undisturbed sync brings no record")
        budget = max(2, asked * 2 // 3)
        calls = command.until_done("stopped", "--max-requests", str(budget))
        problems.expect(command.exported("stopped") == wanted, "a sync in several calls ends with other data")
        problems.expect(calls < MAX_CALLS, f"it has not ended after {calls} calls of {budget} requests each")
        middle = asked // 2 + 1
        command.kill_at("killed", middle)
        command.run("killed")
        same = command.exported("killed") == wanted
        problems.expect(same, f"a sync that was killed at request {middle} of {asked} ends with other data")
    problems.report()


class _Sync:
    """`catalog sync` of a source into registries in a folder."""

    def __init__(self, source: Source, origin: LocalOrigin, folder: Path) -> None:
        self.source = source
        self.origin = origin
        self.folder = folder
        asked = {name: value for name, value in source.asked(origin.url).items() if value is not False}
        self.options = [part for name, value in asked.items() for part in _option(name, value)]
        own = environment(source, origin.url)
        self.environment = {**os.environ, "NO_PROXY": "127.0.0.1", "HOME": str(folder), **own}

    def run(self, name: str, *more: str) -> str:
        """One call; what it says in JSON."""
        done = _python(self._arguments(name, *more), self.environment)
        assert done.returncode == 0, f"catalog sync {self.source.name} failed: {done.stderr[-500:]}"
        return done.stdout

    def until_done(self, name: str, *more: str) -> int:
        """Call until it says that it is done; how many calls that took."""
        for calls in range(1, MAX_CALLS + 1):
            if '"stopped":true' not in self.run(name, *more).replace(" ", ""):
                return calls
        return MAX_CALLS

    def kill_at(self, name: str, number: int) -> None:
        """Kill a call while its request of that number waits for its answer."""
        self.origin.forget()
        reached, killed = threading.Event(), threading.Event()

        def fault(asked: Asked) -> None:
            if asked.number == number:
                reached.set()
                killed.wait(PATIENCE)

        self.origin.fault = fault
        arguments = [sys.executable, *self._arguments(name)]
        with subprocess.Popen(
            arguments, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            reached.wait(PATIENCE)
            running.kill()
            killed.set()
            running.wait(timeout=PATIENCE)
        self.origin.forget()

    def exported(self, name: str) -> bytes:
        """The canonical dump, sorted."""
        done = _python(["-m", "catalog", "export", "records", "--registry", self._registry(name)], self.environment)
        assert done.returncode == 0, f"catalog export failed: {done.stderr[-500:]}"
        return "\n".join(sorted(done.stdout.splitlines())).encode()

    def _arguments(self, name: str, *more: str) -> list[str]:
        options = ["--json", "--registry", self._registry(name), *self.options, *more]
        return ["-m", "catalog", "sync", self.source.name, *options]

    def _registry(self, name: str) -> str:
        return str(self.folder / f"{name}.db")


def _option(name: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [part for each in values for part in ([f"--{name}"] if each is True else [f"--{name}", str(each)])]


def _python(arguments: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in variables.items() if value}
    return subprocess.run(
        [sys.executable, *arguments],
        env=kept,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
