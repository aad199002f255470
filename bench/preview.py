"""What a preview transfers of a large Parquet file: five rows of one gigabyte, from a Range server on loopback.

    python -m bench.preview [--bytes 1000000000] [--rows 5] [--folder DIR]

The rows are conversations of about 1 kB, in row groups as the Hub's own writer makes them; the file is compressed as
usual. The server counts the bytes that it sends, so the figure is not the command's own word.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.measure import keep, say, table

GROUP = 10_000
"""Rows of a row group; the Hub's writer takes at most so many of text."""


def make_source(path: Path, size: int) -> int:
    """A Parquet file of at least `size` bytes; the number of its rows."""
    import pyarrow
    from pyarrow import parquet

    chance = random.Random(0)
    letters = [f"w{chance.randrange(1 << 40):x}" for _ in range(200_000)]
    schema = pyarrow.schema([("prompt", pyarrow.string()), ("completion", pyarrow.string())])
    rows = 0
    with parquet.ParquetWriter(path, schema) as writer:
        while path.stat().st_size < size:
            prompts = [" ".join(chance.choices(letters, k=30)) for _ in range(GROUP)]
            answers = [" ".join(chance.choices(letters, k=80)) for _ in range(GROUP)]
            writer.write_table(pyarrow.table([prompts, answers], schema=schema), row_group_size=GROUP)
            rows += GROUP
    return rows


class Ranges(BaseHTTPRequestHandler):
    """Serves one file whole or by single ranges, and counts what it sends."""

    protocol_version = "HTTP/1.1"
    path_served: Path
    sent = 0
    asked = 0

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def _answer(self, *, body: bool) -> None:
        size = self.path_served.stat().st_size
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        start, end = 0, size - 1
        if asked and (asked[1] or asked[2]):
            start = int(asked[1]) if asked[1] else size - int(asked[2])
            end = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(end - start + 1))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.end_headers()
        Ranges.asked += 1
        if body:
            self._send(start, end - start + 1)

    def _send(self, start: int, left: int) -> None:
        with self.path_served.open("rb") as file:
            file.seek(start)
            while left and (piece := file.read(min(left, 1 << 16))):
                try:
                    self.wfile.write(piece)
                except OSError:
                    return
                Ranges.sent += len(piece)
                left -= len(piece)


def measure(work: Path, size: int, rows: int) -> list[str]:
    """One line: the file, the rows, what was sent, its share, the requests."""
    source = work / "train.parquet"
    total = make_source(source, size)
    whole = source.stat().st_size
    Ranges.path_served = source
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/train.parquet"
    command = [sys.executable, "-m", "catalog", "preview", url, "-n", str(rows), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    server.shutdown()
    shown = len(json.loads(done.stdout)["rows"])
    say(f"{shown} rows shown of {total:,}")
    share = f"{100 * Ranges.sent / whole:.2f}%"
    return [f"{whole:,}", f"{total:,}", str(shown), f"{Ranges.sent:,}", share, str(Ranges.asked)]


def main(given: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="What a preview transfers of a large Parquet file.")
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--rows", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: a temporary folder)")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory(dir=options.folder) as work:
        line = measure(Path(work), options.bytes, options.rows)
    head = ["bytes of the file", "its rows", "rows shown", "bytes sent", "share", "requests"]
    keep("preview", table(head, [line]), f"python -m bench.preview --bytes {options.bytes} --rows {options.rows}")


if __name__ == "__main__":
    main()
