"""Text that a commercial model wrote: the phrases that say so, and whose terms it falls under."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_OPENAI: Final = (
    r"(?:open ?ai(?:'s)?(?: \w+)?|chat ?gpt(?:[- ]?[345][\w.]*)?|gpt[- ]?[345][\w.-]*|gpt-?4o\w*|text-davinci[\w-]*"
    r"|davinci-00\d|instructgpt|o[134]-(?:mini|preview|pro)|dall[- ]?e(?:[- ]?\d)?)"
)
_ANTHROPIC: Final = r"(?:anthropic(?:'s)?|claude(?:[- ](?:v?\d[\w.]*|instant|opus|sonnet|haiku))*)"
_GOOGLE: Final = r"(?:gemini(?:[- ](?:\d[\w.]*|pro|flash|ultra|advanced))*|palm[- ]?2|google bard)"
_MODEL: Final = rf"(?:(?P<openai>{_OPENAI})|(?P<anthropic>{_ANTHROPIC})|(?P<google>{_GOOGLE}))"
_MADE: Final = (
    r"(?:generated|created|produced|synthesi[sz]ed|distill?ed|annotated|written|rewritten|translated|paraphrased"
    r"|augmented|labell?ed|constructed|built|collected|obtained|completed|answered|curated|sourced|extracted)"
)
_BY: Final = r"(?:by|with|using|from|via|through|of|prompting|querying)"
_GENERATED: Final = re.compile(
    rf"\b{_MADE}\b[^.;。\n]{{0,60}}?\b{_BY}\b[^.;。\n]{{0,40}}?\b{_MODEL}",
)
_OUTPUT: Final = re.compile(
    rf"\b{_MODEL}(?:'s)?[- ](?:api[- ])?(?:generated|generations?|outputs?|responses?|completions?|answers"
    r"|conversations|annotat\w+|written|distill\w+|translat\w+|synthetic|augmented|created|produced)\b",
)
_CHINESE: Final = re.compile(
    rf"(?:由|使用|用|利用|通过|调用|基于)\s*{_MODEL}[^。；]{{0,20}}(?:生成|构造|翻译|标注|改写|蒸馏|得到)",
)
_MENTIONS: Final = ("gpt", "openai", "open ai", "claude", "anthropic", "gemini", "davinci", "palm", "bard", "dall")
_DENIED: Final = re.compile(r"\b(?:not|no|never|without|instead of|rather than|unlike|than)\b")
_CARD: Final = re.compile(r"\b(?:readme|card|documentation)\b")
TERMS: Final = {
    "openai": ("LicenseRef-openai-terms", "OpenAI terms of use"),
    "anthropic": ("LicenseRef-anthropic-terms", "Anthropic terms of service"),
    "google": ("LicenseRef-google-ai-terms", "Google generative AI terms of service"),
}


@dataclass(frozen=True, slots=True)
class Generated:
    """A passage that says that a model wrote the data: whose terms bind it, and where the passage stands."""

    id: str
    title: str
    start: int
    end: int


def find(text: str) -> Generated | None:
    """The first passage of a text (lower case) that says that a model of OpenAI, Anthropic or Google wrote the data."""
    if not any(mention in text for mention in _MENTIONS):
        return None
    for pattern in (_GENERATED, _OUTPUT, _CHINESE):
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 30) : match.start()]
            if not _DENIED.search(match[0]) and not _CARD.search(before):
                who = next(name for name in TERMS if match[name])
                return Generated(*TERMS[who], match.start(), match.end())
    return None
