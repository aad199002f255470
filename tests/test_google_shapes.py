"""Where the markup of a Dataset stands in a page, and in which shapes it comes: what is found, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.google.extract import decode, linked, read

PAGE = "https://data.example.org/sets/1"
NAME = "Ocean survey"
SET = {"@context": "https://schema.org", "@type": "Dataset", "name": NAME, "description": "A " * 40}


def script(value: Any, kind: str = 'type="application/ld+json"') -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"<script {kind}>{text}</script>"


def html(*parts: str) -> str:
    return f"<!DOCTYPE html><html><head><title>A page</title>{''.join(parts)}</head><body><p>Text</p></body></html>"


def names(page: str | bytes, kind: str = "text/html; charset=utf-8") -> list[str]:
    body = page if isinstance(page, bytes) else page.encode()
    return [record.name for record in read(body, kind, PAGE).records]


def with_(**more: Any) -> dict[str, Any]:
    return {**SET, **more}


def another(name: str, **more: Any) -> dict[str, Any]:
    return {"@type": "Dataset", "name": name, "description": "B " * 40, **more}


def graph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@graph": list(nodes)}


TEXT = json.dumps(SET)

# -- in the page ------------------------------------------------------------------------------------------------------

TAGS = {
    "plain": 'type="application/ld+json"',
    "single quotes": "type='application/ld+json'",
    "no quotes": "type=application/ld+json",
    "capitals": 'TYPE="Application/LD+JSON"',
    "spaces": 'type = "application/ld+json" ',
    "parameter": 'type="application/ld+json; charset=utf-8"',
    "profile": 'type="application/ld+json;profile=&quot;http://mlcommons.org/croissant/1.1&quot;"',
    "escaped plus": 'type="application/ld&#43;json"',
    "other attributes": 'id=x data-rh="true" class="a b" type="application/ld+json" async',
    "an attribute with a bracket": 'data-x="a > b" type="application/ld+json"',
    "line ends": '\n  type="application/ld+json"\n',
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_script_tags(tag: str) -> None:
    assert names(html(script(SET, tag))) == [NAME]


BODIES = {
    "byte order mark": "\ufeff" + TEXT,
    "CDATA": f"<![CDATA[{TEXT}]]>",
    "CDATA behind slashes": f"\n//<![CDATA[\n{TEXT}\n//]]>\n",
    "CDATA in a comment": f"/*<![CDATA[*/{TEXT}/*]]>*/",
    "HTML comment": f"<!--\n{TEXT}\n-->",
    "HTML comment behind slashes": f"<!--\n{TEXT}\n//-->",
    "semicolon": f"{TEXT};",
    "spaces": f"\n\t  {TEXT}\n\n",
    "a tag in a text": json.dumps(with_(alternateName="<script>x</scrip><!-- y -->")),
    "control characters": TEXT.replace("A A", "A\n\tA\x01A", 1),
    "capital script in a text": json.dumps(with_(alternateName="a <SCRIPT> b")),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_script_bodies(body: str) -> None:
    assert names(html(script(body))) == [NAME]


NOT_MARKUP = {
    "a comment": f"<!-- {script(SET)} -->",
    "another type": script(SET, 'type="application/json"'),
    "no type": script(SET, "id=x"),
    "a text area": f"<textarea>{script(SET).replace('</script>', '')}</textarea>",
    "a script's text": f"<script>var x = '<script type=\"application/ld+json\">{TEXT}<\\/script>';</script>",
    "a comment that never ends": f"<!-- {script(SET)}",
}


@pytest.mark.parametrize("part", NOT_MARKUP.values(), ids=NOT_MARKUP)
def test_what_is_no_markup(part: str) -> None:
    assert names(html(part)) == []


def test_one_broken_block_costs_itself_alone() -> None:
    page = html("\n\n", script('{"@type": "Dataset",\n "name": }'), script(SET), script("[1, 2"))
    found = read(page.encode(), "text/html", PAGE)
    assert [record.name for record in found.records] == [NAME]
    assert found.problems[0].startswith("JSON-LD block 1 is broken at line 4: ")
    assert found.problems[1].startswith("JSON-LD block 3 is broken at line 4: ")


@pytest.mark.parametrize(
    "body", ["", "  ", "{", "[", "}{", "{} {}", '{"a": 1} x', "[" * 2_000, "9" * 5_000, "<!-- -->"]
)
def test_broken_blocks_are_told(body: str) -> None:
    found = read(html(script(body)).encode(), "text/html", PAGE)
    assert not found.records
    assert "broken at line 1" in found.problems[0]


@pytest.mark.parametrize(
    "kind", ["application/ld+json", "application/json; charset=utf-8", "application/vnd.x+json", ""]
)
def test_a_document_of_its_own(kind: str) -> None:
    assert names(TEXT, kind) == [NAME]
    assert names("\ufeff" + TEXT, kind) == [NAME]


@pytest.mark.parametrize(
    ("encoding", "kind", "head"),
    [
        ("utf-8", "text/html", ""),
        ("iso-8859-1", "text/html; charset=ISO-8859-1", ""),
        ("iso-8859-1", "text/html", '<meta charset="iso-8859-1">'),
        ("cp1252", "text/html", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'),
        ("utf-8", "text/html; charset=iso-8859-1", ""),
        ("cp1252", "text/html; charset=nonsense", ""),
        ("cp1252", "text/html; charset=rot13", ""),
        ("utf-16", "text/html", ""),
        ("utf-16-le", "text/html; charset=utf-16le", ""),
        ("utf-8", "text/html; charset=utf-16", ""),
        ("iso-8859-15", "text/html; charset=iso-8859-15", ""),
    ],
)
def test_declared_encodings(encoding: str, kind: str, head: str) -> None:
    page = html(head, script(json.dumps(with_(name="Océan à l’été"), ensure_ascii=False).replace("’", "'")))
    assert names(page.encode(encoding), kind) == ["Océan à l'été"]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "shift_jis", "euc-kr", "iso-2022-jp"])
def test_eastern_encodings(encoding: str) -> None:
    name = {"euc-kr": "해양", "gb18030": "医疗", "big5": "醫療"}.get(encoding, "医療")
    page = html(script(json.dumps(with_(name=name), ensure_ascii=False)))
    assert names(page.encode(encoding), f"text/html; charset={encoding}") == [name]


def test_decoding_never_fails() -> None:
    for kind in ("", "text/html; charset=utf-16", "text/html; charset=utf-8", "charset=" + "x" * 999, "charset=utf-7"):
        assert isinstance(decode(bytes(range(256)) * 3, kind), str)


# -- in the document --------------------------------------------------------------------------------------------------

PREFIXED = {"@context": {"schema": "https://schema.org/"}, "@type": "schema:Dataset", "schema:name": NAME}
FOUND: dict[str, tuple[Any, list[str]]] = {
    "a list": ([SET], [NAME]),
    "a list in a list": ([[SET]], [NAME]),
    "a graph": (graph(SET), [NAME]),
    "a graph that is one node": ({"@context": "https://schema.org", "@graph": SET}, [NAME]),
    "type in a list": (with_(**{"@type": ["Thing", "Dataset"]}), [NAME]),
    "http type": (with_(**{"@type": "http://schema.org/Dataset"}), [NAME]),
    "https type": (with_(**{"@type": "https://schema.org/Dataset"}), [NAME]),
    "prefixed": (PREFIXED, [NAME]),
    "a prefix of its own": (
        {"@context": {"zz": "http://schema.org/"}, "@type": "zz:Dataset", "zz:name": NAME},
        [NAME],
    ),
    "whole addresses": (
        [{"@type": ["http://schema.org/Dataset"], "http://schema.org/name": [{"@value": NAME}]}],
        [NAME],
    ),
    "aliases of type and id": ({"@context": "https://schema.org", "type": "Dataset", "id": "#x", "name": NAME}, [NAME]),
    "no context": ({"@type": "Dataset", "name": NAME}, [NAME]),
    "context with vocab": ({"@context": {"@vocab": "http://schema.org/"}, "@type": "Dataset", "name": NAME}, [NAME]),
    "a written mistake": (with_(**{"@type": "DataSet"}), [NAME]),
    "a feed": (with_(**{"@type": "DataFeed"}), [NAME]),
    "a catalog": ({"@type": "DataCatalog", "name": "All", "dataset": [SET, another("B")]}, [NAME, "B"]),
    "a main entity": ({"@type": "WebPage", "mainEntity": SET}, [NAME]),
    "an item list": ({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": SET}]}, [NAME]),
    "a reference": (graph({"@type": "DataCatalog", "dataset": {"@id": "#a"}}, {"@id": "#a", **SET}), [NAME]),
    "two datasets": ([SET, another("B", url="https://data.example.org/sets/2")], [NAME, "B"]),
    "the same one twice": ([SET, SET], [NAME]),
    "the same one with a DOI": ([SET, with_(identifier="doi:10.1234/ABC")], [NAME]),
    "parts": (with_(hasPart=[another("B"), {"@type": "Dataset", "name": "only a name"}]), [NAME, "B"]),
    "parts by reference": (graph({**SET, "hasPart": [{"@id": "#b"}]}, another("B", **{"@id": "#b"})), [NAME, "B"]),
    "a part of which little is said": (
        graph({**SET, "hasPart": [{"@id": "#b"}]}, {"@id": "#b", "@type": "Dataset", "name": "folder"}),
        [NAME],
    ),
    "a name in languages": (
        with_(name=[{"@value": "Mer", "@language": "fr"}, {"@value": "Sea", "@language": "en"}]),
        ["Sea"],
    ),
    "a map of languages": (with_(name={"fr": "Mer", "en": "Sea"}), ["Sea"]),
    "a language of any": (with_(name={"fr": "Mer", "de": "Meer"}), ["Mer"]),
    "only an alternate name": ({"@type": "Dataset", "alternateName": NAME}, [NAME]),
    "a value": (with_(name={"@value": NAME}), [NAME]),
    "a set": (with_(name={"@set": [NAME]}), [NAME]),
    "software": (with_(**{"@type": "SoftwareSourceCode"}), []),
    "an article about one": (
        {"@type": "ScholarlyArticle", "name": "x", "about": SET, "citation": SET, "isBasedOn": SET},
        [],
    ),
    "another vocabulary": ({"@type": "http://example.org/Dataset", "name": NAME}, []),
    "a type without any context": ({"type": "Dataset", "name": NAME}, []),
    "no name": ({"@type": "Dataset", "description": "x"}, []),
    "an empty graph": (graph(), []),
    "numbers": (3, []),
    "null": (None, []),
}


@pytest.mark.parametrize(("value", "found"), FOUND.values(), ids=FOUND)
def test_documents(value: Any, found: list[str]) -> None:
    assert names(html(script(value))) == found


@pytest.mark.parametrize("name", ["license", "sameAs", "isPartOf", "isBasedOn", "citation", "includedInDataCatalog"])
def test_a_dataset_in_a_property_is_no_record(name: str) -> None:
    other = another("Other", **{"@id": "https://other.example/2"})
    assert names(html(script(with_(**{name: other})))) == [NAME]
    flat = graph(with_(**{name: {"@id": other["@id"]}}), other)
    assert names(html(script(flat))) == [NAME]


def test_references_are_filled_in() -> None:
    people = {"@id": "_:p", "@type": "Person", "name": "Ada"}
    files = {"@id": "_:f", "@type": "DataDownload", "contentUrl": "/a.csv", "encodingFormat": {"@id": "_:csv"}}
    csv = {"@id": "_:csv", "@type": "DefinedTerm", "name": "text/csv"}
    found = read(
        html(script(graph(with_(creator={"@id": "_:p"}, distribution=[{"@id": "_:f"}]), people, files, csv))).encode(),
        "text/html",
        PAGE,
    )
    (record,) = found.records
    assert record.creators == ("Ada",)
    assert [(place.url, place.format) for place in record.distributions] == [("https://data.example.org/a.csv", "csv")]


def test_references_in_circles_end() -> None:
    one = {**SET, "@id": "#a", "isPartOf": {"@id": "#b"}, "creator": {"@id": "#c"}}
    two = another("B", **{"@id": "#b", "hasPart": {"@id": "#a"}})
    person = {"@id": "#c", "@type": "Person", "name": "Ada", "knows": {"@id": "#c"}, "worksFor": {"@id": "#a"}}
    assert NAME in names(html(script(graph(one, two, person))))


def test_unknown_types_are_named() -> None:
    found = read(html(script({"@type": "SoftwareSourceCode", "name": "x"})).encode(), "text/html", PAGE)
    assert found.problems == ("The markup describes no Dataset, only SoftwareSourceCode.",)
    assert "no JSON-LD" in read(html().encode(), "text/html", PAGE).problems[0]


def test_what_google_asks_for_is_noted() -> None:
    short = read(html(script(with_(description="Too short."))).encode(), "text/html", PAGE)
    assert "10 characters; Google requires 50" in short.notes[0]
    none = read(html(script({"@type": "Dataset", "name": NAME})).encode(), "text/html", PAGE)
    assert "no description" in none.notes[0]


# -- microdata and RDFa -----------------------------------------------------------------------------------------------

MICRODATA = """
<div itemscope itemtype="https://schema.org/Dataset" itemid="#x">
 <h1 itemprop="name">Ocean <b>survey</b></h1><meta itemprop="description" content="A description of the ocean">
 <a itemprop="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>
 <span itemprop="creator" itemscope itemtype="http://schema.org/Person"><span itemprop="name">Ada</span></span>
 <ul><li itemprop="keywords">ocean<li itemprop="keywords">salt</ul>
 <time itemprop="datePublished" datetime="2021-03-04">4 March</time>
 <div itemprop="distribution" itemscope itemtype="http://schema.org/DataDownload">
  <link itemprop="contentUrl" href="/a.csv"><meta itemprop="encodingFormat" content="text/csv"></div>
 <p itemprop="isBasedOn" itemscope itemtype="http://schema.org/Dataset"><i itemprop="name">Not a record</i></p>
