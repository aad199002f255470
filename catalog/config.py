"""`catalog.toml`: which registry, and what to sync. Every key is checked before anything is asked of a source.

    registry = "data/registry.db"

    [sync.huggingface]
    limit = 50000

    [[sync.google]]
    site = ["https://data.example.org"]

A table `[sync.NAME]` is one sync of a source, a list of tables `[[sync.NAME]]` several. Its keys are the options of
`catalog sync NAME`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from catalog import plugins
from catalog.connector import Option
from catalog.errors import Fatal, Usage
from catalog.location import CONFIG, config_folder, parsed, registry_in
from catalog.when import moment

_SHARED = (
    Option("limit", "Stop after this many records.", "count"),
    Option("max_requests", "Send at most this many requests.", "count"),
    Option("since", "Only what changed since this date."),
    Option("full", "Walk everything.", "flag"),
)
"""The keys that every table of a source may have."""
_KEYS = ("registry", "sync")


@dataclass(frozen=True)
class Job:
    """One sync: of a source, with what is asked for and at most so many requests; `where` says who asked for it."""

    source: str
    request: Mapping[str, Any] = field(default_factory=dict)
    max_requests: int | None = None
    where: str = ""


@dataclass(frozen=True)
class Config:
    """A configuration that was read: `path` is its file, `registry` the path it names ("" for none)."""

    path: str
    registry: str
    jobs: tuple[Job, ...]


def find(named: str | None, registry: str) -> str:
    """The file to read: the one that is named, else the first `catalog.toml` beside the registry, in the current
    folder, in the user's configuration; "" where there is none. Raises `Usage` for a named one that is not there."""
    if named:
        if not Path(named).is_file():
            raise Usage(f"there is no file {named}.", f"Name a {CONFIG}.")
        return named
    folders = (os.path.dirname(registry), "", config_folder())  # noqa: PTH120 - "" is the current folder
    paths = (os.path.join(folder, CONFIG) for folder in folders)  # noqa: PTH118
    return next((path for path in paths if Path(path).is_file()), "")


def load(path: str, now: datetime | None = None) -> Config:
    """Read a configuration and check every key of it; the connectors that it names are imported.

    Raises `Usage` with a sentence that names file, table and key.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Usage(f"{path} cannot be read ({error.strerror}).", "Check its permissions.") from error
    value = parsed(content, path)
    for key in value:
        if key not in _KEYS:
            raise _no_key(path, key, _KEYS)
    moment_now = now or datetime.now(UTC)
    jobs = tuple(_job(place, source, table, moment_now) for place, source, table in _tables(path, value.get("sync")))
    return Config(path, registry_in(content, path), jobs)


def asked_for(values: Mapping[str, Any]) -> dict[str, Any]:
    """A request as a walk is known by: what was not given is left out, lists are in order and without repeats."""
    given = {name: value for name, value in values.items() if value not in (None, False, "", (), [])}
    for name, value in given.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(each, str) and each.encode("utf-8", "replace").decode() != each:
                raise Usage(f"what {name.replace('_', '-')} names is no text in UTF-8.", "Write it in UTF-8.")
    return {name: sorted(set(each)) if isinstance(each, (list, tuple)) else each for name, each in given.items()}


def _tables(path: str, sync: object) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(place in words, source, table) of each sync that a configuration holds."""
    if not isinstance(sync, dict | None):
        raise Usage(f"{path}: sync is not a table.", "Write a table for each source: [sync.huggingface]")
    for source, value in (sync or {}).items():
        place = f"{path} [sync.{source}]"
        if isinstance(value, dict):
            yield place, source, value
        elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
            yield from ((f"{place} {number}", source, each) for number, each in enumerate(value, 1))
        else:
            raise Usage(f"{place} is not a table.", f"Write it as [sync.{source}] with the options below it.")


def _job(place: str, source: str, table: Mapping[str, Any], now: datetime) -> Job:
    names = [each.name for each in plugins.sources()]
    if source not in names:
        raise Usage(f"{place}: no connector for {source[:60]!r} is installed{_near(source, names)}", _known(names))
    try:
        options = {option.name: option for option in (*_SHARED, *plugins.options_of(plugins.load(source)))}
    except Fatal:  # a broken connector fails alone, when its turn comes
        return Job(source, where=place)
    values: dict[str, Any] = {}
    for key, value in table.items():
        option = options.get(key.replace("-", "_")) or options.get(key)
        if option is None:
            raise _no_key(place, key, list(options))
        values[option.name] = _value(f"{place} {key}", option, value, now)
    most = values.pop("max_requests", None)
    return Job(source, asked_for(values), most, place)


def _no_key(place: str, key: str, keys: Sequence[str]) -> Usage:
    return Usage(f"{place}: there is no key {key[:60]!r}{_near(key, keys)}", f"The keys are: {', '.join(keys)}.")


def _near(word: str, words: Sequence[str]) -> str:
    """The end of a sentence on a word that is not known."""
    near = get_close_matches(word.lower().replace("-", "_"), words, n=1)
    return f"; did you mean {near[0]}?" if near else "."


def _known(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names) or 'none'}."


def _value(place: str, option: Option, value: object, now: datetime) -> object:
    """The value of a key, as the command line would give it. Raises `Usage`."""
    if option.many:
        values = value if isinstance(value, list) else [value]
        return [_one(place, option, each, now) for each in values]
    return _one(place, option, value, now)


def _one(place: str, option: Option, value: object, now: datetime) -> object:
    if option.name == "since":
        return _since(place, value, now)
    if option.kind == "count":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise Usage(f"{place}: {value!r} is not a whole number from 1.", f"Write it as {option.name} = 100.")
    elif option.kind == "flag":
        if not isinstance(value, bool):
            raise Usage(f"{place}: {value!r} is not true or false.", f"Write it as {option.name} = true.")
    elif not isinstance(value, str):
        raise Usage(f"{place}: {value!r} is not text.", f'Write it as {option.name} = "...".')
    elif option.kind == "file":
        folder = os.path.dirname(place.partition(" [sync.")[0])  # noqa: PTH120
        return os.path.join(folder, os.path.expanduser(value))  # noqa: PTH111, PTH118
    return value


def _since(place: str, value: object, now: datetime) -> str:
    if isinstance(value, date):  # TOML knows dates; a datetime is one too
        value = value.isoformat(timespec="seconds")[:19] if isinstance(value, datetime) else value.isoformat()
    if not isinstance(value, str):
        raise Usage(f"{place}: {value!r} is no date.", 'Write it as since = "2026-11".')
    try:
        return moment(value, now)
    except Usage as error:
        raise Usage(f"{place}: {error.message}", error.hint) from None
