"""Make the table of English synonyms out of WordNet's own files: `python -m bench.wordnet FOLDER`.

FOLDER holds data.noun, index.noun and the other files of WordNet 3.0, as Debian's package wordnet-base installs them in
/usr/share/wordnet. Written are catalog/augment/wordnet.tsv.xz, one group of synonyms a line with its part of speech,
most frequent sense of its first word first as WordNet orders them, then the irregular forms; the same files give the
same bytes. The notice of Princeton University stands at the top of the table, and beside it as WORDNET-LICENSE.
"""

from __future__ import annotations

import argparse
import lzma
from collections.abc import Iterator
from pathlib import Path

from bench.measure import ROOT, say

PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
OUT = ROOT / "catalog" / "augment" / "wordnet.tsv.xz"


def notice(folder: Path) -> list[str]:
    """The license at the top of each file, without its line numbers."""
    lines = (folder / "data.noun").read_text("utf-8").splitlines()
    return [line[2:].partition(" ")[2].rstrip() for line in lines if line.startswith("  ")]


def groups(folder: Path) -> Iterator[str]:
    """The synsets of several words that are written in small letters: names are no synonyms to put into a text."""
    for part, name in PARTS.items():
        for line in (folder / f"data.{name}").read_text("utf-8").splitlines():
            if line.startswith("  "):
                continue
            fields = line.split(" ")
            words = [fields[4 + 2 * n].partition("(")[0].replace("_", " ") for n in range(int(fields[3], 16))]
            words = [word for word in dict.fromkeys(words) if word.islower() and not any(map(str.isdigit, word))]
            if len(words) > 1:
                yield "\t".join([part, *words])


def irregular(folder: Path) -> Iterator[str]:
    """Irregular forms with their base."""
    for part in ("n", "v"):
        for line in (folder / f"{PARTS[part]}.exc").read_text("utf-8").splitlines():
            form, base = line.split(" ")[:2]
            if form.isalpha() and base.isalpha():
                yield f"x{part}\t{form}\t{base}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    said = notice(folder)
    lines = [*(f"# {line}".rstrip() for line in said), *groups(folder), *irregular(folder)]
    packed = lzma.compress("\n".join([*lines, ""]).encode(), preset=9 | lzma.PRESET_EXTREME)
    OUT.write_bytes(packed)
    OUT.with_name("WORDNET-LICENSE").write_text("\n".join([*said, ""]), "utf-8")
    say(f"{OUT.name}: {len(lines):,} lines, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
