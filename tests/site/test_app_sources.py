"""The sources of the client: what they may not do, that both languages say the same things, and what a reader loads."""

from __future__ import annotations

import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from catalog import vocabulary
from catalog.pages.assembly import SCRIPT, STYLES, client_scripts, small, styles
from catalog.pages.browser.scripts import sources, words

APP = Path(str(files("catalog.pages"))) / "app"
SCRIPTS = sorted([*APP.glob("*/*.js"), *STYLES.glob("*.js")])
ENGLISH, CHINESE = (json.loads((APP / "locale" / f"{each}.json").read_text("utf-8")) for each in ("en", "zh"))

AT_OPEN = 14_000
"""Bytes of all scripts that open the datasets page and run a plain search."""
IN_ALL = 28_900
"""Bytes of all scripts of the site for one reader, beside what only the Chinese interface needs."""
STYLE = 3_000
"""Bytes of our own style on any page."""


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    for name, sentence in ENGLISH.items():
        wanted = set(re.findall(r"\{(\w+)\}", sentence))
        assert set(re.findall(r"\{(\w+)\}", CHINESE[name])) <= wanted | {"n"}, name
        assert re.search(r"[\u4e00-\u9fff]", CHINESE[name]) or name == "doi", name


def test_every_script_has_the_sentences_that_it_says() -> None:
    held = {name: json.loads(each["en"]).keys() for name, each in words().items()}
    assert set().union(*held.values()) == ENGLISH.keys()
    for name, text in sources().items():
        said = set(re.findall(r'\bsay\("([\w-]+)"(?! \+)', text))
        assert len(said) > 10
        assert said <= held[name] | held["catalog"], (name, said - held[name] - held["catalog"])


def test_everything_that_is_called_later_is_there() -> None:
    text = sources()
    pairs = re.findall(r'rarely\("(\w+)"|Catalog\.more\??\.(\w+)', text["catalog"])
    asked = {name for pair in pairs for name in pair if name}
    lists = re.findall(r"Catalog\.more(?: = |, )\{([^}]*)\}", text["more"])
    given = set(re.findall(r"\w+", " ".join(lists)))
    assert len(asked) > 15
    assert asked <= given, asked - given


def test_pages_have_the_labels_of_access_and_verdicts_in_chinese() -> None:
    text = (STYLES / "chinese.js").read_text("utf-8")
    known = dict(re.findall(r'"([^"]+)":\s+"([^"]+)"', text))
    for term in vocabulary.load().terms("access"):
        assert term.id == "unknown" or known[term.label] == term.label_zh
    for term in vocabulary.load().terms("commercial"):
        assert known[f"Commercial use: {term.label}"].endswith(term.label_zh)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.name)
def test_no_text_becomes_markup_or_code(script: Path) -> None:
    text = script.read_text("utf-8")
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "srcdoc",
        "DOMParser",
    ):
        assert way not in text, way


def test_how_much_a_reader_loads() -> None:
    """Bytes as they are sent: made small, then packed by gzip."""
    sizes = {
        (name, language): len(gzip.compress(text.encode(), 9))
        for name, texts in client_scripts().items()
        for language, text in texts.items()
    }
    themed = {path.stem: len(gzip.compress(small(SCRIPT, path.read_text("utf-8")).encode(), 9)) for path in SCRIPTS}
    for language in ("en", "zh"):
        opened = sizes["catalog", ""] + sizes["words", language] + themed["shell"]
        later = sizes["more", language] + sizes["entry", language]
        assert opened <= AT_OPEN + (200 if language == "zh" else 0), (language, opened)
        assert opened + later <= IN_ALL + (1_000 if language == "zh" else 0), (language, opened + later)
    for name, text in styles().items():
        assert len(gzip.compress(text.encode(), 9)) <= STYLE, name
