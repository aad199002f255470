"""References to datasets as BibTeX: pure, from what a source says and no more.

Where a source states BibTeX of its own, that is the reference. Else a dataset is a `@misc` of its title, creators and
year, with the arXiv id (`eprint`) or DOI of its paper where one is known, else its own DOI. What nobody says is left
out: the title of a paper is not guessed from that of its data.

Keys come from the key of the dataset alone, so that a reference keeps its key whatever stands beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from catalog.export.bibtex_reader import read_bibtex
from catalog.export.latex import latex_names, latex_text, link, one_line, plain_url
from catalog.record import Record

MOST: Final = 30  # references that one dataset may state
_KEY: Final = re.compile(r"[^A-Za-z0-9._/+-]")
_ARXIV: Final = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?\Z")
_DOI_AT: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)(10\.\d{4,9}/\S+)\Z", re.IGNORECASE)
_DOI: Final = re.compile(r"10\.\d{4,9}/\S+\Z")


@dataclass(frozen=True)
class Reference:
    """One BibTeX entry: `kind` is its type (`misc`, `article`), `fields` are names with values as LaTeX writes them,
    `dataset` the key of what it cites; `stated` says that a source wrote it, `part_of` names the collection for whose
    sake it is cited."""

    key: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    dataset: str
    stated: bool = False
    part_of: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values, with the entry as text under `bibtex`."""
        return {
            "key": self.key,
            "type": self.kind,
            "dataset": self.dataset,
            "part_of": self.part_of,
            "stated": self.stated,
            "fields": dict(self.fields),
            "bibtex": bibtex_of(self),
        }


def references(
    entry: Record,
    copies: Sequence[Record] = (),
    *,
    source: str = "",
    revision: str = "",
    accessed: str = "",
    part_of: str = "",
) -> list[Reference]:
    """The references of a dataset, the one for itself first. `copies` are the same dataset on other hosts: what the
    entry does not say is taken from them. `source`, `revision` and `accessed` (a date) tell what was used."""
    note = _note(source or entry.key, revision)
    key = key_of(entry.key)
    for each in (entry, *copies):
        stated = read_bibtex(each.citation)[:MOST] if "@" in each.citation else []
        if stated:
            extra = {"note": note if revision else "", "urldate": accessed}
            return [
                Reference(
                    f"{key}/{n}" if n else key, kind, _joined(fields, {} if n else extra), entry.key, True, part_of
                )
                for n, (kind, fields) in enumerate(stated)
            ]
    fields = _fields(entry, copies)
    fields += [("note", f"{note}{_paper(fields, (entry, *copies))}"), ("urldate", accessed)]
    return [Reference(key, "misc", tuple((name, value) for name, value in fields if value), entry.key, False, part_of)]


def bibtex(entry: Record, copies: Sequence[Record] = ()) -> str:
    """The references of a dataset as BibTeX, each an entry with a line a field."""
    return render(references(entry, copies))


def render(found: Iterable[Reference]) -> str:
    """References as BibTeX, in their order, each once, no two with one key."""
    return "\n".join(bibtex_of(each) for each in distinct(found))


def distinct(found: Iterable[Reference]) -> list[Reference]:
    """References without repetition. BibTeX takes keys that differ in case alone for one: of two such the later gets
    a piece of its hash."""
    taken: dict[str, Reference] = {}
    for each in found:
        folded = each.key.casefold()
        if folded in taken and taken[folded].key == each.key:
            continue
        if folded in taken:
            each = replace(each, key=f"{each.key}-{_mark(each.key)}")
        taken[each.key.casefold()] = each
    return list(taken.values())


def bibtex_of(reference: Reference) -> str:
    """One entry as text, with a line end."""
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in reference.fields)
    return f"@{reference.kind}{{{reference.key},\n{lines}}}\n"


def key_of(dataset: str) -> str:
    """The BibTeX key of a dataset: its own, with `-` for the colon. One with other characters, which BibTeX or LaTeX
    could not read, gets a piece of its hash."""
    source, _, native_id = dataset.partition(":")
    plain = _KEY.sub("-", native_id)
    key = f"{source}-{plain}"[:120]
    is_same = plain == native_id and "-" not in source and len(source) + len(plain) < 120
    return key if is_same else f"{key}-{_mark(dataset)}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _fields(entry: Record, copies: Sequence[Record]) -> list[tuple[str, str]]:
    """The fields of a dataset that states no BibTeX; empty where nothing is known."""
    every = (entry, *copies)
    creators = next((each.creators for each in every if each.creators), ())
    title = next((one_line(each.title) for each in every if one_line(each.title)), "") or one_line(entry.name)
    arxiv = next((each.arxiv for each in every if _ARXIV.match(each.arxiv)), "")
    paper = "" if arxiv else next((doi for each in every if (doi := _doi_at(each.paper))), "")
    doi = paper or ("" if arxiv else next((each.doi for each in every if _DOI.match(each.doi)), ""))
    publisher = latex_text(one_line(entry.publisher))
    return [
        ("author", latex_names(creators)),
        ("key", "" if creators else latex_text(title)),
        ("title", f"{{{latex_text(title)}}}"),
        ("year", _year(every, arxiv)),
        ("publisher", f"{{{publisher}}}" if publisher else ""),
        ("eprint", arxiv),
        ("archiveprefix", "arXiv" if arxiv else ""),
        ("doi", plain_url(doi)),
        ("url", plain_url(next((each.url for each in every if each.url), ""))),
    ]


def _doi_at(address: str) -> str:
    found = _DOI_AT.match(address)
    return found[1] if found else ""


def _year(every: Sequence[Record], arxiv: str) -> str:
    """The year that an entry states, else that of its paper, else that of its first appearance at its source."""
    stated = next((each.year for each in every if each.year), None)
    if stated:
        return str(stated)
    if arxiv and arxiv[:2].isdigit():
        return f"20{arxiv[:2]}"
    return next((each.created[:4] for each in every if each.created), "")


def _paper(fields: list[tuple[str, str]], every: Sequence[Record]) -> str:
    """The address of the paper, where no field names it by its id."""
    if any(name == "eprint" and value for name, value in fields):
        return ""
    told = next((each.paper for each in every if each.paper), "")
    return f". Paper: {link(told)}" if link(told) and not _doi_at(told) else ""


def _note(dataset: str, revision: str) -> str:
    pinned = f", revision {latex_text(one_line(revision))}" if revision else ""
    return f"Dataset {latex_text(one_line(dataset))}{pinned}"


def _joined(fields: Sequence[tuple[str, str]], extra: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Stated fields and what is told besides; a note is added to the stated one."""
    found = dict(fields)
    for name, value in extra.items():
        if value:
            found[name] = f"{found[name]}. {value}" if name == "note" and name in found else value
    return tuple(found.items())
