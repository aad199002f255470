"""Licenses: raw strings to SPDX expressions and classes, claims to one verdict on commercial use. Pure functions.

Why not a library: license-expression parses SPDX expressions well, but of the strings datasets carry ("Attribution
4.0 International (CC BY 4.0)", addresses, families, "research only") it reads only the bare ids, knows no class or
verdict, and costs 45 ms to load. The recogniser here reads a small table by words and Creative Commons by rule.
"""

from typing import Final

from catalog.license.inherited import inherited
from catalog.license.recognise import Recognised, recognise
from catalog.license.verdict import resolve

__all__ = ["RULES", "Recognised", "inherited", "recognise", "resolve"]

RULES: Final[str] = "license 2"
"""The version of these rules, stored with what they made: change it whenever a rule or a table changes its results."""
