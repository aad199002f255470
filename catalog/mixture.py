"""A mix for a model: its members, entries of the registry or files on this machine, held against what a model needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from catalog.errors import CatalogError, NotFound, Usage

if TYPE_CHECKING:
    import sqlite3

    from catalog.budget import Need, Pick, Supply
    from catalog.record import Commercial, Entry
    from catalog.tokens import Tokenizer

Reader = Callable[[], AbstractContextManager["sqlite3.Connection"]]
"""Opens the registry, where a name has to be looked up."""
Progress = Callable[[int], None]

TOKEN_BYTES: Final = 4
"""Bytes of a token id on disk: 2 where a vocabulary has fewer than 65,536 pieces."""
FILE_LICENSE = "a file on this machine, whose license is for you to know"


@dataclass(frozen=True)
class Member:
    """A member of a mix: its name as given, its key ("" for a file), what it gives, and its verdict with the reason."""

    name: str
    share: float
    key: str
    title: str
    supply: Supply
    commercial: Commercial
    reason: str
    license: str
    license_class: str = "unspecified"

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        whole = {name: value if value is None else round(value) for name, value in self._numbers()}
        supply = {**vars(self.supply), **whole, "uncertainty": self.supply.share}
        return {
            "name": self.name, "key": self.key or None, "title": self.title, "share": self.share, **supply,
            "license": {"commercial": self.commercial, "expression": self.license, "reason": self.reason},
        }  # fmt: skip

    def _numbers(self) -> Iterator[tuple[str, float | None]]:
        yield from (("tokens", self.supply.tokens), ("low", self.supply.low), ("high", self.supply.high))


@dataclass(frozen=True)
class Plan:
    """What a model needs, and the members of a mix for it; `shares` says how their shares were read, "" as written."""

    need: Need
    members: tuple[Member, ...] = ()
    shares: str = ""

    def wanted(self, member: Member) -> float:
        """The tokens that a member is to give."""
        return self.need.tokens * member.share

    def bytes_needed(self, member: Member) -> int | None:
        """Bytes of a member that its share takes: all where it is read more than once, or where nothing tells."""
        supply = member.supply
        if supply.bytes is None or not supply.tokens:
            return supply.bytes
        return round(supply.bytes * min(1.0, self.wanted(member) / supply.tokens))

    def epochs(self, member: Member) -> dict[str, Any]:
        """How often a member is read: `epochs`, at least and at most, and a `note` on what repeating is worth."""
        from catalog.budget import epochs_say

        supply, wanted = member.supply, self.wanted(member)
        epochs = wanted / supply.tokens if supply.tokens else None
        least = wanted / supply.high if supply.high else None
        most = wanted / supply.low if supply.tokens and supply.low else None
        return {
            "epochs": epochs, "epochs_least": least, "epochs_most": most,
            "note": epochs_say(epochs if epochs is not None else least or 0) or None,
        }  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The plan as the object of `catalog plan --json`."""
        from catalog.budget.rule import PRACTICE, RULE

        told: dict[str, Any] = {
            **vars(self.need),
            "rule": RULE,
            "practice": [{"model": name, "tokens_per_parameter": round(d / n, 1)} for name, n, d in PRACTICE],
            "disk": {"token_ids": round(self.need.tokens * TOKEN_BYTES), "bytes_per_token_id": TOKEN_BYTES},
            "mix": None,
        }
        if not self.members:
            return told
        strict = strictest(self.members)
        told["disk"] |= {"needed": total(map(self.bytes_needed, self.members))}
        told["mix"] = {
            "members": [self._member(each) for each in self.members],
            "shares": self.shares or None,
            "license": {"commercial": strict.commercial, "reason": strict.reason, "member": strict.name},
        }
        return told

    def _member(self, member: Member) -> dict[str, Any]:
        more = {"wanted": self.wanted(member), "bytes_needed": self.bytes_needed(member)}
        return {**member.to_dict(), **more, **self.epochs(member)}


def total(sizes: Iterable[int | None]) -> int | None:
    """The sum, None where one is unknown."""
    known = list(sizes)
    return None if None in known else sum(size for size in known if size is not None)


def plan_of(
    need: Need, mix: str | None, reader: Reader, tokenizer: Tokenizer, progress: Progress | None = None
) -> Plan:
    """The plan for a mix as it is written (None: for the model alone). Raises as `members_of`."""
    from catalog.budget import read_mix

    if mix is None:
        return Plan(need)
    picks, shares = read_mix(mix)
    return Plan(need, tuple(members_of(picks, reader, tokenizer, progress)), shares)


