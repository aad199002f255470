"""The query language: every form of it, and that no text whatever can break it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import Usage
from catalog.search.names import resolve
from catalog.search.query import MAX_VALUES, MAX_WORDS, Query, Word, parse_range
from catalog.search.run import run
from catalog.search.understand import Term, read
from catalog.sqlite import connect_for_reading


@pytest.fixture(scope="module")
def registry(embedded: Path) -> Iterator[sqlite3.Connection]:
    connection = connect_for_reading(embedded)
    yield connection
    connection.close()


# -- the forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("medical dialogue", [Word("medical"), Word("dialogue")]),
        ('"exact phrase" more', [Word("exact phrase", "phrase"), Word("more")]),
        ('"never closed', [Word("never closed", "phrase")]),
        ("trans*", [Word("trans", "prefix")]),
        ("tr**", [Word("tr", "prefix")]),
        ("t*", [Word("t*")]),
        ("-toxic", [Word("toxic", negated=True)]),
        ('-"hate speech"', [Word("hate speech", "phrase", negated=True)]),
        ("open-web-text", [Word("open-web-text")]),
        ("医疗 对话", [Word("医疗"), Word("对话")]),
        ("ＧＳＭ８Ｋ", [Word("GSM8K")]),
        ("catalog:gsm8k", [Word("catalog:gsm8k")]),
        ("huggingface:openai/gsm8k", [Word("huggingface:openai/gsm8k")]),
        ("NEAR AND OR NOT", [Word("NEAR"), Word("AND"), Word("OR"), Word("NOT")]),
        ('* ^ : ( ) - -- "" \'', []),
        ("", []),
        ("a\x00b", [Word("a"), Word("b")]),
        ("task:", [Word("task:")]),
    ],
)
def test_words(text: str, words: list[Word]) -> None:
    query = Query.parse(text)
    assert list(query.words) == words
    assert not query.filters
    assert not query.excluded


@pytest.mark.parametrize(
    ("text", "filters", "excluded"),
    [
        ("task:sft", {"task": ("sft",)}, {}),
        ("TASK:sft stage:rl", {"task": ("sft", "rl")}, {}),
        ("lang:zh,en", {"language": ("zh", "en")}, {}),
        ("lang:zh, language:fr", {"language": ("zh", "fr")}, {}),
        ("-license:nc licence:mit", {"license": ("mit",)}, {"license": ("nc",)}),
        ('domain:"computer science"', {"domain": ("computer science",)}, {}),
        ("gated:yes", {"access": ("gated", "agreement", "request")}, {}),
        ("gated:no", {}, {"access": ("gated", "agreement", "request")}),
        ("-gated:yes", {}, {"access": ("gated", "agreement", "request")}),
        ("-gated:no", {"access": ("gated", "agreement", "request")}, {}),
    ],
)
def test_filters(text: str, filters: dict[str, tuple[str, ...]], excluded: dict[str, tuple[str, ...]]) -> None:
    query = Query.parse(text)
    assert (query.filters, query.excluded, query.words) == (filters, excluded, ())


@pytest.mark.parametrize(
    ("name", "text", "bounds"),
    [
        ("rows", "10k..1M", (10_000, 1_000_000)),
        ("rows", "1000", (1000, None)),
        ("rows", "1,000..2,500,000", (1000, 2_500_000)),
        ("rows", "1.5k..2,5k", (1500, 2500)),
        ("rows", "..7", (None, 7)),
        ("tokens", "1B..2T", (10**9, 2 * 10**12)),
        ("size", "..2GB", (None, 2 * 10**9)),
        ("size", "1GiB..", (2**30, None)),
        ("size", "512B..", (512, None)),
        ("size", "1kb", (1000, None)),
        ("year", "2019", (2019, 2019)),
        ("year", "2019..", (2019, None)),
        ("updated", "2024..", ("2024", None)),
        ("updated", "..2024-06", (None, "2024-06\uffff")),
        ("updated", "2024", ("2024", "2024\uffff")),
        ("created", "2024-01-05..2024-02", ("2024-01-05", "2024-02\uffff")),
        ("rows", f"{'9' * 30}..", (2**62, None)),
    ],
)
def test_ranges(name: str, text: str, bounds: tuple[object, object]) -> None:
    assert parse_range(name, text) == bounds
    query = Query.parse(f"{name}:{text}")
    assert list(query.ranges.values()) == [bounds]
    assert not query.words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows", "many"), ("rows", ".."), ("rows", "1..x"), ("rows", "-5"), ("rows", "9" * 400), ("rows", "٣"),
        ("updated", "yesterday"), ("updated", "10k"), ("updated", "٢٠٢٤"), ("size", "2XB"),
    ],
)  # fmt: skip
def test_a_range_that_is_none(name: str, text: str) -> None:
    with pytest.raises(Usage, match=f"{name} does not understand"):
        parse_range(name, text)
    query = Query.parse(f"{name}:{text}")
    assert not query.ranges
    assert "searched as text" in query.notes[0]


def test_everything_at_once() -> None:
    query = Query.parse('medical task:sft -license:nc lang:zh,en rows:10k..1M "exact phrase" trans* -toxic', limit=5)
    assert query.words == (
        Word("medical"), Word("exact phrase", "phrase"), Word("trans", "prefix"), Word("toxic", negated=True),
    )  # fmt: skip
    assert query.text == "medical exact phrase trans"
    assert query.filters == {"task": ("sft",), "language": ("zh", "en")}
    assert query.excluded == {"license": ("nc",)}
    assert query.ranges == {"rows": (10_000, 1_000_000)}
    assert query.limit == 5


def test_flags_join_the_words() -> None:
    query = Query.parse("task:sft rows:5..").narrowed({"task": ["rl"]}, {"license": ["nc"]}, {"size": "..1MB"})
    assert query.filters == {"task": ("sft", "rl")}
    assert query.excluded == {"license": ("nc",)}
    assert query.ranges == {"rows": (5, None), "bytes": (None, 10**6)}
    assert query.loose == {("task", "sft")}


def test_a_slip_in_a_filter_is_said_and_searched_as_text(registry: sqlite3.Connection) -> None:
    result = run(registry, Query.parse("task:openwebtext"))
    assert result.hits[0].key == "catalog:openwebtext"
    assert "no task 'openwebtext'" in result.notes[0]


def test_a_slip_in_an_exclusion_excludes_nothing(registry: sqlite3.Connection) -> None:
    result = run(registry, Query.parse("medical -task:sfft"))
    assert result.total == run(registry, Query.parse("medical")).total
    assert result.notes == ("no task 'sfft'; did you mean sft or safety-evaluation? Nothing was excluded for it.",)


def test_words_are_read_as_utf_8_in_any_locale() -> None:
    for text in ("医疗 task:问答", "modèle"):
        as_argument = text.encode().decode("ascii", "surrogateescape")
        assert Query.parse(as_argument) == Query.parse(text)
    assert Query.parse("caf\udce9").text == "caf?"


# -- any text -------------------------------------------------------------------------------------------------------

PIECES = [
    "medical", "医疗", "对话", "task:", "task:sft", "-task:", "lang:zh,", "rows:", "rows:1..", "rows:" + "9" * 400,
    "updated:2024..", "gated:", "gated:yes", "NEAR", "NEAR(", "AND", "OR", "NOT", "*", "^", ":", "(", ")", "{", "}",
    "+", "-", '"', "'", ";", "\\", "%", "\x00", "\ue000", "\ue0001", "\ue001", "\udcff", "\ud800", "\u202e", "\ufeff",
    "\U0010ffff", "ﷺ", "e\u0301", "²", "ß", "𠀀", "name:", "rowid:", "facets:", "license:\udc80", "task:\ue0001",
]  # fmt: skip

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet=st.characters()),  # with the lone halves that undecodable arguments become
    st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.lists(st.sampled_from(PIECES)).flatmap(
        lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))
    ),
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, sort=st.sampled_from(["relevance", "popularity", "updated", "size", "rows"]))
def test_no_text_breaks_a_search(registry: sqlite3.Connection, text: str, sort: str) -> None:
    query = Query.parse(text, sort=sort)
    result = run(registry, query, facets=["task"])
    assert len(result.hits) <= min(20, result.total)
    assert result.total <= run(registry, Query.parse("")).total
    assert not registry.in_transaction


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE)
def test_no_text_breaks_a_name(registry: sqlite3.Connection, name: str) -> None:
    for named in resolve(registry, name):
        assert named.how in ("key", "id", "location", "name", "alias")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=HOSTILE, facet=st.sampled_from(["domain", "task", "license", "source", "language"]))
def test_no_flag_value_breaks_a_search(registry: sqlite3.Connection, value: str, facet: str) -> None:
    query = Query().narrowed({facet: [value]}, {}, {})
    refused = ""
    try:
        run(registry, query)
    except Usage as error:
        refused = error.message
    assert not refused or refused.startswith(f"no {facet} ")


def test_private_characters_do_not_reach_the_facet_tokens(registry: sqlite3.Connection) -> None:
    """The tokens of facet terms begin with U+E000; nobody can type them."""
    number = registry.execute("SELECT id FROM term WHERE facet = 'domain' AND term = 'medical'").fetchone()[0]
    for text in (f"\ue000{number:x}", f'"\ue000{number:x}"', "\ue001", f"gsm8k\ue000{number:x}"):
        result = run(registry, Query.parse(text), help_spelling=False)
        assert all("medical" not in hit.tags.get("domain", ()) for hit in result) or not Query.parse(text).words


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"word{n}" for n in range(10_000)),
        " ".join(f"task:t{n}" for n in range(10_000)),
        "license:" + ",".join(f"l{n}" for n in range(10_000)),
        "-" + " -".join(f"word{n}" for n in range(10_000)),
        "医疗对话" * 10_000,
        " ".join(["医疗对话问答数据"] * 10_000),
        '"' * 10_001,
        "(" * 100_000,
        "x" * 1_000_000,
        " ".join(f'"{"a b " * 50}"' for _ in range(1000)),
    ],
    ids=range(10),
)
def test_a_very_long_query_is_cut_and_says_so(registry: sqlite3.Connection, text: str) -> None:
    query = Query.parse(text)
    assert len(query.words) <= MAX_WORDS
    assert sum(map(len, query.filters.values())) <= MAX_VALUES
    result = run(registry, query)
    if len(text.split()) > MAX_WORDS or text.count(",") > MAX_VALUES:
        assert any(note.startswith("Only the first") for note in result.notes)


# -- what words mean ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("medical sft chinese", "domain:medical task:sft language:zh"),
        ("chinese medical dialogue dataset for fine-tuning", "language:zh domain:medical task:dialogue task:sft"),
        ("医疗 对话", "domain:medical task:dialogue"),
        ("中文 医疗 问答 数据集", "language:zh domain:medical task:question-answering"),
        ("中文医疗问答数据集", "language:zh domain:medical task:question-answering"),
        ("commercial use legal summarization", "commercial:yes domain:legal task:summarization"),
        ("legal data for non-commercial use", "domain:legal commercial:no"),
        ("可商用的法律数据", "commercial:yes domain:legal"),
        ("rlhf preference data english", "task:preference language:en"),
        ("movie review", "genre:review"),
        ("chatml format", "format:messages"),
        ("mit license code", "license:MIT domain:code"),
        ("apache-2.0 code", "license:Apache-2.0 domain:code"),
        ("中英翻译", "language:zh language:en task:translation"),
        ("reward models", "task:preference"),
        ("speech", "modality:audio"),
        ("mit news", "domain:news"),
        ('"medical sft"', ""),
        ("the data", ""),
        ("medic*", ""),
        ("no it is to be", ""),
    ],
)
def test_words_are_read_as_the_terms_they_name(registry: sqlite3.Connection, text: str, terms: str) -> None:
    found = run(registry, Query.parse(text)).read_as
    assert [said.partition(" or ")[0] for said in found] == terms.split()
    assert run(registry, Query.parse(text), help_spelling=False).read_as == ()


def test_a_run_is_cut_so_that_least_is_left_over() -> None:
    known = {"医疗": (Term("domain", "medical", 1),), "疗问": (Term("task", "x", 2),), "问答": (Term("task", "qa", 3),)}
    (unit,) = read([Word("百度医疗问答的数据集")], known).units
    assert [part.text for part in unit.parts] == ["百度", "医疗", "问答", "的", "数据集"]
    assert [part.says for part in unit.parts] == [True, True, True, False, False]
    assert [part.text for part in read([Word("数据集")], known).parts] == ["数据集"]


@given(st.lists(st.text(max_size=12).filter(str.strip), max_size=6))
def test_reading_loses_no_word(texts: list[str]) -> None:
    words = [Word(text) for text in texts if any(map(str.isalnum, text))]
    read_words = "".join(part.text for unit in read(words, {}).units for part in unit.parts)
    assert [c for c in read_words if c.isalnum()] == [c for word in words for c in word.text if c.isalnum()]
