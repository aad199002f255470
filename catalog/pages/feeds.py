"""Atom feeds: what is new, what got another license, what is new in a domain. Entries keep their ids for ever."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from catalog.index.keys import token_of
from catalog.pages.labels import Labels
from catalog.registry.history import events
from catalog.text import for_html

NEWEST = 50
EPOCH = "1970-01-01T00:00:00Z"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_IN_DOMAIN = (
    "SELECT d.key, iif(d.title = '', d.name, d.title), d.summary, d.first_seen FROM dataset d "
    "JOIN (SELECT rowid & 16777215 AS id FROM search_index WHERE search_index MATCH ?) m ON m.id = d.id "
    "ORDER BY d.first_seen DESC, d.id DESC LIMIT ?"
)
_NEW = "SELECT key, iif(title = '', name, title), summary, first_seen FROM dataset ORDER BY id DESC LIMIT ?"


class Item(NamedTuple):
    """An entry of a feed. `at` is a time in UTC as ISO 8601; `mark` tells two items of one dataset apart."""

    key: str
    title: str
    text: str
    at: str
    mark: str = ""


Href = Callable[[str], str]


def write_feeds(connection: sqlite3.Connection, root: Path, base_url: str, labels: Labels, href: Href) -> int:
    """Write all feeds below `feeds/`. Returns how many there are."""
    feeds = [("new", "New datasets", _new(connection)), ("relicensed", "Changed licenses", _relicensed(connection))]
    domains = connection.execute(
        "SELECT t.id, t.term FROM facet_bitmap b JOIN term t ON t.id = b.term_id WHERE t.facet = 'domain' ORDER BY 2"
    ).fetchall()
    for number, domain in domains:
        rows = connection.execute(_IN_DOMAIN, (f'"{token_of(number)}"', NEWEST))
        feeds.append((f"domain/{domain}", f"New datasets: {labels.of('domain', domain).en}", _items(rows)))
    for name, title, items in feeds:
        path = root / "feeds" / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(atom(base_url, f"feeds/{name}.xml", title, items, href), "utf-8")
    return len(feeds)


def atom(base_url: str, address: str, title: str, items: Sequence[Item], href: Href) -> str:
    """A feed as Atom (RFC 4287)."""
    updated = max((item.at for item in items), default=EPOCH)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{_xml(base_url + address)}</id>\n<title>{_xml(title)}</title>\n<updated>{updated}</updated>\n"
        f'<link rel="self" href="{_xml(base_url + address)}"/>\n<link href="{_xml(base_url)}"/>\n'
        "<author><name>Catalog</name></author>\n"
    )
    return head + "".join(_entry(base_url, item, href) for item in items) + "</feed>\n"


def _entry(base_url: str, item: Item, href: Href) -> str:
    page = base_url + href(item.key)
    return (
        f"<entry><id>{_xml(page + item.mark)}</id><title>{_xml(item.title)}</title><updated>{item.at}</updated>"
        f'<link href="{_xml(page)}"/><summary>{_xml(item.text or item.key)}</summary></entry>\n'
    )


def _xml(text: str) -> str:
    return for_html(_FORBIDDEN.sub("\ufffd", text))


def _new(connection: sqlite3.Connection) -> list[Item]:
    return _items(connection.execute(_NEW, (NEWEST,)))


def _items(rows: Iterable[Sequence[str]]) -> list[Item]:
    return [Item(key, title, summary, _time(at)) for key, title, summary, at in rows]


def _relicensed(connection: sqlite3.Connection) -> list[Item]:
    found = events(connection, "", kinds=("license",), limit=NEWEST)
    return [
        Item(
            event.key,
            event.title or event.key,
            f"License: {event.old or 'unknown'} is now {event.new or 'unknown'}. Commercial use: "
            f"{event.old_commercial or 'as before'}, now {event.new_commercial or 'as before'}.",
            _time(event.at),
            f"#{event.at}",
        )
        for event in found
    ]


def _time(at: str) -> str:
    """A time as Atom wants it; days and times without a zone are of UTC."""
    if len(at) == 10:
        return f"{at}T00:00:00Z"
    return at if at.endswith("Z") or "+" in at[10:] else f"{at}Z"
