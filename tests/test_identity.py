"""The same dataset on several hosts: which records become one, which never do, and what a person tells apart."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import search
from catalog.identity import Known, Mark, clusters, folded_name, key_of_page
from catalog.record import Distribution, LicenseClaim, Record, Relation
from catalog.registry import Registry
from catalog.registry.clusters import again, members_with, put_together, refresh_clusters, tell_apart
from catalog.search.fold import Member, _copies
from catalog.search.hits import Result
from catalog.tagger import complete
from tests.conftest import Command


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://huggingface.co/datasets/openai/gsm8k", "huggingface:openai/gsm8k"),
        ("http://www.hf.co/datasets/squad/", "huggingface:squad"),
        ("https://huggingface.co/datasets/a/b/tree/main/data?x=1#top", "huggingface:a/b"),
        ("https://www.kaggle.com/datasets/uciml/iris", "kaggle:uciml/iris"),
        ("https://kaggle.com/uciml/iris/data", "kaggle:uciml/iris"),
        ("https://www.kaggle.com/c/titanic", ""),
        ("https://www.kaggle.com/someone/datasets", ""),
        ("https://www.kaggle.com/getting-started/123", ""),
        ("https://huggingface.co/datasets/glue/viewer/cola", "huggingface:glue"),
        ("https://huggingface.co/datasets/glue/tree/main", "huggingface:glue"),
        ("https://www.kaggle.com/api/v1/datasets", ""),
        ("https://www.kaggle.com/organizations/kaggle", ""),
        ("https://archive.ics.uci.edu/dataset/45/heart+disease", "uci:45"),
        ("https://doi.org/10.24432/C52P4X", "doi:10.24432/c52p4x"),
        ("https://arxiv.org/pdf/2110.14168v2.pdf", "arxiv:2110.14168"),
        ("https://example.org/huggingface.co/datasets/a/b", ""),
        ("huggingface.co/datasets/a/b", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_addresses_of_hubs_stand_for_keys(url: str, key: str) -> None:
    assert key_of_page(url) == key


@given(st.text())
def test_any_text_may_be_asked_for_its_key(text: str) -> None:
    assert isinstance(key_of_page(text), str)
    assert isinstance(key_of_page(f"https://{text}"), str)


def test_nearly_equal_names_fold_alike() -> None:
    assert folded_name("gsm8kdataset") == folded_name("gsm8k") == "gsm8k"
    assert folded_name("dataset") == "dataset"


def _known(number: int, key: str, *marks: Mark) -> Known:
    return Known(number, key, (1, number), marks)


def test_ties_go_round_but_not_over_what_was_told_apart() -> None:
    one, two = _known(1, "a:1", Mark("doi", "doi:10.1/x")), _known(2, "b:2", Mark("doi", "doi:10.1/x"))
    three = _known(3, "c:3", Mark("doi", "doi:10.1/x"))
    (whole,) = clusters([one, two, three], ())
    assert [number for number, _reason in whole.members] == [1, 2, 3]
    (rest,) = clusters([one, two, three], {frozenset(("a:1", "c:3"))})
    assert [number for number, _reason in rest.members] == [1, 2]


def test_the_rest_stays_one_when_its_speaker_is_told_apart() -> None:
    known = [_known(number, f"s{number}:x", Mark("doi", "doi:10.1/x")) for number in (1, 2, 3)]
    (rest,) = clusters(known, {frozenset(("s1:x", "s2:x")), frozenset(("s1:x", "s3:x"))})
    assert [number for number, _reason in rest.members] == [2, 3]
    named = [_known(1, "s1:x"), *(_known(number, f"s{number}:x", Mark("same-as", "s1:x")) for number in (2, 3))]
    (rest,) = clusters(named, {frozenset(("s1:x", "s2:x")), frozenset(("s1:x", "s3:x"))})
    assert [number for number, _reason in rest.members] == [2, 3]


def test_a_long_chain_is_followed_at_its_length() -> None:
    chain = [_known(number, f"s:{number}", Mark("same-as", f"s:{number + 1}")) for number in range(50_000)]
    begun = time.process_time()
    (whole,) = clusters(chain, ())
    assert len(whole.members) == 50_000
    assert time.process_time() - begun < 5  # 35 s where each link copies all before it


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=12), st.randoms())
def test_clusters_part_the_datasets_whatever_is_told_apart(pairs: list[tuple[int, int]], random: object) -> None:
    known = [
        _known(n, f"s{n}:x", *(Mark("digest", f"sha256:{i}") for i, pair in enumerate(pairs) if n in pair))
        for n in range(1, 13)
    ]
    apart = {frozenset((f"s{a}:x", f"s{b}:x")) for a, b in pairs[:3] if a != b}
    found = clusters(known, apart)
    members = [number for cluster in found for number, _reason in cluster.members]
    assert len(set(members)) == len(members)
    for cluster in found:
        keys = {f"s{number}:x" for number, _reason in cluster.members}
        assert not any(pair <= keys for pair in apart)
        assert all(reason for _number, reason in cluster.members)


# -- in a registry --------------------------------------------------------------------------------------------------


def _store(path: Path, *records: Record) -> None:
    with Registry.open(path, create=True) as registry:
        for source in sorted({record.source for record in records}):
            run = registry.begin_run(source, "sync")
            registry.commit_page(run, [complete(record) for record in records if record.source == source])
            registry.finish_run(run, "done")


def _together(path: Path) -> set[frozenset[str]]:
    with Registry.open(path) as registry:
        rows = registry.connection.execute(
            "SELECT c.cluster_id, d.key FROM cluster_member c JOIN dataset d ON d.id = c.dataset_id"
        ).fetchall()
    groups: dict[int, set[str]] = {}
    for cluster, key in rows:
        groups.setdefault(cluster, set()).add(key)
    return {frozenset(keys) for keys in groups.values()}


def _hub(name: str, **more: object) -> Record:
    return Record(source="huggingface", id=name, name=name, **more)  # type: ignore[arg-type]


def _of(source: str, id: str, **more: object) -> Record:
    return Record(source=source, id=id, name=id, **more)  # type: ignore[arg-type]


SAME = {
    "the same DOI": (_hub("a/x", doi="10.5281/ZENODO.7"), _of("kaggle", "b/y", doi="10.5281/zenodo.7")),
    "a link to the origin": (
        _of("uci", "891", relations=(Relation("same-as", "https://www.kaggle.com/datasets/b/y"),)),
        _of("kaggle", "b/y"),
    ),
    "a place of an entry": (
        _of("catalog", "owt", distributions=(Distribution(url="huggingface:sky/owt", kind="repo"),)),
        _hub("sky/owt"),
    ),
    "files of the same digests": (
        _hub("a/x", distributions=(Distribution(url="https://e.org/1", digest="sha256:" + "a" * 64, bytes=9000),)),
        _of("kaggle", "b/y", distributions=(Distribution(url="https://f.org/2", digest="sha256:" + "a" * 64),)),
    ),
    "the same paper and nearly the same name": (
        _hub("openai/gsm8k", arxiv="2110.14168"),
        _of("kaggle", "someone/gsm-8k-dataset", arxiv="2110.14168"),
    ),
}
DIFFERENT = {
    "the same name alone": (_hub("a/snow-depth"), _of("kaggle", "b/snow-depth")),
    "the same paper alone": (_hub("a/cola", arxiv="1804.07461"), _of("kaggle", "b/sst2", arxiv="1804.07461")),
    "a paper's DOI alone": (_hub("a/x", doi="10.18653/v1/P19-1"), _of("kaggle", "b/y", doi="10.18653/v1/P19-1")),
    "one file in common": (
        _hub("a/x", distributions=(Distribution(url="https://e.org/1", digest="md5:" + "1" * 32, bytes=9000),)),
        _of(
            "kaggle",
            "b/y",
            distributions=tuple(
                Distribution(url=f"https://f.org/{n}", digest="md5:" + str(n) * 32, bytes=9000) for n in (1, 2)
            ),
        ),
    ),
    "parts that share their files": tuple(
        _of("catalog", name, distributions=(Distribution(url="https://e.org/1", digest="md5:" + "1" * 32),))
        for name in ("wmt16", "wmt17")
    ),
    "a paper that two uploads of a hub name": (
        _hub("a/gsm8k", arxiv="2110.14168"),
        _hub("b/gsm8k", arxiv="2110.14168"),
        _of("kaggle", "c/gsm8k", arxiv="2110.14168"),
    ),
    "tiny files": (
        _hub("a/x", distributions=(Distribution(url="https://e.org/1", digest="md5:" + "0" * 32, bytes=0),)),
        _of("kaggle", "b/y", distributions=(Distribution(url="https://f.org/2", digest="md5:" + "0" * 32, bytes=0),)),
    ),
    "a collection that two entries name": (
        _of("catalog", "cola", distributions=(Distribution(url="huggingface:nyu/glue", kind="repo"),)),
        _of("catalog", "sst2", distributions=(Distribution(url="huggingface:nyu/glue", kind="repo"),)),
        _hub("nyu/glue"),
    ),
    "what was derived": (_hub("a/x"), _of("uci", "1", relations=(Relation("derived-from", "huggingface:a/x"),))),
}


@pytest.mark.parametrize("records", SAME.values(), ids=SAME)
def test_what_is_the_same_is_one(tmp_path: Path, records: tuple[Record, ...]) -> None:
    path = tmp_path / "registry.db"
    _store(path, *records)
    assert _together(path) == {frozenset(record.key for record in records)}


@pytest.mark.parametrize("records", SAME.values(), ids=SAME)
def test_what_comes_later_joins_what_is_there(tmp_path: Path, records: tuple[Record, ...]) -> None:
    path = tmp_path / "registry.db"
    _store(path, _hub("other/one"), records[0])
    _store(path, *records[1:])
    assert _together(path) == {frozenset(record.key for record in records)}
    _store(path, *(_of(record.source, record.id) for record in records))
    assert _together(path) == set()


@pytest.mark.parametrize("records", DIFFERENT.values(), ids=DIFFERENT)
def test_what_may_be_different_stays_apart(tmp_path: Path, records: tuple[Record, ...]) -> None:
    path = tmp_path / "registry.db"
    _store(path, *records)
    assert _together(path) == set()


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    path = tmp_path / "registry.db"
    _store(path, *SAME["the same DOI"])
    return path


def test_an_entry_is_the_first_of_what_it_names_at_a_source_and_not_its_versions(tmp_path: Path) -> None:
    names = ("zai/long", "copy/Long", "zai/long-v2", "zai/long-plus")
    places = tuple(Distribution(url=f"huggingface:{name}", kind="repo") for name in names)
    other = Distribution(url="kaggle:b/long-texts", kind="repo")
    entry = _of("catalog", "long", distributions=(*places, other))
    _store(tmp_path / "registry.db", entry, *map(_hub, names), _of("kaggle", "b/long-texts"))
    joined = {"catalog:long", "huggingface:zai/long", "huggingface:copy/Long", "kaggle:b/long-texts"}
    assert _together(tmp_path / "registry.db") == {frozenset(joined)}


def test_what_a_person_tells_apart_stays_apart(joined: Path) -> None:
    with Registry.open(joined) as registry:
        number = registry.connection.execute("SELECT id FROM dataset WHERE key = 'kaggle:b/y'").fetchone()[0]
        assert len(members_with(registry.connection, number)) == 2
        with registry.transaction() as connection:
            assert tell_apart(connection, number, "another split", "2026-01-01T00:00:00Z") == ["huggingface:a/x"]
            again(connection)
    assert _together(joined) == set()
    _store(joined, _of("kaggle", "b/y", doi="10.5281/zenodo.7", title="newer"))
    assert _together(joined) == set()
    with Registry.open(joined) as registry, registry.transaction() as connection:
        assert put_together(connection, number) == 1
        again(connection)
    assert len(_together(joined)) == 1


def test_small_steps_and_one_large_one_agree(tmp_path: Path) -> None:
    records = [record for group in (*SAME.values(), *DIFFERENT.values()) for record in group]
    unique = {record.key: record for record in records}
    small, large = tmp_path / "small.db", tmp_path / "large.db"
    for record in unique.values():
        _store(small, record)
    _store(large, *unique.values())
    with Registry.open(large) as registry:
        again(registry.connection)
    assert _together(small) == _together(large)


def test_what_names_a_doi_joins_whichever_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    _store(path, _of("uci", "1", relations=(Relation("same-as", "https://doi.org/10.5281/ZENODO.7", "identifier"),)))
    _store(path, _of("kaggle", "b/y", doi="10.5281/zenodo.7"))
    assert _together(path) == {frozenset(("uci:1", "kaggle:b/y"))}


def test_the_home_page_of_a_site_is_no_dataset(tmp_path: Path) -> None:
    home = (Relation("same-as", "https://www.example.org/", "sameAs"),)
    _store(tmp_path / "registry.db", _of("uci", "1", relations=home), _of("kaggle", "b/y", relations=home))
    assert _together(tmp_path / "registry.db") == set()


def test_clusters_follow_a_session_that_was_killed(joined: Path) -> None:
    with Registry.open(joined) as registry:
        registry.connection.execute("DELETE FROM cluster_member")
        registry.connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
        assert refresh_clusters(registry.connection, None)
        assert not refresh_clusters(registry.connection, None)
    assert len(_together(joined)) == 1


def test_cluster_reasons_are_kept(joined: Path) -> None:
    with Registry.open(joined) as registry:
        rows = registry.connection.execute("SELECT reason FROM cluster_member").fetchall()
    assert json.dumps(rows).count("the same DOI 10.5281/zenodo.7") == 2


# -- in a search ----------------------------------------------------------------------------------------------------


def _claim(raw: str) -> tuple[LicenseClaim, ...]:
    return (LicenseClaim(raw=raw, by="card"),)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Three copies of one dataset, of which one forbids commercial use, and one dataset beside them."""
    path = tmp_path / "registry.db"
    shared: dict[str, Any] = {"doi": "10.5281/zenodo.7", "summary": "Numbat sightings in Western Australia."}
    _store(
        path,
        _hub("a/numbats", licenses=_claim("mit"), popularity=90, **shared),
        _of("kaggle", "b/numbats", licenses=_claim("CC-BY-NC-4.0"), popularity=50, **shared),
        _of("uci", "7", title="Numbats", popularity=10, **shared),
        _hub("c/other-numbats", summary="Numbat drawings.", licenses=_claim("mit")),
    )
    return path


