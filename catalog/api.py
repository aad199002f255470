"""The Python twin of the command line: the same objects and the same JSON.

from catalog import fetch, search, show
search("medical task:sft", limit=5)
fetch("gsm8k", out="data/gsm8k")
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog.location import registry_path
from catalog.migrations import connect_current
from catalog.search.named import one_named
from catalog.search.query import Query
from catalog.search.run import run

if TYPE_CHECKING:
    from catalog.fetch import Receipt
    from catalog.record import Entry
    from catalog.search.hits import Result

Path = str | os.PathLike[str]


def search(
    query: str | Query, registry: Path | None = None, *, facets: Sequence[str] | None = None, **fields: Any
) -> Result:
    """Search a registry. `query` is a query string or a `Query`; `fields` set its fields (`limit=5, sort="rows"`).

    `facets` asks for counts over the whole result (empty: of all facets). Raises `NotFound` without a registry,
    `Usage` for a filter value that names no term.
    """
    from dataclasses import replace

    asked = Query.parse(query) if isinstance(query, str) else query
    connection = connect_current(_path(registry))
    try:
        return run(connection, replace(asked, **fields) if fields else asked, facets=facets)
    finally:
        connection.close()


def show(name: str, registry: Path | None = None) -> Entry:
    """The entry that a name means (key, id, short name, alias).

    Raises `NotFound` for a name of nothing, `Usage` for a name of several.
    """
    from catalog.registry.reader import read_entries, terms_of

    connection = connect_current(_path(registry))
    try:
        number = one_named(connection, name).id
        return read_entries(connection, [number], terms_of(connection))[number]
    finally:
        connection.close()


def fetch(
    name: str,
    out: Path | None = None,
    registry: Path | None = None,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    revision: str | None = None,
    limit: int | None = None,
    place: str = "",
    select: Mapping[str, str | int | Sequence[str]] | None = None,
    jobs: int = 4,
    yes: bool = False,
    acknowledge: bool = False,
) -> Receipt:
    """Download a dataset to the folder `out` (default: one of its name), and return the receipt written beside it.

    `name` is a key, an id, a short name or alias, `source:id`, or an http(s) address. `include` and `exclude` are
    patterns on file names, `limit` takes so many files at most, `place` chooses among the places of a dataset (a source
    or a host), `select` holds what its source is asked for (`{"lang": "zh"}`). `jobs` are the files at a time, `yes`
    allows more than 5 GiB or 1,000 files, `acknowledge` is your word to have the right to data that was withdrawn or
    needs an agreement.

    Raises `NotFound`, `Usage`, `Gated`, `Retriable` or `Fatal`; the same call then goes on where it stopped.
    """
    from pathlib import Path as Folder

    from catalog.fetch.named import plan_of, target_named
    from catalog.fetch.page import settled
    from catalog.fetch.run import fetch as bring
    from catalog.web import Web, WebSettings

    target = target_named(
        name,
        lambda known: show(known, registry),
        lambda key: _listing(key, registry),
        acknowledged=acknowledge,
        given={key: _texts(value) for key, value in (select or {}).items()},
        place=place,
    )
    folder = None if out is None else os.fspath(out)
    with Web(WebSettings(allow_private_hosts=target.hosts)) as web:
        target = settled(web, target, acknowledged=acknowledge)
        target, found = target.selected(web, revision, chosen=bool(include or exclude), limit=limit)
        plan = plan_of(
            target, found.files, folder,
            revision=revision or "", include=include, exclude=exclude, limit=limit, estimate=found.estimate,
        )  # fmt: skip
        return bring(
            web, plan, Folder(plan.out),
            token=target.token, explain=target.explain, jobs=target.connections(jobs), yes=yes,
        )  # fmt: skip


def _texts(value: str | int | Sequence[str]) -> list[str]:
    return [str(value)] if isinstance(value, (str, int)) else [str(each) for each in value]


def _listing(key: str, registry: Path | None) -> list[Entry]:
    from catalog.registry.reader import entries_listing

    connection = connect_current(_path(registry))
    try:
        return entries_listing(connection, key)
    finally:
        connection.close()


def _path(registry: Path | None) -> str:
    return registry_path(None if registry is None else os.fspath(registry))
