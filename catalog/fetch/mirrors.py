"""The same files at another host: found through the registry, and taken only where their digest is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from catalog import plugins
from catalog.connector import Bundled
from catalog.errors import CatalogError, Fatal
from catalog.fetch.plan import PlannedFile, distinct_paths, file_name
from catalog.fetch.target import Target, target_of_handle
from catalog.record import Distribution, Entry
from catalog.web import Web


@dataclass(frozen=True)
class Mirrored:
    """Files with the addresses of mirrors: which `places` they come from, and what other places said."""

    files: tuple[PlannedFile, ...]
    places: tuple[str, ...]
    said: tuple[str, ...]


def mirror_places(entries: Iterable[Entry], tried: Iterable[str]) -> list[Target]:
    """The places of a dataset that an installed connector or a bare address serves, but for those that were `tried`;
    `entries` are the dataset as each of its sources has it."""
    installed = {source.name for source in plugins.sources()}
    seen = set(tried)
    found: list[Target] = []
    for entry in entries:
        handles = [entry.key] if entry.source in installed else []
        handles += [place.url for place in entry.distributions if place.kind == "repo"]
        for handle in dict.fromkeys(handles):
            source, _, native_id = handle.partition(":")
            if handle not in seen and source in installed and native_id:
                seen.add(handle)
                try:
                    found.append(target_of_handle(source, native_id))
                except Fatal:  # a connector that does not load is told where it is named
                    continue
        files = tuple(place for place in entry.distributions if place.kind == "file")
        if files and entry.source not in installed and entry.key not in seen:
            seen.add(entry.key)
            found.append(Target(entry.key, entry.name, None, None, files, entry))
    return found


def from_mirrors(
    web: Web, files: Sequence[PlannedFile], places: Sequence[Target], is_here: Callable[[PlannedFile], bool]
) -> Mirrored | None:
    """The files with addresses of `places`, the first that has a file giving it; None where some file that is not here
    is at none of them. Each keeps its size and digest, so that nothing else is accepted."""
    wanted = {file.path: file for file in files if not is_here(file)}
    found: dict[str, PlannedFile] = {}
    used: list[str] = []
    said: list[str] = []
    for place in places:
        if len(found) == len(wanted):
            break
        try:
            listed = list(_listed(web, place))
        except CatalogError as error:
            said.append(f"{place.key}: {error.message}")
            continue
        before = len(found)
        for distributions in listed:
            for path, distribution in same_files([f for p, f in wanted.items() if p not in found], distributions):
                found[path] = replace(wanted[path], url=distribution.url)
        if len(found) > before:
            used.append(place.key)
        else:
            said.append(f"{place.key} does not have these files.")
    if len(found) < len(wanted):
        return None
    return Mirrored(tuple(found.get(file.path, file) for file in files), tuple(used), tuple(said))


def _listed(web: Web, place: Target) -> Iterator[list[Distribution]]:
    """The files one by one, and what the source packs them into."""
    connector: object = place.connector
    yield place.distributions(web, None, chosen=True)
    if isinstance(connector, Bundled):
        yield place.distributions(web, None)


def same_files(
    files: Iterable[PlannedFile], distributions: Iterable[Distribution]
) -> Iterator[tuple[str, Distribution]]:
    """The path of each file that another place has as well, with its form there: one of the same digest, else one of
    the same path or name that may be the same (the digest is checked when it comes)."""
    given = [each for each in distributions if each.kind == "file"]
    by_digest = {each.digest.lower(): each for each in given if each.digest}
    by_path = dict(zip(distinct_paths([file_name(each) for each in given]), given, strict=True))
    by_name: dict[str, list[Distribution]] = {}
    for path, each in by_path.items():
        by_name.setdefault(path.rpartition("/")[2], []).append(each)
    for file in files:
        if not file.digest:
            continue
        named = by_name.get(file.path.rpartition("/")[2], [])
        choices = [by_digest.get(file.digest), by_path.get(file.path), named[0] if len(named) == 1 else None]
        fit = next((each for each in choices if each is not None and _may_be(file, each)), None)
        if fit is not None:
            yield file.path, fit


def _may_be(file: PlannedFile, other: Distribution) -> bool:
    """Whether nothing speaks against a form being the file."""
    kind, _, value = other.digest.lower().partition(":")
    own, _, digest = file.digest.partition(":")
    return other.bytes in (None, file.bytes) and (kind != own or value == digest)
