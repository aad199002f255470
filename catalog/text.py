"""One pure function a sink: source text is stored as it came and made harmless where it goes out.

All text of a source is hostile. A terminal obeys escape sequences, a spreadsheet runs formulas, a browser runs
markup, a file system follows `..`, and a full-text query has operators; each function here takes what one of them
would obey, and keeps the letters of every script.

The functions are called for every cell, and this module is imported at start-up: patterns are compiled on first use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from catalog.errors import Skipped

if TYPE_CHECKING:
    from pathlib import PurePosixPath

MAX_SEGMENT: Final = 200  # bytes of one part of a path
MAX_DEPTH: Final = 20  # parts of a path
MAX_URL: Final = 4_096  # characters of an address

ELLIPSIS: Final = "…"

# Format characters (Cf) that show nothing: bidirectional controls, tags, joiners of no script. The two joiners that
# Persian, Indic scripts and emoji need (ZWNJ, ZWJ) stay, and so do the Arabic and Syriac number signs, which show.
_INVISIBLE: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_CONTROLS: Final = "\x00-\x1f\x7f-\x9f"
_SURROGATES: Final = "\ud800-\udfff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


# --- terminal -------------------------------------------------------------------------------------------------------


def for_terminal(text: str, newlines: bool = False) -> str:
    """Text that a terminal only shows: no control or escape sequence, no bidirectional or invisible character.

    Tabs and line ends become a space; with `newlines` a line end stays one newline. Lone surrogates become U+FFFD.
    """
    if text.isprintable():
        return text
    text = _pattern(_ESCAPES).sub("", text)
    text = _pattern("\r\n?|[\n\x0b\x0c\x85\u2028\u2029]").sub("\n" if newlines else " ", text)
    text = text.replace("\t", " ")
    text = _pattern(f"[{_SURROGATES}]").sub("\ufffd", text)
    return _pattern(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_INVISIBLE}]").sub("", text)


# ECMA-48. What is left of a broken sequence loses its control bytes below, and its letters show.
_CSI: Final = "(?:\x1b\\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]"
_STRING: Final = (
    "(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\n]*(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS, APC
)
_ESCAPES: Final = f"{_CSI}|{_STRING}|\x1b[\x20-\x2f]*[\x30-\x7e]"


class _Widths(dict[str, int]):
    """The columns of a character, worked out when it is first met."""

    def __missing__(self, character: str) -> int:
        self[character] = width = _width(character)
        return width


def _width(character: str) -> int:
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf", "Cc") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


_widths = _Widths()


def display_width(text: str) -> int:
    """The columns that a text takes: East Asian wide 2, combining marks, joiners and medial jamo 0 (UAX #11)."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_widths.__getitem__, text))


def fit(text: str, width: int) -> str:
    """A text cut to at most `width` columns, the last of them an ellipsis where something was cut off."""
    if display_width(text) <= width:
        return text
    if width <= 0:
        return ""
    used = end = 0
    for character in text:
        used += _widths[character]
        if used > width - 1:
            break
        end += 1
    return text[:end].rstrip(" \u200c\u200d") + ELLIPSIS


# --- HTML and links -------------------------------------------------------------------------------------------------


def for_html(text: str) -> str:
    """Text for the content of an element or a quoted attribute: escaped, without control and invisible characters."""
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        text = _pattern(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_INVISIBLE}]").sub("", text)
        text = _pattern(f"[{_SURROGATES}\ufffe\uffff]").sub("\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#x27;")


@lru_cache(maxsize=512)  # an entry names the same address in several places
def for_url(url: str) -> str:
    """An address for `href`: http or https with a plain host, percent-encoded to ASCII; "" for anything else.

    A user name in the address (`https://known.org@other.org`) is refused: it makes one host look like another. The
    result holds no quote, bracket or space; `&` stays, so pass it through `for_html` like any attribute.
    """
    url = url.strip()
    if len(url) > MAX_URL or not _pattern(_URL).fullmatch(url):
        return ""
    return _pattern(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]").sub(_percent, url)


_URL: Final = (
    r"(?i:https?)://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"  # scheme, host, port; no user name
    rf"(?:[/?#][^{_CONTROLS}{_SURROGATES}]*)?"
)


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


# --- CSV ------------------------------------------------------------------------------------------------------------


