"""New texts by models in folders on this machine: masked words, and translation there and back.

Both need the extra `augment` (transformers and torch). Nothing is downloaded: a model that is not in its folder is an
error. The draws of the model hang on the seed and the text alone.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from catalog.augment.words import Words, as_sentence, is_wide, like
from catalog.errors import Fatal, Usage

EXTRA: Final = "Add them with: pip install 'dataset-catalog[augment]'"
TOP: Final = 100
"""Words of which a masked one is drawn (nlpaug's top_k)."""
MASKED: Final = 0.3
MOST_MASKED: Final = 10
"""Share of the words that are masked, and how many at most (nlpaug's aug_p and aug_max)."""
LEAST_ALIKE: Final = 0.3
MOST_ALIKE: Final = 0.98
"""How alike a text and its back-translation may be (Ratcliff and Obershelp, 0 to 1): less is another meaning, more
says nothing new."""
LONGEST: Final = 512  # tokens of a text that a model reads


def _library() -> tuple[Any, Any]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise Fatal("augmenting by a model needs transformers and torch.", EXTRA) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return torch, transformers


def _loaded(kind: str, folder: Path) -> tuple[Any, Any, Any]:
    """torch, the tokenizer and the model of a folder, which is read and never asked for elsewhere; only weights of the
    safetensors form, and no code of the model's, are loaded."""
    if not (folder / "config.json").is_file():
        raise Usage(f"there is no model in {folder}.", "Name a folder with config.json, the weights and the tokenizer.")
    torch, transformers = _library()
    try:
        only_here = {"local_files_only": True, "trust_remote_code": False}
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **only_here)
        model = getattr(transformers, kind).from_pretrained(str(folder), use_safetensors=True, **only_here)
    except Exception as error:  # whatever a folder makes of the library
        said = " ".join(str(error).split())[:160]
        raise Fatal(f"the model in {folder} cannot be loaded ({said}).", "Look whether it is whole.") from error
    model.eval()
    return torch, tokenizer, model


class MaskedWords:
    """Words masked one after another and filled by a masked language model in `folder`.

    `top` is of how many likely words one is drawn. Raises `Usage` for no model, `Fatal` where it cannot be loaded.
    """

    name = "mlm"

    def __init__(self, folder: Path, top: int = TOP) -> None:
        self._torch, self._tokenizer, self._model = _loaded("AutoModelForMaskedLM", folder)
        self._top = top
        if not self._tokenizer.mask_token:
            raise Usage(f"the model in {folder} has no mask.", "Name a masked language model, such as a BERT.")

    def texts(self, words: Words, alpha: float, count: int, chance: random.Random) -> list[tuple[str, str]]:
        """At most `count` new texts as ("mlm", text)."""
        free = words.free
        number = min(MOST_MASKED, max(1, int(alpha * len(words))), len(free))
        found: dict[str, None] = {}
        for _ in range(2 * count if free else 0):
            changed = words
            for place in sorted(chance.sample(free, number)):
                changed = self._filled(changed, place, chance)
            text = as_sentence(str(changed), str(words))
            if text != str(words):
                found.setdefault(text)
            if len(found) == count:
                break
        return [(self.name, text) for text in found]

    def _filled(self, words: Words, place: int, chance: random.Random) -> Words:
        before = words.words[place]
        text = str(words.replaced(place, self._tokenizer.mask_token))
        read = self._tokenizer(text, return_tensors="pt", truncation=True, max_length=self._room())
        spots = (read["input_ids"][0] == self._tokenizer.mask_token_id).nonzero()
        if not len(spots):
            return words
        with self._torch.no_grad():
            scores = self._model(**read).logits[0, int(spots[0])].double()
        best = scores.topk(min(self._top, len(scores)))
        options = [
            (word, score)
            for number, score in zip(best.indices.tolist(), best.values.softmax(0).tolist(), strict=True)
            if (word := self._word(number))
            and word.casefold() != before.casefold()
            and is_wide(word) == is_wide(before)
        ]
        if not options:
            return words
        names, weights = zip(*options, strict=True)
        return words.replaced(place, like(chance.choices(names, weights)[0], before))

    def _room(self) -> int:
        return min(LONGEST, int(getattr(self._model.config, "max_position_embeddings", LONGEST)))

    def _word(self, number: int) -> str:
        """A piece of the vocabulary that is a word of its own, "" for parts, marks and special pieces."""
        if number in self._tokenizer.all_special_ids:
            return ""
        piece = str(self._tokenizer.convert_ids_to_tokens(number))
        begins = piece.startswith(("\u0120", "\u2581"))  # how byte-level BPE and SentencePiece mark a word's begin
        word = piece.lstrip("\u0120\u2581")
        wordpieces = any(each.startswith("##") for each in self._sample())
        if not word.isalpha() or not (begins or wordpieces or is_wide(word)):
            return ""
        return word

    def _sample(self) -> Sequence[str]:
        if not hasattr(self, "_pieces"):
            self._pieces = list(self._tokenizer.get_vocab())
            self._pieces = [piece for piece in self._pieces if piece.startswith("##")][:1] or [""]
        return self._pieces


class BackTranslation:
    """A text into another language by the model in `there`, and back by that in `back`.

    Texts are drawn from the models (`temperature` 1, nucleus 0.95), so that each is another. Kept are those that are
    alike enough, and not too much. Raises `Usage` for no model, `Fatal` where it cannot be loaded.
    """

    name = "backtranslate"

    def __init__(self, there: Path, back: Path, least: float = LEAST_ALIKE, most: float = MOST_ALIKE) -> None:
        self._there, self._back = (_loaded("AutoModelForSeq2SeqLM", folder) for folder in (there, back))
        self._least, self._most = least, most

    def texts(self, words: Words, _alpha: float, count: int, chance: random.Random) -> list[tuple[str, str]]:
        """At most `count` new texts as ("backtranslate", text)."""
        text = str(words)
        found: dict[str, None] = {}
        for other in self._drawn(self._there, text, 2, chance):
            for new in self._drawn(self._back, other, count, chance):
                if new != text and self._least <= alike(text, new) <= self._most:
                    found.setdefault(new)
        return [(self.name, new) for new in list(found)[:count]]

    def _drawn(self, loaded: tuple[Any, Any, Any], text: str, count: int, chance: random.Random) -> list[str]:
        torch, tokenizer, model = loaded
        read = tokenizer(text, return_tensors="pt", truncation=True, max_length=LONGEST)
        torch.manual_seed(chance.getrandbits(63))
        length = 2 * read["input_ids"].shape[1] + 10
        with torch.no_grad():
            made = model.generate(
                **read, do_sample=True, top_p=0.95, num_beams=1, num_return_sequences=count, max_new_tokens=length
            )
        texts = tokenizer.batch_decode(made, skip_special_tokens=True)
        return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _fits(word: str, before: str) -> bool:
    """Whether a word is another one of the same script."""
    return word.casefold() != before.casefold() and is_wide(word) == is_wide(before)


def alike(one: str, two: str) -> float:
    """How alike two texts are, 0 to 1: by words, or by characters where there are no spaces."""
    first, second = (list(text) if is_wide(text) else text.casefold().split() for text in (one, two))
    return SequenceMatcher(a=first, b=second, autojunk=False).ratio()
