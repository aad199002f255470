"""Numbers as people read them, and bars drawn of them without any script."""

from __future__ import annotations

_UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_COUNTS = (("B", 10**9), ("M", 10**6), ("k", 10**3))


def count(value: int) -> str:
    """A count, short: 12, 7.5k, 1.2M."""
    return _short(value, _COUNTS, "", "")


def size(value: int) -> str:
    """Bytes, short: 12 bytes, 7.5 kB, 1.2 GB."""
    return _short(value, _UNITS, " ", " bytes")


def _short(value: int, units: tuple[tuple[str, int], ...], gap: str, bare: str) -> str:
    for name, unit in units:
        if value >= unit:
            number = value / unit
            return f"{number:.0f}{gap}{name}" if number >= 99.5 else f"{number:.3g}{gap}{name}"
    return f"{value}{bare}"


def bar(part: int, most: int) -> str:
    """A bar as long as `part` is of `most`, at least a hair; the number stands beside it as text."""
    width = max(1, round(100 * part / most)) if most else 0
    return f'<span class="c-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
