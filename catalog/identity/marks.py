"""What two records must share to be one dataset: identifiers, never a name alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

PAPER_REGISTRANTS: Final = (
    *("10.48550", "10.18653", "10.3115", "10.1162", "10.1145", "10.1109", "10.1007", "10.1038", "10.1016", "10.1093"),
    *("10.1101", "10.1126", "10.1002", "10.1080", "10.1371", "10.3389", "10.3390", "10.21437", "10.24963", "10.1609"),
)
"""DOI prefixes of publishers of papers: such a DOI names what was written of a dataset, not the dataset."""

_FILLERS: Final = re.compile(r"(?:datasets?|data|corpus|hf|huggingface|kaggle|original|official|mirror|copy)+\Z")


def paper_of(doi: str, arxiv: str) -> str:
    """The paper that a record names: `arxiv:2110.14168`, or `doi:...` where the DOI is a paper's; "" for none."""
    if arxiv:
        return f"arxiv:{arxiv.casefold()}"
    return f"doi:{doi.casefold()}" if is_paper(doi) else ""


def is_paper(doi: str) -> bool:
    """Whether a DOI was given out by a publisher of papers."""
    return doi.partition("/")[0] in PAPER_REGISTRANTS


def folded_name(norm: str) -> str:
    """A folded name without what copies append to it: `gsm8kdataset` and `gsm8k` are nearly the same name."""
    return _FILLERS.sub("", norm) or norm


def files_of(digests: Iterable[str]) -> str:
    """All files of a dataset as one value: `3 files 0a1b2c3d4e5f6071`. One file in common proves nothing, as parts
    share files with their collection."""
    ordered = sorted(set(digests))
    whole = hashlib.blake2b("\n".join(ordered).encode(), digest_size=8).hexdigest()
    return f"{len(ordered)} {'file' if len(ordered) == 1 else 'files'} {whole}"


def places_of(own: str, places: Iterable[tuple[str, str]]) -> list[str]:
    """The keys, of those that an entry of the name `own` names with their names (both folded), at which it is to be had
    itself.

    Of several at one source the first is it, and those of nearly its name or of the entry's; others are its parts and
    versions.
    """
    first: dict[str, str] = {}
    found = []
    for key, norm in places:
        name = folded_name(norm)
        if name in (first.setdefault(key.partition(":")[0], name), folded_name(own)):
            found.append(key)
    return found
