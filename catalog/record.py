"""The value that travels: what one source says of one dataset.

A `Record` is frozen, validated and free of I/O. Connectors make it from a payload, the taggers read it, and the
registry stores it. An `Entry` is a record with what the taggers and the license rules made of it; one line of
`catalog export records` is one `Entry` as JSON, and `decode` reads it back unchanged.

Text is stored as the source wrote it and escaped at each sink (`catalog.text`). Unknown is `None` or an empty
value, never 0 and never a guess.
"""

from __future__ import annotations

import math
import re
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from catalog.errors import Skipped

MAX_DESCRIPTION: Final = 20_000  # characters kept of a description
MAX_TEXT: Final = 2_000  # characters kept of any other text
MAX_ITEMS: Final = 500  # items kept of any list
MAX_RECORD: Final = 262_144  # bytes of one encoded record
MAX_INT: Final = 2**63 - 1

Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Level = Annotated[int, Meta(ge=0, le=255)]
Access = Literal["unknown", "open", "gated", "agreement", "request", "disabled", "withdrawn", "refused"]
Verified = Literal["none", "size", "md5", "sha1", "sha256"]
Kind = Literal["file", "repo", "page"]
Scope = Literal["dataset", "packaging", "content", "annotations", "code"]
Commercial = Literal["yes", "no", "conditions", "unknown"]

_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?)?)?\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _always(value: Any) -> Any:
    """A default that canonical JSON still spells out: msgspec leaves defaults out by identity, not by value."""
    return msgspec.field(default_factory=lambda: value)


class Statement(Struct, frozen=True, gc=False, array_like=True):
    """One facet value as the source stated it: `Statement("task", "question-answering", "tag task_categories")`."""

    facet: str
    value: str
    by: str


class Amount(Struct, frozen=True, gc=False, omit_defaults=True):
    """A size with who says so; `lower_bound` marks a count known to be at least this large."""

    value: Count
    source: str
    lower_bound: bool = False


