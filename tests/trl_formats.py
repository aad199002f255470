"""What `catalog convert` writes, through TRL's own checks and conversions, in the real `datasets` library.

Run in a process of its own by test_convert, since trl warns in ways that a strict test run takes for errors. Nothing is
downloaded: the tokenizer is made here.
"""

from __future__ import annotations

from typing import Any

from catalog.formats.convert import plan_conversion
from catalog.formats.targets import target_named
from tests.test_convert import CHAT_PAIRS, CHATS, KTO, PAIRS, SFT, STEPS, TEXTS, Rows

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CHAT = (
    (CHATS, "messages", {"text"}),
    (CHATS, "language-modeling", {"text"}),
    (CHATS, "prompt-completion", {"prompt", "completion"}),
    (CHAT_PAIRS, "preference", {"prompt", "chosen", "rejected"}),
    (CHAT_PAIRS, "preference-implicit", {"chosen", "rejected"}),
    (CHAT_PAIRS, "unpaired-preference", {"prompt", "completion", "label"}),
    (CHAT_PAIRS, "prompt-only", {"prompt"}),
)
"""Conversations that TRL's template takes, and the columns that it makes of them."""
PLAIN = (
    (SFT, "prompt-completion"), (SFT, "prompt-only"), (TEXTS, "language-modeling"), (PAIRS, "preference"),
    (PAIRS, "preference-implicit"), (KTO, "unpaired-preference"), (STEPS, "stepwise"),
)  # fmt: skip


def _written(rows: Rows, to: str) -> list[dict[str, Any]]:
    conversion = plan_conversion(rows, target_named(to))
    return [made for number, row in enumerate(rows, 1) for made in conversion.convert(number, row)]


def run() -> None:
    """Prints `whole` where TRL takes everything."""
    from datasets import Dataset
    from trl.data_utils import (
        apply_chat_template,
        extract_prompt,
        is_conversational,
        maybe_apply_chat_template,
        unpair_preference_dataset,
    )

    tokenizer = _tokenizer()
    for rows, to, columns in CHAT:
        for example in Dataset.from_list(_written(rows, to)):
            assert is_conversational(example), to
            assert set(apply_chat_template(example, tokenizer)) == columns, to
    for rows, to in PLAIN:
        for example in Dataset.from_list(_written(rows, to)):
            assert not is_conversational(example), to
            assert maybe_apply_chat_template(example, tokenizer) == example, to
    for pairs in (PAIRS, CHAT_PAIRS):
        theirs = unpair_preference_dataset(Dataset.from_list(_written(pairs, "preference"))).to_list()
        ours = _written(pairs, "unpaired-preference")
        assert sorted(map(repr, theirs)) == sorted(map(repr, ours))
    implicit = Dataset.from_list(_written(CHAT_PAIRS, "preference-implicit")).map(extract_prompt)
    explicit = _written(CHAT_PAIRS, "preference")
    assert [{key: row[key] for key in explicit[0]} for row in implicit.to_list()] == explicit
    print("whole")


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"?": 0}, unk_token="?")))
    made.chat_template = TEMPLATE
    return made
