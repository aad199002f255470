"""Finding the Dataset nodes of a JSON-LD document: in lists, graphs, catalogs and below what a page is about.

No context is ever fetched. Names count as schema.org's, DCAT's or Croissant's by their prefix, whole address, or the
context that stands in the document. A Dataset in a property of another one (its license, what it is the same as, part
of or made from) describes that one and is no record; a part of a Dataset with a name and a description is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.google import dcat
from connectors.google.values import as_list

Json = dict[str, Any]

MAX_BRACKETS: Final = 300_000  # lists and objects of one text
MAX_NODES: Final = 50_000  # nodes of one document that are looked at
MAX_DEPTH: Final = 60  # levels of a document
MAX_FOUND: Final = 2_000  # Dataset nodes of one document
MAX_FILLED: Final = 100_000  # nodes of one document that are copied to where others refer to them

DATASETS: Final = frozenset({"dataset", "datafeed", "completedatafeed", "datasetseries"})
"""Types in lower case, as archives write `DataSet` too."""
HOLDERS: Final = ("mainEntity", "dataset", "itemListElement", "item", "@included", "@graph")
"""Properties below which a Dataset is what the page is about."""
_PREFIX: Final = re.compile(
    r"(?:schema|schemaorg|sdo|sc|s|so|cr|ml|dcat|dct|dcterms|dc|foaf|adms|vcard|locn|prov|skos):"
)
_SPACES: Final = (
    *("http://schema.org/", "https://schema.org/", "http://www.schema.org/", "https://www.schema.org/"),
    *("http://mlcommons.org/croissant/", "http://mlcommons.org/schema/", "https://mlcommons.org/croissant/"),
    *(dcat.DCAT, *dcat.TERMS),
)
_LONG: Final = re.compile("|".join(map(re.escape, sorted(_SPACES, key=len, reverse=True))))
_NEEDS_WORK: Final = re.compile(
    rf'"(?:{_PREFIX.pattern[:-1]}:[A-Za-z]+|https?://[^"\s]{{3,60}}[/#][A-Za-z]{{1,40}})"\s*:'
)
_OPEN: Final = re.compile(r"(?:[\s\ufeff;]++|//|/\*|\*/|<!\[CDATA\[|<!--|-->)*+")
_CLOSE: Final = re.compile(r"(?:[\s;\x00]++|//|/\*|\*/|\]\]>|<!--|-->)*+\Z")
_decoder: Final = json.JSONDecoder(strict=False)


class Broken(ValueError):
    """JSON that cannot be read: `line` of the text (from 1) and why."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def parse(text: str) -> Any:
    """The value of a JSON text, freed of the wrappers that pages put around it (CDATA, comments). Raises `Broken`."""
    match = _OPEN.match(text)
    start = match.end() if match else 0
    if start == len(text):
        raise Broken("it is empty")
    if text.count("{") + text.count("[") > MAX_BRACKETS:
        raise Broken(f"it has more than {MAX_BRACKETS:,} lists and objects")
    try:
        value, end = _decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise Broken(f"{error.msg} at column {error.colno}", error.lineno) from None
    except RecursionError:
        raise Broken("it is nested too deeply") from None
    except ValueError as error:
        raise Broken(str(error)[:120]) from None
    if not _CLOSE.match(text, end):
        raise Broken("more text follows the value", text.count("\n", 0, end) + 1)
    return value


@dataclass
class Found:
    """The Dataset nodes of a document, their names plain (`name`, not `schema:name`), and what else it tells of:
    the types of its other nodes."""

    nodes: list[Json] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def datasets(document: Any, source: str = "") -> Found:
    """The Dataset nodes of a parsed document. `source` is its text, where it is at hand: it tells fast whether names
    need their prefixes taken off. Never raises."""
    prefixes = _prefixes(document)
    if not source or prefixes or _NEEDS_WORK.search(source):
        document = _plain(document, prefixes, [MAX_NODES])
    walk = _Walk(document)
    return walk.found


def types(node: Json) -> list[str]:
    """The types of a node without prefixes: `Dataset` for `schema:Dataset` and `https://schema.org/Dataset`."""
    given = node.get("@type", node.get("type"))
    if isinstance(given, str):
        return [local(given)]
    return [local(each) for each in as_list(given)[:20] if isinstance(each, str)]


def local(name: str) -> str:
    """A term without the prefix or address of its vocabulary."""
    match = _PREFIX.match(name) or _LONG.match(name)
    return name[match.end() :] if match else name


def is_dataset(node: Json) -> bool:
    """Whether a node is a Dataset."""
    given = node.get("@type", node.get("type"))
    if given == "Dataset":
        return True
    return any(kind.lower() in DATASETS for kind in types(node))


def _prefixes(document: Any) -> tuple[str, ...]:
    """Prefixes that contexts of this document give to schema.org and the other vocabularies read here."""
    found = []
    for node in as_list(document)[:20]:
        for context in as_list(node.get("@context") if isinstance(node, dict) else None)[:20]:
            for name, target in context.items() if isinstance(context, dict) else ():
                if isinstance(target, str) and target in _SPACES and not name.startswith("@"):
                    found.append(f"{name}:")
    return tuple(found)


def _plain(value: Any, prefixes: tuple[str, ...], left: list[int], depth: int = 0) -> Any:
    """A copy of a document whose names have no prefixes; of too large or deep a one, its beginning."""
    if isinstance(value, list):
        return [_plain(item, prefixes, left, depth + 1) for item in value] if depth < MAX_DEPTH else []
    if not isinstance(value, dict):
        return value
    left[0] -= 1
    if depth >= MAX_DEPTH or left[0] < 0:
        return {}
    made: Json = {}
    for name, inner in value.items():
        if name == "@context":
            made[name] = inner
            continue
        short = _short(name, prefixes) if ":" in name else name
        made.setdefault(short, _plain(inner, prefixes, left, depth + 1))
    if prefixes and isinstance(made.get("@type"), (str, list)):
        made["@type"] = [_short(each, prefixes) for each in as_list(made["@type"])[:20] if isinstance(each, str)]
    return made


