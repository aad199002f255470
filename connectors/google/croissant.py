"""What Croissant (0.8, 1.0, 1.1) adds to a schema.org Dataset: columns of record sets, and what is said of its use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from catalog.record import Amount, Column, clean, clean_count
from connectors.google.values import as_list, text, texts

Json = dict[str, Any]

MAX_COLUMNS: Final = 300
MAX_SETS: Final = 500
MAX_NOTES: Final = 4_000  # characters
NAME: Final = 120
_VERSION: Final = re.compile(r"mlcommons\.org/croissant/(\d+\.\d+)")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_croissant(node: Json) -> bool:
    """Whether a Dataset node is Croissant: by what it conforms to, or by its record sets and file objects."""
    if "mlcommons.org/croissant" in str(node.get("conformsTo"))[:500]:
        return True
    kinds = str([each.get("@type") for each in as_list(node.get("distribution"))[:5] if isinstance(each, dict)])
    return "recordSet" in node or "FileObject" in kinds or "FileSet" in kinds


def version(node: Json) -> str:
    """The version of Croissant that a document names, "" where it names none."""
    found = _VERSION.search(str(node.get("conformsTo"))[:500])
    return found[1] if found else ""


def columns(node: Json) -> tuple[Column, ...]:
    """The fields of every record set but those that only list splits, types as written without their prefix; record
    sets with the same fields once, under the name of the first."""
    found: list[Column] = []
    seen: set[frozenset[tuple[str, str]]] = set()
    for record_set in as_list(node.get("recordSet"))[:MAX_SETS]:
        if not isinstance(record_set, dict) or _lists_values(record_set):
            continue
        config = _name(record_set)
        typed = dict(_fields(record_set.get("field"), config))
        shape = frozenset(typed.items())
        if shape in seen or not typed:
            continue
        seen.add(shape)
        found.extend(Column(name, kind, config) for name, kind in typed.items())
        if len(found) >= MAX_COLUMNS:
            break
    return tuple(found[:MAX_COLUMNS])


def _lists_values(record_set: Json) -> bool:
    """Whether a record set only names the splits or values of an enumeration."""
    kinds = str(record_set.get("dataType"))[:200]
    return "Split" in kinds or "Enumeration" in kinds or _name(record_set).endswith("_splits")


def _fields(value: object, config: str, before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for field in as_list(value)[:MAX_COLUMNS]:
        if not isinstance(field, dict) or "_splits/" in str(field.get("references"))[:300]:
            continue
        name = _name(field).removeprefix(f"{config}/")
        name = name.rpartition("/")[2] if before else name
        if not name:
            continue
        inner = field.get("subField")
        if inner and depth < 4:
            yield from _fields(inner, config, f"{before}{name}.", depth + 1)
            continue
        yield before + name, _type(field)


def _type(field: Json) -> str:
    kinds = [kind.rpartition("/")[2].rpartition(":")[2] for kind in texts(field.get("dataType"), NAME)[:3]]
    many = field.get("repeated") is True or field.get("isArray") is True
    kind = "|".join(kinds)
    return f"list<{kind}>" if many and kind else kind


def _name(node: Json) -> str:
    named = text(node.get("name"), NAME)
    return named or clean(str(node.get("@id") or "").rpartition("/")[2], NAME)


def rows(node: Json) -> Amount | None:
    """How many records a document says it has: `{"size": {"value": 339, "unitText": "samples"}}`."""
    size = node.get("size")
    unit = text(size.get("unitText"), 40).lower() if isinstance(size, dict) else ""
    if not isinstance(size, dict) or unit.rstrip("s") not in ("sample", "row", "record", "example", "instance", "item"):
        return None
    count = clean_count(size.get("value"))
    return None if count is None else Amount(count, f"publisher's markup ({unit})")


def notes(node: Json) -> list[str]:
    """What the responsible-AI and provenance parts say, a line each."""
    found = []
    for key, value in list(node.items())[:300]:
        prefix, colon, name = key.partition(":")
        if colon and prefix == "rai":
            told = "; ".join(texts(value, 600)[:5])
            if told:
                found.append(f"{_WORDS.sub(' ', name).lower()}: {told}")
    live = node.get("isLiveDataset")
    if live is True or live == "true":
        found.append("live dataset: its content changes")
    return found
