"""Which addresses may be called: http(s), and only public ones unless the user named the host.

A name is resolved once and judged by what it resolves to, never by its spelling; the connection then goes to the
judged address (see `wire`), so that a name cannot point elsewhere a moment later.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from typing import Final

import httpx

from catalog.web.model import NoSuchHost, Refused, public_url

WEB_PORTS: Final = (None, 80, 443)
LOCAL_NAMES: Final = ("localhost", "local", "internal", "localdomain", "home", "lan", "intranet")
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
SPECIAL: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20")))
"""Networks that Python's releases disagree on, and that no public host has (RFC 6890, 7526, 8215, 9637)."""
MAX_URL: Final = 8192
_HOST: Final = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}\Z|[0-9a-f:.]{2,60}\Z")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(url: str) -> httpx.URL:
    """The parsed address. Raises `Refused` for what is no address."""
    try:
        if len(url) > MAX_URL:
            raise ValueError
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise Refused(f"{public_url(url)!r} is not a web address.", "Write it as https://host/path.") from None


def host_of(url: httpx.URL) -> str:
    """The host as it goes to the resolver: ASCII, lower-case, without brackets."""
    return url.raw_host.decode("ascii").lower()


def check_url(url: httpx.URL, named: frozenset[str]) -> None:
    """Refuse an address by its text alone; `named` are the hosts the user named."""
    host, port = host_of(url), url.port
    if url.scheme not in ("http", "https") or not _HOST.match(host):
        raise Refused(f"{public_url(str(url))!r} is not an http or https address.", "Only web addresses can be read.")
    if url.userinfo:
        raise Refused(f"{public_url(str(url))} holds a user name or password.", "Leave them out; set a token instead.")
    if port not in WEB_PORTS and host not in named:
        raise Refused(
            f"{public_url(str(url))} asks for port {port}, which is not a web port.",
            "Name the host as allowed if you trust it.",
        )


def check_name(host: str, named: frozenset[str]) -> None:
    """Refuse a host by its name alone: all that can be judged when a proxy does the resolving."""
    if host in named:
        return
    literal = _numeric(host, 80)
    label = host.rstrip(".").rpartition(".")[2]
    if literal:
        _check_addresses(host, literal)
    elif "." not in host.rstrip(".") or label in LOCAL_NAMES:
        raise _private(host)


def resolve(host: str, port: int, named: frozenset[str] | None, timeout: float) -> list[str]:
    """The addresses to connect to, in the resolver's order; every one of them judged.

    `named` None judges nothing (the proxy of the environment). Raises `Refused`, or `NoSuchHost` where the name is
    not found within `timeout` seconds.
    """
    addresses = _numeric(host, port) or _lookup(host, port, timeout)
    if named is not None and host not in named:
        _check_addresses(host, addresses)
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, the IPv4 address inside an IPv6 one included."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address.is_site_local:
            return False
    special = any(address.version == each.version and address in each for each in SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or special)


def _check_addresses(host: str, addresses: list[str]) -> None:
    for text in addresses:
        if not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise _private(host)


def _private(host: str) -> Refused:
    return Refused(
        f"The host {host[:100]!r} has a private address, which no catalog entry may call.",
        "Name the host as allowed if it is yours.",
    )


def _numeric(host: str, port: int) -> list[str]:
    """The address that a host literally is, in any spelling the system takes (`127.1`, `0x7f000001`), or nothing."""
    try:
        return _resolved(host, port, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []


def _lookup(host: str, port: int, timeout: float) -> list[str]:
    """Resolve in a thread of its own, as the system's resolver knows no deadline."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_resolved(host, port))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answers.get(timeout=max(0.01, timeout))
    except queue.Empty:
        found = []
    if not found:
        raise NoSuchHost(f"The host {host[:100]!r} was not found.", "Check the network, and the spelling of the host.")
    return found


def _resolved(host: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
