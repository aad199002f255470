"""The files of a dataset on the web, for commands that look into them without bringing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from catalog.errors import NotFound

if TYPE_CHECKING:
    from catalog.fetch import PlannedFile
    from catalog.fetch.target import Target
    from catalog.web import Web

_FORMS: Final = {".parquet": 0, ".jsonl": 0, ".ndjson": 0, ".csv": 0, ".tsv": 0, ".json": 1, ".txt": 2, ".zip": 3}
"""Files that hold nothing but rows come first."""
_NO_FORM: Final = 4
_NO_DATA: Final = frozenset(
    ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "croissant.json", "package.json",
     "requirements.txt", "LICENSE.txt", "README.txt", "config.json")
)  # fmt: skip


@contextmanager
def planned_files(name: str, options: Mapping[str, Any]) -> Iterator[tuple[Web, Target, list[PlannedFile]]]:
    """The files that a fetch of this name would bring; `options` holds registry, revision, include and acknowledge as
    those of the command. Raises what `catalog fetch` raises."""
    from catalog.cli.fetching import entry_named, listing_of, tell_wait
    from catalog.fetch.named import plan_of, target_named
    from catalog.fetch.page import settled
    from catalog.web import Web, WebSettings

    target = target_named(
        name,
        lambda known: entry_named(known, options["registry"]),
        lambda key: listing_of(key, options["registry"]),
        acknowledged=options["acknowledge"],
    )
    with Web(WebSettings(allow_private_hosts=target.hosts, on_wait=tell_wait)) as web:
        target = settled(web, target, acknowledged=options["acknowledge"])
        places = target.distributions(web, options["revision"], chosen=True)
        yield web, target, list(plan_of(target, places, None, include=options["include"]).files)


def converted_files(web: Web, target: Target) -> list[PlannedFile]:
    """The files of the copy as Parquet that the source keeps of a dataset; [] where it keeps none."""
    from catalog.connector import Converts
    from catalog.fetch.named import plan_of

    connector: object = target.connector
    if not isinstance(connector, Converts) or target.record is None:
        return []
    try:
        return list(plan_of(target, connector.converted(web, target.record), None).files)
    except NotFound:
        return []


def form_of(file: PlannedFile) -> int:
    """How sure it is that a file holds rows and nothing else: 0 for the surest, 4 for no known form."""
    from catalog.datafile.reading import suffix_of

    return _FORMS.get(suffix_of(Path(file.name)), _NO_FORM)


def with_rows(files: Iterable[PlannedFile], name: str) -> list[PlannedFile]:
    """Those of the files that hold rows; a bare address is taken for what it is. Raises `NotFound` for none."""
    files = list(files)
    known = [file for file in files if form_of(file) < _NO_FORM and Path(file.name).name not in _NO_DATA]
    if not known and len(files) == 1 and name.startswith(("http://", "https://")):
        return files
    if not known:
        raise NotFound(
            f"no file of {name} has rows that can be read from outside.", "See its files: catalog fetch --dry-run"
        )
    return known
