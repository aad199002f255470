"""Rows of a file on the web without the rest of it: Parquet and members of ZIP archives by byte ranges, lines and
tables by first bytes. What crosses the network is counted, and bounded by a budget.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from catalog.datafile.reading import BadRow, read_rows, suffix_of
from catalog.errors import Fatal, Usage
from catalog.web import Web, public_url

FIRST: Final = 64 << 10
"""Bytes that are asked for first."""
BUDGET: Final = 64 << 20
"""Bytes of one file that a look at it may cost."""
BLOCK: Final = 16 << 10
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

Row = Mapping[str, Any]


class Remote:
    """A file at an address, read in parts. `size` is its length in bytes (None until a host told it), `transferred` how
    many bytes of it came, `whole` whether its end was read."""

    def __init__(self, web: Web, url: str, token: str | None = None) -> None:
        self._web, self.url, self._token = web, url, token
        self.size: int | None = None
        self.transferred = 0
        self.ranges = True

    def part(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to before `stop`, fewer at the end of the file. Raises what `Web.stream` raises, and
        `Fatal` where the host gives no parts, for one that is not the first."""
        asked = {"Range": f"bytes={start}-{stop - 1}"}
        with self._web.stream(self.url, headers=asked, token=self._token) as stream:
            self._learn(stream.status, stream.headers, stream.length)
            if stream.status != 206 and start:
                raise Fatal(f"{public_url(self.url)} does not come in parts.", "Bring it whole with: catalog fetch")
            found = bytearray()
            with closing(stream.chunks()) as chunks:  # type: ignore[type-var]
                for chunk in chunks:
                    found += chunk
                    self.transferred += len(chunk)
                    if len(found) >= stop - start:
                        break
        return bytes(found[: stop - start])

    def _learn(self, status: int, headers: Mapping[str, str], length: int | None) -> None:
        told = _RANGE.fullmatch(headers.get("content-range", "").strip())
        self.ranges = status == 206
        if self.ranges and told:
            self.size = int(told[3])
        elif not self.ranges:
            self.size = length


class RangeFile(io.RawIOBase):
    """A remote file that can be read and sought in, in blocks of which each comes once."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        tail = remote.part(0, 4)
        if not remote.ranges or remote.size is None:
            where = public_url(remote.url)
            raise Fatal(f"{where} does not come in parts, which Parquet needs.", "Bring it whole with: catalog fetch")
        self._size = remote.size
        self._place = 0
        self._blocks: dict[int, bytes] = {}
        self.is_parquet = tail == b"PAR1"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = max(0, offset + (0, self._place, self._size)[whence])
        return self._place

    def size(self) -> int:
        """The length of the file in bytes."""
        return self._size

    def read(self, size: int = -1) -> bytes:
        stop = self._size if size is None or size < 0 else min(self._size, self._place + size)
        if stop <= self._place:
            return b""
        first, last = self._place // BLOCK, (stop - 1) // BLOCK
        self._fetch(first, last)
        joined = b"".join(self._blocks[number] for number in range(first, last + 1))
        found = joined[self._place - first * BLOCK : stop - first * BLOCK]
        self._place = stop
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def _fetch(self, first: int, last: int) -> None:
        """Bring the blocks that are not here yet, those that stand together in one request."""
        missing = [number for number in range(first, last + 1) if number not in self._blocks]
        while missing:
            end = next((n for n, number in enumerate(missing) if number != missing[0] + n), len(missing))
            run, missing = missing[:end], missing[end:]
            start, stop = run[0] * BLOCK, min(self._size, (run[-1] + 1) * BLOCK)
            if self._remote.transferred + stop - start > BUDGET:
                raise _spent(self._remote)
            data = self._remote.part(start, stop)
            if len(data) != stop - start:
                raise Fatal(f"{public_url(self._remote.url)} changed while it was read.", "Try again.")
            for number in run:
                self._blocks[number] = data[number * BLOCK - start : (number + 1) * BLOCK - start]


def _spent(remote: Remote) -> Fatal:
    return Fatal(
        f"{public_url(remote.url)} gave no row within {BUDGET >> 20} MiB.",
        "Choose --columns, or bring it whole with: catalog fetch",
    )


def remote_rows(remote: Remote, name: str, columns: list[str] | None = None) -> tuple[int | None, Iterator[Row]]:
    """The number of rows where the file tells it, and its rows from the first on, which come as they are asked for and
    end with the budget. `name` is the file's name, whose suffix tells its form. Raises `Usage` and `Fatal`."""
    suffix = suffix_of(Path(name))
    if suffix == ".parquet":
        file = opened_parquet(remote)
        return file.metadata.num_rows, parquet_rows(remote, file, range(file.num_row_groups), columns)
    if suffix == ".zip":
        from catalog.datafile.zipped import rows_of_zip

        return None, rows_of_zip(RangeFile(remote), public_url(remote.url))
    return None, _by_first_bytes(remote, suffix or ".jsonl")


