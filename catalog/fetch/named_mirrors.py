"""Mirrors that the user names for bare files (`CATALOG_MIRRORS`); a file comes from one only where its digest is known.

CATALOG_MIRRORS="https://dl.fbaipublicfiles.com/=https://mirror.example.org/fb/ https://other.example/=..."
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from catalog.errors import Usage
from catalog.record import Distribution

VARIABLE: Final = "CATALOG_MIRRORS"


@dataclass(frozen=True)
class Mirror:
    """What begins with `address` is at `mirror` instead."""

    address: str
    mirror: str


def mirrors() -> list[Mirror]:
    """The mirrors of the environment, the longest address first. Raises `Usage` for what is no pair of addresses."""
    found = []
    for word in os.environ.get(VARIABLE, "").split():
        address, equals, mirror = word.partition("=")
        if not (equals and _is_address(address) and _is_address(mirror)):
            raise Usage(f"{VARIABLE} holds {word[:80]!r}.", "Write it as https://host/=https://mirror/host/")
        found.append(Mirror(address, mirror))
    return sorted(found, key=lambda each: -len(each.address))


def hosts() -> frozenset[str]:
    """The hosts of the mirrors: the user named them, so they may be private."""
    return frozenset(host for each in mirrors() if (host := urlsplit(each.mirror).hostname))


def mirrored(files: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """The files, at their mirrors where these are named and a digest tells that they are the same."""
    known = mirrors()
    return tuple(_moved(file, known) if file.digest else file for file in files)


def _moved(file: Distribution, known: list[Mirror]) -> Distribution:
    for each in known:
        if file.url.startswith(each.address):
            return msgspec.structs.replace(file, url=each.mirror + file.url.removeprefix(each.address))
    return file


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
