"""Each sink gets text that it does not obey, and the letters of every script survive."""

from __future__ import annotations

import csv
import io
import random
import re
import sqlite3
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.errors import Skipped
from catalog.text import (
    display_width,
    fit,
    for_csv,
    for_fts,
    for_html,
    for_path,
    for_terminal,
    for_url,
    nearest_path,
)

ANY_TEXT = st.text(st.characters(), max_size=60)  # every code point, lone surrogates too
# fmt: off
TERMINAL_PIECES = [
    "\x1b", "[", "]", "31m", "2J", "0;title", "\x07", "\x1b\\", "\x9b", "\x9d", "\x9c", "P", "52;c;", "\n", "\r", "\t",
    "\u202e", "\u2066", "\ufeff", "\U000e0041", "a", "医", "\u200d", "\ud800", "\x00", "\x08", "é",
]
MARKUP_PIECES = [
    "<", ">", '"', "'", "&", "&lt;", "script", "img src=x onerror=alert(1)", "</p>", "<!--", "-->", "]]>", "{{", "\x00",
    "\u202e", " ", "=", "`", "é", "医",
]
NAME_PIECES = [
    "..", ".", "/", "\\", "a", "b.txt", "C:", "con", "nul", ".git", "-", " ", "\x00", "\u202e", "\u2024", "．．", "／",
    "~", "%2e%2e", "%2f", "é", "e\u0301", "医", "COM1", "git~1", "\u0958", "x" * 90, "\ud800", "\u200d", "?", ":",
]
QUERY_PIECES = [
    "AND", "OR", "NOT", "NEAR(", ")", "(", '"', '""', "*", "^", "-", "+", ":", "name:", "{", "}", ",", "\x00", "'",
    "\ue000", "\ud800", "医疗", "gpt-4", " ", "\u3000", "…", "\u0301", "a", "\U0010ffff", "ª", "\\", ";--",
]
# fmt: on


def _made_of(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=15).map("".join)


CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

SCRIPTS = [
    "Skylion007/openwebtext",
    "医疗对话数据集（一期）",
    "日本語のデータ",
    "한국어 데이터",
    "Ångström naïve œuvre",
    "e\u0301 decomposed",
    "مجموعة بيانات",
    "می\u200cخواهم",  # ZWNJ that Persian needs
    "क\u094d\u200dष हिन्दी",  # ZWJ that Devanagari needs
    "👩\u200d🔬 emoji",
    "葛\U000e0100城",  # a variant of an ideograph
    "\u0600١٢٣",  # an Arabic number sign
    "ไทย ภาษา",
    "𝒟ata 𠮷野家",
]


# --- terminal -------------------------------------------------------------------------------------------------------


@settings(max_examples=1_000, deadline=None)
@given(ANY_TEXT | _made_of(TERMINAL_PIECES))
@example("\x1b]52;c;ZXZpbA==\x07ok")
@example("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\")
@example("\x9b31mred\x9b0m")
def test_a_terminal_gets_no_control_and_no_bidi_character(text: str) -> None:
    shown = for_terminal(text)
    assert not CONTROL.search(shown)
    assert not BIDI.search(shown)
    shown.encode()
    assert for_terminal(shown) == shown
    assert not CONTROL.search(for_terminal(text, newlines=True).replace("\n", ""))


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_terminal_shows_every_script_as_it_is(text: str) -> None:
    assert for_terminal(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b]0;owned\x07b", "ab"),
        ("a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"),
        ("a\x1bPq#0;2\x1b\\b", "ab"),
        ("a\x9b2Jb", "ab"),
        ("a\x1b(Bb", "ab"),
        ("a\x1b]0;never closed", "a0;never closed"),
        ("one\ttwo\r\nthree", "one two three"),
        ("abc\u202edcba", "abcdcba"),
        ("x\ud800y", "x\ufffdy"),
    ],
)
def test_sequences_go_whole_and_blanks_become_spaces(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


def test_newlines_are_kept_on_request() -> None:
    assert for_terminal("a\r\nb\rc\n\x1b[1md", newlines=True) == "a\nb\nc\nd"


def test_unclosed_sequences_take_no_quadratic_time() -> None:
    for text in ("\x9d" * 200_000, "\x1b]" * 200_000, "\x1b[" * 200_000, "\x9b1" * 200_000, "\x1bP" * 200_000):
        assert not CONTROL.search(for_terminal(text))


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("医疗", 4),
        ("ｆｕｌｌ", 8),
        ("한국", 4),
        ("e\u0301", 1),
        ("é", 1),
        ("1\u20e3", 1),
        ("क\u094d\u200d", 1),
        ("👍", 2),
        ("\u1112\u1161\u11ab", 2),  # one syllable in conjoining jamo
        ("±§", 2),  # ambiguous width counts one
    ],
)
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("ab医疗é\u0301\u200d👍 한"), max_size=30), st.integers(-1, 40))
def test_fit_never_exceeds_the_width_and_keeps_what_fits(text: str, width: int) -> None:
    cut = fit(text, width)
    assert display_width(cut) <= max(width, 0)
    if display_width(text) <= width:
        assert cut == text
    elif width > 0:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])


