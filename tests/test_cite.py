"""`catalog cite` on the embedded catalog, a synced copy and a lock, read back by pybtex."""

from __future__ import annotations

import json
from pathlib import Path

import pybtex.errors
import pytest
from pybtex.database import BibliographyData, parse_string

from catalog.record import Distribution, Record, Relation
from tests.conftest import Command
from tests.origin import Hub
from tests.person import Person
from tests.test_bibtex import GSM8K as STATED
from tests.test_lock import GSM8K, remember

pybtex.errors.set_strict_mode(True)

GLUE = {"cola", "sst-2", "mrpc", "qqp", "sts-b", "multinli", "qnli", "rte", "wnli"}


@pytest.fixture
def person(catalog_command: Command, hub: Hub, embedded: Path) -> Person:
    return Person(catalog_command, hub, embedded)


def cited(person: Person, *arguments: str) -> BibliographyData:
    done = person.types("cite", *arguments)
    assert done.returncode == 0, done.stderr
    return parse_string(done.stdout, "bibtex")


def test_a_dataset(person: Person) -> None:
    (found,) = cited(person, "gsm8k").entries.values()
    assert (found.key, found.type, found.fields["eprint"]) == ("catalog-gsm8k", "misc", "2110.14168")
    assert str(found.persons["author"][0]) == "Cobbe, Karl"


@pytest.mark.parametrize(
    "name",
    [
        "https://huggingface.co/datasets/openai/gsm8k",
        "http://www.huggingface.co/datasets/openai/gsm8k/tree/main/",
        "arxiv:2110.14168",
        "https://arxiv.org/abs/2110.14168v2",
    ],
)
def test_an_address_is_a_name(name: str, person: Person) -> None:
    assert list(cited(person, name).entries) == ["catalog-gsm8k"]


def test_a_doi_is_a_name(person: Person, tmp_path: Path) -> None:
    person.registry = tmp_path / "own.db"
    place = Record(
        source="zenodo", id="7", name="Tides", title="Tides", doi="10.5281/Zenodo.7", url="https://a.example/7"
    )
    remember(person, place, Record(source="uci", id="7", name="Tides of 7", doi="10.5281/zenodo.7"))
    for name in ("10.5281/zenodo.7", "doi:10.5281/ZENODO.7", "https://doi.org/10.5281/zenodo.7", "http://a.example/7/"):
        assert len(cited(person, name).entries) == 1


def test_every_member_of_a_collection(person: Person) -> None:
    found = cited(person, "glue")
    assert {key.removeprefix("catalog-") for key in found.entries} == {"glue", *GLUE}
    assert list(cited(person, "glue", "--no-members").entries) == ["catalog-glue"]
    told = json.loads(person.types("cite", "glue", "--json").stdout)["references"]
    assert [each["part_of"] for each in told] == ["", *["catalog:glue"] * len(GLUE)]
    assert told[0]["fields"]["title"] == "{GLUE}"
    assert parse_string("".join(each["bibtex"] for each in told), "bibtex").entries.keys() == found.entries.keys()


def test_keys_stay_whatever_stands_beside(person: Person) -> None:
    alone = person.types("cite", "gsm8k").stdout
    together = person.types("cite", "glue", "gsm8k", "cola", "gsm8k").stdout
    assert alone in together
    assert together.count("@misc{catalog-gsm8k,") == together.count("@misc{catalog-cola,") == 1


def test_a_copy_states_the_paper(person: Person, tmp_path: Path) -> None:
    person.registry = tmp_path / "own.db"
    place = Distribution(url="huggingface:openai/gsm8k", kind="repo")
    remember(
        person,
        Record(source="catalog", id="gsm8k", name="gsm8k", title="GSM8K", distributions=(place,)),
        Record(source="huggingface", id="openai/gsm8k", name="openai/gsm8k", citation=STATED),
        Record(source="catalog", id="part", name="part", relations=(Relation("part-of", "huggingface:openai/gsm8k"),)),
    )
    found = cited(person, "gsm8k").entries
    assert [each.type for each in found.values()] == ["article", "misc"]
    assert found["catalog-gsm8k"].fields["title"] == "Training Verifiers to Solve Math Word Problems"


def test_what_a_lock_names(person: Person, tmp_path: Path) -> None:
    repo = person.hub.add("openai/gsm8k", GSM8K)
    person.hub.add("a/b", {"x.csv": b"1\n"})
    person.fetches("gsm8k", "huggingface:a/b")
    found = cited(person, "--lock").entries
    assert set(found) == {"catalog-gsm8k", "huggingface-a/b"}
    gsm8k = found["catalog-gsm8k"].fields
    assert gsm8k["note"] == f"Dataset huggingface:openai/gsm8k, revision {repo.refs['main']}"
    assert gsm8k["urldate"][:2] == "20"
    assert gsm8k["eprint"] == "2110.14168"
    assert set(cited(person, "--lock", "gsm8k").entries) == {"catalog-gsm8k"}
    assert set(cited(person, "--lock", "catalog.lock", "huggingface:a/b").entries) == {"huggingface-a/b"}
    person.registry = tmp_path / "none.db"
    bare = cited(person, "--lock").entries
    assert set(bare) == {"catalog-gsm8k", "huggingface-a/b"}
    assert bare["catalog-gsm8k"].fields["title"] == "{GSM8K}"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "a citation needs the name"),
        ((" ",), 2, "no dataset is named."),
        (("nothing-of-this-name",), 3, "nothing is named"),
        (("https://example.org/x",), 3, "no dataset in the registry has the address 'https://example.org/x'."),
        (("--lock",), 3, "there is no lock catalog.lock"),
        (("--lock", "other.lock"), 3, "there is no lock other.lock"),
    ],
)
def test_what_cannot_be_cited(person: Person, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = person.types("cite", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
