"""The formats of LLM training data. Pure functions."""

from catalog.formats.columns import Detected, detect_columns

__all__ = ["Detected", "detect_columns"]
