"""Checks of how a connector behaves at its source: politeness, answers that make no sense, and logins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from catalog.connector import Cursor, Page, token_for
from catalog.errors import CatalogError
from connectors.testing.origin import Answer, Asked, LocalOrigin
from connectors.testing.queue import MemoryQueue
from connectors.testing.report import Problems
from connectors.testing.source import CANARY, Bench, Source, bench

PAUSE: Final = 7.0  # seconds that the origin asks for
STORM: Final = 40  # requests after which a connector should have given up
ELSEWHERE: Final = "https://elsewhere.example/data"
NONSENSE: Final = (
    *(b"", b"null", b"[]", b"{}", b"[null, 1, [], {}]", b'{"data": null}', b'{"status": 200, "data": {"id": []}}'),
    *(b"<!doctype html><title>Log in</title>", b'{"cut": ', b"[" * 5000, b'{"id": 1e999, "name": "\\ud800"}'),
)

Fault = Callable[[Asked], Answer | None]


def check_politeness(source: Source) -> None:
    """Every request names the catalog, one at a time goes to a host, and a request for a pause is obeyed: no request
    comes early, and nothing is lost. A source that refuses everything is left alone soon."""
    problems = Problems()
    with bench(source, slow=0.003) as at:
        wanted = at.keys()
        agent = at.web.settings.user_agent
        others = {asked.headers.get("user-agent", "") for asked in at.origin.asked} - {agent}
        problems.expect(bool(at.origin.asked), f"no request reached the address in {source.variable}")
        problems.expect(not others, f"a request does not name us: {sorted(others)}; ask by the web that you are given")
        problems.expect(
            at.origin.most_at_once <= 1, f"{at.origin.most_at_once} requests at once went to one host; one is polite"
        )
        for number in sorted({1, len(at.origin.asked)}):
            _check_pause(at, number, wanted, problems)
        _check_storm(at, problems)
    problems.report()


def check_quiet(source: Source) -> int:
    """A walk after a finished one, with nothing new at the source, gives no new key and sends at most
    `Source.quiet` requests. Returns how many it sends."""
    problems = Problems()
    with bench(source) as at:
        first = list(at.walk())
        queue = next((page.cursor.queue for page in first if page.cursor.queue), None)
        problems.expect(queue is None, "a page's cursor holds the queue; leave it out, sync puts it in")
        sent, new = _second_walk(source, at)
        problems.expect(not new, f"a second walk brings keys that the first did not: {sorted(new)[:3]}")
        if source.quiet is not None:
            problems.expect(sent <= source.quiet, f"a second walk sends {sent} requests, {source.quiet} should do")
    problems.report()
    return sent


def check_nonsense(source: Source) -> None:
    """An answer that makes no sense ends in an error of `catalog.errors`, or costs records, but never a crash."""
    problems = Problems()
    with bench(source) as at:
        at.keys()
        count = len(at.origin.asked)
        for number in sorted({1, min(2, count), count}):
            for body in NONSENSE:
                at.origin.forget()
                at.origin.fault = _once(number, Answer(200, {"Content-Type": "application/json"}, body))
                shown = f"request {number} is answered {body[:24]!r}"
                try:
                    problems.expect(all(isinstance(page, Page) for page in at.walk()), f"{shown}: no Page came")
                except CatalogError:
                    pass
                except Exception as error:
                    problems.append(f"{shown}: {type(error).__name__} ({str(error)[:100]})")
    problems.report()


def check_tokens(source: Source) -> None:
    """A login goes to the source alone: not along a redirect to another origin, not into an error, a log, a record or
    a cursor. A source without logins passes by asking without any."""
    problems = Problems()
    with bench(source, logins=dict.fromkeys(source.secrets, CANARY)) as at, LocalOrigin(source.plays) as other:
        at.keys()
        count, sent = len(at.origin.asked), _carries(at.origin)
        used = bool(sent) or token_for(at.connector, f"{at.origin.url}/") is not None
        problems.expect(used or not source.secrets, f"the login in {', '.join(source.secrets)} is of no use to you")
        problems.expect(token_for(at.connector, ELSEWHERE) is None, "token() gives the login for any address")
        for number in sorted({1, count}):
            for fault in (_away(number, other.url), _echo(number, 403), _echo(number, 500), _echo(number, 404)):
                at.origin.forget()
                at.origin.fault = fault
                said = _said(at)
                problems.expect(CANARY not in said, f"the login is in what the connector says: {_around(said)}")
        leaked = _carries(other)
        problems.expect(not leaked, f"the login goes to another origin: {', '.join(leaked[:3])}")
    problems.report()


def _check_pause(at: Bench, number: int, wanted: set[str], problems: Problems) -> None:
    """The request of that number is asked to come again later."""
    at.origin.forget()
    at.origin.fault = _once(number, Answer(429, {"Retry-After": f"{PAUSE:.0f}"}, b"{}"))
    try:
        got = {record.key for page in at.walk() for record in page.records}
    except Exception as error:
        problems.append(f"one 429 with a Retry-After of {PAUSE:.0f} s ends the walk: {type(error).__name__}: {error}")
        return
    early = _early(at.origin.asked, at.origin.asked[number - 1].at + PAUSE, number)
    problems.expect(not early, f"request {number + 1} comes {early:.1f} s before the pause that was asked for is over")
    problems.expect(got == wanted, f"a pause at request {number} costs {len(wanted - got)} of {len(wanted)} records")


def _check_storm(at: Bench, problems: Problems) -> None:
    """Everything is refused, each time with a pause to wait for."""
    at.origin.forget()
    at.origin.fault = lambda _asked: Answer(429, {"Retry-After": "2"}, b"{}")
    try:
        pages = list(at.walk())
        problems.expect(not any(page.complete for page in pages), "a walk that was refused everything says complete")
    except CatalogError:
        pass
    except Exception as error:
        problems.append(f"in a storm of 429: {type(error).__name__} ({str(error)[:100]}), no error of catalog.errors")
    asked = at.origin.asked
    early = max((_early(asked, each.at + 2.0, number) for number, each in enumerate(asked, 1)), default=0.0)
    problems.expect(not early, f"in a storm of 429 a request comes {early:.1f} s early")
    problems.expect(len(asked) <= STORM, f"a source that refuses everything is asked {len(asked)} times")


def _early(asked: list[Asked], until: float, number: int) -> float:
    """How many seconds too early the request after that of `number` comes."""
    following = asked[number].at if len(asked) > number else until
    return max(0.0, until - following - 0.05)


def _second_walk(source: Source, at: Bench) -> tuple[int, set[str]]:
    queue = MemoryQueue()
    pages = list(at.walk(Cursor(source.asked(at.origin.url), {}, queue)))
    known = {record.key for page in pages for record in page.records}
    at.origin.forget()
    again = Cursor(source.asked(at.origin.url), pages[-1].cursor.state, queue)
    new = {record.key for page in at.walk(again) for record in page.records} - known
    return len(at.origin.asked), new


def _once(number: int, answer: Answer) -> Fault:
    return lambda asked: answer if asked.number == number else None


def _away(number: int, url: str) -> Fault:
    return lambda asked: Answer(302, {"Location": url + asked.target}) if asked.number == number else None


def _echo(number: int, status: int) -> Fault:
    """An error that repeats what was sent in private, as proxies and debug pages do."""

    def fault(asked: Asked) -> Answer | None:
        said = asked.headers.get("authorization", "")
        body = f'{{"error": "not with {said}"}}'.encode()
        return Answer(status, {"X-Error-Message": f"not with {said}"}, body) if asked.number == number else None

    return fault


def _carries(origin: LocalOrigin) -> list[str]:
    """The requests that carry the login anywhere."""
    return [asked.path for asked in origin.asked if CANARY in f"{asked.target} {dict(asked.headers)}"]


def _said(at: Bench) -> str:
    """All that a walk and a look at files leave behind: records, cursors, errors, log lines."""
    with _logged() as lines:
        try:
            for page in at.walk():
                lines.append(repr((page.records, page.cursor.state, page.skipped)))
                for record in page.records[:1]:
                    lines.append(repr(at.connector.files(at.web, record, None)))
        except Exception as error:
            lines.append(f"{error} {error!r} {vars(error)}")
    return "\n".join(lines)


def _around(said: str) -> str:
    place = said.find(CANARY)
    return said[max(0, place - 60) : place + 20]


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Every log line of every library."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler = logging.getLogger(), Kept()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
