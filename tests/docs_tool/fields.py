"""The tables of the records format and of license classes, from the code that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from catalog import record, vocabulary
from catalog.license.classes import CLAUSES, COMMERCIAL

STRUCTS = ("Entry", "Statement", "Amount", "LicenseClaim", "Distribution", "Column", "Relation", "Tag", "Verdict")

MEANINGS = {
    "Entry": {
        "source": "Which source says it: a word of a-z, 0-9, `-` and `_`.",
        "id": "The name of the dataset at its source. `source:id` is the key.",
        "name": "The short name that people type.",
        "upstream_id": "An id of the source that survives a rename.",
        "title": "The title in English, or in the language of the source.",
        "title_zh": "The title in Chinese.",
        "summary": "One sentence.",
        "description": "The text of the source, kept as it came.",
        "url": "The page of the dataset.",
        "aliases": "Other names: old ids, short names, spellings.",
        "creators": "Who made it.",
        "publisher": "Who publishes it.",
        "created": "When it was created: ISO 8601 in UTC, to the second, day, month or year.",
        "modified": "When it last changed, in the same form.",
        "year": "The year people cite it with.",
        "revision": "The revision the record describes, such as a commit.",
        "access": "What stands between a reader and the files.",
        "access_note": "What to do about it.",
        "popularity": "One rank that compares over sources, logarithmic: 255 is a billion uses.",
        "downloads": "Downloads as the source counts them.",
        "likes": "Likes as the source counts them.",
        "votes": "Votes as the source counts them.",
        "rows": "How many rows, and who says so.",
        "bytes": "How many bytes, and who says so.",
        "tokens": "How many tokens, and who says so.",
        "doi": "The DOI.",
        "arxiv": "The arXiv id of the paper.",
        "paper": "The address of the paper.",
        "citation": "How to cite it, as the source writes it.",
        "statements": "Facet values as the source states them, before our rules.",
        "keywords": "Free keywords.",
        "licenses": "Every license claim, each with who makes it.",
        "columns": "Columns of the data.",
        "distributions": "Where it is to be had.",
        "relations": "Ties to other datasets.",
        "evidence": "Addresses that a curator read.",
        "notes": "Anything else, for people.",
        "tags": "Facet terms with rule and evidence; left out where nobody has tagged the record yet.",
        "verdict": "The license verdict; left out where it was not worked out yet.",
        "made_by": "Which version of the rules made tags and verdict.",
    },
    "Statement": {
        "facet": "Which facet.",
        "value": "The value as the source writes it.",
        "by": "Which field of the source.",
    },
    "Amount": {
        "value": "The number.",
        "source": "Who says so.",
        "lower_bound": "Whether it is only known to be at least this large.",
    },
    "LicenseClaim": {
        "raw": "The words of the claim.",
        "by": "Who makes it: a field, a card section, a paper, a site's policy, this catalog.",
        "scope": "What it covers.",
        "cls": "The license class, where a curator read the evidence.",
        "evidence": "An address or a quotation.",
        "note": "What the claim leaves out, in words.",
        "revision": "The revision it was read at.",
        "date": "When it was read.",
    },
    "Distribution": {
        "url": "An http(s) address, or a handle `source:id` that a connector turns into files.",
        "kind": "A file, a repository of files, or a page that tells the way.",
        "path": "The path of the file at its source.",
        "format": "How to read it: `parquet`, `jsonl.gz`.",
        "bytes": "Its size, where known.",
        "digest": "`sha256:`, `md5:` or `git-sha1:` and hex digits.",
        "note": "For people.",
    },
    "Column": {
        "name": "Its name.",
        "type": "Its type as the source writes it.",
        "config": "The subset it belongs to.",
        "role": "What it is for in training, where known.",
    },
    "Relation": {
        "kind": "What the tie is.",
        "target": "A key or an address.",
        "note": "For people.",
    },
    "Tag": {
        "facet": "Which facet.",
        "term": "Which term of its vocabulary.",
        "rule": "The rule that gave it.",
        "evidence": "The words it rests on.",
        "confidence": "How sure the rule is, 0 to 1.",
    },
    "Verdict": {
        "commercial": "Whether commercial use is permitted.",
        "expression": "An SPDX expression or `LicenseRef-…`; empty where no claim names a license.",
        "cls": "The license class.",
        "reason": "Why, in one line.",
        "conflicts": "Claims that disagree.",
    },
}


def record_fields() -> str:
    """A table for each struct of the records format. Raises `KeyError` for a field nobody has described here."""
    return "\n\n".join("\n".join(_struct(name)) for name in STRUCTS)


def _struct(name: str) -> Iterator[str]:
    struct: type[msgspec.Struct] = getattr(record, name)
    listed = " It is written as a list, in this order." if struct.__struct_config__.array_like else ""
    yield f"### {name}\n"
    yield f"{_first_sentence(struct)}{listed}\n"
    yield "| Field | Value | Meaning |\n| --- | --- | --- |"
    fields = msgspec.structs.fields(struct)
    assert {field.name for field in fields} == MEANINGS[name].keys(), f"{name}: describe each field, and no other"
    for field in fields:
        need = ", required" if field.required else ""
        value = _value(msgspec.inspect.type_info(field.type)) + need
        yield f"| `{field.encode_name}` | {value} | {MEANINGS[name][field.name]} |"


def _first_sentence(struct: type) -> str:
    text = " ".join((struct.__doc__ or "").split())
    return text.partition(". ")[0].partition(": `")[0].rstrip(".:") + "."


def _value(type_: Any) -> str:
    """A JSON type in words."""
    inspect = msgspec.inspect
    match type_:
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return "true or false"
        case inspect.FloatType():
            return "number"
        case inspect.IntType():
            return f"{type_.ge or 0} to {_bound(type_.le)}"
        case inspect.LiteralType():
            return " ".join(f"`{value}`" for value in type_.values)
        case inspect.StructType():
            return f"[{type_.cls.__name__}](#{type_.cls.__name__.lower()})"
        case inspect.VarTupleType():
            return f"list of {_value(type_.item_type)}"
        case inspect.UnionType():
            return _value(next(each for each in type_.types if not isinstance(each, inspect.NoneType)))
    raise TypeError(f"no words for {type_}")


def _bound(value: int | None) -> str:
    return "2⁶³-1" if value == record.MAX_INT else f"{value}"


def license_classes() -> str:
    """What each license class means for commercial use."""
    rows = [f"| {cls} | {verdict} | {CLAUSES[cls]} |" for cls, verdict in COMMERCIAL.items()]
    return "\n".join(["| Class | Commercial use | What it says |", "| --- | --- | --- |", *rows])


def license_classes_zh() -> str:
    """The same with the Chinese labels of the vocabulary."""
    words = vocabulary.load()
    labels = {facet: {term.id: term.label_zh for term in words.terms(facet)} for facet in ("license", "commercial")}
    classes, verdicts = labels["license"], labels["commercial"]
    rows = [f"| `{cls}` | {classes[cls]} | {verdicts[verdict]} |" for cls, verdict in COMMERCIAL.items()]
    return "\n".join(["| 类别 | 含义 | 能否商用 |", "| --- | --- | --- |", *rows])
