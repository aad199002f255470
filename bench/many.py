"""A dataset of many small files: ours against huggingface_hub's snapshot_download, from one loopback Hub, turn about.

    python -m bench.many [--files 10000] [--bytes 2000] [--rounds 4] [--folder DIR]

Each side runs in a process of its own, lists the repository and brings it into an empty folder, eight files at a time,
and is timed from its first request to its end. Ours hashes every file and holds it against the digest of the listing,
syncs it to the disk and writes a receipt; snapshot_download compares sizes and syncs nothing. The Hub is the one of the
tests: threads of Python, its answers cost it more than they cost either client.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.measure import Figure, alternate, keep, table

JOBS = 8
NAME = "bench/many"

OURS = """
import json, pathlib, resource, sys, time
from catalog.fetch import fetch
from catalog.fetch.named import plan_of
from catalog.fetch.target import target_of_handle
from catalog.web import Web, WebSettings
out, jobs = sys.argv[1], int(sys.argv[2])
target = target_of_handle("huggingface", "bench/many")
started = time.perf_counter()
with Web(WebSettings(allow_private_hosts=target.hosts)) as web:
    plan = plan_of(target, target.distributions(web, None), out)
    fetch(web, plan, pathlib.Path(out), token=target.token, jobs=jobs, yes=True)
seconds = time.perf_counter() - started
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, time.process_time()]))
"""

THEIRS = """
import json, resource, sys, time
from huggingface_hub import snapshot_download
out, jobs = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
snapshot_download("bench/many", repo_type="dataset", local_dir=out, max_workers=jobs)
seconds = time.perf_counter() - started
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, time.process_time()]))
"""


def serve(files: int, size: int) -> None:
    """A Hub with the dataset on it; prints where it is."""
    from tests.origin import Hub

    with Hub() as hub:
        held = {f"data/{n // 1000:02}/{n:05}.txt": b"%08d" % n + b"x" * (size - 8) for n in range(files)}
        hub.add(NAME, held)
        print(json.dumps(hub.environment), flush=True)
        threading.Event().wait()


def run(code: str, environment: dict[str, str], out: Path) -> list[float]:
    """Seconds, peak bytes of memory and CPU seconds of one side, into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    home = {"HF_HOME": str(out.parent / "home"), "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(out), str(JOBS)],
        env={**os.environ, **environment, **home}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(work: Path, files: int, size: int, rounds: int) -> tuple[dict[str, Figure], dict[str, list[list[float]]]]:
    """Seconds by side, one value a round; and all that was measured of each run."""
    serving = [sys.executable, "-m", "bench.many", "--serve", "--files", str(files), "--bytes", str(size)]
    server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    environment = json.loads(server.stdout.readline())
    found: dict[str, list[list[float]]] = {"snapshot_download": [], "catalog": []}

    def case(name: str, code: str) -> Callable[[], float]:
        def once() -> float:
            told = run(code, environment, work / "out")
            count = sum(1 for path in (work / "out").rglob("*.txt"))
            assert count == files, (name, count)
            found[name].append(told)
            return told[0]

        return once

    try:
        seconds = alternate(
            {"snapshot_download": case("snapshot_download", THEIRS), "catalog": case("catalog", OURS)}, rounds
        )
    finally:
        server.kill()
        server.wait()
    return seconds, found


def report(seconds: dict[str, Figure], found: dict[str, list[list[float]]], files: int) -> str:
    """A line for each side: seconds, files a second, CPU, peak memory, and the time against snapshot_download's."""
    theirs = seconds["snapshot_download"]
    rows: list[Any] = []
    for name, taken in seconds.items():
        cpu = Figure(tuple(each[2] for each in found[name][1:]))
        memory = max(each[1] for each in found[name]) / 1e6
        ratio = "" if name == "snapshot_download" else taken.over(theirs).show()
        rows.append([name, taken.show(), taken.rate(files).show(digits=0), cpu.show(), f"{memory:,.0f}", ratio])
    return table(["what", "seconds", "files/s", "its own CPU, s", "peak memory, MB", "time / snapshot_download"], rows)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Many small files against snapshot_download.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=4, help="the first is dropped")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: a temporary folder)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.serve:
        serve(options.files, options.bytes)
    with tempfile.TemporaryDirectory(dir=options.folder) as work:
        seconds, found = measure(Path(work), options.files, options.bytes, options.rounds)
    command = f"python -m bench.many --files {options.files} --bytes {options.bytes} --rounds {options.rounds}"
    keep("many", report(seconds, found, options.files), command)


if __name__ == "__main__":
    main()
