"""References as BibTeX, read back by pybtex, which raises for whatever BibTeX would not take."""

from __future__ import annotations

import re
from typing import Any

import pybtex.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData, parse_string

from catalog import seed
from catalog.export.bibtex import bibtex, distinct, key_of, references, render
from catalog.export.latex import _LETTERS, _SYMBOLS
from catalog.record import MAX_TEXT, Record, clean

pybtex.errors.set_strict_mode(True)

COMMANDS = {*_LETTERS.split(), *_SYMBOLS.split()}
GSM8K = """
@article{cobbe2021gsm8k,
  title={Training Verifiers to Solve Math Word Problems},
  author={Cobbe, Karl and Kosaraju, Vineet and Schulman, John},
  journal={arXiv preprint arXiv:2110.14168},
  year={2021},
  abstract={Not wanted here}
}
"""


def a_record(**fields: Any) -> Record:
    return Record(**{"source": "huggingface", "id": "openai/gsm8k", "name": "openai/gsm8k", **fields})


def read(text: str) -> BibliographyData:
    return parse_string(text, "bibtex")


def test_a_dataset_with_a_paper_on_arxiv() -> None:
    entry = a_record(
        title="GSM8K & friends",
        creators=("Karl Cobbe", "John Schulman"),
        arxiv="2110.14168",
        doi="10.57967/hf/1",
        url="https://huggingface.co/datasets/openai/gsm8k",
        publisher="openai",
        created="2022-04-12T10:22:10Z",
    )
    assert bibtex(entry) == (
        "@misc{huggingface-openai/gsm8k,\n"
        "  author = {Karl Cobbe and John Schulman},\n"
        "  title = {{GSM8K \\& friends}},\n"
        "  year = {2021},\n"
        "  publisher = {{openai}},\n"
        "  eprint = {2110.14168},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://huggingface.co/datasets/openai/gsm8k},\n"
        "  note = {Dataset huggingface:openai/gsm8k},\n"
        "}\n"
    )


def test_nothing_is_invented() -> None:
    (found,) = references(a_record())
    assert dict(found.fields) == {
        "key": "openai/gsm8k",
        "title": "{openai/gsm8k}",
        "note": "Dataset huggingface:openai/gsm8k",
    }


@pytest.mark.parametrize(
    ("fields", "doi", "paper"),
    [
        ({"doi": "10.24432/C56C76"}, "10.24432/C56C76", ""),
        ({"doi": "10.24432/C56C76", "paper": "https://doi.org/10.1000/x_1"}, "10.1000/x_1", ""),
        ({"doi": "10.24432/C56C76", "paper": "https://aclanthology.org/I05#5%20"}, "10.24432/C56C76", r"I05\#5\%20"),
        ({"doi": "nothing"}, None, ""),
        ({"doi": "10.24432/C56C76", "arxiv": "hep-th/9901001"}, None, ""),
    ],
)
def test_the_paper_comes_before_the_data(fields: dict[str, str], doi: str | None, paper: str) -> None:
    (found,) = references(a_record(**fields))
    told = dict(found.fields)
    assert told.get("doi") == doi
    assert ("Paper:" in told["note"]) == bool(paper)
    assert paper in told["note"]
    assert told.get("eprint") == fields.get("arxiv")


def test_what_the_source_states_is_the_reference() -> None:
    (found,) = references(a_record(title="GSM8K", citation=GSM8K))
    assert (found.key, found.kind, found.stated) == ("huggingface-openai/gsm8k", "article", True)
    assert dict(found.fields) == {
        "title": "Training Verifiers to Solve Math Word Problems",
        "author": "Cobbe, Karl and Kosaraju, Vineet and Schulman, John",
        "journal": "arXiv preprint arXiv:2110.14168",
        "year": "2021",
    }


def test_a_copy_on_another_host_may_state_it() -> None:
    curated = a_record(source="catalog", id="gsm8k", name="gsm8k", title="GSM8K", arxiv="2110.14168")
    (found,) = references(curated, [a_record(citation=GSM8K)])
    assert (found.key, found.dataset, found.kind) == ("catalog-gsm8k", "catalog:gsm8k", "article")
    (told,) = references(curated, [a_record(creators=("Karl Cobbe",), url="https://example.org/x")])
    assert dict(told.fields)["author"] == "Karl Cobbe"
    assert dict(told.fields)["url"] == "https://example.org/x"


def test_the_revision_that_was_used() -> None:
    told = references(a_record(citation=GSM8K), revision="e53f048", accessed="2026-12-01")[0]
    assert dict(told.fields)["note"] == "Dataset huggingface:openai/gsm8k, revision e53f048"
    assert dict(told.fields)["urldate"] == "2026-12-01"
    noted = GSM8K.replace("year=", "note={In press}, year=")
    told = references(a_record(citation=noted), revision="e53f048")[0]
    assert dict(told.fields)["note"] == "In press. Dataset huggingface:openai/gsm8k, revision e53f048"


