"""What UCI says of a dataset, as a record: pure, and safe for any input.

One parser reads the record of /api/dataset as it was in 2023 and as it is now, and that of the announced /v1/datasets:
the same facts under other names. A license stands in none of them. The site licenses what it hosts under CC BY 4.0
and refers to the linked place for what it only links to; a text that says otherwise makes a second claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from catalog.errors import Skipped
from catalog.record import (
    MAX_DESCRIPTION,
    MAX_RECORD,
    Amount,
    Column,
    Distribution,
    LicenseClaim,
    Record,
    Relation,
    Statement,
    clean,
    clean_count,
    clean_list,
    encode,
)
from connectors.uci import words

SOURCE: Final = "uci"
HOME: Final = "https://archive.ics.uci.edu"
POLICY: Final = "UCI site policy"
VALUE: Final = 120  # characters of a facet value, a keyword, a column's type
MAX_COLUMNS: Final = 500
TEXTS: Final = (
    *("summary", "purpose", "instances_represent", "recommended_data_splits", "preprocessing_description"),
    *("sensitive_data", "funded_by", "used_for", "software_available"),
)
_DOI: Final = re.compile(r"10\.\d{4,9}/\S{1,200}\Z")
_ARXIV: Final = re.compile(r"(\d{4}\.\d{4,5}|[a-z][a-z.-]{1,20}(\.[A-Z]{2})?/\d{7})(v\d{1,2})?\Z")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9+._-]{0,199}\Z")
_PART: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}"
_KAGGLE: Final = re.compile(rf"/(?:datasets/)?({_PART})/({_PART})(?:/.*)?\Z")
_HUB: Final = re.compile(rf"/datasets/({_PART}(?:/{_PART})?)(?:/.*)?\Z")
_KAGGLE_PAGES: Final = frozenset(
    {"c", "code", "competitions", "datasets", "discussions", "docs", "kernels", "learn", "models", "organizations"}
)

Json = dict[str, Any]


def to_record(payload: object) -> Record:
    """The record of one answer, with or without its wrapping. Raises `Skipped` with the reason, and nothing else."""
    data = unwrapped(payload)
    id = id_of(_first(data, "uci_id", "id"))
    if not id:
        raise Skipped("the record has no usable id.")
    name = clean(_first(data, "name", "title"), 500)
    if not name:
        raise Skipped(f"the record {id} has no name.")
    record = _record(id, name, data)
    if len(encode(record)) > MAX_RECORD:
        raise Skipped(f"the record {id} is larger than {MAX_RECORD} bytes.")
    return record


def unwrapped(payload: object) -> Json:
    """The record inside `{"status": 200, "data": ...}` or `{"ok": true, "data": ...}`. Raises `Skipped`."""
    if not isinstance(payload, dict):
        raise Skipped("the answer is not an object.")
    status = status_of(payload)
    if status != 200:
        raise Skipped(f"the answer says {status} {clean(payload.get('message'), 200)}".rstrip() + ".")
    data = payload.get("data") if "data" in payload and ("status" in payload or "ok" in payload) else payload
    if not isinstance(data, dict):
        raise Skipped("the answer holds no record.")
    return data


def status_of(payload: Json) -> int:
    """The status that the body itself gives; 200 where it gives none, 404 or 500 for a bare `"ok": false`."""
    status = payload.get("status")
    if isinstance(status, str) and re.fullmatch(r"[1-5]\d\d", status):
        return int(status)
    if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599:
        return status
    if payload.get("ok") is False:
        return 404 if "not found" in clean(payload.get("message"), 200).lower() else 500
    return 200


def id_of(value: object) -> str:
    """A dataset's number as text, "" for what is none."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        value = int(value)
    number = clean_count(value)
    return str(number) if number and number < 10**9 else ""


def linked(payload: Json) -> str:
    """Where the data of a linked dataset are, as the record says it; "" for one that UCI hosts."""
    return clean(_first(payload, "external_url", "externalLink"))


