"""Text for LaTeX: what a source wrote is shown and never obeyed. Letters of every script stay as they are (UTF-8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from catalog.text import for_terminal, for_url

_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_ANY: Final = re.compile("[" + "".join(map(re.escape, _SPECIAL)) + "]")
_ORGANISATION: Final = re.compile(
    r"[\d&/@:()]|\band\b|\b(?:universit\w*|institut\w*|team|labs?|laborator\w*|group|inc|ltd|llc|gmbh|corp\w*|company|"
    r"foundation|cent(?:er|re)\w*|department|school|college|consortium|association|society|ministry|office|agency|"
    r"committee|council|research|community|initiative|project|network|organi[sz]ation|bureau|library|museum|hospital|"
    r"service|survey|academy|commission|government|wiki\w*|authors?|contributors?)\b",
    re.IGNORECASE,
)

# Commands that only set letters and their look. Any other one is shown as text: \input would read a file.
_ACCENTS: Final = frozenset("'`^\"~=.-&%$#_, /@")
_LETTERS = """
aa AA ae AE oe OE o O l L ss i j c v u H k r d b t dh DH th TH ng NG dj DJ textit textbf textsc texttt textrm textsf
textup emph it bf em sc tt rm sf textsuperscript textsubscript textendash textemdash textquoteright textquoteleft
textquotedbl textbackslash textbraceleft textbraceright textasciitilde textasciicircum textless textgreater textbar
textunderscore textregistered textcopyright texttrademark dots ldots textdegree LaTeX TeX url noop
"""
_SYMBOLS = """
alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega Gamma
Delta Theta Lambda Sigma Phi Psi Omega times cdot pm le leq ge geq sim approx infty ell to rightarrow mathbf mathrm
mathcal mathbb mathit text star ast circ dagger tilde hat bar prime
"""
_WORDS: Final = frozenset(_LETTERS.split())
_MATH: Final = frozenset(_SYMBOLS.split())
_TOKEN: Final = re.compile(
    r"(?P<word>\\[A-Za-z]+)|(?P<sign>\\.)|(?P<math>\$[^$\\]{0,200}(?:\\[A-Za-z]+[^$\\]{0,200}){0,20}\$)"
    r"|(?P<special>[\\&%#$^_])|(?P<plain>[^\\&%#$^_]+)",
    re.DOTALL,
)
_COMMAND: Final = re.compile(r"\\([A-Za-z]+)")


def one_line(text: str) -> str:
    """A text on one line, without control and invisible characters."""
    return " ".join(for_terminal(text).split())


def latex_text(text: str) -> str:
    """Plain text as LaTeX shows it; its braces are balanced."""
    return _ANY.sub(lambda match: _SPECIAL[match[0]], text)


def plain_url(address: str) -> str:
    """An address or DOI for a field that is taken as it stands: ASCII without braces, backslashes and spaces."""
    if address.startswith(("http://", "https://")):
        address = for_url(address)
    return re.sub(r"[^\x21-\x7e]|[{}\\\"%^`|<>]", _percent, address) if address else ""


def link(address: str) -> str:
    r"""An address as `\url{}` within other text; "" for what is no http(s) address."""
    plain = plain_url(address) if address.startswith(("http://", "https://")) else ""
    escaped = re.sub("[%#]", lambda match: "\\" + match[0], plain)
    return rf"\url{{{escaped}}}" if plain else ""


def _percent(match: re.Match[str]) -> str:
    if match[0] == "%":  # an escape already
        return "%"
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def latex_names(names: Iterable[str]) -> str:
    """Names of people and organisations, joined by `and`. A name that would be read as several parts of a person, or
    as several people, is braced."""
    found = [_name(told) for name in names if (told := one_line(name))]
    return " and ".join(dict.fromkeys(found))


def _name(name: str) -> str:
    text = latex_text(name)
    last, comma, rest = name.partition(",")
    is_person = (
        not _ORGANISATION.search(name) and "," not in rest and bool(last.strip()) == bool(not comma or rest.strip())
    )
    return text if is_person else f"{{{text}}}"


def kept_names(value: str) -> str:
    """Names as a source's own BibTeX has them; one that has too many commas to be a person is braced."""
    names = [name.strip() for name in split_names(value)]
    return " and ".join(f"{{{name}}}" if outer_commas(name) > 2 else name for name in names if name)


def split_names(value: str) -> list[str]:
    """The names between the words `and` that stand outside of braces."""
    found, depth, start = [], 0, 0
    for match in re.finditer(r"[{}]|\s+and(?=\s)", value, re.IGNORECASE):
        if match[0] in "{}":
            depth += 1 if match[0] == "{" else -1
        elif depth == 0:
            found.append(value[start : match.start()])
            start = match.end()
    return [*found, value[start:]]


def outer_commas(text: str) -> int:
    """The commas outside of braces."""
    depth = count = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        count += character == "," and depth == 0
    return count


def kept_latex(value: str) -> str:
    """LaTeX that a source wrote, with what is no letter or look in it shown as text; all of it is shown as text where
    its braces do not match."""
    told = one_line(value)
    made = "".join(_kept(match) for match in _TOKEN.finditer(told)).replace("\\ ", " ")
    return made if _is_balanced(made) else latex_text(told)


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def _kept(match: re.Match[str]) -> str:
    text = match[0]
    if match["word"]:
        return text if text[1:] in _WORDS else rf"\textbackslash{{}}{text[1:]}"
    if match["sign"]:
        if text[1] in "{}":
            return _SPECIAL[text[1]]
        return text if text[1] in _ACCENTS else rf"\textbackslash{{}}{latex_text(text[1])}"
    if match["math"]:
        known = all(name in _MATH for name in _COMMAND.findall(text))
        return text if known and _is_balanced(text) else latex_text(text)
    return _SPECIAL[text] if match["special"] else text
