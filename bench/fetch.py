"""Download speed against curl: one large file from loopback to the same disk, alternated, medians and ratios.

    python -m bench.fetch [--bytes 1073741824] [--rounds 10] [--folder DIR]

Ours hashes while it streams, and syncs the file and its folder before the file gets its name; curl does neither, so a
second row gives curl followed by `sync FILE`. The server sends with sendfile from the page cache.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import Figure, alternate, keep, table


def serve(path: Path) -> None:
    """Send the file to whoever asks, as fast as the system can; prints its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, path), daemon=True).start()


def _answer(connection: socket.socket, path: Path) -> None:
    with connection, path.open("rb") as file:
        while connection.recv(65536):
            size = os.fstat(file.fileno()).st_size
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "one"\r\n\r\n' % size)
            sent = 0
            while sent < size:
                sent += os.sendfile(connection.fileno(), file.fileno(), sent, min(size - sent, 4 << 20))


def make_source(path: Path, size: int) -> str:
    """A file of `size` random bytes; its sha256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        left = size
        while left:
            piece = os.urandom(min(left, 1 << 20))
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest()


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run_curl(url: str, target: Path, sync: bool) -> float:
    target.unlink(missing_ok=True)
    command = f'curl -s -o "{target}" {url}' + (f' && sync "{target}"' if sync else "")
    return timed(lambda: subprocess.run(["sh", "-c", command], check=True))


def run_catalog(url: str, folder: Path, size: int, digest: str) -> float:
    """The fetch in this process; imports are not counted, as curl's start is not worth counting either."""
    from catalog.fetch import fetch, make_plan
    from catalog.record import Distribution
    from catalog.web import Web, WebSettings

    shutil.rmtree(folder, ignore_errors=True)
    item = Distribution(url=url, path="data.bin", bytes=size, digest=f"sha256:{digest}")
    plan = make_plan([item], key="bench:one", name="one", out=str(folder))
    with Web(WebSettings(allow_private_hosts=frozenset({"127.0.0.1"}))) as web:
        return timed(lambda: fetch(web, plan, folder))


def settled(run: Callable[[], float]) -> Callable[[], float]:
    """A case for `alternate` that lets the disk settle first, uncounted."""

    def case() -> float:
        os.sync()
        return run()

    return case


def measure(work: Path, size: int, rounds: int) -> dict[str, Figure]:
    """Seconds by what downloads, one value a round."""
    source = work / "source.bin"
    digest = make_source(source, size)
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.fetch", "--serve", str(source)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = f"http://127.0.0.1:{int(server.stdout.readline())}/data.bin"
    runs: dict[str, Callable[[], float]] = {
        "curl": lambda: run_curl(url, work / "curl.bin", False),
        "curl + sync": lambda: run_curl(url, work / "curl.bin", True),
        "catalog": lambda: run_catalog(url, work / "ours", size, digest),
    }
    try:
        return alternate({kind: settled(run) for kind, run in runs.items()}, rounds)
    finally:
        server.kill()
        server.wait()


def report(seconds: dict[str, Figure], size: int) -> str:
    """A line for each: seconds, throughput, and that against curl's, round by round."""
    curl = seconds["curl"].rate(size)
    lines = []
    for kind, taken in seconds.items():
        rate = taken.rate(size)
        lines.append([kind, taken.show(), rate.show(1e-6, 0), "" if kind == "curl" else rate.over(curl).show()])
    return table(["what", "seconds", "MB/s", "throughput against curl"], lines)


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Download speed against curl.")
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--rounds", type=int, default=10, help="the first is dropped")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: a temporary folder)")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.serve:
        serve(options.serve)
    with tempfile.TemporaryDirectory(dir=options.folder) as work:
        seconds = measure(Path(work), options.bytes, options.rounds)
    command = f"python -m bench.fetch --bytes {options.bytes} --rounds {options.rounds}"
    keep("fetch", report(seconds, options.bytes), command)


if __name__ == "__main__":
    main()