def slug_of(payload: Json) -> str:
    """The last part of a dataset's address, by which its archive is named."""
    address = clean(_first(payload, "repository_url", "url"))
    last = unquote(urlsplit(address).path).rstrip("/").rpartition("/")[2] if web_address(address) else ""
    name = clean(_first(payload, "name", "title"), 500)
    made = re.sub(r"[^a-z0-9]+", "+", name.lower()).strip("+")
    return last if _SLUG.match(last) and not last.isdigit() else made[:200]


def has_table(payload: Json) -> bool:
    """Whether UCI serves the dataset as one data.csv."""
    return bool(web_address(clean(payload.get("data_url"))))


def web_address(text: str) -> str:
    """The text if it is an http(s) address, else ""."""
    try:
        parts = urlsplit(text)
        return text if parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", text) else ""
    except ValueError:
        return ""


def _record(id: str, name: str, data: Json) -> Record:
    info = _mapping(data.get("additional_info"))
    paper = _mapping(_first(data, "intro_paper", "paper"))
    link = linked(data)
    year = clean_count(_first(data, "year_of_dataset_creation", "yearCreated"))
    year = year if year is not None and 1000 <= year <= 9999 else None
    rows = clean_count(_first(data, "num_instances", "instanceCount"))
    size = clean_count(data.get("size"))
    columns = _columns(data)
    doi = clean(_first(data, "dataset_doi", "doi"))
    arxiv = clean(_first(paper, "arxiv", "arXiv"))
    page = web_address(clean(_first(data, "repository_url", "url"))) or f"{HOME}/dataset/{id}"
    open_here = not link or has_table(data)
    return Record(
        source=SOURCE,
        id=id,
        name=name,
        title=name,
        summary=clean(data.get("abstract")),
        description=_description(data, info, any(column.role not in ("id", "target") for column in columns)),
        url=page,
        creators=_creators(_first(data, "creators", "authors")),
        publisher="UCI Machine Learning Repository",
        created=str(year) if year else "",
        modified=words.day(_first(data, "last_updated", "lastUpdated")),
        year=year,
        access="open" if open_here else "unknown",
        access_note="" if open_here else "The data are at the place that UCI links to.",
        rows=None if rows is None else Amount(rows, "UCI instances"),
        bytes=Amount(size, "UCI zipped size") if size else None,
        doi=doi if _DOI.match(doi) else "",
        arxiv=arxiv if _ARXIV.match(arxiv) else "",
        paper=_paper(paper),
        citation=clean(info.get("citation"), MAX_DESCRIPTION) or _reference(paper),
        statements=tuple(_statements(data)),
        keywords=clean_list(data.get("keywords"), VALUE)[:100],
        licenses=_licenses(link, data, info),
        columns=columns,
        distributions=tuple(_distributions(id, link, data)),
        relations=(Relation("same-as", _target(link), "external_url"),) if web_address(link) else (),
        evidence=(page,),
    )


def _description(data: Json, info: Json, has_columns: bool) -> str:
    """The texts of a record as they stand. What it says of variables is left to the columns where it lists them."""
    kept = TEXTS if has_columns else (*TEXTS, "variable_info", "attribute_info")
    texts = [data.get("description"), *(_first(info, name) or data.get(name) for name in kept)]
    found = [text for value in texts if (text := clean(value, MAX_DESCRIPTION)) and text.lower() not in words.NOTHING]
    return clean("\n\n".join(dict.fromkeys(found)), MAX_DESCRIPTION)


def _creators(value: object) -> tuple[str, ...]:
    people = value if isinstance(value, list) else [value]
    names = [
        f"{clean(each.get('firstName'), VALUE)} {clean(each.get('lastName'), VALUE)}"
        if isinstance(each, dict)
        else each
        for each in people[:200]
    ]
    return clean_list(names, VALUE)


def _paper(paper: Json) -> str:
    doi = clean(_first(paper, "DOI", "doi")).removeprefix("https://doi.org/")
    return web_address(clean(_first(paper, "URL", "url"))) or (f"https://doi.org/{doi}" if _DOI.match(doi) else "")


