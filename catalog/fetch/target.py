"""From what a person names to the files that would come: an address, a registry entry, or `source:id`.

An embedded entry names its places best first; the first whose connector is installed is taken, then bare files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from catalog import plugins
from catalog.connector import Bundled, Connector, Versioned, hosts_of, token_for
from catalog.errors import Gated, NotFound, Usage
from catalog.record import Distribution, Entry, Record
from catalog.web import Web

_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Target:
    """What is to be fetched: `record` as its source has it, and the connector that knows its files (None: bare files).

    `entry` is the registry's entry that was named, whose verdict counts; None for a bare address. `revision` is the one
    in the name (`source:id@revision`), "" for none; `named` are the hosts that stand in the name itself.
    """

    key: str
    name: str
    record: Record | None
    connector: Connector | None
    files: tuple[Distribution, ...] = ()
    entry: Entry | None = None
    revision: str = ""
    named: frozenset[str] = frozenset()

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that the user named, by the address itself or in the environment."""
        bare = frozenset(filter(None, (urlsplit(file.url).hostname for file in self.files if self.entry is None)))
        return bare | self.named | hosts_of(self.connector)

    def distributions(self, web: Web, revision: str | None, *, chosen: bool = False) -> list[Distribution]:
        """The files, pinned. Unless some are to be `chosen` among them, a source that packs datasets whole gives that.

        Raises `Usage` for two revisions, and what the connector raises.
        """
        if revision and self.revision and revision != self.revision:
            raise Usage(f"{self.key} is named with @{self.revision} and with --revision {revision}.", "Name one.")
        if self.connector is None or self.record is None:
            return list(self.files)
        pin = revision or self.revision or None
        if isinstance(self.connector, Bundled) and not chosen:
            return self.connector.bundle(web, self.record, pin)
        return self.connector.files(web, self.record, pin)

    def token(self, url: str) -> str | None:
        """The token for an address, if its source has one."""
        return token_for(self.connector, url)


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


def target_of_handle(source: str, native_id: str, entry: Entry | None = None) -> Target:
    """A dataset named by its source and id. Raises `Usage` when no connector of that name is installed."""
    name = native_id.rstrip("/").rpartition("/")[2]
    record = Record(source=source, id=native_id, name=name)
    return Target(f"{source}:{native_id}", name, record, plugins.load(source), (), entry)


def target_of_entry(entry: Entry) -> Target:
    """What to fetch for a registry entry. Raises `NotFound` when nothing of it can be fetched by address."""
    installed = {source.name for source in plugins.sources()}
    if entry.source in installed:
        return Target(entry.key, entry.name, entry, plugins.load(entry.source), (), entry)
    for place in entry.distributions:
        source, _colon, native_id = place.url.partition(":")
        if place.kind == "repo" and source in installed:
            return target_of_handle(source, native_id, entry)
    files = tuple(place for place in entry.distributions if place.kind == "file")
    if files:
        return Target(entry.key, entry.name, None, None, files, entry)
    pages = ", ".join(place.url for place in entry.distributions) or entry.url
    raise NotFound(f"nothing of {entry.key} can be fetched by address.", f"It is described at {pages}")


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
