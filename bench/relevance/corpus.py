"""The registry that relevance is measured on, and what is known of its entries without our taggers.

It holds the embedded catalog and, where the recorded payloads of the sources lie beside this checkout, some 16,000
records made of them. What a query is judged by is what people wrote: the curated facets of the embedded catalog, the
tags that authors gave their own dataset, the groups and annotations of others. Never a tag that our rules inferred.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.measure import DATA, ROOT, say
from catalog import seed, vocabulary
from catalog.record import Entry, Record, Statement
from catalog.registry import Registry
from catalog.tagger import complete

SHARED: Final = ROOT.parent / "shared"
REGISTRY: Final = DATA / "relevance.db"
STATED: Final = ("catalog", "source tag")
"""The rules of tags that somebody stated."""
STAGES: Final = frozenset({"pretrain", "sft", "preference", "rl", "eval"})
"""Terms of the facet task that are a facet of their own here: no hub lets authors state them."""
CURATED: Final = ("domain", "task", "stage", "language", "genre", "modality")
"""Facets that the embedded catalog states in full: what it does not name there is not so."""

Known = Mapping[str, frozenset[str]]
"""facet -> its terms with all above them; a facet that is not there is one that nobody annotated."""
Payload = dict[str, Any]
Made = tuple[Record, Mapping[str, Iterable[str]]]
"""A record, and what others said of it by facet."""


@dataclass(frozen=True)
class Corpus:
    """A registry, what is known of its entries, and the id and title of each."""

    registry: Path
    known: Mapping[str, Known]
    named: Mapping[str, tuple[str, str]]


def build(shared: Path = SHARED, registry: Path = REGISTRY) -> Corpus:
    """Build the registry anew: the embedded catalog, and all recorded payloads that are there."""
    registry.parent.mkdir(exist_ok=True)
    for path in registry.parent.glob(f"{registry.name}*"):
        path.unlink()
    known: dict[str, Known] = {}
    named: dict[str, tuple[str, str]] = {}
    with Registry.open(registry, create=True) as opened:
        for source, made in batches(shared):
            entries = {record.key: (complete(record), said) for record, said in made}
            run = opened.begin_run(source, "import")
            opened.commit_page(run, [entry for entry, _said in entries.values()])
            opened.finish_run(run, "done")
            for key, (entry, said) in entries.items():
                known[key] = known_of(entry, said)
                named[key] = (entry.id, entry.title)
            say(f"{source}: {len(entries):,} records")
    return Corpus(registry, known, named)


def known_of(entry: Entry, said: Mapping[str, Iterable[str]]) -> Known:
    """What people said of an entry, each term with all above it."""
    words = vocabulary.load()
    found: dict[str, set[str]] = {facet: set() for facet in CURATED if entry.source == seed.SOURCE}
    pairs = [(tag.facet, tag.term) for tag in entry.tags or () if tag.rule in STATED]
    pairs += [(facet, term) for facet, terms in said.items() for term in terms]
    if entry.verdict is not None:
        pairs.append(("commercial", entry.verdict.commercial))
    for facet, term in pairs:
        above = words.ancestors(facet, term) if words.has(facet, term) else ()
        found.setdefault(facet_of(facet, term), set()).update((term, *above))
    return {facet: frozenset(terms) for facet, terms in found.items()}


def facet_of(facet: str, term: str) -> str:
    """The facet that a term is judged under."""
    return "stage" if facet == "task" and term in STAGES else facet


def batches(shared: Path) -> Iterator[tuple[str, list[Made]]]:
    """The records of the corpus by source; of one key the last counts."""
    yield seed.SOURCE, [(record, {}) for record in seed.load()]
    fixtures, truth = shared / "fixtures", shared / "truth"
    if fixtures.is_dir():
        yield "huggingface", list(of_the_hub(fixtures))
        yield "kaggle", list(of_kaggle(fixtures / "kaggle"))
        yield "uci", list(of_uci(fixtures / "uci"))
    if truth.is_dir():
        yield "annotated", list(annotated(truth))


# -- the recorded payloads -------------------------------------------------------------------------------------------


def of_the_hub(fixtures: Path) -> Iterator[Made]:
    """Listings, cards and the groups that people made of datasets of the Hub."""
    from connectors.huggingface.card import parse_card
    from connectors.huggingface.mapping import to_record

    folder = fixtures / "huggingface"
    for path in sorted((folder / "catalogs").glob("*.js")):
        group = path.stem.removeprefix("otdi_")
        said = {"domain": [group]} if group in ("medical", "finance") else {}
        text = path.read_text("utf-8")
        for row in json.loads(text[text.index("[") :].rstrip().rstrip(";")):
            id = row["url"].removeprefix("https://huggingface.co/datasets/")
            yield to_record({"id": id, "description": row["description"], "tags": row["first_N_keywords"]}), said
    for line in (fixtures / "cards" / "index.jsonl").read_text("utf-8").splitlines():
        card = json.loads(line)
        text = (fixtures / "cards" / card["path"]).read_text("utf-8", "replace")
        body = text.split("\n---", 1)[-1] if text.startswith("---") else text
        payload = {"id": card["id"], "cardData": parse_card(text), "description": body[:600]}
        yield to_record({**payload, "downloads": card["downloads_2023_03"]}), {}
    for name in ("rokibulroni_top1000", "songys_japanese_datasets", "songys_korean_datasets", "aiod_data_list"):
        rows = json.loads((folder / "list" / f"{name}.json").read_text("utf-8"))
        yield from ((to_record(row), {}) for row in (rows["datasets"] if isinstance(rows, dict) else rows))


def of_kaggle(folder: Path) -> Iterator[Made]:
    """The public listing of 2018, rows of the site, answers of the API."""
    from connectors.kaggle.mapping import ref_of_url, to_record

    for row in _rows(folder / "scraped"):
        if "/deleted=" not in row["url"]:
            counts = {"downloadCount": int(row["downloads"] or 0), "licenseName": row["license"]}
            texts = {"title": row["title"], "subtitle": row["description"]}
            yield to_record({"ref": ref_of_url(row["url"]), **texts, **counts}), {}
    for row in _rows(folder / "web_internal_api"):
        ref, tags = row["dataset_url"].removeprefix("/datasets/"), json.loads(row["categories"] or "[]")
        texts = {"title": row["datasource_title"], "subtitle": row["datasource_overview"]}
        tags = tags.get("categories", []) if isinstance(tags, dict) else tags
        yield to_record({"ref": ref, "tags": tags, "downloadCount": int(row["download_count"]), **texts}), {}
    for path in sorted([*folder.glob("rest_api/datasets_list_[s2]*.json"), *folder.glob("meta_json/*.json")]):
        value = json.loads(path.read_text("utf-8"))
        yield from ((to_record(each), {}) for each in (value if isinstance(value, list) else [value]))


def of_uci(folder: Path) -> Iterator[Made]:
    """The site's own table of 2022."""
    from connectors.uci.mapping import to_record

    for row in _rows(folder / "db"):
        payload = {"uci_id": int(row["ID"]), "name": row["Name"], "abstract": row["Abstract"], "area": row["Area"]}
        known = {"tasks": row["Task"], "characteristics": row["Types"], "num_hits": int(row["NumHits"] or 0)}
        yield to_record({**payload, **known}), {}


def annotated(folder: Path) -> Iterator[Made]:
    """Names and texts that others sorted by subject and by task; their labels judge, they are not shown to taggers."""
    kinds: tuple[tuple[str, Callable[[Payload], Mapping[str, Iterable[str]]]], ...] = (
        ("domain", lambda row: {"domain": [row["expected_domain"], *row["also_ok"]]}),
        ("task", lambda row: {"task": [*row["expected_tasks_up"], *row["expected_stage"]]}),
    )
    for kind, said in kinds:
        for line in (folder / f"{kind}_truth.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            tags = [str(tag) for tag in row["raw_tags"]]
            stated = tuple(Statement("language", tag[9:], "tag language") for tag in tags if tag[:9] == "language:")
            record = Record(
                source="annotated",
                id=row["id"],
                name=row["name"] or row["id"],
                title=row["name"] or "",
                description=row["text"],
                statements=stated,
                keywords=tuple(tag for tag in tags if ":" not in tag),
            )
            yield record, {facet: [t for t in terms if t] for facet, terms in said(row).items() if any(terms)}


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
