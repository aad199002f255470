"""Tokens in text: counted by a real tokenizer where one is at hand, else estimated by script; in samples, with ±."""

from catalog.tokens.estimate import METHOD, tokens_in
from catalog.tokens.sample import Estimate, Sample
from catalog.tokens.tokenizers import Tokenizer, tokenizer_named

__all__ = ["METHOD", "Estimate", "Sample", "Tokenizer", "tokenizer_named", "tokens_in"]
