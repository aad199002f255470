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
        "CC-BY-NC-3.0-IGO",
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
    r"(?:creativecommons\.org/licen[sc]es|(?P<badge>(?:i\.creativecommons|licensebuttons)\.(?:org|net)/l))"
    r"/(?P<elements>[a-z]{2}(?:-[a-z]{2}){0,2})(?![a-z-])(?:/(?P<version>\d\.\d))?(?:/(?P<port>[a-z]{2,3})(?![a-z]))?"
    r"|creativecommons\.org/(?:publicdomain|licen[sc]es|choose)/(?P<zero>zero)(?![a-z])"
    r"|creativecommons\.org/[a-z/-]{0,60}/(?P<cc0>cc0)(?![a-z])"
)
MAX_WORDS: Final = 24  # of the name of one license
_VERSIONS: Final = frozenset({"1", "2", "2.1", "2.5", "3", "4"})
_ELEMENTS: Final[dict[str, frozenset[str]]] = {
    "by": frozenset({"by"}),
    "attribution": frozenset({"by"}),
    "nc": frozenset({"nc"}),
    "noncommercial": frozenset({"nc"}),
    "noncommercialuse": frozenset({"nc"}),
    "sa": frozenset({"sa"}),
    "sharealike": frozenset({"sa"}),
    "nd": frozenset({"nd"}),
    "noderivatives": frozenset({"nd"}),
    "noderivative": frozenset({"nd"}),
    "noderivs": frozenset({"nd"}),
    "bync": frozenset({"by", "nc"}),
    "bysa": frozenset({"by", "sa"}),
    "bynd": frozenset({"by", "nd"}),
    "byncsa": frozenset({"by", "nc", "sa"}),
    "byncnd": frozenset({"by", "nc", "nd"}),
    "ccby": frozenset({"by"}),
    "ccbync": frozenset({"by", "nc"}),
    "ccbysa": frozenset({"by", "sa"}),
    "ccbynd": frozenset({"by", "nd"}),
    "ccbyncsa": frozenset({"by", "nc", "sa"}),
    "ccbyncnd": frozenset({"by", "nc", "nd"}),
    "zero": frozenset({"zero"}),
    "cczero": frozenset({"zero"}),
}
_PAIRS: Final[dict[tuple[str, str], str]] = {
    ("non", "commercial"): "nc",
    ("non", "comercial"): "nc",
    ("non", "commerical"): "nc",
    ("not", "commercial"): "nc",
    ("share", "alike"): "sa",
    ("share", "like"): "sa",
    ("no", "derivatives"): "nd",
    ("no", "derivative"): "nd",
    ("no", "derivs"): "nd",
    ("no", "derivates"): "nd",
    ("no", "derives"): "nd",
    ("non", "derivatives"): "nd",
    ("non", "derivative"): "nd",
    ("non", "derivs"): "nd",
}
_FILLER: Final = frozenset({"commons", "comons", "common", "works", "work", "cc", "creative", "and"})
_PORT_WORDS: Final[dict[tuple[str, ...], str]] = {
    ("igo",): "IGO",
    ("us",): "US",
    ("united", "states"): "US",
    ("germany",): "DE",
    ("austria",): "AT",
    ("australia",): "AU",
    ("netherlands",): "NL",
    ("uk",): "UK",
    ("england",): "UK",
    ("united", "kingdom"): "UK",
    ("france",): "FR",
    ("japan",): "JP",
}
_TITLES: Final = {"nc": "NonCommercial", "nd": "NoDerivatives", "sa": "ShareAlike"}
_TRANSLATED: Final = (
    # what the deeds call the elements elsewhere; longer words first where one holds another
    *(("公共领域", " public domain "), ("公有领域", " public domain "), ("木兰宽松许可证第", " mulan psl ")),
    *(("知识共享", " cc "), ("創用", " cc "), ("创用", " cc "), ("署名", " by "), ("姓名標示", " by ")),
    *(("非商业性使用", " nc "), ("非商業性", " nc "), ("非商业性", " nc "), ("禁止演绎", " nd "), ("禁止改作", " nd ")),
    *(("相同方式共享", " sa "), ("相同方式分享", " sa "), ("表示", " by "), ("非営利", " nc "), ("改変禁止", " nd ")),
    *(("継承", " sa "), ("저작자표시", " by "), ("비영리", " nc "), ("변경금지", " nd "), ("동일조건변경허락", " sa ")),
    *(("namensnennung", " by "), ("nicht-kommerziell", " nc "), ("nicht kommerziell", " nc ")),
    *(
        ("weitergabe unter gleichen bedingungen", " sa "),
        ("keine bearbeitungen", " nd "),
        ("keine bearbeitung", " nd "),
    ),
    *(("reconocimiento", " by "), ("atribución", " by "), ("atribuição", " by "), ("attribuzione", " by ")),
    *(("paternité", " by "), ("compartirigual", " sa "), ("compartilhaigual", " sa "), ("nocomercial", " nc ")),
    *(("nãocomercial", " nc "), ("no comercial", " nc "), ("não comercial", " nc "), ("não-comercial", " nc ")),
    *(("non commerciale", " nc "), ("pas d’utilisation commerciale", " nc "), ("sinderivadas", " nd ")),
    *(("pas d'utilisation commerciale", " nc "), ("condividi allo stesso modo", " sa "), ("semderivações", " nd ")),
    *(("partage dans les mêmes conditions", " sa "), ("pas de modification", " nd "), ("非商用", " nc ")),
)


