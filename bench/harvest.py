"""Harvest a site on loopback: `python -m bench.harvest --pages 10000`.

Eight hosts serve made-up dataset pages of 35 kB, the median of pages recorded from archives, in a process of their own.
A harvest takes them from robots.txt to the search index, with a crawl delay of 0; a second one visits every page again
and is answered 304. Beside it runs what any harvest must do: eight threads that get the same pages with httpx and parse
the JSON-LD they find by its script tag, without robots, queue, mapping, tags or storage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.measure import ROOT, Figure, keep, python, say, table

HOSTS: Final = 8
WEIGHT: Final = 35_000  # bytes of a page
ROUNDS: Final = 4
"""Rounds of a measurement; the first is dropped unless it is the only one."""


@contextmanager
def site(pages: int) -> Iterator[list[str]]:
    """The addresses of eight hosts that serve `pages` pages together."""
    command = python("-m", "tests.origin.web_site", "--pages", str(pages // HOSTS))
    command += ["--hosts", str(HOSTS), "--weight", str(WEIGHT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as serving:
        try:
            assert serving.stdout is not None
            port = serving.stdout.readline().strip().rpartition(":")[2]
            yield [f"http://127.0.0.{host}:{port}" for host in range(1, HOSTS + 1)]
        finally:
            serving.kill()


def harvest(registry: str, bases: list[str]) -> dict[str, float]:
    """Sync the site into a registry. Memory is what is held after a fifth of the pages, and at the end, in bytes."""
    from catalog.registry import Registry
    from catalog.sync import Progress, sync
    from catalog.web import Web, WebSettings
    from connectors.google import connector

    held: list[tuple[int, int]] = []

    def note(_: Progress) -> None:
        held.append((web.requests, resident()))

    settings = WebSettings(allow_private_hosts=connector.named_hosts({"site": bases}))
    with Registry.open(registry, create=True) as opened, Web(settings) as web:
        clock = _Clock()
        sync(opened, connector, web, {"site": bases, "crawl_delay": "0"}, on_page=note)
        told = clock.told()
    fifth = next(memory for requests, memory in held if requests >= held[-1][0] / 5)
    return {**told, "early": fifth, "late": held[-1][1]}


def bare(pages: int, bases: list[str]) -> dict[str, float]:
    """What any harvest must do: get and parse the same pages, eight at a time."""
    import httpx

    block = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
    names: list[str] = []

    def walk(base: str) -> None:
        with httpx.Client() as client:
            for number in range(pages // HOSTS):
                reply = client.get(f"{base}/dataset/{number}")
                found = block.search(reply.text)
                assert found is not None
                names.append(json.loads(found[1])["name"])

    threads = [threading.Thread(target=walk, args=(base,)) for base in bases]
    clock = _Clock()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == pages // HOSTS * HOSTS
    return clock.told()


class _Clock:
    """Wall and CPU seconds of this process since now."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def told(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self._wall, "cpu": time.process_time() - self._cpu}


def resident() -> int:
    """Bytes of memory that this process holds; the most so far where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def make_due(registry: str) -> None:
    """As if a month had passed since the last harvest."""
    with closing(sqlite3.connect(registry)) as connection:
        connection.execute("UPDATE place SET due = '2020-01-01T00:00:00Z' WHERE kind = 'page'")
        connection.commit()


def measure(pages: int, rounds: int) -> str:
    """Our harvest, its repetition and the bare loop, turn about; a table."""
    results: dict[str, list[dict[str, float]]] = {"first": [], "again": [], "bare": []}
    with site(pages) as bases, tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            registry = f"{folder}/{turn}.db"
            cases: dict[str, Callable[[], dict[str, float]]] = {
                "first": lambda r=registry: _child("--harvest", r, *bases),  # type: ignore[misc]
                "again": lambda r=registry: (make_due(r), _child("--harvest", r, *bases))[1],  # type: ignore[misc]
                "bare": lambda: _child("--bare", str(pages), *bases),
            }
            for name in ("first", "again", "bare") if turn % 2 == 0 else ("bare", "first", "again"):
                found = cases[name]()
                say(f"{name}: {pages / found['wall']:,.0f} pages/s, {found['cpu'] / pages * 1e3:.2f} ms of CPU a page")
                if turn or rounds == 1:
                    results[name].append(found)
    return report(results, pages)


def report(results: dict[str, list[dict[str, float]]], pages: int) -> str:
    """The figures as a table, and what they mean for a page that is answered 304."""

    def figure(name: str, what: str) -> Figure:
        return Figure(tuple(each[what] for each in results[name]))

    lines = []
    for name, title in (
        ("first", "harvest into a registry, every page 200"),
        ("again", "the same again, every page due and 304"),
        ("bare", "httpx and json alone, 8 threads, nothing stored"),
    ):
        rate, cpu = figure(name, "wall").rate(pages), figure(name, "cpu")
        lines.append([title, rate.show(1, 0), cpu.show(1e3 / pages, 2), _memory(results[name])])
    cheaper = [figure("first", what).over(figure("again", what)).show(1, 1) for what in ("cpu", "wall")]
    return (
        table([f"{pages:,} pages of 8 hosts", "pages/s", "CPU of the client, ms a page", "memory, MB"], lines)
        + f"\n\nA 304 takes {cheaper[0]} times less CPU and {cheaper[1]} times less time than a 200. Memory is what "
        "the process holds after a fifth of the pages, and at the end."
    )


def _memory(found: list[dict[str, float]]) -> str:
    if "early" not in found[0]:
        return ""
    early, late = (statistics.median(each[when] for each in found) / 1e6 for when in ("early", "late"))
    return f"{early:,.0f}, {late:,.0f}"


def _child(*arguments: str) -> dict[str, float]:
    """Run a case in a process of its own."""
    done = subprocess.run(
        python("-m", "bench.harvest", *arguments), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure a harvest of a site on loopback.")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--harvest", nargs="+", metavar="REGISTRY BASE", help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs="+", metavar="PAGES BASE", help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.harvest:
        print(json.dumps(harvest(options.harvest[0], options.harvest[1:])))
    elif options.bare:
        print(json.dumps(bare(int(options.bare[0]), options.bare[1:])))
    else:
        command = f"python -m bench.harvest --pages {options.pages} --rounds {options.rounds}"
        keep("harvest", measure(options.pages, options.rounds), command)


if __name__ == "__main__":
    sys.exit(main())
