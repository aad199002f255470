"""From a name to a plan: which dataset a person means, whether it may be fetched, and which of its files would come."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from catalog import plugins
from catalog.errors import NotFound, Usage
from catalog.fetch.asked import Given, asked_of, part_of, typed
from catalog.fetch.plan import FetchPlan, license_said, make_plan
from catalog.fetch.target import Target, refusal, revision_of, target_of_entry, target_of_handle, target_of_url
from catalog.record import Distribution, Entry
from catalog.text import nearest_path

_OWNED = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def target_named(
    name: str,
    entry_named: Callable[[str], Entry],
    listing: Callable[[str], Sequence[Entry]],
    *,
    acknowledged: bool,
    given: Given | None = None,
    place: str = "",
) -> Target:
    """What a person means by a name; `entry_named` looks it up in the registry, `listing` finds the entries that name
    its key as a place of theirs: a synced copy of what was withdrawn is refused as well.

    `given` are options of the source, `place` is the one of its places that is wanted. What no registry knows may still
    be `source:id` or, where a connector knows what it means, `name:part`; `source:id@revision` pins it. Raises
    `NotFound`, `Usage` or, for what is not given out, `Gated`.
    """
    if name.startswith(("http://", "https://")):
        asked_of(None, "an address", given or {})
        return target_of_url(name)
    plain, revision = split_revision(name)
    found = _entry_and_part(plain, entry_named)
    if found is None:
        for each in _listing_where_known(listing, plain):
            refusal(each, acknowledged=acknowledged)
        source, _, native_id = plain.partition(":")
        target = target_of_handle(source, native_id, given=given)
    else:
        entry, part = found
        for each in (entry, *listing(entry.key)):
            refusal(each, acknowledged=acknowledged)
        target = _target(plain, entry, part, given or {}, place)
    return replace(target, revision=revision, named=_hosts_in(plain))


def _hosts_in(name: str) -> frozenset[str]:
    """The host in a name like `source:https://host/page`: who writes it may mean a private one."""
    address = name.partition(":")[2]
    if not address.startswith(("http://", "https://")):
        return frozenset()
    try:
        return frozenset(filter(None, (urlsplit(address).hostname,)))
    except ValueError:
        return frozenset()


def split_revision(name: str) -> tuple[str, str]:
    """`source:id@revision` as the name and the revision, "" where it names none; an address may hold any @."""
    plain, _, revision = name.rpartition("@")
    if not revision or not plain.partition(":")[2] or "://" in plain:
        return name, ""
    return plain, revision


def _listing_where_known(listing: Callable[[str], Sequence[Entry]], key: str) -> Sequence[Entry]:
    """The entries that name a key as a place of theirs; none where there is no registry."""
    try:
        return listing(key)
    except NotFound:
        return []


def _entry_and_part(name: str, entry_named: Callable[[str], Entry]) -> tuple[Entry, str] | None:
    """The entry that a name means, and the part in it (`wikipedia:zh`); None for what is a source's own."""
    source, colon, native_id = name.partition(":")
    is_own = bool(colon and native_id) and source in {each.name for each in plugins.sources()}
    try:
        return entry_named(name), ""
    except Usage:  # several entries name it as a place of theirs
        if not is_own:
            raise
        return None
    except NotFound as nothing:
        if not (colon and native_id):
            raise _of_a_hub(name, nothing) from nothing
        if is_own:
            return None
        whole, _, part = name.rpartition(":")
        try:
            return entry_named(whole), part
        except NotFound as error:
            if error.message == nothing.message:  # not of this name: there is no registry
                raise
            raise plugins.unknown(source) from None


def _of_a_hub(name: str, nothing: NotFound) -> NotFound:
    """The error for a name that no registry knows; one of the form `owner/name` may be one of the Hub."""
    if not _OWNED.fullmatch(name):
        return nothing
    return NotFound(nothing.message, f"{nothing.hint}\nOf the Hub itself it is: huggingface:{name}")


def _target(name: str, entry: Entry, part: str, given: Given, place: str) -> Target:
    if part:
        return target_of_entry(entry, {**given, **_part(entry, part)}, place)
    source, colon, native_id = name.partition(":")
    if colon and source != entry.source and any(each.url == name for each in entry.distributions):
        return target_of_handle(source, native_id, entry, given)
    return target_of_entry(entry, given, place)


def _part(entry: Entry, part: str) -> dict[str, list[str]]:
    """What the part in a name means to the first place of an entry that knows parts. Raises `Usage`."""
    sources = {source.name for source in plugins.sources()}
    for handle in (entry.key, *(each.url for each in entry.distributions if each.kind == "repo")):
        source = handle.partition(":")[0]
        if source in sources and (meant := part_of(plugins.load(source), part)):
            return meant
    raise Usage(f"{entry.key} has no parts that are called by name.", "Choose among its files with --include.")


def plan_of(
    target: Target,
    distributions: Sequence[Distribution],
    out: str | None,
    *,
    revision: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    limit: int | None = None,
    estimate: int | None = None,
) -> FetchPlan:
    """The plan of a fetch, with verdict and access in words; without `out` into a folder of the dataset's name."""
    entry = target.entry
    out = out or str(nearest_path(target.name))
    return make_plan(
        distributions,
        key=target.key,
        name=target.name,
        out=out,
        revision=revision_of(distributions, target.connector) or revision or target.revision,
        license=license_said(entry.verdict if entry else None),
        access=f"{entry.access} {entry.access_note}".strip() if entry else "",
        free=shutil.disk_usage(nearest(Path(out))).free,
        include=include or ([target.within] if target.within else []),
        exclude=exclude,
        limit=limit,
        estimate=estimate,
        asked=typed({**target.asked, **({"limit": limit} if limit else {})}),
        elsewhere=target.elsewhere,
    )


def nearest(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
