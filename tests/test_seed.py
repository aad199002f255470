"""The embedded catalog: its form, its words, its names, and no verdict that permits what nobody permitted."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from catalog import seed, vocabulary
from catalog.errors import Fatal
from catalog.index.keys import name_norm
from catalog.record import Entry, decode, encode
from catalog.search.names import resolve
from catalog.sqlite import connect_for_reading
from catalog.tagger import complete

GUIDE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
STATED = ("domain", "task", "language", "genre", "modality", "format")
PLACE = re.compile(r"https?://\S+|(huggingface|kaggle):[\w.-]+(/[\w.-]+)?|uci:\d+|(commoncrawl|wikimedia):[\w.-]+")


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    """Every entry by its id, tagged and judged."""
    return {record.id: complete(record) for record in seed.load()}


def commercial(entry: Entry) -> str:
    assert entry.verdict is not None
    return entry.verdict.commercial


# -- form -----------------------------------------------------------------------------------------------------------


def test_there_are_enough(entries: dict[str, Entry]) -> None:
    assert len(entries) >= 300
    assert len(seed.themes()) >= 8


def test_each_has_the_form(entries: dict[str, Entry]) -> None:
    wrong = []
    for entry in entries.values():
        good = {
            "id": re.fullmatch(r"[a-z0-9][a-z0-9.-]*", entry.id),
            "summary": entry.summary and len(entry.summary) <= 170,
            "place": all(PLACE.fullmatch(place.url) for place in entry.distributions) and entry.distributions,
            "evidence": all(urlsplit(each).scheme in ("http", "https") for each in entry.evidence) and entry.evidence,
            "claims": all(claim.raw and claim.by and claim.evidence for claim in entry.licenses) and entry.licenses,
            "access": entry.access in ("open", "unknown") or entry.access_note,
            "round trip": decode(encode(entry)) == entry,
        }
        wrong += [f"{entry.id}: {name}" for name, holds in good.items() if not holds]
    assert wrong == []


def test_each_term_is_one_of_the_vocabulary(entries: dict[str, Entry]) -> None:
    words = vocabulary.load()
    wrong = [
        f"{entry.id}: {stated.facet} {stated.value}"
        for entry in entries.values()
        for stated in entry.statements
        if stated.facet not in STATED or words.resolve(stated.facet, stated.value) != stated.value
    ]
    assert wrong == []


def test_each_class_is_one_of_the_vocabulary(entries: dict[str, Entry]) -> None:
    words = vocabulary.load()
    used = {claim.cls for entry in entries.values() for claim in entry.licenses if claim.cls}
    assert {each for each in used if not words.has("license", each)} == set()


def test_ties_lead_somewhere(entries: dict[str, Entry]) -> None:
    targets = {tie.target for entry in entries.values() for tie in entry.relations if tie.target.startswith("catalog:")}
    assert {target for target in targets if target.removeprefix("catalog:") not in entries} == set()


def test_the_guide_shows_an_entry_that_loads() -> None:
    block = re.search(r"^```yaml\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert block is not None
    shown = [seed.to_record(entry) for entry in yaml.safe_load(block[1])]
    words = vocabulary.load()
    for record in shown:
        assert all(words.has(stated.facet, stated.value) for stated in record.statements)
        assert commercial(complete(record)) == "yes"
    assert {record.id for record in shown}.isdisjoint(record.id for record in seed.load())


def test_the_guide_explains_every_key() -> None:
    table = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| `")]
    explained = {key for line in table for key in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert explained == seed.KEYS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- id: x\n  colour: red\n", "unknown keys ['colour']"),
        ("- id: [\n", "cannot be read"),
        ("- just text\n", "'just text'"),
        ("- {id: x, title: T, summary: S, description: D, prominence: 9, domain: [a], task: [b], language: [en], "
         "modality: [text], locations: ['https://x.org'], licenses: [{raw: mit, by: me}], evidence: [e]}\n", "'x'"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "theme.yaml"
    path.write_text(text)
    with pytest.raises(Fatal) as caught:
        list(seed.read_theme(path))
    assert "theme.yaml" in caught.value.message
    assert told in caught.value.message


# -- names ----------------------------------------------------------------------------------------------------------


def test_each_is_found_by_every_name(entries: dict[str, Entry], embedded: Path) -> None:
    connection = connect_for_reading(embedded)
    lost = []
    for entry in entries.values():
        assert resolve(connection, entry.key)[0].key == entry.key
        assert [found.key for found in resolve(connection, entry.id) if found.how == "id"] == [entry.key]
        for alias in entry.aliases:
            if name_norm(alias) and entry.key not in [found.key for found in resolve(connection, alias)]:
                lost.append(f"{entry.id}: {alias}")
    connection.close()
    assert lost == []


# -- no false green -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id",
    ["openwebtext", "openwebtext2", "oscar", "c4", "mc4", "chinese-c4", "the-pile", "bookcorpus", "bookcorpusopen"],
)
def test_a_license_on_the_packaging_permits_nothing(entries: dict[str, Entry], id: str) -> None:
    assert commercial(entries[id]) != "yes"


def test_what_was_taken_without_permission_is_refused(entries: dict[str, Entry]) -> None:
    assert (entries["books3"].access, commercial(entries["books3"])) == ("refused", "no")


def test_what_was_withdrawn_or_needs_a_signature(entries: dict[str, Entry]) -> None:
    assert entries["bookcorpus"].access == "withdrawn"
    assert (entries["conll-2003"].access, commercial(entries["conll-2003"])) == ("agreement", "no")
    barred = [entry for entry in entries.values() if entry.access in ("refused", "withdrawn", "agreement", "request")]
    assert len(barred) > 20
    assert [entry.id for entry in barred if commercial(entry) == "yes"] == []


def test_the_output_of_a_model_carries_its_terms(entries: dict[str, Entry]) -> None:
    assert commercial(entries["alpaca"]) == "no"
    assert any(claim.cls == "model-terms" for claim in entries["alpaca"].licenses)
    bound = [entry for entry in entries.values() if any(claim.cls == "model-terms" for claim in entry.licenses)]
    assert len(bound) > 20
    assert [entry.id for entry in bound if commercial(entry) == "yes"] == []


@pytest.mark.parametrize("cls", ["unspecified", "research-only", "non-commercial", "custom", "mixed"])
def test_content_that_nobody_freed_is_never_green(entries: dict[str, Entry], cls: str) -> None:
    held = [
        entry
        for entry in entries.values()
        if any(claim.scope in ("content", "dataset") and claim.cls == cls for claim in entry.licenses)
    ]
    assert [entry.id for entry in held if commercial(entry) == "yes"] == []


def test_every_green_has_evidence(entries: dict[str, Entry]) -> None:
    green = [entry for entry in entries.values() if commercial(entry) == "yes"]
    assert green
    for entry in green:
        assert entry.verdict is not None
        assert entry.verdict.reason, entry.id
        assert not {"packaging"} >= {claim.scope for claim in entry.licenses}, entry.id
