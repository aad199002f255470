"""Sync from a Hub on loopback: `python -m bench.sync --rows 100000`.

The origin of the tests lists made-up datasets, a thousand a page, in a process of its own. Beside `catalog sync`,
which maps, tags, judges, stores and indexes them, walk the same listing: a loop that only parses the JSON (what the
origin can give), and the official client, which makes its objects and stores nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bench.measure import ROOT, ROUNDS, alternate, keep, process, python, say, table
from bench.stores import catalog_command, remove, scratch

CLIENT = "from huggingface_hub import HfApi; print(sum(1 for _ in HfApi().list_datasets(full=True)))"


@contextmanager
def origin(rows: int) -> Iterator[str]:
    """A Hub that lists `rows` datasets; its endpoint."""
    command = python("-m", "tests.origin", "--records", str(rows))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as hub:
        try:
            assert hub.stdout is not None
            yield hub.stdout.readline().strip()
        finally:
            hub.terminate()


def walk(endpoint: str) -> int:
    """Follow the listing to its end and parse every page; how many records came."""
    url, count = f"{endpoint}/api/datasets?limit=1000&full=true", 0
    while url:
        with urllib.request.urlopen(url) as reply:
            count += len(json.load(reply))
            link = reply.headers.get("Link") or ""
        url = link[1 : link.index(">")] if link else ""
    return count


def measure(rows: int, rounds: int) -> str:
    """Each walk of the whole listing, turn about, into a new registry each time."""
    with origin(rows) as endpoint:
        environment = {"HF_ENDPOINT": endpoint, "NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_TELEMETRY": "1"}

        def ended(name: str, command: Sequence[str]) -> float:
            seconds = process(command, environment).wall
            say(f"  {name}: {seconds:.1f} s")
            return seconds

        def sync() -> float:
            target = scratch("sync")
            seconds = ended("sync", catalog_command("sync", "huggingface", "--registry", str(target)))
            remove(target)
            return seconds

        cases: dict[str, Callable[[], float]] = {
            "catalog sync huggingface": sync,
            "huggingface_hub list_datasets(full=True), nothing stored": lambda: ended("client", python("-c", CLIENT)),
            "a loop that parses the pages": lambda: ended("loop", python("-m", "bench.sync", "--walk", endpoint)),
        }
        found = alternate(cases, rounds)
    rates = {name: figure.rate(rows) for name, figure in found.items()}
    ours = next(iter(rates.values()))
    lines = [[name, rate.show(1, 0), "" if rate is ours else ours.over(rate).show()] for name, rate in rates.items()]
    return table(["walk", "records/s", "ours against it"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure a sync from a Hub on loopback.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--walk", metavar="ENDPOINT", help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.walk:
        print(walk(options.walk), file=sys.stderr)
        return
    keep(f"sync {options.rows}", measure(options.rows, options.rounds), f"python -m bench.sync --rows {options.rows}")


if __name__ == "__main__":
    main()
