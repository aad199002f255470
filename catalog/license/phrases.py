"""The plain words by which license texts limit, free, hide or pass on: one alternative a line, by what they state.

All of it is read against lower-case text with plain hyphens and quotes. English and Chinese are covered, other
languages by their common words for "non-commercial". Within a sentence, `GAP` is as far as two words may stand apart.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

COMMERCIAL: Final = r"comm?er(?:ci|ic|i)al(?:ly|e|i[sz]\w+)?"  # and its usual slips
USE: Final = r"(?:use[sd]?|usage|using|purposes?|exploitation|gains?|applications?|products?|entit\w+|interests?)"
STUDY: Final = (
    r"(?:research\w*|acade?mi\w*|education\w*|scientific|science|scholar\w*|teaching|study|studies|instruction\w*)"
)
ONLY: Final = r"(?:only|solely|exclusively|strictly|purely|restrict\w*|limited|merely)"
NOT: Final = (
    r"(?:cannot|can ?not|can't|must not|may not|shall not|should not|mustn't|not|never|no|nor|neither|don't"
    r"|prohibit\w*|forbid\w*|disallow\w*|exclud\w*|except|other than|refrain\w*)"
)
ASK: Final = r"(?:requires?|needs?|obtain|ask|prior|written|request|separate|contact|interested|inquir\w+|before)"
GIVEN: Final = (
    r"(?:specified|stated|given|provided|available|found|mentioned|known|indicated|declared|determined|listed|clear"
    r"|set|defined)"
)
GAP: Final = r"[^.;。；]{0,70}?"


class Phrases:
    """One pattern for alternatives, compiled when it is first used: few labels need any, and all take 100 ms."""

    def __init__(self, *alternatives: str) -> None:
        self._alternatives = alternatives

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile("|".join(self._alternatives))

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where a text says one of these."""
        return self.pattern.search(text)

    def blanked(self, text: str) -> str:
        """The text with all of these as spaces, so that places stay the same."""
        return self.pattern.sub(lambda match: " " * len(match[0]), text)