def for_csv(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula (CWE-1236); what is no text stays as it is.

    Text that starts with `= + - @`, a tab, a carriage return or NUL gets a leading `'`, unless it is a plain number.
    Control characters go, line ends within the cell stay.
    """
    if not isinstance(cell, str):
        return cell
    clean = for_terminal(cell, newlines=True)
    if not (cell.startswith(_FORMULA) or clean.lstrip().startswith(_FORMULA)):
        return clean
    return clean if _pattern(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch(cell) else f"'{clean}"


# --- file names -----------------------------------------------------------------------------------------------------


def for_path(name: str) -> PurePosixPath:
    """A relative path that stays below the folder it is joined to, on POSIX and Windows alike; NFC.

    Raises `Skipped` for anything else: absolute or empty names, empty parts, backslashes, colons and the other
    characters that Windows refuses, control and invisible characters, parts that start with a dot, dash or space or
    end in a dot or space, device names (`CON`, `nul.txt`), `git~1`, parts over 200 bytes, over 20 parts.
    """
    from pathlib import PurePosixPath

    normal = unicodedata.normalize("NFC", name)
    parts = normal.split("/")
    reason = _refusal(normal) or ("it is too deep" if len(parts) > MAX_DEPTH else "")
    reason = reason or next((why for part in parts if (why := _part_refusal(part))), "")
    if reason:
        raise Skipped(f"The file name {name[:80]!a} is refused: {reason}.")
    return PurePosixPath(normal)


def nearest_path(name: str) -> PurePosixPath:
    """`for_path`, or for a name that it refuses the nearest one it accepts, marked with a piece of the name's hash.

    Never raises: `2020-01-01T00:00.csv` becomes `2020-01-01T00_00-0d1f….csv`, `../a` becomes `a-…`.
    """
    try:
        return for_path(name)
    except Skipped:
        from hashlib import sha256

        mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    normal = unicodedata.normalize("NFC", name)
    parts = [_pattern(r"[^\w.-]+").sub("_", part).strip("._- ") for part in normal.split("/")]
    parts = [f"_{part}" if _is_device(part) else part for part in parts if part] or ["file"]
    stem, dot, suffix = parts[-1].rpartition(".")
    if not stem or len(suffix) > 10:
        stem, dot, suffix = parts[-1], "", ""
    tail = f"-{mark}{dot}{suffix}"
    folders = [_cut(part, MAX_SEGMENT) for part in parts[:-1]][: MAX_DEPTH - 1]
    path = "/".join([*folders, _cut(stem, MAX_SEGMENT - len(tail.encode())) + tail])
    return for_path(path)


def _refusal(name: str) -> str:
    if not name:
        return "it is empty"
    if name.startswith("/"):
        return "it is absolute"
    if _pattern(f'[{_CONTROLS}{_SURROGATES}{_INVISIBLE}\u2028\u2029\ufffe\uffff\\\\:*?"<>|]').search(name):
        return "it has a character that is no part of a portable name"
    return ""


def _part_refusal(part: str) -> str:
    if not part:
        return "a part of it is empty"
    if part[0] in ".- \u3000" or part[-1] in ". " or part[0].isspace() or part[-1].isspace():
        return "a part of it starts with a dot, dash or space, or ends in a dot or space"
    if len(part.encode()) > MAX_SEGMENT:
        return f"a part of it is longer than {MAX_SEGMENT} bytes"
    return "a part of it is a reserved name" if _is_device(part) else ""


def _is_device(part: str) -> bool:
    """Whether a part of a path names a device of Windows, or the short form of `.git`."""
    folded = part.casefold()
    return folded.partition(".")[0].rstrip() in _devices() or folded == "git~1"


@cache
def _devices() -> frozenset[str]:
    numbered = (f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")
    return frozenset(["con", "prn", "aux", "nul", "conin$", "conout$", "clock$", *numbered])


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip("._- ")


# --- full-text search -----------------------------------------------------------------------------------------------


def for_fts(text: str) -> str:
    """A text as one string of an FTS5 query: several words in it are a phrase, no operator, column or prefix is obeyed.

    NUL, surrogates and private-use characters, which mark terms in the index, become spaces.
    """
    return '"' + _pattern(_UNSEARCHABLE).sub(" ", text).replace('"', '""') + '"'


_UNSEARCHABLE: Final = f"[\0{_SURROGATES}\ue000-\uf8ff\U000f0000-\U0010ffff]"
