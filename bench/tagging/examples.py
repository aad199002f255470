"""Labelled examples to learn tags from and to score them by: who labelled what, under which names.

An example is a record as a connector makes it, without the field that its label was taken from, and the labels of
somebody else: annotators' lists (the truth files), authors of dataset cards, the hubs' own tags and areas, and the
embedded catalog. Examples that share a name, spelled however and under whatever owner, are one group.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from catalog import seed
from catalog.errors import Skipped
from catalog.record import Record, Statement, clean
from catalog.tagging import stated
from connectors.huggingface.card import parse_card
from connectors.huggingface.mapping import to_record

SHARED = Path(__file__).resolve().parents[3] / "shared"
STAGES = ("pretrain", "sft", "preference", "rl", "eval")
FACETS = ("domain", "task", "stage")
REVIEWED = ("hf-canonical", "bigbio")  # collections whose cards others than the author wrote or looked over
CLASSIC = (*REVIEWED, "masader", "seacrowd", "CLUE", "reviewed card")  # sources that list sets by classic tasks
PLAIN_TEXT = frozenset({"language-modeling", "text-generation", "dialogue"})  # tasks whose sets may serve a stage too
_NOT_NAME = re.compile(r"[\W_]+")
_MATTER = re.compile(r"\A\ufeff?---\s*\n.*?\n---\s*\n", re.DOTALL)
_MARKUP = re.compile(r"<[^>]{1,300}>|\]\([^)]*\)|[#*`|_\[\]]+|!\[|&nbsp;")
_CONTENTS = re.compile(r"^\s*-\s*\[.*\]\(#.*\).*$|^.*table of contents.*$", re.IGNORECASE | re.MULTILINE)
_SUMMARY = re.compile(
    r"^#+ *(?:dataset +)?(?:summary|description) *\n(.*?)(?=^#|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
_CONTACT = re.compile(r"^\s*(?:[-*] *)?\*\*[^*\n]{1,60}\*\*.*$", re.MULTILINE)
_SUMMARISED = 60  # characters from which a summary stands for its card

Row = dict[str, Any]


@dataclass(slots=True)
class Example:
    """A record and the labels that `source` gave it; a facet that nobody labelled is absent from `labels`.

    A stage without terms says that the data serve no step of making a language model.

    `accepted` are the domains that the annotator's own hierarchy allows beside the first of `labels["domain"]`.
    `id` is the truth row's. `mode` is text or tags, by what the record holds. `group` is set by `grouped`: the first by
    the alphabet of all names in the group, so that other examples do not move it.
    """

    record: Record
    labels: dict[str, tuple[str, ...]]
    source: str
    id: str = ""
    mode: str = "text"
    accepted: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    group: str = ""
    row: Row = field(default_factory=dict)


def json_lines(path: Path) -> list[Row]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def truth(kind: str, folder: Path | None = None) -> list[Example]:
    """The rows of `domain_truth.jsonl` or `task_truth.jsonl` as examples."""
    return [_annotated(row) for row in json_lines((folder or SHARED / "truth") / f"{kind}_truth.jsonl")]


def truth_record(row: Row) -> Record:
    """A truth row as the record a connector would have made: prefixed tags are statements, the others free tags."""
    facets = {"task_categories": "task", "task_ids": "task", "language": "language", "modality": "modality"}
    split = [tag.partition(":") for tag in row["raw_tags"]]
    return Record(
        source={"kaggle-2024": "kaggle", "uci": "uci", "pmlb": "uci"}.get(row["source"], "huggingface"),
        id=row["id"],
        name=row["name"] or row["id"],
        description=clean(row["text"], 20_000),
        statements=tuple(Statement(facets[key], value, f"tag {key}") for key, _, value in split if key in facets),
        keywords=tuple(key for key, colon, _ in split if not colon),
    )


def _annotated(row: Row) -> Example:
    labels: dict[str, tuple[str, ...]] = {}
    if row.get("expected_domain"):
        labels["domain"] = (row["expected_domain"],)
    if row.get("expected_tasks"):
        labels["task"] = tuple(row["expected_tasks"])
    if row.get("expected_stage"):
        labels["stage"] = tuple(stage for stage in row["expected_stage"] if stage in STAGES)
    names = [row.get("name") or "", row.get("hf") or ""]
    names += [str(each.get("name") or "") for each in row.get("evidence", []) if isinstance(each, dict)]
    return Example(
        truth_record(row), labels, row["source"], row["id"], row["mode"], tuple(row.get("also_ok", ())), tuple(names),
        row=row,
    )  # fmt: skip


def weak(fixtures: Path | None = None) -> list[Example]:
    """All examples that no annotator made: cards, recorded listings, hub tags and areas, and the embedded catalog."""
    folder = fixtures or SHARED / "fixtures"
    parts = [_cards(folder), _listed(folder), _croissant_lists(folder), _kaggle(folder), _uci(folder), _seeded()]
    return [example for part in parts for example in part if example.labels]


def stageless(examples: Iterable[Example]) -> Iterator[Example]:
    """What is listed for classic tasks alone, once more, as an example of serving no stage."""
    for each in examples:
        tasks = each.labels.get("task", ())
        known = not tasks or "stage" in each.labels or not PLAIN_TEXT.isdisjoint(tasks)
        if not known and each.mode == "text" and each.source in CLASSIC:
            yield Example(each.record, {"stage": ()}, "classic task", names=each.names, group=each.group)


def _from_author(record: Record, source: str) -> Example:
    """What the author's own tags say are the labels; the text alone is the record."""
    labels = {
        "domain": _terms(stated.free_tags(record, "domain")),
        "task": _terms([*stated.tags(record, "task"), *stated.free_tags(record, "task")]),
        "stage": _terms([*stated.tags(record, "task"), *stated.free_tags(record, "task", "stage")]),
    }
    labels["task"] = tuple(term for term in labels["task"] if term not in STAGES)
    labels["stage"] = tuple(term for term in labels["stage"] if term in STAGES)
    if len(labels["domain"]) >= 4:
        labels["domain"] = ()
    bare = Record(
        source=record.source, id=record.id, name=record.name, title=record.title, description=record.description,
        columns=record.columns,
    )  # fmt: skip
    return Example(bare, {facet: terms for facet, terms in labels.items() if terms}, source, names=(record.name,))


