"""Tokens and compute of a pre-training: a rule with its conditions, and what is done in practice.

J. Hoffmann et al., Training Compute-Optimal Large Language Models, 2022 (arXiv:2203.15556): for a given compute
C = 6 N D a dense model of N parameters does best with about D = 20 N tokens. J. Kaplan et al., 2020
(arXiv:2001.08361), for the 6. N. Muennighoff et al., Scaling Data-Constrained Language Models, 2023
(arXiv:2305.16264), for epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from catalog.budget.amounts import amount
from catalog.errors import Usage

RATIO: Final = 20.0
FLOPS: Final = 6.0
"""Floating-point operations a parameter and token, forward and backward."""
EPOCHS: Final = 4.0
"""Passes over the same text that cost little against as much new text."""
WORTHLESS: Final = 16.0
"""Passes beyond which more of them bring hardly anything."""
RULE: Final = (
    "20 tokens a parameter is the compute-optimal rule for pre-training a dense model (Hoffmann et al. 2022): the best "
    "model for the compute, not the best model of its size. It says nothing of fine-tuning: see --stage."
)
PRACTICE: Final[tuple[tuple[str, float, float], ...]] = (
    ("GPT-3 175B", 175e9, 300e9),
    ("Chinchilla 70B", 70e9, 1.4e12),
    ("Llama 3 70B", 70e9, 15e12),
    ("Llama 3 8B", 8e9, 15e12),
    ("TinyLlama 1.1B", 1.1e9, 3e12),
)
"""Published models with their parameters and the tokens they saw."""


@dataclass(frozen=True)
class Need:
    """What a model asks for: `params` and `tokens` as numbers, `flops` of its training (6 N D)."""

    params: float
    ratio: float
    tokens: float
    flops: float


def need(params: float, ratio: float = RATIO) -> Need:
    """The tokens of a model at so many a parameter, and the compute."""
    tokens = params * ratio
    return Need(params, ratio, tokens, FLOPS * params * tokens)


def read_need(params: str, ratio: str | None = None, tokens: str | None = None) -> Need:
    """What a model of so many parameters asks for, amounts as they are written: by tokens a parameter (default
    `RATIO`), or by the tokens to train on. Raises `Usage` for both, and for what is no amount."""
    if ratio and tokens:
        raise Usage("--tokens and --ratio both say how many tokens.", "Leave out one of them.")
    number = amount(params, "--params")
    if tokens:
        return need(number, amount(tokens, "--tokens") / number)
    return need(number, amount(ratio, "--ratio") if ratio else RATIO)


def epochs_say(epochs: float) -> str:
    """What repeating text so often is worth, "" where it is not repeated."""
    if epochs <= 1:
        return ""
    if epochs <= EPOCHS:
        return "up to about 4 epochs cost little against new text"
    if epochs <= WORTHLESS:
        return "beyond 4 epochs each brings less"
    return "beyond some 16 epochs more bring hardly anything"
