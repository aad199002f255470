"""Make catalog/license/audited.tsv from the embedded catalog: what it holds against the licenses of known datasets.

    python -m bench.tagging.audited

A row is an entry whose verdict is not "yes": its names, and the claim that decides. A hub's record of the same dataset
and whatever derives from it come under that claim, whatever their own tag says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from catalog import license as licenses
from catalog import seed
from catalog.license.classes import COMMERCIAL, STRICTNESS
from catalog.record import Commercial, LicenseClaim, Record

TARGET: Final = Path(__file__).parents[2] / "catalog" / "license" / "audited.tsv"
HEAD: Final = (
    "# Known datasets whose license limits those derived from them: keys, title, aliases, class, scope, words, by,"
    " evidence.\n# Made from the embedded catalog by bench/tagging/audited.py.\n"
)
_HANDLES: Final = ("huggingface:", "kaggle:", "uci:")


def lines() -> Iterator[str]:
    """The rows, in the order of the embedded catalog."""
    for record in seed.load():
        claim = deciding(record)
        if claim is not None:
            fields = (
                "|".join([record.key, *keys(record)]),
                record.title,
                "|".join(record.aliases),
                claim.cls or licenses.recognise(claim.raw).cls,
                claim.scope,
                " ".join(claim.raw.split()),
                claim.by,
                claim.evidence,
            )
            yield "\t".join(field.replace("\t", " ") for field in fields) + "\n"


def keys(record: Record) -> list[str]:
    """The dataset's keys at the hubs."""
    urls = [place.url for place in record.distributions]
    urls += [relation.target for relation in record.relations if relation.kind == "same-as"]
    return list(dict.fromkeys(url for url in urls if url.startswith(_HANDLES)))


def deciding(record: Record) -> LicenseClaim | None:
    """The claim for which an entry's verdict is not yes, None where it is."""
    verdict = licenses.resolve(record.licenses, record.access)
    if verdict.commercial == "yes":
        return None
    claims = [claim for claim in record.licenses if claim.scope != "code" and _commercial(claim) != "yes"]
    return max(claims, key=lambda claim: STRICTNESS[_commercial(claim)], default=None)


def _commercial(claim: LicenseClaim) -> Commercial:
    return COMMERCIAL[claim.cls] if claim.cls else licenses.recognise(claim.raw).commercial


def main() -> None:
    """Write the file."""
    TARGET.write_text(HEAD + "".join(lines()), encoding="utf-8")


if __name__ == "__main__":
    main()
