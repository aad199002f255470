"""A proxy of the environment (CONNECT) that leads one name to an origin here, over TLS with an authority of its own."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import trustme

from tests.origin.server import Origin


@contextmanager
def tunnel(origin: Origin, host: str, *, named: str = "") -> Iterator[tuple[str, str]]:
    """The proxy's address and the file of the authority that signed `host`'s certificate (or one for `named`)."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(named or host).configure_cert(context)
    with tempfile.TemporaryDirectory() as folder, closing(socket.create_server(("127.0.0.1", 0))) as listening:
        bundle = Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(str(bundle))
        serving = threading.Thread(target=_serve, args=(listening, origin, context), daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", str(bundle)


def _serve(listening: socket.socket, origin: Origin, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_connect, args=(connection, origin, context), daemon=True).start()


def _connect(connection: socket.socket, origin: Origin, context: ssl.SSLContext) -> None:
    """Take a CONNECT, speak TLS on the client's side and plain HTTP to the origin."""
    with suppress(OSError), connection:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += connection.recv(4096)
        if not asked.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with (
            context.wrap_socket(connection, server_side=True) as client,
            socket.create_connection(("127.0.0.1", origin.port)) as inner,
        ):
            back = threading.Thread(target=_pump, args=(inner, client), daemon=True)
            back.start()
            _pump(client, inner)
            inner.shutdown(socket.SHUT_RDWR)
            back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