def test_fit_examples() -> None:
    assert fit("openwebtext", 5) == "open…"
    assert fit("医疗对话", 5) == "医疗…"
    assert fit("医疗对话", 4) == "医…"
    assert fit("two words", 5) == "two…"
    assert fit("abc", 0) == ""


# --- HTML and links -------------------------------------------------------------------------------------------------


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=500, deadline=None)
@given(_made_of(MARKUP_PIECES) | ANY_TEXT)
def test_html_is_text_in_an_element_and_in_an_attribute(text: str) -> None:
    seen = _Seen()
    seen.feed(f"""<p title="{for_html(text)}" lang='{for_html(text)}'>{for_html(text)}</p>""")
    seen.close()
    assert seen.tags == ["p"]
    assert seen.values == [seen.text, seen.text]
    assert not BIDI.search(seen.text)
    assert _printable(seen.text) == _printable(text)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and character != "\ufffd")


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://example.org/a?b=1&c=2#d", "https://example.org/a?b=1&c=2#d"),
        (" HTTP://Example.org ", "HTTP://Example.org"),
        ("https://example.org/数据", "https://example.org/%E6%95%B0%E6%8D%AE"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ('https://example.org/"onclick="x', "https://example.org/%22onclick=%22x"),
        ("https://example.org/a b\\c", "https://example.org/a%20b%5Cc"),
    ],
)
def test_web_addresses_pass(url: str, href: str) -> None:
    assert for_url(url) == href


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "//example.org/x",
        "ftp://example.org",
        "https:example.org",
        "https://",
        "https:///x",
        "https://known.org@evil.org/",
        "https://known.org\\@evil.org/",
        "https://example.org/a\nb",
        "https://example.org\u202e/x",
        "https://example.org:port/",
        "https://example.org/" + "a" * 5_000,
    ],
)
def test_anything_but_a_plain_web_address_is_no_link(url: str) -> None:
    assert for_url(url) == ""


@settings(max_examples=500, deadline=None)
@given(ANY_TEXT)
def test_links_are_ascii_without_quotes(text: str) -> None:
    href = for_url("https://example.org/" + text)
    assert re.fullmatch(r"(https://example\.org/[!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*)?", href)
    assert for_url(text) == "" or for_url(text).lower().startswith(("http://", "https://"))


# --- CSV ------------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_TEXT | st.sampled_from("=+-@\t\r\0").flatmap(lambda c: ANY_TEXT.map(lambda t: c + t)), min_size=1))
def test_no_cell_is_a_formula_after_a_round_trip(cells: list[str]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([for_csv(cell) for cell in cells])
    buffer.getvalue().encode()
    (row,) = csv.reader(io.StringIO(buffer.getvalue(), newline=""))
    assert len(row) == len(cells)
    for cell in row:
        if not re.fullmatch(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?", cell):
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\tx", "' x"),
        ("\rx", "'\nx"),
        ("\0x", "'x"),
        (" =1", "' =1"),
        ("\u200b=1", "'=1"),
        ("＝1+1", "'＝1+1"),
        ("-5", "-5"),
        ("+3.5e-2", "+3.5e-2"),
        ("a=b", "a=b"),
        ("two\r\nlines", "two\nlines"),
        ("医疗", "医疗"),
        (-5, -5),
        (2.5, 2.5),
        (None, None),
        (True, True),
    ],
)
def test_csv_cells(cell: object, written: object) -> None:
    assert for_csv(cell) == written


# --- file names -----------------------------------------------------------------------------------------------------

NASTY = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "//server/share/x",
    "../x",
    "a/../../x",
    "a/..",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    "..\\x",
    "a\\..\\..\\x",
    "C:/x",
    "C:x",
    "c:\\windows\\x",
    "\\\\?\\C:\\x",
    "file.txt:stream",
    "a\x00b",
    "a\nb",
    "a\x1b[31mb",
    "a\x85b",
    "a\u2028b",
    "a\u202etxt.exe",
    "a\u2066b",
    "a\ufeffb",
    "a\u200bb",
    "\ud800",
    "a\udc00/b",
    "\ufffe",
    "-rf",
    "a/-rf",
    ".bashrc",
    ".ssh/authorized_keys",
    "a/.git/config",
    ".git/hooks/post-checkout",
    ".GIT/config",
    ".g\u200cit/config",
    "git~1/config",
    "GIT~1",
    "a.",
    "a ",
    " a",
    "a./b",
    "a /b",
    "\u3000a",
    "a\u00a0",
    "CON",
    "con",
    "con.txt",
    "a/nul.tar.gz",
    "PRN.",
    "aux .txt",
    "COM1",
    "com9.csv",
    "LPT¹.txt",
    "CONIN$",
    "CLOCK$",
    "a<b",
    "a>b",
    'a"b',
    "a|b",
    "a?b",
    "a*b",
    "x" * 201,
    "医" * 67,
    "é" * 101,
    "/".join("a" * 21),
    "~/../x/..",
]
GOOD = [
    "README.md",
    "data/train-00000-of-00010.parquet",
    "医疗/对话 数据.jsonl",
    "a.b.c",
    "con-text/nullable.csv",
    "common/aux1",
    "x" * 200,
    "医" * 66,
    "/".join("a" * 20),
    "a+b=c,(d)[e]{f}!@#$%^&.csv",
    "dots..inside...ok",
    "e\u0301tude.txt",
    "می\u200cخواهم.txt",
]