_BOUND: Final = r"(?:restrict|limit|prohib|preclud|forbid)"
_DENIED: Final = r"(?:not|prohibited|forbidden|disallowed|restricted|excluded|denied|illegal)"
_AND: Final = r" ?(?:and|or|as well as|&|/|,)[ -]*(?:for )?"
BOTH: Final = Phrases(
    rf"(?:both )?\b{COMMERCIAL}(?: {USE})?{_AND}non[- ]?{COMMERCIAL}(?: {USE})?",
    rf"(?:both )?\bnon[- ]?{COMMERCIAL}(?: {USE})?{_AND}{COMMERCIAL}(?: {USE})?",
)
NON_COMMERCIAL: Final = Phrases(
    rf"\bn(?:on|o|ão|ao|ot)[- ]{{0,3}}{COMMERCIAL}",
    r"\bnon?t?[- ]for[- ]?profit|\bnon[- ]?profit (?:use|usage|purposes?|research|only)|\bwithout (?:any )?profit",
    rf"\b{NOT}\b(?! (?:only|{_BOUND}))(?:(?!\b{_BOUND})[^.;。；]){{0,70}}?\b{COMMERCIAL}",
    rf"\b{COMMERCIAL}(?: \w+)? {USE}{GAP}\b{_DENIED}\b|\brestricted\b{GAP}\b{COMMERCIAL}",
    rf"\b{COMMERCIAL}(?: \w+)? {USE}{GAP}\b(?:{ASK}|permission|negotia\w+|(?:up)?on request|by agreement|fees?)\b",
    rf"\b{COMMERCIAL} licen[sc]e\b{GAP}\b(?:{ASK}|available|purchase|sold)\b|\b(?:purchase|buy) a {COMMERCIAL}",
    rf"\b{ASK}\b{GAP}\b{COMMERCIAL}",
    r"\b(?:only|solely|exclusively|strictly) for (?:your )?(?:own )?(?:personal|private|individual|internal)\b",
    r"\bfor (?:your )?(?:own )?(?:personal|private|internal)(?:,? (?:and|or|non)\W? ?\w+)? (?:use|purposes?) only",
    r"\b(?:personal|private|internal) use only\b",
    r"禁止(?:任何|用于|一切|作|将其)?[^。；]{0,8}(?:商用|商业|商業|[盈营營]利)",
    r"(?:不得|不可|不能|不许|不允许|不允許|严禁|嚴禁|请勿|請勿|切勿|不应|未经)[^。；]{0,24}(?:商用|商业|商業|[盈营營]利)",
    r"非商[业用業]|非[盈营營]利|(?:商用|商业(?:用途|使用|目的))[^。；]{0,12}(?:禁止|需|须|联系|授权|不)",
    r"仅[供限][^。；]{0,6}个人",
    r"商用(?:利用|目的)?[^。]{0,12}(?:不可|禁止|禁じ|できません)|営利目的[^。]{0,12}(?:禁|不可)",
    r"비상업|비영리|상업적[^.。]{0,20}(?:금지|불가|않|안 )|некоммерч|غير تجاري",
    r"nicht[- ]?kommerziell|keine kommerzielle|kommerzielle[^.]{0,40}(?:verboten|untersagt|nicht)",
    r"pas d['’ ]utilisation commerciale|sem fins lucrativos|sin (?:fines de|ánimo de) lucro|no lucrativ",
)
RESEARCH_ONLY: Final = Phrases(
    rf"\b{ONLY}\b{GAP}\b{STUDY}(?:[^.;]{{0,25}}?\b(?:use|usage|purposes?|only)|\W*(?:\Z|[.;,)]))",
    rf"\b{ONLY}\b{GAP}\b(?:for|to|in|as part of) (?:\w+[ ,/&-]+){{0,4}}{STUDY}",
    rf"\b{STUDY}(?:[ ,/&-]+(?:and/or |and |or )?[\w-]+){{0,4}}? only\b",
    r"\b(?:research|academic|educational|evaluation)(?:[ -]use)?(?: and \w+(?: use)?)? licen[sc]e\b",
    r"\bresearch[- ]only\b|\bacademic use\b|\A\W*(?:research|academic|educational|scientific)(?: use| purposes?)?\W*\Z",
    r"[仅僅][^。；]{0,14}(?:研究|学术|学術|學術|科研|教学|教學|学习|學習|交流)",
    r"只[能可供限允][^。；]{0,14}(?:研究|学术|科研|学习|教学)|限(?:于)?(?:学术|科研|研究)",
    r"研究目的(?:のみ|に限)|연구 ?(?:목적|용)",
)
RESEARCH: Final = Phrases(
    rf"\bfor (?:[\w-]+[ ,/&]+){{0,4}}?{STUDY}(?:[ ,/&-]+(?:and/or |and |or )?[\w-]+){{0,3}}? (?:purposes?|use|usage)\b",
    rf"\bfor (?:the )?(?:academic|scientific|scholarly|non-?profit) (?:research|community)|\b{STUDY} purposes?\b",
    r"\b(?:obtained|available|used|intended|accessible|freely|free) for (?:academic |scientific )?research\b",
    r"(?:学术|科研|研究|科学|教育|學術)(?:研究|学习)?(?:用途|使用|目的|之用)",
    r"用于(?:学术|科研|科学|非商业)?(?:研究|学习)|供[^。；]{0,6}研究",
)
CLOSED: Final = Phrases(
    r"\b(?:no|not|without|prohibit\w*|forbid\w*|don't|never)\b[^.;]{0,40}?"
    r"\b(?:re-?distribut\w*|shared?|sharing|re-?publish\w*)\b",
    r"\bre-?distribut\w*[^.;]{0,40}?\b(?:prohibited|forbidden|not (?:allowed|permitted)|disallowed)",
    r"\bproprietary\b|\bconfidential\b",
    r"禁止(?:转载|传播|分发|二次分发)|(?:不得|不可|请勿|严禁)[^。；]{0,10}(?:转载|传播|分发|外传|泄露)",
)
UNSTATED: Final = Phrases(
    r"\A\W*(?:(?:the )?licen[sc](?:e|ing)s?(?: information)?\W{0,3})?(?:unknow\w*|none|nil|n\W?a|not? appl\w+|nan|null"
    r"|tb[dac]|todo|\?+|pending|undefined|undetermined|missing|empty|coming|adding|unlicensed|unspecified|unclear"
    rf"|undisclosed|no[- _]?assertion|not[- _]?(?:yet )?(?:{GIVEN}|licensed|sure|decided)|no[- _]?licen[sc]e)\b",
    r"\A\W*(?:待补充|待定|未知|无|暂无|不明)\W*\Z|许可证?(?:信息)?(?:未知|不明|未说明)",
    r"\A[\W\d_]*\Z|\bunknown: licen|\blicen[sc]es?/undefined|\b(?:more|needs more) information needed\b",
    r"\bno (?:\w+ ){0,2}?(?:information|licen[sc]\w*|terms)(?: information| terms| details?| status)?"
    r"(?: (?:is|are|was|were|has been|could be))?(?: \w+)? ?"
    rf"(?:{GIVEN}|attached|included|exists?|(?:on|in|for|at) |\W|\Z)",
    r"\bnone (?:given|stated|provided|specified|found|listed)",
    rf"\bnot {GIVEN}\b[^.;]{{0,30}}\blicen[sc]",
    r"\b(?:information|details?) (?:is |are )?(?:currently )?(?:unavailable|missing|not)",
    r"\blicen[sc](?:e|es|ing|ed)?\b(?: (?:information|status|terms|details?))?[^.;]{0,50}?\b(?:is|are|was|were)? ?"
    rf"(?:currently )?(?:unknown|unclear|unspecified|undetermined|not (?:yet )?(?:been )?(?:{GIVEN}))\b",
    r"\b(?:unknown|unspecified|undefined|unclear|undisclosed|missing) licen[sc]",
    r"\b(?:not|n't) (?:appear|seem) to (?:be|have|include|come with) (?:a|any) licen[sc]",
    r"\b(?:does|do) not (?:have|include|provide|specify|state) (?:a|any) (?:\w+ )?licen[sc]",
    r"\b(?:does|do) not (?:own|hold|claim)\b[^.;]{0,30}\b(?:copyrights?|ownership|rights|licen[sc]e)",
)
ELSEWHERE: Final = Phrases(
    r"\bsame as (?:in |of )?(?:the |their )?(?:original|source|underlying|parent)",
    r"\bsame (?:licen[sc]\w*|terms)(?: (?:terms|conditions))? (?:as|of|that)\b|\bterms of the original",
    r"\blicen[sc]es? of (?:the|each|their) (?:\w+ )?(?:original|source|underlying)",
    r"\b(?:refer|see|check|visit|consult|look|find|found|follow|subject|according|inherit\w*|belongs?|retain\w*)\b"
    r"[^.;]{0,80}?\b(?:web ?(?:site|page)s?|homepage|original|sources?|authors?|owners?|paper|repo\w*|publishers?"
    r"|datasets?)\b",
    r"\bcontact\b[^.;]{0,60}(?:authors?|owners?|us|me|@|licen[sc]|permission|for )|\bask (?:the )?(?:authors?|owners?)",
    r"\A\W*(?:all rights reserved\W+)?(?:copyright|©|\(c\))\W|\bcopyright (?:is )?(?:of|by|belongs|remains|held|owned)",
    r"版权归|版权所有|版權|参[见考照][^。；]{0,10}(?:原|来源)|请联系",
)
FREE: Final = Phrases(
    r"\b(?:no|without(?: any)?|free (?:of|from)(?: any)?) (?:\w+ )?(?:restrictions?|limitations?)\b"
    r"(?: (?:on|to|for|of) (?:\w+ ){0,3}?(?:use|access|usage)|[^\w,]*(?:\Z|[.;]))",
    r"\bnot subject to (?:any )?copyright",
    rf"\b(?:may|can) be (?:freely )?used for (?:[\w/-]+[ ,]+){{0,4}}?(?:and |or )?{COMMERCIAL} (?:purposes?|use)",
    r"\bfree (?:of|from) (?:any )?restrictions|\A\W*unrestricted(?: use)?\W*\Z",
    r"\b(?:for|to) (?:any|all) purposes?\b|\bfor any (?:use|reason)\b",
    rf"\b{COMMERCIAL} (?:use|usage|purposes?)(?: is| are)?(?: also| explicitly| fully)? ?(?:allowed|permitted|ok(?:ay)?"
    r"|welcome|granted|possible)\b(?! (?:only|with|if|after|upon|provided|under|by|in|for|subject|except|unless))",
    rf"\b(?:allow|permit|grant)(?:s|ed|ing)? (?:for )?{COMMERCIAL} (?:use|usage|purposes?)|\bfree for {COMMERCIAL}",
    r"(?<![不未非])可(?:以|自由)?(?:免费)?(?:商用|用于商业)|(?<!不)允许(?:商用|商业)|免费商用",
)
ASKED: Final = Phrases(
    r"\b(?:not|only|permission|request|contact|fee|agreement|prohibit\w*|forbid\w*|other than|except|unless|until)\b",
    r"不|仅|禁|未经|非",
)
MIXED: Final = Phrases(
    r"\bvarious\b|\bmixed\b|\bmultiple\b|\bmulti-?licen[sc]|\bvar(?:y|ies)\b|\bdepends? (?:up)?on the",
    r"\b(?:different|several|own|individual|respective) (?:\w+ )?licen[sc]es?|\blicen[sc]es? (?:of|for) each",
    r"\beach (?:sub)?-?(?:set|dataset|source|file|image|example|item|document|task|component)[^.;]{0,60}licen[sc]",
    r"多种许可|各自的?许可",
)
