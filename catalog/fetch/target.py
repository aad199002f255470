"""From what a person names to the files that would come: an address, a registry entry, or `source:id`.

An embedded entry names its places best first: the first whose connector is installed is taken, or the first whose
connector knows what is asked for, then bare files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from catalog import plugins
from catalog.connector import (
    Bundled,
    Connector,
    Explains,
    Selection,
    Selective,
    Versioned,
    hosts_of,
    token_for,
)
from catalog.errors import CatalogError, Gated, NotFound, Usage
from catalog.fetch.asked import Given, asked_of
from catalog.fetch.named_mirrors import hosts as mirror_hosts
from catalog.fetch.named_mirrors import mirrored
from catalog.record import Distribution, Entry, Record
from catalog.web import HttpStatus, Web

FILES: str = "files"
"""What the bare files of an entry are called among its places."""
_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Target:
    """What is to be fetched: `record` as its source has it, and the connector that knows its files (None: bare files).

    `entry` is the registry's entry that was named, whose verdict counts; None for a bare address. `revision` is the one
    in the name (`source:id@revision`), "" for none; `named` are the hosts that stand in the name itself. `within` is
    the part of the place that the entry means, a pattern; `asked` what the source is asked for; `elsewhere` tells the
    other places of the entry, each with how to choose it.
    """

    key: str
    name: str
    record: Record | None
    connector: Connector | None
    files: tuple[Distribution, ...] = ()
    entry: Entry | None = None
    revision: str = ""
    named: frozenset[str] = frozenset()
    within: str = ""
    asked: Mapping[str, str | int | bool | list[str]] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that the user named, by the address itself or in the environment."""
        bare = frozenset(filter(None, (urlsplit(file.url).hostname for file in self.files if self.entry is None)))
        return bare | self.named | hosts_of(self.connector) | (mirror_hosts() if self.files else frozenset())

    def distributions(self, web: Web, revision: str | None, *, chosen: bool = False) -> list[Distribution]:
        """The files, pinned; see `selected`."""
        return list(self.selected(web, revision, chosen=chosen)[1].files)

    def selected(
        self, web: Web, revision: str | None, *, chosen: bool = False, limit: int | None = None
    ) -> tuple[Target, Selection]:
        """What is asked for, pinned, and the target that it is. Unless some are to be `chosen` among the files, a
        source that packs datasets whole gives that. A source that gives parts is told the `limit`.

        Raises `Usage` for two revisions, and what the connector raises.
        """
        if revision and self.revision and revision != self.revision:
            raise Usage(f"{self.key} is named with @{self.revision} and with --revision {revision}.", "Name one.")
        if self.connector is None or self.record is None:
            return self, Selection(mirrored(self.files))
        pin = revision or self.revision or None
        if isinstance(self.connector, Selective):
            asked = {**self.asked, **({"limit": limit} if limit else {})}
            found = self.connector.select(web, self.record, pin, asked)
            if found.record is None:
                return self, found
            return replace(self, key=found.record.key, name=found.record.name, record=found.record), found
        if isinstance(self.connector, Bundled) and not (chosen or self.within):
            return self, Selection(tuple(self.connector.bundle(web, self.record, pin)))
        return self, Selection(tuple(self.connector.files(web, self.record, pin)))

    def token(self, url: str) -> str | None:
        """The token for an address, if its source has one."""
        return token_for(self.connector, url)

    def explain(self, error: HttpStatus) -> CatalogError | None:
        """What a refusal means at this source, None for what it means anywhere."""
        return self.connector.explains(error) if isinstance(self.connector, Explains) else None

    def connections(self, wanted: int) -> int:
        """How many files may come at a time: as many as are wanted, or as its source allows."""
        most = plugins.about_of(self.connector).connections if self.connector else 0
        return min(wanted, most) if most else wanted


def revision_of(files: Iterable[Distribution], connector: object = None) -> str:
    """The revision that all addresses are pinned to: the one that their source reads in them, or a commit, the one part
    of 40 hex digits that they share; else ""."""
    files = list(files)
    if isinstance(connector, Versioned):
        named = {connector.revision_in(file.url) for file in files}
        return named.pop() if len(named) == 1 else ""
    found = [{part for part in urlsplit(file.url).path.split("/") if _COMMIT.fullmatch(part)} for file in files]
    shared = set.intersection(*found) if found else set()
    return shared.pop() if len(shared) == 1 else ""


def target_of_url(url: str) -> Target:
    """The one file at an address."""
    path = unquote(urlsplit(url).path)
    name = path.rstrip("/").rpartition("/")[2] or "index.html"
    return Target(url, name, None, None, (Distribution(url=url, path=name),))