@pytest.mark.parametrize("name", NASTY, ids=ascii)
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(Skipped) as caught:
        for_path(name)
    assert not CONTROL.search(str(caught.value))
    assert str(caught.value).isascii()


@pytest.mark.parametrize("name", GOOD, ids=ascii)
def test_usual_names_pass(name: str) -> None:
    assert str(for_path(name)) == unicodedata.normalize("NFC", name)
    assert nearest_path(name) == for_path(name)


def _assert_inside(path: PurePosixPath) -> None:
    root = PurePosixPath("/srv/out")
    assert root / path != root
    for part in path.parts:
        assert part not in (".", "..")
        assert part[0] not in ".-/ "
        assert part[-1] not in ". "
        assert len(part.encode()) <= 200
        assert not CONTROL.search(part)
        assert not BIDI.search(part)
    assert len(path.parts) <= 20
    assert not path.is_absolute()
    windows = PureWindowsPath(str(path))
    assert windows.parts == path.parts
    assert not windows.drive
    assert not windows.root
    assert not windows.is_reserved()
    assert unicodedata.is_normalized("NFC", str(path))


def _check_name(name: str) -> None:
    try:
        path = for_path(name)
    except Skipped:
        path = nearest_path(name)
    else:
        assert for_path(str(path)) == path
        assert nearest_path(name) == path
    _assert_inside(path)


def test_none_of_10_000_made_up_names_leaves_its_folder() -> None:
    chance = random.Random(1)
    for _ in range(10_000):
        _check_name("".join(chance.choices(NAME_PIECES, k=chance.randint(0, 12))))


@settings(max_examples=1_000, deadline=None)
@given(ANY_TEXT | st.lists(ANY_TEXT, max_size=25).map("/".join))
def test_no_name_leaves_its_folder(name: str) -> None:
    _check_name(name)


@pytest.mark.parametrize("name", NASTY, ids=ascii)
def test_the_nearest_name_is_safe_and_marked(name: str) -> None:
    near = nearest_path(name)
    _assert_inside(near)
    assert re.search(r"-[0-9a-f]{10}(\.\w+)?\Z", near.name)
    assert nearest_path(name) == near


def test_nearest_names_stay_readable_and_apart(tmp_path: Path) -> None:
    assert re.fullmatch(r"logs/2020-01-01T00_00-\w{10}\.csv", str(nearest_path("logs/2020-01-01T00:00.csv")))
    assert nearest_path("a:b") != nearest_path("a?b")
    for name in NASTY:
        file = tmp_path / nearest_path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(ascii(name))
        assert file.resolve().is_relative_to(tmp_path.resolve())
    assert sum(file.is_file() for file in tmp_path.rglob("*")) == len(NASTY)


# --- full-text search -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["unicode61", "porter", "trigram"])
def fts_table(request: pytest.FixtureRequest) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE words USING fts5 (name, body, tokenize = '{request.param}')")
    connection.execute("INSERT INTO words VALUES ('openai/gsm8k', 'grade school math NEAR problems 医疗对话')")
    return connection


@settings(max_examples=1_000, deadline=None)
@given(_made_of(QUERY_PIECES) | ANY_TEXT)
def test_quoted_words_never_upset_fts5(fts_table: sqlite3.Connection, text: str) -> None:
    quoted = [for_fts(word) for word in (text, *text.split())]
    select = "SELECT count(*) FROM words WHERE words MATCH ?"
    for query in (quoted[0], " ".join(quoted), " OR ".join(quoted)):
        fts_table.execute(select, (query,)).fetchone()
    assert not any(re.search("[\x00\ud800-\udfff\ue000-\uf8ff]", each) for each in quoted)


def test_quoted_words_find_what_they_name() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (body)")
    connection.execute("INSERT INTO words VALUES ('openai/gsm8k grade school'), ('gsm8k openai')")
    select = "SELECT rowid FROM words WHERE words MATCH ?"
    assert connection.execute(select, (for_fts("openai/gsm8k"),)).fetchall() == [(1,)]
    assert connection.execute(select, (for_fts('say "grade'),)).fetchall() == []
    assert for_fts('a"b') == '"a""b"'


# --- cost -----------------------------------------------------------------------------------------------------------


def test_the_import_is_light() -> None:
    code = "import sys, catalog.text; print(*sys.modules)"
    root = Path(__file__).resolve().parents[1]
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "catalog.text" in loaded
    assert not loaded & {"pathlib", "hashlib", "html", "urllib.parse", "csv", "inspect", "dataclasses", "msgspec"}