def test_a_collection_may_state_many() -> None:
    found = references(a_record(citation=GSM8K + GSM8K.replace("article", "unheard")))
    assert [(each.key, each.kind) for each in found] == [
        ("huggingface-openai/gsm8k", "article"),
        ("huggingface-openai/gsm8k/1", "misc"),
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("Smith, John", "Marine and Freshwater Institute"), "Smith, John and {Marine and Freshwater Institute}"),
        (("Acme, Inc.",), "{Acme, Inc.}"),
        (("Josef Göppert", "王小明", "王小明"), "Josef Göppert and 王小明"),
        (("a, b, c, d",), "{a, b, c, d}"),
        (("", "\n"), ""),
        (("}{",), r"\textbraceright{}\textbraceleft{}"),
    ],
)
def test_names(names: tuple[str, ...], told: str) -> None:
    assert dict(references(a_record(creators=names))[0].fields).get("author", "") == told


def test_chinese_and_special_characters() -> None:
    entry = a_record(
        title='中文 "医疗" 100% #1_{x} ~^ \\input{/etc/passwd} \u202etxt', url="https://example.org/数据?a={b}"
    )
    (told,) = read(bibtex(entry)).entries.values()
    assert told.fields["title"] == (
        r"{中文 \textquotedbl{}医疗\textquotedbl{} 100\% \#1\_\textbraceleft{}x\textbraceright{} \textasciitilde{}"
        r"\textasciicircum{} \textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{} txt}"
    )
    assert told.fields["url"] == "https://example.org/%E6%95%B0%E6%8D%AE?a=%7Bb%7D"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (r"{Sch\"{o}n, {\'E}. \v{S}}", r"Sch\"{o}n, {\'E}. \v{S}"),
        (r"{\input{/etc/passwd} \immediate\write18{rm}}", r"\textbackslash{}input{/etc/passwd} "
         r"\textbackslash{}immediate\textbackslash{}write18{rm}"),
        ("{50% & $x_1$ more_or $5}", r"50\% \& $x_1$ more\_or \$5"),
        (r"{$\input{x}$}", r"\$\textbackslash{}input\textbraceleft{}x\textbraceright{}\$"),
        ('"with {"} quotes"', 'with {"} quotes'),
        ("2005", "2005"),
        ("{two\n   lines}", "two lines"),
        (r"{a \{ b}}", r"a \textbackslash{}\textbraceleft{} b\textbraceright{}"),
        (r"{a}}", "a"),
    ],
)  # fmt: skip
def test_stated_values_are_harmless(value: str, told: str) -> None:
    found = references(a_record(citation=f"@misc{{x, title = {value}, year=2005}}"))
    assert found[0].stated
    assert dict(found[0].fields)["title"] == told
    read(render(found))


@pytest.mark.parametrize(
    "citation",
    [
        "no BibTeX @ all", "@misc{x", "@misc{x,", "@misc{x, title={open}", "@misc{x, title={a} # foo}",
        "@misc{x, title={}}}", "@misc{x, year={2020}}", "@string{a = {b}}", "@comment{x, title={a}",
        "@misc{a b, title={a}}",
    ],
)  # fmt: skip
def test_what_is_broken_is_passed_over(citation: str) -> None:
    (found,) = references(a_record(citation=citation))
    assert not found.stated


def test_keys() -> None:
    assert key_of("huggingface:openai/gsm8k") == "huggingface-openai/gsm8k"
    names = ["google:https://a.org/x?y", "google:https://a.org/x-y", "a-b:c", "a:b-c", "kaggle:数据", "kaggle:语料"]
    keys = [key_of(each) for each in names]
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._/+-]+", each) for each in keys)
    assert len(key_of("google:" + "x" * 500)) <= 130


def test_a_key_stands_once_whatever_its_case() -> None:
    first, second = a_record(id="A/b", name="b"), a_record(id="a/B", name="b")
    found = distinct([*references(first), *references(second), *references(first)])
    assert [each.dataset for each in found] == ["huggingface:A/b", "huggingface:a/B"]
    assert len({each.key.casefold() for each in found}) == 2


def test_the_whole_embedded_catalog_is_valid() -> None:
    entries = seed.load()
    found = read(render(each for entry in entries for each in references(entry)))
    assert len(found.entries) == len(entries)


texts = st.text(max_size=60).map(lambda text: clean(text, MAX_TEXT))
latex = st.lists(
    st.sampled_from(["{", "}", "\\", '"', ",", "=", "@misc{a,", "title", "author", "url", " and ", "x", "#", "$", "%",
                     "\\input", "\\'e", "\n", "文", "year={1}", "}}\n"]),
    max_size=40,
).map("".join)  # fmt: skip


@settings(deadline=None)
@given(title=texts, creators=st.lists(texts, max_size=4), url=texts, id=texts.filter(bool), citation=latex | texts)
def test_any_text_is_valid(title: str, creators: list[str], url: str, id: str, citation: str) -> None:
    entry = a_record(title=title, creators=tuple(creators), url=url, id=id, publisher=title, citation=citation)
    text = bibtex(entry)
    found = read(text)
    assert len(found.entries) == len(references(entry))
    bodies = re.sub(r"\\textbackslash\{\}", "", text)
    assert set(re.findall(r"\\([A-Za-z]+)", bodies)) <= COMMANDS


@settings(deadline=None)
@given(body=latex)
def test_any_stated_value_is_valid(body: str) -> None:
    entry = a_record(citation=f"@article{{x, title = {{{body}}}, author = {{{body}}}, url = {{{body}}}, year = 1}}")
    text = bibtex(entry)
    assert len(read(text).entries) == len(references(entry))
    bodies = re.sub(r"\\textbackslash\{\}", "", text)
    assert set(re.findall(r"\\([A-Za-z]+)", bodies)) <= COMMANDS
