"""The tokens of many rows by those of some of them: the mean, and how far it may be from the truth by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

SURE: Final = 1.96
"""Standard errors on either side of a mean that hold in 95 of 100 samples."""


@dataclass(frozen=True)
class Estimate:
    """A number of tokens: `value`, and from `low` to `high` in 95 of 100 cases; equal where all was counted."""

    value: int
    low: int
    high: int

    @property
    def share(self) -> float:
        """The half width as a share of the value, 0 for an exact count."""
        return (self.high - self.low) / (2 * self.value) if self.value else 0.0

    def widened(self, error: float) -> Estimate:
        """The same with an error of the method (a share of the value) beside that of chance: independent, so that
        their squares add up."""
        down = math.hypot((self.value - self.low) / self.value if self.value else 0, error)
        up = math.hypot((self.high - self.value) / self.value if self.value else 0, error)
        return Estimate(self.value, max(0, round(self.value * (1 - down))), round(self.value * (1 + up)))


@dataclass
class Sample:
    """Tokens of rows that were looked at, one `add` a row (Welford's running mean and variance)."""

    count: int = 0
    mean: float = 0.0
    total: int = 0
    least: int = 0
    most: int = 0
    _squares: float = field(default=0.0, repr=False)

    def add(self, tokens: int) -> None:
        """Take in the tokens of a row."""
        self.count += 1
        self.total += tokens
        self.least = tokens if self.count == 1 else min(self.least, tokens)
        self.most = max(self.most, tokens)
        step = tokens - self.mean
        self.mean += step / self.count
        self._squares += step * (tokens - self.mean)

    def of(self, rows: float) -> Estimate:
        """The tokens of so many rows, of which these are a random part: a 95% interval by the normal approximation,
        with the correction for a sample that is a good part of the whole. Below 30 rows take it for a hint."""
        value = self.mean * rows
        if self.count >= rows:
            return Estimate(round(value), round(value), round(value))
        if self.count < 2:
            return Estimate(round(value), 0, round(2 * value))
        deviation = math.sqrt(self._squares / (self.count - 1))
        left = math.sqrt(max(0.0, 1 - self.count / rows))
        half = SURE * deviation / math.sqrt(self.count) * left * rows
        return Estimate(round(value), max(self.total, round(value - half)), round(value + half))
