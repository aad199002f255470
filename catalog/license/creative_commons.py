"""Creative Commons licenses, read by rule: their names are one grammar (elements, version, port), not a list.

The elements and versions are those of https://creativecommons.org/licenses/; SPDX lists the ports in `PORTS`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from catalog.license.data import License

PORTS: Final = frozenset(
    [
        "CC-BY-2.5-AU",
        "CC-BY-3.0-AT",
        "CC-BY-3.0-AU",
        "CC-BY-3.0-DE",
        "CC-BY-3.0-IGO",
        "CC-BY-3.0-NL",
        "CC-BY-3.0-US",
        "CC-BY-NC-3.0-DE",
        "CC-BY-NC-ND-3.0-DE",
        "CC-BY-NC-ND-3.0-IGO",
        "CC-BY-NC-SA-2.0-DE",
        "CC-BY-NC-SA-2.0-FR",
        "CC-BY-NC-SA-2.0-UK",
        "CC-BY-NC-SA-3.0-DE",
        "CC-BY-NC-SA-3.0-IGO",
        "CC-BY-ND-3.0-DE",
        "CC-BY-SA-2.0-UK",
        "CC-BY-SA-2.1-JP",
        "CC-BY-SA-3.0-AT",
        "CC-BY-SA-3.0-DE",
        "CC-BY-SA-3.0-IGO",
    ]
)
URL: Final = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<elements>[a-z]{2}(?:-[a-z]{2}){0,2})(?:/(?P<version>\d\.\d))?"
    r"(?:/(?P<port>[a-z]{2,3})(?![a-z]))?|publicdomain/(?P<zero>zero))"
)
_VERSIONS: Final = frozenset({"1", "2", "2.1", "2.5", "3", "4"})
_ELEMENTS: Final[dict[str, frozenset[str]]] = {
    "by": frozenset({"by"}),
    "attribution": frozenset({"by"}),
    "nc": frozenset({"nc"}),
    "noncommercial": frozenset({"nc"}),
    "sa": frozenset({"sa"}),
    "sharealike": frozenset({"sa"}),
    "nd": frozenset({"nd"}),
    "noderivatives": frozenset({"nd"}),
    "noderivs": frozenset({"nd"}),
    "bync": frozenset({"by", "nc"}),
    "bysa": frozenset({"by", "sa"}),
    "byncsa": frozenset({"by", "nc", "sa"}),
    "zero": frozenset({"zero"}),
    "cczero": frozenset({"zero"}),
}
_PAIRS: Final[dict[tuple[str, str], str]] = {
    ("non", "commercial"): "nc",
    ("share", "alike"): "sa",
    ("no", "derivatives"): "nd",
    ("no", "derivative"): "nd",
    ("non", "derivatives"): "nd",
    ("no", "derivs"): "nd",
}
_FILLER: Final = frozenset({"commons", "comons", "common", "works", "cc", "creative", "and"})
_PORT_WORDS: Final[dict[str, str]] = {"igo": "IGO", "us": "US", "de": "DE", "germany": "DE", "uk": "UK", "fr": "FR"}
_TITLES: Final = {"nc": "NonCommercial", "nd": "NoDerivatives", "sa": "ShareAlike"}


def license_for(elements: frozenset[str], version: str, port: str = "") -> License | None:
    """The license of a set of elements (by, nc, sa, nd, zero); without a version it is a `LicenseRef` family."""
    if "zero" in elements:
        return License("CC0-1.0", "CC0 1.0", "public-domain")
    if not elements:
        return License("LicenseRef-cc", "A Creative Commons license that is not named closer", "unspecified")
    if {"nd", "sa"} <= elements:
        return None
    order = [part for part in ("nc", "nd", "sa") if part in elements]
    title = " ".join(["Creative Commons Attribution", *(_TITLES[part] for part in order)])
    code = "-".join(["CC", "BY", *(part.upper() for part in order)])
    cls = _class(elements)
    if not version:
        return License(f"LicenseRef-{code.lower()}", f"{title} (no version named)", cls)
    full = f"{code}-{version if '.' in version else version + '.0'}"
    ported = f"{full}-{port.upper()}"
    return License(ported if ported in PORTS else full, f"{title} {full.rpartition('-')[2]}", cls)


def _class(elements: frozenset[str]) -> str:
    for part, cls in (("nc", "non-commercial"), ("nd", "no-derivatives"), ("sa", "share-alike")):
        if part in elements:
            return cls
    return "permissive"


def from_url(match: re.Match[str]) -> License | None:
    """The license of a match of `URL`."""
    if match["zero"]:
        return license_for(frozenset({"zero"}), "1")
    return license_for(frozenset(match["elements"].split("-")), match["version"] or "", match["port"] or "")


def read(tokens: Sequence[str], start: int) -> tuple[License, int] | None:
    """The Creative Commons license written from `tokens[start]` on and where it ends, or None.

    It starts with cc, creative or attribution, or with two elements ("NC-SA 4.0"); plain "attribution" needs another
    element or a version, so that "with attribution to the authors" is none.
    """
    word = tokens[start]
    if word not in _ELEMENTS and word not in ("cc", "creative", "non"):
        return None
    elements, end = _elements(tokens, start)
    version = tokens[end] if end < len(tokens) and tokens[end] in _VERSIONS else ""
    if word == "cc" and tokens[end : end + 1] == ["0"]:
        elements, version, end = frozenset({"zero"}), "1", end + (2 if tokens[end + 1 : end + 2] == ["1"] else 1)
    elif word == "creative" and tokens[end : end + 1] == ["0"]:
        elements, end = frozenset({"zero"}), end + 1
    elif version:
        end += 1
    named = word in ("cc", "creative") and (word == "cc" or end - start > 1)
    if not named and (len(elements) < 2 if not version else word == "zero" or not elements):
        return None
    port = _PORT_WORDS.get(tokens[end], "") if end < len(tokens) else ""
    license = license_for(elements, version, port)
    return (license, end) if license else None


def _elements(tokens: Sequence[str], start: int) -> tuple[frozenset[str], int]:
    elements: frozenset[str] = frozenset()
    position = start
    while position < len(tokens):
        word = tokens[position]
        pair = _PAIRS.get((word, tokens[position + 1])) if position + 1 < len(tokens) else None
        if pair:
            elements, position = elements | {pair}, position + 2
        elif word in _ELEMENTS:
            elements, position = elements | _ELEMENTS[word], position + 1
        elif word in _FILLER:
            position += 1
        else:
            break
    return elements, position
