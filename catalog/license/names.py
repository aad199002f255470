"""The licenses that a text names: by address, by Creative Commons and GNU rule, by the names of the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from typing import Final

from catalog.license import creative_commons, gnu
from catalog.license.classes import strictness
from catalog.license.data import License, table, words

Words = tuple[str, ...]

_LISTS: Final = re.compile(
    r"(?:choosealicense\.com/licenses|opensource\.org/licen[sc]es?|spdx\.org/licenses|opendefinition\.org/licen[sc]es"
    r"|tldrlegal\.com/license|licenses\.nuget\.org|wikipedia\.org/wiki|resource/authority/licen[sc]e|metashare/licen[sc]es"
    r"|gnu\.org/(?:licenses(?:/old-licenses)?|copyleft)|fsf\.org/licensing/licenses|scancode-licensedb\.aboutcode\.org)"
    r"/([a-z0-9_.+-]+)"
)
_ENDING: Final = re.compile(r"[.\-/_]*(?:\.(?:html?|txt|php|json|md|pdf|en|rst))*[.\-/_]*\Z")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"]+")
_LICENSE: Final = re.compile(r"licen[sc]|许可|协议|授权|许可证|ライセンス|라이선스|lizenz|licencia|licença|licenza")
_BESIDE: Final = (
    r"\bNAME\W{0,3}(?:style |open source )?(?:licen[sc]|许可|协议|terms)"
    r"|(?:licen[sc]\w*|under|许可\w*|协议)\W{1,3}(?:the |an? )?NAME(?![\w-])"
    r"|\blicen[sc]\w*\b[^.;]{0,50}\b(?:is|are|as|by|with|in|uses?)\W{1,3}(?:the |an? )?NAME(?![\w-])"
)
_NEGATED: Final = re.compile(
    r"\b(?:not|never|neither|longer|n't)(?: \w+){0,3}? (?:under|in|into|of)(?: the| an?)?"
    r" (?:public domain|[\w.-]+(?: [\w.-]+){0,3}? licen[sc]e)"
)
MAX_NAME: Final = 12  # words of a text that may be a name as a whole
_SHORT: Final = 4  # words of a text in which a common word is a name


def licenses(lower: str) -> list[License]:
    """The licenses a text (lower case) names, each once, families covered by a closer name left out.

    The address of a text outranks the words beside it, unless these are stricter.
    """
    if " " not in lower and (alone := by_id(lower)):
        return [alone]
    lower = _NEGATED.sub(" ", lower)
    linked = list(_from_addresses(lower))
    unlinked = _ADDRESS.sub(" ", lower) if "/" in lower else lower
    named = list(_from_words(unlinked))
    if linked:
        floor = max(strictness(item.cls)[0] for item in linked)
        named = [item for item in named if strictness(item.cls)[0] > floor and item.cls != "unspecified"]
    return _drop_families(list({item.id: item for item in [*linked, *named]}.values()))


def _from_addresses(lower: str) -> Iterator[License]:
    if "/" not in lower:
        return
    addresses = list(creative_commons.URL.finditer(lower))
    deeds = [match for match in addresses if not match["badge"]]
    for match in deeds or addresses:  # a badge counts where no deed is linked
        if license := creative_commons.from_url(match):
            yield license
    for match in _LISTS.finditer(lower):
        if license := _by_slug(match[1]):
            yield license
    for url, license in table().urls:
        if url in lower:
            yield license
            return


def _by_slug(slug: str) -> License | None:
    bare = _ENDING.sub("", slug)
    return by_id(bare) or by_id(bare.removesuffix("-standalone")) or by_id(f"gnu-{bare}")


@lru_cache(maxsize=4096)
def by_id(id: str) -> License | None:
    """The license of an SPDX id, or of what another list calls it."""
    if ported := _ported(id):
        return ported
    tokens = words(id)
    key = tuple(tokens)
    known = table()
    if not key or (found := known.whole.get(key) or known.names.get(key)):
        return found if key else None
    for rule in (creative_commons.read, gnu.read):
        if (read := rule(tokens, 0)) and read[1] == len(tokens):
            return read[0]
    return None


def _ported(id: str) -> License | None:
    """A Creative Commons id with its port; in running text "at" and "de" are words."""
    code, _, port = id.upper().rpartition("-")
    bare = by_id(code) if f"{code}-{port}" in creative_commons.PORTS else None
    return License(f"{code}-{port}", f"{bare.title} {port}", bare.cls) if bare else None


def _from_words(lower: str) -> Iterator[License]:
    tokens = words(creative_commons.translated(lower))
    if len(tokens) <= MAX_NAME and (whole := _whole(lower, tokens)):
        yield whole
        return
    beside = cache(partial(_beside_license, lower))
    start = 0
    while start < len(tokens):
        found = _deed(tokens, start) or gnu.read(tokens, start) or _of_table(beside, tokens, start)
        if found:
            yield found[0]
        start = found[1] if found else start + 1


def _whole(lower: str, tokens: list[str]) -> License | None:
    """The license whose name is the whole text; a common word is one only beside the word license or alone."""
    known = table()
    key = tuple(tokens)
    if key in known.whole and (len(key) > 1 or len(lower.split()) == 1 or _LICENSE.search(lower)):
        return known.whole[key]
    return known.names.get(key) if len(key) > 2 else None


def _deed(tokens: list[str], start: int) -> tuple[License, int] | None:
    """A Creative Commons license. "cc" alone is also an address field: it names a license in a short text only."""
    found = creative_commons.read(tokens, start)
    vague = found is not None and found[0].id == "LicenseRef-cc" and tokens[start] == "cc" and len(tokens) > 3
    return None if vague else found


def _of_table(beside: Callable[[Words], bool], tokens: list[str], start: int) -> tuple[License, int] | None:
    known = table()
    for size in range(min(known.longest, len(tokens) - start), 0, -1):
        key = tuple(tokens[start : start + size])
        license = known.names.get(key)
        if license and (key not in known.weak or len(tokens) <= _SHORT or beside(key)):
            return license, start + size
    return None


def _beside_license(lower: str, key: Words) -> bool:
    name = r"\W+".join(map(re.escape, key))
    return bool(re.search(_BESIDE.replace("NAME", name), lower))


def _drop_families(found: list[License]) -> list[License]:
    """Without the families that a closer name in the same text makes plain (`cc-by` beside `CC-BY-4.0`)."""
    ids = [item.id.lower() for item in found]

    def covered(item: License) -> bool:
        family = item.id.lower().removeprefix("licenseref-")
        mark = item.id in ("LicenseRef-public-domain", "LicenseRef-cc") and len(ids) > 1
        kin = any(other.startswith((f"{family}-", f"{family.removeprefix('gnu-')}-")) for other in ids)
        return mark or (item.id.startswith("LicenseRef-") and kin)

    return [item for item in found if not covered(item)]
