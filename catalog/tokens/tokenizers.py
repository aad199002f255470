"""Tokenizers by name: the built-in estimate, a file of the `tokenizers` or `tiktoken` library, an encoding of tiktoken.

Nothing is downloaded: an encoding of tiktoken must lie in its cache.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from catalog.errors import Fatal, Usage
from catalog.tokens.estimate import METHOD, NAME, tokens_in

EXTRA: Final = "Add it with: pip install 'dataset-catalog[tokens]'"
ENCODINGS: Final = ("o200k_base", "cl100k_base", "p50k_base", "r50k_base")
_PLACE: Final = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
_WORDS: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Tokenizer:
    """Counts tokens of texts. `name` is for people, `exact` whether it is a real tokenizer, `vocabulary` how many
    pieces it has (None for the estimate)."""

    name: str
    count: Callable[[str], int]
    exact: bool
    vocabulary: int | None = None

    @property
    def says(self) -> str:
        """The name with what to know of it."""
        return f"{self.name}, {self.vocabulary:,} pieces" if self.vocabulary else METHOD


ESTIMATE: Final = Tokenizer(NAME, tokens_in, False)


def tokenizer_named(name: str) -> Tokenizer:
    """The tokenizer of a name: `estimate`; a `tokenizer.json` or a folder that holds one; a `.tiktoken` file; an
    encoding of tiktoken (`o200k_base`, also as `tiktoken:o200k_base`).

    Raises `Usage` for an unknown name or a file that is none, `Fatal` where its library or its data are not here.
    """
    if name in ("", NAME):
        return ESTIMATE
    path = Path(name)
    if path.is_dir():
        path = path / "tokenizer.json"
    if path.is_file():
        return _ranks(path) if path.suffix == ".tiktoken" else _from_json(path)
    encoding = name.removeprefix("tiktoken:")
    if encoding in ENCODINGS:
        return _encoding(encoding)
    raise Usage(
        f"there is no tokenizer {name[:80]!r}.",
        f"Name {NAME}, a tokenizer.json or the folder of a model, a .tiktoken file, or one of {', '.join(ENCODINGS)}.",
    )


def _from_json(path: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer as Real
    except ImportError as error:
        raise Fatal("reading a tokenizer.json needs the package tokenizers.", EXTRA) from error
    try:
        real = Real.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        said = " ".join(str(error).split())[:100]
        raise Usage(f"{path} is no tokenizer ({said}).", "Name the tokenizer.json of a model.") from error
    label = path.parent.name if path.name == "tokenizer.json" and path.parent.name else path.name
    return Tokenizer(
        label, lambda text: len(real.encode(_whole(text), add_special_tokens=False).ids), True, real.get_vocab_size()
    )


def _tiktoken() -> Any:
    try:
        import tiktoken
    except ImportError as error:
        raise Fatal("counting with tiktoken needs the package tiktoken.", EXTRA) from error
    return tiktoken


def _encoding(name: str) -> Tokenizer:
    tiktoken = _tiktoken()
    if not _cached(name):
        raise Fatal(
            f"the data of {name} are not in tiktoken's cache.",
            f"Bring them with: python -c \"import tiktoken; tiktoken.get_encoding('{name}')\"",
        )
    return _counting(name, tiktoken.get_encoding(name))


def _cached(name: str) -> bool:
    """Whether tiktoken has the data of an encoding: under the hash of their address in its cache."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    place = Path(tempfile.gettempdir()) / "data-gym-cache" if folder is None else Path(folder)
    key = hashlib.sha1(_PLACE.format(name).encode()).hexdigest()  # noqa: S324 - tiktoken's own naming
    return bool(folder != "" and (place / key).is_file())


def _ranks(path: Path) -> Tokenizer:
    tiktoken = _tiktoken()
    from tiktoken.load import load_tiktoken_bpe

    try:
        ranks = load_tiktoken_bpe(str(path))
        made = tiktoken.Encoding(path.stem, pat_str=_WORDS, mergeable_ranks=ranks, special_tokens={})
    except Exception as error:  # whatever a broken file makes of the library
        said = " ".join(str(error).split())[:100]
        raise Usage(f"{path} is no list of tiktoken ranks ({said}).", "Name the .tiktoken file of a model.") from error
    return _counting(path.stem, made)


def _counting(name: str, encoding: Any) -> Tokenizer:
    return Tokenizer(
        name, lambda text: len(encoding.encode(_whole(text), disallowed_special=())), True, int(encoding.n_vocab)
    )


def _whole(text: str) -> str:
    """A text that the libraries take: half characters replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
