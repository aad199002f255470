"""The Python twin of the command line: the same objects and the same JSON.

from catalog import fetch, lint, plan, search, show
search("medical task:sft", limit=5)
fetch("gsm8k", out="data/gsm8k")
plan("1.3B", {"fineweb-edu": 0.7, "wikipedia:zh": 0.3}).to_dict()
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from catalog.location import registry_path
from catalog.migrations import connect_current
from catalog.search.named import one_named
from catalog.search.query import Query
from catalog.search.run import run

if TYPE_CHECKING:
    from catalog.datafile.counting import Counted
    from catalog.fetch import Receipt, VerifyReport
    from catalog.fetch.lockfile import Locked
    from catalog.formats.lint import Report
    from catalog.mixture import Plan
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
    lock: Path | None = None,
) -> Receipt:
    """Download a dataset to the folder `out` (default: one of its name), and return the receipt written beside it.

    `name` is a key, an id, a short name or alias, `source:id`, or an http(s) address. `include` and `exclude` are
    patterns on file names, `limit` takes so many files at most, `place` chooses among the places of a dataset (a source
    or a host), `select` holds what its source is asked for (`{"lang": "zh"}`). `jobs` are the files at a time, `yes`
    allows more than 5 GiB or 1,000 files, `acknowledge` is your word to have the right to data that was withdrawn or
    needs an agreement. What came is entered in the file `lock` (`"catalog.lock"`), where one is named.

    Raises `NotFound`, `Usage`, `Gated`, `Retriable` or `Fatal`; the same call then goes on where it stopped.
    """
    from pathlib import Path as Folder

    from catalog.fetch.lockfile import check_place, enter
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
        if lock is not None:
            check_place(Folder(lock))
        receipt = bring(
            web, plan, Folder(plan.out),
            token=target.token, explain=target.explain, jobs=target.connections(jobs), yes=yes,
        )  # fmt: skip
    if lock is not None:
        enter(Folder(lock), plan, receipt, name, target.entry)
    return receipt


def verify(folder: Path) -> VerifyReport:
    """Hash every file of a fetched folder again, and hold it against its receipt.

    Raises `NotFound` without a receipt, `Fatal` for one that cannot be read.
    """
    from pathlib import Path as Folder

    from catalog.fetch import verify as compare

    return compare(Folder(folder))


def read_lock(path: Path | None = None) -> tuple[Locked, ...]:
    """What `catalog.lock` of this project (or the one named) holds: a dataset with its folder, revision, files and the
    license verdict of its day each. Raises `NotFound` where there is none, `Fatal` for one that cannot be read."""
    from catalog.fetch.lockfile import lock_path, read_lock

    return read_lock(lock_path(None if path is None else os.fspath(path)))


def plan(
    params: float | str,
    mix: str | Mapping[str, float] | None = None,
    registry: Path | None = None,
    *,
    ratio: float | None = None,
    tokens: float | str | None = None,
    tokenizer: str = "estimate",
) -> Plan:
    """How many tokens a model of `params` parameters (`1.3e9` or `"1.3B"`) needs, and what a mix gives of them.

    `mix` is as it is typed (`"wikipedia:zh=0.3,fineweb=0.7"`) or a mapping of names to shares; a member may be a file
    here, whose tokens are counted by the `tokenizer`. `ratio` is tokens a parameter (20), `tokens` replaces it.

    Raises `NotFound` for a name of nothing, `Usage` for one of several, a share or an amount that is none.
    """
    from catalog.budget import read_need
    from catalog.mixture import plan_of
    from catalog.tokens.tokenizers import tokenizer_named

    asked = None if tokens is None else str(tokens)
    need = read_need(str(params), None if ratio is None else str(ratio), asked)
    typed = mix if mix is None or isinstance(mix, str) else ",".join(f"{name}={share}" for name, share in mix.items())
    return plan_of(need, typed, lambda: closing(connect_current(_path(registry))), tokenizer_named(tokenizer))


def count_tokens(
    path: Path,
    *,
    columns: Sequence[str] = (),
    tokenizer: str = "estimate",
    sample: int | None = None,
    seed: int = 0,
) -> Counted:
    """The tokens of a file or folder here, with the range that holds in 95 of 100 cases: of all rows, or of `sample`
    that are drawn by chance.

    Counted are `columns`, else those of the training format that the rows show. `tokenizer` is as for the command: a
    `tokenizer.json`, its folder, an encoding of tiktoken, or the estimate by script. Raises `Usage`, `Fatal`.
    """
    from pathlib import Path as File

    from catalog.datafile import first_rows, read_rows
    from catalog.datafile.counting import DETECT, count_rows, text_columns
    from catalog.tokens.tokenizers import tokenizer_named

    file = File(path)
    chosen = text_columns(first_rows(file, DETECT), columns)
    return count_rows(read_rows(file), tokenizer_named(tokenizer), chosen, sample, seed)


def lint(path: Path, *, rows: int | None = None, against: Sequence[Path] = (), tokenizer: str = "estimate") -> Report:
    """The training format of a file or folder, and what would spoil a training: `report.detected`, `report.findings`.

    `rows` looks at the first ones only, `against` are evaluation sets that must not be in it. Raises `Usage`, `Fatal`.
    """
    from pathlib import Path as File

    from catalog.datafile.linting import linted
    from catalog.tokens.tokenizers import tokenizer_named

    return linted(File(path), tokenizer_named(tokenizer), rows, [File(each) for each in against])


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