def members_of(
    picks: Sequence[Pick], reader: Reader, tokenizer: Tokenizer, progress: Progress | None = None
) -> list[Member]:
    """The members, in order. Raises `NotFound` for a name of nothing, `Usage` for one of several, or a language that a
    dataset is not said to hold."""
    paths = {pick.name: Path(pick.name) for pick in picks if Path(pick.name).exists()}
    if len(paths) == len(picks):
        return [_counted(pick, paths[pick.name], tokenizer, progress) for pick in picks]
    with reader() as connection:
        return [
            _counted(pick, paths[pick.name], tokenizer, progress) if pick.name in paths else _known(connection, pick)
            for pick in picks
        ]


def strictest(members: Sequence[Member]) -> Member:
    """The member whose license limits the mix most, the first of several: by what it permits, then by its class, of
    which share-alike binds most among those that permit."""
    from catalog.license.classes import STRICTNESS, strictness

    return max(members, key=lambda each: (STRICTNESS[each.commercial], strictness(each.license_class)[1]))


def _known(connection: sqlite3.Connection, pick: Pick) -> Member:
    from catalog.budget import supply_of
    from catalog.budget.supply import languages_of
    from catalog.search.fold import voice_of

    entry, number, language = _found(connection, pick.name)
    spoken = languages_of(entry)
    if language and spoken and language not in spoken and "mul" not in spoken:
        raise Usage(
            f"{entry.key} is not said to hold the language {language}.", f"Its languages are {', '.join(spoken)}."
        )
    verdict, voice = entry.verdict, voice_of(connection, number)
    commercial = cast("Commercial", voice.commercial) if voice else verdict.commercial if verdict else "unknown"
    reason = voice.reason if voice else verdict.reason if verdict else "no license was worked out"
    supply, title = supply_of(entry, language), entry.title or entry.name
    expression, cls = (verdict.expression, verdict.cls) if verdict else ("", "unspecified")
    return Member(pick.name, pick.share, entry.key, title, supply, commercial, reason, expression, cls)


def _found(connection: sqlite3.Connection, name: str) -> tuple[Entry, int, str]:
    """The entry that a name means, its number, and the language that stands behind a colon, "" for none."""
    from catalog import vocabulary
    from catalog.registry.reader import read_entries, terms_of
    from catalog.search.named import one_named

    language = ""
    try:
        named = one_named(connection, name)
    except NotFound as error:
        start, colon, end = name.rpartition(":")
        found = vocabulary.load().resolve("language", end) if colon and start else None
        if found is None:
            raise _unknown(name, error) from error
        named, language = one_named(connection, start), found
    return read_entries(connection, [named.id], terms_of(connection))[named.id], named.id, language


def _unknown(name: str, error: CatalogError) -> CatalogError:
    from catalog import vocabulary

    known = vocabulary.load()
    for facet in ("genre", "domain"):
        if term := known.resolve(facet, name):
            step = f"Name datasets of it, as found with: catalog search --{facet} {term} --task pretrain"
            return NotFound(f"{name[:80]!r} is a {facet}, and no dataset is called that.", step)
    if "/" in name or Path(name).suffix in (".jsonl", ".csv", ".parquet", ".json", ".txt", ".gz"):
        return NotFound(f"neither a file nor a dataset is called {name[:80]!r}.", error.hint)
    return error


def _counted(pick: Pick, path: Path, tokenizer: Tokenizer, progress: Progress | None) -> Member:
    """A file or folder whose rows are counted, all of them."""
    from catalog.budget import whole_of
    from catalog.datafile import data_files, first_rows, read_rows
    from catalog.datafile.counting import DETECT, count_rows, text_columns

    columns = text_columns(first_rows(path, DETECT))
    found = count_rows(read_rows(path), tokenizer, columns, on_progress=progress)
    size = sum(file.stat().st_size for file in (data_files(path) if path.is_dir() else [path]))
    tokens = found.tokens
    rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
    counted = f"counted in {rows}, columns {', '.join(columns) or 'none'}, {tokenizer.name}"
    supply = whole_of(tokens.value, tokens.low, tokens.high, counted, size, found.rows)
    commercial, reason = _license_of(path)
    return Member(pick.name, pick.share, "", path.name, supply, commercial, reason, "")


def _license_of(path: Path) -> tuple[Commercial, str]:
    """The verdict that a receipt beside the data keeps."""
    from catalog.fetch.place import Folder
    from catalog.fetch.receipt import read
    from catalog.license.classes import STRICTNESS

    for folder in _folders(path):
        try:
            with Folder.at(folder, create=False) as held:
                receipt = read(held)
        except (CatalogError, OSError):
            continue
        said, dash, reason = (receipt.license if receipt else "").removeprefix("commercial use: ").partition(" - ")
        for verdict in STRICTNESS:
            if dash and said == verdict:
                return verdict, f"{reason} (the receipt of {receipt.key if receipt else ''})"
    return "unknown", FILE_LICENSE


def _folders(path: Path) -> Iterator[Path]:
    start = path.resolve()
    yield from [start] if start.is_dir() else []
    yield from list(start.parents)[:2]
