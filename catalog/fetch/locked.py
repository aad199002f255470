"""Fetching what a lock says: the pinned revision, every byte checked against the lock, from a mirror if need be."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from catalog import plugins
from catalog.connector import Bundled, hosts_of, token_for
from catalog.errors import CatalogError, Fatal, Gated, NotFound, Usage
from catalog.fetch.lockfile import Locked, LockedFile
from catalog.fetch.mirrors import Mirrored, from_mirrors, mirror_places
from catalog.fetch.named import nearest
from catalog.fetch.plan import FetchPlan, PlannedFile, distinct_paths, file_name, license_said, suffix_of
from catalog.fetch.receipt import Receipt
from catalog.fetch.receive import Changed, Mismatch, Truncated, WebPage
from catalog.fetch.run import Progress, fetch
from catalog.fetch.target import Target, refusal, target_of_handle
from catalog.record import Distribution, Entry, Verdict
from catalog.web import HttpStatus, Web, WebSettings

ANEW = "To take what is there now, fetch it without --locked."


@dataclass(frozen=True)
class Known:
    """What the registry has to say: the entry of a key (None: nothing), the dataset as each of its sources has it, the
    entries that name a key as a place of theirs."""

    entry: Callable[[str], Entry | None]
    copies: Callable[[str], Sequence[Entry]]
    listing: Callable[[str], Sequence[Entry]]


@dataclass(frozen=True)
class Brought:
    """What came: `mirrors` are the places that served it where the first host did not, `failed` is why it did not,
    `note` tells of a license verdict that changed."""

    receipt: Receipt
    mirrors: tuple[str, ...] = ()
    failed: CatalogError | None = None
    note: str = ""


def fetch_locked(
    each: Locked,
    out: Path,
    known: Known,
    *,
    named: bool = False,
    offline: bool = False,
    jobs: int = 4,
    yes: bool = False,
    acknowledged: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_wait: Callable[[float, str], None] = lambda seconds, reason: None,  # noqa: ARG005
    say: Callable[[str], None] = lambda line: None,  # noqa: ARG005
) -> Brought:
    """Bring to `out` exactly what a lock says. `named` is true where the user typed the dataset's address, whose host
    may then be a private one; `say` hears what goes another way than planned.

    Where the first host fails, other places of the dataset are asked; what they send counts only with the digest of
    the lock. Raises `Gated`, `NotFound`, `Usage`, `Retriable` or `Fatal`; of `fault_of` it can be asked which.
    """
    check_allowed(each, known, acknowledged=acknowledged)
    entry = known.entry(each.key)
    target = _target(each, entry)
    own = frozenset(filter(None, (_host(file.url) for file in each.files))) if named else frozenset()

    def bring(web: Web, plan: FetchPlan, connectors: Iterable[object]) -> Receipt:
        several = [*connectors]
        token = lambda url: next((found for c in several if (found := token_for(c, url))), None)  # noqa: E731
        most = target.connections(jobs)
        return fetch(web, plan, out, token=token, explain=target.explain, jobs=most, yes=yes, on_progress=on_progress)

    def settings(hosts: frozenset[str]) -> WebSettings:
        return WebSettings(offline=offline, allow_private_hosts=hosts, on_wait=on_wait)

    note = changed_verdict(each, entry)
    try:
        with Web(settings(own | hosts_of(target.connector))) as web:
            plan = locked_plan(each, out, _listed(web, target, each), entry)
            return Brought(bring(web, plan, [target.connector]), note=note)
    except Usage:
        raise
    except CatalogError as error:
        failed = _told(error, each)
    places = mirror_places([*([entry] if entry else []), *known.copies(each.key)], (each.source,))
    if not places or offline:
        raise failed
    say(failed.message)
    connectors = [place.connector for place in places]
    with Web(settings(frozenset().union(*map(hosts_of, connectors)))) as web:
        plan = locked_plan(each, out, [], entry, anywhere=True)
        found = from_mirrors(web, plan.files, places, lambda file: _is_here(out, file))
        if found is None:
            raise failed
        say(f"Taking the same files from {', '.join(found.places)}.")
        return Brought(_from(found, web, plan, bring, connectors, failed), found.places, failed, note)


def check_allowed(each: Locked, known: Known, *, acknowledged: bool) -> None:
    """Raise `Gated` for what its publisher took back since, or gives out under an agreement."""
    for entry in (known.entry(each.key), known.entry(each.source), *known.listing(each.source)):
        refusal(entry, acknowledged=acknowledged)


def _from(
    found: Mirrored,
    web: Web,
    plan: FetchPlan,
    bring: Callable[[Web, FetchPlan, Iterable[object]], Receipt],
    connectors: Iterable[object],
    failed: CatalogError,
) -> Receipt:
    from dataclasses import replace

    try:
        return bring(web, replace(plan, files=found.files), connectors)
    except Mismatch as error:
        raise type(failed)(
            f"{failed.message} {', '.join(found.places)} has other files of these names.", failed.hint
        ) from error


def _target(each: Locked, entry: Entry | None) -> Target:
    """Where the files of an entry came from."""
    source, _, native_id = each.source.partition(":")
    if source in {found.name for found in plugins.sources()} and native_id:
        return target_of_handle(source, native_id, entry)
    return Target(each.key, each.name, None, None, (), entry)


def _listed(web: Web, target: Target, each: Locked) -> list[Distribution]:
    """The files that the source lists at the pinned revision; [] where it cannot list, and the lock's own addresses
    serve."""
    if target.connector is None:
        return []
    locked = {file.path for file in each.files}
    found: list[Distribution] = []
    try:
        found = target.distributions(web, each.revision or None, chosen=True)
        if isinstance(target.connector, Bundled) and not locked & set(_paths(found)):
            found = target.distributions(web, each.revision or None)
    except Usage:
        return []
    return found


def _paths(distributions: Sequence[Distribution]) -> list[str]:
    return distinct_paths([file_name(each) for each in distributions])


def locked_plan(
    each: Locked, out: Path, listed: Sequence[Distribution], entry: Entry | None = None, *, anywhere: bool = False
) -> FetchPlan:
    """The plan for exactly the files of a lock entry, at the addresses that their source names for them today, else at
    those of the lock. Raises `Changed` where the source says that it has something else, `NotFound` for a file that
    is no more, unless they may be `anywhere`."""
    given = [place for place in listed if place.kind == "file"]
    by_path = dict(zip(_paths(given), given, strict=True))
    files = tuple(_planned(each, file, by_path.get(file.path), anywhere) for file in each.files)
    verdict = (entry.verdict if entry else None) or Verdict(each.commercial, each.license, "", each.reason)  # type: ignore[arg-type]
    license = license_said(verdict)
    access = f"{entry.access} {entry.access_note}".strip() if entry else ""
    free = shutil.disk_usage(nearest(out)).free
    return FetchPlan(each.source, each.name, str(out), files, each.revision, license, access, free, asked=each.asked)


def _planned(each: Locked, file: LockedFile, place: Distribution | None, anywhere: bool) -> PlannedFile:
    url = place.url if place else file.url
    if place is not None:
        _check_same(each, file, place)
    elif not anywhere and (not url or "=***" in url):
        raise NotFound(f"{file.path} is no longer among the files of {each.source}.", ANEW)
    name = file_name(place) if place else file.path
    return PlannedFile(url, name, file.path, file.bytes, f"sha256:{file.sha256}", suffix_of(file.path))


def _check_same(each: Locked, file: LockedFile, place: Distribution) -> None:
    """Raise `Changed` where the listing of the source names another size or digest than the lock."""
    if place.bytes not in (None, file.bytes):
        raise Changed(
            f"{file.path} changed at {each.source}: it has {place.bytes:,} bytes, not the {file.bytes:,} of the lock.",
            ANEW,
        )
    told = place.digest.lower()
    ours = {f"sha256:{file.sha256}", file.digest.lower()}
    kinds = {each.partition(":")[0] for each in ours}
    if told and told.partition(":")[0] in kinds and told not in ours:
        raise Changed(
            f"{file.path} changed at {each.source}: its {told.partition(':')[0]} is not that of the lock.", ANEW
        )


def _told(error: CatalogError, each: Locked) -> CatalogError:
    """An error as it is to be read where a lock was followed."""
    if isinstance(error, Mismatch):
        return type(error)(error.message.replace("planned", "locked"), ANEW)
    if isinstance(error, NotFound):
        return NotFound(error.message, f"It may have been withdrawn; the lock has it as of {each.fetched[:10]}.")
    return error


def fault_of(error: CatalogError) -> str:
    """Which fault an error is: changed (the source has other bytes), truncated, page (an HTML page came instead), gone,
    gated, refused (by HTTP), or failed."""
    kinds = (
        (Mismatch, "changed"), (Truncated, "truncated"), (WebPage, "page"), (NotFound, "gone"), (Gated, "gated"),
        (HttpStatus, "refused"), (Fatal, "failed"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(error, kind)), "failed")


def changed_verdict(each: Locked, entry: Entry | None) -> str:
    """What became of the license verdict since the lock was written; "" where it is the same, or nobody knows."""
    now = entry.verdict if entry else None
    if now is None or (not each.license and each.commercial in ("", "unknown") and now.commercial == "unknown"):
        return ""
    if (now.commercial, now.expression) == (each.commercial, each.license):
        return ""
    then = f"{each.license or 'no license named'}, commercial use: {each.commercial or 'unknown'}"
    return (
        f"the license of {each.name} was {then}; it is now {now.expression or 'no license named'}, "
        f"commercial use: {now.commercial} ({now.reason})"
    )


def _is_here(out: Path, file: PlannedFile) -> bool:
    """Whether a file of the right size stands in its place; its digest is looked at when its turn comes."""
    path = out / file.path
    return path.is_file() and not path.is_symlink() and path.stat().st_size == file.bytes


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
