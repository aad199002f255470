"""More training text out of what there is: EDA, AEDA, masked words and back-translation, stable under a seed."""

from catalog.augment.aeda import aeda
from catalog.augment.eda import eda, settings
from catalog.augment.guard import Guard
from catalog.augment.synonyms import Synonyms
from catalog.augment.words import Words, words_of

__all__ = ["Guard", "Synonyms", "Words", "aeda", "eda", "settings", "words_of"]
