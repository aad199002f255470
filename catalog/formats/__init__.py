"""The formats of LLM training data. Pure functions."""

from catalog.formats.columns import Detected, detect_columns
from catalog.formats.values import columns_of, detect_rows

__all__ = ["Detected", "columns_of", "detect_columns", "detect_rows"]