def _search(path: Path, text: str, **more: Any) -> Result:
    return search(text, path, **more)


def test_copies_are_one_result_with_all_its_places(copies: Path) -> None:
    found = _search(copies, "numbat", facets=("source", "commercial"))
    assert [hit.key for hit in found] == ["huggingface:a/numbats", "huggingface:c/other-numbats"]
    assert found.total == 2
    assert found.hits[0].also_at == ["kaggle:b/numbats", "uci:7"]
    assert found.facets is not None
    assert sum(each.count for each in found.facets["source"]) == 2


def test_the_strictest_copy_speaks_of_the_license(copies: Path) -> None:
    hit = _search(copies, "numbat").hits[0]
    assert hit.commercial == "no"
    assert hit.license_reason.startswith("kaggle:b/numbats: ")
    assert [hit.key for hit in _search(copies, "numbat commercial:yes")] == ["huggingface:c/other-numbats"]
    assert _search(copies, "numbat commercial:yes").total == 1


def test_apart_they_are_shown_when_asked_for(copies: Path) -> None:
    found = _search(copies, "numbat", merge=False)
    assert found.total == 4
    assert all(not hit.also_at for hit in found)


def test_a_filter_finds_the_copy_that_passes_it(copies: Path) -> None:
    assert [hit.key for hit in _search(copies, "numbat source:uci")] == ["uci:7"]
    assert [hit.key for hit in _search(copies, "numbats", sort="popularity", limit=1, offset=1)] == [
        "huggingface:c/other-numbats"
    ]


