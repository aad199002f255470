"""Search over a registry: names, spellings, Chinese, facets, ranges, counts, pages. Judged against plain scans."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog import vocabulary
from catalog.errors import Usage
from catalog.index.document import facet_terms
from catalog.index.keys import last_segment, name_norm
from catalog.index.postings import numbers_in
from catalog.record import Amount, Entry, Tag, Verdict
from catalog.registry import Registry
from catalog.search.facets import count_facets
from catalog.search.hits import Result
from catalog.search.query import SORTS, Query
from catalog.search.rank import TIER
from catalog.search.run import prepare, run
from catalog.sqlite import connect_for_reading

Search = Callable[..., Result]


def entry(name: str, **fields: object) -> Entry:
    values: dict[str, object] = {"source": "test", "id": name, "name": name.rpartition("/")[2], "tags": ()}
    return Entry(**{**values, "verdict": Verdict(), "made_by": "test", **fields})  # type: ignore[arg-type]


def store(path: Path, *entries: Entry) -> None:
    with Registry.open(path, create=True) as registry:
        registry.commit_page(registry.begin_run("test", "test"), entries)


def searching(connection: sqlite3.Connection) -> Search:
    def search(text: str = "", **options: object) -> Result:
        how = {name: options.pop(name) for name in ("facets", "help_spelling") if name in options}
        return run(connection, Query.parse(text, **options), **how)  # type: ignore[arg-type]

    return search


def keys(result: Result) -> list[str]:
    return [hit.key for hit in result]


def every(search: Search, text: str, **options: object) -> set[str]:
    return set(keys(search(text, limit=100_000, **options)))


@pytest.fixture(scope="module")
def search(embedded: Path) -> Iterator[Search]:
    connection = connect_for_reading(embedded)
    yield searching(connection)
    connection.close()


@pytest.fixture(scope="module")
def entries(embedded: Path) -> list[Entry]:
    with Registry.open(embedded) as registry:
        return list(registry.entries())


def terms_of(one: Entry) -> set[tuple[str, str]]:
    """Every (facet, term) of an entry with all the terms above them: what a filter must find it by."""
    words = vocabulary.load()
    found = set(facet_terms(one))
    for facet, term in list(found):
        if words.has(facet, term):
            found.update((facet, above) for above in words.ancestors(facet, term))
        elif facet == "language" and "-" in term:
            found.add((facet, term.partition("-")[0]))
    return found


def holding(entries: list[Entry], *wanted: tuple[str, str]) -> set[str]:
    return {one.key for one in entries if terms_of(one) & set(wanted)}


# -- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("gsm8k", "catalog:gsm8k"),
        ("GSM-8K", "catalog:gsm8k"),
        ("ｇｓｍ８ｋ", "catalog:gsm8k"),
        ("catalog:gsm8k", "catalog:gsm8k"),
        ("openai/gsm8k", "catalog:gsm8k"),
        ("huggingface:openai/gsm8k", "catalog:gsm8k"),
        ("openwebtext", "catalog:openwebtext"),
        ("open-web-text", "catalog:openwebtext"),
        ("open web text", "catalog:openwebtext"),
        ("OpenWebText", "catalog:openwebtext"),
        ("Skylion007/openwebtext", "catalog:openwebtext"),
        ("competition_math", "catalog:math-hendrycks"),
        ("wikipedia", "catalog:wikipedia"),
        ("glue", "catalog:glue"),
        ("common crawl", "catalog:common-crawl"),
    ],
)
def test_what_is_named_as_asked_is_first(search: Search, text: str, key: str) -> None:
    result = search(text, limit=5)
    assert result.hits[0].key == key
    assert result.hits[0].exact
    assert not result.did_you_mean


def test_the_id_asked_for_beats_a_popular_namesake(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry("big/corpus", popularity=250), entry("small/corpus"), entry("other/corpus-2"))
    connection = connect_for_reading(tmp_path / "r.db")
    search = searching(connection)
    assert keys(search("small/corpus"))[0] == "test:small/corpus"
    assert keys(search("test:small/corpus")) == ["test:small/corpus"]
    assert keys(search("corpus"))[:2] == ["test:big/corpus", "test:small/corpus"]
    connection.close()


@pytest.mark.parametrize("text", ["rotten_tomatoes", "rotten tomatoes", "Rotten-Tomatoes"])
def test_an_id_without_owner_is_before_its_namesakes(tmp_path: Path, text: str) -> None:
    store(
        tmp_path / "r.db",
        entry("big/rotten_tomatoes", popularity=250),
        entry("rotten_tomatoes", popularity=20),
        entry("12", aliases=("rotten tomatoes",), popularity=200),
    )
    connection = connect_for_reading(tmp_path / "r.db")
    assert keys(searching(connection)(text)) == ["test:rotten_tomatoes", "test:big/rotten_tomatoes", "test:12"]
    connection.close()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("opnwebtext", "catalog:openwebtext"),
        ("openwebtxet", "catalog:openwebtext"),
        ("wikipdia", "catalog:wikipedia"),
        ("hotpottqa", "catalog:hotpotqa"),
        ("ultrafeedbak", "catalog:ultrafeedback"),
    ],
)
def test_a_slip_is_mended_and_said(search: Search, text: str, key: str) -> None:
    result = search(text)
    assert result.hits[0].key == key
    assert result.did_you_mean == key.partition(":")[2]
    assert search(text, help_spelling=False).did_you_mean == ""


def test_a_name_that_exists_is_not_mended(tmp_path: Path) -> None:
    store(tmp_path / "r.db", entry("a/xlsum"), *(entry(f"b{n}/xsum", popularity=200) for n in range(9)))
    connection = connect_for_reading(tmp_path / "r.db")
    result = searching(connection)("xlsum")
    assert (keys(result), result.did_you_mean) == (["test:a/xlsum"], "")
    connection.close()


def test_a_mended_spelling_has_pages(search: Search) -> None:
    whole = keys(search("opnwebtext"))
    pages = [keys(search("opnwebtext", limit=1, offset=n)) for n in range(len(whole) + 1)]
    assert pages == [[key] for key in whole] + [[]]


# -- Chinese --------------------------------------------------------------------------------------------------------

HAN = "医疗对话问答数据集中文法律金融新闻评测指令模型奖励训练语料文本"


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Search, dict[str, str]]]:
    """A corpus of generated texts, Chinese between Latin, with the texts by key."""
    chance = random.Random(7)
    texts = {}
    for number in range(400):
        runs = ["".join(chance.choices(HAN, k=chance.randint(1, 25))) for _ in range(chance.randint(1, 6))]
        texts[f"test:a/{number}"] = chance.choice([" ", "，", " GPT-4 ", "x", "。\n"]).join(runs)
    path = tmp_path_factory.mktemp("chinese") / "r.db"
    store(path, *(entry(key[5:], description=text) for key, text in texts.items()))
    connection = connect_for_reading(path)
    yield searching(connection), texts
    connection.close()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_chinese_words_inside_longer_text(chinese: tuple[Search, dict[str, str]], size: int) -> None:
    search, texts = chinese
    chance = random.Random(size)
    for _ in range(60):
        text = chance.choice([text for text in texts.values() if len(text) >= size])
        start = chance.randrange(len(text) - size + 1)
        word = text[start : start + size]
        if not set(word) <= set(HAN):
            continue
        wanted = {key for key, text in texts.items() if word in text}
        found = every(search, word, help_spelling=False)
        terms = {key for key in found if word not in texts[key]}  # a word that is a term may find what carries it
        assert wanted <= found, word
        assert not terms, word


def test_chinese_words_find_what_is_tagged(search: Search, entries: list[Entry]) -> None:
    medical = holding(entries, ("domain", "medical"))
    assert len(medical) > 40
    assert medical <= every(search, "医疗")
    both = medical & holding(entries, ("task", "dialogue"))
    assert both
    assert both <= every(search, "医疗对话")
    assert every(search, "医疗 对话") == every(search, "医疗对话")


def test_full_width_letters_are_letters(search: Search) -> None:
    assert keys(search("ｍｅｄｉｃａｌ　ｔａｓｋ：ｓｆｔ")) == keys(search("medical task:sft"))
    assert search("ｍｅｄｉｃａｌ").total > 40


# -- facets ---------------------------------------------------------------------------------------------------------

FACETS = ("domain", "task", "license", "commercial", "language", "modality", "genre", "format", "source", "access",
          "size")  # fmt: skip


@pytest.mark.parametrize("facet", FACETS)
def test_each_facet_finds_and_leaves_out(search: Search, entries: list[Entry], facet: str) -> None:
    used = Counter(term for one in entries for name, term in terms_of(one) if name == facet)
    whole = {one.key for one in entries}
    assert used
    for term, count in used.most_common(4):
        wanted = holding(entries, (facet, term))
        assert len(wanted) == count
        flag = Query().narrowed({facet: [term]}, {}, {})
        assert every(search, "", filters=flag.filters) == wanted
        assert every(search, "", excluded=flag.filters) == whole - wanted


def test_or_within_a_facet_and_across(search: Search, entries: list[Entry]) -> None:
    zh, en = holding(entries, ("language", "zh")), holding(entries, ("language", "en"))
    legal, medical = holding(entries, ("domain", "legal")), holding(entries, ("domain", "medical"))
    assert every(search, "lang:zh,en") == zh | en
    assert every(search, "lang:zh lang:en") == zh | en
    assert every(search, "lang:zh domain:legal") == zh & legal
    assert every(search, "lang:zh,en domain:legal,medical -license:nc") == (
        ((zh | en) & (legal | medical)) - holding(entries, ("license", "non-commercial"), ("license", "nc"))
    )


def test_a_term_holds_those_below_it(search: Search, entries: list[Entry]) -> None:
    words = vocabulary.load()
    terms = {one.key: terms_of(one) for one in entries}
    compared = 0
    for facet in ("domain", "task"):
        for term in words.terms(facet):
            below = [each.id for each in words.terms(facet) if term.id in words.ancestors(facet, each.id)]
            wanted = {key for key, held in terms.items() if (facet, term.id) in held}
            if below and wanted:
                assert every(search, f"{facet}:{term.id}") == wanted
                assert all(every(search, f"{facet}:{each}") <= wanted for each in below)
                compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("rm", "preference"), ("reward", "preference"), ("dpo", "preference"), ("kto", "preference"),
        ("rlhf", None), ("ppo", "rl"), ("grpo", "rl"), ("指令微调", "sft"), ("奖励模型", "preference"),
        ("SFT", "sft"), ("预训练", "pretrain"), ("评测", "eval"), ("pre-training", "pretrain"),
    ],
)  # fmt: skip
def test_stages_by_what_people_call_them(search: Search, typed: str, term: str | None) -> None:
    found = every(search, f"task:{typed}")
    assert found
    assert not search(f"task:{typed}").notes
    if term:
        assert found == every(search, f"task:{term}")


@pytest.mark.parametrize(("typed", "term"), [("nc", "non-commercial"), ("permissive", "permissive")])
def test_license_classes(search: Search, entries: list[Entry], typed: str, term: str) -> None:
    found = every(search, f"license:{typed}")
    assert found
    assert found == {one.key for one in entries if one.verdict and one.verdict.cls == vocabulary.load().require(
        "license", term)}  # fmt: skip


def test_a_flag_that_names_no_term_asks_back(search: Search) -> None:
    with pytest.raises(Usage, match="no task 'sfft'; did you mean sft"):
        search("", filters={"task": ("sfft",)})


# -- ranges ---------------------------------------------------------------------------------------------------------


def _amount(amount: Amount | None) -> int | None:
    return None if amount is None else amount.value


RANGES: list[tuple[str, Callable[[Entry], bool]]] = [
    ("rows:10k..1M", lambda one: one.rows is not None and 10_000 <= one.rows.value <= 1_000_000),
    ("rows:..1k", lambda one: one.rows is not None and one.rows.value <= 1000),
    ("size:..2GB", lambda one: one.bytes is not None and one.bytes.value <= 2 * 10**9),
    ("size:1GiB..", lambda one: one.bytes is not None and one.bytes.value >= 2**30),
    ("tokens:1B..", lambda one: one.tokens is not None and one.tokens.value >= 10**9),
    ("year:2020..2022", lambda one: one.year is not None and 2020 <= one.year <= 2022),
    ("year:2019", lambda one: one.year == 2019),
]


@pytest.mark.parametrize(("text", "holds"), RANGES)
def test_ranges(search: Search, entries: list[Entry], text: str, holds: Callable[[Entry], bool]) -> None:
    wanted = {one.key for one in entries if holds(one)}
    assert wanted
    assert every(search, text) == wanted
    assert every(search, f"{text} lang:zh") == wanted & holding(entries, ("language", "zh"))


def test_dates(tmp_path: Path) -> None:
    dates = ["", "2023", "2023-12-31T23:59:59Z", "2024-01-01", "2024-06-30T10:00:00Z", "2025-02-03"]
    store(tmp_path / "r.db", *(entry(f"a/{n}", modified=date) for n, date in enumerate(dates)))
    connection = connect_for_reading(tmp_path / "r.db")
    search = searching(connection)
    for text, wanted in [("2024..", "345"), ("..2023", "12"), ("2024", "34"), ("2024-06..2025", "45"),
                         ("2023-12-31", "2"), ("..2024-06", "1234")]:  # fmt: skip
        assert every(search, f"updated:{text}") == {f"test:a/{n}" for n in wanted}, text
    connection.close()


# -- empty results --------------------------------------------------------------------------------------------------


def test_an_empty_result_names_what_emptied_it(search: Search) -> None:
    medical = search("domain:medical").total
    assert search("domain:medical license:nosuch").emptied_by == (("--license nosuch", medical),)
    assert search("nosuchwordatall domain:medical").emptied_by == (("the words 'nosuchwordatall'", medical),)
    assert search("domain:medical rows:900T..").emptied_by == (("--rows 900000000000000..", medical),)
    assert search("license:nosuch").emptied_by == (("--license nosuch", search("").total),)
    assert search("year:1200").emptied_by == (("--year 1200..1200", search("").total),)
    assert search("nosuchwordatall", help_spelling=False).emptied_by == ()
    everything = search("domain:medical -domain:medical")
    assert dict(everything.emptied_by)["--not-domain medical"] == medical
    words = search("medical nosuchwordatall", help_spelling=False)
    assert words.emptied_by[0][0] == "the word 'nosuchwordatall'"
    both = search("nosuchwordatall domain:medical lang:en updated:2999..2999-06")
    assert both.emptied_by == (("--updated 2999..2999-06", 0), ("the words 'nosuchwordatall'", 0))


def test_a_license_that_nothing_has_is_said(search: Search) -> None:
    assert search("license:apachee-2.0").notes[0].startswith("no license 'apachee-2.0'; did you mean")


# -- counts ---------------------------------------------------------------------------------------------------------


def counted(entries: list[Entry], found: set[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for one in entries:
        if one.key in found:
            for facet, term in terms_of(one):
                counts.setdefault(facet, Counter())[term] += 1
    return {facet: dict(terms) for facet, terms in counts.items()}


QUERIES = [
    "", "medical", "open web text", "catalog:gsm8k", "医疗对话", "wikipedia -lang:en", "task:sft", "rows:10k..1M",
    "chinese year:2020..", "-commercial:no sft", "opnwebtext", "nosuchwordatall",
]  # fmt: skip


@pytest.mark.parametrize("text", QUERIES)
def test_facet_counts_are_what_a_scan_counts(search: Search, entries: list[Entry], text: str) -> None:
    result = search(text, facets=())
    found = every(search, text)
    assert result.facets is not None
    assert {f: {each.term: each.count for each in terms} for f, terms in result.facets.items()} == counted(
        entries, found
    )
    assert result.total == len(found)


def test_facet_counts_while_a_writer_has_the_file(tmp_path: Path) -> None:
    def made(number: int, language: str) -> Entry:
        tags = (Tag("language", language, "test"), Tag("task", ("sft", "rl")[number % 2], "test"))
        return entry(f"a/{number}", description="word", tags=tags, rows=Amount(number, "test"))

    path = tmp_path / "r.db"
    stored = [made(number, "zh-hant" if number % 3 else "en") for number in range(60)]
    store(path, *stored[:30])
    with Registry.open(path) as registry:
        page = registry.begin_run("test", "test")
        registry.commit_page(page, [*stored[30:], made(0, "fr")])
        stored[0] = made(0, "fr")
        connection = connect_for_reading(path)
        search = searching(connection)
        for text in ("", "word", "word rows:20..40", "-task:rl"):
            result = search(text, facets=())
            assert result.facets is not None
            assert {facet: {each.term: each.count for each in terms} for facet, terms in result.facets.items()} == (
                counted(stored, every(search, text))
            )
        connection.close()
    connection = connect_for_reading(path)
    after = searching(connection)("", facets=["language"])
    connection.close()
    assert after.facets is not None
    assert {each.term: each.count for each in after.facets["language"]} == counted(stored, {one.key for one in stored})[
        "language"
    ]


@pytest.mark.parametrize("top", [None, 1, 3])
@pytest.mark.parametrize("text", QUERIES)
def test_few_and_many_hits_are_counted_alike(embedded: Path, text: str, top: int | None) -> None:
    connection = connect_for_reading(embedded)
    plan = prepare(connection, Query.parse(text))
    first = connection.execute("SELECT min(slot) FROM dataset").fetchone()
    for named in ((), first):
        one, other = (
            count_facets(connection, plan.match, plan.condition, plan.values, (), top, named, few=few)
            for few in (0, 100_000)
        )
        assert one == other
    connection.close()


def test_what_a_reader_keeps_is_read_again_after_a_write(tmp_path: Path) -> None:
    def made(name: str, term: str) -> Entry:
        return entry(name, tags=(Tag("task", term, "test"),))

    path = tmp_path / "r.db"
    store(path, made("a/one", "sft"))
    connection = connect_for_reading(path)
    search = searching(connection)
    for term, after in (("rl", {"rl": 1}), ("made-up", {"made-up": 1}), ("sft", {"sft": 1})):
        search("one", facets=())
        store(path, made("a/one", term))
        result = search("one", facets=["task"])
        assert result.facets is not None
        assert result.hits[0].tags == {"task": [term]}
        assert {each.term: each.count for each in result.facets["task"]} == after
        assert {each.term: each.count for each in search("", facets=["task"]).facets["task"]} == after  # type: ignore[index]
    connection.close()


@pytest.mark.parametrize("count", [1, 2, 4095, 4096, 4097, 10_000])
def test_numbers_leave_as_digits(count: int) -> None:
    chance = random.Random(count)
    numbers = [0, 1, 9_999_999, 10_000_000, (1 << 24) - 1, *(chance.randrange(1 << 24) for _ in range(count))][:count]
    assert numbers_in("".join(str(80_000_000 + number) for number in numbers)).tolist() == numbers


# -- pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    """More matches than are ranked, some of them named just `word`, sizes and dates sometimes unknown."""
    chance = random.Random(3)
    made = [
        entry(
            f"u{number}/{'word' if number % 400 == 7 else f'set{number}'}",
            description="word " * chance.randint(1, 9) + "other " * chance.randint(0, 9),
            popularity=chance.randint(0, 255),
            bytes=Amount(chance.randint(1, 99), "test") if chance.random() < 0.6 else None,
            modified=f"20{chance.randint(10, 25)}" if chance.random() < 0.6 else "",
        )
        for number in range(TIER + 250)
    ]
    made.append(entry("z/aliased", aliases=("Word!",), description="without"))
    path = tmp_path_factory.mktemp("many") / "r.db"
    store(path, *made)
    connection = connect_for_reading(path)
    yield searching(connection)
    connection.close()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [70, 333])
@pytest.mark.parametrize("text", ["word", "", "word*", "word updated:2000.."])
def test_pages_hold_every_hit_once(many: Search, sort: str, limit: int, text: str) -> None:
    total = many(text, sort=sort).total
    assert total > 600
    found: list[str] = []
    while True:
        page = many(text, sort=sort, limit=limit, offset=len(found))
        assert page.total == total
        if not page.hits:
            break
        found.extend(keys(page))
    assert len(found) == len(set(found)) == total


def test_orders(search: Search) -> None:
    def values(sort: str, field: str) -> list[int]:
        return [
            getattr(hit, field) if getattr(hit, field) is not None else -1 for hit in search("", sort=sort, limit=900)
        ]

    for sort, field in (("size", "bytes"), ("rows", "rows"), ("popularity", "popularity")):
        assert values(sort, field) == sorted(values(sort, field), reverse=True)
    dates = [hit.modified for hit in search("", sort="updated", limit=900)]
    assert dates == sorted(dates, reverse=True)
    names = [name_norm(last_segment(hit.key.partition(":")[2])) for hit in search("", sort="name", limit=900)]
    assert names == sorted(names)


def test_a_page_beyond_the_end(search: Search) -> None:
    total = search("medical").total
    page = search("medical", offset=5000)
    assert (page.hits, page.total, page.emptied_by) == ((), total, ())
    assert search("medical", offset=5000, facets=()).total == total


def test_a_run_of_words_that_say_nothing_is_passed_over(search: Search) -> None:
    assert keys(search("大模型训练数据集 medical")) == keys(search("medical"))


@pytest.mark.parametrize("words", ["BERT", "gpt-4", "bert模型", "GPT-4生成", "基于bert", "GPT"])
def test_latin_words_inside_chinese_text_are_found(tmp_path: Path, words: str) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/x", description="基于BERT模型使用GPT-4生成的数据"), entry("a/y", description="医疗对话"))
    connection = connect_for_reading(path)
    assert keys(searching(connection)(words)) == ["test:a/x"]
    connection.close()


def test_latin_words_on_both_sides_of_chinese_ones(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    store(path, entry("a/x", description="基于BERT模型使用LLM生成的数据"), entry("a/y", description="BERT模型"))
    connection = connect_for_reading(path)
    assert keys(searching(connection)("BERT模型使用LLM", help_spelling=False)) == ["test:a/x"]
    assert keys(searching(connection)("BERT数据LLM", help_spelling=False)) == ["test:a/x"]
    assert keys(searching(connection)("BERT数据LLM")) == ["test:a/x", "test:a/y"]
    connection.close()


# -- terms of several words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "task"),
    [
        ("question answering", "question-answering"),
        ("Named Entity Recognition", "named-entity-recognition"),
        ("hate speech detection", "hate-speech-detection"),
        ("machine translation", "translation"),
    ],
)
def test_words_that_name_a_term_together_find_what_is_tagged(search: Search, words: str, task: str) -> None:
    tagged = every(search, f"task:{task}")
    assert len(tagged) > 5
    assert tagged <= every(search, words)
    assert every(search, f"medical task:{task}") <= every(search, f"medical {words}")
    assert every(search, f'"{words}"') < every(search, words)


def test_words_apart_name_no_term(search: Search) -> None:
    assert search("question -toxic answering").total < search("question answering -toxic").total


# -- words that are read as terms -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        ("medical sft chinese", "domain:medical task:sft lang:zh"),
        ("医疗 对话", "domain:medical task:dialogue"),
        ("中文医疗问答数据集", "domain:medical task:question-answering lang:zh"),
        ("commercial use legal", "domain:legal commercial:yes"),
    ],
)
def test_what_carries_the_terms_comes_first_and_nothing_is_lost(search: Search, words: str, filters: str) -> None:
    whole = keys(search(words, limit=1000))
    tagged = every(search, filters)
    mentioned = every(search, words, help_spelling=False)
    assert len(tagged) > 3
    assert tagged | mentioned <= set(whole)
    first = keys(search(words, limit=len(tagged)))
    assert first == whole[: len(first)]
    assert len(tagged & set(first)) >= 0.8 * len(tagged)


def test_pages_of_read_words_are_cut_from_one_order(search: Search) -> None:
    whole = search("chinese medical dialogue", limit=1000)
    pages = [keys(search("chinese medical dialogue", limit=7, offset=at)) for at in range(0, whole.total, 7)]
    assert [key for page in pages for key in page] == keys(whole)
    assert len(whole) == whole.total == len(set(keys(whole)))


def test_an_excluded_word_excludes_what_is_tagged(tmp_path: Path) -> None:
    tagged = (Tag("domain", "medical", "test"),)
    store(
        tmp_path / "r.db",
        entry("a/tagged", tags=tagged, title="talks with doctors"),
        entry("a/worded", title="talks with medical people"),
        entry("a/other", title="talks with sailors"),
    )
    connection = connect_for_reading(tmp_path / "r.db")
    search = searching(connection)
    found = search("talks -medical")
    assert (keys(found), found.read_as) == (["test:a/other"], ("-domain:medical",))
    assert every(search, "talks -medical", help_spelling=False) == {"test:a/tagged", "test:a/other"}
    assert keys(search("tlks -medical")) == ["test:a/other"]  # a mended slip excludes them as well
    connection.close()


@pytest.mark.parametrize("words", ["gsm8k dataset", "the gsm8k data", "gsm8k数据集", "gsm8k corpus for training"])
def test_words_that_say_nothing_cost_no_name(search: Search, words: str) -> None:
    assert search(words).hits[0].key == "catalog:gsm8k"


def test_few_hits_are_followed_by_those_without_a_word(search: Search) -> None:
    strict = search("quidditch medical", help_spelling=False)
    found = search("quidditch medical")
    assert (strict.total, strict.left_out) == (0, "")
    assert found.left_out == "quidditch"
    assert set(keys(found)) <= every(search, "medical")
    assert search("medical question answering").left_out == ""


def test_few_hits_come_before_those_that_lack_a_word(tmp_path: Path) -> None:
    tagged = (Tag("language", "ko", "test"),)
    store(
        tmp_path / "r.db",
        entry("a/one", description="sonnets about rivers"),
        *(entry(f"b/{n}", description="sonnets", popularity=200) for n in range(9)),
        *(entry(f"c/{n}", tags=tagged, description="sonnets of mountains") for n in range(4)),
    )
    connection = connect_for_reading(tmp_path / "r.db")
    search = searching(connection)
    found = search("sonnets rivers")
    assert (keys(found)[0], found.total, found.left_out) == ("test:a/one", 14, "rivers")
    asked = search("korean mountains rivers")  # the language stays
    assert (asked.total, asked.left_out) == (4, "rivers")
    connection.close()


def test_a_slip_in_a_term_is_read_as_the_term(search: Search) -> None:
    found = search("medcial sft")
    assert (found.did_you_mean, found.read_as) == ("medical sft", ("domain:medical", "task:sft"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("libir speech", "catalog:librispeech"),
        ("slim pajaama", "catalog:slimpajama-627b"),
        ("medical-meadw-flashcards", "catalog:medical-meadow-flashcards"),
    ],
)
def test_a_slip_in_a_compound_name_is_mended(search: Search, text: str, key: str) -> None:
    assert search(text).hits[0].key == key
