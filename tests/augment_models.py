"""Augmenting by tiny models that are made here: a BERT of a few words, and two Marian-like models that copy.

Run in a process of its own by test_augment, since torch warns in ways that a strict test run takes for errors.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from catalog.augment import Guard, words_of
from catalog.augment.models import BackTranslation, MaskedWords
from catalog.errors import Fatal, Usage

WORDS = "the a big small old dog cat sees likes runs here there . , ! not".split()  # noqa: SIM905
TEXT = "The big dog sees the old cat, not here."


def run(place: str) -> None:
    """Make the models below a folder and use them; prints `whole` at the end."""
    folder = Path(place)
    _masked(folder / "bert")
    _translated(folder / "there", folder / "back")
    _told(folder)
    print("whole")


def _chance(seed: int) -> random.Random:
    return random.Random(seed)


def _masked(folder: Path) -> None:
    import torch
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    folder.mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##s", "##ing"]
    (folder / "vocab.txt").write_text("\n".join(pieces), "utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder)
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)
    model = MaskedWords(folder, top=10)
    marked = Guard().marked(words_of(TEXT))
    made = model.texts(marked, 0.3, 3, _chance(1))
    assert made == model.texts(marked, 0.3, 3, _chance(1)), "the same draws give the same texts"
    assert made != model.texts(marked, 0.3, 3, _chance(2))
    assert 1 <= len(made) <= 3
    for name, text in made:
        assert name == "mlm"
        assert text != TEXT
        assert "not here" in text
        assert text[0].isupper()
        assert text.endswith(".")
        assert len(words_of(text)) == len(marked)
        assert {word.casefold() for word in words_of(text).words} <= set(WORDS)


def _translated(there: Path, back: Path) -> None:
    """Two models with random weights: what comes back is any text of their words, so that all is kept here."""
    for folder in (there, back):
        _seq2seq(folder)
    model = BackTranslation(there, back, least=0.0, most=1.0)
    words = words_of("the big dog sees the old cat")
    made = model.texts(words, 0.1, 3, _chance(1))
    assert made, "something comes back"
    assert made == model.texts(words, 0.1, 3, _chance(1)), "the same draws give the same texts"
    assert all(name == "backtranslate" and text != str(words) for name, text in made)
    strict = BackTranslation(there, back, least=0.999)
    assert strict.texts(words, 0.1, 3, _chance(1)) == [], "what is another text is not kept"


def _seq2seq(folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

    folder.mkdir()
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *WORDS]
    made = Tokenizer(models.WordLevel({piece: n for n, piece in enumerate(pieces)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    named: dict[str, Any] = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=made, **named).save_pretrained(folder)
    torch.manual_seed(3)
    config = BartConfig(
        vocab_size=len(pieces), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=64,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    BartForConditionalGeneration(config).save_pretrained(folder)


def _told(folder: Path) -> None:
    """A folder without a model is refused, and one that is broken is told in a sentence."""
    (folder / "empty").mkdir()
    broken = folder / "broken"
    broken.mkdir()
    (broken / "config.json").write_text('{"model_type": "bert"}')
    for name, kind in (("empty", Usage), ("broken", Fatal)):
        with pytest.raises(kind) as told:
            MaskedWords(folder / name)
        assert "\n" not in told.value.message