def _terms(tags: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.term for tag in tags))


def _cards(folder: Path) -> Iterator[Example]:
    """Cards under the ids of an index, then those whose file name is their id."""
    index = json_lines(folder / "cards" / "index.jsonl")
    cards = [(row["id"], folder / "cards" / row["path"], row["source"]) for row in index]
    known = {id for id, _, _ in cards}
    named = [(path.stem.replace("_", "/", 1), path) for path in sorted((folder / "huggingface" / "cards").glob("*.md"))]
    cards += [(id, path, "hub") for id, path in named if id not in known]
    for id, path, collection in cards:
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            record = to_record({"id": id, "cardData": parse_card(text), "description": card_text(text)})
        except Skipped:
            continue
        yield _from_author(record, "reviewed card" if collection in REVIEWED else "card")


def card_text(text: str) -> str:
    """The running text of a card: its summary where it has one, else all without front matter, contents or markup."""
    body = _CONTENTS.sub(" ", _MATTER.sub("", text))
    for part in (*_SUMMARY.findall(body), body):
        kept = " ".join(_MARKUP.sub(" ", _CONTACT.sub(" ", part)).split())
        if len(kept) >= _SUMMARISED and not kept.startswith("[More Information"):
            return kept[:3_000]
    return " ".join(_MARKUP.sub(" ", body).split())[:3_000]


def _listed(folder: Path) -> Iterator[Example]:
    for name in ("songys_korean_datasets", "songys_japanese_datasets"):
        data = json.loads((folder / "huggingface" / "list" / f"{name}.json").read_text(encoding="utf-8"))
        for payload in data["datasets"]:
            try:
                yield _from_author(to_record(payload), "hub listing")
            except Skipped:
                continue


def _croissant_lists(folder: Path) -> Iterator[Example]:
    """Records that people sorted by domain or purpose; a group is a label, and so are the tasks their authors named.

    A record has the first five of its keywords, tasks before all others: if all five are tasks, more may follow.
    """
    groups: dict[str, dict[str, tuple[str, ...]]] = {
        "medical": {"domain": ("medical",)},
        "finance": {"domain": ("finance",)},
        "chat": {"task": ("dialogue",)},
        "instruction_following": {"stage": ("sft",), "task": ("instruction-following",)},
        "alignment": {},
    }
    for name, sorted_as in groups.items():
        text = (folder / "huggingface" / "catalogs" / f"otdi_{name}.js").read_text(encoding="utf-8")
        for row in json.loads(text[text.index("[") :].rstrip().rstrip(";")):
            id = row["url"].rpartition("/datasets/")[2] or row["name"]
            try:
                record = to_record({"id": id, "description": row.get("description")})
            except Skipped:
                continue
            said = [Statement("task", each, "keyword") for each in row["first_N_keywords"]]
            labels = dict(sorted_as)
            named = _terms(stated.tags(replace(record, statements=tuple(said)), "task"))
            if named:
                labels["task"] = tuple(dict.fromkeys((*named, *labels.get("task", ()))))
            yield Example(record, labels, "named list" if named else "sorted list", names=(id,))


