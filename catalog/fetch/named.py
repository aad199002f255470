"""From a name to a plan: which dataset a person means, whether it may be fetched, and which of its files would come."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from catalog.errors import NotFound
from catalog.fetch.plan import FetchPlan, make_plan
from catalog.fetch.target import Target, refusal, revision_of, target_of_entry, target_of_handle, target_of_url
from catalog.record import Distribution, Entry
from catalog.text import nearest_path


def target_named(
    name: str,
    entry_named: Callable[[str], Entry],
    listing: Callable[[str], Sequence[Entry]],
    *,
    acknowledged: bool,
) -> Target:
    """What a person means by a name; `entry_named` looks it up in the registry, `listing` finds the entries that name
    its key as a place of theirs: a synced copy of what was withdrawn is refused as well.

    What no registry knows may still be `source:id`, and `source:id@revision` pins it. Raises `NotFound`, `Usage` or,
    for what is not given out, `Gated`.
    """
    if name.startswith(("http://", "https://")):
        return target_of_url(name)
    plain, revision = split_revision(name)
    target = _target(plain, entry_named, listing, acknowledged=acknowledged)
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


def _target(
    name: str,
    entry_named: Callable[[str], Entry],
    listing: Callable[[str], Sequence[Entry]],
    *,
    acknowledged: bool,
) -> Target:
    source, colon, native_id = name.partition(":")
    try:
        entry = entry_named(name)
    except NotFound:
        if colon and native_id:
            return target_of_handle(source, native_id)
        raise
    for each in (entry, *listing(entry.key)):
        refusal(each, acknowledged=acknowledged)
    if colon and source != entry.source and any(place.url == name for place in entry.distributions):
        return target_of_handle(source, native_id, entry)
    return target_of_entry(entry)


def plan_of(
    target: Target,
    distributions: Sequence[Distribution],
    out: str | None,
    *,
    revision: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> FetchPlan:
    """The plan of a fetch, with verdict and access in words; without `out` into a folder of the dataset's name."""
    entry = target.entry
    verdict = entry.verdict if entry else None
    out = out or str(nearest_path(target.name))
    return make_plan(
        distributions,
        key=target.key,
        name=target.name,
        out=out,
        revision=revision_of(distributions, target.connector) or revision or target.revision,
        license=f"commercial use: {verdict.commercial} - {verdict.reason}"
        if verdict
        else "license: not in the registry",
        access=f"{entry.access} {entry.access_note}".strip() if entry else "",
        free=shutil.disk_usage(nearest(Path(out))).free,
        include=include,
        exclude=exclude,
    )


def nearest(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