def _short(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        if name.startswith(prefix):
            return name[len(prefix) :]
    return local(name)


class _Walk:
    """One walk over a document: its nodes by their @id, and the Datasets in the order they stand."""

    def __init__(self, document: Any) -> None:
        self.found = Found()
        self._by_id: dict[str, Json] = {}
        self._seen: set[int] = set()
        self._left = MAX_NODES
        # schema.org's context lets `type` stand for `@type`; without any context it is a word like others
        self._aliases = any("@context" in node for node in as_list(document) if isinstance(node, dict))
        self._index(document)
        self._visit(document, 0)
        self._drop_described()

    def _index(self, document: Any) -> None:
        """Nodes of graphs by their @id, for what refers to them."""
        for node in as_list(document):
            graph = node.get("@graph") if isinstance(node, dict) else None
            for each in [node, *(graph if isinstance(graph, list) else [graph])][:MAX_NODES]:
                if isinstance(each, dict) and isinstance(each.get("@id"), str) and len(each) > 1:
                    self._by_id.setdefault(each["@id"], each)

    def _visit(self, value: Any, depth: int) -> None:
        if depth > MAX_DEPTH or self._left <= 0:
            return
        if isinstance(value, list):
            for item in value:
                if isinstance(item, (dict, list)):
                    self._visit(item, depth + 1)
            return
        if not isinstance(value, dict) or id(value) in self._seen:
            return
        self._left -= 1
        node = self._resolved(value)
        if id(node) in self._seen:
            return
        self._seen.update((id(value), id(node)))
        dataset = is_dataset(node) and ("@type" in node or self._aliases)
        if dataset and len(self.found.nodes) < MAX_FOUND:
            self.found.nodes.append(node)
        elif not dataset:
            self.found.others.extend(types(node)[:3] if len(self.found.others) < 50 else ())
        self._below(node, dataset, depth)

    def _below(self, node: Json, dataset: bool, depth: int) -> None:
        for name in HOLDERS:
            if name in node and not (dataset and name in ("mainEntity", "item")):
                self._visit(node[name], depth + 1)
        if "hasPart" in node and (dataset or not {"DataCatalog", "Collection", "Catalog"}.isdisjoint(types(node))):
            for part in as_list(node["hasPart"]):
                part = self._resolved(part) if isinstance(part, dict) else None
                if part is not None and part.get("name") and part.get("description"):
                    self._visit(part, depth + 1)

    def _resolved(self, node: Json) -> Json:
        """The node that `{"@id": ...}` stands for in this document, else itself."""
        if "@id" in node and len(node) <= 2 and isinstance(node["@id"], str):
            return self._by_id.get(node["@id"], node)
        return node

    def _drop_described(self) -> None:
        """Take out nodes of the graph that only describe another Dataset, fill references in those that stay."""
        nodes = self.found.nodes
        if self._by_id and len(nodes) > 1:
            described = {name for node in nodes for name in _references(node)}
            parts = {name for node in nodes for name in _ids(node.get("hasPart"))}
            kept = [node for node in nodes if "hasPart" in node or not _only_tells(node, described, parts)]
            nodes = kept or nodes
        if self._by_id:
            left = [MAX_FILLED]
            nodes = [_filled(node, self._by_id, left) for node in nodes]
        if len(nodes) > 1:
            nodes = [node for node in nodes if _says_something(node)] or nodes[:1]
        self.found.nodes = nodes


_TIES: Final = ("license", "sameAs", "isPartOf", "isBasedOn", "citation", "subjectOf", "includedInDataCatalog", "about")


def _references(node: Json) -> Iterator[str]:
    """The ids of nodes that a Dataset refers to, but for its parts."""
    own = node.get("@id")
    for name in _TIES:
        yield from (each for each in _ids(node.get(name)) if each != own)


def _ids(value: Any) -> Iterator[str]:
    """The ids of nodes that a value refers to."""
    for each in as_list(value):
        if isinstance(each, dict) and isinstance(each.get("@id"), str):
            yield each["@id"]


def _only_tells(node: Json, described: set[str], parts: set[str]) -> bool:
    """Whether a node of the graph is no record: another Dataset refers to it, or it is a part that says little."""
    name = node.get("@id")
    return name in described or (name in parts and not (node.get("name") and node.get("description")))


def _filled(node: Json, by_id: dict[str, Json], left: list[int], depth: int = 0) -> Json:
    """A node with the nodes it refers to in their place, two levels deep, as long as some are `left`: nodes that all
    refer to each other would be copied without end."""
    if left[0] < 0:
        return node
    made: Json = {}
    for name, value in node.items():
        if name in ("hasPart", "@reverse", "isPartOf", "recordSet"):
            made[name] = value
        elif isinstance(value, list):
            made[name] = [_put(each, by_id, left, depth) for each in value]
        else:
            made[name] = _put(value, by_id, left, depth)
    return made


def _put(value: Any, by_id: dict[str, Json], left: list[int], depth: int) -> Any:
    if not isinstance(value, dict):
        return value
    left[0] -= 1
    target = by_id.get(value["@id"]) if isinstance(value.get("@id"), str) and len(value) <= 2 else None
    found = value if target is None else target
    return _filled(found, by_id, left, depth + 1) if depth < 2 else found


def _says_something(node: Json) -> bool:
    return any(name in node for name in ("name", "title", "description", "alternateName", "distribution"))