def _kaggle(folder: Path) -> Iterator[Example]:
    rows: dict[str, Row] = {}
    for path in sorted((folder / "kaggle" / "web_internal_api").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows |= {row["dataset_url"]: row for row in csv.DictReader(file)}
    for row in rows.values():
        tags = [each["fullPath"] for each in json.loads(row["categories"] or "[]")]
        slug = row["dataset_url"].removeprefix("/datasets/")
        yield _kaggle_example(slug, row.get("title") or row.get("overview") or slug, row.get("overview", ""), tags)
    for path in sorted((folder / "kaggle" / "rest_api").glob("datasets_list_*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        for row in data if isinstance(data, list) else []:
            tags = [each.get("fullPath") or each.get("name") or "" for each in row.get("tags") or []]
            if row.get("ref"):
                yield _kaggle_example(row["ref"], row.get("title", ""), row.get("subtitle") or "", tags)


def _kaggle_example(ref: str, title: str, text: str, tags: list[str]) -> Example:
    subjects = tuple(tag for tag in tags if tag)
    record = Record(source="kaggle", id=ref, name=ref, title=clean(title), description=clean(text), keywords=subjects)
    return _from_author(record, "kaggle tags")


def _uci(folder: Path) -> Iterator[Example]:
    with (folder / "uci" / "db" / "donated_datasets_2022-06.csv").open(encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file):
            stated_by = [Statement("domain", row["Area"] or "", "Area")]
            stated_by += [Statement("task", each.strip(), "Task") for each in (row["Task"] or "").split(",")]
            text = clean((row["Abstract"] or "").replace("null", ""))
            record = Record(
                source="uci", id=row["ID"], name=clean(row["Name"]) or row["ID"], description=text,
                statements=tuple(each for each in stated_by if each.value),
            )  # fmt: skip
            given = stated.tags(record, "domain"), stated.tags(record, "task")
            labels = {"domain": _terms(given[0])[:1], "task": _terms(given[1])}
            bare = Record(source="uci", id=record.id, name=record.name, description=text)
            kept = {facet: terms for facet, terms in labels.items() if terms}
            yield Example(bare, kept, "uci area", names=(record.name,))


def _seeded() -> Iterator[Example]:
    for record in seed.load():
        said: dict[str, list[str]] = {"domain": [], "task": [], "stage": []}
        for each in record.statements:
            if each.facet in ("domain", "task"):
                facet = "stage" if each.value in STAGES else each.facet
                said[facet].append(each.value)
        places = tuple(place.url.rpartition(":")[2] for place in record.distributions)
        bare = Record(
            source="huggingface", id=record.id, name=record.id, title=record.title, title_zh=record.title_zh,
            summary=record.summary, description=record.description, columns=record.columns,
        )  # fmt: skip
        labels = {facet: tuple(terms) for facet, terms in said.items() if terms or facet == "stage"}
        yield Example(bare, labels, "embedded catalog", names=(record.id, record.title, *record.aliases, *places))


def folded(name: str) -> str:
    """A name as groups compare it: no owner, case, separators."""
    return _NOT_NAME.sub("", name.rstrip("/").rpartition("/")[2].casefold())


def grouped(examples: list[Example]) -> list[Example]:
    """Name the groups: examples that share any name are one, through others too."""
    parent = list(range(len(examples)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    known = [{folded(each) for each in (*example.names, example.record.name)} for example in examples]
    for place, names in enumerate(known):
        for name in names:
            if len(name) >= 3:
                parent[root(place)] = root(first.setdefault(name, place))
    least: dict[int, str] = {}
    for place, names in enumerate(known):
        alone = f"{examples[place].record.source} {examples[place].record.id}"
        name, top = min([name for name in names if len(name) >= 3] or [alone]), root(place)
        least[top] = min(name, least.get(top, name))
    for place, example in enumerate(examples):
        example.group = least[root(place)]
    return examples


if __name__ == "__main__":
    from collections import Counter

    for kind in ("domain", "task"):
        print(kind, len(truth(kind)))
    found = weak()
    for facet in FACETS:
        print(facet, Counter(each.source for each in found if facet in each.labels), file=sys.stdout)
        print("   ", Counter(term for each in found for term in each.labels.get(facet, ())).most_common(100))
