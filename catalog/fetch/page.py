"""From the address of a page to the dataset that its markup describes: read by whichever connector reads pages."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog import plugins
from catalog.connector import Findings, ReadsPages
from catalog.errors import CatalogError, Fatal, NotFound, Usage
from catalog.fetch.target import Target, refusal, target_of_handle
from catalog.identity import key_of_page
from catalog.record import Record
from catalog.tagger import complete
from catalog.web import Web

SHOWN: Final = 10  # datasets that a sentence lists
START: Final = 65_536  # bytes in which a document must say what it is
_PAGES: Final = frozenset(["text/html", "application/xhtml+xml", "application/ld+json"])
_JSON: Final = re.compile(r"(?:application|text)/(?:[a-z0-9.-]+\+)?json\Z")
_DATA: Final = re.compile(
    r"\.(?:csv|tsv|tab|json|jsonl|ndjson|parquet|arrow|feather|orc|avro|txt|md|pdf|xml|ya?ml|xlsx?|ods|sqlite|db|rds|rdata|"
    r"zip|gz|tgz|bz2|xz|zst|7z|rar|tar|warc|wet|wat|nc|h5|hdf5?|npy|npz|mat|sav|dta|arff|conllu?|tfrecord|safetensors|"
    r"pkl|pt|bin|jpe?g|png|gif|webp|tiff?|svg|wav|mp3|flac|ogg|mp4|webm|geojson|gpkg|shp|kml|las|fasta|fa|fastq|vcf|html?)"
    r"(?:\.(?:gz|bz2|xz|zst|zip))?\Z",
    re.IGNORECASE,
)


def settled(web: Web, target: Target, *, acknowledged: bool) -> Target:
    """The target itself, or, for an address that turns out to be a page with the markup of a dataset, that dataset.

    Raises `NotFound` for a page that names no file, `Usage` for one of several datasets, `Gated`, and what `Web`
    raises while it reads the page.
    """
    if target.record is not None or target.entry is not None or web.settings.offline:
        return target
    if not target.key.startswith(("http://", "https://")) or _DATA.search(unquote(urlsplit(target.key).path)):
        return target
    found = _kind(web, target.key)
    if found is None:
        return target
    return _described(web, target, found, acknowledged=acknowledged)


def read_page(web: Web, url: str) -> list[tuple[str, Findings]]:
    """What a page yields, by the name of the connector that read it: of the first one that finds a dataset, else of
    all. Raises what they raise, and `Fatal` where no connector reads pages."""
    read: list[tuple[str, Findings]] = []
    for source in plugins.sources():
        try:
            connector = plugins.load(source.name)
        except Fatal:  # a connector that does not load is told where it is named
            continue
        if isinstance(connector, ReadsPages):
            read.append((connector.name, connector.read_page(web, url)))
            if read[-1][1].records:
                return read[-1:]
    if not read:
        raise Fatal("no installed connector reads web pages.", "See: catalog sources")
    return read


def _kind(web: Web, url: str) -> str | None:
    """The final address of what describes datasets (HTML, JSON-LD), None for what is data or cannot be asked."""
    try:
        with web.stream(url) as stream:
            kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind in _PAGES:
                return stream.url
            if not _JSON.match(kind):
                return None
            start = b""
            with closing(stream.chunks()) as chunks:  # type: ignore[type-var]
                for chunk in chunks:
                    start += chunk
                    if len(start) >= START:
                        break
            return stream.url if b'"@context"' in start[:START] and b"Dataset" in start[:START] else None
    except CatalogError:  # the download itself will tell
        return None


def _described(web: Web, target: Target, final: str, *, acknowledged: bool) -> Target:
    source, _, native_id = key_of_page(final).partition(":")
    if source in {each.name for each in plugins.sources()}:
        return target_of_handle(source, native_id)
    read = read_page(web, target.key)
    record = _the_one(target.key, read)
    entry = complete(record)
    refusal(entry, acknowledged=acknowledged)
    files = tuple(place for place in entry.distributions if place.kind == "file")
    name = re.sub(r"[^\w.-]+", "-", entry.name)[:80].strip(".-") or target.name
    return replace(target, key=entry.key, name=name, files=files, entry=entry)


def _the_one(url: str, read: list[tuple[str, Findings]]) -> Record:
    """The one dataset of a page that has files."""
    records = [record for _, findings in read for record in findings.records]
    with_files = [record for record in records if any(place.kind == "file" for place in record.distributions)]
    if len(with_files) == 1:
        return with_files[0]
    if with_files:
        listed = "".join(f"\n  {each.key}" for each in with_files[:SHOWN])
        raise Usage(f"The page describes {len(with_files)} datasets.", f"Name one of them:{listed}")
    if records:
        places = [place.url for record in records for place in record.distributions]
        where = f"Look at {places[0]}" if places else f"See what it says with: catalog inspect {url}"
        raise NotFound(f"The page describes {records[0].name[:80]!r}, but names no file to download.", where)
    why = next((problem for _, findings in read for problem in findings.problems), "It has no markup of a dataset.")
    raise NotFound(f"{url[:200]} is a web page, and no dataset could be read from it.", why)
