"""What the suite must be told of a connector, and the bench on which it is tried."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from catalog.connector import Connector, Cursor, Page, hosts_of
from catalog.record import Record
from connectors.testing.origin import LocalOrigin, Plays
from connectors.testing.queue import MemoryQueue, taken

if TYPE_CHECKING:
    from catalog.web import Web

GROUP: Final = "catalog.connectors"
CANARY: Final = "canary-1f8a0c5e77"
"""The login that the suite puts into `Source.secrets`: a source that checks logins must know it."""


@dataclass(frozen=True)
class Source:
    """A connector under test.

    `name` is that of its entry point, `variable` the environment variable that takes its address, `plays` answers as
    the source does and must have some records, on more than one page where the source has pages. `payloads` are real
    answers that `to_record` reads. `secrets` are the environment variables that hold a login. `quiet` is how many
    requests a walk after a finished one may send when the source has nothing new. `request` is what a user would ask
    for (`{base}` in it becomes the address), `environment` what else must be set.
    """

    name: str
    variable: str
    plays: Plays
    to_record: Callable[[Any], Record]
    payloads: Sequence[Any]
    secrets: tuple[str, ...] = ()
    quiet: int | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def asked(self, base: str) -> dict[str, Any]:
        """The request of a walk at an address."""
        return {name: _placed(value, base) for name, value in self.request.items()}


def _placed(value: Any, base: str) -> Any:
    if isinstance(value, list):
        return [_placed(each, base) for each in value]
    return value.replace("{base}", base) if isinstance(value, str) else value


class Clock:
    """Time in which waits last as long as they were asked to, but cost nothing."""

    def __init__(self) -> None:
        self.waited = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


@dataclass
class Bench:
    """A connector at a source that is played for it."""

    source: Source
    connector: Connector
    origin: LocalOrigin
    web: Web
    clock: Clock

    def walk(self, cursor: Cursor | None = None) -> Iterator[Page]:
        """The pages from a cursor, else from the start with an empty queue."""
        cursor = cursor or Cursor(self.source.asked(self.origin.url), {}, MemoryQueue())
        return taken(self.connector.pages(self.web, cursor), cursor)

    def keys(self) -> set[str]:
        """The keys of a whole undisturbed walk."""
        self.origin.forget()
        return {record.key for page in self.walk() for record in page.records}


@contextmanager
def bench(source: Source, slow: float = 0.0, logins: Mapping[str, str] | None = None) -> Iterator[Bench]:
    """The connector of a source as its entry point gives it, at an origin of its own, with these `logins`."""
    from catalog.web import Web, WebSettings

    clock = Clock()
    with LocalOrigin(source.plays, clock, slow) as origin, _environment(environment(source, origin.url, logins)):
        connector = loaded(source.name)
        named = hosts_of(connector) | {"127.0.0.1"}
        settings = WebSettings(allow_private_hosts=named, trust_env=False, sleep=clock.sleep)
        with Web(settings) as web:
            yield Bench(source, connector, origin, web, clock)


def environment(source: Source, url: str, logins: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables under which the connector asks `url`; no login but `logins`."""
    return {**dict.fromkeys(source.secrets, ""), source.variable: url, **source.environment, **(logins or {})}


def loaded(name: str) -> Connector:
    """The connector of an entry point. Raises `AssertionError` where there is none, or it is no connector."""
    from importlib.metadata import entry_points

    points = [point for point in entry_points(group=GROUP) if point.name == name]
    assert points, f'no installed package has the entry point {name!r} in "{GROUP}"; is yours installed?'
    assert len(points) == 1, f"{len(points)} installed packages have the entry point {name!r}"
    connector = points[0].load()
    assert isinstance(connector, Connector), f"{points[0].value} lacks name, pages or files"
    return connector


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