def opened_parquet(remote: Remote) -> Any:
    """The `pyarrow.parquet.ParquetFile` of a remote file, of which its end has come. Raises `Usage` and `Fatal`."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise Fatal("reading Parquet needs pyarrow.", "Add it with: pip install 'dataset-catalog[parquet]'") from error
    source = RangeFile(remote)
    if not source.is_parquet:
        raise Usage(f"{public_url(remote.url)} is no Parquet file.", "Look at what it is with: catalog fetch --dry-run")
    buffer = min(512 << 10, max(BLOCK, source.size() // 4000))
    try:
        return parquet.ParquetFile(pyarrow.PythonFile(source, mode="r"), buffer_size=buffer, pre_buffer=False)
    except pyarrow.ArrowException as error:
        raise Fatal(f"{public_url(remote.url)} is a broken Parquet file ({str(error)[:100]}).") from error


def parquet_rows(remote: Remote, file: Any, groups: Iterable[int], columns: list[str] | None) -> Iterator[Row]:
    """The rows of these row groups, 32 at a time."""
    import pyarrow

    wanted = [each for each in columns if each in file.schema_arrow.names] if columns else None
    try:
        for group in groups:
            for batch in file.iter_batches(32, row_groups=[group], columns=wanted, use_threads=False):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise Fatal(f"{public_url(remote.url)} is a broken Parquet file ({str(error)[:100]}).") from error


def _by_first_bytes(remote: Remote, suffix: str) -> Iterator[Row]:
    """Rows of what has come; more comes, twice as much each time, while rows are asked for."""
    came = b""

    def first(wanted: int) -> tuple[bytes, bool]:
        nonlocal came
        start = len(came) if remote.ranges else 0
        came = came[:start] + remote.part(start, wanted)
        return came, len(came) < wanted or len(came) == remote.size

    yield from growing(first, suffix, lambda: remote.transferred >= BUDGET)


def growing(first: Callable[[int], tuple[bytes, bool]], suffix: str, is_spent: Callable[[], bool]) -> Iterator[Row]:
    """The rows in the beginning of a file, of which `first` gives so many bytes and whether they are all: twice as many
    each time, while rows are asked for."""
    given, wanted = 0, FIRST
    while True:
        packed, ended = first(wanted)
        rows = _rows_in(_unpacked(packed), suffix, ended)
        yield from rows[given:]
        given = len(rows)
        if ended or is_spent():
            return
        wanted = 2 * len(packed)


def _rows_in(data: bytes, suffix: str, ended: bool) -> list[Row]:
    """The rows that are whole in the beginning of a file."""
    if data.startswith(b"PK\x03\x04"):
        raise Usage("the file is a ZIP archive under another name.", "Bring it with: catalog fetch NAME --unpack")
    if not ended and suffix != ".json":
        data = data[: data.rfind(b"\n") + 1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"first{suffix}"
        path.write_bytes(data)
        rows = list(read_rows(path))
    if not ended and suffix in (".csv", ".tsv"):
        rows = rows[:-1]  # a cell may hold line ends, so that the last row can be half of one
    return [row for row in rows if not isinstance(row, BadRow)]


def _unpacked(data: bytes) -> bytes:
    """What the beginning of a packed file holds, or the data itself."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(data, BUDGET)
        if data.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(data, BUDGET)
        if data.startswith(b"\xfd7zXZ\x00"):
            return lzma.LZMADecompressor().decompress(data, BUDGET)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            import zstandard

            return bytes(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read(BUDGET))
    except ImportError as error:
        raise Fatal("the file is packed with zstd.", "Add its reader with: pip install zstandard") from error
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise Fatal(f"the file cannot be unpacked ({error}).", "Bring it whole with: catalog fetch") from error
    return data
