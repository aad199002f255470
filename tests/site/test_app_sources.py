"""The sources of the interface: what they may not do, and that both languages say the same things."""

from __future__ import annotations

import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import minify
import pytest

APP = files("catalog.pages") / "app"
SCRIPTS = sorted((each for each in (APP / "ui").iterdir() if each.name.endswith(".js")), key=lambda each: each.name)
ENGLISH, CHINESE = (json.loads((APP / "locale" / f"{each}.json").read_text("utf-8")) for each in ("en", "zh"))


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    for name, sentence in ENGLISH.items():
        wanted = set(re.findall(r"\{(\w+)\}", sentence))
        assert set(re.findall(r"\{(\w+)\}", CHINESE[name])) <= wanted | {"n"}, name
        assert re.search(r"[\u4e00-\u9fff]", CHINESE[name]) or name == "doi", name


def test_every_sentence_that_scripts_say_is_there() -> None:
    text = "\n".join(each.read_text("utf-8") for each in SCRIPTS)
    said = set(re.findall(r'\bsay\("([\w-]+)"(?! \+)', text)) - {"by-", "use-", "facet-"}
    assert len(said) > 40
    assert said <= ENGLISH.keys(), said - ENGLISH.keys()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.name)
def test_no_text_becomes_markup_or_code(script) -> None:
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


@pytest.mark.parametrize(
    ("kind", "folder", "pattern", "most"),
    [("application/javascript", "ui", "*.js", 9_000), ("text/css", ".", "*.css", 3_000)],
)
def test_how_much_a_reader_loads(kind: str, folder: str, pattern: str, most: int) -> None:
    """Bytes of the interface as they are sent: made small, then packed by gzip."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((Path(str(APP)) / folder).glob(pattern)))
    small = minify.string(kind, f"(() => {{\n{text}\n}})();" if kind.endswith("javascript") else text)
    assert len(gzip.compress(small.encode(), 9)) <= most
