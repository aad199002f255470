"""How the site's data files are written: deflated by us, so that any host serves them as they are.

A host may compress text on its way or may not, and ranges of compressed files go wrong on some: small whole files that
are deflated already, read by the browser's own `DecompressionStream`, work on all of them. `fetch` is refused on
file://, a script is not: an offline build has each file a second time as a call with the bytes in base64.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

LEVEL = 6
"""Of zlib; fixed, so that the same content gives the same bytes."""


class Packed(NamedTuple):
    """What one call wrote: files, bytes on disk, and the bytes that a browser loads."""

    files: int
    bytes: int
    loaded: int


def pack(root: Path, name: str, content: bytes, *, offline: bool = False, repeats: bool = True) -> Packed:
    """Write `content` as `<root>/<name>.bin` in raw deflate; with `offline` also as the script `<root>/<name>.js`.

    `repeats` False says that bytes come in no order, so that looking for what comes again may only do harm. `name` is
    a path with forward slashes. Folders are made; a file that holds these very bytes is left untouched.
    """
    packed = _deflated(content, zlib.Z_DEFAULT_STRATEGY)
    if not repeats:
        packed = min(packed, _deflated(content, zlib.Z_HUFFMAN_ONLY), key=len)
    _write(root / f"{name}.bin", packed)
    if not offline:
        return Packed(1, len(packed), len(packed))
    script = f'__c({json.dumps(name)},"{b64encode(packed).decode()}")'.encode()
    _write(root / f"{name}.js", script)
    return Packed(2, len(packed) + len(script), len(packed))


def _deflated(content: bytes, strategy: int) -> bytes:
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, strategy=strategy)
    return deflate.compress(content) + deflate.flush()


def unpack(root: Path, name: str) -> bytes:
    """The content of a file that `pack` wrote."""
    return zlib.decompress((root / f"{name}.bin").read_bytes(), -zlib.MAX_WBITS)


def as_json(value: object) -> bytes:
    """JSON as it is packed: no spaces, text as it is, lone surrogates escaped."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _write(path: Path, content: bytes) -> None:
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
