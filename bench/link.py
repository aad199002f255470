"""A slow link on loopback: a TCP proxy that holds all connections to one bandwidth and delays what passes.

Throttling inside the browser holds the page only and not what its workers load, so the link stands before the server.
Each way takes half a round trip; opening a connection takes a whole one. Slow start and loss are left out, and so is
TLS, which would add a round trip or two to the first request.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

_PIECE: Final = 2_920
"""Bytes, two packets: so finely do connections share the link."""


class Link(NamedTuple):
    """Bits a second from the server to the browser, and seconds of a round trip; 0 bits: as fast as the machine is."""

    name: str
    bits: float
    round_trip: float


LINKS: Final = (Link("loopback", 0, 0), Link("4g", 9e6, 0.170), Link("3g", 1.6e6, 0.150))


class _Pipe:
    """What comes down the link: pieces of all connections one behind the other."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._free = 0.0

    async def turn(self, size: int) -> float:
        """Wait until a piece has passed; returns when it arrives."""
        loop = asyncio.get_running_loop()
        self._free = max(self._free, loop.time()) + size * 8 / self._link.bits
        await asyncio.sleep(self._free - loop.time())
        return self._free + self._link.round_trip / 2


@contextmanager
def shaped(address: str, link: Link) -> Iterator[str]:
    """The address at which a server (`http://127.0.0.1:PORT`) is reached over a link."""
    if not link.bits:
        yield address
        return
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = int(address.rpartition(":")[2])
    pipe = _Pipe(link)

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(link.round_trip)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            down = asyncio.create_task(_down(far_reader, writer, pipe))
            await _up(reader, far_writer, link.round_trip / 2)
            down.cancel()

    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(met, "127.0.0.1", 0), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: asyncio.Server) -> None:
    server.close()
    while running := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Requests are small: they are delayed only."""
    while piece := await reader.read(65_536):
        await asyncio.sleep(delay)
        writer.write(piece)
    writer.close()


async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pipe: _Pipe) -> None:
    loop = asyncio.get_running_loop()
    while piece := await reader.read(_PIECE):
        loop.call_at(await pipe.turn(len(piece)), writer.write, piece)
    loop.call_at(loop.time() + 1, writer.close)