@pytest.mark.parametrize("text", ["", "numbat", "drawings OR sightings", "source:uci", "numba*", "commercial:no"])
@pytest.mark.parametrize("sort", ["relevance", "popularity", "updated"])
def test_pages_totals_and_counts_agree(copies: Path, text: str, sort: str) -> None:
    whole = _search(copies, text, sort=sort, limit=50, facets=("source",))
    paged = [_search(copies, text, sort=sort, limit=1, offset=n) for n in range(len(whole))]
    assert [page.hits[0].key for page in paged] == [hit.key for hit in whole]
    assert all(page.total == whole.total or not page.total_is_exact for page in paged)
    assert sum(each.count for each in (whole.facets or {}).get("source", ())) == whole.total == len(whole)


def test_many_matches_fold_as_few_do(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    pairs = [
        (_hub(f"a/n{n}", doi=f"10.5281/z.{n}", summary="quoll"), _of("kaggle", f"b/n{n}", doi=f"10.5281/z.{n}"))
        for n in range(2100)
    ]
    _store(path, *(each for pair in pairs for each in pair), *(_hub(f"c/q{n}", summary="quoll") for n in range(10)))
    assert _search(path, "quoll", limit=5).total == 2110
    found = _search(path, "", facets=("source",), limit=5)
    assert found.total == 2110
    assert found.facets is not None
    assert {each.term: each.count for each in found.facets["source"]} == {"huggingface": 2110}


def test_of_copies_beyond_the_last_rank_one_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    _store(path, *(_of(f"s{n:03}", "x", doi="10.5281/z.1", summary="quoll") for n in range(260)))
    with Registry.open(path) as registry:
        last = registry.connection.execute("SELECT dataset_id FROM cluster_member WHERE rank = 255").fetchall()
        hidden = [_copies([Member(number, 1, 255) for (number,) in last])]
    assert len(last) == 5
    assert hidden == [frozenset(sorted(number for (number,) in last)[1:])]


# -- on the command line --------------------------------------------------------------------------------------------


def test_the_command_line_shows_copies_and_takes_one_out(copies: Path, catalog_command: Command) -> None:
    shown = catalog_command("search", "numbat", "--no-facets")
    assert "huggingface:a/numbats (+2)" in shown.stdout
    assert "kaggle:b/numbats" not in shown.stdout
    assert "kaggle:b/numbats" in catalog_command("search", "numbat", "--no-merge", "-q").stdout
    row = json.loads(catalog_command("search", "numbat", "--json").stdout)["hits"][0]
    assert row["also_at"] == ["kaggle:b/numbats", "uci:7"]
    told = catalog_command("show", "huggingface:a/numbats")
    assert "kaggle:b/numbats\n      the same DOI 10.5281/zenodo.7" in told.stdout
    assert [each["key"] for each in json.loads(catalog_command("show", "uci:7", "--json").stdout)["same_as"]] == [
        "huggingface:a/numbats",
        "kaggle:b/numbats",
    ]
    done = catalog_command("unmerge", "kaggle:b/numbats", "--because", "another split")
    assert (done.returncode, "is told apart from" in done.stderr) == (0, True)
    assert "huggingface:a/numbats (+1)" in catalog_command("search", "numbat").stdout
    assert catalog_command("unmerge", "huggingface:c/other-numbats").returncode == 3
    assert catalog_command("unmerge", "kaggle:b/numbats", "--undo").returncode == 0
    assert "huggingface:a/numbats (+2)" in catalog_command("search", "numbat").stdout


def test_a_verdict_that_was_asked_for_once_folds_nothing_later(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    shared: dict[str, Any] = {"doi": "10.5281/z.1", "summary": "quoll"}
    _store(
        path,
        _hub("a/quoll", licenses=_claim("mit"), **shared),
        _of("kaggle", "b/quoll", licenses=_claim("cc-by-nc-4.0"), **shared),
    )
    assert dict(_search(path, "quoll commercial:yes").emptied_by).get("--commercial yes") == 1
    assert _search(path, "quoll -commercial:no").total == 0


def test_show_tells_the_strictest_verdict_of_the_copies(copies: Path, catalog_command: Command) -> None:
    shown = catalog_command("show", "huggingface:a/numbats").stdout
    assert "Commercial use: no - kaggle:b/numbats:" in shown