class Distribution(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One downloadable form (DCAT/schema.org Distribution).

    `url` is an http(s) address, or a handle `source:native-id` that a connector expands into files.
    `digest` is `sha256:<hex>`, `sha1:<hex>` or `md5:<hex>`; `bytes` is None when unknown. An address that ends with
    `#bytes=100-199` means these bytes of a file alone. The `path` of a handle is the part of it that is meant, a
    pattern on the names of its files.
    """

    url: str
    kind: Kind = _always("file")
    path: str = ""
    format: str = ""
    bytes: Count | None = None
    digest: str = ""
    note: str = ""

    @property
    def verified(self) -> Verified:
        """What a download of this form can be checked against."""
        if self.digest.startswith("sha256:"):
            return "sha256"
        if self.digest.startswith("sha1:"):
            return "sha1"
        if self.digest.startswith("md5:"):
            return "md5"
        return "none" if self.bytes is None else "size"


class LicenseClaim(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What somebody says the license is: `raw` text, `by` whom (source field, card section, paper, site policy).

    `scope` tells a license of the wrapper (packaging) from that of the content. `cls` is a license class given by a
    curator who read the evidence; taggers derive it from `raw` where it is empty. `evidence` is a URL or a quote.
    """

    raw: str
    by: str
    scope: Scope = _always("dataset")
    cls: str = ""
    evidence: str = ""
    note: str = ""
    revision: str = ""
    date: str = ""


class Column(Struct, frozen=True, gc=False, omit_defaults=True):
    """A column: `type` as the source writes it, `config` the subset it belongs to, `role` where known."""

    name: str
    type: str = ""
    config: str = ""
    role: str = ""


class Relation(Struct, frozen=True, gc=False, omit_defaults=True):
    """A tie to another dataset: `target` is a key (`source:id`) or a URL."""

    kind: Literal["same-as", "derived-from", "part-of"]
    target: str
    note: str = ""


class Record(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one source says of one dataset.

    `source` + `id` make the key (`huggingface:openai/gsm8k`); `upstream_id` survives renames. `popularity` is the one
    rank comparable over sources, 0 to 255 (see `popularity_level`); the counts beside it are as the source counts
    them. Dates are ISO 8601 strings in UTC, whole or to the day, month or year.

    Raises `Skipped` when the identity, a date or the size of the record is unusable.
    """

    source: str
    id: str
    name: str
    upstream_id: str = ""
    title: str = ""
    title_zh: str = ""
    summary: str = ""
    description: str = ""
    url: str = ""
    aliases: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    publisher: str = ""
    created: str = ""
    modified: str = ""
    year: Annotated[int, Meta(ge=1000, le=9999)] | None = None
    revision: str = ""
    access: Access = _always("unknown")
    access_note: str = ""
    popularity: Level = 0
    downloads: Count | None = None
    likes: Count | None = None
    votes: Count | None = None
    rows: Amount | None = None
    bytes: Amount | None = None
    tokens: Amount | None = None
    doi: str = ""
    arxiv: str = ""
    paper: str = ""
    citation: str = ""
    statements: tuple[Statement, ...] = ()
    keywords: tuple[str, ...] = ()
    licenses: tuple[LicenseClaim, ...] = ()
    columns: tuple[Column, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    relations: tuple[Relation, ...] = ()
    evidence: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        if not _SOURCE.match(self.source):
            raise Skipped(f"the source name {self.source[:40]!r} is not a word of a-z, 0-9, - and _.")
        if not self.id or len(self.id) > 500:
            raise Skipped("the record has no usable id (1 to 500 characters).")
        if not self.name:
            raise Skipped(f"the record {self.id[:80]!r} has no name.")
        if (self.created and not _DATE.match(self.created)) or (self.modified and not _DATE.match(self.modified)):
            raise Skipped(f"the record {self.id[:80]!r} has a date that is not ISO 8601.")

    @property
    def key(self) -> str:
        """`source:id`, unique over the registry."""
        return f"{self.source}:{self.id}"


class Tag(Struct, frozen=True, gc=False):
    """A facet term with the rule that gave it, the words it rests on, and the confidence, 0 to 1."""

    facet: str
    term: str
    rule: str
    evidence: str = ""
    confidence: float = 1.0


class Verdict(Struct, frozen=True, gc=False):
    """The license verdict over all claims: the strictest wins, and unknown never permits.

    `expression` is an SPDX expression or `LicenseRef-...` ("" when no claim names a license), `cls` a license class,
    `reason` one line, `conflicts` the claims that disagree.
    """

    commercial: Commercial = "unknown"
    expression: str = ""
    cls: str = "unspecified"
    reason: str = ""
    conflicts: tuple[str, ...] = ()


class Entry(Record, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A record with its tags and its license verdict: what the registry holds.

    `tags` is None where nobody has tagged the record yet; `made_by` names the rules that made tags and verdict.
    """

    tags: tuple[Tag, ...] | None = None
    verdict: Verdict | None = None
    made_by: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode(entry: Record) -> bytes:
    """The canonical JSON of a record or entry, one line without its line end."""
    return _encoder.encode(entry)


def decode(line: bytes | str, *, most: int = MAX_RECORD) -> Entry:
    """Read one line of the records format, of at most `most` bytes.

    Raises `Skipped` with the reason for anything that is not an entry.
    """
    if len(line) > most:
        raise Skipped(f"the record has {len(line)} bytes, more than {most}.")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Skipped(f"not a record: {error}") from error


def popularity_level(count: int | None) -> int:
    """A count of uses as a level from 0 to 255, logarithmic: 255 is a billion uses, one step about 8%."""
    if not count or count < 0:
        return 0
    return min(255, round(255 * math.log1p(min(count, MAX_INT)) / math.log1p(1e9)))


def clean(value: object, limit: int = MAX_TEXT) -> str:
    """Text that can be stored: no NUL, no lone surrogate, at most `limit` characters; "" for what is not text."""
    if not isinstance(value, str):
        return ""
    return _UNSTORABLE.sub("\ufffd", value[:limit]).strip()


def clean_list(values: object, limit: int = MAX_TEXT) -> tuple[str, ...]:
    """The distinct non-empty texts of a list (or of one text), in order, at most `MAX_ITEMS`."""
    items = values if isinstance(values, (list, tuple)) else [values]
    return tuple(dict.fromkeys(text for item in items[:MAX_ITEMS] if (text := clean(item, limit))))


def clean_count(value: object) -> int | None:
    """A whole number from 0 to 2**63-1, or None for anything else (a bool, a fraction, a sign, text)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if 0 <= value <= MAX_INT else None


_FIELDS: Final = attrgetter(*Record.__struct_fields__)


def as_entry(record: Record, tags: tuple[Tag, ...], verdict: Verdict, made_by: str) -> Entry:
    """The entry that a record becomes once it is tagged."""
    fields: dict[str, Any] = dict(zip(Record.__struct_fields__, _FIELDS(record), strict=True))
    return Entry(**fields, tags=tags, verdict=verdict, made_by=made_by)