</div>"""
RDFA = """
<div vocab="https://schema.org/" typeof="Dataset" resource="#x"><h1 property="name">Ocean <b>survey</b></h1>
 <p property="description">A description of the ocean</p><span property="keywords">ocean</span>
 <a property="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>
 <div property="creator" typeof="Person"><span property="name">Ada</span></div></div>"""


def test_microdata() -> None:
    found = read(html(MICRODATA).encode(), "text/html", PAGE)
    (record,) = found.records
    assert found.syntax == ("microdata",)
    assert (record.name, record.description) == (NAME, "A description of the ocean")
    assert record.creators == ("Ada",)
    assert record.keywords == ("ocean", "salt")
    assert record.created == "2021-03-04"
    assert [claim.raw for claim in record.licenses] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert [place.url for place in record.distributions] == ["https://data.example.org/a.csv"]


def test_rdfa() -> None:
    found = read(html(RDFA).encode(), "text/html", PAGE)
    (record,) = found.records
    assert (found.syntax, record.name, record.creators) == (("RDFa",), NAME, ("Ada",))
    assert [claim.raw for claim in record.licenses] == ["https://creativecommons.org/licenses/by/4.0/"]


def test_jsonld_goes_before_microdata() -> None:
    assert read(html(MICRODATA, script(with_(name="From JSON"))).encode(), "text/html", PAGE).syntax == ("JSON-LD",)


@pytest.mark.parametrize("cut", range(0, len(MICRODATA), 37))
def test_microdata_that_is_cut_off(cut: int) -> None:
    read(html(MICRODATA[:cut]).encode(), "text/html", PAGE)


# -- what a page says of itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["noindex", "NOINDEX, nofollow", "none", "follow,noindex"])
def test_a_page_that_asks_not_to_be_kept(content: str) -> None:
    found = read(html(f'<meta name="Robots" content="{content}">', script(SET)).encode(), "text/html", PAGE)
    assert not found.records
    assert "asks not to be kept" in found.problems[0]


def test_a_word_in_the_text_keeps_nobody_out() -> None:
    head = '<meta name="description" content="noindex"><meta name="googlebot-news" content="noindex">'
    assert names(html(head, script(SET))) == [NAME]


@pytest.mark.parametrize("entity", ["&#" + "9" * 5_000 + ";", "&#" + "0" * 5_000 + "65", "&#x" + "f" * 5_000 + ";"])
def test_a_number_of_thousands_of_digits_is_no_letter(entity: str) -> None:
    node = {"@context": "https://schema.org", "@type": "Dataset", "name": "Tides", "description": f"High {entity} low"}
    page = f'<script type="application/ld+json" id="{entity}">{json.dumps(node)}</script>'
    (record,) = read(page.encode(), "text/html", "https://a.org/1").records
    assert record.description == "High \ufffd low"
    name = f'<b itemprop="name" title="{entity}">Tides {entity}</b>'
    tag = f'<p itemscope itemtype="https://schema.org/Dataset">{name}</p>'
    assert read(tag.encode(), "text/html", "https://a.org/1").records[0].name == "Tides \ufffd"


def test_nodes_that_all_refer_to_each_other_are_not_copied_without_end() -> None:
    """Two levels deep these would be 300 to the power of four."""
    others = [{"@id": f"#{number}"} for number in range(300)]
    nodes = [{"@type": "Dataset", "@id": each["@id"], "name": "n", "creator": others} for each in others]
    found = read(json.dumps({"@context": "https://schema.org", "@graph": nodes}).encode(), "", "https://a.org/1")
    assert found.records


def test_of_many_broken_blocks_the_first_are_told() -> None:
    page = '<script type="application/ld+json">{"a":</script>\n' * 100_000
    problems = read(page.encode(), "text/html", "https://a.org/1").problems
    assert len(problems) == 100
    assert problems[99].startswith("JSON-LD block 100 is broken at line 100:")


def test_of_many_links_the_first_are_followed() -> None:
    page = '<link rel="alternate" type="application/ld+json" href="/a">' * 80_000
    assert read(page.encode(), "text/html", "https://a.org/1").notes == ("JSON-LD is linked at https://a.org/a",)


def test_a_header_of_spaces_is_read_in_passing() -> None:
    page = b'<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Thing"}</script>'
    kind = f"text/html; charset={' ' * 90_000}!"
    assert read(page, kind, "https://a.org/1").problems == ("The markup describes no Dataset, only Thing.",)


def test_a_type_that_is_no_text_is_told_as_far_as_it_is() -> None:
    page = b'<script type="application/ld+json">{"@context": "https://schema.org", "@type": "\\ud800Thing"}</script>'
    (problem,) = read(page, "text/html", "https://a.org/1").problems
    assert problem == "The markup describes no Dataset, only \ufffdThing."


def test_links_to_jsonld_of_the_same_host() -> None:
    kind = 'type="application/ld+json"'
    page = html(
        f'<link rel="describedby" {kind} href="/meta.jsonld">',
        f'<link rel="alternate" {kind} href="https://elsewhere.example/x.jsonld">',
        '<link rel="alternate" type="application/rss+xml" href="/feed">',
        f"<link rel=alternate {kind} href='javascript:alert(1)'>",
    )
    assert linked(page, PAGE) == ("https://data.example.org/meta.jsonld",)
    assert read(page.encode(), "text/html", PAGE).notes == (
        "JSON-LD is linked at https://data.example.org/meta.jsonld",
    )


def test_the_canonical_address_is_the_identity() -> None:
    page = html('<link rel="canonical" href="/sets/one">', script(SET))
    (record,) = read(page.encode(), "text/html", f"{PAGE}?session=1").records
    assert record.id == "https://data.example.org/sets/one"
    far = html('<link rel="canonical" href="https://elsewhere.example/">', script(SET))
    (record,) = read(far.encode(), "text/html", PAGE).records
    assert record.id == PAGE


def test_croissant_and_schema_of_one_dataset_are_one_record() -> None:
    food = with_(
        **{"@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0"},
        recordSet=[{"@type": "cr:RecordSet", "name": "r", "field": [{"name": "r/text", "dataType": "sc:Text"}]}],
    )
    found = read(html(script(with_(license="MIT")), script(food)).encode(), "text/html", PAGE)
    (record,) = found.records
    assert found.syntax == ("JSON-LD, Croissant 1.0",)
    assert [column.name for column in record.columns] == ["text"]
    assert [claim.raw for claim in record.licenses] == ["MIT"]