def _reference(paper: Json) -> str:
    """The introductory paper in one line."""
    authors = ", ".join(clean_list(_first(paper, "authors"), 500)[:50])
    year = clean_count(paper.get("year"))
    parts = [authors, clean(paper.get("title")), clean(_first(paper, "venue", "journal", "published_in"), 500)]
    line = ". ".join(part.rstrip(".") for part in parts if part)
    return clean(f"{line}, {year}." if line and year else f"{line}." if line else "", MAX_DESCRIPTION)


def _statements(data: Json) -> Iterator[Statement]:
    characteristics = words.listed(_first(data, "characteristics", "dataTypes"))
    yield from words.stated("domain", words.listed([_first(data, "area", "subjectArea")]), "UCI area")
    for task in words.listed(data.get("tasks")):
        yield from words.task(task, characteristics)
    yield from words.stated("modality", characteristics, "UCI characteristics")
    for name, facet in (("feature_types", "feature type"), ("demographics", "demographic")):
        given = _first(data, name, "featureTypes", "attribute_types") if name == "feature_types" else data.get(name)
        for value in words.listed(given):
            yield Statement(facet, value, f"UCI {name}")
    missing = clean(data.get("has_missing_values"), 10).lower()
    if missing in ("yes", "no"):
        yield Statement("missing values", missing, "UCI has_missing_values")


def _licenses(link: str, data: Json, info: Json) -> tuple[LicenseClaim, ...]:
    if link:
        evidence = web_address(link) or link[:200]
        first = LicenseClaim(raw="see the linked dataset", cls="unspecified", by=POLICY, evidence=evidence)
    else:
        first = LicenseClaim(raw="CC-BY-4.0", by=POLICY, evidence=f"{HOME}/", note="site policy, not in the record")
    texts = [clean(info.get(name), MAX_DESCRIPTION) for name in ("summary", "citation", "purpose", "sensitive_data")]
    said = words.limits([*texts, clean(data.get("abstract")), clean(data.get("description"), MAX_DESCRIPTION)])
    return (first, *(LicenseClaim(raw=raw, cls=cls, by="UCI record text") for raw, cls in said))


def _columns(data: Json) -> tuple[Column, ...]:
    """Variables with their roles; where the record lists none, the names of target and index."""
    variables = _first(data, "variables", "features")
    found: list[Column] = []
    for each in (variables if isinstance(variables, list) else [])[:MAX_COLUMNS]:
        given = each if isinstance(each, dict) else {"name": each}
        if name := clean(given.get("name"), 500):
            role = clean(given.get("role"), VALUE).lower()
            found.append(Column(name, clean(given.get("type"), VALUE), role=role))
    if found:
        return tuple(found)
    named = (("id", "index_col"), ("target", "target_col"))
    return tuple(Column(name, role=role) for role, key in named for name in clean_list(data.get(key), 500))


def _distributions(id: str, link: str, data: Json) -> Iterator[Distribution]:
    if not link or has_table(data):
        yield Distribution(url=f"{SOURCE}:{id}", kind="repo")
    if has_table(data):
        yield Distribution(url=clean(data.get("data_url")), path="data.csv", format="csv")
    if web_address(link):
        yield Distribution(url=link, kind="page", note="linked dataset")


def _target(link: str) -> str:
    """The key of a linked dataset where its address is that of another source, else the address."""
    parts = urlsplit(link)
    host, path = (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")
    if host == "kaggle.com" and (found := _KAGGLE.match(path)) and found[1].lower() not in _KAGGLE_PAGES:
        return f"kaggle:{found[1]}/{found[2]}"
    if host in ("huggingface.co", "hf.co") and (found := _HUB.match(path)):
        return f"huggingface:{found[1]}"
    return link


def _first(data: Json, *names: str) -> Any:
    """The value under the first of these names that holds one."""
    return next((data[name] for name in names if data.get(name) not in (None, "", [], {})), None)


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}
