"""What a command costs from a cold process, against `python -c pass`: `python -m bench.startup --rows 100000`.

The registry file is in the page cache, the process is new. Output goes nowhere, but for the terminal cases, which
write to a pseudo-terminal that is read as they write.
"""

from __future__ import annotations

import argparse
import compileall
import os
import pty
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import ROOT, alternate, cold, keep, python, table
from bench.stores import catalog_command, store
from bench.words import PLANTED

STARTS = 5
"""Processes started a round."""


def on_terminal(command: Sequence[str]) -> Callable[[], float]:
    """A case: the CPU seconds of a process whose stdout and stderr are a terminal of 120 columns."""
    return lambda: min(_on_terminal(command) for _ in range(STARTS))


def _on_terminal(command: Sequence[str]) -> float:
    ours, theirs = pty.openpty()
    reader = threading.Thread(target=_drain, args=(ours,))
    reader.start()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
    files = [(os.POSIX_SPAWN_DUP2, theirs, 1), (os.POSIX_SPAWN_DUP2, theirs, 2)]
    pid = os.posix_spawn(command[0], list(command), environment, file_actions=files)
    _, status, usage = os.wait4(pid, 0)
    os.close(theirs)
    reader.join()
    os.close(ours)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65_536):
            pass
    except OSError:  # the other side is closed
        return


def cases(registry: Path) -> dict[str, Callable[[], float]]:
    """What is started, by what it is called."""

    def search(*words: str) -> list[str]:
        return catalog_command("search", *words, "--registry", str(registry))

    half, tenth, hundredth = (PLANTED[share][0] for share in (500, 100, 10))
    return {
        "catalog --help": cold(catalog_command("--help"), STARTS),
        "catalog search --help": cold(catalog_command("search", "--help"), STARTS),
        "search, two filters": cold(search("--domain", "medical", "--lang", "en"), STARTS),
        "search, a word of 1%": cold(search(hundredth), STARTS),
        "search, a word of 10%": cold(search(tenth), STARTS),
        "search, a word of 50%": cold(search(half), STARTS),
        "search, 10%, --json": cold(search(tenth, "--json"), STARTS),
        "search, 10%, facet counts": cold(search(tenth, "--facets"), STARTS),
        "search, 50%, facet counts": cold(search(half, "--facets"), STARTS),
        "search, 10%, terminal, no counts": on_terminal(search(tenth, "--no-facets")),
        "search, 10%, terminal, counts": on_terminal(search(tenth)),
        "sqlite-utils --help": cold([str(Path(catalog_command()[0]).with_name("sqlite-utils")), "--help"], STARTS),
        "hf datasets --help": cold([str(Path(catalog_command()[0]).with_name("hf")), "datasets", "--help"], STARTS),
    }


def measure(rows: int, rounds: int) -> str:
    """Every case beside `python -c pass`, in one run."""
    for package in ("catalog", "connectors"):
        compileall.compile_dir(
            ROOT / package, quiet=1
        )  # as an installation does, whatever PYTHONDONTWRITEBYTECODE says
    base = "python -c pass"
    found = alternate({base: cold(python("-c", "pass"), STARTS), **cases(store("registry", rows))}, rounds)
    lines = [
        [name, figure.show(1000, 1), figure.over(found[base]).show(1, 2)] for name, figure in found.items() if figure
    ]
    return table(["command", "ms", "times python -c pass"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure commands from a cold process.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args(given)
    command = f"python -m bench.startup --rows {options.rows}"
    keep(f"startup {options.rows}", measure(options.rows, options.rounds), command)


if __name__ == "__main__":
    main()