def target_of_handle(
    source: str, native_id: str, entry: Entry | None = None, given: Given | None = None, within: str = ""
) -> Target:
    """A dataset named by its source and id. Raises `Usage` when no connector of that name is installed, or for an
    option that it does not know."""
    name = native_id.rstrip("/").rpartition("/")[2]
    record, key = Record(source=source, id=native_id, name=name), f"{source}:{native_id}"
    connector = plugins.load(source)
    return Target(key, name, record, connector, (), entry, within=within, asked=asked_of(connector, key, given or {}))


def target_of_entry(entry: Entry, given: Given | None = None, place: str = "") -> Target:
    """What to fetch for a registry entry: at `place` where one is named (a source, a host, "files"), else at the first
    place whose connector knows every option that is given.

    Raises `NotFound` when nothing of it can be fetched by address, `Usage` for a place that it does not have or an
    option that none of them knows.
    """
    installed = {source.name for source in plugins.sources()}
    if entry.source in installed:
        connector = plugins.load(entry.source)
        _check_place(entry, place, [[entry.source, entry.key]])
        return Target(
            entry.key, entry.name, entry, connector, (), entry, asked=asked_of(connector, entry.key, given or {})
        )
    places = list(_places(entry, installed))
    if not places:
        pages = ", ".join(place.url for place in entry.distributions) or entry.url
        raise NotFound(f"nothing of {entry.key} can be fetched by address.", f"It is described at {pages}")
    _check_place(entry, place, [words for words, _ in places])
    chosen = next((n for n, (words, files) in enumerate(places) if _suits(words, files, place, given or {})), None)
    number = chosen if chosen is not None else next(n for n, (w, _) in enumerate(places) if not place or place in w)
    files = places[number][1]
    elsewhere = tuple(_how_to_choose(places, n) for n in range(len(places)) if n != number)
    if files[0].kind == "repo":
        source, _colon, native_id = files[0].url.partition(":")
        found = target_of_handle(source, native_id, entry, given, files[0].path)
    else:
        asked_of(None, entry.key, given or {})
        at_host = tuple(file for file in files if place in (FILES, "") or _host(file.url) == place)
        found = Target(entry.key, entry.name, None, None, at_host, entry)
    return replace(found, elsewhere=elsewhere)


def _places(entry: Entry, installed: set[str]) -> Iterator[tuple[list[str], list[Distribution]]]:
    """The places of an entry: what each may be called, and its handle or its files; handles come first."""
    for each in entry.distributions:
        source = each.url.partition(":")[0]
        if each.kind == "repo" and source in installed:
            yield [source, each.url], [each]
    files = [each for each in entry.distributions if each.kind == "file"]
    if files:
        yield [FILES, *dict.fromkeys(_host(each.url) for each in files)], files


def _suits(words: list[str], files: list[Distribution], place: str, given: Given) -> bool:
    """Whether a place is the one that is named, and its connector knows every option."""
    if place and place not in words:
        return False
    if not given:
        return True
    known = plugins.selectors_of(plugins.load(words[0])) if files[0].kind == "repo" else ()
    return set(given) <= {option.name for option in known}


def _check_place(entry: Entry, place: str, words: list[list[str]]) -> None:
    known = list(dict.fromkeys(word for each in words for word in each))
    if place and place not in known:
        raise Usage(f"{entry.key} is not at {place[:60]}.", f"It is at {', '.join(known)}.")


def _how_to_choose(places: list[tuple[list[str], list[Distribution]]], number: int) -> str:
    words, files = places[number]
    if files[0].kind == "repo":
        shown = files[0].url + (f" {files[0].path}" if files[0].path else "")
        first = next(n for n, (others, _) in enumerate(places) if others[0] == words[0])
        return f"{shown} (--from {words[0] if first == number else files[0].url})"
    count = f"{len(files)} file{'s' if len(files) > 1 else ''}"
    return f"{', '.join(words[1:4])}: {count} (--from {words[1] if len(words) == 2 else FILES})"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def refusal(entry: Entry | None, *, acknowledged: bool) -> None:
    """Raise `Gated` for an entry whose publisher took it back or asks for an agreement first.

    `acknowledged` is the person's word to have the right; what is refused outright stays refused.
    """
    if entry is None:
        return
    note = f" {entry.access_note}" if entry.access_note else ""
    if entry.access == "refused":
        raise Gated(f"{entry.key} is not fetched: its content was taken without permission.{note}", _INSTEAD)
    if entry.access in ("withdrawn", "agreement", "request") and not acknowledged:
        what = {"withdrawn": "was withdrawn by its publisher", "agreement": "needs a signed agreement"}.get(
            entry.access, "is given out on request"
        )
        raise Gated(f"{entry.key} {what}.{note}", "If you have the right to it, add --acknowledge.")


_INSTEAD = "Look for another with: catalog search --genre book --task pretrain --commercial yes"
