"""The scripts of the client, each closed off; what one shares with another goes through `Catalog`.

`catalog` opens the datasets page and runs a plain search. `more` (what is rarer, counts, facets) and `entry` (an entry
and the comparison) are loaded behind it when they are needed, and take the names that they use of it from `Catalog.$`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app"
FOLDERS = {"catalog": ("engine", "ui"), "more": ("both", "more", "rail"), "entry": ("both", "entry")}
"""The folders of sources that a script is made of, in this order."""

_COMMENT = re.compile(r"^\s*(?:/\*.*?\*/|//[^\n]*$)", re.DOTALL | re.MULTILINE)
_DECLARED = re.compile(r"^(?:async )?(?:const|let|class|function\*?) ([\w$]+)", re.MULTILINE)
_NAME = re.compile(r"(?<![\w.])[A-Za-z_$][\w$]*")


def engine() -> str:
    """The engine alone, with all that the pages load later."""
    return _closed(_joined("engine", "both", "more"))


def sources() -> dict[str, str]:
    """What each script is made of, without comments, by its name."""
    return {name: _joined(*folders) for name, folders in FOLDERS.items()}


def scripts() -> dict[str, str]:
    """The scripts of the pages by name."""
    texts = sources()
    first, *others = texts
    wanted = {name: set(_NAME.findall(texts[name])) - set(_DECLARED.findall(texts[name])) for name in others}
    shared = [name for name in _DECLARED.findall(texts[first]) if any(name in each for each in wanted.values())]
    made = {first: _closed(f"{texts[first]}\nCatalog.$ = [{', '.join(shared)}];")}
    for name in others:
        taken = ", ".join(each if each in wanted[name] else "" for each in shared)
        made[name] = _closed(f"const [{taken}] = Catalog.$;\n{texts[name]}")
    return made


def words() -> dict[str, dict[str, str]]:
    """The sentences of the interface as JSON, by the script that says them first, then by language."""
    locales = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((APP / "locale").glob("*.json"))}
    texts = sources()
    names = list(next(iter(locales.values())))
    first = [name for name in names if _asks(texts["catalog"], name)]
    rest = [name for name in names if name not in first]
    more = [name for name in rest if _asks(texts["more"], name) or f'"{name}"' in texts["catalog"] + texts["more"]]
    entry = [name for name in rest if _names(texts["entry"], name) or name not in more]
    shares = {"catalog": first, "more": more, "entry": entry}
    return {
        script: {language: _as_json({name: each[name] for name in share}) for language, each in locales.items()}
        for script, share in shares.items()
    }


def _asks(text: str, name: str) -> bool:
    """Whether a script asks for a sentence or for one of its family: `say("copy")`, `say("by-" + …)`."""
    family, dash, _rest = name.partition("-")
    return f'say("{name}"' in text or (bool(dash) and f'say("{family}-" +' in text)


def _names(text: str, name: str) -> bool:
    """Whether a script names a sentence anywhere, as it stands in a list or is the name of a field."""
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)) or _asks(text, name)


def _as_json(words: Mapping[str, str]) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


def _joined(*folders: str) -> str:
    """The files of folders in the order of their names, without comments."""
    files = (path for folder in folders for path in sorted((APP / folder).glob("*.js")))
    return _COMMENT.sub("", "\n".join(path.read_text("utf-8") for path in files))


def _closed(text: str) -> str:
    return f'(() => {{\n"use strict";\n{text}\n}})();\n'
