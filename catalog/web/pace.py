"""Politeness: when a host may be asked again.

The rules are pure functions over headers and a clock; `Pace` remembers what each host said. Sources: RFC 9110
(Retry-After), draft-ietf-httpapi-ratelimit-headers-09 (`RateLimit: "api";r=0;t=280`).
"""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from catalog.web.model import OutOfTime

_ITEM: Final = re.compile(r'\s*"([^"]{0,100})"((?:\s*;\s*[a-z]{1,20}\s*=\s*-?\d{1,15})*)\s*(?:,|\Z)')
_PARAMETER: Final = re.compile(r"([a-z]{1,20})\s*=\s*(-?\d{1,15})")
_SECONDS: Final = re.compile(r"\d{1,20}\Z")
_QUOTA: Final = re.compile(r";\s*q\s*=\s*(\d{1,9})")
BACKOFF: Final = 0.5  # seconds before the second try, doubled for each further one
BACKOFF_CAP: Final = 8.0


@dataclass(frozen=True)
class Quota:
    """What is left in one bucket: `remaining` requests, then nothing for `reset` seconds."""

    bucket: str
    remaining: int
    reset: float


def retry_after(value: str, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, None where it says nothing usable. `now` is Unix time."""
    value = value.strip()
    if _SECONDS.match(value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def quotas(value: str) -> list[Quota]:
    """The buckets of a `RateLimit` header; nothing where it is not of the draft's form."""
    found: list[Quota] = []
    position = 0
    while match := _ITEM.match(value, position):
        parameters = {name: int(number) for name, number in _PARAMETER.findall(match[2])}
        if "r" in parameters and "t" in parameters:
            found.append(Quota(match[1], max(0, parameters["r"]), float(max(0, parameters["t"]))))
        position = match.end()
        if position >= len(value):
            break
    return found


def reserve(policy: str, bucket: str) -> int:
    """Requests of a bucket that we leave to others behind the same address: 1% of its quota (`RateLimit-Policy`)."""
    for part in policy.split(","):
        if f'"{bucket}"' in part and (quota := _QUOTA.search(part)):
            return int(quota[1]) // 100
    return 0


def may_cure(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later: 408, 425, 429, 5xx but "never heard of", a 403 that says when."""
    if status == 403:
        return "retry-after" in headers
    return status in (408, 425, 429) or (500 <= status < 600 and status not in (501, 505, 511))


def backoff(attempt: int) -> float:
    """Seconds before try `attempt` + 1, at random within the upper half so that clients do not march in step."""
    full = min(BACKOFF_CAP, BACKOFF * 2.0 ** (attempt - 1))
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - a delay, not a secret


@dataclass
class _Bucket:
    remaining: int
    until: float


class Pace:
    """What every host has asked for. Safe to share between threads; times are `clock` seconds."""

    def __init__(self, max_pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_pause = max_pause
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, float] = {}
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._names: dict[tuple[str, str], tuple[str, ...]] = {}
        self._hosts: dict[str, threading.Lock] = {}
        self._answered: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Lets one request a time through to a host's API or pages."""
        with self._lock:
            turn = self._hosts.setdefault(host, threading.Lock())
        with turn:
            try:
                yield
            finally:
                self._answered[host] = self._clock()

    def gap(self, host: str, delay: float) -> float:
        """Seconds until `delay` has passed since the host's last answer, for the one whose turn it is."""
        return max(0.0, self._answered.get(host, -math.inf) + delay - self._clock())

    def delay(self, host: str, path: str) -> float:
        """Seconds to wait before the next request; 0.0 takes the request out of its bucket.

        Raises `OutOfTime` where the host has asked for more than the longest pause.
        """
        with self._lock:
            now = self._clock()
            buckets = [self._buckets[host, name] for name in self._names.get((host, _kind(path)), ())]
            spent = [bucket.until for bucket in buckets if bucket.remaining <= 0]
            wait = max([self._held.get(host, 0.0), *spent]) - now
            if wait > self._max_pause:
                raise OutOfTime(f"{host} asks for a pause of {wait:.0f} seconds.", "Try again then.", wait)
            if wait > 0:
                return wait
            for bucket in buckets:
                bucket.remaining = bucket.remaining - 1 if bucket.until > now else max(1, bucket.remaining)
            return 0.0

    def hold(self, host: str, seconds: float) -> None:
        """Nobody asks this host for so long."""
        with self._lock:
            self._held[host] = max(self._held.get(host, 0.0), self._clock() + seconds)

    def learn(self, host: str, path: str, headers: Mapping[str, str]) -> None:
        """Take in what an answer says of its buckets. Answers may overtake each other: the lower count stands."""
        told = quotas(headers.get("ratelimit", "")[:2000])
        if not told:
            return
        policy = headers.get("ratelimit-policy", "")[:2000]
        with self._lock:
            now = self._clock()
            for quota in told:
                known = self._buckets.get((host, quota.bucket))
                same_window = known is not None and abs(known.until - (now + quota.reset)) < 2.0
                left = max(0, quota.remaining - reserve(policy, quota.bucket))
                left = min(known.remaining, left) if known and same_window else left
                self._buckets[host, quota.bucket] = _Bucket(left, now + quota.reset)
            self._names[host, _kind(path)] = tuple(quota.bucket for quota in told)


def _kind(path: str) -> str:
    """Requests whose paths begin alike are taken to share their buckets (`/api`, `/datasets`)."""
    return path.split("?", 1)[0].split("/", 2)[1] if path.startswith("/") else ""
