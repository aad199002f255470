"""What a license text says in plain words: no commercial use, research only, nothing stated, free of conditions."""

from __future__ import annotations

import re
from typing import Final

_BOTH: Final = re.compile(
    r"commercial(?:ly)?(?: purposes?| use)? (?:and|or|as well as|&|/)[ -]*(?:for )?non[- ]?commercial"
    r"|non[- ]?commercial(?:ly)?(?: purposes?| use)? (?:and|or|as well as|&|/)[ -]*(?:for )?commercial"
)
_NON_COMMERCIAL: Final = re.compile(
    r"\bnon[- ]?commercial|\bnot[ -]for[ -](?:commercial|profit)|\bno commercial (?:use|usage|purpose)"
    r"|\b(?:can ?not|must not|may not|not) (?:be )?(?:use|used)[^.]{0,60} commercial"
    r"|commercial (?:use|usage|purposes?)[^.]{0,40}(?:prohibited|forbidden|not (?:allowed|permitted|granted))"
    r"|(?:requires?|need)[^.]{0,30}permission for commercial|禁止商用|不得商用|不可商用|非商业|非商用|仅限非商"
)
_RESEARCH: Final = re.compile(
    r"\b(?:only|solely|exclusively|restricted|limited|intended|strictly)\b[^.]{0,60}"
    r"\b(?:research|academic|educational|scientific|scholarly)\b"
    r"|\b(?:research|academic|educational|scientific)(?: and (?:research|education(?:al)?|academic))?"
    r"(?: research)?(?: use| usage| purposes?)?[ -]only\b"
    r"|\bfor (?:\w+ )?(?:research|academic)(?: (?:and|or|/) \w+)?(?: research)? (?:purposes?|use)\b"
    r"|\bresearch licen[sc]e\b|\bacademic use\b|仅(?:供|限)[^。]{0,8}(?:研究|学术|科研)|(?:学术|科研|研究)(?:用途|使用)"
)
_ASKED: Final = re.compile(r"\b(?:not|permission|request|contact|fee|agreement|prohibit\w*|forbid\w*)\b")
_UNSTATED: Final = re.compile(
    r"\A\W*(?:(?:the )?licen[sc]es?\W{0,3})?(?:unknown|none|n/?a|nan|null|tbd|todo|not[- _]?(?:provided|specified"
    r"|stated|given|available|applicable|known|found|mentioned|licensed)|no[- ]?(?:assertion|licen[sc]e)"
    r"|unspecified|unlicensed|undefined|missing|empty|adding soon|coming soon|待补充|未知|无)\b"
    r"|\bno (?:information|licen[sc]e|explicit licen[sc]e|known licen[sc]e|terms)\b"
    r"|\bnone (?:given|stated|provided|specified|found)"
    r"|\bmore information needed\b|\binformation (?:is )?(?:unavailable|missing|not)|\bunknown licen[sc]e\b"
    r"|\bnot (?:appear|seem) to (?:be|have) (?:a|any) licen[sc]e|\bdoes not (?:own|hold) the copyright"
    r"|\bsame licen[sc]es? (?:as|of) the (?:original|source)"
    r"|\b(?:refer|see|check)\b[^.]{0,40}(?:web ?sites?|original|source|authors?)"
    r"[^.]{0,30}licen[sc]|\bterms of the original|\A\W*(?:copyright|©|\(c\))\W"
)
_FREE: Final = re.compile(
    r"\b(?:no|without(?: any)?) restrictions? (?:on|to|for) (?:the )?(?:use|access|usage)"
    r"|\bfree (?:of|from) (?:any )?restrictions"
)
_MIXED: Final = re.compile(
    r"\bvarious\b|\bmixed\b|\bmultiple licen[sc]es|\bdifferent licen[sc]es|\beach (?:sub)?(?:set|dataset|source|file) "
    r"(?:has|is|keeps|retains)[^.]{0,40}licen[sc]|\bdepends on the (?:source|subset|dataset)|\bvaries\b"
)


def stated(text: str) -> str:
    """The class that the plain words of a text (lower case) state, or "" when they state none.

    Restrictions first: non-commercial, research-only; then `free` for words that lift every restriction.
    """
    if not _BOTH.search(text) and _NON_COMMERCIAL.search(text):
        return "non-commercial"
    if _RESEARCH.search(text):
        return "research-only"
    allowed = _FREE.search(text) or (_BOTH.search(text) and not _ASKED.search(text))
    return "free" if allowed else ""


def unstated(text: str) -> bool:
    """Whether the text says that no license is given or known, or points to somebody else's terms."""
    return bool(_UNSTATED.search(text))


def mixed(text: str) -> bool:
    """Whether the text says that its parts have different licenses."""
    return bool(_MIXED.search(text))
