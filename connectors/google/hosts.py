"""What a harvest knows of a host between two runs: its robots rules, for a day, and until when it wants its rest.

Kept as leads of a scope of their own, whose digest holds it as JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Final

from catalog.connector import Lead, Queue, Visit
from catalog.web import HostClosed, Rules, Web

SCOPE: Final = "hosts"
KIND: Final = "host"
DAY: Final = 24 * 3600.0
MOST: Final = 65_536  # characters of a robots.txt that are kept; of a longer one nothing


def origin_of(place: str) -> str:
    """`https://host` of an address."""
    scheme, _, rest = place.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


class Hosts:
    """Reads and writes what is known of hosts; asks the queue once an origin."""

    scope: Final = SCOPE

    def __init__(self, web: Web, queue: Queue) -> None:
        self._web = web
        self._queue = queue
        self._cards: dict[str, dict[str, Any]] = {}

    def greet(self, leads: Sequence[Lead]) -> HostClosed | None:
        """Before leads of one host are visited: lay in its rules. Returns why it is not to be asked yet, if so."""
        for origin in {origin_of(lead.place) for lead in leads}:
            if origin in self._cards:
                continue
            known = self._queue.lead(SCOPE, origin)
            card = self._cards[origin] = _read(known.digest) if known else {}
            if "robots" in card:
                self._web.robots.remember(origin, Rules(str(card["robots"]), float(card.get("fetched") or 0.0)))
            if (left := float(card.get("until") or 0.0) - time.time()) > 0:
                return HostClosed(leads[0].host, str(card.get("says")), "Try again then.", left)
        return None

    def news(self) -> list[Visit]:
        """The rules that were fetched since the last call, as visits to store."""
        fetched = self._web.robots.news()
        cards = {
            origin: {"robots": rules.text, "fetched": round(rules.fetched)}
            for origin, rules in fetched.items()
            if len(rules.text) <= MOST
        }
        self._cards.update(cards)
        return [_visit(origin, card) for origin, card in cards.items()]

    def rest(self, place: str, reason: HostClosed) -> Visit | None:
        """That a host wants to be left alone, as a visit to store; None where it said no time."""
        if not reason.wait:
            return None
        origin = origin_of(place)
        until = min(time.time() + reason.wait, time.time() + 30 * DAY)
        return _visit(origin, {**self._cards.get(origin, {}), "until": round(until), "says": reason.message})


def _visit(origin: str, card: dict[str, Any]) -> Visit:
    lead = Lead(origin, SCOPE, KIND, origin.partition("://")[2])
    return Visit(lead, "read", DAY, digest=json.dumps(card, ensure_ascii=False))


def _read(text: str) -> dict[str, Any]:
    try:
        card = json.loads(text or "{}")
    except ValueError:
        return {}
    return card if isinstance(card, dict) else {}
