"""Conformance checks for connectors, for the tests of whoever writes one.

    from connectors.testing import check_files, check_mapping, check_pages

    def test_mapping(): check_mapping(to_record, payloads)
    def test_listing(web): check_pages(connector, web)
    def test_files(web): check_files(connector, web, record)

Each raises `AssertionError` that names everything found wrong; a source is served by your own test server or by
recorded answers behind it. Nothing here needs pytest.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from catalog.connector import Connector, Cursor, Lead, Page
from catalog.errors import Skipped
from catalog.record import Distribution, Record, decode, encode

if TYPE_CHECKING:
    from catalog.web import Web

MAX_PAGES: Final = 50
HOSTILE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 2**63, 10**400, 1e308, float("nan"), float("inf")),
    *("", "\x00", "\ud800", "\u202e", "../../etc/passwd", "<script>alert(1)</script>", "=1+1", "'; --", "a" * 30_000),
    *([], {}, [[]], [{}], {"": None}, {"id": []}, [None, 1, "x", {"x": [1]}]),
)


def check_mapping(
    to_record: Callable[[Any], Record], payloads: Sequence[Any], rounds: int = 2000, seed: int = 0
) -> None:
    """`to_record` is pure, its records survive storing, and no input makes it raise anything but `Skipped`.

    `payloads` are real answers of the source, at least one of which makes a record; `rounds` of them are damaged at
    random (the same way for the same seed) and tried as well.
    """
    problems: list[str] = []
    made = sum(_maps(to_record, payload, f"payload {number}", problems) for number, payload in enumerate(payloads))
    if not made:
        problems.append("no payload made a record")
    rng = random.Random(seed)  # noqa: S311 - tests must repeat
    for number in range(rounds):
        _maps(to_record, damaged(rng.choice(payloads), rng), f"damaged payload {number} of seed {seed}", problems)
    _report(problems)


def check_pages(connector: Connector, web: Web, request: dict[str, Any] | None = None) -> list[Page]:
    """A walk ends, repeats no record, and goes on from the cursor of any of its pages. Returns the pages.

    The source must hold still meanwhile and have at least one record for the request.
    """
    problems: list[str] = []
    queue, queues = MemoryQueue(), []
    pages = []
    for page in islice(walked(connector, web, Cursor(request or {}, {}, queue)), MAX_PAGES):
        pages.append(page)
        queues.append(copy.deepcopy(queue))
    keys = [record.key for page in pages for record in page.records]
    _expect(problems, bool(keys), "the walk has no records")
    _expect(problems, len(set(keys)) == len(keys), "the walk gives a record twice")
    _expect(problems, all(key.startswith(f"{connector.name}:") for key in keys), "a key belongs to another source")
    _expect(problems, [page.last for page in pages] == [False] * (len(pages) - 1) + [True], "only one page is the last")
    for number, page in enumerate(pages):
        cursor = _stored(page.cursor, problems)
        _expect(problems, dict(cursor.request) == (request or {}), f"page {number} changes the request")
        if not page.last:
            again = replace(cursor, queue=queues[number])
            rest = [record.key for later in walked(connector, web, again) for record in later.records]
            expected = [record.key for later in pages[number + 1 :] for record in later.records]
            _expect(problems, rest == expected, f"the walk does not go on from the cursor of page {number}")
    _report(problems)
    return pages


class MemoryQueue:
    """The leads of a source in memory, for connectors that need a queue; `take` does what committing a page does."""

    def __init__(self) -> None:
        self._leads: dict[tuple[str, str], Lead] = {}
        self._due: dict[tuple[str, str], float] = {}
        self._now = 0.0

    def due(self, scope: str, limit: int, *, host: str = "", kind: str = "") -> list[Lead]:
        """The leads that are due: never visited first, then in the order they were found."""
        leads = [lead for name, lead in self._leads.items() if lead.scope == scope and self._is_due(name)]
        leads = [lead for lead in leads if host in ("", lead.host) and kind in ("", lead.kind)]
        return sorted(leads, key=lambda lead: lead.visited != "")[:limit]

    def hosts(self, scope: str) -> list[str]:
        """The hosts that have leads due."""
        return sorted({lead.host for lead in self.due(scope, len(self._leads))})

    def count(self, scope: str, *, due: bool = True) -> int:
        """How many leads are due, or known at all."""
        return sum(name[0] == scope and (not due or self._is_due(name)) for name in self._leads)

    def take(self, page: Page) -> None:
        """Take in what a page found and visited."""
        for lead in page.found:
            name = (lead.scope, lead.place)
            if name not in self._leads:
                self._leads[name], self._due[name] = lead, self._now
        for visit in page.visited:
            name = (visit.lead.scope, visit.lead.place)
            self._leads[name] = replace(
                visit.lead,
                etag=visit.etag,
                last_modified=visit.last_modified,
                digest=visit.digest,
                keys=visit.keys if visit.outcome == "read" else visit.lead.keys,
                failures=visit.lead.failures + 1 if visit.outcome == "failed" else 0,
                visited="2000-01-01T00:00:00Z",
            )
            self._due[name] = float("inf") if visit.again is None else self._now + max(visit.again, 1.0)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def _is_due(self, name: tuple[str, str]) -> bool:
        return self._due[name] <= self._now


def walked(connector: Connector, web: Web, cursor: Cursor) -> Iterator[Page]:
    """The pages of a walk, each taken into the cursor's queue before the next is asked for, as a sync does it."""
    for page in connector.pages(web, cursor):
        if isinstance(cursor.queue, MemoryQueue):
            cursor.queue.take(page)
        yield page


