"""What a check found wrong, told all at once."""

from __future__ import annotations

from typing import Final

SHOWN: Final = 20


class Problems(list[str]):
    """Sentences, each about one thing that does not hold."""

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note `otherwise` unless it holds."""
        if not holds:
            self.append(otherwise)

    def report(self) -> None:
        """Raise `AssertionError` with everything that was noted; nothing where that is nothing."""
        if self:
            shown = "\n".join(f"- {problem}" for problem in self[:SHOWN])
            more = f"\n... and {len(self) - SHOWN} more" if len(self) > SHOWN else ""
            raise AssertionError(f"{len(self)} problem{'s' if len(self) > 1 else ''}:\n{shown}{more}")
