"""The embedded catalog: well-known datasets as readable YAML, one file a theme, each fact with its source.

The shape of an entry is described in CONTRIBUTING.md. `load` turns the files into records of the source `catalog`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog.errors import Fatal, Skipped
from catalog.record import Amount, Column, Distribution, LicenseClaim, Record, Relation, Statement

SOURCE = "catalog"
PROMINENCE_LEVELS = {1: 90, 2: 112, 3: 134, 4: 156, 5: 178}
"""The popularity level of an entry's prominence: 5 is what a dataset of two million uses a month has."""

KEYS = frozenset(
    {
        "id", "title", "zh", "summary", "description", "aliases", "year", "creators", "publisher", "access",
        "access_note", "prominence", "domain", "task", "language", "genre", "modality", "format", "columns",
        "keywords", "locations", "licenses", "size", "size_source", "arxiv", "doi", "paper", "related", "evidence",
    }
)  # fmt: skip
REQUIRED = (
    "id", "title", "summary", "description", "prominence", "domain", "task", "language", "modality", "locations",
    "licenses", "evidence",
)  # fmt: skip

_HANDLES = ("huggingface:", "kaggle:", "uci:", "commoncrawl:", "wikimedia:")
_PAGES = {
    "huggingface:": "https://huggingface.co/datasets/",
    "kaggle:": "https://www.kaggle.com/datasets/",
    "uci:": "https://archive.ics.uci.edu/dataset/",
}


def themes() -> list[Path]:
    """The files of the embedded catalog, by name."""
    return sorted(Path(__file__).parent.glob("*.yaml"))


def load() -> list[Record]:
    """All entries as records. Raises `Fatal` naming the file and the entry that is wrong."""
    records = [record for path in themes() for record in read_theme(path)]
    if len({record.key for record in records}) != len(records):
        raise Fatal("two entries of the embedded catalog have the same id.", "Rename one of them.")
    return records


def read_theme(path: Path) -> Iterator[Record]:
    """The records of one file. Raises `Fatal` naming the file and the entry that is wrong."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        entries = yaml.load(path.read_text("utf-8"), Loader=loader) or []  # noqa: S506 - a safe loader either way
    except (OSError, yaml.YAMLError) as error:
        raise Fatal(f"{path.name} cannot be read: {' '.join(str(error).split())}", "Mend the file.") from error
    for entry in entries:
        try:
            yield to_record(entry)
        except (KeyError, TypeError, ValueError, AttributeError, Skipped) as error:
            name = entry.get("id", "?") if isinstance(entry, dict) else entry
            raise Fatal(f"the entry {name!r} of {path.name} is wrong: {error}", "See CONTRIBUTING.md.") from error


def to_record(entry: Mapping[str, Any]) -> Record:
    """The record of one YAML entry. Raises `ValueError`, `KeyError` or `TypeError` for an entry of another shape."""
    unknown = entry.keys() - KEYS
    missing = [key for key in REQUIRED if not entry.get(key)]
    if unknown or missing:
        raise ValueError(f"unknown keys {sorted(unknown)}, missing keys {missing}")
    distributions = tuple(_distribution(place) for place in entry["locations"])
    return Record(
        source=SOURCE,
        id=entry["id"],
        name=entry["id"],
        title=entry["title"],
        title_zh=entry.get("zh", ""),
        summary=entry["summary"].strip(),
        description=entry["description"].strip(),
        url=_page_of(distributions),
        aliases=tuple(entry.get("aliases", ())),
        creators=tuple(entry.get("creators", ())),
        publisher=entry.get("publisher", ""),
        year=entry.get("year"),
        access=entry.get("access", "unknown"),
        access_note=entry.get("access_note", ""),
        popularity=PROMINENCE_LEVELS[entry["prominence"]],
        rows=_amount(entry, "rows"),
        bytes=_amount(entry, "bytes"),
        tokens=_amount(entry, "tokens"),
        doi=entry.get("doi", ""),
        arxiv=entry.get("arxiv", ""),
        paper=entry.get("paper", "") or (f"https://arxiv.org/abs/{entry['arxiv']}" if entry.get("arxiv") else ""),
        statements=tuple(_statements(entry)),
        keywords=tuple(entry.get("keywords", ())),
        licenses=tuple(_claim(claim) for claim in entry["licenses"]),
        columns=tuple(_column(column) for column in entry.get("columns", ())),
        distributions=distributions,
        relations=tuple(Relation(tie["kind"], tie["target"], tie.get("note", "")) for tie in entry.get("related", ())),
        evidence=tuple(entry["evidence"]),
    )


def _statements(entry: Mapping[str, Any]) -> Iterator[Statement]:
    for facet in ("domain", "task", "language", "genre", "modality"):
        for value in entry.get(facet, ()):
            yield Statement(facet, value, SOURCE)
    if entry.get("format"):
        yield Statement("format", entry["format"], SOURCE)


def _distribution(place: str | Mapping[str, Any]) -> Distribution:
    if isinstance(place, str):
        return Distribution(url=place, kind="repo" if place.startswith(_HANDLES) else "page")
    digest = next((f"{kind}:{place[kind]}" for kind in ("sha256", "md5") if place.get(kind)), "")
    return Distribution(
        url=place["url"],
        kind=place.get("kind", "repo" if place["url"].startswith(_HANDLES) else "page"),
        path=place.get("path", ""),
        format=place.get("format", ""),
        bytes=place.get("bytes"),
        digest=digest,
        note=place.get("note", ""),
    )


def _page_of(distributions: tuple[Distribution, ...]) -> str:
    """The page of the best location that is no bare file."""
    for place in distributions:
        for handle, page in _PAGES.items():
            if place.url.startswith(handle):
                return page + place.url.removeprefix(handle)
        if place.kind == "page":
            return place.url
    return distributions[0].url


def _claim(claim: Mapping[str, Any]) -> LicenseClaim:
    return LicenseClaim(
        raw=claim["raw"],
        by=claim["by"],
        scope=claim.get("scope", "dataset"),
        cls=claim.get("class", ""),
        evidence=claim.get("evidence", ""),
        note=claim.get("note", ""),
        revision=claim.get("revision", ""),
        date=claim.get("date", ""),
    )


def _column(column: str) -> Column:
    name, _colon, kind = column.partition(":")
    return Column(name=name.strip(), type=kind.strip())


def _amount(entry: Mapping[str, Any], name: str) -> Amount | None:
    value = entry.get("size", {}).get(name)
    return None if value is None else Amount(value, entry["size_source"][name])