def check_files(connector: Connector, web: Web, record: Record) -> list[Distribution]:
    """The files of a record have web addresses, paths that stay inside, and come out the same twice."""
    problems: list[str] = []
    files = connector.files(web, record, None)
    _expect(problems, bool(files), "there are no files")
    _expect(problems, files == connector.files(web, record, None), "a second call gives other files")
    paths = [file.path for file in files]
    _expect(problems, len(set(paths)) == len(paths), "a path occurs twice")
    for file in files:
        inside = not PurePosixPath(file.path).is_absolute() and ".." not in PurePosixPath(file.path).parts
        _expect(problems, bool(file.path) and inside, f"the path {file.path!r} leaves the folder")
        _expect(problems, urlsplit(file.url).scheme in ("http", "https"), f"{file.url!r} is not a web address")
    _report(problems)
    return files


def damaged(payload: Any, rng: random.Random) -> Any:
    """A copy of a payload with one to four of its values replaced, removed, doubled or wrapped."""
    holder = [copy.deepcopy(payload)]
    for _ in range(rng.randint(1, 4)):
        places = list(_places(holder))
        if not places:
            break
        container, key = rng.choice(places)
        _damage(container, key, rng)
    return holder[0] if holder else None


def _damage(container: Any, key: Any, rng: random.Random) -> None:
    kind = rng.randrange(6)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = [container[key]] * rng.randint(0, 3)
    elif kind == 2:
        container[key] = {rng.choice(("name", "dtype", "list", "x")): container[key]}
    elif kind == 3 and isinstance(container[key], str):
        container[key] = container[key][: rng.randint(0, len(container[key]))] + rng.choice(("\x00", "\ud800", "é"))
    else:
        container[key] = copy.deepcopy(rng.choice(HOSTILE))


def _places(value: Any) -> Iterable[tuple[Any, Any]]:
    """Every (container, key) in a value of lists and mappings."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _maps(to_record: Callable[[Any], Record], payload: Any, name: str, problems: list[str]) -> bool:
    """Whether a payload makes a record; what is wrong about it goes to `problems`."""
    before = copy.deepcopy(payload)
    try:
        record = to_record(payload)
    except Skipped:
        return False
    except Exception as error:
        problems.append(f"{name} raises {type(error).__name__}: {error}"[:300])
        return False
    _expect(problems, repr(payload) == repr(before), f"{name} was changed by the mapping")
    _expect(problems, repr(record) == repr(to_record(before)), f"{name} makes another record the second time")
    try:
        again = decode(encode(record))
    except Exception as error:
        problems.append(f"the record of {name} cannot be stored: {error}"[:300])
    else:
        fields = [field for field in record.__struct_fields__ if getattr(again, field) != getattr(record, field)]
        _expect(problems, not fields, f"the record of {name} reads back with other {', '.join(fields)}")
    return True


def _stored(cursor: Cursor, problems: list[str]) -> Cursor:
    """The cursor as the registry would give it back."""
    try:
        state = json.loads(json.dumps(dict(cursor.state), allow_nan=False))
    except (TypeError, ValueError) as error:
        problems.append(f"a cursor cannot be stored: {error}")
        return cursor
    return Cursor(dict(cursor.request), state)


def _expect(problems: list[str], holds: bool, otherwise: str) -> None:
    if not holds:
        problems.append(otherwise)


def _report(problems: list[str]) -> None:
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:20])
        raise AssertionError(f"{len(problems)} problems:\n{shown}")
