"""Web archives made for tests: records with their digests, each packed as a gzip member of its own (ISO 28500)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random

VERSION = b"WARC/1.0\r\n"


def record(kind: str, block: bytes, url: str = "", **headers: str) -> bytes:
    """One record as it stands in a file, unpacked; header names are written with _ for -."""
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    named = {
        "WARC-Type": kind,
        **({"WARC-Target-URI": url} if url else {}),
        "WARC-Date": "2024-12-01T10:00:00Z",
        "WARC-Block-Digest": f"sha1:{digest}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value).encode()
    return VERSION + head + b"\r\n" + block + b"\r\n\r\n"


def packed(*records: bytes) -> bytes:
    """A file of records, a gzip member each."""
    return b"".join(gzip.compress(each, mtime=0) for each in records)


def conversion(url: str, text: str, languages: str = "eng", **headers: str) -> bytes:
    """The text of a page, as WET files hold it."""
    more = {"WARC_Identified_Content_Language": languages, "Content_Type": "text/plain", **headers}
    return record("conversion", text.encode(), url, **more)


def response(url: str, page: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """The answer of a web server, as WARC files hold it."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    return record("response", head + page, url, Content_Type="application/http; msgtype=response", **headers)


def wet(number: int, pages: int = 3, size: int = 0) -> bytes:
    """A WET file of pages; `size` adds so many bytes that cannot be packed to each."""
    noise = random.Random(number)
    texts = [f"Page {page} of file {number}. " + noise.randbytes(size // 2).hex() for page in range(pages)]
    made = [conversion(f"https://site{number}.example/{page}", text) for page, text in enumerate(texts)]
    return packed(record("warcinfo", b"software: test\r\n"), *made)
