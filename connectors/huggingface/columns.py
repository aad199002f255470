"""Columns, rows and bytes from `dataset_info`, in every shape that cards and the dataset viewer have used.

Cards: one mapping or a list of them, each with `config_name`, `features` (a list of named features, nested through
`sequence`, `list` and `struct`) and `splits`. The viewer: `{config: {"features": {column: {"dtype", "_type"}}}}`.
All of it is written by strangers: whatever has another shape is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from catalog.record import MAX_INT, Amount, Column, clean, clean_count

Json = dict[str, Any]

MAX_COLUMNS: Final = 300
MAX_CONFIGS: Final = 1000
MAX_DEPTH: Final = 6
NAME: Final = 120  # characters of a column or config name
TYPE: Final = 240  # characters of a type
CARD: Final = "card dataset_info"
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NESTED: Final = ("list", "sequence", "large_list", "struct")
_PLAIN: Final = ("class_label", "translation", "translation_variable_languages")


def configs(info: object) -> list[tuple[str, Json]]:
    """The subsets of a `dataset_info` as (config name, its part); the name is "" where there is none."""
    if isinstance(info, list):
        parts = [part for part in info[:MAX_CONFIGS] if isinstance(part, dict)]
        return [(clean(part.get("config_name"), NAME), part) for part in parts]
    if not isinstance(info, dict):
        return []
    if any(key in info for key in ("features", "splits", "dataset_size", "download_size")):
        return [(clean(info.get("config_name"), NAME), info)]
    named = list(info.items())[:MAX_CONFIGS]
    return [(clean(name, NAME), part) for name, part in named if isinstance(part, dict)]


def columns(parts: list[tuple[str, Json]]) -> tuple[Column, ...]:
    """The columns of each subset; subsets with the same columns are given once, under the first one's name."""
    found: list[Column] = []
    seen: set[frozenset[tuple[str, str]]] = set()
    for config, part in parts:
        typed = {name: type_name(feature) for name, feature in _features(part.get("features"))}
        shape = frozenset(typed.items())
        if shape in seen:
            continue
        seen.add(shape)
        found.extend(Column(name, kind, config) for name, kind in typed.items())
        if len(found) >= MAX_COLUMNS:
            break
    return tuple(found[:MAX_COLUMNS])


def rows(parts: list[tuple[str, Json]]) -> Amount | None:
    """Examples over all splits of all subsets; a lower bound where a subset does not count its own."""
    return _sum([_over_splits(part, "num_examples") for _, part in parts])


def stored_bytes(parts: list[tuple[str, Json]]) -> Amount | None:
    """Bytes over all splits, else the size that each subset names for itself (`dataset_size`)."""
    sizes = [_over_splits(part, "num_bytes") or clean_count(part.get("dataset_size")) for _, part in parts]
    return _sum(sizes)


def type_name(feature: object, depth: int = 0) -> str:
    """A type in the source's words, nested ones as `list<struct<role: string, content: string>>`."""
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(feature, str):
        return clean(feature, TYPE)
    if isinstance(feature, list):
        named = list(_features(feature))
        return _struct(named, depth) if named else type_name(feature[0], depth + 1) if feature else ""
    return _mapping_type(feature, depth)[:TYPE] if isinstance(feature, dict) else ""


def _mapping_type(feature: Json, depth: int) -> str:
    for word in _PLAIN:
        if word in feature:
            return word
    for word in _NESTED:
        if word in feature:
            inner = type_name(feature[word], depth + 1)
            return inner if word == "struct" else f"{word}<{inner}>"
    kind = feature.get("_type")
    if isinstance(kind, str) and kind != "Value":
        word = _WORDS.sub("_", clean(kind, NAME)).lower()
        return f"{word}<{type_name(feature['feature'], depth + 1)}>" if "feature" in feature else word
    dtype = feature.get("dtype")
    if isinstance(dtype, dict):
        return clean(next(iter(dtype), ""), NAME)
    if isinstance(dtype, str):
        return clean(dtype, TYPE)
    return _struct([(name, inner) for name, inner in _features(feature) if isinstance(inner, (dict, list))], depth)


def _struct(fields: list[tuple[str, object]], depth: int) -> str:
    inner = ", ".join(f"{name}: {type_name(feature, depth + 1)}" for name, feature in fields)
    return f"struct<{inner}>" if inner else ""


def _features(value: object) -> Iterator[tuple[str, object]]:
    """(name, feature) of a list of named features or of a mapping from name to feature."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(item["name"], item) for item in value[:MAX_COLUMNS] if isinstance(item, dict) and "name" in item]
    else:
        return
    for name, feature in pairs[:MAX_COLUMNS]:
        if text := clean(name if isinstance(name, str) else _number(name), NAME):
            yield text, feature


def _number(name: object) -> str:
    """Columns called 0, 1, 2 come as whole numbers."""
    count = clean_count(name)
    return "" if count is None else str(count)


def _over_splits(part: Json, key: str) -> int | None:
    splits = part.get("splits")
    rows = list(splits.values()) if isinstance(splits, dict) else splits if isinstance(splits, list) else []
    counts = [clean_count(split.get(key)) for split in rows if isinstance(split, dict)]
    return sum(count for count in counts if count is not None) or None


def _sum(counts: list[int | None]) -> Amount | None:
    known = [count for count in counts if count]
    total = sum(known)
    if not known or total > MAX_INT:
        return None
    return Amount(total, CARD, lower_bound=len(known) < len(counts))