def translated(lower: str) -> str:
    """A text in which the elements of the license are named in English, whatever language the deed was in."""
    for word, element in _TRANSLATED:
        if word in lower:
            lower = lower.replace(word, element)
    return lower


def license_for(elements: frozenset[str], version: str, port: str = "") -> License | None:
    """The license of a set of elements (by, nc, sa, nd, zero); without a version it is a `LicenseRef` family."""
    if "zero" in elements:
        return License("CC0-1.0", "CC0 1.0", "public-domain")
    if not elements:
        return License("LicenseRef-cc", "A Creative Commons license that is not named closer", "unspecified")
    if {"nd", "sa"} <= elements:
        elements -= {"sa"}  # a slip; what may not be adapted cannot be shared alike
    order = [part for part in ("nc", "nd", "sa") if part in elements]
    title = " ".join(["Creative Commons Attribution", *(_TITLES[part] for part in order)])
    code = "-".join(["CC", "BY", *(part.upper() for part in order)])
    cls = _class(elements)
    if not version:
        return License(f"LicenseRef-{code.lower()}", f"{title} (no version named)", cls)
    full = f"{code}-{version if '.' in version else version + '.0'}"
    ported = f"{full}-{port.upper()}"
    if ported in PORTS or full.endswith("2.1"):  # 2.1 has ports only, of which SPDX lists one
        id = ported if ported in PORTS else f"LicenseRef-{ported.rstrip('-')}"
        return License(id, f"{title} {version}", cls)
    return License(full, f"{title} {full.rpartition('-')[2]}", cls)


def _class(elements: frozenset[str]) -> str:
    for part, cls in (("nc", "non-commercial"), ("nd", "no-derivatives"), ("sa", "share-alike")):
        if part in elements:
            return cls
    return "permissive"


def from_url(match: re.Match[str]) -> License | None:
    """The license of a match of `URL`; the first version of the licenses had some without attribution."""
    if match["zero"] or match["cc0"]:
        return license_for(frozenset({"zero"}), "1")
    elements = frozenset(match["elements"].split("-"))
    if not elements <= {"by", "nc", "nd", "sa"}:
        return None
    if "by" not in elements:
        listed = "CC-SA-1.0" if elements == {"sa"} else f"LicenseRef-CC-{match['elements'].upper()}-1.0"
        return License(listed, f"Creative Commons {match['elements'].upper()} 1.0", _class(elements))
    return license_for(elements, match["version"] or "", match["port"] or "")


def read(tokens: Sequence[str], start: int) -> tuple[License, int] | None:
    """The Creative Commons license written from `tokens[start]` on and where it ends, or None.

    It starts with cc, creative or attribution, or with two elements ("NC-SA 4.0"); plain "attribution" needs another
    element or a version, so that "with attribution to the authors" is none.
    """
    word = tokens[start]
    if word not in _ELEMENTS and word not in ("cc", "creative", "non"):
        return None
    elements, version, end = _elements(tokens, start)
    if word in ("cc", "creative") and not elements and tokens[end : end + 1] == ["0"]:
        end += 2 if tokens[end + 1 : end + 2] == ["1"] else 1
        return License("CC0-1.0", "CC0 1.0", "public-domain"), end
    if tuple(tokens[end : end + 2]) == ("public", "domain"):
        return None  # "Creative Commons Public Domain Dedication" and the mark are names of the table
    named = word in ("cc", "creative") or word.startswith("cc")
    named = named and (word != "creative" or end - start > 1)
    if not named and (word == "zero" or not elements or (len(elements) < 2 and not version)):
        return None
    if not named and elements == {"nc"}:
        return None  # "Noncommercial License 1.0" is none of these
    port, end = _port(tokens, end) if version else ("", end)
    license = license_for(elements, version, port)
    return (license, end) if license else None


def _elements(tokens: Sequence[str], start: int) -> tuple[frozenset[str], str, int]:
    """The elements, the version (before or after them) and where they end."""
    elements: frozenset[str] = frozenset()
    version = ""
    position = start
    while position < min(len(tokens), start + MAX_WORDS):
        word = tokens[position]
        pair = _PAIRS.get((word, tokens[position + 1])) if position + 1 < len(tokens) else None
        if pair:
            elements, position = elements | {pair}, position + 2
        elif word in _ELEMENTS:
            if elements and "zero" in elements | _ELEMENTS[word]:
                break
            elements, position = elements | _ELEMENTS[word], position + 1
        elif word in _FILLER:
            position += 1
        elif word in _VERSIONS and not version:
            version, position = word, position + 1
            if elements:
                break
        else:
            break
    return elements, version, position


def _port(tokens: Sequence[str], end: int) -> tuple[str, int]:
    for words, code in _PORT_WORDS.items():
        if tuple(tokens[end : end + len(words)]) == words:
            return code, end + len(words)
    return "", end
